"""What was watched and what was not: the statement that lets a reader believe a silence. Pure.

Every number comes from the ledger: polls, gaps and fates of one window. A feed is in exactly one
group, so that the numbers can be added up. A feed that never answered is told in a line of its own
and never counts as a failure. "All quiet" may only be said when `is_blind` is false.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.core.values import FeedState

# Above this share of the weighted feed-hours a silence proves nothing. A tenth is the project's own
# choice: one feed in ten may fail without hiding a story that several outlets carry.
BLIND_SHARE = 0.10
# A feed is late, and no longer merely between two polls, after this many of its intervals.
_LATE_AFTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedSpan:
    """A stretch in which a feed dropped entries before we came back to it."""

    since: datetime
    until: datetime
    estimate: int  # entries


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWatch:
    """What the ledger says of one enabled feed, as of the end of a window."""

    id: str
    title: str
    every: timedelta
    weight: float = 1.0
    state: FeedState = FeedState.OK
    poll_count: int = 0  # in the window
    good_count: int = 0  # of them, those that ended well
    is_failing: bool = False  # its last poll ended badly
    last_good_at: datetime | None = None  # None: it never answered with a feed
    failing_since: datetime | None = None
    error: str = ""  # the code of the last failure
    http_status: int | None = None
    gaps: tuple[MissedSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCounts:
    """Totals of the fate ledger for one window."""

    read: int = 0  # new entries that reached a final fate
    matched: int = 0  # of them, items good enough for a digest
    waiting: int = 0  # still without a final fate at its end


class Group(StrEnum):
    """The one group of a feed. The worst that holds."""

    UNPROVEN = "unproven"  # never answered
    FAILING = "failing"  # its last poll failed
    UNASKED = "unasked"  # it was due, and we did not ask: our own fault
    GAPPED = "gapped"  # it answered, but entries were lost in between
    QUIET = "quiet"  # answers without new entries for longer than usual
    FINE = "fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """One feed in the statement."""

    watch: FeedWatch
    group: Group
    blind: timedelta

    @property
    def missed_estimate(self) -> int:
        """Return how many entries its gaps probably hid."""
        return sum(gap.estimate for gap in self.watch.gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The statement for one window."""

    start: datetime
    end: datetime
    lines: tuple[FeedLine, ...]
    counts: EntryCounts
    watched_count: int  # proven feeds with at least one good poll in the window
    expected_count: int  # proven feeds that were due in the window
    blind_share: float  # of the weighted feed-hours of expected feeds, 0 to 1

    def group(self, group: Group) -> tuple[FeedLine, ...]:
        """Return the feeds of one group, the blindest first."""
        found = [line for line in self.lines if line.group is group]
        return tuple(sorted(found, key=lambda line: (-line.blind, line.watch.title)))

    @property
    def blind_hours(self) -> float:
        """Return the hours, summed over feeds, in which we could not see."""
        return sum((line.blind for line in self.lines), timedelta()) / timedelta(hours=1)

    @property
    def is_blind(self) -> bool:
        """Return whether too much was unseen to call a silence quiet."""
        return self.blind_share > BLIND_SHARE

    @property
    def is_whole(self) -> bool:
        """Return whether nothing at all is to be complained of."""
        return all(line.group in (Group.FINE, Group.UNPROVEN) for line in self.lines)


def coverage(
    feeds: Iterable[FeedWatch], *, start: datetime, end: datetime, counts: EntryCounts
) -> Coverage:
    """Return the statement on `[start, end)` for the enabled feeds."""
    lines = tuple(_line(feed, start, end) for feed in feeds)
    expected = [line for line in lines if _is_expected(line, start)]
    length = end - start
    total = sum(line.watch.weight for line in expected) * length
    unseen = sum((line.blind * line.watch.weight for line in expected), timedelta())
    # Nothing expected: nothing has ever answered, and that is the blindest there is.
    share = unseen / total if total else 1.0
    return Coverage(
        start=start,
        end=end,
        lines=lines,
        counts=counts,
        watched_count=sum(line.watch.good_count > 0 for line in expected),
        expected_count=len(expected),
        blind_share=min(share, 1.0),
    )


def _is_expected(line: FeedLine, start: datetime) -> bool:
    """Return whether a feed should have been seen in the window: proven, and asked or overdue."""
    if line.group is Group.UNPROVEN:
        return False
    return line.watch.poll_count > 0 or line.group is not Group.FINE


def _line(feed: FeedWatch, start: datetime, end: datetime) -> FeedLine:
    group = _group(feed, start, end)
    return FeedLine(watch=feed, group=group, blind=_blind(feed, group, start, end))


def _group(feed: FeedWatch, start: datetime, end: datetime) -> Group:
    if feed.last_good_at is None:
        return Group.UNPROVEN
    if feed.is_failing:
        return Group.FAILING
    if end - feed.last_good_at > feed.every * _LATE_AFTER:
        return Group.UNASKED
    if any(gap.until > start and gap.since < end for gap in feed.gaps):
        return Group.GAPPED
    if feed.state in (FeedState.SILENT, FeedState.STALE, FeedState.EMPTY):
        return Group.QUIET
    return Group.FINE


def _blind(feed: FeedWatch, group: Group, start: datetime, end: datetime) -> timedelta:
    """Return for how long of the window the feed was not seen, overlaps counted once.

    An outage that ended is not blind time: the feed's list still showed what we had missed. When it
    did not, a gap says so. Time since the last good poll counts only while the feed is failing.
    """
    if group is Group.UNPROVEN or feed.last_good_at is None:
        return timedelta()
    spans = [(gap.since, gap.until) for gap in feed.gaps]
    if group in (Group.FAILING, Group.UNASKED):
        spans.append((feed.last_good_at, end))
    blind = timedelta()
    covered_to = start
    for since, until in sorted(spans):
        since, until = max(since, covered_to), min(until, end)
        if until > since:
            blind += until - since
            covered_to = until
    return blind
