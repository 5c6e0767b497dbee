"""The rules lab: what a change of rules would do, before it does it. Pure functions over items.

Lint looks at the terms, the golden set at what must and must not pass, the preview at stored items,
statistics and suggestions at what analysts decided. Nothing here changes a rule or stores a score;
the preview calls the same `score` as publishing does, so both agree item by item.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitor.core.folding import fold
from monitor.core.rulebook import Rulebook
from monitor.core.scoring import score
from monitor.core.sentences import sentences
from monitor.core.terms import Term
from monitor.core.values import Band, Score, ScoreInput

# ------------------------------------------------------------------ lint

Finding = Literal["short", "shadowed", "impossible", "shared", "unused", "never_hit", "ambiguous"]
AMBIGUOUS_FROM = 20  # hits that are enough to judge a term by
AMBIGUOUS_SHARE = 0.8  # of its hits in items that no rule wants
_LATIN_WORD = re.compile(r"[a-z ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """One remark on a term or an entity; `count` of `total` where items were looked at."""

    finding: Finding
    entity: str
    term: str
    message: str
    count: int = 0
    total: int = 0


def lint(book: Rulebook, items: Iterable[ScoreInput] = ()) -> list[Lint]:
    """Return what is doubtful in the terms; with items also which never hit or hit elsewhere."""
    return [*_lint_terms(book), *_lint_entities(book), *_lint_hits(book, items)]


def _lint_terms(book: Rulebook) -> Iterator[Lint]:
    plain = [term for term in book.lexicon.terms if not term.is_exception]
    exceptions: dict[str, list[str]] = {}
    for term in book.lexicon.terms:
        if term.is_exception:
            exceptions.setdefault(term.entity, []).append(term.forms[0])
    doubled = Counter((term.entity, _sort(term)) for term in plain)
    owners: dict[str, set[str]] = {}
    for term in plain:
        form = term.forms[0]
        owners.setdefault(form, set()).add(term.entity)
        if len(form) <= 3 and _LATIN_WORD.fullmatch(form) and term.cased is None:
            message = "three letters that other words may share; consider `cs:`"
            yield Lint(finding="short", entity=term.entity, term=term.written, message=message)
        if form in exceptions.get(term.entity, ()):
            message = "is its own exception and can never count"
            yield Lint(finding="impossible", entity=term.entity, term=term.written, message=message)
        if doubled[term.entity, _sort(term)] > 1:
            message = "is in the list twice"
            yield Lint(finding="shadowed", entity=term.entity, term=term.written, message=message)
    yield from _found_already(plain)
    for form, names in sorted(owners.items()):
        if len(names) > 2:
            message = f"stands in {len(names)} entities: {', '.join(sorted(names))}"
            yield Lint(finding="shared", entity=min(names), term=form, message=message)


def _found_already(terms: Sequence[Term]) -> Iterator[Lint]:
    """Yield terms that an open term of their entity (`slave*`) finds without them."""
    opened = [term for term in terms if term.open_right and term.cased is None]
    for term in terms:
        for wide in opened:
            if (
                wide is not term
                and wide.entity == term.entity
                and term.forms[0] != wide.forms[0]
                and term.forms[0].startswith(wide.forms[0])
            ):
                message = f"`{term.written}` is found by `{wide.written}` already"
                yield Lint(
                    finding="shadowed", entity=term.entity, term=term.written, message=message
                )
                break


def _sort(term: Term) -> tuple[object, ...]:
    """Return all that makes two terms the same; one word may stand under two languages."""
    return term.forms[0], term.cased, term.whole, term.beside, term.open_left, term.open_right


def _lint_entities(book: Rulebook) -> Iterator[Lint]:
    """Yield entities that no rule, phrase or group asks for."""
    used: set[str] = set()
    for rule in book.rules:
        operands = (*rule.near, *rule.all, rule.any, rule.none, rule.unless_near, rule.unless_title)
        used.update(name for operand in operands for name in operand)
    for phrase in book.phrases.values():
        operands = (*phrase.near, phrase.any, phrase.unless_near)
        used.update(name for operand in operands for name in operand)
    reached = {member for name in used for member in book.members.get(name, ())}
    for entity in book.entities.values():
        if entity.id not in reached:
            message = "no rule asks for it; it only shows in highlights and likeness"
            yield Lint(finding="unused", entity=entity.id, term="", message=message)


def _lint_hits(book: Rulebook, items: Iterable[ScoreInput]) -> Iterator[Lint]:
    terms = book.lexicon.terms
    hits: Counter[tuple[str, str]] = Counter()  # entity and form: one of two equal terms finds
    unwanted: Counter[tuple[str, str]] = Counter()
    seen = 0
    for item in items:
        seen += 1
        found = {
            (hit.entity, terms[hit.term].forms[0])
            for text in (item.title, item.text)
            for hit in book.lexicon.hits(text)
        }
        hits.update(found)
        if found and score(item, book).decision is Band.REJECT:
            unwanted.update(found)
    if not seen:
        return
    for term in terms:
        word = (term.entity, term.forms[0])
        count = hits[word]
        if term.is_exception:
            continue
        if count == 0:
            message = f"was found in none of {seen} items"
            yield Lint(
                finding="never_hit",
                entity=term.entity,
                term=term.written,
                message=message,
                total=seen,
            )
        elif count >= AMBIGUOUS_FROM and unwanted[word] >= AMBIGUOUS_SHARE * count:
            message = f"{unwanted[word]} of {count} items that hold it were rejected"
            yield Lint(
                finding="ambiguous",
                entity=term.entity,
                term=term.written,
                message=message,
                count=unwanted[word],
                total=count,
            )


# ------------------------------------------------------------------ the golden set


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """An item whose decision is settled: a seed, a decoy, or a verdict marked "teach"."""

    id: str
    given: ScoreInput
    must_pass: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A golden item that the new rules decide otherwise than the old ones."""

    id: str
    must_pass: bool
    before: Band
    after: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenReport:
    """How a rulebook does on the golden set, at the line given."""

    count: int
    precision: float | None  # None: nothing passed
    recall: float | None  # None: nothing must pass
    dropped: tuple[str, ...]  # must pass, and do not
    raised: tuple[str, ...]  # must not pass, and do
    flips: tuple[Flip, ...]

    @property
    def is_refused(self) -> bool:
        """Tell whether the rules may go live only with a reason: they drop what must pass."""
        return bool(self.dropped)


