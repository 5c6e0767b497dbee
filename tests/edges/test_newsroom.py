"""The sample newsroom's files: enough of everything, all readable, each with its expectation."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import lxml.html
import pytest

from monitor.core.errors import ConfigurationErrors
from monitor.core.text import one_line
from monitor.core.urls import canonical
from monitor.core.values import Band, Feed, ParsedFeed
from monitor.feedfile import parse_feeds
from monitor.newsroom import (
    START,
    Outlet,
    Page,
    Relevance,
    SampleArticle,
    SampleNewsroom,
    feeds_text,
    moment,
    newsroom_folder,
    read_newsroom,
    site_at,
)
from monitor.newsroom.site import CODECS
from monitor.parse import parse_feed

BASE = "http://127.0.0.1:8099"
NEWSROOM = read_newsroom()
FEEDS = {feed.id: feed for feed in parse_feeds(feeds_text(BASE)).feeds}
ENDS_OF_DAYS = [moment(1), moment(2), moment(3)]


@pytest.fixture(scope="module")
def sites() -> dict[datetime, dict[str, Page]]:
    """What stands at the end of each of the three days."""
    return {when: site_at(when, newsroom=NEWSROOM, base=BASE) for when in ENDS_OF_DAYS}


def _parsed(site: dict[str, Page], outlet: Outlet, now: datetime) -> ParsedFeed:
    page = site[outlet.feed_path]
    return parse_feed(
        page.body,
        url=BASE + outlet.feed_path,
        headers={"content-type": page.content_type},
        feed=FEEDS[outlet.id],
        now=now,
    )


def _decoded(page: Page, outlet: Outlet) -> str:
    return page.body.decode(CODECS.get(outlet.page_encoding, outlet.page_encoding))


def _working(when: datetime) -> list[Outlet]:
    return [outlet for outlet in NEWSROOM.outlets if outlet.feed_status(when) == 200]


def _texts() -> list[tuple[Outlet, SampleArticle]]:
    return [(o, article) for o, article in NEWSROOM.articles() if article.paragraphs]


def test_there_is_enough_of_everything() -> None:
    """Sixty articles, ten outlets, five languages, four formats, the two old encodings."""
    by_language = Counter(outlet.lang.partition("-")[0] for outlet, _ in _texts())

    assert sum(by_language.values()) >= 60
    assert len([outlet for outlet in NEWSROOM.outlets if outlet.articles]) >= 10
    assert set(by_language) == {"en", "ru", "ko", "ja", "zh"}
    assert min(by_language.values()) >= 12
    assert {outlet.format for outlet in NEWSROOM.outlets} == {"rss", "atom", "rdf", "json"}
    assert {"windows-1251", "euc-kr"} <= {outlet.encoding for outlet in NEWSROOM.outlets}
    assert len({outlet.template for outlet in NEWSROOM.outlets}) >= 4


def test_every_language_has_all_sides_of_the_line() -> None:
    """In each language there are relevant articles, look-alikes, and articles on something else."""
    sides = defaultdict(set)
    for outlet, article in _texts():
        sides[outlet.lang.partition("-")[0]].add(article.relevant)

    assert {language: len(found) for language, found in sides.items()} == dict.fromkeys(
        ("en", "ru", "ko", "ja", "zh"), len(Relevance)
    )


@pytest.mark.parametrize("reference", list(NEWSROOM.by_reference))
def test_an_article_says_what_is_expected_of_it(reference: str) -> None:
    """Relevant means digest or better, anything else means queue at most; a text has substance."""
    _, article = NEWSROOM.by_reference[reference]
    digest_worthy = article.band in (Band.DIGEST, Band.ALERT)

    assert digest_worthy == (article.relevant is Relevance.YES)
    assert article.story
    assert article.day <= 2
    if article.to is None and not article.consent:
        assert len(article.paragraphs) >= 3, "a page needs a text"


def test_the_story_of_day_two_is_a_burst() -> None:
    """Six or more outlets, in all five languages, report the search in Nakhodka themselves."""
    own = [
        (outlet.id, outlet.lang.partition("-")[0])
        for outlet, article in _texts()
        if article.story == "nakhodka-dormitory"
        and article.day == 2
        and article.reprint_of is None
        and article.relays is None
    ]

    assert len({outlet for outlet, _ in own}) >= 6
    assert {language for _, language in own} == {"en", "ru", "ko", "ja", "zh"}


def test_a_reprint_repeats_its_original() -> None:
    """A reprint differs from its original in its first paragraph at most; there are both kinds."""
    reprints = [article for _, article in NEWSROOM.articles() if article.reprint_of]
    leads = set()
    for article in reprints:
        assert article.reprint_of is not None
        original = NEWSROOM.by_reference[article.reprint_of][1]
        leads.add(article.paragraphs[0] == original.paragraphs[0])

        assert article.paragraphs[1:] == original.paragraphs[1:]
    assert leads == {True, False}


def test_nobody_cites_what_has_not_appeared() -> None:
    """Reprints, relays and search hits come after what they repeat, cite or point to."""
    for _, article in NEWSROOM.articles():
        for reference in (article.reprint_of, article.relays, article.to):
            if reference is not None:
                source = NEWSROOM.by_reference[reference][1]

                assert source.published_at < article.published_at, article.slug
                assert source.story == article.story


def test_every_feed_of_the_file_is_an_outlet() -> None:
    """The feeds file names each outlet once, at the address where its feed is or was."""
    assert {feed.id: feed.url for feed in FEEDS.values()} == {
        outlet.id: BASE + (outlet.moved_from or outlet.feed_path) for outlet in NEWSROOM.outlets
    }
    assert "newsroom.invalid" not in feeds_text(BASE)


@pytest.mark.parametrize("when", ENDS_OF_DAYS, ids=["day0", "day1", "day2"])
def test_a_feed_tells_what_its_outlet_published(
    sites: dict[datetime, dict[str, Page]], when: datetime
) -> None:
    """Whatever format, encoding or slip: our parser reads each entry's title, link and time."""
    for outlet in _working(when):
        shown = outlet.visible(when)
        parsed = _parsed(sites[when], outlet, now=when)

        assert parsed.unreadable == 0
        assert [_said(outlet, article) for article in shown] == [
            (entry.title, canonical(entry.link or ""), entry.published_at)
            for entry in parsed.entries
        ], outlet.id


