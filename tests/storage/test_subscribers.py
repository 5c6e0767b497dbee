"""Subscribers on every engine: what is wanted comes back as it was given; erased is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from builders import HOUR, NOW
from storesteps import follow, keep
from tellings import a_subscriber

from alerts.rounds import make_digests
from alerts.sender import Sender
from monitor.core.telling import QuietPolicy, Subscriber
from monitor.core.values import Band
from monitor.core.windows import Schedule
from store import Store

FULL = a_subscriber(
    name="Mina",
    language="ko",
    minimum=Band.ALERT,
    topics=("coercion", "Приморье"),
    languages=("ru", "ko"),
    schedule=Schedule(zone="Asia/Seoul", times=(time(7, 30), time(18, 0)), days=(0, 4)),
    quiet=QuietPolicy.SKIP,
    alerts=True,
    near_misses=True,
    paused_until=NOW + HOUR,
    bounce_count=1,
)


def added(store: Store, subscriber: Subscriber) -> Subscriber:
    """Add a subscriber whose address is new."""
    found = store.subscribers.add(subscriber)
    assert found is not None
    return found


def test_what_is_wanted_comes_back_as_it_was_given(store: Store) -> None:
    """Every wish survives the database."""
    kept = added(store, FULL)

    assert replace(kept, key=FULL.key) == FULL
    assert store.subscribers.get(kept.key) == kept
    assert store.subscribers.by_address(FULL.address) == kept
    assert store.subscribers.list() == [kept]


def test_an_address_is_on_the_list_once(store: Store) -> None:
    """Adding again changes nothing, and an import adds only the new ones."""
    added(store, FULL)

    assert store.subscribers.add(replace(FULL, name="Other")) is None
    new = store.subscribers.import_all([FULL, a_subscriber(2), a_subscriber(3), a_subscriber(2)])
    assert [one.address for one in new] == ["reader2@ngo.example", "reader3@ngo.example"]
    assert len(store.subscribers.list()) == 3


def test_changes_are_kept(store: Store) -> None:
    """An update replaces all wishes."""
    kept = added(store, FULL)
    changed = replace(kept, language="ru", schedule=Schedule(zone="UTC"), topics=())

    assert store.subscribers.update(changed)
    assert store.subscribers.get(kept.key) == changed
    assert not store.subscribers.update(replace(changed, key=999))


def test_only_active_and_unpaused_are_told(store: Store) -> None:
    """A pause ends by itself; a removed address gets nothing."""
    paused = added(store, FULL)
    gone = added(store, a_subscriber(2))
    store.subscribers.remove(gone.key)
    here = added(store, a_subscriber(3))

    now = [one.key for one in store.subscribers.active(NOW)]
    later = [one.key for one in store.subscribers.active(NOW + HOUR)]

    assert now == [here.key]
    assert later == [paused.key, here.key]
    assert store.subscribers.pause(paused.key, None)
    assert [one.key for one in store.subscribers.active(NOW)] == [paused.key, here.key]


def test_three_refusals_in_a_row_end_the_mails(store: Store) -> None:
    """An address that no longer takes mail is switched off once, and the caller hears of it."""
    key = added(store, a_subscriber()).key

    said = [store.subscribers.bounced(key, limit=3) for _ in range(2)]
    store.subscribers.accepted(key)
    said += [store.subscribers.bounced(key, limit=3) for _ in range(4)]

    assert said == [False, False, False, False, True, False]
    assert store.subscribers.active(NOW) == []


def test_restoring_starts_afresh(store: Store) -> None:
    """Someone who comes back is told from now on, not what was missed in years."""
    key = added(store, a_subscriber(bounce_count=3, is_active=False)).key

    assert store.subscribers.restore(key, NOW)

    (back,) = store.subscribers.active(NOW)
    assert (back.since, back.bounce_count) == (NOW, 0)


def test_erasing_leaves_no_trace_of_the_address(store: Store) -> None:
    """The address, the digests and the mails of an erased person are gone; others' stay."""
    follow(store)
    for number in (1, 2):
        added(store, a_subscriber(number, since=NOW - timedelta(days=2)))
    keep(store, points=80, band=Band.ALERT, now=NOW - 3 * HOUR)
    make_digests(store, NOW, sender=Sender(address="watch@ngo.example"))
    first, second = store.subscribers.list()

    assert store.subscribers.erase(first.key)

    assert store.subscribers.list() == [second]
    assert {line.recipient for line in store.outbox.list()} == {second.address}
    assert {line.address for line in store.digests.list()} == {second.address}
    assert not store.subscribers.erase(first.key)


@pytest.mark.parametrize("key", [0, 999])
def test_nobody_is_nobody(memory_store: Store, key: int) -> None:
    """Asking for a subscriber who is not there is answered, not crashed on."""
    subscribers = memory_store.subscribers

    assert subscribers.get(key) is None
    assert not subscribers.pause(key, None)
    assert not subscribers.remove(key)
    assert not subscribers.bounced(key, limit=1)
