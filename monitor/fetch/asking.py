"""One request with its redirects, from address to outcome.

Redirects are followed by hand: every hop goes through the guard, keys stay with the origin they
were meant for, and cookies live in a jar that is thrown away with the request (some sites answer
only after setting one). Here is the border where whatever the network does becomes a value.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import logging
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import httpcore
import httpx

from monitor.core.egress import Key, read_key
from monitor.core.urls import host_of
from monitor.core.values import (
    ErrorCode,
    Failed,
    Fetched,
    Hop,
    NotModified,
    Outcome,
    Request,
)
from monitor.fetch.answers import (
    REDIRECTS,
    Answer,
    judge,
    plain_headers,
    redirect_target,
    unreadable_type,
    usable_validator,
)
from monitor.fetch.bodies import ASKED_ENCODINGS, Body
from monitor.fetch.connect import Connector, Stream
from monitor.fetch.settings import FetchSettings, Trouble
from monitor.guard import Refusal, Target, check_url

LOG = logging.getLogger("monitor.fetch")

_ACCEPT: Final[Mapping[str, bytes]] = {
    "feed": b"application/rss+xml, application/atom+xml, application/feed+json, "
    b"application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5",
    "page": b"text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
    "robots": b"text/plain, */*;q=0.5",
}
_UNSENDABLE: Final = re.compile(r"[^\x20-\x7e]")  # in a header of ours
_ERROR_BYTES: Final = 64_000  # of an error answer only its beginning is looked at
_ROBOTS_BYTES: Final = 500_000  # RFC 9309 2.5
# Large bodies are taken a few at a time: a crowd of them must not fill the memory.
_LARGE_BYTES: Final = 500_000
_LARGE_BODIES: Final = 6
# Bodies in pieces of a few bytes cost processor time out of proportion; ours never are.
_PIECES: Final = 20_000
_PIECE_BYTES: Final = 32


class Transport(httpx.AsyncBaseTransport):
    """httpx over one guarded connection for each request.

    The extensions hold the target, and how many seconds to wait for a piece of the answer.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target: Target = request.extensions["target"]
        stream = await self._connector.open(
            target,
            read=request.extensions["read"],
            via=request.extensions["via"],
            verify=request.extensions["verify"],
        )
        connection = httpcore.AsyncHTTP11Connection(
            origin=httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port),
            stream=stream,
        )
        try:
            answer = await connection.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=target.scheme, host=target.host, port=target.port, target=target.path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                )
            )
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            await stream.aclose()
            raise _broken(error, stream) from None
        except BaseException:  # httpcore closes for most of them, not for a cancelled wait
            await stream.aclose()
            raise
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Pieces(answer.stream, connection, stream),
            extensions={"connection": stream},
        )


class _Pieces(httpx.AsyncByteStream):
    """The raw pieces of a body."""

    def __init__(
        self,
        pieces: AsyncIterable[bytes],
        connection: httpcore.AsyncHTTP11Connection,
        stream: Stream,
    ) -> None:
        self._pieces = pieces
        self._connection = connection
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece
        # A server that announces fewer bytes than it sends (letters counted as bytes, say) would
        # leave us with a silently cut body.
        if self._connection._h11_state.trailing_data[0]:
            raise Trouble(ErrorCode.PROTOCOL_ERROR, "more bytes came than were announced")

    async def aclose(self) -> None:
        await self._stream.aclose()


MayAsk = Callable[[Target], Awaitable[object]]  # raises Trouble when it may not be asked


@dataclass(slots=True)
class _Journey:
    """What one request has gathered on its way."""

    request: Request
    may_ask: MayAsk | None = None  # before another origin is asked
    method: str = "GET"
    content: bytes = b""
    extra: Mapping[str, str] = field(default_factory=dict)
    hops: list[Hop] = field(default_factory=list)
    jar: httpx.Cookies | None = None
    keys: tuple[tuple[str, str, int], str, str] | None = None  # origin, user name, password
    key: Key | None = None  # what opens a paid feed
    key_origin: tuple[str, str, int] | None = None  # the only place that it is sent to
    home_host: str = ""  # of the feed that the request is made for