def _said(outlet: Outlet, article: SampleArticle) -> tuple[str, str | None, datetime]:
    link = canonical(BASE + outlet.path_of(article))
    return one_line(article.title), link, article.published_at


def test_every_page_reads_in_its_encoding_and_says_it_is_invented(
    sites: dict[datetime, dict[str, Page]],
) -> None:
    """Each article's page decodes strictly, holds the article's text, and is marked as a sample."""
    last = ENDS_OF_DAYS[-1]
    for outlet in NEWSROOM.outlets:
        for article in outlet.visible(last):
            if article.to is not None:
                continue
            page = sites[last][outlet.path_of(article)]
            tree = lxml.html.fromstring(_decoded(page, outlet))
            (note,) = tree.find_class("sample-note")
            standing = article.paragraphs[:1] if article.paywall else article.paragraphs

            assert note.text_content().strip() == NEWSROOM.furniture[outlet.lang]["sample"]
            if not article.consent:
                text = tree.text_content()
                assert all(p.lstrip("#> ") in text for p in standing), article.slug


def test_a_paywalled_page_keeps_the_rest_back(sites: dict[datetime, dict[str, Page]]) -> None:
    """Behind the paywall there is only the first paragraph."""
    last = ENDS_OF_DAYS[-1]
    walled = [(o, article) for o, article in NEWSROOM.articles() if article.paywall]
    for outlet, article in walled:
        page = _decoded(sites[last][outlet.path_of(article)], outlet)

        assert article.paragraphs[1][:60] not in page
    assert walled


def test_traps_stand_outside_the_articles() -> None:
    """Texts off the subject have it in comments, teasers or hidden text, never in their own."""
    subject = re.compile(
        r"North Korean (worker|crew)|северокорейски\w+ рабоч|КНДР"
        r"|북한 노동자|北韓勞工|北朝鮮の労働者"
    )
    trapped = [
        article
        for _, article in _texts()
        if article.relevant is not Relevance.YES
        and subject.search(" ".join((*article.comments, *article.aside, article.hidden)))
    ]

    assert len(trapped) >= 7
    assert [article.slug for article in trapped if subject.search(article.text)] == []


