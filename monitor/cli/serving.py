"""`monitor run`: the scheduler and the review page in one process, and how it ends.

The first signal ends the work in hand and then the process, with exit code 0; a second one ends it
at once. What was under way is leased, and is done again by the next start.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from types import FrameType

from monitor.app import Watch, open_watch
from monitor.cli.answers import first_run_text
from monitor.cli.common import INTERRUPTED, remark
from monitor.cli.polling import NO_NETWORK
from monitor.core.errors import ConfigurationErrors
from monitor.core.feedplan import plan_lines
from monitor.core.reports import FirstRun, QueueFilter
from monitor.core.text import counted
from monitor.core.values import Band, ErrorCode, ItemState, PollReport
from monitor.engines.embedded import EmbeddedEngine
from monitor.engines.web import WebEngine, listen
from monitor.entrance import first_token, link_address
from monitor.feedwatch import Held
from monitor.jobs import Runner
from monitor.pages import review_app
from monitor.settings import LOOPBACK, Settings
from monitor.standing import Standing


class Part(StrEnum):
    """What `--only` may name."""

    SCHEDULER = "scheduler"
    WEB = "web"


def serve(settings: Settings, *, only: Part | None = None) -> None:
    """Run until a signal comes. Raises ConfigurationErrors and StoreError before it begins."""
    listening = None if only is Part.SCHEDULER else listen(settings.host, settings.port)
    with open_watch(settings) as watch:
        if only is not Part.WEB:
            _begin(watch)
        standing = Standing(watch, first_round=lambda first, report: _told(watch, first, report))
        runner = Runner(
            runs=watch.store.jobs, leases=watch.store.leases, owner=watch.owner, now=watch.clock.now
        )
        engine = EmbeddedEngine(() if only is Part.WEB else standing.jobs(), runner)
        web = None
        if listening is not None:
            host, port = listening.getsockname()[:2]
            app = review_app(watch, jobs=standing.jobs)
            web = WebEngine(app, listening, proxies=settings.trusted_proxies)
            if port != settings.port:
                remark(f"Port {settings.port} is taken.")
            remark(f"Review page: http://{host}:{port}   (Ctrl-C ends everything)")
            _show_way_in(watch, port)
        done = threading.Event()

        def end() -> None:
            watch.stopping.set()
            done.set()
            if web is not None:
                web.stop()

        with _ended_by_signals(end, again=standing.look_again):
            engine.start()
            if web is not None and not done.is_set():
                web.run()
            else:
                done.wait()
            watch.hang_up()
            engine.stop()
            runner.stop()
    remark("Stopped; nothing is lost.")


def _show_way_in(watch: Watch, port: int) -> None:
    """Print the link of the first admin, where people must log in and nobody can yet."""
    settings = watch.settings
    if not settings.needs_login:
        return
    if settings.public_url is None and settings.host not in LOOPBACK:
        remark("Without https in front of it passwords travel in clear: see the operators' guide.")
    token = first_token(watch)
    if token is not None:
        link = link_address(replace(settings, port=port), token)
        remark(
            f"Nobody can log in yet. The first admin chooses a password here, within a day:\n{link}"
        )


def _begin(watch: Watch) -> None:
    """Take over feeds.yaml and the rules, or go on with the last good ones."""
    watch.free_what_the_dead_hold()
    watch.workers  # noqa: B018  (starts them: mistakes in the rules must show before anything runs)
    try:
        news = watch.sync_feeds()
    except ConfigurationErrors as error:
        if not watch.feeds_in_force():
            raise
        remark(f"{error}\nThe last good feeds stay in force.")
    else:
        if isinstance(news, Held):
            remark("\n".join(plan_lines(news.plan)))
            remark("Too many feeds would fall silent. Confirm: monitor feeds apply --yes")
    enabled = sum(feed.enabled for feed in watch.feeds_in_force())
    remark(f"Watching {counted(enabled, 'feed')} of {watch.settings.feeds}.")


def _told(watch: Watch, first: FirstRun, report: PollReport) -> None:
    """Tell the person at the terminal how the first polls went and what to do next."""
    if report.feeds and report.outcomes.get(ErrorCode.NETWORK_DOWN) == report.feeds:
        remark(NO_NETWORK)
        return
    remark(first_run_text(first))
    wanted = QueueFilter(bands=tuple(Band)[1:], states=(ItemState.NEW,), limit=1)
    waiting = watch.store.items.queue(wanted).total
    remark(f"{waiting} matches wait on the review page.")
    due = watch.next_digest_at()
    if due is None:
        remark("Nobody gets a digest yet: monitor subscribers add you@example.org")
    else:
        way = "by mail" if watch.settings.smtp_host else f"as files in {watch.outbox_folder}"
        remark(f"The next digest is due {due:%Y-%m-%d %H:%M} UTC, {way}.")


@contextmanager
def _ended_by_signals(end: Callable[[], None], *, again: Callable[[], None]) -> Iterator[None]:
    """Call `end` at the first SIGTERM or SIGINT, and end the process at the second.

    SIGHUP calls `again`.
    """
    seen = threading.Event()

    def heard(number: int, frame: FrameType | None) -> None:
        if seen.is_set():
            os._exit(INTERRUPTED)
        seen.set()
        end()

    handlers = {
        signal.SIGTERM: heard,
        signal.SIGINT: heard,
        signal.SIGHUP: lambda number, frame: again(),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
