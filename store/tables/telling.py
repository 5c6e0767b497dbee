"""Tables of telling: who is told, which windows were told, what became of each item, what was sent.

Three promises are the database's own: one digest for a subscriber and period, one place for an item
in all digests of a subscriber, and one outbox row for a Message-ID. A message is kept as the very
bytes that every attempt sends, so that a second copy can never differ from the first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.tables.base import Json, UTCDateTime


class SubscriberRow(SQLModel, table=True):
    """Someone who is told. Erasing one removes the row and all that hangs on it."""

    __tablename__ = "subscriber"

    key: int | None = Field(default=None, primary_key=True)
    address: str = Field(unique=True)  # lower-case domain; checked before it comes here
    name: str = ""
    language: str = "en"  # of the mail
    minimum: str  # Band
    topics: list[str] = Field(default_factory=list, sa_type=Json)
    languages: list[str] = Field(default_factory=list, sa_type=Json)  # of the items
    zone: str  # IANA name
    times: list[str] = Field(sa_type=Json)  # local, "08:00"
    days: list[int] = Field(sa_type=Json)  # Monday is 0
    quiet: str  # QuietPolicy
    alerts: bool = False
    near_misses: bool = False
    is_active: bool = True
    paused_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    since: datetime = Field(sa_type=UTCDateTime)
    bounce_count: int = 0  # permanent refusals in a row
    clearance: str = Field(default="clear", sa_column_kwargs={"server_default": "clear"})  # Tlp
    confirmed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # by themselves


class DigestRow(SQLModel, table=True):
    """One window told to one subscriber. A quiet one that sent no mail has its row all the same."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("subscriber_key", "period"),)

    key: int | None = Field(default=None, primary_key=True)
    subscriber_key: int = Field(foreign_key="subscriber.key", index=True)
    period: str
    start: datetime = Field(sa_type=UTCDateTime)
    end: datetime = Field(sa_type=UTCDateTime)
    missed_count: int = 0  # earlier runs that it made up for
    made_at: datetime = Field(sa_type=UTCDateTime, index=True)  # archive, newest first
    subject: str = ""  # empty: no mail was due
    story_count: int = 0
    over_limit_count: int = 0
    is_blind: bool = False
    rules_version: str = ""
    coverage: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # the stated numbers


class PlaceRow(SQLModel, table=True):
    """What became of an item for a subscriber. Written once: no item is told to anyone twice."""

    __tablename__ = "place"
    __table_args__ = (Index("ix_place_item", "item_key"),)  # why: in which digests was it

    subscriber_key: int = Field(foreign_key="subscriber.key", primary_key=True)
    item_key: int = Field(foreign_key="item.key", primary_key=True)
    digest_key: int = Field(foreign_key="digest.key", index=True)
    place: str  # Place
    # Of an editor who left it out or put it in; None: the rules decided alone.
    reason: str | None = None


class OutboxRow(SQLModel, table=True):
    """A composed message and how far its delivery has come."""

    __tablename__ = "outbox"
    __table_args__ = (
        # What is due, and attempts whose process died: small, because finished rows are not in it.
        Index(
            "ix_outbox_due",
            "due_at",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    key: int | None = Field(default=None, primary_key=True)
    kind: str  # MessageKind
    subscriber_key: int | None = Field(default=None, foreign_key="subscriber.key", index=True)
    digest_key: int | None = Field(default=None, foreign_key="digest.key", index=True)
    item_key: int | None = Field(default=None, foreign_key="item.key")  # of an alert
    message_id: str = Field(unique=True)
    sender: str  # envelope
    recipient: str  # envelope
    subject: str
    date: datetime = Field(sa_type=UTCDateTime)  # of the Date header
    raw: bytes = Field(sa_type=LargeBinary)
    text: str
    html: str
    state: str  # OutboxState
    created_at: datetime = Field(sa_type=UTCDateTime)
    due_at: datetime = Field(sa_type=UTCDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    attempt_count: int = 0
    doubt_count: int = 0  # attempts whose answer was lost
    lease_owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    lease_token: str | None = None
    last_code: int | None = None  # SMTP reply
    last_detail: str = ""
    way: str = Field(default="mail", sa_column_kwargs={"server_default": "mail"})  # Way


class AlertRow(SQLModel, table=True):
    """That an item was considered for an immediate mail to a subscriber: at most once."""

    __tablename__ = "alert"

    subscriber_key: int = Field(foreign_key="subscriber.key", primary_key=True)
    item_key: int = Field(foreign_key="item.key", primary_key=True)
    considered_at: datetime = Field(sa_type=UTCDateTime)
    outbox_key: int | None = Field(default=None, foreign_key="outbox.key")  # None: digest only
    reason: str = ""  # why it was left: cooldown, hourly_cap, quiet


class MailboxRow(SQLModel, table=True):
    """How far a mailbox has been read. UIDs count within one validity (RFC 3501 2.3.1.1)."""

    __tablename__ = "mailbox"

    name: str = Field(primary_key=True)  # user@host/folder
    uid_validity: int = Field(sa_type=BigInteger)
    last_uid: int = Field(sa_type=BigInteger)
    read_at: datetime = Field(sa_type=UTCDateTime)


class ReceivedRow(SQLModel, table=True):
    """A mail that came into the mailbox, and what it was taken for. Each is handled once."""

    __tablename__ = "received"
    __table_args__ = (UniqueConstraint("mailbox", "uid_validity", "uid"),)

    key: int | None = Field(default=None, primary_key=True)
    mailbox: str
    uid_validity: int = Field(sa_type=BigInteger)
    uid: int = Field(sa_type=BigInteger)
    # Of its bytes: a mailbox that was made anew numbers the same mails afresh.
    fingerprint: str = Field(index=True)
    kind: str  # Letter
    received_at: datetime = Field(sa_type=UTCDateTime)  # by us
    subscriber_key: int | None = Field(default=None, foreign_key="subscriber.key", index=True)
    outbox_key: int | None = Field(default=None, foreign_key="outbox.key", index=True)
    detail: str = ""
