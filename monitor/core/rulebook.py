"""A rulebook: rules and seeds made ready to score with.

Built once per process from a `RuleSource` (the automaton cannot travel) and then only read.
Knows names; knows nothing of files, databases or time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from monitor.core.folding import folded
from monitor.core.likeness import Likeness
from monitor.core.rules import Decision, Entity, Phrase, Profile, Rule, RuleSet, RuleSource
from monitor.core.terms import Beside, Lexicon, Term, english_forms, spelling

_CYRILLIC = re.compile("[\u0400-\u04ff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff 0-9]+")
_ASCII_LETTER = re.compile("[a-z]")


class Rulebook:
    """What `score` needs, resolved: lexicon, groups, phrases, rules, decisions and seeds."""

    def __init__(self, source: RuleSource, *, program: str) -> None:
        """Build the lexicon and the seed index; `program` is the version of the scoring program."""
        rules = source.rules
        self.hash = source.hash
        self.version = f"{source.hash[:12]}+{program}"
        self.entities: Mapping[str, Entity] = {entity.id: entity for entity in rules.entities}
        self.phrases: Mapping[str, Phrase] = {phrase.id: phrase for phrase in rules.phrases}
        self.members: Mapping[str, tuple[str, ...]] = {
            entity.id: _members(entity, self.entities) for entity in rules.entities
        }
        self.lexicon = Lexicon(terms(rules, source.forms))
        self.rules: tuple[Rule, ...] = rules.rules  # those of profiles alone among them
        self._needs = {rule.id: self._needed(rule) for rule in rules.rules}
        self.decision: Decision = rules.decision
        self.profiles: tuple[Profile, ...] = rules.profiles
        self.default = frozenset(rule.id for rule in rules.rules if not rule.profiles)
        self.used: Mapping[str, frozenset[str]] = {
            profile.id: frozenset(rule.id for rule in rules.rules if profile.uses(rule))
            for profile in rules.profiles
        }
        self.likeness = Likeness(source.seeds, self.lexicon)

    def label(self, name: str) -> str:
        """Return the English label of an entity or a phrase."""
        if name in self.entities:
            return self.entities[name].label
        return self.phrases[name].label if name in self.phrases else name

    def rule(self, rule_id: str) -> Rule | None:
        """Return a rule by its id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def candidates(self, present: Set[str]) -> Iterator[Rule]:
        """Yield the rules that can hold at all in a text with these entities.

        Most texts hold nothing of what most rules ask for; sets say so faster than rules do.
        """
        for rule in self.rules:
            for need in self._needs[rule.id]:
                if need.isdisjoint(present):
                    break
            else:
                yield rule

    def _needed(self, rule: Rule) -> tuple[frozenset[str], ...]:
        """Return for each operand of a rule the entities of which one must be there."""
        operands = (*rule.near, *rule.all, *((rule.any,) if rule.any else ()))
        return tuple(
            frozenset(leaf for name in operand for leaf in self._leaves(name))
            for operand in operands
        )

    def _leaves(self, name: str) -> Iterator[str]:
        """Yield the entities of which one must be there for an entity, a group or a phrase."""
        if name not in self.phrases:
            yield from self.members[name]
            return
        phrase = self.phrases[name]
        for part in phrase.near[0] if phrase.near else phrase.any:
            yield from self._leaves(part)


def terms(rules: RuleSet, forms: Mapping[str, tuple[str, ...]]) -> Iterator[Term]:
    """Yield every term of every entity with its surface forms, exceptions among them."""
    for entity in rules.entities:
        for language, written in entity.terms:
            yield _term(entity.id, language, written, forms)
        for written in entity.exceptions:
            yield _term(entity.id, "any", written, forms, is_exception=True)


def _term(
    entity: str,
    language: str,
    written: str,
    forms: Mapping[str, tuple[str, ...]],
    *,
    is_exception: bool = False,
) -> Term:
    """Return one term; its script decides how it inflects, its language only where it may stand."""
    wanted = spelling(written)
    base = folded(wanted.text)
    if wanted.exact or wanted.open_right:
        surface: tuple[str, ...] = (base,)
    elif _CYRILLIC.search(base):
        surface = forms.get(written, (base,))
    elif language in ("en", "any") and _ASCII_LETTER.search(base):
        surface = (base,) if wanted.cased and wanted.text.isupper() else english_forms(wanted.text)
    else:
        surface = (base,)
    return Term(
        entity=entity,
        written=written,
        forms=surface,
        cased=wanted.text if wanted.cased else None,
        open_right=wanted.open_right,
        open_left=wanted.open_left,
        whole=wanted.whole,
        beside=_beside(language, base),
        is_exception=is_exception,
    )


def _beside(language: str, base: str) -> Beside:
    """Return what letters a term of Han characters must stand among; others may stand anywhere."""
    if not _HAN.fullmatch(base):
        return "any"
    return {"ko": "hangul", "zh": "no-kana"}.get(language, "any")  # type: ignore[return-value]


def _members(entity: Entity, entities: Mapping[str, Entity]) -> tuple[str, ...]:
    """Return the entity and all that it includes, directly or through another group."""
    found: dict[str, None] = {}
    waiting = [entity.id]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting.extend(entities[name].includes)
    return tuple(found)
