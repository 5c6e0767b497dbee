"""What an editor does to a digest before it goes: look, leave out, put in, send to oneself.

A mail that waits is made anew from the items that it holds; nothing else comes in by the way. Its
Message-ID and Date stay, so that it is the same mail. What was left out is counted in it and kept
with its reason: a mail that hides its gaps would be trusted no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerts.compose import message_id
from alerts.message import build
from alerts.press import Press
from alerts.rounds import next_digest
from alerts.view import reader
from monitor.core.editing import Edit, Edited, HeldDigest
from monitor.core.telling import Digest, Message, MessageKind, Place, Subscriber
from monitor.core.values import Item


def revised(
    press: Press, held: HeldDigest, edit: Edit, *, found: Sequence[Item] = ()
) -> tuple[Digest, Message, dict[int, str]]:
    """Return a digest that waits as it would be after an edit, and the editors' reasons.

    `found` are the items that the edit puts in, when the digest does not hold them yet.
    """
    before = {one.item.key: one for one in held.items}
    items = [one.item for one in held.items]
    items += [item for item in found if item.key in edit.put_in and item.key not in before]
    left_out = {key: one.reason for key, one in before.items() if one.place is Place.LEFT_OUT}
    put_in = {key: one.reason for key, one in before.items() if one.is_put_in}
    left_out = {key: why for key, why in left_out.items() if key not in edit.put_in}
    left_out |= edit.left_out
    put_in |= edit.put_in
    put_in = {key: why for key, why in put_in.items() if key not in left_out}
    # What stood in it was wanted when it was made; an edit elsewhere must not drop it.
    asked = {key for key, one in before.items() if _was_told(one)} | set(put_in)
    made = press.make(
        held.subscriber,
        held.window,
        held.made_at,
        items=items,
        asked=asked - set(left_out),
        left_out=set(left_out),
        besides=held.key,
    )
    return made.digest, made.message, left_out | put_in


def copy_for_test(press: Press, subscriber: Subscriber, now: datetime, *, to: str) -> Message:
    """Return the next digest of a subscriber as a mail to somebody who wants to look at it.

    It carries no link that would act for the subscriber, and says that it is a test.
    """
    plain = replace(press, sender=replace(press.sender, has_reader_pages=False))
    looked_at = next_digest(plain, subscriber, now).message
    who = reader(subscriber, plain.sender, plain.redact)
    label = who.gettext("Test")
    return build(
        kind=MessageKind.TEST,
        sender=plain.sender.mailbox,
        recipient=to,
        subject=f"[{label}] {looked_at.subject}",
        text=looked_at.text,
        html=looked_at.html,
        date=now.astimezone(who.zone),
        message_id=message_id(
            MessageKind.TEST, key=f"{to}\0{subscriber.key}\0{now.isoformat()}", sender=plain.sender
        ),
        language=subscriber.language,
    )


def _was_told(one: Edited) -> bool:
    return one.place in (Place.FULL, Place.HEADLINE, Place.ALSO, Place.OVER_LIMIT)
