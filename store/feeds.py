"""The feeds: taking over feeds.yaml, and how each feed is doing.

A feed that leaves feeds.yaml keeps its row and all it ever showed; it is only no longer polled.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update
from sqlmodel import Session

from monitor.core.reports import FeedStatus, FirstRun, GapReport, PollLine, SyncReport
from monitor.core.values import ErrorCode, Feed, FeedForPoll, FeedState
from store.rows import feed_for_poll, feed_from_json, feed_to_json
from store.session import Database
from store.tables.base import table
from store.tables.fetching import FEEDS_FILE, TakenRow
from store.tables.watching import EntryRow, FateRow, FeedRow, GapRow, ItemRow, PollRow, is_pending

FEED, POLL, ENTRY, FATE = table(FeedRow), table(PollRow), table(EntryRow), table(FateRow)
ITEM, GAP, TAKEN = table(ItemRow), table(GapRow), table(TakenRow)

# Links that people add by hand are entries of this feed, so that they have fates like any other.
TIPS = Feed(id="tips", url="https://tips.invalid/", title="Tips by hand", enabled=False)


class Feeds:
    """Queries about feeds."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def sync(
        self, feeds: Sequence[Feed], now: datetime, *, fingerprint: str | None = None
    ) -> SyncReport:
        """Make the store follow feeds.yaml, in one transaction.

        `fingerprint` says which text they were read from; see `Polling.is_taken`.
        A new feed is due at once; a changed one at the latest after its new interval. A new address
        drops the old one's validators and failures, but is no first poll again.
        """
        added: list[str] = []
        changed: list[str] = []
        returned: list[str] = []
        with self._database.writing() as session:
            rows = {row.id: row for row in session.execute(select(FEED).order_by(FEED.c.key))}
            for feed in feeds:
                row = rows.get(feed.id)
                if row is None:
                    session.execute(FEED.insert().values(_new_feed(feed, now)))
                    added.append(feed.id)
                elif changes := _changes(row, feed, now):
                    session.execute(update(FEED).where(FEED.c.key == row.key).values(changes))
                    (returned if row.removed_at else changed).append(feed.id)
            removed = self._remove_others(session, rows, {feed.id for feed in feeds}, now)
            session.execute(delete(TAKEN).where(TAKEN.c.name == FEEDS_FILE))
            if fingerprint is not None:
                taken = {"name": FEEDS_FILE, "fingerprint": fingerprint, "taken_at": now}
                session.execute(TAKEN.insert().values(taken))
        touched = len(added) + len(changed) + len(returned)
        return SyncReport(
            added=tuple(added),
            changed=tuple(changed),
            removed=removed,
            returned=tuple(returned),
            unchanged_count=len(feeds) - touched,
        )

    def lease_tips(self, now: datetime, *, owner: str, lease_for: timedelta) -> FeedForPoll:
        """Lease the feed of links that people add by hand; made at first use, never polled."""
        token = secrets.token_hex(8)
        lease = {"lease_owner": owner, "lease_until": now + lease_for, "lease_token": token}
        with self._database.writing() as session:
            row = session.execute(select(FEED.c.key).where(FEED.c.id == TIPS.id)).one_or_none()
            if row is None:
                # Beside feeds.yaml, as a removed feed is: a new file does not touch it.
                columns = _new_feed(TIPS, now) | {"removed_at": now}
                session.execute(FEED.insert().values(columns))
            found = session.execute(
                update(FEED).where(FEED.c.id == TIPS.id).values(lease).returning(FEED)
            ).one()
            return feed_for_poll(found)

    def _remove_others(
        self, session: Session, rows: dict[str, Row[Any]], kept: set[str], now: datetime
    ) -> tuple[str, ...]:
        gone = [row for row in rows.values() if row.id not in kept and row.removed_at is None]
        for row in gone:
            session.execute(
                update(FEED).where(FEED.c.key == row.key).values(enabled=False, removed_at=now)
            )
        return tuple(row.id for row in gone)

    def statuses(self, now: datetime, *, removed: bool = False) -> list[FeedStatus]:
        """Return how each feed is doing, by id; with `removed`, also those that left feeds.yaml."""
        query = select(FEED).order_by(FEED.c.id)
        if not removed:
            query = query.where(FEED.c.removed_at.is_(None))
        with self._database.reading() as session:
            counts = _Counts(session)
            return [_status(row, counts, now) for row in session.execute(query)]

    def states(self) -> dict[FeedState, int]:
        """Return how many of the feeds that are asked are in each state; states without any not."""
        query = (
            select(FEED.c.state, func.count())
            .where(FEED.c.enabled, FEED.c.removed_at.is_(None))
            .group_by(FEED.c.state)
        )
        with self._database.reading() as session:
            return {FeedState(state): count for state, count in session.execute(query)}

    def named(self) -> list[tuple[str, str]]:
        """Return id and title of each feed of feeds.yaml, by title: a menu, without any counts."""
        query = select(FEED.c.id, FEED.c.spec).where(FEED.c.removed_at.is_(None))
        with self._database.reading() as session:
            found = [(row.id, str(row.spec["title"])) for row in session.execute(query)]
        return sorted(found, key=lambda feed: (feed[1].casefold(), feed[0]))

    def status(self, feed_id: str, now: datetime) -> FeedStatus | None:
        """Return how one feed is doing; None when there never was one of that name."""
        with self._database.reading() as session:
            row = session.execute(select(FEED).where(FEED.c.id == feed_id)).one_or_none()
            return None if row is None else _status(row, _Counts(session, row.key), now)

    def history(self, feed_id: str, *, limit: int = 50) -> list[PollLine]:
        """Return the last polls of a feed, newest first."""
        query = (
            select(POLL)
            .join(FEED, FEED.c.key == POLL.c.feed_key)
            .where(FEED.c.id == feed_id)
            .order_by(POLL.c.finished_at.desc(), POLL.c.key.desc())
            .limit(limit)
        )
        with self._database.reading() as session:
            return [_poll_line(row) for row in session.execute(query)]

    def gaps(self, since: datetime, until: datetime) -> list[GapReport]:
        """Return the gaps found from `since` (inclusive) to `until` (exclusive), oldest first."""
        with self._database.reading() as session:
            return gaps_found(session, since, until)

    def resume(self, feed_id: str, now: datetime) -> bool:
        """Ask a feed again at once, with a clean sheet. False when it is not polled at all."""
        with self._database.writing() as session:
            done = session.execute(
                update(FEED)
                .where(FEED.c.id == feed_id, FEED.c.enabled)
                .values(due_at=now, failure_count=0, failing_since=None)
                .returning(FEED.c.key)
            )
            return done.first() is not None

    def first_run_summary(self) -> FirstRun:
        """Return how many of the enabled feeds ever answered, and which did not."""
        query = select(FEED).where(FEED.c.enabled).order_by(FEED.c.id)
        with self._database.reading() as session:
            rows = session.execute(query).all()
        asked = [row for row in rows if row.first_good_at is None and row.last_polled_at]
        wrong = [row.id for row in asked if row.state == FeedState.NOT_A_FEED.value]
        silent = [row.id for row in asked if row.state != FeedState.NOT_A_FEED.value]
        answered = sum(row.first_good_at is not None for row in rows)
        return FirstRun(
            feed_count=len(rows),
            answered=answered,
            silent=len(silent),
            not_a_feed=len(wrong),
            waiting=len(rows) - answered - len(asked),
            not_a_feed_ids=tuple(wrong),
            silent_ids=tuple(silent),
        )


