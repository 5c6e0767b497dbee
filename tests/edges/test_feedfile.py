"""A right feeds.yaml becomes feeds exactly as written; of any other text every mistake is told."""

from __future__ import annotations

import json
import time
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import ConfigurationErrors
from monitor.core.values import Feed
from monitor.feedfile import FeedFile, parse_feeds, read_feeds, same_address
from monitor.feedkeys import KEY_ORDER, DefaultKeys, FeedKeys
from monitor.yamltree import read_tree

SHIPPED = Path(__file__).parents[2] / "feeds.yaml"
FULL = """\
version: 1
defaults:
  every: 6h
  default_tz: Europe/Moscow
  content: feed
feeds:
  - id: 0123-full
    url: https://a.example/rss?x=1&y=%D0%9A#part
    title: "Vesti: Primorye"
    lang: zh-Hant
    country: NO
    category: far-east
    tags: [local, state-media]
    enabled: false
    every: 30 m
    default_tz: Asia/Seoul
    content: page
    title_only: true
    paywall: true
    weight: 1.25
    extract: precision
    selector: //div[@class='story']
    drop_url: [https://a.example/z/*]
    identity: link
    expect_daily: true
    max_age: 2d
    user_agent: reader/1.0
    evidence: two lists
    note: 'it''s slow'
  - url: http://xn--e1afmkfd.example/лента
    id: plain
"""


def test_every_key_arrives_in_the_feed() -> None:
    """Each key of the file becomes the field of the same name; nothing is guessed or dropped."""
    full, plain = parse_feeds(FULL).feeds

    assert full == Feed(
        id="0123-full",
        url="https://a.example/rss?x=1&y=%D0%9A#part",
        title="Vesti: Primorye",
        lang="zh-Hant",
        country="NO",
        category="far-east",
        tags=("local", "state-media"),
        enabled=False,
        every=timedelta(minutes=30),
        default_tz="Asia/Seoul",
        content="page",
        title_only=True,
        paywall=True,
        weight=1.25,
        extract="precision",
        selector="//div[@class='story']",
        drop_url=("https://a.example/z/*",),
        identity="link",
        expect_daily=True,
        max_age=timedelta(days=2),
        user_agent="reader/1.0",
        evidence="two lists",
        note="it's slow",
    )
    assert plain == Feed(
        id="plain",
        url="http://xn--e1afmkfd.example/лента",
        title="xn--e1afmkfd.example",
        every=timedelta(hours=6),
        default_tz="Europe/Moscow",
        content="feed",
    )


def test_the_keys_are_those_of_a_feed_with_the_same_defaults() -> None:
    """The file and the value cannot drift apart: same names, same defaults, one order."""
    assert set(KEY_ORDER) == {part.name for part in fields(Feed)} == set(FeedKeys.model_fields)
    defaults = {part.name: part.default for part in fields(Feed)}
    for name, field in FeedKeys.model_fields.items():
        if name not in {"id", "url", "title"}:
            assert (name, field.default) == (name, defaults[name])
    assert set(DefaultKeys.model_fields) < set(KEY_ORDER)


def test_a_mark_at_the_front_and_windows_line_ends_change_nothing() -> None:
    """Files saved on Windows read the same, and their text is kept as it was for later edits."""
    text = "\ufeff" + FULL.replace("\n", "\r\n")

    found = parse_feeds(text.encode())

    assert found.feeds == parse_feeds(FULL).feeds
    assert found.text == text


def test_an_empty_list_is_allowed_and_warned_of() -> None:
    """A file may hold no feeds, but nobody shall think that something is watched."""
    found = parse_feeds("feeds: []\n")

    assert found.feeds == ()
    assert [str(warning) for warning in found.warnings] == [
        "feeds.yaml:1:1: feeds: no feed is enabled: nothing will be watched"
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lang: de", ":4:5: feeds.0.lang: the rules have no words in 'de'"),
        (
            "title_only: true\n    content: page",
            ":5:5: feeds.0.content: is not used: `title_only` feeds have no page fetched",
        ),
        (
            "every: 2d\n    expect_daily: true",
            ":5:5: feeds.0.expect_daily: asks for daily news, but `every` is over a day",
        ),
    ],
)
def test_what_is_allowed_but_seldom_meant_is_a_warning(line: str, expected: str) -> None:
    """Such a file is read, with a warning that has its place."""
    found = parse_feeds(f"feeds:\n  - id: a\n    url: https://a.example/\n    {line}\n")

    assert [str(warning) for warning in found.warnings] == [f"feeds.yaml{expected}"]


