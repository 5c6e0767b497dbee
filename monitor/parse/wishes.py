"""How long a publisher asks us to wait, as its feed says it."""

from __future__ import annotations

import re
from datetime import timedelta

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


def wish(ttl: str, period: str, frequency: str) -> timedelta | None:
    """Return the wait that `ttl` (minutes) or `sy:updatePeriod` and its frequency ask for."""
    if re.fullmatch(r"\s*\d{1,6}\s*", ttl):
        return timedelta(minutes=int(ttl)) or None
    length = _PERIODS.get(period.strip().lower())
    if length is None:
        return None
    times = int(frequency) if re.fullmatch(r"\s*[1-9]\d{0,3}\s*", frequency) else 1
    return length / times
