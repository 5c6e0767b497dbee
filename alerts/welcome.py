"""The mail that asks whether an address wants digests, and the one that says it gets them already.

Whoever typed the address may not own it. So neither mail carries anything that they typed but the
hours, nothing is promised before the link is used, and silence is the whole of a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.compose import mail_templates, message_id
from alerts.links import confirm_link, reader_link
from alerts.message import build
from alerts.sender import Sender
from alerts.tokens import Purpose
from alerts.view import Reader, reader
from monitor.core.editing import Signup
from monitor.core.telling import Message, MessageKind, Subscriber


def compose_confirmation(signup: Signup, *, sender: Sender) -> Message:
    """Return the mail with the link that puts an address on the list."""
    nobody = Subscriber(
        key=0,
        address=signup.address,
        language=signup.language,
        schedule=signup.schedule,
        since=signup.asked_at,
    )
    who = reader(nobody, sender, lambda text: text)
    given = {
        "confirm_url": confirm_link(
            sender, key=signup.key, address=signup.address, made_at=signup.asked_at
        ),
        "settings_url": None,
    }
    return _built(
        signup, who, who.gettext("Please confirm: reports on North Korean workers"), given
    )


def compose_known(known: Subscriber, signup: Signup, *, sender: Sender) -> Message:
    """Return the mail that leads somebody who gets digests to their own choices."""
    who = reader(known, sender, lambda text: text)
    url = reader_link(sender, Purpose.SETTINGS, subscriber=known, made_at=signup.asked_at)
    given = {"confirm_url": None, "settings_url": url}
    return _built(
        signup, who, who.gettext("You get reports on North Korean workers already"), given
    )


def _built(signup: Signup, who: Reader, subject: str, given: Mapping[str, str | None]) -> Message:
    language = who.subscriber.language
    text, html = mail_templates(
        "welcome",
        language,
        {
            "language": language,
            "title": who.gettext("North Korean workers abroad"),
            "address": signup.address,
            "contact": who.sender.reply_to,
            **given,
        },
    )
    key = f"{signup.key}\0{signup.address}\0{signup.asked_at.isoformat()}"
    return build(
        kind=MessageKind.CONFIRM,
        sender=who.sender.mailbox,
        recipient=signup.address,
        subject=subject,
        text=text,
        html=html,
        date=signup.asked_at.astimezone(who.zone),
        message_id=message_id(MessageKind.CONFIRM, key=key, sender=who.sender),
        language=language,
    )
