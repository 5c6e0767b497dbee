"""The pages of people and of the log of changes: what admins see and do there."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from web import doors, samples
from web.doors import log_in
from web.visitors import Visitor, find, tree, words

from monitor.core.people import Person, Role
from store import Store

NEW = "a new long word for it"


@pytest.fixture
def admin(store: Store, closed: Starlette, boss: Person) -> Visitor:
    """An admin who is logged in."""
    return doors.entered(closed, store, boss)


def handed(admin: Visitor, path: str, fields: dict[str, str]) -> str:
    """Send a form that makes a link, and return the link's path."""
    answer = admin.post(path, fields)
    assert answer.status_code == 200
    (field,) = find(tree(answer), "input[readonly]")
    address = str(field.get("value"))
    assert address.startswith("http://localhost:8000/link/")
    return address.removeprefix("http://localhost:8000")


@pytest.mark.parametrize("role", Role)
def test_somebody_invited_comes_in_and_may_what_was_said(
    store: Store, closed: Starlette, admin: Visitor, role: Role
) -> None:
    """From the form to the first page, with the rights of the role and no other."""
    path = handed(admin, "/people", {"name": "Juri Kim", "role": role.value})
    juri = Visitor(closed)
    assert juri.post(path, {"password": NEW, "again": NEW}).status_code == 303
    nav = {str(link.get("href")) for link in find(juri.page("/"), "nav a")}

    assert "/" in nav
    assert ("/people" in nav) is ("/audit" in nav) is (role is Role.ADMIN)
    assert ("/digests" in nav) is role.covers(Role.OPERATOR)
    assert log_in(Visitor(closed), "juri kim", NEW).status_code == 303


@pytest.mark.parametrize(
    ("name", "said"), [("boss", "has that name already"), ("a:b", "cannot be a name"), ("", "name")]
)
def test_a_name_that_cannot_be_is_told(admin: Visitor, name: str, said: str) -> None:
    """Nothing is made, and what was typed stays in the form."""
    answer = admin.post("/people", {"name": name, "role": "reader"})
    page = tree(answer)

    assert answer.status_code == 400
    assert said in words(find(page, "p.notice")[0])
    assert find(page, "input[name='name']")[0].get("value") == name


def test_the_list_tells_who_is_who(store: Store, admin: Visitor, mina: Person) -> None:
    """Role, last seen, sessions, and who has not come or is shut out."""
    store.people.add("Late", Role.READER, actor="test", now=samples.NOW)
    out = doors.add(store, "Out", Role.READER)
    store.people.set_active(out.key, False, actor="test", now=samples.NOW)
    lines = find(admin.page("/people"), "main tbody tr")
    rows = {words(find(line, "a")[0]): words(line) for line in lines}

    assert "admin" in rows["Boss"]
    assert "now" in rows["Boss"] or "ago" in rows["Boss"]
    assert "analyst never" in rows["Mina"]
    assert "invited, not yet come" in rows["Late"]
    assert "shut out" in rows["Out"]
    assert list(rows)[-1] == "Out"


def test_a_person_is_changed_on_their_page(store: Store, admin: Visitor, mina: Person) -> None:
    """Role, shutting out and letting in again; each with its line below."""
    place = f"/people/{mina.key}"
    for path, fields in (
        ("role", {"role": "operator"}),
        ("active", {"active": "no"}),
        ("active", {"active": "yes"}),
    ):
        assert admin.post(f"{place}/{path}", fields).headers["location"] == place
    found = store.people.get(mina.key)
    page = words(find(admin.page(place), "main")[0])

    assert found is not None
    assert (found.person.role, found.is_active) == (Role.OPERATOR, True)
    assert "role analyst → operator" in page
    assert "is_active true → false" in page


@pytest.mark.parametrize(
    ("path", "fields"), [("role", {"role": "reader"}), ("active", {"active": "no"})]
)
def test_the_last_admin_is_told_why_not(
    store: Store, admin: Visitor, boss: Person, path: str, fields: dict[str, str]
) -> None:
    """The house never ends up without somebody who can let people in."""
    answer = admin.post(f"/people/{boss.key}/{path}", fields)

    assert answer.status_code == 409
    assert "this is the last admin" in words(find(tree(answer), "p.notice")[0])
    assert admin.get("/people").status_code == 200


@pytest.mark.parametrize("fields", [{}, {"role": ""}, {"role": "root"}, {"role": "ADMIN"}])
def test_no_other_role_can_be_given(
    store: Store, admin: Visitor, mina: Person, fields: dict[str, str]
) -> None:
    """The four, spelled as they are."""
    assert admin.post(f"/people/{mina.key}/role", fields).status_code == 404
    assert admin.post("/people", {"name": "New", **fields}).status_code == 404
    assert store.people.find("New") is None


def test_who_is_shut_out_gets_no_link(store: Store, admin: Visitor, mina: Person) -> None:
    """A link made before is gone, and no new one is made, until they are let in again."""
    path = handed(admin, f"/people/{mina.key}/reset", {})
    admin.post(f"/people/{mina.key}/active", {"active": "no"})

    assert Visitor(admin.app).get(path).status_code == 404
    assert admin.post(f"/people/{mina.key}/reset", {}).status_code == 404


