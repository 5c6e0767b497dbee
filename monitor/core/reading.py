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
from monitor.core.sentences import Rank, Sentence, sentences
from monitor.core.terms import WordCount, end_of_lead, further_words

FieldName = Literal["title", "text"]
_NO_LIMIT = 1 << 30
_FIELD_GAP = 1000  # words: nothing in the text is near the title


class Found(NamedTuple):
    """A hit in its place, or several that make a phrase (then `parts` holds them).

    Places come first, so that hits sort by place as they are.
    """

    sentence: int
    start: int  # offsets in the field as given
    end: int
    name: str  # entity or phrase
    field: FieldName
    term: int  # index into the lexicon; -1 for a phrase
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
        self._ranks = [Rank.TITLE]  # of each sentence
        self.folded: dict[FieldName, Folded] = {}
        self._by_entity: dict[str, list[Found]] = {}
        self._named: dict[str, tuple[Found, ...]] = {}
        self._either: dict[Operand, tuple[Found, ...]] = {}
        self._sentences_of: dict[Operand, frozenset[int]] = {}
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
        hits = self._book.lexicon.bare_hits(text, plain)
        if not hits:
            return
        parts = sentences(text) if field == "text" else [Sentence(0, len(text))]
        self._parts[field] = parts
        base = 1 if field == "text" else 0  # the title is sentence 0, whether there is one or not
        if field == "text":
            self.lead_by(self._book.decision.lead)
        words = WordCount(text)
        following = [part.start for part in parts[1:]] + [len(text)]
        index, is_heard, ends_at = -1, False, 0
        for start, end, entity, term in hits:
            if index < 0 or start >= following[index]:
                index = max(index, 0)
                while start >= following[index]:
                    index += 1
                part = parts[index]
                is_heard, ends_at = not part.silent and self._is_new(text, part), part.end
            if not is_heard or end > ends_at:
                continue
            first = offset + index * SENTENCE_GAP + words.before(start)
            last = first + further_words(text, start, end)
            found = Found(base + index, start, end, entity, field, term, first, last)
            self._by_entity.setdefault(entity, []).append(found)
        self._word_count = words.before(hits[-1][0])

    def lead_by(self, words: int) -> None:
        """Let the lead have so many words from now on; what was found stays found."""
        lead_end = end_of_lead(self.text, words)
        self._ranks = [Rank.TITLE]
        self._ranks += [
            Rank.LEAD if part.start < lead_end else Rank.BODY for part in self._parts["text"]
        ]

    def rank(self, sentence: int) -> Rank:
        """Return where a sentence stands, by its number."""
        return self._ranks[sentence]

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
                    self._named[name] = tuple(sorted(_joined(name, parts) for parts in near))
                else:
                    self._named[name] = _tightest(self.either(phrase.any))
            else:
                members = self._book.members[name]
                hits = [hit for member in members for hit in self._by_entity.get(member, ())]
                if len(members) > 1:
                    hits.sort()
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
            # The same hit may come by several groups.
            hits = [hit for name in operand for hit in self.found(name)]
            known = tuple(sorted(dict(zip(map(id, hits), hits, strict=True)).values()))
            self._either[operand] = known
        return known

    def sentences_of(self, operand: Operand) -> frozenset[int]:
        """Return the numbers of the sentences with a hit of any of the names; 0 is the title."""
        known = self._sentences_of.get(operand)
        if known is None:
            known = frozenset([hit.sentence for hit in self.either(operand)])
            self._sentences_of[operand] = known
        return known

    def _sentences_around(self, operand: Operand, borders: int) -> frozenset[int]:
        """Return the sentences that are so many borders or fewer from one with a hit."""
        numbers = self.sentences_of(operand)
        if not borders:
            return numbers
        steps = range(-borders, borders + 1)
        return frozenset([number + step for number in numbers for step in steps])

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
        possible = self.sentences_of(operands[0]) - self.sentences_of(unless)
        borders = 0 if within == "sentence" else _borders(within)
        if borders is not None:
            for operand in operands[1:]:
                possible &= self._sentences_around(operand, borders)
        if not possible:
            return
        neighbours = [self._neighbours(operand) for operand in operands[1:]]
        for pivot in lists[0]:
            if pivot.sentence in done or pivot.sentence not in possible:
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
        self._hits = hits  # by place, and therefore by word
        self._firsts = [hit.first for hit in self._hits]
        self._by_sentence: dict[int, list[Found]] = {}
        for hit in self._hits:
            self._by_sentence.setdefault(hit.sentence, []).append(hit)
        self._longest = max((hit.last - hit.first for hit in hits), default=0)

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


def _borders(within: Window) -> int | None:
    """Return how many sentence borders a window in words can reach over; None for no such window.

    Each border counts as `SENTENCE_GAP` words.
    """
    return (within + 1) // SENTENCE_GAP if isinstance(within, int) else None


def _overlap(one: Found, other: Found) -> bool:
    """Tell whether two hits share letters. The very word that makes a phrase may count again."""
    if not (one.parts or other.parts):
        return one.sentence == other.sentence and one.start < other.end and other.start < one.end
    return any(
        a.field == b.field
        and a.start < b.end
        and b.start < a.end
        and not (a.name == b.name and a.start == b.start)
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
    return tuple(sorted(hit for others in kept.values() for hit in others))


def _joined(name: str, parts: tuple[Found, ...]) -> Found:
    """Return one hit for a phrase: from its first word to its last."""
    singles = sorted(hit for part in parts for hit in part.hits)
    pivot = parts[0]
    same = [hit for hit in singles if hit.sentence == pivot.sentence]
    return Found(
        pivot.sentence,
        same[0].start,
        max([hit.end for hit in same]),
        name,
        pivot.field,
        -1,
        same[0].first,
        max([hit.last for hit in same]),
        tuple(singles),
    )
