"""The ledger on every engine: why is it here or not, does it add up, what was watched."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import HOUR, NOW, a_decision, a_feed, an_entry
from sqlalchemy import update
from storesteps import follow, keep, poll, read_all

from monitor.core.values import Band, ErrorCode, Fate, FeedState, Gap, Verdict
from monitor.ports import PollStatus
from store import Store
from store.tables.base import table
from store.tables.watching import PollRow

DAY = timedelta(days=1)


def test_why_answers_for_a_stored_item_with_all_that_happened(store: Store) -> None:
    """Every sighting, the score, the earlier texts and the team's decisions in one answer."""
    follow(store, 2)
    (item,) = keep(store, an_entry(1))
    poll(store, a_decision(an_entry(1)), number=2, finished_at=NOW + HOUR)
    read_all(store, now=NOW + HOUR)
    store.verdicts.give(item.key, Verdict.RELEVANT, actor="ann", now=NOW)

    report = store.ledger.why("https://news.example/1")

    assert report.is_known
    assert [(line.feed_id, line.polled_at, line.fate) for line in report.lines] == [
        ("feed-1", NOW, Fate.STORED),
        ("feed-2", NOW + HOUR, Fate.DUPLICATE),
    ]
    assert report.item is not None
    assert report.item.score == item.score
    assert [one.feed_id for one in report.sightings] == ["feed-1", "feed-2"]
    assert [line.verdict for line in report.verdicts] == [Verdict.RELEVANT]
    assert "item" in report.lines[1].reason


@pytest.mark.parametrize(
    "asked",
    [
        "https://news.example/1",
        " https://news.example/1 ",
        "HTTPS://News.Example:443/1#comments",
        "https://news.example/1?utm_source=mail",
        "guid-1",
    ],
)
def test_why_understands_an_address_however_it_was_copied(store: Store, asked: str) -> None:
    """Trackers, letter case, fragments and blanks do not hide the answer."""
    follow(store)
    keep(store, an_entry(1))

    report = store.ledger.why(asked)

    assert report.item is not None
    assert [line.fate for line in report.lines] == [Fate.STORED]


def test_why_takes_the_key_of_an_item(store: Store) -> None:
    """The number shown beside an item is an answerable question too."""
    follow(store)
    (item,) = keep(store, an_entry(1))

    for asked in (item.key, str(item.key)):
        assert store.ledger.why(asked).item == item


@pytest.mark.parametrize(
    "asked", ["https://nowhere.example/x", "", "no address", "999999", "99999999999999999999", "²"]
)
def test_why_says_when_nothing_is_known(store: Store, asked: str) -> None:
    """No input is an error; the answer to the unknown is that it is unknown."""
    follow(store)
    keep(store, an_entry(1))

    report = store.ledger.why(asked)

    assert not report.is_known
    assert report.lines == ()


def test_a_poll_that_does_not_add_up_is_found(store: Store) -> None:
    """The check that must never fire is shown to work."""
    follow(store)
    poll(store, a_decision(an_entry(1)))
    assert store.ledger.discrepancies() == []
    with store.database.writing() as session:
        session.execute(update(table(PollRow)).values(entries_seen=7))

    (found,) = store.ledger.discrepancies()

    assert (found.feed_id, found.entries_seen, found.accounted) == ("feed-1", 7, 1)


def test_totals_are_those_of_the_window(store: Store) -> None:
    """The figures of a coverage statement: from the ledger, of this window alone (C14)."""
    store.feeds.sync([a_feed(1), a_feed(2), a_feed(3), a_feed(4, enabled=False)], NOW)
    keep(store, an_entry(1), band=Band.ALERT)
    keep(store, an_entry(2), an_entry(3), band=Band.REJECT, now=NOW + HOUR)
    keep(store, an_entry(4), now=NOW + HOUR, is_backfill=True)
    poll(
        store,
        number=2,
        status=PollStatus.REJECTED,
        error=ErrorCode.FORBIDDEN,
        http_status=403,
        state=FeedState.BLOCKED,
        finished_at=NOW + HOUR,
    )
    poll(
        store,
        a_decision(an_entry(5), fate=Fate.TOO_OLD),
        unreadable=2,
        gap=Gap(since=NOW, until=NOW + HOUR, estimate=3),
        finished_at=NOW + HOUR,
    )
    poll(store, a_decision(an_entry(6)), finished_at=NOW + 2 * HOUR)

    totals = store.ledger.totals(NOW + HOUR, NOW + 2 * HOUR)

    assert (totals.feed_count, totals.watched_count) == (3, 1)
    assert (totals.poll_count, totals.failed_poll_count, totals.entries_seen) == (4, 1, 6)
    assert totals.fates[Fate.STORED] == 3
    assert totals.fates[Fate.TOO_OLD] == 1
    assert totals.fates[Fate.UNREADABLE] == 2
    assert totals.fates[Fate.PENDING] == 0
    assert sum(totals.fates.values()) == totals.entries_seen
    assert totals.items == {Band.REJECT: 2, Band.QUEUE: 0, Band.DIGEST: 0, Band.ALERT: 0}
    assert [(one.feed.id, one.good, one.failed) for one in totals.feeds] == [
        ("feed-2", 0, 1),
        ("feed-3", 0, 0),
        ("feed-1", 3, 0),
    ]
    assert (totals.feeds[0].last_http_status, totals.feeds[0].failing_since) == (403, NOW + HOUR)
    assert [gap.estimate for gap in totals.gaps] == [3]


def test_totals_of_nothing_are_noughts(store: Store) -> None:
    """A store without a poll has figures too."""
    totals = store.ledger.totals(NOW, NOW + DAY)

    assert (totals.poll_count, totals.entries_seen, totals.feeds) == (0, 0, ())
    assert set(totals.fates.values()) == {0}
