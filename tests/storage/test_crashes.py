"""The ledger's invariant through crashes: no entry lost, none twice, and every poll adds up.

Random documents are polled with the real decisions while the program "dies" before random
statements, at commits, and after a step whose result nobody learns any more. Then leases run out,
the next process goes on, and in the end everything that was ever shown is accounted for.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from builders import HOUR, NOW, a_poll, a_read_entry, a_score, an_entry
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, func, select, union
from sqlmodel import SQLModel
from storesteps import follow

from monitor.core.decisions import decide, keys_of, links_of
from monitor.core.reports import QueueFilter
from monitor.core.urls import canonical
from monitor.core.values import Band, Decision, Entry, Fate, ParsedFeed, TextState
from store import Store, migrate, open_store
from store.tables.base import table
from store.tables.watching import EntryRow, FateRow, ItemRow, PollRow, RevisionRow, SightingRow
from store.upkeep import refuse_unsound

T = TypeVar("T")

ENTRY, FATE, ITEM, POLL = table(EntryRow), table(FateRow), table(ItemRow), table(PollRow)
REVISION, SIGHTING = table(RevisionRow), table(SightingRow)

FEEDS = 3
LIMIT = 8  # new entries taken from one poll, low enough to be reached
LEFT_OUT = (Fate.TOO_OLD.value, Fate.UNREADABLE.value)
KEPT = (Fate.STORED.value, Fate.REVISION.value, Fate.DUPLICATE.value)


class Death(Exception):
    """The program dies here."""


@dataclass
class Fuse:
    """Kills the program after so many events, each time with the next length."""

    lengths: list[int]
    left: int = 0
    deaths: int = 0
    is_lit: bool = False

    def burn(self, *_arguments: object) -> None:
        """Count one event; raise when the fuse has burnt down."""
        if not self.is_lit:
            return
        self.left -= 1
        if self.left == 0:
            self.deaths += 1
            raise Death

    def light(self) -> None:
        """Begin the next life."""
        self.left = self.lengths.pop() if self.lengths else 0
        self.is_lit = self.left > 0


@dataclass
class Pipeline:
    """The story of a poll in a few lines, as the real one tells it, with a fuse in every step."""

    store: Store
    fuse: Fuse
    now: datetime = NOW
    shown: int = 0
    links: set[str] = field(default_factory=set)

    def show(self, number: int, parsed: ParsedFeed) -> None:
        """Let one feed show a document until a poll of it was saved, through any deaths."""
        self.shown += len(parsed.entries) + parsed.unreadable
        self.survive(lambda: self.poll(number, parsed))
        self.survive(self.read)

    def survive(self, act: Callable[[], None]) -> None:
        """Do something, again and again if need be; after a death all leases run out first."""
        while True:
            self.fuse.light()
            try:
                act()
            except Death:
                self.now += HOUR
            else:
                self.fuse.is_lit = False
                return

    def step(self, result: T) -> T:
        """Return what a step gave, unless the program dies before anybody learns it."""
        self.fuse.burn()
        return result

    def poll(self, number: int, parsed: ParsedFeed) -> None:
        """Lease, decide, save."""
        store = self.store
        (leased,) = self.step(
            store.polling.lease_feeds(
                self.now,
                owner="a",
                limit=1,
                lease_for=HOUR,
                only=[f"feed-{number}"],
                even_if_not_due=True,
            )
        )
        known = self.step(store.polling.known_entries(leased.key, keys_of(parsed)))
        items = self.step(store.polling.known_items(links_of(parsed)))
        decisions = decide(
            parsed, feed=leased.feed, known=known, items=items, now=self.now, limit=LIMIT
        )
        record = a_poll(
            leased,
            *decisions,
            unreadable=parsed.unreadable,
            started_at=self.now,
            finished_at=self.now,
            next_due_at=self.now + HOUR,
            is_backfill=leased.first_good_at is None,
        )
        self.links |= {address for one in decisions if (address := address_of(one))}
        assert self.step(store.polling.save_poll(record))

    def read(self) -> None:
        """Read what waits, in batches that end in the middle of documents."""
        while batch := self.step(
            self.store.polling.lease_pending(self.now, owner="a", limit=7, lease_for=HOUR)
        ):
            read = [a_read_entry(one, score=a_score(30, decision=Band.QUEUE)) for one in batch]
            self.step(self.store.polling.save_read(read, self.now))


def address_of(decision: Decision) -> str | None:
    """Return the address by which people will ask for an entry; a mere repeat has its twin's."""
    if decision.fate is Fate.UNCHANGED and decision.twin is not None:
        return None
    return decision.link or canonical(decision.entry.link)


