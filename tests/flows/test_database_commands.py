"""A copy of the database can be taken while it is used, and put back; nothing is overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import Monitor, commands

from monitor.starter import shipped
from store import open_store


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Return a function that runs the command line where the shipped feeds are in force."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(shipped() / "feeds.yaml", tmp_path)
    with commands() as run:
        assert run("feeds", "apply").exit_code == 0
        yield run


def feed_count(monitor: Monitor) -> int:
    """Return how many feeds the store has in force."""
    return len(monitor("feeds", "list").stdout.splitlines()) - 1


def test_a_copy_is_taken_and_put_back(monitor: Monitor, tmp_path: Path) -> None:
    """After a loss the copy brings back what was there; what stood in its place is kept."""
    count = feed_count(monitor)
    taken = monitor("db", "backup", "copies/one.db")
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    monitor("feeds", "apply", "--yes")

    back = monitor("db", "restore", "copies/one.db")

    assert (taken.exit_code, taken.stdout) == (0, "copies/one.db\n")
    assert back.exit_code == 0
    assert "The old database is kept as " in back.stderr
    assert feed_count(monitor) == count > 100
    assert monitor("db", "check").exit_code == 0


def test_nothing_is_overwritten_and_only_copies_are_put_back(
    monitor: Monitor, tmp_path: Path
) -> None:
    """An existing file stays; a file that is no copy is refused before anything is touched."""
    (tmp_path / "there.db").write_text("mine")

    taken = monitor("db", "backup", "there.db")
    back = monitor("db", "restore", "there.db")

    assert (taken.exit_code, back.exit_code) == (1, 1)
    assert (tmp_path / "there.db").read_text() == "mine"
    with open_store(f"sqlite:///{tmp_path}/var/monitor.db") as store:
        assert store.upkeep.check() == []


def test_a_restore_says_what_will_not_be_told_again(monitor: Monitor, tmp_path: Path) -> None:
    """Without the journal a person can say until when everything was told; it is written down."""
    monitor("db", "backup", "one.db")
    warned = monitor("db", "restore", "one.db")
    said = monitor("db", "restore", "one.db", "--told-until", "2026-11-25T09:00")
    known = monitor("db", "restore", "one.db")

    assert "digests sent since the copy will go out again" in warned.stderr
    assert "Nothing that was due until 2026-11-25 09:00 UTC is sent again." in said.stderr
    assert "not told again" in known.stderr
    assert '"until":"2026-11-25T09:00:00+00:00"' in (tmp_path / "var/told.jsonl").read_text()


def test_the_index_can_be_made_anew(monitor: Monitor, tmp_path: Path) -> None:
    """`db reindex` says how much it found; without a database there is nothing to index."""
    empty = monitor("db", "reindex")

    assert (empty.exit_code, empty.stderr) == (0, "The index holds 0 items.\n")
