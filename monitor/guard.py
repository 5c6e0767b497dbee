"""Keeps every request of ours away from private addresses, whatever spelling leads there.

Feeds, article links, redirects and webhook targets are other people's text, and any of them may
point at the machine we run on or at its neighbours. Two questions are asked here and nowhere else:
`check_url` (is this an address that we may ask at all?) before anything is resolved, and
`Allowed.may_connect` (may we open a connection to this very address?) after it is. The fetcher
connects only to an address that passed the second, so a name that changes its answer gains nothing.
This module must never resolve, connect or import a network library.

Python's own `is_global` and `is_private` are not enough: they let NAT64, 6to4, IPv4-compatible and
site-local spellings of loopback pass (seen with 3.11), so the ranges are listed here.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit

from monitor.core.values import ErrorCode

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

PUBLIC_PORTS: Final = frozenset({80, 443, 8080, 8443})
MAX_URL_LENGTH: Final = 8_000

# IANA special-purpose registry (IPv4), https://www.iana.org/assignments/iana-ipv4-special-registry
_CLOSED_V4: Final = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # "this host": 0.0.0.0 reaches loopback on Linux
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; also a cloud's metadata (100.100.100.200)
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public number, but inside Azure it is the host's own service
        "169.254.0.0/16",  # link-local; cloud metadata (169.254.169.254)
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocols; cloud metadata (192.0.0.192)
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Global unicast is 2000::/3; everything outside it is closed (::1, fc00::/7, fe80::/10, fec0::/10,
# ff00::/8, 64:ff9b:1::/48, 5f00::/16 ...). Inside it these are:
_GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6: Final = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR: Final = ipaddress.IPv6Network("2002::/16")


def public(address: IPAddress | str) -> bool:
    """Tell whether an IP address belongs to the public internet.

    An IPv4 address that is carried inside an IPv6 one (mapped, NAT64, 6to4) is judged itself.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _CLOSED_V4)
    if ip.scope_id is not None:
        return False
    if ip in _MAPPED or ip in _NAT64:
        return public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    if ip in _SIX_TO_FOUR:
        return public(ipaddress.IPv4Address((int(ip) >> 80) & 0xFFFFFFFF))
    return ip in _GLOBAL_V6 and not any(ip in network for network in _CLOSED_V6)


@dataclass(frozen=True, slots=True)
class Opening:
    """One address that may be asked although it is private: a network or a name, and a port."""

    text: str  # as the operator wrote it
    port: int
    network: IPNetwork | None = None
    host: str | None = None


_OPENING: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/\s]+))(?:/(?P<prefix>\d{1,3}))?:(?P<port>\d{1,5})"
)


def _opening(text: str) -> Opening:
    match = _OPENING.fullmatch(text.strip())
    if match is None or not 0 < int(match["port"]) < 65_536:
        raise ValueError(f"{text!r} is not HOST[/PREFIX]:PORT, e.g. 127.0.0.1:8000 or [::1]:8000")
    port = int(match["port"])
    host = match["v6"] or match["host"]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if match["prefix"]:
            raise ValueError(f"{text!r}: a prefix needs an IP address before it") from None
        return Opening(text, port, host=host.lower().rstrip("."))
    width = match["prefix"] or address.max_prefixlen
    return Opening(text, port, network=ipaddress.ip_network(f"{address}/{width}", strict=False))


@dataclass(frozen=True, slots=True)
class Allowed:
    """The private addresses that the operator opened by hand; empty unless told otherwise."""

    openings: tuple[Opening, ...] = ()

    @classmethod
    def read(cls, texts: Iterable[str]) -> Allowed:
        """Read `HOST[/PREFIX]:PORT` texts. Raises ValueError with a sentence for the operator."""
        return cls(tuple(_opening(text) for text in texts))

    def __str__(self) -> str:
        return ", ".join(opening.text for opening in self.openings)

    def opens_port(self, port: int) -> bool:
        """Tell whether any of them names this port."""
        return any(opening.port == port for opening in self.openings)

    def may_connect(self, address: IPAddress, port: int, *, host: str) -> bool:
        """Tell whether a connection to this address may be opened.

        `host` is the name that the address was found under (an address stands for itself).
        """
        if port in PUBLIC_PORTS and public(address):
            return True
        return any(
            opening.port == port
            and (
                opening.host == host
                if opening.network is None
                else address.version == opening.network.version and address in opening.network
            )
            for opening in self.openings
        )


NOTHING_ALLOWED: Final = Allowed()


