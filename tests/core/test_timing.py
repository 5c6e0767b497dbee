"""When to poll again: never sooner than is polite, never so late that entries are lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from builders import NOW, a_decision, a_feed, a_known_entry, a_leased_feed, an_entry
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.timing import (
    FLOOR,
    PARKED_AFTER,
    WEEK,
    feed_state,
    fresh_for,
    gap,
    next_poll,
    stagger,
    usual_gap,
)
from monitor.core.values import (
    Decision,
    ErrorCode,
    Fate,
    FeedForPoll,
    FeedState,
    ParsedFeed,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_proven_feed(**changes: object) -> FeedForPoll:
    """Return a feed that answered well an hour ago."""
    given: dict[str, object] = {"first_good_at": NOW - 30 * DAY, "last_good_at": NOW - HOUR}
    return a_leased_feed(a_feed(every=HOUR), **given | changes)


def a_document(*dates: datetime | None, ttl: timedelta | None = None) -> ParsedFeed:
    """Return a document whose entries have these dates."""
    entries = tuple(an_entry(n, published_at=at) for n, at in enumerate(dates))
    return ParsedFeed(format="rss20", title="News", lang=None, entries=entries, ttl=ttl)


def some_decisions(new: int, known: int) -> tuple[Decision, ...]:
    """Return decisions on so many new and so many known entries."""
    seen = [an_entry(n) for n in range(new + known)]
    return tuple(
        a_decision(entry, known=a_known_entry(n, entry) if n >= new else None)
        for n, entry in enumerate(seen)
    )


def wait(leased: FeedForPoll, **given_: object) -> timedelta:
    """Return how long until the next poll, without the stagger."""
    total = next_poll(leased, now=NOW, **given_) - NOW  # type: ignore[arg-type]
    share = stagger(leased.feed, timedelta(seconds=1)) / timedelta(seconds=1)
    return total / (1 + share)


def about(actual: timedelta, expected: timedelta) -> bool:
    """Say whether two durations are equal but for rounding."""
    return abs(actual - expected) < timedelta(seconds=1)


# ---------------------------------------------------------------- properties

CODES = st.sampled_from(list(ErrorCode))
COUNTS = st.integers(0, 10**6)


@given(CODES, COUNTS, st.integers(1, 10**6), st.booleans())
def test_failing_feed_is_asked_again_within_a_week(
    code: ErrorCode, count: int, every: int, proven: bool
) -> None:
    """Whatever goes wrong for however long, a feed is asked between 5 minutes and a week later."""
    feed = a_feed(every=timedelta(seconds=every))
    leased = a_leased_feed(feed, failure_count=count, first_good_at=NOW if proven else None)
    at = next_poll(leased, now=NOW, error=code)
    limit = max(WEEK, feed.every) * 1.1
    assert FLOOR <= at - NOW <= limit


@given(CODES, st.integers(1, PARKED_AFTER))
def test_more_failures_never_mean_sooner(code: ErrorCode, count: int) -> None:
    """From the second failure on the wait only grows."""
    waits = [
        next_poll(a_proven_feed(failure_count=n), now=NOW, error=code) for n in range(1, count + 1)
    ]
    assert all(earlier <= later for earlier, later in pairwise(waits))


@given(st.text(max_size=60), st.text(max_size=20), st.integers(-(10**9), 10**9))
def test_no_header_pushes_a_poll_out_of_bounds(control: str, age: str, seconds: int) -> None:
    """Cache headers of any content keep the next poll within 5 minutes and a day."""
    for text in (control, f"public, max-age={seconds}"):
        headers = {"cache-control": text, "age": age, "expires": control}
        at = next_poll(a_proven_feed(), now=NOW, headers=headers)
        assert HOUR <= at - NOW <= DAY * 1.1


@given(st.text(min_size=1, max_size=50))
def test_stagger_is_the_feed_s_own(address: str) -> None:
    """The same feed is always staggered alike, by less than a tenth."""
    feed = a_feed(url=address)
    assert stagger(feed, HOUR) == stagger(a_feed(url=address), HOUR)
    assert timedelta(0) <= stagger(feed, HOUR) < HOUR / 10


def test_feeds_are_spread() -> None:
    """A thousand feeds of one interval are not due at one moment."""
    moments = {int(stagger(a_feed(n), HOUR).total_seconds()) for n in range(1000)}
    assert len(moments) > 300


# ---------------------------------------------------------------- good polls


def test_calm_feed_is_polled_as_configured() -> None:
    """With most entries known, the operator's interval holds."""
    parsed = a_document(*(NOW - n * HOUR for n in range(20)))
    assert about(wait(a_proven_feed(), parsed=parsed, decisions=some_decisions(1, 19)), HOUR)


def test_busy_window_shortens_the_interval() -> None:
    """When 15 of 20 entries are new after an hour, half the window turns over in 40 minutes."""
    parsed = a_document(*(NOW for _ in range(20)))
    got = wait(a_proven_feed(), parsed=parsed, decisions=some_decisions(15, 5))
    assert about(got, HOUR * 20 / 15 / 2)