def gaps_found(session: Session, since: datetime, until: datetime) -> list[GapReport]:
    """Return the gaps found in a window, oldest first."""
    query = (
        select(GAP, FEED.c.id, FEED.c.spec)
        .join(FEED, FEED.c.key == GAP.c.feed_key)
        .where(GAP.c.found_at >= since, GAP.c.found_at < until)
        .order_by(GAP.c.found_at, GAP.c.key)
    )
    return [
        GapReport(
            feed_id=row.id,
            feed_title=row.spec["title"],
            since=row.since,
            until=row.until,
            estimate=row.estimate,
            found_at=row.found_at,
        )
        for row in session.execute(query)
    ]


# ---------------------------------------------------------------- rows


def _new_feed(feed: Feed, now: datetime) -> dict[str, Any]:
    return {
        "id": feed.id,
        "spec": feed_to_json(feed),
        "enabled": feed.enabled,
        "added_at": now,
        "state": FeedState.UNPROVEN.value,
        "due_at": now,
        "failure_count": 0,
        "last_detail": "",
        "found_title": "",
        "moved_days": [],
    }


def _changes(row: Row[Any], feed: Feed, now: datetime) -> dict[str, Any]:
    """Return what must change in the row of a feed so that it follows its configuration."""
    spec = feed_to_json(feed)
    if row.spec == spec and row.removed_at is None and row.enabled == feed.enabled:
        return {}
    before = feed_from_json(row.spec)
    changes: dict[str, Any] = {"spec": spec, "enabled": feed.enabled, "removed_at": None}
    if not row.enabled and feed.enabled:
        changes["due_at"] = now
    elif feed.every != before.every:
        changes["due_at"] = min(row.due_at, now + feed.every)
    if feed.url != before.url:
        changes |= {
            "etag": None,
            "last_modified": None,
            "body_hash": None,
            "failure_count": 0,
            "failing_since": None,
            "due_at": now,
            "moved_to": None,
            "moved_days": [],
        }
    return changes


