"""Addresses that somebody typed and nobody confirmed yet: kept for two days, then gone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update
from sqlmodel import Session

from monitor.core.editing import Signup, SignupLimits
from monitor.core.telling import MessageKind, Subscriber
from monitor.core.windows import Schedule
from store.session import Database
from store.subscribers import added, columns_of, subscriber_of
from store.tables.base import table
from store.tables.subscribing import SignupRow
from store.tables.telling import OutboxRow, SubscriberRow

SIGNUP, SUBSCRIBER, OUTBOX = table(SignupRow), table(SubscriberRow), table(OutboxRow)
_HOUR = timedelta(hours=1)


class Signups:
    """Queries about people who ask for digests themselves. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def ask(self, signup: Signup, *, limits: SignupLimits) -> Signup | None:
        """Keep a wish until it is confirmed; None when too many were made, and nothing is kept.

        The address must have passed `monitor.core.addresses.mail_address`.
        """
        now = signup.asked_at
        with self._database.writing() as session:
            # Beyond our clock's now: written under a wrong clock, and never to become valid again.
            old = (SIGNUP.c.asked_at <= now - limits.valid_for) | (SIGNUP.c.asked_at > now + _HOUR)
            session.execute(delete(SIGNUP).where(old))
            # The mails to those addresses go the same way, sent or not.
            asked = OUTBOX.c.kind == MessageKind.CONFIRM.value
            over = OUTBOX.c.created_at <= now - limits.valid_for
            session.execute(delete(OUTBOX).where(asked, over))
            if not _is_allowed(session, signup, limits):
                return None
            row = session.execute(
                SIGNUP.insert().values(
                    address=signup.address,
                    language=signup.language,
                    zone=signup.schedule.zone,
                    times=[f"{at:%H:%M}" for at in signup.schedule.times],
                    days=list(signup.schedule.days),
                    origin=signup.origin,
                    asked_at=now,
                ).returning(SIGNUP)
            ).one()  # fmt: skip
            return _value(row)

    def get(self, key: int) -> Signup | None:
        """Return one wish."""
        with self._database.reading() as session:
            row = session.execute(select(SIGNUP).where(SIGNUP.c.key == key)).one_or_none()
            return None if row is None else _value(row)

    def confirm(self, key: int, now: datetime) -> Subscriber | None:
        """Put the address of a wish on the list, once; return the subscriber, if there is one.

        Somebody who gets mails already keeps their own choices. A wish confirmed before changes
        nothing: whoever left since then has left.
        """
        with self._database.writing() as session:
            row = session.execute(select(SIGNUP).where(SIGNUP.c.key == key)).one_or_none()
            if row is None:
                return None
            wish = _value(row)
            if wish.confirmed_at is None:
                session.execute(update(SIGNUP).where(SIGNUP.c.key == key).values(confirmed_at=now))
                _put_on_list(session, wish, now)
            known = select(SUBSCRIBER).where(SUBSCRIBER.c.address == wish.address)
            found = session.execute(known).one_or_none()
            return None if found is None else subscriber_of(found)


def _is_allowed(session: Session, signup: Signup, limits: SignupLimits) -> bool:
    now = signup.asked_at

    def count(*conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(SIGNUP).where(*conditions)
        return int(session.execute(query).scalar_one())

    lately = SIGNUP.c.asked_at > now - _HOUR
    same = SIGNUP.c.address == signup.address
    return (
        count(same, SIGNUP.c.asked_at > now - limits.apart) == 0
        and count(same) < limits.per_address
        and count(lately, SIGNUP.c.origin == signup.origin) < limits.per_origin
        and count(lately) < limits.in_all
    )


def _put_on_list(session: Session, wish: Signup, now: datetime) -> None:
    wanted = Subscriber(
        key=0,
        address=wish.address,
        language=wish.language,
        schedule=wish.schedule,
        since=now,
        confirmed_at=now,
    )
    if added(session, wanted) is None:
        back = columns_of(wanted)
        again = ("language", "zone", "times", "days", "since", "confirmed_at", "is_active",
                 "paused_until", "bounce_count")  # fmt: skip
        session.execute(
            update(SUBSCRIBER)
            .where(SUBSCRIBER.c.address == wish.address, SUBSCRIBER.c.is_active.is_(False))
            .values({name: back[name] for name in again})
        )


def _value(row: Row[Any]) -> Signup:
    return Signup(
        key=row.key,
        address=row.address,
        language=row.language,
        schedule=Schedule(
            zone=row.zone,
            times=tuple(time.fromisoformat(at) for at in row.times),
            days=tuple(row.days),
        ),
        origin=row.origin,
        asked_at=row.asked_at,
        confirmed_at=row.confirmed_at,
    )
