"""Tables of the review desk: saved views, what people have seen, grades, minutes, reprints.

`person_key` refers to a person of the people table, or is 0 for whoever sits at the machine itself;
people are never deleted, so no reference is declared. Minutes carry no person at all.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from store.tables.base import Json, UTCDateTime


class ViewRow(SQLModel, table=True):
    """A filter of the queue under a name."""

    __tablename__ = "view"

    key: int | None = Field(default=None, primary_key=True)
    person_key: int = Field(index=True)
    name: str
    is_shared: bool = False
    made_by: str
    made_at: datetime = Field(sa_type=UTCDateTime)
    fields: dict[str, str] = Field(default_factory=dict, sa_type=Json)


class LookRow(SQLModel, table=True):
    """When a person last looked at the queue, and when their sitting before this one ended."""

    __tablename__ = "look"

    person_key: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_at: datetime = Field(sa_type=UTCDateTime)


class SeenRow(SQLModel, table=True):
    """A person opened an item, or decided about it."""

    __tablename__ = "seen"

    person_key: int = Field(primary_key=True)
    item_key: int = Field(foreign_key="item.key", primary_key=True)
    seen_at: datetime = Field(sa_type=UTCDateTime)


class GradeRow(SQLModel, table=True):
    """One reader's grade of an item as evidence. Taking it back marks it; nothing is deleted."""

    __tablename__ = "grade"
    __table_args__ = (
        # One standing grade a reader and item is the database's promise.
        Index(
            "uq_grade_standing",
            "item_key",
            "person_key",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    key: int | None = Field(default=None, primary_key=True)
    item_key: int = Field(foreign_key="item.key")
    person_key: int
    reader: str
    grade: str  # Grade
    note: str = ""
    given_at: datetime = Field(sa_type=UTCDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class EffortRow(SQLModel, table=True):
    """How many seconds the team worked on a feed's items on a day (UTC). No person, no hour."""

    __tablename__ = "effort"

    day: str = Field(primary_key=True)  # 2026-11-25
    feed_key: int = Field(primary_key=True)  # 0: no item of one feed
    seconds: int


class ReprintRow(SQLModel, table=True):
    """The mark of an item's headline: items of different feeds with one mark say the same."""

    __tablename__ = "reprint"
    __table_args__ = (Index("ix_reprint_mark", "mark", "item_key"),)

    item_key: int = Field(foreign_key="item.key", primary_key=True)
    mark: str
