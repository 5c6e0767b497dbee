"""Who is told: reading and changing subscribers. Rows become values here, and nowhere else."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, Table, case, delete, func, or_, select, update
from sqlmodel import Session

from monitor.core.editing import SubscriberLine
from monitor.core.telling import OutboxState, QuietPolicy, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.values import Band
from monitor.core.windows import Schedule
from store.session import Database
from store.tables.base import table
from store.tables.reviewing import NoticeRow
from store.tables.subscribing import SignupRow
from store.tables.telling import (
    AlertRow,
    DigestRow,
    OutboxRow,
    PlaceRow,
    ReceivedRow,
    SubscriberRow,
)

SUBSCRIBER, NOTICE, SIGNUP = table(SubscriberRow), table(NoticeRow), table(SignupRow)
DIGEST, OUTBOX, RECEIVED = table(DigestRow), table(OutboxRow), table(ReceivedRow)
_OPEN = [OutboxState.WAITING, OutboxState.SENDING, OutboxState.MAYBE_DELIVERED, OutboxState.HELD]


class Subscribers:
    """Queries about subscribers. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def add(self, subscriber: Subscriber) -> Subscriber | None:
        """Add a subscriber (its `key` is not looked at); None when the address is there already.

        The address must have passed `monitor.core.addresses.mail_address`.
        """
        with self._database.writing() as session:
            return added(session, subscriber)

    def import_all(self, subscribers: Iterable[Subscriber]) -> list[Subscriber]:
        """Add those whose address is new, all or none; return the added ones."""
        with self._database.writing() as session:
            found = [added(session, wanted) for wanted in subscribers]
        return [one for one in found if one is not None]

    def update(self, subscriber: Subscriber) -> bool:
        """Write what is wanted now; False when there is no such subscriber."""
        with self._database.writing() as session:
            changed = session.execute(
                update(SUBSCRIBER)
                .where(SUBSCRIBER.c.key == subscriber.key)
                .values(columns_of(subscriber))
                .returning(SUBSCRIBER.c.key)
            )
            return changed.first() is not None

    def change(self, before: Subscriber, after: Subscriber) -> bool:
        """Write what differs between the two, and nothing else; False: no such subscriber.

        What another hand changed meanwhile, and what a refusal counted, stays.
        """
        old, new = columns_of(before), columns_of(after)
        columns = {name: value for name, value in new.items() if value != old[name]}
        return self._set(after.key, **columns) if columns else True

    def get(self, key: int) -> Subscriber | None:
        """Return one subscriber."""
        with self._database.reading() as session:
            row = session.execute(select(SUBSCRIBER).where(SUBSCRIBER.c.key == key)).one_or_none()
            return None if row is None else subscriber_of(row)

    def by_address(self, address: str) -> Subscriber | None:
        """Return the subscriber with an address."""
        query = select(SUBSCRIBER).where(SUBSCRIBER.c.address == address)
        with self._database.reading() as session:
            row = session.execute(query).one_or_none()
            return None if row is None else subscriber_of(row)

    def active(self, now: datetime) -> list[Subscriber]:
        """Return the subscribers who get mail now: active and not paused."""
        query = select(SUBSCRIBER).where(
            SUBSCRIBER.c.is_active.is_(True),
            or_(SUBSCRIBER.c.paused_until.is_(None), SUBSCRIBER.c.paused_until <= now),
        )
        with self._database.reading() as session:
            return [subscriber_of(row) for row in session.execute(query.order_by(SUBSCRIBER.c.key))]

    def pause(self, key: int, until: datetime | None) -> bool:
        """Send nothing until then; None ends a pause. What happened meanwhile is made up for."""
        return self._set(key, paused_until=until)

    def remove(self, key: int) -> bool:
        """Send nothing any more; what was sent stays on record."""
        return self._set(key, is_active=False)

    def restore(self, key: int, now: datetime) -> bool:
        """Send again, from now on; refusals of the past are forgotten."""
        return self._set(key, is_active=True, paused_until=None, bounce_count=0, since=now)

    def erase(self, key: int) -> bool:
        """Delete the subscriber, the address and all that was ever made for them."""
        with self._database.writing() as session:
            for kept in (AlertRow, ReceivedRow, OutboxRow, PlaceRow, DigestRow):
                rows = table(kept)
                session.execute(delete(rows).where(rows.c.subscriber_key == key))
            session.execute(delete(NOTICE).where(NOTICE.c.subject == f"subscriber:{key}"))
            known = select(SUBSCRIBER.c.address).where(SUBSCRIBER.c.key == key)
            address = known.scalar_subquery()
            to_them = select(OUTBOX.c.key).where(OUTBOX.c.recipient == address)
            session.execute(delete(RECEIVED).where(RECEIVED.c.outbox_key.in_(to_them)))
            session.execute(delete(OUTBOX).where(OUTBOX.c.recipient == address))
            session.execute(delete(SIGNUP).where(SIGNUP.c.address == address))
            gone = session.execute(
                delete(SUBSCRIBER).where(SUBSCRIBER.c.key == key).returning(SUBSCRIBER.c.key)
            )
            return gone.first() is not None

    def bounced(self, key: int, *, limit: int) -> bool:
        """Count a refusal for good; return True when it was the one that switched the mails off."""
        with self._database.writing() as session:
            count = session.execute(
                update(SUBSCRIBER)
                .where(SUBSCRIBER.c.key == key, SUBSCRIBER.c.is_active.is_(True))
                .values(bounce_count=SUBSCRIBER.c.bounce_count + 1)
                .returning(SUBSCRIBER.c.bounce_count)
            ).scalar_one_or_none()
            if count is None or count < limit:
                return False
            session.execute(
                update(SUBSCRIBER).where(SUBSCRIBER.c.key == key).values(is_active=False)
            )
            return True

    def accepted(self, key: int) -> None:
        """Forget earlier refusals: the address takes mail."""
        with self._database.writing() as session:
            session.execute(
                update(SUBSCRIBER)
                .where(SUBSCRIBER.c.key == key, SUBSCRIBER.c.bounce_count > 0)
                .values(bounce_count=0)
            )

    def _set(self, key: int, **columns: Any) -> bool:
        with self._database.writing() as session:
            changed = session.execute(
                update(SUBSCRIBER)
                .where(SUBSCRIBER.c.key == key)
                .values(columns)
                .returning(SUBSCRIBER.c.key)
            )
            return changed.first() is not None

    def list(self) -> list[Subscriber]:
        """Return all subscribers, by address."""
        with self._database.reading() as session:
            rows = session.execute(select(SUBSCRIBER).order_by(SUBSCRIBER.c.address))
            return [subscriber_of(row) for row in rows]

    def lines(self, *, key: int | None = None) -> builtins.list[SubscriberLine]:
        """Return subscribers with how their mails went, by address; one when its key is given."""
        newest = _newest(DIGEST, DIGEST.c.subscriber_key)
        letters = (
            select(
                OUTBOX.c.subscriber_key,
                func.max(OUTBOX.c.sent_at).label("last_sent_at"),
                func.sum(case((OUTBOX.c.state.in_(_OPEN), 1), else_=0)).label("open_count"),
                func.max(OUTBOX.c.key).label("newest_key"),
            )
            .where(OUTBOX.c.subscriber_key.is_not(None))
            .group_by(OUTBOX.c.subscriber_key)
            .subquery()
        )
        query = (
            select(SUBSCRIBER, DIGEST.c.end.label("last_end"), DIGEST.c.period.label("last_period"),
                   letters.c.last_sent_at, letters.c.open_count,
                   OUTBOX.c.state.label("last_state"), OUTBOX.c.last_detail)
            .outerjoin(newest, newest.c.subscriber_key == SUBSCRIBER.c.key)
            .outerjoin(DIGEST, DIGEST.c.key == newest.c.key)
            .outerjoin(letters, letters.c.subscriber_key == SUBSCRIBER.c.key)
            .outerjoin(OUTBOX, OUTBOX.c.key == letters.c.newest_key)
            .order_by(SUBSCRIBER.c.address)
        )  # fmt: skip
        if key is not None:
            query = query.where(SUBSCRIBER.c.key == key)
        with self._database.reading() as session:
            return [_line(row) for row in session.execute(query)]


