"""A mail server for tests that keeps what it accepts and misbehaves as it is told.

It speaks real SMTP on the loopback address. Each recipient can be given a fault; the sink's own
list of accepted messages is the truth that tests compare with.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

# What the sink does to a message: the reply, or how the line breaks.
FINE = "250 taken"
DROP_BEFORE = "drop before the answer, not taken"
DROP_AFTER = "drop before the answer, taken"


@dataclass
class Sink:
    """What to do with each message, and what was accepted."""

    at_data: Callable[[str], str] = lambda recipient: FINE
    at_rcpt: Callable[[str], str] = lambda recipient: FINE
    accepted: list[tuple[str, bytes]] = field(default_factory=list)  # recipient, message
    unanswered: int = 0  # accepted, and the line broke before the answer
    attempts: int = 0
    delay: float = 0.0  # seconds before the answer to the final dot

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Answer a recipient."""
        reply = self.at_rcpt(address)
        if reply == FINE:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer a message."""
        self.attempts += 1
        (recipient,) = envelope.rcpt_tos
        what = self.at_data(recipient)
        content = envelope.content
        assert isinstance(content, bytes)
        if what in (FINE, DROP_AFTER):
            self.accepted.append((recipient, content))
        if self.delay:
            await asyncio.sleep(self.delay)
        if what in (DROP_BEFORE, DROP_AFTER):
            self.unanswered += what == DROP_AFTER
            assert server.transport is not None
            server.transport.abort()
        return what

    async def handle_exception(self, error: Exception) -> str:
        """Say nothing about lines that we broke ourselves, or whose sender was killed."""
        return "451 broken"


class MailServer:
    """Runs a sink; use as a context manager."""

    def __init__(self, sink: Sink, **options: Any) -> None:
        """Prepare a server on a free port; `options` go to aiosmtpd."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.sink = sink
        self._controller = Controller(sink, hostname="127.0.0.1", port=self.port, **options)

    def __enter__(self) -> MailServer:
        """Start."""
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._controller.stop()


def misbehaving(seed: int, *, share: float = 0.2) -> Sink:
    """Return a sink that fails this share of the time, in every way that a server can."""
    chance = random.Random(seed)
    faults = [
        "451 4.7.1 try again later",
        "452 4.2.2 full",
        DROP_BEFORE,
        DROP_AFTER,
        DROP_AFTER,
    ]

    def at_data(recipient: str) -> str:
        return chance.choice(faults) if chance.random() < share else FINE

    def at_rcpt(recipient: str) -> str:
        return "450 4.2.0 greylisted" if chance.random() < share / 4 else FINE

    return Sink(at_data=at_data, at_rcpt=at_rcpt)
