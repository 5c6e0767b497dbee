"""What a reader sees of a text: one sentence of it, its matched words marked and glossed. Pure.

A quotation is always a piece of the source, never a summary: whatever stands between the marks was
written by the outlet. Offsets of matches are code points into the text exactly as it was scored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.core.sentences import sentences
from monitor.core.values import Item, Match

QUOTE_LENGTH = 320  # code points: about eight lines on a phone
# The opening of a text, in code points, and how much more its sentences weigh.
_OPENING = 400
_OPENING_FACTOR = 1.5
_LOOKED_AT = 20_000  # code points in which further places of a word are looked for


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A matched word at one of its places in the text, and how much it weighs."""

    start: int
    end: int
    label: str
    weight: float


_NOTHING = Occurrence(0, 0, "", 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of characters. `gloss` is the English label of a matched word, where it needs one."""

    text: str
    is_match: bool = False
    gloss: str = ""


def quote(item: Item, *, length: int = QUOTE_LENGTH) -> tuple[Piece, ...]:
    """Return the sentence of the text that says most of why the item is here; () without a text."""
    found = _occurrences(item.text, item.score.matches)
    start, end = best_sentence(item.text, found)
    if start == end:
        return ()
    marks = _marks(found)
    start, end, cut_before, cut_after = _cut(start, end, marks, length)
    shown = _pieces(item.text, marks, start, end, glossed=_is_foreign(item))
    before = (Piece(text="… "),) if cut_before else ()
    after = (Piece(text=" …"),) if cut_after else ()
    return before + shown + after


def best_sentence(text: str, found: Sequence[Occurrence]) -> tuple[int, int]:
    """Return the bounds of the sentence whose words weigh most; of the first without any.

    A word counts once in a sentence. The opening counts half as much again, because there reports
    say what is new. Boilerplate is never quoted. Bounds are equal when there is nothing to quote.
    """
    best, bounds = -1.0, (0, 0)
    for sentence in sentences(text):
        if sentence.silent:
            continue
        words = {
            one.label: one.weight
            for one in found
            if sentence.start <= one.start and one.end <= sentence.end
        }
        weight = sum(words.values()) * (_OPENING_FACTOR if sentence.start < _OPENING else 1.0)
        if weight > best:
            best, bounds = weight, (sentence.start, sentence.end)
    return bounds


def reasons(item: Item, *, limit: int = 6) -> tuple[str, ...]:
    """Return what was found, rule by rule, the weightiest first: "North Korea + workers".

    What a rule found together stands together; no label is named twice.
    """
    weights: dict[str, int] = {}
    labels: dict[str, list[str]] = {}
    for match in item.score.matches:
        if match.field is not None and match.points >= 0:
            weights[match.rule] = weights.get(match.rule, 0) + match.points
            labels.setdefault(match.rule, []).append(match.label.strip())
    told: set[str] = {""}
    found: list[str] = []
    for rule in sorted(weights, key=lambda rule: -weights[rule]):
        new = [label for label in dict.fromkeys(labels[rule]) if label not in told]
        told.update(new)
        if new and weights[rule] > 0:
            found.append(" + ".join(new))
    return tuple(found[:limit])


def _is_foreign(item: Item) -> bool:
    return not (item.lang or item.score.lang or "").startswith("en")


def _occurrences(text: str, matches: Sequence[Match]) -> list[Occurrence]:
    """Return where the text has the words that were matched, wherever each was first found.

    A match names the first place of a word, often the title; its other places say the same. The
    points of a rule are shared among all that it found together.
    """
    sharing: dict[str, int] = {}
    for match in matches:
        sharing[match.rule] = sharing.get(match.rule, 0) + 1
    points: dict[str, int] = {}
    for match in matches:
        points[match.rule] = points.get(match.rule, 0) + match.points
    words: dict[str, Occurrence] = {}
    found: list[Occurrence] = []
    for match in matches:
        if match.field is None or match.start is None or match.end is None:
            continue
        weight = points[match.rule] / sharing[match.rule]
        if match.field == "text" and 0 <= match.start < match.end <= len(text):
            found.append(Occurrence(match.start, match.end, match.label, weight))
        surface = (match.surface or "").strip()
        if len(surface) >= 2 and weight > words.get(surface, _NOTHING).weight:
            words[surface] = Occurrence(0, 0, match.label, weight)
    if words:
        longest_first = sorted(words, key=len, reverse=True)
        # A Latin or Cyrillic word is not looked for inside another one.
        any_of = "|".join(
            rf"(?<![^\W_]){re.escape(word)}(?![^\W_])" if word[0] < "\u1100" else re.escape(word)
            for word in longest_first
        )
        found += [
            Occurrence(hit.start(), hit.end(), words[hit[0]].label, words[hit[0]].weight)
            for hit in re.finditer(any_of, text[:_LOOKED_AT])
        ]
    return found


def _marks(found: Iterable[Occurrence]) -> list[Occurrence]:
    """Return the matched runs in order, without overlaps; the longer of two wins."""
    kept: list[Occurrence] = []
    for mark in sorted(found, key=lambda mark: (mark.start, -mark.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept


def _pieces(
    text: str, marks: Iterable[Occurrence], start: int, end: int, *, glossed: bool
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
        gloss = mark.label if glossed and mark.label not in told else ""
        if gloss.casefold() == text[first:last].casefold():
            gloss = ""
        told.add(mark.label)
        found.append(Piece(text=text[first:last], is_match=True, gloss=gloss))
        at = last
    if at < end:
        found.append(Piece(text=text[at:end]))
    return tuple(found)


def _cut(
    start: int, end: int, marks: Sequence[Occurrence], length: int
) -> tuple[int, int, bool, bool]:
    """Return the part of an overlong sentence around its first match, and where it was cut."""
    if end - start <= length:
        return start, end, False, False
    inside = [mark for mark in marks if start <= mark.start < end]
    first = inside[0].start if inside else start
    begin = max(start, min(first - length // 4, end - length))
    return begin, begin + length, begin > start, begin + length < end
