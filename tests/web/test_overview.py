"""The overview and the page of feeds: pictures that stand beside their numbers, and the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from web import samples
from web.visitors import Visitor, find, words

from monitor.core.reports import QueueFilter
from monitor.core.reviewing import Grade
from monitor.core.values import Band, Match, Verdict
from monitor.rulefiles import parse_rules, read_rules
from review.atlas import HEIGHT, PLACES, WIDTH, dots
from store import Store

ROOT = Path(__file__).resolve().parents[2]


def name_place(store: Store, key: int, place: str) -> None:
    """Let an item's score name a place."""
    item = store.items.get(key)
    assert item
    line = Match(
        rule="in-russia", points=0, field="text", entity=place, surface="x", start=0, end=1
    )
    store.items.rescore(key, replace(item.score, matches=(*item.score.matches, line)))


@given(st.dictionaries(st.sampled_from(sorted(PLACES)), st.integers(1, 10_000)))
def test_every_named_place_is_on_the_map(counts: dict[str, int]) -> None:
    """Each has a dot inside the picture; no name stands over another or beyond the edge."""
    found = dots(counts, str)
    named = [dot for dot in found if dot.is_labelled]
    ends = [dot.x + dot.radius + len(dot.name) * 6 for dot in named]

    assert {dot.id: dot.count for dot in found} == counts
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in found)
    assert [dot.count for dot in found] == sorted(counts.values(), reverse=True)
    assert all(end < WIDTH for end in ends)
    for dot, end in zip(named, ends, strict=True):
        beside = [
            other
            for other in named
            if other is not dot
            and abs(other.y - dot.y) < 12
            and dot.x < other.x + other.radius < end
        ]
        assert beside == []


def test_places_of_the_rules_are_on_the_map() -> None:
    """Every place that the shipped rules name has its coordinates; only their groups have none."""
    book = parse_rules(dict(read_rules(ROOT / "rules", ROOT / "corpus").files))
    text = (ROOT / "rules" / "20-places.yaml").read_text(encoding="utf-8")
    places = {
        entity.id
        for entity in book.rules.entities
        if f"\n  {entity.id}:" in text and not entity.includes
    }

    assert set(PLACES) == places


def test_map_and_list_say_the_same(filled: Store, visitor: Visitor) -> None:
    """Dots and rows have the same places and counts; the picture is named for those who hear it."""
    bands = (Band.ALERT, Band.DIGEST)
    wanted = QueueFilter(bands=bands, is_backfill=False, limit=3)
    first, second, third = (item.key for item in filled.items.queue(wanted).items)
    for key, place in (
        (first, "nakhodka"),
        (second, "nakhodka"),
        (second, "moscow"),
        (third, "nowhere-we-know"),
    ):
        name_place(filled, key, place)
    page = visitor.page("/overview")
    rows = [words(one) for one in find(page, ".atlas table tbody tr")]
    drawn = [words(one) for one in find(page, ".map svg a title")]

    assert rows == ["Nakhodka 2", "Moscow 1"]
    assert sorted(drawn) == ["Moscow: 1", "Nakhodka: 2"]
    assert "the list beside it" in find(page, ".map svg")[0].get("aria-label")
    assert find(page, ".map image")[0].get("href") == "/static/map.svg"


def test_the_outlines_are_ours_and_inert(visitor: Visitor) -> None:
    """The picture of land and borders is plain shapes: no script, style, link or text."""
    answer = visitor.get("/static/map.svg")
    drawn = etree.fromstring(answer.content)
    tags = {etree.QName(one).localname for one in drawn.iter(etree.Element)}

    assert tags == {"svg", "path"}
    assert len(answer.content) < 40_000


def test_work_and_agreement_are_the_teams(
    filled: Store, visitor: Visitor, visiting: Callable[..., Visitor]
) -> None:
    """Minutes for each accepted item and agreement, without any name; off when switched off."""
    for key in (1, 2):
        filled.verdicts.give(key, Verdict.RELEVANT, actor="Mina Han", now=samples.NOW)
        for person, grade in ((1, Grade.LEAD), (2, Grade.LEAD if key == 1 else Grade.NEITHER)):
            filled.grades.give(
                key, grade, person_key=person, reader=f"Reader {person}", now=samples.NOW
            )
    visitor.post("/items/1/verdict", {"decision": "relevant", "worked": "90"})
    visitor.post("/items/2/verdict", {"decision": "relevant", "worked": "150"})
    facts = words(find(visitor.page("/overview"), ".facts")[0])
    silent = words(find(visiting(counts_minutes=False).page("/overview"), ".facts")[0])

    assert "2 items accepted" in facts
    assert "4 minutes in which" in facts
    assert "2 minutes for each" in facts
    assert "50 % agreement of two readers on evidence: 1 of 2 items" in facts
    assert "0.00 Cohen's kappa" in facts
    assert "Mina" not in facts
    assert "Reader" not in facts
    assert "minutes" not in silent


@pytest.mark.parametrize(
    ("worked", "seconds"), [("60", 60), ("-5", 0), ("x", 0), ("", 0), ("9" * 12, 1800), ("1e3", 0)]
)
def test_what_a_browser_says_of_its_use(
    filled: Store, visitor: Visitor, worked: str, seconds: int
) -> None:
    """Whole seconds are added to the feed's day, at most half an hour a press; rubbish is not."""
    visitor.post("/items/1/note", {"note": "x", "worked": worked})

    assert filled.efforts.total(samples.NOW) == timedelta(seconds=seconds)


def test_minutes_are_counted_only_where_they_may_be(
    filled: Store, visitor: Visitor, visiting: Callable[..., Visitor]
) -> None:
    """Switched off, pages do not count and nothing is added."""
    off = visiting(counts_minutes=False)
    off.post("/items/1/note", {"note": "x", "worked": "60"})

    assert find(visitor.page("/"), "body[data-minutes]")
    assert not find(off.page("/"), "body[data-minutes]")
    assert filled.efforts.total(samples.NOW) == timedelta(0)


@pytest.mark.parametrize(
    "sort", ["", "title", "shown", "precision", "first", "minutes", "gaps", "x"]
)
def test_feeds_are_listed_with_their_figures(filled: Store, visitor: Visitor, sort: str) -> None:
    """Every order lists every feed once; a state lists its own."""
    samples.everything(filled)
    titles = [
        words(one) for one in find(visitor.page(f"/feeds?sort={sort}"), "table.feedcards td a")
    ]
    blocked = find(visitor.page("/feeds?state=blocked"), "table.feedcards td a")
    off = find(visitor.page("/feeds?state=off"), "table.feedcards td a")

    assert sorted(titles) == sorted(feed.title for feed in samples.FEEDS if feed.enabled)
    assert [words(one) for one in blocked] == ["The Walled Gazette"]
    assert [words(one) for one in off] == ["Switched Off"]


def test_a_feeds_figures(filled: Store, visitor: Visitor) -> None:
    """Yield, precision and minutes stand on the feed's own page as on the list."""
    filled.verdicts.give(1, Verdict.RELEVANT, actor="Mina", now=samples.NOW)
    item = filled.items.get(1)
    assert item
    visitor.post("/items/1/note", {"note": "x", "worked": "120"})
    facts = words(find(visitor.page(f"/feeds/{item.feed_id}"), "dl.facts-list")[1])

    assert "Precision100 % (1 accepted of 1 decided)" in facts
    assert "Minutes of the team2 2 each" in facts
