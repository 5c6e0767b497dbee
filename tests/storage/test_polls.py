"""The first transaction on every engine: what a poll writes, and what the next poll knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import (
    HOUR,
    NOW,
    a_decision,
    a_feed,
    a_known_entry,
    a_match,
    a_poll,
    a_score,
    an_article,
    an_entry,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from storesteps import follow, keep, lease, pending, poll, read_all

from monitor.core.urls import canonical
from monitor.core.values import ErrorCode, Fate, FeedState, Gap
from monitor.ports import PollStatus, Validators
from store import Store

DAY = timedelta(days=1)


def test_a_poll_under_a_lost_lease_writes_nothing(store: Store) -> None:
    """A worker that was too slow cannot write over the one that took its feed."""
    follow(store)
    slow = lease(store)
    lease(store, now=NOW + HOUR)

    saved = store.polling.save_poll(
        a_poll(
            slow, a_decision(), validators=Validators(etag="x", last_modified=None, body_hash="")
        )
    )

    assert not saved
    assert store.ledger.why(an_entry().link or "").lines == ()
    assert store.feeds.history("feed-1") == []
    assert pending(store, now=NOW + HOUR) == []


def test_a_poll_is_saved_once(store: Store) -> None:
    """Saving the same poll again is refused: its lease ended with the first time."""
    follow(store)
    leased = lease(store)

    saved = [store.polling.save_poll(a_poll(leased, a_decision())) for _ in range(2)]

    assert saved == [True, False]
    assert store.ledger.discrepancies() == []


def test_a_failed_poll_keeps_the_validators_and_the_entries(store: Store) -> None:
    """A server's bad day makes us forget nothing (G12)."""
    follow(store)
    poll(
        store,
        a_decision(),
        validators=Validators(etag="good", last_modified=None, body_hash="good"),
    )
    poll(
        store,
        status=PollStatus.REJECTED,
        error=ErrorCode.FORBIDDEN,
        detail="HTTP 403",
        http_status=403,
        state=FeedState.BLOCKED,
    )

    leased = lease(store)
    status = store.feeds.status("feed-1", NOW)

    assert (leased.etag, leased.body_hash) == ("good", "good")
    assert status is not None
    assert status.entry_count == 1
    assert (status.state, status.last_error) == (FeedState.BLOCKED, ErrorCode.FORBIDDEN)
    assert (status.last_http_status, status.failing_since) == (403, NOW)


def test_entries_are_known_by_guid_link_and_identity(store: Store) -> None:
    """The next poll finds what it needs to tell new from known, and nothing of other feeds."""
    follow(store, 2)
    poll(store, a_decision(an_entry(1)), a_decision(an_entry(2)))
    poll(store, a_decision(an_entry(1)), number=2)
    key = lease(store).key

    def known(*names: str) -> list[str]:
        return [one.identity for one in store.polling.known_entries(key, names)]

    assert known("guid-1") == ["id:guid-1"]
    assert known("https://news.example/2") == ["id:guid-2"]
    assert known("id:guid-1", "guid-1", "https://news.example/2") == ["id:guid-1", "id:guid-2"]
    assert known() == []
    assert len(store.polling.known_entries(key, [f"guid-{n}" for n in range(5000)])) == 2


def test_a_known_entry_carries_its_item_and_revisions(store: Store) -> None:
    """The decision needs to know what the entry became."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    key = lease(store).key

    (known,) = store.polling.known_entries(key, ["guid-1"])

    decision = a_decision(an_entry(1))
    assert known == a_known_entry(
        known.key, an_entry(1), item_key=item.key, content_hash=decision.content_hash
    )


def test_items_are_known_by_link_whatever_feed_they_came_from(store: Store) -> None:
    """The second feed's poll learns that an article is kept already."""
    follow(store)
    (item,) = keep(store, an_entry(1))

    found = store.polling.known_items(["https://news.example/1", "https://news.example/9"])

    assert found == {"https://news.example/1": item.key}


