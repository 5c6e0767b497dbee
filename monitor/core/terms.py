"""Finds an operator's words in five writing systems, in one pass.

Every term becomes one or more surface forms in folded spelling; all forms of all terms sit in one
Aho-Corasick automaton. What the automaton finds is then judged by the habits of the script in which
the found text is written, never by a declared language, because labels are often wrong:

- Latin, Cyrillic and digits: whole words; a hyphen or an apostrophe is a border;
- Hangul: open to the left (compounds); to the right only particles, endings or another known word;
- Han and kana: no borders, except that a short katakana word must stand alone.

A hit inside an exception of its entity does not count. Offsets are those of the text as given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from monitor.core.folding import Folded, fold, folded

# Korean headlines abbreviate in Han (北, 中); in Japanese 朝鮮 is mostly Korea before 1945.
Beside = Literal["any", "hangul", "no-kana"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word or phrase of an entity, as compiled from the operator's list."""

    entity: str
    written: str  # as in the rule file, for messages and reports
    forms: tuple[str, ...]  # surface forms, folded
    cased: str | None = None  # original spelling when capitals count
    open_right: bool = False  # `slave*`
    open_left: bool = False  # `*worker`
    whole: bool = False  # `word:北`: nothing of the same script beside it
    beside: Beside = "any"  # what a term of Han characters asks of the letters around it
    is_exception: bool = False


class Hit(NamedTuple):
    """A term found. Offsets: code points of the text as given; words are counted over the text."""

    start: int
    end: int
    entity: str
    term: int  # index into the lexicon's terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """What the operator's prefixes and stars ask for; see `spelling`."""

    text: str
    cased: bool = False
    exact: bool = False
    whole: bool = False
    open_left: bool = False
    open_right: bool = False


_PREFIX = re.compile(r"(cs|exact|word):\s*")


def spelling(written: str) -> Spelling:
    """Read `cs:` (capitals count), `exact:` (no inflection), `word:` (stands alone) and `*`."""
    flags = set()
    rest = written.strip()
    while (match := _PREFIX.match(rest)) is not None:
        flags.add(match.group(1))
        rest = rest[match.end() :]
    return Spelling(
        text=rest.strip("*").strip(),
        cased="cs" in flags,
        exact="exact" in flags,
        whole="word" in flags,
        open_left=rest.startswith("*"),
        open_right=rest.endswith("*"),
    )


_SIBILANT = re.compile(r"(?:s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")


def english_forms(text: str) -> tuple[str, ...]:
    """Return the folded term and its plural: worker, workers; agency, agencies."""
    base = folded(text)
    if not base or not base[-1].isalpha() or not base.isascii():
        return (base,)
    if _CONSONANT_Y.search(base):
        return base, base[:-1] + "ies"
    return base, base + ("es" if _SIBILANT.search(base) else "s")


# ------------------------------------------------------------------ scripts

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〇]")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_ANY_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")  # decomposed too
_AROUND = 40  # characters: about one sentence
_FEW_KANA = 2  # a single の stands in many Chinese brand names
_SHORT_KATAKANA = 4


def _is_spaced(char: str) -> bool:
    """Tell whether a character belongs to a script that puts spaces between words."""
    return char.isalnum() and not (
        "\u3040" <= char <= "\u30ff"
        or "\u3400" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7a3"
        or "\uf900" <= char <= "\ufaff"
        or "\U00020000" <= char <= "\U0003ffff"
        or char in "々〇"
    )


_REST_OF_WORD = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〇]*")


# ------------------------------------------------------------------ Korean


def _longest_first(words: str) -> str:
    """Return alternatives with the longest first, as a group."""
    return "(?:" + "|".join(sorted(set(words.split("|")), key=len, reverse=True)) + ")"


