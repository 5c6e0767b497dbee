"""The bounds of fetching, and the one exception that travels inside this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.core.values import ErrorCode, Failed, Request
from monitor.guard import Allowed

MEGABYTE = 1_000_000
USER_AGENT = "dispatch-watch/0.1 (feed reader)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """How long, how much, how often, and who we say we are. Times are in seconds."""

    user_agent: str = USER_AGENT
    allowed: Allowed = field(default_factory=Allowed)
    total: float = 30.0  # one request with all its redirects and its retry
    connect: float = 8.0  # resolving, connecting and the TLS handshake of one hop
    # Between two pieces of an answer. Search services think for long (GDELT: 24 seconds) before
    # they send a feed; a page is one of many, and can be asked for again.
    read: float = 25.0
    page_read: float = 10.0
    feed_bytes: int = 15 * MEGABYTE  # after decoding
    page_bytes: int = 5 * MEGABYTE
    hops: int = 5
    concurrency: int = 20
    per_host: int = 2
    spacing: float = 1.0  # between the starts of two requests to one host
    retry_pause: float = 1.0  # before the one retry after a reset
    robots: bool = True  # obey robots.txt for pages; feeds are published to be polled
    waiting_bytes: int = 32 * MEGABYTE  # bodies fetched but not yet taken by the caller
    via: Mapping[str, str] = field(default_factory=dict, repr=False)  # name -> proxy's address
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # name -> what opens a feed
    ca_file: str | None = None  # certificates to trust instead of the usual ones


class Trouble(Exception):
    """A request ended in one of the documented ways; becomes a `Failed` in `asking`."""

    def __init__(
        self,
        code: ErrorCode,
        detail: str,
        *,
        status: int | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.retry_at = retry_at

    def failed(self, request: Request) -> Failed:
        """Return the outcome that this is for a request."""
        return Failed(
            request=request,
            code=self.code,
            detail=self.detail,
            status=self.status,
            retry_at=self.retry_at,
        )
