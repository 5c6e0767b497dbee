"""Two readers of evidence: who sees what of whom, and how often they agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.reprints import reprint_mark
from monitor.core.reviewing import Grade, GradeLine, Reading, agreement, grading

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def line(person: int, grade: Grade) -> GradeLine:
    """Return a grade that a person gave, later the higher the person's number."""
    return GradeLine(
        item_key=1,
        person_key=person,
        reader=f"reader {person}",
        grade=grade,
        note="a source with a name",
        given_at=NOON + timedelta(minutes=person),
    )


@pytest.mark.parametrize(
    ("pairs", "same", "kappa"),
    [
        ([], 0, None),
        ([("a", "a")] * 5, 5, None),  # chance alone would give this
        ([("a", "b")] * 5, 0, 0.0),
        # Cohen's own arithmetic on a table of 20, 5, 10, 15: p_o 0.7, p_e 0.5.
        (
            [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15,
            35,
            0.4,
        ),
        ([("a", "a"), ("b", "b"), ("c", "c")], 3, 1.0),
        ([("a", "b"), ("b", "a")], 0, -1.0),
    ],
)
def test_agreement_beyond_chance(
    pairs: list[tuple[str, str]], same: int, kappa: float | None
) -> None:
    """Plain agreement counts pairs; kappa takes off what the margins alone would give."""
    found = agreement(pairs)

    assert (found.pairs, found.same) == (len(pairs), same)
    assert found.kappa == (None if kappa is None else pytest.approx(kappa))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=40))
def test_kappa_is_a_measure(pairs: list[tuple[str, str]]) -> None:
    """It lies between -1 and 1, is 1 for full agreement only, and does not care for order."""
    found = agreement(pairs)

    assert found == agreement(pairs[::-1])
    assert found.kappa is None or -1 <= found.kappa <= 1
    assert (found.kappa == 1) <= (found.same == len(pairs))


def test_the_second_reader_is_blind_until_they_have_graded() -> None:
    """One grade is shown to its reader alone; two are shown to everybody."""
    first, second = line(1, Grade.EVIDENCE), line(2, Grade.LEAD)
    alone, other, both = grading([first], 1), grading([first], 2), grading([first, second], 3)

    assert (alone.reading, alone.lines) == (Reading.ONE, (first,))
    assert (other.reading, other.lines, other.others) == (Reading.ONE, (), 1)
    assert (both.reading, both.lines) == (Reading.DIFFER, (first, second))


@pytest.mark.parametrize(
    ("grades", "reading", "agreed"),
    [
        ([], Reading.OPEN, None),
        ([Grade.EVIDENCE], Reading.ONE, None),
        ([Grade.EVIDENCE, Grade.EVIDENCE], Reading.AGREED, Grade.EVIDENCE),
        ([Grade.NEITHER, Grade.NEITHER], Reading.AGREED, Grade.NEITHER),
        ([Grade.EVIDENCE, Grade.LEAD], Reading.DIFFER, None),
        ([Grade.EVIDENCE, Grade.LEAD, Grade.LEAD], Reading.DIFFER, None),
    ],
)
def test_two_different_people_make_a_grade(
    grades: list[Grade], reading: Reading, agreed: Grade | None
) -> None:
    """The first two readers decide how far it holds; a third opinion settles nothing silently."""
    found = grading([line(number, grade) for number, grade in enumerate(grades)], 99)

    assert (found.reading, found.agreed) == (reading, agreed)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("40 workers held in Nakhodka", "40 WORKERS held in  Nakhodka", True),
        ("В Находке задержали рабочих", "в находке — задержали рабочих!", True),
        ("40 workers held in Nakhodka", "41 workers held in Nakhodka", False),
        ("Новости дня", "Новости дня", False),  # a column's name tells nothing
        ("", "", False),
    ],
)
def test_headlines_that_say_the_same(one: str, other: str, is_same: bool) -> None:
    """Case and signs make no difference, a number does; short headlines are never joined."""
    assert (reprint_mark(one) == reprint_mark(other) != "") is is_same
