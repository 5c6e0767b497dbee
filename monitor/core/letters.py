"""What comes back by mail: reports that a mail was not delivered, wishes to leave. Values only.

Nothing that arrives is believed for what it says of itself. A report counts when it names a
Message-ID that we gave; a wish to leave counts when it carries the token that we signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# So many different mails that came back for good within this time end the mails to an address.
REPORTS_COUNTED_FOR = timedelta(days=30)
# A canary's digest that has not arrived after this long is told.
CANARY_PATIENCE = timedelta(minutes=30)


class Letter(StrEnum):
    """What a mail in the mailbox was taken for."""

    BOUNCED = "bounced"  # one of ours came back, for good
    DELAYED = "delayed"  # one of ours is late, or came back for now
    UNSUBSCRIBE = "unsubscribe"  # with a good token
    WISH = "wish"  # wants to leave, but without a token: for a person to read
    OURS = "ours"  # one of our own mails arrived here: the canary
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail of the mailbox, read."""

    mailbox: str
    uid_validity: int
    uid: int
    fingerprint: str  # SHA-256 of its bytes, hex
    letter: Letter
    message_id: str = ""  # of our mail that it is about
    subscriber_key: int | None = None  # of a good token
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What a mail changed."""

    letter: Letter  # OTHER: it was about none of our mails
    is_new: bool = True  # False: it had been handled before
    paused: str = ""  # the address that gets no more mails now
    left: str = ""  # the address whose reader left


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryState:
    """How the canary does."""

    sent_at: datetime | None = None  # the last mail to it that a server accepted
    arrived_at: datetime | None = None  # when one of them was last found in the mailbox
    missing_since: datetime | None = None  # the oldest accepted mail since then that did not arrive
