"""Which items a digest tells, in which order, under which heading. Pure.

The candidates are the items of the reader's bands that no earlier digest of theirs has placed and
that were first seen before the window's end. Choosing by "not yet told" and not by the window alone
is what makes G4 hold: an item that was fetched before the end but read after it, or that an analyst
rescued later, would fall between two windows. Every candidate that matches the reader's wishes gets
a place, and a place is written down even when it means that the item is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.coverage import Coverage
from monitor.core.telling import Digest, Place, Section, Story, Subscriber, rank
from monitor.core.text import title_key
from monitor.core.topics import best_topic, is_of_topics, item_under, topic_heading
from monitor.core.values import Item, ItemState, Match
from monitor.core.windows import Window

# Items that new rules lift into a digest band later than this after their first sight are news no
# more: a change of the rules must not mail the archive. The window itself is never cut by it (an
# outage of three weeks is made up in full), and neither is what a person judged relevant.
LATE_FOR = timedelta(days=14)
# A shorter title ("News in brief") says too little to prove that two texts are one report.
_TELLING_TITLE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a mail holds. The rest is counted, and waits on the queue page."""

    full: int = 10  # stories told in full
    full_per_feed: int = 3
    headlines: int = 40
    also: int = 6  # outlets named under a story
    near_misses: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A heading of the digest. An item belongs to it by the ids of rules and entities it met."""

    id: str
    title: str  # English; translated where it is shown
    words: frozenset[str]


def N_(message: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return message


ELSEWHERE = "elsewhere"
# From the general to the special; `topic_of` says what the order is for. The words are parts of
# rule and entity ids, and count only where the rule files give no headings of their own.
TOPICS = (
    Topic(id=ELSEWHERE, title=N_("Other countries and subjects"), words=frozenset()),
    Topic(
        id="worksites",
        title=N_("Russia: worksites and workers"),
        words=frozenset({"russia", "russian", "rfe", "far", "east", "primorye", "vladivostok",
                         "nakhodka", "khabarovsk", "amur", "sakhalin", "moscow", "alabuga",
                         "worksite", "worksites", "construction", "logging"}),
    ),
    Topic(
        id="sanctions",
        title=N_("Sanctions and companies"),
        words=frozenset({"sanctions", "sanction", "ofac", "resolution", "unsc", "2375", "2397",
                         "company", "companies", "mokran", "cholsan", "visa", "visas"}),
    ),
    Topic(
        id="coercion",
        title=N_("Escapes and coercion"),
        words=frozenset({"coercion", "forced", "slavery", "trafficking", "escape", "escapes",
                         "passport", "passports", "wages", "abuse", "surveillance", "confiscation",
                         "defector", "defectors", "death", "accident"}),
    ),
)  # fmt: skip
# A special heading wins over a general one when it has at least this share of its points. Nearly
# every report names a place; without this all of them would stand under "Russia".
_SPECIAL_ENOUGH = 0.4
_NOT_WORDS = re.compile(r"[^0-9a-z]+")


def topic_points(item: Item, sections: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return how many points of an item's score speak for each topic.

    `sections` maps rule ids to the headings that the operator gave them, from the general to the
    special; without any, rules are placed by the words of their ids and of the entities they met.
    """
    points: dict[str, int] = {}
    for match in item.score.matches:
        if match.points <= 0 or match.field is None:
            continue
        named = [sections[match.rule]] if sections and match.rule in sections else []
        for topic in named if sections else _topics_named(match):
            points[topic] = points.get(topic, 0) + match.points
    return points or {ELSEWHERE: 0}


def topic_of(item: Item, sections: Mapping[str, str] | None = None) -> str:
    """Return the one topic under which an item is told: the most special that weighs enough."""
    points = topic_points(item, sections)
    enough = _SPECIAL_ENOUGH * max(points.values())
    return [id_ for id_ in topic_order(sections) if points.get(id_, -1) >= enough][-1]


