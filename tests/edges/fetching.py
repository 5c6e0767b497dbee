"""Shortcuts of the fetch tests: quick settings, one request, and what its outcome must be."""

from __future__ import annotations

from datetime import UTC, datetime

from edges.rawsite import RawSite

from monitor.core.values import Failed, Fetched, Outcome, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FEED = b"<rss><channel><title>T</title></channel></rss>"


def quick_settings(site: RawSite, **changes: object) -> FetchSettings:
    """Return settings for tests: no pauses, limits of a second."""
    settings: dict[str, object] = {
        "allowed": Allowed.read([site.opening]),
        "total": 3.0,
        "connect": 1.0,
        "read": 1.0,
        "retry_pause": 0.01,
        "spacing": 0.0,
        "feed_bytes": 200_000,
        "page_bytes": 100_000,
        "robots": False,
    }
    return FetchSettings(**{**settings, **changes})  # type: ignore[arg-type]


def fetch(fetcher: HttpFetcher, url: str, **fields: object) -> Outcome:
    """Return the outcome of one request."""
    [outcome] = fetcher.fetch_many([Request(url=url, **fields)])  # type: ignore[arg-type]
    return outcome


def fetched(outcome: Outcome) -> Fetched:
    """Return an outcome that must be a success."""
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failed(outcome: Outcome) -> Failed:
    """Return an outcome that must be a failure."""
    assert isinstance(outcome, Failed), outcome
    return outcome
