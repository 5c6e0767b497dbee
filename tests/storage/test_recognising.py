"""Deciding and remembering together: what the store keeps is enough to know every entry again."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from builders import HOUR, NOW, a_feed, a_poll, a_read_entry, an_entry
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.decisions import decide, keys_of, links_of
from monitor.core.values import Decision, Entry, Fate, Feed, ParsedFeed
from store import Store
from store.session import Database

ENTRIES = st.builds(
    lambda guid, link, title, text, days: an_entry(
        guid=guid,
        link=link,
        title=title,
        summary=text,
        published_at=None if days is None else NOW - timedelta(days=days),
    ),
    st.sampled_from([None, "N/A", "guid-1000", "guid-2000", "https://news.example/7"]),
    st.sampled_from(
        [None, "https://news.example/", "https://news.example/1", "http://m.news.example/1",
         "https://news.example/a-1000001", "https://news.example/b-1000002"]
    ),
    st.sampled_from(["", "Workers seen in the port of Nakhodka", "Workers flee"]),
    st.sampled_from(["", "Twenty workers fled from a building site near the sea."]),
    st.sampled_from([None, 0, 1, 400]),
)  # fmt: skip
DOCUMENTS = st.lists(st.lists(ENTRIES, max_size=5), min_size=1, max_size=4)
FEEDS = st.sampled_from(["auto", "id", "link", "title"]).map(
    lambda way: a_feed(url="https://feeds.example/rss", identity=way)
)


def fresh_store(template: Path) -> Store:
    """Return a store in memory, with the schema and no rows."""
    database = Database("sqlite://")
    raw = database.engine.raw_connection()
    assert isinstance(raw.driver_connection, sqlite3.Connection)
    with contextlib.closing(sqlite3.connect(template)) as empty:
        empty.backup(raw.driver_connection)
    raw.close()
    return Store(database)


def polled(store: Store, feed: Feed, entries: list[Entry], now: datetime) -> tuple[Decision, ...]:
    """Poll a document of these entries through the store, and read what is pending."""
    placed = tuple(replace(one, position=place) for place, one in enumerate(entries))
    parsed = ParsedFeed(format="rss20", title="News", lang=None, entries=placed)
    (leased,) = store.polling.lease_feeds(
        now, owner="test", limit=1, lease_for=HOUR, only=[feed.id], even_if_not_due=True
    )
    decisions = decide(
        parsed,
        feed=feed,
        known=store.polling.known_entries(leased.key, keys_of(parsed)),
        items=store.polling.known_items(links_of(parsed)),
        now=now,
    )
    assert store.polling.save_poll(a_poll(leased, *decisions, finished_at=now))
    pending = store.polling.lease_pending(now, owner="test", limit=100, lease_for=HOUR)
    store.polling.save_read([a_read_entry(one) for one in pending], now)
    return decisions


@given(DOCUMENTS, FEEDS)
@settings(max_examples=25, deadline=None)
def test_every_entry_is_known_again(
    sqlite_template: Path, documents: list[list[Entry]], feed: Feed
) -> None:
    """After any polls, the last document once more brings nothing new, and the ledger adds up."""
    with fresh_store(sqlite_template) as store:
        store.feeds.sync([feed], NOW)
        for number, entries in enumerate(documents):
            polled(store, feed, entries, NOW + number * HOUR)
        again = polled(store, feed, documents[-1], NOW + len(documents) * HOUR)
        assert {one.fate for one in again} <= {Fate.UNCHANGED, Fate.UNREADABLE}
        assert store.ledger.discrepancies() == []


def test_feed_that_renews_its_ids_floods_nobody(memory_store: Store) -> None:
    """Five polls with new ids each time leave as many items as there are articles."""
    feed = a_feed()
    memory_store.feeds.sync([feed], NOW)
    for number in range(5):
        entries = [an_entry(n, guid=f"poll-{number}-entry-{n}") for n in range(20)]
        decisions = polled(memory_store, feed, entries, NOW + number * HOUR)
        fates = {one.fate for one in decisions}
        assert fates == ({Fate.PENDING} if number == 0 else {Fate.UNCHANGED})
    assert memory_store.items.counts().total == 20
