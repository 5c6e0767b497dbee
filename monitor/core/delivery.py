"""When a message that could not be delivered is tried again, and when it is not. Pure.

At least once is the promise, so a lost answer is followed by another attempt with the same bytes.
What is our own fault (log-in, certificate, sender) is retried without end and told to the operator:
no reader may lose a digest because of our settings.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.core.telling import Delivery, DeliveryResult, OutboxState

# Greylisting lets the second or third of these through; later ones wait for a server to come back.
_STEPS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
)
# RFC 5321 4.5.4.1 asks for at least 4 to 5 days.
GIVE_UP_AFTER = timedelta(days=5)
# A second copy is worse than a short delay: give a slow server time to show the first one.
_AFTER_DOUBT = timedelta(minutes=15)
_OUR_FAULT = timedelta(minutes=15)
# This many refusals for good in a row end the mails to an address.
REFUSALS_ALLOWED = 3


def next_attempt(
    result: DeliveryResult, *, attempt: int, created_at: datetime, now: datetime
) -> datetime | None:
    """Return when to try again after attempt number `attempt`; None when it is over."""
    if result.outcome in (Delivery.ACCEPTED, Delivery.REFUSED):
        return None
    if result.outcome is Delivery.NOT_CONFIGURED:
        return now + _OUR_FAULT
    # A clock that was set back must not keep a message alive for longer, nor end it at once.
    if now - created_at > GIVE_UP_AFTER:
        return None
    step = _STEPS[min(attempt, len(_STEPS)) - 1]
    return now + (max(step, _AFTER_DOUBT) if result.outcome is Delivery.MAYBE else step)


def state_after(result: DeliveryResult, *, retry_at: datetime | None) -> OutboxState:
    """Return where a message stands after an attempt."""
    if result.outcome is Delivery.ACCEPTED:
        return OutboxState.SENT
    if result.outcome is Delivery.REFUSED:
        return OutboxState.REFUSED
    if retry_at is None:
        return OutboxState.GIVEN_UP
    maybe = result.outcome is Delivery.MAYBE
    return OutboxState.MAYBE_DELIVERED if maybe else OutboxState.WAITING
