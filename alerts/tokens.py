"""Signed links that act: each good for one purpose, one subject and a limited time. Pure.

A link only opens a page; what it names happens when that page is sent (POST). So a scanner that
opens every link in a mail changes nothing. A token cannot be turned into one for another purpose,
subscriber or item, because all of that is under the signature.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

UNSUBSCRIBE_FOR = timedelta(days=400)
SETTINGS_FOR = timedelta(days=90)
VERDICT_FOR = timedelta(days=30)
CONFIRM_FOR = timedelta(days=2)
_SHAPE = re.compile(r"([a-z]+)\.([0-9]+(?:-[a-z0-9]+)*)\.([0-9]{1,12})\.([A-Za-z0-9_-]{32})")


class Purpose(StrEnum):
    """What a token is good for."""

    UNSUBSCRIBE = "unsubscribe"  # subject: subscriber-mark
    SETTINGS = "settings"  # subject: subscriber-mark
    CONFIRM = "confirm"  # subject: signup-mark
    VERDICT = "verdict"  # subject: subscriber-mark-item


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a good token says."""

    purpose: Purpose
    subject: str
    until: datetime


def sign(secret: bytes, purpose: Purpose, *, subject: str, until: datetime) -> str:
    """Return a token: `purpose.subject.expiry.signature`, only characters that links keep."""
    said = f"{purpose.value}.{subject}.{int(until.timestamp())}"
    token = f"{said}.{_signature(secret, said)}"
    if _SHAPE.fullmatch(token) is None:
        raise ValueError(f"not a subject for a token: {subject!r}")
    return token


def verify(secret: bytes, token: str, *, purpose: Purpose, now: datetime) -> Token | None:
    """Return what a token says; None when it is forged, expired or for another purpose."""
    shape = _SHAPE.fullmatch(token) if len(token) < 200 else None
    if shape is None:
        return None
    said = token.rpartition(".")[0]
    is_ours = hmac.compare_digest(_signature(secret, said), shape[4])
    until = datetime.fromtimestamp(int(shape[3]), UTC) if len(shape[3]) < 12 else None
    if not is_ours or shape[1] != purpose.value or until is None or until <= now:
        return None
    return Token(purpose=purpose, subject=shape[2], until=until)


def _signature(secret: bytes, said: str) -> str:
    """Return 192 bits of HMAC-SHA256, 32 characters."""
    made = hmac.new(secret, b"dispatch-watch mail link 1\0" + said.encode(), hashlib.sha256)
    return urlsafe_b64encode(made.digest()[:24]).decode()
