"""What each feed is worth: what it brought, how much of it was accepted, how often it was first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, case, cast, func, select
from sqlmodel import Session

from monitor.core.scorecards import FeedCard, Telling, leads
from monitor.core.values import Band, ItemState
from store.session import Database
from store.tables.base import table
from store.tables.desk import EffortRow, ReprintRow
from store.tables.watching import GapRow, ItemRow, SightingRow

ITEM, SIGHTING, GAP = table(ItemRow), table(SightingRow), table(GapRow)
EFFORT, REPRINT = table(EffortRow), table(ReprintRow)

ACCEPTED = (ItemState.RELEVANT.value, ItemState.ESCALATED.value)
DECIDED = (*ACCEPTED, ItemState.IRRELEVANT.value)


class Scorecards:
    """Queries about what feeds are worth."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def list(self, since: datetime) -> dict[int, FeedCard]:
        """Return a card for each feed that showed, cost or missed anything since then, by key.

        Items count for the feed that showed them first; backfill is left out.
        """
        with self._database.reading() as session:
            brought = {row.feed_key: row for row in session.execute(_brought(since))}
            led = leads(_tellings(session, since))
            seconds = {row[0]: row[1] for row in session.execute(_seconds(since))}
            gaps = {row[0]: row[1] for row in session.execute(_gaps(since))}
        cards = {}
        for key in {*brought, *led, *seconds, *gaps} - {0}:
            row, lead = brought.get(key), led.get(key)
            cards[key] = FeedCard(
                item_count=row.items if row else 0,
                shown_count=row.shown if row else 0,
                decided_count=row.decided if row else 0,
                accepted_count=row.accepted if row else 0,
                shared_count=lead.shared if lead else 0,
                first_count=lead.first if lead else 0,
                lead=lead.median if lead else None,
                seconds=int(seconds.get(key, 0)),
                gap_count=int(gaps.get(key, 0)),
            )
        return cards


def _brought(since: datetime) -> Any:
    def counted(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    return (
        select(
            ITEM.c.feed_key,
            func.count().label("items"),
            counted(ITEM.c.peak_band != Band.REJECT.value).label("shown"),
            counted(ITEM.c.state.in_(DECIDED)).label("decided"),
            counted(ITEM.c.state.in_(ACCEPTED)).label("accepted"),
        )
        .where(ITEM.c.first_seen_at >= since, ~ITEM.c.is_backfill)
        .group_by(ITEM.c.feed_key)
    )


def _tellings(session: Session, since: datetime) -> list[Telling]:
    """Return who told the reports that several feeds told, and when each of them first did."""
    report = func.coalesce(REPRINT.c.mark, cast(SIGHTING.c.item_key, String))
    told = (
        select(
            report.label("report"),
            SIGHTING.c.feed_key.label("feed_key"),
            func.min(SIGHTING.c.seen_at).label("at"),
        )
        .join(ITEM, ITEM.c.key == SIGHTING.c.item_key)
        .outerjoin(REPRINT, REPRINT.c.item_key == SIGHTING.c.item_key)
        .where(
            ITEM.c.first_seen_at >= since,
            ~ITEM.c.is_backfill,
            ITEM.c.peak_band != Band.REJECT.value,
        )
        .group_by(report, SIGHTING.c.feed_key)
        .cte("told")
    )
    several = select(told.c.report).group_by(told.c.report).having(func.count() > 1)
    query = select(told).where(told.c.report.in_(several))
    return [
        Telling(report=row.report, feed_key=row.feed_key, at=row.at)
        for row in session.execute(query)
    ]


def _seconds(since: datetime) -> Any:
    return (
        select(EFFORT.c.feed_key, func.sum(EFFORT.c.seconds))
        .where(EFFORT.c.day >= f"{since:%Y-%m-%d}")
        .group_by(EFFORT.c.feed_key)
    )


def _gaps(since: datetime) -> Any:
    return (
        select(GAP.c.feed_key, func.count()).where(GAP.c.found_at >= since).group_by(GAP.c.feed_key)
    )