@dataclass(frozen=True, slots=True)
class Target:
    """An address that we may ask, taken apart once: the fetcher uses these parts and no others."""

    url: str  # ASCII, without fragment, user name and password
    scheme: str  # http or https
    host: str  # lower case ASCII; an IPv6 address without brackets
    port: int
    path: str  # with the query; begins with a slash
    address: IPAddress | None  # when the host is an address and needs no resolving
    credentials: tuple[str, str] | None = None

    @property
    def netloc(self) -> str:
        """The host as a Host header names it: brackets around IPv6, the port if unusual."""
        return self.url[len(self.scheme) + 3 : len(self.url) - len(self.path)]

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what decides whether keys may be sent along."""
        return self.scheme, self.host, self.port


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an address is not asked."""

    code: ErrorCode
    detail: str


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\]")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL: Final = re.compile(r"(?:0[xX][0-9A-Fa-f]*|\d+)")
_NOT_IN_PATH: Final = re.compile(r"[^!#$%&'()*+,/:;=?@\[\]~\-._0-9A-Za-z|^`{}]")


@lru_cache(maxsize=256)  # an address is judged when its turn is planned, and when it is asked
def check_url(
    url: str, allowed: Allowed = NOTHING_ALLOWED, *, credentials: bool = False
) -> Target | Refusal:
    """Take an address apart and say whether we may ask it, as far as its text can tell.

    `credentials` permits `user:password@` (a feed's own address as the operator wrote it); in a
    link or a redirect it is a trick and refused. Names are judged again after they are resolved.
    """
    url = url.strip()
    if len(url) > MAX_URL_LENGTH:
        return Refusal(ErrorCode.BAD_ADDRESS, "the address is too long")
    if _CONTROL.search(url):
        return Refusal(
            ErrorCode.BAD_ADDRESS, "the address contains a backslash or a control character"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        netloc = parts.netloc
    except ValueError:
        return Refusal(ErrorCode.BAD_ADDRESS, "this is not a web address")
    if parts.scheme not in ("http", "https"):
        return Refusal(ErrorCode.BAD_ADDRESS, "only http and https addresses are asked")
    user, at, hostport = netloc.rpartition("@")
    if at and not credentials:
        return Refusal(ErrorCode.BAD_ADDRESS, "the address carries a user name")
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    host = _host(hostport)
    if host is None:
        return Refusal(ErrorCode.BAD_ADDRESS, "the host name is not valid")
    if port not in PUBLIC_PORTS and not allowed.opens_port(port):
        return Refusal(ErrorCode.BAD_ADDRESS, f"port {port} is not asked")
    address = _address(host)
    if isinstance(address, Refusal):
        return address
    if address is not None and not allowed.may_connect(address, port, host=host):
        return Refusal(ErrorCode.PRIVATE_ADDRESS, PRIVATE)
    shown = f"[{host}]" if ":" in host else host
    if port != (443 if parts.scheme == "https" else 80):
        shown += f":{port}"
    path = _escaped(parts.path or "/") + (f"?{_escaped(parts.query)}" if parts.query else "")
    name, _, password = user.partition(":")
    return Target(
        url=f"{parts.scheme}://{shown}{path}",
        scheme=parts.scheme,
        host=host,
        port=port,
        path=path,
        address=address,
        credentials=(unquote(name), unquote(password)) if at else None,
    )


# One sentence for every private answer: its text must not tell a stranger what is behind it.
PRIVATE: Final = "the address leads to a private network"


def _host(hostport: str) -> str | None:
    """Return the host in lower-case ASCII, without port and brackets; None when it is malformed."""
    if hostport.startswith("["):
        inside, bracket, port = hostport[1:].partition("]")
        return inside.lower() if bracket and re.fullmatch(r"(:\d*)?", port) else None
    host, _, port = hostport.partition(":")
    if not re.fullmatch(r"\d*", port, re.ASCII) or "%" in host:
        return None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    host = host.lower().removesuffix(".")
    if not host or len(host) > 253:
        return None
    return host if all(_LABEL.fullmatch(label) for label in host.split(".")) else None


def _address(host: str) -> IPAddress | Refusal | None:
    """Return the IP address that a host spells out, None for a name; refuse odd spellings."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if ":" in host or "%" in host:
        return Refusal(ErrorCode.BAD_ADDRESS, "the host is not a valid IPv6 address")
    if not _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        return None
    # 2130706433, 0x7f.1, 0177.0.0.1: resolvers read these as addresses. Nobody publishes a feed
    # that way, so they are refused even when they lead to a public place.
    try:
        inner = ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return Refusal(ErrorCode.BAD_ADDRESS, "the host is not a valid IPv4 address")
    if public(inner):
        return Refusal(ErrorCode.BAD_ADDRESS, "the IPv4 address is written in an unusual way")
    return Refusal(ErrorCode.PRIVATE_ADDRESS, PRIVATE)


def _escaped(text: str) -> str:
    """Percent-encode what may not stand in a request line, leaving what is encoded already."""
    return _NOT_IN_PATH.sub(
        lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace")), text
    )
