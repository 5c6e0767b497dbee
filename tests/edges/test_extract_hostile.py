"""Pages that are traps: no bytes raise, none takes long, and what may be missing is said."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from edges.pagewright import STORIES, TEMPLATES, portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.values import Article, Entry, Feed, Fetched, Request, TextState
from monitor.extract import extract_article, read_page

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
URL = "https://news.example/2026/11/24/shipyard"
STORY = STORIES["en"]
FIRST, LAST = STORY.paragraphs[0], STORY.paragraphs[-1]
WORDS = "Some words about workers in the region and their wages. "
SECONDS = 3.0  # of processor time; the worker's limit is ten


def read(body: bytes, content_type: str = "text/html") -> Article:
    """Return what is read from a page."""
    return read_page(page(body, content_type), now=NOW)


def page(body: bytes, content_type: str = "text/html") -> Fetched:
    """Return a fetched page."""
    return Fetched(
        request=Request(url=URL, kind="page"),
        url=URL,
        status=200,
        headers={"content-type": content_type},
        body=body,
        body_hash="",
    )


def around(before: str, behind: str = "") -> Callable[[], str]:
    """Return a page whose article stands between two strange things."""
    return lambda: (
        portal(STORY).replace("<main>", f"<main>{before}").replace("</main>", f"{behind}</main>")
    )


def deep(tag: str, levels: int) -> Callable[[], str]:
    """Return a page whose article is nested in so many elements."""
    return lambda: (
        f"<html><body>{f'<{tag}>' * levels}{''.join(f'<p>{p}</p>' for p in STORY.paragraphs)}"
        f"{f'</{tag}>' * levels}<p>{WORDS}the very last.</p></body></html>"
    )


TRAPS: dict[str, tuple[Callable[[], str], TextState | None]] = {
    "200 levels": (deep("div", 200), TextState.FULL),
    "300 levels": (deep("div", 300), TextState.FULL),
    "1,000 levels": (deep("div", 1_000), TextState.FULL),
    "3,000 levels": (deep("div", 3_000), TextState.CUT),
    "100,000 levels": (deep("div", 100_000), TextState.CUT),
    "100,000 spans": (deep("span", 100_000), TextState.CUT),
    "30,000 tables": (deep("table", 30_000), TextState.CUT),
    "400,000 tags before": (around("<i></i>" * 400_000), TextState.CUT),
    "1,000,000 tags behind": (around("", "<i></i>" * 1_000_000), TextState.CUT),
    "the article behind 4 MB": (around("<i></i>" * 600_000), TextState.CUT),
    "100,000 links": (around("<a href=x>y</a>" * 100_000), TextState.CUT),
    "100,000 attributes": (around(f"<p {' '.join(f'a{n}=1' for n in range(100_000))}>x</p>"), None),
    "a megabyte in one attribute": (around(f"<p title='{'x' * 1_000_000}'>x</p>"), None),
    "60,000 paragraphs": (around(f"<p>{WORDS}</p>" * 60_000), TextState.CUT),
    "11 MB of text": (around(f"<p>{WORDS * 50}</p>" * 4_000), TextState.CUT),
    "a word of 2 MB": (around(f"<p>{'x' * 2_000_000}</p>"), None),
    "colspan 2^53": (around(f"<table><tr><td colspan='{2**53}'>x</td></tr></table>"), None),
    "colspan words": (around("<table><tr><td colspan='a' rowspan='-1'>x</td></tr></table>"), None),
    "surrogate reference": (around("<p>&#xD800;&#xDFFF; &#55296;</p>"), TextState.FULL),
    "NUL reference": (around("<p>&#0;&#x0;&#00;</p>"), TextState.FULL),
    "reference out of range": (around("<p>&#x110000;&#x99999999999;&#9999999999999;</p>"), None),
    "NUL bytes": (around("<p>\x00\x00</p>\x00"), TextState.FULL),
    "escape sequences": (around("<p>\x1b[31m\x07\x08</p>"), TextState.FULL),
    "comment without end": (around("", "<!-- " + "x" * 1_000), None),
    "script without end": (around("", "<script>" + "x" * 1_000), None),
    "textarea without end": (around("", "<textarea>" + "x" * 1_000), None),
    "plaintext": (around("", "<plaintext>"), None),
    "100,000 entities": (around("<p>" + "&amp;&lt;&nbsp;" * 100_000 + "</p>"), None),
    "xinclude and entities": (
        lambda: '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + portal(STORY).replace("<main>", '<main><xi:include href="file:///etc/passwd"/>&x;'),
        None,
    ),
    "json-ld bomb": (
        around(f"<script type='application/ld+json'>{'[' * 100_000}{']' * 100_000}</script>"),
        TextState.FULL,
    ),
    "json-ld wide": (
        around(f"<script type='application/ld+json'>{[{}] * 20_000}</script>"),
        TextState.FULL,
    ),
    "json-ld of wrong types": (
        around(
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":{"a":1},'
            '"author":[1,null,[],{"name":[]}],"datePublished":[1],"articleBody":7,'
            '"isAccessibleForFree":{}}</script>'
        ),
        TextState.FULL,
    ),
    "json-ld with a number of 5,000 digits": (
        around(f"<script type='application/ld+json'>{{\"a\":{'9' * 5_000}}}</script>"),
        TextState.FULL,
    ),
    "date of 200 kB": (
        around(f"<time datetime='{'2026-' * 40_000}'>x</time>"),
        TextState.FULL,
    ),
    "regular expression traps in names": (
        around(f"<div class='{'related-' * 5_000}' id='{'comment' * 5_000}' "
               f"style='{'overflow:hidden;' * 3_000}'>x</div>"),
        None,
    ),
    "a style sheet of a megabyte": (around(f"<style>{'.a{display:none}' * 60_000}</style>"), None),
    "brackets without end in a style sheet": (around(f"<style>{'{' * 300_000}</style>"), None),
    "unclosed tags": (around("<div><ul><li><b><i><a href='"), None),
    "10,000 nested links": (around("<a href=x>" * 10_000), None),
    "body in body": (around("<html><body><html><body>"), None),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAPS)
def test_trap_is_read_in_time_and_its_losses_are_said(name: str) -> None:
    """A trap costs seconds at most; a page whose text may be cut is marked as such."""
    make, state = TRAPS[name]
    body = make().encode("utf-8", "surrogatepass")
    started = time.process_time()
    article = read(body)

    assert time.process_time() - started < SECONDS
    if state is not None:
        assert article.state is state
    if state is TextState.FULL:
        assert "".join(FIRST.split()) in "".join(article.text.split())
    if state is TextState.CUT:
        assert article.notes
        assert article.text


@pytest.mark.parametrize("levels", [300, 1_000, 3_000, 100_000])
def test_depth_loses_no_text(levels: int) -> None:
    """What stands deep in a page, and what comes behind it, is read all the same."""
    article = read(deep("div", levels)().encode())

    assert FIRST in article.text
    assert LAST in article.text


ODD_BYTES = [
    b"",
    b"\x00",
    b"\xff",
    b"\xff\xfe",
    b"\xfe\xff\x00",
    b"\xef\xbb\xbf",
    b"<",
    b"<>",
    b"<html>",
    b"</html>",
    b"<!DOCTYPE",
    b"<![CDATA[",
    b"<?xml",
    b'<?xml version="1.0" encoding="punycode"?><p>text</p>',
    b'<meta charset="undefined"><p>text</p>',
    b"&" * 10_000,
    b"<" * 10_000,
    b"\r\n" * 10_000,
    bytes(range(256)) * 40,
    b"plain text without any markup " * 40,
    b'{"json": "document"}',
    b"<rss><channel><item><title>T</title></item></channel></rss>",
    b"<svg xmlns='http://www.w3.org/2000/svg'><text>t</text></svg>",
]


@pytest.mark.parametrize("body", ODD_BYTES)
@pytest.mark.parametrize(
    "content_type", ["text/html", "", "text/html; charset=", "text/html; charset=utf-16", "\x00;;"]
)
def test_odd_bytes_are_answered(body: bytes, content_type: str) -> None:
    """Whatever a server calls a page, an article comes of it, perhaps an empty one."""
    assert isinstance(read(body, content_type), Article)


@given(st.binary(max_size=2_000), st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_bytes_are_answered(body: bytes, content_type: str) -> None:
    """No bytes raise, and no text holds what a store cannot take."""
    article = read(body, content_type)

    article.text.encode("utf-8")
    assert "\x00" not in article.text + article.title + article.author


@given(st.text(max_size=300))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_text_in_an_article_is_answered(text: str) -> None:
    """Any code points in title, body, names and JSON-LD."""
    html = (
        f"<html><head><title>{text}</title><meta property='{text}' content='{text}'>"
        f"<script type='application/ld+json'>{text}</script></head><body class='{text}'>"
        f"<p id='{text}' style='{text}'>{text}</p><a href='{text}'>x</a></body></html>"
    )
    article = read(html.encode("utf-8", "surrogatepass"))

    assert isinstance(article, Article)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_pages_are_answered(seed: int) -> None:
    """Pages with bytes lost, doubled, swapped and changed still make an article."""
    chance = random.Random(seed)
    make = chance.choice(list(TEMPLATES.values()))
    body = bytearray(make(chance.choice(list(STORIES.values()))).encode())
    for _ in range(chance.randrange(1, 60)):
        place = chance.randrange(len(body))
        kind = chance.randrange(3)
        if kind == 0:
            body[place] = chance.randrange(256)
        elif kind == 1:
            del body[place : place + chance.randrange(1, 200)]
        else:
            body[place:place] = body[: chance.randrange(1, 200)]
    article = extract_article(
        page(bytes(body)),
        feed=Feed(id="f", url=URL, title="F"),
        entry=Entry(guid=None, link=URL, title="T", summary="The feed's own text."),
        link=URL,
        now=NOW,
    )

    assert article.title == "T"
    assert article.text
