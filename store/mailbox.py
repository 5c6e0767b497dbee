"""What came back by mail: each mail handled once, together with everything it changes.

A report counts when it is about one of our mails, and each of our mails can come back once. So a
forged report needs the Message-ID of a mail that its writer never saw, and three of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from monitor.core.delivery import REFUSALS_ALLOWED
from monitor.core.letters import REPORTS_COUNTED_FOR, CanaryState, Handled, Letter, Received
from monitor.core.telling import OutboxState
from store import audit
from store.notices import opening
from store.session import Database
from store.tables.base import table
from store.tables.telling import MailboxRow, OutboxRow, ReceivedRow, SubscriberRow

BOX, RECEIVED = table(MailboxRow), table(ReceivedRow)
OUTBOX, SUBSCRIBER = table(OutboxRow), table(SubscriberRow)


class Mailbox:
    """Queries about received mails. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def position(self, name: str) -> tuple[int, int] | None:
        """Return how far a mailbox was read: UIDVALIDITY and the last UID; None: never."""
        query = select(BOX.c.uid_validity, BOX.c.last_uid).where(BOX.c.name == name)
        with self._database.reading() as session:
            row = session.execute(query).one_or_none()
            return None if row is None else (row.uid_validity, row.last_uid)

    def read_at(self) -> datetime | None:
        """Return when a mailbox was last read without trouble."""
        with self._database.reading() as session:
            return session.execute(select(func.max(BOX.c.read_at))).scalar_one_or_none()

    def advance(self, name: str, *, uid_validity: int, last_uid: int, now: datetime) -> None:
        """Note that a mailbox was read as far as this."""
        with self._database.writing() as session:
            self._advance(session, name, uid_validity, last_uid, now)

    def handle(self, received: Received, now: datetime, *, canary: str | None = None) -> Handled:
        """Do what a mail asks for, note it, and move on behind it: all of it, or nothing."""
        with self._database.writing() as session:
            handled = self._handle(session, received, now, canary)
            self._advance(session, received.mailbox, received.uid_validity, received.uid, now)
        return handled

    def canary(self, address: str, now: datetime, *, patience: timedelta) -> CanaryState:
        """Return how the mails to the canary do that were accepted in the last days."""
        arrived = select(RECEIVED.c.outbox_key).where(
            RECEIVED.c.kind == Letter.OURS.value, RECEIVED.c.outbox_key.is_not(None)
        )
        mine = (
            OUTBOX.c.recipient == address,
            OUTBOX.c.state == OutboxState.SENT.value,
            OUTBOX.c.sent_at >= now - timedelta(days=7),
        )
        with self._database.reading() as session:
            sent_at = session.execute(select(func.max(OUTBOX.c.sent_at)).where(*mine)).scalar_one()
            last = session.execute(
                select(func.max(RECEIVED.c.received_at), func.max(OUTBOX.c.sent_at))
                .join(OUTBOX, OUTBOX.c.key == RECEIVED.c.outbox_key)
                .where(RECEIVED.c.kind == Letter.OURS.value, OUTBOX.c.recipient == address)
            ).one()
            late = select(func.min(OUTBOX.c.sent_at)).where(
                *mine, OUTBOX.c.sent_at <= now - patience, OUTBOX.c.key.not_in(arrived)
            )
            if last[1] is not None:  # one that came after it proves that the way is open again
                late = late.where(OUTBOX.c.sent_at > last[1])
            missing = session.execute(late).scalar_one()
        return CanaryState(sent_at=sent_at, arrived_at=last[0], missing_since=missing)

    # ------------------------------------------------------------ inside a transaction

    def _handle(
        self, session: Session, received: Received, now: datetime, canary: str | None
    ) -> Handled:
        if _is_known(session, received):
            return Handled(letter=received.letter, is_new=False)
        ours = _ours(session, received.message_id)
        letter, subscriber_key, outbox_key = received.letter, received.subscriber_key, None
        if letter in (Letter.BOUNCED, Letter.DELAYED, Letter.OURS):
            is_canary = ours is not None and ours.recipient == canary
            if ours is None or (letter is Letter.OURS and not is_canary):
                return Handled(letter=Letter.OTHER)
            subscriber_key = ours.subscriber_key
            # Rows of mails to nobody on the list may be deleted; nothing must hang on them.
            outbox_key = ours.key if subscriber_key is not None else None
        if letter is Letter.OTHER:
            return Handled(letter=letter)
        session.execute(
            RECEIVED.insert().values(
                mailbox=received.mailbox,
                uid_validity=received.uid_validity,
                uid=received.uid,
                fingerprint=received.fingerprint,
                kind=letter.value,
                received_at=now,
                subscriber_key=subscriber_key,
                outbox_key=outbox_key,
                detail=received.detail,
            )
        )
        paused = left = ""
        if letter is Letter.BOUNCED and subscriber_key is not None:
            paused = self._counted(session, subscriber_key, received, now)
        elif letter is Letter.UNSUBSCRIBE and subscriber_key is not None:
            left = self._gone(session, subscriber_key, now)
        elif letter is Letter.WISH:
            detail = f"somebody asks to unsubscribe by letter, without our token: {received.detail}"
            self._notice(session, "mailbox.wish", received.fingerprint[:16], detail, now)
        return Handled(letter=letter, paused=paused, left=left)

    def _counted(
        self, session: Session, subscriber_key: int, received: Received, now: datetime
    ) -> str:
        """End the mails to an address when enough of them came back; return it then."""
        reader = session.execute(
            select(SUBSCRIBER).where(SUBSCRIBER.c.key == subscriber_key).with_for_update()
        ).one()
        reports = session.execute(
            select(func.count(func.distinct(RECEIVED.c.outbox_key)))
            .join(OUTBOX, OUTBOX.c.key == RECEIVED.c.outbox_key)
            .where(
                RECEIVED.c.subscriber_key == subscriber_key,
                RECEIVED.c.kind == Letter.BOUNCED.value,
                OUTBOX.c.created_at >= max(reader.since, now - REPORTS_COUNTED_FOR),
            )
        ).scalar_one()
        if not reader.is_active or reports + reader.bounce_count < REFUSALS_ALLOWED:
            return ""
        session.execute(
            update(SUBSCRIBER).where(SUBSCRIBER.c.key == subscriber_key).values(is_active=False)
        )
        detail = f"{reader.address}: {reports} mails came back, gets no mail any more"
        self._notice(
            session, "mail.paused", f"subscriber:{subscriber_key}",
            f"{detail}: {received.detail}", now,
        )  # fmt: skip
        return str(reader.address)

    def _gone(self, session: Session, subscriber_key: int, now: datetime) -> str:
        address = session.execute(
            update(SUBSCRIBER)
            .where(SUBSCRIBER.c.key == subscriber_key, SUBSCRIBER.c.is_active.is_(True))
            .values(is_active=False)
            .returning(SUBSCRIBER.c.address)
        ).scalar_one_or_none()
        if address is None:
            return ""
        name = f"subscriber:{subscriber_key}"
        session.execute(
            audit.line(
                actor=name,
                action="subscriber.left",
                subject=name,
                now=now,
                before={"active": True},
                after={"active": False, "by": "letter"},
            )
        )
        return str(address)

    def _notice(
        self, session: Session, kind: str, subject: str, detail: str, now: datetime
    ) -> None:
        session.execute(opening(kind, subject, detail, now, is_sqlite=self._database.is_sqlite))

    def _advance(
        self, session: Session, name: str, uid_validity: int, last_uid: int, now: datetime
    ) -> None:
        insert = (sqlite if self._database.is_sqlite else postgresql).insert(BOX)
        values = {"uid_validity": uid_validity, "last_uid": last_uid, "read_at": now}
        session.execute(
            insert.values(name=name, **values).on_conflict_do_update(
                index_elements=["name"], set_=values
            )
        )


def _is_known(session: Session, received: Received) -> bool:
    """Say whether this very mail was handled, under this number or another."""
    query = select(RECEIVED.c.key).where(
        RECEIVED.c.mailbox == received.mailbox, RECEIVED.c.fingerprint == received.fingerprint
    )
    return session.execute(query.limit(1)).first() is not None


def _ours(session: Session, message_id: str) -> Row[Any] | None:
    """Return the row of one of our mails that was handed over at least once."""
    query = select(OUTBOX).where(
        OUTBOX.c.message_id == message_id, OUTBOX.c.attempt_count > 0, OUTBOX.c.way == "mail"
    )
    return session.execute(query).one_or_none() if message_id else None
