"""From a name to an open connection, by way of the guard.

A name is resolved once; if any of its addresses is private the request is refused, otherwise a
connection is opened to one of exactly these addresses. Nothing resolves a second time, so a name
server that changes its answer in between (rebinding) gains nothing. Host header, SNI and the
certificate check still see the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import httpcore

from monitor.core.values import ErrorCode
from monitor.fetch.proxies import Proxy
from monitor.fetch.settings import FetchSettings, Trouble
from monitor.guard import PRIVATE, IPAddress, Target

Resolve = Callable[[str, int], Awaitable[list[IPAddress]]]

_HEAD_BYTES: Final = 128_000  # status line, headers and informational answers together
_ATTEMPT_DELAY: Final = 0.25  # RFC 8305: when to try the next address beside the last


class Resolver:
    """Asks the system's resolver in a bounded number of threads of its own.

    They are daemons: a look-up that hangs for minutes must not hold up the end of the program.
    There are many, because a look-up that nobody waits for any more still occupies one.
    """

    def __init__(
        self, threads: int = 64, *, look_up: Callable[[str, int], list[IPAddress]] | None = None
    ) -> None:
        """`look_up` replaces the system's resolver in tests."""
        self._look_up = look_up or _look_up
        self._threads = threads
        self._started = 0
        self._idle = 0
        self._lock = threading.Lock()
        self._asked: queue.SimpleQueue[_LookUp | None] = queue.SimpleQueue()

    async def __call__(self, host: str, port: int) -> list[IPAddress]:
        """Return the addresses of a name in the system's order. Raises socket.gaierror."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[IPAddress]] = loop.create_future()
        with self._lock:
            if self._idle == 0 and self._started < self._threads:
                self._started += 1
                threading.Thread(target=self._work, name="resolver", daemon=True).start()
            else:
                self._idle -= self._idle > 0
        self._asked.put((host, port, loop, answer))
        return await answer

    def close(self) -> None:
        """Let idle threads end."""
        for _ in range(self._started):
            self._asked.put(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            host, port, loop, answer = asked
            try:
                found: list[IPAddress] | Exception = self._look_up(host, port)
            except (OSError, UnicodeError) as error:
                found = error
            with self._lock:
                self._idle += 1
            try:
                loop.call_soon_threadsafe(_deliver, answer, found)
            except RuntimeError:  # the loop was closed while we waited for a name server
                return


_LookUp = tuple[str, int, asyncio.AbstractEventLoop, "asyncio.Future[list[IPAddress]]"]


def _look_up(host: str, port: int) -> list[IPAddress]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in rows))


def _deliver(answer: asyncio.Future[list[IPAddress]], found: list[IPAddress] | Exception) -> None:
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)


class Stream(httpcore.AsyncNetworkStream):
    """One connection, which counts what it receives and never waits longer than told."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, read: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._read_for = read
        self._received = 0
        self._budget = _HEAD_BYTES
        self._over = Trouble(ErrorCode.PROTOCOL_ERROR, "the answer's headers never end")
        self.ended = False  # the other side has closed
        self.opening = b""  # the first bytes that came

    def expect_body(self, limit: int) -> None:
        """The headers are complete: from here on `limit` bytes may come."""
        self._budget = self._received + limit
        self._over = Trouble(ErrorCode.TOO_LARGE, f"the answer is larger than {limit:,} bytes")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Receive up to `max_bytes`, b"" at the end. The bound is ours, not httpcore's."""
        try:
            async with asyncio.timeout(self._read_for):
                received = await self._reader.read(max_bytes)
        except TimeoutError:
            raise Trouble(
                ErrorCode.TIMEOUT_READ, f"nothing came for {self._read_for:g} seconds"
            ) from None
        except (OSError, EOFError) as error:
            raise Trouble(
                ErrorCode.CONNECTION_CLOSED, f"the connection broke: {_said(error)}"
            ) from None
        if not self._received:
            self.opening = received[:5]
        self._received += len(received)
        self.ended = not received
        if self._received > self._budget:
            raise self._over
        # The stream answers without waiting while its buffer is full: let the others have a turn.
        await asyncio.sleep(0)
        return received

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send all of `buffer`."""
        try:
            async with asyncio.timeout(self._read_for):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError:
            raise Trouble(ErrorCode.TIMEOUT_READ, "the server does not read our request") from None
        except OSError as error:
            # httpcore goes on after this one: the server may have answered before it closed.
            raise httpcore.WriteError(_said(error)) from None

    async def aclose(self) -> None:
        """Close at once: there is nothing more to say."""
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Never called: connections are opened with TLS from the start."""
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:
        """Tell nothing."""
        return None


