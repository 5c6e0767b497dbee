"""The coverage statement adds up, names each feed once, and never calls blindness quiet."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tellings import END, START, a_coverage, a_watch

from monitor.core.coverage import (
    BLIND_SHARE,
    Coverage,
    EntryCounts,
    FeedWatch,
    Group,
    MissedSpan,
    coverage,
)
from monitor.core.values import FeedState

HOUR = timedelta(hours=1)


def said(*feeds: FeedWatch) -> Coverage:
    """Return the statement for these feeds."""
    return a_coverage(*feeds)


@pytest.mark.parametrize(
    ("watch", "group", "blind"),
    [
        (a_watch(), Group.FINE, 0),
        (a_watch(last_good_at=None, good_count=0), Group.UNPROVEN, 0),
        (a_watch(is_failing=True, last_good_at=END - 5 * HOUR), Group.FAILING, 5),
        (a_watch(is_failing=True, last_good_at=START - 90 * HOUR, good_count=0), Group.FAILING, 24),
        (a_watch(last_good_at=END - 7 * HOUR), Group.UNASKED, 7),
        (a_watch(gaps=(MissedSpan(since=START - HOUR, until=START + 2 * HOUR, estimate=5),)),
         Group.GAPPED, 2),
        (a_watch(gaps=(MissedSpan(since=START - 9 * HOUR, until=START, estimate=5),)),
         Group.FINE, 0),
        (a_watch(state=FeedState.SILENT), Group.QUIET, 0),
        (a_watch(state=FeedState.STALE), Group.QUIET, 0),
        # The worst that holds: a failing feed with a gap and a quiet past is failing.
        (a_watch(is_failing=True, last_good_at=END - HOUR, state=FeedState.SILENT,
                 gaps=(MissedSpan(since=START, until=START + HOUR, estimate=1),)),
         Group.FAILING, 2),
        # Between two of its polls a weekly feed is neither late nor blind.
        (a_watch(every=timedelta(days=7), poll_count=0, good_count=0,
                 last_good_at=START - timedelta(days=3)), Group.FINE, 0),
    ],
)  # fmt: skip
def test_each_feed_is_in_the_group_that_fits(watch: FeedWatch, group: Group, blind: int) -> None:
    """A feed is in one group, the worst that holds, and blind for the time it was not seen."""
    statement = said(watch)

    (line,) = statement.lines
    assert (line.group, line.blind) == (group, blind * HOUR)


def test_overlapping_blindness_counts_once() -> None:
    """Two gaps that overlap, inside an outage, are not more than the window."""
    watch = a_watch(
        is_failing=True,
        last_good_at=START + 10 * HOUR,
        gaps=(
            MissedSpan(since=START + 2 * HOUR, until=START + 6 * HOUR, estimate=3),
            MissedSpan(since=START + 4 * HOUR, until=START + 12 * HOUR, estimate=3),
        ),
    )

    (line,) = said(watch).lines

    assert line.blind == 22 * HOUR


moments = st.timedeltas(timedelta(days=-3), timedelta(days=2)).map(lambda d: START + d)


@st.composite
def watches(draw: st.DrawFn) -> FeedWatch:
    """Return a feed in any condition."""
    last_good = draw(st.none() | moments.filter(lambda at: at < END))
    spans = draw(st.lists(st.tuples(moments, moments), max_size=3))
    return a_watch(
        draw(st.integers(1, 10**6)),
        weight=draw(st.sampled_from([0.5, 1.0, 1.5])),
        every=draw(st.sampled_from([timedelta(minutes=15), HOUR, timedelta(days=7)])),
        state=draw(st.sampled_from(list(FeedState))),
        poll_count=draw(st.integers(0, 30)),
        good_count=draw(st.integers(0, 30)) if last_good else 0,
        is_failing=draw(st.booleans()),
        last_good_at=last_good,
        gaps=tuple(MissedSpan(since=min(s), until=max(s), estimate=1) for s in spans),
    )


@given(st.lists(watches(), max_size=12))
def test_groups_are_disjoint_and_add_up(feeds: list[FeedWatch]) -> None:
    """Every feed is in exactly one group, and no figure leaves its bounds."""
    statement = coverage(feeds, start=START, end=END, counts=EntryCounts())

    grouped = [line.watch.id for group in Group for line in statement.group(group)]
    assert sorted(grouped) == sorted(feed.id for feed in feeds)
    assert 0 <= statement.watched_count <= statement.expected_count <= len(feeds)
    assert 0.0 <= statement.blind_share <= 1.0
    assert all(timedelta() <= line.blind <= END - START for line in statement.lines)
    assert statement.is_blind == (statement.blind_share > BLIND_SHARE)


@pytest.mark.parametrize(("failing", "expected"), [(0, False), (1, False), (2, True), (10, True)])
def test_more_than_a_tenth_unseen_is_blind(failing: int, expected: bool) -> None:
    """With ten feeds one may be down all day; with two "all quiet" is forbidden."""
    down = [a_watch(n, is_failing=True, last_good_at=START, good_count=0) for n in range(failing)]
    fine = [a_watch(100 + n) for n in range(10 - failing)]

    statement = said(*down, *fine)

    assert statement.is_blind is expected
    assert statement.blind_share == pytest.approx(failing / 10)


def test_weight_decides_how_much_a_feed_hides() -> None:
    """A feed that counts half is half as blinding."""
    light = said(a_watch(1, weight=0.5, is_failing=True, last_good_at=START), a_watch(2))
    heavy = said(a_watch(1, weight=1.5, is_failing=True, last_good_at=START), a_watch(2))

    assert light.blind_share == pytest.approx(0.5 / 1.5)
    assert heavy.blind_share == pytest.approx(1.5 / 2.5)


def test_a_feed_that_never_answered_is_no_alarm() -> None:
    """Unproven feeds are told, and change neither the share nor the expected number."""
    alone = said(a_watch(1))
    with_unproven = said(a_watch(1), a_watch(2, last_good_at=None, good_count=0))

    assert with_unproven.blind_share == alone.blind_share == 0.0
    assert with_unproven.expected_count == 1
    assert with_unproven.is_whole


def test_nothing_that_ever_answered_is_blind() -> None:
    """A fresh installation whose feeds do not answer must not say that all is quiet."""
    statement = said(a_watch(1, last_good_at=None, good_count=0))

    assert statement.is_blind
    assert coverage([], start=START, end=END, counts=EntryCounts()).is_blind


def test_blind_hours_are_summed_over_feeds() -> None:
    """Two feeds down for three hours each are six feed-hours."""
    down: list[datetime] = [END - 3 * HOUR] * 2
    statement = said(*(a_watch(n, is_failing=True, last_good_at=at) for n, at in enumerate(down)))

    assert statement.blind_hours == 6.0
