"""Opens the database: the engine, the two kinds of session, one place where errors are wrapped.

`reading()` and `writing()` are the only ways in. A writing session is one transaction: it commits
when its block ends, and rolls back when the block raises. SQLite writers begin with `BEGIN
IMMEDIATE`, because a transaction that reads first and writes later fails at once, without waiting,
when another one committed between. Within a process one writer works at a time. Never hold a
session while asking a server or a worker for something: a reader left open makes the write-ahead
log grow without bound.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from monitor.core.errors import (
    ConfigurationErrors,
    Problem,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnfit,
    StoreUnreachable,
)

if TYPE_CHECKING:
    import psycopg

# Long enough for a backup to pass; then the caller hears of it and tries later.
BUSY_SECONDS = 30.0

# Their locks or their shared memory cannot be trusted, and SQLite needs both.
NETWORK_FILE_SYSTEMS = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs2", "davfs"),
        *("vboxsf", "prl_fs", "drvfs"),  # folders shared with a virtual machine's host
    }
)

SQLITE_HEADER = b"SQLite format 3\x00"


class Database:
    """One database, of either engine. Thread-safe; not to be carried over a fork."""

    def __init__(
        self,
        url: str,
        *,
        checkpoints: bool = True,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        """Make the engine; nothing is asked of the database yet.

        `checkpoints=False` is for short commands beside a running monitor: SQLite up to 3.51.2 can
        damage a file when two connections checkpoint its write-ahead log at once. `read_only`
        leaves a SQLite file as it is.
        """
        self.url = _parsed(url)
        self.name = self.url.render_as_string(hide_password=True)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.is_memory = self.is_sqlite and self.path is None
        if self.is_sqlite:
            self.engine = self._sqlite(checkpoints, read_only, busy_seconds)
        else:
            self.engine = self._server()
        self._writer = self.engine.execution_options(writes=True)
        self._reader = self.engine if self.is_sqlite else _unchanging(self.engine)
        self._outside = self.engine.execution_options(outside=True)
        self._write_lock = threading.RLock()

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database; None in memory and on a server."""
        if not self.is_sqlite or self.url.database in (None, "", ":memory:"):
            return None
        return Path(str(self.url.database))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one unchanging state of the database and must not write."""
        # In memory there is a single connection, so readers wait for the writer as well.
        with self._write_lock if self.is_memory else nullcontext(), self._wrapped():
            session = Session(self._reader, expire_on_commit=False)
            with session:
                yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session whose block is one transaction."""
        with self._write_lock, self._wrapped():
            session = Session(self._writer, expire_on_commit=False)
            with session, session.begin():
                yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give a connection whose block is one transaction, for migrations.

        SQLite changes a table by copying and dropping it; with references checked, that would drop
        what refers to it as well. So they are checked at the end instead.
        """
        if not self.is_sqlite:
            with self._wrapped(), self._writer.begin() as connection:
                yield connection
            return
        with self._write_lock, self._wrapped(), self._outside.connect() as connection:
            # Has no effect within a transaction.
            connection.exec_driver_sql("PRAGMA foreign_keys = off")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise StoreDamaged(self.name, "a migration left references to nothing")
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself.
                if _in_transaction(connection):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            finally:
                connection.exec_driver_sql("PRAGMA foreign_keys = on")

    @contextmanager
    def outside(self) -> Iterator[Connection]:
        """Give a connection without a transaction, for statements that allow none (VACUUM)."""
        lock = self._write_lock if self.is_memory else nullcontext()
        with lock, self._wrapped(), self._outside.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back to the database."""
        self.engine.dispose()

    def _sqlite(self, checkpoints: bool, read_only: bool, busy_seconds: float) -> Engine:
        arguments: dict[str, Any] = {"connect_args": {"timeout": busy_seconds}}
        url = self.url
        if read_only:
            name = f"file:{quote(str(self.path))}"
            url = url.set(database=name, query={"mode": "ro", "uri": "true"})
        if self.is_memory:
            arguments["poolclass"] = StaticPool
            arguments["connect_args"]["check_same_thread"] = False
        engine = create_engine(url, **arguments)

        def connected(connection: Any, _record: object) -> None:
            # The driver's own BEGINs come too late for us; see `begun`.
            connection.isolation_level = None
            if read_only:
                return
            connection.execute("PRAGMA journal_mode = wal")
            # FULL: the ledger and the outbox must survive a power cut, not only a crash.
            connection.execute("PRAGMA synchronous = full")
            connection.execute("PRAGMA foreign_keys = on")
            if not checkpoints:
                connection.execute("PRAGMA wal_autocheckpoint = 0")

        def begun(connection: Connection) -> None:
            options = connection.get_execution_options()
            if not options.get("outside"):
                writes = options.get("writes")
                connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        event.listen(engine, "connect", connected)
        event.listen(engine, "begin", begun)
        return engine

    def _server(self) -> Engine:
        # Pre-ping: a connection that the server dropped (restart, failover) is replaced unseen.
        return create_engine(
            self.url,
            pool_pre_ping=True,
            pool_size=5,
            max_overflow=10,
            connect_args={
                "connect_timeout": 10,
                "client_encoding": "utf8",
                "options": "-c timezone=UTC",
            },
        )

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            known = _meaning(error, self.name)
            if known is None:
                raise  # a constraint or a wrong statement: a bug of ours, not the operator's
            raise known from error
        except sqlite3.Error as error:  # while connecting, where SQLAlchemy does not wrap it
            known = _sqlite_meaning(error, self.name)
            if known is None:
                raise
            raise known from error
        except PoolTimeout as error:
            raise StoreBusy(self.name, "all connections are in use") from error


