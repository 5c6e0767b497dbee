"""Every way in which a server can fail: each ends as one typed outcome, in time, within bounds."""

from __future__ import annotations

import functools
import gzip
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from edges.rawsite import HOLD, RESET, Asked, RawSite, Step, answer, raw_site

from monitor.core.values import ErrorCode, Failed, Fetched, Outcome, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FEED = b"<rss><channel><title>T</title></channel></rss>"
LIMIT = 200_000
Code = ErrorCode


@pytest.fixture(scope="module")
def site() -> Iterator[RawSite]:
    """A server for the whole module."""
    with raw_site() as running:
        yield running


@pytest.fixture(scope="module")
def fetcher(site: RawSite) -> Iterator[HttpFetcher]:
    """A fetcher whose limits are a twentieth of the usual ones."""
    settings = FetchSettings(
        allowed=Allowed.read([site.opening]),
        total=1.5,
        connect=0.5,
        read=0.6,
        retry_pause=0.01,
        spacing=0.0,
        feed_bytes=LIMIT,
        page_bytes=LIMIT // 2,
        robots=False,
    )
    with HttpFetcher(settings, now=lambda: NOW) as running:
        yield running


def fetch(fetcher: HttpFetcher, url: str, **fields: object) -> Outcome:
    """Return the outcome of one request."""
    [outcome] = fetcher.fetch_many([Request(url=url, **fields)])  # type: ignore[arg-type]
    return outcome


def drip(pieces: bytes, pause: float = 0.05) -> Iterable[Step]:
    """Return bytes one at a time."""
    for byte in pieces:
        yield bytes([byte])
        yield pause


