"""What people do to a mail by hand: approve, edit, hold, withdraw, hurry, give up, send again.

A mail can be edited while it waits for an editor and no attempt was made; the moment an attempt
begins it is what it is, because a second copy must have the same bytes. When a digest is certain
never to reach its reader, its items lose their places, so that the next digest tells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, or_, select, update
from sqlmodel import Session

from monitor.core.editing import Edited, HeldDigest
from monitor.core.telling import Digest, Message, MessageKind, OutboxState, Place
from monitor.core.windows import Window
from store.items import items_by_key
from store.session import Database
from store.subscribers import subscriber_of
from store.tables.base import table
from store.tables.telling import DigestRow, OutboxRow, PlaceRow, SubscriberRow

OUTBOX, DIGEST, PLACE = table(OutboxRow), table(DigestRow), table(PlaceRow)
SUBSCRIBER = table(SubscriberRow)

_UNTOUCHED = and_(OUTBOX.c.state == OutboxState.HELD.value, OUTBOX.c.attempt_count == 0)
_ON_ITS_WAY = OUTBOX.c.state.in_([OutboxState.WAITING.value, OutboxState.MAYBE_DELIVERED.value])
_IS_DIGEST = and_(OUTBOX.c.digest_key.is_not(None), OUTBOX.c.kind == MessageKind.DIGEST.value)


class Approvals:
    """What is done to mails by hand. Each method is one transaction; False: it was too late."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def held(self) -> list[HeldDigest]:
        """Return the digests that wait for an editor, the one that goes first leading."""
        query = _digests().where(_UNTOUCHED).order_by(OUTBOX.c.due_at, OUTBOX.c.key)
        with self._database.reading() as session:
            return [_held(row) for row in session.execute(query)]

    def digest(self, key: int) -> HeldDigest | None:
        """Return one digest that has a mail, with its items, whether it can be edited or not."""
        with self._database.reading() as session:
            row = session.execute(_digests().where(DIGEST.c.key == key)).one_or_none()
            return None if row is None else _held(row, _items(session, key))

    def revise(self, digest: Digest, message: Message, reasons: Mapping[int, str]) -> bool:
        """Put a digest that was made anew in the place of the one that waits.

        `reasons` are the editor's, by item. The Message-ID must be that of the one that waits.
        """
        with self._database.writing() as session:
            found = session.execute(
                update(OUTBOX)
                .where(OUTBOX.c.message_id == message.message_id, _UNTOUCHED, _IS_DIGEST)
                .values(
                    subject=message.subject,
                    raw=message.raw,
                    text=message.text,
                    html=message.html,
                )
                .returning(OUTBOX.c.digest_key)
            ).scalar_one_or_none()
            if found is None:
                return False
            session.execute(
                update(DIGEST)
                .where(DIGEST.c.key == found)
                .values(
                    subject=message.subject,
                    story_count=len(digest.stories),
                    over_limit_count=digest.over_limit_count,
                )
            )
            _place_anew(session, found, digest, reasons)
        return True

    def hold(self, key: int, until: datetime) -> bool:
        """Let a mail wait longer for an editor."""
        return self._change(key, _UNTOUCHED, due_at=until)

    def withdraw(self, key: int, now: datetime, *, detail: str) -> bool:
        """Never send a mail that waits for an editor; the next digest tells what it told."""
        return self._end(key, _UNTOUCHED, OutboxState.WITHDRAWN, now=now, detail=detail)

    def give_up(self, key: int, now: datetime, *, detail: str) -> bool:
        """Try a mail no more.

        What a digest told is told by the next one, unless this one may have been delivered.
        """
        never_out = and_(OUTBOX.c.state == OutboxState.WAITING.value, OUTBOX.c.doubt_count == 0)
        return self._end(
            key, and_(never_out, _IS_DIGEST), OutboxState.WITHDRAWN, now=now, detail=detail
        ) or self._end(
            key,
            and_(_ON_ITS_WAY, or_(~_IS_DIGEST, ~never_out)),
            OutboxState.GIVEN_UP,
            now=now,
            detail=detail,
        )

    def hurry(self, key: int, now: datetime) -> bool:
        """Try a mail now instead of at its next turn."""
        return self._change(key, _ON_ITS_WAY, due_at=now)

    def send_again(self, key: int, now: datetime) -> bool:
        """Send a mail that was sent once more, byte for byte, to a reader who is still there.

        A reader whose address changed since gets no mail that was written to the old one.
        """
        same = exists().where(
            SUBSCRIBER.c.key == OUTBOX.c.subscriber_key,
            SUBSCRIBER.c.address == OUTBOX.c.recipient,
            SUBSCRIBER.c.is_active.is_(True),
        )
        was_sent = OUTBOX.c.state == OutboxState.SENT.value
        return self._change(
            key,
            and_(was_sent, same),
            state=OutboxState.WAITING.value,
            due_at=now,
            created_at=now,
            sent_at=None,
            attempt_count=0,
            doubt_count=0,
        )

    def _change(self, key: int, condition: ColumnElement[bool], **columns: Any) -> bool:
        statement = update(OUTBOX).where(OUTBOX.c.key == key, condition).values(columns)
        with self._database.writing() as session:
            return session.execute(statement.returning(OUTBOX.c.key)).first() is not None

    def _end(
        self,
        key: int,
        condition: ColumnElement[bool],
        state: OutboxState,
        *,
        now: datetime,
        detail: str,
    ) -> bool:
        statement = (
            update(OUTBOX)
            .where(OUTBOX.c.key == key, condition)
            .values(state=state.value, due_at=now, last_detail=detail, last_code=None)
            .returning(OUTBOX.c.digest_key)
        )
        with self._database.writing() as session:
            row = session.execute(statement).one_or_none()
            if row is not None and row.digest_key is not None and state is OutboxState.WITHDRAWN:
                # What an editor left out stays left out: that was a decision of its own.
                session.execute(
                    delete(PLACE).where(
                        PLACE.c.digest_key == row.digest_key,
                        PLACE.c.place != Place.LEFT_OUT.value,
                    )
                )
            return row is not None


