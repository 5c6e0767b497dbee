"""The links in a mail that lead to something its reader may do: leave, change, pause, judge. Pure.

A link is bound to a reader, to that reader's address, to one purpose and, for a verdict, to one
item. The address is part of it because a store may give the number of an erased subscriber to the
next one. Without a public address, a secret and pages that answer there are no links at all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.sender import Sender
from alerts.tokens import (
    CONFIRM_FOR,
    SETTINGS_FOR,
    UNSUBSCRIBE_FOR,
    VERDICT_FOR,
    Purpose,
    sign,
    verify,
)
from monitor.core.editing import Signup
from monitor.core.telling import Subscriber

_GOOD_FOR: dict[Purpose, timedelta] = {
    Purpose.UNSUBSCRIBE: UNSUBSCRIBE_FOR,
    Purpose.SETTINGS: SETTINGS_FOR,
    Purpose.VERDICT: VERDICT_FOR,
}
_PARTS = {
    Purpose.UNSUBSCRIBE: 2,
    Purpose.SETTINGS: 2,
    Purpose.CONFIRM: 2,
    Purpose.VERDICT: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderLink:
    """What a good link says."""

    purpose: Purpose
    subscriber_key: int  # to confirm: of the sign-up
    mark: str  # of the address
    item_key: int | None = None  # of a verdict

    def is_for(self, holder: Subscriber | Signup) -> bool:
        """Say whether it was made for this subscriber, at the address they still have."""
        return (self.subscriber_key, self.mark) == (holder.key, _mark(holder.address))


def reader_link(
    sender: Sender,
    purpose: Purpose,
    *,
    subscriber: Subscriber,
    made_at: datetime,
    item_key: int | None = None,
) -> str | None:
    """Return the address of a reader's page; None where no page answers.

    The same arguments always give the same address. A verdict needs `item_key`.
    """
    if not (sender.public_url and sender.secret and sender.has_reader_pages):
        return None
    subject = f"{subscriber.key}-{_mark(subscriber.address)}"
    if item_key is not None:
        subject += f"-{item_key}"
    until = made_at + _GOOD_FOR[purpose]
    return f"{sender.public_url}/mail/{sign(sender.secret, purpose, subject=subject, until=until)}"


def confirm_link(sender: Sender, *, key: int, address: str, made_at: datetime) -> str | None:
    """Return the address of the page that puts a signed-up address on the list."""
    if not (sender.public_url and sender.secret and sender.has_reader_pages):
        return None
    subject, until = f"{key}-{_mark(address)}", made_at + CONFIRM_FOR
    token = sign(sender.secret, Purpose.CONFIRM, subject=subject, until=until)
    return f"{sender.public_url}/mail/{token}"


def leaving_token(sender: Sender, *, subscriber: Subscriber, made_at: datetime) -> str | None:
    """Return what a letter must carry to end a subscription; None while nobody reads letters."""
    if not (sender.secret and sender.has_mailbox):
        return None
    subject = f"{subscriber.key}-{_mark(subscriber.address)}"
    until = made_at + UNSUBSCRIBE_FOR
    return sign(sender.secret, Purpose.UNSUBSCRIBE, subject=subject, until=until)


def read_link(secret: bytes, token: str, *, now: datetime) -> ReaderLink | None:
    """Return what the last part of a link says; None unless it is ours, whole and in time."""
    found = (verify(secret, token, purpose=purpose, now=now) for purpose in _PARTS)
    good = next((one for one in found if one is not None), None)
    if good is None:
        return None
    parts = good.subject.split("-")
    if len(parts) != _PARTS[good.purpose]:
        return None
    return ReaderLink(
        purpose=good.purpose,
        subscriber_key=int(parts[0]),
        mark=parts[1],
        item_key=int(parts[2]) if len(parts) > 2 else None,
    )


def _mark(address: str) -> str:
    """Return 40 bits of a hash: enough to tell two readers apart, and it names nobody."""
    return hashlib.sha256(address.encode()).hexdigest()[:10]
