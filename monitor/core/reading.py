"""One text, read once for all rules: its sentences and every word of ours in them.

Title and text are two fields with one numbering of sentences and words, so that nearness is a
matter of subtraction. Silent sentences (comments, teasers) and sentences already said in the same
words hold no hits: a paragraph that a page repeats counts once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Set
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple

from monitor.core.folding import Folded, fold
from monitor.core.rulebook import Rulebook
from monitor.core.rules import SENTENCE_GAP, Operand, Window
from monitor.core.sentences import Rank, Sentence, sentence_at, sentences
from monitor.core.terms import count_words, end_of_lead, further_words, is_dense

FieldName = Literal["title", "text"]
_NO_LIMIT = 1 << 30
_FIELD_GAP = 1000  # words: nothing in the text is near the title


class Found(NamedTuple):
    """A hit in its place, or several that make a phrase (then `parts` holds them)."""

    start: int  # offsets in the field as given
    end: int
    field: FieldName
    name: str  # entity or phrase
    term: int  # index into the lexicon; -1 for a phrase
    sentence: int
    first: int  # number of its first word
    last: int
    parts: tuple[Found, ...] = ()

    @property
    def hits(self) -> tuple[Found, ...]:
        """Return the single hits that this stands for."""
        return self.parts or (self,)


class Reading:
    """What one rulebook finds in one title and text."""

    def __init__(self, title: str, text: str, book: Rulebook) -> None:
        """Fold, cut and look up; rules then ask for `found(name)`."""
        self.title = title
        self.text = text
        self._book = book
        self._parts: dict[FieldName, list[Sentence]] = {"title": [], "text": []}
        self._lead_end = 0
        self.folded: dict[FieldName, Folded] = {}
        self._by_entity: dict[str, list[Found]] = {}
        self._named: dict[str, tuple[Found, ...]] = {}
        self._either: dict[Operand, tuple[Found, ...]] = {}
        self._searchable: dict[Operand, _Neighbours] = {}
        self._said: set[str] = set()
        self._word_count = 0
        self._read("title", title)
        self._read("text", text)

    def given(self, field: FieldName) -> str:
        """Return a field as it was given."""
        return self.title if field == "title" else self.text

    @property
    def hits(self) -> Iterable[Found]:
        """Return all single hits, entity by entity."""
        return (hit for hits in self._by_entity.values() for hit in hits)

    def _read(self, field: FieldName, text: str) -> None:
        plain = fold(text)
        self.folded[field] = plain
        offset = self._word_count + _FIELD_GAP if field == "text" else 0
        hits = self._book.lexicon.hits(text, plain)
        if not hits:
            return
        parts = sentences(text) if field == "text" else [Sentence(0, len(text))]
        self._parts[field] = parts
        base = 1 if field == "text" else 0  # the title is sentence 0, whether there is one or not
        starts = [part.start for part in parts]
        if field == "text":
            self.lead_by(self._book.decision.lead)
        heard: dict[int, bool] = {}
        word = counted = 0
        dense = is_dense(text)
        for hit in hits:
            word += count_words(text, counted, hit.start, is_dense=dense)
            counted = hit.start
            index = sentence_at(starts, hit.start)
            if index not in heard:
                heard[index] = not parts[index].silent and self._is_new(text, parts[index])
            if not heard[index] or hit.end > parts[index].end:
                continue
            first = offset + index * SENTENCE_GAP + word
            found = Found(
                hit.start,
                hit.end,
                field,
                hit.entity,
                hit.term,
                base + index,
                first,
                first + further_words(text, hit.start, hit.end),
            )
            self._by_entity.setdefault(hit.entity, []).append(found)
        self._word_count = word

    def lead_by(self, words: int) -> None:
        """Let the lead have so many words from now on; what was found stays found."""
        self._lead_end = end_of_lead(self.text, words)

    def rank(self, sentence: int) -> Rank:
        """Return where a sentence stands, by its number."""
        if sentence == 0:
            return Rank.TITLE
        return Rank.LEAD if self.sentence(sentence).start < self._lead_end else Rank.BODY

    def sentence(self, number: int) -> Sentence:
        """Return a sentence by its number: 0 is the title."""
        return self._parts["text"][number - 1] if number else self._parts["title"][0]

    def _paragraph(self, number: int) -> int:
        """Return the number of the first sentence of a sentence's paragraph."""
        return self._paragraphs[number]

    @cached_property
    def _paragraphs(self) -> list[int]:
        found = [0, 1]
        parts = self._parts["text"]
        for number, (before, part) in enumerate(pairwise(parts), start=2):
            begins = "\n" in self.text[before.end : part.start]
            found.append(number if begins else found[-1])
        return found

    def _is_new(self, text: str, part: Sentence) -> bool:
        """Tell whether a sentence was not said before, and remember it."""
        key = text[part.start : part.end].casefold().rstrip(".。!?！？")
        if key in self._said:
            return False
        self._said.add(key)
        return True

    def found(self, name: str) -> tuple[Found, ...]:
        """Return the hits of an entity, a group or a phrase, in order of place."""
        if name not in self._named:
            if name in self._book.phrases:
                phrase = self._book.phrases[name]
                if phrase.near:
                    near = self.near(phrase.near, phrase.within, unless=phrase.unless_near)
                    self._named[name] = tuple(_joined(name, parts) for parts in near)
                else:
                    self._named[name] = _tightest(self.either(phrase.any))
            else:
                members = self._book.members[name]
                hits = [hit for member in members for hit in self._by_entity.get(member, ())]
                hits.sort(key=lambda hit: (hit.sentence, hit.start, hit.end))
                self._named[name] = tuple(hits)
        return self._named[name]

    def either(self, operand: Operand) -> tuple[Found, ...]:
        """Return the hits of any of the names, in order of place."""
        if not operand:
            return ()
        if len(operand) == 1:
            return self.found(operand[0])
        known = self._either.get(operand)
        if known is None:
            hits = {
                (hit.sentence, hit.start, hit.end, hit.name): hit
                for name in operand
                for hit in self.found(name)
            }
            known = tuple(hits[key] for key in sorted(hits))
            self._either[operand] = known
        return known

    def _neighbours(self, operand: Operand) -> _Neighbours:
        """Return the hits of any of the names, sorted for searching."""
        known = self._searchable.get(operand)
        if known is None:
            known = self._searchable[operand] = _Neighbours(self.either(operand), self._paragraph)
        return known

    def near(
        self,
        operands: Sequence[Operand],
        within: Window,
        *,
        unless: Operand = (),
        done: Container[int] = (),
    ) -> Iterator[tuple[Found, ...]]:
        """Yield, for each hit of the first operand, it and the nearest hit of every other one.

        A window is counted from the first operand's hit. Hits that share letters are not two words.
        Sentences that the caller puts into `done` meanwhile are passed over.
        """
        lists = []
        for operand in operands:
            hits = self.either(operand)
            if not hits:
                return
            lists.append(hits)
        neighbours = [self._neighbours(operand) for operand in operands[1:]]
        spoilers = self._neighbours(unless) if unless else None
        for pivot in lists[0]:
            if pivot.sentence in done or (spoilers is not None and spoilers.in_sentence(pivot)):
                continue
            chosen = [pivot]
            for candidates in neighbours:
                best = candidates.nearest(pivot, within, apart_from=chosen)
                if best is None:
                    break
                chosen.append(best)
            else:
                yield tuple(chosen)

    @property
    def present(self) -> Set[str]:
        """Return the entities that have a hit."""
        return self._by_entity.keys()

    @cached_property
    def entity_names(self) -> list[str]:
        """Return the entity of every hit: the language-neutral features of the text."""
        return [hit.name for hit in self.hits]