def golden_report(
    items: Sequence[Golden],
    book: Rulebook,
    *,
    before: Rulebook | None = None,
    line: Band = Band.DIGEST,
) -> GoldenReport:
    """Return precision, recall and flips of the golden set under a rulebook."""
    bands = [score(item.given, book).decision for item in items]
    passed = [item for item, band in zip(items, bands, strict=True) if band.rank >= line.rank]
    wanted = [item for item in items if item.must_pass]
    hits = [item for item in passed if item.must_pass]
    flips = []
    if before is not None:
        for item, after in zip(items, bands, strict=True):
            was = score(item.given, before).decision
            if (was.rank >= line.rank) != (after.rank >= line.rank):
                flips.append(Flip(id=item.id, must_pass=item.must_pass, before=was, after=after))
    names = {item.id for item in passed}
    return GoldenReport(
        count=len(items),
        precision=len(hits) / len(passed) if passed else None,
        recall=len(hits) / len(wanted) if wanted else None,
        dropped=tuple(item.id for item in wanted if item.id not in names),
        raised=tuple(item.id for item in passed if not item.must_pass),
        flips=tuple(flips),
    )


# ------------------------------------------------------------------ preview


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored item with the score it has now."""

    key: int
    given: ScoreInput
    score: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A stored item whose band the new rules would change."""

    key: int
    title: str
    before: Score
    after: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileMove:
    """A stored item whose band under a profile the new rules would change; None: no such one."""

    key: int
    title: str
    profile: str
    before: Band | None
    after: Band | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What publishing would do to stored items."""

    count: int
    moves: tuple[Move, ...]
    rescored: int  # other points, same band
    profile_moves: tuple[ProfileMove, ...] = ()

    def entering(self, band: Band) -> tuple[Move, ...]:
        """Return the items that would newly reach a band."""
        return tuple(
            move
            for move in self.moves
            if move.before.decision.rank < band.rank <= move.after.decision.rank
        )

    def leaving(self, band: Band) -> tuple[Move, ...]:
        """Return the items that would no longer reach a band."""
        return tuple(
            move
            for move in self.moves
            if move.after.decision.rank < band.rank <= move.before.decision.rank
        )


def preview(items: Iterable[Stored], book: Rulebook) -> Preview:
    """Return which items would change their band, best new score first."""
    moves: list[Move] = []
    profile_moves: list[ProfileMove] = []
    count = rescored = 0
    for item in items:
        count += 1
        after = score(item.given, book)
        profile_moves.extend(_profile_moves(item, after))
        if after.decision is not item.score.decision:
            moves.append(Move(key=item.key, title=item.given.title, before=item.score, after=after))
        elif after.score != item.score.score:
            rescored += 1
    moves.sort(key=lambda move: (-move.after.raw, move.key))
    return Preview(
        count=count, moves=tuple(moves), rescored=rescored, profile_moves=tuple(profile_moves)
    )


def _profile_moves(item: Stored, after: Score) -> Iterator[ProfileMove]:
    """Yield the profiles under which an item would be in another band, new and dropped ones too."""
    old = {one.profile: one.decision for one in item.score.profiles}
    new = {one.profile: one.decision for one in after.profiles}
    for profile in dict.fromkeys([*new, *old]):
        if old.get(profile, Band.REJECT) is not new.get(profile, Band.REJECT):
            yield ProfileMove(
                key=item.key,
                title=item.given.title,
                profile=profile,
                before=old.get(profile),
                after=new.get(profile),
            )


# ------------------------------------------------------------------ statistics and suggestions


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A scored item, and what the team decided on it (None: nothing yet)."""

    given: ScoreInput
    score: Score
    seen_at: datetime
    is_relevant: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """How often a rule held, when last, and how often the team agreed."""

    rule: str
    hits: int
    last_hit_at: datetime | None
    relevant: int
    irrelevant: int

    @property
    def precision(self) -> float | None:
        """Return the share of relevant among decided items with the rule."""
        decided = self.relevant + self.irrelevant
        return self.relevant / decided if decided else None


