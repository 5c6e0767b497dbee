"""With MONITOR_RULES_AUTO an edited rules folder is taken over, if its texts still hold."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from monitor.app import Watch
from monitor.standing import Standing


def test_an_edit_that_drops_what_must_pass_waits_for_a_person(watch: Watch, tmp_path: Path) -> None:
    """A sound edit is in force at the next look; a harmful one is told and changes nothing."""
    folder = tmp_path / "own-rules"
    shutil.copytree(watch.settings.rules, folder)
    own = Watch(replace(watch.settings, rules=folder, rules_auto=True), clock=watch.clock)
    standing = Standing(own)
    standing.files()
    first = own.store.rulebooks.current()
    decision = folder / "90-decision.yaml"
    text = decision.read_text(encoding="utf-8")

    line = next(line for line in text.splitlines() if line.startswith("thresholds:"))
    harmful = text.replace(line, "thresholds: {queue: 97, digest: 98, alert: 99}")
    decision.write_text(harmful, encoding="utf-8")
    standing.files()
    notices = [one.detail for one in own.store.notices.open() if one.subject == "rules"]
    assert own.store.rulebooks.current() == first
    assert len(notices) == 1
    assert "en-site" in notices[0]

    decision.write_text(text + "# a remark\n", encoding="utf-8")
    standing.files()
    after = own.store.rulebooks.current()
    assert after is not None
    assert first is not None
    assert after.hash != first.hash
    assert [one for one in own.store.notices.open() if one.subject == "rules"] == []
    own.close()
