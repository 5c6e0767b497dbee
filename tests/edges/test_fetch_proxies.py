"""Egress proxies: the site is asked through them, by the address that the guard passed."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

import pytest
from edges.rawsite import RawSite, answer, raw_site
from edges.tinyproxy import proxying

from monitor.core.values import ErrorCode, Failed, Fetched, Outcome, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.fetch.proxies import Proxy
from monitor.guard import Allowed, IPAddress

FEED = b"<rss><channel><title>T</title></channel></rss>"


@pytest.fixture(scope="module")
def site() -> Iterator[RawSite]:
    """A server that the proxy can reach."""
    with raw_site() as running:
        running.say("/feed", answer("200 OK", FEED))
        yield running


async def resolve(host: str, port: int) -> list[IPAddress]:
    """Know every name as the server's address, but for one that leads inside."""
    return [ipaddress.ip_address("10.0.0.1" if host == "inside.example" else "127.0.0.1")]


def fetch(
    site: RawSite, via: dict[str, str], url: str, *, by: str | None = "example", **more: object
) -> Outcome:
    """Return the outcome of one request by the proxy called `by`, with these proxies."""
    settings = FetchSettings(
        allowed=Allowed.read([site.opening]), via=via, connect=1.0, total=2.0, retry_pause=0.01,
        spacing=0.0, robots=False,
    )  # fmt: skip
    with HttpFetcher(settings, resolve=resolve) as fetcher:
        request = Request(url=url, via=by, **more)  # type: ignore[arg-type]
        [outcome] = fetcher.fetch_many([request])
    return outcome


@pytest.mark.parametrize("kind", ["socks5", "http"])
@pytest.mark.parametrize("user", ["", "reader"])
def test_site_is_asked_through_its_proxy_by_address(site: RawSite, kind: str, user: str) -> None:
    """The proxy is told the checked address, never a name; the site sees the name in Host."""
    with proxying(kind, user=user) as proxy:
        sign = "reader:word@" if user else ""
        via = {"example": f"{kind}://{sign}127.0.0.1:{proxy.port}"}
        outcome = fetch(site, via, f"http://www.regional.example:{site.port}/feed")

    assert isinstance(outcome, Fetched)
    assert outcome.body == FEED
    assert proxy.goals == [site.opening]
    assert site.asked[-1].header("host") == f"www.regional.example:{site.port}"
    assert site.asked[-1].header("proxy-authorization") is None


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_guard_holds_in_front_of_the_proxy(site: RawSite, kind: str) -> None:
    """A name that leads inside is refused before the proxy hears of it; other feeds go without."""
    with proxying(kind) as proxy:
        via = {"example": f"{kind}://127.0.0.1:{proxy.port}"}
        inside = fetch(site, via, f"http://inside.example:{site.port}/feed")
        other = fetch(site, via, f"http://other.test:{site.port}/feed", by=None)

    assert isinstance(inside, Failed)
    assert inside.code is ErrorCode.PRIVATE_ADDRESS
    assert isinstance(other, Fetched)
    assert proxy.goals == []


@pytest.mark.parametrize(
    ("kind", "about", "sign"),
    [
        ("socks5", {"user": "reader"}, ""),
        ("socks5", {"user": "reader"}, "reader:wrong@"),
        ("socks5", {"fault": b""}, ""),
        ("socks5", {"fault": b"\x05"}, ""),
        ("socks5", {"fault": b"\x05\x00\x05\x05\x00\x01"}, ""),
        ("socks5", {"fault": b"HTTP/1.1 400 Bad\r\n\r\n"}, ""),
        ("http", {"user": "reader"}, ""),
        ("http", {"fault": b""}, ""),
        ("http", {"fault": b"HTTP/1.1 502 Bad Gateway\r\n\r\n"}, ""),
        ("http", {"fault": b"x" * 10_000}, ""),
    ],
)
def test_failing_proxy_is_a_connect_error(
    site: RawSite, kind: str, about: dict[str, object], sign: str
) -> None:
    """Whatever the proxy does, the outcome names the proxy, and nobody goes around it."""
    before = len(site.asked)
    with proxying(kind, **about) as proxy:
        via = {"example": f"{kind}://{sign}127.0.0.1:{proxy.port}"}
        outcome = fetch(site, via, f"http://regional.example:{site.port}/feed")

    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.CONNECT_ERROR
    assert outcome.detail.startswith("the proxy ")
    assert len(site.asked) == before


def test_proxy_that_is_not_there_is_a_connect_error(site: RawSite) -> None:
    """A dead proxy is named; the site is not asked directly, which would show who asks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    via = {"example": f"socks5://127.0.0.1:{port}"}
    outcome = fetch(site, via, f"http://regional.example:{site.port}/feed")

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.detail) == (
        ErrorCode.CONNECT_ERROR, "the proxy cannot be reached",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1:1080", "socks4://a:1", "https://a:1", "socks5://", "http://a:99999",
             "http://a:1/path", "socks5://a:b:c"]
)  # fmt: skip
def test_malformed_proxy_is_an_error_with_a_sentence(text: str) -> None:
    """A typo must not send requests out directly: it is refused at the start."""
    with pytest.raises(ValueError, match="a proxy is written"):
        Proxy.read(text)


def test_a_proxy_that_nobody_set_is_not_gone_around(site: RawSite) -> None:
    """A feed that names an unknown proxy is not asked at all: it would show who asks."""
    before = len(site.asked)
    outcome = fetch(site, {}, f"http://regional.example:{site.port}/feed", by="the-east")

    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.BAD_ADDRESS
    assert outcome.detail == "no proxy is called the-east; set MONITOR_VIA_THE_EAST"
    assert len(site.asked) == before