def rule_uses(items: Iterable[Decided], book: Rulebook) -> list[RuleUse]:
    """Return every rule's use in the order of the rulebook, dead rules included."""
    hits: Counter[str] = Counter()
    relevant: Counter[str] = Counter()
    irrelevant: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for item in items:
        for rule in {match.rule for match in item.score.matches}:
            hits[rule] += 1
            last[rule] = max(item.seen_at, last.get(rule, item.seen_at))
            if item.is_relevant is not None:
                (relevant if item.is_relevant else irrelevant)[rule] += 1
    return [
        RuleUse(
            rule=rule.id,
            hits=hits[rule.id],
            last_hit_at=last.get(rule.id),
            relevant=relevant[rule.id],
            irrelevant=irrelevant[rule.id],
        )
        for rule in book.rules
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A word that separates accepted from rejected items. Never applied by itself."""

    term: str
    towards: Literal["relevant", "irrelevant"]
    weight: float  # z-score; the further from 0, the surer
    relevant: int  # items that hold it
    irrelevant: int
    example: str


_PIECES = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]+|[\uac00-\ud7a3]{2,}|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{4,}"
)
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_PRIOR = 0.5
MIN_ITEMS = 3


def suggest(items: Sequence[Decided], book: Rulebook, *, limit: int = 20) -> list[Suggestion]:
    """Return words that tell relevant from irrelevant items, surest first.

    Log-odds ratio with a prior (Monroe, Colaresi & Quinn 2008, "Fightin' Words"), over the number
    of items that hold a word. Words that a term already finds are left out.
    """
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    totals = Counter(item.is_relevant for item in items if item.is_relevant is not None)
    for item in items:
        if item.is_relevant is not None:
            counts[item.is_relevant].update(_words(item.given, book))
    found = []
    for word in counts[True].keys() | counts[False].keys():
        yes, no = counts[True][word], counts[False][word]
        if yes + no < MIN_ITEMS:
            continue
        weight = _log_odds(yes, totals[True], no, totals[False])
        found.append((abs(weight), word, weight, yes, no))
    found.sort(key=lambda one: (-one[0], one[1]))
    return [
        Suggestion(
            term=word,
            towards="relevant" if weight > 0 else "irrelevant",
            weight=round(weight, 2),
            relevant=yes,
            irrelevant=no,
            example=_example(word, items, is_relevant=weight > 0),
        )
        for _, word, weight, yes, no in found[:limit]
    ]


def _log_odds(yes: int, yes_total: int, no: int, no_total: int) -> float:
    """Return the z-score of the difference of log-odds, smoothed by the prior."""
    first = math.log((yes + _PRIOR) / (yes_total - yes + _PRIOR))
    second = math.log((no + _PRIOR) / (no_total - no + _PRIOR))
    variance = 1 / (yes + _PRIOR) + 1 / (no + _PRIOR)
    return (first - second) / math.sqrt(variance)


def _words(given: ScoreInput, book: Rulebook) -> set[str]:
    """Return the words of an item that no term finds; dense scripts in pairs of characters."""
    words: set[str] = set()
    for text in (given.title, given.text):
        plain = fold(text)
        taken = [(hit.start, hit.end) for hit in book.lexicon.hits(text, plain)]
        for match in _PIECES.finditer(plain.text):
            start, end = plain.span(match.start(), match.end())
            if any(first < end and start < last for first, last in taken):
                continue
            piece = match.group()
            if _DENSE.match(piece):
                words.update(piece[at : at + 2] for at in range(len(piece) - 1))
            else:
                words.add(piece)
    return words


def _example(word: str, items: Sequence[Decided], *, is_relevant: bool) -> str:
    """Return the first sentence that holds the word in an item of its side."""
    for item in items:
        if item.is_relevant is not is_relevant:
            continue
        for text in (item.given.title, item.given.text):
            for part in sentences(text):
                sentence = text[part.start : part.end]
                if word in fold(sentence).text:
                    return " ".join(sentence.split())
    return ""


def bands(items: Iterable[Stored]) -> Mapping[Band, int]:
    """Return how many items are in each band."""
    counts = Counter(item.score.decision for item in items)
    return {band: counts[band] for band in Band}
