"""Weeks of polls, late readings, verdicts, outages, a wandering clock: nobody misses anything."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest
from builders import NOW, a_decision, a_read_entry, a_score, an_entry
from storesteps import follow, pending, poll
from tellings import SENDER, a_subscriber

from alerts.rounds import make_digests
from monitor.core.telling import Subscriber
from monitor.core.values import Band, Item, ItemState, Verdict
from monitor.core.windows import Schedule
from store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# The clocks change in Berlin on the 25th of October, in New York on the 1st of November.
START = datetime(2026, 10, 20, 6, tzinfo=NOW.tzinfo)
READERS = (
    Schedule(zone="Europe/Berlin", times=(time(2, 30),)),
    Schedule(zone="America/New_York", times=(time(1, 30), time(18, 0))),
    Schedule(zone="Asia/Seoul", times=(time(0, 0),), days=(0, 2, 4)),
)


def live(store: Store, chance: random.Random, *, days: int) -> datetime:
    """Let a store live for some weeks; return the moment after the last look."""
    follow(store, now=START)
    for number, schedule in enumerate(READERS, 1):
        store.subscribers.add(a_subscriber(number, schedule=schedule, since=START))
    now, number = START, 0
    keys: list[int] = []
    while now < START + days * DAY:
        now += chance.choice([HOUR / 4, HOUR, 5 * HOUR, 5 * HOUR, 30 * HOUR])
        entries = [an_entry(number + step) for step in range(chance.randint(0, 3))]
        number += len(entries)
        poll(store, *map(a_decision, entries), finished_at=now, is_backfill=chance.random() < 0.1)
        if chance.random() < 0.6:  # else the readings come later, after a digest maybe
            keys += read_some(store, chance, now)
        if keys and chance.random() < 0.4:
            verdict = chance.choice(list(Verdict))
            store.verdicts.give(chance.choice(keys), verdict, actor="mina", now=now)
        if chance.random() < 0.8:  # else nobody looks: the process is down
            clock = now + chance.choice([timedelta()] * 8 + [DAY, -DAY])
            make_digests(store, clock, sender=SENDER)
    read_some(store, chance, now)
    end = now + 9 * DAY
    for day in range(9):
        make_digests(store, now + day * DAY, sender=SENDER)
    make_digests(store, end, sender=SENDER)
    return end


def read_some(store: Store, chance: random.Random, now: datetime) -> list[int]:
    """Read all that waits, with random bands; return the keys of the items."""
    waiting = pending(store, now=now)
    read = []
    for one in waiting:
        band = chance.choice(list(Band))
        points = {Band.REJECT: 5, Band.QUEUE: 30, Band.DIGEST: 60, Band.ALERT: 90}[band]
        read.append(a_read_entry(one, score=a_score(points, decision=band)))
    store.polling.save_read(read, now)
    return [
        item.key for one in waiting if (item := store.items.by_link(one.link or "")) is not None
    ]


def is_theirs(item: Item, who: Subscriber, last_end: datetime) -> bool:
    """Return whether an item should have been told to a reader by now."""
    good = item.score.decision.rank >= who.minimum.rank or item.state in (
        ItemState.RELEVANT, ItemState.ESCALATED,
    )  # fmt: skip
    return good and not item.is_backfill and who.since <= item.first_seen_at < last_end


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))]
)
def test_every_item_is_told_once_and_every_period_answered_once(
    memory_store: Store, seed: int
) -> None:
    """Each good item has one place for each reader; windows tile; no period has two digests."""
    store = memory_store
    live(store, random.Random(seed), days=25)

    items = [item for key in range(1, 400) if (item := store.items.get(key)) is not None]
    assert len(items) > 20
    for who in store.subscribers.list():
        made = store.digests.list(subscriber_key=who.key, limit=1000)[::-1]
        assert len({line.period for line in made}) == len(made)
        assert made[0].start == START
        assert all(earlier.end == later.start for earlier, later in pairwise(made))
        for item in items:
            places = [p for p in store.digests.places(item.key) if p.address == who.address]
            if is_theirs(item, who, made[-1].end):
                assert len(places) == 1, (item.key, item.state)
            else:
                assert len(places) <= 1