def test_what_all_feeds_inherit_is_no_reason_to_warn_of_one() -> None:
    """`content: page` for all does not contradict a search feed."""
    text = "defaults:\n  content: page\nfeeds:\n  - id: a\n    url: https://a.example/\n"

    assert parse_feeds(f"{text}    title_only: true\n").warnings == ()


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://a.example/rss", "http://a.example/rss/", True),
        ("https://A.example:443/rss", "https://a.example./rss", True),
        ("https://a.example/rss#x", "https://a.example/rss", True),
        ("https://a.example/rss?p=1", "https://a.example/rss?p=2", False),
        ("https://a.example/RSS", "https://a.example/rss", False),
        ("https://www.a.example/rss", "https://a.example/rss", False),
        ("https://a.example:8443/rss", "https://a.example/rss", False),
    ],
)
def test_two_spellings_of_one_address(one: str, other: str, is_same: bool) -> None:
    """Scheme, slash, fragment and case of the host do not make another feed; the rest does."""
    assert (same_address(one) == same_address(other)) is is_same


def problems_of(text: str | bytes) -> tuple[str, ...] | None:
    """Return the messages of a text that is refused, None when it is read."""
    try:
        parse_feeds(text)
    except ConfigurationErrors as error:
        return tuple(problem.message for problem in error.problems) or ("",)
    return None


@given(
    st.text(
        alphabet=st.sampled_from(
            "feedsidurlxU09:-[]{}&*!|>'\"\\%@`#,? \n\t\r\ufeff\x00\u2028é朝\U0001f600"
        )
    )
    | st.text()
)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands in the file: feeds, or problems with a message each. Nothing else escapes."""
    assert problems_of(text) != ("",)


@given(st.binary(max_size=300), st.integers(0, len(FULL)))
def test_any_bytes_put_into_a_good_file_are_read_or_refused(junk: bytes, at: int) -> None:
    """A file damaged on the disk is an error with a message, never a traceback."""
    raw = FULL.encode()

    assert problems_of(raw[:at] + junk + raw[at:]) != ("",)


WORDS = st.sampled_from(
    [
        "",
        "~",
        "true",
        "1",
        "-1",
        "nan",
        "1e999",
        "ru",
        "RU",
        "5m",
        "9d",
        "Asia/Seoul",
        "../x",
        "\x00",
    ]
) | st.text(max_size=20)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from([*KEY_ORDER, "x"]), VALUES, max_size=6),
    st.dictionaries(st.sampled_from([*KEY_ORDER, "x"]), VALUES, max_size=3),
)
def test_any_value_under_any_key_is_read_or_refused(
    feed: dict[str, object], defaults: dict[str, object]
) -> None:
    """A list where a word belongs, a number out of bounds, a key in the wrong place: messages."""
    # JSON is YAML, and it can write any of these values.
    text = json.dumps({"defaults": defaults, "feeds": [feed, feed]})

    assert problems_of(text) != ("",)


@given(st.integers(0, len(FULL)))
def test_a_file_cut_short_never_gives_a_feed_that_was_not_written(end: int) -> None:
    """A half-written file is refused, or holds feeds that begin like those of the whole file."""
    whole = {feed.id: feed for feed in parse_feeds(FULL).feeds}
    try:
        found = parse_feeds(FULL[:end]).feeds
    except ConfigurationErrors:
        return
    assert all(
        any(name.startswith(feed.id) and whole[name].url.startswith(feed.url) for name in whole)
        for feed in found
    )


def test_ten_thousand_feeds_are_read_in_seconds() -> None:
    """The largest list we promise to take is no reason to wait."""
    text = "feeds:\n" + "".join(
        f"  - id: f{number}\n    url: https://a.example/{number}\n    lang: ko\n"
        for number in range(10_000)
    )
    began = time.perf_counter()

    found = parse_feeds(text)

    assert len(found.feeds) == 10_000
    assert time.perf_counter() - began < 20


# ---------------------------------------------------------------- the list that is shipped


@pytest.fixture(scope="module")
def shipped() -> FeedFile:
    """Return the feeds.yaml at the top of the checkout."""
    return read_feeds(SHIPPED)


def test_the_shipped_list_is_right_and_covers_what_it_must(shipped: FeedFile) -> None:
    """No warning, at least 110 feeds watched, all five languages, and each says how it is known."""
    watched = [feed for feed in shipped.feeds if feed.enabled]

    assert shipped.warnings == ()
    assert len(watched) >= 110
    assert {feed.lang for feed in watched} == {"en", "ru", "ko", "ja", "zh"}
    assert [feed.id for feed in shipped.feeds if not feed.evidence or not feed.category] == []
    assert len({feed.title for feed in shipped.feeds}) == len(shipped.feeds)


def test_feeds_of_low_confidence_are_off(shipped: FeedFile) -> None:
    """What one list alone claims is not asked before somebody has looked."""
    assert [
        feed.id for feed in shipped.feeds if feed.enabled and feed.evidence.startswith("low")
    ] == []


def test_the_shipped_list_is_grouped_by_category(shipped: FeedFile) -> None:
    """Feeds of a category stand together, so that a person finds them."""
    order = [feed.category for feed in shipped.feeds]
    changes = [name for before, name in zip([None, *order], order, strict=False) if before != name]

    assert len(changes) == len(set(order))


def test_search_feeds_are_marked_and_asked_politely(shipped: FeedFile) -> None:
    """Their descriptions are other outlets' headlines, so only titles count."""
    searches = [feed for feed in shipped.feeds if "search" in feed.tags]

    assert {feed.lang for feed in searches if feed.enabled} == {"en", "ru", "ko", "ja", "zh"}
    assert all(feed.title_only and feed.content == "feed" for feed in searches)
    assert min(feed.every for feed in searches) >= timedelta(hours=2)


