"""The ordinary life of a request: what is sent, what comes back, redirects, politeness."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator

import pytest
from edges.fetching import FEED, NOW, failed, fetch, fetched, quick_settings
from edges.rawsite import Asked, RawSite, Step, answer, raw_site

from monitor.core.values import ErrorCode, Fetched, Hop, NotModified
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed


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
    """Some sites answer only to certain names; whatever it is, it stays within its header."""
    url = site.say("/agent", answer("200 OK", FEED))
    fetch(fetcher, url, user_agent="Neutral/1.0")
    fetch(fetcher, url, user_agent="Neu\r\nX-Injected: 1\x00трал")
    plain, odd = site.asked_for("/agent")

    assert plain.header("user-agent") == "Neutral/1.0"
    assert odd.header("user-agent") == "NeuX-Injected: 1"
    assert odd.header("x-injected") is None


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


@pytest.mark.parametrize(
    "told",
    [
        answer("302 Found", b"", "Location: http://other:s3cret@127.0.0.1:1/"),
        answer("302 Found", b"", "Location: http://10.0.0.1/"),
        answer("302 Found", b"", "Location: //"),
        answer("401 Unauthorized", b""),
        answer("304 Not Modified", length=False),
        [b"this is no HTTP"],
        [b"HTTP/1.1 200"],
    ],
)
def test_what_people_are_told_of_a_failure_holds_no_password(
    site: RawSite, fetcher: HttpFetcher, told: list[Step]
) -> None:
    """The address with its password is the operator's; the health page is read by more people."""
    site.say("/private-feed", told)
    outcome = failed(fetch(fetcher, f"http://reader:s3cret@{site.opening}/private-feed"))

    assert "s3cret" not in outcome.detail
    assert not [hop for hop in outcome.hops if "s3cret" in hop.url]


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