FATES = [
    (Fate.TOO_OLD, True),
    (Fate.OVER_LIMIT, False),
    (Fate.DUPLICATE, True),
    (Fate.UNREADABLE, True),
    (Fate.PENDING, True),
]


@pytest.mark.parametrize(("fate", "is_remembered"), FATES)
def test_each_fate_is_in_the_ledger_with_its_reason(
    store: Store, fate: Fate, is_remembered: bool
) -> None:
    """Why it is not there can be answered for each; over the limit is new again next time."""
    follow(store)
    poll(store, a_decision(an_entry(1), fate=fate, reason="because"))
    key = lease(store).key

    (line,) = store.ledger.why("https://news.example/1").lines

    assert (line.fate, line.reason, line.title) == (fate, "because", "Report 1")
    assert bool(store.polling.known_entries(key, ["guid-1"])) == is_remembered
    assert store.ledger.discrepancies() == []


def test_unreadable_entries_are_counted_one_by_one(store: Store) -> None:
    """Entries that could not be read at all still have a fate each."""
    follow(store)
    poll(store, a_decision(), unreadable=3)

    totals = store.ledger.totals(NOW, NOW + HOUR)

    assert (totals.entries_seen, totals.fates[Fate.UNREADABLE]) == (4, 3)
    assert store.ledger.discrepancies() == []


def test_unchanged_entries_are_counted_and_seen_again(store: Store) -> None:
    """A known entry costs no row, but the ledger adds up and says when it was last in the feed."""
    follow(store)
    poll(store, a_decision(an_entry(1)))
    (known,) = store.polling.known_entries(lease(store).key, ["guid-1"])
    poll(
        store,
        a_decision(an_entry(1), fate=Fate.UNCHANGED, known=known),
        finished_at=NOW + DAY,
    )

    (line,) = store.ledger.why("https://news.example/1").lines

    assert line.last_seen_at == NOW + DAY
    assert store.ledger.totals(NOW + DAY, NOW + 2 * DAY).fates[Fate.UNCHANGED] == 1
    assert store.ledger.discrepancies() == []


def test_an_unchanged_entry_under_another_address_is_found_by_both(store: Store) -> None:
    """A publisher that moves its pages leaves no question unanswered; one row an address."""
    follow(store)
    poll(store, a_decision(an_entry(1)))
    (known,) = store.polling.known_entries(lease(store).key, ["guid-1"])
    moved = an_entry(1, link="https://moved.example/1")
    for day in (1, 2):
        decision = a_decision(moved, fate=Fate.UNCHANGED, known=known)
        poll(store, decision, finished_at=NOW + day * DAY)

    lines = store.ledger.why("https://moved.example/1").lines

    assert [line.fate for line in lines] == [Fate.PENDING, Fate.UNCHANGED]
    assert lines == store.ledger.why("https://news.example/1").lines
    assert store.ledger.totals(NOW, NOW + 9 * DAY).fates[Fate.UNCHANGED] == 2
    assert store.ledger.discrepancies() == []


def test_a_twin_in_one_document_leads_to_the_same_item(store: Store) -> None:
    """An entry that a document says twice is read once, and both lines lead to the item."""
    follow(store)
    first = an_entry(1, position=0)
    twin = an_entry(1, position=1, title="Report 1, again")
    poll(store, a_decision(first), a_decision(twin, fate=Fate.DUPLICATE, twin=0))

    fates = read_all(store)
    report = store.ledger.why("https://news.example/1")

    assert fates == [Fate.STORED]
    assert report.item is not None
    assert {(line.fate, line.item_key) for line in report.lines} == {
        (Fate.STORED, report.item.key),
        (Fate.DUPLICATE, report.item.key),
    }


