"""Values with sensible defaults, so that a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.core.values import (
    Article,
    Band,
    Decision,
    Entry,
    Fate,
    Feed,
    FeedForPoll,
    KnownEntry,
    Match,
    PendingEntry,
    ReadEntry,
    Score,
    TextState,
)
from monitor.ports import PollRecord, PollStatus

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_feed(number: int = 1, /, **changes: Any) -> Feed:
    """Return a feed; feeds of different numbers differ in id, address and title."""
    given: dict[str, Any] = {
        "id": f"feed-{number}",
        "url": f"https://news{number}.example/rss",
        "title": f"News {number}",
        "lang": "en",
        "country": "RU",
    }
    return Feed(**given | changes)


def an_entry(number: int = 1, /, **changes: Any) -> Entry:
    """Return an entry; entries of different numbers have different guids, links and titles."""
    given: dict[str, Any] = {
        "guid": f"guid-{number}",
        "link": f"https://news.example/{number}",
        "title": f"Report {number}",
        "summary": f"Workers were seen at site {number}.",
        "published_at": NOW - HOUR,
        "position": number,
    }
    return Entry(**given | changes)


def an_article(number: int = 1, /, **changes: Any) -> Article:
    """Return an article as extraction gives it."""
    given: dict[str, Any] = {
        "url": f"https://news.example/{number}",
        "title": f"Report {number}",
        "text": f"Workers were seen at site {number}. Their passports were taken.",
        "state": TextState.FULL,
    }
    return Article(**given | changes)


def a_match(points: int = 30, /, **changes: Any) -> Match:
    """Return one line of an explanation, fitting the text of `an_article`."""
    given: dict[str, Any] = {
        "rule": "workers",
        "points": points,
        "field": "text",
        "entity": "workers",
        "surface": "Workers",
        "start": 0,
        "end": 7,
        "snippet": "Workers were seen",
        "label": "workers",
    }
    return Match(**given | changes)


def a_score(points: int = 30, /, **changes: Any) -> Score:
    """Return a score of so many points, explained by one match."""
    given: dict[str, Any] = {
        "score": points,
        "raw": points,
        "decision": Band.QUEUE,
        "lang": "en",
        "matches": (a_match(points),),
        "version": "v1",
    }
    return Score(**given | changes)


def a_decision(entry: Entry | None = None, /, **changes: Any) -> Decision:
    """Return the decision on a new entry."""
    entry = entry or an_entry()
    given: dict[str, Any] = {
        "entry": entry,
        "fate": Fate.PENDING,
        "identity": f"id:{entry.guid}",
        "link": entry.link,
        "content_hash": f"hash of {entry.title} {entry.summary}",
    }
    return Decision(**given | changes)


def a_known_entry(key: int, entry: Entry, /, **changes: Any) -> KnownEntry:
    """Return what the store remembers of an entry that `a_decision` brought in."""
    decision = a_decision(entry)
    given: dict[str, Any] = {
        "key": key,
        "guid": entry.guid,
        "link": decision.link,
        "identity": decision.identity,
        "content_hash": decision.content_hash,
    }
    return KnownEntry(**given | changes)


def a_leased_feed(feed: Feed | None = None, /, **changes: Any) -> FeedForPoll:
    """Return a leased feed outside any store."""
    given: dict[str, Any] = {"key": 1, "feed": feed or a_feed(), "lease_token": "token"}
    return FeedForPoll(**given | changes)


def a_poll(leased: FeedForPoll, /, *decisions: Decision, **changes: Any) -> PollRecord:
    """Return a good poll of a leased feed that brought these decisions."""
    given: dict[str, Any] = {
        "leased": leased,
        "started_at": NOW,
        "finished_at": NOW,
        "status": PollStatus.PARSED,
        "http_status": 200,
        "decisions": decisions,
        "next_due_at": NOW + HOUR,
    }
    return PollRecord(**given | changes)


def a_read_entry(pending: PendingEntry, /, **changes: Any) -> ReadEntry:
    """Return a pending entry after reading and scoring; the article follows the entry's title."""
    entry = pending.entry
    article = an_article(
        url=entry.link or "", title=entry.title, text=f"Workers were seen. {entry.summary}"
    )
    given: dict[str, Any] = {
        "pending": pending,
        "article": article,
        "score": a_score(),
        "lang": "en",
    }
    return ReadEntry(**given | changes)
