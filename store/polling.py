"""Leases feeds and entries, and writes what a poll and a reading found: the fate ledger's writers.

Implements `monitor.ports.PollStore`. `save_poll` is the first transaction: entries, pending fates,
the poll and its validators together, or nothing when the lease was lost. `save_read` (in
`readings`) is the second. A process that dies between them leaves pending fates whose lease runs
out, no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from monitor.core.urls import canonical
from monitor.core.values import (
    Decision,
    ErrorCode,
    Fate,
    FeedForPoll,
    KnownEntry,
    PendingEntry,
    ReadEntry,
)
from monitor.ports import PollRecord, PollStatus
from store import readings
from store.rows import (
    chunks,
    entry_columns,
    entry_value,
    feed_for_poll,
    feed_from_json,
    mark,
    storable,
)
from store.session import Database
from store.tables.base import table
from store.tables.watching import (
    EntryRow,
    FateRow,
    FeedRow,
    GapRow,
    ItemRow,
    PollRow,
)

FEED, POLL, ENTRY, FATE = table(FeedRow), table(PollRow), table(EntryRow), table(FateRow)
ITEM, GAP = table(ItemRow), table(GapRow)

# A lease or a due time further off than these was written under a clock that was wrong. Without
# this, one start with the clock a year ahead would silence every feed for a year.
LEASE_SLACK = timedelta(hours=1)
FARTHEST_DUE = timedelta(days=32)

OURS = (ErrorCode.NETWORK_DOWN, ErrorCode.STORAGE_ERROR)

# Days on which a permanent redirect pointed to the same place; three are asked for.
MOVED_DAYS_KEPT = 10


class Polling:
    """What polling needs from the store. Each writing method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

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
        with self._database.reading() as session:
            return readings.items_by_link(session, links)

    # ------------------------------------------------------------ the first transaction

    def save_poll(self, record: PollRecord) -> bool:
        """Write entries, fates, the poll and its validators together.

        Return False, writing nothing, when the lease was lost to another process meanwhile.
        """
        leased = record.leased
        record = replace(record, decisions=tuple(map(_marked, record.decisions)))
        with self._database.writing() as session:
            feed = session.execute(
                select(FEED)
                .where(FEED.c.key == leased.key, FEED.c.lease_token == leased.lease_token)
                .with_for_update()
            ).one_or_none()
            if feed is None:
                return False
            session.execute(
                update(FEED).where(FEED.c.key == leased.key).values(_after_poll(feed, record))
            )
            readdressed = self._readdressed(session, record)
            poll_key = self._save_poll_row(session, record, len(readdressed))
            self._save_decisions(session, record, poll_key, readdressed)
            if record.gap is not None:
                session.execute(
                    GAP.insert().values(
                        feed_key=leased.key,
                        poll_key=poll_key,
                        since=record.gap.since,
                        until=record.gap.until,
                        estimate=record.gap.estimate,
                        found_at=record.finished_at,
                    )
                )
        return True

    def _readdressed(self, session: Session, record: PollRecord) -> set[str]:
        """Return the identities of unchanged entries that came back under a new address.

        They get a row in the ledger, once for each address, so that `why` knows them all.
        """
        came = {
            (d.known.key, d.link): d.identity
            for d in record.decisions
            if d.fate is Fate.UNCHANGED and d.twin is None
            if d.known is not None and d.link is not None and d.link != d.known.link
        }
        if not came:
            return set()
        told: set[tuple[int, str]] = set()
        for keys in chunks(key for key, _link in came):
            rows = session.execute(
                select(FATE.c.entry_key, FATE.c.link).where(FATE.c.entry_key.in_(keys)).distinct()
            )
            told |= {(row.entry_key, row.link) for row in rows}
        return {identity for address, identity in came.items() if address not in told}

    def _save_poll_row(self, session: Session, record: PollRecord, readdressed: int) -> int:
        fates = [decision.fate for decision in record.decisions]
        columns = {
            "feed_key": record.leased.key,
            "started_at": record.started_at,
            "finished_at": record.finished_at,
            "status": record.status.value,
            "error": record.error.value if record.error else None,
            "detail": record.detail,
            "http_status": record.http_status,
            "body_size": record.body_size,
            "format": record.format,
            "notes": list(record.notes),
            "entries_seen": len(fates) + record.unreadable,
            "unchanged_count": fates.count(Fate.UNCHANGED) - readdressed,
            "pending_count": fates.count(Fate.PENDING),
            "is_backfill": record.is_backfill,
        }
        key = session.execute(POLL.insert().returning(POLL.c.key), storable(columns))
        return int(key.scalar_one())

    def _save_decisions(
        self, session: Session, record: PollRecord, poll_key: int, readdressed: set[str]
    ) -> None:
        seen_at = record.finished_at
        self._touch(session, record)
        entries = self._save_entries(session, record)
        links = [d.link for d in record.decisions if d.fate is Fate.DUPLICATE and d.link]
        items = readings.items_by_link(session, links)
        # A twin has no entry of its own: it is the entry that it repeats.
        identities = {d.entry.position: d.identity for d in record.decisions if d.twin is None}
        fates: list[dict[str, Any]] = []
        seen: list[readings.Seen] = []
        for decision in record.decisions:
            identity = decision.identity
            if decision.fate is Fate.UNCHANGED and (
                decision.twin is not None or identity not in readdressed
            ):
                continue
            if decision.twin is not None:
                identity = identities.get(decision.twin, identity)
            entry_key = entries.get(identity)
            item_key = items.get(decision.link or "") if decision.fate is Fate.DUPLICATE else None
            if item_key is None and decision.known is not None:
                item_key = decision.known.item_key
            if decision.fate is Fate.DUPLICATE and item_key is not None and entry_key is not None:
                seen.append(
                    readings.Seen(
                        item_key=item_key,
                        feed_key=record.leased.key,
                        entry_key=entry_key,
                        is_news=not record.is_backfill,
                    )
                )
            fates.append(_fate(decision, poll_key, entry_key, item_key=item_key, now=seen_at))
        fates += [_unreadable(poll_key, seen_at)] * record.unreadable
        readings.see(session, seen, seen_at)
        if fates:
            session.execute(FATE.insert(), fates)

    def _touch(self, session: Session, record: PollRecord) -> None:
        """Note that entries are still in the feed. They get no rows of their own in the ledger."""
        same = [d.known.key for d in record.decisions if d.fate is Fate.UNCHANGED and d.known]
        for keys in chunks(same):
            session.execute(
                update(ENTRY).where(ENTRY.c.key.in_(keys)).values(last_seen_at=record.finished_at)
            )

    def _save_entries(self, session: Session, record: PollRecord) -> dict[str, int]:
        """Insert new entries and bring changed ones up to date; return keys by identity."""
        feed_key, seen_at = record.leased.key, record.finished_at
        keys = {d.identity: d.known.key for d in record.decisions if d.known is not None}
        fresh: dict[str, dict[str, Any]] = {}
        for decision in record.decisions:
            # Over the limit: it must be new again at the next poll, so it is not remembered.
            if decision.fate in (Fate.UNCHANGED, Fate.OVER_LIMIT) or decision.twin is not None:
                continue
            columns = entry_columns(decision.entry) | {
                "link": decision.link,
                "content_hash": decision.content_hash,
                "last_seen_at": seen_at,
            }
            if decision.known is not None:
                # Its identity stays: that is how it was first known here.
                columns["link"] = decision.link or decision.known.link
                columns["guid"] = decision.entry.guid or decision.known.guid
                session.execute(
                    update(ENTRY).where(ENTRY.c.key == decision.known.key).values(columns)
                )
            else:
                columns |= {"feed_key": feed_key, "identity": decision.identity}
                fresh.setdefault(decision.identity, columns | {"first_seen_at": seen_at})
        return keys | self._insert_entries(session, list(fresh.values()))

    def _insert_entries(self, session: Session, fresh: list[dict[str, Any]]) -> dict[str, int]:
        if not fresh:
            return {}
        insert = (sqlite if self._database.is_sqlite else postgresql).insert(ENTRY)
        # An entry that is there already, though the decision did not know it, is brought up to
        # date.
        updated = {
            name: insert.excluded[name]
            for name in fresh[0]
            if name not in ("feed_key", "identity", "first_seen_at")
        }
        statement = insert.on_conflict_do_update(
            index_elements=["feed_key", "identity"], set_=updated
        ).returning(ENTRY.c.identity, ENTRY.c.key)
        return {row.identity: row.key for row in session.execute(statement, fresh)}

    # ------------------------------------------------------------ pending entries

    def lease_pending(
        self, now: datetime, *, owner: str, limit: int, lease_for: timedelta
    ) -> list[PendingEntry]:
        """Lease entries whose fate is still pending, oldest first."""
        due = (
            select(FATE.c.key)
            .where(FATE.c.fate == Fate.PENDING.value, _is_free(FATE, now, lease_for))
            .order_by(FATE.c.key)
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


# ---------------------------------------------------------------- rows from decisions


def _is_free(rows: Any, now: datetime, lease_for: timedelta) -> Any:
    """Return the condition that nobody holds a lease which could be true."""
    until = rows.c.lease_until
    return or_(until.is_(None), until <= now, until > now + lease_for + LEASE_SLACK)


def _marked(decision: Decision) -> Decision:
    """Return a decision whose addresses and identity are as they are indexed."""
    known = decision.known
    if known is not None and known.link is not None:
        known = replace(known, link=mark(known.link))
    link = None if decision.link is None else mark(decision.link)
    return replace(decision, link=link, known=known, identity=mark(decision.identity))


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


def _fate(
    decision: Decision, poll_key: int, entry_key: int | None, *, item_key: int | None, now: datetime
) -> dict[str, Any]:
    has_entry = entry_key is not None and decision.twin is None
    link = decision.link or canonical(decision.entry.link)
    columns = {
        "poll_key": poll_key,
        "entry_key": entry_key,
        "item_key": item_key,
        "fate": decision.fate.value,
        "reason": decision.reason,
        "title": "" if has_entry else decision.entry.title,
        # A link that the decision does not stand on is still an address to be asked for.
        "link": None if link is None else mark(link),
        "is_revision": decision.fate is Fate.PENDING and decision.known is not None,
        "decided_at": now,
    }
    return storable(columns)


def _unreadable(poll_key: int, now: datetime) -> dict[str, Any]:
    return {
        "poll_key": poll_key,
        "entry_key": None,
        "item_key": None,
        "fate": Fate.UNREADABLE.value,
        "reason": "",
        "title": "",
        "link": None,
        "is_revision": False,
        "decided_at": now,
    }


def _after_poll(feed: Row[Any], record: PollRecord) -> dict[str, Any]:
    """Return what a poll changes in its feed's row. The lease ends with it."""
    at = record.finished_at
    is_good = record.status is not PollStatus.REJECTED
    after: dict[str, Any] = {
        "state": record.state.value,
        "due_at": record.next_due_at,
        "lease_owner": None,
        "lease_until": None,
        "lease_token": None,
        "last_polled_at": at,
        "last_status": record.status.value,
        "last_error": record.error.value if record.error else None,
        "last_detail": record.detail,
        "last_http_status": record.http_status,
        "failing_since": None if is_good else feed.failing_since or record.started_at,
        # A network of ours that is down says nothing about the feed.
        "failure_count": 0 if is_good else feed.failure_count + (record.error not in OURS),
        "newest_entry_at": _newest(feed.newest_entry_at, record),
    }
    if is_good:
        after |= {
            "first_good_at": feed.first_good_at or at,
            "last_good_at": at,
            "interval": (record.next_due_at - at).total_seconds(),
        }
        after |= _moved(feed, record.moved_to, at)
    if record.feed_title:
        after["found_title"] = record.feed_title
    if record.validators is not None:
        after |= {
            "etag": record.validators.etag,
            "last_modified": record.validators.last_modified,
            "body_hash": record.validators.body_hash,
        }
    return storable(after)


def _newest(before: datetime | None, record: PollRecord) -> datetime | None:
    """Return the newest believable date that any entry of the feed ever carried."""
    dates = [
        decision.entry.published_at
        for decision in record.decisions
        if decision.entry.published_at and decision.entry.published_at <= record.finished_at
    ]
    return max([*dates, *([before] if before else [])], default=None)


def _moved(feed: Row[Any], moved_to: str | None, at: datetime) -> dict[str, Any]:
    """Return where permanent redirects point, and on which days they did."""
    if moved_to is None:
        return {"moved_to": None, "moved_days": []}
    days = list(feed.moved_days) if moved_to == feed.moved_to else []
    today = at.date().isoformat()
    if today not in days:
        days.append(today)
    return {"moved_to": moved_to, "moved_days": days[-MOVED_DAYS_KEPT:]}


# ---------------------------------------------------------------- pending entries


def _pending(fate_keys: Sequence[int]) -> Select[Any]:
    """Return the query for pending entries with all that reading and scoring need."""
    return (
        select(
            ENTRY,
            FATE.c.key.label("fate_key"),
            FATE.c.is_revision,
            FEED.c.spec,
            POLL.c.is_backfill,
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
