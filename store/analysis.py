"""Turns text into search terms, the same for texts and for questions. Pure.

Both engines index these terms as they are, so that both give the same answers: their own tokenizers
find neither 노동자 in 노동자들이 nor 劳工 in a Chinese sentence. Korean, Chinese and Japanese
become overlapping pairs of characters; Russian and English words lose their endings, roughly: a
search may find a little too much, and must not find too little. Not for rules, which need exact
forms.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

# PostgreSQL keeps positions up to 16,383, and 255 for one word (title and text together); beyond
# them phrases would find other things than in SQLite. More of one article is not indexed.
MOST_TERMS = 15_000
MOST_REPEATS = 120
LONGEST_TERM = 48

# A term that nobody can ask for: keeps the place of one that was left out.
GAP = "zzzzgap"

_PAIRED = (
    r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"  # Hangul
    r"\u3005\u3040-\u30ff\u31f0-\u31ff"  # Kana
    r"\u3400-\u4dbf\u4e00-\u9fff"  # Han
)
_TOKEN = re.compile(rf"[{_PAIRED}]+|[^\W_{_PAIRED}]+")
_IS_PAIRED = re.compile(rf"[{_PAIRED}]")
# Letters that every version of both engines knows as letters.
_WELL_KNOWN = re.compile(r"[0-9a-z\u00df-\u024f\u03ac-\u03ce\u0430-\u0527]+")

# confiscation is what confiscated and confiscates are.
_ATION = re.compile("ation$")
# Longest first. What is left must have three letters, so that short words keep apart.
_RUSSIAN = (
    *("иями", "ями", "ами", "иях", "ыми", "ими", "его", "ого", "ему", "ому", "ией", "иям"),
    *("ешь", "ишь", "ете", "ите", "ала", "ила", "али", "или", "ует", "уют", "ать", "ить", "еть"),
    *("ях", "ах", "ев", "ов", "ие", "ье", "ий", "ый", "ой", "ей", "ям", "ам", "ем", "ом", "ым"),
    *("им", "ая", "яя", "ое", "ее", "ые", "ую", "юю", "их", "ых", "ою", "ею", "ия", "ья", "ию"),
    *("ью", "ии", "ет", "ют", "ит", "ят", "ут", "ал", "ил", "ел"),
    *("а", "е", "и", "й", "о", "у", "ы", "ь", "ю", "я"),
)
_ENGLISH = ("ingly", "ings", "ing", "edly", "ied", "ies", "ed", "es", "s")


def folded(text: str) -> str:
    """Return text in which letters that people take for the same are the same."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    plain = unicodedata.normalize("NFKC", plain)
    # Marks and invisible characters: accents written apart, soft hyphens, joiners, direction marks.
    return "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me", "Cf"))


def terms(text: str) -> Iterator[str]:
    """Yield the terms of a text in order: word stems, and pairs of characters."""
    for token in _TOKEN.findall(folded(text)):
        if not _IS_PAIRED.match(token):
            yield _spelled(stem(token))
        elif len(token) == 1:
            yield token
        else:
            yield from (token[place : place + 2] for place in range(len(token) - 1))


def bounded(text: str, limit: int) -> list[str]:
    """Return at most `limit` terms; one that repeats too often is left out, keeping its place."""
    counts: Counter[str] = Counter()
    kept: list[str] = []
    for term in terms(text):
        if len(kept) == limit:
            break
        counts[term] += 1
        kept.append(term if counts[term] <= MOST_REPEATS else GAP)
    return kept


@lru_cache(65_536)
def stem(word: str) -> str:
    """Return a folded word without its ending; a word of another script as it is."""
    first = word[0]
    if "а" <= first <= "я":
        return _without(word, _RUSSIAN, least=3)
    if "a" <= first <= "z":
        word = _ATION.sub("at", _without(word, _ENGLISH, least=3))
        return word[:-1] if len(word) > 3 and word.endswith(("e", "y", "i")) else word
    return word


def _without(word: str, endings: tuple[str, ...], *, least: int) -> str:
    for ending in endings:
        if len(word) - len(ending) >= least and word.endswith(ending):
            return word[: -len(ending)]
    return word


def _spelled(word: str) -> str:
    """Return a term in letters that both engines take for letters."""
    if not _WELL_KNOWN.fullmatch(word):
        word = "u" + word.encode("utf-8", "replace").hex()
    return word[:LONGEST_TERM]
