"""Notices to the operator: each said once while what it says lasts, and mailed at most once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Select, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.reports import Notice
from store.rows import chunks
from store.session import Database
from store.tables.base import table
from store.tables.reviewing import NoticeRow

NOTICE = table(NoticeRow)


def opening(kind: str, subject: str, detail: str, now: datetime, *, is_sqlite: bool) -> Executable:
    """Return the statement that opens a notice, for the transaction of what it tells of."""
    insert = (sqlite if is_sqlite else postgresql).insert(NOTICE)
    statement: Executable = (
        insert.values(kind=kind, subject=subject, detail=detail, opened_at=now)
        .on_conflict_do_nothing(
            index_elements=["kind", "subject"], index_where=text("closed_at IS NULL")
        )
        .returning(NOTICE.c.key)
    )
    return statement


class Notices:
    """Queries about notices."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def raise_once(self, kind: str, subject: str, detail: str, now: datetime) -> bool:
        """Open a notice; True when it is new. An open one of its kind and subject stays."""
        statement = opening(kind, subject, detail, now, is_sqlite=self._database.is_sqlite)
        with self._database.writing() as session:
            return session.execute(statement).first() is not None

    def close(self, kind: str, subject: str, now: datetime) -> bool:
        """Close the open notice of a kind and subject; False when there is none."""
        statement = (
            update(NOTICE)
            .where(NOTICE.c.kind == kind, NOTICE.c.subject == subject, NOTICE.c.closed_at.is_(None))
            .values(closed_at=now)
            .returning(NOTICE.c.key)
        )
        with self._database.writing() as session:
            return session.execute(statement).first() is not None

    def open(self) -> list[Notice]:
        """Return what still lasts, oldest first."""
        return self._list(select(NOTICE).where(NOTICE.c.closed_at.is_(None)))

    def untold(self) -> list[Notice]:
        """Return what lasts and was not mailed to the operator yet, oldest first."""
        return self._list(
            select(NOTICE).where(NOTICE.c.closed_at.is_(None), NOTICE.c.told_at.is_(None))
        )

    def told(self, keys: Sequence[int], now: datetime) -> None:
        """Note that notices were mailed."""
        with self._database.writing() as session:
            for some in chunks(keys):
                session.execute(
                    update(NOTICE)
                    .where(NOTICE.c.key.in_(some), NOTICE.c.told_at.is_(None))
                    .values(told_at=now)
                )

    def _list(self, query: Select[Any]) -> list[Notice]:
        with self._database.reading() as session:
            return [
                Notice(
                    key=row.key,
                    kind=row.kind,
                    subject=row.subject,
                    detail=row.detail,
                    opened_at=row.opened_at,
                    told_at=row.told_at,
                    closed_at=row.closed_at,
                )
                for row in session.execute(query.order_by(NOTICE.c.opened_at, NOTICE.c.key))
            ]