def test_a_link_is_shown_once(admin: Visitor, mina: Person) -> None:
    """On no page afterwards, whatever is opened."""
    token = handed(admin, f"/people/{mina.key}/reset", {}).split("/")[2]
    pages = ("/people", f"/people/{mina.key}", "/audit", "/audit.csv", "/you", "/")

    assert not [path for path in pages if token in admin.get(path).text]


def test_on_an_open_machine_the_page_says_what_an_admin_changes(
    store: Store, visitor: Visitor
) -> None:
    """Whoever invites the first admin learns that everybody must log in then."""
    assert "everybody must log in" in words(find(visitor.page("/people"), "p.notice")[0])
    handed(visitor, "/people", {"name": "Mina", "role": "admin"})
    assert [line.actor for line in store.audit.list()] == ["analyst", "analyst"]


# ---------------------------------------------------------------- the log of changes


@pytest.fixture
def told(store: Store, boss: Person) -> Store:
    """A store whose log has a line of every shape, a day apart."""
    for number, (actor, action, subject, before, after) in enumerate(
        [
            ("Mina", "item.noted", "item:1", None, {"note": "=cmd()|' /C calc'!A0"}),
            ("Mina", "item.decided", "item:1", {"state": "new"}, {"state": "relevant"}),
            ("Юля", "rules.applied", "rules", {"hash": "a" * 64}, {"hash": "b" * 64, "n": 3}),
            (
                "subscriber:7",
                "subscriber.left",
                "subscriber:7",
                {"active": True},
                {"active": False},
            ),
            ("<b>x</b>", "odd.thing", "<i>y</i>", {"<u>z</u>": "<s>w</s>"}, None),
        ]
    ):
        store.audit.add(
            actor=actor,
            action=action,
            subject=subject,
            now=samples.NOW - number * samples.DAY,
            before=before,
            after=after,
        )
    return store


def shown(page: object) -> list[str]:
    """Return the lines of the page as text."""
    return [words(row) for row in find(page, "main tbody tr")]


def test_the_log_tells_before_and_after(told: Store, admin: Visitor) -> None:
    """Who, what, about what; only what changed; markup of others stays text."""
    page = admin.page("/audit")
    lines = "\n".join(shown(page))

    assert "Mina decided item:1 state new → relevant" in lines
    assert "n 3" in lines
    assert "subscriber:7 left the list subscriber:7 active true → false" in lines
    assert "<b>x</b> odd.thing <i>y</i> <u>z</u> <s>w</s>" in lines
    assert not page.xpath("//main//b | //main//i | //main//u | //main//s")
    assert find(page, "a[href='/items/1']")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("who=Mina", 2),
        ("who=mina", 0),
        ("noun=item", 2),
        ("noun=rules", 1),
        ("noun=%25", 7),
        ("subject=item:1", 2),
        ("since=2026-11-25", 3),
        ("until=2026-11-22", 2),
        ("since=2026-11-23&until=2026-11-24", 2),
        ("since=0001-01-01&until=9999-12-31", 7),
        ("since=x&until=2026-13-45&below=x&who=&noun=x", 7),
        ("who=Mina&noun=rules", 0),
        ("below=0", 0),
    ],
)
def test_the_log_can_be_narrowed(told: Store, admin: Visitor, query: str, count: int) -> None:
    """By person, kind, thing and day; nonsense narrows nothing and fails nothing."""
    page = admin.page(f"/audit?{query}")
    rows = list(csv.reader(io.StringIO(admin.get(f"/audit.csv?{query}").text)))

    assert len(shown(page)) == count
    if "below" not in query:
        assert len(rows) - 1 == count


def test_days_are_those_of_the_reader(told: Store, admin: Visitor) -> None:
    """Nine in the evening in London is the next day in Seoul."""
    told.audit.add(
        actor="Mina", action="item.noted", subject="item:9", now=samples.NOW + timedelta(hours=12)
    )
    admin.post("/you", {"zone": "Asia/Seoul"})
    there = shown(admin.page("/audit?since=2026-11-26&noun=item"))
    admin.post("/you", {"zone": "Europe/London"})
    here = shown(admin.page("/audit?since=2026-11-26&noun=item"))

    assert (len(there), len(here)) == (1, 0)


def test_the_file_is_safe_to_open(told: Store, admin: Visitor) -> None:
    """No cell begins a formula, JSON comes back as it was, times are UTC (36)."""
    answer = admin.get("/audit.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]
    (applied,) = [row for row in rows if row["action"] == "rules.applied"]
    assert applied["who"] == "Юля"
    assert json.loads(applied["after"]) == {"hash": "b" * 64, "n": 3}
    assert applied["at"] == "2026-11-23T09:00:00+00:00"


def test_long_logs_come_in_pages(store: Store, admin: Visitor) -> None:
    """A hundred lines a page, each line once, down to the first."""
    for number in range(250):
        store.audit.add(
            actor="Mina", action="item.noted", subject=f"item:{number}", now=samples.NOW
        )
    path: str | None = "/audit?who=Mina"
    seen: list[str] = []
    while path:
        page = admin.page(path)
        seen += [words(row) for row in find(page, "main tbody tr")]
        further = find(page, "a[rel='next']")
        path = str(further[0].get("href")) if further else None

    assert len(seen) == len(set(seen)) == 250
