"""Reads rules/golden/: texts of ours that rules must pass, and decoys that they must not.

They are the operator's tests of the rules and no part of them: editing one changes no score and no
version. A folder that is not there holds nothing; what is wrong in a file is told with its place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.lab import Golden
from monitor.core.values import ScoreInput
from monitor.ruleshape import problems_of
from monitor.yamltree import place, plain, read_text, read_tree

FOLDER = "golden"  # in the rules folder


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GoldenShape(_Shape):
    """One text: its name, and what the rules are to read."""

    id: str = Field(min_length=1)
    title: str = ""
    text: str = ""
    lang: str | None = None
    note: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> GoldenShape:
        if not (self.title.strip() or self.text.strip()):
            raise ValueError("needs a title or a text")
        return self


class GoldenFileShape(_Shape):
    """One file of texts."""

    must_pass: list[GoldenShape] = []
    must_fail: list[GoldenShape] = []


def read_golden(rules: Path) -> list[Golden]:
    """Return the texts in the golden folder of a rules folder, file by file.

    Raises ConfigurationErrors with every problem.
    """
    problems: list[Problem] = []
    found: dict[str, Golden] = {}
    for path in sorted((rules / FOLDER).glob("*.y*ml")):
        try:
            tree = read_tree(read_text(path), str(path))
        except ConfigurationErrors as error:
            problems.extend(error.problems)
            continue
        try:
            shape = GoldenFileShape.model_validate(plain(tree))
        except ValidationError as error:
            problems.extend(problems_of(error, tree, str(path)))
            continue
        for key, must_pass in (("must_pass", True), ("must_fail", False)):
            for index, one in enumerate(getattr(shape, key)):
                if one.id in found:
                    problems.append(_twice(path, tree, [key, index, "id"], one.id))
                found[one.id] = Golden(
                    id=one.id,
                    given=ScoreInput(title=one.title, text=one.text, lang=one.lang),
                    must_pass=must_pass,
                )
    if problems:
        raise ConfigurationErrors(problems)
    return list(found.values())


def _twice(path: Path, tree: Any, where: list[str | int], name: str) -> Problem:
    line, column = place(tree, where)
    return Problem(
        file=str(path),
        line=line,
        column=column,
        key=".".join(map(str, where)),
        message=f"`{name}` is already the name of another text",
    )
