"""Rule files together: from the shape of each to one `RuleSet`, with every name and term checked.

Names are unique over all files, and a rule may only ask for names that exist. Problems are
collected, never raised one by one, and name the nearest known name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.folding import folded
from monitor.core.rules import (
    COMPUTED,
    LANGUAGES,
    Decision,
    Entity,
    Operand,
    Phrase,
    Profile,
    Rule,
    RuleSet,
    Window,
)
from monitor.core.terms import spelling
from monitor.core.values import Band
from monitor.ruleshape import (
    DecisionShape,
    EntityShape,
    FileShape,
    PhraseShape,
    ProfileShape,
    RepeatShape,
    RequireShape,
    RuleShape,
    SeedShape,
    nearest,
    problems_of,
)
from monitor.yamltree import Keyed, Listed, Node, Text, place, plain, read_tree

NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
_ALPHABETIC = re.compile(r"[^\W\d_]")


@dataclass(slots=True)
class Shaped:
    """The rules of all files together, and where the parts stand."""

    rules: RuleSet
    places: Mapping[str, tuple[str, int, int]]


@dataclass(slots=True)
class _Gathering:
    """Everything read so far, with the place of each name."""

    problems: list[Problem]
    entities: dict[str, Entity] = field(default_factory=dict)
    phrases: dict[str, Phrase] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    profiles: dict[str, ProfileShape] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    trees: dict[str, tuple[str, Node, list[str | int]]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)  # names in files that have other problems

    def complain(self, name: str, below: Sequence[str | int], message: str) -> None:
        """Add a problem at a key below the named part."""
        file, tree, path = self.trees[name]
        where = [*path, *below]
        line, column = place(tree, where)
        self.problems.append(
            Problem(
                file=file, line=line, column=column, key=".".join(map(str, where)), message=message
            )
        )


def shaped(files: Sequence[tuple[str, str]], problems: list[Problem]) -> Shaped:
    """Return the rules of (name, text) files; what is wrong with them is added to `problems`."""
    gathering = _Gathering(problems)
    is_whole = True
    for file, text in files:
        try:
            tree = read_tree(text, file)
        except ConfigurationErrors as error:
            problems.extend(error.problems)
            is_whole = False
            continue
        try:
            shape = FileShape.model_validate(plain(tree))
        except ValidationError as error:
            problems.extend(problems_of(error, tree, file))
            gathering.unread |= _names_in(tree)
            continue
        _gather(gathering, shape, tree, file)
    # Without a file's names half of the others would look wrong: one typing slip is one line.
    if is_whole:
        _check_names(gathering)
    _check_terms(gathering)
    decision = _decision(gathering.decision)
    return Shaped(
        rules=RuleSet(
            entities=tuple(gathering.entities.values()),
            phrases=tuple(gathering.phrases.values()),
            rules=tuple(gathering.rules.values()),
            decision=decision,
            profiles=tuple(
                _profile(name, one, gathering.decision) for name, one in gathering.profiles.items()
            ),
        ),
        places=gathering.places,
    )


def _names_in(tree: Node) -> set[str]:
    """Return the names that a file defines, whatever else is wrong with it."""
    names: set[str] = set()
    for kind in ("entities", "phrases", "profiles"):
        part = tree.get(kind) if isinstance(tree, Keyed) else None
        if isinstance(part, Keyed):
            names.update(key.value for key, _ in part.pairs if key.value)
    rules = tree.get("rules") if isinstance(tree, Keyed) else None
    for rule in rules.items if isinstance(rules, Listed) else ():
        name = rule.get("id") if isinstance(rule, Keyed) else None
        if isinstance(name, Text) and name.value:
            names.add(name.value)
    return names


def _gather(gathering: _Gathering, shape: FileShape, tree: Node, file: str) -> None:
    """Add one file's parts; a name that is taken is a problem that names both places."""

    def claim(kind: str, name: str, path: list[str | int]) -> bool:
        key = name if kind in ("entity", "phrase") else f"{kind} {name}"
        if key in gathering.trees:
            other, other_tree, other_path = gathering.trees[key]
            first = place(other_tree, other_path)
            line, column = place(tree, path)
            gathering.problems.append(
                Problem(
                    file=file,
                    line=line,
                    column=column,
                    key=".".join(map(str, path)),
                    message=f"`{name}` is already in {other}:{first[0]}:{first[1]}",
                )
            )
            return False
        gathering.trees[key] = (file, tree, path)
        if kind != "decision" and not NAME.match(name):
            gathering.complain(key, (), "names are lower-case letters, digits and hyphens")
        return True

    for name, entity in shape.entities.items():
        if claim("entity", name, ["entities", name]):
            gathering.entities[name] = _entity(name, entity)
    for name, phrase in shape.phrases.items():
        if claim("phrase", name, ["phrases", name]):
            gathering.phrases[name] = _phrase(name, phrase)
    for index, rule in enumerate(shape.rules):
        path: list[str | int] = ["rules", index]
        if claim("rule", rule.id, path):
            _gather_rule(gathering, rule, tree, file, path)
    for name, profile in shape.profiles.items():
        if claim("profile", name, ["profiles", name]):
            gathering.profiles[name] = profile
    for name in DecisionShape.model_fields:
        value = getattr(shape, name)
        if value is not None and claim("decision", name, [name]):
            gathering.decision[name] = value


