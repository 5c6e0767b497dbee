"""`monitor demo`: the whole job on the sample newsroom, three days in a few seconds.

An empty temporary store, a newsroom on a loopback port, and a clock that jumps from hour to hour.
What runs is the real thing: the same fetcher, workers, rules, store, digests and pages. Nothing
leaves this machine, and the store is gone when the demo ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import FrameType

from alerts.folder import FolderMailer
from monitor.app import Watch, open_watch
from monitor.core.telling import Message, QuietPolicy, Subscriber
from monitor.core.values import Band, Fate, PollReport
from monitor.core.windows import Schedule
from monitor.engines.web import WebEngine, listen
from monitor.logs import configure_logs
from monitor.newsroom import Newsroom, feeds_text, moment
from monitor.pages import review_app
from monitor.settings import Settings, load_settings
from monitor.starter import shipped

Say = Callable[[str], None]

MAILS = "dispatch-watch-mails-"  # folders of mails begin with it
BACKFILL = moment(1)  # the first poll: everything older is backfill
HOURS = ("06:00", "12:00", "18:00", "23:50")  # of the polls of each day
DAYS = (1, 2)
# Nine in Seoul, ten in Vladivostok, seven in the evening in Washington: the same moment.
READERS = (
    ("desk@example.org", "Desk in Washington", "en", "America/New_York", time(19), False),
    ("vladivostok@example.org", "Vladivostok", "ru", "Asia/Vladivostok", time(10), False),
    ("seoul@example.org", "Seoul, analyst", "ko", "Asia/Seoul", time(9), True),
)


class DemoClock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment that was set last."""
        return self.at


def show(*, say: Say, remark: Say, stay: bool, port: int) -> None:
    """Run the three days, print the last digest, and with `stay` serve the page until Ctrl-C."""
    # The mails outlive the demo, so that they can be opened; the next one takes them away.
    _remove_old_mails()
    mails = Path(tempfile.mkdtemp(prefix=MAILS))
    with tempfile.TemporaryDirectory(prefix="dispatch-watch-") as folder, Newsroom() as newsroom:
        settings = _settings(Path(folder), newsroom.url)
        configure_logs("warning")
        clock = DemoClock(BACKFILL)
        # All outlets of the newsroom share one host, and none of them minds.
        with open_watch(settings, clock=clock, spacing=0.0) as watch:
            watch.mailer = FolderMailer(mails)
            remark(f"A sample newsroom of invented outlets answers at {newsroom.url}.")
            watch.sync_feeds()
            _add_readers(watch)
            _poll(watch, newsroom, clock, BACKFILL, remark)
            for day in DAYS:
                _day(watch, newsroom, clock, day, remark)
            _show_last_digest(watch, mails, say, remark)
            if stay:
                _serve(watch, port, remark)


def _remove_old_mails() -> None:
    """Remove the mails of our own demos of yesterday and before."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for folder in Path(tempfile.gettempdir()).glob(f"{MAILS}*"):
        found = folder.lstat()
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
        if is_ours and datetime.fromtimestamp(found.st_mtime, UTC) < yesterday:
            shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, newsroom: str) -> Settings:
    """Return settings that know nothing of the operator's environment and files."""
    (folder / "feeds.yaml").write_text(feeds_text(newsroom), encoding="utf-8")
    files = shipped()
    flags = {
        "config": str(folder),
        "rules": str(files / "rules"),
        "corpus": str(files / "corpus"),
        "allow_private": newsroom.removeprefix("http://"),
    }
    return load_settings(flags, environ={}, folder=folder)


def _add_readers(watch: Watch) -> None:
    for address, name, language, zone, at, is_analyst in READERS:
        watch.store.subscribers.add(
            Subscriber(
                key=0,
                address=address,
                name=name,
                language=language,
                minimum=Band.DIGEST,
                schedule=Schedule(zone=zone, times=(at,)),
                quiet=QuietPolicy.SHORT,
                near_misses=is_analyst,
                since=BACKFILL,
            )
        )


def _poll(
    watch: Watch, newsroom: Newsroom, clock: DemoClock, at: datetime, remark: Say
) -> PollReport:
    clock.at = at
    newsroom.set_clock(at)
    report = watch.pipeline.poll(watch.enabled())
    stored = report.fates.get(Fate.STORED, 0)
    told = f"{at:%a %d %b %H:%M}  {report.entries:3d} entries seen, {stored:2d} new items"
    revised = report.fates.get(Fate.REVISION, 0)
    remark(
        told
        + (f", {revised} changed" if revised else "")
        + ("  (first polls: queue only, never mailed)" if at == BACKFILL else "")
    )
    return report


def _day(watch: Watch, newsroom: Newsroom, clock: DemoClock, day: int, remark: Say) -> None:
    """Poll through one day, and make and send its digests at the end."""
    for hour in HOURS:
        _poll(watch, newsroom, clock, moment(day, hour), remark)
    clock.at = moment(day + 1, "00:01")
    made, sent = watch.make_digests(), watch.send_due()
    remark(f"{clock.at:%a %d %b %H:%M}  digests: {made}; mails: {sent.accepted} written")


def _show_last_digest(watch: Watch, mails: Path, say: Say, remark: Say) -> None:
    messages = [watch.store.outbox.message(line.key) for line in watch.store.outbox.list()]
    first = READERS[0][0]
    ours = [one for one in messages if one is not None and one.recipient == first]
    last: Message = max(ours, key=lambda message: message.date)
    remark("")
    say(f"Subject: {last.subject}\nTo: {last.recipient}\n\n{last.text}")
    remark("The mails, for any mail program:")
    for path in sorted(mails.glob("*.eml")):
        remark(f"  {path}")


def _serve(watch: Watch, port: int, remark: Say) -> None:
    listening = listen("127.0.0.1", port)
    got = listening.getsockname()[1]
    if got != port:
        remark(f"Port {port} is taken.")
    web = WebEngine(review_app(watch, jobs=tuple, is_demo=True), listening)
    remark(f"Review page: http://127.0.0.1:{got}   (Ctrl-C ends the demo and its store)")
    with _ended_by_signals(web.stop):
        web.run()


@contextmanager
def _ended_by_signals(end: Callable[[], None]) -> Iterator[None]:
    def heard(number: int, frame: FrameType | None) -> None:
        end()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
