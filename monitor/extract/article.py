"""The two public functions: read a page, and choose between a page and the feed's own text.

The choice is by gain: what does the page say that the feed did not? Length misleads in both
directions: page furniture can be longer than the article, and a feed may carry the full text.
"""

from __future__ import annotations

import copy
import logging
import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from lxml import etree
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import DEFAULT_CONFIG

from monitor.core.text import clean
from monitor.core.values import (
    Article,
    DateSource,
    Entry,
    ErrorCode,
    Failed,
    Feed,
    Fetched,
    TextState,
)
from monitor.extract import signs, tree
from monitor.extract.charset import decode
from monitor.extract.head import Head, read_head
from monitor.extract.pruning import article_body, prune

# The library tells its log what it thinks of a page; the article's state tells the program.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

# Eighty signs are a paragraph in Chinese or Korean; the library's 250 are meant for alphabets.
_CONFIG: Final = copy.deepcopy(DEFAULT_CONFIG)
_CONFIG.set("DEFAULT", "MIN_EXTRACTED_SIZE", "80")

_MOST_TEXT: Final = 400_000  # code points; no article is longer
_SHORT: Final = 600
_FRAGMENT: Final = 5  # letters of a fragment when two texts are compared
_COMPARED: Final = 20_000


def extract_article(
    page: Fetched | Failed | None, *, feed: Feed, entry: Entry, link: str | None, now: datetime
) -> Article:
    """Return the best text there is for an entry, with how good it is. Never raises for bytes.

    `page` is None when the feed's own text is all we want (`content: feed`); `link` is the entry's
    canonical address.
    """
    own = _from_feed(feed, entry, link)
    if page is None:
        return own
    if isinstance(page, Failed):
        return replace(
            own, state=TextState.FETCH_FAILED, error=page.code, notes=(*own.notes, page.detail)
        )
    read = read_page(
        page,
        now=now,
        default_tz=feed.default_tz,
        precision=feed.extract == "precision",
        selector=feed.selector,
    )
    return _better(own, read, feed)


def read_page(
    page: Fetched,
    *,
    now: datetime,
    default_tz: str = "UTC",
    precision: bool = False,
    selector: str | None = None,
) -> Article:
    """Return what a page says. Never raises, whatever its bytes.

    `selector` is an XPath of the article's part; a page without it is read in the usual way.
    """
    body, cut = page.body[: tree.MOST_BYTES], len(page.body) > tree.MOST_BYTES
    what = signs.not_a_page(body)
    if what is not None:
        error, note = signs.unsupported(what)
        return _nothing(page, note, error)
    text, _ = decode(body, page.headers.get("content-type", ""))
    parsed = tree.parse(text)
    if parsed is None:
        return _nothing(page, "the page is empty", None)
    root, cut = parsed.root, cut or parsed.cut
    head = read_head(root, url=page.url, now=now, default_tz=default_tz)
    if root.find(".//frameset") is not None:
        error, note = signs.unsupported("a set of frames")
        return replace(_described(page, head), notes=(note,), error=error)
    script_bytes = sum(len(script.text or "") for script in root.iter("script"))
    has_password = root.find(".//input[@type='password']") is not None
    missed = selector is not None and not tree.keep_only(root, selector)
    prune(root, title=head.title)
    found = _best_body(_main_text(root, page.url, precision=precision), head)
    found = _without_title(found, head.title)
    article = _judged(
        page, head, found, cut=cut, script_bytes=script_bytes, has_password=has_password
    )
    notes = (*article.notes, "nothing on the page fits this feed's selector")
    return replace(article, notes=notes) if missed else article


# ---------------------------------------------------------------- one page


def _nothing(page: Fetched, note: str, error: ErrorCode | None) -> Article:
    return Article(
        url=page.url, title="", text="", state=TextState.NO_FULL_TEXT, notes=(note,), error=error
    )


def _described(page: Fetched, head: Head) -> Article:
    return Article(
        url=page.url,
        title=head.title,
        text="",
        state=TextState.NO_FULL_TEXT,
        canonical_url=head.canonical_url,
        lang=head.lang,
        published_at=head.dated.at,
        date_source=head.dated.source,
        author=head.author,
    )


def _main_text(root: HtmlElement, url: str, *, precision: bool) -> str:
    try:
        found = bare_extraction(
            root,
            url=url,
            fast=True,
            include_comments=False,
            include_tables=True,
            favor_precision=precision,
            config=_CONFIG,
        )
    except (ValueError, TypeError, AttributeError, KeyError, etree.LxmlError, RecursionError):
        # Whatever the library trips over, the page's paragraphs are still there.
        return _paragraphs(root)
    text = _once(clean("" if found is None else getattr(found, "text", None) or ""))
    body = article_body(root)
    named = "" if body is None else _paragraphs(body)
    if len(text) < 0.5 * len(named):
        return named  # the library overlooked most of the part that the page calls its article
    if len(text) > _SHORT or "\n" in text:
        return text
    # Of a short article the library falls back to everything there is, in one line.
    paragraphs = _paragraphs(root)
    return paragraphs if len(paragraphs) > 0.6 * len(text) else text


