"""Rounds of polls over a small site whose answers each test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from clocks import StandingClock
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor.app import Watch, open_watch
from monitor.core.values import Feed
from monitor.settings import Settings

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