def test_times_run_from_backfill_to_day_two() -> None:
    """There is backfill, two days of news, and one article too old for a feed's usual limit."""
    days = Counter(max(article.day, 0) for _, article in NEWSROOM.articles())
    oldest = min(article.published_at for _, article in NEWSROOM.articles())

    assert min(days[0], days[1], days[2]) >= 12
    assert moment(1) - oldest > Feed(id="x", url="x", title="x").max_age
    assert moment(0) == START


HEAD = """---
id: x
title: t
tagline: t
lang: en
zone: Etc/UTC
format: rss
template: modern
---
About it.
"""
ARTICLE = """---
slug: y
day: 1
hour: "05:00"
title: t
relevant: yes
band: digest
story: s
{more}
---
A text.
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("no fence at all", "x.md: front matter and text must take turns"),
        (HEAD + "---\nslug: y\n", "x.md: front matter and text must take turns"),
        (HEAD.replace("id: x", "id: Big Name"), "x.md:2:1: id: String should match"),
        (HEAD.replace("id: x", "id: x\nid: z"), "x.md:3:1: 'id' is written twice"),
        ("---\n- a list\n---\nabout\n", "x.md:2: expected keys and values"),
        (HEAD + ARTICLE.format(more="colour: red"), "x.md:19:1: colour: Extra inputs"),
        (HEAD + ARTICLE.format(more="relays: z/z"), "x.md: y: there is no article z/z"),
        (
            HEAD + ARTICLE.format(more='edit: {day: 2, hour: "01:00", replace: {a figure: b}}'),
            "x.md: y: its edit cannot find 'a figure'",
        ),
        (HEAD + ARTICLE.format(more="") * 2, "x.md: y: is there twice"),
    ],
)
def test_a_broken_outlet_file_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    """A file that cannot be used raises with its name, the line and what is wrong."""
    for folder in ("outlets", "templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "furniture.yaml").write_text("en: {}", encoding="utf-8")
    (tmp_path / "outlets" / "x.md").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationErrors) as raised:
        read_newsroom(tmp_path)
    assert str(raised.value).startswith(complaint)


@pytest.mark.skipif(
    not os.environ.get("MONITOR_SEED_DOCUMENTS"),
    reason="MONITOR_SEED_DOCUMENTS names no folder of full seed documents",
)
def test_no_sentence_is_taken_from_the_seed_documents() -> None:
    """No run of eight words (or twenty-four letters, for scripts without blanks) is shared."""
    folder = Path(os.environ["MONITOR_SEED_DOCUMENTS"])
    seeds = set()
    for file in folder.glob("*.txt"):
        seeds |= _shingles(file.read_text(encoding="utf-8"))

    assert seeds
    assert {
        article.slug: _shingles(article.text) & seeds
        for _, article in NEWSROOM.articles()
        if _shingles(article.text) & seeds
    } == {}


def _shingles(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    runs = {" ".join(words[i : i + 8]) for i in range(len(words) - 7)}
    letters = "".join(words)
    return runs | {
        letters[i : i + 24] for i in range(len(letters) - 23) if ord(letters[i]) > 0x2E80
    }


def test_a_newsroom_of_one_hour_earlier_shows_less() -> None:
    """The site is a function of the moment: nothing published later is on it."""
    for outlet, article in NEWSROOM.articles():
        early = outlet.visible(article.published_at - timedelta(minutes=1))

        assert article.slug not in {other.slug for other in early}


def test_reading_twice_gives_the_same_newsroom() -> None:
    """Reading and rendering have no hidden state: two runs give the same bytes."""
    again: SampleNewsroom = read_newsroom()
    first = site_at(moment(2, "12:00"), newsroom=NEWSROOM, base=BASE)
    second = site_at(moment(2, "12:00"), newsroom=again, base=BASE)

    assert first == second


def test_the_readme_explains_every_key() -> None:
    """Whoever edits an outlet's file finds each of its keys in the README."""
    text = (newsroom_folder() / "README.md").read_text(encoding="utf-8")
    written = {*Outlet.model_fields, *SampleArticle.model_fields}
    read_from_the_text = {"about", "articles", "paragraphs"}

    assert {key for key in written - read_from_the_text if f"`{key}`" not in text} == set()
