"""The feeds: how each is doing and what it is worth, for operators who keep, pause or drop it.

Figures are of the last ninety days, without backfill. They are shown to be looked at; nothing is
ever switched off, or weighed differently, because of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from monitor.catalogues import N_
from monitor.core.reports import FeedStatus
from monitor.core.scorecards import FeedCard
from monitor.core.values import FeedState
from review.desk import Desk
from review.visits import Visit, whole
from review.watch import ORDER

WINDOW = timedelta(days=90)
PAGE_SIZE = 60

STATES = (*ORDER, FeedState.UNPROVEN)
RANK = {state: place for place, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """One feed as the page shows it."""

    status: FeedStatus
    card: FeedCard


def _least(value: float | None) -> float:
    return -1.0 if value is None else value


# What a column is sorted by, the most telling first; ties go by title.
SORTS: Mapping[str, tuple[str, Callable[[FeedLine], float]]] = {
    "": (N_("state, worst first"), lambda line: RANK[line.status.state]),
    "title": (N_("title"), lambda line: 0),
    "shown": (N_("most items"), lambda line: -line.card.shown_count),
    "precision": (N_("highest precision"), lambda line: -_least(line.card.precision)),
    "first": (N_("most often first"), lambda line: -line.card.first_count),
    "minutes": (N_("most minutes"), lambda line: -line.card.seconds),
    "gaps": (N_("most gaps"), lambda line: -line.card.gap_count),
}


def feeds(desk: Desk, visit: Visit) -> Response:
    """Show a page of the feeds with their figures."""
    query = visit.query
    state = query.get("state", "") if query.get("state") in {*STATES, "off"} else ""
    sort = query.get("sort", "") if query.get("sort") in SORTS else ""
    statuses = desk.store.feeds.statuses(visit.now)
    cards = desk.store.scorecards.list(visit.now - WINDOW)
    lines = [
        FeedLine(status=status, card=cards.get(status.key, FeedCard()))
        for status in statuses
        if _fits(status, state)
    ]
    key = SORTS[sort][1]
    lines.sort(key=lambda line: (key(line), line.status.feed.title.casefold()))
    page_count = max(1, -(-len(lines) // PAGE_SIZE))
    page = min(max(1, whole(query.get("page", "")) or 1), page_count)
    counts = {one: sum(_fits(status, one) for status in statuses) for one in (*STATES, "off")}
    return desk.pages.show(
        visit,
        "feeds.html",
        lines=lines[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        total=len(lines),
        chosen={"state": state, "sort": sort},
        page=page,
        page_count=page_count,
        counts={one: count for one, count in counts.items() if count},
        sorts={name: text for name, (text, _) in SORTS.items()},
        can_edit=desk.edit_feeds is not None,
        is_done=query.get("done") == "yes",
    )


def _fits(status: FeedStatus, state: str) -> bool:
    if state == "off":
        return not status.feed.enabled
    return status.feed.enabled and (not state or status.state.value == state)