def some_entry(chance: random.Random, position: int) -> Entry:
    """Return an entry as feeds give them: edited, re-dated, without id or link, too old, again."""
    number = chance.randrange(60)
    edition = chance.choice(["", "", "", " (edited)", " (edited twice)"])
    return an_entry(
        number,
        position=position,
        title=f"Report {number}{edition}",
        summary=f"Workers of camp {number} were seen at a site near the town{edition}.",
        guid=chance.choice([f"guid-{number}", f"guid-{number}", f"new-{number}", None]),
        link=chance.choice(
            [
                f"https://news.example/a/{number}00",
                f"https://news.example/a/{number}00",
                f"http://www.news.example/a/{number}00?utm_source=rss",
                None,
            ]
        ),
        published_at=NOW - timedelta(days=chance.choice([0, 1, 2, 200])),
    )


def some_document(chance: random.Random) -> ParsedFeed:
    """Return a document of up to 80 entries, some of them said twice."""
    entries = [some_entry(chance, place) for place in range(chance.randrange(80))]
    return ParsedFeed(
        format="rss20",
        title="",
        lang=None,
        entries=tuple(entries),
        unreadable=chance.choice([0, 0, 0, 2]),
    )


def numbers(store: Store, query: Any) -> list[Any]:
    """Return the first column of a query."""
    with store.database.reading() as session:
        return list(session.execute(query).scalars())


def assert_all_accounted(pipeline: Pipeline) -> None:
    """Check every promise of the ledger after the last entry was read."""
    store = pipeline.store
    assert store.ledger.discrepancies() == []
    assert numbers(store, select(FATE.c.key).where(FATE.c.fate == Fate.PENDING.value)) == []
    # Nothing lost: each address that any document showed is in the ledger ...
    known = set(numbers(store, union(select(ENTRY.c.link), select(FATE.c.link))))
    assert pipeline.links - known == set()
    fateless = select(ENTRY.c.key).where(
        ~select(FATE.c.key).where(FATE.c.entry_key == ENTRY.c.key).exists()
    )
    assert numbers(store, fateless) == []
    # ... and each entry that was to be kept leads to an item.
    left_out = select(FATE.c.entry_key).where(FATE.c.fate.in_(LEFT_OUT))
    homeless = (
        select(ENTRY.c.key)
        .join(FATE, FATE.c.entry_key == ENTRY.c.key)
        .where(FATE.c.fate.in_(KEPT), ENTRY.c.item_key.is_(None), ENTRY.c.key.not_in(left_out))
    )
    assert numbers(store, homeless) == []
    # Nothing twice: an item was stored by exactly one entry, and kept once under its address.
    births = (
        select(func.count(FATE.c.key))
        .select_from(ITEM)
        .join(FATE, (FATE.c.item_key == ITEM.c.key) & (FATE.c.fate == Fate.STORED.value))
        .group_by(ITEM.c.key)
    )
    assert set(numbers(store, births)) <= {1}
    assert len(numbers(store, births)) == len(numbers(store, select(ITEM.c.key)))
    # What belongs together was written together.
    unseen = select(ENTRY.c.key).where(
        ENTRY.c.item_key.is_not(None),
        ~select(SIGHTING.c.item_key)
        .where(SIGHTING.c.item_key == ENTRY.c.item_key, SIGHTING.c.feed_key == ENTRY.c.feed_key)
        .exists(),
    )
    assert numbers(store, unseen) == []
    revisions = sum(numbers(store, select(ITEM.c.revision_count)))
    assert revisions == len(numbers(store, select(REVISION.c.key)))


