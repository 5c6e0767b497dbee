"""Makes other people's words safe to show in a mail: one line, visible characters, honest links.

Everything from a feed or a page passes here before it reaches a template. Nothing is translated or
judged; what is taken out is what could make text appear where, or as what, it does not belong.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

from monitor.core.text import clean

# Marks that change the direction of text beyond their own line would reorder our words too.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Characters without a width: they hide words from searches, and from the eye.
_UNSEEN = re.compile("[\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")
_KEPT_IN_URLS = "/%:@!$&'*+,;=~-._"
_SPACES = re.compile(r"\s+")
_HAN = "\u2e80-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f"
# No line begins with a mark that closes what stands before it, or ends with one that opens.
_TOKENS = re.compile(
    rf"\s+|[（「『【〈《]*[{_HAN}][、。，．！？：；」』）】〉》ーっゃゅょ]*|[^\s{_HAN}]+"
)
# A cut text keeps this much; more than this is never even looked at.
_LOOKED_AT = 20_000


def printable(text: str, limit: int | None = None) -> str:
    """Return text as one line of visible characters; longer than `limit` it ends with an ellipsis.

    White space at the ends stays as one space, because pieces of a sentence are shown one by one.
    """
    text = clean(text[:_LOOKED_AT])
    for unwanted in (_DIRECTION, _UNSEEN, _TAGS):
        text = unwanted.sub("", text)
    text = _SPACES.sub(" ", text)
    if limit is not None and len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    return text


def printable_url(url: str) -> str | None:
    """Return an http(s) address in ASCII, fit for a text or an attribute; None if it is unfit."""
    if len(url) > 2000:
        return None
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # includes UnicodeError: a host that is no host
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    netloc = (f"[{host}]" if ":" in host else host) + port
    # What is quoted already stays; user names and passwords in an address are never passed on.
    path = quote(parts.path or "/", safe=_KEPT_IN_URLS, errors="replace")
    asked = quote(parts.query, safe=_KEPT_IN_URLS + "?", errors="replace")
    query = f"?{asked}" if asked else ""
    return f"{parts.scheme.lower()}://{netloc}{path}{query}"


def wrapped(text: str, *, width: int = 76, indent: str = "", first: str | None = None) -> str:
    """Return text broken into lines of at most `width` columns, wide characters counted as two.

    Lines break at spaces, and between Chinese and Japanese characters, where none are written.
    """
    lines: list[str] = []
    line = indent if first is None else first
    start = len(line)
    for token in _TOKENS.findall(text):
        if token.isspace():
            if len(line) > start:
                line += " "
            continue
        if columns(line + token) > width and len(line) > start:
            lines.append(line.rstrip())
            line, start = indent, len(indent)
        line += token
    lines.append(line.rstrip())
    return "\n".join(lines)


def columns(text: str) -> int:
    """Return how many columns a terminal needs for a text."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
