"""The item's page: every reason in its place, a sum that adds up, and the whole history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import html
from web import samples
from web.visitors import Visitor, find, words

from monitor.catalogues import translations
from monitor.catalogues.words import TEXT_STATES
from monitor.core.values import Band, ErrorCode, Match, TextState
from review.item import entry_page
from store import Store


def test_every_match_is_marked_and_glossed_in_its_place(filled: Store, visitor: Visitor) -> None:
    """Each match of the text is marked exactly where it stands, with its gloss in the title."""
    for number in range(1, 9):
        item = filled.items.get(number)
        assert item
        marks = find(visitor.page(f"/items/{number}"), "section.text mark")
        found = [match for match in item.score.matches if match.field == "text"]

        assert {one.text for one in marks} == {match.surface for match in found}
        for match in found:
            mark = next(one for one in marks if one.text == match.surface)
            assert match.label in mark.get("title")


def test_foreign_marks_show_their_gloss_beside_them(store: Store, visitor: Visitor) -> None:
    """A reader without the language sees the English gloss in the text itself."""
    samples.publish(store, samples.told(2))
    glosses = [words(one) for one in find(visitor.page("/items/1"), "section.text .gloss")]

    assert "North Korean workers" in glosses
    assert "Nakhodka" in glosses


def test_explanation_adds_up_to_the_score(filled: Store, visitor: Visitor) -> None:
    """The points listed sum to the score at the foot, for every item."""
    for number in range(1, 41):
        table = find(visitor.page(f"/items/{number}"), "table.sum")[0]
        points = [words(one).replace("−", "-") for one in find(table, "tbody td.n")]
        total = int(words(find(table, "tfoot td.n")[0]))

        assert sum(map(int, points)) == total


def test_capped_score_says_what_it_was_before(store: Store, visitor: Visitor) -> None:
    """A score that was closed at 100 shows the cap as a line and the sum before it."""
    story = samples.told(0)
    finds = (*samples.STORIES[0][3], ("in-far-east", 60, "Patrokl Bay", "Patrokl Bay"))
    samples.publish(store, replace(story, score=samples.scored(story.title, story.text, finds)))
    page = visitor.page("/items/1")

    assert words(find(page, "table.sum tfoot td.n")[0]) == "100"
    assert "limit of 0 and 100" in words(find(page, "table.sum")[0])
    assert "Before the limits of 0 and 100: 130" in words(page)


def test_match_that_moved_is_told_not_guessed(store: Store, visitor: Visitor) -> None:
    """Offsets that do not slice back to what they found give no mark and are counted."""
    story = samples.told(0)
    wrong = Match(
        rule="lost", points=5, field="text", surface="passports", start=0, end=9, label="passports"
    )
    score = replace(story.score, matches=(*story.score.matches, wrong))
    samples.publish(store, replace(story, score=score))

    assert "1 match does not stand where it was found" in words(visitor.page("/items/1"))


def test_history_shows_who_decided_what_and_what_was_undone(
    filled: Store, visitor: Visitor
) -> None:
    """Decisions stay visible with name, note and undoing."""
    visitor.post("/you", {"name": "Олег Ким"})
    visitor.post("/items/3/verdict", {"decision": "teach", "note": "clear case", "from": "item"})
    visitor.post("/undo", {"from": "item"})
    page = words(visitor.page("/items/3"))

    assert "relevant, kept as an example · Олег Ким" in page
    assert "clear case" in page
    assert "undone by Олег Ким" in page


def test_notes_keep_author_and_time(filled: Store, visitor: Visitor) -> None:
    """A note is shown to everybody with who wrote it."""
    visitor.post("/you", {"name": "Mina"})
    answer = visitor.post("/items/2/note", {"note": "Ask the lawyer.", "from": "item"})
    visitor.post("/items/2/note", {"note": "   "})
    page = words(visitor.page("/items/2"))

    assert answer.headers["location"] == "/items/2"
    assert page.count("Ask the lawyer. Mina · ") == 1


def test_revision_shows_what_changed_word_by_word(store: Store, visitor: Visitor) -> None:
    """An edited article shows the words that went and the words that came."""
    story = samples.told(1)
    samples.publish(store, story)
    text = story.text.replace("трёх часов", "четырёх часов")
    edited = replace(
        story, text=text, score=samples.scored(story.title, text, samples.STORIES[1][3], 5)
    )
    later = samples.NOW + timedelta(hours=3)
    samples.revise(store, edited, at=later)
    page = visitor.page("/items/1")

    assert [words(one) for one in find(page, ".diff del")] == ["трёх"]
    assert [words(one) for one in find(page, ".diff ins")] == ["четырёх"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", "/items/3?done=3"),
        ("?from=queue&band=alert&next=7", "/?band=alert&done=3#i7"),
        ("?from=stopped&next=7", "/stopped?done=3#i7"),
        ("?from=//evil.example&next=7", "/items/3?done=3"),
        ("?from=queue&next=//evil.example&q=//evil", "/?q=%2F%2Fevil&done=3"),
    ],
)
def test_decision_leads_back_to_where_the_item_was_opened(
    filled: Store, visitor: Visitor, query: str, place: str
) -> None:
    """The list that led to the item is found again; nothing else can be named as the way back."""
    form = find(visitor.page(f"/items/3{query}"), "form.decide")[0]
    answer = visitor.post(form.action, {**dict(form.fields), "decision": "relevant"})

    assert answer.headers["location"] == place


def test_sightings_and_fate_are_told(filled: Store, visitor: Visitor) -> None:
    """The page names every feed that showed the item, and what became of each showing."""
    key = filled.ledger.why(samples.told(0).link or "").item
    assert key
    page = words(visitor.page(f"/items/{key.key}"))

    assert "The Walled Gazette" in page
    assert "the same as an item that is kept" in page
    assert "read, scored and kept" in page


@pytest.mark.parametrize("state", list(TextState))
def test_quality_of_the_text_is_said(store: Store, visitor: Visitor, state: TextState) -> None:
    """A text that is not the full one says so, and why."""
    error = ErrorCode.FORBIDDEN if state is TextState.FETCH_FAILED else None
    samples.publish(store, replace(samples.told(0), state=state, error=error))
    aside = find(visitor.page("/items/1"), "section.text .aside")

    assert bool(aside) is (state is not TextState.FULL)
    if error:
        assert "access is forbidden (403)" in words(aside[0])


def test_why_answers_for_an_address(filled: Store, visitor: Visitor) -> None:
    """The ledger answers for a known address, an unknown one, an item number, and nothing."""
    known = words(visitor.page(f"/why?url={samples.told(0).link}"))
    unknown = words(visitor.page("/why?url=https://nowhere.example/x"))
    number = words(visitor.page("/why?url=1"))

    assert "stored: read, scored and kept" in known
    assert "duplicate" in known
    assert "No feed has shown us this address." in unknown
    assert "stored" in number
    assert visitor.get("/why").status_code == 200


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("https://courier.example/2026/story-0", "/why?url=https%3A%2F%2Fcourier.example"),
        ("북한", "/?q=%EB%B6%81%ED%95%9C&state=all"),
        ("javascript://x", "/why?url=javascript"),
        ("", "/?state=all"),
        ("//evil.example", "/?q=%2F%2Fevil.example&state=all"),
    ],
)
def test_search_box_tells_words_from_addresses(visitor: Visitor, asked: str, place: str) -> None:
    """An address goes to the ledger, words to the list; never to another site."""
    answer = visitor.ask("GET", "/search", params={"q": asked})

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(place)


def test_page_without_a_store(filled: Store) -> None:
    """A dry run shows the same page, complete, without buttons that lead nowhere."""
    item = filled.items.get(1)
    assert item
    page = html.fromstring(entry_page(item, now=samples.NOW))

    assert words(find(page, "table.sum tfoot td.n")[0]) == str(item.score.score)
    assert not find(page, "form.decide")


def test_an_edit_that_lowers_the_band_is_said(store: Store, visitor: Visitor) -> None:
    """An item that was an alert before its outlet changed it says so, in the list and on its page.

    One that only rose, or never changed, says nothing of the kind.
    """
    story = samples.told(0)
    samples.publish(store, story, samples.told(1), at=samples.NOW - samples.DAY)
    milder = replace(story, title="Builders speak", text="Seven men spoke.")
    milder = replace(milder, score=samples.scored(milder.title, milder.text, ()))
    samples.revise(store, milder, at=samples.NOW)
    changed, other = store.items.get(1), store.items.get(2)
    listed = find(visitor.page("/"), "article.item")
    said = {one.get("id"): [words(peak) for peak in find(one, ".peak")] for one in listed}

    assert changed
    assert other
    assert (changed.peak, changed.score.decision) == (Band.ALERT, Band.REJECT)
    assert other.peak is other.score.decision
    assert said == {"i1": ["was alert before it was edited"], "i2": []}
    assert words(find(visitor.page("/items/1"), ".peak")[0]) == "was alert before it was edited"


@pytest.mark.parametrize(
    ("state", "notes", "language", "said"),
    [
        (TextState.TEASER, ("only the opening is free",), "en", []),
        (
            TextState.NO_FULL_TEXT,
            ("a consent page instead of the article",) * 2,
            "ru",
            ["вместо статьи страница с согласием на cookie"],
        ),
        (
            TextState.FEED,
            ("the feed's own text says more than the page's",),
            "ko",
            ["피드의 본문이 페이지보다 더 많은 것을 담고 있습니다"],
        ),
        (TextState.FULL, ("said by <b>a server</b>",), "ko", ["said by <b>a server</b>"]),
    ],
)
def test_how_good_the_text_is_is_said_in_words(
    store: Store,
    visitor: Visitor,
    state: TextState,
    notes: tuple[str, ...],
    language: str,
    said: list[str],
) -> None:
    """A text that is less than the article says so in the reader's words, each thing once."""
    samples.publish(store, samples.told(0, state=state, notes=notes))
    page = visitor.page("/items/1", accept_language=language)
    described = translations(language).gettext(TEXT_STATES[state])

    assert [words(line) for line in find(page, "section.text .aside")] == [
        " · ".join([described, *said])
    ]
