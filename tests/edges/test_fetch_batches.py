"""Many requests at once: turns, pauses, memory, dead hosts, robots.txt."""

from __future__ import annotations

import asyncio
import socket
import time
import warnings
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from edges.fetching import FEED, NOW, failed, fetch, fetched, quick_settings
from edges.rawsite import HOLD, RawSite, Step, answer, raw_site

from monitor.core.values import ErrorCode, Failed, Fetched, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed, IPAddress


@pytest.fixture(scope="module")
def site() -> Iterator[RawSite]:
    """A server for the whole module; each test uses paths of its own."""
    with raw_site() as running:
        yield running


@pytest.fixture(scope="module")
def fetcher(site: RawSite) -> Iterator[HttpFetcher]:
    """A fetcher with short limits that may reach the server."""
    with HttpFetcher(quick_settings(site), now=lambda: NOW) as running:
        yield running


# ---------------------------------------------------------------- many at once


def test_each_request_has_one_outcome(site: RawSite, fetcher: HttpFetcher) -> None:
    """A batch of good, bad and refused requests gives one outcome for each tag."""
    for number in range(0, 40, 2):
        site.say(f"/n/{number}", answer("200 OK", b"%d" % number))
    requests = [Request(url=f"{site.url}/n/{number}", tag=number) for number in range(40)]
    requests.append(Request(url="http://10.0.0.1/", tag=40))
    outcomes = {outcome.request.tag: outcome for outcome in fetcher.fetch_many(iter(requests))}

    assert sorted(tag for tag in outcomes if isinstance(tag, int)) == list(range(41))
    assert all(fetched(outcomes[number]).body == b"%d" % number for number in range(0, 40, 2))
    assert {failed(outcomes[number]).code for number in range(1, 40, 2)} == {ErrorCode.NOT_FOUND}


def test_crowd_of_large_bodies_is_taken_a_few_at_a_time() -> None:
    """Large feeds wait for each other and all arrive: a crowd of them must not fill the memory."""
    body = b"x" * 1_500_000
    with raw_site("0.0.0.0") as own:
        own.say("/large", answer("200 OK", body))
        openings = Allowed.read([f"127.0.0.0/8:{own.port}"])
        settings = quick_settings(own, allowed=openings, feed_bytes=2_000_000, total=10.0)
        requests = [Request(url=f"http://127.0.0.{n}:{own.port}/large") for n in range(1, 21)]
        with HttpFetcher(settings) as fetcher:
            sizes = [len(fetched(outcome).body) for outcome in fetcher.fetch_many(requests)]

    assert sizes == [len(body)] * 20


class Surprise(httpx.AsyncBaseTransport):
    """A network that does what nobody thought of."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Fail in an unforeseen way."""
        raise ZeroDivisionError("never seen")


def test_unforeseen_error_ends_one_request_and_tells_the_log_no_password(
    site: RawSite, caplog: pytest.LogCaptureFixture
) -> None:
    """The round of polls goes on; the log has the traceback, but not the address's password."""
    with HttpFetcher(quick_settings(site), transport=Surprise()) as fetcher:
        outcome = failed(fetch(fetcher, f"http://reader:canary@{site.opening}/feed"))

    assert (outcome.code, outcome.detail) == (ErrorCode.PROTOCOL_ERROR, "ZeroDivisionError")
    assert "never seen" in caplog.text
    assert "canary" not in caplog.text


def test_empty_batch_is_over_at_once(fetcher: HttpFetcher) -> None:
    """Nothing asked, nothing answered."""
    assert list(fetcher.fetch_many([])) == []


def test_host_sees_few_connections_at_a_time_and_a_pause(site: RawSite) -> None:
    """Two at a time and a pause between starts, however many requests wait."""
    with raw_site() as own:
        own.scripts = {f"/{n}": [0.05, *answer("200 OK", FEED)] for n in range(8)}
        settings = quick_settings(own, spacing=0.04, per_host=2)
        with HttpFetcher(settings) as fetcher:
            outcomes = list(fetcher.fetch_many([Request(url=f"{own.url}/{n}") for n in range(8)]))
        starts = sorted(asked.at for asked in own.asked)

        assert all(isinstance(outcome, Fetched) for outcome in outcomes)
        assert own.open_most <= 2
        assert starts[-1] - starts[0] >= 6 * 0.04


def test_slow_host_does_not_delay_the_others(site: RawSite) -> None:
    """While one host holds its connections the outcomes of the others come."""
    with raw_site("127.0.0.2") as slow:
        settings = quick_settings(site, allowed=Allowed.read([site.opening, slow.opening]))
        quick = site.say("/quick", answer("200 OK", FEED))
        hanging = [Request(url=slow.say(f"/{n}", [HOLD]), tag="slow") for n in range(4)]
        with HttpFetcher(settings) as fetcher:
            order = [o.request.tag for o in fetcher.fetch_many([*hanging, Request(url=quick)])]

        assert order == [None, "slow", "slow", "slow", "slow"]


