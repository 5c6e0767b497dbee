"""What one poll came to: an answer and what its body holds, turned into what the store writes.

Knows the order of questions and asks the deciders of `monitor.core`; asks the store only what it
remembers. Must never fetch, parse or write.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.core import decisions, timing
from monitor.core.values import (
    Failed,
    Fate,
    FeedForPoll,
    Fetched,
    Hop,
    NotModified,
    Outcome,
    ParsedFeed,
)
from monitor.ports import PollRecord, PollStatus, PollStore, Validators
from monitor.workers import Unread


def settled(
    leased: FeedForPoll,
    outcome: Outcome,
    parsed: ParsedFeed | Unread | None,
    *,
    store: PollStore,
    started: datetime,
    now: datetime,
) -> PollRecord:
    """Return what one poll came to. `parsed` is None when there was no new body to parse."""
    if isinstance(outcome, Failed) or isinstance(parsed, Unread):
        return _rejected(leased, outcome, parsed, started=started, now=now)
    if parsed is None:
        return _unchanged(leased, outcome, started=started, now=now)
    assert isinstance(outcome, Fetched)
    return _parsed(leased, outcome, parsed, store=store, started=started, now=now)


def is_bare(record: PollRecord) -> bool:
    """Tell whether a poll brought nothing but news of the feed itself."""
    return not record.decisions and not record.unreadable and record.gap is None


def _parsed(
    leased: FeedForPoll,
    fetched: Fetched,
    parsed: ParsedFeed,
    *,
    store: PollStore,
    started: datetime,
    now: datetime,
) -> PollRecord:
    decided = decisions.decide(
        parsed,
        feed=leased.feed,
        known=store.known_entries(leased.key, decisions.keys_of(parsed)),
        items=store.known_items(decisions.links_of(parsed)),
        now=now,
    )
    had_entries = store.has_entries(leased.key)
    missed = timing.gap(parsed, decided, leased=leased, now=now, had_entries=had_entries)
    newest = leased.newest_entry_at
    flooded = any(one.fate is Fate.OVER_LIMIT for one in decided)
    return PollRecord(
        leased=leased,
        started_at=started,
        finished_at=now,
        status=PollStatus.PARSED if parsed.complete else PollStatus.PARSED_PARTIALLY,
        http_status=fetched.status,
        body_size=len(fetched.body),
        format=parsed.format,
        feed_title=parsed.title,
        notes=parsed.notes,
        decisions=decided,
        unreadable=parsed.unreadable,
        # After a flood the rest waits in the same document: a 304 would hide it for good.
        validators=None if flooded else _validators(fetched),
        state=timing.feed_state(
            leased, now=now, parsed=parsed, decisions=decided, missed=missed, newest_at=newest
        ),
        next_due_at=timing.next_poll(
            leased,
            now=now,
            headers=fetched.headers,
            parsed=parsed,
            decisions=decided,
            newest_at=newest,
        ),
        is_backfill=leased.first_good_at is None or leased.in_first_flood,
        moved_to=_moved_to(fetched.hops),
        gap=missed,
    )


def _validators(fetched: Fetched) -> Validators:
    return Validators(
        etag=fetched.headers.get("etag"),
        last_modified=fetched.headers.get("last-modified"),
        body_hash=fetched.body_hash,
    )


def _moved_to(hops: Sequence[Hop]) -> str | None:
    """Return where an unbroken row of permanent redirects led."""
    permanent = [hop for hop in hops if hop.status in (301, 308)]
    return hops[-1].url if hops and len(permanent) == len(hops) else None


def _rejected(
    leased: FeedForPoll,
    outcome: Outcome,
    parsed: ParsedFeed | Unread | None,
    *,
    started: datetime,
    now: datetime,
) -> PollRecord:
    retry_at, size = None, 0
    if isinstance(outcome, Failed):
        error, detail, status = outcome.code, outcome.detail, outcome.status
        retry_at = outcome.retry_at
    else:
        assert isinstance(outcome, Fetched)
        assert isinstance(parsed, Unread)
        error, detail, status = parsed.code, parsed.detail, outcome.status
        size = len(outcome.body)
    return PollRecord(
        leased=leased,
        started_at=started,
        finished_at=now,
        status=PollStatus.REJECTED,
        error=error,
        detail=detail,
        http_status=status,
        body_size=size,
        state=timing.feed_state(leased, now=now, error=error),
        next_due_at=timing.next_poll(leased, now=now, error=error, retry_at=retry_at),
    )


def _unchanged(
    leased: FeedForPoll, outcome: Fetched | NotModified, *, started: datetime, now: datetime
) -> PollRecord:
    """Return a poll that found nothing new: 304, or the very body of the last time."""
    newest = leased.newest_entry_at
    return PollRecord(
        leased=leased,
        started_at=started,
        finished_at=now,
        status=PollStatus.SAME_BODY if isinstance(outcome, Fetched) else PollStatus.NOT_MODIFIED,
        http_status=outcome.status if isinstance(outcome, Fetched) else 304,
        body_size=len(outcome.body) if isinstance(outcome, Fetched) else 0,
        state=timing.feed_state(leased, now=now, newest_at=newest),
        next_due_at=timing.next_poll(leased, now=now, headers=outcome.headers, newest_at=newest),
        moved_to=_moved_to(outcome.hops),
    )
