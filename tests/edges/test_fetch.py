"""The ordinary life of a request: what is sent, what comes back, redirects, politeness."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import time
import warnings
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from edges.rawsite import HOLD, Asked, RawSite, Step, answer, raw_site

from monitor.core.values import ErrorCode, Failed, Fetched, Hop, NotModified, Outcome, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FEED = b"<rss><channel><title>T</title></channel></rss>"


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


def quick_settings(site: RawSite, **changes: object) -> FetchSettings:
    """Return settings for tests: no pauses, limits of half a second."""
    settings: dict[str, object] = {
        "allowed": Allowed.read([site.opening]),
        "total": 1.5,
        "connect": 0.5,
        "read": 0.5,
        "retry_pause": 0.01,
        "spacing": 0.0,
        "feed_bytes": 200_000,
        "page_bytes": 100_000,
        "robots": False,
    }
    return FetchSettings(**{**settings, **changes})  # type: ignore[arg-type]


def fetch(fetcher: HttpFetcher, url: str, **fields: object) -> Outcome:
    """Return the outcome of one request."""
    [outcome] = fetcher.fetch_many([Request(url=url, **fields)])  # type: ignore[arg-type]
    return outcome


def fetched(outcome: Outcome) -> Fetched:
    """Return an outcome that must be a success."""
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failed(outcome: Outcome) -> Failed:
    """Return an outcome that must be a failure."""
    assert isinstance(outcome, Failed), outcome
    return outcome


# ---------------------------------------------------------------- answers


def test_body_headers_and_hash_come_back_complete(site: RawSite, fetcher: HttpFetcher) -> None:
    """A success carries the decoded bytes, their hash, and headers by lower-case name."""
    url = site.say(
        "/plain", answer("200 OK", FEED, "Content-Type: text/xml", "X-Two: a", "X-Two: b")
    )
    outcome = fetched(fetch(fetcher, url, tag=7))

    assert outcome.body == FEED
    assert outcome.body_hash == hashlib.sha256(FEED).hexdigest()
    assert outcome.headers["content-type"] == "text/xml"
    assert outcome.headers["x-two"] == "a, b"
    assert (outcome.status, outcome.url, outcome.request.tag) == (200, url, 7)


RAW_DEFLATE = zlib.compressobj(wbits=-15)
DECODED = [
    ("gzip", gzip.compress(FEED), "gzip"),
    ("x-gzip", gzip.compress(FEED), "x-gzip"),
    ("upper case", gzip.compress(FEED), "GZIP"),
    ("two members", gzip.compress(FEED[:9]) + gzip.compress(FEED[9:]), "gzip"),
    ("an empty member between", gzip.compress(FEED) + gzip.compress(b""), "gzip"),
    ("zeros behind", gzip.compress(FEED) + b"\0" * 512, "gzip"),
    ("garbage behind", gzip.compress(FEED) + b"garbage", "gzip"),
    ("gzip without the header", gzip.compress(FEED), None),
    ("gzip called identity", gzip.compress(FEED), "identity"),
    ("zlib", zlib.compress(FEED), "deflate"),
    ("bare deflate", RAW_DEFLATE.compress(FEED) + RAW_DEFLATE.flush(), "deflate"),
    ("identity", FEED, "identity"),
    ("nothing said", FEED, None),
]


@pytest.mark.parametrize(("body", "encoding"), [row[1:] for row in DECODED],
                         ids=[row[0] for row in DECODED])  # fmt: skip
@pytest.mark.parametrize("pieces", [1, 3], ids=["at once", "in pieces"])
def test_encodings_that_we_ask_for_are_decoded(
    site: RawSite, fetcher: HttpFetcher, body: bytes, encoding: str | None, pieces: int
) -> None:
    """Gzip in all its shapes and deflate in both give the same bytes, however they arrive."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Encoding: {encoding}\r\n\r\n" if encoding else "\r\n"
    cut = 1 if pieces == 1 else 2
    steps: list[Step] = [head.encode() + body]
    if pieces > 1:
        steps = [head.encode(), body[:1], 0.01, body[1:cut], 0.01, body[cut:]]

    assert fetched(fetch(fetcher, site.say("/encoded", steps))).body == FEED


