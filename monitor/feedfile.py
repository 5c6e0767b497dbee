"""feeds.yaml in: the operator's list of feeds, checked whole before any of it is used.

Either every feed in the file is right and a `FeedFile` comes back, or `ConfigurationErrors` lists
all that is wrong at once, each with line, column, key, reason and next step. What runs is never
touched from here: whoever called decides, and keeps the old feeds when the new file is bad.

Must never ask the network, guess a value, or let one bad feed hide another.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.values import Feed
from monitor.feedkeys import RULE_LANGUAGES, DefaultKeys, FeedKeys, FileKeys, Slug, got
from monitor.yamltree import Keyed, Listed, Node, Text, decode, place, plain, read_text, read_tree

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """A feeds.yaml that is right in every line."""

    feeds: tuple[Feed, ...]  # in the order of the file, disabled ones included
    warnings: tuple[Problem, ...]
    defaults: DefaultKeys
    text: str  # the file as it was read: what is kept as the last good one
    fingerprint: str  # SHA-256 of the text in UTF-8, hex


def read_feeds(path: Path) -> FeedFile:
    """Read feeds.yaml. Raises ConfigurationErrors, naming the file as `path` does."""
    return parse_feeds(read_text(path), name=str(path))


def parse_feeds(text: str | bytes, *, name: str = "feeds.yaml") -> FeedFile:
    """Read the text of a feeds.yaml. Raises ConfigurationErrors."""
    if isinstance(text, bytes):
        text = decode(text, name)
    root = read_tree(text, name)
    check = _Check(name, root)
    if not isinstance(root, Keyed):
        begin = "a list; write `feeds:` above it and indent the list"
        if isinstance(root, Text):
            begin = "no key; write `feeds:` and a list below it"
        check.add((), f"begins with {begin}")
        raise ConfigurationErrors(check.problems)
    defaults = check.defaults()
    feeds = check.feeds(defaults)
    if check.problems:
        raise ConfigurationErrors(sorted(check.problems, key=_by_place))
    return FeedFile(
        feeds=tuple(feeds),
        warnings=tuple(sorted(check.warnings, key=_by_place)),
        defaults=defaults,
        text=text,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def same_address(url: str) -> str:
    """Return what stays of an address when http/https and a final slash make no difference.

    For spotting one feed listed twice; never for asking. Query and case of the path count.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}{parts.path.rstrip('/')}{query}"


def _by_place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


