"""The two rounds of telling: make the digests that are due, and send what is in the outbox.

Both look at rows and do what is due; run twice, late or by two processes they can only delay. A
digest, the places of its items and its finished message are written in one transaction before
anything is sent. A subscriber whose digest cannot be made does not keep the others from theirs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from alerts.compose import unchanged
from alerts.journal import Journal
from alerts.press import Made, Press
from alerts.restored import make_up, see_off
from alerts.sender import Sender
from alerts.view import Redact
from monitor.core.delivery import REFUSALS_ALLOWED, next_attempt
from monitor.core.telling import (
    Delivery,
    DeliveryResult,
    Message,
    Outgoing,
    QuietPolicy,
    Subscriber,
)
from monitor.core.windows import Window, due_window
from monitor.ports_telling import Mailer, TellingStore

log = structlog.get_logger(__name__)

# Longer than the longest attempt, so that two processes never hold one message at a time.
LEASE = timedelta(minutes=20)


@dataclass(slots=True)
class DigestReport:
    """What a round of making digests did."""

    made: int = 0  # with a mail
    quiet: int = 0  # without one, as the subscriber wishes
    waiting: int = 0  # left for later: an earlier mail is still on its way
    failed: int = 0
    put_back: int = 0  # told before the store was put back from a copy
    subjects: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a short sentence for the health page."""
        said = f"{self.made} made, {self.quiet} quiet"
        said += f", {self.waiting} waiting" if self.waiting else ""
        said += f", {self.put_back} told before the restore" if self.put_back else ""
        return said + (f", {self.failed} failed" if self.failed else "")


@dataclass(slots=True)
class SendReport:
    """What a round of sending did."""

    accepted: int = 0
    retried: int = 0
    maybe: int = 0
    refused: int = 0
    given_up: int = 0
    not_configured: int = 0
    paused: list[str] = field(default_factory=list)  # addresses that got no mail any more
    detail: str = ""  # what the server said last when it did not accept

    def __str__(self) -> str:
        """Return a short sentence for the health page."""
        said = f"{self.accepted} sent"
        for count, words in (
            (self.retried + self.not_configured, "to be tried again"),
            (self.maybe, "maybe delivered"),
            (self.refused, "refused"),
            (self.given_up, "given up"),
        ):
            said += f", {count} {words}" if count else ""
        return f"{said} ({self.detail})" if self.detail else said


def make_digests(
    store: TellingStore,
    now: datetime,
    *,
    sender: Sender,
    rules_version: str = "",
    sections: Mapping[str, str] | None = None,
    redact: Redact = unchanged,
    hold_for: timedelta | None = None,
    journal: Journal | None = None,
) -> DigestReport:
    """Make every digest that is due at `now`; its message waits in the outbox.

    `sections` maps rule ids to the headings of the rule files. `redact` withholds what must not
    leave. With `hold_for` an editor has so long to approve or withdraw a mail; then it goes out by
    itself, because a digest that waits for a person on holiday is a digest lost. `journal` knows
    what was told though the store, put back from a copy, does not. Safe to call at any moment and
    from two processes at once.
    """
    report = DigestReport()
    press = Press(
        store=store, sender=sender, rules_version=rules_version, sections=sections, redact=redact,
        journal=journal,
    )  # fmt: skip
    if journal is not None:
        see_off(store, now, journal=journal)
    for subscriber in store.subscribers.active(now):
        try:
            _make_one(
                press, subscriber, now, report,
                held_until=None if hold_for is None else now + hold_for,
            )  # fmt: skip
        except Exception:
            # One subscriber is a border of this job: the others must get their mail.
            log.exception("digest.failed", subscriber=subscriber.key)
            store.notices.raise_once(
                "digest.failed",
                f"subscriber:{subscriber.key}",
                f"{subscriber.address}: the digest could not be made; the log has the cause",
                now,
            )
            report.failed += 1
    if report.put_back:
        detail = f"{report.put_back} digests were told before the database was put back from a copy"
        store.notices.raise_once("digest.put_back", "digests", f"{detail}: not sent again", now)
    return report


def _make_one(
    press: Press,
    subscriber: Subscriber,
    now: datetime,
    report: DigestReport,
    *,
    held_until: datetime | None,
) -> None:
    store, journal = press.store, press.journal
    if journal is not None:
        report.put_back += make_up(press, subscriber, now, journal=journal)
    last_end = store.digests.last_end(subscriber.key) or subscriber.since
    window = due_window(subscriber.schedule, last_end=last_end, now=now)
    if window is None or store.digests.has_period(subscriber.key, window.period):
        return
    if store.digests.is_waiting(subscriber.key):
        # The mail server has been away since the last digest: one catch-up later, not many mails.
        report.waiting += 1
        return
    made = press.make(subscriber, window, now)
    digest, message = made.digest, made.message
    # A reader who wants no mail on quiet days is still told when the silence proves nothing.
    skipped = (
        digest.is_quiet
        and subscriber.quiet is QuietPolicy.SKIP
        and not press.coverage(window).is_blind
    )
    if not store.digests.save(digest, None if skipped else message, held_until=held_until):
        return  # another process was faster
    if journal is not None:
        journal.made(digest, None if skipped else message)
    report.quiet += skipped
    report.made += not skipped
    if not skipped:
        report.subjects.append(message.subject)
    log.info("digest.made", subscriber=subscriber.key, period=window.period, skipped=skipped)


def preview_next(
    store: TellingStore,
    subscriber: Subscriber,
    now: datetime,
    *,
    sender: Sender,
    rules_version: str = "",
    sections: Mapping[str, str] | None = None,
    redact: Redact = unchanged,
) -> Message:
    """Return the mail that a subscriber would get if it were due now. Nothing is kept."""
    press = Press(
        store=store, sender=sender, rules_version=rules_version, sections=sections, redact=redact
    )
    return next_digest(press, subscriber, now).message


