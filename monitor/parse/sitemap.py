"""Reads news sitemaps (`urlset` with `news:news`), for sites that have no feed.

A plain sitemap is no feed: it lists every page of a site without saying which is news.
"""

from __future__ import annotations

from lxml import etree

from monitor.core.values import ErrorCode
from monitor.parse.raw import Raw, RawFeed
from monitor.parse.unparsable import Unparsable


def read(text: str) -> RawFeed:
    """Return the entries of a news sitemap; raises Unparsable for any other sitemap."""
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    damaged = Unparsable(ErrorCode.PARSE_ERROR, "A sitemap, but too damaged to be read.")
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise damaged from error
    if root is None:
        raise damaged
    entries: list[Raw] = []
    others, titles, langs = 0, set(), set()
    for page in root.iterchildren("{*}url"):
        news = page.find("{*}news")
        if news is None:
            others += 1
            continue
        publication = news.find("{*}publication")
        if publication is not None:
            titles.add(_text(publication, "name"))
            langs.add(_text(publication, "language"))
        keywords = _text(news, "keywords")
        entries.append(
            Raw(
                link=_text(page, "loc"),
                title=_escaped(_text(news, "title")),
                published=_text(news, "publication_date"),
                updated=_text(page, "lastmod"),
                tags=tuple(word.strip() for word in keywords.split(",")),
            )
        )
    if not entries and others:
        raise Unparsable(
            ErrorCode.NOT_A_FEED,
            "A sitemap of all pages, not of news.",
            "Look in the site's robots.txt for a news sitemap.",
        )
    return RawFeed(
        format="sitemap",
        title=titles.pop() if len(titles) == 1 else "",
        lang=langs.pop() if len(langs) == 1 else "",
        entries=tuple(entries),
    )


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext("{*}" + name) or "").strip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