def topic_order(sections: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return all topics, from the general to the special."""
    known = sections.values() if sections else (topic.id for topic in TOPICS)
    return tuple(dict.fromkeys([ELSEWHERE, *known]))


def topic_title(topic: str) -> str:
    """Return the heading of a topic, in English or in the operator's own words."""
    return next((known.title for known in TOPICS if known.id == topic), topic)


def _topics_named(match: Match) -> list[str]:
    words = set(_NOT_WORDS.split(f"{match.rule} {match.entity or ''}".lower()))
    return [topic.id for topic in TOPICS if words & topic.words]


def candidates_since(subscriber: Subscriber, window: Window) -> datetime:
    """Return the earliest `first_seen_at` that a digest of this window looks at."""
    return max(subscriber.since, min(window.start, window.end - LATE_FOR))


def is_wanted(subscriber: Subscriber, item: Item) -> bool:
    """Return whether an item of the right band is of a language and topic that was asked for.

    An unknown language is always wanted: leaving it out would lose it silently.
    """
    lang = (item.lang or item.score.lang or "").split("-")[0].lower()
    if subscriber.languages and lang and lang not in subscriber.languages:
        return False
    return is_of_topics(item, subscriber.topics)


def heading_of(
    item: Item, subscriber: Subscriber, sections: Mapping[str, str] | None = None
) -> str:
    """Return the heading under which a reader finds an item: their topic, if they chose several."""
    if len(subscriber.topics) < 2:
        return topic_of(item, sections)
    return topic_heading(best_topic(item, subscriber.topics), sections)


def choose(
    candidates: Iterable[Item],
    *,
    subscriber: Subscriber,
    window: Window,
    now: datetime,
    near_misses: Sequence[Item] = (),
    told: Iterable[tuple[str, str]] = (),
    limits: Limits | None = None,
    sections: Mapping[str, str] | None = None,
    coverage: Coverage | None = None,
    rules_version: str = "",
    asked: Collection[int] = (),
) -> Digest:
    """Return the digest of one window: stories by topic, and a place for every wanted candidate.

    `told` are the titles that the reader's earlier digests told, each with the id of its feed.
    A reader of topics finds every item with the score that it has under the best of them.
    `asked` are the keys of items that a person wants told, whatever languages and topics were
    chosen and whatever was told before.
    """
    limits = limits or Limits()
    wanted = [
        item_under(item, subscriber.topics)
        for item in candidates
        if item.key in asked or is_wanted(subscriber, item)
    ]
    dismissed = [item for item in wanted if item.state is ItemState.IRRELEVANT]
    places = {item.key: Place.IRRELEVANT for item in dismissed}
    copies = _copies_of(
        told, [item for item in wanted if item.key not in places and item.key not in asked]
    )
    places |= {item.key: Place.TOLD_BEFORE for item in copies}
    shown = sorted((item for item in wanted if item.key not in places), key=rank)
    stories = group_reprints(shown, window=window)
    topics = {story.item.key: heading_of(story.item, subscriber, sections) for story in stories}
    full, headlines, over = _ration(stories, topics, limits)
    for place, part in ((Place.FULL, full), (Place.HEADLINE, headlines), (Place.OVER_LIMIT, over)):
        for story in part:
            places[story.item.key] = place
            places |= {item.key: _also_place(place) for item in story.also}
    near = [
        item_under(item, subscriber.topics)
        for item in near_misses
        if subscriber.near_misses
        and item.key not in places
        and item.state is ItemState.NEW
        and is_wanted(subscriber, item)
    ]
    return Digest(
        subscriber=subscriber,
        window=window,
        made_at=now,
        sections=_sections(full, headlines, topics),
        near_misses=tuple(sorted(near, key=rank)[: limits.near_misses]),
        places=places,
        over_limit_count=len(over),
        told_before_count=len(copies),
        coverage=coverage,
        rules_version=rules_version,
    )


def _copies_of(told: Iterable[tuple[str, str]], items: Iterable[Item]) -> list[Item]:
    """Return the items that another feed's item, told before, already said.

    What a person judged relevant is told again: somebody wanted it to be read.
    """
    feeds: dict[str, set[str]] = {}
    for title, feed in told:
        feeds.setdefault(title_key(title), set()).add(feed)
    judged = (ItemState.RELEVANT, ItemState.ESCALATED)
    return [
        item
        for item in items
        if len(said := title_key(item.title)) >= _TELLING_TITLE
        and said in feeds
        and item.feed_id not in feeds[said]
        and item.state not in judged
    ]


def group_reprints(ranked: Sequence[Item], *, window: Window) -> list[Story]:
    """Join items of several feeds whose titles say the same; the best of each group leads it.

    Items of one feed are never joined: a column keeps its title while its subject changes.
    """
    groups: list[list[Item]] = []
    by_title: dict[str, list[Item]] = {}
    for item in ranked:
        said = title_key(item.title)
        group = by_title.get(said) if len(said) >= _TELLING_TITLE else None
        if group is None or any(item.feed_id == other.feed_id for other in group):
            group = by_title[said] = []
            groups.append(group)
        group.append(item)
    return [
        Story(
            item=items[0],
            also=tuple(items[1:]),
            is_late=all(item.first_seen_at < window.start for item in items),
        )
        for items in groups
    ]


def _ration(
    stories: Sequence[Story], topics: Mapping[int, str], limits: Limits
) -> tuple[list[Story], list[Story], list[Story]]:
    """Divide ranked stories into those told in full, as headlines, and only counted.

    The best of each topic comes first, so that no heading has headlines alone.
    """
    leads = {topics[story.item.key]: story.item.key for story in reversed(stories)}
    keys = {story.item.key for story in _within(stories, set(leads.values()), limits)}
    full = [story for story in stories if story.item.key in keys]
    rest = [story for story in stories if story.item.key not in keys]
    return full, rest[: limits.headlines], rest[limits.headlines :]


def _within(stories: Sequence[Story], leads: Collection[int], limits: Limits) -> list[Story]:
    """Return the stories to tell in full: leads first, then by rank, few from one feed."""
    full: list[Story] = []
    from_feed: dict[str, int] = {}
    for story in sorted(stories, key=lambda story: story.item.key not in leads):
        feed = story.item.feed_id
        if len(full) < limits.full and from_feed.get(feed, 0) < limits.full_per_feed:
            full.append(story)
            from_feed[feed] = from_feed.get(feed, 0) + 1
    return full


def _also_place(lead: Place) -> Place:
    return Place.OVER_LIMIT if lead is Place.OVER_LIMIT else Place.ALSO


def _sections(
    full: Sequence[Story], headlines: Sequence[Story], topics: Mapping[int, str]
) -> tuple[Section, ...]:
    """Return the sections, the one with the best story first: it is the story of the subject."""
    found = [
        Section(
            topic=topic,
            full=tuple(story for story in full if topics[story.item.key] == topic),
            headlines=tuple(story for story in headlines if topics[story.item.key] == topic),
        )
        for topic in sorted({topics[story.item.key] for story in (*full, *headlines)})
    ]
    return tuple(
        sorted(found, key=lambda section: min(rank(story.item) for story in section.stories))
    )