def _paragraphs(root: HtmlElement) -> str:
    """Return the paragraphs of a page as they stand."""
    lines = (" ".join("".join(element.itertext()).split()) for element in root.iter("p"))
    return _once(clean("\n".join(line for line in lines if line)))


def _once(text: str) -> str:
    """Keep the first of repeated paragraphs: some pages carry their text twice."""
    seen: set[str] = set()
    kept: list[str] = []
    size = 0
    for line in text.split("\n"):
        key = re.sub(r"\W+", "", line).casefold()
        if len(key) >= 20 and key in seen:
            continue
        seen.add(key)
        kept.append(line)
        size += len(line)
        if size > _MOST_TEXT:
            break
    return "\n".join(kept).strip()[:_MOST_TEXT]


def _without_title(text: str, title: str) -> str:
    """Take off a first line that is the title again: it would count twice."""
    first, _, rest = text.partition("\n")
    return rest.lstrip() if rest and title and first.strip(" |") == title else text


def _best_body(text: str, head: Head) -> str:
    """Prefer the text that the page gives to search engines when ours is only a part of it."""
    if len(head.body) > 400 and len(text) < 0.6 * len(head.body) and _gain(head.body, text) > 0.3:
        return _once(head.body)
    return text


def _judged(
    page: Fetched, head: Head, text: str, *, cut: bool, script_bytes: int, has_password: bool
) -> Article:
    article = _described(page, head)
    note = signs.wall(
        text,
        title=head.title,
        url=page.url,
        has_password=has_password,
        wants_scripts=signs.wants_scripts(script_bytes, text),
    )
    if note is None and signs.went_home(page):
        note = "the site answers with its front page"
    if note is None and head.refresh_to is not None and len(text) < 400:
        note = f"the page only points to {head.refresh_to}"
    if note is None and not text:
        note = "no text was found in the page"
    if note is not None:
        return replace(article, notes=(note,))
    if signs.is_teaser(text, is_free=head.is_free):
        return replace(
            article,
            text=signs.without_paywall_lines(text),
            state=TextState.TEASER,
            notes=("only the opening is free",),
        )
    if cut:
        return replace(
            article,
            text=text,
            state=TextState.CUT,
            notes=("the text may be cut: the page is too large or too deep",),
        )
    return replace(article, text=text, state=TextState.FULL)


# ---------------------------------------------------------------- page or feed


def _from_feed(feed: Feed, entry: Entry, link: str | None) -> Article:
    text = "" if feed.title_only else entry.text
    return Article(
        url=entry.link or link or "",
        title=entry.title,
        text=_once(clean(text)),
        state=TextState.FEED if text.strip() else TextState.TITLE_ONLY,
        published_at=entry.published_at,
        date_source=entry.date_source,
        author=", ".join(entry.authors),
    )


def _better(own: Article, read: Article, feed: Feed) -> Article:
    """Choose the text; the page's statements about itself are kept in either case."""
    known = replace(
        read,
        title=own.title or read.title,
        author=own.author or read.author,
        published_at=own.published_at or read.published_at,
        date_source=own.date_source if own.published_at else read.date_source,
    )
    if own.published_at is None and read.published_at is None:
        suspect = DateSource.SUSPECT in (own.date_source, read.date_source)
        known = replace(known, date_source=DateSource.SUSPECT if suspect else DateSource.NONE)
    if read.state is TextState.NO_FULL_TEXT:
        return replace(known, text=own.text)
    gain, loss = _gain(read.text, own.text), _gain(own.text, read.text)
    if feed.paywall and read.state is TextState.FULL and gain * len(read.text) < 300:
        known = replace(
            known, state=TextState.TEASER, notes=(*read.notes, "only the opening is free")
        )
    if loss > 0.5 and len(own.text) > 200 and len(own.text) > 0.8 * len(read.text):
        return replace(
            known,
            text=own.text,
            state=TextState.FEED,
            notes=(*read.notes, "the feed's own text says more than the page's"),
        )
    if known.state is TextState.TEASER and loss > 0.3 and len(own.text) > len(read.text):
        return replace(known, text=own.text, state=TextState.FEED)
    return known


def _gain(text: str, known: str) -> float:
    """Return which part of `text` is not in `known`, 0 to 1, by fragments of five letters."""
    fragments = _fragments(text)
    if not fragments:
        return 0.0
    return len(fragments - _fragments(known)) / len(fragments)


def _fragments(text: str) -> set[str]:
    letters = re.sub(r"\W+", "", text[:_COMPARED]).casefold()
    return {
        letters[start : start + _FRAGMENT] for start in range(max(len(letters) - _FRAGMENT + 1, 0))
    }
