"""Leases feeds and entries, and writes what a poll and a reading found: the fate ledger's writers.

Implements `monitor.ports.PollStore`. `save_poll` (see `polls`) is the first transaction,
`save_read` (see `readings`) the second. A process that dies between them leaves pending fates whose
lease runs out, no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, or_, select, update

from monitor.core.values import (
    Fate,
    FeedForPoll,
    KnownEntry,
    PendingEntry,
    ReadEntry,
)
from monitor.ports import PollRecord
from store import polls
from store.rows import (
    chunks,
    entry_value,
    feed_for_poll,
    feed_from_json,
    mark,
)
from store.session import Database
from store.tables.base import table
from store.tables.fetching import FEEDS_FILE, TakenRow
from store.tables.watching import (
    EntryRow,
    FateRow,
    FeedRow,
    ItemRow,
    PollRow,
    is_pending,
)

FEED, POLL, ENTRY, FATE = table(FeedRow), table(PollRow), table(EntryRow), table(FateRow)
ITEM, TAKEN = table(ItemRow), table(TakenRow)

# A lease or a due time further off than these was written under a clock that was wrong. Without
# this, one start with the clock a year ahead would silence every feed for a year.
LEASE_SLACK = timedelta(hours=1)
FARTHEST_DUE = timedelta(days=32)


class Polling:
    """What polling needs from the store. Each writing method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    # ------------------------------------------------------------ which feeds

    def is_taken(self, fingerprint: str) -> bool:
        """Whether the feeds in force are just those of a text of feeds.yaml."""
        with self._database.reading() as session:
            query = select(TAKEN.c.fingerprint).where(TAKEN.c.name == FEEDS_FILE)
            return session.execute(query).scalar_one_or_none() == fingerprint

    def enabled_ids(self) -> list[str]:
        """Return the ids of the feeds that are polled, in the order in which they came to us."""
        query = select(FEED.c.id).where(FEED.c.enabled).order_by(FEED.c.key)
        with self._database.reading() as session:
            return list(session.execute(query).scalars())

    # ------------------------------------------------------------ leasing feeds

    def lease_feeds(
        self,
        now: datetime,
        *,
        owner: str,
        limit: int,
        lease_for: timedelta,
        only: Sequence[str] | None = None,
        even_if_not_due: bool = False,
    ) -> list[FeedForPoll]:
        """Lease enabled feeds that are due (longest overdue first) and not leased by another."""
        wanted = [FEED.c.enabled, _is_free(FEED, now, lease_for)]
        if not even_if_not_due:
            wanted.append(or_(FEED.c.due_at <= now, FEED.c.due_at > now + FARTHEST_DUE))
        if only is not None:
            wanted.append(FEED.c.id.in_(only))
        due = select(FEED.c.key).where(*wanted).order_by(FEED.c.due_at, FEED.c.key).limit(limit)
        lease = (
            update(FEED)
            .where(FEED.c.key.in_(self._locked(due)))
            .values(
                lease_owner=owner, lease_until=now + lease_for, lease_token=secrets.token_hex(8)
            )
            .returning(FEED)
        )
        with self._database.writing() as session:
            rows = session.execute(lease).all()
        return [feed_for_poll(row) for row in sorted(rows, key=lambda row: (row.due_at, row.key))]

    def release_feeds(self, leased: Sequence[FeedForPoll]) -> None:
        """Give leases back unpolled; due times stay as they were."""
        with self._database.writing() as session:
            for one in leased:
                session.execute(
                    update(FEED)
                    .where(FEED.c.key == one.key, FEED.c.lease_token == one.lease_token)
                    .values(lease_owner=None, lease_until=None, lease_token=None)
                )

    def lease_owners(self) -> set[str]:
        """Return who holds feeds or pending entries."""
        with self._database.reading() as session:
            return {
                str(owner)
                for rows in (FEED, FATE)
                for owner in session.execute(
                    select(rows.c.lease_owner).where(rows.c.lease_owner.is_not(None)).distinct()
                ).scalars()
            }

    def free_leases(self, owner: str) -> None:
        """Take everything back from an owner that is known to be dead."""
        with self._database.writing() as session:
            session.execute(
                update(FEED)
                .where(FEED.c.lease_owner == owner)
                .values(lease_owner=None, lease_until=None, lease_token=None)
            )
            session.execute(
                update(FATE)
                .where(FATE.c.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
            )

    # ------------------------------------------------------------ what is known

    def known_entries(self, feed_key: int, decisions_for: Sequence[str]) -> list[KnownEntry]:
        """Return this feed's remembered entries whose guid, canonical link or identity is named."""
        found: dict[int, KnownEntry] = {}
        with self._database.reading() as session:
            asked = {mark(name): name for name in decisions_for}
            for names in chunks(asked):
                query = (
                    select(ENTRY, ITEM.c.revision_count)
                    .join(ITEM, ITEM.c.key == ENTRY.c.item_key, isouter=True)
                    .where(
                        ENTRY.c.feed_key == feed_key,
                        or_(
                            ENTRY.c.guid.in_(names),
                            ENTRY.c.link.in_(names),
                            ENTRY.c.identity.in_(names),
                        ),
                    )
                )
                for row in session.execute(query):
                    found[row.key] = _known(row, asked)
        return [found[key] for key in sorted(found)]

    def has_entries(self, feed_key: int) -> bool:
        """Whether this feed ever showed an entry that is remembered."""
        query = select(ENTRY.c.key).where(ENTRY.c.feed_key == feed_key).limit(1)
        with self._database.reading() as session:
            return session.execute(query).first() is not None

    def known_items(self, links: Sequence[str]) -> Mapping[str, int]:
        """Map canonical links to the items that are kept under them, whatever their feed."""
        from store import readings  # with search and its like; most polls bring no entries

        with self._database.reading() as session:
            return readings.items_by_link(session, links)

    # ------------------------------------------------------------ the first transaction

    def save_poll(self, record: PollRecord) -> bool:
        """Write entries, fates, the poll and its validators together.

        Return False, writing nothing, when the lease was lost to another process meanwhile.
        """
        with self._database.writing() as session:
            return polls.save(session, record, is_sqlite=self._database.is_sqlite)

    def save_bare_polls(self, records: Sequence[PollRecord]) -> list[bool]:
        """Write polls of different feeds that brought no entries, together.

        Return whether each was written: not when its lease was lost to another process meanwhile.
        """
        with self._database.writing() as session:
            return polls.save_bare(session, records)

    # ------------------------------------------------------------ pending entries

    def lease_pending(
        self, now: datetime, *, owner: str, limit: int, lease_for: timedelta
    ) -> list[PendingEntry]:
        """Lease entries whose fate is still pending, oldest first."""
        due = (
            select(FATE.c.key)
            .where(is_pending(FATE), _is_free(FATE, now, lease_for))
            .order_by(FATE.c.decided_at, FATE.c.key)
            .limit(limit)
        )
        lease = (
            update(FATE)
            .where(FATE.c.key.in_(self._locked(due)))
            .values(lease_owner=owner, lease_until=now + lease_for)
            .returning(FATE.c.key)
        )
        with self._database.writing() as session:
            keys = list(session.execute(lease).scalars())
            rows = [row for some in chunks(keys) for row in session.execute(_pending(some))]
        return [_pending_value(row) for row in sorted(rows, key=lambda row: int(row.fate_key))]

    def release_pending(self, pending: Sequence[PendingEntry]) -> None:
        """Give leases back unread."""
        with self._database.writing() as session:
            for keys in chunks(one.fate_key for one in pending):
                session.execute(
                    update(FATE)
                    .where(FATE.c.key.in_(keys), FATE.c.fate == Fate.PENDING.value)
                    .values(lease_owner=None, lease_until=None)
                )

    def postpone_pending(self, pending: Sequence[tuple[PendingEntry, datetime]]) -> None:
        """Give leases back; nobody is to look at each entry before its moment."""
        with self._database.writing() as session:
            for one, until in pending:
                session.execute(
                    update(FATE)
                    .where(FATE.c.key == one.fate_key, FATE.c.fate == Fate.PENDING.value)
                    .values(lease_owner=None, lease_until=until)
                )

    def give_up(self, pending: PendingEntry, reason: str, now: datetime) -> None:
        """Close an entry that nothing could read, not even by its title; the reason is kept."""
        with self._database.writing() as session:
            session.execute(
                update(FATE)
                .where(FATE.c.key == pending.fate_key, FATE.c.fate == Fate.PENDING.value)
                .values(
                    fate=Fate.UNREADABLE.value,
                    reason=reason,
                    decided_at=now,
                    lease_owner=None,
                    lease_until=None,
                )
            )

    def save_read(self, read: Sequence[ReadEntry], now: datetime) -> list[Fate]:
        """Write items, matches, revisions, sightings and final fates together; one fate for each.

        An item already kept under the same canonical link makes the entry a duplicate of it. An
        entry whose fate another process decided meanwhile keeps that fate.
        """
        from store import readings

        words = readings.words_of(read)
        with self._database.writing() as session:
            return readings.save(session, read, words, now, is_sqlite=self._database.is_sqlite)

    def _locked(self, keys: Select[tuple[Any]]) -> Select[tuple[Any]]:
        """Return a query for `keys` that passes over rows which another process is leasing."""
        if not self._database.is_sqlite:
            keys = keys.with_for_update(skip_locked=True)
        # As a named part it is evaluated once; PostgreSQL may repeat a plain subquery, and would
        # then lease more rows than the limit.
        part = keys.cte("due")
        return select(part.c.key)


def _is_free(rows: Any, now: datetime, lease_for: timedelta) -> Any:
    """Return the condition that nobody holds a lease which could be true."""
    until = rows.c.lease_until
    return or_(until.is_(None), until <= now, until > now + lease_for + LEASE_SLACK)


def _known(row: Row[Any], asked: Mapping[str, str]) -> KnownEntry:
    """Return what is remembered of an entry, in the very words of the question."""
    return KnownEntry(
        key=row.key,
        guid=asked.get(row.guid, row.guid),
        link=asked.get(row.link, row.link),
        identity=asked.get(row.identity, row.identity),
        content_hash=row.content_hash,
        item_key=row.item_key,
        revision_count=row.revision_count or 0,
    )


# ---------------------------------------------------------------- pending entries


def _pending(fate_keys: Sequence[int]) -> Select[Any]:
    """Return the query for pending entries with all that reading and scoring need."""
    return (
        select(
            ENTRY,
            FATE.c.key.label("fate_key"),
            FATE.c.is_revision,
            FATE.c.is_backfill,
            FEED.c.spec,
        )
        .join(ENTRY, ENTRY.c.key == FATE.c.entry_key)
        .join(POLL, POLL.c.key == FATE.c.poll_key)
        .join(FEED, FEED.c.key == POLL.c.feed_key)
        .where(FATE.c.key.in_(fate_keys))
    )


def _pending_value(row: Row[Any]) -> PendingEntry:
    return PendingEntry(
        fate_key=row.fate_key,
        entry_key=row.key,
        feed_key=row.feed_key,
        feed=feed_from_json(row.spec),
        entry=entry_value(row),
        link=row.link,
        is_backfill=row.is_backfill,
        is_revision=row.is_revision,
        item_key=row.item_key,
        first_seen_at=row.first_seen_at,
    )
