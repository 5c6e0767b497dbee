"""The schema and the reference pages say what the program does, because they are generated."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from monitor.core.values import Band, DateSource, ErrorCode, Fate, FeedState, TextState
from monitor.feedkeys import KEY_ORDER
from monitor.reference import generated_files, schema_text, write_generated
from monitor.settingkeys import TABLE
from monitor.yamltree import Keyed, Listed, Text, plain, read_tree

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(generated_files()))
def test_a_generated_file_is_current(name: str) -> None:
    """`make docs` was run after the last change of what the file describes."""
    assert (CHECKOUT / name).read_text("utf-8") == generated_files()[name]


def test_every_key_and_setting_has_its_heading() -> None:
    """Nothing an operator can write is left undescribed."""
    files = generated_files()

    assert [
        key for key in KEY_ORDER if f"### `{key}`\n" not in files["docs/reference/feeds.md"]
    ] == []
    assert [
        setting.variable
        for setting in TABLE
        if f"## `{setting.variable}`\n" not in files["docs/reference/settings.md"]
    ] == []


@pytest.mark.parametrize("kind", [ErrorCode, FeedState, Fate, Band, TextState, DateSource])
def test_every_code_is_described(kind: type[StrEnum]) -> None:
    """Scripts may meet any of them, so the page of codes knows all."""
    page = generated_files()["docs/reference/codes.md"]

    assert [code.value for code in kind if f"| `{code.value}` | " not in page] == []


def test_writing_makes_the_folders_it_needs(tmp_path: Path) -> None:
    """A fresh checkout without docs/reference gets all files."""
    write_generated(tmp_path)

    for name, text in generated_files().items():
        assert (tmp_path / name).read_text("utf-8") == text


def complaints(value: Any, schema: dict[str, Any], top: dict[str, Any]) -> list[str]:
    """Check text values against the part of JSON Schema that our schema uses."""
    if "$ref" in schema:
        schema = top["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    kind = schema.get("type")
    if kind == "object":
        known = schema["properties"]
        found = [f"{key}?" for key in value if key not in known]
        found += [f"no {key}" for key in schema.get("required", []) if key not in value]
        return found + [
            f"{key}: {bad}"
            for key, part in value.items()
            if key in known
            for bad in complaints(part, known[key], top)
        ]
    if kind == "array":
        return [bad for part in value for bad in complaints(part, schema["items"], top)]
    if kind == "boolean":
        return [] if value in {"true", "false"} else [f"{value} is no boolean"]
    if kind in {"number", "integer"}:
        is_inside = schema.get("minimum", 0) <= float(value) <= schema.get("maximum", 99)
        return [] if is_inside else [f"{value} is out of bounds"]
    assert kind == "string", schema
    fits = re.search(schema.get("pattern", ""), value) and value in schema.get("enum", [value])
    return [] if fits and len(value) <= schema.get("maxLength", 9999) else [f"{value} does not fit"]


def test_editors_accept_the_shipped_list() -> None:
    """The schema marks nothing in a file that the program takes."""
    schema = json.loads(schema_text())
    tree = read_tree((CHECKOUT / "feeds.yaml").read_text("utf-8"), "feeds.yaml")

    assert complaints(plain(tree), schema, schema) == []


def test_editors_mark_a_misspelt_key_and_a_missing_address() -> None:
    """The schema is as strict as the program about keys."""
    schema = json.loads(schema_text())

    found = complaints({"feeds": [{"id": "a", "lnag": "ko"}]}, schema, schema)

    assert found == ["feeds: lnag?", "feeds: no url"]


def test_every_default_of_the_schema_is_what_a_file_would_say() -> None:
    """Completion offers `1h`, not the notation of another standard."""
    properties = json.loads(schema_text())["$defs"]["FeedKeys"]["properties"]

    assert {key: part["default"] for key, part in properties.items() if "default" in part} == {
        "enabled": True,
        "every": "1h",
        "default_tz": "UTC",
        "content": "page",
        "title_only": False,
        "paywall": False,
        "weight": 1.0,
        "extract": "default",
        "identity": "auto",
        "tls": "verified",
        "expect_daily": False,
        "max_age": "90d",
    }
    assert list(properties) == list(KEY_ORDER)


def test_the_example_in_the_reference_is_right() -> None:
    """What people copy from the page can be used."""
    page = generated_files()["docs/reference/feeds.md"]
    found = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None

    tree = read_tree(found.group(1), "example")

    assert isinstance(tree, Keyed)
    assert isinstance(tree.get("feeds"), Listed)
    assert isinstance(tree.get("version"), Text)
