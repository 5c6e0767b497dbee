"""Search terms: what people take for the same word is the same term, in every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.analysis import GAP, LONGEST_TERM, MOST_REPEATS, bounded, folded, stem, terms

SAME = [
    ("рабочие рабочих рабочими рабочий рабочего", "рабоч"),
    ("Находка Находки Находке Находку Находкой", "находк"),
    ("паспорт паспорта паспортов паспортами", "паспорт"),
    ("компания компании компаний компанию", "компан"),
    ("Всё всё все ВСЕ", "все"),
    ("worker workers Workers' WORKER", "worker"),
    ("company companies", "compan"),
    ("confiscate confiscated confiscating confiscates confiscation", "confiscat"),
    ("ＭＯＫＲＡＮ Mokran mokran", "mokran"),
    ("cafe\u0301 café CAFÉ", "café"),
    ("Straße STRASSE strasse", "strass"),
    ("so\u00adci\u200bety society", "societ"),
]


@pytest.mark.parametrize(("words", "term"), SAME)
def test_forms_of_one_word_are_one_term(words: str, term: str) -> None:
    """Endings, letter case, width and invisible characters do not hide a word."""
    assert set(terms(words)) == {term}


@pytest.mark.parametrize(
    ("one", "other"), [("мир", "мера"), ("US", "use"), ("вода", "водка"), ("king", "kin")]
)
def test_short_words_keep_apart(one: str, other: str) -> None:
    """Too little is left of a short word to cut anything off."""
    assert list(terms(one)) != list(terms(other))


PAIRS = [
    ("북한", ["북한"]),
    ("노동자들이", ["노동", "동자", "자들", "들이"]),
    ("朝鲜劳工", ["朝鲜", "鲜劳", "劳工"]),
    ("労働者が", ["労働", "働者", "者が"]),
    ("ﾛｼｱで", ["ロシ", "シア", "アで"]),
    ("工", ["工"]),
    ("10명", ["10", "명"]),
    ("MOKRAN유한회사", ["mokran", "유한", "한회", "회사"]),
    (unicodedata.normalize("NFD", "북한"), ["북한"]),
]


@pytest.mark.parametrize(("text", "expected"), PAIRS)
def test_scripts_without_spaces_become_pairs(text: str, expected: list[str]) -> None:
    """A two-letter word is found inside a longer one, however the text is encoded."""
    assert list(terms(text)) == expected


@given(st.text(max_size=200))
def test_terms_are_letters_and_digits_of_bounded_length(text: str) -> None:
    """Whatever was typed, the engines see nothing that could be a sign of theirs."""
    for term in terms(text):
        # The blocks of Hangul, kana and Han hold a few code points that nobody has assigned.
        assert all(char.isalnum() or char >= "\u1100" for char in term)
        assert 0 < len(term) <= LONGEST_TERM
        assert "'" not in term


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    """A question made of a text's own letters meets the same terms."""
    assert folded(folded(text)) == folded(text)


@given(st.text(alphabet="абвгдеийоуыьюяхмв", min_size=1, max_size=12))
def test_a_stem_is_the_beginning_of_its_word(word: str) -> None:
    """Nothing is invented, and at least three letters stay."""
    assert word.startswith(stem(word))
    assert len(stem(word)) >= min(3, len(word))


def test_an_endless_repeat_keeps_its_places_only() -> None:
    """One word ten thousand times costs no more positions than an engine can keep."""
    kept = bounded("work " * 1000, 500)

    assert len(kept) == 500
    assert kept.count("work") == MOST_REPEATS
    assert set(kept) == {"work", GAP}