def test_the_query_above_a_search_is_the_query_in_its_address(shipped: FeedFile) -> None:
    """Operators read the comment; the address must ask for the same."""
    lines = shipped.text.split("\n")
    wrong = []
    for feed in shipped.feeds:
        if urlsplit(feed.url).hostname != "news.google.com":
            continue
        above = lines[lines.index(f"  - id: {feed.id}") - 1].removeprefix("  # ")
        asked = unquote(urlsplit(feed.url).query.split("&")[0].removeprefix("q="))
        if above != asked:
            wrong.append((feed.id, above, asked))

    assert wrong == []


def test_local_times_of_shipped_outlets_that_name_no_zone(shipped: FeedFile) -> None:
    """Every Russian and Korean outlet has a zone, because their dates often name none."""
    missing = [
        feed.id
        for feed in shipped.feeds
        if feed.country in {"RU", "KR"} and feed.default_tz == "UTC" and "search" not in feed.tags
    ]

    assert missing == ["mediazona"]  # works from several countries; its dates name the zone


def test_the_first_line_tells_editors_where_the_schema_is(shipped: FeedFile) -> None:
    """Editors complete keys and mark mistakes only with this line."""
    assert shipped.text.split("\n")[0] == "# yaml-language-server: $schema=feeds.schema.json"


def test_places_count_characters_not_bytes() -> None:
    """Columns are those an editor shows, also after letters of other scripts."""
    tree = read_tree("a: [북한, 朝鮮]\n", "f")

    assert [(item.line, item.column) for item in tree.pairs[0][1].items] == [(1, 5), (1, 9)]


VIA = """
via: {far-east: vladivostok, local: moscow}
feeds:
  - {id: a, url: "https://a.example/f", category: far-east, tags: [local]}
  - {id: b, url: "https://b.example/f", category: other, tags: [x, local]}
  - {id: c, url: "https://c.example/f", category: far-east, via: own}
  - {id: d, url: "https://d.example/f", category: far-east, via: direct, key: paid}
  - {id: e, url: "https://e.example/f"}
"""


def test_a_group_of_feeds_has_a_proxy_and_a_feed_may_have_another() -> None:
    """A feed's own `via` counts most, then its category, then its tags, then the defaults."""
    with_default = parse_feeds(VIA + "defaults: {via: home}\n")

    assert [feed.via for feed in parse_feeds(VIA).feeds] == [
        "vladivostok", "moscow", "own", "direct", None,
    ]  # fmt: skip
    assert [feed.via for feed in with_default.feeds][-1] == "home"
    assert with_default.feeds[0].via == "vladivostok"
    assert with_default.feeds[3].key == "paid"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("via: [a]\nfeeds: []", "via: write a group and a proxy below it"),
        ("via: {A B: c}\nfeeds: []", "via"),
        (
            "feeds: [{id: a, url: 'https://a.example/', tls: unverified, key: k}]",
            "would go to whoever answers",
        ),
        ("feeds: [{id: a, url: 'https://a.example/', tls: off}]", "write one of verified"),
    ],
)
def test_wrong_ways_out_are_refused(text: str, said: str) -> None:
    """What would send a key to a stranger, or go by no proxy, does not start."""
    with pytest.raises(ConfigurationErrors, match=said):
        parse_feeds(text)


def test_an_unverified_feed_is_warned_of() -> None:
    """`monitor check` says what it means."""
    text = "feeds: [{id: a, url: 'https://a.example/', tls: unverified}]"

    (warning,) = parse_feeds(text).warnings
    assert "anybody on the way can write" in warning.message
