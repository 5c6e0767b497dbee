"""What a feed held before we began to watch it is backfill, however many polls it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import HOUR, NOW, a_decision, an_entry
from storesteps import follow, lease, pending, poll, read_all

from monitor.core.values import ErrorCode, Fate
from monitor.ports import PollStatus
from store import Store

LATER = NOW + 2 * HOUR


def flood(store: Store, **changes: Any) -> None:
    """Poll a feed that held more than is taken at once."""
    over = a_decision(an_entry(2), fate=Fate.OVER_LIMIT)
    poll(store, a_decision(an_entry(1)), over, **{"is_backfill": True} | changes)
    read_all(store)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (NOW - timedelta(days=1), True),
        (NOW, True),
        (NOW + HOUR, False),
        (None, True),
    ],
)
def test_the_rest_of_a_first_flood_is_backfill_and_what_came_since_is_news(
    store: Store, published: object, expected: bool
) -> None:
    """The rest of an archive is never mailed as news, and news is not lost among it."""
    follow(store)
    flood(store)
    leased = lease(store, now=LATER)
    store.polling.release_feeds([leased])

    rest = a_decision(an_entry(2, published_at=published))
    poll(store, rest, finished_at=LATER, is_backfill=leased.in_first_flood)
    (one,) = pending(store, now=LATER)

    assert one.is_backfill is expected


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        ([], True),
        ([{"status": PollStatus.REJECTED, "error": ErrorCode.TIMEOUT_READ}], True),
        ([{"status": PollStatus.NOT_MODIFIED}], True),
        ([{"is_backfill": True}], False),
    ],
)
def test_a_first_flood_lasts_until_a_document_was_taken_in_whole(
    store: Store, polls: list[dict[str, Any]], expected: bool
) -> None:
    """A failure in between does not turn the rest of an archive into news."""
    follow(store)
    flood(store)

    for changes in polls:
        poll(store, finished_at=LATER, **changes)

    assert lease(store, now=LATER).in_first_flood is expected


def test_a_later_flood_is_news(store: Store) -> None:
    """A feed that we know already may bring 2,000 new reports; they are told."""
    follow(store)
    poll(store, is_backfill=True)
    flood(store, finished_at=LATER, is_backfill=False)

    assert not lease(store, now=LATER).in_first_flood


@pytest.mark.parametrize(
    ("status", "is_full"),
    [
        (PollStatus.PARSED, True),
        (PollStatus.PARSED_PARTIALLY, True),
        (PollStatus.SAME_BODY, True),
        (PollStatus.NOT_MODIFIED, False),
        (PollStatus.REJECTED, False),
    ],
)
def test_only_an_answer_with_a_body_counts_as_full(
    store: Store, status: PollStatus, is_full: bool
) -> None:
    """A row of 304s must not put off the unconditional request."""
    follow(store)
    poll(store)
    error = ErrorCode.TIMEOUT_READ if status is PollStatus.REJECTED else None
    poll(store, finished_at=LATER, status=status, error=error)

    assert lease(store, now=LATER).last_full_at == (LATER if is_full else NOW)
