"""A copy of the database can be taken while it is used, and put back; nothing is overwritten."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.starter import shipped
from store import open_store


def monitor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "100"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an operator's folder with a store that follows a feeds.yaml."""
    shutil.copy(shipped() / "feeds.yaml", tmp_path)
    assert monitor(tmp_path, "feeds", "apply").returncode == 0
    return tmp_path


def feed_count(folder: Path) -> int:
    """Return how many feeds the store in the folder has in force."""
    return len(monitor(folder, "feeds", "list").stdout.splitlines()) - 1


def test_a_copy_is_taken_and_put_back(folder: Path) -> None:
    """After a loss the copy brings back what was there; what stood in its place is kept."""
    count = feed_count(folder)
    taken = monitor(folder, "db", "backup", "copies/one.db")
    (folder / "feeds.yaml").write_text("feeds: []\n")
    monitor(folder, "feeds", "apply", "--yes")

    back = monitor(folder, "db", "restore", "copies/one.db")

    assert (taken.returncode, taken.stdout) == (0, "copies/one.db\n")
    assert back.returncode == 0
    assert "The old database is kept as " in back.stderr
    assert feed_count(folder) == count > 100
    assert monitor(folder, "db", "check").returncode == 0


def test_nothing_is_overwritten_and_only_copies_are_put_back(folder: Path) -> None:
    """An existing file stays; a file that is no copy is refused before anything is touched."""
    (folder / "there.db").write_text("mine")

    taken = monitor(folder, "db", "backup", "there.db")
    back = monitor(folder, "db", "restore", "there.db")

    assert (taken.returncode, back.returncode) == (1, 1)
    assert (folder / "there.db").read_text() == "mine"
    assert "Traceback" not in taken.stderr + back.stderr
    with open_store(f"sqlite:///{folder}/var/monitor.db") as store:
        assert store.upkeep.check() == []
