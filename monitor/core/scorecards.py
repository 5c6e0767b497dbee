"""What a feed is worth to the team, in plain counts: for operators who keep or drop it.

Nothing here changes a feed or a score: a card is a proposal to look, never an action.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

# Told again later than this, a headline is another event.
SAME_REPORT_WITHIN = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCard:
    """Counts over a window; items belong to the feed that showed them first."""

    item_count: int = 0  # all that were kept, whatever their score
    shown_count: int = 0  # of those, in the queue or better
    decided_count: int = 0
    accepted_count: int = 0  # relevant or escalated
    shared_count: int = 0  # reports that this feed and another told
    first_count: int = 0  # of those, it was first
    lead: timedelta | None = None  # median, before the next feed, where it was first
    seconds: int = 0  # of the team's work on its items
    gap_count: int = 0

    @property
    def precision(self) -> float | None:
        """The share of the decided items that were accepted, 0 to 1; None without decisions."""
        return self.accepted_count / self.decided_count if self.decided_count else None

    @property
    def minutes_per_accepted(self) -> float | None:
        """The team's minutes for each accepted item; None when nothing was, or nothing counted."""
        if not self.accepted_count or not self.seconds:
            return None
        return self.seconds / 60 / self.accepted_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A feed told a report, first at that time. `report`: any name that is one report's own."""

    report: str
    feed_key: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How often a feed was first with what others told too."""

    shared: int
    first: int
    median: timedelta | None


def leads(tellings: Iterable[Telling]) -> dict[int, Lead]:
    """Return how each feed fares against the others, by feed key.

    "First" is when our poll saw it, so a feed that is asked more often has the advantage; two that
    came at the same moment are both not first.
    """
    by_report: dict[str, list[Telling]] = {}
    for telling in tellings:
        by_report.setdefault(telling.report, []).append(telling)
    shared: dict[int, int] = {}
    ahead: dict[int, list[timedelta]] = {}
    for told in by_report.values():
        told.sort(key=lambda one: one.at)
        together = [one for one in told if one.at - told[0].at <= SAME_REPORT_WITHIN]
        if len(together) < 2:
            continue
        for one in together:
            shared[one.feed_key] = shared.get(one.feed_key, 0) + 1
        if (lead := together[1].at - together[0].at) > timedelta(0):
            ahead.setdefault(together[0].feed_key, []).append(lead)
    return {
        key: Lead(
            shared=count,
            first=len(ahead.get(key, ())),
            median=_median(ahead[key]) if key in ahead else None,
        )
        for key, count in shared.items()
    }


def _median(times: list[timedelta]) -> timedelta:
    return timedelta(seconds=median(time.total_seconds() for time in times))
