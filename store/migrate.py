"""Brings a database to the schema of this program, and proves that it has it.

A store is only ever created by its migrations, so that a fresh one and an upgraded one are the
same. Each upgrade is one transaction on both engines: interrupted, it leaves the old schema.

Developers write a migration with `python -m store.migrations new "Add what for"`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import AutoString, SQLModel

from monitor.core.errors import StoreError, StoreTooNew, StoreTooOld
from store import tables
from store.schema import head, is_ours, revision, revision_of
from store.session import Database
from store.tables.base import Json, UTCDateTime

tables.register()

# Any number of our own: two processes that upgrade one PostgreSQL database wait for each other.
UPGRADE_LOCK = 7_205_759_403


def upgrade(database: Database) -> None:
    """Bring a database to `head`. Raises `StoreTooNew` when a newer program wrote it."""
    with database.migrating() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        found = revision_of(connection, database.name)
        if found == head():
            return
        _refuse_newer(found, database)
        command.upgrade(configured(connection), "head")


def create(path: Path) -> None:
    """Make a new SQLite store in a place where there is none: all of it at once, or nothing.

    It is made under another name first; a file that is there is a whole store, whatever happens.
    When another process was faster, theirs stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(str(path), f"its folder cannot be made: {error.strerror}") from error
    part = path.with_name(f".{path.name}.new-{os.getpid()}-{secrets.token_hex(4)}")
    database = Database(f"sqlite:///{part}")
    try:
        upgrade(database)
        database.close()  # the last connection folds the log into the file
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        database.close()
        part.unlink(missing_ok=True)


def ensure(database: Database, *, upgrade_old: bool) -> None:
    """Create the schema in an empty database; leave an up-to-date one alone.

    An older one is upgraded when asked for. Raises `StoreTooOld`, `StoreTooNew`, `StoreDamaged`.
    """
    found = revision(database)
    if found == head():
        return
    if found is not None:
        _refuse_newer(found, database)
        if not upgrade_old:
            raise StoreTooOld(database.name, f"it is at {found}, this program needs {head()}")
    upgrade(database)


def check(database: Database) -> list[str]:
    """Return how the schema of a database differs from the tables; an empty list when equal."""
    with database.reading() as session:
        connection = session.connection()
        context = MigrationContext.configure(connection, opts=comparison(connection))
        return [_told(one) for one in compare_metadata(context, SQLModel.metadata)]


def comparison(connection: Connection) -> dict[str, Any]:
    """Return the options with which Alembic compares, renders and runs."""
    return {
        "target_metadata": SQLModel.metadata,
        # SQLite cannot alter a table in place: Alembic copies it.
        "render_as_batch": connection.dialect.name == "sqlite",
        "compare_type": True,
        "compare_server_default": True,
        "include_name": is_ours,
        "render_item": _render,
        # Our own sessions hold the transaction.
        "transactional_ddl": False,
    }


def configured(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration: our folder of migrations, and the connection to use."""
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    return config


def _refuse_newer(found: str | None, database: Database) -> None:
    scripts = ScriptDirectory.from_config(configured()).walk_revisions()
    if found is not None and found not in {script.revision for script in scripts}:
        raise StoreTooNew(database.name, f"it is at {found}, this program knows {head()}")


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Return our own spelling of our own types; Alembic's would miss their imports."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "UTCDateTime()"
    if kind == "type" and item is Json:
        return "Json"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def _told(difference: Any) -> str:
    """Return one difference in a line."""
    one = difference[0] if isinstance(difference, list) else difference
    return " ".join(str(part) for part in one if part is not None)
