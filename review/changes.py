"""What changed between two texts, word by word. Pure; difflib does the comparing.

Korean, Chinese and Japanese have no spaces between all words: a Han, Kana or Hangul character is a
unit of its own there, so that a changed number or name shows alone instead of a whole sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Beyond this many words between the first and the last change only whole lines are compared:
# SequenceMatcher takes time in the product of both lengths. 4,000 units of three words that repeat,
# its worst case, took 0.8 s here; an ordinary article with one edit takes under a millisecond.
WORD_LIMIT = 4_000

_UNITS = re.compile(r"\s+|[぀-ヿ㐀-鿿가-힯]|[^\W぀-ヿ㐀-鿿가-힯]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """A run of text that stayed, went or came."""

    kind: Literal["same", "gone", "new"]
    text: str


def word_changes(before: str, after: str) -> list[Change]:
    """Return the runs that lead from `before` to `after`.

    The "same" and "gone" runs join to `before`, the "same" and "new" runs to `after`.
    """
    old, new = _UNITS.findall(before), _UNITS.findall(after)
    # Most edits touch one place: what both texts begin and end with needs no comparing.
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    head, tail = "".join(old[:start]), "".join(old[len(old) - end :])
    changes = [Change("same", head)] if head else []
    changes += _compared(old[start : len(old) - end], new[start : len(new) - end])
    return [*changes, Change("same", tail)] if tail else changes


def _compared(old: list[str], new: list[str]) -> list[Change]:
    if max(len(old), len(new)) > WORD_LIMIT:
        old, new = ("".join(units).splitlines(keepends=True) for units in (old, new))
    if max(len(old), len(new)) > WORD_LIMIT:  # thousands of lines: told as one change
        old, new = ["".join(old)], ["".join(new)]
    changes: list[Change] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        gone, came = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        if tag == "equal":
            changes.append(Change("same", gone))
            continue
        if gone:
            changes.append(Change("gone", gone))
        if came:
            changes.append(Change("new", came))
    return changes


def _common(one: list[str], other: list[str]) -> int:
    """Return with how many equal units both begin."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def shortened(changes: list[Change], *, around: int = 80) -> list[Change]:
    """Cut long unchanged runs to `around` characters beside each change, with an ellipsis."""
    short: list[Change] = []
    for number, change in enumerate(changes):
        text = change.text
        if change.kind == "same" and len(text) > 2 * around:
            head = text[:around] if number > 0 else ""
            tail = text[-around:] if number < len(changes) - 1 else ""
            text = f"{head} … {tail}"
        short.append(Change(change.kind, text))
    return short
