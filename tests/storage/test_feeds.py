"""Feeds on every engine: following feeds.yaml, and how each feed is doing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import HOUR, NOW, a_decision, a_feed, an_entry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storesteps import follow, keep, lease, poll

from monitor.core.reports import FeedStatus, FirstRun, SyncReport
from monitor.core.values import ErrorCode, FeedState
from monitor.ports import PollStatus, Validators
from store import Store

DAY = timedelta(days=1)


def status_of(store: Store, feed_id: str = "feed-1") -> FeedStatus:
    """Return how a feed is doing."""
    status = store.feeds.status(feed_id, NOW)
    assert status is not None
    return status


def test_an_edit_of_the_file_is_told_feed_by_feed(store: Store) -> None:
    """What an edit of feeds.yaml adds, changes, removes and brings back is reported."""
    store.feeds.sync([a_feed(1), a_feed(2), a_feed(3)], NOW)
    second = store.feeds.sync([a_feed(4), a_feed(2, title="New name"), a_feed(1)], NOW)
    third = store.feeds.sync([a_feed(1), a_feed(3)], NOW)

    assert second == SyncReport(
        added=("feed-4",), changed=("feed-2",), removed=("feed-3",), unchanged_count=1
    )
    assert third == SyncReport(
        removed=("feed-2", "feed-4"), returned=("feed-3",), unchanged_count=1
    )


def test_following_the_same_file_again_changes_nothing(store: Store) -> None:
    """A reload without an edit is no event, and moves no due time."""
    follow(store, 2)
    poll(store)
    before = store.feeds.statuses(NOW)

    report = store.feeds.sync([a_feed(2), a_feed(1)], NOW + HOUR)

    assert report == SyncReport(unchanged_count=2)
    assert store.feeds.statuses(NOW) == before


def test_a_removed_feed_keeps_all_it_ever_showed(store: Store) -> None:
    """Taking a feed out of the file deletes nothing."""
    follow(store)
    (item,) = keep(store, an_entry(1))

    store.feeds.sync([], NOW)

    assert store.items.get(item.key) == item
    assert store.feeds.statuses(NOW) == []
    (gone,) = store.feeds.statuses(NOW, removed=True)
    assert (gone.is_removed, gone.item_count, gone.entry_count) == (True, 1, 1)


def test_a_returning_feed_is_no_new_feed(store: Store) -> None:
    """It is due at once, knows its entries, and its next poll is no backfill."""
    follow(store)
    keep(store, an_entry(1), next_due_at=NOW + 30 * DAY)
    store.feeds.sync([], NOW)

    store.feeds.sync([a_feed()], NOW + DAY)

    (leased,) = store.polling.lease_feeds(NOW + DAY, owner="a", limit=5, lease_for=HOUR)
    assert leased.first_good_at == NOW
    assert len(store.polling.known_entries(leased.key, ["guid-1"])) == 1


def test_a_new_address_drops_what_belonged_to_the_old_one(store: Store) -> None:
    """Validators of another address could make us miss everything; failures are forgiven."""
    follow(store)
    poll(store, validators=Validators(etag="a", last_modified="b", body_hash="c"))
    poll(store, status=PollStatus.REJECTED, error=ErrorCode.GONE, next_due_at=NOW + 7 * DAY)

    store.feeds.sync([a_feed(url="https://new.example/feed")], NOW)

    leased = lease(store)
    assert (leased.etag, leased.last_modified, leased.body_hash) == (None, None, None)
    assert (leased.failure_count, leased.first_good_at) == (0, NOW)
    assert status_of(store).due_at == NOW


@pytest.mark.parametrize(
    ("every", "due_in"), [(HOUR / 2, HOUR / 2), (2 * HOUR, HOUR), (HOUR, HOUR)]
)
def test_a_shorter_interval_counts_from_now_on(
    store: Store, every: timedelta, due_in: timedelta
) -> None:
    """Who wants a feed more often need not wait for the old interval to end."""
    follow(store)
    poll(store, next_due_at=NOW + HOUR)

    store.feeds.sync([a_feed(every=every)], NOW)

    assert status_of(store).due_at == NOW + due_in


def test_a_feed_switched_on_again_is_due_at_once(store: Store) -> None:
    """`enabled: true` has an effect that can be seen."""
    follow(store)
    poll(store, next_due_at=NOW + 30 * DAY)
    store.feeds.sync([a_feed(enabled=False)], NOW)

    store.feeds.sync([a_feed()], NOW + HOUR)

    assert status_of(store).due_at == NOW + HOUR


def test_the_status_counts_what_a_feed_brought(store: Store) -> None:
    """Entries, items and open fates are told per feed."""
    follow(store, 2)
    keep(store, an_entry(1), an_entry(2))
    poll(store, a_decision(an_entry(3)), number=1, feed_title="What it calls itself")

    first, second = store.feeds.statuses(NOW)

    assert (first.entry_count, first.item_count, first.pending_count) == (3, 2, 1)
    assert (second.entry_count, second.item_count, second.pending_count) == (0, 0, 0)
    assert first == status_of(store)
    assert (first.found_title, first.state) == ("What it calls itself", FeedState.OK)
    assert (second.state, second.last_polled_at) == (FeedState.UNPROVEN, None)
    assert store.feeds.status("unheard-of", NOW) is None


def test_a_feed_in_work_is_shown_so(store: Store) -> None:
    """A lease that has run out is not shown as work."""
    follow(store)
    lease(store)

    now, later = (store.feeds.statuses(at)[0] for at in (NOW, NOW + HOUR))

    assert (now.is_leased, later.is_leased) == (True, False)


def test_failures_are_counted_from_the_first_of_the_row(store: Store) -> None:
    """The health page can say since when; one good answer ends it."""
    follow(store)
    for hours in (0, 1, 2):
        at = NOW + hours * HOUR
        poll(store, status=PollStatus.REJECTED, error=ErrorCode.DNS_ERROR, finished_at=at)
    failing = status_of(store)
    poll(store, status=PollStatus.NOT_MODIFIED, finished_at=NOW + 3 * HOUR)
    fine = status_of(store)

    assert (failing.failure_count, failing.failing_since) == (3, NOW)
    assert (fine.failure_count, fine.failing_since, fine.last_error) == (0, None, None)
    assert fine.last_good_at == NOW + 3 * HOUR


def test_history_is_newest_first(store: Store) -> None:
    """The last polls of a feed with what they brought."""
    follow(store)
    poll(store, a_decision(an_entry(1)), body_size=1234)
    poll(
        store,
        status=PollStatus.REJECTED,
        error=ErrorCode.SERVER_ERROR,
        http_status=500,
        detail="HTTP 500",
        finished_at=NOW + HOUR,
    )

    last, first = store.feeds.history("feed-1")

    assert (last.error, last.http_status, last.detail) == (ErrorCode.SERVER_ERROR, 500, "HTTP 500")
    assert (first.entries_seen, first.pending_count, first.body_size) == (1, 1, 1234)
    assert store.feeds.history("feed-1", limit=1) == [last]
    assert store.feeds.history("unheard-of") == []


def test_a_parked_feed_can_be_asked_again_at_once(store: Store) -> None:
    """`feeds resume` gives a clean sheet; a feed that is switched off stays off."""
    store.feeds.sync([a_feed(1), a_feed(2, enabled=False)], NOW)
    poll(store, status=PollStatus.REJECTED, error=ErrorCode.GONE, next_due_at=NOW + 7 * DAY)

    assert store.feeds.resume("feed-1", NOW)
    assert not store.feeds.resume("feed-2", NOW)
    assert not store.feeds.resume("unheard-of", NOW)

    assert (status_of(store).due_at, status_of(store).failure_count) == (NOW, 0)


def test_the_first_run_is_summed_up(store: Store) -> None:
    """N answered, M did not, K are not feeds, and the rest was not asked yet."""
    store.feeds.sync([a_feed(number) for number in range(1, 6)] + [a_feed(6, enabled=False)], NOW)
    poll(store, number=1)
    poll(store, number=2, status=PollStatus.REJECTED, error=ErrorCode.DNS_ERROR)
    poll(
        store,
        number=3,
        status=PollStatus.REJECTED,
        error=ErrorCode.NOT_A_FEED,
        state=FeedState.NOT_A_FEED,
    )
    poll(store, number=4)
    poll(store, number=4, status=PollStatus.REJECTED, error=ErrorCode.TIMEOUT_READ)

    assert store.feeds.first_run_summary() == FirstRun(
        feed_count=5,
        answered=2,
        silent=1,
        not_a_feed=1,
        waiting=1,
        not_a_feed_ids=("feed-3",),
        silent_ids=("feed-2",),
    )


FILES = st.lists(
    st.lists(
        st.builds(
            a_feed,
            st.integers(1, 5),
            title=st.sampled_from(["a", "b"]),
            enabled=st.booleans(),
            url=st.sampled_from(["https://a.example/", "https://b.example/"]),
        ),
        max_size=5,
        unique_by=lambda feed: feed.id,
    ),
    min_size=1,
    max_size=6,
)


@given(files=FILES)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_after_any_edits_the_store_follows_the_last_file(
    memory_store: Store, files: list[list[object]]
) -> None:
    """Whatever was edited before, what is polled is what the file says now."""
    for feeds in files:
        report = memory_store.feeds.sync(feeds, NOW)  # type: ignore[arg-type]
        touched = len(report.added) + len(report.changed) + len(report.returned)
        assert touched + report.unchanged_count == len(feeds)

    followed = {status.feed for status in memory_store.feeds.statuses(NOW)}
    leased = memory_store.polling.lease_feeds(
        NOW, owner="a", limit=99, lease_for=HOUR, even_if_not_due=True
    )
    memory_store.polling.release_feeds(leased)

    assert followed == set(files[-1])
    assert {one.feed for one in leased} == {feed for feed in followed if feed.enabled}


def test_the_store_knows_which_text_of_feeds_yaml_is_in_force(store: Store) -> None:
    """A file is passed over only while exactly its text was taken; anything else forgets it."""
    store.feeds.sync([a_feed(1), a_feed(2, enabled=False)], NOW, fingerprint="one")

    assert store.polling.is_taken("one")
    assert not store.polling.is_taken("two")
    assert store.polling.enabled_ids() == ["feed-1"]

    store.feeds.sync([a_feed(2), a_feed(1)], NOW, fingerprint="two")
    assert not store.polling.is_taken("one")
    assert store.polling.is_taken("two")
    assert store.polling.enabled_ids() == ["feed-1", "feed-2"]

    store.feeds.sync([a_feed(2)], NOW)
    assert not store.polling.is_taken("two")
    assert store.polling.enabled_ids() == ["feed-2"]
