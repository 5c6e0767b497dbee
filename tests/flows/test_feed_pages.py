"""feeds.yaml from the page over a real house: planned first, written whole, nothing lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from web.visitors import Visitor, find, tree, words

from monitor.app import Watch
from monitor.feedfile import read_feeds
from monitor.pages import review_app

REMARK = "# a remark of the operator, with  two blanks\n"


@pytest.fixture
def path(watch: Watch) -> Path:
    """Return the file, with a comment that no edit may touch."""
    path = watch.settings.feeds
    path.write_text(REMARK + path.read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.fixture
def visitor(watch: Watch, path: Path) -> Visitor:
    """Return an operator in front of the pages."""
    return Visitor(review_app(watch, jobs=tuple))


def planned(visitor: Visitor, **fields: str) -> Any:
    """Return the page of a plan."""
    answer = visitor.post("/feedfile/plan", fields)
    assert answer.status_code == 200
    return tree(answer)


def form(page: Any) -> dict[str, str]:
    """Return the fields with which a plan is applied."""
    (found,) = find(page, "form[action='/feedfile/apply']")
    return {
        name: "" if value is None else str(value).removeprefix("\n")
        for name, value in found.fields.items()
        if name != "confirmed"
    }


def in_force(watch: Watch) -> dict[str, bool]:
    """Return which feeds the store knows, and whether they are asked."""
    return {one.feed.id: one.feed.enabled for one in watch.store.feeds.statuses(watch.clock.now())}


def test_a_feed_is_paused_and_switched_on_again(watch: Watch, path: Path, visitor: Visitor) -> None:
    """The plan changes nothing; applying it changes one line, and the store follows at once."""
    before = path.read_text(encoding="utf-8")
    name = next(iter(in_force(watch)))
    page = planned(visitor, ask="pause", feed=name)
    untouched = path.read_text(encoding="utf-8") == before
    visitor.post("/feedfile/apply", form(page))
    paused, text = in_force(watch)[name], path.read_text(encoding="utf-8")
    visitor.post("/feedfile/apply", form(planned(visitor, ask="resume", feed=name)))
    (line, *_) = watch.store.audit.list(subject="feeds:feeds.yaml")

    assert untouched
    assert paused is False
    assert [one for one in text.splitlines() if one not in before.splitlines()] == [
        "    enabled: false"
    ]
    assert path.read_text(encoding="utf-8") == before
    assert in_force(watch)[name] is True
    assert line.action == "feeds.edited"
    assert line.after
    assert f"~ {name}  enabled: false -> true" in line.after["plan"]  # type: ignore[operator]


def test_a_feed_is_added_and_removed(watch: Watch, path: Path, visitor: Visitor) -> None:
    """A new feed with its comment comes in, goes out, and the file is what it was."""
    before = path.read_text(encoding="utf-8")
    given = {
        "ask": "add",
        "id": "harbour",
        "url": "https://harbour.example/feed?a=1&b='2'",
        "title": 'Harbour: "news" # daily',
        "lang": "ru",
        "country": "RU",
        "every": "30m",
        "comment": "asked for by Mina",
    }
    visitor.post("/feedfile/apply", form(planned(visitor, **given)))
    feed = next(one for one in read_feeds(path).feeds if one.id == "harbour")
    text = path.read_text(encoding="utf-8")
    visitor.post("/feedfile/apply", form(planned(visitor, ask="remove", feed="harbour")))

    assert (feed.url, feed.title, feed.lang) == (given["url"], given["title"], "ru")
    assert "  # asked for by Mina\n  - id: harbour\n" in text
    assert text.startswith(REMARK)
    assert path.read_text(encoding="utf-8").rstrip() == before.rstrip()


def test_what_somebody_else_wrote_meanwhile_is_told_and_kept(
    watch: Watch, path: Path, visitor: Visitor
) -> None:
    """A stale plan writes nothing; what was typed is in the new plan, against the new file."""
    before = path.read_text(encoding="utf-8")
    page = planned(visitor, ask="text", text=before + "# mine\n")
    theirs = before + "# theirs\n"
    path.write_text(theirs, encoding="utf-8")
    answer = visitor.post("/feedfile/apply", form(page))
    again = tree(answer)
    kept = path.read_text(encoding="utf-8")
    shown = find(again, "pre.patch")[0].text_content()
    visitor.post("/feedfile/apply", form(again))

    assert answer.status_code == 409
    assert kept == theirs
    assert "was changed meanwhile" in words(find(again, "p.bad")[0])
    assert "-# theirs" in shown
    assert "+# mine" in shown
    assert path.read_text(encoding="utf-8") == before + "# mine\n"


def test_a_mistake_is_told_with_its_place_and_loses_nothing(
    watch: Watch, path: Path, visitor: Visitor
) -> None:
    """A wrong text is not planned; the page names line and column and keeps what was typed."""
    before = path.read_text(encoding="utf-8")
    wrong = before + "  - id: Harbour\n    url: ftp://x\n"
    page = planned(visitor, ask="text", text=wrong.replace("\n", "\r\n"))
    kept = find(page, "textarea")[0].text
    refused = visitor.post("/feedfile/apply", {"ask": "text", "text": wrong, "base": "x"})

    assert "Nothing was written" in words(find(page, "p.bad")[0])
    assert f"{len(before.splitlines()) + 1}:" in words(find(page, "main ul li code")[0])
    assert kept.replace("\r\n", "\n").strip() == wrong.strip()
    assert find(page, "form[action='/feedfile/apply']") == []
    assert refused.status_code == 409
    assert path.read_text(encoding="utf-8") == before


def test_silencing_many_feeds_needs_a_yes(watch: Watch, path: Path, visitor: Visitor) -> None:
    """As on the command line: without it nothing is written."""
    before = path.read_text(encoding="utf-8")
    first = before[: before.index("  - id:", before.index("  - id:") + 3)]
    page = planned(visitor, ask="text", text=first)
    refused = visitor.post("/feedfile/apply", form(page))
    kept = path.read_text(encoding="utf-8")
    done = visitor.post("/feedfile/apply", {**form(page), "confirmed": "yes"})

    assert refused.status_code == 409
    assert kept == before
    assert done.headers["location"] == "/feeds?done=yes"
    assert len(in_force(watch)) == 1


@pytest.mark.parametrize("ask", ["pause", "resume", "remove"])
def test_a_feed_that_is_not_there(visitor: Visitor, path: Path, ask: str) -> None:
    """A name from an old page is told; nothing happens."""
    page = planned(visitor, ask=ask, feed="no-such-feed")

    assert "no feed is called 'no-such-feed'" in words(page)
    assert visitor.post("/feedfile/plan", {"ask": "explode"}).status_code == 404


def test_trying_leads_to_adding(watch: Watch, visitor: Visitor, path: Path) -> None:
    """What answered as a feed can be added with its address filled in."""
    url = read_feeds(path).feeds[0].url
    page = tree(visitor.post("/try", {"url": url}))
    link = next(one for one in find(page, "main a.button") if "feedfile" in one.get("href"))
    asked = visitor.page(link.get("href").partition("#")[0])

    assert find(asked, "input[name='url']")[0].get("value") == url
