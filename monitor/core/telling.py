"""The words of telling: who reads, what a digest holds, what a finished message is and became.

Frozen values that cross between the store, which keeps them, and the mails, which show them.
Nothing here decides anything; times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.core.coverage import Coverage
from monitor.core.tlp import Tlp
from monitor.core.values import Band, Item
from monitor.core.week import Day
from monitor.core.windows import Schedule, Window


class QuietPolicy(StrEnum):
    """What a subscriber gets when there is nothing to tell."""

    SHORT = "short"  # a short mail that says what was watched
    SKIP = "skip"  # no mail; a partly blind day is told all the same


class Way(StrEnum):
    """How a message leaves. What stands before the colon in the address of a channel."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    CHAT = "chat"


def way_of(address: str) -> Way:
    """Return how an address is reached: `webhook:NAME` and `chat:NAME` are no mail addresses."""
    before, colon, _ = address.partition(":")
    return Way(before) if colon and before in (Way.WEBHOOK, Way.CHAT) else Way.MAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One person (or mailbox) who is told, and how they want it."""

    key: int
    address: str
    name: str = ""
    language: str = "en"  # of the mail itself
    minimum: Band = Band.DIGEST
    topics: tuple[str, ...] = ()  # profiles of the rules; empty: the default decision
    languages: tuple[str, ...] = ()  # of the items wanted; empty: all
    schedule: Schedule = field(default_factory=Schedule)
    quiet: QuietPolicy = QuietPolicy.SHORT
    alerts: bool = False  # wants items of the band `alert` at once
    near_misses: bool = False  # an analyst: shows what just missed the line
    is_active: bool = True
    paused_until: datetime | None = None
    since: datetime  # items first seen before this are not theirs
    bounce_count: int = 0  # permanent refusals in a row
    confirmed_at: datetime | None = None  # when they said themselves that they want it
    clearance: Tlp = Tlp.CLEAR  # items marked higher are kept from them

    @property
    def way(self) -> Way:
        """Return how messages reach them."""
        return way_of(self.address)

    @property
    def is_person(self) -> bool:
        """Say whether it is somebody with a mail address, and no program or chat room."""
        return self.way is Way.MAIL


class Place(StrEnum):
    """What became of an item in a subscriber's digest; after the first three, why it is absent."""

    FULL = "full"
    HEADLINE = "headline"
    ALSO = "also"  # named under another item that says the same
    TOLD_BEFORE = "told_before"  # another outlet's copy of what an earlier digest told
    LEFT_OUT = "left_out"  # an editor decided so; the mail says how many
    OVER_LIMIT = "over_limit"  # counted in "+37 more", waiting in the queue page
    IRRELEVANT = "irrelevant"  # an analyst had decided against it


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One piece of news in a digest: its best item, and the items that say the same."""

    item: Item
    also: tuple[Item, ...] = ()
    is_late: bool = False  # first seen before the window, judged only now


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The stories of one topic, best first."""

    topic: str
    full: tuple[Story, ...] = ()
    headlines: tuple[Story, ...] = ()

    @property
    def stories(self) -> tuple[Story, ...]:
        """Return all stories of the section, best first."""
        return self.full + self.headlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one subscriber is told about one window, before it becomes a mail."""

    subscriber: Subscriber
    window: Window
    made_at: datetime
    sections: tuple[Section, ...] = ()
    near_misses: tuple[Item, ...] = ()
    places: Mapping[int, Place] = field(default_factory=dict)  # item key: what became of it
    over_limit_count: int = 0
    told_before_count: int = 0
    left_out_count: int = 0  # by an editor, before it went
    withheld_count: int = 0  # items of the window that are marked above the clearance
    answers: str = ""  # Message-ID of the mail that told its best story before
    coverage: Coverage | None = None
    week: tuple[Day, ...] = ()  # empty: it would say nothing
    rules_version: str = ""

    @property
    def stories(self) -> tuple[Story, ...]:
        """Return the stories, best first across sections."""
        found = [story for section in self.sections for story in section.stories]
        return tuple(sorted(found, key=lambda story: rank(story.item)))

    @property
    def is_quiet(self) -> bool:
        """Return whether there is nothing to tell."""
        return not self.sections and not self.over_limit_count

    @property
    def tlp(self) -> Tlp:
        """Return the strictest mark of what it shows: the whole of it travels as far as that."""
        shown = [item for story in self.stories for item in (story.item, *story.also)]
        marks = [item.tlp for item in (*shown, *self.near_misses)]
        return max(marks, key=lambda mark: mark.rank, default=Tlp.CLEAR)


def rank(item: Item) -> tuple[int, int, datetime, int]:
    """Return a sort key, best first: score, uncapped score, then the older one."""
    return (-item.score.score, -item.score.raw, item.first_seen_at, item.key)


# ---------------------------------------------------------------- messages


class MessageKind(StrEnum):
    """Why a message was written."""

    DIGEST = "digest"
    ALERT = "alert"
    NOTICE = "notice"  # to the operator
    TEST = "test"
    CONFIRM = "confirm"  # asks whether an address wants digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A finished mail. `raw` is what every attempt sends, byte for byte."""

    kind: MessageKind
    sender: str  # envelope address
    recipient: str  # envelope address: always exactly one
    subject: str
    message_id: str  # with its angle brackets
    date: datetime
    raw: bytes
    text: str  # the plain-text part, for the terminal and the archive
    html: str


class OutboxState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENDING = "sending"  # an attempt runs, or died
    MAYBE_DELIVERED = (
        "maybe_delivered"  # handed over, but the answer was lost; sent again, same bytes
    )
    SENT = "sent"
    REFUSED = "refused"  # for good, by the receiving server
    GIVEN_UP = "given_up"  # tried for as long as makes sense
    HELD = "held"  # waits for an editor
    WITHDRAWN = "withdrawn"  # an editor decided that it is not sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message taken from the outbox for one attempt."""

    key: int
    message: Message
    subscriber_key: int | None
    attempt: int  # 1 for the first
    doubt_count: int  # earlier attempts whose answer was lost
    created_at: datetime
    token: str  # proves that the attempt is still ours when it reports


class Delivery(StrEnum):
    """How one attempt ended."""

    ACCEPTED = "accepted"
    RETRY = "retry"  # 4xx, or the server could not be reached: certainly not delivered
    REFUSED = "refused"  # 5xx about this message or recipient
    MAYBE = "maybe"  # everything was handed over, the answer was lost
    NOT_CONFIGURED = (
        "not_configured"  # our own log-in or TLS is at fault: nobody is to blame for it
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The answer of the receiving side to one attempt."""

    outcome: Delivery
    code: int | None = None  # SMTP reply code
    detail: str = ""  # one line for the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLine:
    """One message as `monitor health` and the pages list it."""

    key: int
    kind: MessageKind
    recipient: str
    subject: str
    message_id: str
    state: OutboxState
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    doubt_count: int
    code: int | None
    detail: str
    subscriber_key: int | None = None
    digest_key: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """One digest as `monitor digest windows` and the archive page list it."""

    key: int
    address: str
    period: str
    start: datetime
    end: datetime
    missed_count: int
    made_at: datetime
    subject: str  # empty: no mail was due
    story_count: int
    over_limit_count: int
    is_blind: bool
    coverage: Mapping[str, object]  # the numbers that the mail stated
    outbox_key: int | None
    state: OutboxState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """Where and to whom an item was told, for `monitor why`."""

    address: str
    period: str
    made_at: datetime
    subject: str
    place: Place
