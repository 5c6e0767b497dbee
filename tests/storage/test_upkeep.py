"""Copies, restores, checks and sizes: what stands between a bad disk and lost work."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from builders import NOW, an_entry
from sqlalchemy import text
from storesteps import follow, keep

from monitor.core.errors import StoreBusy, StoreDamaged, StoreError, StoreNotOurs
from store import Store, migrate, open_store
from store.upkeep import refuse_unsound, restore


def path_of(url: str) -> Path:
    """Return the file of a SQLite address."""
    return Path(url.removeprefix("sqlite:///"))


def titles(url: str) -> list[str]:
    """Return the titles of all items of a store."""
    with open_store(url) as store:
        return [item.title for item in store.items.to_rescore("none", limit=99)]


def test_a_copy_holds_everything_and_is_sound(store: Store, tmp_path: Path) -> None:
    """A copy made while the store is open can be opened as a store of its own (G16)."""
    follow(store)
    keep(store, an_entry(1))
    to = tmp_path / "copies" / "monday.db"
    if not store.database.is_sqlite:
        with pytest.raises(StoreNotOurs, match="pg_dump"):
            store.upkeep.backup(to)
        return

    assert store.upkeep.backup(to) == to

    refuse_unsound(to)
    assert titles(f"sqlite:///{to}") == ["Report 1"]
    assert [path.name for path in to.parent.iterdir()] == ["monday.db"]


def test_a_copy_never_replaces_a_file(memory_store: Store, tmp_path: Path) -> None:
    """Yesterday's copy is not overwritten by today's."""
    to = tmp_path / "copy.db"
    to.write_text("precious")

    with pytest.raises(StoreError, match="there is a file already"):
        memory_store.upkeep.backup(to)
    assert to.read_text() == "precious"


def test_copying_keeps_no_writer_waiting(sqlite_url: str, tmp_path: Path) -> None:
    """The work goes on while copies are made, and each copy is consistent."""
    with open_store(sqlite_url) as store:
        follow(store)
        stop = threading.Event()
        failures: list[BaseException] = []

        def write() -> None:
            number = 0
            try:
                while not stop.is_set():
                    number += 5
                    keep(store, *(an_entry(number + i) for i in range(5)))
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        copies = [store.upkeep.backup(tmp_path / f"{number}.db") for number in range(3)]
        stop.set()
        thread.join()

    assert failures == []
    for copy in copies:
        with open_store(f"sqlite:///{copy}") as opened:
            assert opened.ledger.discrepancies() == []
            assert opened.upkeep.check() == []


def test_a_restore_puts_the_old_store_aside(sqlite_url: str, tmp_path: Path) -> None:
    """The way back from a restore exists too: what was there is kept under another name."""
    with open_store(sqlite_url) as store:
        follow(store)
        keep(store, an_entry(1))
        copy = store.upkeep.backup(tmp_path / "copy.db")
        keep(store, an_entry(2))

    first = restore(sqlite_url, copy)
    second = restore(sqlite_url, copy)

    assert titles(sqlite_url) == ["Report 1"]
    assert first is not None
    assert second is not None
    assert first.name == "monitor.db.before-restore-1"
    assert titles(f"sqlite:///{first}") == ["Report 1", "Report 2"]
    assert titles(f"sqlite:///{second}") == ["Report 1"]


def test_a_restore_works_where_there_is_no_store_and_over_a_damaged_one(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The two days on which it is needed."""
    with open_store(sqlite_url) as store:
        follow(store)
        keep(store, an_entry(1))
        copy = store.upkeep.backup(tmp_path / "copy.db")
    elsewhere = tmp_path / "new" / "monitor.db"
    path_of(sqlite_url).write_bytes(b"garbage")

    aside = restore(sqlite_url, copy)

    assert restore(f"sqlite:///{elsewhere}", copy) is None
    assert titles(f"sqlite:///{elsewhere}") == titles(sqlite_url) == ["Report 1"]
    assert aside is not None
    assert aside.read_bytes() == b"garbage"


def test_nothing_is_restored_under_a_running_monitor(sqlite_url: str, tmp_path: Path) -> None:
    """Replacing the file of an open database would lose what is written afterwards."""
    with open_store(sqlite_url) as store:
        follow(store)
        copy = store.upkeep.backup(tmp_path / "copy.db")

        with pytest.raises(StoreBusy):
            restore(sqlite_url, copy)

        assert len(store.feeds.statuses(NOW)) == 1


@pytest.mark.parametrize("fault", ["missing", "empty", "garbage", "cut", "foreign"])
def test_an_unsound_copy_is_not_restored(sqlite_url: str, tmp_path: Path, fault: str) -> None:
    """A bad copy must not take the place of a store that may still be good."""
    copy = tmp_path / "copy.db"
    with open_store(sqlite_url) as store:
        follow(store)
        if fault == "cut":
            store.upkeep.backup(copy)
            copy.write_bytes(copy.read_bytes()[:-5000])
    if fault in ("empty", "garbage"):
        copy.write_bytes(b"" if fault == "empty" else b"garbage")
    if fault == "foreign":
        with closing(sqlite3.connect(copy)) as other:
            other.execute("CREATE TABLE t (x)")
    before = path_of(sqlite_url).read_bytes()

    with pytest.raises(StoreDamaged):
        restore(sqlite_url, copy)

    assert path_of(sqlite_url).read_bytes() == before


def test_checking_a_copy_leaves_it_untouched(sqlite_url: str, tmp_path: Path) -> None:
    """A copy may lie on a medium that cannot be written."""
    with open_store(sqlite_url) as store:
        copy = store.upkeep.backup(tmp_path / "copy.db")
    before = copy.read_bytes()
    copy.chmod(0o400)

    refuse_unsound(copy)

    assert copy.read_bytes() == before


def test_a_sound_store_has_nothing_to_say(store: Store) -> None:
    """`db check` on a good day."""
    follow(store)
    keep(store, an_entry(1))

    assert store.upkeep.check() == []


def test_a_check_names_what_is_wrong(sqlite_url: str) -> None:
    """A missing index and a reference to nothing are both found."""
    with open_store(sqlite_url) as store:
        follow(store)
        (item,) = keep(store, an_entry(1))
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other:
        other.execute("DROP INDEX ix_sighting_entry_key")
        other.execute("PRAGMA foreign_keys = off")
        other.execute("DELETE FROM item WHERE key = ?", (item.key,))

    with open_store(sqlite_url) as store:
        found = "\n".join(store.upkeep.check())

    assert "match row" in found
    assert "refers to a missing item" in found
    assert "add_index" in found


def test_sizes_are_told(store: Store) -> None:
    """Engine, schema, bytes and rows: what an operator asks first."""
    follow(store)
    keep(store, an_entry(1), an_entry(2))

    size = store.upkeep.size()

    assert size.engine == ("sqlite" if store.database.is_sqlite else "postgresql")
    assert size.revision == migrate.head()
    assert size.counts == {"feed": 1, "poll": 1, "entry": 2, "fate": 2, "item": 2}
    assert size.size > 50_000
    with store.database.reading() as session:
        query = "SELECT sqlite_version()" if store.database.is_sqlite else "SHOW server_version"
        assert session.execute(text(query)).scalar_one() == size.version
