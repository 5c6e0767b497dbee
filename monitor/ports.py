"""What the pipeline asks of the world: one-method-wide seams, and the promises on each side.

Protocols only; nothing here does anything. Tests pass small typed fakes for the web, the clock and
the mail; the store is never faked (SQLite in memory is the fake).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from monitor.core.values import (
    Decision,
    ErrorCode,
    Fate,
    FeedForPoll,
    FeedState,
    Gap,
    KnownEntry,
    Outcome,
    PendingEntry,
    ReadEntry,
    Request,
)


class Clock(Protocol):
    """The only source of the present moment."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        ...


class Fetcher(Protocol):
    """Asks servers. The only way to the network for feeds and pages."""

    def fetch_many(self, requests: Iterable[Request]) -> Iterator[Outcome]:
        """Yield one outcome for each request, as they come in, in any order.

        Never raises for anything a server, a name server or the network does: that is a `Failed`.
        """
        ...


class PollStatus(StrEnum):
    """How a poll ended."""

    PARSED = "parsed"
    PARSED_PARTIALLY = "parsed_partially"
    NOT_MODIFIED = "not_modified"  # 304
    SAME_BODY = "same_body"  # 200, but byte for byte the last good body
    REJECTED = "rejected"  # see the error code


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What lets the next poll be conditional. Stored verbatim, and only with a good parse."""

    etag: str | None
    last_modified: str | None
    body_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """One finished poll: everything the first transaction writes."""

    leased: FeedForPoll
    started_at: datetime
    finished_at: datetime
    status: PollStatus
    error: ErrorCode | None = None
    detail: str = ""
    http_status: int | None = None
    body_size: int = 0  # bytes after decoding
    format: str = ""
    feed_title: str = ""
    notes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()  # one for each entry seen and readable
    unreadable: int = 0
    validators: Validators | None = None  # None: keep what is stored
    state: FeedState = FeedState.OK
    next_due_at: datetime
    is_backfill: bool = False
    moved_to: str | None = None  # where a permanent redirect pointed
    gap: Gap | None = None


class TipStore(Protocol):
    """Where links that people add by hand get their fates (the store's `feeds`)."""

    def lease_tips(self, now: datetime, *, owner: str, lease_for: timedelta) -> FeedForPoll:
        """Lease the feed of tips; made at first use, never polled."""
        ...


class PollStore(Protocol):
    """What polling needs from the store. Each writing method is one transaction."""

    def lease_feeds(
        self,
        now: datetime,
        *,
        owner: str,
        limit: int,
        lease_for: timedelta,
        only: Sequence[str] | None = None,
        even_if_not_due: bool = False,
    ) -> list[FeedForPoll]:
        """Lease enabled feeds that are due (longest overdue first) and not leased by another."""
        ...

    def release_feeds(self, leased: Sequence[FeedForPoll]) -> None:
        """Give leases back unpolled; due times stay as they were."""
        ...

    def known_entries(self, feed_key: int, decisions_for: Sequence[str]) -> list[KnownEntry]:
        """Return this feed's remembered entries whose guid, canonical link or identity is named."""
        ...

    def has_entries(self, feed_key: int) -> bool:
        """Whether this feed ever showed an entry that is remembered."""
        ...

    def known_items(self, links: Sequence[str]) -> Mapping[str, int]:
        """Map canonical links to the items that are kept under them, from whatever feed."""
        ...

    def save_poll(self, record: PollRecord) -> bool:
        """Write entries, fates, the poll and its validators together.

        Return False, writing nothing, when the lease was lost to another process meanwhile.
        """
        ...

    def save_bare_polls(self, records: Sequence[PollRecord]) -> list[bool]:
        """Write polls of different feeds that brought no entries, together.

        Return whether each was written: not when its lease was lost to another process meanwhile.
        """
        ...

    def lease_pending(
        self, now: datetime, *, owner: str, limit: int, lease_for: timedelta
    ) -> list[PendingEntry]:
        """Lease entries whose fate is still pending, oldest first."""
        ...

    def release_pending(self, pending: Sequence[PendingEntry]) -> None:
        """Give leases back unread."""
        ...

    def postpone_pending(self, pending: Sequence[tuple[PendingEntry, datetime]]) -> None:
        """Give leases back; nobody is to look at each entry before its moment."""
        ...

    def give_up(self, pending: PendingEntry, reason: str, now: datetime) -> None:
        """Close an entry that nothing could read, not even by its title; the reason is kept."""
        ...

    def save_read(self, read: Sequence[ReadEntry], now: datetime) -> list[Fate]:
        """Write items, matches, revisions, sightings and final fates together; one fate for each.

        An item already kept under the same canonical link makes the entry a duplicate of it.
        """
        ...
