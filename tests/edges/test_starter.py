"""`monitor init` gives a new operator working files, and touches nothing that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor import starter
from monitor.core.errors import ConfigurationErrors
from monitor.feedfile import read_feeds


def test_the_shipped_files_are_found(tmp_path: Path) -> None:
    """From a checkout or a wheel: feeds, schema, rules and corpus are all there."""
    assert [name for name in starter.NAMES if not (starter.shipped() / name).exists()] == []


def test_a_new_folder_gets_working_files(tmp_path: Path) -> None:
    """What was copied is complete, the same to the byte, and can be used at once."""
    folder = tmp_path / "new" / "watch"

    copied = starter.copy_to(folder)

    assert copied.kept == ()
    assert {path.parts[0] for path in copied.written} == set(starter.NAMES)
    for path in copied.written:
        assert (folder / path).read_bytes() == (starter.shipped() / path).read_bytes()
    assert read_feeds(folder / "feeds.yaml").feeds


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    """Running it twice is safe, and says that everything was kept."""
    first = starter.copy_to(tmp_path)

    second = starter.copy_to(tmp_path)

    assert (second.written, second.kept) == ((), first.written)


def test_what_the_operator_has_is_kept(tmp_path: Path) -> None:
    """An edited file stays as it is, and a dangling link is not written through."""
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    outside = tmp_path / "outside"
    (tmp_path / "feeds.schema.json").symlink_to(outside)

    copied = starter.copy_to(tmp_path)

    assert (tmp_path / "feeds.yaml").read_text() == "feeds: []\n"
    assert not outside.exists()
    assert copied.kept == (Path("feeds.yaml"), Path("feeds.schema.json"))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be gives a sentence with the path, not a traceback."""
    (tmp_path / "taken").touch()

    with pytest.raises(ConfigurationErrors, match=r"taken/feeds\.yaml: cannot be written: "):
        starter.copy_to(tmp_path / "taken")
