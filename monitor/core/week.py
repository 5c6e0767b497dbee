"""The week in numbers: what was found each day, by band, on one reader's calendar. Pure.

Beside a digest it answers "is this much, or little?". It is shown only when there is something to
compare: a handful of items makes no picture, and an empty table would pretend to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.core.values import Band

DAY_COUNT = 7
# Fewer say nothing about a week: one day's chance would look like a trend.
_LEAST_ITEMS = 8
_LEAST_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day in a reader's zone, its items first seen by band. Backfill is left out."""

    start: datetime
    counts: Mapping[Band, int]


def day_starts(now: datetime, zone: ZoneInfo, *, count: int = DAY_COUNT) -> list[datetime]:
    """Return the midnights of the last `count` days and of tomorrow, oldest first, in `zone`.

    Made from dates, not by adding 24 hours: days on which clocks change have 23 or 25.
    """
    today = now.astimezone(zone).date()
    return [
        datetime.combine(today - timedelta(days=back), time(), tzinfo=zone)
        for back in range(count - 1, -2, -1)
    ]


def days(starts: Sequence[datetime], found: Sequence[Mapping[Band, int]]) -> tuple[Day, ...]:
    """Join the starts of days (one more than there are days) with what was found in each."""
    return tuple(
        Day(start=start, counts=dict(counts)) for start, counts in zip(starts, found, strict=False)
    )


def says_something(week: Sequence[Day], bands: Sequence[Band]) -> bool:
    """Say whether the items of these bands are enough, and on enough days, to be compared."""
    totals = [sum(day.counts.get(band, 0) for band in bands) for day in week]
    return sum(totals) >= _LEAST_ITEMS and sum(total > 0 for total in totals) >= _LEAST_DAYS