def _digests() -> Any:
    columns = [column for column in SUBSCRIBER.c if column.name != "key"]
    return (
        select(
            DIGEST.c.key.label("digest_key"), DIGEST.c.period, DIGEST.c.start, DIGEST.c.end,
            DIGEST.c.missed_count, DIGEST.c.made_at,
            OUTBOX.c.key.label("outbox_key"), OUTBOX.c.due_at, OUTBOX.c.state, OUTBOX.c.subject,
            SUBSCRIBER.c.key, *columns,
        )
        .join(OUTBOX, OUTBOX.c.digest_key == DIGEST.c.key)
        .join(SUBSCRIBER, SUBSCRIBER.c.key == DIGEST.c.subscriber_key)
        .where(_IS_DIGEST)
    )  # fmt: skip


def _items(session: Session, digest_key: int) -> tuple[Edited, ...]:
    rows = session.execute(select(PLACE).where(PLACE.c.digest_key == digest_key)).all()
    by_key = {row.item_key: row for row in rows}
    return tuple(
        Edited(
            item=item,
            place=Place(by_key[item.key].place),
            reason=by_key[item.key].reason or "",
        )
        for item in items_by_key(session, sorted(by_key))
    )


def _place_anew(
    session: Session, digest_key: int, digest: Digest, reasons: Mapping[int, str]
) -> None:
    """Write the places of a digest in the place of those it had."""
    session.execute(delete(PLACE).where(PLACE.c.digest_key == digest_key))
    # An item that another digest of the reader has told meanwhile keeps that place.
    taken = set(
        session.execute(
            select(PLACE.c.item_key).where(
                PLACE.c.subscriber_key == digest.subscriber.key,
                PLACE.c.item_key.in_(list(digest.places)),
            )
        ).scalars()
    )
    rows = [
        {
            "subscriber_key": digest.subscriber.key,
            "item_key": item_key,
            "digest_key": digest_key,
            "place": place.value,
            "reason": reasons.get(item_key),
        }
        for item_key, place in digest.places.items()
        if item_key not in taken
    ]
    if rows:
        session.execute(PLACE.insert(), rows)


def _held(row: Row[Any], items: tuple[Edited, ...] = ()) -> HeldDigest:
    return HeldDigest(
        key=row.digest_key,
        outbox_key=row.outbox_key,
        subscriber=subscriber_of(row),
        window=Window(
            start=row.start, end=row.end, period=row.period, missed_count=row.missed_count
        ),
        made_at=row.made_at,
        subject=row.subject,
        goes_at=row.due_at,
        state=OutboxState(row.state),
        items=items,
    )
