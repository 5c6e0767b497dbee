"""Reads XML feeds in any state with feedparser: the reader of last resort, slow and forgiving.

The only importer of feedparser. It gets UTF-8 bytes that `document` made harmless, never a
string (which it might open as an address) and never the publisher's own declaration. Its dates
are not used (it invents days for forms it does not know); only the raw texts are.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import feedparser

from monitor.parse.raw import Raw, RawFeed
from monitor.parse.wishes import wish

_FULL_TEXTS = ("yandex_full-text", "turbo_content", "fulltext", "full-text", "body")


def read(text: str) -> RawFeed | None:
    """Return what feedparser finds in the document `text`, None if that is no feed.

    The document's address is not told: feedparser would resolve ids against it, and all ids
    would change when the feed moves.

    Raises whatever feedparser raises (ValueError, UnicodeError and others, on crafted input).
    """
    parsed: Mapping[str, Any] = feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    version, entries = str(parsed.get("version") or ""), parsed.get("entries") or []
    if not version and not entries:
        return None
    channel: Mapping[str, Any] = parsed.get("feed") or {}
    return RawFeed(
        format=_format(version),
        title=_string(channel.get("title")),
        lang=_string(channel.get("language")),
        entries=tuple(_raw(entry) for entry in entries),
        ttl=wish(
            _string(channel.get("ttl")),
            _string(channel.get("sy_updateperiod")),
            _string(channel.get("sy_updatefrequency")),
        ),
    )


def _format(version: str) -> str:
    return {"rss10": "rdf", "rss090": "rdf", "": "rss"}.get(version, version)


def _raw(entry: Mapping[str, Any]) -> Raw:
    contents = [_string(part.get("value")) for part in _dicts(entry.get("content"))]
    contents += [_string(entry.get(key)) for key in _FULL_TEXTS]
    source = entry.get("source")
    # Plain .get on a FeedParserDict maps keys (updated -> published, with a warning): ask for
    # the stored keys only.
    said = dict.get
    assert isinstance(entry, dict)
    link = _string(said(entry, "link"))
    if said(entry, "guidislink") and link == said(entry, "id"):
        link = ""  # feedparser made a link of an id, which need not be an address
    return Raw(
        guid=_string(said(entry, "id")),
        link=_string(entry.get("feedburner_origlink")) or link,
        title=_string(said(entry, "title")),
        summary=_string(said(entry, "summary")),
        contents=tuple(part for part in contents if part),
        published=_string(said(entry, "published")),
        updated=_string(said(entry, "updated")),
        created=_string(said(entry, "created")),
        authors=_authors(entry),
        tags=tuple(
            _string(tag.get("label")) or _string(tag.get("term"))
            for tag in _dicts(said(entry, "tags"))
        ),
        source=_string(source.get("title")) if isinstance(source, Mapping) else "",
    )


def _authors(entry: Mapping[str, Any]) -> tuple[str, ...]:
    people = _dicts(entry.get("authors"))
    names = [_string(one.get("name")) or _string(one.get("email")) for one in people]
    return tuple(name for name in names if name) or (_string(entry.get("author")),)


def _dicts(value: object) -> list[Mapping[str, Any]]:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return [one for one in value if isinstance(one, Mapping)] if is_list else []  # type: ignore[attr-defined]


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
