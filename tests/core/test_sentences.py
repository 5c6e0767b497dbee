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
        ("В г. Находка тихо. Стройка стоит.", ["В г. Находка тихо.", "Стройка стоит."]),
        ("노동자가 왔다. 그는 말했다.", ["노동자가 왔다.", "그는 말했다."]),
        ("労働者が来た。「帰りたい」と話した。", ["労働者が来た。", "「帰りたい」と話した。"]),
        ("工人来了！他们想回家。", ["工人来了！", "他们想回家。"]),
        ("Title\nBody text", ["Title", "Body text"]),
        ("He left in 2019.\n\n533.\n\nIt rained.", ["He left in 2019.", "533.", "It rained."]),
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


@pytest.mark.parametrize(
    "parts",
    [
        ["Workers in the U.S. were sent home.", "The U.S. Treasury said so.", "He left."],
        ["Mr. Kim paid $3.5 to Dr. Lee of Mokran Co. in 2017.", "Nobody knows why!", "Really?"],
        ["J. Smith met Г. Иванов.", "They spoke."],
        ["В 2017 г. в г. Владивосток прибыли рабочие.", "Они жили на ул. Ленина, д. 5."],
        ["Это было в 2017 г.", "Рабочие получали 500 руб. в день.", "Осталось 300 руб.", "Всё."],
        ["노동자들이 도착했다.", "“끝났다.”", "그는 3.5달러를 받았다."],
        ["労働者が来た。", "彼らは「帰りたい。」と言った。", "本当？！", "終わり"],
        ["労働者が来た。", "とても暑い日だった。", "「帰りたい。」", "ときどき話す。"],
        ["朝鲜劳工抵达。", "他们说：“我们想回家。”", "完。"],
        ["At 5 p.m. the men left.", "They came back at 8 p.m.", "Then it rained…"],
        ["1. Passports are taken.", "2. Phones are taken."],
        ["В 2017 г. Совбез ООН принял резолюцию 2397.", "Её исполнили."],
        ["В декабре 2017 г. Москва согласилась.", "С 1 января 2018 г. Роструд начал проверки."],
        ["Стройка на ул. Ленина, д. 5, стоит.", "Рабочие уехали."],
        ["Рабочие уехали в 2019 г.", "Они вернутся."],
        ["Там работают строители, маляры и др.", "Все они из КНДР."],
        ["Паспорта, телефоны и т. д.", "Вернули не всё."],
        ["He said no.", "Workers left."],
        ["See No. 5 of the list.", "And Art. 7."],
        ["Plan B.", "The workers stayed."],
        ["The U.S.", "The end."],
        ["G. K. Chesterton met A.B. Smith.", "Both left."],
        ["That costs 5 млн. долл. США в год.", "Он ушёл."],
    ],
    ids=lambda one: one[0][:20],
)
def test_sentences_are_told_apart_in_five_languages(parts: list[str]) -> None:
    """Abbreviations, initials, decimals, list numbers and quoted stops end no sentence."""
    is_dense = any("\u3000" <= char <= "\u9fff" for char in parts[0])
    text = ("" if is_dense else " ").join(parts)
    assert [text[part.start : part.end] for part in sentences(text)] == parts


@given(st.text(alphabet=st.sampled_from("aB. \n。!?”“«»」と…Яг한朝。\t,01"), max_size=200))
def test_nothing_is_lost_and_nothing_said_twice(text: str) -> None:
    """Sentences are in order, do not overlap, and hold every visible character."""
    parts = sentences(text)
    covered = "".join(text[part.start : part.end] for part in parts)
    assert "".join(covered.split()) == "".join(text.split())
    for one, other in itertools.pairwise(parts):
        assert one.end <= other.start
    assert all(text[part.start : part.end].strip() != "" for part in parts)


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
