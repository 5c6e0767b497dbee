"""Rule files by their hash, and which set was in force when: every old score stays explainable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.reports import RulebookVersion
from store.session import Database
from store.tables.base import table
from store.tables.reviewing import RulebookRow, RulebookUseRow

RULEBOOK, USE = table(RulebookRow), table(RulebookUseRow)


class Rulebooks:
    """Queries about rulebooks."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def save(self, version: str, files: Mapping[str, str], now: datetime) -> None:
        """Keep the texts of a set of rule files under their hash; once is enough."""
        insert = (sqlite if self._database.is_sqlite else postgresql).insert(RULEBOOK)
        statement = insert.values(hash=version, files=dict(files), saved_at=now)
        with self._database.writing() as session:
            session.execute(statement.on_conflict_do_nothing(index_elements=["hash"]))

    def get(self, version: str) -> dict[str, str] | None:
        """Return the texts of a set of rule files by path; None when it was never saved."""
        query = select(RULEBOOK.c.files).where(RULEBOOK.c.hash == version)
        with self._database.reading() as session:
            files = session.execute(query).scalar_one_or_none()
        return None if files is None else dict(files)

    def apply(self, version: str, *, now: datetime, actor: str = "", reason: str = "") -> None:
        """Put a saved set into force. Raises KeyError when it was never saved."""
        with self._database.writing() as session:
            known = select(RULEBOOK.c.hash).where(RULEBOOK.c.hash == version)
            if session.execute(known).first() is None:
                raise KeyError(version)
            session.execute(
                USE.insert().values(hash=version, applied_at=now, actor=actor, reason=reason)
            )

    def current(self) -> RulebookVersion | None:
        """Return the set in force; None before the first was applied."""
        query = select(USE).order_by(USE.c.key.desc()).limit(1)
        with self._database.reading() as session:
            row = session.execute(query).one_or_none()
        return None if row is None else _version(row)

    def versions(self, *, limit: int = 100) -> list[RulebookVersion]:
        """Return which sets were put into force, the newest first."""
        query = select(USE).order_by(USE.c.key.desc()).limit(limit)
        with self._database.reading() as session:
            return [_version(row) for row in session.execute(query)]


def _version(row: Row[Any]) -> RulebookVersion:
    return RulebookVersion(
        hash=row.hash, applied_at=row.applied_at, actor=row.actor, reason=row.reason
    )
