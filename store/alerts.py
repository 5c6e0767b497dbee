"""Immediate mails: which items a subscriber could be alerted to, and which were.

An item is considered once for each subscriber; the row says whether a mail told it, or why not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import exists, func, or_, select

from monitor.core.alerting import Left
from monitor.core.telling import Message, MessageKind, OutboxState, Place, Subscriber
from monitor.core.values import Band, Item
from store.items import items_by_key
from store.outbox import add_message
from store.profiles import reaches
from store.session import Database
from store.tables.base import table
from store.tables.telling import AlertRow, OutboxRow, PlaceRow
from store.tables.watching import ItemRow

ALERT, OUTBOX, ITEM = table(AlertRow), table(OutboxRow), table(ItemRow)
PLACE = table(PlaceRow)
_MOST = 500
_TOLD = (Place.FULL.value, Place.HEADLINE.value, Place.ALSO.value)
_ON_ITS_WAY = (
    OutboxState.SENT.value,
    OutboxState.MAYBE_DELIVERED.value,
    OutboxState.WAITING.value,
    OutboxState.SENDING.value,
)


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

    def told_in(self, subscriber: Subscriber, item_keys: Collection[int]) -> str | None:
        """Return the Message-ID of the last mail that told a subscriber one of these items."""
        digests = select(PLACE.c.digest_key).where(
            PLACE.c.subscriber_key == subscriber.key,
            PLACE.c.item_key.in_(item_keys),
            PLACE.c.place.in_(_TOLD),
        )
        alerts = select(ALERT.c.outbox_key).where(
            ALERT.c.subscriber_key == subscriber.key, ALERT.c.item_key.in_(item_keys)
        )
        query = (
            select(OUTBOX.c.message_id)
            .where(
                OUTBOX.c.subscriber_key == subscriber.key,
                OUTBOX.c.state.in_(_ON_ITS_WAY),
                or_(OUTBOX.c.digest_key.in_(digests), OUTBOX.c.key.in_(alerts)),
            )
            .order_by(OUTBOX.c.key.desc())
            .limit(1)
        )
        with self._database.reading() as session:
            return session.execute(query).scalar_one_or_none()

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
