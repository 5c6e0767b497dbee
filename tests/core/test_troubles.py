"""What an operator is told of feeds, and what not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW, a_feed

from monitor.core.reports import FeedStatus
from monitor.core.troubles import troubles
from monitor.core.values import ErrorCode, FeedState

FINE = FeedStatus(
    key=1,
    feed=a_feed(id="outlet"),
    state=FeedState.OK,
    due_at=NOW,
    first_good_at=NOW - timedelta(days=40),
    last_good_at=NOW,
)
FAILING = replace(
    FINE,
    state=FeedState.FAILING,
    last_error=ErrorCode.FORBIDDEN,
    failing_since=NOW - timedelta(hours=24),
)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (FAILING, "(forbidden); see `monitor feeds check outlet`"),
        (replace(FINE, state=FeedState.SILENT), "quiet"),
        (replace(FINE, state=FeedState.STALE), "newest entry is old"),
        (replace(FINE, state=FeedState.EMPTY), "without any entry"),
        (replace(FINE, state=FeedState.GAP), "nobody saw"),
        (replace(FINE, state=FeedState.FLOOD), "more new entries"),
        (
            replace(FINE, moved_to="https://new.example/feed", moved_day_count=3),
            "monitor feeds accept-redirect outlet",
        ),
    ],
)
def test_what_needs_a_person_is_said_with_the_next_step(status: FeedStatus, said: str) -> None:
    """A feed that died, fell silent, gapped, flooded or moved is named once, in a sentence."""
    (found,) = troubles([status], NOW)

    assert found.feed_id == "outlet"
    assert said in found.detail


@pytest.mark.parametrize(
    "status",
    [
        FINE,
        replace(FAILING, failing_since=NOW - timedelta(hours=23)),
        replace(FAILING, first_good_at=None, state=FeedState.UNPROVEN),
        replace(FAILING, is_removed=True),
        replace(FAILING, feed=a_feed(id="outlet", enabled=False)),
        replace(FINE, moved_to="https://new.example/feed", moved_day_count=2),
    ],
)
def test_what_needs_nobody_is_not_said(status: FeedStatus) -> None:
    """A bad day, an address that never answered, and feeds nobody watches are no alarm."""
    assert troubles([status], NOW) == []
