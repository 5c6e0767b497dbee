"""Topics from end to end: profiles in the rules, a choice at the command line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.app import Watch
from monitor.cli import app
from monitor.core.reports import QueueFilter
from monitor.core.telling import Subscriber
from monitor.core.values import Band
from monitor.ruleslab import RulesLab


def test_a_poll_keeps_what_each_profile_makes_of_an_item(watch: Watch) -> None:
    """Workers score under every profile; the store, the queue and digests agree."""
    watch.store.feeds.sync(watch.feeds.feeds, watch.clock.now())
    watch.pipeline.poll(watch.enabled())
    items = watch.store.items.queue(QueueFilter(limit=1000)).items
    assert items
    for item in items:
        assert [one.profile for one in item.score.profiles] == list(watch.topics)
        for one in item.score.profiles:
            assert sum(line.points for line in one.matches) == one.score
    of_russia = QueueFilter(topics=("russia",), bands=(Band.DIGEST, Band.ALERT), limit=1000)
    shown = {item.key for item in watch.store.items.queue(of_russia).items}
    wanted = {item.key for item in items
              if item.score.profiles[0].peak.rank >= Band.DIGEST.rank}  # fmt: skip
    assert shown == wanted


def test_a_profile_that_is_dropped_names_its_readers(
    watch: Watch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lab and check say who chose a topic that the edited rules have no more."""
    folder = tmp_path / "edited"
    shutil.copytree(watch.settings.rules, folder)
    profiles = next(
        path for path in folder.glob("*.yaml") if "profiles:" in path.read_text("utf-8")
    )
    text = profiles.read_text("utf-8").replace("  it-workers:\n", "  remote-workers:\n")
    profiles.write_text(text.replace("profiles: [it-workers]", "profiles: [remote-workers]"))
    now = watch.clock.now()
    watch.store.subscribers.add(
        Subscriber(key=0, address="a@ngo.example", topics=("it-workers",), since=now)
    )
    assert RulesLab(watch).orphans() == {}
    edited = Watch(replace(watch.settings, rules=folder), clock=watch.clock)
    assert RulesLab(edited).orphans() == {"it-workers": ["a@ngo.example"]}
    edited.close()


def test_topics_are_chosen_at_the_command_line(folder: Path) -> None:
    """A known topic is kept; an unknown one is refused with the nearest name."""
    run = CliRunner()

    def monitor(*words: str) -> tuple[int, str]:
        answer = run.invoke(app, [*words, "--config", str(folder)])
        return answer.exit_code, answer.output

    code, said = monitor("subscribers", "add", "a@ngo.example", "--topic", "it-worker")
    assert code == 2
    assert "no topic is named `it-worker`; did you mean `it-workers`?" in said
    code, said = monitor(
        "subscribers", "add", "a@ngo.example", "--topic", "it-workers", "--topic", "russia"
    )
    assert code == 0, said
    code, said = monitor("subscribers", "list", "--json")
    assert json.loads(said)[0]["topics"] == "it-workers russia"
    assert monitor("check")[0] == 0
