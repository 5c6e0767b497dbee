"""The round that sends to webhooks and chats, apart from that of mails.

A receiver that hangs must keep no mail waiting, nor the other receivers: one failure, and the rest
of its messages wait for the next round. The promises are those of mails: at least once, the same
bytes each time, every answer on record.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from alerts.journal import Journal
from alerts.rounds import delivered
from monitor.core.delivery import REFUSALS_ALLOWED, next_attempt
from monitor.core.telling import Delivery, DeliveryResult, Outgoing, Way
from monitor.ports_telling import Mailer, TellingStore

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)  # longer than the longest attempt
_TOLD_AFTER = 3  # attempts; a single failure is no news


@dataclass(slots=True)
class ChannelReport:
    """What a round did."""

    accepted: int = 0
    failed: int = 0

    def __str__(self) -> str:
        """Return a short sentence for the health page."""
        return f"{self.accepted} sent" + (f", {self.failed} failed" if self.failed else "")


def send_channels(
    store: TellingStore,
    mailers: Mapping[Way, Mailer],
    now: datetime,
    *,
    owner: str = "monitor",
    limit: int = 200,
    journal: Journal | None = None,
) -> ChannelReport:
    """Send what is due to webhooks and chats, each message once, or until `limit` attempts."""
    report = ChannelReport()
    started = time.monotonic()
    for way, mailer in mailers.items():
        waiting: set[str] = set()
        for _ in range(limit):
            moment = now + timedelta(seconds=time.monotonic() - started)
            outgoing = store.outbox.take(
                moment, owner=owner, lease_for=LEASE, way=way, without=waiting
            )
            if outgoing is None:
                break
            result = delivered(mailer, outgoing, journal)
            moment = now + timedelta(seconds=time.monotonic() - started)
            retry_at = next_attempt(
                result, attempt=outgoing.attempt, created_at=outgoing.created_at, now=moment
            )
            store.outbox.done(outgoing, result, now=moment, retry_at=retry_at)
            log.info(
                "channel.tried", channel=outgoing.message.recipient, outcome=result.outcome.value,
                code=result.code, attempt=outgoing.attempt, detail=result.detail,
            )  # fmt: skip
            if result.outcome is Delivery.ACCEPTED:
                if journal is not None:
                    journal.sent(outgoing.message.message_id, moment)
                report.accepted += 1
            else:
                report.failed += 1
                waiting.add(outgoing.message.recipient)
            _note(store, outgoing, result, now=moment, is_over=retry_at is None)
    return report


def _note(
    store: TellingStore,
    outgoing: Outgoing,
    result: DeliveryResult,
    *,
    now: datetime,
    is_over: bool,
) -> None:
    """Keep refusals, and tell the operator once of what lasts."""
    key, address = outgoing.subscriber_key, outgoing.message.recipient
    if result.outcome is Delivery.ACCEPTED:
        if key is not None:
            store.subscribers.accepted(key)
        store.notices.close("channel", address, now)
    elif result.outcome is Delivery.REFUSED:
        if key is not None and store.subscribers.bounced(key, limit=REFUSALS_ALLOWED):
            detail = f"{address}: refused {REFUSALS_ALLOWED} times, gets nothing any more"
            store.notices.raise_once("channel.paused", address, f"{detail}: {result.detail}", now)
    elif is_over:
        detail = f"{address}: given up after {outgoing.attempt} attempts: {result.detail}"
        store.notices.raise_once("channel.given_up", f"message:{outgoing.key}", detail, now)
    elif result.outcome is Delivery.NOT_CONFIGURED or outgoing.attempt >= _TOLD_AFTER:
        store.notices.raise_once("channel", address, f"{address}: {result.detail}", now)
