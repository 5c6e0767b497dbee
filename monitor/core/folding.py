"""One spelling for matching, and the way back to what was written.

Terms and texts are compared in folded form: NFKC, case-folded, ё as е, every dash and space alike,
invisible characters gone, look-alike letters of another alphabet put right inside a word. Whatever
is found is reported in the words of the source, so each folded character remembers its slice.

Folding never reorders, never translates, and never fails: any string has a folded form.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Characters with one plain twin: folded in place, so that ordinary newspaper typography, full-width
# Latin and Japanese punctuation keep offsets as they are and stay on the fast path.
_TWINS: dict[int, str] = {
    **dict.fromkeys(map(ord, "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000"), " "),
    **dict.fromkeys(range(0x2000, 0x200B), " "),
    **dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), " "),
    **dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u02b9\u2032`\u00b4\uff07"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u2033\u00ab\u00bb\uff02"), '"'),
    **{
        code: chr(code - 0xFEE0)
        for code in range(0xFF01, 0xFF5F)
        if code not in (0xFF07, 0xFF0D, 0xFF02)
    },
    ord("…"): ".",
    ord("ё"): "е",
    ord("Ё"): "Е",
    # Old-style and unified variants that NFKC leaves apart and that our five languages mix freely.
    ord("・"): " ",
    ord("･"): " ",
    ord("·"): " ",
    ord("‧"): " ",
    ord("ㆍ"): " ",
}
# For whole texts: an expression passes over what has no twin three times faster than `translate`.
_TWIN = re.compile("[" + "".join(re.escape(chr(code)) for code in _TWINS) + "]")
_ASCII = str.maketrans("-\t\n\r\v\f\x1c\x1d\x1e\x1f`", "          '")
# Format characters (soft hyphen, zero-width space, joiners, bidi marks) say nothing to a reader.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
# Two spaces, or an indented line, between two words of one phrase.
_WIDE = re.compile(
    r"[^\W_][ \t\xa0\u3000]*(?:[ \t\xa0\u3000]|\r?\n)[ \t\xa0\u3000]+[^\W_]|[^\W_]\r\n[^\W_]"
)
_WORD_PIECE = re.compile(r"\s+|\S+")
_MIXED = re.compile("[a-z][\u0430-\u044f\u0456]|[\u0430-\u044f\u0456][a-z]")
_LETTERS = re.compile("[a-z\u0430-\u044f\u0456]+")
_TO_CYRILLIC = str.maketrans("aceopxykmthbi", "асеорхукмтнви".replace("и", "і"))
_TO_LATIN = str.maketrans("асеорхукмтнві", "aceopxykmthbi")
_LATIN_ONLY = re.compile("[a-z]")
_CYRILLIC_ONLY = re.compile("[\u0430-\u044f\u0456]")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. `starts` and `ends` are None when offsets are those of the original."""

    text: str
    starts: tuple[int, ...] | None = None  # one for each folded character
    ends: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the slice of the original that the folded slice (not empty) came from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Return `text` in the form in which terms are looked up."""
    if _may_be_wide(text) and _WIDE.search(text):
        return _fold_slowly(text)
    if text.isascii():
        return Folded(text.translate(_ASCII).lower())
    plain = _TWIN.sub(_twin, text)
    if unicodedata.is_normalized("NFKC", plain) and not _INVISIBLE.search(plain):
        folded = plain.casefold()
        if len(folded) == len(plain):
            return Folded(_without_look_alikes(folded))
    return _fold_slowly(text)


def _twin(found: re.Match[str]) -> str:
    return _TWINS[ord(found.group())]


def _may_be_wide(text: str) -> bool:
    """Tell quickly whether two spaces could stand between words anywhere."""
    return (
        "  " in text or "\n " in text or " \n" in text or "\r" in text or "\t" in text
        or "\xa0" in text or "\u3000" in text
    )  # fmt: skip


def folded(text: str) -> str:
    """Return only the folded text, outer space removed and runs of spaces made one: for terms."""
    return " ".join(fold(text).text.split())


def _fold_slowly(text: str) -> Folded:
    """Fold piece by piece, keeping for each folded character where it came from."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece in _WORD_PIECE.finditer(text):
        at = piece.start()
        chars = piece.group()
        if chars.isspace():
            out.append(" ")
            starts.append(at)
            ends.append(piece.end())
            continue
        plain = chars.translate(_TWINS)
        quick = plain.casefold()
        if (
            len(quick) == len(plain)
            and not _INVISIBLE.search(plain)
            and unicodedata.is_normalized("NFKC", plain)
            and not _glues(plain[0])
        ):
            out.append(quick)
            starts.extend(range(at, at + len(chars)))
            ends.extend(range(at + 1, at + len(chars) + 1))
        else:
            for start, end, result in _clusters(chars):
                out.append(result)
                starts.extend([at + start] * len(result))
                ends.extend([at + end] * len(result))
    return Folded(_without_look_alikes("".join(out)), tuple(starts), tuple(ends))


def _clusters(chars: str) -> list[tuple[int, int, str]]:
    """Return (start, end, folded) for each letter together with what combines with it."""
    found = []
    at = 0
    while at < len(chars):
        end = at + 1
        while end < len(chars) and _glues(chars[end]):
            end += 1
        result = _fold_cluster(chars[at:end])
        if result:
            found.append((at, end, result))
        at = end
    return found


@lru_cache(maxsize=8192)
def _fold_cluster(cluster: str) -> str:
    """Return one letter and its marks in folded form, or nothing when there is nothing to see."""
    visible = _INVISIBLE.sub("", cluster)
    composed = unicodedata.normalize("NFKC", visible.translate(_TWINS)).translate(_TWINS)
    return unicodedata.normalize("NFKC", composed.casefold()).translate(_TWINS)


@lru_cache(maxsize=8192)
def _glues(char: str) -> bool:
    """Tell whether a character may combine with the one before it."""
    if char < "\u00ad":
        return False
    if _INVISIBLE.match(char):
        return True
    first = unicodedata.normalize("NFKD", char)[0]
    return (
        unicodedata.combining(first) != 0
        or "\u1160" <= first <= "\u11ff"  # vowels and finals of decomposed Hangul
        or unicodedata.category(char) in ("Mn", "Mc", "Me")
        or first in "\u3099\u309a"  # voicing marks, also behind half-width kana
    )


def _without_look_alikes(text: str) -> str:
    """Return `text` with words of mixed Latin and Cyrillic letters written in one alphabet."""
    if not _CYRILLIC_ONLY.search(text) or not _MIXED.search(text):
        return text
    return _LETTERS.sub(lambda word: _one_alphabet(word.group()), text)


def _one_alphabet(word: str) -> str:
    """Return the word in the alphabet that all its letters can be read in, else unchanged."""
    if not _LATIN_ONLY.search(word) or not _CYRILLIC_ONLY.search(word):
        return word
    cyrillic = word.translate(_TO_CYRILLIC)
    if not _LATIN_ONLY.search(cyrillic):
        return cyrillic
    latin = word.translate(_TO_LATIN)
    return word if _CYRILLIC_ONLY.search(latin) else latin