_PARTICLES = (
    "이|가|은|는|을|를|의|에|에서|에게|에게서|께|께서|한테|한테서|으로|로|로서|로써|으로서|으로써|로부터|"
    "으로부터|에서부터|와|과|이랑|랑|하고|도|만|까지|부터|마저|조차|밖에|보다|처럼|같이|마다|이나|나|이라|"
    "라|이라는|라는|이라고|라고|이며|며|이고|고|인|이었|였|이었던|였던|이던|이다|다|입니다|이란|란|이든|"
    "든|뿐|뿐만|대로|만큼|서|선|엔|에선|에겐|요|야|이자|임|일|인지|인가|인데|이라도|라도|이라면|라면|"
    "이라며|라며|커녕|네|이야|이요|까지도|에도|에는|에서는|에서도|으로는|로는|와의|과의|에의|로의|으로의|들|"
    "씩|간|용|상|내|외|중|당|별|시|형|급|화|권|성|발|행|쪽|편|끼리"
)
# What may stand between a noun and its particles: plural, "side", nationality, office, people.
_SUFFIXES = (
    "들|측|인|인들|계|제|산|식|군|국적|국적자|출신|당국|정권|정부|주민|사람|여성|남성|청년|대학생|학생|"
    "유학생|회사|업체|기업|식당|대사관|총영사관|영사관|공관|공민|국민|시민|동포|외교관|무역|관리|간부|당국자|"
    "관계자|전문가|현장|일꾼|인력|시장|문제|사업|송출|수출|파견|고용|노동|건설|시|주|극동|연해주|지역|전역|"
    "산업|단지|공장|노동성|외무성|매체|언론|전문|가족|여권|비자|단속|갈취|착취|상납|압수|송환|귀국|체류|"
    "탈출|입국|출국|채용|활동|조직|혐의|위반|결의|대상|명단|이행|해제|완화|회피|협력|동맹|관계|정상회담|"
    "친선|혈맹|조약"
)
_PARTICLE = _longest_first(_PARTICLES)
_SUFFIX = _longest_first(_SUFFIXES)
_AFTER_HANGUL = re.compile(
    rf"(?:{_SUFFIX}?{_PARTICLE}{{0,3}}"
    r"|(?:하|한|할|함|해|했|되|된|될|됨|돼|됐|시키|시킨|시킬|시켜|시켰|당하|당한|당할|당해|당했|받[는은을아았기])[\uac00-\ud7a3]{0,5}"
    r")(?![\uac00-\ud7a3])"
)


# ------------------------------------------------------------------ the lexicon


