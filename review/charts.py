"""Bars as SVG, made on the server: no script, no style attribute, readable aloud and on paper.

Pure geometry: numbers in, a frozen picture out; the template writes the elements, so escaping is
the template's alone. Every picture stands beside a table with the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_COLUMNS = 30  # a handful of polls must not become a handful of walls
WIDTH, HEIGHT, TOP, BOTTOM = 1080.0, 200.0, 28.0, 28.0


@dataclass(frozen=True, slots=True)
class Column:
    """One day (or poll): its label and the stacked counts, lowest first, with their kinds."""

    label: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """The sum of all parts."""
        return sum(count for _, count in self.parts)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of the picture."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Stack:
    """The bars of one column with the column they stand for."""

    column: Column
    bars: tuple[Bar, ...]
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the template draws."""

    stacks: tuple[Stack, ...]
    highest: int
    width: float = WIDTH
    height: float = HEIGHT
    top: float = TOP
    base: float = HEIGHT - BOTTOM


def stacked(
    columns: Sequence[Column], *, least: int = LEAST_COLUMNS, width: float = WIDTH
) -> Picture:
    """Return the picture of `columns`, scaled so that the highest fills the height.

    It is `width` wide and has room for `least` columns, however few there are.
    """
    highest = max((column.total for column in columns), default=0)
    step = width / max(least, len(columns))
    gap = min(3.0, step / 4)
    room = HEIGHT - TOP - BOTTOM
    stacks = []
    for number, column in enumerate(columns):
        left, broad = round(number * step + gap / 2, 2), round(step - gap, 2)
        bars, base = [], HEIGHT - BOTTOM
        for kind, count in column.parts:
            height = room * count / highest if highest else 0.0
            base -= height
            if count:
                bars.append(Bar(kind, left, round(base, 2), broad, round(height, 2)))
        stacks.append(Stack(column, tuple(bars), left, broad))
    return Picture(tuple(stacks), highest, width)
