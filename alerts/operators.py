"""Tells the operator, by mail and once each, what needs a person: a mail server, a lost address.

The notices are the store's; a mail gathers those not told yet. Its Message-ID comes from them, so a
crash between the outbox and the mark "told" cannot send it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.compose import mail_templates, message_id
from alerts.fitting import a_reader
from alerts.message import build
from alerts.sender import Sender
from alerts.view import reader
from alerts.wording import printable
from monitor.core.reports import Notice
from monitor.core.telling import Message, MessageKind
from monitor.ports_telling import TellingStore

_MOST = 40  # notices told in one mail; the rest is counted
_LENGTH = 400  # code points of one notice


def make_notices(
    store: TellingStore,
    now: datetime,
    *,
    sender: Sender,
    operator: str,
    language: str = "en",
    zone: str = "UTC",
) -> int:
    """Put a mail about new notices into the outbox; return how many notices it tells."""
    notices = store.notices.untold()
    if not notices:
        return 0
    message = compose_notices(
        notices, now=now, sender=sender, operator=operator, language=language, zone=zone
    )
    store.outbox.add(message, now=now)
    store.notices.told([notice.key for notice in notices], now)
    return len(notices)


def compose_notices(
    notices: Sequence[Notice],
    *,
    now: datetime,
    sender: Sender,
    operator: str,
    language: str = "en",
    zone: str = "UTC",
) -> Message:
    """Return the mail that tells an operator about notices."""
    nobody = a_reader(now, language=language, zone=zone)
    who = reader(nobody, sender, lambda text: text)
    lines = [
        (who.moment(notice.opened_at), printable(f"{notice.kind}: {notice.detail}", _LENGTH))
        for notice in notices[:_MOST]
    ]
    given = {
        "language": language,
        "lines": lines,
        "more": len(notices) - len(lines),
        "health_url": f"{sender.public_url}/health" if sender.public_url else None,
    }
    first = printable(notices[0].detail, 90)
    more = len(notices) - 1
    rest = who.ngettext(" + %(num)d more", " + %(num)d more", more) if more else ""
    keys = "-".join(str(notice.key) for notice in notices)
    program = who.gettext("Dispatch Watch")
    text, html = mail_templates("notice", language, given)
    return build(
        kind=MessageKind.NOTICE,
        sender=sender.mailbox,
        recipient=operator,
        subject=f"[{program}] {first}{rest}",
        text=text,
        html=html,
        date=now.astimezone(who.zone),
        message_id=message_id(MessageKind.NOTICE, key=f"{operator}\0{keys}", sender=sender),
        language=language,
    )
