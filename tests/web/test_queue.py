"""The queue: what waits, why it is there, and one press a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web import samples
from web.visitors import Visitor, find, tree, words

from monitor.core.values import Band, ItemState, Verdict
from store import Store


def titles(page: object) -> list[str]:
    """Return the titles that a page lists, in order."""
    return [words(one) for one in find(page, "article.item h2")]  # type: ignore[attr-defined]


def state_of(store: Store, key: int) -> ItemState:
    """Return the state of an item that must be there."""
    item = store.items.get(key)
    assert item
    return item.state


def test_queue_lists_what_waits_best_first(filled: Store, visitor: Visitor) -> None:
    """Every undecided item of the bands queue to alert is listed, best score first."""
    samples.publish(filled, samples.told(40), samples.told(41))
    counts = filled.items.counts()
    waiting = sum(counts.by_band[band] for band in (Band.QUEUE, Band.DIGEST, Band.ALERT))
    pages = [visitor.page(f"/?page={number}") for number in range(1, 2 + (waiting - 1) // 30)]
    points = [one for page in pages for one in find(page, "article.item > .score .points")]
    seen = [int(words(one)) for one in points]

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == waiting > 30


def test_why_line_glosses_foreign_words_and_gives_points(store: Store, visitor: Visitor) -> None:
    """The Why line shows the words found, their English gloss and the points they gave."""
    samples.publish(store, samples.told(2))
    line = words(find(visitor.page("/"), "article.item .why")[0])

    assert "북한 노동자들 North Korean workers +30" in line
    assert "나홋카 Nakhodka +10" in line


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?band=alert", {"alert"}),
        ("?band=queue", {"queue"}),
        ("?band=reject", {"not shown"}),
        ("?band=nonsense", {"alert", "digest", "queue"}),
    ],
)
def test_band_filter(filled: Store, visitor: Visitor, query: str, expected: set[str]) -> None:
    """A band shows its items alone; a band that does not exist counts as not given."""
    bands = {
        words(band)
        for number in (1, 2)
        for band in find(visitor.page(f"/{query}&page={number}"), "article.item > .score .band")
    }

    assert bands == expected


def test_language_and_feed_filters(filled: Store, visitor: Visitor) -> None:
    """A language shows its items alone; a feed also those that it showed second."""
    korean = visitor.page("/?lang=ko")
    walled = visitor.page("/?feed=walled")

    assert {one.get("lang") for one in find(korean, "article.item h2 bdi")} == {"ko"}
    assert titles(walled) == [samples.told(0).title]


@pytest.mark.parametrize(
    ("button", "verdict", "teach", "state"),
    [
        ("relevant", Verdict.RELEVANT, False, ItemState.RELEVANT),
        ("irrelevant", Verdict.IRRELEVANT, False, ItemState.IRRELEVANT),
        ("escalate", Verdict.ESCALATE, False, ItemState.ESCALATED),
        ("teach", Verdict.RELEVANT, True, ItemState.RELEVANT),
        ("teach-irrelevant", Verdict.IRRELEVANT, True, ItemState.IRRELEVANT),
    ],
)
def test_one_press_decides(
    store: Store,
    visitor: Visitor,
    button: str,
    verdict: Verdict,
    teach: bool,
    state: ItemState,
) -> None:
    """A button keeps its decision with name and time, and the item leaves the queue."""
    samples.publish(store, samples.told(0))
    visitor.post("/you", {"name": "Mina Han"})
    answer = visitor.post("/items/1/verdict", {"decision": button})
    (line,) = store.verdicts.history(1)

    assert answer.status_code == 303
    assert (line.verdict, line.teach, line.actor, line.given_at) == (
        verdict,
        teach,
        "Mina Han",
        samples.NOW,
    )
    assert state_of(store, 1) is state
    assert titles(visitor.page("/")) == []


def test_after_a_decision_the_next_item_is_named(filled: Store, visitor: Visitor) -> None:
    """The answer leads to the item that stood next, on the same filtered page."""
    page = visitor.page("/?band=alert")
    first, second = find(page, "article.item")[:2]
    form = find(first, "form.decide")[0]
    answer = visitor.post(form.action, {**dict(form.fields), "decision": "irrelevant"})

    assert answer.headers["location"].startswith("/?band=alert&done=")
    assert answer.headers["location"].endswith(f"#{second.get('id')}")


def test_undo_from_the_page_and_by_key_alone(filled: Store, visitor: Visitor) -> None:
    """Undo takes back the decision it stands beside; without one, this person's last."""
    answer = visitor.post("/items/1/verdict", {"decision": "relevant"})
    page = visitor.page(answer.headers["location"].partition("#")[0])
    undo = find(page, "form[action='/undo'] button")[0]
    visitor.post("/undo", {"verdict": undo.get("value")})
    after_first = state_of(filled, 1)
    visitor.post("/items/2/verdict", {"decision": "relevant"})
    answer = visitor.post("/undo", {})
    after_second = state_of(filled, 2)

    assert (after_first, after_second) == (ItemState.NEW, ItemState.NEW)
    assert answer.headers["location"] == "/#i2"
    assert visitor.post("/undo", {}).headers["location"] == "/"


