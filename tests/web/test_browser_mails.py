"""The pages of mails in a real browser: the whole life of a subscriber, a digest that is edited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page
from web import samples
from web.test_browser import FAINT, address, browser, pytestmark, visit  # noqa: F401

from alerts.rounds import make_digests
from alerts.sender import Sender
from store import Store


@pytest.fixture
def held(filled: Store) -> int:
    """A digest that waits for an editor; its key."""
    samples.add_reader(filled, "ana@ngo.example")
    make_digests(
        filled, samples.NOW, sender=Sender(address="watch@ngo.example"), hold_for=timedelta(hours=1)
    )
    return filled.approvals.held()[0].key


@pytest.mark.parametrize("scripts", [True, False])
def test_the_life_of_a_subscriber(
    filled: Store,
    visit: Callable[..., Page],  # noqa: F811
    scripts: bool,
) -> None:
    """Add, mend a mistake, change, undo, pause, remove, erase: with scripts and without."""
    page = visit("/subscribers", java_script_enabled=scripts)
    page.click("text=Add somebody")
    page.fill("input[name=address]", "mina@ngo.example")
    page.fill("input[name=name]", "Mina")
    page.fill("input[name=at]", "7")
    page.click("form.choices button.main")
    said = page.inner_text(".wrong")
    kept = page.input_value("input[name=name]")
    page.fill("input[name=at]", "07:30")
    page.click("form.choices button.main")
    added = filled.subscribers.by_address("mina@ngo.example")
    page.uncheck("input[name=day-5]")
    page.uncheck("input[name=day-6]")
    page.click("form.choices button.main")
    changed = filled.subscribers.by_address("mina@ngo.example")
    page.click(".done button")
    undone = filled.subscribers.by_address("mina@ngo.example")
    page.fill("input[name=until]", "2026-12-24")
    page.click("form[action$=pause] button")
    paused = page.inner_text("dl")
    page.click("form[action$=remove] button")
    page.click("text=Erase address and history")
    page.check("input[name=sure]")
    page.click("button.danger")

    assert "Write times such as" in said
    assert kept == "Mina"
    assert added
    assert changed
    assert changed.schedule.days == (0, 1, 2, 3, 4)
    assert undone == added
    assert "paused until Thu 24 Dec" in paused
    assert filled.subscribers.by_address("mina@ngo.example") is None


@pytest.mark.parametrize("scripts", [True, False])
def test_an_editor_leaves_something_out_and_lets_it_go(
    filled: Store,
    held: int,
    visit: Callable[..., Page],  # noqa: F811
    scripts: bool,
) -> None:
    """The mail stands beside the list, in a frame without rights, and changes with it."""
    page = visit("/digests", java_script_enabled=scripts)
    page.click("section.notice tbody a")
    title = page.inner_text("ul.edited li a")
    page.click("ul.edited summary")
    page.fill("ul.edited li details[open] input[name=reason]", "a hoax")
    page.click("ul.edited li details[open] button")
    frame = page.frame_locator("iframe")
    told = frame.locator("body").inner_text()
    left = page.inner_text("main")
    page.click("button.yes")

    assert "An editor left 1 report out of this mail" in told
    assert title not in told
    assert "a hoax" in left
    assert filled.approvals.held() == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_pages_fit_and_can_be_read(
    filled: Store,
    held: int,
    visit: Callable[..., Page],  # noqa: F811
    width: int,
    scheme: str,
) -> None:
    """Enough contrast, and nothing to be scrolled sideways, where mails and forms stand."""
    page = visit("/digests", viewport={"width": width, "height": 844}, color_scheme=scheme)
    key = filled.approvals.held()[0].subscriber.key
    paths = ("/digests", f"/digests/{held}/edit", f"/digests/next/{key}", f"/subscribers/{key}",
             "/subscribers", "/outbox", "/mails/1", "/subscribers/import")  # fmt: skip
    for path in paths:
        page.goto(path)
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (path, wide, page.evaluate(FAINT)) == (path, 0, [])