def test_one_identity_twice_in_a_poll_does_not_stop_the_feed(store: Store) -> None:
    """Should a decision ever let a repeat through, the poll is saved all the same."""
    follow(store)
    poll(store, a_decision(an_entry(1)), a_decision(an_entry(1, position=2)))

    fates = read_all(store)

    assert sorted(fates) == [Fate.REVISION, Fate.STORED]
    assert store.ledger.discrepancies() == []


def test_an_entry_that_is_there_already_is_brought_up_to_date(store: Store) -> None:
    """A decision that did not know an entry of the same identity makes no second one."""
    follow(store)
    poll(store, a_decision(an_entry(1)))
    poll(store, a_decision(an_entry(1, title="Report 1, edited")))

    (known,) = store.polling.known_entries(lease(store).key, ["id:guid-1"])

    assert known.content_hash == "hash of Report 1, edited Workers were seen at site 1."


def test_the_newest_entry_is_the_newest_believable_one(store: Store) -> None:
    """A date in the future is no sign of life."""
    follow(store)
    poll(
        store,
        a_decision(an_entry(1, published_at=NOW - DAY)),
        a_decision(an_entry(2, published_at=NOW + DAY)),
        a_decision(an_entry(3, published_at=None)),
    )
    poll(store, a_decision(an_entry(4, published_at=NOW - 2 * DAY)))

    status = store.feeds.status("feed-1", NOW)

    assert status is not None
    assert status.newest_entry_at == NOW - DAY


def test_a_gap_is_kept_with_its_estimate(store: Store) -> None:
    """Entries that we probably missed are told, not forgotten."""
    follow(store)
    poll(store, gap=Gap(since=NOW - DAY, until=NOW - HOUR, estimate=7))

    (gap,) = store.feeds.gaps(NOW, NOW + HOUR)

    assert (gap.feed_id, gap.since, gap.until, gap.estimate) == (
        "feed-1",
        NOW - DAY,
        NOW - HOUR,
        7,
    )
    assert store.feeds.gaps(NOW + HOUR, NOW + DAY) == []


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([("a", 0), ("a", 1), ("a", 2)], ("a", 3)),
        ([("a", 0), ("a", 0), ("a", 0)], ("a", 1)),
        ([("a", 0), ("b", 1), ("a", 2)], ("a", 1)),
        ([("a", 0), (None, 1)], (None, 0)),
        ([("a", 0), ("a", 1), (None, 2), ("a", 3)], ("a", 1)),
    ],
)
def test_permanent_redirects_are_counted_by_days(
    store: Store, answers: list[tuple[str | None, int]], expected: tuple[str | None, int]
) -> None:
    """A new address is proposed only after equal answers on several days."""
    follow(store)
    for moved_to, day in answers:
        poll(store, moved_to=moved_to, finished_at=NOW + day * DAY)

    status = store.feeds.status("feed-1", NOW)

    assert status is not None
    assert (status.moved_to, status.moved_day_count) == expected


BROKEN = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    ["\x00", "a\x00b", "\ud800", "북\udfff한", "\U0001f6a8", "x" * 5000]
)


@pytest.mark.parametrize("kind", ["memory", "postgresql"])
def test_no_text_from_outside_stops_a_feed(request: pytest.FixtureRequest, kind: str) -> None:
    """NUL, half characters and endless ids are kept as well as can be, never refused."""
    name = "memory_store" if kind == "memory" else "postgres_store"
    store: Store = request.getfixturevalue(name)
    follow(store)

    @given(guid=BROKEN, title=BROKEN, text=BROKEN, path=BROKEN)
    @settings(max_examples=30, deadline=None, database=None)
    def kept(guid: str, title: str, text: str, path: str) -> None:
        link = canonical(f"https://news.example/{path}")
        entry = an_entry(1, guid=guid, title=title, content=text, link=link, tags=(text,))
        decision = a_decision(entry, identity=guid or title, link=link, content_hash="0")
        poll(store, decision, detail=text, notes=(title,), feed_title=title, state=FeedState.OK)
        leased = lease(store)
        names = [name for name in (guid, link, guid or title) if name]
        known = store.polling.known_entries(leased.key, names)
        store.polling.release_feeds([leased])
        match = a_match(snippet=text, surface=title)
        read_all(
            store,
            article=an_article(title=title, text=text),
            score=a_score(matches=(match,)),
        )

        if names:
            assert {guid, link} & {mark for one in known for mark in (one.guid, one.link)}
        assert store.ledger.discrepancies() == []
        store.ledger.why(guid)
        store.ledger.why(link or title)

    kept()


