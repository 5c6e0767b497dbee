"""The golden folder: texts that must pass and decoys, read with the place of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulebooks import RULES, shipped

from monitor.core.errors import ConfigurationErrors
from monitor.core.lab import golden_report
from monitor.rulegolden import read_golden

LANGUAGES = ("en", "ru", "ko", "ja", "zh")


def written(folder: Path, **files: str) -> Path:
    """Write files into the golden folder of a rules folder."""
    (folder / "golden").mkdir()
    for name, text in files.items():
        (folder / "golden" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_texts_are_decided_as_they_must_be() -> None:
    """Texts and decoys in five languages, each on its side of the digest line."""
    items = read_golden(RULES)
    for must_pass in (True, False):
        for lang in LANGUAGES:
            assert sum(one.must_pass is must_pass and one.given.lang == lang for one in items) >= 4
    report = golden_report(items, shipped())
    assert (report.dropped, report.raised) == ((), ())
    assert (report.precision, report.recall) == (1.0, 1.0)


def test_no_folder_holds_nothing(tmp_path: Path) -> None:
    """Whoever has no texts of their own has no tests of their own."""
    assert read_golden(tmp_path) == []


def test_texts_are_read_file_by_file(tmp_path: Path) -> None:
    """The key says on which side a text is to be."""
    folder = written(
        tmp_path,
        a="must_pass: [{id: one, title: Workers, lang: en}]",
        b="must_fail: [{id: two, text: Nothing}]",
    )
    assert [(one.id, one.must_pass) for one in read_golden(folder)] == [
        ("one", True),
        ("two", False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("must_pas: []", "a.yaml:1:1: must_pas: there is no such key"),
        ("must_pass:\n  - {id: x}", "a.yaml:2:5: must_pass.0: needs a title or a text"),
        ("must_pass:\n  - {title: x}", "a.yaml:2:5: must_pass.0.id: is missing"),
        (
            "must_pass: [{id: x, title: a}]\nmust_fail:\n  - {id: x, title: b}",
            "a.yaml:3:6: must_fail.0.id: `x` is already the name of another text",
        ),
        ("must_pass: [", "a.yaml:1"),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, text: str, expected: str) -> None:
    """File, line, column and key, as in the rules themselves."""
    with pytest.raises(ConfigurationErrors) as stopped:
        read_golden(written(tmp_path, a=text))
    assert expected in str(stopped.value.problems[0])
