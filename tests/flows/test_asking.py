"""Who only asks leaves nothing behind, and hears of a wrong folder instead of an empty answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import Monitor, commands

from monitor.core.errors import StoreMissing
from monitor.starter import copy_to
from store import migrate, open_store
from store.session import Database

# Each asks about what is kept: where nothing is, an empty answer would be a lie.
ABOUT_WHAT_IS_KEPT = [
    "health",
    "why https://example.org/1",
    "search workers",
    "export csv",
    "verdict 1 relevant",
    "db check",
    "db backup copy.db",
    "feeds list",
    "feeds accept-redirect",
    "feeds resume nknews",
    "digest preview",
    "digest approve you@example.org",
    "digest send",
    "digest test you@example.org",
    "digest windows",
    "tlp 1 amber",
    "users list",
    "users disable Somebody",
    "subscribers list",
    "subscribers pause you@example.org",
    "subscribers remove you@example.org",
    "rules versions",
    "rules rollback abc",
    "rules rescore",
    "rules stats",
    "rules suggest",
]
# Each reads the files that people edit, and compares them with what is kept, if anything is.
ABOUT_FILES = [
    "check",
    "config show",
    "feeds plan",
    "feeds export",
    "rules lint",
    "rules preview",
    "rules test",
    "webhooks list",
    "doctor",
]


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Return a function that runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with commands() as run:
        yield run


def files(folder: Path) -> list[str]:
    """Return every file and folder in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("command", ABOUT_WHAT_IS_KEPT)
def test_in_an_empty_folder_the_next_step_is_named(
    monitor: Monitor, tmp_path: Path, command: str
) -> None:
    """The wrong folder is no folder of ours: 78, and how to begin."""
    done = monitor(*command.split())

    assert done.exit_code == 78
    assert done.stdout == ""
    assert "there is no such file" in done.stderr
    assert "monitor init DIR" in done.stderr
    assert files(tmp_path) == []


@pytest.mark.parametrize("command", ABOUT_WHAT_IS_KEPT)
def test_before_the_first_run_the_next_step_is_named(
    monitor: Monitor, tmp_path: Path, command: str
) -> None:
    """Nothing is kept yet: that is said, nothing is made, and a script hears of it."""
    copy_to(tmp_path)
    before = files(tmp_path)

    done = monitor(*command.split())

    assert done.exit_code == 1
    assert "There is no database here yet." in done.stdout + done.stderr
    assert "monitor run" in done.stdout + done.stderr
    assert files(tmp_path) == before


@pytest.mark.parametrize("command", ABOUT_FILES)
def test_looking_at_the_files_needs_and_makes_no_database(
    monitor: Monitor, tmp_path: Path, command: str
) -> None:
    """An operator writes feeds and rules first, and runs afterwards."""
    copy_to(tmp_path)
    before = files(tmp_path)

    done = monitor(*command.split())

    assert done.exit_code == 0
    assert files(tmp_path) == before


def test_health_in_json_stays_json_before_the_first_run(monitor: Monitor, tmp_path: Path) -> None:
    """What watches from outside can read the answer on the first day too."""
    copy_to(tmp_path)

    done = monitor("health", "--json")

    assert done.exit_code == 1
    assert '"well": false' in done.stdout
    assert "There is no database here yet." in done.stdout


def test_a_server_without_our_tables_is_left_without(empty_postgres_url: str) -> None:
    """On PostgreSQL too asking makes nothing."""
    with pytest.raises(StoreMissing):
        open_store(empty_postgres_url, create=False)

    database = Database(empty_postgres_url)
    try:
        with pytest.raises(StoreMissing):
            open_store(empty_postgres_url, create=False)
        migrate.upgrade(database)
    finally:
        database.close()
    open_store(empty_postgres_url, create=False).close()
