"""The way in and out: log-in, one-time links, sessions, and what attackers try at the door."""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from web import doors, samples
from web.doors import link_for, log_in
from web.visitors import Visitor, find, tree, words

from monitor.core.people import Person, Role
from review.app import create_app
from review.gate import SESSION, Gate, way_on
from review.narrow import IN_ALL
from review.passwords import Passwords
from review.visits import browser_name
from store import Store
from store.logins import TRIES_OF_ACCOUNT, TRIES_WITHIN

NEW = "a new long word for it"


def sessions(store: Store, person: Person) -> int:
    """Return how many browsers somebody is logged in with."""
    return len(store.logins.list(person.key, samples.NOW))


# ---------------------------------------------------------------- coming in


def test_log_in_and_out(store: Store, stranger: Visitor, mina: Person) -> None:
    """Name and password open the page that was asked for; logging out ends the session for good."""
    sent = stranger.get("/stopped?feed=courier")
    assert sent.headers["location"] == f"/login?next={quote('/stopped?feed=courier', safe='')}"
    form = stranger.page(sent.headers["location"])
    wanted = find(form, "input[name='next']")[0].get("value")
    answer = log_in(stranger, "mina", doors.password(mina), next=str(wanted))

    assert (answer.status_code, answer.headers["location"]) == (303, "/stopped?feed=courier")
    page = stranger.page("/")
    assert "Logged in as Mina" in words(find(page, "footer")[0])
    token = stranger.cookies[SESSION]
    assert stranger.post("/logout", {}).headers["location"] == "/login"
    assert SESSION not in stranger.cookies
    doors.plant(stranger, token)
    assert stranger.get("/").status_code == 303
    assert sessions(store, mina) == 0


def test_decisions_carry_the_name_of_the_person(
    filled: Store, closed: Starlette, mina: Person
) -> None:
    """Not the name that a cookie claims."""
    visitor = doors.entered(closed, filled, mina)
    visitor.cookies.set("name", "Somebody%20Else")
    visitor.post("/items/1/verdict", {"decision": "relevant"})
    visitor.post("/items/1/note", {"note": "seen"})
    visitor.post("/items/2/claim", {"claim": "yes"})

    assert [line.actor for line in filled.verdicts.recent()] == ["Mina"]
    assert {line.actor for line in filled.audit.list(subject="item:1")} == {"Mina"}
    assert filled.items.claims([2], samples.NOW)[2].actor == "Mina"


def test_on_this_machine_nobody_logs_in_until_an_admin_can(store: Store, visitor: Visitor) -> None:
    """The open house has every right; the first admin with a password closes it."""
    assert visitor.get("/people").status_code == 200
    added = store.people.add("Boss", Role.ADMIN, actor="test", now=samples.NOW)
    assert isinstance(added, Person)
    assert visitor.get("/people").status_code == 200
    store.people.set_password(added.key, "hash", now=samples.NOW)
    assert visitor.get("/people").status_code == 303
    assert visitor.post("/items/1/note", {"note": "x"}).status_code == 403


def test_a_closed_house_says_where_the_first_link_is(stranger: Visitor) -> None:
    """Nobody can log in yet: the page says so, and lets nobody in."""
    page = stranger.page("/login")

    assert "Nobody can log in yet" in words(page)
    assert stranger.get("/").status_code == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Mina", "wrong"),
        ("Mina", ""),
        ("", ""),
        ("Nobody", "the long word of Mina"),
        ("Boss", "the long word of Mina"),
        ("Out", "the long word of Out"),
        ("Invited", ""),
        ("Mina", "the long word of mina"),
        ("Mina", "the long word of Mina "),
        ("Mina\x00", "the long word of Mina"),
        ("' OR 1=1 --", "x"),
        ("x" * 5_000, "y" * 5_000),
    ],
)
def test_every_wrong_log_in_gets_the_same_answer(
    store: Store, stranger: Visitor, mina: Person, name: str, password: str
) -> None:
    """Unknown, invited, shut out, wrong: one page that does not repeat what was typed."""
    out = doors.add(store, "Out", Role.READER)
    store.people.set_active(out.key, False, actor="test", now=samples.NOW)
    store.people.add("Invited", Role.READER, actor="test", now=samples.NOW)
    answer = log_in(stranger, name, password)
    plain = log_in(Visitor(stranger.app), "Mina", "other")

    assert answer.status_code == plain.status_code == 401
    assert answer.text == plain.text
    assert "set-cookie" not in answer.headers


