"""The first transaction: what a poll found, written whole or not at all.

New and changed entries with their pending fates, the poll, its feed's new state and the validators
go together: validators saved first would lose the poll, since the next answer would be "not
modified". A poll under a lease that another process took meanwhile is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from monitor.core.urls import canonical
from monitor.core.values import Decision, ErrorCode, Fate
from monitor.ports import PollRecord, PollStatus
from store.rows import chunks, entry_columns, mark, storable
from store.tables.base import table, upsert
from store.tables.watching import EntryRow, FateRow, FeedRow, GapRow, PollRow

FEED, POLL, ENTRY, FATE = table(FeedRow), table(PollRow), table(EntryRow), table(FateRow)
GAP = table(GapRow)

# Days on which a permanent redirect pointed to the same place; three are asked for.
MOVED_DAYS_KEPT = 10

READ = (PollStatus.PARSED, PollStatus.PARSED_PARTIALLY)
WITH_BODY = (*READ, PollStatus.SAME_BODY)
OURS = (ErrorCode.NETWORK_DOWN, ErrorCode.STORAGE_ERROR)

# What `_after_poll` asks of a feed's row.
_REMEMBERED = [
    FEED.c[name]
    for name in (
        *("key", "lease_token", "failing_since", "failure_count", "newest_entry_at"),
        *("first_good_at", "moved_to", "moved_days"),
    )
]


def save(session: Session, record: PollRecord, *, is_sqlite: bool) -> bool:
    """Write everything that a poll found; False, writing nothing, when its lease was lost."""
    leased = record.leased
    record = replace(record, decisions=tuple(map(_marked, record.decisions)))
    feed = session.execute(
        select(FEED)
        .where(FEED.c.key == leased.key, FEED.c.lease_token == leased.lease_token)
        .with_for_update()
    ).one_or_none()
    if feed is None:
        return False
    session.execute(update(FEED).where(FEED.c.key == leased.key).values(_after_poll(feed, record)))
    readdressed = _readdressed(session, record)
    poll_key = _save_poll_row(session, record, len(readdressed))
    _save_decisions(session, record, poll_key, readdressed, is_sqlite=is_sqlite)
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


def save_bare(session: Session, records: Sequence[PollRecord]) -> list[bool]:
    """Write polls of different feeds that brought no entries; whether each was written.

    One statement for all of a kind: most polls find nothing new, and are as cheap as that.
    """
    feeds: dict[int, Row[Any]] = {}
    for keys in chunks(sorted(one.leased.key for one in records)):
        locked = select(*_REMEMBERED).where(FEED.c.key.in_(keys)).order_by(FEED.c.key)
        feeds |= {row.key: row for row in session.execute(locked.with_for_update())}
    polls: list[dict[str, Any]] = []
    changes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    written = []
    for record in records:
        feed = feeds.get(record.leased.key)
        is_ours = feed is not None and feed.lease_token == record.leased.lease_token
        written.append(is_ours)
        if feed is not None and is_ours:
            after = _after_poll(feed, record)
            changes.setdefault(tuple(after), []).append(after | {"of_feed": feed.key})
            polls.append(_poll_columns(record, 0))
    for names, rows in changes.items():
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        one = update(FEED).where(FEED.c.key == bindparam("of_feed")).values(values)
        session.connection().execute(one, rows)
    if polls:
        session.execute(POLL.insert(), polls)
    return written


def _readdressed(session: Session, record: PollRecord) -> set[str]:
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


def _save_poll_row(session: Session, record: PollRecord, readdressed: int) -> int:
    columns = _poll_columns(record, readdressed)
    key = session.execute(POLL.insert().returning(POLL.c.key), columns)
    return int(key.scalar_one())


def _poll_columns(record: PollRecord, readdressed: int) -> dict[str, Any]:
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
    return storable(columns)


def _save_decisions(
    session: Session,
    record: PollRecord,
    poll_key: int,
    readdressed: set[str],
    *,
    is_sqlite: bool,
) -> None:
    from store import readings  # with search and its like; most polls bring no entries

    seen_at = record.finished_at
    _touch(session, record)
    entries = _save_entries(session, record, is_sqlite=is_sqlite)
    links = [d.link for d in record.decisions if d.fate is Fate.DUPLICATE and d.link]
    items = readings.items_by_link(session, links)
    fates: list[dict[str, Any]] = []
    seen: list[readings.Seen] = []
    for decision in record.decisions:
        if decision.fate is Fate.UNCHANGED and (
            decision.twin is not None or decision.identity not in readdressed
        ):
            continue
        # A twin has no entry of its own: it has the identity of the one that it repeats.
        entry_key = entries.get(decision.identity)
        item_key = items.get(decision.link or "") if decision.fate is Fate.DUPLICATE else None
        if item_key is None and decision.known is not None:
            item_key = decision.known.item_key
        if decision.fate is Fate.DUPLICATE and item_key is not None and entry_key is not None:
            seen.append(
                readings.Seen(
                    item_key=item_key,
                    feed_key=record.leased.key,
                    entry_key=entry_key,
                    is_news=not _is_backfill(decision, record),
                )
            )
        fate = _fate(decision, poll_key, entry_key, item_key=item_key, now=seen_at)
        fates.append(fate | {"is_backfill": _is_backfill(decision, record)})
    fates += [_unreadable(poll_key, seen_at)] * record.unreadable
    readings.see(session, seen, seen_at)
    if fates:
        session.execute(FATE.insert(), fates)


def _is_backfill(decision: Decision, record: PollRecord) -> bool:
    """Say whether an entry was there before we began to watch its feed.

    All of a first poll; of the polls that take in the rest of a first flood, what is not dated
    after the first poll.
    """
    leased, published = record.leased, decision.entry.published_at
    if not (record.is_backfill and leased.in_first_flood and leased.first_good_at and published):
        return record.is_backfill
    return published <= leased.first_good_at


def _touch(session: Session, record: PollRecord) -> None:
    """Note that entries are still in the feed. They get no rows of their own in the ledger."""
    same = [d.known.key for d in record.decisions if d.fate is Fate.UNCHANGED and d.known]
    for keys in chunks(same):
        session.execute(
            update(ENTRY).where(ENTRY.c.key.in_(keys)).values(last_seen_at=record.finished_at)
        )


def _save_entries(session: Session, record: PollRecord, *, is_sqlite: bool) -> dict[str, int]:
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
            session.execute(update(ENTRY).where(ENTRY.c.key == decision.known.key).values(columns))
        else:
            columns |= {"feed_key": feed_key, "identity": decision.identity}
            fresh.setdefault(decision.identity, columns | {"first_seen_at": seen_at})
    return keys | _insert_entries(session, list(fresh.values()), is_sqlite=is_sqlite)


def _insert_entries(
    session: Session, fresh: Sequence[dict[str, Any]], *, is_sqlite: bool
) -> dict[str, int]:
    if not fresh:
        return {}
    insert = upsert(ENTRY, is_sqlite=is_sqlite)
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


def _marked(decision: Decision) -> Decision:
    """Return a decision whose addresses and identity are as they are indexed."""
    known = decision.known
    if known is not None and known.link is not None:
        known = replace(known, link=mark(known.link))
    link = None if decision.link is None else mark(decision.link)
    return replace(decision, link=link, known=known, identity=mark(decision.identity))


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
        "is_backfill": False,
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
    if record.status in WITH_BODY:
        after["last_full_at"] = at
    if record.status in READ:
        waits = any(decision.fate is Fate.OVER_LIMIT for decision in record.decisions)
        after["in_first_flood"] = record.is_backfill and waits
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
