"""Digests on every engine: what there is to tell, what was told, and what was watched meanwhile."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders import HOUR, NOW, an_entry
from storesteps import follow, keep, poll
from tellings import SENDER, a_subscriber

from alerts.fitting import fitting
from alerts.rounds import make_digests, preview_next
from monitor.core.coverage import EntryCounts, Group, coverage
from monitor.core.delivery import next_attempt
from monitor.core.telling import (
    Delivery,
    DeliveryResult,
    OutboxState,
    Place,
    QuietPolicy,
    Subscriber,
)
from monitor.core.values import Band, ErrorCode, FeedState, Gap, Item, Verdict
from monitor.core.windows import Window
from monitor.ports import PollStatus
from store import Store, open_store

DAY = timedelta(days=1)
END = datetime(2026, 11, 24, 7, 0, tzinfo=NOW.tzinfo)  # 08:00 in Berlin; NOW is 09:00 UTC


def reader(store: Store, number: int = 1, **changes: object) -> Subscriber:
    """Add a reader in Berlin whose subscription began two weeks ago."""
    kept = store.subscribers.add(a_subscriber(number, **{"since": END - 14 * DAY} | changes))
    assert kept is not None
    return kept


def tell(store: Store, now: datetime = NOW) -> str:
    """Make the digests that are due."""
    return str(make_digests(store, now, sender=SENDER))


def good(store: Store, number: int, *, at: datetime, **changes: object) -> Item:
    """Keep one item of a digest's band."""
    given = {"points": 60, "band": Band.DIGEST} | changes
    (item,) = keep(store, an_entry(number), now=at, **given)  # type: ignore[arg-type]
    return item


def candidate_keys(store: Store, who: Subscriber) -> list[int]:
    """Return the keys of what there is to tell."""
    found = store.digests.candidates(who, since=END - DAY, until=END)
    return sorted(item.key for item in found)


def test_candidates_are_good_new_and_untold(store: Store) -> None:
    """The band decides, or an analyst; backfill and what lies outside the window do not count."""
    follow(store)
    who = reader(store)
    old = good(store, 1, at=END - 2 * DAY)
    first = good(store, 2, at=END - DAY)
    weak = good(store, 3, at=END - 9 * HOUR, points=30, band=Band.QUEUE)
    good(store, 4, at=END - 8 * HOUR, is_backfill=True)
    good(store, 5, at=END)
    rescued = good(store, 6, at=END - 7 * HOUR, points=5, band=Band.REJECT)
    store.verdicts.give(rescued.key, Verdict.RELEVANT, actor="mina", now=NOW)

    assert candidate_keys(store, who) == [first.key, rescued.key]
    assert candidate_keys(store, replace(who, minimum=Band.ALERT)) == [rescued.key]
    assert weak.key in candidate_keys(store, replace(who, minimum=Band.QUEUE))
    assert old.key not in candidate_keys(store, who)


def test_each_item_is_told_to_each_reader_once(store: Store) -> None:
    """Two days, two readers: every item has one place for each of them."""
    follow(store)
    readers = [reader(store, number) for number in (1, 2)]
    first = good(store, 1, at=END - 3 * HOUR)
    tell(store)
    second = good(store, 2, at=END + 3 * HOUR)
    tell(store, NOW + DAY)

    for who in readers:
        assert store.digests.candidates(who, since=END - 30 * DAY, until=NOW + 2 * DAY) == []
    told = [(line.address, line.period, line.place) for line in store.digests.places(first.key)]
    assert told == [
        ("reader1@ngo.example", "2026-11-24T08:00", Place.FULL),
        ("reader2@ngo.example", "2026-11-24T08:00", Place.FULL),
    ]
    assert {line.period for line in store.digests.places(second.key)} == {"2026-11-25T08:00"}


def test_an_item_judged_after_its_window_is_told_with_the_next(store: Store) -> None:
    """What was still being read, or rescued later, when its digest was made is not lost."""
    follow(store)
    reader(store)
    item = good(store, 1, at=END - HOUR, points=30, band=Band.QUEUE)
    tell(store)
    assert store.digests.places(item.key) == []

    store.verdicts.give(item.key, Verdict.RELEVANT, actor="mina", now=NOW)
    tell(store, NOW + DAY)

    (line,) = store.digests.places(item.key)
    assert (line.period, line.place) == ("2026-11-25T08:00", Place.FULL)