class Lexicon:
    """All terms of a rulebook, ready to be looked up. Not picklable: build one per process."""

    def __init__(self, terms: Iterable[Term]) -> None:
        """Build the automaton; a form may belong to several terms."""
        self.terms = tuple(terms)
        by_form: dict[str, list[int]] = {}
        for index, term in enumerate(self.terms):
            for form in term.forms:
                if form:
                    by_form.setdefault(form, []).append(index)
        self._forms = tuple(by_form)
        self._owners = tuple(tuple(owners) for owners in by_form.values())
        self._spaced_left = tuple(_is_spaced(form[0]) for form in self._forms)
        self._spaced_right = tuple(_is_spaced(form[-1]) for form in self._forms)
        # No owner of the form wants an open side: most false finds are told by one letter.
        self._whole_left = tuple(
            _is_spaced(form[0]) and not any(self.terms[index].open_left for index in owners)
            for form, owners in by_form.items()
        )
        self._whole_right = tuple(
            _is_spaced(form[-1]) and not any(self.terms[index].open_right for index in owners)
            for form, owners in by_form.items()
        )
        # The borders are all that such a form asks for: nothing else is to be looked at.
        self._plain = tuple(
            left and right and not any(self.terms[index].whole for index in owners)
            for left, right, owners in zip(
                self._whole_left, self._whole_right, by_form.values(), strict=True
            )
        )
        self._hangul_right = tuple(_HANGUL.match(form[-1]) is not None for form in self._forms)
        self._katakana = tuple(
            len(form) <= _SHORT_KATAKANA and all(_KATAKANA.match(char) for char in form)
            for form in self._forms
        )
        self._automaton = (
            AhoCorasick(
                list(self._forms),
                matchkind=MatchKind.Standard,
                store_patterns=False,
                implementation=Implementation.ContiguousNFA,
            )
            if self._forms
            else None
        )

    def hits(self, text: str, given: Folded | None = None) -> list[Hit]:
        """Return every hit in order of start, the longest first; per entity none inside another."""
        return [Hit(*hit) for hit in self.bare_hits(text, given)]

    def bare_hits(self, text: str, given: Folded | None = None) -> list[tuple[int, int, str, int]]:
        """Return what `hits` returns as plain tuples, which cost a tenth."""
        if self._automaton is None:
            return []
        plain = given if given is not None else fold(text)
        raw = self._automaton.find_matches_as_indexes(plain.text, overlapping=True)
        if not raw:
            return []
        starts = {start for _, start, _ in raw}
        seen, length = plain.text, len(plain.text)
        letters = _Letters(text)
        kept: list[tuple[int, int, int]] = []  # start, end backwards, term: they sort as wanted
        excepted: list[tuple[int, int, int]] = []
        for form, start, end in raw:
            if self._whole_left[form] and start and _is_spaced(seen[start - 1]):
                continue
            if self._whole_right[form] and end < length and _is_spaced(seen[end]):
                continue
            is_plain = self._plain[form]
            for index in self._owners[form]:
                term = self.terms[index]
                if not (is_plain or self._stands(form, term, seen, start, end, starts)):
                    continue
                stop = _REST_OF_WORD.match(seen, end).end() if term.open_right else end  # type: ignore[union-attr]
                span = (start, stop) if plain.starts is None else plain.span(start, stop)
                if term.beside != "any" and not letters.has_beside(term.beside, *span):
                    continue
                if term.cased is not None and not _same_case(text[span[0] : span[1]], term.cased):
                    continue
                (excepted if term.is_exception else kept).append((span[0], -span[1], index))
        return self._longest(kept, excepted)

    def _longest(
        self, hits: list[tuple[int, int, int]], exceptions: list[tuple[int, int, int]]
    ) -> list[tuple[int, int, str, int]]:
        """Drop hits inside an exception of their entity or inside a longer hit of it."""
        covered: dict[str, list[tuple[int, int]]] = {}
        for start, end, term in exceptions:
            covered.setdefault(self.terms[term].entity, []).append((start, -end))
        reach: dict[str, int] = {}
        found = []
        for start, backwards, term in sorted(hits):
            entity, end = self.terms[term].entity, -backwards
            if end <= reach.get(entity, -1):
                continue
            spans = covered.get(entity)
            if spans and any(first <= start and end <= last for first, last in spans):
                continue
            reach[entity] = end
            found.append((start, end, entity, term))
        return found

    def _stands(
        self, form: int, term: Term, text: str, start: int, end: int, starts: set[int]
    ) -> bool:
        """Tell whether the found form is a word here, by the borders its script has."""
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if self._spaced_left[form] and not term.open_left and _is_spaced(before):
            return False
        if self._spaced_right[form] and not term.open_right and _is_spaced(after):
            return False
        if (
            self._katakana[form]
            and not (term.open_right or term.open_left)
            and (_KATAKANA.match(before) or _KATAKANA.match(after))
        ):
            return False
        if term.whole and (_same_script(text[start], before) or _same_script(text[end - 1], after)):
            return False
        if self._hangul_right[form] and not term.open_right and not term.whole:
            return (
                _HANGUL.match(after) is None
                or end in starts
                or (_AFTER_HANGUL.match(text, end) is not None)
            )
        return True


