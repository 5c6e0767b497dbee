"""What the store answers to people's questions: the read models of pages, mails and commands.

Frozen values without behaviour; they are made by the store and only ever read elsewhere. Words that
people see are not here but in the message catalogues: these carry states, codes and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.core.values import (
    Band,
    ErrorCode,
    Fate,
    Feed,
    FeedState,
    Item,
    ItemState,
    TextState,
    Verdict,
)

# ---------------------------------------------------------------- feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a new feeds.yaml changed. Feed ids, each in the order of the file, removed ones last."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()  # kept with all they ever showed, no longer polled
    returned: tuple[str, ...] = ()  # removed earlier, now in the file again
    unchanged_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GapReport:
    """Entries were probably missed between two polls of a feed."""

    feed_id: str
    feed_title: str
    since: datetime
    until: datetime
    estimate: int
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """How one feed is doing, for the health page and `monitor feeds list`."""

    key: int
    feed: Feed
    state: FeedState
    is_removed: bool = False  # no longer in feeds.yaml
    is_leased: bool = False  # being polled at this moment
    due_at: datetime
    failure_count: int = 0  # in a row
    last_error: ErrorCode | None = None
    last_detail: str = ""
    last_status: str | None = None  # a PollStatus
    last_http_status: int | None = None
    failing_since: datetime | None = None
    last_polled_at: datetime | None = None
    first_good_at: datetime | None = None
    last_good_at: datetime | None = None
    newest_entry_at: datetime | None = None
    found_title: str = ""  # what the feed calls itself
    moved_to: str | None = None  # where permanent redirects point
    moved_day_count: int = 0  # on how many days they did
    entry_count: int = 0  # distinct entries ever shown
    item_count: int = 0  # items that it showed first
    pending_count: int = 0  # entries whose fate is still open


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLine:
    """One past poll of a feed."""

    started_at: datetime
    finished_at: datetime
    status: str  # a PollStatus
    error: ErrorCode | None = None
    detail: str = ""
    http_status: int | None = None
    body_size: int = 0
    entries_seen: int = 0
    unchanged_count: int = 0
    pending_count: int = 0  # new and changed entries it brought
    is_backfill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRun:
    """How the very first polls of the configured feeds went."""

    feed_count: int  # enabled
    answered: int = 0  # gave a feed at least once
    silent: int = 0  # asked, and never gave an answer that we could use
    not_a_feed: int = 0  # answered with something else
    waiting: int = 0  # not asked yet
    not_a_feed_ids: tuple[str, ...] = ()
    silent_ids: tuple[str, ...] = ()


# ---------------------------------------------------------------- items


class QueueOrder(StrEnum):
    """What comes first in a list of items."""

    BEST = "best"  # score, then the uncapped sum, then the newest
    NEWEST = "newest"  # first seen last


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which items to list. An empty tuple means no restriction."""

    bands: tuple[Band, ...] = ()  # the best band that any version of the item reached
    states: tuple[ItemState, ...] = ()
    langs: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()  # feed ids: shown by any of them
    countries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()  # profiles: `bands` are then those under the best of them
    places: tuple[str, ...] = ()  # entities: named by a line of the score, any of them
    search: str = ""  # words and "phrases"; any text is allowed
    since: datetime | None = None  # first seen at or after
    until: datetime | None = None  # first seen before
    is_backfill: bool | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = None  # only what a claim holds at this moment
    unseen_by: int | None = None  # a person's key: what they have not opened or decided
    to_grade_by: int | None = None  # a person's key: what asks for their grade of its evidence
    order: QueueOrder = QueueOrder.BEST
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One page of a list of items."""

    items: tuple[Item, ...]
    total: int  # how many there are on all pages


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCounts:
    """How many items there are in each band and state."""

    by_band: Mapping[Band, int] = field(default_factory=dict)
    by_state: Mapping[ItemState, int] = field(default_factory=dict)
    by_band_and_state: Mapping[tuple[Band, ItemState], int] = field(default_factory=dict)
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprint:
    """An item of another feed whose headline says the same."""

    key: int
    outlet: str
    title: str
    score: int
    state: ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """An earlier text of an item, with the score it had."""

    title: str
    text: str
    text_state: TextState
    score: int
    raw: int
    band: Band
    seen_at: datetime  # when this text was read
    replaced_at: datetime
    raised_band: bool  # the text that replaced this one reached a better band


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A feed that showed an item."""

    feed_id: str
    feed_title: str
    seen_at: datetime  # the first time
    link: str | None  # as that feed gave it
    title: str  # as that feed gave it


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who is working on an item, and until when nobody else should."""

    item_key: int
    actor: str
    until: datetime


# ---------------------------------------------------------------- verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLine:
    """One decision of the team about an item."""

    key: int
    item_key: int
    verdict: Verdict
    teach: bool
    note: str
    actor: str
    given_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None
    batch: int | None = None  # of those given with one press, the key of the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """An item that an analyst made an example for the rules' tests."""

    verdict: VerdictLine
    item: Item


