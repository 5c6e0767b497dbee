"""Text from outside: harmless after cleaning, known again when it is the same, cut in sentences."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.text import (
    clean,
    content_hash,
    one_line,
    plain,
    plain_title,
    title_key,
    without_outlet,
)

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("a\x00b\x07c", "abc"),
        ("red \x1b[31mword\x1b[0m", "red word"),
        ("a\r\nb\rc\u2028d\x85e\vf", "a\nb\nc\nd\ne\nf"),
        ("\ufeffx\ufffey\uffffz\U0001fffe", "xyz"),
        ("lone \ud83d and \udc00", "lone  and "),
        ("\u200fעברית\u202b עם \u202c", "\u200fעברית\u202b עם \u202c"),
        ("zero\u200bwidth", "zero\u200bwidth"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 8),
        ("북한 노동자\tRussia", "북한 노동자\tRussia"),
    ],
)
def test_clean_takes_out_what_stores_choke_on(given_text: str, expected: str) -> None:
    """Controls, surrogates and noncharacters vanish, line ends are one kind, bidi marks stay."""
    assert clean(given_text) == expected


@given(ANY_TEXT)
def test_cleaned_text_can_be_stored_anywhere(text: str) -> None:
    """Cleaned text encodes as UTF-8 and JSON, holds no control, and is clean already."""
    cleaned = clean(text)
    cleaned.encode("utf-8")
    json.loads(json.dumps(cleaned))
    assert not [char for char in cleaned if char < " " and char not in "\t\n"]
    assert clean(cleaned) == cleaned


@given(ANY_TEXT, st.integers(1, 40))
def test_a_cut_is_marked_and_never_too_long(text: str, limit: int) -> None:
    """A text over its limit ends with an ellipsis; another one is whole."""
    cut = clean(text, limit)
    assert len(cut) <= limit
    assert cut == clean(text) or cut.endswith("…")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>One</p><p>Two &amp; <b>three</b></p>", "One\nTwo & three"),
        ("a<br/>b<br>c", "a\nb\nc"),
        ("<script>alert(1)</script>text<style>p{}</style>", "text"),
        ("A &quot;B&quot; &lt;b&gt;", 'A "B" <b>'),
        ("<DMZ 리포트> 노동자", "<DMZ 리포트> 노동자"),
        ("<북한> a < b & c > d", "<북한> a < b & c > d"),
        ("<o:p>Word</o:p> <st1:place>x</st1:place>", "Word x"),
        ("<![CDATA[x <b>y</b>]]>", "x y"),
        ("I <3 you", "I <3 you"),
        ("&#8220;quoted&#8221; &#x2014; &nbsp;x", "“quoted” — x"),
        ("plain", "plain"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("open <a href='x", "open"),
    ],
)
def test_markup_becomes_text(markup: str, expected: str) -> None:
    """Tags that HTML knows are markup, other angle brackets are quotation marks; one decoding."""
    assert plain(markup) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("A &amp;quot;B&amp;quot;", 'A "B"'),
        ("A &amp;amp;lt;b&amp;amp;gt;", "A &lt;b&gt;"),
        ("<3", "<3"),
        ("<title>", "<title>"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<script>alert(1)</script>", ""),
        ("two\n lines\t here", "two lines here"),
        ("AT&T and R&D;", "AT&T and R&D;"),
    ],
)
def test_headline_is_one_line_and_never_emptied_for_nothing(markup: str, expected: str) -> None:
    """A headline escaped once too often is decoded, but never into a tag."""
    assert plain_title(markup) == expected


@given(ANY_TEXT)
def test_plain_text_is_clean_for_any_markup(markup: str) -> None:
    """No markup whatever makes `plain` raise or let a control through."""
    text = plain(markup)
    assert text == clean(text)
    assert "\n" not in plain_title(markup)


def test_hostile_markup_takes_linear_time() -> None:
    """100 kB of unfinished or nested tags is done with in no time."""
    for unit in ("<a ", "<", "<!--", "&#", "<p>", "<b>", "<a '\"'\"", "]]>", "<![CDATA["):
        hostile = unit * (100_000 // len(unit))
        assert len(plain(hostile)) <= len(hostile)


@pytest.mark.parametrize(
    ("title", "outlet", "expected"),
    [
        ("Workers seen - BBC News", "BBC News", "Workers seen"),
        ("Workers seen – BBC", "BBC", "Workers seen"),
        ("BBC - BBC News", "", "BBC - BBC News"),
        ("- BBC", "BBC", "- BBC"),
        ("Workers - seen", "BBC", "Workers - seen"),
    ],
)
def test_outlet_suffix_goes_only_when_it_is_the_outlet(
    title: str, outlet: str, expected: str
) -> None:
    """Only the outlet that the feed itself names is taken off a headline."""
    assert without_outlet(title, outlet) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Workers  seen.\n", "workers seen."),
        ("Seen 5 minutes ago", "Seen 17 minutes ago"),
        ("Опубликовано 2 часа назад", "Опубликовано 5 часов назад"),
        ("3시간 전 북한", "12시간 전 북한"),
        ("30分钟前 朝鲜", "2小时前 朝鲜"),
        ("Text. Comments: 3", "Text. Comments: 1,204"),
        ("기사 조회수 1,234", "기사 조회수 9"),
        ("ＫＮＤＲ", "KNDR"),
    ],
)
def test_hash_stays_when_nothing_is_told_anew(one: str, other: str) -> None:
    """Ages, reader counters, case and spacing do not change the hash."""
    assert content_hash("Title", one) == content_hash("title", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("200 workers", "300 workers"),
        ("paid 700 a month", "paid 70 a month"),
        ("18 часов в день", "12 часов в день"),
        ("3 days without pay", "5 days without pay"),
    ],
)
def test_hash_changes_with_a_figure(one: str, other: str) -> None:
    """A changed number is a changed report."""
    assert content_hash("", one) != content_hash("", other)


def test_title_and_text_do_not_run_together() -> None:
    """A word that moves from headline to text changes the hash."""
    assert content_hash("a b", "c") != content_hash("a", "b c")


def test_title_key_ignores_punctuation() -> None:
    """One headline in two spellings has one key."""
    assert title_key("“Workers”  arrive!") == title_key("Workers arrive")
    assert title_key("北, 노동자 파견") == "北 노동자 파견"


def test_one_line_collapses_white_space() -> None:
    """Names and titles carry no line ends."""
    assert one_line(" a \n\t b\u2028c ", 10) == "a b c"
