"""The shape of a rule file: which keys there are, what they hold, and how they become `RuleSet`.

Pydantic checks one file's shape; then names are checked over all files together. Problems are
collected, never raised one by one, and name the nearest known key or name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

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
from monitor.yamltree import Keyed, Listed, Node, Text, place, plain, read_tree

NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
_ALPHABETIC = re.compile(r"[^\W\d_]")


def _operand(value: object) -> object:
    """Read `a|b` as either of two names."""
    return [part.strip() for part in value.split("|")] if isinstance(value, str) else value


def _listed(value: object) -> object:
    """Let one value stand for a list of one."""
    return [value] if isinstance(value, str) else value


def _dated(value: object) -> object:
    """Refuse what pydantic would read as seconds since 1970: a date is written YYYY-MM-DD."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("should be a date written YYYY-MM-DD")
    return value


Names = Annotated[list[str], BeforeValidator(_listed)]
OperandShape = Annotated[list[str], BeforeValidator(_operand)]
WindowShape = Annotated[int, Field(ge=0, le=1000)] | Literal["sentence", "paragraph", "text"]
Factor = Annotated[float, Field(ge=0.5, le=1.5)]
Points = Annotated[int, Field(ge=0, le=100)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=False)


class EntityShape(_Shape):
    """One entity: names by language, exceptions, members."""

    label: str = Field(min_length=1, description="English name, shown beside every foreign hit")
    en: Names = Field(
        default=[], description="terms, by language; the script decides how they are found"
    )
    ru: Names = []
    ko: Names = []
    ja: Names = []
    zh: Names = []
    de: Names = []
    fr: Names = []
    es: Names = []
    pl: Names = []
    any: Names = Field(default=[], description="terms of any language")
    exceptions: Names = Field(
        default=[], alias="except", description="a hit inside one of these does not count"
    )
    includes: Names = Field(default=[], description="entities that belong to this group")
    listed: Names = Field(default=[], description="sanctions lists that name it, with the date")
    note: str = Field(default="", description="for the reader of the file")


class PhraseShape(_Shape):
    """Names that together mean one thing."""

    label: str = Field(min_length=1, description="English name")
    near: list[OperandShape] = Field(default=[], description="names that must stand together")
    within: WindowShape = Field(default=4, description="as for rules")
    any: Names = Field(default=[], description="instead of `near`: one of several names")
    unless_near: Names = Field(
        default=[], description="does not hold in a sentence with one of these"
    )
    note: str = Field(default="", description="for the reader of the file")

    @model_validator(mode="after")
    def _is_one_of_two(self) -> PhraseShape:
        if bool(self.near) == bool(self.any) or len(self.near) == 1:
            raise ValueError("needs either near, with at least two names, or any")
        return self


class ExamplesShape(_Shape):
    """Sentences that prove a rule when it is loaded."""

    yes: Names = Field(default=[], description="the rule must hold in each")
    no: Names = Field(default=[], description="the rule must hold in none")


