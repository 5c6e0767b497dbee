"""Saved views, what is new to a person, filters by place and day, and groups of reprints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from web import samples
from web.visitors import Visitor, find, words

from monitor.core.reviewing import Grade
from monitor.core.values import ItemState, Verdict
from store import Store

TITLE = "Forty North Korean workers held at a fish plant in Nakhodka"


def titles(page: object) -> list[str]:
    """Return the titles that a page lists, in order."""
    return [words(one) for one in find(page, "article.item h2")]  # type: ignore[attr-defined]


def state_of(store: Store, key: int) -> ItemState:
    """Return the state of an item that must be there."""
    item = store.items.get(key)
    assert item
    return item.state


def reprinted(store: Store) -> tuple[int, int, int]:
    """Publish one headline in three feeds; return the three items."""
    told = [
        replace(samples.told(0), title=TITLE, feed=feed, link=f"https://{feed}.example/{number}")
        for number, feed in enumerate(("courier", "walled", "bereg"))
    ]
    samples.publish(store, *told)
    keys = []
    for one in told:
        item = store.items.by_link(one.link or "")
        assert item
        keys.append(item.key)
    return keys[0], keys[1], keys[2]


# ---------------------------------------------------------------- saved views


def test_a_view_is_kept_shown_and_forgotten(filled: Store, visitor: Visitor) -> None:
    """The filter on the page gets a name, a link with its count, and goes when told to."""
    form = next(one for one in visitor.page("/?lang=ko&band=alert").forms if one.action == "/views")
    visitor.post("/views", {**dict(form.fields), "name": "Korean <alerts>"})
    page = visitor.page("/?lang=ko&band=alert")
    (link,) = find(page, "nav.views a")
    count = words(find(link, ".count")[0])
    (gone,) = [one for one in page.forms if "/remove" in (one.action or "")]
    visitor.post(gone.action, dict(gone.fields))

    assert words(link).startswith("Korean <alerts>")
    assert (link.get("href"), link.get("aria-current")) == ("?band=alert&lang=ko", "true")
    assert count == str(len(titles(page)))
    assert find(visitor.page("/"), "nav.views a") == []


@pytest.mark.parametrize("name", ["", "   ", "\u202e\u200b"])
def test_a_view_without_a_name_is_not_kept(filled: Store, visitor: Visitor, name: str) -> None:
    """A blank name keeps nothing and leads back to the filter."""
    answer = visitor.post("/views", {"name": name, "lang": "ko"})

    assert answer.headers["location"] == "/?lang=ko"
    assert filled.views.list(0) == []


def test_a_view_can_ask_for_nothing_that_the_page_does_not_offer(
    filled: Store, visitor: Visitor
) -> None:
    """What stands in a stored view is read like any address."""
    fields = {"band": "<script>", "page": "7", "lang": "xx", "evil": "1", "place": "nakhodka"}
    filled.views.save("odd", fields, person_key=0, made_by="x", is_shared=True, now=samples.NOW)
    (link,) = find(visitor.page("/"), "nav.views a")

    assert link.get("href") == "?place=nakhodka"


# ---------------------------------------------------------------- new to me


def test_what_is_new_is_said_quietly(
    filled: Store, visitor: Visitor, clock: samples.FixedClock
) -> None:
    """After a pause, what came meanwhile is marked until it was opened; nothing else changes."""
    first = find(visitor.page("/"), ".new")
    clock.at += timedelta(hours=5)
    story = replace(
        samples.told(2), link="https://dongbang.example/new", title="새 소식: 북한 노동자들"
    )
    samples.publish(filled, story, at=clock.at - timedelta(hours=1))
    page = visitor.page("/")
    (mark,) = find(page, ".new")
    key = mark.xpath("ancestor::article")[0].get("id").lstrip("i")
    listed = titles(visitor.page("/?state=unseen"))
    visitor.page(f"/items/{key}")
    after = visitor.page("/")

    assert first == []
    assert words(find(page, ".fresh")[0]).startswith("1 item is new since you last looked")
    assert listed == ["새 소식: 북한 노동자들"]
    assert find(after, ".new") == []
    assert titles(after) == titles(page)
    assert state_of(filled, int(key)) is ItemState.NEW


# ---------------------------------------------------------------- place and days


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("since=2026-11-25", 1),
        ("until=2026-11-24", 1),
        ("since=2026-11-24&until=2026-11-25", 2),
        ("since=2026-11-26", 0),
        ("since=yesterday&until=2026-13-77", 2),  # no days: as if not given
        ("since=0001-01-01&until=9999-12-31", 2),
        ("place=nowhere", 2),
        ("place=moscow", 0),
    ],
)
def test_days_and_places_limit_the_list_and_its_counts(
    store: Store, visitor: Visitor, query: str, count: int
) -> None:
    """Days are days of the visitor's zone, both ends counted; the tabs count the same items."""
    visitor.post("/you", {"zone": "Asia/Vladivostok"})
    # 23:30 and 00:30 in Vladivostok, on both sides of its midnight.
    for number, at in ((0, "2026-11-24T13:30+00:00"), (1, "2026-11-24T14:30+00:00")):
        samples.publish(store, samples.told(number), at=samples.NOW.fromisoformat(at))
    page = visitor.page(f"/?{query}")
    counted = [int(words(one)) for one in find(page, "nav.tabs .count")]

    assert (len(titles(page)), sum(counted)) == (count, count)