def _in_transaction(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    return isinstance(driver, sqlite3.Connection) and driver.in_transaction


def refuse_other_encodings(database: Database) -> None:
    """Raise ConfigurationErrors when a server's database cannot hold every script.

    One made in the C locale has SQL_ASCII, which refuses Korean and Russian inside JSON.
    """
    if database.is_sqlite:
        return
    with database.reading() as session:
        encoding = session.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        message = (
            f"the database has the encoding {encoding}; make it anew with "
            "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
        )
        raise ConfigurationErrors([Problem(file="MONITOR_DATABASE", message=message)])


def refuse_unfit(path: Path, *, mounts: str | None = None) -> None:
    """Raise `StoreDamaged` or `StoreUnfit` for a file that must not be opened as a database.

    An empty file is refused too: it is what a failed copy leaves, and SQLite would silently start a
    new database in it. `mounts` is the text of /proc/mounts, for tests.
    """
    name = str(path)
    if path.exists():
        if path.is_dir():
            raise StoreDamaged(name, "it is a folder")
        with path.open("rb") as file:
            header = file.read(100)
        if not header.startswith(SQLITE_HEADER):
            raise StoreDamaged(name, "it is empty" if not header else "it is no SQLite database")
        if _is_cut_short(path, header):
            raise StoreDamaged(name, "its end is missing")
    kind = _file_system(path.absolute(), mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreUnfit(name, kind)


def _is_cut_short(path: Path, header: bytes) -> bool:
    """Say whether a file has fewer pages than its header claims.

    Offsets as in the SQLite file format, section 1.3. Where there is a log, a checkpoint may have
    been interrupted, and SQLite itself puts that right.
    """
    log = path.with_name(path.name + "-wal")
    if header[24:28] != header[92:96] or (log.exists() and log.stat().st_size):
        return False
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    return path.stat().st_size < pages * (65536 if page == 1 else page)


def _unchanging(engine: Engine) -> Engine:
    """Return `engine` with transactions that see one state and cannot write (PostgreSQL)."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _file_system(path: Path, mounts: str | None) -> str:
    """Return the type of the file system that holds `path`; empty where it cannot be known."""
    if mounts is None:
        table = Path("/proc/mounts")
        if not table.exists():  # not Linux
            return ""
        mounts = table.read_text(encoding="utf-8", errors="replace")
        path = path.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        # Blanks in mount points are written as \040.
        point = Path(parts[1].replace("\\040", " "))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), parts[2]
    return kind


def _parsed(url: str) -> URL:
    """Return the address of the database, or raise `ConfigurationErrors`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationErrors([_wrong(url)]) from error
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return parsed.set(drivername="sqlite")
    raise ConfigurationErrors([_wrong(parsed.drivername)])


def _wrong(said: str) -> Problem:
    kind = said.partition(":")[0]  # the rest may hold a password
    return Problem(
        file="database address",
        message=f"must begin with sqlite:/// or postgresql://, not with {kind!r}",
    )


def _meaning(error: DBAPIError, name: str) -> StoreError | None:
    """Return what a driver's error means for the operator; None when it is a bug."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _sqlite_meaning(cause, name)
    if cause is None:
        return None
    import psycopg  # slow to import, and here it has been already

    if isinstance(cause, psycopg.Error):
        return _server_meaning(cause, name, gone=error.connection_invalidated)
    return None


def _sqlite_meaning(cause: sqlite3.Error, name: str) -> StoreError | None:
    # The primary code is the low byte; the others are refinements of it.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    detail = str(cause)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(name)
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(name)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged(name, detail)
    if code in (
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
    ):
        return StoreError(name, detail)
    return None


def _server_meaning(cause: psycopg.Error, name: str, *, gone: bool) -> StoreError | None:
    from psycopg import OperationalError, errors

    state = cause.sqlstate or ""
    if isinstance(cause, errors.DiskFull):
        return StoreFull(name)
    if isinstance(cause, (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected)):
        return StoreBusy(name)
    if isinstance(cause, (errors.DataCorrupted, errors.IndexCorrupted)):
        return StoreDamaged(name)
    # No state: the connection itself failed. 08: connection, 53: resources, 57P: shut down.
    if gone or (isinstance(cause, OperationalError) and not state):
        return StoreUnreachable(name)
    if state.startswith(("08", "57P", "53")):
        return StoreUnreachable(name)
    return None
