"""Words that must never leave the house: names, numbers and handles of people in danger. Pure.

The list is compared with what would leave in the folded form of all matching, so that case, dashes,
invisible characters and look-alike letters hide nothing. It errs on the side of withholding: a name
in a Russian case or with a Korean particle is the name. What is withheld is replaced, not dropped,
so that a reader sees that something is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from monitor.core.folding import fold, folded

WITHHELD = "[█]"
# A shorter entry would black out ordinary words. Names in Hangul or Han may have two letters.
SHORTEST = 3
SHORTEST_CJK = 2
_CJK = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NUMBER = re.compile(r"[\d\s+().\-/]{6,}")
_RUSSIAN = re.compile("[а-я]{3,}")
_RUSSIAN_ENDING = re.compile("[аеийоуыьюя]$")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """A list of what must not leave; an empty one withholds nothing."""

    entries: tuple[str, ...] = ()
    _pattern: re.Pattern[str] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, entries: Iterable[str]) -> Self:
        """Make one from names, numbers and handles. Raises ValueError for one that is too short."""
        kept = tuple(entry for entry in (given.strip() for given in entries) if entry)
        parts = [_expression(entry) for entry in kept]
        pattern = re.compile("|".join(parts)) if parts else None
        return cls(entries=kept, _pattern=pattern)

    def __call__(self, text: str) -> str:
        """Return the text with every listed word replaced."""
        out, at = [], 0
        for start, end in self._spans(text):
            if start < at:
                continue
            out += [text[at:start], WITHHELD]
            at = end
        return "".join([*out, text[at:]]) if out else text

    def finds(self, text: str) -> bool:
        """Return whether the text holds a listed word."""
        return next(self._spans(text), None) is not None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        if self._pattern is None:
            return
        seen = fold(text)
        for match in self._pattern.finditer(seen.text):
            yield seen.span(*match.span())


def is_long_enough(entry: str) -> bool:
    """Return whether an entry says enough not to black out ordinary words."""
    letters = "".join(_LETTER_OR_DIGIT.findall(folded(entry)))
    return len(letters) >= (SHORTEST_CJK if _CJK.search(letters) else SHORTEST)


def _expression(entry: str) -> str:
    """Return the pattern of one entry over folded text."""
    if not is_long_enough(entry):
        raise ValueError(f"too short to withhold: {entry!r}")
    if _NUMBER.fullmatch(entry):
        # A number is its digits, however they are grouped.
        digits = re.findall(r"\d", entry)
        return r"(?<!\d)\+?" + r"[\s().\-/]*".join(digits) + r"(?!\d)"
    words = _LETTER_OR_DIGIT.findall(folded(entry))
    # Between the words of a name anything may stand: a space, a dash, an underscore of an address.
    joined = r"[\W_]*".join(_inflected(word) for word in words)
    before = "" if _CJK.match(words[0]) else r"(?<![^\W_])"
    # Particles are written on to a name in Hangul or Han; elsewhere it ends where its word ends.
    after = "" if _CJK.match(words[-1][-1]) else r"(?![^\W_])"
    return before + joined + after


def _inflected(word: str) -> str:
    """Return the pattern of a word in all its Russian cases; of any other word, itself."""
    stem = _RUSSIAN_ENDING.sub("", word) if _RUSSIAN.fullmatch(word) else None
    return re.escape(word) if stem is None else re.escape(stem) + "[а-я]{0,3}"
