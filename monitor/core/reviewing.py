"""Words of the review desk: saved views, what a person has seen, grades of evidence, agreement.

Pure values and one calculation. Decisions of the team are `Verdict`s (`monitor.core.values`); what
stands here is either one person's own (views, looks) or asks for two people (grades).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A filter of the queue under a name: one person's own, or shared by the team."""

    key: int
    name: str
    person_key: int  # who keeps it
    is_shared: bool
    made_by: str
    fields: Mapping[str, str] = field(default_factory=dict)  # as the queue's address has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """When a person last looked at the queue; personal, and no decision of anybody."""

    since: datetime | None  # the end of the sitting before this one: newer items are new to them
    last_at: datetime


class Grade(StrEnum):
    """How far a report holds as evidence, as one reader sees it."""

    EVIDENCE = "evidence"  # can stand in a report as it is
    LEAD = "lead"  # worth following up, not enough by itself
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeLine:
    """One reader's grade of one item."""

    item_key: int
    person_key: int
    reader: str
    grade: Grade
    note: str
    given_at: datetime


class Reading(StrEnum):
    """How far the grading of an item has come."""

    OPEN = "open"  # nobody has graded it
    ONE = "one"  # waits for a second reader
    AGREED = "agreed"
    DIFFER = "differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """The grades of one item as one person may see them."""

    reading: Reading
    mine: GradeLine | None
    lines: tuple[GradeLine, ...]  # oldest first; without others' while this person has given none
    others: int  # how many others have graded it
    agreed: Grade | None = None  # what both said


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often two independent readers said the same, over a team."""

    pairs: int  # items with a first and a second reader
    same: int
    kappa: float | None  # Cohen's; None where chance alone would give full agreement, or no pairs

    @property
    def rate(self) -> float | None:
        """The share of pairs that agree, 0 to 1; None without pairs."""
        return self.same / self.pairs if self.pairs else None


def grading(lines: Sequence[GradeLine], person_key: int) -> Grading:
    """Return what a person may see of an item's standing grades, one a reader, oldest first.

    The second reader sees nothing of the first until they have given their own: a grade that was
    seen is no second grade. How far the grading has come is told to everybody.
    """
    mine = next((line for line in lines if line.person_key == person_key), None)
    first = lines[:2]
    if len(first) < 2:
        reading, agreed = (Reading.ONE if first else Reading.OPEN), None
    else:
        is_same = first[0].grade is first[1].grade
        reading = Reading.AGREED if is_same else Reading.DIFFER
        agreed = first[0].grade if is_same else None
    others = sum(line.person_key != person_key for line in lines)
    # With two grades the reading is over: everybody may read them, nobody is to be kept blind.
    visible = tuple(lines) if mine is not None or len(lines) >= 2 else ()
    return Grading(reading=reading, mine=mine, lines=visible, others=others, agreed=agreed)


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Return plain agreement and Cohen's kappa of first and second grades.

    kappa = (p_o - p_e) / (1 - p_e), p_e from the margins of first and second readers (Cohen 1960,
    "A coefficient of agreement for nominal scales", Educational and Psychological Measurement
    20:37-46). Readers take turns in being first, so this is the team's figure, nobody's own.

    >>> agreement([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]).kappa
    0.5
    """
    count = len(pairs)
    same = sum(one == other for one, other in pairs)
    if not count:
        return Agreement(pairs=0, same=0, kappa=None)
    first, second = (Counter(pair[place] for pair in pairs) for place in (0, 1))
    # In whole numbers as far as possible: equal margins must not become 0.9999...
    by_chance = sum(first[grade] * second[grade] for grade in first)
    kappa = None
    if by_chance < count * count:
        kappa = (same * count - by_chance) / (count * count - by_chance)
    return Agreement(pairs=count, same=same, kappa=kappa)
