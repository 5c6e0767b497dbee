"""Raw entries to `Entry` values: cleaned texts, absolute links, dates with their source.

The same for every format, so that no reader can forget a rule. Nothing here drops an entry.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, tzinfo

from monitor.core.dates import NO_DATE, Dated, date_from_url, read_date
from monitor.core.text import clean, one_line, plain, plain_title, without_outlet
from monitor.core.urls import absolute
from monitor.core.values import DateSource, Entry, Feed
from monitor.parse.raw import Raw

TITLE_LIMIT = 1_000  # code points, as all limits here
SUMMARY_LIMIT = 20_000
CONTENT_LIMIT = 200_000
GUID_LIMIT = 500
NAME_LIMIT = 200
AUTHORS_LIMIT, TAGS_LIMIT = 20, 50
_MARKUP = 5  # markup that is looked at for each code point of text that is kept


@dataclass(frozen=True, slots=True)
class Setting:
    """What the entries of one document have in common."""

    url: str  # the document's final address
    feed: Feed
    zone: tzinfo  # of dates that name none
    now: datetime


def entry_of(raw: Raw, position: int, setting: Setting) -> Entry:
    """Return the entry that `raw` describes."""
    link = _link(raw, setting)
    dated = _date(raw, link, setting)
    source = one_line(plain(raw.source[: NAME_LIMIT * _MARKUP]), NAME_LIMIT)
    title = plain_title(raw.title[: TITLE_LIMIT * _MARKUP], TITLE_LIMIT)
    is_title_only = setting.feed.title_only
    return Entry(
        guid=_guid(raw.guid),
        link=link,
        title=without_outlet(title, source),
        summary="" if is_title_only else _text(raw.summary, SUMMARY_LIMIT),
        content="" if is_title_only else _longest(raw.contents),
        published_at=dated.at,
        date_source=dated.source,
        published_raw=clean(dated.raw),
        authors=_names(raw.authors, AUTHORS_LIMIT),
        tags=_names(raw.tags, TAGS_LIMIT),
        source=source,
        position=position,
    )


def _guid(guid: str) -> str | None:
    """Return an id that may be stored and compared; an overlong one as its hash."""
    kept = one_line(guid)
    if len(kept) > GUID_LIMIT:
        return "sha256:" + hashlib.sha256(kept.encode("utf-8", "replace")).hexdigest()
    return kept or None


def _link(raw: Raw, setting: Setting) -> str | None:
    link = absolute(setting.url, raw.link)
    if link is None and raw.guid.lstrip()[:4].lower() == "http":
        # An id that is an address leads to the article, whatever `isPermaLink` says.
        link = absolute(setting.url, raw.guid)
    return link


def _date(raw: Raw, link: str | None, setting: Setting) -> Dated:
    """Return the first date that can be read: published, updated, created, then the address."""
    kept = NO_DATE
    for written, source in (
        (raw.published, DateSource.FEED),
        (raw.updated, DateSource.FEED_UPDATED),
        (raw.created, DateSource.FEED_UPDATED),
    ):
        dated = read_date(written, now=setting.now, default_tz=setting.zone, source=source)
        if dated.at is not None:
            return dated
        if kept.source is DateSource.NONE and (dated.raw and not kept.raw):
            kept = dated
    in_url = date_from_url(link, now=setting.now, default_tz=setting.zone)
    return in_url._replace(raw=kept.raw or in_url.raw) if in_url.at else kept


def _text(markup: str, limit: int) -> str:
    text = plain(markup[: limit * _MARKUP])
    return text if len(text) <= limit else clean(text, limit)


def _longest(contents: tuple[str, ...]) -> str:
    return max((_text(markup, CONTENT_LIMIT) for markup in contents), key=len, default="")


def _names(names: tuple[str, ...], limit: int) -> tuple[str, ...]:
    cleaned = (
        one_line(plain(name[: NAME_LIMIT * _MARKUP]), NAME_LIMIT) for name in names[: limit * 2]
    )
    return tuple(dict.fromkeys(name for name in cleaned if name))[:limit]
