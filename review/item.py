"""One item with everything we know: its text with each reason in its place, its score as a sum,
what nearly happened, where it was seen, how it changed, what became of it and who decided what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from starlette.responses import Response

from monitor.core.reports import Revision
from monitor.core.tlp import Tlp
from monitor.core.values import Item, Match
from review import grading
from review.changes import Change, shortened, word_changes
from review.choosing import choice
from review.desk import Desk, not_found
from review.inbox import LISTS, back, last_decision, reasons
from review.marks import marked, paragraphs
from review.pages import Pages
from review.tips import tlp_of
from review.visits import Visit

TEXT_LENGTH = 200_000  # characters shown; a longer text is cut on the page, never in the store
NOTE_LENGTH = 2_000
EDIT_COUNT = 8  # the latest; a live ticker may have three times as many


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One step in an item's history: what changed, and in the title alone."""

    revision: Revision
    title: list[Change]
    text: list[Change]


def show(desk: Desk, visit: Visit) -> Response:
    """Show an item."""
    key = visit.number("key")
    item = desk.store.items.get(key) if key is not None else None
    if item is None:
        raise not_found()
    report = desk.store.ledger.why(item.key)
    graded = grading.of(desk, visit, item)
    desk.store.looks.open(visit.person.key, item.key, visit.now)
    return desk.pages.show(
        visit,
        "item.html",
        **around(item),
        report=report,
        edits=edits(item, report.revisions),
        notes=[
            line
            for line in desk.store.audit.list(subject=subject(item.key))
            if line.action == "item.noted"
        ],
        claims=desk.store.items.claims([item.key], visit.now),
        places=desk.store.digests.places(item.key),
        done=last_decision(desk.store, visit),
        origin=origin(visit),
        grading=graded,
        is_blind=grading.is_blind(graded, visit),
        reprints=desk.store.items.reprints([item.key]).get(item.key, ()),
    )


def origin(visit: Visit) -> dict[str, str]:
    """Return the list this page was opened from, as form fields: a decision leads back to it."""
    came_from = visit.query.get("from", "")
    if came_from not in LISTS:
        return {}
    return choice(visit.query).fields() | {
        "from": came_from,
        "next": visit.query.get("next", "")[:20],
    }


def entry_page(item: Item, *, now: datetime, language: str = "en", zone: str = "UTC") -> str:
    """Return the page that shows `item`, complete, with no store behind it: for a dry run."""
    visit = Visit(
        path="",
        query={},
        form={},
        parts={},
        language=language,
        zone=ZoneInfo(zone),
        who=None,
        now=now,
    )
    page = _apart().show(
        visit,
        "item.html",
        **around(item),
        report=None,
        edits=[],
        notes=[],
        claims={},
        places=[],
        done=None,
        origin={},
        grading=None,
        is_blind=False,
        reprints=(),
    )
    return bytes(page.body).decode()


@cache
def _apart() -> Pages:
    """Return templates that link to no page: there is no server behind a dry run."""
    return Pages(standing={"routes": {}, "counts_minutes": False})


def around(item: Item) -> dict[str, object]:
    """Return what the page of `item` shows that needs no store."""
    title = marked(item.title[:TEXT_LENGTH], item.score.matches, field="title")
    text = marked(item.text[:TEXT_LENGTH], item.score.matches, field="text")
    return {
        "item": item,
        "title": title,
        "paragraphs": paragraphs(text),
        "misplaced": 0 if len(item.text) > TEXT_LENGTH else title.misplaced + text.misplaced,
        "is_cut": len(item.text) > TEXT_LENGTH,
        "lines": explained(item.score.matches),
        "reasons": reasons(item.score),
    }


def explained(matches: Sequence[Match]) -> list[tuple[str, int, list[Match]]]:
    """Return the explanation rule by rule, in the order of the score: rule, its sum, its lines."""
    by_rule: dict[str, list[Match]] = {}
    for match in matches:
        by_rule.setdefault(match.rule, []).append(match)
    return [(rule, sum(line.points for line in found), found) for rule, found in by_rule.items()]


def edits(item: Item, revisions: Sequence[Revision]) -> list[Edit]:
    """Return each change of the text, newest first; `revisions` are the earlier texts."""
    earlier = sorted(revisions, key=lambda revision: revision.seen_at)[-EDIT_COUNT:]
    texts = [*((revision.title, revision.text) for revision in earlier), (item.title, item.text)]
    steps = [
        Edit(
            revision=before,
            title=word_changes(before.title[:TEXT_LENGTH], title[:TEXT_LENGTH]),
            text=shortened(word_changes(before.text[:TEXT_LENGTH], text[:TEXT_LENGTH])),
        )
        for before, (title, text) in zip(earlier, texts[1:], strict=True)
    ]
    return steps[::-1]


def note(desk: Desk, visit: Visit) -> Response:
    """Keep a remark on an item, with who made it and when."""
    key = visit.number("key")
    if key is None or desk.store.items.get(key) is None:
        raise not_found()
    text = visit.form.get("note", "").strip()[:NOTE_LENGTH]
    if text:
        desk.store.audit.add(
            actor=visit.actor,
            action="item.noted",
            subject=subject(key),
            now=visit.now,
            after={"note": text},
        )
    return back(visit, at=key)


def restrict(desk: Desk, visit: Visit) -> Response:
    """Set how far an item may travel; who did it is kept."""
    key = visit.number("key")
    tlp = tlp_of(visit, default=Tlp.RED)
    before = None if key is None else desk.store.marks.set(key, tlp)
    if key is None or before is None:
        raise not_found()
    if before is not tlp:
        desk.store.audit.add(
            actor=visit.actor,
            action="item.marked",
            subject=subject(key),
            now=visit.now,
            before={"tlp": before.value},
            after={"tlp": tlp.value},
        )
    return back(visit, at=key)


def subject(key: int) -> str:
    """Return how the audit trail names an item."""
    return f"item:{key}"
