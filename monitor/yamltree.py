"""YAML that an operator wrote, as a tree that knows where everything stands.

The files people edit must be answered with file, line, column and plain words, and edited without
disturbing a comment. So the parser's events become nodes with places and character offsets, and
every scalar stays the text that was written: `country: NO` is Norway, `at: 18:30` is no number.

It must never build what a file only pretends to contain: aliases, tags, directives and second
documents are refused, depth and size are limited (the parser needs half a minute for 20,000
brackets, so nesting is stopped while reading), and a key written twice is an error that names
both places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from monitor.core.errors import ConfigurationErrors, Problem

MAX_BYTES = 4 * 1024 * 1024  # 10,000 feeds with every key take about 3 MB
MAX_DEPTH = 20  # our files need six
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A scalar as written; `value` is None for a plain null or nothing at all."""

    value: str | None
    line: int
    column: int
    start: int  # offset of the first character in the text, quotation mark included
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A sequence."""

    items: tuple[Node, ...]
    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A mapping. Keys are unique."""

    pairs: tuple[tuple[Text, Node], ...]
    line: int
    column: int
    start: int
    end: int

    def get(self, name: str) -> Node | None:
        """Return the value under a key."""
        return next((value for key, value in self.pairs if key.value == name), None)


Node = Text | Listed | Keyed
Plain = str | None | list["Plain"] | dict[str, "Plain"]


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """Return a file's text as it is, byte order mark and line ends included.

    Raises ConfigurationErrors when it cannot be read, is too large, empty, or no UTF-8.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise _refused(name, "there is no such file; `monitor init DIR` writes one") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _refused(
            name, f"cannot be read: {reason}; check the path and who may read it"
        ) from None
    if len(raw) > max_bytes:
        raise _refused(name, f"is larger than {max_bytes // 2**20} MB, which no list of ours needs")
    return decode(raw, name)


def decode(raw: bytes, name: str) -> str:
    """Return the text of a UTF-8 file.

    Raises ConfigurationErrors with the place of the first bad byte.
    """
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _refused(name, "is saved as UTF-16; save it as UTF-8", line=1, column=1)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = place_of(before, len(before))
        raise _refused(
            name,
            f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8",
            line=line,
            column=column,
        ) from None


def read_tree(text: str, name: str) -> Node:
    """Return the tree of one YAML document; offsets count from the start of `text`.

    Raises ConfigurationErrors: every key that is written twice, or the one place where reading
    had to stop.
    """
    if not text.strip("\ufeff \t\r\n"):
        raise _refused(name, "is empty; was it only half written?")
    reader = _Reader(name)
    try:
        return reader.document(YAML(typ="safe", pure=True).parse(text))
    except ReaderError as error:
        line, column = place_of(text, error.position)
        raise _refused(
            name,
            f"control character {error.character!r} is not allowed in YAML; delete it",
            line=line,
            column=column,
        ) from None
    except MarkedYAMLError as error:
        raise _syntax_error(error, name) from None


def plain(node: Node | None) -> Plain:
    """Return a node as dict, list, str and None."""
    match node:
        case Keyed(pairs=pairs):
            return {key.value or "": plain(value) for key, value in pairs}
        case Listed(items=items):
            return [plain(item) for item in items]
        case Text(value=value):
            return value
        case _:
            return None


def place(node: Node, path: Sequence[str | int]) -> tuple[int, int]:
    """Return line and column of the deepest part of `path` that is there: key or list item."""
    line, column = node.line, node.column
    for step in path:
        if isinstance(node, Keyed) and isinstance(step, str):
            found = next(((key, value) for key, value in node.pairs if key.value == step), None)
            if found is None:
                break
            line, column, node = found[0].line, found[0].column, found[1]
        elif isinstance(node, Listed) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            line, column = node.line, node.column
        else:
            break
    return line, column


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of a character."""
    before = text[:offset]
    breaks = [match.end() for match in re.finditer(r"\r\n|\r|\n", before)]
    return len(breaks) + 1, offset - (breaks[-1] if breaks else 0) + 1


