"""How fast the store is: polls, readings, the analysts' queue and search. Prints one line a figure.

Run from the checkout: `python bench/storing.py [URL]`; without URL, SQLite in a temporary file.
Figures are milliseconds; p50 and p95 where a question is asked many times.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from monitor.core.reports import QueueFilter, QueueOrder
from monitor.core.values import (
    Article,
    Band,
    Decision,
    Entry,
    Fate,
    Feed,
    FeedForPoll,
    ItemState,
    Match,
    PendingEntry,
    ReadEntry,
    Score,
    TextState,
    Verdict,
)
from monitor.ports import PollRecord, PollStatus
from store import Store, open_store

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEEDS, ENTRIES = 500, 20  # 10,000 items
WORDS = (
    *("workers", "passports", "Vladivostok", "company", "wages", "police", "report", "city"),
    *("рабочие", "паспорта", "Находка", "стройка", "компания", "зарплата"),
    *("북한", "노동자들이", "러시아", "건설", "현장에서", "여권"),
    *("北朝鮮労働者", "建設現場", "朝鲜劳工", "工地", "护照"),
)


def main() -> None:
    """Fill a store with 10,000 items and ask it what people ask."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder)}/bench.db"
        with open_store(url) as store:
            fill(store)
            ask(store)
            size = store.upkeep.size()
            print(f"size: {size.size / 2**20:.1f} MiB, log {size.log_size / 2**20:.1f} MiB")


def fill(store: Store) -> None:
    """Poll and read everything once, then once more with nothing new."""
    chance = random.Random(1)
    feeds = [
        Feed(id=f"feed-{n}", url=f"https://{n}.example/rss", title=f"Outlet {n}", country="RU")
        for n in range(FEEDS)
    ]
    took("sync of 500 feeds", lambda: store.feeds.sync(feeds, NOW))
    polls, reads, warm = [], [], []
    for leased in lease(store, NOW):
        polls.append(timed(partial(store.polling.save_poll, first_poll(leased))))
    while batch := store.polling.lease_pending(NOW, owner="bench", limit=50, lease_for=HOUR):
        read = [reading(one, chance) for one in batch]
        reads.append(timed(partial(store.polling.save_read, read, NOW)) / len(batch))
    for leased in lease(store, NOW + HOUR):
        warm.append(timed(partial(store.polling.save_poll, not_modified(leased))))
    told("save_poll, 20 new entries", polls)
    told("save_read, one article of 600 words", reads)
    told("save_poll, not modified", warm)
    items = store.items.queue(QueueFilter(limit=2000)).items
    for item in items[::4]:
        store.verdicts.give(item.key, Verdict.RELEVANT, actor="bench", now=NOW)


def ask(store: Store) -> None:
    """Time the questions of the review page and of the commands."""
    new = (ItemState.NEW,)
    questions: dict[str, Callable[[], object]] = {
        "queue, first page": lambda: store.items.queue(QueueFilter(states=new)),
        "queue, one band": lambda: store.items.queue(QueueFilter(bands=(Band.QUEUE,), states=new)),
        "queue, page 100": lambda: store.items.queue(QueueFilter(states=new, offset=5000)),
        "queue, newest": lambda: store.items.queue(QueueFilter(order=QueueOrder.NEWEST)),
        "queue, one feed": lambda: store.items.queue(QueueFilter(feeds=("feed-7",))),
        "queue, Korean search": lambda: store.items.queue(QueueFilter(search="노동자")),
        "queue, phrase search": lambda: store.items.queue(QueueFilter(search='"паспорт находка"')),
        "item": lambda: store.items.get(777),
        "counts": store.items.counts,
        "why": lambda: store.ledger.why("https://7.example/3"),
        "feed statuses": lambda: store.feeds.statuses(NOW),
        "ledger totals": lambda: store.ledger.totals(NOW - HOUR, NOW + HOUR),
        "ledger discrepancies": store.ledger.discrepancies,
    }
    for name, question in questions.items():
        question()
        told(name, [timed(question) for _ in range(40)])


def lease(store: Store, now: datetime) -> list[FeedForPoll]:
    """Lease all feeds."""
    return store.polling.lease_feeds(
        now, owner="bench", limit=FEEDS, lease_for=HOUR, even_if_not_due=True
    )


def first_poll(leased: FeedForPoll) -> PollRecord:
    """Return a poll that brings only new entries."""
    decisions = []
    for n in range(ENTRIES):
        link = f"{leased.feed.url[:-4]}/{n}"
        entry = Entry(guid=link, link=link, title=f"Report {n} of {leased.feed.id}", position=n)
        decisions.append(
            Decision(
                entry=entry,
                fate=Fate.PENDING,
                identity=link,
                link=link,
                content_hash=link,
                reason="New.",
            )
        )
    return PollRecord(
        leased=leased,
        started_at=NOW,
        finished_at=NOW,
        status=PollStatus.PARSED,
        decisions=tuple(decisions),
        next_due_at=NOW + HOUR,
    )


def not_modified(leased: FeedForPoll) -> PollRecord:
    """Return a poll that brought nothing."""
    return PollRecord(
        leased=leased,
        started_at=NOW + HOUR,
        finished_at=NOW + HOUR,
        status=PollStatus.NOT_MODIFIED,
        next_due_at=NOW + 2 * HOUR,
    )


def reading(pending: PendingEntry, chance: random.Random) -> ReadEntry:
    """Return an article of 600 words with 15 reasons."""
    text = " ".join(chance.choices(WORDS, k=600))
    points = chance.randrange(101)
    band = list(Band)[points // 26]
    matches = tuple(
        Match(rule=f"rule-{n}", points=2, field="text", surface="workers", start=n, end=n + 7)
        for n in range(15)
    )
    return ReadEntry(
        pending=pending,
        article=Article(
            url=pending.link or "", title=pending.entry.title, text=text, state=TextState.FULL
        ),
        score=Score(score=points, raw=points, decision=band, lang="en", matches=matches),
        lang="en",
    )


def timed(act: Callable[[], object]) -> float:
    """Return how many milliseconds something took."""
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def took(name: str, act: Callable[[], object]) -> None:
    """Print how long something took, once."""
    print(f"{name}: {timed(act):.1f}")


def told(name: str, figures: list[float]) -> None:
    """Print median and 95th percentile."""
    p95 = statistics.quantiles(figures, n=20)[-1]
    print(f"{name}: p50 {statistics.median(figures):.2f}, p95 {p95:.2f} ({len(figures)})")


if __name__ == "__main__":
    main()
