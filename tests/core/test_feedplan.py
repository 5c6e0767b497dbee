"""The plan of an edit names every difference, and asks before many feeds fall silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.feedplan import FieldChange, plan, plan_lines
from monitor.core.spans import read_span, span_text
from monitor.core.values import Feed


def feeds(count: int, *, enabled: bool = True) -> list[Feed]:
    """Return so many feeds, f0 and up."""
    return [
        Feed(id=f"f{n}", url=f"https://a.example/{n}", title=f"F{n}", enabled=enabled)
        for n in range(count)
    ]


def test_added_removed_and_changed_feeds_are_told_apart() -> None:
    """Each difference is named once, with before and after as the file writes them."""
    old = feeds(10)
    new = [replace(old[0], every=timedelta(minutes=30), tags=("local",), lang="ru"), *old[2:]]
    new.append(Feed(id="new", url="https://b.example/", title="New"))

    found = plan(old, new)

    assert [feed.id for feed in found.added] == ["new"]
    assert [feed.id for feed in found.removed] == ["f1"]
    assert [change.fields for change in found.changed] == [
        (
            FieldChange(key="lang", before="", after="ru"),
            FieldChange(key="tags", before="", after="[local]"),
            FieldChange(key="every", before="1h", after="30m"),
        )
    ]
    assert (found.unchanged_count, found.warnings, found.needs_yes) == (8, (), False)
    assert plan_lines(found) == [
        "+ new  https://b.example/",
        "- f1  https://a.example/1",
        "~ f0  lang: (nothing) -> ru",
        "~ f0  tags: (nothing) -> [local]",
        "~ f0  every: 1h -> 30m",
        "1 added, 1 removed, 1 changed, 8 unchanged",
    ]


def test_the_order_of_the_file_is_no_difference() -> None:
    """Sorting feeds.yaml changes nothing about what is asked."""
    assert plan(feeds(5), feeds(5)[::-1]).is_empty


@pytest.mark.parametrize(
    ("removed", "switched_off", "needs_yes"),
    [(0, 0, False), (2, 0, False), (3, 0, True), (1, 1, False), (1, 2, True), (0, 10, True)],
)
def test_losing_more_than_a_fifth_must_be_confirmed(
    removed: int, switched_off: int, needs_yes: bool
) -> None:
    """Removed or switched off is the same loss; one in five of ten is the most that passes."""
    old = feeds(10)
    new = [replace(feed, enabled=n >= switched_off) for n, feed in enumerate(old[removed:])]

    found = plan(old, new)

    assert found.needs_yes is needs_yes
    assert bool(found.warnings) is needs_yes


def test_an_empty_file_is_told_as_the_loss_of_everything() -> None:
    """The likeliest cause is a file that was cut, so the question is asked."""
    found = plan(feeds(3), [])

    assert found.needs_yes
    assert found.warnings == (
        "all 3 watched feeds would no longer be asked: is the file complete?",
    )


def test_the_first_list_and_feeds_that_were_off_need_no_yes() -> None:
    """Nothing is lost where nothing was watched."""
    assert not plan([], feeds(100)).needs_yes
    assert not plan(feeds(100, enabled=False), []).needs_yes


def test_a_new_id_for_the_same_address_is_warned_of() -> None:
    """The history belongs to the id; a renamed feed would start without."""
    old = feeds(10)

    found = plan(old, [replace(old[0], id="better"), *old[1:]])

    assert found.warnings == (
        "f0 would become better: as a new feed it starts without history, and its entries count "
        "as old news; keep the id and change the title instead",
    )
    assert not found.needs_yes


def test_another_address_is_warned_of() -> None:
    """What was remembered of the old address does not hold for the new one."""
    old = feeds(10)

    found = plan(old, [replace(old[0], url="https://b.example/"), *old[1:]])

    assert [warning.split(" ")[0] for warning in found.warnings] == ["f0"]


@given(
    st.lists(st.integers(0, 30), unique=True),
    st.lists(st.integers(0, 30), unique=True),
    st.sets(st.integers(0, 30)),
)
def test_the_parts_add_up(old_ids: list[int], new_ids: list[int], edited: set[int]) -> None:
    """Old = removed + changed + unchanged, new = added + changed + unchanged, whatever the edit."""
    known = feeds(31)
    old = [known[n] for n in old_ids]
    new = [replace(known[n], weight=1.3) if n in edited else known[n] for n in new_ids]

    found = plan(old, new)

    assert len(old) == len(found.removed) + len(found.changed) + found.unchanged_count
    assert len(new) == len(found.added) + len(found.changed) + found.unchanged_count
    assert found.is_empty is ({feed.id: feed for feed in old} == {feed.id: feed for feed in new})
    assert {change.after.id for change in found.changed} == {
        f"f{n}" for n in edited & set(old_ids) & set(new_ids)
    }


@given(st.integers(0, 400_000))
def test_a_span_that_is_written_is_read_back(minutes: int) -> None:
    """Spans survive being written into a file, in the largest unit that divides them."""
    span = timedelta(minutes=minutes)

    assert read_span(span_text(span)) == span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        (" 6 h ", timedelta(hours=6)),
        ("2d", timedelta(days=2)),
        ("90", None),
        ("1h30m", None),
        ("-5m", None),
        ("٣h", None),
        ("18:30", None),
        ("", None),
    ],
)
def test_only_a_number_and_a_unit_is_a_span(text: str, expected: timedelta | None) -> None:
    """Nothing is guessed: no compound, no sign, no bare number, no digits of other scripts."""
    assert read_span(text) == expected
