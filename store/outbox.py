"""Messages on their way: leased one by one, and marked with what became of each attempt.

A message is leased before it is sent and marked after. When the process dies in between, the lease
runs out and the attempt counts as one whose answer was lost: the same bytes are sent again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select, update
from sqlmodel import Session

from monitor.core.delivery import state_after
from monitor.core.telling import (
    DeliveryResult,
    Message,
    MessageKind,
    OutboxLine,
    OutboxState,
    Outgoing,
    Way,
    way_of,
)
from store.session import Database
from store.tables.base import table
from store.tables.telling import OutboxRow

OUTBOX = table(OutboxRow)

# A held message is due when its time for an editor has passed.
_READY = (
    OutboxState.WAITING.value,
    OutboxState.MAYBE_DELIVERED.value,
    OutboxState.HELD.value,
)
# A lease further off than this beyond its own length was written under a clock that was wrong.
_SLACK = timedelta(hours=1)


class Outbox:
    """Queries about outgoing messages. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def add(
        self, message: Message, *, now: datetime, subscriber_key: int | None = None
    ) -> int | None:
        """Put a message that is no digest into the outbox; None when it is there already."""
        with self._database.writing() as session:
            return add_message(session, message, now=now, subscriber_key=subscriber_key)

    def take(
        self,
        now: datetime,
        *,
        owner: str,
        lease_for: timedelta,
        way: Way = Way.MAIL,
        without: Collection[str] = (),
    ) -> Outgoing | None:
        """Lease the message of one way that is due longest, an abandoned attempt among them.

        `without` are recipients that have to wait. None: nothing is due.
        """
        abandoned = and_(
            OUTBOX.c.state == OutboxState.SENDING.value,
            or_(
                OUTBOX.c.lease_until <= now,
                OUTBOX.c.lease_until > now + lease_for + _SLACK,
            ),
        )
        ready = and_(OUTBOX.c.state.in_(_READY), OUTBOX.c.due_at <= now)
        first = (
            select(OUTBOX.c.key)
            .where(
                OUTBOX.c.sent_at.is_(None),
                OUTBOX.c.way == way.value,
                OUTBOX.c.recipient.not_in(list(without)),
                or_(ready, abandoned),
            )
            .order_by(OUTBOX.c.due_at, OUTBOX.c.key)
            .limit(1)
        )
        if not self._database.is_sqlite:
            first = first.with_for_update(skip_locked=True)
        died = case((OUTBOX.c.state == OutboxState.SENDING.value, 1), else_=0)
        lease = (
            update(OUTBOX)
            .where(OUTBOX.c.key == first.scalar_subquery())
            .values(
                state=OutboxState.SENDING.value,
                attempt_count=OUTBOX.c.attempt_count + 1,
                doubt_count=OUTBOX.c.doubt_count + died,
                lease_owner=owner,
                lease_until=now + lease_for,
                lease_token=secrets.token_hex(8),
            )
            .returning(OUTBOX)
        )
        with self._database.writing() as session:
            row = session.execute(lease).one_or_none()
            return None if row is None else _outgoing(row)

    def done(
        self,
        outgoing: Outgoing,
        result: DeliveryResult,
        *,
        now: datetime,
        retry_at: datetime | None,
    ) -> bool:
        """Write how an attempt ended; False when it was no longer ours.

        `retry_at` None means that there will be no further attempt.
        """
        state = state_after(result, retry_at=retry_at)
        columns: dict[str, Any] = {
            "state": state.value,
            "lease_owner": None,
            "lease_until": None,
            "lease_token": None,
            "last_code": result.code,
            "last_detail": result.detail,
        }
        if state is OutboxState.SENT:
            columns["sent_at"] = now
        elif state is OutboxState.MAYBE_DELIVERED:
            columns["doubt_count"] = OUTBOX.c.doubt_count + 1
        if retry_at is not None:
            columns["due_at"] = retry_at
        statement = (
            update(OUTBOX)
            .where(OUTBOX.c.key == outgoing.key, OUTBOX.c.lease_token == outgoing.token)
            .values(columns)
            .returning(OUTBOX.c.key)
        )
        with self._database.writing() as session:
            return session.execute(statement).first() is not None

    def counts(self) -> dict[OutboxState, int]:
        """Return how many messages stand where."""
        query = select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state)
        with self._database.reading() as session:
            found = {OutboxState(state): count for state, count in session.execute(query)}
        return {state: found.get(state, 0) for state in OutboxState}

    def message(self, key: int) -> Message | None:
        """Return one message as it was sent, for the archive."""
        with self._database.reading() as session:
            row = session.execute(select(OUTBOX).where(OUTBOX.c.key == key)).one_or_none()
            return None if row is None else _message(row)

    def overdue(self, now: datetime, *, after: timedelta = timedelta(hours=1)) -> list[OutboxLine]:
        """Return messages that were made longer than `after` ago and are not delivered."""
        query = (
            select(OUTBOX)
            .where(
                OUTBOX.c.sent_at.is_(None),
                OUTBOX.c.created_at < now - after,
                OUTBOX.c.due_at < now,
                OUTBOX.c.state.in_([*_READY, OutboxState.SENDING.value]),
            )
            .order_by(OUTBOX.c.created_at)
        )
        with self._database.reading() as session:
            return [_line(row) for row in session.execute(query)]

    def approve(self, key: int, now: datetime) -> bool:
        """Let a held message go out now; False when it is not held."""
        statement = (
            update(OUTBOX)
            .where(OUTBOX.c.key == key, OUTBOX.c.state == OutboxState.HELD.value)
            .values(state=OutboxState.WAITING.value, due_at=now)
            .returning(OUTBOX.c.key)
        )
        with self._database.writing() as session:
            return session.execute(statement).first() is not None

    def retry(self, key: int, now: datetime) -> bool:
        """Try a message again that was refused or given up; False when it is not such a one."""
        over = (OutboxState.REFUSED.value, OutboxState.GIVEN_UP.value)
        statement = (
            update(OUTBOX)
            .where(OUTBOX.c.key == key, OUTBOX.c.state.in_(over))
            .values(state=OutboxState.WAITING.value, due_at=now, created_at=now, attempt_count=0)
            .returning(OUTBOX.c.key)
        )
        with self._database.writing() as session:
            return session.execute(statement).first() is not None

    def line(self, key: int) -> OutboxLine | None:
        """Return how one message stands."""
        with self._database.reading() as session:
            row = session.execute(select(OUTBOX).where(OUTBOX.c.key == key)).one_or_none()
            return None if row is None else _line(row)

    def list(
        self,
        *,
        states: tuple[OutboxState, ...] = (),
        kinds: tuple[MessageKind, ...] = (),
        subscriber_key: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[OutboxLine]:
        """Return messages, newest first; `before` is the key from which to go on."""
        query = select(OUTBOX).order_by(OUTBOX.c.key.desc()).limit(limit)
        if states:
            query = query.where(OUTBOX.c.state.in_([state.value for state in states]))
        if kinds:
            query = query.where(OUTBOX.c.kind.in_([kind.value for kind in kinds]))
        if subscriber_key is not None:
            query = query.where(OUTBOX.c.subscriber_key == subscriber_key)
        if before is not None:
            query = query.where(OUTBOX.c.key < before)
        with self._database.reading() as session:
            return [_line(row) for row in session.execute(query)]


def add_message(
    session: Session,
    message: Message,
    *,
    now: datetime,
    subscriber_key: int | None,
    digest_key: int | None = None,
    held_until: datetime | None = None,
) -> int | None:
    """Put a message into the outbox inside a transaction; None when its Message-ID is there.

    With `held_until` it waits for an editor; then it goes out by itself.
    """
    state = OutboxState.WAITING if held_until is None else OutboxState.HELD
    known = select(OUTBOX.c.key).where(OUTBOX.c.message_id == message.message_id)
    if session.execute(known).first() is not None:
        return None
    made = session.execute(
        OUTBOX.insert()
        .values(
            kind=message.kind.value,
            subscriber_key=subscriber_key,
            digest_key=digest_key,
            message_id=message.message_id,
            sender=message.sender,
            recipient=message.recipient,
            subject=message.subject,
            date=message.date,
            raw=message.raw,
            text=message.text,
            html=message.html,
            state=state.value,
            created_at=now,
            due_at=held_until or now,
            attempt_count=0,
            doubt_count=0,
            last_detail="",
            way=way_of(message.recipient).value,
        )
        .returning(OUTBOX.c.key)
    )
    return int(made.scalar_one())


def _message(row: Row[Any]) -> Message:
    return Message(
        kind=MessageKind(row.kind),
        sender=row.sender,
        recipient=row.recipient,
        subject=row.subject,
        message_id=row.message_id,
        date=row.date,
        raw=row.raw,
        text=row.text,
        html=row.html,
    )


def _outgoing(row: Row[Any]) -> Outgoing:
    return Outgoing(
        key=row.key,
        message=_message(row),
        subscriber_key=row.subscriber_key,
        attempt=row.attempt_count,
        doubt_count=row.doubt_count,
        created_at=row.created_at,
        token=row.lease_token,
    )


def _line(row: Row[Any]) -> OutboxLine:
    return OutboxLine(
        key=row.key,
        kind=MessageKind(row.kind),
        recipient=row.recipient,
        subject=row.subject,
        message_id=row.message_id,
        state=OutboxState(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
        attempts=row.attempt_count,
        doubt_count=row.doubt_count,
        code=row.last_code,
        detail=row.last_detail,
        subscriber_key=row.subscriber_key,
        digest_key=row.digest_key,
    )