# ---------------------------------------------------------------- the ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class FateLine:
    """One time at which a feed showed us an entry, and what became of it."""

    feed_id: str
    feed_title: str
    polled_at: datetime
    fate: Fate
    reason: str
    title: str  # as the feed gave it
    link: str | None  # canonical, as this poll gave it
    decided_at: datetime
    item_key: int | None = None  # the item it became, changed or repeated
    last_seen_at: datetime | None = None  # when the feed last showed the entry


@dataclass(frozen=True, slots=True, kw_only=True)
class FateReport:
    """The answer to `monitor why`: all that the ledger knows about an address or an item."""

    asked: str
    link: str | None = None  # canonical form of what was asked
    lines: tuple[FateLine, ...] = ()  # oldest first
    item: Item | None = None
    revisions: tuple[Revision, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    verdicts: tuple[VerdictLine, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether any feed ever showed it, or an item is kept under it."""
        return bool(self.lines) or self.item is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A poll whose entries do not add up. There should never be one."""

    poll_key: int
    feed_id: str
    finished_at: datetime
    entries_seen: int
    accounted: int  # unchanged entries and fates


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueEntry:
    """An entry whose fate is still open after a day."""

    fate_key: int
    feed_id: str
    title: str
    link: str | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCoverage:
    """How well one feed was watched in a window."""

    feed: Feed
    state: FeedState
    good: int  # polls that gave a feed, or said that nothing changed
    failed: int
    entries_seen: int
    last_error: ErrorCode | None = None  # of the last poll of all; None: it was good
    last_http_status: int | None = None
    last_good_at: datetime | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTotals:
    """What was watched in a window, and what was not: the figures of a coverage statement."""

    since: datetime
    until: datetime
    feed_count: int = 0  # configured and enabled now
    watched_count: int = 0  # of those, with at least one good poll in the window
    poll_count: int = 0
    failed_poll_count: int = 0
    entries_seen: int = 0
    fates: Mapping[Fate, int] = field(default_factory=dict)  # of the entries seen in the window
    items: Mapping[Band, int] = field(default_factory=dict)  # first seen in the window, no backfill
    feeds: tuple[FeedCoverage, ...] = ()  # enabled feeds, worst first
    gaps: tuple[GapReport, ...] = ()


# ---------------------------------------------------------------- running


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """A named job: how its last run went, and when the next one is due."""

    name: str
    last_started_at: datetime | None = None
    last_ended_at: datetime | None = None
    last_good_at: datetime | None = None
    last_error: str | None = None  # of the last run that ended; None when it was good
    next_run_at: datetime | None = None  # a hint: what the clock intends
    run_count: int = 0
    failure_count: int = 0  # in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A named lease that is held."""

    name: str
    owner: str
    token: str
    until: datetime
    acquired_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RulebookVersion:
    """One set of rule files that was in force, from when and why."""

    hash: str
    applied_at: datetime
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something an operator should know, said once while it lasts."""

    key: int
    kind: str
    subject: str
    detail: str
    opened_at: datetime
    told_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """Who changed what, from what to what."""

    actor: str
    action: str
    subject: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    at: datetime
    key: int = 0  # in the order in which they were added


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFilter:
    """Which lines of the audit trail are wanted; what is left out does not narrow."""

    actor: str = ""
    noun: str = ""  # of the action: "item", "rules"
    subject: str = ""  # "item:7"
    since: datetime | None = None
    until: datetime | None = None  # lines at this moment are no longer wanted
    below: int | None = None  # lines added before the one of this key


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSize:
    """How much the store holds. Sizes in bytes."""

    engine: str  # sqlite or postgresql
    version: str  # of the engine
    revision: str | None  # of the schema
    size: int
    log_size: int = 0  # of SQLite's write-ahead log
    counts: Mapping[str, int] = field(default_factory=dict)  # rows of the main tables
