"""The public list of strings that break programs, in every field of every page.

The list is other people's and not part of this project: MONITOR_SUITES names the folder that holds
it. The ordinary run takes every twentieth string, the long one all of them.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html
from web import samples
from web.drafts import FeedsOnPaper
from web.visitors import Visitor, find, tree, words

from review.app import create_app
from review.choosing import Choice
from review.feeding import KEYS
from store import Store

FIELDS = (*Choice.__dataclass_fields__, "url", "done", "sort", "next", "from", "name", "show")
LISTED = (
    "/",
    "/stopped",
    "/why",
    "/search",
    "/feeds",
    "/feedfile",
    "/overview",
    "/health",
    "/rules",
)
FORMS = {
    "/items/1/verdict": ("note", "group", "after", "next", "from", "worked", "q", "lang"),
    "/items/1/note": ("note", "from", "worked"),
    "/items/1/grade": ("note", "from"),
    "/items/1/claim": ("claim", "q", "feed"),
    "/undo": ("verdict", "from"),
    "/views": ("name", "q", "feed", "band", "since", "until", "place", "topic"),
    "/feedfile/plan": ("feed", "text", "comment", *KEYS),
    "/try": ("url",),
    "/you": ("name", "language", "zone"),
}
CHOSEN = {"decision": "relevant", "grade": "lead", "ask": "text"}


def naughty() -> list[str]:
    """Return the strings; skips, loudly, without them."""
    folder = os.environ.get("MONITOR_SUITES")
    if not folder:
        pytest.skip("NOT TESTED WITH THE NAUGHTY STRINGS: MONITOR_SUITES names no folder")
    found = json.loads(Path(folder, "naughty-strings", "blns.json").read_text(encoding="utf-8"))
    return [str(one) for one in found]


@pytest.fixture
def open_visitor(filled: Store, clock: samples.FixedClock) -> Visitor:
    """A visitor of an app in which every form of the desk is offered."""
    app = create_app(
        filled,
        clock=clock,
        rules=lambda: samples.RULES,
        lint=lambda: (),
        try_url=lambda _: samples.TRIED,
        edit_feeds=FeedsOnPaper(),
    )
    return Visitor(app)


def inert(answer: object, where: str) -> None:
    """Say that a page has nothing in it that a string has put there."""
    page = tree(answer)  # type: ignore[arg-type]
    assert page.xpath("//script/@src") == ["/static/keys.js"], where
    assert not page.xpath("//img | //iframe | //object | //@onerror | //@onload"), where
    assert not page.xpath("//a[starts-with(@href, 'javascript:')]"), where


def try_everywhere(store: Store, visitor: Visitor, text: str) -> None:
    """Put a string into every field of every page and form; nothing may fail or come alive."""
    for path in LISTED:
        answer = visitor.ask("GET", path, params=dict.fromkeys(FIELDS, text))
        assert answer.status_code in (200, 303), f"{path}: {text!r}"
        if answer.status_code == 200:
            inert(answer, f"{path}: {text!r}")
    for path, names in FORMS.items():
        fields = CHOSEN | dict.fromkeys(names, text)
        answer = visitor.post(path, fields)
        assert answer.status_code in (200, 303, 404, 409, 422), f"{path}: {text!r}"
    inert(visitor.get("/items/1"), text)
    inert(visitor.get("/"), text)
    for view in store.views.list(0):
        store.views.remove(view.key)


def test_naughty_strings_in_every_field(filled: Store, open_visitor: Visitor) -> None:
    """No string gives an error or anything live, in any field (G23)."""
    for text in naughty()[::20]:
        try_everywhere(filled, open_visitor, text)


@pytest.mark.long
def test_all_naughty_strings_in_every_field(filled: Store, open_visitor: Visitor) -> None:
    """The whole list."""
    texts = naughty()
    for text in texts:
        try_everywhere(filled, open_visitor, text)

    assert len(texts) > 500


def test_naughty_strings_as_a_report(store: Store, visitor: Visitor) -> None:
    """Whatever a feed says is shown as it is, found again, and does nothing."""
    texts = [text for text in naughty()[::20] if text.strip()]
    for number, text in enumerate(texts):
        link = f"https://naughty.example/{number}"
        samples.publish(store, replace(samples.told(0), title=text, link=link))
    page = visitor.page("/?state=all&order=newest")
    inert(visitor.get("/?state=all&order=newest"), "queue")

    assert len(find(page, "article.item")) == min(30, len(texts))
    for key in range(1, len(texts) + 1):
        item = store.items.get(key)
        assert item
        shown = words(find(visitor.page(f"/items/{key}"), "h1")[0])
        assert " ".join(shown.split())[:20] == " ".join(words(tree_of(item.title)).split())[:20]


def tree_of(text: str) -> html.HtmlElement:
    """Return a text as an element, so that blanks are folded as on a page."""
    element = html.Element("h1")
    element.text = "".join(one if one.isprintable() or one.isspace() else " " for one in text)
    return element