class Asker:
    """Turns requests into outcomes. Used from the fetcher's loop only."""

    def __init__(
        self,
        settings: FetchSettings,
        transport: httpx.AsyncBaseTransport,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._now = now
        self._keys = {name: read_key(text) for name, text in settings.keys.items()}
        self._large = asyncio.Semaphore(_LARGE_BODIES)

    def target_of(self, request: Request) -> Target | Failed:
        """Take the request's own address apart; a feed's may carry a user name and password."""
        checked = check_url(request.url, self._settings.allowed, credentials=request.kind == "feed")
        if isinstance(checked, Refusal):
            return Failed(request=request, code=checked.code, detail=checked.detail)
        return checked

    async def ask(self, request: Request, *, may_ask: MayAsk | None = None) -> Outcome:
        """Fetch one address within the total time. Never raises for what the network does.

        `may_ask` is asked before a redirect to another origin is followed.
        """
        return await self._within(_Journey(request, may_ask), retries=1)

    async def post(self, request: Request, content: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send one POST; any 2xx is a success; nothing is followed and nothing repeated."""
        journey = _Journey(request, method="POST", content=content, extra=headers)
        return await self._within(journey, retries=0)

    async def _within(self, journey: _Journey, *, retries: int) -> Outcome:
        started = time.monotonic()
        request = journey.request
        outcome: Outcome
        try:
            async with asyncio.timeout(self._settings.total):
                outcome = await self._tried(journey, retries)
        except TimeoutError:
            outcome = Failed(
                request=request,
                code=ErrorCode.TIMEOUT_TOTAL,
                detail=f"not complete after {self._settings.total:g} seconds",
            )
        except Trouble as trouble:
            outcome = trouble.failed(request)
        except Exception as error:  # the border: one strange server must not end a round of polls
            # The host alone: a feed's address may hold a password.
            LOG.exception("fetch.unexpected from %s", host_of(request.url))
            outcome = Failed(
                request=request, code=ErrorCode.PROTOCOL_ERROR, detail=type(error).__name__
            )
        return _stamped(outcome, tuple(journey.hops), time.monotonic() - started)

    async def _tried(self, journey: _Journey, retries: int) -> Outcome:
        """Follow the journey; once more from its beginning when the connection broke."""
        try:
            return await self._followed(journey)
        except Trouble as trouble:
            if trouble.code is not ErrorCode.CONNECTION_CLOSED or not retries:
                raise
        await asyncio.sleep(self._settings.retry_pause)
        journey.hops.clear()
        journey.jar = None
        return await self._tried(journey, retries - 1)

    async def _followed(self, journey: _Journey) -> Outcome:
        target = self.target_of(journey.request)
        if isinstance(target, Failed):
            return target
        if target.credentials is not None:
            journey.keys = (target.origin, *target.credentials)
        self._take_key(journey, target)
        while True:
            answer, location = await self._asked(target, journey)
            if answer.status not in REDIRECTS:
                return self._outcome(target, answer, journey)
            origin = target.origin
            target = self._next_hop(target, answer.status, location, journey)
            if journey.may_ask is not None and target.origin != origin:
                await journey.may_ask(target)

    def _take_key(self, journey: _Journey, target: Target) -> None:
        """Find what opens the feed, and where it may be sent. Raises Trouble."""
        request = journey.request
        home = check_url(request.home or request.url, self._settings.allowed, credentials=True)
        journey.home_host = home.host if isinstance(home, Target) else ""
        if request.key is None or request.kind == "robots" or not isinstance(home, Target):
            return
        key = self._keys.get(request.key)
        if key is None:
            variable = f"MONITOR_KEY_{request.key.upper().replace('-', '_')}"
            raise Trouble(ErrorCode.BAD_ADDRESS, f"no key is called {request.key}; set {variable}")
        if home.scheme != "https" and not key.in_clear:
            if target.origin == home.origin:
                raise Trouble(
                    ErrorCode.BAD_ADDRESS,
                    "its key would travel in clear; write https, or begin the key with `insecure`",
                )
            return
        if request.verify_tls:
            journey.key, journey.key_origin = key, home.origin

    def _next_hop(
        self, target: Target, status: int, location: bytes | None, journey: _Journey
    ) -> Target:
        if journey.method != "GET":
            raise Trouble(ErrorCode.REDIRECT_ERROR, "a POST is not sent elsewhere", status=status)
        wanted = redirect_target(location or b"", target.url)
        if wanted is None:
            raise Trouble(ErrorCode.REDIRECT_ERROR, "redirected to no address", status=status)
        checked = check_url(wanted, self._settings.allowed)
        if isinstance(checked, Refusal):
            private = checked.code is ErrorCode.PRIVATE_ADDRESS
            raise Trouble(
                checked.code if private else ErrorCode.REDIRECT_ERROR,
                f"redirected: {checked.detail}",
                status=status,
            )
        if len(journey.hops) >= self._settings.hops:
            raise Trouble(
                ErrorCode.REDIRECT_ERROR,
                f"more than {self._settings.hops} redirects",
                status=status,
            )
        journey.hops.append(Hop(status=status, url=checked.url))
        return checked

    async def _asked(self, target: Target, journey: _Journey) -> tuple[Answer, bytes | None]:
        """Send one request and read its answer within the bounds. Raises Trouble."""
        read = self._settings.read
        if journey.request.kind != "feed":
            read = min(read, self._settings.page_read)
        sent = httpx.Request(
            journey.method,
            target.url,
            headers=self._headers(target, journey),
            content=journey.content or None,
            extensions={
                "target": target,
                "read": read,
                "via": journey.request.via,
                "verify": journey.request.verify_tls or target.host != journey.home_host,
            },
        )
        if journey.jar is not None:
            journey.jar.set_cookie_header(sent)
        response = await self._transport.handle_async_request(sent)
        try:
            return await self._received(response, sent, journey)
        finally:
            await response.aclose()

    def _headers(self, target: Target, journey: _Journey) -> list[tuple[bytes, bytes]]:
        request = journey.request
        agent = _UNSENDABLE.sub("", request.user_agent or self._settings.user_agent)
        headers = [
            (b"Host", target.netloc.encode()),
            (b"User-Agent", agent.encode()),
            (b"Accept", _ACCEPT[request.kind]),
            (b"Accept-Encoding", ASKED_ENCODINGS.encode()),
            (b"Connection", b"close"),
        ]
        if (etag := usable_validator(request.etag)) is not None:
            headers.append((b"If-None-Match", etag))
        if (modified := usable_validator(request.last_modified)) is not None:
            headers.append((b"If-Modified-Since", modified))
        if journey.keys is not None and journey.keys[0] == target.origin:
            pair = f"{journey.keys[1]}:{journey.keys[2]}".encode()
            headers.append((b"Authorization", b"Basic " + base64.b64encode(pair)))
        if journey.key is not None and journey.key_origin == target.origin:
            headers.append((journey.key.header.encode(), journey.key.value.encode()))
        headers += [(name.encode(), value.encode()) for name, value in journey.extra.items()]
        return headers

    async def _received(
        self, response: httpx.Response, sent: httpx.Request, journey: _Journey
    ) -> tuple[Answer, bytes | None]:
        headers = plain_headers(response.headers.raw)
        status = response.status_code
        if "set-cookie" in headers and status in REDIRECTS:
            journey.jar = journey.jar or httpx.Cookies()
            response.request = sent
            journey.jar.extract_cookies(response)
        if status in REDIRECTS or status in (204, 205, 304):
            location = next(
                (value for name, value in response.headers.raw if name.lower() == b"location"),
                None,
            )
            return Answer(status=status, headers=headers, body=b""), location
        good = status in (200, 203) or (journey.method == "POST" and 200 <= status < 300)
        kind = journey.request.kind
        if good and kind == "page" and journey.method == "GET":
            unreadable = unreadable_type(headers)
            if unreadable is not None:
                raise Trouble(
                    ErrorCode.UNSUPPORTED_TYPE, f"not a page but {unreadable}", status=status
                )
        body = await (
            self._body(response, headers, kind) if good else _beginning(response, headers)
        )
        return Answer(status=status, headers=headers, body=body), None

    async def _body(self, response: httpx.Response, headers: Mapping[str, str], kind: str) -> bytes:
        limit = {
            "feed": self._settings.feed_bytes,
            "page": self._settings.page_bytes,
            "robots": _ROBOTS_BYTES,
        }[kind]
        announced = headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:30]) > limit:
            raise Trouble(
                ErrorCode.TOO_LARGE,
                f"the answer announces more than {limit:,} bytes",
                status=response.status_code,
            )
        body = Body(headers.get("content-encoding", ""), limit=limit)
        async with contextlib.AsyncExitStack() as stack:
            is_large = False
            async for piece in _pieces(response, limit):
                body.feed(piece)
                if not is_large and body.size > _LARGE_BYTES:
                    is_large = True
                    await stack.enter_async_context(self._large)
            return body.finish()

    def _outcome(self, target: Target, answer: Answer, journey: _Journey) -> Outcome:
        request = journey.request
        if journey.method == "POST" and 200 <= answer.status < 300:
            judgement = None
        else:
            conditional = (
                usable_validator(request.etag) or usable_validator(request.last_modified)
            ) is not None
            judgement = judge(answer, kind=request.kind, conditional=conditional, now=self._now())
        if judgement is not None:
            return Failed(
                request=request,
                code=judgement.code,
                detail=judgement.detail,
                status=answer.status,
                retry_at=judgement.retry_at,
            )
        if answer.status == 304:
            return NotModified(request=request, headers=answer.headers)
        return Fetched(
            request=request,
            url=target.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            body_hash=hashlib.sha256(answer.body).hexdigest(),
        )


async def _pieces(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """Yield the raw pieces of a body. Raises Trouble for all that can go wrong under way."""
    stream: Stream | None = response.extensions.get("connection")
    if stream is not None:
        stream.expect_body(limit + 100_000)  # the frame of chunks and gzip comes on top
    count = size = 0
    try:
        async for piece in response.stream:  # type: ignore[union-attr]
            count += 1
            size += len(piece)
            if count > _PIECES and size < count * _PIECE_BYTES:
                raise Trouble(ErrorCode.PROTOCOL_ERROR, "the body comes in crumbs")
            yield piece
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise _broken(error, stream) from None


async def _beginning(response: httpx.Response, headers: Mapping[str, str]) -> bytes:
    """Return the first bytes of an error answer, b"" when they cannot be read."""
    try:
        body = Body(headers.get("content-encoding", ""), limit=_ERROR_BYTES)
        taken = b""
        async for piece in _pieces(response, _ERROR_BYTES):
            body.feed(piece)
            taken = piece
        return body.finish() if taken else b""
    except Trouble:
        return b""


def _broken(error: Exception, stream: Stream | None) -> Trouble:
    """Tell a connection that ended too early from an answer that breaks the rules."""
    is_http = stream is None or b"HTTP/".startswith(stream.opening)
    ended = stream is not None and stream.ended
    if is_http and (ended or isinstance(error, httpcore.NetworkError)):
        return Trouble(ErrorCode.CONNECTION_CLOSED, "the connection ended before the answer did")
    said = " ".join(str(error).split())[:150]
    return Trouble(ErrorCode.PROTOCOL_ERROR, f"the answer is no HTTP: {said}")


def _stamped(outcome: Outcome, hops: tuple[Hop, ...], seconds: float) -> Outcome:
    """Return the outcome with its journey; built once here, since all three kinds carry it."""
    return replace(outcome, hops=hops, seconds=round(seconds, 3))