def test_the_ledger_holds_through_crashes_between_any_two_steps(memory_store: Store) -> None:
    """Over 10,000 random entries and hundreds of deaths: all accounted for, none twice."""
    seen = deaths = 0
    engine = memory_store.database.engine
    fuse = Fuse([])

    def at_commit(_connection: Connection) -> None:
        fuse.burn()

    event.listen(engine, "before_cursor_execute", fuse.burn)
    event.listen(engine, "commit", at_commit)

    @given(
        seed=st.integers(0, 2**32),
        # Many short fuses: every example brings several deaths, whatever is drawn.
        lengths=st.lists(st.integers(1, 60), min_size=10, max_size=16),
    )
    @settings(
        max_examples=32,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # shrinking would take minutes and helps little
        suppress_health_check=[HealthCheck.too_slow],
    )
    def one_history(seed: int, lengths: list[int]) -> None:
        nonlocal seen, deaths
        chance = random.Random(seed)
        empty(memory_store)
        follow(memory_store, FEEDS)
        fuse.lengths, fuse.deaths = lengths, 0
        pipeline = Pipeline(memory_store, fuse)
        for _ in range(12):
            pipeline.show(chance.randrange(FEEDS) + 1, some_document(chance))
            pipeline.now += HOUR
        assert_all_accounted(pipeline)
        seen += pipeline.shown
        deaths += fuse.deaths

    one_history()

    assert seen >= 10_000
    assert deaths >= 100


def empty(store: Store) -> None:
    """Delete every row, so that the next history begins anew."""
    with store.database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = on")  # so the order is no matter
        for name in ("search_document", *SQLModel.metadata.tables):
            connection.exec_driver_sql(f'DELETE FROM "{name}"')  # noqa: S608


def test_a_history_without_crashes_reads_the_same(memory_store: Store) -> None:
    """The model itself: without a fuse, each entry of a document is told exactly once."""
    follow(memory_store, FEEDS)
    pipeline = Pipeline(memory_store, Fuse([]))
    chance = random.Random(7)
    for _ in range(10):
        pipeline.show(chance.randrange(FEEDS) + 1, some_document(chance))
        pipeline.now += HOUR

    assert_all_accounted(pipeline)
    totals = memory_store.ledger.totals(NOW, pipeline.now)
    assert totals.entries_seen == sum(totals.fates.values()) == pipeline.shown
    assert totals.fates[Fate.OVER_LIMIT] > 0
    assert totals.fates[Fate.TOO_OLD] > 0
    assert totals.fates[Fate.DUPLICATE] > 0
    assert totals.fates[Fate.REVISION] > 0


# ---------------------------------------------------------------- real deaths

HERE = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}

WRITER = """
import sys
from builders import *
from storesteps import *
from store import open_store
store = open_store(sys.argv[1])
number = int(sys.argv[2])
while True:
    decisions = [a_decision(an_entry(number + i)) for i in range(5)]
    poll(store, *decisions, finished_at=NOW)
    fates = read_all(store)
    assert all(fate in (Fate.STORED, Fate.DUPLICATE) for fate in fates), fates
    print(number, flush=True)
    number += 5
"""


