"""The queue: which items wait for a decision, why, and what was decided. One key a decision.

Whatever a key does, a button in a form does too. What only one person has seen is shown to that
person alone and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.responses import Response

from monitor.core.reports import Reprint, VerdictLine
from monitor.core.reviewing import Look
from monitor.core.rules import COMPUTED
from monitor.core.topics import item_under
from monitor.core.values import Band, Item, Match, Score, Verdict
from review import views
from review.atlas import PLACES
from review.choosing import (
    LANGUAGES,
    OPEN_STATES,
    PAGE_SIZE,
    SHOWN_BANDS,
    UNSEEN,
    Choice,
    choice,
)
from review.desk import Desk, not_found, see_other
from review.marks import gloss
from review.pages import address
from review.visits import Visit, whole
from store import Store

NOTE_LENGTH = 2_000
MOST_REPRINTS = 100  # decided with one press
ALL = "all"  # in a decision: this item and its reprints
REASON_WORDS = 2  # wordings of one reason in the Why line; the item's page has all
CLAIM_FOR = timedelta(minutes=30)
WEEK = timedelta(days=7)
NEW_TO_ME = Choice(state=UNSEEN)

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


def queue(desk: Desk, visit: Visit) -> Response:
    """Show one page of the queue."""
    look = desk.store.looks.look(visit.person.key, visit.now)
    chosen, shown = listed(desk, visit, choice(visit.query), look)
    in_all_bands = replace(chosen.filter(visit, look), bands=())
    return desk.pages.show(
        visit,
        "queue.html",
        **shown,
        counts=desk.store.items.counts_of(in_all_bands),
        new_count=sum(desk.store.items.counts_of(NEW_TO_ME.filter(visit, look)).values()),
        views=views.listed(desk, visit, look),
        bands=SHOWN_BANDS,
        may_tip=desk.add_tip is not None,
    )


def stopped(desk: Desk, visit: Visit) -> Response:
    """Show what the rules kept away from the queue, the nearest to it first."""
    wanted = replace(choice(visit.query), band=Band.REJECT.value, state="")
    look = desk.store.looks.last(visit.person.key) or Look(since=None, last_at=visit.now)
    _, shown = listed(desk, visit, wanted, look)
    return desk.pages.show(
        visit,
        "stopped.html",
        **shown,
        totals=desk.store.ledger.totals(visit.now - WEEK, visit.now),
    )


def listed(
    desk: Desk, visit: Visit, chosen: Choice, look: Look
) -> tuple[Choice, dict[str, object]]:
    """Return what every list of items shows: one page of it, and the way on from each item.

    The choice comes back as it was shown: the last page may have emptied under our hands.
    """
    store = desk.store
    page = store.items.queue(chosen.filter(visit, look))
    if not page.items and page.total:
        chosen = replace(chosen, page=max(1, -(-page.total // PAGE_SIZE)))
        page = store.items.queue(chosen.filter(visit, look))
    page = replace(page, items=tuple(item_under(item, chosen.topics) for item in page.items))
    keys = [item.key for item in page.items]
    groups = store.items.reprints(keys)
    seen = store.looks.seen(visit.person.key, keys)
    return chosen, {
        "chosen": chosen,
        "page": page,
        "page_count": max(1, -(-page.total // PAGE_SIZE)),
        "following": following(keys),
        "groups": groups,
        "after": {key: after(keys, key, groups.get(key, ())) for key in keys},
        "is_new": {
            item.key
            for item in page.items
            if look.since and item.first_seen_at >= look.since and item.key not in seen
        },
        "look": look,
        "claims": store.items.claims(keys, visit.now),
        "feeds": store.feeds.named(),
        "places": PLACES,
        "topics": topics_of(desk),
        "done": last_decision(store, visit),
        "item_languages": LANGUAGES,
        "reasons": telling,
    }


def topics_of(desk: Desk) -> dict[str, str]:
    """Map the profiles of the rules in force to their labels; empty where nobody lends us rules."""
    ruleset = desk.rules() if desk.rules else None
    return {profile.id: profile.label for profile in ruleset.profiles} if ruleset else {}


def decide(desk: Desk, visit: Visit) -> Response:
    """Keep one decision, about one item or with it its reprints, then go to what stood next.

    Of the reprints those are decided that the page showed as undecided, and that still are.
    """
    key = visit.number("key")
    wanted, _, whom = visit.form.get("decision", "").partition(":")
    decision = DECISIONS.get(wanted)
    if key is None or decision is None or whom not in ("", ALL):
        raise not_found()
    if desk.store.items.get(key) is None:
        raise not_found()
    verdict, teach = decision
    keys = [key, *(_shown_reprints(desk, visit, key) if whom == ALL else ())]
    desk.store.verdicts.give_all(
        keys,
        verdict,
        actor=visit.actor,
        now=visit.now,
        teach=[key] if teach else (),
        note=visit.form.get("note", "").strip()[:NOTE_LENGTH],
    )
    desk.store.looks.open_all(visit.person.key, keys, visit.now)
    return back(visit, done=key, next_field="after" if whom == ALL else "next")


def _shown_reprints(desk: Desk, visit: Visit, key: int) -> list[int]:
    shown = {whole(word) for word in visit.form.get("group", "").split()[:MOST_REPRINTS]}
    return [
        one.key
        for one in desk.store.items.reprints([key]).get(key, ())
        if one.key in shown and one.state in OPEN_STATES
    ]


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


def back(
    visit: Visit, *, done: int | None = None, at: int | None = None, next_field: str = "next"
) -> Response:
    """Return to the list the form stood in. Its address is rebuilt from known fields alone."""
    form = visit.form
    place = whole(form.get(next_field, "")) if at is None else at
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


def following(keys: Sequence[int]) -> dict[int, int]:
    """Map each item to the one to go to once it is decided: the next, else the one before."""
    return dict(zip(keys, [*keys[1:], *keys[-2:-1]], strict=False))


def after(keys: Sequence[int], key: int, reprints: Sequence[Reprint]) -> int | None:
    """Return the item to go to once `key` and its reprints are decided; None: none is left."""
    gone = {key, *(one.key for one in reprints if one.state in OPEN_STATES)}
    place = keys.index(key)
    left = [one for one in [*keys[place:], *reversed(keys[:place])] if one not in gone]
    return left[0] if left else None


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
