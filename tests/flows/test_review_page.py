"""The review page over a real house: a tip is fetched and scored, edited rules come into force."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from clocks import StandingClock
from web.visitors import Visitor, find, tree, words

from monitor.app import Watch
from monitor.core.reports import QueueFilter
from monitor.newsroom import Newsroom
from monitor.pages import review_app, try_url
from monitor.settings import Settings
from monitor.starter import shipped


@pytest.fixture
def visitor(watch: Watch) -> Visitor:
    """Return somebody who opens the pages of the house."""
    return Visitor(review_app(watch, jobs=tuple))


def test_a_tip_becomes_an_item(watch: Watch, newsroom: Newsroom, visitor: Visitor) -> None:
    """An article that no feed showed is kept once, scored; a private address says why not."""
    entry = try_url(watch, f"{newsroom.url}/vestnik-zaliva/feed.xml")["entries"][0]
    answers = [visitor.post("/tips", {"url": entry["link"], "note": "by phone"}) for _ in range(2)]
    (item,) = watch.store.items.queue(QueueFilter()).items
    page = visitor.page(f"/items/{item.key}")
    refused = visitor.post("/tips", {"url": "http://10.1.2.3/story"})

    assert [answer.headers["location"] for answer in answers] == [f"/items/{item.key}"] * 2
    assert item.title.startswith(entry["title"])
    assert "by phone" in words(page)
    assert refused.status_code == 422
    assert "private" in words(find(tree(refused), "p.bad")[0])


def test_edited_rules_are_previewed_applied_and_taken_back(
    watch: Watch, make_settings: Callable[..., Settings], clock: StandingClock, tmp_path: Path
) -> None:
    """The folder is read anew each time; only what was previewed comes into force."""
    watch.pipeline.poll(watch.enabled())
    edited = tmp_path / "edited-rules"
    shutil.copytree(shipped() / "rules", edited)
    house = Watch(replace(watch.settings, rules=edited), clock=clock)
    visitor = Visitor(review_app(house, jobs=tuple))
    unedited = tree(visitor.post("/rules/preview", {}))
    decision = next(path for path in edited.iterdir() if "thresholds:" in path.read_text())
    text = decision.read_text(encoding="utf-8")
    decision.write_text(text + "\n# a remark\n", encoding="utf-8")
    page = tree(visitor.post("/rules/preview", {}))
    fields = dict(find(page, "form[action='/rules/apply']")[0].fields) | {"reason": "a remark"}
    decision.write_text(text + "\n# another remark\n", encoding="utf-8")
    overtaken = visitor.post("/rules/apply", fields)
    page = tree(visitor.post("/rules/preview", {}))
    fields = dict(find(page, "form[action='/rules/apply']")[0].fields) | {"reason": "a remark"}
    applied = visitor.post("/rules/apply", fields)
    second = house.store.rulebooks.current()
    (form,) = find(visitor.page("/rules"), "form[action='/rules/rollback']")
    visitor.post("/rules/rollback", {**dict(form.fields), "reason": "back"})
    third = house.store.rulebooks.current()
    house.close()

    assert not find(unedited, "form[action='/rules/apply']")
    assert (overtaken.status_code, applied.status_code) == (422, 303)
    assert second
    assert third
    assert (second.hash, second.reason) == (fields["version"], "a remark")
    assert (third.hash == second.hash, third.reason) == (False, "back")
