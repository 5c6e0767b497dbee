"""Opening a database: what is refused, what its errors become, and how writers take turns."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from builders import HOUR, NOW, a_decision, a_feed, an_entry
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session
from storesteps import follow, keep, poll

from monitor.core import errors
from monitor.core.errors import (
    ConfigurationErrors,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnfit,
    StoreUnreachable,
)
from store import Store, open_store
from store.session import Database, refuse_unfit
from store.tables.base import table
from store.tables.reviewing import JobRow
from store.tables.watching import FeedRow

# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"SQLite format 2\x00" + bytes(100), "it is no SQLite database"),
        (b"<html>", "it is no SQLite database"),
    ],
)
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """What a failed copy left is not silently replaced by a new store."""
    path = tmp_path / "monitor.db"
    path.write_bytes(content)

    with pytest.raises(StoreDamaged, match=said):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A mistyped path ends in a sentence."""
    with pytest.raises(StoreDamaged, match="it is a folder"):
        open_store(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("cut", [1, 4096, 40_000])
def test_a_truncated_database_is_refused(sqlite_url: str, cut: int) -> None:
    """A file that lost its end is not opened as if nothing were missing."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.write_bytes(path.read_bytes()[:-cut])

    with pytest.raises(StoreDamaged):
        open_store(sqlite_url)


def test_a_damaged_database_is_named_as_such(sqlite_url: str) -> None:
    """Overwritten pages end in a sentence that says how to restore, not in a traceback."""
    with open_store(sqlite_url) as store:
        follow(store)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(StoreDamaged, match="restore"):
        open_store(sqlite_url)


def open_files(path: Path) -> list[str]:
    """Return the files of a database that this process has open."""
    seen = [os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return [name for name in seen if name.startswith(str(path))]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
@pytest.mark.parametrize("fault", ["damaged", "in use"])
def test_a_database_that_does_not_open_is_let_go(sqlite_url: str, fault: str) -> None:
    """A program that tries again for days must not collect open files."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        if fault == "damaged":
            path.write_bytes(path.read_bytes()[:100] + b"\xff" * 50_000)
        else:
            other.execute("PRAGMA journal_mode = delete")
            other.execute("BEGIN EXCLUSIVE")
        held = open_files(path)
        database = Database(sqlite_url, busy_seconds=0.01)
        try:
            # What was caught keeps the failed connection alive, as a log would.
            with (
                pytest.raises((StoreDamaged, StoreBusy)) as caught,
                database.reading() as session,
            ):
                session.execute(text("SELECT 1 FROM feed"))
        finally:
            database.close()
        if fault == "in use":
            other.execute("ROLLBACK")  # SQLite closes no file while its process holds a lock on it

        assert open_files(path) == held
        assert caught.value.__cause__ is not None


MOUNTS = """
/dev/sda1 / ext4 rw 0 0
nas:/share /mnt/nas nfs4 rw 0 0
//win/c /mnt/with\\040blank cifs rw 0 0
/dev/sdb1 /mnt/nas/local xfs rw 0 0
host /mnt/host 9p rw 0 0
me@host: /home/me/far fuse.sshfs rw 0 0
tmpfs /mnt/nasty tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/monitor.db", None),
        ("/mnt/nas/monitor.db", "nfs4"),
        ("/mnt/nas/deep/er/monitor.db", "nfs4"),
        ("/mnt/nas/local/monitor.db", None),
        ("/mnt/nasty/monitor.db", None),
        ("/mnt/with blank/monitor.db", "cifs"),
        ("/mnt/host/monitor.db", "9p"),
        ("/home/me/far/monitor.db", "fuse.sshfs"),
    ],
)
def test_a_network_file_system_is_refused(path: str, kind: str | None) -> None:
    """SQLite's locks do not hold there, so the store would be damaged one day."""
    if kind is None:
        refuse_unfit(Path(path), mounts=MOUNTS)
    else:
        with pytest.raises(StoreUnfit, match=kind):
            refuse_unfit(Path(path), mounts=MOUNTS)


@pytest.mark.parametrize("url", ["", "monitor.db", "mysql://root:secret@host/db", "oracle://x"])
def test_a_wrong_address_is_a_configuration_error(url: str) -> None:
    """It says which two kinds there are, and shows no password."""
    with pytest.raises(ConfigurationErrors, match="sqlite:///") as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    """The operator learns that the server is away; the log learns no secret."""
    with pytest.raises(StoreUnreachable) as caught:
        open_store("postgresql://me:secret@127.0.0.1:1/monitor")
    assert "secret" not in str(caught.value)
    assert caught.value.exit_code == 75


@pytest.mark.parametrize("place", ["/proc/nowhere/monitor.db", "/dev/null/monitor.db"])
def test_a_place_where_nothing_can_be_made_is_named(place: str) -> None:
    """A wrong path ends in a sentence with the path in it."""
    with pytest.raises(StoreError, match=place):
        open_store(f"sqlite:///{place}")


def test_the_folder_of_a_new_store_is_made(tmp_path: Path) -> None:
    """`var/` need not be there at the first start."""
    path = tmp_path / "var" / "deep" / "monitor.db"

    open_store(f"sqlite:///{path}").close()

    assert path.exists()


# ---------------------------------------------------------------- how it is opened


def test_sqlite_is_opened_with_the_promises_we_make(sqlite_url: str) -> None:
    """Write-ahead log, full synchronisation, references checked."""
    with open_store(sqlite_url) as store, store.database.reading() as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint")
        }

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "wal_autocheckpoint": 1000,
    }


