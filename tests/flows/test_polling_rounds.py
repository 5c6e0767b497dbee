"""Rounds of polls over a small site whose answers each test chooses."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from clocks import StandingClock
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor.app import Watch, open_watch
from monitor.core.errors import StoreBusy
from monitor.core.values import Fate, Feed, FeedForPoll
from monitor.pipeline import TIP_TRIES, Pipeline
from monitor.settings import Settings
from store import Store
from store.session import Database

HOUR = timedelta(hours=1)
RSS = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Site</title>'
    "<item><title>Loggers were seen</title><guid>1</guid></item></channel></rss>"
)


@pytest.fixture
def watch(
    make_settings: Callable[..., Settings], clock: StandingClock, httpserver: HTTPServer
) -> Iterator[Watch]:
    """Yield a house that watches one feed, /feed of the small site."""
    settings = make_settings(allow_private=f"{httpserver.host}:{httpserver.port}")
    with open_watch(settings, clock=clock, spacing=0.0) as opened:
        feed = Feed(id="site", url=httpserver.url_for("/feed"), title="Site")
        opened.store.feeds.sync([feed], clock.now())
        yield opened


def test_a_stuck_etag_is_passed_over_once_a_day(
    watch: Watch, clock: StandingClock, httpserver: HTTPServer
) -> None:
    """A server that answers 304 for ever hides its news for a day at most."""
    asked: list[str | None] = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("If-None-Match"))
        if asked[-1]:
            return Response(status=304)
        return Response(RSS, content_type="application/rss+xml", headers={"ETag": '"stuck"'})

    httpserver.expect_request("/feed").respond_with_handler(answer)
    outcomes: list[str] = []
    for hours in (0, 1, 22, 2, 1):
        clock.at += hours * HOUR
        outcomes += watch.pipeline.poll(["site"]).outcomes

    assert asked == [None, '"stuck"', '"stuck"', None, '"stuck"']
    assert outcomes == ["parsed", "not_modified", "not_modified", "same_body", "not_modified"]


HOLD = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
other.execute("ROLLBACK")
"""


@pytest.mark.parametrize(("held", "outcomes"), [(0.6, {"parsed": 1}), (1.2, None)])
def test_a_store_that_another_process_holds_costs_no_feed_its_turn(
    watch: Watch,
    clock: StandingClock,
    httpserver: HTTPServer,
    held: float,
    outcomes: dict[str, int] | None,
) -> None:
    """A poll is written at the second try, or its feed is due again at once and not in an hour."""
    path = watch.settings.database.removeprefix("sqlite:///")
    holders: list[subprocess.Popen[str]] = []

    def answer(_: Request) -> Response:
        if not holders:
            words = [sys.executable, "-c", HOLD, path, str(held)]
            holders.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
            assert holders[0].stdout is not None
            holders[0].stdout.readline()
        return Response(RSS, content_type="application/rss+xml")

    httpserver.expect_request("/feed").respond_with_handler(answer)
    workers = watch.workers  # started now: the store is held for less long than that takes
    impatient = Store(Database(watch.settings.database, busy_seconds=0.4))
    with impatient, contextlib.ExitStack() as ending:
        pipeline = Pipeline(
            store=impatient.polling,
            fetcher=watch.fetcher,
            workers=lambda: workers,
            clock=clock,
            owner="test",
        )
        if outcomes is None:
            with pytest.raises(StoreBusy):
                pipeline.poll(["site"])
        else:
            assert pipeline.poll(["site"]).outcomes == outcomes
        ending.callback(holders[0].communicate)
        holders[0].wait(timeout=10)
        again = pipeline.poll()

    assert again.outcomes == ({"parsed": 1} if outcomes is None else {})
    assert watch.store.items.counts().total == 1


class Rival:
    """The feed of tips, of which somebody else takes the lease so many times after us."""

    def __init__(self, watch: Watch, times: int) -> None:
        self._watch, self._times = watch, times
        self.leased = 0

    def lease_tips(self, now: datetime, *, owner: str, lease_for: timedelta) -> FeedForPoll:
        """Lease it for us, and then for the rival."""
        lease = self._watch.store.feeds.lease_tips
        ours = lease(now, owner=owner, lease_for=lease_for)
        self.leased += 1
        if self.leased <= self._times:
            lease(now, owner="rival", lease_for=lease_for)
        return ours


@pytest.mark.parametrize(("times", "kept"), [(0, True), (2, True), (99, False)])
def test_a_tip_is_never_called_taken_when_its_lease_was_lost(
    watch: Watch, httpserver: HTTPServer, times: int, kept: bool
) -> None:
    """A tip that another process pushed aside is taken again, or said not to be kept."""
    httpserver.expect_request("/story").respond_with_data(
        "<p>Loggers were seen at the border. " * 30, content_type="text/html"
    )
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    url, rival = httpserver.url_for("/story"), Rival(watch, times)

    fate = watch.pipeline.tip(url, rival)

    assert fate is (Fate.STORED if kept else None)
    assert watch.store.ledger.why(url).is_known is kept
    assert rival.leased == (times + 1 if kept else TIP_TRIES)