class _Counts:
    """How many entries, items and open fates each feed has; for all feeds or for one."""

    def __init__(self, session: Session, feed_key: int | None = None) -> None:
        pending = (
            select(POLL.c.feed_key, func.count())
            .join(POLL, POLL.c.key == FATE.c.poll_key)
            .where(is_pending(FATE))
        )
        self.entries = _counted(
            session, select(ENTRY.c.feed_key, func.count()), ENTRY.c.feed_key, feed_key
        )
        self.items = _counted(
            session, select(ITEM.c.feed_key, func.count()), ITEM.c.feed_key, feed_key
        )
        self.pending = _counted(session, pending, POLL.c.feed_key, feed_key)


def _counted(
    session: Session, query: Select[Any], column: Any, feed_key: int | None
) -> dict[int, int]:
    if feed_key is not None:
        query = query.where(column == feed_key)
    return {row[0]: row[1] for row in session.execute(query.group_by(column))}


def _status(row: Row[Any], counts: _Counts, now: datetime) -> FeedStatus:
    return FeedStatus(
        key=row.key,
        feed=feed_from_json(row.spec),
        state=FeedState(row.state),
        is_removed=row.removed_at is not None,
        is_leased=row.lease_until is not None and row.lease_until > now,
        due_at=row.due_at,
        failure_count=row.failure_count,
        last_error=ErrorCode(row.last_error) if row.last_error else None,
        last_detail=row.last_detail,
        last_status=row.last_status,
        last_http_status=row.last_http_status,
        failing_since=row.failing_since,
        last_polled_at=row.last_polled_at,
        first_good_at=row.first_good_at,
        last_good_at=row.last_good_at,
        newest_entry_at=row.newest_entry_at,
        found_title=row.found_title,
        moved_to=row.moved_to,
        moved_day_count=len(row.moved_days),
        entry_count=counts.entries.get(row.key, 0),
        item_count=counts.items.get(row.key, 0),
        pending_count=counts.pending.get(row.key, 0),
    )


def _poll_line(row: Row[Any]) -> PollLine:
    return PollLine(
        started_at=row.started_at,
        finished_at=row.finished_at,
        status=row.status,
        error=ErrorCode(row.error) if row.error else None,
        detail=row.detail,
        http_status=row.http_status,
        body_size=row.body_size,
        entries_seen=row.entries_seen,
        unchanged_count=row.unchanged_count,
        pending_count=row.pending_count,
        is_backfill=row.is_backfill,
    )