class Connector:
    """Opens connections to what the guard lets pass."""

    def __init__(
        self, settings: FetchSettings, resolve: Resolve, tls: Callable[[bool], ssl.SSLContext]
    ) -> None:
        """`tls` gives the context that checks certificates, or for False one that does not."""
        self._settings = settings
        self._resolve = resolve
        self._tls = tls
        self._proxies = {name: Proxy.read(text) for name, text in settings.via.items()}
        self.contacts = 0  # connections that were opened: the network is there

    async def open(
        self, target: Target, *, read: float, via: str | None = None, verify: bool = True
    ) -> Stream:
        """Resolve, check, connect and shake hands, through the proxy called `via`. Raises Trouble.

        The stream then waits `read` seconds for each piece of the answer.
        """
        proxy = self._proxies.get(via) if via is not None else None
        if via is not None and proxy is None:
            # Never without it: that would show who asks.
            variable = f"MONITOR_VIA_{via.upper().replace('-', '_')}"
            raise Trouble(ErrorCode.BAD_ADDRESS, f"no proxy is called {via}; set {variable}")
        within = self._settings.connect
        try:
            async with asyncio.timeout(within):
                addresses = await self._checked(target)
        except TimeoutError:
            raise Trouble(
                ErrorCode.DNS_ERROR, f"no name server answered for {target.host} in {within:g} s"
            ) from None
        try:
            async with asyncio.timeout(within):
                if proxy is not None:
                    sock = await proxy.connect(addresses[0], target.port)
                else:
                    sock = await _race(addresses, target.port)
                self.contacts += 1
                return await self._wrapped(sock, target, read, verify=verify)
        except TimeoutError:
            raise Trouble(
                ErrorCode.TIMEOUT_CONNECT, f"no connection in {within:g} seconds"
            ) from None

    async def _checked(self, target: Target) -> list[IPAddress]:
        if target.address is not None:
            addresses = [target.address]
        else:
            try:
                addresses = await self._resolve(target.host, target.port)
            except (OSError, UnicodeError) as error:
                raise Trouble(
                    ErrorCode.DNS_ERROR, f"{target.host} was not found: {_said(error)}"
                ) from error
        if not addresses:
            raise Trouble(ErrorCode.DNS_ERROR, f"{target.host} has no address")
        for address in addresses:
            allowed = self._settings.allowed
            if not allowed.may_connect(address, target.port, host=target.host):
                raise Trouble(ErrorCode.PRIVATE_ADDRESS, PRIVATE)
        return addresses

    async def _wrapped(
        self, sock: socket.socket, target: Target, read: float, *, verify: bool
    ) -> Stream:
        secure = target.scheme == "https"
        try:
            reader, writer = await asyncio.open_connection(
                sock=sock,
                ssl=self._tls(verify) if secure else None,
                server_hostname=target.host if secure else None,
            )
        except (ssl.SSLError, ssl.CertificateError) as error:
            sock.close()
            raise Trouble(ErrorCode.TLS_ERROR, _said(error)) from None
        except OSError as error:
            sock.close()
            raise Trouble(
                ErrorCode.CONNECTION_CLOSED,
                f"the connection broke at its beginning: {_said(error)}",
            ) from None
        except BaseException:
            sock.close()
            raise
        return Stream(reader, writer, read=read)


async def _race(addresses: list[IPAddress], port: int) -> socket.socket:
    """Connect to the first address that answers, trying them one after another (RFC 8305)."""
    if len(addresses) == 1:
        return await _connected(addresses[0], port)
    waiting = iter(_interleaved(addresses))
    running: set[asyncio.Task[socket.socket]] = set()
    failure: Trouble | None = None
    winner: socket.socket | None = None
    try:
        while winner is None:
            address = next(waiting, None)
            if address is not None:
                running.add(asyncio.create_task(_connected(address, port)))
            elif not running:
                assert failure is not None
                raise failure
            done, running = await asyncio.wait(
                running,
                timeout=_ATTEMPT_DELAY if address is not None else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None:
                    if winner is None:
                        winner = task.result()
                    else:
                        task.result().close()
                elif isinstance(error, Trouble):
                    failure = error
                else:
                    raise error
        return winner
    finally:
        for task in running:
            task.cancel()
        for late in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(late, socket.socket):
                late.close()


def _interleaved(addresses: Iterable[IPAddress]) -> list[IPAddress]:
    """Alternate the families, beginning with the system's first choice, so that a dead IPv6
    costs a quarter of a second and not a minute."""
    ordered = list(addresses)
    first = [address for address in ordered if address.version == ordered[0].version]
    other = [address for address in ordered if address.version != ordered[0].version]
    mixed: list[IPAddress] = []
    while first or other:
        mixed += first[:1] + other[:1]
        del first[:1], other[:1]
    return mixed


async def _connected(address: IPAddress, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
    except OSError as error:
        sock.close()
        raise Trouble(ErrorCode.CONNECT_ERROR, f"no connection: {_said(error)}") from error
    except BaseException:
        sock.close()
        raise
    return sock


def _said(error: BaseException) -> str:
    """Return the first line of what the system said, without addresses of ours."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return str(error.reason or "TLS failed").replace("_", " ").lower()
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (str(text).splitlines() or [type(error).__name__])[0][:200]
