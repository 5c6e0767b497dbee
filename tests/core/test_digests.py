"""Each item is in one digest of each reader, or its absence has a reason that is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tellings import END, START, WINDOW, a_near_miss, a_subscriber, an_item, sample_items

from monitor.core.digests import (
    LATE_FOR,
    Limits,
    candidates_since,
    choose,
    is_wanted,
    topic_of,
    topic_order,
    topic_title,
)
from monitor.core.telling import Digest, Place, Subscriber
from monitor.core.values import Band, Item, ItemState, Match
from monitor.core.windows import Window


def chosen(items: list[Item], /, *, reader: Subscriber | None = None, **changes: object) -> Digest:
    """Return the digest of `WINDOW`."""
    who = reader or a_subscriber()
    return choose(items, subscriber=who, window=WINDOW, now=END, **changes)  # type: ignore[arg-type]


TITLES = st.sampled_from(
    ["Passports taken from builders", "passports taken, from builders!", "News in brief", "x", ""]
)


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    """Return items with shared titles and feeds, of all states."""
    count = draw(st.integers(0, 60))
    return [
        an_item(
            key,
            title=draw(TITLES) or f"Report of site number {key}",
            feed_id=f"feed-{draw(st.integers(1, 6))}",
            points=draw(st.integers(45, 100)),
            lang=draw(st.sampled_from(["en", "ru", "ko", "zh-TW", None])),
            state=draw(st.sampled_from(list(ItemState))),
        )
        for key in range(1, count + 1)
    ]


@given(items(), st.sampled_from([(), ("ko",), ("ru", "en")]))
def test_every_wanted_item_has_exactly_one_place(
    found: list[Item], languages: tuple[str, ...]
) -> None:
    """Wanted items are told, named, counted or refused with a reason; others are not touched."""
    reader = a_subscriber(languages=languages)

    digest = chosen(found, reader=reader)

    wanted = {item.key for item in found if is_wanted(reader, item)}
    assert set(digest.places) == wanted
    full = [story.item.key for section in digest.sections for story in section.full]
    heads = [story.item.key for section in digest.sections for story in section.headlines]
    also = [item.key for story in digest.stories for item in story.also]
    shown = full + heads + also
    assert len(shown) == len(set(shown))
    by_place = {place: [key for key, at in digest.places.items() if at is place] for place in Place}
    assert sorted(full) == sorted(by_place[Place.FULL])
    assert sorted(heads) == sorted(by_place[Place.HEADLINE])
    assert sorted(also) == sorted(by_place[Place.ALSO])
    assert set(by_place[Place.IRRELEVANT]) == {
        item.key for item in found if item.key in wanted and item.state is ItemState.IRRELEVANT
    }


@given(items())
def test_limits_hold_and_the_best_comes_first(found: list[Item]) -> None:
    """No feed fills the mail, no mail overflows, and a better story is never told more briefly."""
    limits = Limits(full=4, full_per_feed=2, headlines=5)

    digest = chosen(found, limits=limits)

    full = [story for section in digest.sections for story in section.full]
    heads = [story for section in digest.sections for story in section.headlines]
    feeds = [story.item.feed_id for story in full]
    assert len(full) <= 4
    assert len(heads) <= 5
    assert max((feeds.count(feed) for feed in feeds), default=0) <= 2
    for section in digest.sections:
        scores = [story.item.score.score for story in section.full]
        assert scores == sorted(scores, reverse=True)
    assert (digest.over_limit_count > 0) <= (len(heads) == 5)


@given(items(), st.randoms())
def test_order_of_candidates_does_not_matter(found: list[Item], random: object) -> None:
    """The same items give the same digest, in whatever order the database returns them."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert chosen(shuffled) == chosen(found)


def test_the_same_report_of_two_feeds_is_one_story() -> None:
    """A reprint is named under the best one; two articles of one column stay two."""
    title = "Sanctions list grows by a firm"
    lead = an_item(1, title=title, points=80)
    reprint = an_item(2, title=title.upper() + "!", points=70)
    column = [an_item(n, title="Letter from the harbour", feed_id="same") for n in (3, 4)]

    digest = chosen([reprint, lead, *column])

    told = {story.item.key: [item.key for item in story.also] for story in digest.stories}
    assert told == {1: [2], 3: [], 4: []}
    assert digest.places[2] is Place.ALSO


def test_a_copy_of_what_was_told_before_is_left_out_and_counted() -> None:
    """Nobody gets the same report twice; the same column of the same feed is another report."""
    title = "Sanctions list grows by a firm"
    copy = an_item(1, title=title.upper(), feed_id="b")
    column = an_item(2, title="Letter from the harbour", feed_id="a")
    rescued = an_item(3, title=title, feed_id="c", state=ItemState.RELEVANT)

    digest = chosen([copy, column, rescued], told=[(title, "a"), (column.title, "a")])

    assert digest.places == {1: Place.TOLD_BEFORE, 2: Place.FULL, 3: Place.FULL}
    assert digest.told_before_count == 1


