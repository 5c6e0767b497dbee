"""All inflected forms of the Russian terms in the rules.

The only place that opens the morphological dictionary (pymorphy3, OpenCorpora's data). It is loaded
when the first Russian term asks for it and only while rules are read, so that scoring stays free
of it. Forms are wide rather than narrow: an odd form does no harm, a missed case loses a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pymorphy3 import MorphAnalyzer

from monitor.core.folding import folded
from monitor.core.terms import spelling

_CYRILLIC = re.compile("[\u0400-\u04ff]")
_CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_ADJECTIVES = ("ADJF", "PRTF")
_SHORTEST = 3  # letters; shorter forms would hit too much (short adjectives, vocatives)


@lru_cache(maxsize=1)
def _dictionary() -> MorphAnalyzer:
    return MorphAnalyzer()


def russian_forms(written: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return for each Cyrillic term that inflects its folded forms, the term itself first."""
    forms = {}
    for term in dict.fromkeys(written):
        wanted = spelling(term)
        base = folded(wanted.text)
        if _CYRILLIC.search(base) and not wanted.exact and not wanted.open_right:
            forms[term] = tuple(dict.fromkeys([base, *sorted(_forms(base))]))
    return forms


@lru_cache(maxsize=16384)
def _forms(term: str) -> frozenset[str]:
    """Return the forms of a word or a phrase: its head and the adjectives before it inflect."""
    words = term.split()
    if len(words) == 1:
        return frozenset(
            form for form in _word_forms(term) if len(form) >= min(_SHORTEST, len(term))
        )
    head = _head(words)
    tail = words[head + 1 :]
    before = words[:head]
    if not before:
        return frozenset(" ".join([form, *tail]) for form in _word_forms(words[head]))
    return frozenset(
        " ".join([*(_agreeing(word, form) for word in before), _plain(form.word), *tail])
        for form in _noun(words[head]).lexeme
    )


def _word_forms(word: str) -> set[str]:
    """Return the forms of one word, in every reading in which it is a dictionary form."""
    if not _CYRILLIC.search(word):
        return {word}
    parses = _dictionary().parse(word)
    base = [parse for parse in parses if _plain(parse.normal_form) == word]
    chosen = base or parses[:1]
    forms = {word} | {_plain(form.word) for parse in chosen for form in parse.lexeme}
    # The dictionary declines some places oddly (Кэсон, Кэсна): names get regular endings too.
    if not _dictionary().word_is_known(word) or any("Geox" in parse.tag for parse in chosen):
        forms |= _regular_forms(word)
    return forms


def _regular_forms(word: str) -> set[str]:
    """Return a name with the regular endings: Кэсон, Кэсона, в Кэсоне."""
    if word[-1] in "бвгджзйклмнпрстфхцчшщ":
        return {word + ending for ending in ("а", "у", "ом", "ем", "е")}
    if word[-1] == "а":
        return {word[:-1] + ending for ending in ("ы", "и", "е", "у", "ой")}
    if word[-1] in "ья":
        return {word[:-1] + ending for ending in ("и", "ю", "ей", "ем", "е", "я")}
    return set()


def _head(words: list[str]) -> int:
    """Return the index of the head: the first noun that is no adjective before another noun.

    What stands before it and is neither (`ИТ-специалист`, `северо-корейский`) keeps its form.
    """
    for index, word in enumerate(words[:-1]):
        if _is_noun(word) and not (_is_adjective(word) and _is_nominal(words[index + 1])):
            return index
    return len(words) - 1


def _is_noun(word: str) -> bool:
    if len(word) < _SHORTEST or not _CYRILLIC.search(word):
        return False
    parses = _dictionary().parse(word)
    return _dictionary().word_is_known(word) and any(parse.tag.POS == "NOUN" for parse in parses)


def _is_adjective(word: str) -> bool:
    return any(parse.tag.POS in _ADJECTIVES for parse in _dictionary().parse(word))


def _is_nominal(word: str) -> bool:
    return any(
        parse.tag.POS in ("NOUN", *_ADJECTIVES) and parse.tag.case == "nomn"
        for parse in _dictionary().parse(word)
    )


def _noun(word: str) -> Any:
    """Return the reading of a word as a noun, else its likeliest reading."""
    parses = _dictionary().parse(word)
    return next((parse for parse in parses if parse.tag.POS == "NOUN"), parses[0])


def _agreeing(adjective: str, noun: Any) -> str:
    """Return the adjective in the case, number and gender of a form of the noun."""
    parse = next(
        (parse for parse in _dictionary().parse(adjective) if parse.tag.POS in _ADJECTIVES), None
    )
    case = noun.tag.case
    if parse is None or case is None:
        return adjective
    wanted = {case if case in _CASES else "gent", noun.tag.number or "sing"}
    if noun.tag.number == "sing" and noun.tag.gender:
        wanted.add(noun.tag.gender)
    form = parse.inflect(wanted)
    return _plain(form.word) if form is not None else adjective


def _plain(word: str) -> str:
    return word.replace("ё", "е")