def test_short_interval_survives_unchanged_answers() -> None:
    """A 304 keeps a shortened pace and eases off slowly, instead of jumping back."""
    leased = a_proven_feed(interval=timedelta(minutes=10))
    assert about(wait(leased), timedelta(minutes=15))
    assert about(wait(a_proven_feed()), HOUR)


def test_first_poll_is_no_sign_of_a_rate() -> None:
    """Everything is new at the first poll; the interval stays."""
    parsed = a_document(*(NOW for _ in range(20)))
    got = wait(a_leased_feed(a_feed(every=HOUR)), parsed=parsed, decisions=some_decisions(20, 0))
    assert about(got, HOUR)


@pytest.mark.parametrize(("days", "factor"), [(1, 1), (8, 2), (15, 3), (40, 4), (4000, 4)])
def test_quiet_feed_is_slowed_but_not_dropped(days: int, factor: int) -> None:
    """A feed without news for weeks is asked less often, at most four times less."""
    assert about(wait(a_proven_feed(), newest_at=NOW - days * DAY), HOUR * factor)


def test_publisher_s_wishes_count_up_to_a_day() -> None:
    """ttl and max-age make the wait longer, never longer than a day, never shorter."""
    assert about(wait(a_proven_feed(), parsed=a_document(NOW, ttl=3 * HOUR)), 3 * HOUR)
    assert about(wait(a_proven_feed(), parsed=a_document(NOW, ttl=900 * HOUR)), DAY)
    assert about(wait(a_proven_feed(), parsed=a_document(NOW, ttl=timedelta(minutes=1))), HOUR)
    assert about(wait(a_proven_feed(), headers={"cache-control": "max-age=7200"}), 2 * HOUR)


def test_a_wish_does_not_cost_us_entries() -> None:
    """A publisher's ttl of a day gives way where the window turns over in hours."""
    parsed = a_document(*(NOW for _ in range(20)), ttl=DAY)
    got = wait(a_proven_feed(), parsed=parsed, decisions=some_decisions(15, 5))
    assert got < HOUR


def test_flood_is_worked_off_at_once() -> None:
    """When entries wait in the document, the next poll comes as soon as is polite."""
    waiting = (a_decision(an_entry(1), fate=Fate.OVER_LIMIT),)
    assert about(wait(a_proven_feed(), parsed=a_document(NOW), decisions=waiting), FLOOR)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"cache-control": "public, max-age=600"}, timedelta(seconds=600)),
        ({"cache-control": "max-age=600", "age": "500"}, timedelta(seconds=100)),
        ({"cache-control": "max-age=-5"}, timedelta(0)),
        ({"cache-control": "max-age=999999999"}, DAY),
        ({"cache-control": "no-cache", "expires": "Tue, 24 Nov 2026 10:00:00 GMT"}, timedelta(0)),
        ({"expires": "Tue, 24 Nov 2026 10:00:00 GMT"}, HOUR),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, timedelta(0)),
        ({"expires": "0"}, None),
        ({"cache-control": "max-age=soon"}, None),
    ],
)
def test_freshness_is_read(headers: dict[str, str], expected: timedelta | None) -> None:
    """max-age, Age and Expires, clamped to a day."""
    assert fresh_for(headers, NOW) == expected


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("code", "count", "expected"),
    [
        (ErrorCode.CONNECTION_CLOSED, 0, timedelta(minutes=10)),
        (ErrorCode.CONNECTION_CLOSED, 1, 2 * HOUR),
        (ErrorCode.SERVER_ERROR, 0, HOUR * 2**0.5),
        (ErrorCode.NOT_FOUND, 0, 2 * HOUR),
        (ErrorCode.NOT_FOUND, 3, 16 * HOUR),
        (ErrorCode.NOT_FOUND, 9, DAY),
        (ErrorCode.NETWORK_DOWN, 20, timedelta(minutes=10)),
        (ErrorCode.CHALLENGE, 0, 6 * HOUR),
        (ErrorCode.FORBIDDEN, 9, DAY),
        (ErrorCode.GONE, 0, WEEK),
        (ErrorCode.NOT_FOUND, PARKED_AFTER - 1, WEEK),
        (ErrorCode.RATE_LIMITED, 3, 2 * HOUR),
    ],
)
def test_back_off_by_class(code: ErrorCode, count: int, expected: timedelta) -> None:
    """Passing failures are asked soon again, hard ones rarely, dead addresses once a week."""
    assert about(wait(a_proven_feed(failure_count=count), error=code), expected)


def test_unproven_feed_is_asked_daily() -> None:
    """An address that never worked gets one second chance, then one try a day."""
    leased = a_leased_feed(a_feed(every=HOUR), failure_count=1)
    assert about(wait(leased, error=ErrorCode.NOT_FOUND), DAY)


def test_retry_after_is_obeyed_and_clamped() -> None:
    """A server's Retry-After delays a poll, by a week at most, and never hastens it."""
    leased = a_proven_feed()
    soon, late = NOW + timedelta(minutes=1), NOW + 400 * DAY
    assert next_poll(leased, now=NOW, error=ErrorCode.RATE_LIMITED, retry_at=late) == NOW + WEEK
    assert next_poll(leased, now=NOW, error=ErrorCode.RATE_LIMITED, retry_at=soon) > soon