def test_short_commands_leave_checkpoints_to_the_monitor(sqlite_url: str) -> None:
    """Two programs that checkpoint at once can damage the file (SQLite up to 3.51.2)."""
    database = Database(sqlite_url, checkpoints=False)
    with database.reading() as session:
        found = session.execute(text("PRAGMA wal_autocheckpoint")).scalar_one()
    database.close()

    assert found == 0


def test_a_reader_sees_one_state_while_others_write(shared_url: str) -> None:
    """Two questions in one reading get answers that fit together."""
    with open_store(shared_url) as store, open_store(shared_url) as other:
        follow(store, 1)
        count = text("SELECT count(*) FROM feed")
        with store.database.reading() as session:
            first = session.execute(count).scalar_one()
            other.feeds.sync([a_feed(1), a_feed(2)], NOW)
            second = session.execute(count).scalar_one()

        assert (first, second) == (1, 1)
        assert len(store.feeds.statuses(NOW)) == 2


def test_a_writing_block_that_raises_writes_nothing(store: Store) -> None:
    """A transaction is whole or not there."""

    def broken() -> None:
        with store.database.writing() as session:
            session.execute(table(JobRow).insert().values(name="a", run_count=0, failure_count=0))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        broken()
    assert store.jobs.list() == []


def test_a_broken_reference_is_a_bug_and_stays_one(store: Store) -> None:
    """Constraint errors are ours to fix: they are not dressed up for the operator."""
    with pytest.raises(IntegrityError), store.database.writing() as session:
        session.execute(
            text("INSERT INTO sighting VALUES (1, 1, 1, :now)"),
            {"now": "2026-01-01" if store.database.is_sqlite else NOW},
        )


def test_naive_times_are_refused_and_aware_ones_come_back_in_utc(store: Store) -> None:
    """Nobody could say later in which zone a naive time was."""
    follow(store)
    aware = datetime.fromisoformat("2026-11-24T18:30:00.123456+09:00")
    poll(store, a_decision(an_entry(1, published_at=aware)), finished_at=aware)

    status = store.feeds.status("feed-1", NOW)

    assert status is not None
    assert status.last_polled_at is not None
    assert status.last_polled_at.isoformat() == "2026-11-24T09:30:00.123456+00:00"
    with pytest.raises(StatementError, match="naive"), store.database.writing() as session:
        session.execute(table(FeedRow).update().values(due_at=datetime(2026, 1, 1)))  # noqa: DTZ001


# ---------------------------------------------------------------- taking turns


def test_threads_that_read_and_then_write_wait_for_each_other(shared_url: str) -> None:
    """No "database is locked", and no lost update, however many writers there are at once."""
    with open_store(shared_url) as store:
        follow(store)
        failures: list[BaseException] = []

        def count_up() -> None:
            try:
                for _ in range(20):
                    store.jobs.started("tick", NOW)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=count_up) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []
        assert store.jobs.list()[0].run_count == 120


