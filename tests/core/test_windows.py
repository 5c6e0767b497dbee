"""Windows tile time: no moment is told twice, none is left out, one digest a period."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.windows import (
    CLOCK_TOLERANCE,
    Schedule,
    Window,
    coming,
    due_window,
    instant,
    next_due,
    slots,
)

# Both hemispheres, half-hour changes (Lord Howe), zones that moved over the date line (Samoa),
# changes at midnight (Beirut, Asuncion), zones without changes, odd offsets (Kathmandu).
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Seoul", "Asia/Vladivostok", "Europe/Moscow",
    "Australia/Lord_Howe", "Pacific/Apia", "Asia/Beirut", "America/Asuncion", "Asia/Kathmandu",
    "Africa/Casablanca", "America/St_Johns", "Pacific/Chatham", "America/Havana",
)  # fmt: skip


def utc(text: str) -> datetime:
    """Return a UTC time from `2026-03-29 01:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Berlin", "2026-03-29", "01:30", "2026-03-29 00:30"),
        ("Europe/Berlin", "2026-03-29", "02:00", "2026-03-29 01:00"),  # missing: 03:00 summer time
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29", "03:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25 00:30"),  # twice: the first
        ("Europe/Berlin", "2026-10-25", "03:00", "2026-10-25 02:00"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08 07:00"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01 05:30"),
        ("Asia/Seoul", "2026-03-29", "02:30", "2026-03-28 17:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03 15:30"),  # half an hour missing
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04 14:45"),
        ("Asia/Beirut", "2026-03-29", "00:00", "2026-03-28 22:00"),  # midnight itself is missing
        ("Pacific/Apia", "2011-12-30", "08:00", "2011-12-30 10:00"),  # a whole day is missing
    ],
)
def test_instant_of_times_that_are_missing_or_shown_twice(
    zone: str, day: str, at: str, expected: str
) -> None:
    """A missing local time is the next minute that exists, a repeated one is the first."""
    actual = instant(date.fromisoformat(day), time.fromisoformat(at), zone=zone)

    assert actual == utc(expected)


schedules = st.builds(
    Schedule,
    zone=st.sampled_from(ZONES),
    times=st.lists(st.times(), min_size=1, max_size=3, unique=True).map(
        lambda times: tuple(at.replace(second=0, microsecond=0) for at in times)
    ),
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
)
begins = st.timedeltas(timedelta(), timedelta(days=17 * 365)).map(
    lambda since: datetime(2011, 1, 1, tzinfo=UTC) + since
)
# How long until somebody looks again: ticks, a night, an outage, a month.
waits = st.lists(
    st.one_of(
        st.timedeltas(timedelta(seconds=1), timedelta(hours=3)),
        st.timedeltas(timedelta(hours=3), timedelta(days=2)),
        st.timedeltas(timedelta(days=2), timedelta(days=40)),
    ),
    min_size=1,
    max_size=25,
)


def looked(schedule: Schedule, begin: datetime, moments: list[datetime]) -> list[Window]:
    """Return the windows that are made when somebody looks at these moments, one after another."""
    made: list[Window] = []
    for now in moments:
        last_end = made[-1].end if made else begin
        window = due_window(schedule, last_end=last_end, now=now)
        if window is not None and window.period not in {known.period for known in made}:
            made.append(window)
    return made


def after(begin: datetime, gaps: list[timedelta]) -> list[datetime]:
    """Return the moments at which somebody looks."""
    moments, now = [], begin
    for gap in gaps:
        now += gap
        moments.append(now)
    return moments


@given(schedules, begins, waits)
@settings(max_examples=300, deadline=None)
def test_windows_tile_the_time_line(
    schedule: Schedule, begin: datetime, gaps: list[timedelta]
) -> None:
    """Whenever somebody looks, the union of windows is the whole line and nothing overlaps."""
    moments = after(begin, gaps)

    made = looked(schedule, begin, moments)

    starts = [window.start for window in made]
    assert starts == [begin, *(window.end for window in made[:-1])][: len(made)]
    assert all(window.start < window.end <= moments[-1] for window in made)
    # Nothing that was due stays untold after the last look.
    told_to = made[-1].end if made else begin
    assert list(slots(schedule, after=told_to, until=moments[-1])) == []


@given(schedules, begins, waits)
@settings(max_examples=200, deadline=None)
def test_every_period_is_told_or_made_up_for(
    schedule: Schedule, begin: datetime, gaps: list[timedelta]
) -> None:
    """Each moment of the schedule is the end of a window, or counted as missed by a later one."""
    moments = after(begin, gaps)

    made = looked(schedule, begin, moments)

    scheduled = list(slots(schedule, after=begin, until=moments[-1]))
    assert len(scheduled) == sum(1 + window.missed_count for window in made)
    assert {window.period for window in made} <= {slot.period for slot in scheduled}
    assert len({window.period for window in made}) == len(made)


@given(schedules, begins, waits)
@settings(max_examples=150, deadline=None)
def test_looking_twice_makes_nothing_new(
    schedule: Schedule, begin: datetime, gaps: list[timedelta]
) -> None:
    """A second look at the same moment, by another process or a repeated tick, finds nothing."""
    moments = after(begin, gaps)

    once = looked(schedule, begin, moments)
    twice = looked(schedule, begin, [moment for moment in moments for _ in range(2)])

    assert twice == once


@given(
    schedules,
    begins,
    waits,
    st.timedeltas(timedelta(days=-1), timedelta(days=1)),
    st.integers(0, 24),
)
@settings(max_examples=200, deadline=None)
def test_a_clock_that_steps_by_a_day_doubles_and_skips_nothing(
    schedule: Schedule, begin: datetime, gaps: list[timedelta], step: timedelta, at: int
) -> None:  # fmt: skip
    """While the clock is off by up to a day, windows still tile and no period comes twice."""
    moments = after(begin, gaps)
    wrong = [now + step if number == at else now for number, now in enumerate(moments)]

    made = looked(schedule, begin, wrong)

    starts = [window.start for window in made]
    assert starts == [begin, *(window.end for window in made[:-1])][: len(made)]
    assert len({window.period for window in made}) == len(made)


def test_a_clock_far_ahead_does_not_silence_a_reader() -> None:
    """A window made 400 days in the future does not stop the digests of the present."""
    schedule = Schedule(zone="Europe/Berlin")
    now = utc("2026-11-24 08:30")

    window = due_window(schedule, last_end=now + timedelta(days=400), now=now)

    assert window == Window(
        start=utc("2026-11-23 07:00"),
        end=utc("2026-11-24 07:00"),
        period="2026-11-24T08:00",
        is_restart=True,
    )
    assert due_window(schedule, last_end=now + CLOCK_TOLERANCE, now=now) is None


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Asia/Seoul", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("at", ["00:00", "01:30", "02:30", "03:00"])
@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_one_digest_each_local_day_through_a_year(zone: str, at: str, year: int) -> None:
    """A daily digest has exactly one window for each local date, through both clock changes."""
    schedule = Schedule(zone=zone, times=(time.fromisoformat(at),))
    where = ZoneInfo(zone)
    first = datetime(year, 1, 1, 12, tzinfo=where).astimezone(UTC)

    made = list(slots(schedule, after=first, until=first + timedelta(days=365)))

    days = [slot.period[:10] for slot in made]
    assert len(days) == 365
    assert len(set(days)) == 365
    assert all(a.at < b.at for a, b in pairwise(made))


def test_leap_day_year_end_and_week_53_have_their_period() -> None:
    """Calendar oddities are ordinary days."""
    schedule = Schedule(zone="UTC", times=(time(8, 0),))

    leap = [s.period for s in slots(schedule, after=utc("2028-02-28 09:00"),
                                    until=utc("2028-03-01 08:00"))]  # fmt: skip
    end = [s.period for s in slots(schedule, after=utc("2026-12-30 09:00"),
                                   until=utc("2027-01-01 08:00"))]  # fmt: skip

    assert leap == ["2028-02-29T08:00", "2028-03-01T08:00"]
    assert end == ["2026-12-31T08:00", "2027-01-01T08:00"]


def test_next_due_names_the_first_digest() -> None:
    """A new subscriber is told when the first digest comes; without days there is none."""
    schedule = Schedule(zone="Asia/Seoul", times=(time(9, 0),), days=(0,))

    assert next_due(schedule, after=utc("2026-11-24 00:00")) == utc("2026-11-30 00:00")
    assert next_due(Schedule(days=()), after=utc("2026-11-24 00:00")) is None


@settings(max_examples=150)
@given(
    schedules=st.lists(
        st.builds(
            Schedule,
            zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Seoul", "America/New_York"]),
            times=st.sets(st.times(), min_size=1, max_size=3).map(
                lambda found: tuple(sorted({at.replace(second=0, microsecond=0) for at in found}))
            ),
            days=st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found))),
        ),
        min_size=1,
        max_size=6,
    ),
    hours=st.lists(st.integers(1, 60), min_size=6, max_size=6),
)
def test_the_next_digest_comes_when_it_was_said(
    schedules: list[Schedule], hours: list[int]
) -> None:
    """Whatever is changed in between, `coming` names the moment at which a window becomes due."""
    now = last_end = datetime(2026, 3, 20, 12, tzinfo=UTC)
    last_period = ""
    for schedule, apart in zip(schedules, hours, strict=False):
        now += timedelta(hours=apart)
        said = coming(schedule, last_end=last_end, now=now, last_period=last_period)
        assert said is not None
        assert said >= now
        early = due_window(schedule, last_end=last_end, now=said - timedelta(seconds=1))
        window = due_window(schedule, last_end=last_end, now=said)
        assert window is not None
        assert window.start == last_end
        assert window.period != last_period
        assert said == now or early is None or early.period == last_period
        now, last_end, last_period = said, window.end, window.period
