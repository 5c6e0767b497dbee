"""The door in a real browser: a link, a password, the pages of a role, and out again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.applications import Starlette
from web import doors
from web.doors import link_for
from web.test_browser import CHROMIUM, QUIET

from monitor.core.people import Person
from review.gate import SESSION
from store import Store

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="see test_browser")
NEW = "four words of no kin"


@pytest.fixture
def address(filled: Store, closed: Starlette) -> Iterator[str]:
    """The pages, served on a free port of this machine, nobody let in without a log-in."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(closed, log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this file."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield opened
        opened.close()


@pytest.fixture(params=["scripts", "no scripts"])
def context(
    browser: Browser, address: str, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    """A fresh browser, with scripts and without."""
    made = browser.new_context(base_url=address, java_script_enabled=request.param == "scripts")
    yield made
    made.close()


def log_in(page: Page, name: str, password: str) -> None:
    """Fill in the form and send it with the Enter key."""
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()


def test_from_a_link_to_a_decision_and_out(
    filled: Store, context: BrowserContext, mina: Person
) -> None:
    """The cookie of a real browser: kept, hidden from scripts, gone after logging out."""
    page = context.new_page()
    page.goto(link_for(filled, mina))
    page.fill("input[name=password]", NEW)
    page.fill("input[name=again]", NEW)
    page.click("main form button")
    page.wait_for_load_state()
    (cookie,) = [one for one in context.cookies() if one["name"] == SESSION]
    page.locator("button[value=relevant]").first.click()
    page.wait_for_load_state()
    decided = [line.actor for line in filled.verdicts.recent()]
    nav = page.locator("header nav a")
    links = [nav.nth(place).get_attribute("href") for place in range(nav.count())]
    page.click("form[action='/logout'] button")
    page.wait_for_load_state()
    page.go_back()
    page.wait_for_load_state()

    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert decided == ["Mina"]
    assert "/" in links
    assert not {"/people", "/audit", "/digests", "/subscribers"} & set(links)
    assert page.url.partition("?")[0].endswith("/login")
    assert SESSION not in {one["name"] for one in context.cookies()}


def test_a_wrong_password_and_then_the_page_that_was_wanted(
    context: BrowserContext, boss: Person
) -> None:
    """The way on is kept through a failure."""
    page = context.new_page()
    page.goto("/audit?noun=person")
    log_in(page, "Boss", "a wrong word for it")
    assert "Name or password is wrong" in page.inner_text("main")
    log_in(page, "boss", doors.password(boss))

    assert page.url.endswith("/audit?noun=person")
    assert "Boss" in page.inner_text("main tbody")


def test_an_admin_ends_a_session_elsewhere(
    filled: Store,
    context: BrowserContext,
    browser: Browser,
    address: str,
    mina: Person,
    boss: Person,
) -> None:
    """Shut out in one browser, the other is out at its next click."""
    other = browser.new_context(base_url=address)
    theirs, ours = other.new_page(), context.new_page()
    for page, person in ((theirs, mina), (ours, boss)):
        page.goto("/login")
        log_in(page, person.name, doors.password(person))
    ours.goto(f"/people/{mina.key}")
    ours.click("button[name=active]")
    ours.wait_for_load_state()
    theirs.goto("/stopped")
    place = theirs.url
    other.close()

    assert "Shut out." in ours.inner_text("main")
    assert "/login?next=%2Fstopped" in place
