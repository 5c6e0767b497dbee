"""Immediate mails: which items a subscriber could be alerted to, and which were.

An item is considered once for each subscriber; the row says whether a mail told it, or why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, func, select

from monitor.core.alerting import Left
from monitor.core.telling import Message, MessageKind, Subscriber
from monitor.core.values import Band, Item
from store.items import items_by_key
from store.outbox import add_message
from store.profiles import reaches
from store.session import Database
from store.tables.base import table
from store.tables.telling import AlertRow, OutboxRow
from store.tables.watching import ItemRow

ALERT, OUTBOX, ITEM = table(AlertRow), table(OutboxRow), table(ItemRow)
_MOST = 500


class Alerts:
    """Queries about immediate mails. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def candidates(self, subscriber: Subscriber, *, since: datetime) -> list[Item]:
        """Return items of the band `alert` first seen since then, not considered yet, in order."""
        considered = exists().where(
            ALERT.c.subscriber_key == subscriber.key, ALERT.c.item_key == ITEM.c.key
        )
        query = (
            select(ITEM.c.key)
            .where(
                reaches(subscriber.topics, (Band.ALERT,)),
                ITEM.c.first_seen_at >= max(since, subscriber.since),
                ITEM.c.is_backfill.is_(False),
                ITEM.c.tlp.in_(subscriber.clearance.within),
                ~considered,
            )
            .order_by(ITEM.c.score.desc(), ITEM.c.key)
            .limit(_MOST)
        )
        with self._database.reading() as session:
            return items_by_key(session, list(session.execute(query).scalars()))

    def sent(self, subscriber: Subscriber, *, since: datetime) -> list[datetime]:
        """Return when alerts were made for a subscriber."""
        query = select(OUTBOX.c.created_at).where(
            OUTBOX.c.subscriber_key == subscriber.key,
            OUTBOX.c.kind == MessageKind.ALERT.value,
            OUTBOX.c.created_at >= since,
        )
        with self._database.reading() as session:
            return list(session.execute(query).scalars())

    def told_titles(self, subscriber: Subscriber, *, since: datetime) -> list[str]:
        """Return the titles that alerts of this time told a subscriber."""
        query = (
            select(ITEM.c.title)
            .join(ALERT, ALERT.c.item_key == ITEM.c.key)
            .where(
                ALERT.c.subscriber_key == subscriber.key,
                ALERT.c.considered_at >= since,
                ALERT.c.outbox_key.is_not(None),
            )
        )
        with self._database.reading() as session:
            return list(session.execute(query).scalars())

    def save(
        self,
        subscriber: Subscriber,
        *,
        message: Message | None,
        mailed: tuple[int, ...],
        left: Mapping[int, Left],
        now: datetime,
    ) -> bool:
        """Write what became of the items, and the message, together.

        Return False, writing nothing, when another process considered one of them first.
        """
        keys = [*mailed, *left]
        with self._database.writing() as session:
            known = session.execute(
                select(func.count())
                .select_from(ALERT)
                .where(ALERT.c.subscriber_key == subscriber.key, ALERT.c.item_key.in_(keys))
            ).scalar_one()
            if known:
                return False
            outbox_key = (
                add_message(session, message, now=now, subscriber_key=subscriber.key)
                if message is not None
                else None
            )
            rows = [
                {
                    "subscriber_key": subscriber.key,
                    "item_key": key,
                    "considered_at": now,
                    "outbox_key": outbox_key if key in mailed else None,
                    "reason": left[key].value if key in left else "",
                }
                for key in keys
            ]
            if rows:
                session.execute(ALERT.insert(), rows)
        return True
