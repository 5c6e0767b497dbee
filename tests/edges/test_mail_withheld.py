"""The list of withheld words is read as it was written, and no error repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.withheld import read_redaction
from monitor.core.errors import ConfigurationErrors


def test_a_list_is_one_entry_a_line(tmp_path: Path) -> None:
    """Comments and empty lines are nobody's name."""
    path = tmp_path / "withheld.txt"
    path.write_text("\ufeff# escaped in May\nKim Chol-su  # brother of\n\n김철수\r\n", "utf-8")

    assert read_redaction(path).entries == ("Kim Chol-su", "김철수")


def test_no_file_is_an_empty_list(tmp_path: Path) -> None:
    """An installation that withholds nothing needs no file."""
    assert read_redaction(tmp_path / "none.txt").entries == ()


@pytest.mark.parametrize("content", [b"Kim Chol-su\nLi\n\xea\xb9\x80", b"\xff\xfeKim"])
def test_a_list_that_cannot_be_used_stops_and_names_no_one(tmp_path: Path, content: bytes) -> None:
    """Sending without the list would betray; the error names lines, never people."""
    path = tmp_path / "withheld.txt"
    path.write_bytes(content)

    with pytest.raises(ConfigurationErrors) as stopped:
        read_redaction(path)

    assert "Kim" not in str(stopped.value)
    assert "Li" not in str(stopped.value).replace("line", "")
    assert str(path) in str(stopped.value)


def test_a_folder_in_its_place_stops(tmp_path: Path) -> None:
    """What cannot be read is not an empty list."""
    with pytest.raises(ConfigurationErrors):
        read_redaction(tmp_path)
