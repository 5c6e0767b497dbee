"""When a digest is due and which stretch of time it answers for. Pure: the clock is an argument.

Windows are half open, `[start, end)`, and each one begins where the last one ended, so for any
schedule, zone, daylight-saving change, outage or step of the clock they tile the time line: no
moment is told twice, none is left out. An end is always a moment of the schedule in the reader's
own zone. Runs that were missed are made up as one window, never as a volley of mails.

A scheduler may fire twice or not at all around a change of the clocks; it only says "look now".
What makes a digest unique is its `period`, the nominal local time it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
# A last window that ends later than this in the future was made under a wrong clock. Up to two
# days we simply wait for time to catch up; beyond that the reader would be left without mail.
CLOCK_TOLERANCE = timedelta(days=2)
_ONE_DAY = timedelta(days=1)
# How far back a single look goes when it counts the runs that were missed.
_COUNTED_BACK = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """At which local times, on which weekdays (Monday is 0), in which zone."""

    zone: str = "UTC"
    times: tuple[time, ...] = (time(8, 0),)  # minutes, naive
    days: tuple[int, ...] = EVERY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open stretch of time, `[start, end)`, and the period whose digest answers for it."""

    start: datetime
    end: datetime
    period: str  # nominal local time of its end, "2026-11-25T08:00": unique for each subscriber
    missed_count: int = 0  # earlier runs that this one makes up for
    is_restart: bool = False  # the window before it was made under a wrong clock

    @property
    def is_catch_up(self) -> bool:
        """Return whether runs were missed before this one."""
        return self.missed_count > 0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Slot:
    """One moment of a schedule: the instant, and the local time it stands for."""

    at: datetime  # aware, UTC
    period: str


def instant(on: date, at: time, *, zone: str) -> datetime:
    """Return the UTC instant of a local wall time.

    A time that the clocks skip becomes the next minute that exists; of a time that they show twice
    the first is meant.
    """
    where = ZoneInfo(zone)
    wall = datetime.combine(on, at)
    first = wall.replace(tzinfo=where, fold=0).astimezone(UTC)
    if first.astimezone(where).replace(tzinfo=None) == wall:
        return first
    # The wall time does not exist. Read with the offset after the change it lies before the change,
    # read with the one before it lies after it; the first valid moment is between the two.
    low = wall.replace(tzinfo=where, fold=1).astimezone(UTC)
    high = first
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(where).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def slots(schedule: Schedule, *, after: datetime, until: datetime) -> Iterator[Slot]:
    """Yield the moments of the schedule in `(after, until]`, oldest first."""
    where = ZoneInfo(schedule.zone)
    # Two days on either side: an offset change can move a wall time by a whole day (Samoa, 2011).
    day = after.astimezone(where).date() - 2 * _ONE_DAY
    last = until.astimezone(where).date() + 2 * _ONE_DAY
    ready: list[Slot] = []
    while day <= last:
        if day.weekday() in schedule.days:
            ready.extend(
                Slot(at=instant(day, at, zone=schedule.zone), period=f"{day}T{at:%H:%M}")
                for at in schedule.times
            )
        day += _ONE_DAY
    yield from sorted(slot for slot in ready if after < slot.at <= until)


def due_window(schedule: Schedule, *, last_end: datetime, now: datetime) -> Window | None:
    """Return the window whose digest is due at `now`, or None when nothing is due.

    `last_end` is the end of the window made last, or the moment the subscription began. However
    many runs were missed, at most one window is due: it reaches from `last_end` to the latest
    moment of the schedule.
    """
    if last_end > now + CLOCK_TOLERANCE:
        return _restart(schedule, now)
    looked_from = max(last_end, now - _COUNTED_BACK)
    passed = list(slots(schedule, after=looked_from, until=now))
    if not passed:
        return None
    end = passed[-1]
    return Window(start=last_end, end=end.at, period=end.period, missed_count=len(passed) - 1)


def _restart(schedule: Schedule, now: datetime) -> Window | None:
    """Return the newest ordinary window before `now`, for a subscription whose clock ran ahead."""
    passed = list(slots(schedule, after=now - timedelta(days=15), until=now))
    if len(passed) < 2:
        return None
    start, end = passed[-2:]
    return Window(start=start.at, end=end.at, period=end.period, is_restart=True)


def coming(
    schedule: Schedule,
    *,
    last_end: datetime,
    now: datetime,
    last_period: str = "",
    paused_until: datetime | None = None,
) -> datetime | None:
    """Return when the next digest will be made; a moment not later than `now`: at once.

    `last_period` is that of the digest made last: after a change of zone the same local time comes
    again, and its period has its digest already. None: the schedule has no days.
    """
    earliest = max(now, paused_until or now)
    due = due_window(schedule, last_end=last_end, now=earliest)
    if due is not None and due.period != last_period:
        return earliest
    after = earliest if last_end > now + CLOCK_TOLERANCE else max(earliest, last_end)
    found = slots(schedule, after=after, until=after + 16 * _ONE_DAY)
    return next((slot.at for slot in found if slot.period != last_period), None)


def next_due(schedule: Schedule, *, after: datetime) -> datetime | None:
    """Return the first moment of the schedule later than `after`; None when it has no days."""
    return next(
        (slot.at for slot in slots(schedule, after=after, until=after + 9 * _ONE_DAY)), None
    )