def test_a_reprint_of_the_next_day_is_not_told_again(store: Store) -> None:
    """What another outlet copies a day later has a place, and no line in the mail."""
    follow(store, 2)
    who = reader(store)
    title = "Sanctions list grows by a firm"
    keep(store, an_entry(1, title=title), now=END - HOUR, points=60, band=Band.DIGEST)
    tell(store)
    (copy,) = keep(
        store, an_entry(2, title=title), number=2, now=END + HOUR, points=60, band=Band.DIGEST
    )

    assert store.digests.told(who.key, since=END) == [(title, "feed-1")]
    tell(store, NOW + DAY)

    (line,) = store.digests.places(copy.key)
    assert line.place is Place.TOLD_BEFORE
    assert title not in line.subject


def test_making_again_makes_nothing(store: Store) -> None:
    """A repeated tick finds the period made, and writes no second message."""
    follow(store)
    reader(store)
    good(store, 1, at=END - HOUR)

    assert [tell(store), tell(store), tell(store, NOW + HOUR)] == [
        "1 made, 0 quiet", "0 made, 0 quiet", "0 made, 0 quiet",
    ]  # fmt: skip
    assert len(store.outbox.list()) == len(store.digests.list()) == 1


def test_two_processes_make_one_digest(shared_url: str) -> None:
    """Both may look at the same moment; the database lets one digest of a period in."""
    with open_store(shared_url) as store:
        follow(store)
        for number in range(1, 6):
            reader(store, number)
        good(store, 1, at=END - HOUR)
        start = threading.Barrier(2)

        said: list[str] = []

        def work() -> None:
            with open_store(shared_url) as mine:
                start.wait()
                said.append(tell(mine))

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        lines = store.digests.list()
        assert sorted(line.address for line in lines) == [
            f"reader{n}@ngo.example" for n in range(1, 6)
        ]
        assert len(store.outbox.list()) == 5
        assert not any("failed" in report for report in said)


def test_missed_days_become_one_catch_up(store: Store) -> None:
    """After three days without a run there is one mail that holds them all."""
    follow(store)
    reader(store)
    tell(store)
    for number, day in enumerate((1, 2, 3), 1):
        good(store, number, at=END + day * DAY - HOUR)

    tell(store, NOW + 3 * DAY)

    newest = store.digests.list()[0]
    assert (newest.story_count, newest.missed_count) == (3, 2)
    assert newest.start == END


def test_a_mail_server_that_is_away_gets_one_mail_later(store: Store) -> None:
    """While a digest could not be delivered no further one is made: they merge when it can."""
    follow(store)
    who = reader(store)
    tell(store)
    away = DeliveryResult(outcome=Delivery.RETRY, detail="refused")
    taken = store.outbox.take(NOW, owner="a", lease_for=HOUR)
    assert taken is not None
    retry_at = next_attempt(away, attempt=1, created_at=taken.created_at, now=NOW)
    store.outbox.done(taken, away, now=NOW, retry_at=retry_at)

    assert store.digests.is_waiting(who.key)
    assert tell(store, NOW + DAY) == "0 made, 0 quiet, 1 waiting"
    taken = store.outbox.take(NOW + 2 * DAY, owner="a", lease_for=HOUR)
    assert taken is not None
    store.outbox.done(taken, DeliveryResult(outcome=Delivery.ACCEPTED), now=NOW, retry_at=None)
    tell(store, NOW + 2 * DAY)

    assert store.digests.list()[0].missed_count == 1


def test_a_quiet_day_is_skipped_or_told_as_wished(store: Store) -> None:
    """Who wants no mail on quiet days gets none, and the window counts as told."""
    follow(store)
    poll(store, finished_at=END - DAY)
    poll(store, finished_at=END - HOUR)
    short = reader(store, 1, since=END - DAY)
    skip = reader(store, 2, since=END - DAY, quiet=QuietPolicy.SKIP)

    assert tell(store) == "1 made, 1 quiet"
    assert [line.recipient for line in store.outbox.list()] == [short.address]
    assert store.digests.last_end(skip.key) == END
    assert "all quiet, 1 feed watched" in store.outbox.list()[0].subject


def test_a_blind_day_is_told_even_to_those_who_skip_quiet_ones(store: Store) -> None:
    """Silence that proves nothing is news."""
    follow(store)
    reader(store, since=END - DAY, quiet=QuietPolicy.SKIP)

    assert tell(store) == "1 made, 0 quiet"
    assert "partly blind" in store.outbox.list()[0].subject


def test_near_misses_are_the_band_below(store: Store) -> None:
    """The best undecided items just under the line, and they can still be told later."""
    follow(store)
    who = reader(store, near_misses=True)
    miss = good(store, 1, at=END - HOUR, points=30, band=Band.QUEUE)
    good(store, 2, at=END - HOUR, points=3, band=Band.REJECT)

    found = store.digests.near_misses(who, since=END - DAY, until=END)
    tell(store)

    assert [item.key for item in found] == [miss.key]
    sent = store.outbox.take(NOW, owner="a", lease_for=HOUR)
    assert sent is not None
    assert "Near misses" in sent.message.text
    assert store.digests.places(miss.key) == []