def test_request_is_what_we_promise(site: RawSite, fetcher: HttpFetcher) -> None:
    """One connection for each request, only encodings that we decode ourselves, an honest name."""
    url = site.say("/request?q=%20a", answer("200 OK", FEED))
    fetch(fetcher, url)
    [asked] = site.asked_for("/request?q=%20a")

    assert asked.head.startswith(b"GET /request?q=%20a HTTP/1.1\r\n")
    assert asked.header("host") == site.opening
    assert asked.header("accept-encoding") == "gzip, deflate"
    assert asked.header("connection") == "close"
    assert asked.header("user-agent") == FetchSettings().user_agent
    assert asked.header("cookie") is None


def test_user_agent_of_the_feed_wins(site: RawSite, fetcher: HttpFetcher) -> None:
    """Some sites answer only to certain names: a feed may have its own."""
    fetch(fetcher, site.say("/agent", answer("200 OK", FEED)), user_agent="Neutral/1.0")

    assert site.asked_for("/agent")[0].header("user-agent") == "Neutral/1.0"


# ---------------------------------------------------------------- validators


ODD_ETAGS = [
    '"plain"',
    'W/"weak"',
    "no-quotes",
    '"a,b"',
    '"a-gzip"',
    '"\xff\xe9"',
    '"' + "x" * 900 + '"',
]


@pytest.mark.parametrize("etag", ODD_ETAGS)
def test_validators_go_back_byte_for_byte(site: RawSite, fetcher: HttpFetcher, etag: str) -> None:
    """What the server gave is what it gets back, or it would answer 200 for ever."""
    changed = "Wed, 25 Nov 2026 00:00:00 +0000 (its own way)"
    headers = (f"ETag: {etag}".encode("latin-1"), f"Last-Modified: {changed}")
    url = site.say("/validators", answer("200 OK", FEED, *headers))
    first = fetched(fetch(fetcher, url))
    site.say("/validators", answer("304 Not Modified", b"", *headers, length=False))
    second = fetch(
        fetcher, url, etag=first.headers["etag"], last_modified=first.headers["last-modified"]
    )
    asked = site.asked_for("/validators")[-1]

    assert isinstance(second, NotModified)
    assert second.headers["etag"] == etag
    assert asked.header("if-none-match") == etag
    assert asked.header("if-modified-since") == changed


@pytest.mark.parametrize(
    "etag", ['"a\r\nX-Injected: 1"', '"a\nb"', '"\x00"', '"' + "x" * 1_025 + '"', '"кириллица"', ""]
)
def test_unusable_validator_is_not_sent(site: RawSite, fetcher: HttpFetcher, etag: str) -> None:
    """A stored validator can neither add a header nor break the request."""
    url = site.say("/bad-validator", answer("200 OK", FEED))
    outcome = fetch(fetcher, url, etag=etag)
    asked = site.asked_for("/bad-validator")[-1]

    assert isinstance(outcome, Fetched)
    assert asked.header("if-none-match") is None
    assert asked.header("x-injected") is None


def test_304_with_a_body_is_still_not_modified(site: RawSite, fetcher: HttpFetcher) -> None:
    """The body of a 304 is ignored (RFC 9110 15.4.5)."""
    url = site.say("/304-body", answer("304 Not Modified", FEED))

    assert isinstance(fetch(fetcher, url, etag='"a"'), NotModified)


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed_and_told(site: RawSite, fetcher: HttpFetcher, status: int) -> None:
    """Each hop is in the outcome with its status, so that permanent moves can be proposed."""
    goal = site.say("/goal", answer("200 OK", FEED))
    url = site.say(f"/r{status}", answer(f"{status} Moved", b"", "Location: /goal#part"))
    outcome = fetched(fetch(fetcher, url))

    assert outcome.hops == (Hop(status=status, url=goal),)
    assert outcome.url == goal


