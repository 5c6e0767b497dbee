"""What telling asks of the world: the store that keeps it, and the way a mail leaves the house.

Protocols only. The mails are written by one package and kept by another, and neither may know the
other; they meet here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from monitor.core.alerting import Left
from monitor.core.coverage import EntryCounts, FeedWatch
from monitor.core.reports import Notice
from monitor.core.telling import (
    DeliveryResult,
    Digest,
    Message,
    OutboxLine,
    Outgoing,
    Subscriber,
    Way,
)
from monitor.core.values import Band, Item


class SubscriberStore(Protocol):
    """Who is told."""

    def active(self, now: datetime) -> list[Subscriber]:
        """Return the subscribers who get mail now: active and not paused."""
        ...

    def list(self) -> Sequence[Subscriber]:
        """Return all subscribers, those who left among them."""
        ...

    def remove(self, key: int) -> bool:
        """Send nothing any more; what was sent stays on record."""
        ...

    def bounced(self, key: int, *, limit: int) -> bool:
        """Count a refusal for good; return True when it was the one that switched the mails off."""
        ...

    def accepted(self, key: int) -> None:
        """Forget earlier refusals: the address takes mail."""
        ...


class DigestStore(Protocol):
    """Which windows were told, and what there is to tell."""

    def last_end(self, subscriber_key: int) -> datetime | None:
        """Return the end of the window made last; None before the first."""
        ...

    def has_period(self, subscriber_key: int, period: str) -> bool:
        """Return whether this period has its digest."""
        ...

    def candidates(self, subscriber: Subscriber, *, since: datetime, until: datetime) -> list[Item]:
        """Return items of the subscriber's bands, first seen in `[since, until)`, not yet placed.

        An older item counts when an edit raised its band since then. What an analyst judged
        relevant or escalated counts whatever its band and age. Backfill never counts.
        """
        ...

    def near_misses(
        self, subscriber: Subscriber, *, since: datetime, until: datetime
    ) -> list[Item]:
        """Return the best items of the band below the subscriber's, first seen in the window."""
        ...

    def withheld_count(self, subscriber: Subscriber, *, since: datetime, until: datetime) -> int:
        """Return how many items of a window would be told, were they not marked too high."""
        ...

    def told(
        self, subscriber_key: int, *, since: datetime, besides: int | None = None
    ) -> list[tuple[str, str]]:
        """Return title and feed id of what digests made since then told a subscriber.

        The digest whose key is `besides` does not count.
        """
        ...

    def watched(self, since: datetime, until: datetime) -> list[FeedWatch]:
        """Return what the ledger says of each enabled feed for a window."""
        ...

    def per_day(self, starts: Sequence[datetime]) -> Sequence[Mapping[Band, int]]:
        """Return how many items were first seen between each two of `starts`, by (peak) band."""
        ...

    def counts(self, since: datetime, until: datetime) -> EntryCounts:
        """Return the ledger's totals of a window."""
        ...

    def is_waiting(self, subscriber_key: int) -> bool:
        """Return whether a digest of this subscriber was tried, and could not be delivered yet."""
        ...

    def save(
        self,
        digest: Digest,
        message: Message | None,
        *,
        held_until: datetime | None = None,
        subject: str = "",
    ) -> bool:
        """Write the digest, its places and its message together.

        With `held_until` the message waits so long for an editor, and then goes out by itself.
        `subject` is what the archive says of a digest without a message.
        Return False, writing nothing, when the period has a digest already.
        """
        ...


class AlertStore(Protocol):
    """Immediate mails: what they could tell, and what they told."""

    def candidates(self, subscriber: Subscriber, *, since: datetime) -> list[Item]:
        """Return items of the band `alert` first seen since then, not considered yet."""
        ...

    def told_in(self, subscriber: Subscriber, item_keys: Collection[int]) -> str | None:
        """Return the Message-ID of the last mail that told a subscriber one of these items."""
        ...

    def sent(self, subscriber: Subscriber, *, since: datetime) -> list[datetime]:
        """Return when alerts were made for a subscriber."""
        ...

    def told_titles(self, subscriber: Subscriber, *, since: datetime) -> list[str]:
        """Return the titles that alerts of this time told a subscriber."""
        ...

    def save(
        self,
        subscriber: Subscriber,
        *,
        message: Message | None,
        mailed: tuple[int, ...],
        left: Mapping[int, Left],
        now: datetime,
    ) -> bool:
        """Write what became of the items, and the message, together; False: another was first."""
        ...


class Outbox(Protocol):
    """Messages on their way. Each method is one transaction."""

    def add(
        self, message: Message, *, now: datetime, subscriber_key: int | None = None
    ) -> int | None:
        """Put a message that is no digest into the outbox; None when it is there already."""
        ...

    def take(
        self,
        now: datetime,
        *,
        owner: str,
        lease_for: timedelta,
        way: Way = ...,
        without: Collection[str] = ...,
    ) -> Outgoing | None:
        """Lease the message of one way that is due longest, an abandoned attempt among them.

        `without` are recipients that have to wait. None: nothing is due.
        """
        ...

    def done(
        self,
        outgoing: Outgoing,
        result: DeliveryResult,
        *,
        now: datetime,
        retry_at: datetime | None,
    ) -> bool:
        """Write how an attempt ended; False when it was no longer ours.

        `retry_at` None means that there will be no further attempt.
        """
        ...

    def overdue(self, now: datetime, *, after: timedelta = ...) -> list[OutboxLine]:
        """Return messages that were made longer than `after` ago and are not delivered."""
        ...


class NoticeStore(Protocol):
    """What an operator should know, said once while it lasts."""

    def raise_once(self, kind: str, subject: str, detail: str, now: datetime) -> bool:
        """Note something; True when it is new."""
        ...

    def close(self, kind: str, subject: str, now: datetime) -> bool:
        """Note that it is over; False when it was not open."""
        ...

    def untold(self) -> list[Notice]:
        """Return what was noted and not mailed yet."""
        ...

    def told(self, keys: Sequence[int], now: datetime) -> None:
        """Note that these were mailed."""
        ...


class TellingStore(Protocol):
    """The part of the store that telling works on."""

    @property
    def subscribers(self) -> SubscriberStore:
        """Who is told."""
        ...

    @property
    def digests(self) -> DigestStore:
        """Windows and what they hold."""
        ...

    @property
    def alerts(self) -> AlertStore:
        """Immediate mails."""
        ...

    @property
    def notices(self) -> NoticeStore:
        """What an operator should know."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Messages on their way."""
        ...


class Mailer(Protocol):
    """Brings one message to one recipient, once."""

    def deliver(self, message: Message) -> DeliveryResult:
        """Try once. Never raises for anything a server or a network does."""
        ...

    def close(self) -> None:
        """End whatever connection is open."""
        ...
