"""Many requests at once, in one event loop that runs in a thread of its own.

Callers are synchronous: they hand over a batch and take outcomes as they come. Hosts are spared
(a few requests at a time, with a pause between them), the number of open connections is bounded,
and so is what waits to be taken. When not a single name can be resolved, that is one statement
about our own network and not one about each feed.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import functools
import queue
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from monitor.core.values import ErrorCode, Failed, Fetched, Outcome, Request
from monitor.fetch.asking import Asker, Transport
from monitor.fetch.connect import Connector, Resolve, Resolver
from monitor.fetch.robots import Robots
from monitor.fetch.settings import FetchSettings, Trouble
from monitor.guard import Target

_T = TypeVar("_T")

_LANES: Final = 10_000  # hosts remembered; more than that and idle ones are forgotten
# So many answers "wait", or failures to connect, in a row, and a host's other requests are not made
# for a while: a hundred feeds of one dead host must not take a hundred times the connect time.
_TOLD_TO_WAIT: Final = 8
_UNREACHED: Final = 3
_UNREACHED_FOR: Final = 60.0  # seconds
_SLOW_AFTER: Final = 1.0  # seconds
_SLOW_TIMES: Final = 10  # so many times the concurrency may be open when most of them hang
_NO_NETWORK: Final = frozenset({ErrorCode.DNS_ERROR, ErrorCode.CONNECT_ERROR})
_UNREACHABLE: Final = _NO_NETWORK | {ErrorCode.TIMEOUT_CONNECT}
_NO_NETWORK_HOSTS: Final = 3  # fewer unreachable hosts say nothing about our own network


class _Lane:
    """The turn-taking of one host and port."""

    def __init__(self, width: int) -> None:
        self.gate = asyncio.Semaphore(width)
        self.users = 0
        self.next_start = 0.0
        self.pause = 0.0  # wished by robots.txt
        self.told_to_wait = 0
        self.unreached = 0
        self.closed: Failed | None = None  # the answer that closed it
        self.closed_until = 0.0


class _Slots:
    """How many requests may be under way. A slow one gives its slot to the next after a second:
    fifty servers that hang must not make a healthy one wait for their thirty seconds."""

    def __init__(self, quick: int) -> None:
        self._quick = asyncio.Semaphore(quick)
        self._most = asyncio.Semaphore(quick * _SLOW_TIMES)

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold a slot for as long as it is fair."""
        async with self._most:
            await self._quick.acquire()
            held = [True]

            def let_go() -> None:
                if held:
                    held.clear()
                    self._quick.release()

            timer = asyncio.get_running_loop().call_later(_SLOW_AFTER, let_go)
            try:
                yield
            finally:
                timer.cancel()
                let_go()