def _same_script(char: str, neighbour: str) -> bool:
    """Tell whether a neighbour is of the script of `char`, as far as `word:` cares."""
    if _HAN.match(char):
        return _HAN.match(neighbour) is not None
    if _HANGUL.match(char):
        return _HANGUL.match(neighbour) is not None
    return _is_spaced(neighbour) or _KATAKANA.match(neighbour) is not None


class _Letters:
    """Which writing systems a text has, and has around a place in one of its lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._has_hangul: bool | None = None
        self._has_kana = False

    def has_beside(self, wanted: Beside, start: int, end: int) -> bool:
        """Tell whether Han characters stand, in their line, among letters as the term asks for."""
        if self._has_hangul is None:
            self._has_hangul = _ANY_HANGUL.search(self._text) is not None
            self._has_kana = _KANA.search(self._text) is not None
        if not self._has_hangul and (wanted == "hangul" or not self._has_kana):
            return wanted != "hangul"
        before = self._text[max(0, start - _AROUND) : start].rpartition("\n")[2]
        around = before + self._text[start : end + _AROUND].partition("\n")[0]
        if wanted == "hangul":
            return _ANY_HANGUL.search(around) is not None
        return _ANY_HANGUL.search(around) is None and len(_KANA.findall(around)) < _FEW_KANA


def _same_case(surface: str, cased: str) -> bool:
    """Tell whether capitals stand where the rule's spelling has them; all capitals always do.

    Inflected forms differ in their ends, so only the first letter of each word is compared, and
    a word that the rule writes in capitals alone must be so in the text.
    """
    if surface.isupper() and len(surface) > 1:
        return True
    wanted = re.split(r"[\s\-\u2010-\u2015]+", cased)
    found = re.split(r"[\s\-\u2010-\u2015]+", surface)
    if len(found) != len(wanted):
        return False
    for have, want in zip(found, wanted, strict=True):
        if not want or not have:
            continue
        if len(want) > 1 and want.isupper():
            if not have.isupper():
                return False
        elif want[0].isupper() != have[0].isupper():
            return False
    return True


# ------------------------------------------------------------------ counting words

_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〇]{1,2}"  # two characters make about one word
    r"|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〇]+"
)

_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_LETTERS_A_WORD = 5
_LETTERS_A_BLOCK = 2.5


class WordCount:
    """Counts the words of a text from its beginning, for places that come in order.

    In a script with spaces these are counted, which is twenty times faster than finding words; a
    comma parts words as much as a word would.
    """

    def __init__(self, text: str) -> None:
        """Tell by the letters how words are to be counted."""
        self._is_dense = not text.isascii() and _DENSE.search(text) is not None
        self._text = text if self._is_dense else text.replace("\n", " ").replace(",", " ")
        self._count = self._counted = 0

    def before(self, place: int) -> int:
        """Return how many words begin before a place, which is not before the last one asked."""
        start, self._counted = self._counted, place
        if self._is_dense:
            self._count += len(_WORDS.findall(self._text, start, place))
        else:
            self._count += self._text.count(" ", start, place)
        return self._count


def further_words(text: str, start: int, end: int) -> int:
    """Return about how many words a found term has beside its first: spaces, or pairs of blocks."""
    if "\u3040" <= text[start] < "\uac00":
        return (end - start - 1) // 2
    return text.count(" ", start, end)


def end_of_lead(text: str, words: int) -> int:
    """Return where the first `words` words end, counted so that a lead says as much in any script.

    English has about five letters a word. A syllable block or an ideograph holds what takes two or
    three letters in an alphabet, and Russian words are fewer and longer; so letters are counted.
    """
    letters = 0.0
    for match in _WORDS.finditer(text):
        if letters >= words * _LETTERS_A_WORD:
            return match.start()
        is_dense = not _is_spaced(match.group()[0])
        letters += len(match.group()) * (_LETTERS_A_BLOCK if is_dense else 1)
    return len(text)
