"""From bytes to a `ParsedFeed`: decode, make harmless, find out what it is, read, clean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from monitor.core.languages import declared
from monitor.core.text import one_line, plain_title
from monitor.core.values import ErrorCode, Feed, ParsedFeed
from monitor.parse import jsonfeed, sitemap, strict, tolerant
from monitor.parse.decode import decode
from monitor.parse.document import Document, prepare, unpile, without_cut_entry
from monitor.parse.entries import TITLE_LIMIT, Setting, entry_of
from monitor.parse.raw import RawFeed
from monitor.parse.sniff import FEED_ROOTS, Kind, kind_of, refusal, refuse_binary
from monitor.parse.unparsable import Unparsable


def parse_feed(
    body: bytes, *, url: str, headers: Mapping[str, str], feed: Feed, now: datetime
) -> ParsedFeed:
    """Return the feed in `body`, the decoded body of an answer.

    `url` is the final address (base of relative links), `headers` have lower-case names. Only
    Content-Type's charset is looked at, and not believed. Raises Unparsable with a code, a detail
    and a hint for whatever is no feed; no other exception.
    """
    refuse_binary(body)
    decoded = decode(body, content_type=headers.get("content-type", ""), lang=declared(feed.lang))
    document = prepare(decoded.text)
    read = _read(document, url)
    setting = Setting(url=url, feed=feed, zone=_zone(feed.default_tz), now=now)
    return ParsedFeed(
        format=read.format,
        title=plain_title(read.title[: TITLE_LIMIT * 5], TITLE_LIMIT),
        lang=one_line(read.lang[:100], 20) or None,
        entries=tuple(entry_of(raw, place, setting) for place, raw in enumerate(read.entries)),
        unreadable=read.unreadable,
        complete=read.complete,
        notes=decoded.notes + document.notes + read.notes,
        ttl=read.ttl,
    )


def _zone(name: str) -> tzinfo:
    # The feed file checks zone names; an unknown one here would be a bug and raises.
    return UTC if name == "UTC" else ZoneInfo(name)


def _read(document: Document, url: str) -> RawFeed:
    kind = kind_of(document)
    if kind is Kind.JSON:
        return jsonfeed.read(document.text)
    if kind is Kind.SITEMAP:
        return sitemap.read(document.text)
    found = _xml(document.text) if kind is Kind.XML else None
    if found is None or (not found.entries and document.root not in FEED_ROOTS):
        raise refusal(document, url)
    return found


def _xml(text: str) -> RawFeed | None:
    return strict.read(text) or tolerantly(text)


def tolerantly(text: str) -> RawFeed | None:
    whole, complete = without_cut_entry(text)
    whole, notes = unpile(whole)
    try:
        read = tolerant.read(whole)
    except MemoryError:
        raise  # the worker's limit, not the document's fault alone: its supervisor knows
    except Exception as error:  # feedparser raises many kinds on crafted input
        detail = f"The document cannot be read ({type(error).__name__})."
        raise Unparsable(ErrorCode.PARSE_ERROR, detail) from error
    if read is None:
        return None
    unreadable = 0 if complete else int(len(whole) < len(text))
    return replace(read, unreadable=unreadable, complete=complete, notes=notes)
