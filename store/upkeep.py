"""Is the database sound, how big is it, and a safe copy of it: what an operator asks of a store.

A copy is made while the monitor runs, checked before it gets its name, and never overwrites
another. A restore puts what was there aside instead of deleting it. Saving a PostgreSQL database is
left to its own programs, which do it better.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy import func, select, text

from monitor.core.errors import StoreBusy, StoreDamaged, StoreError, StoreNotOurs
from monitor.core.reports import StoreSize
from store import schema
from store.session import Database, refuse_unfit
from store.tables.base import table
from store.tables.watching import EntryRow, FateRow, FeedRow, ItemRow, PollRow

COUNTED = (FeedRow, PollRow, EntryRow, FateRow, ItemRow)

# How many problems a check names: a damaged file has thousands, and one is enough to act on.
PROBLEMS_NAMED = 20


class Upkeep:
    """Questions about the database itself."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def check(self) -> list[str]:
        """Return what is wrong with the database, in the engine's words; an empty list when sound.

        Pages and indexes (SQLite), references, and whether the schema is the one of this program.
        """
        found: list[str] = []
        if self._database.is_sqlite:
            with self._database.reading() as session:
                pages = session.execute(text(f"PRAGMA quick_check({PROBLEMS_NAMED})")).scalars()
                found += [line for line in pages if line != "ok"]
                for row in session.execute(text("PRAGMA foreign_key_check")).fetchmany(
                    PROBLEMS_NAMED
                ):
                    found.append(f"{row[0]} row {row[1]} refers to a missing {row[2]}")
        from store import migrate  # Alembic: see `store.schema`

        return found + migrate.check(self._database)

    def size(self) -> StoreSize:
        """Return how much the store holds."""
        with self._database.reading() as session:
            rows = {
                str(row.__tablename__): select(func.count()).select_from(table(row))
                for row in COUNTED
            }
            counts = {name: session.execute(query).scalar_one() for name, query in rows.items()}
            if self._database.is_sqlite:
                version = session.execute(text("SELECT sqlite_version()")).scalar_one()
                pages = session.execute(text("PRAGMA page_count")).scalar_one()
                size = pages * session.execute(text("PRAGMA page_size")).scalar_one()
            else:
                version = session.execute(text("SHOW server_version")).scalar_one()
                query = text("SELECT pg_database_size(current_database())")
                size = session.execute(query).scalar_one()
        return StoreSize(
            engine="sqlite" if self._database.is_sqlite else "postgresql",
            version=str(version),
            revision=schema.revision(self._database),
            size=int(size),
            log_size=_log_size(self._database.path),
            counts=counts,
        )

    def backup(self, to: Path) -> Path:
        """Write a sound copy of the database to a new file, while it is in use; return its path.

        Raises `StoreNotOurs` on PostgreSQL, `StoreError` when the file exists already, and
        `StoreDamaged` when the copy is not sound, which means that the database is not either.
        """
        if not self._database.is_sqlite:
            raise StoreNotOurs(self._database.name)
        if to.exists():
            raise StoreError(str(to), "there is a file already")
        to.parent.mkdir(parents=True, exist_ok=True)
        part = to.with_name(to.name + ".part")
        part.unlink(missing_ok=True)
        with self._database.outside() as connection:
            # One reading transaction: a consistent copy that keeps no writer waiting.
            connection.exec_driver_sql("VACUUM INTO ?", (str(part),))
        refuse_unsound(part)
        _to_disk(part)
        part.rename(to)
        _to_disk(to.parent)
        return to


def refuse_unsound(path: Path) -> None:
    """Raise `StoreDamaged` unless a file is a whole, sound database of this program."""
    if not path.exists():
        raise StoreDamaged(str(path), "there is no such file")
    refuse_unfit(path)
    database = Database(f"sqlite:///{path}", read_only=True)
    try:
        with database.reading() as session:
            problems = session.execute(text("PRAGMA integrity_check(1)")).scalars().all()
        if problems != ["ok"]:
            raise StoreDamaged(str(path), str(problems[0]))
        if schema.revision(database) is None:
            raise StoreDamaged(str(path), "it holds no store")
    finally:
        database.close()


def restore(url: str, copy: Path) -> Path | None:
    """Put a copy in the place of a SQLite database; return where the old one was put aside.

    Raises `StoreDamaged` for an unsound copy, `StoreBusy` while any program has the database open,
    and `StoreNotOurs` on PostgreSQL.
    """
    target = Database(url)
    path = target.path
    if path is None:
        raise StoreNotOurs(target.name)
    refuse_unsound(copy)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _put_aside(path) if path.exists() else None
    part = path.with_name(path.name + ".part")
    shutil.copyfile(copy, part)
    _to_disk(part)
    part.rename(path)
    _to_disk(path.parent)
    return aside


def _put_aside(path: Path) -> Path:
    """Rename a database and its log; return the new name."""
    _close_log(path)
    number = 1
    while (aside := path.with_name(f"{path.name}.before-restore-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside


def _close_log(path: Path) -> None:
    """Fold the log into a database; raises `StoreBusy` while another program has it open."""
    database = Database(f"sqlite:///{path}", busy_seconds=1.0)
    try:
        refuse_unfit(path)
        with database.outside() as connection:
            # Only the last connection may leave write-ahead mode: this tells whether we are it.
            mode = connection.exec_driver_sql("PRAGMA journal_mode = delete").scalar_one()
    except StoreDamaged:
        return  # damage is the reason to restore; the pieces are kept together as they are
    finally:
        database.close()
    if mode != "delete":
        raise StoreBusy(str(path), "end the running monitor first")


def _log_size(path: Path | None) -> int:
    if path is None:
        return 0
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