class RuleShape(_Shape):
    """One rule."""

    id: str = Field(
        description="lower-case letters, digits, hyphens; stable, because scores keep it"
    )
    weight: Annotated[int, Field(ge=-100, le=100)] = Field(description="points from -100 to 100")
    label: str = Field(default="", description="what a person reads instead of the id")
    near: list[OperandShape] = Field(
        default=[],
        description="names that must stand together; the window is counted from the first",
    )
    within: WindowShape = Field(
        default="sentence",
        description="`sentence`, `paragraph`, `text`, or the words that may stand between",
    )
    all: list[OperandShape] = Field(default=[], description="names that must all be somewhere")
    any: Names = Field(default=[], description="names of which one must be somewhere")
    none: Names = Field(default=[], description="names of which none may be anywhere")
    any_text: Names = Field(default=[], description="terms instead of names, for a short list")
    none_text: Names = Field(default=[], description="terms of which none may be anywhere")
    unless_near: Names = Field(
        default=[], description="does not hold in a sentence with one of these"
    )
    unless_title: Names = Field(
        default=[], description="does not hold when the title has one of these"
    )
    count: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="in how many different sentences it must hold"
    )
    where: Literal["anywhere", "title", "lead", "text"] = Field(
        default="anywhere",
        alias="in",
        description="`title`, `lead` (title or lead), `text`, `anywhere`",
    )
    once: bool = Field(default=False, description="further sentences add nothing")
    lang: Names = Field(default=[], description="only for items in these languages")
    feeds: Names = Field(default=[], description="only for items of these feeds")
    tags: Names = Field(default=[], description="only for items of feeds with one of these tags")
    until: Annotated[date, BeforeValidator(_dated)] | None = Field(
        default=None, description="last day, YYYY-MM-DD"
    )
    section: str = Field(default="", description="heading under which a digest lists the item")
    note: str = Field(default="", description="for the reader of the file")
    examples: ExamplesShape = Field(
        default=ExamplesShape(), description="sentences that prove the rule"
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> RuleShape:
        if not (self.near or self.all or self.any or self.any_text):
            raise ValueError("asks for nothing; give it near, all, any or any_text")
        if len(self.near) == 1:
            raise ValueError("near needs at least two names")
        if self.weight == 0:
            raise ValueError("a weight of 0 decides nothing; give it points or remove it")
        return self


class ThresholdsShape(_Shape):
    """Points that a band begins at."""

    queue: Points = Field(description="from here an analyst sees it")
    digest: Points = Field(description="from here subscribers read it")
    alert: Points = Field(description="from here it is told at once")

    @model_validator(mode="after")
    def _rise(self) -> ThresholdsShape:
        if not self.queue <= self.digest <= self.alert:
            raise ValueError("must not fall: queue, digest, alert")
        return self


class RequireShape(_Shape):
    """Rules of which at least one must be found, by band."""

    queue: Names = Field(default=[], description="rules of which one must hold to be queued at all")
    digest: Names = Field(default=[], description="rules of which one must hold to be in a digest")
    alert: Names = Field(default=[], description="rules of which one must hold for an alert")


class RepeatShape(_Shape):
    """What further sentences add: a share of the weight for each doubling, up to a cap."""

    rate: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.25, description="share of the weight for each doubling of the sentences"
    )
    cap: Annotated[float, Field(ge=0, le=1)] = Field(default=1.0, description="largest share")


class SeedShape(_Shape):
    """What likeness to a seed adds."""

    points: Annotated[int, Field(ge=0, le=15)] = Field(default=10, description="0 to 15")
    low: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.2, alias="from", description="similarity that earns the first point"
    )
    high: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.6, alias="to", description="similarity that earns all"
    )

    @model_validator(mode="after")
    def _rise(self) -> SeedShape:
        if self.low >= self.high:
            raise ValueError("`from` must be below `to`")
        return self


class DecisionShape(_Shape):
    """How points become a decision; every key may stand in one file only."""

    thresholds: ThresholdsShape | None = Field(default=None, description="where the bands begin")
    require: RequireShape | Names | None = Field(
        default=None, description="rules without which a band is not reached"
    )
    title_multiplier: Annotated[float, Field(ge=1, le=3)] | None = Field(
        default=None, description="1 to 3"
    )
    body_share: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="0 to 1"
    )
    lead_words: Annotated[int, Field(ge=10, le=1000)] | None = Field(
        default=None, description="how many words the lead has"
    )
    repeat: RepeatShape | None = Field(default=None, description="what further sentences add")
    feeds: dict[str, Factor] | None = Field(
        default=None, description="factor by feed id, 0.5 to 1.5"
    )
    seed: SeedShape | None = Field(default=None, description="what likeness to a seed adds")


class ProfileShape(DecisionShape):
    """A second team's view: what it leaves out or uses, and its own decision."""

    label: str = Field(default="", description="its name")
    without: Names = Field(default=[], description="rules left out")
    only: Names = Field(default=[], description="rules used; all when empty")