LOCATIONS = [
    ("relative", b"goal2", "/dir/goal2"),
    ("up", b"../goal2", "/goal2"),
    ("query only", b"?page=2", "/dir/start?page=2"),
    ("scheme-relative", b"//{host}/goal2", "/goal2"),
    ("absolute", b"http://{host}/goal2", "/goal2"),
    ("upper case", b"HTTP://{host}/goal2", "/goal2"),
    ("blanks around", b"  /goal2  ", "/goal2"),
    ("blank inside", b"/a b", "/a%20b"),
    ("utf-8 bytes", "/новости".encode(), "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"),
    ("windows-1251 bytes", "/новости".encode("cp1251"), "/%ED%EE%E2%EE%F1%F2%E8"),
    ("euc-kr bytes", "/기사".encode("euc-kr"), "/%B1%E2%BB%E7"),
    ("escaped already", b"/%D0%BD?a=%20", "/%D0%BD?a=%20"),
]


@pytest.mark.parametrize(("location", "path"), [row[1:] for row in LOCATIONS],
                         ids=[row[0] for row in LOCATIONS])  # fmt: skip
def test_location_means_what_the_server_means(
    site: RawSite, fetcher: HttpFetcher, location: bytes, path: str
) -> None:
    """Relative and raw-byte locations lead where browsers go, in the server's own bytes."""
    location = location.replace(b"{host}", site.opening.encode())
    site.say(path, answer("200 OK", FEED))
    url = site.say("/dir/start", answer("302 Found", b"", b"Location: " + location))

    assert fetched(fetch(fetcher, url)).url == site.url + path


def test_validators_survive_a_redirect(site: RawSite, fetcher: HttpFetcher) -> None:
    """A feed behind a permanent redirect must be able to answer 304."""
    site.say("/moved-goal", answer("304 Not Modified", length=False))
    url = site.say("/moved", answer("301 Moved", b"", "Location: /moved-goal"))
    outcome = fetch(fetcher, url, etag='"a"')

    assert isinstance(outcome, NotModified)
    assert [hop.status for hop in outcome.hops] == [301]
    assert site.asked_for("/moved-goal")[0].header("if-none-match") == '"a"'


def test_credentials_stay_with_their_origin(site: RawSite, fetcher: HttpFetcher) -> None:
    """A password goes to the origin it was written for, and to nobody that origin points to."""
    with raw_site("127.0.0.1") as other:
        settings = quick_settings(site, allowed=Allowed.read([site.opening, other.opening]))
        other.say("/elsewhere", answer("302 Found", b"", f"Location: {site.url}/secret-goal"))
        site.say("/secret-goal", answer("200 OK", FEED))
        site.say("/secret", answer("302 Found", b"", f"Location: {other.url}/elsewhere"))
        with HttpFetcher(settings) as fetcher:
            outcome = fetch(fetcher, f"http://reader:word@{site.opening}/secret")

        assert isinstance(outcome, Fetched)
        assert site.asked_for("/secret")[0].header("authorization") == "Basic cmVhZGVyOndvcmQ="
        assert other.asked_for("/elsewhere")[0].header("authorization") is None
        assert site.asked_for("/secret-goal")[0].header("authorization") == "Basic cmVhZGVyOndvcmQ="
        assert "word" not in outcome.url


def test_cookie_wall_is_passed_within_one_request(site: RawSite, fetcher: HttpFetcher) -> None:
    """A site that sends everybody through a cookie once is read, and nothing is remembered."""

    def wall(asked: Asked) -> list[Step]:
        if asked.header("cookie") == "pass=1":
            return answer("200 OK", FEED)
        return answer("302 Found", b"", "Location: /wall", "Set-Cookie: pass=1; Path=/")

    url = site.say("/wall", wall)

    assert fetched(fetch(fetcher, url)).body == FEED
    assert fetched(fetch(fetcher, url)).body == FEED
    assert [asked.header("cookie") for asked in site.asked_for("/wall")] == [None, "pass=1"] * 2


