"""The queue: which items wait for a decision, why, and what was decided. One key a decision.

What a browser sends as a filter is read against lists of known values; anything else is dropped,
so an address can never ask the store for something that the page does not offer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.responses import Response

from monitor.core.reports import ItemPage, QueueFilter, QueueOrder, VerdictLine
from monitor.core.rules import COMPUTED
from monitor.core.values import Band, Item, ItemState, Match, Score, Verdict
from review.desk import Desk, not_found, see_other
from review.marks import gloss
from review.pages import address
from review.visits import Visit, whole
from store import Store

PAGE_SIZE = 30
SEARCH_LENGTH = 300
REASON_WORDS = 2  # wordings of one reason in the Why line; the item's page has all
CLAIM_FOR = timedelta(minutes=30)
WEEK = timedelta(days=7)
MINE = "mine"  # claimed by the person who asks
OPEN_STATES = (ItemState.NEW, ItemState.CLAIMED)
SHOWN_BANDS = (Band.ALERT, Band.DIGEST, Band.QUEUE)
LANGUAGES = ("en", "ru", "ko", "ja", "zh")

# The lists that a decision can lead back to.
LISTS: Mapping[str, str] = {"queue": "/", "stopped": "/stopped"}

# What a button says -> what is kept: the verdict, and whether it becomes an example for the rules.
DECISIONS: Mapping[str, tuple[Verdict, bool]] = {
    "relevant": (Verdict.RELEVANT, False),
    "irrelevant": (Verdict.IRRELEVANT, False),
    "escalate": (Verdict.ESCALATE, False),
    "teach": (Verdict.RELEVANT, True),
    "teach-irrelevant": (Verdict.IRRELEVANT, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one rule found in an item, with all its points."""

    rule: str
    points: int
    matches: tuple[Match, ...]  # with text behind them, each wording once

    @property
    def is_computed(self) -> bool:
        """Tell whether this is a line of the sum that no words of the text stand behind."""
        return self.rule in COMPUTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The queue's filter as the page shows it. Empty: everything that is offered."""

    band: str = ""
    state: str = ""
    lang: str = ""
    feed: str = ""
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
        return () if self.q else SHOWN_BANDS

    def filter(self, person: str, now: datetime) -> QueueFilter:
        """Return what to ask the store for; "mine" are the claims that `person` holds now."""
        return QueueFilter(
            claimed_by=person if self.state == MINE else None,
            claimed_at=now if _states(self.state) == (ItemState.CLAIMED,) else None,
            bands=self.bands,
            states=_states(self.state),
            langs=(self.lang,) if self.lang else (),
            feeds=(self.feed,) if self.feed else (),
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
        state=_one_of(given.get("state", ""), ["all", MINE, *(state.value for state in ItemState)]),
        lang=_one_of(given.get("lang", ""), LANGUAGES),
        feed=given.get("feed", "")[:100],
        q=given.get("q", "").strip()[:SEARCH_LENGTH],
        order=_one_of(given.get("order", ""), [order.value for order in QueueOrder]),
        page=min(page, 10_000),
    )


def queue(desk: Desk, visit: Visit) -> Response:
    """Show one page of the queue."""
    return desk.pages.show(
        visit,
        "queue.html",
        **listed(desk, visit, choice(visit.query)),
        counts=desk.store.items.counts(),
        bands=SHOWN_BANDS,
        open_states=OPEN_STATES,
        may_tip=desk.add_tip is not None,
    )


def stopped(desk: Desk, visit: Visit) -> Response:
    """Show what the rules kept away from the queue, the nearest to it first."""
    chosen = replace(choice(visit.query), band=Band.REJECT.value, state="")
    return desk.pages.show(
        visit,
        "stopped.html",
        **listed(desk, visit, chosen),
        totals=desk.store.ledger.totals(visit.now - WEEK, visit.now),
    )


