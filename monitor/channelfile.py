"""Reads channels.yaml: the webhooks and chats that the operator wants told.

Addresses of chats and keys of webhooks are secrets. They stand in files of their own, named here,
and appear in no error text: a problem names its line and key, and never what a secret file holds.
Either the whole file can be used, or nothing of it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from monitor.core.channels import Channel
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.subscriberlist import read_wishes
from monitor.core.telling import Way
from monitor.settingkeys import SECRET_LENGTH
from monitor.yamltree import Keyed, Listed, Node, place, plain, read_text, read_tree

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
WISHES = ("language", "zone", "at", "days", "minimum", "topics", "languages", "quiet", "clearance")
KEYS = ("name", "kind", "url", "url_file", "secret_file", "tells", *WISHES)
_TELLS = ("alerts", "digests")
_MOST_BYTES = 64 * 1024


def read_channels(path: Path, *, now: datetime) -> tuple[Channel, ...]:
    """Return the channels of a file; none where there is no file.

    Secret files are looked for beside it. Raises ConfigurationErrors with every problem.
    """
    if not path.exists():
        return ()
    root = read_tree(read_text(path, max_bytes=_MOST_BYTES), str(path))
    reading = _Reading(path=path, root=root, now=now)
    listed = root.get("channels") if isinstance(root, Keyed) else None
    if not isinstance(listed, Listed):
        reading.wrong((), "must begin with `channels:` and a list below it")
    else:
        for number, node in enumerate(listed.items):
            reading.take(number, node)
    if reading.problems:
        raise ConfigurationErrors(reading.problems)
    return tuple(reading.found.values())


@dataclass
class _Reading:
    path: Path
    root: Node
    now: datetime
    found: dict[str, Channel] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, where: tuple[str | int, ...], message: str) -> None:
        line, column = place(self.root, where)
        key = ".".join(str(part) for part in where)
        self.problems.append(
            Problem(file=str(self.path), line=line, column=column, key=key, message=message)
        )

    def take(self, number: int, node: Node) -> None:
        """Read one channel."""
        where: tuple[str | int, ...] = ("channels", number)
        given = plain(node)
        if not isinstance(given, dict):
            self.wrong(where, "must have keys, `name` and `kind` among them")
            return
        before = len(self.problems)
        for key in given:
            if key not in KEYS:
                self.wrong((*where, key), f"is no key that can stand here: {', '.join(KEYS)}")
        values = {key: _flat(value) for key, value in given.items()}
        name, kind = values.get("name", ""), values.get("kind", "")
        if _NAME.fullmatch(name) is None:
            self.wrong((*where, "name"), "write a name of small letters, digits and dashes")
        if kind not in (Way.WEBHOOK, Way.CHAT):
            self.wrong((*where, "kind"), "write webhook or chat")
        if len(self.problems) > before:
            return
        way = Way(kind)
        channel = self._channel(where, name, way, values)
        if channel.address in self.found:
            self.wrong((*where, "name"), f"{name} is there twice")
        self.found[channel.address] = channel

    def _channel(
        self, where: tuple[str | int, ...], name: str, way: Way, values: Mapping[str, str]
    ) -> Channel:
        tells = values.get("tells", " ".join(_TELLS)).replace(",", " ").split()
        if not tells or set(tells) - set(_TELLS):
            self.wrong((*where, "tells"), "write alerts, digests, or both")
        line, _ = place(self.root, where)
        given = {key: values.get(key, "") for key in WISHES} | {"name": name}
        wishes, problems = read_wishes(
            given, address=f"{way.value}:{name}", file=str(self.path), line=line, now=self.now
        )
        self.problems += problems
        schedule = wishes.schedule if "digests" in tells else replace(wishes.schedule, days=())
        return Channel(
            name=name,
            way=way,
            target=self._target(where, way, values),
            secret=self._secret(where, values) if way is Way.WEBHOOK else b"",
            wishes=replace(wishes, alerts="alerts" in tells, schedule=schedule),
        )

    def _target(self, where: tuple[str | int, ...], way: Way, values: Mapping[str, str]) -> str:
        if bool(values.get("url")) == bool(values.get("url_file")):
            self.wrong(where, "needs `url_file` or `url`, and not both")
            return ""
        if way is Way.CHAT and values.get("url"):
            message = "the address of a chat is a secret: put it into a file and name it, url_file"
            self.wrong((*where, "url"), message)
            return ""
        key = "url_file" if values.get("url_file") else "url"
        url = self._file(where, key, values) if key == "url_file" else values["url"]
        if way is Way.WEBHOOK and url and not _is_web_address(url):
            self.wrong((*where, key), "is no https:// address (http:// only in your own network)")
        elif way is Way.CHAT and url and "://" not in url:
            self.wrong((*where, key), "holds no apprise address, such as slack://...")
        return url

    def _secret(self, where: tuple[str | int, ...], values: Mapping[str, str]) -> bytes:
        if not values.get("secret_file"):
            self.wrong(where, "a webhook needs `secret_file`: what signs its messages")
            return b""
        secret = self._file(where, "secret_file", values)
        if secret and len(secret) < SECRET_LENGTH:
            self.wrong((*where, "secret_file"), f"holds fewer than {SECRET_LENGTH} characters")
        return secret.encode()

    def _file(self, where: tuple[str | int, ...], key: str, values: Mapping[str, str]) -> str:
        """Return the one line that a secret file holds."""
        path = self.path.parent / Path(values[key]).expanduser()
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
            self.wrong((*where, key), f"{path} cannot be read: {reason}")
            return ""
        if not text or not text.isprintable():
            self.wrong((*where, key), f"{path} must hold one line")
            return ""
        return text


def _flat(value: object) -> str:
    """Return a value as the text of one cell: a list as its parts with spaces."""
    if isinstance(value, list):
        return " ".join(str(part) for part in value if part is not None)
    return "" if value is None or isinstance(value, dict) else str(value)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
