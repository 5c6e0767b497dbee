"""From the address of a site to its feeds: the declared ones first, guesses last, no harm done."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.discover import LIKELY, MAX_FOUND, Candidate, How, candidates

SITE = "https://news.example/section/page.html"


def told(page: str | bytes, url: str = SITE) -> list[tuple[str, str, str]]:
    """Return address, kind and title of what a page itself tells."""
    return [
        (found.url, found.how.value, found.title)
        for found in candidates(page, url)
        if found.how is not How.GUESSED
    ]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            '<link rel="alternate" type="application/rss+xml" title="All news" href="/rss.xml">',
            [("https://news.example/rss.xml", "declared", "All news")],
        ),
        (
            "<LINK REL=alternate TYPE='application/atom+xml; charset=utf-8' HREF=atom>",
            [("https://news.example/section/atom", "declared", "")],
        ),
        (
            '<base href="https://cdn.example/x/"><link rel="feed alternate" '
            'type="application/feed+json" href="feed.json">',
            [("https://cdn.example/x/feed.json", "declared", "")],
        ),
        ('<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">', []),
        ('<link rel="alternate" hreflang="ru" href="/ru/">', []),
        ('<link rel="stylesheet" type="text/xml" href="/rss.css">', []),
        (
            '<a href="/export/new/news_main43.rss">Подписка на RSS</a>',
            [("https://news.example/export/new/news_main43.rss", "linked", "Подписка на RSS")],
        ),
        (
            '<a href="?format=rss&amp;x=1"> RSS\n feed </a>',
            [("https://news.example/section/page.html?format=rss&x=1", "linked", "RSS feed")],
        ),
        ('<a href="/feedback">feedback</a> <a href="/press/atomic">x</a>', []),
        ('<a href="javascript:rss()">RSS</a> <a href="mailto:rss@news.example">RSS</a>', []),
        (
            '<link rel=alternate type=application/rss+xml title="Site: comments" href=/c/feed>'
            "<link rel=alternate type=application/rss+xml title=Site href=/feed/>",
            [
                ("https://news.example/feed/", "declared", "Site"),
                ("https://news.example/c/feed", "declared", "Site: comments"),
            ],
        ),
        (
            "<a href=/rss>RSS</a><link rel=alternate type=application/rss+xml href=/feed.rdf>",
            [
                ("https://news.example/feed.rdf", "declared", ""),
                ("https://news.example/rss", "linked", "RSS"),
            ],
        ),
    ],
)
def test_what_a_page_tells_is_found(page: str, expected: list[tuple[str, str, str]]) -> None:
    """Declared feeds before links, comments after news; look-alikes of the word are no feeds."""
    assert told(f"<html><head>{page}</head><body><p>x</p></body></html>") == expected


def test_a_page_in_an_old_encoding_gives_readable_titles() -> None:
    """The page says windows-1251; titles come out as letters."""
    page = (
        '<html><head><meta charset="windows-1251">'
        '<link rel="alternate" type="application/rss+xml" title="Новости" href="/rss"></head>'
    )

    assert told(page.encode("cp1251")) == [("https://news.example/rss", "declared", "Новости")]


def test_likely_addresses_come_last_and_each_once() -> None:
    """Where a page tells nothing, the addresses that feeds of this kind have are worth asking."""
    found = candidates('<a href="/rss">RSS</a>', "https://news.example/tag/korea/")

    assert found[0] == Candidate(url="https://news.example/rss", how=How.LINKED, title="RSS")
    assert found[1].url == "https://news.example/tag/korea/feed/"
    assert len(found) == len({one.url for one in found}) == len(LIKELY) + 1
    assert all(one.how is How.GUESSED for one in found[1:])


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("https://primamedia.ru/news/1/", "https://primamedia.ru/export/new/news43.rss"),
        ("https://www.gov.uk/search/all?q=x", "https://www.gov.uk/search/all.atom"),
        (
            "https://www.theguardian.com/world/russia",
            "https://www.theguardian.com/world/russia/rss",
        ),
        ("https://blog.example/category/korea/#top", "https://blog.example/category/korea/feed/"),
    ],
)
def test_sites_that_name_no_feed_are_known_by_their_way_of_building_addresses(
    site: str, expected: str
) -> None:
    """The local press of the Far East hides its feeds; their addresses follow a pattern."""
    assert candidates("", site)[0].url == expected


def test_a_page_of_many_links_does_not_make_us_ask_many_times() -> None:
    """The list has an end, whatever the page."""
    page = "".join(f'<a href="/rss/{number}/rss.xml">x</a>' for number in range(5000))

    assert len(candidates(page, SITE)) == MAX_FOUND


@pytest.mark.parametrize(
    "page",
    ["<div>" * 100_000, "<a href='/rss'>" * 50_000, "<" * 200_000, "&" * 1_000_000, "\x00" * 1000],
    ids=["depth", "open links", "brackets", "ampersands", "zeros"],
)
def test_a_hostile_page_costs_little(page: str) -> None:
    """Depth and size end in guesses within seconds."""
    began = time.perf_counter()

    assert candidates(page, SITE)

    assert time.perf_counter() - began < 15


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_any_page_gives_addresses_that_can_be_asked(page: bytes | str) -> None:
    """Whatever came, the answer is http(s) addresses."""
    assert all(one.url.startswith(("http://", "https://")) for one in candidates(page, SITE))
