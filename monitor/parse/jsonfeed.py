"""Reads JSON Feed 1 and 1.1 (jsonfeed.org). feedparser 6 does not.

Anything of a wrong type is treated as absent; an item that is no object is counted as
unreadable. A document that was cut is read up to the cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from monitor.core.values import ErrorCode
from monitor.parse.raw import Raw, RawFeed
from monitor.parse.unparsable import Unparsable

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1(\.\d+)?/?", re.IGNORECASE)
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_LONGEST_NUMBER = 400  # digits; longer ones are a trap for int()


def read(text: str) -> RawFeed:
    """Return the feed; raises Unparsable when `text` is other JSON, or too damaged."""
    try:
        document, complete = _load(text)
    except RecursionError as error:
        raise Unparsable(ErrorCode.PARSE_ERROR, "The JSON is nested too deeply.") from error
    except ValueError as error:
        raise Unparsable(ErrorCode.PARSE_ERROR, "The JSON is damaged.") from error
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(version, str):
        raise Unparsable(ErrorCode.NOT_A_FEED, "JSON, but no JSON Feed: it names no version.")
    if not _VERSION.fullmatch(version.strip()):
        raise Unparsable(ErrorCode.NOT_A_FEED, "JSON, but no JSON Feed of version 1.")
    items = document.get("items")
    items = items if isinstance(items, list) else []
    entries = [_raw(item) for item in items if isinstance(item, dict)]
    return RawFeed(
        format="json1",
        title=_text(document, "title"),
        lang=_text(document, "language"),
        entries=tuple(entries),
        unreadable=len(items) - len(entries) + (0 if complete else 1),
        complete=complete,
    )


def _load(text: str) -> tuple[Any, bool]:
    """Return the document and whether it was whole."""
    decoder = json.JSONDecoder(
        parse_int=_number, parse_float=_number, parse_constant=lambda _: None
    )
    try:
        return decoder.decode(text), True
    except ValueError:
        start = _ITEMS.search(text)
        if start is None:
            raise
        head = decoder.decode(text[: start.start()].rstrip().rstrip(",") + "}")
        head["items"] = list(_until_damage(decoder, text, start.end()))
        return head, False


def _until_damage(decoder: json.JSONDecoder, text: str, place: int) -> Iterator[Any]:
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        if place >= len(text) or text[place] == "]":
            return
        try:
            item, place = decoder.raw_decode(text, place)
        except ValueError:
            return
        yield item


def _number(digits: str) -> str:
    """Keep a number as it is written: ids are numbers in some feeds, and 1 is not 1.0."""
    return digits[:_LONGEST_NUMBER]


def _raw(item: dict[str, Any]) -> Raw:
    people = item.get("authors")
    if not isinstance(people, list):
        people = [item.get("author")]
    tags = item.get("tags")
    html, text = _text(item, "content_html"), _text(item, "content_text")
    return Raw(
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=_escaped(_text(item, "summary")),
        contents=tuple(part for part in (html, _escaped(text)) if part),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        authors=tuple(_text(one, "name") for one in people if isinstance(one, dict)),
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
    )


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _escaped(text: str) -> str:
    """Make markup of plain text: `<` and `&` in it mean themselves."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
