"""The round of alerts: tells items of the band `alert` at once, at a pace that readers can bear.

Like the other rounds it only looks at rows: items and the mail that tells them are written in one
transaction, and an item is considered once for each subscriber, whatever is run twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from alerts.compose import compose, unchanged
from alerts.journal import Journal, link_hash
from alerts.sender import Sender
from alerts.view import Redact
from monitor.core.alerting import Left, Pace, choose_alert, may_alert
from monitor.core.telling import MessageKind, Subscriber
from monitor.ports_telling import TellingStore

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class AlertReport:
    """What a round of alerts did."""

    mails: int = 0
    items: int = 0
    left: int = 0  # items left to the digest
    waiting: int = 0  # subscribers whose pace makes the next alert wait
    failed: int = 0

    def __str__(self) -> str:
        """Return a short sentence for the health page."""
        said = f"{self.mails} alerts, {self.items} items"
        said += f", {self.waiting} waiting" if self.waiting else ""
        return said + (f", {self.failed} failed" if self.failed else "")


def make_alerts(
    store: TellingStore,
    now: datetime,
    *,
    sender: Sender,
    rules_version: str = "",
    sections: Mapping[str, str] | None = None,
    redact: Redact = unchanged,
    pace: Pace | None = None,
    journal: Journal | None = None,
) -> AlertReport:
    """Make the alerts that may go out at `now`; their messages wait in the outbox."""
    report = AlertReport()
    for subscriber in store.subscribers.active(now):
        if not subscriber.alerts:
            continue
        try:
            _alert_one(
                store, subscriber, now, report, pace or Pace(),
                sender=sender, rules_version=rules_version, sections=sections, redact=redact,
                journal=journal,
            )  # fmt: skip
        except Exception:
            # One subscriber is a border of this job: the others must get their mail.
            log.exception("alert.failed", subscriber=subscriber.key)
            report.failed += 1
    return report


def _alert_one(
    store: TellingStore,
    subscriber: Subscriber,
    now: datetime,
    report: AlertReport,
    pace: Pace,
    *,
    sender: Sender,
    rules_version: str,
    sections: Mapping[str, str] | None,
    redact: Redact,
    journal: Journal | None,
) -> None:
    since = now - pace.fresh_for
    found = store.alerts.candidates(subscriber, since=since)
    if not found:
        return
    if not may_alert(store.alerts.sent(subscriber, since=since), now=now, pace=pace):
        report.waiting += 1
        return
    again = journal.links_alerted(subscriber) if journal else frozenset()
    told = {item.key: Left.TOLD for item in found if again and link_hash(item.url) in again}
    alert = choose_alert(
        [item for item in found if item.key not in told],
        subscriber=subscriber,
        told_titles=store.alerts.told_titles(subscriber, since=since),
        now=now,
        sections=sections,
        rules_version=rules_version,
    )
    best = next(iter(alert.digest.stories), None)
    if best is not None:  # an update of what an earlier mail told: mail programs show them together
        keys = [item.key for item in (best.item, *best.also)]
        answers = store.alerts.told_in(subscriber, keys) or ""
        alert = replace(alert, digest=replace(alert.digest, answers=answers))
    message = (
        compose(alert.digest, sender=sender, redact=redact, kind=MessageKind.ALERT)
        if alert.mailed
        else None
    )
    if store.alerts.save(
        subscriber, message=message, mailed=alert.mailed, left={**alert.left, **told}, now=now
    ):
        if journal is not None and message is not None:
            journal.alerted(alert.digest, message)
        report.mails += message is not None
        report.items += len(alert.mailed)
        report.left += len(alert.left)
        log.info("alert.made", subscriber=subscriber.key, items=len(alert.mailed))
