"""The sample newsroom read the way the pipeline reads: feed, page, text, score, and what we expect.

The newsroom's own labels are the judge. What stands in comments, teasers and hidden text of a page
must not lift an article over the line, and a relevant one must get over it in every language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.core.scoring import score
from monitor.core.urls import canonical
from monitor.core.values import Article, Band, Entry, Feed, Fetched, Request, ScoreInput, TextState
from monitor.core.values import Score as Scored
from monitor.extract import extract_article
from monitor.feedfile import parse_feeds
from monitor.newsroom import (
    Outlet,
    Page,
    Relevance,
    SampleArticle,
    feeds_text,
    moment,
    read_newsroom,
    site_at,
)
from monitor.parse import parse_feed
from monitor.rulefiles import compile_rules, read_rules

BASE = "http://127.0.0.1:8099"
NOW = moment(3)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Reading:
    """An article of the newsroom, as we read and scored it."""

    outlet: Outlet
    expected: SampleArticle
    article: Article
    score: Scored

    @property
    def name(self) -> str:
        return f"{self.outlet.id}/{self.expected.slug} ({self.score.score})"

    @property
    def is_over_the_line(self) -> bool:
        return self.score.decision.rank >= Band.DIGEST.rank


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    """Everything that the newsroom's feeds show at the end of day 2."""
    return list(_read_all())


def _read_all() -> Iterator[Reading]:
    newsroom = read_newsroom()
    site = site_at(NOW, newsroom=newsroom, base=BASE)
    feeds = {feed.id: feed for feed in parse_feeds(feeds_text(BASE)).feeds}
    rulebook = compile_rules(read_rules(ROOT / "rules", ROOT / "corpus"))
    for outlet in newsroom.outlets:
        if outlet.feed_status(NOW) != 200:
            continue
        feed, page = feeds[outlet.id], site[outlet.feed_path]
        headers = {"content-type": page.content_type}
        parsed = parse_feed(page.body, url=feed.url, headers=headers, feed=feed, now=NOW)
        for entry, expected in zip(parsed.entries, outlet.visible(NOW), strict=True):
            article = _article(feed, entry, site)
            given = ScoreInput(
                title=article.title,
                text=article.text,
                lang=outlet.lang.partition("-")[0],
                feed=feed.id,
                tags=feed.tags,
                weight=feed.weight,
                on=NOW,
            )
            yield Reading(outlet, expected, article, score(given, rulebook))


def _article(feed: Feed, entry: Entry, site: dict[str, Page]) -> Article:
    assert entry.link is not None
    path = entry.link.removeprefix(BASE).partition("?")[0]
    page = None
    if feed.content == "page":
        page = Fetched(
            request=Request(url=entry.link, kind="page"),
            url=entry.link,
            status=200,
            headers={"content-type": site[path].content_type},
            body=site[path].body,
            body_hash=site[path].etag,
        )
    return extract_article(page, feed=feed, entry=entry, link=canonical(entry.link), now=NOW)


def test_nothing_off_the_subject_reaches_a_digest(readings: list[Reading]) -> None:
    """Troops, missiles, other migrants, hikers, a shipyard: none gets to `digest`."""
    others = [r for r in readings if r.expected.relevant is not Relevance.YES]

    assert len(others) >= 45
    assert [r.name for r in others if r.is_over_the_line] == []


def test_hardly_anything_unrelated_reaches_the_queue(readings: list[Reading]) -> None:
    """Of what has nothing to do with the subject, at most one in twenty costs an analyst time."""
    unrelated = [r for r in readings if r.expected.band is Band.REJECT]
    queued = [r.name for r in unrelated if r.score.decision is not Band.REJECT]

    assert len(unrelated) >= 35
    assert len(queued) <= len(unrelated) // 20, queued


def test_nine_in_ten_relevant_articles_reach_a_digest(readings: list[Reading]) -> None:
    """Of the relevant articles at least nine in ten get to `digest`, and few are rejected."""
    relevant = [r for r in readings if r.expected.relevant is Relevance.YES]
    missed = [r.name for r in relevant if not r.is_over_the_line]
    rejected = [r.name for r in relevant if r.score.decision is Band.REJECT]

    assert len(missed) <= len(relevant) // 10, missed
    assert len(rejected) <= len(relevant) // 25, rejected


@pytest.mark.parametrize("language", ["en", "ru", "ko", "ja", "zh"])
def test_every_language_reaches_alert(readings: list[Reading], language: str) -> None:
    """The search in Nakhodka is an alert, whatever the language of the report."""
    reports = [
        r
        for r in readings
        if r.expected.story == "nakhodka-dormitory" and r.outlet.lang.startswith(language)
    ]

    assert Band.ALERT in {r.score.decision for r in reports}


def test_a_page_gives_its_article_and_nothing_else(readings: list[Reading]) -> None:
    """No comment, no teaser for another text and no hidden text is in what we score."""
    leaks = []
    for r in readings:
        outside = [
            *(comment.partition(": ")[2] for comment in r.expected.comments),
            *r.expected.aside,
            *r.outlet.sidebar,
            r.expected.hidden,
        ]
        leaks += [(r.name, line) for line in outside if line and line in r.article.text]

    assert leaks == []


def test_full_texts_are_full_and_teasers_are_said_to_be(readings: list[Reading]) -> None:
    """Every paragraph that a page shows is read; a paywall's opening is marked as a teaser."""
    cut, states = [], set()
    for r in readings:
        if r.expected.source:
            continue
        shown = r.expected.paragraphs[:1] if r.expected.paywall else r.expected.paragraphs
        text = _letters(r.article.text)
        cut += [(r.name, p) for p in shown if _letters(p) not in text]
        if r.expected.paywall:
            states.add(r.article.state)

    assert cut == []
    assert states == {TextState.TEASER}


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
