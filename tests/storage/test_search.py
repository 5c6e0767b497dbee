"""Search in five languages, on every engine with the same answers; no question is an error."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from builders import HOUR, NOW, a_decision, a_feed, a_read_entry, an_article, an_entry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storesteps import keep, lease, pending, poll

from monitor.core.reports import QueueFilter
from monitor.core.values import Band
from store import Store

DAY = timedelta(days=1)

TEXTS = {
    1: "North Korean workers in Vladivostok had their passports confiscated by the company.",
    2: "Северокорейских рабочих вернули из Находки во Владивосток. Всё ещё ждут зарплату.",
    3: "북한 노동자들이 러시아 블라디보스토크 건설 현장에서 일하고 있다.",
    4: "北朝鮮の労働者がウラジオストクの建設現場で働いている。",
    5: "朝鲜劳工在符拉迪沃斯托克的建筑工地工作。",
    6: "ﾛｼｱで働く北朝鮮労働者 ＭＯＫＲＡＮ LLC, multi-agent (10명).",
    7: "Workers of another country took the passports of nobody; Mokran was not there.",
}
LANGS = {1: "en", 2: "ru", 3: "ko", 4: "ja", 5: "zh", 6: "ja", 7: "en"}


def fill(store: Store) -> None:
    """Keep one item for each text; the titles are numbers, so that only the text is found."""
    store.feeds.sync([a_feed(1), a_feed(2, country="KR")], NOW)
    for number, text in TEXTS.items():
        keep(
            store,
            an_entry(number, title=f"Notiz {number}"),
            number=2 if number == 3 else 1,
            text=text,
            lang=LANGS[number],
            now=NOW + number * DAY,
        )


def found(store: Store, asked: str) -> list[int]:
    """Return the numbers of the items that answer a question, in order."""
    page = store.items.queue(QueueFilter(search=asked, limit=500))
    assert page.total == len(page.items)
    return sorted(int(item.title.split()[1]) for item in page.items)


QUESTIONS: list[tuple[str, list[int]]] = [
    ("workers", [1, 7]),
    ("worker", [1, 7]),
    ("WORKERS passport", [1, 7]),
    ("рабочие", [2]),
    ("находка", [2]),
    ("все", [2]),
    ("Зарплата", [2]),
    ("북한", [3]),
    ("노동자", [3]),
    ("동자들", [3]),
    ("현장", [3]),
    ("北朝鮮", [4, 6]),
    ("労働者", [4, 6]),
    ("現場", [4]),
    ("ロシア", [6]),
    ("劳工", [5]),
    ("工地", [5]),
    ("朝鲜", [5]),
    ("工", [5]),
    ("mokran", [6, 7]),
    ("multi-agent", [6]),
    ("multi agent", [6]),
    ("10", [6]),
    ('"passports confiscated"', [1]),
    ('"confiscated passports"', []),
    ('"建設現場"', [4]),
    ("confiscated passports", [1]),
    ("passports -confiscated", [7]),
    ('workers -"another country"', [1]),
    ("-workers", [2, 3, 4, 5, 6]),
    ("vladi*", [1]),
    ("passp* vladi*", [1]),
    ("влади*", [2]),
    ("lang:ja", [4, 6]),
    ("lang:ja mokran", [6]),
    ("-lang:ja mokran", [7]),
    ("lang:xx", []),
    ("feed:feed-2", [3]),
    ("country:kr", [3]),
    ("after:2026-11-30", [6, 7]),
    ("before:2026-11-26", [1]),
    ("after:2026-11-26 before:2026-11-28 labour", []),
    ("after:2026", [1, 2, 3, 4, 5, 6, 7]),
    ("after:2026-13-45", []),
    ("title:notiz", [1, 2, 3, 4, 5, 6, 7]),
    ("title:workers", []),
    ('title:"notiz 3"', [3]),
    ("unknown:mokran", []),
    ("https://mokran", []),
    ("", [1, 2, 3, 4, 5, 6, 7]),
    ("   ", [1, 2, 3, 4, 5, 6, 7]),
    ("!?", []),
    ('"', []),
    ("*", []),
    ("-", []),
]


def test_questions_find_what_they_should(store: Store) -> None:
    """Words, two-letter words, phrases, exclusions, beginnings and fields, in five languages."""
    fill(store)

    answers = {asked: found(store, asked) for asked, _expected in QUESTIONS}

    assert answers == dict(QUESTIONS)


def test_a_new_text_is_found_and_the_old_one_is_not(store: Store) -> None:
    """The index follows the text that the item has now."""
    store.feeds.sync([a_feed()], NOW)
    keep(store, an_entry(1, title="Notiz 1"), text="Passports were taken.")
    (known,) = store.polling.known_entries(lease(store).key, ["guid-1"])
    poll(
        store,
        a_decision(an_entry(1, title="Notiz 1", summary="x"), known=known),
        finished_at=NOW + HOUR,
    )
    (one,) = pending(store, now=NOW + HOUR)
    article = an_article(title="Notiz 1", text="Wages were kept back.")
    store.polling.save_read([a_read_entry(one, article=article)], NOW + HOUR)

    assert found(store, "wages") == [1]
    assert found(store, "passports") == []


def test_a_duplicate_is_not_found_twice(store: Store) -> None:
    """One article in two feeds is one answer."""
    store.feeds.sync([a_feed(1), a_feed(2)], NOW)
    keep(store, an_entry(1, title="Notiz 1"), text="Passports were taken.")
    keep(store, an_entry(1, title="Notiz 1"), number=2, text="Passports were taken.")

    assert found(store, "passports") == [1]


def test_the_index_can_be_built_anew(store: Store) -> None:
    """After a change of the analyser every item is found as before."""
    fill(store)
    before = {asked: found(store, asked) for asked, _expected in QUESTIONS}

    assert store.search.rebuild(step=3) == len(TEXTS)

    assert {asked: found(store, asked) for asked, _expected in QUESTIONS} == before


def test_search_goes_with_the_other_filters(store: Store) -> None:
    """A question narrows the list that the filters give."""
    fill(store)
    wanted = QueueFilter(search="mokran", langs=("ja",), bands=(Band.QUEUE,))

    assert [item.title for item in store.items.queue(wanted).items] == ["Notiz 6"]


def test_long_texts_and_long_questions_are_fine(store: Store) -> None:
    """A book as an article, an article as a question, and one word ten thousand times."""
    store.feeds.sync([a_feed()], NOW)
    book = " ".join(f"word{number % 7000}" for number in range(30_000))
    keep(store, an_entry(1, title="Notiz 1"), text=book + " " + "labour " * 10_000)

    assert found(store, "word6999") == [1]
    assert found(store, '"word10 word11 word12"') == [1]
    assert found(store, book) == [1]
    assert found(store, "x" * 100_000) == []


HOSTILE = [
    *("multi-agent", '"', '""', "a'b", "AND", "OR", "NOT", "NEAR", "*", "**", "foo:bar", "title:"),
    *('title:"', "{title}", "^a", "a^2", "(", ")", "()", "a AND", "-", "--", "-*", '-"', "a:b:c"),
    *("'; DROP TABLE item; --", "' OR '1'='1", "%", "_", "\\", "\x00", "a\x00b", "\ud800"),
    *("'a':*A & 'b'", "<->", "|", "&", "!", "!!a", "a:*", ":*", "\uffff", "\u202eabc", "𝔸", "🙂"),
    *("ﷺ", "ﬁ", "İ", "👩\u200d👧", "é" * 300, "a" * 5000, "북" * 3000, "lang:", "lang:\ud800"),
    *("after:", "after:9999", "after:٢٠٢٦", "after:99999999999", "before:0000-00-00", "feed:'"),
    *("country:\x00", "lang:\x00", "feed:\x00", "lang:" + "x" * 5000),
]
PIECES = [text[place : place + 9] for text in TEXTS.values() for place in range(0, 40, 3)]


def test_no_question_is_an_error(store: Store) -> None:
    """Signs of the engines, of SQL and broken text are all just questions."""
    fill(store)

    for asked in HOSTILE:
        found(store, asked)


def test_naughty_strings_are_questions_like_others(store: Store) -> None:
    """The public list of strings that break programs (515 of them) breaks nothing here (G23)."""
    folder = os.environ.get("MONITOR_SUITES")
    if not folder:
        pytest.skip("NOT TESTED WITH THE NAUGHTY STRINGS: MONITOR_SUITES names no folder")
    fill(store)
    asked = json.loads(Path(folder, "naughty-strings", "blns.json").read_text(encoding="utf-8"))

    for one in asked:
        found(store, one)

    assert len(asked) > 500


@given(asked=st.text(max_size=60))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_random_question_is_an_error(memory_store: Store, asked: str) -> None:
    """Any text at all can be asked."""
    memory_store.items.queue(QueueFilter(search=asked))


def test_both_engines_give_the_same_answers(memory_store: Store, postgres_store: Store) -> None:
    """A team that moves to PostgreSQL finds what it found before, whatever it asks."""
    for store in (memory_store, postgres_store):
        fill(store)
    alphabet = sorted(set("".join(TEXTS.values()) + '"-*: '))

    @given(asked=st.text(alphabet=alphabet, max_size=12))
    @settings(max_examples=150, deadline=None, database=None)
    def same(asked: str) -> None:
        assert found(memory_store, asked) == found(postgres_store, asked)

    same()
    for asked in [
        *HOSTILE,
        *(text[place : place + 9] for text in TEXTS.values() for place in range(0, 40, 3)),
    ]:
        assert found(memory_store, asked) == found(postgres_store, asked), asked
