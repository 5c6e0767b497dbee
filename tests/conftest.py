"""Fixtures of all tests: the real store, on SQLite in memory, in a file, and on PostgreSQL.

The store is never faked. A fresh one is a copy of a template that the migrations made once. The
PostgreSQL is our own throw-away cluster; MONITOR_TEST_PG names another one to use instead.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from monitor.logs import configure_logs
from store import Store, open_store
from store.session import Database

# A busy machine is no failure: tests that promise a time measure it themselves.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Every row but Alembic's own. Deleting takes a tenth of what truncating takes; as a replica the
# server asks for no order among references.
EMPTIED = """
SET session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
END $$
"""

POSTGRES_PROGRAMS = Path("/usr/lib/postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flags that write what comes out as the new expectation, instead of comparing."""
    parser.addoption("--golden", action="store_true", help="rewrite the golden files")
    parser.addoption(
        "--lower-baseline", action="store_true", help="accept worse relevance as the new floor"
    )


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """Write log lines as the program does: the library's default draws every local variable."""
    configure_logs()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the schema and nothing in it."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """Yield the address of a PostgreSQL server, without a database; skip where there is none."""
    if given := os.environ.get("MONITOR_TEST_PG"):
        yield given.rstrip("/")
        return
    programs = sorted(
        POSTGRES_PROGRAMS.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True
    )
    if not programs:
        pytest.skip(
            "NOT TESTED ON POSTGRESQL: its server programs are not installed "
            "(apt-get install postgresql, or set MONITOR_TEST_PG)"
        )
    with _cluster(programs[0]) as address:
        yield address


@pytest.fixture(scope="session")
def postgres_admin(postgres_cluster: str) -> Iterator[psycopg.Connection]:
    """Yield a connection that may make databases."""
    with psycopg.connect(f"{postgres_cluster}/postgres", autocommit=True) as connection:
        yield connection


@pytest.fixture
def empty_postgres_url(postgres_cluster: str, postgres_admin: psycopg.Connection) -> Iterator[str]:
    """Yield the address of a PostgreSQL database with nothing in it."""
    name = f"dispatch_{os.getpid()}_{os.urandom(4).hex()}"
    postgres_admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{postgres_cluster}/{name}"
    postgres_admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class SharedPostgres:
    """One PostgreSQL store for all tests in turn: emptied, since a new one takes half a second."""

    url: str
    store: Store
    connection: psycopg.Connection

    def emptied(self) -> SharedPostgres:
        """Delete all rows."""
        self.connection.execute(EMPTIED)
        return self


@pytest.fixture(scope="session")
def shared_postgres(
    postgres_cluster: str, postgres_admin: psycopg.Connection
) -> Iterator[SharedPostgres]:
    """Yield the store that PostgreSQL tests use in turn."""
    name = f"dispatch_{os.getpid()}"
    postgres_admin.execute(f'CREATE DATABASE "{name}"')
    url = f"{postgres_cluster}/{name}"
    with open_store(url) as store, psycopg.connect(url, autocommit=True) as connection:
        yield SharedPostgres(url, store, connection)
    postgres_admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(shared_postgres: SharedPostgres) -> str:
    """Return the address of a PostgreSQL store with nothing in it."""
    return shared_postgres.emptied().url


@pytest.fixture
def postgres_store(shared_postgres: SharedPostgres) -> Store:
    """Return a PostgreSQL store with nothing in it."""
    return shared_postgres.emptied().store


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of a fresh SQLite store in a file."""
    path = tmp_path / "monitor.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def memory_store(sqlite_template: Path) -> Iterator[Store]:
    """Yield a fresh SQLite store in memory: the one to take when the engine does not matter."""
    database = Database("sqlite://")
    with contextlib.closing(sqlite3.connect(sqlite_template)) as template:
        raw = database.engine.raw_connection()
        assert isinstance(raw.driver_connection, sqlite3.Connection)
        template.backup(raw.driver_connection)
        raw.close()
    with Store(database) as store:
        yield store


@pytest.fixture(params=["memory", "file", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Yield a fresh store of each kind in turn."""
    if request.param != "file":
        yield request.getfixturevalue(
            "memory_store" if request.param == "memory" else "postgres_store"
        )
        return
    with open_store(request.getfixturevalue("sqlite_url")) as opened:
        yield opened


@pytest.fixture(params=["file", "postgresql"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a fresh store that several processes can open."""
    name = "sqlite_url" if request.param == "file" else "postgres_url"
    url = request.getfixturevalue(name)
    assert isinstance(url, str)
    return url


# ---------------------------------------------------------------- the PostgreSQL cluster


@contextlib.contextmanager
def _cluster(programs: Path) -> Iterator[str]:
    """Start a cluster on the loopback address; as root, as the user postgres, who may."""
    folder = Path(tempfile.mkdtemp(prefix="dispatch-pg-"))
    user = None
    if os.getuid() == 0:
        user = "postgres"
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    run = _runner(folder, user)
    # Its data are thrown away, so it need not survive a power cut.
    hasty = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    try:
        run(
            *(programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "dispatch"),
            *("--no-sync", "-E", "UTF8", "--locale=C.UTF-8"),
        )
        port = _free_port()
        run(
            *(programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o"),
            *(f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {hasty}", "start"),
        )
        try:
            yield f"postgresql://dispatch@127.0.0.1:{port}"
        finally:
            run(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runner(folder: Path, user: str | None) -> Callable[..., None]:
    def run(*command: str | Path) -> None:
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
            env={**os.environ, "HOME": str(folder)},
        )

    return run


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port
