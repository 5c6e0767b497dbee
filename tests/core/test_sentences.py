"""Sentences: where one ends, what is a line of its own, what is no part of the report."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.sentences import LONGEST, sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("N. Korea sent men. They left.", ["N. Korea sent men.", "They left."]),
        (
            "The U.S. Treasury spoke on Jan. 16. It was clear.",
            ["The U.S. Treasury spoke on Jan. 16.", "It was clear."],
        ),
        ("Mr. Kim left! Who saw it? Nobody.", ["Mr. Kim left!", "Who saw it?", "Nobody."]),
        ("He said: “It is over.” They left.", ["He said: “It is over.”", "They left."]),
        ("Рабочие уехали в 2019 г. Они вернутся.", ["Рабочие уехали в 2019 г. Они вернутся."]),
        ("В г. Находка тихо. Стройка стоит.", ["В г. Находка тихо.", "Стройка стоит."]),
        ("노동자가 왔다. 그는 말했다.", ["노동자가 왔다.", "그는 말했다."]),
        ("労働者が来た。「帰りたい」と話した。", ["労働者が来た。", "「帰りたい」と話した。"]),
        ("工人来了！他们想回家。", ["工人来了！", "他们想回家。"]),
        ("Title\nBody text", ["Title", "Body text"]),
        ("wrapped lines go\non in lower case.", ["wrapped lines go\non in lower case."]),
        ("a list\n\nnew paragraph", ["a list", "new paragraph"]),
        ("version 1.5 costs 3.50 dollars", ["version 1.5 costs 3.50 dollars"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    """Full stops of abbreviations end nothing; line breaks do, unless a line only wraps."""
    assert [text[part.start : part.end] for part in sentences(text)] == parts


@given(st.text(alphabet=st.sampled_from("aB. \n。!?”“«»Я한朝。\t,0"), max_size=200))
def test_nothing_is_lost_and_nothing_said_twice(text: str) -> None:
    """Sentences are in order, do not overlap, and hold every visible character."""
    parts = sentences(text)
    covered = "".join(text[part.start : part.end] for part in parts)
    assert "".join(covered.split()) == "".join(text.split())
    for one, other in itertools.pairwise(parts):
        assert one.end <= other.start


def test_an_endless_sentence_is_cut() -> None:
    """A list without full stops does not make everything near everything."""
    assert max(part.end - part.start for part in sentences("word " * 1000)) <= LONGEST


def test_a_heading_called_comments_near_the_top_is_navigation() -> None:
    """Only far down does such a word begin the readers' part."""
    text = "Comments\n\n" + "The workers spoke of their wages at length. " * 10
    assert [part.silent for part in sentences(text)].count(True) == 0


def test_a_teaser_list_ends_where_prose_begins_again() -> None:
    """After "read also" headlines are passed over until a line is a sentence."""
    teasers = "Read also\nNorth Korean workers flee\nMore from Russia\n"
    text = f"A report of some length.\n\n{teasers}The report goes on here."
    assert [part.silent for part in sentences(text)] == [False, True, True, True, False]
