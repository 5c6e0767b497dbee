"""Brings a message to a webhook: one signed POST, through the guarded way out.

The signature covers the moment and the body, so that a receiver can tell our messages from others'
and new ones from old ones sent again. An address inside our own network is refused like any feed's;
a redirect is not followed. Nothing here retries: that is decided in `monitor.core.delivery`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from alerts.payload import event_id
from monitor.core.channels import Channel, signature
from monitor.core.telling import Delivery, DeliveryResult, Message
from monitor.core.values import ErrorCode, Failed, Outcome

# The receiver may have got it: the connection stood, and the answer was lost or could not be read.
_MAYBE = frozenset(
    {
        ErrorCode.TIMEOUT_READ,
        ErrorCode.TIMEOUT_TOTAL,
        ErrorCode.CONNECTION_CLOSED,
        ErrorCode.PROTOCOL_ERROR,
        ErrorCode.TOO_LARGE,
        ErrorCode.UNSUPPORTED_ENCODING,
        ErrorCode.DECODE_ERROR,
    }
)
# Something in the operator's file or house has to change first.
_OURS = frozenset({ErrorCode.BAD_ADDRESS, ErrorCode.PRIVATE_ADDRESS, ErrorCode.TLS_ERROR})
_GONE = 410  # the receiver's own "never again"


class Post(Protocol):
    """One POST, guarded and bounded as every request is (filled from `monitor.fetch`)."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Outcome:
        """Send it once; any 2xx answer is a `Fetched`, everything else a `Failed`."""
        ...


class WebhookMailer:
    """The `Mailer` of webhooks."""

    def __init__(
        self, channels: Mapping[str, Channel], post: Post, *, now: Callable[[], datetime]
    ) -> None:
        """`channels` by their address, `webhook:NAME`."""
        self._channels = channels
        self._post = post
        self._now = now

    def deliver(self, message: Message) -> DeliveryResult:
        """Try once. Never raises for anything a server or a network does."""
        channel = self._channels.get(message.recipient)
        if channel is None:
            detail = f"{message.recipient} is not in the file of channels any more"
            return DeliveryResult(outcome=Delivery.NOT_CONFIGURED, detail=detail)
        timestamp = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "X-Dispatch-Id": event_id(message.message_id),
            "X-Dispatch-Kind": message.kind.value,
            "X-Dispatch-Timestamp": str(timestamp),
            "X-Dispatch-Signature": f"sha256={signature(channel.secret, timestamp, message.raw)}",
        }
        return _result(self._post.post(channel.target, message.raw, headers))

    def close(self) -> None:
        """Nothing stays open."""


def _result(outcome: Outcome) -> DeliveryResult:
    """Return what an answer means. Its detail names a cause, never the address: that is secret."""
    if not isinstance(outcome, Failed):
        status = outcome.status if hasattr(outcome, "status") else None
        return DeliveryResult(outcome=Delivery.ACCEPTED, code=status)
    detail = f"HTTP {outcome.status}" if outcome.status else outcome.code.value
    if outcome.status == _GONE:
        result = Delivery.REFUSED
    elif outcome.status is None and outcome.code in _OURS:
        result = Delivery.NOT_CONFIGURED
    elif outcome.status is None and outcome.code in _MAYBE:
        result = Delivery.MAYBE
    else:
        result = Delivery.RETRY
    return DeliveryResult(outcome=result, code=outcome.status, detail=detail)