# ---------------------------------------------------------------- gaps and states


def test_gap_has_span_and_estimate() -> None:
    """No overlap between polls: the time nobody saw, and how many entries fit into it."""
    leased = a_proven_feed(last_good_at=NOW - 20 * HOUR)
    parsed = a_document(*(NOW - n * HOUR for n in range(10)))
    missed = gap(parsed, some_decisions(10, 0), leased=leased, now=NOW)
    assert missed is not None
    assert (missed.since, missed.until, missed.estimate) == (NOW - 20 * HOUR, NOW - 9 * HOUR, 11)


def test_no_gap_where_polls_overlap_or_nothing_was_before() -> None:
    """One known entry, a first poll, an empty side or older dates: no gap."""
    leased = a_proven_feed(last_good_at=NOW - 20 * HOUR)
    parsed = a_document(*(NOW - n * HOUR for n in range(10)))
    new = some_decisions(10, 0)
    assert gap(parsed, some_decisions(9, 1), leased=leased, now=NOW) is None
    assert gap(parsed, new, leased=a_leased_feed(), now=NOW) is None
    assert gap(a_document(), (), leased=leased, now=NOW) is None
    assert gap(parsed, new, leased=leased, now=NOW, had_entries=False) is None
    assert gap(parsed, new, leased=a_proven_feed(), now=NOW) is None


def test_gap_of_undated_entries_is_at_least_one() -> None:
    """Without dates the estimate is the size of the document."""
    missed = gap(a_document(None, None), some_decisions(2, 0), leased=a_proven_feed(), now=NOW)
    assert missed is not None
    assert (missed.until, missed.estimate) == (NOW, 2)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (ErrorCode.NOT_A_FEED, FeedState.NOT_A_FEED),
        (ErrorCode.CHALLENGE, FeedState.BLOCKED),
        (ErrorCode.LEGAL, FeedState.BLOCKED),
        (ErrorCode.GONE, FeedState.GONE),
        (ErrorCode.TIMEOUT_TOTAL, FeedState.FAILING),
    ],
)
def test_state_of_a_failed_poll(code: ErrorCode, expected: FeedState) -> None:
    """Each class of failure has its state."""
    assert feed_state(a_proven_feed(), now=NOW, error=code) is expected


def test_states_of_good_polls() -> None:
    """Empty after entries, flood, gap, silence, staleness: the worst that holds."""
    leased = a_proven_feed()
    hourly = a_document(*(NOW - n * HOUR for n in range(9)))
    assert feed_state(leased, now=NOW, parsed=hourly) is FeedState.OK
    assert feed_state(leased, now=NOW, parsed=a_document()) is FeedState.EMPTY
    assert feed_state(a_leased_feed(), now=NOW, parsed=a_document()) is FeedState.OK
    assert feed_state(leased, now=NOW + 2 * DAY, parsed=hourly) is FeedState.SILENT
    assert feed_state(leased, now=NOW + 90 * DAY, parsed=hourly) is FeedState.STALE
    assert feed_state(leased, now=NOW, newest_at=NOW - 60 * DAY) is FeedState.STALE
    assert feed_state(a_leased_feed(), now=NOW, error=ErrorCode.DNS_ERROR) is FeedState.UNPROVEN
    missed = gap(
        hourly, some_decisions(9, 0), leased=a_proven_feed(last_good_at=NOW - DAY), now=NOW
    )
    assert feed_state(leased, now=NOW, parsed=hourly, missed=missed) is FeedState.GAP
    over = (a_decision(fate=Fate.OVER_LIMIT),)
    assert feed_state(leased, now=NOW, parsed=hourly, decisions=over) is FeedState.FLOOD


def test_weekly_feed_is_not_silent_after_ten_days() -> None:
    """Quiet is measured against the feed's own rhythm."""
    weekly = a_document(*(NOW - n * WEEK for n in range(6)))
    assert usual_gap(weekly) == WEEK
    assert feed_state(a_proven_feed(), now=NOW + 10 * DAY, parsed=weekly) is FeedState.OK
    assert feed_state(a_proven_feed(), now=NOW + 40 * DAY, parsed=weekly) is FeedState.STALE


def test_a_quiet_night_is_no_silence() -> None:
    """A feed of several entries an hour may be quiet for most of a day."""
    busy = a_document(*(NOW - n * timedelta(minutes=10) for n in range(30)))
    states = [
        feed_state(a_proven_feed(), now=NOW + hours * HOUR, parsed=busy) for hours in (20, 25)
    ]
    assert states == [FeedState.OK, FeedState.SILENT]


def test_daily_feed_that_skips_a_day_is_silent() -> None:
    """`expect_daily` alarms after a day and a night."""
    daily = a_leased_feed(a_feed(expect_daily=True), first_good_at=NOW)
    weekly = a_document(*(NOW - n * WEEK for n in range(6)))
    assert feed_state(daily, now=NOW + timedelta(hours=37), parsed=weekly) is FeedState.SILENT
