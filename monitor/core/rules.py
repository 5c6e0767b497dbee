"""Rules as values: entities, phrases, rules and the decision, as an operator wrote them.

`monitor.rulefiles` reads them from YAML, `monitor.core.rulebook` makes them ready to score with.
Nothing here looks at a text. A name used in a rule is an entity, a group of entities or a phrase;
`a|b` means either. All names are lower-case with hyphens, unique over all files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Literal

from monitor.core.values import Band

LANGUAGES = ("en", "ru", "ko", "ja", "zh", "de", "fr", "es", "pl", "any")
COMPUTED = ("title", "repeat", "feed", "seed", "cap")  # lines that no rule may be named after
SENTENCE_GAP = 8  # words that the end of a sentence counts for when a window is given in words

Operand = tuple[str, ...]  # names, any of which will do
Window = int | Literal["sentence", "paragraph", "text"]
Place = Literal["anywhere", "title", "lead", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Who, where or what: one thing under all its names, or a group of such things."""

    id: str
    label: str  # English, short: shown beside every foreign hit
    terms: tuple[tuple[str, str], ...] = ()  # language, term as written
    exceptions: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()  # which list names it, since when
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that together mean one thing: `North Korean` next to `workers`."""

    id: str
    label: str
    near: tuple[Operand, ...] = ()
    within: Window = 4
    any: Operand = ()  # instead of near: one of several entities or phrases
    unless_near: Operand = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must be found, and the points that it is worth."""

    id: str
    weight: int  # -100 to 100, not 0
    label: str = ""
    near: tuple[Operand, ...] = ()
    within: Window = "sentence"
    all: tuple[Operand, ...] = ()
    any: Operand = ()
    none: Operand = ()
    unless_near: Operand = ()
    unless_title: Operand = ()  # does not hold when the title says one of these
    count: int = 1  # in how many distinct sentences at least
    where: Place = "anywhere"
    once: bool = False  # repeats add nothing
    langs: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()  # counts under these profiles alone
    until: date | None = None
    section: str = ""  # heading under which a digest lists an item with this rule
    note: str = ""
    yes: tuple[str, ...] = ()  # sentences in which the rule must be found
    no: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How points become a decision."""

    thresholds: Mapping[Band, int] = field(
        default_factory=lambda: {Band.QUEUE: 20, Band.DIGEST: 50, Band.ALERT: 75}
    )
    # For each band rules of which at least one must be found; a band needs those below it too.
    require: Mapping[Band, tuple[str, ...]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()  # rules that queue an item whatever its points
    title: float = 1.5  # factor for what the title says
    body: float = 0.5  # factor for what only the body says
    lead: int = 80  # words of the text that count as its lead
    repeat_rate: float = 0.25  # of the weight, for each doubling of the number of sentences
    repeat_cap: float = 1.0  # of the weight
    feeds: Mapping[str, float] = field(default_factory=dict)
    seed_points: int = 10  # 0 to 15
    seed_from: float = 0.2  # similarity that earns the first point
    seed_to: float = 0.6  # similarity that earns all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Another view of the same rules: a topic that a subscriber can choose."""

    id: str
    label: str = ""
    decision: Decision
    without: tuple[str, ...] = ()  # rules left out
    only: tuple[str, ...] = ()  # rules used; all when empty

    def uses(self, rule: Rule) -> bool:
        """Tell whether a rule counts under this profile."""
        if rule.profiles and self.id not in rule.profiles:
            return False
        return rule.id not in self.without and (not self.only or rule.id in self.only)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Everything that the rule files say."""

    entities: tuple[Entity, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    rules: tuple[Rule, ...] = ()
    decision: Decision = field(default_factory=Decision)
    profiles: tuple[Profile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A document that defines the subject: a card of ours, or a full document that was added."""

    id: str
    title: str
    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSource:
    """Rule files and seeds, read and checked: travels to workers, becomes a `Rulebook` there."""

    hash: str  # of rules and seeds, hex
    files: tuple[tuple[str, str], ...]  # name, text, cards too: what a store keeps of a version
    seeds: tuple[Seed, ...]
    rules: RuleSet
    # Russian terms and all their inflected forms, folded: made where dictionaries may be read.
    forms: Mapping[str, tuple[str, ...]]
    # Key path -> file, line, column, for what is only found wrong later.
    places: Mapping[str, tuple[str, int, int]]

    def without_seed(self, *ids: str) -> RuleSource:
        """Return the same rules with some seeds left out: to test a seed against the others."""
        return RuleSource(
            hash=sha256(f"{self.hash} without {' '.join(sorted(ids))}".encode()).hexdigest(),
            files=self.files,
            seeds=tuple(seed for seed in self.seeds if seed.id not in ids),
            rules=self.rules,
            forms=self.forms,
            places=self.places,
        )