class _Reader:
    """Builds nodes from parser events, collecting keys that are written twice."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []

    def document(self, events: Iterator[Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise self._stop(
                        event, "a second document begins here (---); use one file for each"
                    )
                if event.version is not None or event.tags:
                    raise self._stop(event, "directives (%) are not used here; delete this line")
                root = self._node(next(events), events, depth=0)
        if root is None:
            self.problems.append(Problem(file=self.name, message="holds nothing but comments"))
        if self.problems or root is None:
            raise ConfigurationErrors(self.problems)
        return root

    def _node(self, event: Event, events: Iterator[Event], *, depth: int) -> Node:
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self._stop(
                event, "anchors and aliases (& and *) are not used here; repeat the value"
            )
        if getattr(event, "tag", None):
            raise self._stop(event, "type tags (!) are not used here; delete it")
        if depth > MAX_DEPTH:
            raise self._stop(
                event, f"nested more than {MAX_DEPTH} levels deep; is a bracket wrong?"
            )
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        start = event.start_mark.index
        if isinstance(event, ScalarEvent):
            is_null = event.style is None and event.value in NULLS
            return Text(
                value=None if is_null else event.value,
                line=line,
                column=column,
                start=start,
                end=event.end_mark.index,
            )
        if isinstance(event, SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(event := next(events), SequenceEndEvent):
                items.append(self._node(event, events, depth=depth + 1))
            end = event.end_mark.index
            return Listed(items=tuple(items), line=line, column=column, start=start, end=end)
        if not isinstance(event, MappingStartEvent):
            raise AssertionError(f"the parser gave {event!r} where a value belongs")
        pairs: dict[str, tuple[Text, Node]] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._node(event, events, depth=depth + 1)
            value = self._node(next(events), events, depth=depth + 1)
            self._keep(pairs, key, value)
        end = event.end_mark.index
        return Keyed(pairs=tuple(pairs.values()), line=line, column=column, start=start, end=end)

    def _keep(self, pairs: dict[str, tuple[Text, Node]], key: Node, value: Node) -> None:
        if not isinstance(key, Text):
            self.problems.append(self._problem(key.line, key.column, "a key must be one word"))
            return
        name = key.value or ""
        if name in pairs:
            first = pairs[name][0]
            message = f"{name!r} is written twice, first in line {first.line}; keep one of them"
            self.problems.append(self._problem(key.line, key.column, message))
            return
        pairs[name] = (key, value)

    def _problem(self, line: int, column: int, message: str) -> Problem:
        return Problem(file=self.name, line=line, column=column, message=message)

    def _stop(self, event: Event, message: str) -> ConfigurationErrors:
        mark = event.start_mark
        return ConfigurationErrors(
            [*self.problems, self._problem(mark.line + 1, mark.column + 1, message)]
        )


# The parser's words, and ours. `{line}` is where the construct began that the parser was in.
_PLAIN_WORDS = (
    (r"found character '\\t'", "a tab is used for indentation; use spaces"),
    (
        r"mapping values are not allowed",
        "a second colon in one line; put the text in quotation marks",
    ),
    (
        r"expected <block end>",
        "is indented unlike the lines before it, which belong to line {line}",
    ),
    (r"found unexpected end of stream", "a quotation mark opened in line {line} is never closed"),
    (r"expected ',' or '\]'", "a list opened with [ in line {line} is not closed with ]"),
    (r"expected ',' or '}'", "a list opened with {{ in line {line} is not closed with }}"),
    (r"found character '(.)'", "a value may not begin with {character}; put it in quotation marks"),
    (r"could not find expected ':'", "line {line} has no colon and blank after its key"),
    (r"but found '<stream end>'", "the file ends in the middle of what began in line {line}"),
    (r"found undefined alias", "* begins an alias here; put the text in quotation marks"),
    (
        r"sequence entries are not allowed",
        "a hyphen begins a list; put the text in quotation marks",
    ),
    (r"expected the node content, but found '(.*)'", "a value was expected, not {character}"),
    (r"expected (?:chomping|indentation)", "> and | begin longer texts; put it in quotation marks"),
    (r"mapping keys are not allowed", "a question mark begins a key; put it in quotation marks"),
    (
        r"unknown escape character|expected escape sequence",
        "a backslash in double quotation marks; use single ones",
    ),
)


def _syntax_error(error: MarkedYAMLError, name: str) -> ConfigurationErrors:
    problem = error.problem or error.context or "this is no YAML"
    mark = error.problem_mark or error.context_mark
    began = error.context_mark or mark
    message = f"{problem}; this is no valid YAML"
    for pattern, words in _PLAIN_WORDS:
        if found := re.search(pattern, problem):
            character = found.group(1) if found.groups() else ""
            line = began.line + 1 if began else "?"
            message = words.format(line=line, character=character)
            break
    return _refused(
        name,
        message,
        line=mark.line + 1 if mark else None,
        column=mark.column + 1 if mark else None,
    )


def _refused(
    name: str, message: str, *, line: int | None = None, column: int | None = None
) -> ConfigurationErrors:
    return ConfigurationErrors([Problem(file=name, line=line, column=column, message=message)])