def test_unknown_names_take_as_long_as_known_ones(
    store: Store, clock: samples.FixedClock, mina: Person
) -> None:
    """The time of an answer does not tell whether somebody has that name (50).

    Hashed at a cost at which skipping it would show: each time is the least of several.
    """
    passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=16_384, parallelism=1))
    store.people.set_password(mina.key, passwords.made("the right one"), now=samples.NOW)
    app = create_app(store, clock=clock, gate=Gate(is_closed=True, passwords=passwords))

    def taken(name: str) -> float:
        visitor, times = Visitor(app), []
        for _ in range(7):
            began = time.perf_counter()
            log_in(visitor, name, "wrong")
            times.append(time.perf_counter() - began)
        return min(times)

    assert taken("Nobody") == pytest.approx(taken("Mina"), rel=0.35)


def test_hashes_are_as_costly_as_the_library_advises() -> None:
    """RFC 9106's choice for little memory, and the hash of nobody costs the same."""
    passwords = Passwords()
    kept = passwords.made(NEW)

    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.is_right(NEW, kept)
    assert not passwords.is_right(NEW + "x", kept)
    assert not passwords.is_right(NEW, None)
    assert not passwords.is_right(NEW, "no hash at all")
    assert passwords._nobodys.rpartition("$")[0].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert len(passwords._nobodys) == len(kept)


def test_old_hashes_are_made_stronger_at_the_next_log_in(
    store: Store, stranger: Visitor, mina: Person
) -> None:
    """A cost raised by an update reaches everybody who logs in; the password stays."""
    weak = PasswordHasher(time_cost=1, memory_cost=9, parallelism=1)
    store.people.set_password(mina.key, weak.hash(doors.password(mina)), now=samples.NOW)
    assert log_in(stranger, "Mina", doors.password(mina)).status_code == 303
    kept = store.people.password_of(mina.key)

    assert kept is not None
    assert "m=8,t=1,p=1" in kept
    assert log_in(Visitor(stranger.app), "Mina", doors.password(mina)).status_code == 303


# ---------------------------------------------------------------- guessing


def test_guessing_is_slowed_and_the_owner_still_gets_in(
    store: Store, closed: Starlette, clock: samples.FixedClock, mina: Person
) -> None:
    """Ten wrong passwords close a name for a quarter of an hour, but not in its own browser."""
    own = Visitor(closed)
    log_in(own, "Mina", doors.password(mina))
    own.post("/logout", {})
    guesser = Visitor(closed)
    codes = [log_in(guesser, "Mina", f"guess {n}").status_code for n in range(TRIES_OF_ACCOUNT + 3)]
    right = log_in(guesser, "Mina", doors.password(mina))

    assert codes == [401] * TRIES_OF_ACCOUNT + [429] * 3
    assert right.status_code == 429  # even the right one tells nothing now
    assert log_in(own, "Mina", doors.password(mina)).status_code == 303
    clock.at += TRIES_WITHIN
    assert log_in(guesser, "Mina", doors.password(mina)).status_code == 303


def test_many_at_once_gain_no_tries(closed: Starlette, mina: Person) -> None:
    """Forty guesses sent together are counted one by one (49)."""

    async def together() -> list[int]:
        transport = httpx.ASGITransport(app=closed)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = await asyncio.gather(
                *(
                    client.post("/login", data={"name": "Mina", "password": f"guess {n}"})
                    for n in range(40)
                )
            )
        return [answer.status_code for answer in answers]

    codes = asyncio.run(together())

    assert codes.count(401) <= TRIES_OF_ACCOUNT
    assert 303 not in codes
    assert set(codes) <= {401, 429, 503}


def test_a_flood_of_log_ins_leaves_the_pages_quick(
    store: Store, clock: samples.FixedClock, mina: Person
) -> None:
    """Two hashes at a time, a short queue, and everybody else is served meanwhile."""
    passwords = Passwords(PasswordHasher(time_cost=4, memory_cost=32_768, parallelism=1))
    app = create_app(store, clock=clock, gate=Gate(is_closed=True, passwords=passwords))

    async def flood() -> tuple[list[int], float]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            guesses = [
                asyncio.ensure_future(
                    client.post("/login", data={"name": f"n{n}", "password": "guess"})
                )
                for n in range(IN_ALL + 8)
            ]
            await asyncio.sleep(0.01)
            began = time.perf_counter()
            page = await client.get("/healthz")
            took = time.perf_counter() - began
            assert page.status_code == 200
            return [(await guess).status_code for guess in guesses], took

    codes, took = asyncio.run(flood())

    assert (codes.count(401), codes.count(503)) == (IN_ALL, 8)
    assert took < 1.0


# ---------------------------------------------------------------- where it leads, what is told

EVIL = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/x\r\nSet-Cookie: a=b",
    " //evil.example",
    "/ /evil.example",
    "/\u2028/evil.example",
    "@evil.example",
    "evil.example",
    "/" + "x" * 5_000,
    "",
)