# ---------------------------------------------------------------- reprints


def test_a_group_is_decided_with_one_press(store: Store, visitor: Visitor) -> None:
    """The item and its undecided reprints get one verdict, and one undo takes all back."""
    keys = reprinted(store)
    store.verdicts.give(keys[2], Verdict.IRRELEVANT, actor="Mina", now=samples.NOW)
    page = visitor.page("/")
    row = next(one for one in find(page, "article.item") if one.get("id") == f"i{keys[0]}")
    (form,) = find(row, "form.decide")
    answer = visitor.post(form.action, {**dict(form.fields), "decision": "relevant:all"})
    states = [state_of(store, key) for key in keys]
    done = visitor.page(answer.headers["location"].partition("#")[0])
    undo = find(done, "form[action='/undo'] button")[0]
    visitor.post("/undo", {"verdict": undo.get("value")})

    assert "The Walled Gazette" in words(find(row, ".also")[0])
    assert "(irrelevant)" in words(find(row, ".also")[0])
    assert states == [ItemState.RELEVANT, ItemState.RELEVANT, ItemState.IRRELEVANT]
    assert "with its reprints" in words(find(done, ".done")[0])
    assert [state_of(store, key) for key in keys[:2]] == [ItemState.NEW, ItemState.NEW]


@pytest.mark.parametrize("group", ["", "999 x 1", "1e9", "9" * 400])
def test_only_reprints_that_the_page_showed_are_decided(
    store: Store, visitor: Visitor, group: str
) -> None:
    """A key that is no reprint of the item, or was not shown, is not decided."""
    samples.publish(store, samples.told(3))
    one, other, _ = reprinted(store)
    answer = visitor.post(f"/items/{one}/verdict", {"decision": "relevant:all", "group": group})

    assert answer.status_code == 303
    assert state_of(store, one) is ItemState.RELEVANT
    assert (state_of(store, other), state_of(store, 1)) == (ItemState.NEW, ItemState.NEW)


def test_after_a_group_the_next_item_is_none_of_it(store: Store, visitor: Visitor) -> None:
    """The focus goes to the first item below that is still there."""
    keys = reprinted(store)
    samples.publish(store, samples.told(3))
    row = find(visitor.page("/"), "article.item")[0]
    (form,) = find(row, "form.decide")
    answer = visitor.post(form.action, {**dict(form.fields), "decision": "irrelevant:all"})
    anchor = int(answer.headers["location"].rpartition("#i")[2])

    assert anchor not in keys
    assert f"i{anchor}" in {one.get("id") for one in find(visitor.page("/"), "article.item")}


# ---------------------------------------------------------------- two readers


def test_the_second_reader_sees_nothing_of_the_first(filled: Store, visitor: Visitor) -> None:
    """Grade, decision and notes of the first reader are on no page for the second one."""
    at = samples.NOW
    filled.grades.give(1, Grade.LEAD, person_key=7, reader="Mina", now=at, note="only a rumour")
    filled.verdicts.give(1, Verdict.ESCALATE, actor="Mina", now=at, note="rumour, says Mina")
    told = {"note": "rumour again"}
    filled.audit.add(actor="Mina", action="item.noted", subject="item:1", now=at, after=told)
    pages = [words(visitor.page(path)) for path in ("/items/1", "/?state=second", "/?state=all")]
    listed = titles(visitor.page("/?state=second"))
    visitor.post("/items/1/grade", {"grade": "evidence", "note": "names and dates"})
    after = words(visitor.page("/items/1"))

    assert not [page for page in pages if "rumour" in page]
    assert "kept from you" in pages[0]
    assert len(listed) == 1
    assert "only a rumour" in after
    assert "Two readers differ" in after
    assert titles(visitor.page("/?state=second")) == []


def test_a_grade_is_given_and_taken_back_by_form(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """Without scripts; a second grade of the same person changes nothing; no value in the log."""
    visitor = visiting()
    visitor.post("/items/2/grade", {"grade": "evidence"})
    visitor.post("/items/2/grade", {"grade": "neither"})
    mine = filled.grades.of(2, 0).mine
    visitor.post("/items/2/ungrade", {})
    refused = [
        visitor.post("/items/2/grade", {"grade": "splendid"}).status_code,
        visitor.post("/items/99999/grade", {"grade": "lead"}).status_code,
        visitor.post("/items/x/ungrade", {}).status_code,
    ]
    log = filled.audit.list(subject="item:2")

    assert mine is not None
    assert mine.grade is Grade.EVIDENCE
    assert filled.grades.of(2, 0).mine is None
    assert refused == [404, 404, 404]
    assert [line.action for line in log] == ["item.ungraded", "item.graded"]
    assert "evidence" not in repr(log)
