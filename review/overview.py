"""The month at a glance: items each day by band, places named, feed health, the team's work.

Every picture stands beside its numbers as text. Figures of work are the team's: nobody can be told
from anybody else in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from monitor.core.values import Band
from review.atlas import HEIGHT, PLACES, WIDTH, dots
from review.charts import Column, stacked
from review.choosing import SHOWN_BANDS
from review.desk import Desk
from review.scorecards import STATES
from review.visits import Visit
from store import Store

DAY_COUNT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day in the visitor's zone: its items first seen, by band. Backfill is left out."""

    start: datetime
    counts: dict[Band, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the team did in a window."""

    minutes: float
    accepted: int  # items judged relevant or escalated

    @property
    def each(self) -> float | None:
        """Minutes for each accepted item; None when nothing was accepted, or nothing counted."""
        return self.minutes / self.accepted if self.accepted and self.minutes else None


def overview(desk: Desk, visit: Visit) -> Response:
    """Show the last thirty days."""
    days = counted(desk.store, day_starts(visit.now, visit.zone))
    drawn = tuple(reversed(SHOWN_BANDS))  # the better the band, the higher it stands
    columns = [
        Column(f"{day.start:%Y-%m-%d}", tuple((band.value, day.counts[band]) for band in drawn))
        for day in days
    ]
    named = desk.store.items.places_named(tuple(PLACES), days[0].start)
    states = desk.store.feeds.states()
    return desk.pages.show(
        visit,
        "overview.html",
        days=days,
        picture=stacked(columns),
        bands=SHOWN_BANDS,
        all_bands=(*SHOWN_BANDS, Band.REJECT),
        counts=desk.store.items.counts(),
        dots=dots(named, desk.pages.catalogue(visit.language).gettext),
        width=WIDTH,
        height=HEIGHT,
        states={state: states[state] for state in STATES if state in states},
        feed_count=sum(states.values()),
        work=worked(desk.store, since=days[0].start),
        agreement=desk.store.grades.agreement(),
    )


def worked(store: Store, *, since: datetime) -> Work:
    """Return the team's minutes and what came of them."""
    return Work(
        minutes=store.efforts.total(since).total_seconds() / 60,
        accepted=store.verdicts.accepted_since(since),
    )


def day_starts(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the midnights of the last thirty days and of tomorrow, oldest first, in `zone`.

    Made from dates, not by adding 24 hours: days on which clocks change have 23 or 25.
    """
    today = now.astimezone(zone).date()
    return [
        datetime.combine(today - timedelta(days=back), time(), tzinfo=zone)
        for back in range(DAY_COUNT - 1, -2, -1)
    ]


def counted(store: Store, starts: list[datetime]) -> list[Day]:
    """Count the items first seen between each two of `starts`."""
    return [
        Day(start=start, counts={band: counts.get(band, 0) for band in SHOWN_BANDS})
        for start, counts in zip(starts, store.items.per_day(starts), strict=False)
    ]
