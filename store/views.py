"""Saved views of the queue: one person's own, and those that the team shares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, or_, select
from sqlmodel import Session

from monitor.core.reviewing import SavedView
from store.rows import may_be_key, storable
from store.session import Database
from store.tables.base import table
from store.tables.desk import ViewRow

VIEW = table(ViewRow)

MOST_VIEWS = 40  # of one person: a menu, not an archive


class Views:
    """Queries about saved views."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def list(self, person_key: int) -> list[SavedView]:
        """Return what a person sees: their own views and the shared ones, each by name."""
        query = (
            select(VIEW)
            .where(or_(VIEW.c.person_key == person_key, VIEW.c.is_shared))
            .order_by(VIEW.c.is_shared.desc(), func.lower(VIEW.c.name), VIEW.c.key)
        )
        with self._database.reading() as session:
            return [_view(row) for row in session.execute(query)]

    def get(self, key: int) -> SavedView | None:
        """Return one view, whoever's it is."""
        with self._database.reading() as session:
            return _one(session, key)

    def save(
        self,
        name: str,
        fields: Mapping[str, str],
        *,
        person_key: int,
        made_by: str,
        is_shared: bool,
        now: datetime,
    ) -> SavedView | None:
        """Keep a filter under a name; the person's own view of that name is replaced.

        None when the person has as many as one may have.
        """
        values = storable(
            {
                "person_key": person_key,
                "name": name,
                "is_shared": is_shared,
                "made_by": made_by,
                "fields": dict(fields),
            }
        )
        own = VIEW.c.person_key == person_key
        with self._database.writing() as session:
            session.execute(delete(VIEW).where(own, VIEW.c.name == values["name"]))
            count = session.execute(select(func.count()).select_from(VIEW).where(own)).scalar_one()
            if count >= MOST_VIEWS:
                session.rollback()  # the replaced one stays, too
                return None
            insert = VIEW.insert().values(values | {"made_at": now}).returning(VIEW.c.key)
            return _one(session, session.execute(insert).scalar_one())

    def remove(self, key: int) -> bool:
        """Forget a view; False when there is none."""
        if not may_be_key(key):
            return False
        with self._database.writing() as session:
            gone = session.execute(delete(VIEW).where(VIEW.c.key == key).returning(VIEW.c.key))
            return gone.first() is not None


def _one(session: Session, key: int) -> SavedView | None:
    if not may_be_key(key):
        return None
    row = session.execute(select(VIEW).where(VIEW.c.key == key)).one_or_none()
    return None if row is None else _view(row)


def _view(row: Row[Any]) -> SavedView:
    return SavedView(
        key=row.key,
        name=row.name,
        person_key=row.person_key,
        is_shared=row.is_shared,
        made_by=row.made_by,
        fields={str(name): str(value) for name, value in row.fields.items()},
    )
