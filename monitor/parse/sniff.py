"""What a document is, told by its bytes and never by its Content-Type; and if it is no feed, why.

An operator who reads "not a feed" wants to know what to do, so the usual impostors are named:
login pages, bot checks, moved pages, pages that need scripts, lists of feeds, and web pages that
name their feed in a link.
"""

from __future__ import annotations

import re
from enum import StrEnum
from html import unescape

from monitor.core.text import one_line, plain_title
from monitor.core.urls import absolute
from monitor.core.values import ErrorCode
from monitor.parse.document import Document
from monitor.parse.unparsable import Unparsable


class Kind(StrEnum):
    """The families of documents that we can read."""

    XML = "xml"
    JSON = "json"
    SITEMAP = "sitemap"


FEED_ROOTS = {"rss", "feed", "rdf", "channel", "rss2"}
_PAGE_ROOTS = {
    "html", "head", "body", "title", "meta", "script", "div", "form", "p", "h1", "center", "link",
    "style", "table", "br", "b", "noscript", "iframe", "main", "section", "article", "span", "a",
}  # fmt: skip
_ENTRY = re.compile(r"<(?:item|entry)[\s>]", re.IGNORECASE)
_HTML = re.compile(r"<!doctype\s+html|<(?:html|head|body|meta|script|div|form)[\s>]", re.I)
_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "compressed bytes"),
    (b"\x28\xb5\x2f\xfd", "compressed bytes"),
    (b"BZh", "compressed bytes"),
    (b"\x7fELF", "a program"),
    (b"RIFF", "a sound or a picture"),
    (b"\x00\x00\x00\x18ftyp", "a film"),
    (b"\x00\x00\x00\x20ftyp", "a film"),
)
_CHALLENGE = re.compile(
    r"_cf_chl|cf-chl-|challenges\.cloudflare\.com|just a moment\.\.\.|attention required! \|"
    r"|checking your browser|ddos-guard|ddos protection by|/_Incapsula_Resource|qrator"
    r"|servicepipe|captcha-delivery\.com|px-captcha|perimeterx|aws-waf-token|awswaf"
    r"|sucuri_cloudproxy|are you a robot|verify you are (?:a )?human|killbot|variti",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"<input[^>]{0,500}type\s*=\s*[\"']?password", re.IGNORECASE)
_REFRESH = re.compile(
    r"<meta[^>]{0,300}http-equiv\s*=\s*[\"']?refresh[^>]{0,300}?url\s*=\s*[\"']?([^\"'>\s]{1,2000})",
    re.I,
)
_SCRIPTED = re.compile(r"<div[^>]{0,200}id\s*=\s*[\"']?(?:root|app|__next|__nuxt)[\"'\s>]", re.I)
_LINK_TAG = re.compile(r"<link\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([a-z-]{1,20})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)
_FEED_TYPES = {
    "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json",
    "application/json", "text/xml", "application/xml",
}  # fmt: skip
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,500})", re.IGNORECASE)


def refuse_binary(body: bytes) -> None:
    """Raise Unparsable for what is no text at all."""
    if not body.strip(b"\x00 \t\r\n"):
        raise Unparsable(
            ErrorCode.NOT_A_FEED,
            "The answer is empty.",
            "Open the address in a browser; the site may have moved its feed.",
        )
    for magic, name in _MAGIC:
        if body.startswith(magic):
            raise Unparsable(ErrorCode.NOT_A_FEED, f"The answer is {name}, not a feed.")


def kind_of(document: Document) -> Kind | None:
    """Return the family that a prepared document belongs to, None if it surely is no feed.

    XML with an unknown root may still be one: damage may have taken its beginning.
    """
    if document.text[:1] in ("{", "["):
        return Kind.JSON
    if document.root in ("urlset", "sitemapindex"):
        return Kind.SITEMAP
    is_page = document.root in _PAGE_ROOTS and not _ENTRY.search(document.text)
    return Kind.XML if document.root and not is_page else None


def refusal(document: Document, url: str) -> Unparsable:
    """Return the error that says what the document is instead of a feed."""
    head = document.text[:200_000]
    if document.root == "opml":
        return Unparsable(
            ErrorCode.NOT_A_FEED,
            "This is a list of feeds (OPML), not a feed.",
            "Read it with `monitor feeds import`.",
        )
    is_page = document.root in _PAGE_ROOTS or (not document.root and _HTML.search(head))
    if is_page and _CHALLENGE.search(head):
        return Unparsable(
            ErrorCode.CHALLENGE,
            "A bot check answered instead of the feed.",
            "Ask the publisher for access, or poll from another address.",
        )
    if is_page:
        return _web_page(head, url)
    if document.root:
        detail = f"XML, but no feed: its root is <{document.root[:40]}>."
        return Unparsable(ErrorCode.NOT_A_FEED, detail)
    if sum(char == "\ufffd" or char < "\t" for char in head[:4000]) > len(head[:4000]) / 20:
        return Unparsable(ErrorCode.NOT_A_FEED, "The answer is binary, not a feed.")
    return Unparsable(ErrorCode.NOT_A_FEED, "The answer is plain text, not a feed.")


def _web_page(page: str, url: str) -> Unparsable:
    found = _TITLE.search(page)
    title = plain_title(found[1], 80) if found else ""
    detail = f"A web page answered, not a feed{f': {title}' if title else ''}."
    feeds = feeds_in(page, url)
    refresh = _REFRESH.search(page)
    moved = absolute(url, unescape(refresh[1])) if refresh else None
    if feeds:
        hint = "It names these feeds: " + " ".join(feeds)
    elif _PASSWORD.search(page):
        hint = "It asks for a password: the feed is not public any more."
    elif moved:
        hint = f"It sends readers on to {one_line(moved, 200)}"
    elif _SCRIPTED.search(page):
        hint = "The page is made by scripts; look for another address of the feed."
    else:
        hint = "Open the address in a browser; the site may have moved its feed."
    return Unparsable(ErrorCode.NOT_A_FEED, detail, hint)


def feeds_in(page: str, url: str, limit: int = 5) -> list[str]:
    """Return the addresses of feeds that a web page names in `<link rel="alternate">`."""
    feeds: dict[str, None] = {}
    for tag in _LINK_TAG.finditer(page):
        attributes = {
            name.lower(): unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag[1])
        }
        kind = attributes.get("type", "").split(";")[0].strip().lower()
        if "alternate" in attributes.get("rel", "").lower().split() and kind in _FEED_TYPES:
            address = absolute(url, attributes.get("href"))
            if address and len(address) <= 300:
                feeds[address] = None
    return list(feeds)[:limit]
