"""Named ways out and keys to paid feeds: how an operator writes them. Pure; opens nothing.

They are secrets of the machine, so they come from settings (`MONITOR_VIA_NAME`, `MONITOR_KEY_NAME`,
better their `_FILE` forms); feeds.yaml only names them. What is wrong with one is told without
repeating it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from monitor.core.values import Feed

DIRECT: Final = "direct"  # a feed's `via` that means: by no proxy, whatever its group says
PORTS: Final = {"socks5": 1080, "http": 8080}

_HEADER: Final = re.compile(r"([A-Za-z0-9-]{1,60}):\s*(\S.*)")
# Headers that decide what is asked, or how the answer is framed.
_OURS: Final = frozenset(
    {
        *("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te"),
        *("if-none-match", "if-modified-since", "user-agent", "upgrade", "expect", "range"),
    }
)


@dataclass(frozen=True, slots=True)
class Egress:
    """One proxy: `socks5://[user:password@]host:port` or `http://...` (CONNECT)."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""


def read_egress(text: str) -> Egress:
    """Read a proxy's address. Raises ValueError with a sentence for the operator."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("a proxy is written socks5://HOST:PORT or http://HOST:PORT")
    return Egress(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


@dataclass(frozen=True, slots=True)
class Key:
    """What opens a paid feed: one header, sent to that feed's own origin and nowhere else."""

    header: str
    value: str
    in_clear: bool  # may also travel over plain http

    def __repr__(self) -> str:
        return f"Key({self.header})"


def read_key(text: str) -> Key:
    """Read `basic USER:PASSWORD`, `header NAME: VALUE` or `cookie NAME=VALUE`.

    A first word `insecure` lets it travel over plain http. Raises ValueError with a sentence.
    """
    kind, _, rest = text.strip().partition(" ")
    in_clear = kind == "insecure"
    if in_clear:
        kind, _, rest = rest.strip().partition(" ")
    rest = rest.strip()
    if kind == "basic" and ":" in rest:
        pair = base64.b64encode(rest.encode()).decode()
        return Key("Authorization", f"Basic {pair}", in_clear)
    if rest.isascii() and rest.isprintable():
        if kind == "cookie" and "=" in rest:
            return Key("Cookie", rest, in_clear)
        found = _HEADER.fullmatch(rest) if kind == "header" else None
        if found and found[1].lower() not in _OURS:
            return Key(found[1], found[2], in_clear)
    raise ValueError(
        "a key is written `basic USER:PASSWORD`, `header NAME: VALUE` or `cookie NAME=VALUE`"
    )


def secrets_of(via: str | None, key: str | None) -> list[str]:
    """Return the parts of a proxy's address and of a key that no log may show."""
    found: list[str] = []
    if via is not None:
        egress = read_egress(via)
        found += [egress.password, urlsplit(via.strip()).password or ""]
    if key is not None:
        read = read_key(key)
        found += [key.strip(), read.value, read.value.rpartition(" ")[2]]
        found += [key.strip().rpartition(":")[2].strip(), read.value.partition("=")[2]]
    return [one for one in found if len(one) >= 4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Settings of which there may be many: each variable ends in a name that feeds.yaml uses."""

    variable: str
    about: str
    example: str


FAMILIES: Final = (
    Family(
        variable="MONITOR_VIA_NAME",
        about="A proxy that feeds may name (`via: name`, in small letters, `-` for `_`): "
        "`socks5://[USER:PASSWORD@]HOST:PORT`, or `http://` for CONNECT. It is asked to connect to "
        "the address that was looked up and checked here, never to a name.",
        example="MONITOR_VIA_VLADIVOSTOK_FILE=/run/secrets/vladivostok",
    ),
    Family(
        variable="MONITOR_KEY_NAME",
        about="What opens a paid feed (`key: name`): `basic USER:PASSWORD`, `header NAME: VALUE` "
        "or `cookie NAME=VALUE`. Sent over https to the feed's own origin only; with `insecure ` "
        "before it also over http.",
        example="MONITOR_KEY_NKNEWS_FILE=/run/secrets/nknews",
    ),
)


def unset_names(
    feeds: Iterable[Feed], vias: Container[str], keys: Container[str]
) -> list[tuple[str, str]]:
    """Return feed id and variable of each proxy and key that is named and nowhere set.

    Such a feed is not asked at all until somebody sets it.
    """
    found = []
    for feed in feeds:
        for name, known, kind in ((feed.via, vias, "VIA"), (feed.key, keys, "KEY")):
            if name is not None and name != DIRECT and name not in known:
                found.append((feed.id, f"MONITOR_{kind}_{name.upper().replace('-', '_')}"))
    return found