def _gather_rule(
    gathering: _Gathering, rule: RuleShape, tree: Node, file: str, path: list[str | int]
) -> None:
    if rule.id in COMPUTED:
        gathering.complain(
            f"rule {rule.id}", ("id",), "is the name of a computed line; choose another"
        )
    for kind in ("any", "none"):
        texts = getattr(rule, f"{kind}_text")
        if texts:
            name = f"{rule.id}-{kind}-text"
            gathering.entities[name] = Entity(
                id=name, label=rule.label or rule.id, terms=tuple(("any", text) for text in texts)
            )
            gathering.trees[name] = (file, tree, [*path, f"{kind}_text"])
    gathering.rules[rule.id] = _rule(rule)
    for kind, count in (("yes", len(rule.examples.yes)), ("no", len(rule.examples.no))):
        for index in range(count):
            line, column = place(tree, [*path, "examples", kind, index])
            gathering.places[f"{rule.id}.examples.{kind}.{index}"] = (file, line, column)


def _entity(name: str, shape: EntityShape) -> Entity:
    return Entity(
        id=name,
        label=shape.label,
        terms=tuple((code, term) for code in LANGUAGES for term in getattr(shape, code)),
        exceptions=tuple(shape.exceptions),
        includes=tuple(shape.includes),
        listed=tuple(shape.listed),
        note=shape.note,
    )


def _operands(shapes: Iterable[list[str]]) -> tuple[Operand, ...]:
    return tuple(tuple(names) for names in shapes)


def _phrase(name: str, shape: PhraseShape) -> Phrase:
    within: Window = shape.within
    return Phrase(
        id=name,
        label=shape.label,
        near=_operands(shape.near),
        within=within,
        any=tuple(shape.any),
        unless_near=tuple(shape.unless_near),
        note=shape.note,
    )


def _rule(shape: RuleShape) -> Rule:
    any_names = [*shape.any, *([f"{shape.id}-any-text"] if shape.any_text else [])]
    none_names = [*shape.none, *([f"{shape.id}-none-text"] if shape.none_text else [])]
    return Rule(
        id=shape.id,
        weight=shape.weight,
        label=shape.label or shape.id.replace("-", " "),
        near=_operands(shape.near),
        within=shape.within,
        all=_operands(shape.all),
        any=tuple(any_names),
        none=tuple(none_names),
        unless_near=tuple(shape.unless_near),
        unless_title=tuple(shape.unless_title),
        count=shape.count,
        where=shape.where,
        once=shape.once,
        langs=tuple(shape.lang),
        feeds=tuple(shape.feeds),
        tags=tuple(shape.tags),
        profiles=tuple(shape.profiles),
        until=shape.until,
        section=shape.section,
        note=shape.note,
        yes=tuple(shape.examples.yes),
        no=tuple(shape.examples.no),
    )


def _decision(given: Mapping[str, Any]) -> Decision:
    """Return the decision with defaults where nothing was written."""
    plain_decision = Decision()
    thresholds = given.get("thresholds")
    require = given.get("require")
    if isinstance(require, list):
        require = RequireShape(queue=require)
    repeat = given.get("repeat") or RepeatShape()
    seed = given.get("seed") or SeedShape()
    return Decision(
        thresholds=(
            {
                Band.QUEUE: thresholds.queue,
                Band.DIGEST: thresholds.digest,
                Band.ALERT: thresholds.alert,
            }
            if thresholds is not None
            else plain_decision.thresholds
        ),
        require=(
            {
                Band.QUEUE: tuple(require.queue),
                Band.DIGEST: tuple(require.digest),
                Band.ALERT: tuple(require.alert),
            }
            if require is not None
            else {}
        ),
        keep=tuple(given.get("keep") or ()),
        title=_given(given, "title_multiplier", plain_decision.title),
        body=_given(given, "body_share", plain_decision.body),
        lead=_given(given, "lead_words", plain_decision.lead),
        repeat_rate=repeat.rate,
        repeat_cap=repeat.cap,
        feeds=given.get("feeds") or {},
        seed_points=seed.points,
        seed_from=seed.low,
        seed_to=seed.high,
    )


def _given(given: Mapping[str, Any], key: str, default: Any) -> Any:
    return default if given.get(key) is None else given[key]


