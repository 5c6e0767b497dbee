"""What all tables share: constraint names, aware UTC times, and one JSON type for both engines.

Every table is a SQLModel class whose name ends in `Row`; rows never leave the store. Table models
do not validate what is put into them, so values are checked where they enter the program, and rows
are only ever made from values. Keys are integers named `key`; a reference is named `<noun>_key`.
`store.tables.register` puts every table on `SQLModel.metadata`, the truth of migrations.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

# Constraints need names that are the same on both engines and in ten years: a later migration drops
# them by name, and SQLite's batch mode cannot even see unnamed ones.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite gives naive times back; here they become aware again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody could say later which zone they were in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        if value is None:
            return None
        assert isinstance(value, datetime)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def table(row: type[SQLModel]) -> Table:
    """Return the Core table of a row class: bulk statements and joins are written on it."""
    return SQLModel.metadata.tables[str(row.__tablename__)]


class _Json(TypeDecorator[Any]):
    """JSONB on PostgreSQL, so that notes and specs can be asked for; plain JSON text on SQLite.

    None is no value at all (SQL NULL), not the JSON word null. PostgreSQL's part of SQLAlchemy is
    imported on PostgreSQL only: it takes as long as a whole poll.
    """

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the engine at hand has."""
        if dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB

            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(JSON(none_as_null=True))


Json = _Json()


def upsert(rows: Table, *, is_sqlite: bool) -> Any:
    """Return the INSERT of the engine at hand that has `on_conflict_do_update`."""
    if is_sqlite:
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(rows)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(rows)
