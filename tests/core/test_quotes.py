"""A quotation is a piece of the source, with its matched words marked at the right places."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tellings import an_item, found_in, sample_items

from monitor.core.quotes import QUOTE_LENGTH, quote, reasons
from monitor.core.values import Item, Match

WORDS = [("passports", "coercion", "coercion", 20, "passports")]


def shown(item: Item) -> str:
    """Return a quotation as the text part shows it."""
    return "".join(
        (f"*{piece.text}*" if piece.is_match else piece.text)
        + (f" [{piece.gloss}]" if piece.gloss else "")
        for piece in quote(item)
    )


def test_the_sentence_with_most_points_is_quoted() -> None:
    """The reader sees the sentence that says why, not the first one."""
    item = an_item(text="It rained. Their passports were taken. All ended.", words=WORDS)

    assert shown(item) == "Their *passports* were taken."


def test_without_a_match_in_the_text_the_first_sentence_is_quoted() -> None:
    """A title match alone still gives the reader a sentence to judge by."""
    item = an_item(text="It rained. All ended.")

    assert shown(item) == "It rained."


def test_foreign_words_are_glossed_once_and_english_ones_not() -> None:
    """A gloss is for words that the reader may not read; repeating it only disturbs."""
    first = sample_items()[0]

    assert shown(first) == (
        "*Паспорта* [passports] у *рабочих* [workers] из *Северной Кореи* [North Korea] забрал "
        "начальник бригады, а *заработок* [wages] они не видели полгода."
    )
    assert "[" not in shown(an_item(text="Their passports.", words=WORDS))


def test_an_item_without_text_has_no_quotation() -> None:
    """Nothing is invented where the source said nothing."""
    assert quote(an_item(text="")) == ()
    assert quote(an_item(text="  \n ")) == ()


def test_reasons_say_what_each_rule_found_together() -> None:
    """The why line begins with what counted most and names nothing twice."""
    assert reasons(sample_items()[1]) == (
        "North Korean workers", "escape + passports", "Vladivostok",
    )  # fmt: skip


def test_partners_of_a_match_are_named_and_weigh_with_it() -> None:
    """The first hit of a rule carries the points; what it stood near belongs to the reason."""
    near = [
        Match(rule="nk-workers", points=40, field="text", label="North Korea", start=0, end=1),
        Match(rule="nk-workers", points=0, field="text", label="workers", start=2, end=3),
        Match(rule="place", points=9, field="title", label="Nakhodka", start=0, end=1),
        Match(rule="place", points=0, field="title", label="workers", start=2, end=3),
        Match(rule="sport", points=-20, field="text", label="football", start=4, end=5),
        Match(rule="cap", points=-3),
    ]
    item = an_item()
    item = replace(item, score=replace(item.score, matches=tuple(near)))

    assert reasons(item) == ("North Korea + workers", "Nakhodka")


def test_words_that_were_found_in_the_title_are_marked_in_the_quotation() -> None:
    """A match names a word's first place; the reader sees it wherever it stands."""
    item = an_item(
        title="Passports taken",
        text="Police came at night. All Passports were in a safe, and passportsize photographs.",
        words=[("Passports", "coercion", "coercion", 20, "passports")],
    )

    assert shown(item) == "All *Passports* were in a safe, and passportsize photographs."


texts = st.lists(
    st.sampled_from(["passports", "Паспорта ", "노동자", "。", ". ", "\n", "word ", "x" * 90, "!"]),
    max_size=60,
).map("".join)


@given(texts, st.lists(st.tuples(st.integers(0, 700), st.integers(0, 60)), max_size=8))
def test_a_quotation_is_always_a_piece_of_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    """Whatever matches say, overlapping or out of bounds, what is quoted stands in the source."""
    wild = [
        Match(rule="r", points=5, field="text", start=start, end=start + length, label="wild")
        for start, length in spans
    ]
    item = an_item(text=text)
    found = replace(item.score, lang="ru", matches=(*found_in("", text, WORDS), *wild))
    item = replace(item, lang="ru", score=found)

    said = "".join(piece.text for piece in quote(item)).removeprefix("… ").removesuffix(" …")

    assert said in text
    assert len(said) <= QUOTE_LENGTH
    for piece in quote(item):
        assert piece.is_match or not piece.gloss
