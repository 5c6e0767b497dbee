"""Polling on every engine: who may poll which feed, and read which entry, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import (
    HOUR,
    NOW,
    a_decision,
    a_feed,
    a_read_entry,
    an_entry,
)
from sqlalchemy import event
from storesteps import follow, lease, pending, poll, read_all

from monitor.core.values import ErrorCode, Fate, Feed
from monitor.ports import PollStatus, Validators
from store import Store

DAY = timedelta(days=1)

# ---------------------------------------------------------------- leasing feeds


def lease_ids(store: Store, **changes: Any) -> list[str]:
    """Lease feeds and return their ids in the order given."""
    given: dict[str, Any] = {"now": NOW, "owner": "a", "limit": 10, "lease_for": HOUR}
    return [one.feed.id for one in store.polling.lease_feeds(**given | changes)]


def test_a_leased_feed_is_not_leased_again_until_its_lease_runs_out(store: Store) -> None:
    """Two workers never poll one feed at a time, and a dead worker blocks it only for a while."""
    follow(store, 2)

    first = lease_ids(store, limit=1)
    second = lease_ids(store, owner="b")
    third = lease_ids(store, owner="c")
    later = lease_ids(store, now=NOW + HOUR)

    assert (first, second, third, later) == (["feed-1"], ["feed-2"], [], ["feed-1", "feed-2"])


def test_the_longest_overdue_feed_comes_first(store: Store) -> None:
    """No feed starves behind others."""
    follow(store, 3)
    poll(store, number=1, next_due_at=NOW + 3 * HOUR)
    poll(store, number=2, next_due_at=NOW + HOUR)
    poll(store, number=3, next_due_at=NOW + 2 * HOUR)

    assert lease_ids(store, now=NOW + 4 * HOUR) == ["feed-2", "feed-3", "feed-1"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"even_if_not_due": True}, ["feed-1", "feed-2"]),
        ({"only": ["feed-2"], "even_if_not_due": True}, ["feed-2"]),
        ({"only": [], "even_if_not_due": True}, []),
        ({"only": ["unheard-of"], "even_if_not_due": True}, []),
        ({"limit": 1, "even_if_not_due": True}, ["feed-1"]),
    ],
)
def test_feeds_that_are_not_due_are_leased_on_request_alone(
    store: Store, changes: dict[str, Any], expected: list[str]
) -> None:
    """`poll --once` and named feeds go before their time; a tick does not."""
    follow(store, 2)
    poll(store, number=1)
    poll(store, number=2)

    assert lease_ids(store, **changes) == expected


def test_a_disabled_or_removed_feed_is_never_leased(store: Store) -> None:
    """What the operator switched off is not asked, not even by name."""
    store.feeds.sync([a_feed(1, enabled=False), a_feed(2), a_feed(3)], NOW)
    store.feeds.sync([a_feed(1, enabled=False), a_feed(2)], NOW)

    assert lease_ids(store, even_if_not_due=True) == ["feed-2"]


def test_a_released_feed_is_free_and_as_due_as_before(store: Store) -> None:
    """A worker that stops gives its feeds back; nothing is lost or delayed."""
    follow(store)
    leased = lease(store)

    store.polling.release_feeds([leased])

    (again,) = store.polling.lease_feeds(NOW, owner="b", limit=5, lease_for=HOUR)
    assert again.feed == leased.feed
    assert again.lease_token != leased.lease_token


def test_releasing_an_old_lease_leaves_the_new_one_alone(store: Store) -> None:
    """A slow worker cannot free a feed that another one holds by now."""
    follow(store)
    old = lease(store)
    lease(store, now=NOW + HOUR)

    store.polling.release_feeds([old])

    assert lease_ids(store, now=NOW + HOUR) == []


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=400)])
def test_a_clock_that_was_ahead_silences_no_feed(store: Store, ahead: timedelta) -> None:
    """Leases and due times written under a wrong clock are not waited for."""
    follow(store)
    poll(store, finished_at=NOW + ahead, next_due_at=NOW + ahead + HOUR)
    store.polling.lease_feeds(
        NOW + ahead, owner="wrong", limit=1, lease_for=HOUR, even_if_not_due=True
    )

    leased = lease_ids(store, even_if_not_due=ahead < timedelta(days=32))

    assert leased == ["feed-1"]


def test_a_leased_feed_carries_what_the_last_good_poll_left(store: Store) -> None:
    """Validators come back as they were given, byte for byte, and the failures are counted."""
    follow(store)
    validators = Validators(etag='W/"ä\'1"', last_modified="Tue, 24 Nov", body_hash="ab")
    poll(store, validators=validators, next_due_at=NOW + 2 * HOUR)
    for _ in range(2):
        poll(store, status=PollStatus.REJECTED, error=ErrorCode.TIMEOUT_READ)

    leased = lease(store)

    assert (leased.etag, leased.last_modified, leased.body_hash) == (
        'W/"ä\'1"',
        "Tue, 24 Nov",
        "ab",
    )
    assert leased.failure_count == 2
    assert (leased.first_good_at, leased.last_good_at) == (NOW, NOW)
    assert leased.interval == 2 * HOUR
    assert leased.feed == a_feed()


def test_every_field_of_a_feed_survives_the_store(store: Store) -> None:
    """A feed that comes out of the store is the feed that went in."""
    feed = Feed(
        id="all",
        url="https://пример.example/?a=1&б=2",
        title="Всё",
        lang="ru",
        country="RU",
        category="regional",
        tags=("far-east", "рабочие"),
        every=timedelta(minutes=7),
        default_tz="Asia/Vladivostok",
        content="feed",
        title_only=True,
        paywall=True,
        weight=1.25,
        extract="precision",
        identity="link",
        expect_daily=True,
        max_age=timedelta(days=3.5),
        user_agent="reader/1",
        evidence="seen in a page",
        note="x",
    )
    store.feeds.sync([feed], NOW)

    (leased,) = store.polling.lease_feeds(NOW, owner="a", limit=1, lease_for=HOUR)

    assert leased.feed == feed


# ---------------------------------------------------------------- pending entries


def test_pending_entries_are_leased_oldest_first_and_once(store: Store) -> None:
    """Two workers never read one entry at a time; a dead one's entries come back."""
    follow(store)
    poll(store, *(a_decision(an_entry(number)) for number in range(1, 4)))

    first = pending(store, limit=2)
    second = pending(store)
    third = pending(store)
    later = pending(store, now=NOW + HOUR)

    assert [one.entry.title for one in first] == ["Report 1", "Report 2"]
    assert [one.entry.title for one in second] == ["Report 3"]
    assert third == []
    assert [one.fate_key for one in later] == [one.fate_key for one in [*first, *second]]


