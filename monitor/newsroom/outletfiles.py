"""Reads the sample newsroom's files: one Markdown file for each outlet, furniture, templates.

A file is front matter and a line about the outlet, then front matter and text for every article,
all parted by lines of three hyphens (newsroom/README.md lists the keys). Must never guess: an
unknown key, a reference to nothing or an edit that finds no text raises ConfigurationErrors with
the place in the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.newsroom.outlets import Outlet, SampleArticle, SampleNewsroom
from monitor.yamltree import Node, place, plain, read_tree

PLACEHOLDER = "http://newsroom.invalid"
"""Stands in the shipped feeds file where the running server's address belongs."""

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_Model = TypeVar("_Model", bound=BaseModel)


def newsroom_folder() -> Traversable:
    """Return the shipped files; in an editable checkout, where the wheel's copy is not, its own."""
    shipped = files("monitor.newsroom") / "data"
    return shipped if shipped.is_dir() else Path(__file__).parents[2] / "newsroom"


def feeds_text(base: str, *, folder: Traversable | None = None) -> str:
    """Return the newsroom's feeds file with the running server's address filled in."""
    text = _text(folder or newsroom_folder(), "feeds.yaml")
    return text.replace(PLACEHOLDER, base)


def read_newsroom(folder: Traversable | None = None) -> SampleNewsroom:
    """Read outlets, furniture and templates. Raises ConfigurationErrors."""
    root = folder or newsroom_folder()
    shelf = root / "outlets"
    outlets = tuple(
        _read_outlet(_text(shelf, name), name) for name in _names(shelf) if name.endswith(".md")
    )
    furniture = plain(read_tree(_text(root, "furniture.yaml"), "furniture.yaml"))
    templates = {name: _text(root / "templates", name) for name in _names(root / "templates")}
    return SampleNewsroom(
        outlets=_checked(outlets),
        furniture=furniture,  # type: ignore[arg-type]  # the templates fail on a missing word
        templates=templates,
    )


def _names(folder: Traversable) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _text(folder: Traversable, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _read_outlet(text: str, name: str) -> Outlet:
    fences = list(_FENCE.finditer(text))
    if not fences or text[: fences[0].start()].strip() or len(fences) % 2:
        raise _wrong(name, "front matter and text must take turns, parted by lines of ---")
    ends = [fence.start() for fence in fences[1:]] + [len(text)]
    parts = [(fence.end(), end) for fence, end in zip(fences, ends, strict=True)]
    heads = [_head(text, start, end, name) for start, end in parts[0::2]]
    bodies = [text[start:end].strip() for start, end in parts[1::2]]
    articles = [
        _valid(SampleArticle, head, name, paragraphs=_paragraphs(body))
        for head, body in zip(heads[1:], bodies[1:], strict=True)
    ]
    counts = Counter(article.slug for article in articles)
    for slug in (slug for slug, count in counts.items() if count > 1):
        raise _wrong(name, "is there twice", key=slug)
    return _valid(Outlet, heads[0], name, about=bodies[0], articles=articles)


def _head(text: str, start: int, end: int, name: str) -> Node:
    """Read one front matter; blank lines stand for what is before it, so that places are right."""
    return read_tree("\n" * text.count("\n", 0, start) + text[start:end], name)


def _valid(model: type[_Model], head: Node, name: str, **more: object) -> _Model:
    keys = plain(head)
    if not isinstance(keys, dict):
        raise _wrong(name, "expected keys and values", line=head.line)
    try:
        return model.model_validate({**keys, **more})
    except ValidationError as error:
        problems = []
        for found in error.errors():
            line, column = place(head, found["loc"])
            key = ".".join(str(step) for step in found["loc"])
            problems.append(
                Problem(file=name, line=line, column=column, key=key, message=found["msg"])
            )
        raise ConfigurationErrors(problems) from None


def _paragraphs(text: str) -> tuple[str, ...]:
    """Return the lines that hold something: one line of the file is one paragraph."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _checked(outlets: tuple[Outlet, ...]) -> tuple[Outlet, ...]:
    """Follow every reference, and give reprints the text of their originals."""
    originals = SampleNewsroom(outlets=outlets, furniture={}, templates={}).by_reference
    return tuple(
        outlet.model_copy(
            update={
                "articles": tuple(
                    _followed(article, originals, f"{outlet.id}.md") for article in outlet.articles
                )
            }
        )
        for outlet in outlets
    )


def _followed(
    article: SampleArticle, originals: Mapping[str, tuple[Outlet, SampleArticle]], name: str
) -> SampleArticle:
    for reference in (article.reprint_of, article.relays, article.to):
        if reference is not None and reference not in originals:
            raise _wrong(name, f"there is no article {reference}", key=article.slug)
    if article.reprint_of is not None and not article.paragraphs:
        text = originals[article.reprint_of][1].paragraphs
        lead = (article.lead,) if article.lead else text[:1]
        article = article.model_copy(update={"paragraphs": (*lead, *text[1:])})
    for old in article.edit.replace if article.edit else ():
        if old not in article.title + article.text:
            raise _wrong(name, f"its edit cannot find {old!r}", key=article.slug)
    return article


def _wrong(
    name: str, message: str, *, key: str = "", line: int | None = None
) -> ConfigurationErrors:
    return ConfigurationErrors([Problem(file=name, line=line, key=key, message=message)])