class _Check:
    """Gathers everything that is wrong in one file."""

    def __init__(self, name: str, root: Node) -> None:
        self.name = name
        self.root = root
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def add(self, path: tuple[str | int, ...], message: str) -> None:
        self.problems.append(self._problem(path, message))

    def warn(self, path: tuple[str | int, ...], message: str) -> None:
        self.warnings.append(self._problem(path, message))

    def _problem(self, path: tuple[str | int, ...], message: str) -> Problem:
        line, column = place(self.root, path)
        key = ".".join(str(step) for step in path)
        return Problem(file=self.name, line=line, column=column, key=key, message=message)

    def defaults(self) -> DefaultKeys:
        """Check the top of the file and return its defaults, or our own when they are wrong."""
        assert isinstance(self.root, Keyed)
        known = FileKeys.model_fields
        for key, _ in self.root.pairs:
            if key.value not in known:
                self.add((key.value or "",), _unknown(key.value, known))
        version = self.root.get("version")
        if version is not None and plain(version) != "1":
            self.add(("version",), "this program reads version 1 of the format; write 1")
        node = self.root.get("defaults")
        if node is None or plain(node) is None:
            return DefaultKeys()
        if not isinstance(node, Keyed):
            self.add(("defaults",), "write keys below it, such as `every: 1h`")
            return DefaultKeys()
        return self._model(DefaultKeys, _given(node), ("defaults",)) or DefaultKeys()

    def feeds(self, defaults: DefaultKeys) -> list[Feed]:
        """Check every feed, also beside bad ones, and return the good ones."""
        assert isinstance(self.root, Keyed)
        node = self.root.get("feeds")
        if node is None:
            self.add((), "has no list of feeds; write `feeds:` and below it one `- id:` each")
            return []
        if not isinstance(node, Listed) and plain(node) is not None:
            self.add(("feeds",), "must be a list: begin each feed with a hyphen")
            return []
        nodes = node.items if isinstance(node, Listed) else ()
        groups = self._groups()
        inherited = defaults.model_dump(exclude_unset=True)
        found: list[Feed] = []
        for number, item in enumerate(nodes):
            path = ("feeds", number)
            if not isinstance(item, Keyed):
                self.add(path, "a feed needs keys, at least `id:` and `url:`")
                continue
            given = _given(item)
            keys = self._model(FeedKeys, inherited | given, path)
            if keys is not None:
                feed = _feed(keys)
                found.append(feed if "via" in given else replace(feed, via=_via(feed, groups)))
                self._look(path, keys, given)
        self._twice(nodes, "id")
        self._twice(nodes, "url")
        if not any(feed.enabled for feed in found):
            self.warn(("feeds",), "no feed is enabled: nothing will be watched")
        return found

    def _groups(self) -> Mapping[str, str]:
        """Return the proxies of groups of feeds."""
        assert isinstance(self.root, Keyed)
        node = self.root.get("via")
        if node is None or plain(node) is None:
            return {}
        if not isinstance(node, Keyed):
            self.add(("via",), "write a group and a proxy below it, such as `far-east: my-proxy`")
            return {}
        model = create_model("Groups", via=(dict[Slug, Slug], ...))
        checked = self._model(model, {"via": _given(node)}, ())
        return {} if checked is None else dict(getattr(checked, "via"))  # noqa: B009

    def _model(
        self, model: type[Model], given: Mapping[str, Any], path: tuple[str | int, ...]
    ) -> Model | None:
        try:
            return model.model_validate(given)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self.add((*path, *detail["loc"]), _in_plain_words(detail, model))
            return None

    def _look(self, path: tuple[str | int, ...], keys: FeedKeys, given: Mapping[str, Any]) -> None:
        """Warn of what is allowed, but seldom meant; `given` are the keys of this feed alone."""
        if keys.lang and keys.lang.split("-")[0] not in RULE_LANGUAGES:
            self.warn((*path, "lang"), f"the rules have no words in {keys.lang!r}")
        if keys.title_only and given.get("content") == "page":
            self.warn((*path, "content"), "is not used: `title_only` feeds have no page fetched")
        if keys.tls == "unverified":
            self.warn((*path, "tls"), "anybody on the way can write what this feed says")
            if keys.key:
                self.add((*path, "key"), "would go to whoever answers: not with `tls: unverified`")
        if keys.expect_daily and keys.every > timedelta(days=1):
            self.warn((*path, "expect_daily"), "asks for daily news, but `every` is over a day")

    def _twice(self, nodes: tuple[Node, ...], key: str) -> None:
        first: dict[str, tuple[int, Text]] = {}
        for number, item in enumerate(nodes):
            value = item.get(key) if isinstance(item, Keyed) else None
            if not isinstance(value, Text) or not value.value:
                continue
            try:
                same = same_address(value.value) if key == "url" else value.value
            except ValueError:  # no address: that is reported already
                continue
            if same not in first:
                first[same] = number, value
                continue
            earlier, node = first[same]
            where = f"feeds.{earlier} (line {node.line})"
            if key == "id":
                message = f"{same!r} is the id of {where} too; every feed needs its own"
            elif value.value == node.value:
                message = f"is the address of {where} too; delete one of the two"
            else:
                message = (
                    f"is the address of {where} again, but for http/https or a final slash; "
                    "delete one of the two"
                )
            self.add(("feeds", number, key), message)


def _given(node: Keyed) -> dict[str, Any]:
    """Return what a mapping says; keys without a value count as not written."""
    return {key.value or "": plain(value) for key, value in node.pairs if plain(value) is not None}


def _feed(keys: FeedKeys) -> Feed:
    values = {name: getattr(keys, name) for name in FeedKeys.model_fields}
    if keys.title is None:
        values["title"] = urlsplit(keys.url).hostname or keys.id
    return Feed(**values)


def _via(feed: Feed, groups: Mapping[str, str]) -> str | None:
    """Return the proxy of the first of a feed's groups that has one."""
    names = (feed.category or "", *feed.tags)
    return next((groups[name] for name in names if name in groups), feed.via)


def _unknown(word: str | None, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches((word or "").lower(), known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}"
    return f"is no key that can stand here ({hint})"


def _in_plain_words(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Say what one validation error means to somebody who writes YAML, not Python."""
    given = detail["input"]
    match detail["type"]:
        case "feeds":
            return detail["msg"]
        case "extra_forbidden":
            return _unknown(str(detail["loc"][-1]), model.model_fields)
        case "missing":
            return "is missing; every feed needs it"
        case "literal_error":
            known = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
            close = difflib.get_close_matches(str(given), known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            return f"write one of {', '.join(known)} {got(given)}{hint}"
        case "string_type":
            return "write one value here, not a list or more keys"
        case "tuple_type":
            return "write a list" + (f", such as [{given[:40]}]" if isinstance(given, str) else "")
        case "string_too_long" | "too_long":
            limit = detail["ctx"]["max_length"]
            return f"is longer than {limit}; shorten it"
        case _:
            return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"
