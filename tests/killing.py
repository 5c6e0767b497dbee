"""The kill loop: senders are killed at random moments while a misbehaving server takes their mails.

What must hold afterwards (and only the server's own list is asked): no mail is lost; every copy of
a mail is the same bytes; there are no more extra copies than attempts whose answer was lost.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

import structlog
from smtpsink import MailServer, misbehaving

from alerts.mail import Account, Patience, SmtpMailer
from alerts.message import build
from alerts.rounds import send_due
from monitor.core.telling import MessageKind, OutboxState
from store import open_store

START = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
# The clock of the loop: leases run out and retries fall due within one of these.
STEP = timedelta(minutes=21)


@dataclass
class KillReport:
    """What the loop saw."""

    mails: int
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)  # recipients whose copies are not the same
    extra: int = 0  # copies beyond the first
    unanswered: int = 0  # accepted by the server, which then broke the line
    killed_in_doubt: int = 0  # attempts that a kill cut off, accepted or not
    most_copies: int = 0
    attempts: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Return whether the promise held."""
        copies_allowed = self.unanswered + self.kills
        return not self.lost and not self.differing and self.extra <= copies_allowed


def fill(url: str, mails: int) -> None:
    """Put finished messages into the outbox of a store."""
    with open_store(url) as store:
        for number in range(mails):
            message = build(
                kind=MessageKind.DIGEST,
                sender=Address("Watch", "watch", "ngo.example"),
                recipient=f"reader{number}@ngo.example",
                subject=f"Digest {number}: 북한 노동자",
                text=f"Story {number}\n.hidden dot\n" + "text " * 200,
                html=f"<p>Story {number}" + "<p>text" * 200,
                date=START,
                message_id=f"<digest.{number}@ngo.example>",
            )
            store.outbox.add(message, now=START)


def send(url: str, port: int, start: datetime, owner: str) -> None:
    """Send until nothing is waiting: the process that gets killed. Its clock leaps when idle."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    now = start
    patience = Patience(connect=5, command=5, after_dot=5, total=20)
    account = Account(host="127.0.0.1", port=port, security="none")
    with open_store(url) as store, SmtpMailer(account, patience=patience) as mailer:
        while _is_unfinished(store.outbox.counts()):
            send_due(store, mailer, now, owner=owner)
            now += STEP


def _is_unfinished(counts: dict[OutboxState, int]) -> bool:
    unfinished = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.MAYBE_DELIVERED)
    return any(counts[state] for state in unfinished)


def kill_loop(url: str, *, mails: int, kills: int, seed: int = 1, share: float = 0.2) -> KillReport:
    """Fill an outbox, and kill its sender `kills` times before letting one finish."""
    began = time.monotonic()
    chance = random.Random(seed)
    report = KillReport(mails=mails)
    fill(url, mails)
    context = _ready_to_fork()
    clock = START
    with MailServer(misbehaving(seed, share=share)) as server:
        while report.kills < kills:
            sender = context.Process(
                target=send, args=(url, server.port, clock, f"s{report.kills}")
            )
            sender.start()
            before = server.sink.attempts
            # Once it works, kill it within the next few messages, at any instant of one.
            while sender.is_alive() and server.sink.attempts == before:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.08)
            sender.kill()
            sender.join()
            if sender.exitcode == 0:
                break  # it was done before we struck
            report.kills += 1
            clock += STEP
        last = context.Process(target=send, args=(url, server.port, clock, "last"))
        last.start()
        last.join(timeout=300)
        if last.exitcode != 0:
            last.kill()
            raise RuntimeError(f"the last sender ended with {last.exitcode}")
        _judge(report, server.sink.accepted)
        report.unanswered = server.sink.unanswered
        report.attempts = server.sink.attempts
    with open_store(url) as store:
        report.killed_in_doubt = sum(line.doubt_count for line in store.outbox.list(limit=mails))
    report.seconds = time.monotonic() - began
    return report


def _ready_to_fork() -> ForkServerContext:
    """Return a context whose server has imported all this, so that a sender starts in no time.

    Python 3.11 does not pass its path to the server, which then imports nothing, silently.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killing"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def _judge(report: KillReport, accepted: list[tuple[str, bytes]]) -> None:
    """Compare what the server took with what was to be sent."""
    copies = Counter(recipient for recipient, _ in accepted)
    texts: dict[str, set[bytes]] = {}
    for recipient, content in accepted:
        texts.setdefault(recipient, set()).add(content)
    wanted = [f"reader{number}@ngo.example" for number in range(report.mails)]
    report.lost = [recipient for recipient in wanted if not copies[recipient]]
    report.differing = [recipient for recipient, seen in texts.items() if len(seen) > 1]
    report.extra = sum(count - 1 for count in copies.values())
    report.most_copies = max(copies.values(), default=0)
