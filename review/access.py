"""Who may speak to the pages at all: response headers, the Host check, the cross-site check.

Pure ASGI, outside of everything else, so that refusals and crashes carry the same headers as pages.
The pages never load anything from another place and cannot be framed, submitted to or read by one;
a name server that points a foreign name at this machine (DNS rebinding) is answered with 421.
Who the person is, and what they may, is asked behind this (`review.desk`, `review.gate`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
ONE_CLICK_PATH = re.compile(r"/mail/unsubscribe\.[A-Za-z0-9._-]+")
SAFE_METHODS = frozenset({"GET", "HEAD"})

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
)

STAY_WITH_HTTPS = ("strict-transport-security", "max-age=31536000")

Refusal = Callable[[Scope, str], Response]
"""Makes the page for a refused request; the second argument is "host", "cross-site" or "413"."""


class ProtectiveHeaders:
    """Put the fixed headers on every response; one that a page set itself is left as it is."""

    def __init__(self, app: ASGIApp, *, headers: Iterable[tuple[str, str]] = HEADERS) -> None:
        self.app = app
        self.headers = [(name.encode(), value.encode()) for name, value in headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to what comes back."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                given += [(name, value) for name, value in self.headers if name not in names]
                message = {**message, "headers": given}
            await send(message)

        return await self.app(scope, receive, send_with_headers)


class HostCheck:
    """Answer only to the names this page is reached by: loopback, and what is configured."""

    def __init__(self, app: ASGIApp, *, names: Collection[str], refuse: Refusal) -> None:
        self.app = app
        self.names = LOOPBACK_NAMES | {name.lower() for name in names}
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request whose Host header is absent, doubled or names another place."""
        if scope["type"] == "http":
            given = Headers(scope=scope).getlist("host")
            if len(given) != 1 or host_name(given[0]) not in self.names:
                return await self.refuse(scope, "host")(scope, receive, send)
        return await self.app(scope, receive, send)


class CrossSiteCheck:
    """Refuse changes that another site's page asked the browser for.

    The way of Go's CrossOriginProtection: `Sec-Fetch-Site` when the browser sends it, else Origin
    against Host, else (no browser at all) pass. No token, no cookie, nothing to forget in a form.
    A mail program may leave a list for its reader from any site (RFC 8058): there the signed
    address is the right to do it, and nothing that the browser adds is looked at.
    """

    def __init__(self, app: ASGIApp, *, refuse: Refusal) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass safe methods and same-origin changes."""
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not ONE_CLICK_PATH.fullmatch(scope["path"])
            and not is_same_origin(Headers(scope=scope))
        ):
            return await self.refuse(scope, "cross-site")(scope, receive, send)
        return await self.app(scope, receive, send)


class SizeCheck:
    """Refuse a form that says it is too large, with a page of ours.

    One that comes in pieces and says nothing is cut off by Starlette's own limit, behind this.
    """

    def __init__(self, app: ASGIApp, *, limit: int, refuse: Refusal) -> None:
        self.app = app
        self.limit = limit
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at Content-Length alone."""
        if scope["type"] == "http":
            said = Headers(scope=scope).get("content-length", "0")
            if len(said) > 15 or (said.isdigit() and int(said) > self.limit):
                return await self.refuse(scope, "413")(scope, receive, send)
        return await self.app(scope, receive, send)


def host_name(header: str) -> str:
    """Return the name in a Host header, lower case, without the port.

    >>> host_name("LocalHost:8000"), host_name("[::1]:8000"), host_name("evil.example")
    ('localhost', '[::1]', 'evil.example')
    """
    name, colon, port = header.strip().lower().rpartition(":")
    return name if colon and port.isdigit() else header.strip().lower()


def is_same_origin(headers: Headers) -> bool:
    """Say whether a change was asked for by our own page, by hand or by a program."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()
