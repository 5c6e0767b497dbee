"""Addresses: one key for one article, two keys for two articles, and no text that raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.urls import (
    absolute,
    article_number,
    canonical,
    host_of,
    registrable_domain,
    siblings,
    tail,
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://News.Example:80/a", "https://news.example/a"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example./a", "https://news.example/a"),
        ("https://news.example/a/./b/../c", "https://news.example/a/c"),
        ("https://news.example/../../a", "https://news.example/a"),
        ("https://news.example/a#part", "https://news.example/a"),
        ("https://news.example/#!/article/5", "https://news.example/#!/article/5"),
        ("https://news.example/view?idxno=5&utm_source=x", "https://news.example/view?idxno=5"),
        ("https://news.example/a?fbclid=1&gclid=2&yclid=3", "https://news.example/a"),
        ("https://news.example/a?ref=rss&id=1", "https://news.example/a?id=1"),
        ("https://news.example/a?ref=77", "https://news.example/a?ref=77"),
        ("https://news.example/a?b=&c", "https://news.example/a?b=&c"),
        ("https://news.example/%d0%b0%7E", "https://news.example/%D0%B0~"),
        ("https://news.example/а", "https://news.example/%D0%B0"),
        ("https://news.example/a%2Fb", "https://news.example/a%2Fb"),
        ("https://news.example/a b", "https://news.example/a%20b"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("http://127.0.0.1:8800/a", "http://127.0.0.1:8800/a"),
        ("https://127.0.0.1:8800/a", "https://127.0.0.1:8800/a"),
        ("http://[::1]/a", "https://[::1]/a"),
        ("https://новости.рф/а", "https://xn--b1amnebsh.xn--p1ai/%D0%B0"),
        ("https://XN--B1AMNEBSH.xn--p1ai/", "https://xn--b1amnebsh.xn--p1ai/"),
        ("  https://news.example/\n1 ", "https://news.example/1"),
        ("https://news.example/a?x=1&amp;y=2", "https://news.example/a?x=1&y=2"),
        (
            "https://news.google.com/rss/articles/CBMi?oc=5",
            "https://news.google.com/rss/articles/CBMi?oc=5",
        ),
    ],
)
def test_canonical_form(url: str, expected: str) -> None:
    """Spelling, scheme, user, trackers and fragments do not count; everything else does."""
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        None, "", "x", "/a/b", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.example",
        "ftp://news.example/", "http://", "http://[bad", "http://news.example:99999/",
        "http://a\\b/", "http://exa mple/", "http://.../", "//news.example/",
        "https://news.example/" + "a" * 5000, "http://\ud800/", "view-source:http://a/",
    ],
)  # fmt: skip
def test_what_is_no_address_has_no_canonical_form(url: str | None) -> None:
    """Anything but a sound http(s) address gives None, and nothing raises."""
    assert canonical(url) is None


ANY_ADDRESS = st.one_of(
    st.text(),
    st.text().map("https://news.example/".__add__),
    st.from_regex(r"https?://[a-z.:@\[\]%]{1,20}/[ -~]{0,30}"),
)


@given(ANY_ADDRESS)
def test_canonical_is_idempotent_and_never_raises(url: str) -> None:
    """A canonical form is its own canonical form."""
    once = canonical(url)
    assert once is None or canonical(once) == once
    assert once is None or once.isascii()
    if once:
        tail(once)
        siblings(once)
        article_number(once)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/1", "https://news.example/1"),
        ("2.html", "https://news.example/rss/2.html"),
        ("//cdn.example/3", "https://cdn.example/3"),
        ("?id=4", "https://news.example/rss/feed.xml?id=4"),
        ("http://other.example/5", "http://other.example/5"),
        ("jav\tascript:alert(1)", None),
        ("JAVASCRIPT:alert(1)", None),
        ("", None),
        (None, None),
    ],
)
def test_links_are_resolved_or_refused(link: str | None, expected: str | None) -> None:
    """A link is an absolute http(s) address or none at all."""
    assert absolute("https://news.example/rss/feed.xml", link) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("news.vl.ru", "vl.ru"), ("vl.ru", "vl.ru"), ("www.chosun.com", "chosun.com"),
        ("biz.chosun.co.kr", "chosun.co.kr"), ("a.b.gov.uk", "b.gov.uk"),
        ("127.0.0.1", "127.0.0.1"), ("one.blogspot.com", "one.blogspot.com"),
        ("localhost", "localhost"), ("x.spb.ru", "x.spb.ru"),
    ],
)  # fmt: skip
def test_registrable_domain(host: str, expected: str) -> None:
    """Hosts of one owner share a registrable domain; hosts of two people do not."""
    assert registrable_domain(host) == expected


def test_a_page_has_one_tail_on_all_hosts_of_its_owner() -> None:
    """Path and query count, the host's first labels do not; a front page has no tail."""
    assert tail("https://m.news.example/a?b=1") == tail("https://www.news.example/a?b=1")
    assert tail("https://news.example/a?b=1") != tail("https://news.example/a?b=2")
    assert tail("https://news.example/") is None


def test_siblings_are_the_other_usual_hosts() -> None:
    """Bare, www and m: each leads to the two others; addresses of machines have none."""
    assert set(siblings("https://www.news.example/a")) == {
        "https://news.example/a",
        "https://m.news.example/a",
    }
    assert siblings("http://127.0.0.1:8000/a") == ()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2026/11/25/slug-1234567", "1234567"),
        ("https://a.example/view?idxno=204511", "204511"),
        ("https://a.example/20261125/slug", None),
        ("https://a.example/en/a-12345", "12345"),
        ("https://a.example/news/42", None),
    ],
)
def test_article_number(url: str, expected: str | None) -> None:
    """The last long number that is no date is the article's number."""
    assert article_number(url) == expected


def test_host_of() -> None:
    """The host in lower-case ASCII, or nothing."""
    assert host_of("https://Новости.РФ:8443/a") == "xn--b1amnebsh.xn--p1ai"
    assert host_of("nonsense") == ""