def test_cookies_do_not_go_to_other_hosts(site: RawSite) -> None:
    """A cookie set under way is sent to the host that set it only."""
    with raw_site("127.0.0.2") as other:
        settings = quick_settings(site, allowed=Allowed.read([site.opening, other.opening]))
        other.say("/other", answer("200 OK", FEED))
        headers = (
            f"Location: {other.url}/other",
            "Set-Cookie: key=1",
            "Set-Cookie: k2=2; Domain=x",
        )
        url = site.say("/sets", answer("302 Found", b"", *headers))
        with HttpFetcher(settings) as fetcher:
            fetched(fetch(fetcher, url))

        assert other.asked_for("/other")[0].header("cookie") is None


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
        pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]

        assert all(isinstance(outcome, Fetched) for outcome in outcomes)
        assert own.open_most <= 2
        assert min(pauses) >= 0.03


def test_slow_host_does_not_delay_the_others(site: RawSite) -> None:
    """While one host holds its connections the outcomes of the others come."""
    with raw_site("127.0.0.2") as slow:
        settings = quick_settings(site, allowed=Allowed.read([site.opening, slow.opening]))
        quick = site.say("/quick", answer("200 OK", FEED))
        hanging = [Request(url=slow.say(f"/{n}", [HOLD]), tag="slow") for n in range(4)]
        with HttpFetcher(settings) as fetcher:
            order = [o.request.tag for o in fetcher.fetch_many([*hanging, Request(url=quick)])]

        assert order == [None, "slow", "slow", "slow", "slow"]


def test_host_that_says_wait_is_left_alone(site: RawSite) -> None:
    """After two 429 in a row the host's other addresses are not asked, and say until when."""
    with raw_site() as own:
        own.scripts = {f"/{n}": answer("429 Too Many", b"", "Retry-After: 600") for n in range(6)}
        with HttpFetcher(quick_settings(own, per_host=1), now=lambda: NOW) as fetcher:
            outcomes = list(fetcher.fetch_many([Request(url=f"{own.url}/{n}") for n in range(6)]))

        assert len(own.asked) == 2
        assert {failed(outcome).code for outcome in outcomes} == {ErrorCode.RATE_LIMITED}
        assert {failed(outcome).retry_at for outcome in outcomes} == {NOW + timedelta(minutes=10)}


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


# ---------------------------------------------------------------- POST


def test_post_sends_and_takes_any_2xx(site: RawSite, fetcher: HttpFetcher) -> None:
    """Webhooks and time stamps use the same door; the answer's body comes back."""
    url = site.say("/hook", answer("202 Accepted", b"thanks"))
    outcome = fetched(fetcher.post(url, b'{"a": 1}', {"Content-Type": "application/json"}))
    [asked] = site.asked_for("/hook")

    assert outcome.body == b"thanks"
    assert (asked.head.split(b" ")[0], asked.body) == (b"POST", b'{"a": 1}')
    assert asked.header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (answer("302 Found", b"", "Location: /hook"), ErrorCode.REDIRECT_ERROR),
        (answer("500 Error", b""), ErrorCode.SERVER_ERROR),
        (answer("404 Not Found", b""), ErrorCode.NOT_FOUND),
        ([], ErrorCode.CONNECTION_CLOSED),
    ],
)
def test_post_is_neither_redirected_nor_repeated(
    site: RawSite, fetcher: HttpFetcher, script: list[Step], code: ErrorCode
) -> None:
    """A message is not handed to somebody else, and a broken connection is not a second message."""
    url = site.say("/bad-hook", script)
    before = len(site.asked)

    assert failed(fetcher.post(url, b"x")).code is code
    assert len(site.asked) == before + 1


def test_post_is_guarded(fetcher: HttpFetcher) -> None:
    """A webhook cannot be aimed at a private address."""
    assert failed(fetcher.post("http://169.254.169.254/", b"x")).code is ErrorCode.PRIVATE_ADDRESS
