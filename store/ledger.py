"""The fate ledger as people ask it: why is it here or not, does it add up, what was watched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlmodel import Session

from monitor.core.reports import (
    Discrepancy,
    FateLine,
    FateReport,
    FeedCoverage,
    LedgerTotals,
    OverdueEntry,
)
from monitor.core.urls import canonical
from monitor.core.values import Band, ErrorCode, Fate, FeedState, Item
from monitor.ports import PollStatus
from store.feeds import gaps_found
from store.items import item_revisions, item_sightings, items_by_key
from store.rows import chunks, feed_from_json, mark, may_be_key
from store.session import Database
from store.tables.base import table
from store.tables.watching import EntryRow, FateRow, FeedRow, ItemRow, PollRow, is_pending
from store.verdicts import item_verdicts

FEED, POLL, ENTRY, FATE = table(FeedRow), table(PollRow), table(EntryRow), table(FateRow)
ITEM = table(ItemRow)

# Past this a pending fate is reported (DESIGN: every entry reaches a final fate within a day).
OVERDUE_AFTER = timedelta(hours=24)


class Ledger:
    """Questions to the fate ledger. Nothing here writes."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def why(self, asked: str | int) -> FateReport:
        """Return all that is known about an address, a guid, or the key of an item."""
        text = mark(str(asked).strip())
        address = canonical(str(asked).strip())
        link = None if address is None else mark(address)
        with self._database.reading() as session:
            item = None
            if text.isascii() and text.isdigit() and may_be_key(int(text[:12])):
                item = next(iter(items_by_key(session, [int(text)])), None)
            entries = _entries(session, text, link, item)
            if item is None:
                # Any of its entries leads to the item, whatever address was asked for.
                keys = [item_key for item_key in entries.values() if item_key is not None]
                item = next(iter(items_by_key(session, keys[:1])), None)
                entries |= _entries(session, text, link, item)
            return FateReport(
                asked=text,
                link=link,
                lines=tuple(_lines(session, list(entries), link)),
                item=item,
                revisions=item_revisions(session, item.key) if item else (),
                sightings=item_sightings(session, item.key) if item else (),
                verdicts=item_verdicts(session, item.key) if item else (),
            )

    def discrepancies(self) -> list[Discrepancy]:
        """Return the polls whose entries do not add up: always an empty list, or we have a bug."""
        fates = (
            select(FATE.c.poll_key, func.count().label("fates"))
            .group_by(FATE.c.poll_key)
            .subquery()
        )
        accounted = POLL.c.unchanged_count + func.coalesce(fates.c.fates, 0)
        query = (
            select(POLL.c.key, FEED.c.id, POLL.c.finished_at, POLL.c.entries_seen, accounted)
            .join(FEED, FEED.c.key == POLL.c.feed_key)
            .join(fates, fates.c.poll_key == POLL.c.key, isouter=True)
            .where(POLL.c.entries_seen != accounted)
            .order_by(POLL.c.key)
        )
        with self._database.reading() as session:
            return [
                Discrepancy(
                    poll_key=key,
                    feed_id=feed_id,
                    finished_at=finished_at,
                    entries_seen=seen,
                    accounted=total,
                )
                for key, feed_id, finished_at, seen, total in session.execute(query)
            ]

    def overdue(self, now: datetime, *, after: timedelta = OVERDUE_AFTER) -> list[OverdueEntry]:
        """Return the entries whose fate is still open after that time, oldest first."""
        query = (
            select(FATE.c.key, FEED.c.id, ENTRY.c.title, ENTRY.c.raw_link, FATE.c.decided_at)
            .join(ENTRY, ENTRY.c.key == FATE.c.entry_key)
            .join(FEED, FEED.c.key == ENTRY.c.feed_key)
            .where(is_pending(FATE), FATE.c.decided_at <= now - after)
            .order_by(FATE.c.decided_at, FATE.c.key)
        )
        with self._database.reading() as session:
            return [
                OverdueEntry(fate_key=key, feed_id=feed_id, title=title, link=link, since=since)
                for key, feed_id, title, link, since in session.execute(query)
            ]

    def totals(self, since: datetime, until: datetime) -> LedgerTotals:
        """Return what was watched from `since` (inclusive) to `until` (exclusive)."""
        with self._database.reading() as session:
            feeds = _coverage(session, since, until)
            polls = session.execute(
                select(
                    func.count(),
                    func.count().filter(POLL.c.status == PollStatus.REJECTED.value),
                    func.coalesce(func.sum(POLL.c.entries_seen), 0),
                    func.coalesce(func.sum(POLL.c.unchanged_count), 0),
                ).where(_within(POLL.c.finished_at, since, until))
            ).one()
            return LedgerTotals(
                since=since,
                until=until,
                feed_count=len(feeds),
                watched_count=sum(feed.good > 0 for feed in feeds),
                poll_count=polls[0],
                failed_poll_count=polls[1],
                entries_seen=int(polls[2]),
                fates=_fates(session, since, until, unchanged=int(polls[3])),
                items=_items(session, since, until),
                feeds=tuple(feeds),
                gaps=tuple(gaps_found(session, since, until)),
            )


