"""Which feeds need an operator, in words, and which need nobody. Pure.

One failed poll is nobody's business, and an address that never answered is a question for
`monitor feeds check`, not an alarm. What is named here is said once and taken back when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.reports import FeedStatus
from monitor.core.values import FeedState

FAILING_FOR = timedelta(hours=24)  # until then it is a bad day of theirs
MOVED_DAYS = 3  # days on which a permanent redirect pointed to the same place

_QUIET = {
    FeedState.SILENT: "has been quiet for more than three times its usual gap",
    FeedState.STALE: "answers, but its newest entry is old",
    FeedState.EMPTY: "answers without any entry, though it had some",
    FeedState.GAP: "probably showed entries between two polls that nobody saw",
    FeedState.FLOOD: "shows more new entries than are taken from one poll",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One feed that needs an operator."""

    feed_id: str
    detail: str  # a sentence: what is wrong, since when, what to do


def troubles(statuses: Iterable[FeedStatus], now: datetime) -> list[Trouble]:
    """Return what an operator should know of enabled feeds, one line a feed."""
    found = []
    for status in statuses:
        if status.is_removed or not status.feed.enabled or status.first_good_at is None:
            continue
        detail = _detail(status, now)
        if detail:
            found.append(Trouble(feed_id=status.feed.id, detail=f"{status.feed.id} {detail}"))
    return found


def _detail(status: FeedStatus, now: datetime) -> str:
    feed = status.feed.id
    if status.failing_since is not None and now - status.failing_since >= FAILING_FOR:
        error = status.last_error.value if status.last_error else "failing"
        since = f"{status.failing_since:%Y-%m-%d}"
        said = f"has not answered with a feed since {since} ({error})"
        return f"{said}; see `monitor feeds check {feed}`"
    if status.moved_to and status.moved_day_count >= MOVED_DAYS:
        return (
            f"has moved for good to {status.moved_to}; "
            f"take it over with `monitor feeds accept-redirect {feed}`"
        )
    if status.feed.tls == "unverified":
        quiet = _QUIET.get(status.state)
        loud = "is believed whoever answers for it (tls: unverified)"
        return f"{quiet}; it {loud}" if quiet else loud
    return _QUIET.get(status.state, "")