@pytest.mark.parametrize("length", [200, 1500, 3000, 3900])
def test_an_endless_address_is_known_again(store: Store, length: int) -> None:
    """Addresses longer than an index takes are told apart and recognised like others."""
    follow(store, 2)
    noise = "".join(chr(97 + (place * place * 7 + place // 3) % 26) for place in range(length))
    links = [canonical(f"https://news.example/{noise}{end}") for end in "ab"]
    assert links[0] is not None
    poll(store, *(a_decision(an_entry(n, link=link), link=link) for n, link in enumerate(links)))
    read_all(store)

    (known,) = store.polling.known_entries(lease(store).key, [links[0]])
    items = store.polling.known_items([link for link in links if link])

    assert known.link == links[0]
    assert set(items) == set(links)
    assert len(set(items.values())) == 2
    report = store.ledger.why(links[0])
    assert report.item is not None
    assert report.item == store.items.by_link(links[0])


BARE: tuple[dict[str, Any], ...] = (
    {"status": PollStatus.NOT_MODIFIED, "http_status": 304},
    {"status": PollStatus.SAME_BODY, "body_size": 7, "moved_to": "https://new.example/feed"},
    {
        "status": PollStatus.REJECTED,
        "error": ErrorCode.FORBIDDEN,
        "detail": "the server refuses us\x00",
        "http_status": 403,
        "state": FeedState.BLOCKED,
    },
    {"status": PollStatus.REJECTED, "error": ErrorCode.NETWORK_DOWN, "http_status": None},
    {
        "status": PollStatus.PARSED,
        "format": "rss20",
        "feed_title": "Empty today",
        "notes": ("no entries",),
        "validators": Validators(etag="e", last_modified="m", body_hash="h"),
        "state": FeedState.EMPTY,
    },
)


def test_polls_without_entries_are_the_same_written_together_as_one_by_one(store: Store) -> None:
    """What a feed's row and history say does not depend on how many polls shared a transaction."""
    follow(store, 2 * len(BARE))
    together = []
    for number, changes in enumerate(BARE, start=1):
        assert store.polling.save_poll(a_poll(lease(store, number), **changes))
        together.append(a_poll(lease(store, len(BARE) + number), **changes))

    assert store.polling.save_bare_polls(together) == [True] * len(BARE)

    def told(number: int) -> tuple[object, ...]:
        status = store.feeds.status(f"feed-{number}", NOW)
        assert status is not None
        leased = lease(store, number)
        known = replace(leased, key=0, feed=a_feed(), lease_token="")
        return replace(status, key=0, feed=a_feed()), known, store.feeds.history(f"feed-{number}")

    alone = [told(number) for number in range(1, len(BARE) + 1)]
    assert [told(number) for number in range(len(BARE) + 1, 2 * len(BARE) + 1)] == alone


def test_of_polls_written_together_each_needs_its_own_lease(store: Store) -> None:
    """One lost lease refuses one poll, and not its neighbours."""
    follow(store, 3)
    slow = lease(store, 2)
    records = [a_poll(one) for one in (lease(store, 1), slow, lease(store, 3))]
    lease(store, 2, now=NOW + HOUR)

    assert store.polling.save_bare_polls(records) == [True, False, True]
    assert store.polling.save_bare_polls(records) == [False, False, False]
    assert [len(store.feeds.history(f"feed-{number}")) for number in (1, 2, 3)] == [1, 0, 1]
    assert store.polling.save_bare_polls([]) == []
