"""The secret of links in mail: made once, for its owner's eyes alone, never replaced in silence."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.app import open_watch
from monitor.core.errors import ConfigurationErrors
from monitor.secretfile import kept_secret
from monitor.settings import describe, load_settings

GIVEN = "0123456789abcdef0123456789abcdef"


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """The file is for its owner alone, and nothing else is left beside it."""
    first, second = kept_secret(tmp_path / "var"), kept_secret(tmp_path / "var")
    (file,) = (tmp_path / "var").iterdir()

    assert first == second
    assert len(first) == 64
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("secret.key", 0o600)


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    """Whoever is quicker, all sign with the same secret."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: kept_secret(tmp_path), range(32)))

    assert len(found) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"\n", b"short"])
def test_a_broken_file_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    """A file that was cut is named to the operator and left as it is."""
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(ConfigurationErrors, match=r"secret\.key: is too short"):
        kept_secret(tmp_path)

    assert (tmp_path / "secret.key").read_bytes() == content


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """No traceback where the folder is a file."""
    (tmp_path / "var").touch()

    with pytest.raises(ConfigurationErrors, match="cannot be read or made"):
        kept_secret(tmp_path / "var")


def test_without_a_public_address_there_is_no_secret(tmp_path: Path) -> None:
    """Who needs no links gets no file; with the address, links and pages come together."""
    bare = load_settings(environ={}, folder=tmp_path)
    public = load_settings(
        environ={"MONITOR_PUBLIC_URL": "https://watch.ngo.example"}, folder=tmp_path
    )
    with open_watch(bare) as watch:
        assert (watch.sender.secret, watch.sender.has_reader_pages) == (None, False)
        assert not (tmp_path / "var").exists()
    with open_watch(public) as watch:
        assert watch.sender.has_reader_pages
        assert watch.sender.secret == kept_secret(tmp_path / "var")


def test_a_given_secret_is_used_and_never_shown(tmp_path: Path) -> None:
    """It wins over the file, and the log filter knows it."""
    environ = {"MONITOR_PUBLIC_URL": "https://watch.ngo.example", "MONITOR_SECRET": GIVEN}
    given = load_settings(environ=environ, folder=tmp_path)
    with open_watch(given) as watch:
        assert watch.sender.secret == GIVEN.encode()

    assert not (tmp_path / "var").exists()
    assert given.secrets == (GIVEN,)
    assert GIVEN not in repr(given) + repr(describe(given))


def test_a_secret_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    """The message names the variable and not the value."""
    with pytest.raises(ConfigurationErrors) as refused:
        load_settings(environ={"MONITOR_SECRET": "hunter2"}, folder=tmp_path)

    assert "MONITOR_SECRET: must have at least 32 characters" in str(refused.value)
    assert "hunter2" not in str(refused.value)
