"""From a feed to a digest: the whole path in one process, with a real mail server at its end."""

from __future__ import annotations

import email
import email.policy
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from clocks import StandingClock
from pytest_httpserver import HTTPServer
from werkzeug import Response

from monitor.app import Watch, open_watch
from monitor.core.reports import QueueFilter
from monitor.core.telling import OutboxState, Subscriber
from monitor.core.values import Band, Fate, Feed
from monitor.core.windows import Schedule
from monitor.engines.embedded import EmbeddedEngine
from monitor.jobs import Runner
from monitor.newsroom import Newsroom, moment
from monitor.settings import Settings
from monitor.standing import Standing


class Sink:
    """A mail server that keeps what it accepts."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    """Yield a running mail server and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


def a_subscriber() -> Subscriber:
    """Return somebody who is told at midnight UTC."""
    return Subscriber(
        key=0,
        address="desk@example.org",
        minimum=Band.DIGEST,
        schedule=Schedule(times=(moment(0).time(),)),
        since=moment(1),
    )


def live_a_day(watch: Watch, newsroom: Newsroom, clock: StandingClock, day: int) -> None:
    """Poll through one day of the newsroom."""
    for hour in ("08:00", "23:00"):
        clock.at = moment(day, hour)
        newsroom.set_clock(clock.at)
        watch.pipeline.poll(watch.enabled())
    clock.at = moment(day + 1, "00:01")


def test_a_tick_of_the_scheduler_brings_an_entry_to_the_queue(
    watch: Watch, clock: StandingClock
) -> None:
    """APScheduler's tick leases, fetches, parses, reads, scores and stores what is due."""
    runner = Runner(runs=watch.store.jobs, leases=watch.store.leases, owner="test", now=clock.now)
    engine = EmbeddedEngine(Standing(watch).jobs(), runner)
    engine.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not watch.store.items.counts().total:
        time.sleep(0.1)
    engine.stop()

    page = watch.store.items.queue(QueueFilter(bands=(Band.DIGEST, Band.ALERT)))

    assert page.total >= 3
    assert all(item.is_backfill for item in page.items)
    assert {run.name for run in watch.store.jobs.list()} >= {"poll", "digests", "outbox", "files"}


def test_digests_are_files_and_mails_without_backfill_and_never_twice(
    watch: Watch,
    newsroom: Newsroom,
    clock: StandingClock,
    sink: tuple[Sink, int],
    make_settings: Callable[..., Settings],
) -> None:
    """Two days give two digests, each item once, backfill never; to a folder and over SMTP."""
    watch.store.subscribers.add(a_subscriber())
    watch.pipeline.poll(watch.enabled())
    backfill = {item.title for item in watch.store.items.queue(QueueFilter(limit=500)).items}

    live_a_day(watch, newsroom, clock, 1)
    first = watch.make_digests()
    sent = watch.send_due()
    files = sorted(watch.outbox_folder.glob("*.eml"))

    assert (first.made, first.failed, sent.accepted, len(files)) == (1, 0, 1, 1)

    handler, port = sink
    over_smtp = Watch(
        make_settings(
            smtp_host="127.0.0.1",
            smtp_port=str(port),
            smtp_security="none",
            mail_from="Watch <watch@example.org>",
        ),
        clock=clock,
        spacing=0.0,
    )
    try:
        live_a_day(over_smtp, newsroom, clock, 2)
        assert over_smtp.make_digests().made == 1
        assert over_smtp.make_digests().made == 0
        assert over_smtp.send_due().accepted == 1
        assert over_smtp.send_due().accepted == 0
    finally:
        over_smtp.close()

    (envelope,) = handler.envelopes
    assert envelope.rcpt_tos == ["desk@example.org"]
    mails = [_read(files[0].read_bytes()), _read(envelope.content)]
    texts = [_text(mail) for mail in mails]
    assert "Nakhodka" in texts[1]
    told = [_told(watch, text) for text in texts]
    assert told[0]
    assert told[1]
    assert not told[0] & told[1]
    assert not (told[0] | told[1]) & backfill
    assert mails[0]["Message-ID"] != mails[1]["Message-ID"]
    assert {line.state for line in watch.store.outbox.list()} == {OutboxState.SENT}


def _read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _told(watch: Watch, text: str) -> set[str]:
    """Return the titles of the items whose address the text names."""
    items = watch.store.items.queue(QueueFilter(limit=500)).items
    return {item.title for item in items if item.url in text.split()}


def test_every_entry_of_three_days_has_one_fate_and_a_second_round_changes_nothing(
    watch: Watch, newsroom: Newsroom, clock: StandingClock
) -> None:
    """Seen entries equal their fates; polling again finds only what is unchanged."""
    watch.pipeline.poll(watch.enabled())
    live_a_day(watch, newsroom, clock, 1)
    live_a_day(watch, newsroom, clock, 2)
    items = watch.store.items.counts().total

    again = watch.pipeline.poll(watch.enabled())

    assert set(again.fates) <= {Fate.UNCHANGED.value}
    assert watch.store.items.counts().total == items
    assert watch.store.ledger.discrepancies() == []
    assert watch.store.ledger.overdue(clock.at + timedelta(days=2)) == []


RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Small Outlet</title><link>{site}</link>
<item><title>Night shift at the port</title><link>{site}/a/1</link><guid>1</guid>
<pubDate>Tue, 10 Nov 2026 01:00:00 GMT</pubDate><description>More inside.</description></item>
</channel></rss>"""


PAGE = (
    "<html><body><article><h1>Night shift at the port</h1><p>"
    + "Twelve North Korean workers in Vladivostok had their passports taken away. " * 3
    + "</p><p>The men said they had not been paid their wages since June.</p></article>"
)


def test_a_page_that_is_down_does_not_cost_a_report(
    make_settings: Callable[..., Settings], clock: StandingClock, httpserver: HTTPServer
) -> None:
    """An entry whose page answers 503 waits for it, and is judged by it when it is back."""
    site = f"http://127.0.0.1:{httpserver.port}"
    httpserver.expect_request("/feed").respond_with_data(
        RSS.format(site=site), content_type="application/rss+xml"
    )
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    answers = [Response("later", status=503), Response(PAGE, content_type="text/html")]
    httpserver.expect_request("/a/1").respond_with_handler(lambda _: answers.pop(0))
    settings = make_settings(allow_private=site.removeprefix("http://"))
    clock.at = moment(1, "02:00")
    with open_watch(settings, clock=clock, spacing=0.0) as watch:
        watch.store.feeds.sync([Feed(id="small", url=f"{site}/feed", title="Small")], clock.at)
        report = watch.pipeline.poll(["small"])
        assert (report.outcomes, report.fates) == ({"parsed": 1}, {Fate.PENDING.value: 1})
        assert watch.store.items.counts().total == 0

        clock.at += timedelta(minutes=15)
        assert watch.pipeline.read_pending() == {Fate.STORED.value: 1}

        (item,) = watch.store.items.queue(QueueFilter()).items
        assert item.score.decision is Band.ALERT
        assert watch.store.ledger.discrepancies() == []