def test_the_statement_equals_the_ledger(store: Store) -> None:
    """Groups, polls and entries of a window, as the polls and fates tell them."""
    follow(store, 5, now=END - 3 * DAY)
    for number in (1, 2, 3, 4):
        poll(store, number=number, finished_at=END - 2 * DAY)
    for hour in (9, 1):
        poll(store, number=1, finished_at=END - hour * HOUR)
    good(store, 1, at=END - HOUR)  # feed 1
    poll(store, number=2, finished_at=END - 9 * HOUR)
    poll(store, number=2, finished_at=END - 8 * HOUR, status=PollStatus.REJECTED,
         error=ErrorCode.FORBIDDEN, http_status=403, state=FeedState.FAILING)  # fmt: skip
    gap = Gap(since=END - 2 * DAY, until=END - 20 * HOUR, estimate=12)
    poll(store, number=3, finished_at=END - HOUR, gap=gap, state=FeedState.GAP)
    poll(store, number=4, finished_at=END - HOUR, state=FeedState.SILENT)
    poll(store, number=1, finished_at=END, state=FeedState.OK)  # after the end: not of the window

    watched = store.digests.watched(END - DAY, END)
    said = coverage(watched, start=END - DAY, end=END, counts=store.digests.counts(END - DAY, END))

    by_group = {group: [line.watch.id for line in said.group(group)] for group in Group}
    assert by_group == {
        Group.FINE: ["feed-1"],
        Group.FAILING: ["feed-2"],
        Group.GAPPED: ["feed-3"],
        Group.QUIET: ["feed-4"],
        Group.UNPROVEN: ["feed-5"],
        Group.UNASKED: [],
    }
    (failing,) = said.group(Group.FAILING)
    assert (failing.watch.http_status, failing.watch.error) == (403, "forbidden")
    assert failing.watch.failing_since == END - 8 * HOUR
    assert failing.blind == 9 * HOUR
    assert said.group(Group.GAPPED)[0].blind == 4 * HOUR
    assert said.counts == EntryCounts(read=1, matched=1, waiting=0)
    assert (said.watched_count, said.expected_count) == (4, 4)
    assert [watch.poll_count for watch in watched] == [3, 2, 1, 1, 0]
    totals = store.ledger.totals(END - DAY, END)
    assert sum(watch.poll_count for watch in watched) == totals.poll_count
    assert totals.watched_count == said.watched_count


def test_the_stated_numbers_are_kept(store: Store) -> None:
    """What a mail claimed can be looked up later, even when the ledger has moved on."""
    follow(store)
    poll(store, finished_at=END - HOUR)
    reader(store)
    tell(store)

    (line,) = store.digests.list()

    assert line.coverage["watched"] == 1
    assert line.coverage["groups"] == {
        "unproven": [], "failing": [], "unasked": [], "gapped": [], "quiet": [],
    }  # fmt: skip
    assert line.state is OutboxState.WAITING


def test_a_preview_is_the_next_digest_and_keeps_nothing(memory_store: Store) -> None:
    """What an editor sees is what would go out now: the untold items, and what was watched."""
    store = memory_store
    follow(store)
    who = reader(store, since=END - DAY)
    good(store, 1, at=END - HOUR)
    tell(store)
    item = good(store, 2, at=NOW - HOUR / 2)

    message = preview_next(store, who, NOW, sender=SENDER)

    assert "Report 2" in message.subject
    assert "Report 1" not in message.text
    assert "Watched 1 of 1 feed." in message.text
    assert store.digests.places(item.key) == []
    assert len(store.outbox.list()) == 1


def test_a_digest_and_its_message_are_written_together(store: Store) -> None:
    """A message that cannot be written leaves no digest and no place behind."""
    follow(store)
    who = reader(store)
    item = good(store, 1, at=END - HOUR)
    window = Window(start=END - DAY, end=END, period="2026-11-24T08:00")
    digest, message = fitting([item], subscriber=who, window=window, now=NOW, sender=SENDER)
    broken = replace(message, raw=None)  # type: ignore[arg-type]

    with pytest.raises(Exception, match=r"(?i)not.null|raw"):
        store.digests.save(digest, broken)

    assert store.digests.list() == []
    assert store.digests.places(item.key) == []
    assert store.digests.save(digest, message)
    assert not store.digests.save(digest, message)
