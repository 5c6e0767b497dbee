"""Where the reasons stand in a text: cuts a text into plain pieces and marked ones.

Pure. Offsets are code points into the text exactly as it was scored. A match that does not slice
back to what it says it found is never guessed at: it is counted as misplaced, and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from monitor.core.values import Match


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; marked when at least one match covers it."""

    text: str
    matches: tuple[Match, ...] = ()
    is_first: bool = False  # the first piece with these labels: its gloss is printed beside it

    @property
    def labels(self) -> tuple[str, ...]:
        """The glosses of this piece, each once, in the order found."""
        return tuple(dict.fromkeys(gloss(match) for match in self.matches))

    @property
    def glosses(self) -> tuple[str, ...]:
        """The labels that say more than the text itself does."""
        said = self.text.casefold()
        return tuple(label for label in self.labels if label.casefold() != said)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that stand behind this piece, each once."""
        return tuple(dict.fromkeys(match.rule for match in self.matches))


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A whole text in pieces; they join to the text again."""

    pieces: tuple[Piece, ...]
    misplaced: int = 0  # matches that do not stand where they say


def gloss(match: Match) -> str:
    """Return what a match means in English: its label, else its entity, else its rule."""
    return match.label or match.entity or match.rule


def marked(text: str, matches: Sequence[Match], *, field: Literal["title", "text"]) -> MarkedText:
    """Return `text` in pieces, with every match of `field` marked in its place.

    Matches that overlap share one piece, from the start of the first to the end of the last.
    """
    placed, misplaced = _placed(text, matches, field)
    pieces: list[Piece] = []
    seen: set[str] = set()
    end_of_last = 0
    for start, end, covering in _runs(placed):
        if start > end_of_last:
            pieces.append(Piece(text[end_of_last:start]))
        piece = Piece(text[start:end], covering)
        pieces.append(Piece(piece.text, covering, is_first=not seen.issuperset(piece.labels)))
        seen.update(piece.labels)
        end_of_last = end
    if end_of_last < len(text):
        pieces.append(Piece(text[end_of_last:]))
    return MarkedText(tuple(pieces), misplaced)


def paragraphs(whole: MarkedText) -> list[list[Piece]]:
    """Cut the pieces into paragraphs at line breaks; empty lines vanish, marks stay whole."""
    lines: list[list[Piece]] = [[]]
    for piece in whole.pieces:
        for number, part in enumerate(piece.text.split("\n")):
            if number:
                lines.append([])
            if part:
                is_first = piece.is_first and number == 0
                lines[-1].append(Piece(part, piece.matches, is_first))
    return [line for line in lines if any(piece.text.strip() for piece in line)]


def _placed(
    text: str, matches: Sequence[Match], field: str
) -> tuple[list[tuple[int, int, Match]], int]:
    placed: list[tuple[int, int, Match]] = []
    misplaced = 0
    for match in matches:
        if match.field != field or match.start is None or match.end is None:
            continue
        if (
            0 <= match.start < match.end <= len(text)
            and text[match.start : match.end] == match.surface
        ):
            placed.append((match.start, match.end, match))
        else:
            misplaced += 1
    placed.sort(key=lambda found: found[:2])
    return placed, misplaced


def _runs(
    placed: Sequence[tuple[int, int, Match]],
) -> list[tuple[int, int, tuple[Match, ...]]]:
    runs: list[tuple[int, int, tuple[Match, ...]]] = []
    for start, end, match in placed:
        if runs and start < runs[-1][1]:
            first, last, covering = runs[-1]
            runs[-1] = (first, max(last, end), (*covering, match))
        else:
            runs.append((start, end, (match,)))
    return runs
