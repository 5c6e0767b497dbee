"""Whether hostile feeds make healthy ones late: 50 among 200, on the jobs of `monitor run`.

Run from the checkout: `python bench/lateness.py [--seconds 60]`. All feeds fall due evenly within
that time, each on a loopback address of its own. Lateness is the time from a healthy feed's due
moment to the arrival of its request at its server: it holds the scheduler's tick, the store, the
fetcher's queue and all. Promised: 99 in 100 within 5 seconds, all within 30.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from monitor.app import open_watch
from monitor.engines.embedded import EmbeddedEngine
from monitor.jobs import Runner
from monitor.logs import configure_logs
from monitor.settings import load_settings
from monitor.standing import Standing

CHECKOUT = Path(__file__).resolve().parent.parent
HEALTHY, HOSTILE = 200, 50
GOOD = (
    "<rss version='2.0'><channel><title>Feed {n}</title>"
    + "".join(f"<item><title>Report {i}</title><guid>{i}</guid></item>" for i in range(20))
    + "</channel></rss>"
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nConnection: close\r\n"
# An author on which feedparser's regular expressions take seconds (quadratic).
TRAP = ("<rss version='2.0'><channel><item><title>x</title><author>" + "a." * 150_000).encode()
TRAP += b"@" + b"a-" * 150_000 + b"</author></item><junk></channel></rss>"
LAUGHS = b"<!DOCTYPE l [<!ENTITY a 'lol'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9)
)
LAUGHS += b"]><rss version='2.0'><channel><item><title>&j;</title></item></channel></rss>"

Writer = asyncio.StreamWriter


async def slow_head(to: Writer) -> None:
    """One byte of the head in a second."""
    for letter in HEAD:
        to.write(bytes([letter]))
        await to.drain()
        await asyncio.sleep(1)


async def silent(_: Writer) -> None:
    """Take the request and say nothing."""
    await asyncio.sleep(60)


async def endless(to: Writer) -> None:
    """A body that never ends."""
    to.write(HEAD + b"\r\n<rss><channel>")
    while True:
        to.write(b"<item><title>more</title></item>" * 2_000)
        await to.drain()


async def drip(to: Writer) -> None:
    """A body of one byte in half a second."""
    to.write(HEAD + b"\r\n")
    while True:
        to.write(b"<")
        await to.drain()
        await asyncio.sleep(0.5)


async def bomb(to: Writer) -> None:
    """A gigabyte in a megabyte."""
    to.write(HEAD + b"Content-Encoding: gzip\r\n\r\n" + BOMB)


async def laughs(to: Writer) -> None:
    """Entities within entities."""
    to.write(HEAD + b"\r\n" + LAUGHS)


async def trap(to: Writer) -> None:
    """Text on which the parser does not end."""
    to.write(HEAD + b"\r\n" + TRAP)


async def loop(to: Writer) -> None:
    """A redirect to itself."""
    to.write(b"HTTP/1.1 302 Found\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n")


async def deep(to: Writer) -> None:
    """Elements within elements."""
    to.write(HEAD + b"\r\n<rss><channel>" + b"<item>" * 500_000)


BOMB = gzip.compress(bytes(1 << 30), 9)
KINDS: tuple[Callable[[Writer], Awaitable[None]], ...] = (
    *(slow_head, silent, endless, drip, bomb, laughs, trap, loop, deep),
)


class Site:
    """Servers on addresses of 127.0.0.0/8, one for each feed, in a thread of their own."""

    def __init__(self) -> None:
        self.arrived: dict[int, datetime] = {}
        self.port = 0
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    async def _open(self) -> None:
        for number in range(HEALTHY + HOSTILE):
            server = await asyncio.start_server(
                lambda i, o, n=number: self._serve(n, i, o), address(number), self.port
            )
            self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, number: int, said: asyncio.StreamReader, to: Writer) -> None:
        try:
            if number >= HEALTHY and number % (len(KINDS) + 1) == 0:
                await silent(to)  # not even TLS or a request is read
            await said.readuntil(b"\r\n\r\n")
            self.arrived.setdefault(number, datetime.now(UTC))
            if number < HEALTHY:
                to.write(HEAD + b"\r\n" + GOOD.format(n=number).encode())
            else:
                await KINDS[number % len(KINDS)](to)
            await to.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the fetcher had enough
        finally:
            to.close()


def address(number: int) -> str:
    """Return the loopback address of a feed."""
    return f"127.0.{1 + number // 200}.{1 + number % 200}"


def main() -> None:
    """Run the jobs for a while and print how late the healthy feeds were."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=60.0)
    window = asked.parse_args().seconds
    configure_logs("error")
    site = Site()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = "".join(
            f"  - id: f{n}\n    url: http://{address(n)}:{site.port}/feed\n    content: feed\n"
            for n in range(HEALTHY + HOSTILE)
        )
        (folder / "feeds.yaml").write_text(f"feeds:\n{rows}", encoding="utf-8")
        for part in ("rules", "corpus"):
            (folder / part).symlink_to(CHECKOUT / part)
        private = f"127.0.0.0/8:{site.port}"
        settings = load_settings({"config": name, "allow_private": private}, environ={})
        with open_watch(settings) as watch:
            watch.sync_feeds()
            watch.workers  # noqa: B018  (starts them)
            due = spread(watch.store.database, window)
            standing = Standing(watch)
            runner = Runner(
                runs=watch.store.jobs,
                leases=watch.store.leases,
                owner=watch.owner,
                now=watch.clock.now,
            )
            engine = EmbeddedEngine(standing.jobs(), runner)
            engine.start()
            time.sleep(window + 35)
            watch.hang_up()
            engine.stop()
            report(due, site.arrived, watch.store.feeds.statuses(watch.clock.now()))


def spread(database: object, window: float) -> dict[int, datetime]:
    """Let the feeds fall due evenly, hostile ones among the others; return when."""
    begin = datetime.now(UTC) + timedelta(seconds=3)
    count = HEALTHY + HOSTILE
    due = {n: begin + timedelta(seconds=window * (n * 101 % count) / count) for n in range(count)}
    with database.writing() as session:  # type: ignore[attr-defined]
        for number, moment in due.items():
            naive = moment.replace(tzinfo=None)
            session.execute(
                text("UPDATE feed SET due_at = :at WHERE id = :id"),
                {"at": naive.isoformat(sep=" "), "id": f"f{number}"},
            )
    return due


def report(due: dict[int, datetime], arrived: dict[int, datetime], statuses: object) -> None:
    """Print the figures; exit 1 when the promise is broken."""
    late = sorted(
        (arrived[n] - due[n]).total_seconds() if n in arrived else float("inf")
        for n in range(HEALTHY)
    )
    p99 = late[int(len(late) * 0.99)]
    outcomes: dict[str, int] = {}
    for one in statuses:  # type: ignore[attr-defined]
        if int(one.feed.id[1:]) >= HEALTHY:
            name = one.last_error.value if one.last_error else str(one.last_status)
            outcomes[name] = outcomes.get(name, 0) + 1
    unread = sum(one.entry_count == 0 for one in statuses if int(one.feed.id[1:]) < HEALTHY)  # type: ignore[attr-defined]
    print(f"late: median {statistics.median(late):.2f} s, p99 {p99:.2f} s, most {late[-1]:.2f} s")
    print(f"healthy feeds without entries: {unread}; hostile outcomes: {outcomes}")
    sys.exit(p99 > 5 or late[-1] > 30 or unread > 0)


if __name__ == "__main__":
    main()