def test_what_was_judged_irrelevant_is_not_told_and_the_reason_is_kept() -> None:
    """An analyst's no is a reason, not a hole."""
    digest = chosen([an_item(1, state=ItemState.IRRELEVANT)])

    assert digest.is_quiet
    assert digest.places == {1: Place.IRRELEVANT}


def test_an_item_judged_only_now_is_marked_late() -> None:
    """An item first seen before the window, but read or rescued after, is told and marked."""
    late = an_item(1, first_seen_at=START - timedelta(hours=1))

    told = {story.item.key: story.is_late for story in chosen([late, an_item(2)]).stories}

    assert told == {1: True, 2: False}


@pytest.mark.parametrize(
    ("since", "start", "expected"),
    [
        (START - timedelta(days=90), START, END - LATE_FOR),
        (START - timedelta(days=3), START, START - timedelta(days=3)),  # not before they began
        (START - timedelta(days=90), START - timedelta(days=40), START - timedelta(days=40)),
    ],
)
def test_how_far_back_a_digest_looks(since: datetime, start: datetime, expected: datetime) -> None:
    """Two weeks for late items; all of the window after a long outage; never before the reader."""
    window = Window(start=start, end=END, period="p")

    assert candidates_since(a_subscriber(since=since), window) == expected


def match(rule: str, points: int, entity: str | None = None) -> Match:
    """Return a match of a rule in the text."""
    return Match(rule=rule, points=points, field="text", entity=entity, start=0, end=3, label="x")


def scored(*matches: Match) -> Item:
    """Return an item with these matches."""
    item = an_item()
    return replace(item, score=replace(item.score, matches=matches))


@pytest.mark.parametrize(
    ("matches", "topic"),
    [
        ([match("nk-workers", 60)], "elsewhere"),
        ([match("nk-workers", 60), match("in-far-east", 15)], "worksites"),
        ([match("in-far-east", 45), match("coercion", 18)], "coercion"),
        ([match("in-far-east", 50), match("coercion", 18)], "worksites"),
        ([match("in-far-east", 15), match("coercion", 15)], "coercion"),  # the special one
        ([match("list", 15, "sanctions")], "sanctions"),  # by the entity's name
        ([match("sanctions", -15)], "elsewhere"),
        ([], "elsewhere"),
    ],
)
def test_topic_is_the_most_special_that_weighs_enough(matches: list[Match], topic: str) -> None:
    """A place is named in nearly every report; what happened there heads it when it weighs."""
    assert topic_of(scored(*matches)) == topic


def test_the_operators_headings_replace_ours() -> None:
    """A heading in the rule files is used as it stands; later ones are the more special."""
    sections = {"in-russia": "Russia", "escape": "Escapes"}

    assert topic_of(scored(match("in-russia", 40), match("escape", 16)), sections) == "Escapes"
    assert topic_of(scored(match("in-russia", 41), match("escape", 16)), sections) == "Russia"
    assert topic_of(scored(match("coercion", 60)), sections) == "elsewhere"
    assert topic_order(sections) == ("elsewhere", "Russia", "Escapes")
    assert topic_title("Russia") == "Russia"
    assert topic_title("coercion") == "Escapes and coercion"


def test_the_story_of_the_subject_comes_first_and_each_heading_has_a_full_one() -> None:
    """Sections follow their best stories, and none has headlines alone."""
    busy = [an_item(n, points=90 - n) for n in range(1, 15)]
    lone = replace(scored(match("sanctions", 46)), key=40, title="A firm on a list", feed_id="lone")

    digest = chosen([*busy, lone], limits=Limits(full=3))

    assert digest.sections[0].stories[0].item.key == 1
    assert [len(section.full) for section in digest.sections] == [2, 1]


def test_near_misses_are_for_those_who_want_them() -> None:
    """Analysts see what just missed the line; it takes no place, so it can still be told later."""
    analyst = a_subscriber(near_misses=True)
    miss = a_near_miss()

    with_them = chosen([an_item(1)], reader=analyst, near_misses=[miss, an_item(1)])
    without = chosen([an_item(1)], near_misses=[miss])

    assert with_them.near_misses == (miss,)
    assert set(with_them.places) == {1}
    assert without.near_misses == ()


def test_the_sample_day_reads_as_intended() -> None:
    """Five stories in three sections, the reprint named under its story."""
    digest = chosen(sample_items())

    told = [(section.topic, [s.item.key for s in section.stories]) for section in digest.sections]
    assert told == [("coercion", [1, 2]), ("sanctions", [3]), ("worksites", [4, 5])]
    assert digest.places[6] is Place.ALSO
    assert digest.stories[0].item.score.decision is Band.ALERT