def writer(url: str, begin: int) -> subprocess.Popen[str]:
    """Start a process that polls and reads without end and says what was acknowledged."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(begin)],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def test_a_killed_writer_loses_nothing_that_was_acknowledged(sqlite_url: str) -> None:
    """kill -9 at random moments: the file is sound, what was said to be done is done (G1)."""
    with open_store(sqlite_url) as store:
        follow(store)
    chance = random.Random(5)
    acknowledged: list[int] = []
    for life in range(3):
        with writer(sqlite_url, life * 10_000) as process:
            assert process.stdout is not None
            acknowledged.append(int(process.stdout.readline()))
            time.sleep(chance.uniform(0.05, 0.25))
            process.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in process.stdout.read().split()]
        # The dead process may hold the feed; as the clock goes on, its leases run out.
        with open_store(sqlite_url) as store:
            store.polling.release_feeds(
                store.polling.lease_feeds(
                    NOW + 2 * HOUR, owner="next", limit=9, lease_for=HOUR, even_if_not_due=True
                )
            )

    with open_store(sqlite_url) as store:
        assert store.upkeep.check() == []
        assert store.ledger.discrepancies() == []
        expected = {
            f"https://news.example/{number + i}" for number in acknowledged for i in range(5)
        }
        assert expected <= set(store.polling.known_items(sorted(expected)))
        later = NOW + 9 * HOUR
        left = store.polling.lease_pending(later, owner="next", limit=99, lease_for=HOUR)
        store.polling.save_read([a_read_entry(one) for one in left], later)
        total = store.items.counts().total
        assert total == len(numbers(store, select(ENTRY.c.key)))


def test_a_store_whose_making_is_killed_is_whole_or_not_there(tmp_path: Path) -> None:
    """kill -9 while a store is being made: the next start finds nothing or all of it (G21)."""
    program = "import sys, store; print('go', flush=True); store.open_store(sys.argv[1])"
    chance = random.Random(3)
    for attempt in range(4):
        path = tmp_path / f"{attempt}.db"
        with subprocess.Popen(
            [sys.executable, "-c", program, f"sqlite:///{path}"], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.12))
            process.kill()
        if path.exists():
            refuse_unsound(path)

        with open_store(f"sqlite:///{path}") as store:
            assert migrate.check(store.database) == []


def test_two_processes_may_make_one_store(tmp_path: Path) -> None:
    """Started at the same moment, both find the same whole store."""
    url = f"sqlite:///{tmp_path}/new/monitor.db"
    program = "import sys, store; store.open_store(sys.argv[1]).jobs.started(sys.argv[2], NOW)"
    program = f"from builders import NOW\n{program}"
    both = [
        subprocess.Popen([sys.executable, "-c", program, url, name], env=ENVIRONMENT)
        for name in ("a", "b")
    ]

    assert [process.wait(60) for process in both] == [0, 0]
    with open_store(url) as store:
        assert [job.name for job in store.jobs.list()] == ["a", "b"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["monitor.db"]


LEASER = """
import sys
from builders import *
from store import open_store
store = open_store(sys.argv[1])
got = []
while leased := store.polling.lease_feeds(NOW, owner=sys.argv[2], limit=3, lease_for=HOUR):
    got += [one.feed.id for one in leased]
print(" ".join(got))
"""


def test_two_processes_never_lease_one_feed(shared_url: str) -> None:
    """Two schedulers by mistake: every feed is polled by exactly one of them (G1)."""
    with open_store(shared_url) as store:
        follow(store, 120)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", LEASER, shared_url, name],
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for name in ("a", "b")
    ]
    got = [process.communicate(timeout=60)[0].split() for process in both]

    assert sorted(got[0] + got[1]) == sorted(f"feed-{number}" for number in range(1, 121))


def test_two_threads_that_read_the_same_article_make_one_item(shared_url: str) -> None:
    """Two workers read the same address at once, from two feeds: one item, one duplicate."""
    with open_store(shared_url) as store, open_store(shared_url) as other:
        follow(store, 2)
        pipeline = Pipeline(store, Fuse([]))
        entries = tuple(an_entry(number, position=number) for number in range(8))
        parsed = ParsedFeed(format="rss20", title="", lang=None, entries=entries)
        for number in (1, 2):
            pipeline.poll(number, parsed)
        first = store.polling.lease_pending(NOW, owner="a", limit=8, lease_for=HOUR)
        second = other.polling.lease_pending(NOW, owner="b", limit=8, lease_for=HOUR)
        fates = race(
            lambda: store.polling.save_read([a_read_entry(one) for one in first], NOW),
            lambda: other.polling.save_read([a_read_entry(one) for one in second], NOW),
        )

        assert sorted(fates) == sorted([Fate.STORED] * 8 + [Fate.DUPLICATE] * 8)
        assert store.items.queue(QueueFilter()).total == 8
        assert_all_accounted(pipeline)


def race(*acts: Callable[[], list[Fate]]) -> list[Fate]:
    """Do things at the same time; return all that they gave."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(acts)) as pool:
        return [fate for done in pool.map(lambda act: act(), acts) for fate in done]


@pytest.mark.parametrize("state", list(TextState))
def test_every_text_state_has_a_rank(state: TextState) -> None:
    """A new state cannot be forgotten in the rule that protects full texts."""
    from store.readings import COMPLETENESS

    assert COMPLETENESS[state] >= 0
