"""The shape of a rule file: which keys there are, what they hold, what they mean.

Pydantic checks one file; `monitor.rulegather` puts files together and checks names. Descriptions
become the reference (`monitor.rulereference`). Problems name the nearest known key.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from monitor.core.errors import Problem
from monitor.yamltree import Keyed, Listed, Node, place


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
    all: list[OperandShape] = Field(
        default=[],
        description="names that must all be somewhere; beside near or any a gate",
    )
    any: Names = Field(
        default=[],
        description="names of which one must be somewhere; without near, each is a place",
    )
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
    profiles: Names = Field(
        default=[], description="only under these profiles; not in the default decision"
    )
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
    keep: Names | None = Field(
        default=None, description="rules that queue an item whatever took its points away"
    )
    title_multiplier: Annotated[float, Field(ge=1, le=3)] | None = Field(
        default=None, description="1 to 3"
    )
    body_share: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="0 to 1"
    )
    lead_words: Annotated[int, Field(ge=10, le=1000)] | None = Field(
        default=None, description="how many words the lead has, five letters each"
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
        message = f"there is no such key{nearest(str(one['loc'][-1]), _siblings(one['loc']))}"
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


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the known name that is most like `name`, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""
