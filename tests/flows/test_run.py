"""`monitor run` as a process: it watches, shows its page on loopback, drains, and bears a rival."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from clocks import StandingClock

from monitor.app import open_watch
from monitor.newsroom import Newsroom
from monitor.settings import Settings

PATIENCE = 90.0  # seconds; far more than needed, for a busy machine


class Running:
    """A `monitor run` in the background, with what it says."""

    def __init__(self, process: subprocess.Popen[str], said: Path) -> None:
        self.process = process
        self._said = said

    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match of `pattern` in what the process says."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.said()):
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"never said {pattern!r}: {self.said()}")

    def url(self) -> str:
        return self.wait_for(r"Review page: (\S+)")[1]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture
def start(folder: Path, newsroom: Newsroom) -> Iterator[Callable[..., Running]]:
    """Return a function that starts `monitor run`; whatever still runs at the end is killed."""
    started: list[Running] = []

    def begin(*words: str, **environ: str) -> Running:
        said = folder / f"said-{len(started)}.txt"
        with said.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "run", *words],
                cwd=folder,
                stdout=out,
                stderr=out,
                text=True,
                env={
                    "PATH": "/usr/bin:/bin",
                    "HOME": str(folder),
                    "MONITOR_SPACING": "0",
                    "MONITOR_ALLOW_PRIVATE": newsroom.url.removeprefix("http://"),
                    **environ,
                },
            )
        started.append(Running(process, said))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@contextmanager
def get(url: str) -> Iterator[httpx.Response]:
    """Ask the page, past any proxy of the environment."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client.get(url)


def test_run_tells_what_happens_shows_the_queue_and_drains(start: Callable[..., Running]) -> None:
    """First polls are summed up in a line, the queue is on the page, SIGTERM ends with 0."""
    running = start("--port", "18400")
    running.wait_for(r"\d+ feeds? answered, \d+ did not, \d+ (is not a feed|are not feeds)")
    running.wait_for(r"[1-9]\d* matches wait on the review page")
    running.wait_for(r"monitor subscribers add")

    with get(running.url() + "/") as page:
        assert page.status_code == 200
        assert "North Korea" in page.text
    with get(running.url() + "/feeds") as page:
        assert "golden-horn-courier" in page.text or "Golden Horn" in page.text

    assert running.end() == 0
    assert "Traceback" not in running.said()


def test_a_taken_port_moves_to_the_next(start: Callable[..., Running]) -> None:
    """Two pages can run side by side; the second says that it moved."""
    first = start("--only", "web", "--port", "18440")
    second_at = first.url()
    second = start("--only", "web", "--port", "18440")

    assert second.url() != second_at
    second.wait_for("Port 18440 is taken")
    assert (first.end(), second.end()) == (0, 0)


@pytest.mark.parametrize(
    ("host", "said"),
    [("198.51.100.7", "no address of this machine"), ("example.org", "write an IP address")],
)
def test_only_an_address_of_this_machine_is_listened_on(
    start: Callable[..., Running], host: str, said: str
) -> None:
    """A name or somebody else's address is refused in a sentence."""
    running = start("--only", "web", "--host", host)

    assert running.process.wait(timeout=PATIENCE) == 78
    assert said in running.said()


def test_beyond_this_machine_everybody_logs_in(start: Callable[..., Running]) -> None:
    """The first start prints the first admin's link; a restart makes a new one, used up it is gone.

    What a stranger says about where they come from is not believed.
    """
    words = ("--only", "web", "--host", "0.0.0.0", "--port", "18461")
    first = start(*words)
    old = first.wait_for(r"http://127\.0\.0\.1:18461(/link/\S+)")[1]
    assert "passwords travel in clear" in first.said()
    assert first.end() == 0
    running = start(*words)
    path = running.wait_for(r"http://127\.0\.0\.1:18461(/link/\S+)")[1]
    form = {"name": "Mina", "password": "four words of no kin", "again": "four words of no kin"}
    with httpx.Client(base_url="http://127.0.0.1:18461", trust_env=False, timeout=30) as client:
        assert client.get("/").headers["location"].startswith("/login")
        assert client.get("/healthz").status_code == 200
        assert client.get(old).status_code == 404
        assert client.post(path, data=form).status_code == 303
        assert client.get("/people").status_code == 200
        assert client.get(path).status_code == 404
    codes = []
    for number in range(31):
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.post(
                "http://127.0.0.1:18461/login",
                data={"name": f"nobody {number}", "password": "x"},
                headers={"x-forwarded-for": f"203.0.113.{number}"},
            )
            codes.append(answer.status_code)
    assert codes == [401] * 30 + [429]
    assert running.end() == 0
    said = running.said()
    assert said.count("/link/") == 1
    assert "four words" not in said
    third = start(*words)
    third.wait_for("Review page")
    assert third.end() == 0
    assert "/link/" not in third.said()


