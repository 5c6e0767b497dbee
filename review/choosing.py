"""The filter of a list of items, as an address, a form and a saved view carry it.

What a browser sends is read against lists of known values; anything else is dropped, so an address
can never ask the store for something that the page does not offer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.core.reports import QueueFilter, QueueOrder
from monitor.core.reviewing import Look
from monitor.core.values import Band, ItemState
from review.atlas import PLACES
from review.visits import Visit, whole

PAGE_SIZE = 30
SEARCH_LENGTH = 300
MINE = "mine"  # claimed by the person who asks
UNSEEN = "unseen"  # new since the person who asks last looked, and not opened by them
SECOND = "second"  # asks the person who asks for a grade of the evidence
STATES = ("all", MINE, UNSEEN, SECOND, *(state.value for state in ItemState))
OPEN_STATES = (ItemState.NEW, ItemState.CLAIMED)
SHOWN_BANDS = (Band.ALERT, Band.DIGEST, Band.QUEUE)
LANGUAGES = ("en", "ru", "ko", "ja", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The queue's filter as the page shows it. Empty: everything that is offered."""

    band: str = ""
    state: str = ""
    lang: str = ""
    feed: str = ""
    place: str = ""
    topic: str = ""  # a profile of the rules: its band and score are those that count
    since: str = ""  # a day, first seen on it or later
    until: str = ""  # a day, first seen on it or before
    q: str = ""
    order: str = ""
    page: int = 1

    @property
    def first(self) -> int:
        """The place in the whole list of the first item on this page, from 1."""
        return (self.page - 1) * PAGE_SIZE + 1

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands to list. Words are looked for in all of them: what was stopped is found too."""
        if self.band:
            return (Band(self.band),)
        return () if self.q or self.state == SECOND else SHOWN_BANDS

    @property
    def topics(self) -> tuple[str, ...]:
        """The topic chosen, as the store asks for topics."""
        return (self.topic,) if self.topic else ()

    def filter(self, visit: Visit, look: Look) -> QueueFilter:
        """Return what to ask the store for, as the person who asks means it.

        Days are days of their zone; "mine" are the claims they hold now; what is new to them came
        after their `look`.
        """
        is_new = self.state == UNSEEN
        since = _day(self.since, visit.zone)
        if is_new and look.since is not None:
            since = max(look.since, since or look.since)
        return QueueFilter(
            claimed_by=visit.actor if self.state == MINE else None,
            claimed_at=visit.now if _states(self.state) == (ItemState.CLAIMED,) else None,
            unseen_by=visit.person.key if is_new else None,
            to_grade_by=visit.person.key if self.state == SECOND else None,
            bands=self.bands,
            states=_states(self.state),
            langs=(self.lang,) if self.lang else (),
            feeds=(self.feed,) if self.feed else (),
            places=(self.place,) if self.place else (),
            topics=self.topics,
            since=since,
            until=_day(self.until, visit.zone, days=1),
            search=self.q,
            order=QueueOrder(self.order) if self.order else QueueOrder.BEST,
            limit=PAGE_SIZE,
            offset=(self.page - 1) * PAGE_SIZE,
        )

    def fields(self) -> dict[str, str]:
        """Return the choice as the fields of an address; empty ones are left out."""
        named = {
            "band": self.band,
            "state": self.state,
            "lang": self.lang,
            "feed": self.feed,
            "place": self.place,
            "topic": self.topic,
            "since": self.since,
            "until": self.until,
            "q": self.q,
            "order": self.order,
            "page": str(self.page) if self.page > 1 else "",
        }
        return {name: value for name, value in named.items() if value}


def choice(given: Mapping[str, str]) -> Choice:
    """Read a filter out of an address or a form; what is not offered counts as not given."""
    page = whole(given.get("page", "")) or 1
    return Choice(
        band=_one_of(given.get("band", ""), [band.value for band in Band]),
        state=_one_of(given.get("state", ""), STATES),
        lang=_one_of(given.get("lang", ""), LANGUAGES),
        feed=given.get("feed", "")[:100],
        place=_one_of(given.get("place", ""), tuple(PLACES)),
        topic=given.get("topic", "")[:100],
        since=_a_day(given.get("since", "")),
        until=_a_day(given.get("until", "")),
        q=given.get("q", "").strip()[:SEARCH_LENGTH],
        order=_one_of(given.get("order", ""), [order.value for order in QueueOrder]),
        page=min(page, 10_000),
    )


def _states(state: str) -> tuple[ItemState, ...]:
    if state in ("all", SECOND):
        return ()
    if state == MINE:
        return (ItemState.CLAIMED,)
    return OPEN_STATES if state in ("", UNSEEN) else (ItemState(state),)


def _day(text: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    """Return the first moment of a day in a zone, so many days later; None for no day."""
    if not text:
        return None
    day = date.fromisoformat(text) + timedelta(days=days)
    return datetime.combine(day, time(), tzinfo=zone)


def _a_day(given: str) -> str:
    """Return what was given when it is a day that a report may be from, else nothing."""
    try:
        day = date.fromisoformat(given) if len(given) == 10 else date.min
    except ValueError:
        return ""
    return given if 1990 <= day.year <= 2100 else ""


def _one_of(given: str, offered: Sequence[str]) -> str:
    return given if given in offered else ""
