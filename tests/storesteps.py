"""Steps that bring a store into a state, in the words of the pipeline: follow feeds, poll, keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from builders import (
    HOUR,
    NOW,
    a_decision,
    a_feed,
    a_poll,
    a_read_entry,
    a_score,
    an_article,
    an_entry,
)

from monitor.core.values import Band, Decision, Entry, Fate, FeedForPoll, Item, PendingEntry
from store import Store


def follow(store: Store, count: int = 1, *, now: datetime = NOW) -> None:
    """Make the store follow feeds 1 to `count`."""
    store.feeds.sync([a_feed(number) for number in range(1, count + 1)], now)


def lease(store: Store, number: int = 1, *, now: datetime = NOW) -> FeedForPoll:
    """Lease one feed, due or not."""
    (leased,) = store.polling.lease_feeds(
        now,
        owner="test",
        limit=1,
        lease_for=HOUR,
        only=[f"feed-{number}"],
        even_if_not_due=True,
    )
    return leased


def poll(store: Store, *decisions: Decision, number: int = 1, **changes: Any) -> FeedForPoll:
    """Poll one feed with a good answer that brings these decisions."""
    now = changes.get("finished_at", NOW)
    leased = lease(store, number, now=now)
    given = {"next_due_at": now + HOUR, "started_at": now} | changes
    assert store.polling.save_poll(a_poll(leased, *decisions, **given))
    return leased


def pending(store: Store, *, now: datetime = NOW, limit: int = 1000) -> list[PendingEntry]:
    """Lease what waits to be read."""
    return store.polling.lease_pending(now, owner="test", limit=limit, lease_for=HOUR)


def read_all(store: Store, *, now: datetime = NOW, **changes: Any) -> list[Fate]:
    """Read and score all that waits; `changes` go into each `ReadEntry`."""
    return store.polling.save_read(
        [a_read_entry(one, **changes) for one in pending(store, now=now)], now
    )


def keep(
    store: Store,
    *entries: Entry,
    number: int = 1,
    points: int = 30,
    band: Band = Band.QUEUE,
    lang: str | None = "en",
    text: str = "",
    now: datetime = NOW,
    **changes: Any,
) -> list[Item]:
    """Poll entries in from a followed feed, read them, score them so, and return the items."""
    wanted: Sequence[Entry] = entries or [an_entry()]
    poll(store, *map(a_decision, wanted), number=number, finished_at=now, **changes)
    read = [
        a_read_entry(
            one,
            article=an_article(
                url=one.entry.link or "",
                title=one.entry.title,
                text=text or f"Workers were seen. {one.entry.summary}",
            ),
            score=a_score(points, decision=band),
            lang=lang,
        )
        for one in pending(store, now=now)
    ]
    store.polling.save_read(read, now)
    links = [one.pending.link for one in read]
    found = [store.items.by_link(link) for link in links if link]
    return [item for item in found if item is not None]