class HttpFetcher:
    """The `Fetcher` port over HTTP. Close it, or use it as a context manager."""

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`resolve` and `transport` replace the system's resolver and the network in tests."""
        self._settings = settings or FetchSettings()
        self._now = now
        self._resolver = Resolver()
        self._connector = Connector(
            self._settings, resolve or self._resolver, functools.cache(self._tls)
        )
        self._asker = Asker(self._settings, transport or Transport(self._connector), now)
        self._robots = Robots(self._asker.ask)
        self._lanes: dict[str, _Lane] = {}
        self._slots = _Slots(self._settings.concurrency)
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def fetch_many(self, requests: Iterable[Request]) -> Iterator[Outcome]:
        """Yield one outcome for each request as they come. See `monitor.ports.Fetcher`.

        Ends early, without the missing outcomes, when the fetcher is closed meanwhile.
        """
        batch = _Batch(list(requests), self._settings.waiting_bytes)
        running = self._run(self._fetch_all(batch))
        running.add_done_callback(batch.end)
        try:
            yield from batch.outcomes(self._loop)
        finally:
            running.cancel()

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Outcome:
        """Send one POST through the same guard and bounds; any 2xx answer is a `Fetched`."""
        request = Request(url=url, kind="page")
        return self._run(self._asker.post(request, body, headers or {})).result()

    def close(self) -> None:
        """Stop what is under way and end the thread. May be called twice."""
        if self._thread is not None:
            asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._thread = None
        self._resolver.close()
        if not self._loop.is_closed():
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Start work in the loop, and the loop's thread with the first of it."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="fetch", daemon=True
                )
                self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _tls(self, verify: bool) -> ssl.SSLContext:
        # Loading the certificates takes 40 ms; one context serves all connections.
        if not verify:
            return httpx.create_ssl_context(verify=False, trust_env=False)
        if self._settings.ca_file is not None:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        return httpx.create_ssl_context(trust_env=False)

    # ---------------------------------------------------------------- inside the loop

    async def _fetch_all(self, batch: _Batch) -> None:
        contacts = self._connector.contacts
        async with asyncio.TaskGroup() as group:
            for request in batch.requests:
                group.create_task(self._fetch_into(batch, request, contacts))
        batch.settle(network_is_up=self._connector.contacts > contacts)

    async def _fetch_into(self, batch: _Batch, request: Request, contacts: int) -> None:
        outcome = await self._fetch(batch, request)
        batch.put(outcome, network_is_up=self._connector.contacts > contacts)

    async def _fetch(self, batch: _Batch, request: Request) -> Outcome:
        target = self._asker.target_of(request)
        if isinstance(target, Failed):
            return target
        # A host that one proxy cannot reach may be there for another.
        lane = self._lane(f"{request.via or ''}>{target.host}:{target.port}")
        lane.users += 1
        try:
            async with lane.gate:
                refusal = self._closed(lane, request)
                if refusal is not None:
                    return refusal
                await self._turn(lane)
                async with self._slots.held():
                    await batch.room()
                    outcome = await self._polite(lane, request, target)
            self._note(lane, outcome)
            return outcome
        finally:
            lane.users -= 1

    async def _polite(self, lane: _Lane, request: Request, target: Target) -> Outcome:
        if request.kind != "page" or not self._settings.robots:
            return await self._asker.ask(request)
        may_ask = functools.partial(
            self._robots.check, request=request, default_agent=self._settings.user_agent
        )
        try:
            lane.pause = await may_ask(target)
        except Trouble as trouble:
            return trouble.failed(request)
        return await self._asker.ask(request, may_ask=may_ask)

    def _lane(self, host: str) -> _Lane:
        lane = self._lanes.get(host)
        if lane is None:
            if len(self._lanes) >= _LANES:
                now = time.monotonic()
                self._lanes = {
                    name: old
                    for name, old in self._lanes.items()
                    if old.users or max(old.next_start, old.closed_until) > now
                }
            lane = self._lanes[host] = _Lane(self._settings.per_host)
        return lane

    async def _turn(self, lane: _Lane) -> None:
        """Wait until the host may be asked again."""
        spacing = max(self._settings.spacing, lane.pause)
        if spacing <= 0:
            return
        now = time.monotonic()
        start = max(now, lane.next_start)
        lane.next_start = start + spacing
        if start > now:
            await asyncio.sleep(start - now)

    def _closed(self, lane: _Lane, request: Request) -> Failed | None:
        """Answer for a host that cannot be reached or asked us to wait."""
        if lane.closed is None or time.monotonic() >= lane.closed_until:
            return None
        return dataclasses.replace(
            lane.closed, request=request, detail="not asked: " + lane.closed.detail, hops=()
        )

    def _note(self, lane: _Lane, outcome: Outcome) -> None:
        """Count answers after which the rest of a host's requests are not worth making."""
        code = outcome.code if isinstance(outcome, Failed) else None
        lane.told_to_wait = lane.told_to_wait + 1 if code is ErrorCode.RATE_LIMITED else 0
        lane.unreached = lane.unreached + 1 if code in _UNREACHABLE else 0
        if not isinstance(outcome, Failed):
            lane.closed = None
        elif lane.told_to_wait >= _TOLD_TO_WAIT:
            wait = (outcome.retry_at - self._now()).total_seconds() if outcome.retry_at else 60.0
            lane.closed, lane.closed_until = outcome, time.monotonic() + min(wait, 3600.0)
        elif lane.unreached >= _UNREACHED:
            lane.closed, lane.closed_until = outcome, time.monotonic() + _UNREACHED_FOR


class _Batch:
    """One call of `fetch_many`: its requests, and the outcomes on their way to the caller."""

    def __init__(self, requests: list[Request], waiting_bytes: int) -> None:
        self.requests = requests
        self._inbox: queue.SimpleQueue[Outcome | concurrent.futures.Future[None]] = (
            queue.SimpleQueue()
        )
        self._held: list[Failed] = []  # may be our own network's fault: not yet told
        self._bytes = 0
        self._most = waiting_bytes
        self._emptied = asyncio.Event()

    def outcomes(self, loop: asyncio.AbstractEventLoop) -> Iterator[Outcome]:
        """Yield what arrives, in the caller's thread."""
        while True:
            arrived = self._inbox.get()
            if isinstance(arrived, concurrent.futures.Future):
                if not arrived.cancelled():
                    arrived.result()  # a bug of ours is raised here, in the caller
                return
            if isinstance(arrived, Fetched) and not loop.is_closed():
                loop.call_soon_threadsafe(self._taken, len(arrived.body))
            yield arrived

    def end(self, running: concurrent.futures.Future[None]) -> None:
        """Tell the caller that nothing more comes."""
        self._inbox.put(running)

    async def room(self) -> None:
        """Wait while more is fetched than the caller has taken."""
        while self._bytes > self._most:
            self._emptied.clear()
            await self._emptied.wait()

    def _taken(self, size: int) -> None:
        self._bytes -= size
        self._emptied.set()

    def put(self, outcome: Outcome, *, network_is_up: bool) -> None:
        """Hand over an outcome, unless it may say more about our network than about the feed."""
        if isinstance(outcome, Fetched):
            self._bytes += len(outcome.body)
        if network_is_up:
            self._release()
        elif isinstance(outcome, Failed) and outcome.code in _NO_NETWORK:
            self._held.append(outcome)
            return
        self._inbox.put(outcome)

    def settle(self, *, network_is_up: bool) -> None:
        """At the end: was it each of them, or was it us?"""
        hosts = {outcome.request.url.split("/")[2] for outcome in self._held}
        if not network_is_up and len(hosts) >= _NO_NETWORK_HOSTS:
            self._held = [
                dataclasses.replace(
                    failed,
                    code=ErrorCode.NETWORK_DOWN,
                    detail="nothing can be reached from here: " + failed.detail,
                )
                for failed in self._held
            ]
        self._release()

    def _release(self) -> None:
        for failed in self._held:
            self._inbox.put(failed)
        self._held.clear()


async def _cancel_all() -> None:
    """Cancel every other task, and let transports finish closing."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)
