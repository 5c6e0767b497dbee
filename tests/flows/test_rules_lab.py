"""The rules lab on a filled store: what a preview says is what publishing does, item by item."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from clocks import StandingClock

from monitor.app import Watch, open_watch
from monitor.core.reports import QueueFilter
from monitor.core.values import Band, Verdict
from monitor.ruleslab import RulesLab, RulesRefused
from monitor.settings import Settings
from monitor.starter import shipped

LINES = {Band.QUEUE: "queue", Band.DIGEST: "digest", Band.ALERT: "alert"}


@pytest.fixture
def lab(
    watch: Watch, make_settings: Callable[..., Settings], clock: StandingClock, tmp_path: Path
) -> RulesLab:
    """Return the lab of a house that polled once and whose rules folder was edited since."""
    watch.pipeline.poll(watch.enabled())
    edited = tmp_path / "edited-rules"
    shutil.copytree(shipped() / "rules", edited)
    decision = next(path for path in edited.iterdir() if "thresholds:" in path.read_text())
    text = decision.read_text(encoding="utf-8")
    decision.write_text(_raised(text), encoding="utf-8")
    settings = replace(watch.settings, rules=edited)
    return RulesLab(Watch(settings, clock=clock))


def _raised(text: str) -> str:
    """Return the rules with all thresholds at their top, so that items leave their bands."""
    line = text.partition("thresholds:")[2].partition("\n")[0]
    return text.replace(f"thresholds:{line}", "thresholds: {queue: 97, digest: 98, alert: 99}")


def _decisions(watch: Watch) -> dict[int, tuple[int, Band]]:
    items = watch.store.items.queue(QueueFilter(limit=1000)).items
    return {item.key: (item.score.score, item.score.decision) for item in items}


def test_a_preview_equals_what_rescoring_then_does(lab: RulesLab) -> None:
    """Each move of the preview happens, nothing else does, and rolling back undoes it all."""
    before = _decisions(lab.watch)
    told = lab.preview()

    lab.watch.apply_rules(lab.watch.draft_rules, actor="test", reason="test")
    lab.rescore()

    after = _decisions(lab.watch)
    moved = {key: one for key, one in after.items() if one[1] is not before[key][1]}
    assert told.moves
    assert moved == {move.key: (move.after.score, move.after.decision) for move in told.moves}

    first = lab.watch.store.rulebooks.versions()[-1]
    lab.rollback(first.hash[:12], actor="test", reason="back")
    lab.rescore()
    assert _decisions(lab.watch) == before
    lab.watch.close()


def test_rules_that_drop_what_must_pass_are_refused_unless_forced(lab: RulesLab) -> None:
    """A taught item that would fall below the digest line stops `apply`; a reason overrides it."""
    best = next(iter(lab.watch.store.items.queue(QueueFilter(limit=1)).items))
    now = lab.watch.clock.now()
    weak = min(_decisions(lab.watch), key=lambda key: _decisions(lab.watch)[key][0])
    lab.watch.store.verdicts.give(weak, Verdict.RELEVANT, actor="test", now=now, teach=True)

    with pytest.raises(RulesRefused, match=f"item {weak}"):
        lab.apply(actor="test", reason="", force=False)
    assert lab.watch.store.rulebooks.versions()[0].reason == "first start"

    report = lab.apply(actor="test", reason="known loss", force=True)
    assert f"item {weak}" in report.dropped
    assert f"item {best.key}" not in report.raised
    assert lab.watch.store.rulebooks.versions()[0].reason == "known loss"
    assert lab.watch.store.audit.list(subject="rules")[0].action == "rules.applied"
    lab.watch.close()


def test_a_stored_item_scores_as_it_did_when_it_was_read(
    watch: Watch, make_settings: Callable[..., Settings], clock: StandingClock
) -> None:
    """Rescoring under the same rules changes nothing: the input is the same."""
    watch.pipeline.poll(watch.enabled())
    with open_watch(make_settings(), clock=clock) as again:
        found = RulesLab(again).preview(again.live_rules)

    assert found.count > 10
    assert found.moves == ()
    assert found.rescored == 0
