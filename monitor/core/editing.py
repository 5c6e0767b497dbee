"""What the pages about subscribers and mails show, and what an editor may do to a mail. Pure.

Frozen values that cross between the store and the pages. A mail that waits for an editor has told
nobody anything yet: until it goes, stories can be taken out of it and put in, and whatever is taken
out is counted in the mail and kept with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core.telling import OutboxState, Place, Subscriber
from monitor.core.values import Item
from monitor.core.windows import Schedule, Window

# A mail can be held for as long again, and again, but never for longer than this from now.
LONGEST_HOLD = timedelta(hours=24)
REASON_LENGTH = 300  # code points of an editor's reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberLine:
    """One subscriber as the list shows them: what they wish, and how their mails went."""

    subscriber: Subscriber
    last_end: datetime | None = None  # of the window told last
    last_period: str = ""
    last_sent_at: datetime | None = None  # of any mail that a server accepted
    open_count: int = 0  # mails still on their way
    last_state: OutboxState | None = None  # of the newest mail
    last_detail: str = ""  # what the server said of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """One item of a digest that an editor looks at: its place, and an editor's reason."""

    item: Item
    place: Place
    reason: str = ""

    @property
    def is_put_in(self) -> bool:
        """Say whether an editor put it in."""
        return bool(self.reason) and self.place is not Place.LEFT_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDigest:
    """A digest whose mail has not gone yet: everything that making it anew needs."""

    key: int
    outbox_key: int
    subscriber: Subscriber
    window: Window
    made_at: datetime
    subject: str
    goes_at: datetime  # by itself, when nobody does anything
    state: OutboxState
    items: tuple[Edited, ...] = ()

    @property
    def is_open(self) -> bool:
        """Say whether it can still be edited."""
        return self.state is OutboxState.HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What an editor wants of a digest: items left out and put in, each with the reason."""

    left_out: Mapping[int, str] = field(default_factory=dict)
    put_in: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup:
    """Somebody typed an address; whether it is theirs is not known until it is confirmed."""

    key: int = 0
    address: str
    language: str
    schedule: Schedule
    origin: str  # of the request, as a hash
    asked_at: datetime
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupLimits:
    """How many confirmation mails may be asked for. Beyond them nothing is sent.

    Somebody who types other people's addresses must not be able to fill their mailboxes through
    us, nor to use us to send at all.
    """

    valid_for: timedelta = timedelta(hours=48)
    apart: timedelta = timedelta(minutes=15)  # two mails to one address
    per_address: int = 3  # while one link is valid
    per_origin: int = 10  # an hour
    in_all: int = 100  # an hour