class _Neighbours:
    """Hits sorted by word number, to find the nearest one in a window."""

    def __init__(self, hits: Sequence[Found], paragraph_of: Callable[[int], int]) -> None:
        self._paragraph_of = paragraph_of
        self._hits = sorted(hits, key=lambda hit: (hit.first, hit.last))
        self._firsts = [hit.first for hit in self._hits]
        self._by_sentence: dict[int, list[Found]] = {}
        for hit in self._hits:
            self._by_sentence.setdefault(hit.sentence, []).append(hit)
        self._longest = max((hit.last - hit.first for hit in hits), default=0)

    def in_sentence(self, pivot: Found) -> bool:
        """Tell whether any hit stands in the pivot's sentence."""
        return pivot.sentence in self._by_sentence

    def nearest(self, pivot: Found, within: Window, *, apart_from: Sequence[Found]) -> Found | None:
        """Return the hit with the fewest words between, the earlier of two, or None."""
        if isinstance(within, int):
            low, high = pivot.first - within - self._longest - 1, pivot.last + within + 1
            candidates = self._hits[
                bisect_left(self._firsts, low) : bisect_right(self._firsts, high)
            ]
        elif within == "sentence":
            candidates = self._by_sentence.get(pivot.sentence, [])
        elif within == "paragraph":
            paragraph = self._paragraph_of(pivot.sentence)
            candidates = [
                hit for hit in self._hits if self._paragraph_of(hit.sentence) == paragraph
            ]
        else:
            candidates = self._hits
        best = None
        best_gap = within if isinstance(within, int) else _NO_LIMIT
        for hit in candidates:
            gap = (
                hit.first - pivot.last if hit.first > pivot.first else pivot.first - hit.last
            ) - 1
            if gap > best_gap or (best is not None and gap == best_gap):
                continue
            if not any(_overlap(hit, other) for other in apart_from):
                best, best_gap = hit, gap
        return best


def _overlap(one: Found, other: Found) -> bool:
    """Tell whether two hits share letters. The very word that makes a phrase may count again."""
    if one.sentence != other.sentence and not (one.parts or other.parts):
        return False
    is_phrase = bool(one.parts or other.parts)
    return any(
        a.field == b.field
        and a.start < b.end
        and b.start < a.end
        and not (is_phrase and a.name == b.name and a.start == b.start)
        for a in one.hits
        for b in other.hits
    )


def _tightest(hits: Sequence[Found]) -> tuple[Found, ...]:
    """Drop hits that share letters with a shorter one: one wording of a thing is enough."""
    kept: dict[int, list[Found]] = {}
    for hit in sorted(hits, key=lambda hit: (hit.end - hit.start, len(hit.parts))):
        others = kept.setdefault(hit.sentence, [])
        if not any(hit.start < other.end and other.start < hit.end for other in others):
            others.append(hit)
    flat = [hit for others in kept.values() for hit in others]
    flat.sort(key=lambda hit: (hit.sentence, hit.start, hit.end))
    return tuple(flat)


def _joined(name: str, parts: tuple[Found, ...]) -> Found:
    """Return one hit for a phrase: from its first word to its last."""
    singles = tuple(
        sorted(
            (hit for part in parts for hit in part.hits), key=lambda hit: (hit.sentence, hit.start)
        )
    )
    pivot = parts[0]
    same = [hit for hit in singles if hit.sentence == pivot.sentence]
    return Found(
        min(hit.start for hit in same),
        max(hit.end for hit in same),
        pivot.field,
        name,
        -1,
        pivot.sentence,
        min(hit.first for hit in same),
        max(hit.last for hit in same),
        singles,
    )
