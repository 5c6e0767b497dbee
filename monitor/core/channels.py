"""Where messages go that are no mails: the operator's webhooks and chats. Values only.

A channel reads like a person does: it has a schedule, topics, a clearance, a pace. So it is a
subscriber whose address is `webhook:NAME` or `chat:NAME`, and gets windows, places and an outbox
like everybody. Where its messages go and what signs them is known to the operator's file alone:
neither is ever kept in the database, shown or logged.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from monitor.core.telling import Subscriber, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel as the operator wrote it."""

    name: str
    way: Way
    target: str = field(repr=False)  # of a webhook its address; of a chat an apprise URL
    secret: bytes = field(default=b"", repr=False)  # of a webhook
    wishes: Subscriber  # its `key` means nothing

    @property
    def address(self) -> str:
        """Return how the store names it."""
        return f"{self.way.value}:{self.name}"


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """Return what proves that a body is ours and how old it is: HMAC-SHA256, in hex.

    Over `timestamp.body`, so that an old message cannot be sent again as a new one.
    """
    return hmac.new(secret, b"%d." % timestamp + body, hashlib.sha256).hexdigest()