def _newest(rows: Table, group: ColumnElement[Any]) -> Subquery:
    """Return the largest key of each group."""
    return select(group, func.max(rows.c.key).label("key")).group_by(group).subquery()


def _line(row: Row[Any]) -> SubscriberLine:
    return SubscriberLine(
        subscriber=subscriber_of(row),
        last_end=row.last_end,
        last_period=row.last_period or "",
        last_sent_at=row.last_sent_at,
        open_count=row.open_count or 0,
        last_state=OutboxState(row.last_state) if row.last_state else None,
        last_detail=row.last_detail or "",
    )


def added(session: Session, subscriber: Subscriber) -> Subscriber | None:
    """Add a subscriber inside a transaction; None when the address is there already."""
    taken = select(SUBSCRIBER.c.key).where(SUBSCRIBER.c.address == subscriber.address)
    if session.execute(taken).first() is not None:
        return None
    row = session.execute(
        SUBSCRIBER.insert().values(columns_of(subscriber)).returning(SUBSCRIBER)
    ).one()
    return subscriber_of(row)


def columns_of(subscriber: Subscriber) -> dict[str, Any]:
    """Return a subscriber as columns."""
    schedule = subscriber.schedule
    return {
        "address": subscriber.address,
        "name": subscriber.name,
        "language": subscriber.language,
        "minimum": subscriber.minimum.value,
        "topics": list(subscriber.topics),
        "languages": list(subscriber.languages),
        "zone": schedule.zone,
        "times": [f"{at:%H:%M}" for at in schedule.times],
        "days": list(schedule.days),
        "quiet": subscriber.quiet.value,
        "alerts": subscriber.alerts,
        "near_misses": subscriber.near_misses,
        "is_active": subscriber.is_active,
        "paused_until": subscriber.paused_until,
        "since": subscriber.since,
        "bounce_count": subscriber.bounce_count,
        "clearance": subscriber.clearance.value,
        "confirmed_at": subscriber.confirmed_at,
    }


def subscriber_of(row: Row[Any]) -> Subscriber:
    """Return a subscriber from a row that has its columns."""
    return Subscriber(
        key=row.key,
        address=row.address,
        name=row.name,
        language=row.language,
        minimum=Band(row.minimum),
        topics=tuple(row.topics),
        languages=tuple(row.languages),
        schedule=Schedule(
            zone=row.zone,
            times=tuple(time.fromisoformat(at) for at in row.times),
            days=tuple(row.days),
        ),
        quiet=QuietPolicy(row.quiet),
        alerts=row.alerts,
        near_misses=row.near_misses,
        is_active=row.is_active,
        paused_until=row.paused_until,
        since=row.since,
        bounce_count=row.bounce_count,
        clearance=Tlp(row.clearance),
        confirmed_at=row.confirmed_at,
    )
