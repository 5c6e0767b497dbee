"""When to ask a feed again, how it is doing, and whether entries slipped by between two polls.

A feed is asked as often as its operator wished, sooner where its window turns over faster than
that (an entry that left the document unseen is lost), later where it is quiet or failing, and
never not at all: even a dead feed is asked once a week. Nothing is drawn by chance: the stagger
that keeps feeds from being asked all at once comes from the feed's own address.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from monitor.core.dates import moment
from monitor.core.values import (
    Decision,
    ErrorCode,
    Fate,
    Feed,
    FeedForPoll,
    FeedState,
    Gap,
    ParsedFeed,
)

FLOOR = timedelta(minutes=5)  # no feed is asked more often, whatever anybody wishes
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
STAGGER = 0.1  # part of the interval by which feeds are spread
PARKED_AFTER = 30  # failures in a row after which a feed is asked once a week
# New entries may fill at most this share of the document between two polls. Media Cloud keeps
# 33 to 67 % of entries known (mediacloud/rss-fetcher); the middle leaves room for a busy day.
NEW_SHARE = 0.5

# How much one failure counts for the doubling of the interval (Media Cloud: 1, 0.5, 0.25).
_HARD, _SOFT, _PASSING = 1.0, 0.5, 0.25
_WEIGHTS = {
    ErrorCode.CONNECT_ERROR: _SOFT,
    ErrorCode.CONNECTION_CLOSED: _SOFT,
    ErrorCode.DNS_ERROR: _SOFT,
    ErrorCode.TIMEOUT_CONNECT: _SOFT,
    ErrorCode.TIMEOUT_READ: _SOFT,
    ErrorCode.TIMEOUT_TOTAL: _SOFT,
    ErrorCode.PROTOCOL_ERROR: _SOFT,
    ErrorCode.DECODE_ERROR: _SOFT,
    ErrorCode.SERVER_ERROR: _SOFT,
    ErrorCode.UNASKED_304: _SOFT,
    ErrorCode.NO_CONTENT: _SOFT,
    ErrorCode.PARTIAL_CONTENT: _SOFT,
    ErrorCode.PARSE_ERROR: _SOFT,
    ErrorCode.UNAVAILABLE: _PASSING,
    ErrorCode.RATE_LIMITED: _PASSING,
    ErrorCode.PARSE_CRASH: _PASSING,
    ErrorCode.NETWORK_DOWN: 0.0,  # ours, not theirs
    ErrorCode.STORAGE_ERROR: 0.0,
}
# A bot check gets stricter the more it is asked: stay away for long.
_BLOCKED = {
    ErrorCode.CHALLENGE,
    ErrorCode.FORBIDDEN,
    ErrorCode.UNAUTHORIZED,
    ErrorCode.LEGAL,
    ErrorCode.GEO_BLOCKED,
}
_BLOCKED_WAIT = timedelta(hours=6)
# A dropped connection is often over in minutes: the first one is asked again soon.
_ONE_OFF = {
    ErrorCode.CONNECT_ERROR,
    ErrorCode.CONNECTION_CLOSED,
    ErrorCode.TIMEOUT_CONNECT,
    ErrorCode.TIMEOUT_READ,
    ErrorCode.PROTOCOL_ERROR,
    ErrorCode.PARSE_CRASH,
}
_ONE_OFF_WAIT = timedelta(minutes=10)
# Quiet feeds: age of the newest entry -> how many times `every` (RSSMonster's idle steps).
_QUIET = ((timedelta(days=30), 4), (timedelta(days=14), 3), (timedelta(days=7), 2))


def stagger(feed: Feed, interval: timedelta) -> timedelta:
    """Return what is added to `interval` for this feed: 0 to 10 % of it, always the same part."""
    digest = hashlib.sha256(feed.url.encode("utf-8", "replace")).digest()
    return interval * (STAGGER * int.from_bytes(digest[:4], "big") / 2**32)


def next_poll(
    leased: FeedForPoll,
    *,
    now: datetime,
    error: ErrorCode | None = None,
    retry_at: datetime | None = None,
    headers: Mapping[str, str] | None = None,
    parsed: ParsedFeed | None = None,
    decisions: Sequence[Decision] = (),
    newest_at: datetime | None = None,
) -> datetime:
    """Return the earliest moment at which the feed may be asked again.

    A good poll passes `headers` (lower-case names), `parsed` and `decisions`, or neither of the
    last two when nothing had changed; a failed one `error` and the server's `retry_at`.
    `newest_at` is the date of the newest entry ever seen there. Times are aware UTC.
    """
    if error is not None:
        wait = _after_failure(leased, error)
    else:
        wait = _after_success(leased, now, headers or {}, parsed, decisions, newest_at)
    wait = max(wait, FLOOR)
    due = now + wait + stagger(leased.feed, wait)
    if retry_at is not None:
        # A server may slow us down, but not silence a source for good.
        due = max(due, min(retry_at, now + WEEK))
    return due


def _after_failure(leased: FeedForPoll, error: ErrorCode) -> timedelta:
    feed, count = leased.feed, leased.failure_count + 1
    every = max(feed.every, FLOOR)
    if error is ErrorCode.GONE or count >= PARKED_AFTER:
        return WEEK
    weight = _WEIGHTS.get(error, _HARD)
    if weight == 0:
        return min(every, _ONE_OFF_WAIT)
    if count == 1 and error in _ONE_OFF:
        return min(every, _ONE_OFF_WAIT)
    if leased.first_good_at is None and count > 1:
        return DAY  # an address nobody has seen work: the operator should look at it first
    # Doubling stops at a day, so that a site which comes back is noticed. The inner limit keeps
    # the multiplication from overflowing after months of failures.
    wait = min(every * 2 ** min(weight * count, 10), max(DAY, every))
    return max(wait, _BLOCKED_WAIT) if error in _BLOCKED else wait


def _after_success(
    leased: FeedForPoll,
    now: datetime,
    headers: Mapping[str, str],
    parsed: ParsedFeed | None,
    decisions: Sequence[Decision],
    newest_at: datetime | None,
) -> timedelta:
    feed = leased.feed
    if any(decision.fate is Fate.OVER_LIMIT for decision in decisions):
        return FLOOR  # the rest of the flood waits in the same document
    newest_at = max([*_dates(parsed), *([newest_at] if newest_at else [])], default=None)
    wait = max(feed.every, FLOOR)
    quiet_for = now - newest_at if newest_at else timedelta(0)
    wait = max(wait, min(wait * _quiet_factor(quiet_for), DAY))
    for wish in (parsed.ttl if parsed else None, fresh_for(headers, now)):
        if wish is not None:
            wait = max(wait, min(wish, DAY))
    if parsed is None:
        # Nothing changed, so nothing is known of the rate: keep the pace, easing off slowly.
        return min(wait, leased.interval * 1.5) if leased.interval else wait
    turnover = window_turnover(parsed, decisions, leased, now)
    return min(wait, turnover * NEW_SHARE) if turnover else wait


def _quiet_factor(quiet_for: timedelta) -> int:
    return next((factor for least, factor in _QUIET if quiet_for >= least), 1)


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return for how long a server says that its answer stays fresh, 0 to 24 h; None if unsaid."""
    control = headers.get("cache-control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return timedelta(0)
    found = re.search(r"\bmax-age\s*=\s*\"?(-?\d{1,10})", control)
    if found:
        age = re.fullmatch(r"\s*(\d{1,10})\s*", headers.get("age", ""))
        seconds = int(found[1]) - (int(age[1]) if age else 0)
        return min(max(timedelta(seconds=seconds), timedelta(0)), DAY)
    expires = moment(headers.get("expires", ""), now=now)
    if expires is None:
        return None
    return min(max(expires - now, timedelta(0)), DAY)


# ---------------------------------------------------------------- rhythm


def _dates(parsed: ParsedFeed | None) -> list[datetime]:
    entries = parsed.entries if parsed else ()
    return sorted(entry.published_at for entry in entries if entry.published_at)


def usual_gap(parsed: ParsedFeed) -> timedelta | None:
    """Return the usual time between two entries of a document, None for fewer than four dates.

    The median of the gaps, but at least the mean: a newsroom that publishes in bursts is not
    silent between them.
    """
    dates = _dates(parsed)
    gaps = sorted(later - earlier for earlier, later in pairwise(dates))
    if len(gaps) < 3:
        return None
    return max(gaps[len(gaps) // 2], (dates[-1] - dates[0]) / len(gaps))


def window_turnover(
    parsed: ParsedFeed, decisions: Sequence[Decision], leased: FeedForPoll, now: datetime
) -> timedelta | None:
    """Return in what time new entries fill the whole document, None if that is unknown.

    From what was new since the last good poll; when everything was new, at most that time.
    """
    if leased.last_good_at is None or leased.first_good_at is None or not decisions:
        return None
    passed = now - leased.last_good_at
    first_seen = [one for one in decisions if one.known is None and one.twin is None]
    if not first_seen or passed <= timedelta(0):
        return None
    return passed * (len(decisions) / len(first_seen))


def gap(
    parsed: ParsedFeed,
    decisions: Sequence[Decision],
    *,
    leased: FeedForPoll,
    now: datetime,
    had_entries: bool = True,
) -> Gap | None:
    """Return the gap between the last good poll and this one, if entries were probably missed.

    That is: the feed had entries then and has entries now, and not one of today's was seen
    before, although the oldest of them came after that poll. The estimate is this document's own
    rate times the time that nobody saw, at least 1.
    """
    since = leased.last_good_at
    if since is None or leased.first_good_at is None or not had_entries or not decisions:
        return None
    if any(one.known is not None for one in decisions):
        return None
    dates = _dates(parsed)
    until = dates[0] if dates else now
    if until <= since:
        return None  # entries from before that poll: published late or renumbered, not missed
    span = dates[-1] - dates[0] if len(dates) > 1 else timedelta(0)
    rate = (len(dates) - 1) / span.total_seconds() if span else 0.0
    missed = rate * (until - since).total_seconds() if rate else len(decisions)
    return Gap(since=since, until=until, estimate=max(1, round(missed)))


def feed_state(
    leased: FeedForPoll,
    *,
    now: datetime,
    error: ErrorCode | None = None,
    parsed: ParsedFeed | None = None,
    decisions: Sequence[Decision] = (),
    missed: Gap | None = None,
    newest_at: datetime | None = None,
    usual: timedelta | None = None,
) -> FeedState:
    """Return how the feed is doing after this poll: the worst state that holds.

    `newest_at` and `usual` are the newest entry's date and the usual time between entries as
    remembered; both are taken from `parsed` where that says more.
    """
    if error is not None:
        return _failed_state(leased, error)
    if parsed is not None and not parsed.entries:
        return FeedState.EMPTY if leased.first_good_at is not None else FeedState.OK
    if missed is not None:
        return FeedState.GAP
    if any(decision.fate is Fate.OVER_LIMIT for decision in decisions):
        return FeedState.FLOOD
    dates = _dates(parsed)
    newest_at = max([*dates, *([newest_at] if newest_at else [])], default=None)
    usual = (usual_gap(parsed) if parsed else None) or usual
    return _quiet_state(leased.feed, now - newest_at, usual) if newest_at else FeedState.OK


def _failed_state(leased: FeedForPoll, error: ErrorCode) -> FeedState:
    if error is ErrorCode.GONE or leased.failure_count + 1 >= PARKED_AFTER:
        return FeedState.GONE
    if error in _BLOCKED:
        return FeedState.BLOCKED
    if error is ErrorCode.NOT_A_FEED:
        return FeedState.NOT_A_FEED
    return FeedState.UNPROVEN if leased.first_good_at is None else FeedState.FAILING


_STALE_AFTER = timedelta(days=30)
_DAILY_AFTER = timedelta(hours=36)  # for `expect_daily`: a day and a long night


def _quiet_state(feed: Feed, quiet_for: timedelta, usual: timedelta | None) -> FeedState:
    """Tell an old feed from a silent one. Less than a day of quiet is nobody's alarm."""
    patience = max(3 * usual, DAY) if usual else _STALE_AFTER
    if quiet_for >= max(_STALE_AFTER, patience):
        return FeedState.STALE
    if quiet_for >= patience or (feed.expect_daily and quiet_for >= _DAILY_AFTER):
        return FeedState.SILENT
    return FeedState.OK
