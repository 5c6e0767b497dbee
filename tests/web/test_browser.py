"""The pages in a real browser: keys, no scripts, no foreign request, contrast, narrow screens."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from web import samples
from web.drafts import FeedsOnPaper
from web.test_access import PAGES

from monitor.core.values import ItemState
from review.app import create_app
from store import Store

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(),
    reason="NO BROWSER TESTS: /usr/bin/chromium is absent (Debian: apt-get install chromium)",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this file."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*QUIET, "--disable-sync"]
        )
        yield opened
        opened.close()


@pytest.fixture
def address(filled: Store, clock: samples.FixedClock) -> Iterator[str]:
    """The pages, served on a free port of this machine."""
    app = create_app(
        filled,
        clock=clock,
        rules=lambda: samples.RULES,
        lint=lambda: (),
        try_url=lambda _: samples.TRIED,
        edit_feeds=FeedsOnPaper(),
        edit_mails=samples.room(filled, clock),
        jobs=lambda: [samples.TICK],
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open pages in fresh sessions; complaints and foreign requests fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    asked: list[str] = []

    def opened(path: str, **options: Any) -> Page:
        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    # A claim that somebody else holds, and a form with a mistake, are answered with 409 and 422;
    # Chromium writes those to its console.
    ours = ("409 (Conflict)", "422 (Unprocessable Entity)")
    assert [text for text in complaints if not any(one in text for one in ours)] == []
    assert [url for url in asked if not url.startswith(address)] == []


def state(store: Store, key: int) -> ItemState:
    """Return the state of an item."""
    item = store.items.get(key)
    assert item
    return item.state


def press(page: Page, key: str) -> None:
    """Press a key that leads to a new page, and wait for it."""
    with page.expect_navigation():
        page.keyboard.press(key)


def focused(page: Page) -> int:
    """Return the item that the keys act on."""
    return int(str(page.evaluate("document.activeElement.closest('[data-item]').id")).lstrip("i"))


def test_twenty_items_are_decided_with_twenty_keys(
    filled: Store, visit: Callable[..., Page]
) -> None:
    """Each decision is one key and one page; the next item has the focus each time."""
    page = visit("/")
    decided: list[tuple[int, str]] = []
    for number in range(20):
        key = "rxet"[number % 4]
        decided.append((focused(page), key))
        press(page, key)
    wanted = {
        "r": ItemState.RELEVANT,
        "x": ItemState.IRRELEVANT,
        "e": ItemState.ESCALATED,
        "t": ItemState.RELEVANT,
    }

    assert len({item for item, _ in decided}) == 20
    assert [state(filled, item) for item, _ in decided] == [wanted[key] for _, key in decided]


def test_keys_move_undo_and_open(filled: Store, visit: Callable[..., Page]) -> None:
    """j and k move, u takes back and returns to the item, Enter opens it."""
    page = visit("/")
    first = focused(page)
    page.keyboard.press("j")
    second = focused(page)
    page.keyboard.press("k")
    back = focused(page)
    press(page, "x")
    after_decision = focused(page)
    press(page, "u")
    after_undo = focused(page)
    press(page, "Enter")

    assert (back, after_decision, after_undo) == (first, second, first)
    assert state(filled, first) is ItemState.NEW
    assert f"/items/{first}?" in page.url


def test_deciding_on_an_items_page_leads_back_to_the_list(
    filled: Store, visit: Callable[..., Page]
) -> None:
    """Enter opens, a key decides, and the list is where it was, at the next item."""
    page = visit("/?lang=ko")
    first = focused(page)
    page.keyboard.press("j")
    second = focused(page)
    page.keyboard.press("k")
    press(page, "Enter")
    press(page, "r")

    assert state(filled, first) is ItemState.RELEVANT
    assert "/?lang=ko&done=" in page.url
    assert focused(page) == second


def test_keys_work_on_other_keyboards(filled: Store, visit: Callable[..., Page]) -> None:
    """On a Russian or Korean keyboard the same places of the board decide."""
    page = visit("/")
    first = focused(page)
    with page.expect_navigation():
        page.evaluate(
            "document.dispatchEvent.call(document.activeElement, new KeyboardEvent('keydown',"
            "{key: 'ч', code: 'KeyX', bubbles: true}))"
        )

    assert state(filled, first) is ItemState.IRRELEVANT


def test_keys_rest_while_somebody_writes(filled: Store, visit: Callable[..., Page]) -> None:
    """Letters typed into a field are letters; a key with Ctrl belongs to the browser."""
    page = visit("/")
    page.keyboard.press("/")
    page.keyboard.type("rxet")
    typed = page.input_value("input[name=q]")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+x")

    assert typed == "rxet"
    assert filled.verdicts.recent() == []


def test_rescue_with_one_key(filled: Store, visit: Callable[..., Page]) -> None:
    """On the page of stopped items r makes the item relevant and goes on to the next."""
    page = visit("/stopped")
    first = focused(page)
    press(page, "r")

    assert state(filled, first) is ItemState.RELEVANT
    assert focused(page) != first
    assert "/stopped" in page.url


def test_claims_of_two_people(filled: Store, visit: Callable[..., Page]) -> None:
    """Two sessions claim the same item at once: one holds it, both see it as claimed."""
    mina, oleg = visit("/you"), visit("/you")
    for page, name in ((mina, "Mina"), (oleg, "Oleg")):
        page.fill("input[name=name]", name)
        page.click("form.stack button")
        page.goto("/")
    press(mina, "c")
    press(oleg, "c")
    lost = oleg.locator("main").inner_text()
    oleg.goto("/")
    claimed = [page.locator("article.item .claim .held").count() for page in (mina, oleg)]

    assert "Mina has claimed it until" in lost
    assert claimed == [1, 1]


def test_the_keys_are_shown_over_the_page(filled: Store, visit: Callable[..., Page]) -> None:
    """? opens the table of keys and closes it; keys rest meanwhile, and work again after."""
    page = visit("/")
    first = focused(page)
    page.keyboard.press("?")
    is_open = page.locator("dialog.help").is_visible()
    page.keyboard.press("x")
    still = page.url
    page.keyboard.press("?")
    is_closed = not page.locator("dialog.help").is_visible()
    page.locator(f"#i{first}").focus()
    press(page, "x")

    assert (is_open, is_closed) == (True, True)
    assert "done" not in still
    assert state(filled, first) is ItemState.IRRELEVANT


def test_capital_letters_decide_a_group(filled: Store, visit: Callable[..., Page]) -> None:
    """R and X act on the item and its reprints, u takes all of it back; CapsLock is no Shift."""
    stories = [
        replace(
            samples.told(0), title="One headline in two feeds", feed=feed, link=f"https://{feed}/"
        )
        for feed in ("courier", "walled")
    ]
    samples.publish(filled, *stories)
    keys = [
        item.key
        for item in map(filled.items.by_link, ("https://courier/", "https://walled/"))
        if item
    ]
    page = visit("/")
    page.locator(f"#i{keys[0]}").focus()
    press(page, "Shift+X")
    decided = [state(filled, key) for key in keys]
    press(page, "u")
    undone = [state(filled, key) for key in keys]
    page.locator(f"#i{keys[0]}").focus()
    with page.expect_navigation():
        page.evaluate(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
            "{key: 'X', code: 'KeyX', shiftKey: false, bubbles: true}))"
        )

    assert decided == [ItemState.IRRELEVANT] * 2
    assert undone == [ItemState.NEW] * 2
    assert [state(filled, key) for key in keys] == [ItemState.IRRELEVANT, ItemState.NEW]


def test_n_writes_a_note_and_b_goes_back(filled: Store, visit: Callable[..., Page]) -> None:
    """From the list n leads into the note field of the item; b leads back to the same item."""
    page = visit("/?lang=ko")
    first = focused(page)
    press(page, "n")
    page.keyboard.type("call the lawyer")
    typed = page.input_value("textarea[name=note]")
    page.keyboard.press("Escape")
    press(page, "b")

    assert typed == "call the lawyer"
    assert focused(page) == first
    assert "/?lang=ko" in page.url


def test_a_page_counts_only_while_it_is_in_use(filled: Store, visit: Callable[..., Page]) -> None:
    """Seconds between signs of life come in with the next decision; a long pause does not."""
    page = visit("/")
    page.clock.install()
    page.reload()
    for pause in (20_000, 30_000, 600_000, 10_000):
        page.clock.run_for(pause)
        page.keyboard.press("j")
    press(page, "x")

    assert filled.efforts.total(samples.NOW) == timedelta(seconds=60)


def test_everything_works_without_scripts(filled: Store, visit: Callable[..., Page]) -> None:
    """Filter, decide, undo, note, rescue and change the language, all with scripts off."""
    page = visit("/", java_script_enabled=False)
    page.select_option("select[name=lang]", "ko")
    page.click("form.filters button")
    key = int((page.locator("article.item").first.get_attribute("id") or "").lstrip("i"))
    page.click(f"#i{key} button[value=irrelevant]")
    decided = state(filled, key)
    page.click(".done button")
    undone = state(filled, key)
    page.click(f"#t{key} a")
    page.fill("textarea[name=note]", "written without scripts")
    page.click("form[action$='/note'] button")
    page.goto("/stopped")
    page.locator("button[value=relevant]").first.click()
    page.click("footer button[value=ru]")

    assert (decided, undone) == (ItemState.IRRELEVANT, ItemState.NEW)
    assert [line.action for line in filled.audit.list(subject=f"item:{key}")].count(
        "item.noted"
    ) == 1
    assert filled.items.counts().by_state[ItemState.RELEVANT] == 1
    assert page.get_attribute("html", "lang") == "ru"


FAINT = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const found = channels(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.getClientRects().length || one.closest("svg")) continue;
    const a = light(channels(getComputedStyle(one).color)), b = light(ground(one));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${one.tagName}.${one.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(faint)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(
    filled: Store, visit: Callable[..., Page], scheme: str
) -> None:
    """WCAG AA: text stands out from its ground at least 4.5 to 1, on every page."""
    samples.everything(filled)
    page = visit("/", color_scheme=scheme)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate(FAINT) == [], path


@pytest.mark.parametrize("language", ["en", "ru", "ko"])
def test_no_page_is_wider_than_a_phone(
    filled: Store, visit: Callable[..., Page], language: str
) -> None:
    """At 390 pixels nothing has to be scrolled sideways, in any language."""
    samples.everything(filled)
    page = visit("/", viewport={"width": 390, "height": 844}, locale=language)
    for path in PAGES:
        page.goto(path)
        wider = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider == 0, path


def test_every_control_has_a_name(filled: Store, visit: Callable[..., Page]) -> None:
    """A screen reader can name every link, button and field."""
    samples.everything(filled)
    page = visit("/")
    for path in PAGES:
        page.goto(path)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll(
              "a, button, input:not([type=hidden]), select, textarea, svg[role=img]"
            )].filter((one) => !one.textContent.trim() && !one.ariaLabel && !one.closest("label"))
              .map((one) => one.outerHTML)"""
        )
        assert nameless == [], path