def test_claims_are_seen_and_kept_apart(
    filled: Store, clock: samples.FixedClock, visiting: Callable[..., Visitor]
) -> None:
    """A claim is one person's for half an hour; another cannot take it or give it back."""
    mina, oleg = visiting(), visiting()
    mina.post("/you", {"name": "Mina"})
    oleg.post("/you", {"name": "Oleg"})
    mina.post("/items/1/claim", {"claim": "yes"})
    lost = oleg.post("/items/1/claim", {"claim": "yes"})
    oleg.post("/items/1/claim", {"claim": "no"})
    held = state_of(filled, 1)
    rows = [
        find(one.page("/?state=claimed&band=reject"), "article.item")[0] for one in (mina, oleg)
    ]
    seen = [words(find(row, ".held")[0]) for row in rows]
    buttons = [[one.get("value") for one in find(row, "form.claim button")] for row in rows]
    theirs = [
        len(find(one.page("/?state=mine&band=reject"), "article.item")) for one in (mina, oleg)
    ]
    mina.post("/items/1/claim", {"claim": "no"})
    given_back = state_of(filled, 1)

    assert seen == [
        "You have claimed it until 25 Nov 2026, 09:30 UTC",
        "Mina has claimed it until 25 Nov 2026, 09:30 UTC",
    ]
    assert buttons == [["no"], []]
    assert (held, given_back) == (ItemState.CLAIMED, ItemState.NEW)
    assert lost.status_code == 409
    assert "Mina has claimed it until 25 Nov 2026, 09:30 UTC" in words(tree(lost))
    assert theirs == [1, 0]


@pytest.mark.parametrize(
    ("words_asked", "expected"),
    [
        ("북한", {2}),
        ("여권", {2}),
        ("朝鲜", {4}),
        ("賃金", {3}),
        ("паспорт", {1}),
        ("passports lawyer", {0}),
        ('"housing estate"', {0}),
        ("조선소", {7}),  # stopped by the rules, and found all the same
        ("nowhere-at-all", set()),
    ],
)
def test_search_finds_words_of_five_languages(
    store: Store, visitor: Visitor, words_asked: str, expected: set[int]
) -> None:
    """Words are found in whatever language and band, two-letter ones and inflected ones too."""
    samples.publish(store, *map(samples.told, range(8)))
    answer = visitor.ask("GET", "/search", params={"q": words_asked})
    page = visitor.page(answer.headers["location"])

    assert set(titles(page)) == {samples.told(number).title for number in expected}


@given(asked=st.text(max_size=80))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_can_be_searched_for(filled: Store, visitor: Visitor, asked: str) -> None:
    """No text in the search box gives an error."""
    assert visitor.ask("GET", "/", params={"q": asked, "state": "all"}).status_code == 200


def test_a_claim_runs_out(
    filled: Store, clock: samples.FixedClock, visiting: Callable[..., Visitor]
) -> None:
    """After half an hour the item reads as free, is nobody's, and somebody else may claim it."""
    mina, oleg = visiting(), visiting()
    mina.post("/you", {"name": "Mina"})
    oleg.post("/you", {"name": "Oleg"})
    mina.post("/items/1/claim", {"claim": "yes"})
    clock.at += timedelta(minutes=31)
    rows = find(oleg.page("/?state=claimed&band=reject"), "article.item")
    mine = find(mina.page("/?state=mine&band=reject"), "article.item")
    page = oleg.page("/items/1")
    answer = oleg.post("/items/1/claim", {"claim": "yes"})

    assert (rows, mine) == ([], [])
    assert words(find(page, ".decide .state")[0]) == "undecided"
    assert answer.status_code == 303


def test_the_last_page_may_empty(filled: Store, visitor: Visitor) -> None:
    """A page number beyond the end shows the last page, not an empty one."""
    assert titles(visitor.page("/?page=9999")) == titles(visitor.page("/?page=2"))
    assert titles(visitor.page("/?page=99999999999999999999")) == titles(visitor.page("/"))


def test_empty_queue_says_what_to_do(visitor: Visitor) -> None:
    """An empty queue is told apart from a filter that fits nothing."""
    assert "Nothing waits for a decision." in words(find(visitor.page("/"), "main")[0])
    assert "Nothing here matches" in words(find(visitor.page("/?lang=ko"), "main")[0])


def test_decisions_on_what_does_not_exist(filled: Store, visitor: Visitor) -> None:
    """No item, no decision of that name: 404, and nothing is kept."""
    answers = [
        visitor.post("/items/99999/verdict", {"decision": "relevant"}),
        visitor.post("/items/1/verdict", {"decision": "delete"}),
        visitor.post("/items/1/verdict", {}),
        visitor.post("/items/x/verdict", {"decision": "relevant"}),
        visitor.post("/items/99999/claim", {}),
        visitor.post("/items/99999/note", {"note": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert filled.verdicts.recent() == []


def test_title_is_shown_in_its_own_language(store: Store, visitor: Visitor) -> None:
    """Titles stay original and carry their language, so that the right letters are drawn."""
    samples.publish(store, *[replace(samples.told(n)) for n in (1, 2, 3, 4)])
    found = {one.get("lang") for one in find(visitor.page("/"), "article.item h2 bdi")}

    assert found == {"ru", "ko", "ja", "zh"}