def _within(column: Any, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column >= since, column < until)


def _entries(
    session: Session, text: str, link: str | None, item: Item | None
) -> dict[int, int | None]:
    """Return the keys of the entries that are meant, each with the key of its item."""
    # A guid may be a number or an address as well.
    meant = [ENTRY.c.guid == text]
    if link is not None:
        also = select(FATE.c.entry_key).where(FATE.c.link == link, FATE.c.entry_key.is_not(None))
        meant += [ENTRY.c.link == link, ENTRY.c.key.in_(also)]
    if item is not None:
        meant.append(ENTRY.c.item_key == item.key)
    query = select(ENTRY.c.key, ENTRY.c.item_key).where(or_(*meant)).order_by(ENTRY.c.key)
    return {row.key: row.item_key for row in session.execute(query)}


def _lines(session: Session, entry_keys: list[int], link: str | None) -> list[FateLine]:
    """Return what became of entries, oldest first, and of those that were not remembered."""
    query = (
        select(
            FATE,
            FEED.c.id.label("feed_id"),
            FEED.c.spec,
            POLL.c.finished_at,
            ENTRY.c.title.label("entry_title"),
            ENTRY.c.raw_link,
            ENTRY.c.last_seen_at,
            ENTRY.c.item_key.label("entry_item_key"),
        )
        .join(POLL, POLL.c.key == FATE.c.poll_key)
        .join(FEED, FEED.c.key == POLL.c.feed_key)
        .join(ENTRY, ENTRY.c.key == FATE.c.entry_key, isouter=True)
    )
    found = [
        row
        for keys in chunks(entry_keys)
        for row in session.execute(query.where(FATE.c.entry_key.in_(keys)))
    ]
    if link is not None:
        found += session.execute(query.where(FATE.c.entry_key.is_(None), FATE.c.link == link))
    return [_line(row) for row in sorted(found, key=lambda row: (row.finished_at, row.key))]


def _line(row: Row[Any]) -> FateLine:
    return FateLine(
        feed_id=row.feed_id,
        feed_title=row.spec["title"],
        polled_at=row.finished_at,
        fate=Fate(row.fate),
        reason=row.reason,
        title=row.title or row.entry_title,
        link=row.link or row.raw_link,
        decided_at=row.decided_at,
        # A twin within one poll learns its item only through the entry that it repeats.
        item_key=row.item_key if row.item_key is not None else row.entry_item_key,
        last_seen_at=row.last_seen_at,
    )


def _fates(
    session: Session, since: datetime, until: datetime, *, unchanged: int
) -> dict[Fate, int]:
    query = (
        select(FATE.c.fate, func.count())
        .join(POLL, POLL.c.key == FATE.c.poll_key)
        .where(_within(POLL.c.finished_at, since, until))
        .group_by(FATE.c.fate)
    )
    found = {Fate(fate): count for fate, count in session.execute(query)}
    counts = {fate: found.get(fate, 0) for fate in Fate}
    counts[Fate.UNCHANGED] += unchanged
    return counts


def _items(session: Session, since: datetime, until: datetime) -> dict[Band, int]:
    query = (
        select(ITEM.c.peak_band, func.count())
        .where(_within(ITEM.c.first_seen_at, since, until), ITEM.c.is_backfill.is_(False))
        .group_by(ITEM.c.peak_band)
    )
    found = {Band(band): count for band, count in session.execute(query)}
    return {band: found.get(band, 0) for band in Band}


def _coverage(session: Session, since: datetime, until: datetime) -> list[FeedCoverage]:
    """Return the enabled feeds: those without a good poll first, then by failures, then by id."""
    failed = func.count().filter(POLL.c.status == PollStatus.REJECTED.value)
    polled = (
        select(
            POLL.c.feed_key,
            func.count().label("polls"),
            failed.label("failed"),
            func.sum(POLL.c.entries_seen).label("seen"),
        )
        .where(_within(POLL.c.finished_at, since, until))
        .group_by(POLL.c.feed_key)
        .subquery()
    )
    query = (
        select(FEED, polled.c.polls, polled.c.failed, polled.c.seen)
        .join(polled, polled.c.feed_key == FEED.c.key, isouter=True)
        .where(FEED.c.enabled)
    )
    feeds = [_feed_coverage(row) for row in session.execute(query)]
    return sorted(feeds, key=lambda feed: (feed.good > 0, -feed.failed, feed.feed.id))


def _feed_coverage(row: Row[Any]) -> FeedCoverage:
    polls, failed = row.polls or 0, row.failed or 0
    return FeedCoverage(
        feed=feed_from_json(row.spec),
        state=FeedState(row.state),
        good=polls - failed,
        failed=failed,
        entries_seen=int(row.seen or 0),
        last_error=ErrorCode(row.last_error) if row.last_error else None,
        last_http_status=row.last_http_status,
        last_good_at=row.last_good_at,
        failing_since=row.failing_since,
    )