def _profile(name: str, shape: ProfileShape, shared: Mapping[str, Any]) -> Profile:
    own = {key: getattr(shape, key) for key in DecisionShape.model_fields}
    merged = {**shared, **{key: value for key, value in own.items() if value is not None}}
    return Profile(
        id=name,
        label=shape.label or name,
        decision=_decision(merged),
        without=tuple(shape.without),
        only=tuple(shape.only),
    )


# ------------------------------------------------------------------ names and terms


def _check_names(gathering: _Gathering) -> None:
    """Complain about names that nothing has."""
    things = [*gathering.entities, *gathering.phrases]
    for entity in gathering.entities.values():
        for index, name in enumerate(entity.includes):
            if name not in gathering.entities:
                _unknown(gathering, entity.id, ("includes", index), name, gathering.entities)
    _check_phrases(gathering)
    for rule in gathering.rules.values():
        for asked, index, name in _names_of(rule):
            if name not in things:
                _unknown(gathering, f"rule {rule.id}", (asked, index), name, things)
        for index, name in enumerate(rule.profiles):
            if name not in gathering.profiles:
                _unknown(
                    gathering, f"rule {rule.id}", ("profiles", index), name, gathering.profiles
                )
    decision = gathering.decision.get("require")
    for key, names in _required(decision):
        for index, name in enumerate(names):
            if name not in gathering.rules:
                _unknown(gathering, "decision require", (*key, index), name, gathering.rules)
    for index, name in enumerate(gathering.decision.get("keep") or ()):
        if name not in gathering.rules:
            _unknown(gathering, "decision keep", (index,), name, gathering.rules)
    for profile, shape in gathering.profiles.items():
        owners: list[tuple[tuple[str, ...], list[str]]] = [
            (("without",), shape.without),
            (("only",), shape.only),
            (("keep",), shape.keep or []),
            *((("require", *key), names) for key, names in _required(shape.require)),
        ]
        for below, names in owners:
            for index, name in enumerate(names):
                if name not in gathering.rules:
                    _unknown(
                        gathering, f"profile {profile}", (*below, index), name, gathering.rules
                    )


def _check_phrases(gathering: _Gathering) -> None:
    """A phrase may use entities and phrases that stand before it: so there are no circles."""
    known = list(gathering.entities)
    for phrase in gathering.phrases.values():
        for index, operand in enumerate(phrase.near):
            for name in operand:
                if name in gathering.phrases and name not in known:
                    message = f"`{name}` is a phrase that comes later; move it up"
                    gathering.complain(phrase.id, ("near", index), message)
                elif name not in known:
                    _unknown(gathering, phrase.id, ("near", index), name, known)
        for key, names in (("any", phrase.any), ("unless_near", phrase.unless_near)):
            for index, name in enumerate(names):
                if name not in known:
                    _unknown(gathering, phrase.id, (key, index), name, known)
        known.append(phrase.id)


def _names_of(rule: Rule) -> Iterator[tuple[str, int, str]]:
    for key, operands in (("near", rule.near), ("all", rule.all)):
        for index, operand in enumerate(operands):
            for name in operand:
                yield key, index, name
    for key, names in (
        ("any", rule.any),
        ("none", rule.none),
        ("unless_near", rule.unless_near),
        ("unless_title", rule.unless_title),
    ):
        for index, name in enumerate(names):
            yield key, index, name


def _required(require: Any) -> list[tuple[tuple[str, ...], list[str]]]:
    if isinstance(require, RequireShape):
        return [((band,), getattr(require, band)) for band in ("queue", "digest", "alert")]
    return [((), require)] if isinstance(require, list) else []


def _unknown(
    gathering: _Gathering,
    owner: str,
    below: Sequence[str | int],
    name: str,
    known: Iterable[str],
) -> None:
    if name in gathering.unread:
        return
    near = nearest(name, [*known, *gathering.unread])
    gathering.complain(owner, below, f"nothing is named `{name}`{near}")


def _check_terms(gathering: _Gathering) -> None:
    """Complain about terms that are so short that they would hit everywhere."""
    for entity in gathering.entities.values():
        counts: dict[str, int] = {}
        for code, written in entity.terms:
            index = counts.get(code, 0)
            counts[code] = index + 1
            message = _term_problem(written)
            if message:
                path = gathering.trees[entity.id][2]
                inline = path[-1] in ("any_text", "none_text")
                gathering.complain(entity.id, (index,) if inline else (code, index), message)


def _term_problem(written: str) -> str | None:
    """Return what is wrong with a term, or None."""
    wanted = spelling(written)
    base = folded(wanted.text)
    if not base:
        return "is empty"
    if wanted.cased or wanted.whole or wanted.exact:
        return None
    letters = len(_ALPHABETIC.findall(base))
    shortest = 3 if base.isascii() else 2
    if letters and len(base) < shortest:
        advice = "write `cs:`, `word:` or a longer term"
        return f"`{written}` is so short that it would hit everywhere; {advice}"
    return None
