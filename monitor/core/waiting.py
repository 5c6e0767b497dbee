"""How long an entry whose page could not be had waits before it is judged by the feed's text alone.

A server that is down for an hour must not turn a report into a bare headline for good; nor may an
entry wait for ever, or a clear case be held back. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.core.values import Band, ErrorCode, ReadEntry

# Outages of a site are mostly over within hours; a fate is due within 24.
PATIENCE = timedelta(hours=6)
FIRST, LONGEST = timedelta(minutes=10), timedelta(hours=1)

# Failures that the next hour may heal. The rest (gone, forbidden, no page at all) are answers.
PASSING = frozenset(
    {
        ErrorCode.CONNECT_ERROR,
        ErrorCode.CONNECTION_CLOSED,
        ErrorCode.DNS_ERROR,
        ErrorCode.TIMEOUT_CONNECT,
        ErrorCode.TIMEOUT_READ,
        ErrorCode.TIMEOUT_TOTAL,
        ErrorCode.PROTOCOL_ERROR,
        ErrorCode.DECODE_ERROR,
        ErrorCode.RATE_LIMITED,
        ErrorCode.UNAVAILABLE,
        ErrorCode.SERVER_ERROR,
        ErrorCode.NETWORK_DOWN,
    }
)


def read_again_at(read: ReadEntry, now: datetime) -> datetime | None:
    """Return when to ask for the page again, or None when the reading stands.

    It stands when the page was had, when asking again is pointless, when the feed's own text is
    already enough for a digest, and when the entry has waited for six hours.
    """
    if read.article.error not in PASSING or read.score.decision.rank >= Band.DIGEST.rank:
        return None
    waited = now - read.pending.first_seen_at
    if waited >= PATIENCE:
        return None
    return now + min(max(FIRST, waited / 2), LONGEST)
