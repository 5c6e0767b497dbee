"""Tables of reviewing and running: verdicts, rulebooks, jobs, leases, notices, the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from store.tables.base import Json, UTCDateTime


class VerdictRow(SQLModel, table=True):
    """What an analyst decided about an item. Undoing marks it; nothing is deleted."""

    __tablename__ = "verdict"
    __table_args__ = (Index("ix_verdict_actor", "actor", "given_at"),)  # undo the last of mine

    key: int | None = Field(default=None, primary_key=True)
    item_key: int = Field(foreign_key="item.key", index=True)
    verdict: str  # Verdict
    teach: bool = False  # also an example for the rules' tests
    note: str = ""
    actor: str
    given_at: datetime = Field(sa_type=UTCDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    undone_by: str | None = None
    batch: int | None = None  # key of the first of several that were given with one press


class JobRow(SQLModel, table=True):
    """A named job: its last run and the next. One row each: the tick runs 5,760 times a day."""

    __tablename__ = "job"

    name: str = Field(primary_key=True)
    last_started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_good_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_error: str | None = None
    next_run_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    run_count: int = 0
    failure_count: int = 0  # in a row


class LeaseRow(SQLModel, table=True):
    """A named lease, such as the one of the process that polls."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    owner: str
    token: str
    until: datetime = Field(sa_type=UTCDateTime)
    acquired_at: datetime = Field(sa_type=UTCDateTime)


class RulebookRow(SQLModel, table=True):
    """The texts of a set of rule files, by hash, so that every old score stays explainable."""

    __tablename__ = "rulebook"

    hash: str = Field(primary_key=True)
    files: dict[str, str] = Field(sa_type=Json)  # path -> text
    saved_at: datetime = Field(sa_type=UTCDateTime)


class RulebookUseRow(SQLModel, table=True):
    """From when a rulebook was the one in force, and why."""

    __tablename__ = "rulebook_use"

    key: int | None = Field(default=None, primary_key=True)
    hash: str = Field(foreign_key="rulebook.hash")
    applied_at: datetime = Field(sa_type=UTCDateTime)
    actor: str = ""
    reason: str = ""


class NoticeRow(SQLModel, table=True):
    """Something an operator should know, said once while it lasts."""

    __tablename__ = "notice"
    __table_args__ = (
        # One open notice for a kind and subject: "said once" is the database's promise.
        Index(
            "uq_notice_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    key: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str
    detail: str = ""
    opened_at: datetime = Field(sa_type=UTCDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # mailed to the operator
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class AuditRow(SQLModel, table=True):
    """Who changed what, from what to what."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject", "at"),)

    key: int | None = Field(default=None, primary_key=True)
    actor: str
    action: str  # noun.verb
    subject: str  # such as item:7 or feed:vladnews
    before: dict[str, Any] | None = Field(default=None, sa_type=Json)
    after: dict[str, Any] | None = Field(default=None, sa_type=Json)
    at: datetime = Field(sa_type=UTCDateTime, index=True)