def listed(desk: Desk, visit: Visit, chosen: Choice) -> dict[str, object]:
    """Return what every list of items shows: one page of it, and the way on from each item."""
    page = desk.store.items.queue(chosen.filter(visit.actor, visit.now))
    if not page.items and page.total:  # the last page emptied under our hands
        chosen = replace(chosen, page=max(1, -(-page.total // PAGE_SIZE)))
        page = desk.store.items.queue(chosen.filter(visit.actor, visit.now))
    return {
        "chosen": chosen,
        "page": page,
        "page_count": max(1, -(-page.total // PAGE_SIZE)),
        "following": following(page),
        "claims": desk.store.items.claims([item.key for item in page.items], visit.now),
        "feeds": [status.feed for status in desk.store.feeds.statuses(visit.now)],
        "done": last_decision(desk.store, visit),
        "item_languages": LANGUAGES,
        "reasons": telling,
    }


def decide(desk: Desk, visit: Visit) -> Response:
    """Keep one decision, then go to the item that stood next."""
    key = visit.number("key")
    decision = DECISIONS.get(visit.form.get("decision", ""))
    if key is None or decision is None or desk.store.items.get(key) is None:
        raise not_found()
    verdict, teach = decision
    desk.store.verdicts.give(
        key,
        verdict,
        actor=visit.actor,
        now=visit.now,
        teach=teach,
        note=visit.form.get("note", "").strip()[:2_000],
    )
    return back(visit, done=key)


def undo(desk: Desk, visit: Visit) -> Response:
    """Take back the named decision, or the last one of this person, and go to its item."""
    named = whole(visit.form.get("verdict", ""))
    if named is not None:
        line = desk.store.verdicts.undo(named, actor=visit.actor, now=visit.now)
    else:
        line = desk.store.verdicts.undo_last(actor=visit.actor, now=visit.now)
    return back(visit, at=line.item_key if line else None)


def claim(desk: Desk, visit: Visit) -> Response:
    """Say that this person works on an item, or give it back."""
    key = visit.number("key")
    if key is None or desk.store.items.get(key) is None:
        raise not_found()
    if visit.form.get("claim") == "no":
        desk.store.items.unclaim(key, visit.actor)
        return back(visit, at=key)
    held = desk.store.items.claim(key, visit.actor, now=visit.now, claim_for=CLAIM_FOR)
    if held.actor != visit.actor:
        # No redirect: who holds it is this answer alone, and nothing was changed.
        return desk.pages.show(visit, "held.html", 409, held=held, key=key)
    return back(visit, at=key)


def back(visit: Visit, *, done: int | None = None, at: int | None = None) -> Response:
    """Return to the list the form stood in. Its address is rebuilt from known fields alone."""
    form = visit.form
    place = whole(form.get("next", "")) if at is None else at
    if form.get("from") == "item" and (key := visit.number("key") or at) is not None:
        return see_other(address(f"/items/{key}", {}, done=done))
    path = LISTS.get(form.get("from", ""), "/")
    anchor = f"#i{place}" if place is not None else ""
    return see_other(address(path, choice(form).fields(), done=done) + anchor)


def last_decision(store: Store, visit: Visit) -> tuple[Item, VerdictLine] | None:
    """Return what was just decided, when the address names it and it still holds."""
    key = whole(visit.query.get("done", ""))
    item = store.items.get(key) if key is not None else None
    if item is None:
        return None
    standing = [line for line in store.verdicts.history(item.key) if line.undone_at is None]
    return (item, max(standing, key=lambda line: line.key)) if standing else None


def following(page: ItemPage) -> dict[int, int]:
    """Map each item to the one to go to once it is decided: the next, else the one before."""
    keys = [item.key for item in page.items]
    return dict(zip(keys, keys[1:] + keys[-2:-1], strict=False))


def telling(score: Score) -> list[Reason]:
    """Return the reasons for one line: words of the text first, then rules by name, then sums.

    A wording is told once on the line. The cap is left out: it says nothing about the text.
    """
    told: set[str] = set()
    lines = []
    for reason in reasons(score):
        if reason.rule == "cap":
            continue
        fresh = [match for match in reason.matches if (match.surface or "").casefold() not in told]
        told.update((match.surface or "").casefold() for match in fresh[:REASON_WORDS])
        lines.append(replace(reason, matches=tuple(fresh)))
    return sorted(lines, key=lambda line: (line.is_computed, not line.matches))


def reasons(score: Score) -> list[Reason]:
    """Return what was found in the text, strongest first, then what was computed from it.

    Wordings of one rule are told once. The points add up to the score; the cap closes the sum.
    """
    by_rule: dict[str, list[Match]] = {}
    for match in score.matches:
        by_rule.setdefault(match.rule, []).append(match)
    found = [
        Reason(
            rule=rule,
            points=sum(match.points for match in matches),
            matches=_each_wording_once(matches),
        )
        for rule, matches in by_rule.items()
    ]
    return sorted(
        found,
        key=lambda reason: (
            reason.is_computed,
            reason.rule == "cap",
            -abs(reason.points),
            -reason.points,
            reason.rule,
        ),
    )


def _each_wording_once(matches: Sequence[Match]) -> tuple[Match, ...]:
    seen: dict[tuple[str, str], Match] = {}
    for match in matches:
        if match.surface:
            seen.setdefault((match.surface.casefold(), gloss(match)), match)
    return tuple(seen.values())


def _states(state: str) -> tuple[ItemState, ...]:
    if state == "all":
        return ()
    if state == MINE:
        return (ItemState.CLAIMED,)
    return (ItemState(state),) if state else OPEN_STATES


def _one_of(given: str, offered: Sequence[str]) -> str:
    return given if given in offered else ""
