"""Where people are logged in, how that ends, and the one-time links that let them in."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from web import doors, samples
from web.doors import link_for, log_in
from web.visitors import Visitor, find, tree, words

from monitor.core.people import LinkUse, Person, Role
from review.app import create_app
from review.gate import KNOWN, SESSION
from store import Store
from store.logins import IDLE, TRIES_OF_ACCOUNT

NEW = "a new long word for it"


def sessions(store: Store, person: Person) -> int:
    """Return how many browsers somebody is logged in with."""
    return len(store.logins.list(person.key, samples.NOW))


# ---------------------------------------------------------------- sessions


def test_a_planted_session_is_worth_nothing(
    store: Store, stranger: Visitor, mina: Person, boss: Person
) -> None:
    """A log-in begins under a new token, and ends the session that the browser had (48)."""
    planted = store.logins.begin(boss.key, known="", browser="", now=samples.NOW)[0]
    doors.plant(stranger, planted)
    log_in(stranger, "Mina", doors.password(mina))

    assert stranger.cookies[SESSION] != planted
    assert store.logins.who(planted, samples.NOW) is None
    attacker = Visitor(stranger.app)
    doors.plant(attacker, planted)
    assert attacker.get("/").status_code == 303


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 5_000, "ü", "a b", "../../etc"])
def test_no_other_token_lets_anybody_in(stranger: Visitor, mina: Person, token: str) -> None:
    """Whatever a browser sends as a session."""
    answer = stranger.ask("GET", "/", headers=[(b"cookie", f"{SESSION}={token}".encode())])

    assert answer.status_code == 303


def test_cookies_stay_with_this_host_and_away_from_scripts(
    store: Store, clock: samples.FixedClock, stranger: Visitor, mina: Person
) -> None:
    """HttpOnly and SameSite always; bound to the very host and to https where people use it."""
    plain = log_in(stranger, "Mina", doors.password(mina)).headers.get_list("set-cookie")
    app = create_app(store, clock=clock, gate=doors.HTTPS, allowed_hosts=["watch.ngo.example"])
    visitor = Visitor(app, base="https://watch.ngo.example")
    answer = log_in(visitor, "Mina", doors.password(mina))
    bound = answer.headers.get_list("set-cookie")

    assert len(plain) == len(bound) == 2
    for cookie in (*plain, *bound):
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert "domain" not in cookie.lower()
    assert {cookie.partition("=")[0] for cookie in plain} == {SESSION, KNOWN}
    assert {cookie.partition("=")[0] for cookie in bound} == {
        f"__Host-{SESSION}",
        f"__Host-{KNOWN}",
    }
    assert all("Secure" in cookie.split("; ") for cookie in bound)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert visitor.get("/").status_code == 200


def test_a_session_ends_when_nobody_uses_it(
    store: Store, closed: Starlette, clock: samples.FixedClock, mina: Person
) -> None:
    """Every page keeps it alive, at most seven days."""
    visitor = doors.entered(closed, store, mina)
    for _ in range(30):
        clock.at += IDLE / 2
        if visitor.get("/").status_code != 200:
            break
    lived = clock.at - samples.NOW
    idle = doors.entered(closed, store, mina)
    store_now = clock.at
    clock.at = store_now + IDLE

    assert lived == 7 * samples.DAY
    assert idle.get("/").status_code == 303


def test_reading_goes_on_while_nothing_can_be_written(
    store: Store, closed: Starlette, clock: samples.FixedClock, mina: Person
) -> None:
    """A full disk does not throw out who is logged in."""
    visitor = doors.entered(closed, store, mina)
    clock.at += IDLE / 2
    samples.stop_writing(store)

    assert visitor.get("/health").status_code == 200


def test_a_person_manages_their_own_sessions(store: Store, closed: Starlette, mina: Person) -> None:
    """Sees them, ends one, ends the others, ends all."""
    here, there, third = (doors.entered(closed, store, mina) for _ in range(3))
    page = here.page("/you")
    other = find(page, "button[name='session']")[0].get("value")
    assert len(find(page, "main tbody tr")) == 3
    assert here.post("/you/sessions", {"session": str(other)}).status_code == 303
    assert sessions(store, mina) == 2
    here.post("/you/sessions", {"session": "others"})
    assert [v.get("/").status_code for v in (here, there, third)] == [200, 303, 303]
    assert here.post("/you/sessions", {"session": "all"}).headers["location"] == "/login"
    assert here.get("/").status_code == 303
    assert sessions(store, mina) == 0


def test_a_password_is_changed_by_who_knows_it(
    store: Store, closed: Starlette, mina: Person
) -> None:
    """The present one is asked for; then only this browser is logged in, under a new token."""
    here, there = doors.entered(closed, store, mina), doors.entered(closed, store, mina)
    token = here.cookies[SESSION]
    form = {"present": doors.password(mina), "password": NEW, "again": NEW}

    def said(**wrong: str) -> str:
        answer = here.post("/you/password", form | wrong)
        assert answer.status_code == 400
        return words(find(tree(answer), "p.notice")[0])

    assert "present password is wrong" in said(present="no")
    assert "differ" in said(again="something else long")
    assert "too short" in said(password="short", again="short")
    assert "anybody would try" in said(password="password1234", again="password1234")
    assert there.get("/").status_code == 200
    assert here.post("/you/password", form).status_code == 303
    assert here.cookies[SESSION] != token
    assert [v.get("/").status_code for v in (here, there)] == [200, 303]
    assert sessions(store, mina) == 1
    assert log_in(Visitor(closed), "Mina", doors.password(mina)).status_code == 401
    assert log_in(Visitor(closed), "Mina", NEW).status_code == 303


def test_a_browser_left_open_is_no_place_to_guess(
    store: Store, closed: Starlette, mina: Person
) -> None:
    """The present password may be tried as often as at the door."""
    visitor = doors.entered(closed, store, mina)
    form = {"password": NEW, "again": NEW}
    codes = [
        visitor.post("/you/password", form | {"present": f"guess {n}"}).status_code
        for n in range(TRIES_OF_ACCOUNT + 1)
    ]

    assert codes == [400] * TRIES_OF_ACCOUNT + [429]


@pytest.mark.parametrize("change", ["role", "active", "sessions"])
def test_an_admin_ends_what_somebody_may_no_longer(
    store: Store, closed: Starlette, boss: Person, mina: Person, change: str
) -> None:
    """A changed role, shutting out, and logging out take effect at the next request."""
    admin, visitor = doors.entered(closed, store, boss), doors.entered(closed, store, mina)
    fields = {"role": "reader", "active": "no"}
    admin.post(f"/people/{mina.key}/{change}", fields)

    assert visitor.get("/").status_code == 303
    assert visitor.post("/items/1/note", {"note": "x"}).status_code == 403
    assert admin.get("/people").status_code == 200


# ---------------------------------------------------------------- one-time links


def test_a_link_is_opened_often_and_used_once(
    store: Store, stranger: Visitor, mina: Person
) -> None:
    """Messengers and mail programs open links; only the form uses them up."""
    path = link_for(store, mina)
    for method in ("GET", "HEAD", "GET"):
        assert stranger.ask(method, path).status_code == 200
    form = {"password": NEW, "again": NEW}
    assert stranger.post(path, form | {"again": "other than that"}).status_code == 400
    assert stranger.post(path, form | {"password": "MinaMinaMina"}).status_code == 400
    assert stranger.post(path, form).headers["location"] == "/"
    assert "Logged in as Mina" in words(find(stranger.page("/"), "footer")[0])
    late = Visitor(stranger.app)
    assert late.get(path).status_code == late.post(path, form).status_code == 404
    assert SESSION not in late.cookies


def test_a_used_link_ends_all_other_sessions(store: Store, closed: Starlette, mina: Person) -> None:
    """Whoever had the old password is out."""
    old = doors.entered(closed, store, mina)
    Visitor(closed).post(link_for(store, mina), {"password": NEW, "again": NEW})

    assert old.get("/").status_code == 303
    assert log_in(Visitor(closed), "Mina", doors.password(mina)).status_code == 401


def test_bad_links_look_all_alike(
    store: Store, stranger: Visitor, clock: samples.FixedClock, mina: Person
) -> None:
    """Used, old, cut, invented, of somebody shut out: nobody learns which."""
    old, cut = link_for(store, mina), link_for(store, mina)[:-1]
    out = doors.add(store, "Out", Role.READER)
    shut = link_for(store, out)
    store.people.set_active(out.key, False, actor="test", now=samples.NOW)
    texts = {stranger.get(path).text for path in (old, cut, shut, "/link/x", f"/link/{'y' * 43}")}
    late = link_for(store, mina)
    clock.at += samples.DAY
    texts.add(stranger.get(late).text)

    assert len(texts) == 1
    assert "This link cannot be used" in texts.pop()


def test_the_first_admin_names_themselves(store: Store, stranger: Visitor) -> None:
    """By the first link of all, which also opens the house for that admin alone."""
    admin = store.people.add("admin", Role.ADMIN, actor="monitor", now=samples.NOW)
    assert isinstance(admin, Person)
    path = link_for(store, admin, LinkUse.FIRST)
    form = {"password": NEW, "again": NEW}
    assert find(stranger.page(path), "input[name='name']")[0].get("value") == "admin"
    bad = stranger.post(path, form | {"name": "a:b"})
    assert (bad.status_code, "cannot be a name" in bad.text) == (400, True)
    assert stranger.post(path, form | {"name": "Mina Kim"}).status_code == 303
    assert "Mina Kim" in words(find(stranger.page("/people"), "main")[0])


def test_only_the_first_link_renames(store: Store, stranger: Visitor, mina: Person) -> None:
    """Somebody invited has the name that the admin gave."""
    stranger.post(link_for(store, mina), {"password": NEW, "again": NEW, "name": "Boss Two"})

    assert store.people.find("Boss Two") is None
    assert store.people.find("Mina") is not None
