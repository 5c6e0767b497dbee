"""Folding: one spelling for matching, and the way back to what was written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.folding import fold, folded

LETTERS = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("абвгёЁcеHКСсoаАﾛｼﾞｱ北朝鮮북한북ㄱé́­​‮﻿ﬁ㈱ＤＰ　\u00a0…–—’“ \t\n-"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "needle", "surface"),
    [
        ("ﾛｼｱで働く北朝鮮", "ロシア", "ﾛｼｱ"),
        ("ＭＯＫＲＡＮ ＬＬＣ", "mokran", "ＭＯＫＲＡＮ"),
        ("ﾊﾞｽ", "バス", "ﾊﾞｽ"),
        (
            unicodedata.normalize("NFD", "북한 노동자"),
            "노동자",
            unicodedata.normalize("NFD", "노동자"),
        ),
        ("Straße", "strasse", "Straße"),
        ("Учёба", "учеба", "Учёба"),
        (unicodedata.normalize("NFD", "Учёба"), "учеба", unicodedata.normalize("NFD", "Учёба")),
        ("Vladivo\u00adstok", "vladivostok", "Vladivo\u00adstok"),
        ("Nakho\u200bdka", "nakhodka", "Nakho\u200bdka"),
        ("\u200fВсё\u200e", "все", "Всё\u200e"),
        ("Cевеpная Корея", "северная корея", "Cевеpная Корея"),
        ("Моkran LLC", "mokran", "Моkran"),
        ("North\u2011Korean", "north korean", "North\u2011Korean"),
        ("North   Korean", "north korean", "North   Korean"),
        ("North\r\nKorean", "north korean", "North\r\nKorean"),
        ("Workers\u2019 Party", "workers' party", "Workers\u2019 Party"),
        ("中・ロ", "中 ロ", "中・ロ"),
    ],
)
def test_folded_word_leads_back_to_what_was_written(text: str, needle: str, surface: str) -> None:
    """Every spelling folds to the term's, and its slice is what the source wrote."""
    plain = fold(text)
    at = plain.text.index(needle)
    start, end = plain.span(at, at + len(needle))
    assert text[start:end].strip("\u200f") == surface.strip("\u200f")


@given(LETTERS)
def test_offsets_never_leave_the_text(text: str) -> None:
    """For any text each folded character comes from a slice of it, and slices never go back."""
    plain = fold(text)
    before = 0
    for index in range(len(plain.text)):
        start, end = plain.span(index, index + 1)
        assert 0 <= start < end <= len(text)
        assert start >= before
        before = start


@given(LETTERS)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    """Folding is idempotent, so that terms and texts meet in the same form."""
    once = folded(text)
    assert folded(once) == once


@given(LETTERS)
def test_fast_and_careful_ways_agree(text: str) -> None:
    """A letter that needs care elsewhere in the text must not change how the rest is folded."""
    alone = folded(text)
    beside = fold(f"{text} ﾛ").text.split()
    assert list(alone.split()) == beside[: len(alone.split())]


def test_words_of_one_alphabet_are_left_alone() -> None:
    """Look-alikes are put right only inside a word that mixes alphabets."""
    assert folded("cop сор") == "cop сор"