def test_a_named_proxy_is_believed_about_where_people_come_from(
    start: Callable[..., Running],
) -> None:
    """Behind it each address is counted for itself, so that one guesser closes nobody else out."""
    running = start(
        *("--only", "web", "--port", "18481"),
        MONITOR_LOGIN="required",
        MONITOR_TRUSTED_PROXIES="127.0.0.0/8",
    )
    running.wait_for("/link/")
    codes = []
    for number in range(31):
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.post(
                "http://127.0.0.1:18481/login",
                data={"name": f"nobody {number}", "password": "x"},
                headers={"x-forwarded-for": f"203.0.113.{number}"},
            )
            codes.append(answer.status_code)
    assert codes == [401] * 31
    assert running.end() == 0


def test_a_second_run_stays_passive_until_the_first_has_ended(
    start: Callable[..., Running],
    make_settings: Callable[..., Settings],
    clock: StandingClock,
) -> None:
    """Two processes on one store never poll a feed twice; the second takes over later."""
    first = start("--only", "scheduler")
    first.wait_for(r"feeds answered")
    second = start("--only", "scheduler")
    second.wait_for(r"Watching \d+ feeds")
    second.wait_for(r"watch\.waiting")
    assert "feeds answered" not in second.said()

    with open_watch(make_settings(), clock=clock) as watch:
        statuses = watch.store.feeds.statuses(clock.now())
        polls = [len(watch.store.feeds.history(one.feed.id)) for one in statuses]
        assert max(polls) == 1
        assert watch.store.ledger.discrepancies() == []
    assert (first.end(), second.end()) == (0, 0)


def test_a_killed_process_loses_and_doubles_nothing(
    start: Callable[..., Running],
    make_settings: Callable[..., Settings],
    clock: StandingClock,
    newsroom: Newsroom,
) -> None:
    """After kill -9 at any moment a later round leaves each entry with exactly one fate."""
    for delay in (0.3, 0.8, 1.3):
        running = start("--only", "scheduler")
        running.wait_for(r"Watching \d+ feeds")
        time.sleep(delay)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
    clock.at = datetime.now(UTC) + timedelta(hours=1)
    with open_watch(make_settings(), clock=clock, spacing=0.0) as watch:
        watch.pipeline.poll(watch.enabled())
        assert watch.store.ledger.discrepancies() == []
        statuses = watch.store.feeds.statuses(clock.now())
        assert sum(one.pending_count for one in statuses) == 0
        counted = watch.store.items.counts().total
        watch.pipeline.poll(watch.enabled())
        assert watch.store.items.counts().total == counted > 0


def test_what_a_killed_process_held_is_free_for_the_next(
    start: Callable[..., Running],
    make_settings: Callable[..., Settings],
    clock: StandingClock,
) -> None:
    """Leases of a process of this machine that died are taken back at the next start."""
    with open_watch(make_settings(), clock=clock) as watch:
        watch.sync_feeds()
        clock.at = datetime.now(UTC)
        watch.owner = f"{watch.owner.partition(':')[0]}:4194305"  # above any process number
        held = watch.store.polling.lease_feeds(
            clock.at, owner=watch.owner, limit=3, lease_for=timedelta(minutes=15)
        )
    assert len(held) == 3

    running = start("--only", "scheduler")
    running.wait_for(r"feeds answered")
    assert running.end() == 0

    with open_watch(make_settings(), clock=clock) as watch:
        polled = [one for one in watch.store.feeds.statuses(clock.at) if one.last_polled_at]
        assert {one.feed.id for one in held} <= {one.feed.id for one in polled}
