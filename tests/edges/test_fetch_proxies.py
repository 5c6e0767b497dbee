"""Egress proxies: the site is asked through them, by the address that the guard passed."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from edges.rawsite import RawSite, answer, raw_site

from monitor.core.values import ErrorCode, Failed, Fetched, Outcome, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.fetch.proxies import Proxy
from monitor.guard import Allowed, IPAddress

FEED = b"<rss><channel><title>T</title></channel></rss>"


class TinyProxy:
    """A proxy that notes what it is asked for and connects to it, or misbehaves."""

    def __init__(self, kind: str, *, user: str = "", fault: bytes | None = None) -> None:
        self._kind, self._user, self._fault = kind, user, fault
        self.goals: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            if self._fault is not None:
                client.recv(4_096)
                client.sendall(self._fault)
                return
            goal = self._socks5(client) if self._kind == "socks5" else self._connect(client)
            if goal is None:
                return
            self.goals.append(f"{goal[0]}:{goal[1]}")
            with socket.create_connection(goal) as site:
                asked = client.recv(65_536)
                site.sendall(asked)
                while piece := site.recv(65_536):
                    client.sendall(piece)

    def _connect(self, client: socket.socket) -> tuple[str, int] | None:
        head = client.recv(4_096).decode()
        if self._user and "Proxy-Authorization: Basic cmVhZGVyOndvcmQ=" not in head:
            client.sendall(b"HTTP/1.1 407 Authentication Required\r\n\r\n")
            return None
        host, _, port = head.split(" ")[1].rpartition(":")
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return host, int(port)

    def _socks5(self, client: socket.socket) -> tuple[str, int] | None:
        methods = client.recv(255)[2:]
        if not self._user:
            client.sendall(b"\x05\x00")
        elif 2 not in methods:
            client.sendall(b"\x05\xff")
            return None
        else:
            client.sendall(b"\x05\x02")
            signed = client.recv(600)
            good = signed == b"\x01\x06reader\x04word"
            client.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return None
        asked = client.recv(600)
        assert asked[3] == 1
        client.sendall(b"\x05\x00\x00\x01" + bytes(4) + b"\x00\x00")
        return socket.inet_ntoa(asked[4:8]), struct.unpack(">H", asked[8:10])[0]


@contextmanager
def proxying(kind: str, **about: object) -> Iterator[TinyProxy]:
    """A running proxy."""
    proxy = TinyProxy(kind, **about)  # type: ignore[arg-type]
    try:
        yield proxy
    finally:
        proxy.close()


@pytest.fixture(scope="module")
def site() -> Iterator[RawSite]:
    """A server that the proxy can reach."""
    with raw_site() as running:
        running.say("/feed", answer("200 OK", FEED))
        yield running


async def resolve(host: str, port: int) -> list[IPAddress]:
    """Know every name as the server's address, but for one that leads inside."""
    return [ipaddress.ip_address("10.0.0.1" if host == "inside.example" else "127.0.0.1")]


def fetch(site: RawSite, via: dict[str, str], url: str) -> Outcome:
    """Return the outcome of one request with these proxies."""
    settings = FetchSettings(
        allowed=Allowed.read([site.opening]), via=via, connect=1.0, total=2.0, retry_pause=0.01,
        spacing=0.0, robots=False,
    )  # fmt: skip
    with HttpFetcher(settings, resolve=resolve) as fetcher:
        [outcome] = fetcher.fetch_many([Request(url=url)])
    return outcome


@pytest.mark.parametrize("kind", ["socks5", "http"])
@pytest.mark.parametrize("user", ["", "reader"])
def test_site_is_asked_through_its_proxy_by_address(site: RawSite, kind: str, user: str) -> None:
    """The proxy is told the checked address, never a name; the site sees the name in Host."""
    with proxying(kind, user=user) as proxy:
        sign = "reader:word@" if user else ""
        via = {"regional.example": f"{kind}://{sign}127.0.0.1:{proxy.port}"}
        outcome = fetch(site, via, f"http://www.regional.example:{site.port}/feed")

    assert isinstance(outcome, Fetched)
    assert outcome.body == FEED
    assert proxy.goals == [site.opening]
    assert site.asked[-1].header("host") == f"www.regional.example:{site.port}"
    assert site.asked[-1].header("proxy-authorization") is None


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_guard_holds_in_front_of_the_proxy(site: RawSite, kind: str) -> None:
    """A name that leads inside is refused before the proxy hears of it; other hosts go without."""
    with proxying(kind) as proxy:
        via = {"example": f"{kind}://127.0.0.1:{proxy.port}"}
        inside = fetch(site, via, f"http://inside.example:{site.port}/feed")
        other = fetch(site, via, f"http://other.test:{site.port}/feed")

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