def test_a_pending_entry_carries_all_that_reading_needs(store: Store) -> None:
    """The entry comes back as the feed said it, with its feed and whether it is backfill."""
    follow(store)
    entry = an_entry(
        1,
        content="Полный текст",
        authors=("Ким", "Ли"),
        tags=("труд",),
        source="Vladnews",
        published_raw="24 Nov",
        position=0,
    )
    poll(store, a_decision(entry), is_backfill=True)

    (one,) = pending(store)

    assert one.entry == entry
    assert one.feed == a_feed()
    assert (one.link, one.is_backfill, one.is_revision, one.item_key) == (
        entry.link,
        True,
        False,
        None,
    )
    assert one.first_seen_at == NOW


def test_looking_for_pending_entries_reads_no_final_fates(memory_store: Store) -> None:
    """The tick asks every few seconds: it must not read a ledger of a million final fates."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, given: Any, *_rest: Any) -> None:
        asked.append((statement, given))

    event.listen(memory_store.database.engine, "before_cursor_execute", note)
    pending(memory_store)
    memory_store.ledger.overdue(NOW)
    event.remove(memory_store.database.engine, "before_cursor_execute", note)
    with memory_store.database.reading() as session:
        plans = [
            str(session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all())
            for sql, given in asked
            if "'pending'" in sql
        ]

    assert len(plans) == 2
    assert all("ix_fate_pending" in plan for plan in plans)


def test_released_entries_are_free_again(store: Store) -> None:
    """A worker that stops gives back what it did not read."""
    follow(store)
    poll(store, a_decision())
    leased = pending(store)

    store.polling.release_pending(leased)

    assert pending(store) == leased


def test_entries_of_a_removed_feed_are_still_read(store: Store) -> None:
    """What a feed showed before it left feeds.yaml reaches its fate."""
    follow(store)
    poll(store, a_decision())
    store.feeds.sync([], NOW)

    assert read_all(store) == [Fate.STORED]


def test_overdue_entries_are_reported(store: Store) -> None:
    """An entry that stays without a fate for a day is named."""
    follow(store)
    poll(store, a_decision())

    assert store.ledger.overdue(NOW + DAY - HOUR) == []
    (late,) = store.ledger.overdue(NOW + DAY)
    assert (late.feed_id, late.title, late.since) == ("feed-1", "Report 1", NOW)
    read_all(store)
    assert store.ledger.overdue(NOW + DAY) == []


def test_nothing_to_save_is_no_error(store: Store) -> None:
    """Empty batches are fine everywhere."""
    store.polling.release_feeds([])
    store.polling.release_pending([])

    assert store.polling.save_read([], NOW) == []
    assert store.polling.known_items([]) == {}
    assert store.polling.lease_pending(NOW, owner="a", limit=5, lease_for=HOUR) == []


def test_a_late_reading_changes_nothing(store: Store) -> None:
    """A worker whose lease ran out cannot decide an entry that another decided meanwhile."""
    follow(store)
    poll(store, a_decision())
    (slow,) = pending(store)
    (fast,) = pending(store, now=NOW + HOUR)
    store.polling.save_read([a_read_entry(fast)], NOW + HOUR)
    before = store.items.by_link("https://news.example/1")

    fates = store.polling.save_read([a_read_entry(slow)], NOW + 2 * HOUR)

    assert fates == [Fate.STORED]
    assert store.items.by_link("https://news.example/1") == before
    assert store.ledger.discrepancies() == []