@pytest.mark.parametrize("wanted", EVIL)
def test_log_in_leads_nowhere_else(
    store: Store, stranger: Visitor, mina: Person, wanted: str
) -> None:
    """No text in `next` leaves this site, before or after logging in (55)."""
    answer = log_in(stranger, "Mina", doors.password(mina), next=wanted)

    assert answer.headers["location"] == "/"
    assert "a" not in stranger.cookies
    again = stranger.ask("GET", "/login", params={"next": wanted})
    assert again.headers["location"] == "/"


@given(st.text(st.characters(codec="utf-8")))
def test_the_way_on_is_a_plain_path(wanted: str) -> None:
    """Whatever is asked for, a browser stays on this host."""
    for text in (wanted, f"/{wanted}", f"//{wanted}", f"/\\{wanted}"):
        place = way_on(text)
        assert re.fullmatch(r"/(?![/\\])[\x21-\x7e]*", place)
        assert urlsplit(urljoin("https://ours.example/login", place)).netloc == "ours.example"


def test_no_secret_is_logged(
    store: Store,
    clock: samples.FixedClock,
    caplog: pytest.LogCaptureFixture,
    mina: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Passwords, tokens, links, names typed wrongly: none in a log line, crashes included (G19)."""

    def broken(*given: object, **more: object) -> object:
        raise RuntimeError("a bug")

    app = create_app(store, clock=clock, gate=doors.CLOSED)
    visitor = Visitor(app)
    path = link_for(store, mina)
    log_in(visitor, "typed my secret here", "canary-password")
    log_in(visitor, "Mina", doors.password(mina))
    token = visitor.cookies[SESSION]
    monkeypatch.setattr(store.logins, "link", broken)
    assert visitor.get(path).status_code == 500
    written = caplog.text

    assert "login.refused" in written
    assert "login.done" in written
    assert "/link/{token}" in written
    for secret in ("typed my", "canary", doors.password(mina), token, path.split("/")[2]):
        assert secret not in written


def test_the_page_of_a_link_is_built_from_the_settings(
    store: Store, clock: samples.FixedClock, boss: Person, mina: Person
) -> None:
    """Not from what a browser claims the host is (51)."""
    app = create_app(
        store, clock=clock, gate=doors.HTTPS, allowed_hosts=["watch.ngo.example", "other.example"]
    )
    visitor = Visitor(app, base="https://other.example")
    log_in(visitor, "Boss", doors.password(boss))
    answer = visitor.post(f"/people/{mina.key}/reset", {}, x_forwarded_host="evil.example")
    address = find(tree(answer), "input[readonly]")[0].get("value")

    assert str(address).startswith("https://watch.ngo.example/link/")


def test_language_and_zone_belong_to_the_person(
    store: Store, closed: Starlette, mina: Person
) -> None:
    """Chosen in one browser, they hold in every other, and for nobody else."""
    here, there = doors.entered(closed, store, mina), doors.entered(closed, store, mina)
    here.post("/you", {"language": "ko", "zone": "Asia/Seoul"})

    assert "language" not in here.cookies
    page = there.page("/", accept_language="ru")
    assert page.get("lang") == "ko"
    assert "Asia/Seoul" in words(find(page, "footer")[0])
    assert Visitor(closed).page("/login", accept_language="ru").get("lang") == "ru"


@pytest.mark.parametrize("code", ["en", "ru", "ko"])
def test_strangers_choose_the_language_of_the_door(stranger: Visitor, code: str) -> None:
    """Before anybody is known, in a cookie."""
    page = stranger.page("/login")
    action = find(page, "footer form")[0].get("action")
    stranger.post(str(action), {"language": code})

    assert stranger.page("/login").get("lang") == code
    assert "<nav" not in stranger.get("/login").text or not find(stranger.page("/login"), "nav a")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_log_in_and_tell_no_content(
    filled: Store, clock: samples.FixedClock, path: str
) -> None:
    """Counts and names of jobs; no title, no feed, no person."""
    doors.add(filled, "Mina", Role.ADMIN)
    answer = Visitor(create_app(filled, clock=clock, gate=doors.CLOSED)).get(path)

    assert answer.status_code == 200
    for secret in ("courier", "Mina", "Patrokl"):
        assert secret not in answer.text


def test_an_unknown_address_tells_a_stranger_nothing(stranger: Visitor, mina: Person) -> None:
    """Neither navigation nor search, and no name."""
    page = tree(stranger.get("/nope"))

    assert not find(page, "nav a")
    assert not find(page, "input[name='q']")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Safari/604.1",
            "Safari, iPhone",
        ),
        ("curl/8.0", "curl/8.0"),
        ("", "?"),
    ],
)
def test_browsers_are_called_by_their_names(agent: str, name: str) -> None:
    """What a person would call the browser in the list of sessions."""
    assert browser_name(agent) == name
