"""Reads a seed card: a Markdown file of ours that says why a document defines the subject.

Front matter in YAML (title, outlet, date, address, language, reason, relays, entities, figures,
claims), then a summary in our own words. The document itself is someone else's and is not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.rules import Seed
from monitor.ruleshape import problems_of
from monitor.yamltree import plain, read_tree

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*$(.*)\Z", re.DOTALL | re.MULTILINE)


class CardShape(BaseModel):
    """The front matter. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    outlet: str
    date: date
    address: str | None = None
    language: str = "en"
    reason: str
    relays: list[str] = []  # who cites whom, from the card's outlet to the first source
    entities: list[str] = []
    figures: list[str] = []
    claims: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A seed card, read."""

    id: str  # the file's name without its ending
    title: str
    outlet: str
    dated_on: date
    address: str | None
    language: str
    reason: str
    relays: tuple[str, ...]
    entities: tuple[str, ...]
    figures: tuple[str, ...]
    claims: tuple[str, ...]
    summary: str

    @property
    def seed(self) -> Seed:
        """Return the card as a seed for likeness: everything it says of its document."""
        text = "\n".join([self.summary, *self.claims, *self.figures, ", ".join(self.entities)])
        return Seed(id=self.id, title=self.title, text=text, lang=self.language)


def read_card(text: str, name: str) -> Card:
    """Return the card in a Markdown file. Raises ConfigurationErrors."""
    match = _FRONT.match(text)
    if match is None:
        message = "begins with no front matter; write `---`, keys such as title and outlet, `---`"
        raise ConfigurationErrors([Problem(file=name, line=1, column=1, message=message)])
    # A line break in place of the opening `---` keeps line numbers true.
    tree = read_tree("\n" + match.group(1), name)
    try:
        shape = CardShape.model_validate(plain(tree))
    except ValidationError as error:
        raise ConfigurationErrors(problems_of(error, tree, name)) from None
    return Card(
        id=PurePath(name).stem,
        title=shape.title,
        outlet=shape.outlet,
        dated_on=shape.date,
        address=shape.address,
        language=shape.language,
        reason=shape.reason,
        relays=tuple(shape.relays),
        entities=tuple(shape.entities),
        figures=tuple(shape.figures),
        claims=tuple(shape.claims),
        summary=match.group(2).strip(),
    )
