"""Edits of feeds.yaml that leave every other byte as the operator wrote it.

An edit is cut into the text at the offsets that the tree knows: comments, order, quotation marks,
blank lines and line ends stay. A result that could not be read again is refused. Nothing is written
to disk but by `save`, which replaces the file whole and never one that changed in the meantime.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import count
from pathlib import Path

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.feedplan import field_text
from monitor.core.values import Feed
from monitor.feedfile import FeedFile, parse_feeds
from monitor.feedkeys import KEY_ORDER, DefaultKeys
from monitor.yamltree import Keyed, Listed, Node, Text, place_of, read_text, read_tree

# What some reader of YAML, of 1.1 or of 1.2, would take for something else than this text.
_NOT_PLAIN = re.compile(
    r"(?i:true|false|yes|no|on|off|null|~|y|n)?"
    r"|[\s\d\-+.?:,\[\]{}#&*!|>'\"%@`=].*"
    r"|.*: .*|.* #.*|.*[:\s]"
    r"|.*[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff].*",
    re.DOTALL,
)
_UNWRITABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetKey:
    """Give a key of a feed another value; None takes the key out."""

    feed_id: str
    key: str
    value: object | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFeed:
    """Add a feed below the last one of its category, with a comment above it if there is one."""

    feed: Feed
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFeed:
    """Take a feed out, with the comment right above it."""

    feed_id: str


Edit = SetKey | AddFeed | RemoveFeed
_Splice = tuple[int, int, int, str]  # from, to, order of the edits, the text that takes the place


def edited(text: str, edits: Iterable[Edit], *, name: str = "feeds.yaml") -> FeedFile:
    """Return the file as it would be after the edits, all of them counted from `text` as it is.

    Raises ConfigurationErrors when the text is wrong already, or would be afterwards, and KeyError
    for the id of a feed that is not there.
    """
    parse_feeds(text, name=name)
    editor = _Editor(text, name)
    wanted = list(edits)
    last = {(edit.feed_id, edit.key): edit for edit in wanted if isinstance(edit, SetKey)}
    for edit in wanted:
        match edit:
            case SetKey(feed_id=feed_id, key=key):
                if edit is last[feed_id, key]:  # an earlier one was overtaken
                    editor.set_key(edit)
            case RemoveFeed():
                editor.remove(edit)
            case AddFeed():
                editor.add(edit)
    return parse_feeds(editor.result(), name=name)


def difference(before: str, after: str, *, name: str = "feeds.yaml") -> str:
    """Return a unified diff that `patch` and `git apply` take; empty when nothing differs."""
    # Not splitlines: it also cuts at characters that no editor and no `patch` takes for a line end.
    old, new = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (before, after))
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    ended = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return "".join(ended)


def save(path: Path, changed: FeedFile, *, before: str) -> None:
    """Replace feeds.yaml in one step, keeping its permissions.

    Raises ConfigurationErrors when the file no longer holds `before`, or cannot be written.
    """
    real = path.resolve()
    if read_text(real) != before:
        message = "was changed meanwhile; nothing was written: look at it and try again"
        raise ConfigurationErrors([Problem(file=str(path), message=message)])
    try:
        mode = stat.S_IMODE(real.stat().st_mode)
        handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(changed.text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(real)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"cannot be written: {reason}; the folder must be writable too"
        raise ConfigurationErrors([Problem(file=str(path), message=message)]) from None


def feed_lines(feed: Feed, defaults: DefaultKeys, *, indent: str = "  ") -> list[str]:
    """Return a feed as lines of the file, without what the defaults say already."""
    inherited = defaults.model_dump()
    plain = {part.name: part.default for part in fields(Feed)}
    lines = []
    for key in KEY_ORDER:
        value = getattr(feed, key)
        if value != inherited.get(key, plain[key]):
            lines.append(f"{key}: {written(value)}")
    return [f"{indent}- {lines[0]}", *(f"{indent}  {line}" for line in lines[1:])]


def written(value: object, *, in_braces: bool = False) -> str:
    """Return a value as YAML: plain where every reader takes it for that text, else quoted."""
    if isinstance(value, tuple):
        return "[" + ", ".join(written(part, in_braces=True) for part in value) + "]"
    text = field_text(value)
    if not isinstance(value, str):
        return text
    if not _NOT_PLAIN.fullmatch(text) and not (in_braces and re.search(r"[,\[\]{}]", text)):
        return text
    # A JSON string is a YAML string, but for what a line of YAML cannot hold as it is.
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNWRITABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)


class _Editor:
    """Gathers splices against one text; they are applied together, from the end."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.splices: list[_Splice] = []
        self.added: dict[int, list[AddFeed]] = {}
        root = read_tree(text, name)
        assert isinstance(root, Keyed)
        self.root = root
        found = root.get("feeds")
        self.feeds = found
        self.items = found.items if isinstance(found, Listed) else ()
        self.defaults = parse_feeds(text, name=name).defaults
        self.removed: set[int] = set()
        self.order = count()

    # ------------------------------------------------------------ the edits

    def set_key(self, edit: SetKey) -> None:
        item = self._item(edit.feed_id)
        in_braces = self.text[item.start] == "{"
        pair = next(((key, value) for key, value in item.pairs if key.value == edit.key), None)
        if edit.value is None:
            if pair is not None:
                self._take_out(item, *pair)
        elif pair is None:
            self._put_in(item, edit.key, written(edit.value, in_braces=in_braces))
        else:
            self._put_over(*pair, written(edit.value, in_braces=in_braces))

    def remove(self, edit: RemoveFeed) -> None:
        item = self._item(edit.feed_id)
        self._block(item)
        start, end = self._line_start(item.start), self._line_end(_content_end(self.text, item))
        while (above := self._line_start(start - 1)) < start and re.match(
            r"[ \t]*#", self.text[above:start]
        ):
            start = above
        # Other edits of this feed go with it; one at `start` belongs to the feed above.
        self.splices = [
            part
            for part in self.splices
            if part[1] <= start or part[0] > end or (part[0] == end and part[1] > end)
        ]
        if self._is_blank_before(start):
            # The blank line above stays as the one between the neighbours.
            while end < len(self.text) and not self.text[end : self._line_end(end)].strip():
                end = self._line_end(end)
        self._cut(start, end, "")
        self.removed.add(item.start)

    def add(self, edit: AddFeed) -> None:
        after = next(
            (
                number
                for number, item in reversed(list(enumerate(self.items)))
                if isinstance(item, Keyed)
                and item.start not in self.removed
                and _text(item.get("category")) == edit.feed.category
            ),
            len(self.items) - 1,
        )
        self.added.setdefault(after, []).append(edit)

    def result(self) -> str:
        """Return the text with every edit in it. Raises ConfigurationErrors when two collide."""
        for after, edits in self.added.items():
            self._put_below(after, edits)
        text, begun = self.text, len(self.text)
        for start, end, _, new in sorted(self.splices, reverse=True):
            if end > begun:
                message = "two edits meet in one place; make one of them by hand"
                line, column = place_of(self.text, start)
                raise ConfigurationErrors(
                    [Problem(file=self.name, line=line, column=column, message=message)]
                )
            text, begun = text[:start] + new + text[end:], start
        return text

    def _cut(self, start: int, end: int, new: str) -> None:
        """Note one replacement; a second one of the same stretch takes the place of the first."""
        if start < end:
            self.splices = [part for part in self.splices if part[:2] != (start, end)]
        self.splices.append((start, end, next(self.order), new))

    # ------------------------------------------------------------ how they are cut in

    def _put_over(self, key: Text, value: Node, new: str) -> None:
        colon = self.text.index(":", key.end) + 1
        between = self.text[colon : value.start]
        if value.start == value.end:  # nothing stood there
            self._cut(colon, colon, f" {new}")
        elif "\n" in between and not between.strip():  # a list below its key
            self._cut(colon, _content_end(self.text, value), f" {new}")
        else:
            self._cut(value.start, _content_end(self.text, value), new)

    def _put_in(self, item: Keyed, key: str, new: str) -> None:
        rank = {name: number for number, name in enumerate(KEY_ORDER)}
        before = [pair for pair in item.pairs if rank[pair[0].value or ""] < rank[key]] or [
            item.pairs[0]
        ]
        last_key, last = before[-1]
        end = _pair_end(self.text, last_key, last)
        if self.text[item.start] == "{":
            self._cut(end, end, f", {key}: {new}")
            return
        line_end = self._line_end(end)
        indent = " " * (item.column - 1)
        lead = "" if self.text[line_end - 1] == "\n" else self.newline
        self._cut(line_end, line_end, f"{lead}{indent}{key}: {new}{self.newline}")

    def _take_out(self, item: Keyed, key: Text, value: Node) -> None:
        place = next(number for number, pair in enumerate(item.pairs) if pair[0] is key)
        end = _pair_end(self.text, key, value)
        if place == 0:
            # It shares its line with the hyphen or the brace: the next key moves up.
            following = item.pairs[1][0].start if len(item.pairs) > 1 else end
            self._cut(key.start, following, "")
        elif self.text[item.start] == "{":
            self._cut(_pair_end(self.text, *item.pairs[place - 1]), end, "")
        else:
            self._cut(self._line_start(key.start), self._line_end(end), "")

    def _put_below(self, after: int, edits: Sequence[AddFeed]) -> None:
        if not self.items:
            self._first(edits)
            return
        neighbour = self.items[after]
        assert isinstance(neighbour, Keyed)
        self._block(neighbour)
        indent = " " * (
            self.text.rindex("-", 0, neighbour.start) - self._line_start(neighbour.start)
        )
        end = self._line_end(_content_end(self.text, neighbour))
        lead = "" if self.text[end - 1] == "\n" else self.newline
        self._cut(end, end, lead + self._lines(edits, indent, blank_first=True))

    def _first(self, edits: Sequence[AddFeed]) -> None:
        """Begin the list: nothing, null or [] stands there."""
        key, value = next(pair for pair in self.root.pairs if pair[0].value == "feeds")
        colon = self.text.index(":", key.end) + 1
        if value.start < value.end:
            self._cut(colon, value.end, "")
        end = self._line_end(colon)
        lead = "" if self.text[end - 1] == "\n" else self.newline
        self._cut(end, end, lead + self._lines(edits, "  ", blank_first=False))

    def _lines(self, edits: Sequence[AddFeed], indent: str, *, blank_first: bool) -> str:
        lines: list[str] = []
        for edit in edits:
            if blank_first or lines:
                lines.append("")
            lines += [f"{indent}# {line}".rstrip() for line in edit.comment.splitlines()]
            lines += feed_lines(edit.feed, self.defaults, indent=indent)
        return "".join(f"{line}{self.newline}" for line in lines)

    # ------------------------------------------------------------ places

    def _item(self, feed_id: str) -> Keyed:
        for item in self.items:
            if item.start in self.removed or not isinstance(item, Keyed):
                continue
            if _text(item.get("id")) == feed_id:
                return item
        raise KeyError(feed_id)

    def _block(self, item: Keyed) -> None:
        """Refuse a list in brackets: there is no line that belongs to one feed."""
        assert isinstance(self.feeds, Listed)
        if self.text[self.feeds.start] == "[":
            message = "the list stands in [ ]; write one `- id:` below the other to have it edited"
            raise ConfigurationErrors(
                [Problem(file=self.name, line=item.line, column=item.column, message=message)]
            )

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, max(offset, 0)) + 1

    def _line_end(self, offset: int) -> int:
        """Return the offset behind the line break that ends the line of `offset`."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1

    def _is_blank_before(self, start: int) -> bool:
        return start > 0 and not self.text[self._line_start(start - 1) : start].strip()


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Text) else None


def _pair_end(text: str, key: Text, value: Node) -> int:
    if value.start == value.end:
        return text.index(":", key.end) + 1
    return _content_end(text, value)


def _content_end(text: str, node: Node) -> int:
    """Return where a node's own text ends; the parser counts blank lines and comments below too."""
    if isinstance(node, Text) or text[node.start] in "[{":
        return node.start + len(text[node.start : node.end].rstrip())
    if isinstance(node, Keyed):
        return _pair_end(text, *node.pairs[-1])
    return _content_end(text, node.items[-1])
