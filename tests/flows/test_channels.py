"""From a poll to a webhook and a chat, by the jobs of a running house and by the commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from clocks import StandingClock
from commandline import Monitor, commands
from pytest_httpserver import HTTPServer
from tellings import a_subscriber

from monitor.app import Watch, open_watch
from monitor.core.reports import QueueFilter
from monitor.core.tlp import Tlp
from monitor.newsroom import Newsroom, moment
from monitor.settings import Settings
from monitor.standing import Standing
from monitor.tips import add_tip


@pytest.fixture
def house(
    folder: Path,
    newsroom: Newsroom,
    make_settings: Callable[..., Settings],
    clock: StandingClock,
    httpserver: HTTPServer,
) -> Iterator[Watch]:
    """Yield a house with a webhook and a chat on the test's server."""
    sink = f"{httpserver.host}:{httpserver.port}"
    (folder / "key").write_text("0123456789abcdef0123456789abcdef")
    (folder / "room").write_text(f"json://{sink}/room")
    (folder / "channels.yaml").write_text(
        "channels:\n"
        f"  - {{name: desk, kind: webhook, url: 'http://{sink}/desk', secret_file: key}}\n"
        "  - {name: room, kind: chat, url_file: room, tells: digests}\n"
    )
    for path in ("/desk", "/room"):
        httpserver.expect_request(path).respond_with_data("ok")
    private = f"{newsroom.url.removeprefix('http://')},{sink}"
    with open_watch(make_settings(allow_private=private), clock=clock, spacing=0.0) as opened:
        opened.sync_feeds()
        yield opened


def said(httpserver: HTTPServer, path: str) -> list[dict[str, object]]:
    """Return the bodies that a path was sent."""
    return [json.loads(asked.data) for asked, _ in httpserver.log if asked.path == path]


def test_a_day_of_news_reaches_webhook_and_chat(
    house: Watch, newsroom: Newsroom, clock: StandingClock, httpserver: HTTPServer
) -> None:
    """Channels are told what readers are told; run twice, nothing comes twice."""
    jobs = {job.name: job for job in Standing(house).jobs()}
    clock.at = moment(1)
    for name in ("poll", "read"):
        jobs[name].run()
    jobs["channels"].run()
    newsroom.set_clock(moment(2))
    clock.at = moment(2)
    for name in ("poll", "read"):
        jobs[name].run()
    jobs["alerts"].run()
    clock.at = moment(3)
    for name in ("digests", "channels", "digests", "alerts", "channels"):
        jobs[name].run()

    desk, room = said(httpserver, "/desk"), said(httpserver, "/room")
    digests = [body for body in desk if body["kind"] == "digest"]
    assert len(digests) == len(room) == 1
    assert digests[0]["stories"]
    assert len({body["id"] for body in desk}) == len(desk)
    assert isinstance(room[0]["message"], str)
    assert "1. " in room[0]["message"]


def test_a_dead_channel_keeps_no_mail_waiting(
    house: Watch, clock: StandingClock, httpserver: HTTPServer
) -> None:
    """The job of mails does not know of it."""
    house.store.subscribers.add(a_subscriber(since=clock.at - timedelta(days=3)))
    jobs = {job.name: job for job in Standing(house).jobs()}
    httpserver.clear()
    jobs["channels"].run()
    clock.at += timedelta(days=2)
    jobs["digests"].run()

    sent = house.send_due()
    failed = jobs["channels"].run()

    assert str(sent).startswith("1 sent")
    assert failed == "0 sent, 2 failed"


@pytest.fixture
def monitor(house: Watch) -> Iterator[Monitor]:
    """Give the command line."""
    with commands() as run:
        yield run


def test_the_commands_of_channels(
    monitor: Monitor, house: Watch, folder: Path, httpserver: HTTPServer
) -> None:
    """List and try; nothing that is a secret is printed."""
    config = ("--config", str(folder))
    listed = monitor("webhooks", "list", "--json", *config)
    sink = f"{httpserver.host}:{httpserver.port}"
    tried = monitor("webhooks", "test", "desk", *config, "--allow-private", sink)
    refused = monitor("webhooks", "test", "desk", *config)
    unknown = monitor("webhooks", "test", "nobody", *config)

    assert [row["name"] for row in json.loads(listed.stdout)] == ["desk", "room"]
    assert (tried.exit_code, refused.exit_code, unknown.exit_code) == (0, 1, 1)
    (body,) = said(httpserver, "/desk")
    assert body["kind"] == "test"
    lines = [line for one in (listed, tried, refused, unknown) for line in one.output.splitlines()]
    everything = "".join(line for line in lines if "werkzeug" not in line)  # the test's own server
    assert "0123456789" not in everything
    assert "/desk" not in everything


def test_a_mark_keeps_an_item_out_of_exports(
    monitor: Monitor, house: Watch, newsroom: Newsroom, folder: Path
) -> None:
    """A tip is marked before anything can leave; lists say how many were left out."""
    report = add_tip(house, f"{newsroom.url}/nowhere-to-be-found", note="", actor="t", tlp=Tlp.RED)
    house.pipeline.poll()
    (item, *_) = house.store.items.queue(QueueFilter(limit=1)).items
    config = ("--config", str(folder))
    first = monitor("tlp", str(item.key), "amber+strict", *config)
    kept = monitor("export", "jsonl", "--band", "reject", *config)
    whole = monitor("export", "jsonl", "--band", "reject", "--clearance", "amber+strict", *config)
    table = monitor("export", "csv", "--band", "reject", *config)
    unknown = monitor("tlp", "999999", "red", *config)

    marked = house.store.items.get(item.key)
    ids = [json.loads(line)["id"] for line in kept.stdout.splitlines()]
    all_ids = [json.loads(line)["id"] for line in whole.stdout.splitlines()]
    red = report.item.key if report.item else 0
    assert marked is not None
    assert marked.tlp is Tlp.AMBER_STRICT
    assert first.exit_code == 0
    assert item.key not in ids
    assert item.key in all_ids
    assert red not in all_ids
    assert item.url not in table.stdout
    assert "left out" in kept.stderr
    assert unknown.exit_code == 1
    (line,) = house.store.audit.list(subject=f"item:{item.key}")
    assert (line.action, line.after) == ("item.marked", {"tlp": "amber+strict"})
