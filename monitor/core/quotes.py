"""What a reader sees of a text: one sentence of it, its matched words marked and glossed. Pure.

A quotation is always a piece of the source, never a summary: whatever stands between the marks was
written by the outlet. Offsets of matches are code points into the text exactly as it was scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.core.sentences import sentences
from monitor.core.values import Item, Match

QUOTE_LENGTH = 320  # code points: about three lines on a phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of characters. `gloss` is the English label of a matched word, where it needs one."""

    text: str
    is_match: bool = False
    gloss: str = ""


def quote(item: Item, *, length: int = QUOTE_LENGTH) -> tuple[Piece, ...]:
    """Return the sentence of the text that says most of why the item is here; () without a text."""
    marks = _marks(item.score.matches, "text", len(item.text))
    start, end = best_sentence(item.text, item.score.matches)
    if start == end:
        return ()
    start, end, cut_before, cut_after = _cut(start, end, marks, length)
    found = _pieces(item.text, marks, start, end, glossed=_is_foreign(item))
    before = (Piece(text="… "),) if cut_before else ()
    after = (Piece(text=" …"),) if cut_after else ()
    return before + found + after


def best_sentence(text: str, matches: Sequence[Match]) -> tuple[int, int]:
    """Return the bounds of the sentence whose matches weigh most; of the first without any.

    Boilerplate is never quoted. Bounds are equal when there is nothing to quote.
    """
    weights = _weights(matches)
    best, bounds = -1, (0, 0)
    for sentence in sentences(text):
        if sentence.silent:
            continue
        weight = sum(
            points
            for start, end, points in weights
            if sentence.start <= start and end <= sentence.end
        )
        if weight > best:
            best, bounds = weight, (sentence.start, sentence.end)
    return bounds


def reasons(item: Item, *, limit: int = 6) -> tuple[str, ...]:
    """Return the labels of what was found, the weightiest first, each once."""
    weights: dict[str, int] = {}
    for match in item.score.matches:
        label = match.label.strip()
        if label and match.points > 0 and match.field is not None:
            weights[label] = weights.get(label, 0) + match.points
    return tuple(sorted(weights, key=lambda label: -weights[label])[:limit])


def _is_foreign(item: Item) -> bool:
    return not (item.lang or item.score.lang or "").startswith("en")


def _weights(matches: Iterable[Match]) -> list[tuple[int, int, int]]:
    return [
        (match.start, match.end, match.points)
        for match in matches
        if match.field == "text" and match.start is not None and match.end is not None
    ]


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    gloss: str


def _marks(matches: Iterable[Match], field: str, length: int) -> list[_Mark]:
    """Return the matched runs of one field, in order, without overlaps; the longer of two wins."""
    found = sorted(
        (
            _Mark(match.start, match.end, match.label)
            for match in matches
            if match.field == field
            and match.start is not None
            and match.end is not None
            and 0 <= match.start < match.end <= length
        ),
        key=lambda mark: (mark.start, -mark.end),
    )
    kept: list[_Mark] = []
    for mark in found:
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept


def _pieces(
    text: str, marks: Iterable[_Mark], start: int, end: int, *, glossed: bool
) -> tuple[Piece, ...]:
    found: list[Piece] = []
    told: set[str] = set()
    at = start
    for mark in marks:
        first, last = max(mark.start, start), min(mark.end, end)
        if first >= last:
            continue
        if at < first:
            found.append(Piece(text=text[at:first]))
        # A word is glossed once in a passage, and not when the gloss is the word itself.
        gloss = mark.gloss if glossed and mark.gloss not in told else ""
        if gloss.casefold() == text[first:last].casefold():
            gloss = ""
        told.add(mark.gloss)
        found.append(Piece(text=text[first:last], is_match=True, gloss=gloss))
        at = last
    if at < end:
        found.append(Piece(text=text[at:end]))
    return tuple(found)


def _cut(start: int, end: int, marks: Sequence[_Mark], length: int) -> tuple[int, int, bool, bool]:
    """Return the part of an overlong sentence around its first match, and where it was cut."""
    if end - start <= length:
        return start, end, False, False
    inside = [mark for mark in marks if start <= mark.start < end]
    first = inside[0].start if inside else start
    begin = max(start, min(first - length // 4, end - length))
    return begin, begin + length, begin > start, begin + length < end