def next_digest(press: Press, subscriber: Subscriber, now: datetime) -> Made:
    """Return the digest that a subscriber would get if it were due now. Nothing is kept."""
    start = min(press.store.digests.last_end(subscriber.key) or subscriber.since, now)
    window = Window(start=start, end=now, period=f"preview {now.isoformat()}")
    return press.make(subscriber, window, now)


def send_due(
    store: TellingStore,
    mailer: Mailer,
    now: datetime,
    *,
    owner: str = "monitor",
    limit: int = 500,
    lease_for: timedelta = LEASE,
    journal: Journal | None = None,
) -> SendReport:
    """Send what is due, each message once, until nothing is due or `limit` attempts were made.

    When the server cannot be used at all the round ends, so that an outage costs one attempt and
    not one for every message.
    """
    report = SendReport()
    started = time.monotonic()
    for _ in range(limit):
        moment = now + timedelta(seconds=time.monotonic() - started)
        outgoing = store.outbox.take(moment, owner=owner, lease_for=lease_for)
        if outgoing is None:
            break
        result = delivered(mailer, outgoing, journal)
        moment = now + timedelta(seconds=time.monotonic() - started)
        if journal is not None and result.outcome is Delivery.ACCEPTED:
            journal.sent(outgoing.message.message_id, moment)
        retry_at = next_attempt(
            result, attempt=outgoing.attempt, created_at=outgoing.created_at, now=moment
        )
        store.outbox.done(outgoing, result, now=moment, retry_at=retry_at)
        log.info(
            "message.tried", key=outgoing.key, outcome=result.outcome.value, code=result.code,
            attempt=outgoing.attempt, detail=result.detail,
        )  # fmt: skip
        _count(store, outgoing, result, report, now=moment, is_over=retry_at is None)
        if result.outcome is not Delivery.ACCEPTED:
            report.detail = result.detail
        if _is_unusable(result):
            break
    mailer.close()
    if report.accepted:
        store.notices.close("mail.server", "server", now)
    _tell_of_delays(store, now)
    if journal is not None and journal.trouble:
        store.notices.raise_once("mail.journal", "told.jsonl", journal.trouble, now)
    elif journal is not None:
        store.notices.close("mail.journal", "told.jsonl", now)
    return report


def delivered(mailer: Mailer, outgoing: Outgoing, journal: Journal | None) -> DeliveryResult:
    """Try to deliver, unless the journal knows that a server accepted this very message."""
    if journal is not None and journal.was_sent(
        outgoing.message.message_id, since=outgoing.created_at
    ):
        return DeliveryResult(
            outcome=Delivery.ACCEPTED, detail="accepted before, as the journal says; not sent again"
        )
    return mailer.deliver(outgoing.message)


def _is_unusable(result: DeliveryResult) -> bool:
    """Return whether the server, and not only this message, has to wait (421: it is closing)."""
    if result.outcome is Delivery.RETRY:
        return result.code in (None, 421)
    return result.outcome is Delivery.NOT_CONFIGURED


def _tell_of_delays(store: TellingStore, now: datetime) -> None:
    """Note that messages wait for too long, or that none does any more."""
    late = store.outbox.overdue(now)
    if late:
        detail = f"{len(late)} messages wait for more than an hour; the last answer: "
        store.notices.raise_once("mail.late", "outbox", detail + (late[0].detail or "none"), now)
    else:
        store.notices.close("mail.late", "outbox", now)


def _count(
    store: TellingStore,
    outgoing: Outgoing,
    result: DeliveryResult,
    report: SendReport,
    *,
    now: datetime,
    is_over: bool,
) -> None:
    """Count an attempt, keep an address's refusals, and tell the operator what needs a person."""
    outcome = result.outcome
    if outcome is Delivery.ACCEPTED:
        report.accepted += 1
        if outgoing.subscriber_key is not None:
            store.subscribers.accepted(outgoing.subscriber_key)
    elif outcome is Delivery.REFUSED:
        report.refused += 1
        _refused(store, outgoing, result, report, now=now)
    elif is_over:
        report.given_up += 1
        detail = f"{outgoing.message.recipient}: given up after {outgoing.attempt} attempts"
        _notice(store, "mail.given_up", outgoing, f"{detail}: {result.detail}", now=now)
    elif outcome is Delivery.MAYBE:
        report.maybe += 1
    elif outcome is Delivery.NOT_CONFIGURED:
        report.not_configured += 1
        store.notices.raise_once("mail.server", "server", result.detail, now)
    else:
        report.retried += 1


def _refused(
    store: TellingStore,
    outgoing: Outgoing,
    result: DeliveryResult,
    report: SendReport,
    *,
    now: datetime,
) -> None:
    """Count a refusal for good; three in a row end the mails to the address."""
    key, address = outgoing.subscriber_key, outgoing.message.recipient
    if key is not None and store.subscribers.bounced(key, limit=REFUSALS_ALLOWED):
        report.paused.append(address)
        detail = f"{address}: refused {REFUSALS_ALLOWED} times, gets no mail any more"
        _notice(store, "mail.paused", outgoing, f"{detail}: {result.detail}", now=now)


def _notice(
    store: TellingStore, kind: str, outgoing: Outgoing, detail: str, *, now: datetime
) -> None:
    """Note something about a subscriber; their erasure takes the notice with it."""
    key = outgoing.subscriber_key
    subject = f"message:{outgoing.key}" if key is None else f"subscriber:{key}"
    store.notices.raise_once(kind, subject, detail, now)