def test_host_that_says_wait_is_left_alone() -> None:
    """After eight 429 in a row the host's other addresses are not asked, and say until when."""
    with raw_site() as own:
        own.scripts = {f"/{n}": answer("429 Too Many", b"", "Retry-After: 600") for n in range(20)}
        with HttpFetcher(quick_settings(own, per_host=1), now=lambda: NOW) as fetcher:
            outcomes = list(fetcher.fetch_many([Request(url=f"{own.url}/{n}") for n in range(20)]))

        assert len(own.asked) == 8
        assert {failed(outcome).code for outcome in outcomes} == {ErrorCode.RATE_LIMITED}
        assert {failed(outcome).retry_at for outcome in outcomes} == {NOW + timedelta(minutes=10)}


def test_some_addresses_that_say_wait_do_not_stop_the_others() -> None:
    """A limit on one address is not a limit on the host."""
    with raw_site() as own:
        for n in range(30):
            good = answer("200 OK", FEED)
            own.say(f"/{n}", answer("429 Too Many", b"") if n % 8 else good)
        with HttpFetcher(quick_settings(own, per_host=1)) as fetcher:
            list(fetcher.fetch_many([Request(url=f"{own.url}/{n}") for n in range(30)]))

        assert len(own.asked) == 30


def test_dead_host_costs_the_connect_time_three_times() -> None:
    """Of a hundred feeds of a host that is not there, three wait for it, one after another."""
    looked_up: list[str] = []

    async def resolve(host: str, port: int) -> list[IPAddress]:
        looked_up.append(host)
        await asyncio.sleep(0.05)
        raise socket.gaierror(socket.EAI_NONAME, "Name unknown")

    settings = FetchSettings(per_host=1, spacing=0.0, robots=False)
    requests = [Request(url=f"http://dead.example/{n}") for n in range(100)]
    with HttpFetcher(settings, resolve=resolve) as fetcher:
        codes = [failed(outcome).code for outcome in fetcher.fetch_many(requests)]

    assert codes == [ErrorCode.DNS_ERROR] * 100
    assert len(looked_up) == 3


def test_taker_that_stops_ends_the_batch(site: RawSite) -> None:
    """Breaking out of the loop cancels what is under way; the fetcher can be used again."""
    with raw_site() as own:
        own.scripts = {f"/{n}": answer("200 OK", FEED) for n in range(50)}
        with HttpFetcher(quick_settings(own, per_host=1)) as fetcher:
            outcomes = fetcher.fetch_many([Request(url=f"{own.url}/{n}") for n in range(50)])
            next(outcomes)
            outcomes.close()  # type: ignore[attr-defined]
            again = fetch(fetcher, f"{own.url}/1")

        assert isinstance(again, Fetched)
        assert len(own.asked) < 50


def test_fetching_waits_for_a_slow_taker(site: RawSite) -> None:
    """No more bodies are fetched than may wait in memory."""
    with raw_site() as own:
        own.scripts = {f"/{n}": answer("200 OK", b"x" * 10_000) for n in range(30)}
        settings = quick_settings(own, waiting_bytes=20_000, per_host=1)
        with HttpFetcher(settings) as fetcher:
            outcomes = fetcher.fetch_many([Request(url=f"{own.url}/{n}") for n in range(30)])
            next(outcomes)
            time.sleep(0.3)
            waiting = len(own.asked)
            rest = list(outcomes)

        assert waiting <= 10
        assert len(rest) == 29


def test_close_leaves_nothing_open(site: RawSite) -> None:
    """Closing in the middle of a batch warns of no leaked socket, and may be done twice."""
    with raw_site() as own, warnings.catch_warnings():
        warnings.simplefilter("error")
        own.scripts = {f"/{n}": [HOLD] for n in range(4)}
        fetcher = HttpFetcher(quick_settings(own, per_host=5))
        outcomes = fetcher.fetch_many(
            [Request(url=f"{own.url}/{n}") for n in range(4)] + [Request(url=f"{own.url}/404")]
        )
        next(outcomes)
        fetcher.close()
        fetcher.close()

        assert list(outcomes) == []


# ---------------------------------------------------------------- robots.txt


PLACES = ("/open", "/closed/a.html")
ROBOTS = b"User-agent: *\nDisallow: /closed/*.html$\nAllow: /closed/open\n"