class FileShape(DecisionShape):
    """One rule file."""

    version: Literal["1"] = Field(default="1", description="of the rule language")
    profile: str = Field(default="", description="name of the whole, for the reader")
    entities: dict[str, EntityShape] = Field(default={}, description="name: entity")
    phrases: dict[str, PhraseShape] = Field(default={}, description="name: phrase")
    rules: list[RuleShape] = Field(default=[], description="a list")
    profiles: dict[str, ProfileShape] = Field(default={}, description="name: profile")


# ------------------------------------------------------------------ problems


def problems_of(error: ValidationError, tree: Node, file: str) -> list[Problem]:
    """Return pydantic's complaints in our words, each with its place in the file."""
    return list(dict.fromkeys(_problem(one, tree, file) for one in error.errors()))


def _problem(one: Any, tree: Node, file: str) -> Problem:
    path = _path_in(tree, one["loc"])
    if one["type"] == "extra_forbidden":
        message = f"there is no such key{_nearest(str(one['loc'][-1]), _siblings(one['loc']))}"
    elif one["type"] == "missing":
        message = "is missing"
    else:
        message = one["msg"].removeprefix("Value error, ")
        given = one.get("input")
        if isinstance(given, str):
            message = f"{message} (got '{given[:60]}')"
    line, column = place(tree, path)
    return Problem(
        file=file, line=line, column=column, key=".".join(map(str, path)), message=message
    )


def _path_in(tree: Node, loc: Sequence[str | int]) -> list[str | int]:
    """Return the part of pydantic's path that exists in the file, and a missing key behind it."""
    path: list[str | int] = []
    node: Node | None = tree
    for index, step in enumerate(loc):
        if isinstance(node, Keyed) and isinstance(step, str):
            found = node.get(step)
            if found is None and index < len(loc) - 1:
                continue  # the name of a union's member, not of a key
            path.append(step)
            node = found
        elif isinstance(node, Listed) and isinstance(step, int):
            path.append(step)
            node = node.items[step] if step < len(node.items) else None
    return path


def _siblings(loc: Sequence[str | int]) -> list[str]:
    """Return the keys that are known where an unknown one was found."""
    parents = [step for step in loc[:-1] if isinstance(step, str)]
    shapes: dict[str, type[BaseModel]] = {
        "entities": EntityShape,
        "phrases": PhraseShape,
        "rules": RuleShape,
        "profiles": ProfileShape,
        "examples": ExamplesShape,
        "thresholds": ThresholdsShape,
        "require": RequireShape,
        "repeat": RepeatShape,
        "seed": SeedShape,
    }
    shape = next((shapes[name] for name in reversed(parents) if name in shapes), FileShape)
    return [info.alias or name for name, info in shape.model_fields.items()]


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""


# ------------------------------------------------------------------ over all files


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
    for file, text in files:
        try:
            tree = read_tree(text, file)
        except ConfigurationErrors as error:
            problems.extend(error.problems)
            continue
        try:
            shape = FileShape.model_validate(plain(tree))
        except ValidationError as error:
            problems.extend(problems_of(error, tree, file))
            gathering.unread |= _names_in(tree)
            continue
        _gather(gathering, shape, tree, file)
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
    for kind in ("entities", "phrases"):
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
        for key, index, name in _names_of(rule):
            if name not in things:
                _unknown(gathering, f"rule {rule.id}", (key, index), name, things)
    decision = gathering.decision.get("require")
    for key, names in _required(decision):
        for index, name in enumerate(names):
            if name not in gathering.rules:
                _unknown(gathering, "decision require", (*key, index), name, gathering.rules)
    for profile, shape in gathering.profiles.items():
        owners: list[tuple[tuple[str, ...], list[str]]] = [
            (("without",), shape.without),
            (("only",), shape.only),
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
    near = _nearest(name, [*known, *gathering.unread])
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
                file, tree, path = gathering.trees[entity.id]
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
        return f"`{written}` is so short that it would hit everywhere; write `cs:`, `word:` or a longer term"
    return None