def test_a_database_that_another_program_holds_is_busy_not_broken(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Every writing method says so after the wait, writes nothing, and works again afterwards."""
    database = Database(sqlite_url, busy_seconds=0.05)
    with Store(database) as store:
        follow(store)
        (item,) = keep(store, an_entry(1))
        with closing(sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for write in (
                lambda: store.feeds.sync([], NOW),
                lambda: store.polling.lease_feeds(NOW, owner="a", limit=1, lease_for=HOUR),
                lambda: store.polling.lease_pending(NOW, owner="a", limit=1, lease_for=HOUR),
                lambda: store.items.claim(item.key, "a", now=NOW, claim_for=HOUR),
                lambda: store.jobs.started("tick", NOW),
                lambda: store.leases.acquire("a", owner="a", now=NOW, lease_for=HOUR),
                lambda: store.notices.raise_once("a", "b", "c", NOW),
                lambda: store.rulebooks.save("a", {}, NOW),
                lambda: store.audit.add(actor="a", action="b", subject="c", now=NOW),
            ):
                with pytest.raises(StoreBusy, match="try again"):
                    write()
            assert store.items.get(item.key) == item  # readers are not kept waiting
            other.execute("ROLLBACK")

        assert store.jobs.list() == []
        store.jobs.started("tick", NOW)
        assert len(store.jobs.list()) == 1


def test_a_writer_waits_for_another_program_that_is_soon_done(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A backup or a shell in the way costs time, not an item."""
    with open_store(sqlite_url) as store:
        other = sqlite3.connect(
            tmp_path / "monitor.db", isolation_level=None, check_same_thread=False
        )
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        timer.start()
        begun = time.monotonic()

        store.jobs.started("tick", NOW)

        assert time.monotonic() - begun > 0.2
        timer.join()
        other.close()


def test_a_full_disk_is_named(sqlite_url: str) -> None:
    """Reading goes on, writing says what to do, and goes on by itself when there is room."""
    with open_store(sqlite_url) as store:
        follow(store)
        raw = store.database.engine.raw_connection()
        driver = raw.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages}")
        raw.close()
        with pytest.raises(StoreFull, match="make room"):
            keep(store, *(an_entry(number, content="x" * 5000) for number in range(50)))

        assert len(store.feeds.statuses(NOW)) == 1
        assert store.ledger.discrepancies() == []


def cut(store: Store, session: Session) -> None:
    """Let the server end the connection of a session."""
    pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with store.database.writing() as killer:
        killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


def test_a_connection_that_the_server_cut_is_replaced(postgres_url: str) -> None:
    """A restart of PostgreSQL between two transactions is not even noticed."""
    with open_store(postgres_url) as store, open_store(postgres_url) as other:
        follow(store)
        with store.database.writing() as session:
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with other.database.writing() as session:
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

        assert len(store.feeds.statuses(NOW)) == 1


def test_a_connection_cut_in_the_middle_is_an_error_that_can_be_tried_again(
    postgres_url: str,
) -> None:
    """Cut in the middle of a transaction, nothing is written and the next attempt works."""
    with open_store(postgres_url) as store, open_store(postgres_url) as other:

        def interrupted() -> None:
            with store.database.writing() as session:
                cut(other, session)
                session.execute(text("SELECT 1"))

        with pytest.raises(StoreUnreachable):
            interrupted()
        follow(store)
        assert len(store.feeds.statuses(NOW)) == 1


# ---------------------------------------------------------------- the errors themselves


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, StoreError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_what_where_and_what_next(kind: type[StoreError]) -> None:
    """No error without a sentence; it survives the way from a worker process."""
    error = kind("sqlite:///x.db", "detail")

    assert str(error).startswith(f"sqlite:///x.db: {kind.__doc__} (detail) ")
    assert str(error).endswith(kind.next_step)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert f" {kind.__name__} " in str(errors.__doc__)


def test_a_copy_is_independent_of_its_template(sqlite_template: Path, tmp_path: Path) -> None:
    """The fixture itself: a template that a test could change would make tests depend on order."""
    copy = tmp_path / "copy.db"
    shutil.copyfile(sqlite_template, copy)
    with open_store(f"sqlite:///{copy}") as store:
        follow(store)

    with open_store(f"sqlite:///{sqlite_template}") as template:
        assert template.feeds.statuses(NOW) == []


def test_a_server_database_that_cannot_hold_every_script_is_refused(
    postgres_admin: psycopg.Connection, postgres_cluster: str
) -> None:
    """SQL_ASCII is refused at once with what to do, not at the first Korean headline."""
    name = "other_encoding"
    postgres_admin.execute(
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' "
        "TEMPLATE template0"
    )
    try:
        with pytest.raises(ConfigurationErrors, match=r"SQL_ASCII.*ENCODING 'UTF8'"):
            open_store(f"{postgres_cluster}/{name}")
    finally:
        postgres_admin.execute(f"DROP DATABASE {name}")
