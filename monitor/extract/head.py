"""What a page says of itself: title, canonical address, date, author, language.

A small reader of our own: the library's costs more time than the text itself and finds no more.
Sources are asked in the order of their honesty: JSON-LD, then meta elements, then marked-up text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement

from monitor.core.dates import NO_DATE, Dated, date_from_url, read_date
from monitor.core.text import clean, one_line, plain, plain_title
from monitor.core.urls import absolute, host_of, registrable_domain
from monitor.core.values import DateSource

_TITLE: Final = 500
_AUTHOR: Final = 200
_JSON_BYTES: Final = 500_000
_JSON_NODES: Final = 2_000
_ARTICLE_TYPES: Final = re.compile(r"(?:Article|Posting|Report|Liveblog)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A page's statements about itself; empty where it makes none."""

    title: str = ""
    canonical_url: str | None = None
    lang: str | None = None
    author: str = ""
    dated: Dated = NO_DATE
    body: str = ""  # JSON-LD articleBody, plain text
    is_free: bool | None = None  # JSON-LD isAccessibleForFree
    refresh_to: str | None = None  # a meta refresh to another address


def read_head(root: HtmlElement, *, url: str, now: datetime, default_tz: str) -> Head:
    """Read a parsed page's statements about itself. `url` is its final address."""
    told = next(_articles(root), {})
    metas = _metas(root)
    return Head(
        title=_title(root, told, metas),
        canonical_url=_canonical(root, metas, url),
        lang=_lang(root, metas),
        author=_author(told, metas),
        dated=_dated(root, told, metas, url=url, now=now, zone=_zone(default_tz)),
        body=clean(plain(_text(told.get("articleBody")))),
        is_free=_free(told.get("isAccessibleForFree")),
        refresh_to=_refresh(root, url),
    )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown zone is the configuration's to report
        return UTC


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


# ---------------------------------------------------------------- JSON-LD


def _articles(root: HtmlElement) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON-LD nodes that describe an article."""
    for script in root.iterfind('.//script[@type="application/ld+json"]'):
        text = script.text or ""
        if not 0 < len(text) <= _JSON_BYTES:
            continue
        try:
            value = json.loads(text.strip().removesuffix(";"), strict=False)
        except (ValueError, RecursionError):  # broken, too deep, or a number of 5,000 digits
            continue
        for node in _nodes(value):
            kind = node.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if any(isinstance(kind, str) and _ARTICLE_TYPES.search(kind) for kind in kinds):
                yield node


def _nodes(value: object) -> Iterator[Mapping[str, Any]]:
    """Walk the graph breadth first, a bounded number of nodes."""
    waiting = [value]
    for count, node in enumerate(waiting):
        if count >= _JSON_NODES:
            return
        if isinstance(node, dict):
            yield node
            waiting += [
                node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in node
            ]
        elif isinstance(node, list):
            waiting += node[:50]


def _free(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


# ---------------------------------------------------------------- meta elements


def _metas(root: HtmlElement) -> dict[str, str]:
    """Return meta contents by lower-case name, property or itemprop; the first of each."""
    metas: dict[str, str] = {}
    for meta in root.iter("meta"):
        content = meta.get("content")
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        if content and name:
            metas.setdefault(name.strip().lower(), content.strip())
    return metas


def _title(root: HtmlElement, told: Mapping[str, Any], metas: Mapping[str, str]) -> str:
    heading = root.find(".//h1")
    candidates = (
        metas.get("og:title", ""),
        _text(told.get("headline")),
        metas.get("twitter:title", ""),
        "" if heading is None else " ".join(heading.itertext()),
        root.findtext(".//title") or "",
    )
    return next((title for text in candidates if (title := plain_title(text, _TITLE))), "")


def _canonical(root: HtmlElement, metas: Mapping[str, str], url: str) -> str | None:
    """Return the address that the page calls its own, if it is one of the same site.

    An address elsewhere, or a site's front page, would make other articles its duplicates.
    """
    links = [
        link.get("href")
        for link in root.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
    ]
    for link in [*links, metas.get("og:url")]:
        found = absolute(url, link)
        if found is None:
            continue
        same_site = registrable_domain(host_of(found)) == registrable_domain(host_of(url))
        parts = urlsplit(found)
        is_front = parts.path in ("", "/") and not parts.query
        if same_site and (not is_front or urlsplit(url).path in ("", "/")):
            return found
    return None


def _lang(root: HtmlElement, metas: Mapping[str, str]) -> str | None:
    for value in (
        root.get("lang"),
        root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        metas.get("og:locale"),
        metas.get("language"),
    ):
        if value and re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", value.strip()):
            return value.strip()
    return None


def _author(told: Mapping[str, Any], metas: Mapping[str, str]) -> str:
    author = told.get("author")
    people = author if isinstance(author, list) else [author]
    names = [
        _text(person.get("name")) if isinstance(person, dict) else _text(person)
        for person in people[:10]
    ]
    named = ", ".join(name for name in (one_line(plain_title(name)) for name in names) if name)
    if not named:
        named = plain_title(metas.get("author") or metas.get("article:author") or "")
    return "" if named.startswith(("http://", "https://")) else one_line(named, _AUTHOR)


# ---------------------------------------------------------------- date

_DATE_METAS: Final = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "dcterms.created",
    "publishdate",
    "publish_date",
    "publication_date",
    "pubdate",
    "pub_date",
    "article.published",
    "mediator_published_time",
    "date",
)


def _dated(
    root: HtmlElement,
    told: Mapping[str, Any],
    metas: Mapping[str, str],
    *,
    url: str,
    now: datetime,
    zone: tzinfo,
) -> Dated:
    written = [_text(told.get("datePublished"))]
    written += [metas[name] for name in _DATE_METAS if name in metas]
    for element in root.xpath('.//*[@itemprop="datePublished"] | .//time[@datetime]')[:3]:
        written.append(element.get("datetime") or element.get("content") or element.text or "")
    suspect = NO_DATE
    for text in written:
        dated = read_date(text, now=now, default_tz=zone, source=DateSource.PAGE)
        if dated.at is not None:
            return dated
        if dated.source is DateSource.SUSPECT and suspect is NO_DATE:
            suspect = dated
    by_address = date_from_url(url, now=now, default_tz=zone)
    return by_address if by_address.at is not None else suspect


_REFRESH: Final = re.compile(r"^\s*\d+\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'\s]+)", re.IGNORECASE)


def _refresh(root: HtmlElement, url: str) -> str | None:
    for meta in root.iter("meta"):
        if (meta.get("http-equiv") or "").strip().lower() == "refresh":
            found = _REFRESH.match(meta.get("content") or "")
            target = absolute(url, found[1]) if found else None
            if target is not None and target.partition("#")[0] != url.partition("#")[0]:
                return target
    return None