def endless(first: bytes, piece: bytes) -> Iterable[Step]:
    """Return the same piece for ever (40 MB at most)."""
    yield first
    for _ in range(40_000_000 // len(piece)):
        yield piece


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(FEED)
GZIP = "Content-Encoding: gzip"


def of(total: int) -> bytes:
    """Return a head that announces `total` bytes."""
    return OK + b"Content-Length: %d\r\n\r\n" % total


TRANSPORT: dict[str, tuple[Iterable[Step], Code | None]] = {
    # slow
    "slow head": (drip(of(9) + b"x" * 99), Code.TIMEOUT_TOTAL),
    "slow body": ([of(99), *drip(b"x" * 99)], Code.TIMEOUT_TOTAL),
    "slow chunks": ([CHUNKED, *([b"1\r\nx\r\n", 0.05] * 99)], Code.TIMEOUT_TOTAL),
    "slow but right": ([of(3), 0.2, b"a", 0.2, b"b", 0.2, b"c"], None),
    "accepts, never answers": ([HOLD], Code.TIMEOUT_READ),
    "half a status line, then nothing": ([b"HTTP/1.1 2", HOLD], Code.TIMEOUT_READ),
    "head, then nothing": ([of(99), HOLD], Code.TIMEOUT_READ),
    "head and half a body, then nothing": ([of(99) + b"x" * 50, HOLD], Code.TIMEOUT_READ),
    # endless
    "endless body, until close": (endless(OK + b"\r\n", b"x" * 9_000), Code.TOO_LARGE),
    "endless body, chunked": (
        endless(CHUNKED, b"1000\r\n" + b"x" * 4_096 + b"\r\n"),
        Code.TOO_LARGE,
    ),
    "endless gzip": (
        endless(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"x" * 50_000)),
        Code.TOO_LARGE,
    ),
    "endless crumbs": (endless(CHUNKED, b"1\r\nx\r\n" * 500), Code.PROTOCOL_ERROR),
    "one byte over the limit": (answer("200 OK", b"x" * (LIMIT + 1)), Code.TOO_LARGE),
    "exactly the limit": (answer("200 OK", b"x" * LIMIT), None),
    "announces 10^18 bytes": ([of(10**18) + b"x"], Code.TOO_LARGE),
    "announces 10^400 bytes": ([of(10**400) + b"x"], Code.PROTOCOL_ERROR),
    "endless headers": (endless(OK, b"X-Header: value\r\n" * 100), Code.PROTOCOL_ERROR),
    "one endless header": (endless(OK + b"X: ", b"x" * 1_000), Code.PROTOCOL_ERROR),
    "endless status line": (endless(b"HTTP/1.1 200 ", b"O" * 1_000), Code.PROTOCOL_ERROR),
    "200 headers": (answer("200 OK", FEED, *(f"X-{n}: {n}" for n in range(200))), None),
    "endless informational answers": (
        endless(b"", b"HTTP/1.1 103 Early\r\n\r\n" * 100),
        Code.PROTOCOL_ERROR,
    ),
    "some informational answers": (
        [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 20, *answer("200 OK", FEED)],
        None,
    ),
    # broken off
    "closes at once": ([], Code.CONNECTION_CLOSED),
    "resets at once": ([RESET], Code.CONNECTION_CLOSED),
    "closes in the head": ([OK], Code.CONNECTION_CLOSED),
    "closes in the body": ([of(99) + b"x" * 50], Code.CONNECTION_CLOSED),
    "resets in the body": ([of(99) + b"x" * 50, 0.05, RESET], Code.CONNECTION_CLOSED),
    "closes in a chunk": ([CHUNKED + b"20\r\nxxx"], Code.CONNECTION_CLOSED),
    "closes between chunks": ([CHUNKED + b"3\r\nxxx\r\n"], Code.CONNECTION_CLOSED),
    # against the rules
    "content-length too short": ([of(5) + FEED], Code.PROTOCOL_ERROR),
    "content-length negative": ([OK + b"Content-Length: -5\r\n\r\nx"], Code.PROTOCOL_ERROR),
    "content-length twice, different": (
        [OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
        Code.PROTOCOL_ERROR,
    ),
    "content-length twice, equal": (
        [OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"],
        None,
    ),
    "content-length a word": ([OK + b"Content-Length: many\r\n\r\nx"], Code.PROTOCOL_ERROR),
    "content-length and chunked": (
        [OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
        None,
    ),
    "bad chunk size": ([CHUNKED + b"zz\r\nxx\r\n0\r\n\r\n"], Code.PROTOCOL_ERROR),
    "negative chunk size": ([CHUNKED + b"-1\r\nx\r\n0\r\n\r\n"], Code.PROTOCOL_ERROR),
    "huge chunk size": ([CHUNKED + b"F" * 30 + b"\r\nx"], Code.PROTOCOL_ERROR),
    "endless chunk extension": (endless(CHUNKED + b"3;", b"x" * 900), Code.PROTOCOL_ERROR),
    "unknown transfer encoding": (
        [OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
        Code.PROTOCOL_ERROR,
    ),
    "HTTP/0.9": ([FEED], Code.PROTOCOL_ERROR),
    "another protocol": ([b"SSH-2.0-OpenSSH_9.2\r\n"], Code.PROTOCOL_ERROR),
    "binary": ([bytes(range(256)) * 4], Code.PROTOCOL_ERROR),
    "status 999": (answer("999 Odd", FEED), Code.HTTP_ERROR),
    "status without reason": ([b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc"], None),
    "status of four digits": (answer("2000 OK", FEED), Code.PROTOCOL_ERROR),
    "bare line feeds": ([b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"], None),
    "header without a name": ([OK + b": x\r\n\r\n"], Code.PROTOCOL_ERROR),
    "header folded": (
        [OK + b"ETag: a\r\n  b\r\nContent-Length: 3\r\n\r\nabc"],
        None,
    ),
    "NUL in a header": ([OK + b"X: a\x00b\r\n\r\n"], Code.PROTOCOL_ERROR),
    "switches protocols": (
        [b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
        Code.PROTOCOL_ERROR,
    ),
    "a second answer behind the first": (
        [b"".join(part for part in answer("200 OK", FEED) * 2 if isinstance(part, bytes))],
        Code.PROTOCOL_ERROR,
    ),
    # encodings
    "gzip cut": (answer("200 OK", PACKED[:-12], GZIP), Code.DECODE_ERROR),
    "gzip without its trailer": (answer("200 OK", PACKED[:-8], GZIP), Code.DECODE_ERROR),
    "gzip cut by one byte": (answer("200 OK", PACKED[:-1], GZIP), Code.DECODE_ERROR),
    "gzip, second member cut": (
        answer("200 OK", PACKED + PACKED[:-9], GZIP),
        Code.DECODE_ERROR,
    ),
    "gzip, wrong checksum": (
        answer("200 OK", PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], GZIP),
        Code.DECODE_ERROR,
    ),
    "gzip, damaged": (
        answer("200 OK", PACKED[:20] + b"\xff\xff" + PACKED[22:], GZIP),
        Code.DECODE_ERROR,
    ),
    "gzip, a single byte": (answer("200 OK", b"\x1f", GZIP), Code.DECODE_ERROR),
    "gzip that is plain": (answer("200 OK", FEED, GZIP), Code.DECODE_ERROR),
    "gzip, nothing": (answer("200 OK", b"", GZIP), Code.NO_CONTENT),
    "gzip of nothing": (answer("200 OK", gzip.compress(b""), GZIP), Code.NO_CONTENT),
    "sniffed gzip, cut": (answer("200 OK", PACKED[:-9]), Code.DECODE_ERROR),
    "gzip of a thousand empty members": (
        answer("200 OK", gzip.compress(b"") * 7_000, GZIP),
        Code.DECODE_ERROR,
    ),
    "deflate cut": (
        answer("200 OK", zlib.compress(FEED)[:-6], "Content-Encoding: deflate"),
        Code.DECODE_ERROR,
    ),
    "deflate that is plain": (
        answer("200 OK", FEED, "Content-Encoding: deflate"),
        Code.DECODE_ERROR,
    ),
    "brotli": (
        answer("200 OK", b"\x0b\x00\x80a\x03", "Content-Encoding: br"),
        Code.UNSUPPORTED_ENCODING,
    ),
    "zstd": (answer("200 OK", b"(\xb5/\xfd", "Content-Encoding: zstd"), Code.UNSUPPORTED_ENCODING),
    "compress": (answer("200 OK", b"x", "Content-Encoding: compress"), Code.UNSUPPORTED_ENCODING),
    "gzip twice": (
        answer("200 OK", gzip.compress(PACKED), "Content-Encoding: gzip, gzip"),
        Code.UNSUPPORTED_ENCODING,
    ),
    "gzip twice, in two headers": (
        answer("200 OK", gzip.compress(PACKED), GZIP, GZIP),
        Code.UNSUPPORTED_ENCODING,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSPORT)
def test_transport_fault_has_its_code(site: RawSite, fetcher: HttpFetcher, name: str) -> None:
    """Whatever bytes come at whatever pace: a typed outcome within the total time."""
    steps, code = TRANSPORT[name]
    url = site.say("/fault", steps if isinstance(steps, list) else list_of(steps))
    started = time.monotonic()
    outcome = fetch(fetcher, url)

    assert (outcome.code if isinstance(outcome, Failed) else None) == code, outcome
    assert time.monotonic() - started < 4.0
    if isinstance(outcome, Failed):
        assert outcome.detail
        assert "\n" not in outcome.detail


def list_of(steps: Iterable[Step]) -> functools.partial[Iterable[Step]]:
    """Make a generator of steps servable again: a retry must see the same fault."""
    kept: list[Step] = []

    def again(steps: Iterable[Step], asked: Asked) -> Iterable[Step]:
        if not kept:
            for step in steps:
                kept.append(step)
                yield step
        else:
            yield from kept

    return functools.partial(again, steps)


# ---------------------------------------------------------------- once more, or not


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        ([RESET], 2),
        ([], 2),
        ([of(99) + b"half"], 2),
        ([HOLD], 1),
        (answer("500 Error", b""), 1),
        (answer("404 Not Found", b""), 1),
        (answer("429 Too Many", b""), 1),
        ([FEED], 1),
    ],
)
def test_only_a_broken_connection_is_tried_again(
    site: RawSite, fetcher: HttpFetcher, fault: list[Step], asked: int
) -> None:
    """One retry helps against a passing reset; anything else would be asked twice for nothing."""
    before = len(site.asked_for("/again"))
    fetch(fetcher, site.say("/again", fault))

    assert len(site.asked_for("/again")) == before + asked


def test_retry_succeeds(site: RawSite, fetcher: HttpFetcher) -> None:
    """A connection that broke once does not cost the poll."""
    answers: list[list[Step]] = [[RESET], answer("200 OK", FEED)]
    outcome = fetch(fetcher, site.say("/once", lambda asked: answers.pop(0)))

    assert isinstance(outcome, Fetched)


# ---------------------------------------------------------------- bombs


def bombs() -> dict[str, tuple[bytes, str, Code]]:
    """Return bodies that grow a thousandfold, with their encoding and the outcome."""
    zeros = b"\0" * 100_000_000
    packed = gzip.compress(zeros, 5)
    return {
        "gzip": (packed, "gzip", Code.TOO_LARGE),
        "members": (gzip.compress(zeros[:1_000_000]) * 100, "gzip", Code.TOO_LARGE),
        "deflate": (zlib.compress(zeros, 5), "deflate", Code.TOO_LARGE),
        "nested": (gzip.compress(packed), "gzip, gzip", Code.UNSUPPORTED_ENCODING),
        "sniffed": (packed, "", Code.TOO_LARGE),
    }


MEASURE = """
import sys
from monitor.core.values import Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed
def peak():
    [line] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024
site, opening, *names = sys.argv[1:]
settings = FetchSettings(allowed=Allowed.read([opening]), spacing=0, robots=False)
with HttpFetcher(settings) as fetcher:
    list(fetcher.fetch_many([Request(url=site + "/warm")]))
    before = peak()
    for name in names:
        [outcome] = fetcher.fetch_many([Request(url=f"{site}/bomb/{name}")])
        print(outcome.code)
    print(peak() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="measures by /proc")
def test_bombs_stop_at_the_limit_in_bounded_memory(site: RawSite) -> None:
    """100 MB of zeros in 100 kB: refused at 15 MB, with at most 40 MB more memory at the peak."""
    made = bombs()
    for name, (body, encoding, _) in made.items():
        headers = [f"Content-Encoding: {encoding}"] if encoding else []
        site.say(f"/bomb/{name}", answer("200 OK", body, *headers))
    *codes, megabytes = subprocess.run(
        [sys.executable, "-c", MEASURE, site.url, site.opening, *made],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout.split()

    assert codes == [code.value for _, _, code in made.values()]
    assert int(megabytes) <= 40


# ---------------------------------------------------------------- neighbours


def test_hostile_servers_do_not_delay_healthy_ones() -> None:
    """With fifty servers that hang, the healthy feeds of the same batch come within seconds."""
    with raw_site("0.0.0.0") as everywhere:
        opening = f"127.0.0.0/8:{everywhere.port}"
        everywhere.say("/hang", [HOLD])
        everywhere.say("/good", answer("200 OK", FEED))
        hosts = [f"http://127.0.{n // 200}.{n % 200 + 1}:{everywhere.port}" for n in range(250)]
        requests = [Request(url=f"{host}/hang", tag="bad") for host in hosts[:50]]
        requests += [Request(url=f"{host}/good", tag="good") for host in hosts[50:]]
        settings = FetchSettings(
            allowed=Allowed.read([opening]), read=6.0, total=6.0, spacing=0, robots=False
        )
        started = time.monotonic()
        late: list[float] = []
        with HttpFetcher(settings) as fetcher:
            outcomes = fetcher.fetch_many(requests)
            while len(late) < 200:
                outcome = next(outcomes)
                if outcome.request.tag == "good":
                    assert isinstance(outcome, Fetched)
                    late.append(time.monotonic() - started)

        assert max(late) < 5.0
