"""The term engine: which sentences hold which of our words, in five writing systems."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rulebooks import shipped

from monitor.core.folding import fold
from monitor.core.terms import (
    Lexicon,
    Term,
    WordCount,
    end_of_lead,
    english_forms,
    spelling,
)

TABLE = Path(__file__).with_name("term_sentences.txt")


def cases() -> list[tuple[bool, str, str | None, str]]:
    """Return (found, entity, surface, sentence) for each line of the table."""
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith(("+", "-")):
            head, sentence = line[1:].split("|", 1)
            entity, _, surface = head.partition("=")
            found.append((line[0] == "+", entity.strip(), surface.strip() or None, sentence[1:]))
    return found


def surfaces(entity: str, sentence: str) -> list[str]:
    """Return what the shipped lexicon finds of one entity, as written in the sentence."""
    return [
        sentence[hit.start : hit.end]
        for hit in shipped().lexicon.hits(sentence)
        if hit.entity == entity
    ]


def test_table_is_large_enough() -> None:
    """The table must hold at least 250 sentences, with enough that must not be found."""
    table = cases()
    assert len(table) >= 250
    assert sum(not found for found, *_ in table) >= 60


@pytest.mark.parametrize(("found", "entity", "surface", "sentence"), cases())
def test_sentence(found: bool, entity: str, surface: str | None, sentence: str) -> None:
    """A sentence holds an entity exactly when its words do, and the surface is the source's."""
    hits = surfaces(entity, sentence)
    if surface is None:
        assert bool(hits) == found
    else:
        assert surface in hits


@pytest.mark.parametrize(
    ("entity", "sentence"),
    [(entity, sentence) for found, entity, _, sentence in cases() if found],
)
def test_decomposed_letters_are_found_too(entity: str, sentence: str) -> None:
    """Text saved on a Mac (NFD) holds the same words, and slices of it are reported."""
    decomposed = unicodedata.normalize("NFD", sentence)
    assert surfaces(entity, decomposed)


@given(st.text(max_size=300), st.sampled_from([sentence for *_, sentence in cases()]))
def test_hits_are_slices_in_order(noise: str, sentence: str) -> None:
    """Whatever surrounds a sentence, hits lie in the text, in order, and fold to their terms."""
    text = f"{noise} {sentence} {noise}"
    lexicon = shipped().lexicon
    hits = lexicon.hits(text)
    assert [hit.start for hit in hits] == sorted(hit.start for hit in hits)
    for hit in hits:
        assert 0 <= hit.start < hit.end <= len(text)
        term = lexicon.terms[hit.term]
        surface = "".join(fold(text[hit.start : hit.end]).text.split())
        assert any("".join(form.split()) in surface for form in term.forms)


@pytest.mark.parametrize(
    ("written", "forms"),
    [
        ("worker", ("worker", "workers")),
        ("agency", ("agency", "agencies")),
        ("boss", ("boss", "bosses")),
        ("boy", ("boy", "boys")),
        ("Resolution 2397", ("resolution 2397",)),
        ("North-Korean", ("north korean", "north koreans")),
    ],
)
def test_english_plurals(written: str, forms: tuple[str, ...]) -> None:
    """English terms are found in the plural; numbers have none."""
    assert english_forms(written) == forms


@pytest.mark.parametrize(
    ("written", "text", "cased", "exact", "whole", "left", "right"),
    [
        ("slave*", "slave", False, False, False, False, True),
        ("*worker", "worker", False, False, False, True, False),
        ("cs:NK", "NK", True, False, False, False, False),
        ("word:北", "北", False, False, True, False, False),
        ("cs:exact:Наход*", "Наход", True, True, False, False, True),
    ],
)
def test_spelling_marks(
    written: str, text: str, cased: bool, exact: bool, whole: bool, left: bool, right: bool
) -> None:
    """Prefixes and stars are read in any combination and are no part of the term."""
    found = spelling(written)
    assert found.text == text
    assert (found.cased, found.exact, found.whole) == (cased, exact, whole)
    assert (found.open_left, found.open_right) == (left, right)


def lexicon(*terms: tuple[str, str], exceptions: tuple[tuple[str, str], ...] = ()) -> Lexicon:
    """Return a lexicon of plain terms."""
    plain = [Term(entity=name, written=text, forms=(text,)) for name, text in terms]
    plain += [
        Term(entity=name, written=text, forms=(text,), is_exception=True)
        for name, text in exceptions
    ]
    return Lexicon(plain)


def test_longest_hit_of_an_entity_wins() -> None:
    """Inside one entity the longer term stands for both; another entity keeps its own hit."""
    hits = lexicon(("a", "forced labor"), ("a", "labor"), ("b", "labor")).hits("forced labor")
    assert [(hit.entity, hit.start, hit.end) for hit in hits] == [("a", 0, 12), ("b", 7, 12)]


def test_exception_silences_only_its_entity_and_only_inside() -> None:
    """A hit inside an exception is dropped, one beside it stays, other entities are untouched."""
    found = lexicon(("a", "북한"), ("b", "북한"), exceptions=(("a", "북한산"),)).hits(
        "북한산과 북한"
    )
    assert [(hit.entity, hit.start) for hit in found] == [("b", 0), ("a", 5), ("b", 5)]


def test_empty_lexicon_finds_nothing() -> None:
    """A rulebook without terms is no error."""
    assert Lexicon([]).hits("North Korea") == []


def test_katakana_word_must_stand_alone_when_short() -> None:
    """ビザ (visa) is not found inside another katakana word; a long word may be joined."""
    small = lexicon(("visa", "ビザ"))
    assert small.hits("ビザを取る")
    assert not small.hits("エリザビザン")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("朝鲜工人在俄罗斯", 4),
        ("ロシアで働く", 3),
        ("four words in Latin", 3),
        ("북한 노동자들이 러시아에서", 2),
        ("", 0),
    ],
)
def test_words_are_counted_alike_in_dense_scripts(text: str, count: int) -> None:
    """Two Han or kana characters make a word, elsewhere a space begins one."""
    assert WordCount(text).before(len(text)) == count


@pytest.mark.parametrize(
    ("text", "words", "lead"),
    [
        ("seven letters here, and then more", 2, "seven letters "),
        ("short", 50, "short"),
        ("가나다라 마바사아 자차", 4, "가나다라 마바사아 "),
        ("朝鲜工人在俄罗斯的工地干活", 3, "朝鲜工人在俄"),
    ],
)
def test_a_lead_says_as_much_in_any_script(text: str, words: int, lead: str) -> None:
    """Letters are counted, five a word; a block of a dense script counts for two and a half."""
    assert text[: end_of_lead(text, words)] == lead
