"""Reads what a mail host found out about a mail: SPF, DKIM and DMARC (RFC 8601). Pure.

Anybody can write such a header into a mail. Only those of the own mail host say something: they
begin with its name and stand together at the top, because each host adds its lines above those that
were there. What stands further down is the sender's own word and is not read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import compat32

METHODS = ("spf", "dkim", "dmarc")
_HEADER = "authentication-results"
_LONGEST = 8_000
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RESULT = re.compile(r"([a-z0-9-]+)(?:/[0-9]+)?\s*=\s*([a-z]+)\b(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What one host says of a mail."""

    host: str  # its authserv-id
    results: tuple[tuple[str, str], ...]  # method and result, lower case, in order


def results_of(header: str) -> Results | None:
    """Return what one `Authentication-Results` says; None for text that is none."""
    text = _without_comments(header[:_LONGEST])
    pieces = list(_pieces(text))
    host = pieces[0].split() if pieces else []
    # "example.org 1": a version may follow the name.
    if not host or not (len(host) == 1 or (len(host) == 2 and host[1].isdigit())):
        return None
    found = []
    for piece in pieces[1:]:
        match = _RESULT.match(piece.strip())
        if match is not None:
            found.append((match[1].lower(), match[2].lower()))
    return Results(host=_QUOTED.sub(r"\1", host[0]).lower().rstrip("."), results=tuple(found))


def host_results(raw: bytes, *, trusted: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return what the own host says of a mail, method to result, and which other hosts spoke.

    `trusted` are authserv-ids; one that begins with a dot stands for every name that ends so. Of
    several signatures one that is good is enough.
    """
    mail = message_from_bytes(raw, policy=compat32)
    others: list[str] = []
    found: dict[str, str] = {}
    has_begun = is_over = False
    for name, value in mail.items():
        read = results_of(str(value)) if name.lower() == _HEADER else None
        if read is None:
            is_over = is_over or has_begun
            continue
        if is_over or not _is_among(read.host, trusted):
            # Below another host's line even the own name proves nothing.
            others.append(read.host)
            is_over = True
            continue
        has_begun = True
        for method, result in read.results:
            if method in METHODS and found.get(method) != "pass":
                found[method] = result
    return found, list(dict.fromkeys(others))


def own_names(imap_host: str, authserv: str | None) -> tuple[str, ...]:
    """Return the names that the own mail host may use: the one given, or those of its domain."""
    if authserv:
        return (authserv.lower(),)
    host = imap_host.lower().rstrip(".")
    parent = host.partition(".")[2]
    # "imap.example.org" makes example.org and all below it ours; "example.org" itself only that.
    return (host, parent, f".{parent}") if "." in parent else (host, f".{host}")


def _is_among(host: str, trusted: Collection[str]) -> bool:
    return any(host.endswith(name) if name.startswith(".") else host == name for name in trusted)


def _pieces(text: str) -> Iterator[str]:
    """Yield what stands between semicolons, but for those in quotation marks."""
    piece, is_quoted, was_escape = "", False, False
    for c in text:
        if c == ";" and not is_quoted:
            yield piece
            piece = ""
            continue
        if c == '"' and not was_escape:
            is_quoted = not is_quoted
        was_escape = c == "\\" and not was_escape
        piece += c
    yield piece


def _without_comments(text: str) -> str:
    """Return a header's value without its comments, which may be nested."""
    out, depth, is_quoted, was_escape = "", 0, False, False
    for c in text:
        escaped, was_escape = was_escape, c == "\\" and not was_escape
        if c == '"' and depth == 0 and not escaped:
            is_quoted = not is_quoted
        if not is_quoted and not escaped and c == "(":
            depth += 1
        elif not is_quoted and not escaped and c == ")" and depth:
            depth -= 1
            out += " "
        elif depth == 0:
            out += c
    return out
