"""A mail server of the tests, without a network: answers as told, and keeps what it was handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.core.telling import Delivery, DeliveryResult, Message


@dataclass
class Mailbox:
    """A mail server of the tests: answers as told, and keeps what it was handed."""

    answer: Callable[[Message], Delivery] = lambda message: Delivery.ACCEPTED
    code: int | None = 250
    handed: list[Message] = field(default_factory=list)
    closed: int = 0

    def deliver(self, message: Message) -> DeliveryResult:
        """Answer one message."""
        self.handed.append(message)
        return DeliveryResult(outcome=self.answer(message), code=self.code, detail="said so")

    def close(self) -> None:
        """Count the ends of connections."""
        self.closed += 1