@pytest.mark.parametrize(
    ("robots", "path", "code"),
    [
        (answer("200 OK", ROBOTS), "/page", None),
        (answer("200 OK", ROBOTS), "/closed/a.html", ErrorCode.ROBOTS_DENIED),
        (answer("200 OK", ROBOTS), "/closed/a.html?x", None),
        (
            answer("200 OK", b"\xef\xbb\xbfUser-agent: *\nDisallow: /"),
            "/p",
            ErrorCode.ROBOTS_DENIED,
        ),
        (
            answer("200 OK", b"User-agent: dispatch-watch\nDisallow: /"),
            "/p",
            ErrorCode.ROBOTS_DENIED,
        ),
        (answer("200 OK", b"User-agent: other\nDisallow: /"), "/p", None),
        (answer("200 OK", b"<html>not a robots file</html>"), "/p", None),
        (answer("200 OK", b"\xff\xfe\x00 garbage \x80" * 100), "/p", None),
        (
            answer("200 OK", b"User-agent: *\n" + b"Disallow: /x\n" * 50_000),
            "/p",
            ErrorCode.TOO_LARGE,
        ),
        (answer("404 Not Found", b""), "/p", None),
        (answer("403 Forbidden", b"no"), "/p", None),
        (answer("500 Error", b"oops"), "/p", ErrorCode.SERVER_ERROR),
        (answer("503 Unavailable", b""), "/p", ErrorCode.UNAVAILABLE),
    ],
)
def test_robots_txt_decides_on_pages(robots: list[Step], path: str, code: ErrorCode | None) -> None:
    """Wildcards and longest match count; a missing file forbids nothing, a failing one is told."""
    with raw_site() as own:
        own.say("/robots.txt", robots)
        url = own.say(path, answer("200 OK", b"<p>text</p>"))
        with HttpFetcher(quick_settings(own, robots=True)) as fetcher:
            outcome = fetch(fetcher, url, kind="page")

        assert (outcome.code if isinstance(outcome, Failed) else None) == code
        assert len(own.asked_for(path)) == (code is None)


def test_robots_txt_is_asked_once_and_never_for_feeds() -> None:
    """One look a day for each origin, also for pages that are asked at the same moment."""
    with raw_site() as own:
        own.say("/robots.txt", [0.05, *answer("200 OK", b"User-agent: *\nDisallow: /f")])
        pages = [own.say(f"/p/{n}", answer("200 OK", b"<p>text</p>")) for n in range(6)]
        feed = own.say("/feed", answer("200 OK", FEED))
        with HttpFetcher(quick_settings(own, robots=True)) as fetcher:
            before = fetch(fetcher, feed)
            asked_for_feed = len(own.asked_for("/robots.txt"))
            list(fetcher.fetch_many([Request(url=url, kind="page") for url in pages]))
            list(fetcher.fetch_many([Request(url=url, kind="page") for url in pages]))

        assert isinstance(before, Fetched)
        assert asked_for_feed == 0
        assert len(own.asked_for("/robots.txt")) == 1


def test_robots_txt_of_the_site_that_a_page_moved_to_counts() -> None:
    """A redirect is no way around what another site's robots.txt closes."""
    with raw_site() as own, raw_site() as other:
        other.say("/robots.txt", answer("200 OK", ROBOTS))
        own.say("/robots.txt", answer("404 Not Found", b""))
        goals = {path: other.say(path, answer("200 OK", b"<p>x</p>")) for path in PLACES}
        pages = [
            own.say(f"/to{path}", answer("301 Moved", b"", f"Location: {goal}".encode()))
            for path, goal in goals.items()
        ]
        feed = own.say("/feed", answer("301 Moved", b"", f"Location: {goals[PLACES[1]]}".encode()))
        settings = quick_settings(
            own, robots=True, allowed=Allowed.read([own.opening, other.opening])
        )
        with HttpFetcher(settings) as fetcher:
            outcomes = [fetch(fetcher, page, kind="page") for page in pages]
            by_feed = fetch(fetcher, feed)

        codes = [one.code if isinstance(one, Failed) else None for one in outcomes]
        assert codes == [None, ErrorCode.ROBOTS_DENIED]
        assert isinstance(by_feed, Fetched)
        assert len(other.asked_for("/robots.txt")) == 1
        assert len(other.asked_for(PLACES[1])) == 1  # by the feed alone


@pytest.mark.parametrize(("kind", "is_patient"), [("feed", True), ("page", False)])
def test_feeds_are_waited_for_longer_than_pages(kind: str, is_patient: bool) -> None:
    """A search service that thinks for long is no dead one."""
    with raw_site() as own:
        url = own.say("/slow", [0.6, *answer("200 OK", FEED)])
        with HttpFetcher(quick_settings(own, read=2.0, page_read=0.2)) as fetcher:
            outcome = fetch(fetcher, url, kind=kind)

    assert isinstance(outcome, Fetched) is is_patient
