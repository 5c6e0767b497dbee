"""Where a site keeps its feeds: those its page declares, those it links to, and likely addresses.

Pure: a page goes in, addresses come out, the surest first; asking them is the caller's work. An
operator pastes the address of a site, not of its feed, and sites that hide their feed are common
where we look (local press of the Russian Far East, Korean newspapers on one publishing system).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lxml import etree, html

from monitor.core.urls import absolute, host_of

MAX_BYTES: Final = 2_000_000
MAX_FOUND: Final = 30

_TYPES: Final = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "application/xml",
        "text/xml",
    }
)
# Only these say "feed" by themselves; the others need rel=alternate and a telling address.
_SURE_TYPES: Final = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json"}
)
_LINKED: Final = re.compile(
    r"(?:^|[/?=&_.-])(?:rss|rss2|atom|feed|feeds|rdf)(?:$|[/?=&_.-])|\.(?:rss|rdf|atom)$"
    r"|feeds\.feedburner\.com|/index\.xml$",
    re.IGNORECASE,
)
# Addresses that feeds of the kind we need have; each was seen on at least one shipped feed.
LIKELY: Final = (
    "/feed/",
    "/rss/",
    "/rss",
    "/rss.xml",
    "/feed",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/rss/allArticle.xml",  # the system of many Korean papers
    "/rss/news",
    "/rss/all.xml",
    "/news/rss.php",
    "/yandex.xml",
    "/export/rss2/archive/index.xml",
    "/en/rss.xml",
)
# The PrimaMedia network numbers its sites; /rss is a page there, and nothing names the feeds.
_PRIMAMEDIA: Final = {
    "primamedia.ru": 43,
    "amurmedia.ru": 77,
    "sakhalinmedia.ru": 64,
    "yakutiamedia.ru": 55,
    "priamurmedia.ru": 2,
    "kamchatkamedia.ru": 18,
    "eaomedia.ru": 11,
    "magadanmedia.ru": 31,
    "chukotkamedia.ru": 83,
    "krasnoyarskmedia.ru": 26,
    "irkutskmedia.ru": 14,
}
_COMMENTS: Final = re.compile(r"comment|коммент|댓글|コメント|评论|評論", re.IGNORECASE)


class How(StrEnum):
    """Why an address is in the list, surest first."""

    DECLARED = "declared"  # <link rel="alternate">
    LINKED = "linked"  # an ordinary link that looks like one to a feed
    GUESSED = "guessed"  # nothing on the page says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a feed."""

    url: str
    how: How
    title: str = ""


def candidates(page: bytes | str, url: str) -> list[Candidate]:
    """Return what may be feeds of the page at `url`, surest first, each address once.

    Feeds of comments come last within their kind. Any bytes may be given; the worst page gives only
    the guesses.
    """
    tree = _tree(page)
    found = [] if tree is None else [*_declared(tree, url), *_linked(tree, url)]
    found.sort(
        key=lambda one: (list(How).index(one.how), bool(_COMMENTS.search(one.url + one.title)))
    )
    found += _guessed(url)
    by_url: dict[str, Candidate] = {}
    for one in found:
        by_url.setdefault(one.url, one)
    return list(by_url.values())[:MAX_FOUND]


def _tree(page: bytes | str) -> html.HtmlElement | None:
    raw = page.encode("utf-8", "replace") if isinstance(page, str) else page
    parser = html.HTMLParser(
        encoding="utf-8" if isinstance(page, str) else None, no_network=True, huge_tree=False
    )
    try:
        return html.document_fromstring(raw[:MAX_BYTES], parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, LookupError):
        return None


def _base(tree: html.HtmlElement, url: str) -> str:
    href = tree.xpath("string((//base/@href)[1])")
    return absolute(url, str(href)) or url


def _declared(tree: html.HtmlElement, url: str) -> Iterator[Candidate]:
    base = _base(tree, url)
    for link in tree.iter("link"):
        kind = (link.get("type") or "").split(";")[0].strip().lower()
        relations = (link.get("rel") or "").lower().split()
        href = link.get("href") or ""
        if kind not in _TYPES or not {"alternate", "feed"} & set(relations):
            continue
        if kind not in _SURE_TYPES and not _LINKED.search(href):
            continue
        target = absolute(base, href)
        if target:
            yield Candidate(url=target, how=How.DECLARED, title=_one_line(link.get("title") or ""))


def _linked(tree: html.HtmlElement, url: str) -> Iterator[Candidate]:
    base = _base(tree, url)
    for anchor in tree.iter("a"):
        href = (anchor.get("href") or "").strip()
        if not href or not _LINKED.search(href.split("#")[0]):
            continue
        target = absolute(base, href)
        if target:
            title = _one_line(str(anchor.text_content() or anchor.get("title") or ""))
            yield Candidate(url=target, how=How.LINKED, title=title)


def _guessed(url: str) -> Iterator[Candidate]:
    for path in (*_by_grammar(url), *LIKELY):
        target = absolute(url, path)
        if target:
            yield Candidate(url=target, how=How.GUESSED)


def _by_grammar(url: str) -> Iterator[str]:
    """Yield the addresses that follow from how a site or its publishing system builds them."""
    host = host_of(url).removeprefix("www.")
    page = url.split("#")[0].split("?")[0].rstrip("/")
    if number := _PRIMAMEDIA.get(host):
        yield f"/export/new/news{number}.rss"
        yield f"/export/new/news_main{number}.rss"
    if host == "gov.uk":
        yield f"{page}.atom"
    if host == "theguardian.com":
        yield f"{page}/rss"
    yield f"{page}/feed/"  # WordPress: every section and tag has its own


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
