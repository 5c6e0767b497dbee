"""The tree of a YAML file: the same content as any reader sees, as text, with true places."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from monitor.yamltree import Keyed, Listed, Node, Plain, Text, place, place_of, plain, read_tree

SHIPPED = Path(__file__).parents[2] / "feeds.yaml"
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufeff"),
    min_size=1,
    max_size=12,
)
VALUES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(WORDS, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


def written(value: object, *, flow: bool) -> str:
    """Return a value as the library writes it."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = flow
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


@given(st.dictionaries(WORDS, VALUES, min_size=1, max_size=4), st.booleans())
def test_what_the_library_writes_is_read_back(value: dict[str, Plain], flow: bool) -> None:
    """Block and flow style, quotation marks of every kind, any depth: the same content."""
    text = written(value, flow=flow)
    try:  # it cannot always read what it writes: {?a: b} comes back as {a: b}
        assume(YAML(typ="safe", pure=True).load(text) == value)
    except MarkedYAMLError:
        reject()

    assert plain(read_tree(text, "f")) == value


def texts(node: Node) -> list[Text]:
    """Return every scalar of a tree."""
    match node:
        case Keyed(pairs=pairs):
            return [part for key, value in pairs for part in (key, *texts(value))]
        case Listed(items=items):
            return [part for item in items for part in texts(item)]
        case Text():
            return [node]
    raise AssertionError(node)


def test_offsets_and_places_are_where_the_text_stands() -> None:
    """For every scalar of the shipped list: the slice is what was written, from its place on."""
    text = SHIPPED.read_text("utf-8")
    wrong = []
    for found in texts(read_tree(text, "f")):
        cut = text[found.start : found.end]
        bare = cut[1:-1] if cut[:1] in {'"', "'"} else cut
        if bare != found.value or place_of(text, found.start) != (found.line, found.column):
            wrong.append((cut, found))

    assert wrong == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("18:30", "18:30"),
        ("0123", "0123"),
        ("1e3", "1e3"),
        ("2026-11-25", "2026-11-25"),
        ("true", "true"),
        ("null", None),
        ("~", None),
        ("", None),
        ('"null"', "null"),
        ('""', ""),
        ("'it''s'", "it's"),
        ('"\\u5317"', "北"),
        ("a#b", "a#b"),
        ("a #b", "a"),
        ("https://a.example/?x=1#y", "https://a.example/?x=1#y"),
    ],
)
def test_a_scalar_stays_the_text_that_was_written(written: str, value: str | None) -> None:
    """Nothing becomes a number, a date or false by itself; only a plain null is nothing."""
    assert plain(read_tree(f"k: {written}\n", "f")) == {"k": value}


def test_the_place_of_what_is_missing_is_that_of_its_parent() -> None:
    """A path is followed as far as it goes."""
    tree = read_tree("a:\n  - b: 1\n    c: [x, y]\n", "f")

    assert place(tree, ("a",)) == (1, 1)
    assert place(tree, ("a", 0)) == (2, 5)
    assert place(tree, ("a", 0, "c")) == (3, 5)
    assert place(tree, ("a", 0, "c", 1)) == (3, 12)
    assert place(tree, ("a", 0, "d")) == (2, 5)
    assert place(tree, ("a", 7)) == (1, 1)
    assert place(tree, ("a", 0, "b", "x", 3)) == (2, 5)
    assert place(tree, ("z",)) == (1, 1)


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("", 0, (1, 1)),
        ("ab", 1, (1, 2)),
        ("a\nb", 2, (2, 1)),
        ("a\r\nb", 3, (2, 1)),
        ("a\rb", 2, (2, 1)),
    ],
)
def test_lines_end_as_in_every_editor(text: str, offset: int, expected: tuple[int, int]) -> None:
    """Unix, Windows and old Macintosh line ends each count as one."""
    assert place_of(text, offset) == expected
