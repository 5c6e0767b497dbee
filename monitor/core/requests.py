"""What a feed's configuration means for a request: who we say we are, and by which way we ask.

The only place that makes requests for feeds and pages, so that a poll, a check and a dry run of the
same feed look the same to its server. Pure; must never know how a request is sent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.egress import DIRECT
from monitor.core.values import Feed, FeedForPoll, ReadEntry, Request

ASK_IN_FULL_AFTER = timedelta(hours=24)


# Said of every item that came over such a connection.
UNVERIFIED = "the connection to the outlet was not verified"


def feed_request(feed: Feed, tag: int | str | None = None) -> Request:
    """Return the request for a feed's document, whatever is known of it."""
    return replace(_request(feed, feed.url, tag), kind="feed")


def poll_request(leased: FeedForPoll, *, now: datetime) -> Request:
    """Return the request for a poll; once a day without validators.

    Some servers go on answering "not modified" to an ETag that they ceased to maintain.
    """
    request, full_at = feed_request(leased.feed, leased.key), leased.last_full_at
    if full_at is None or now - full_at >= ASK_IN_FULL_AFTER:
        return request
    return replace(request, etag=leased.etag, last_modified=leased.last_modified)


def page_request(feed: Feed, url: str, tag: int | str | None = None) -> Request:
    """Return the request for a page that an entry of the feed links to."""
    return _request(feed, url, tag)


def _request(feed: Feed, url: str, tag: int | str | None) -> Request:
    return Request(
        url=url,
        kind="page",
        user_agent=feed.user_agent,
        via=None if feed.via == DIRECT else feed.via,
        key=feed.key,
        home=feed.url,
        verify_tls=feed.tls == "verified",
        tag=tag,
    )


def reads_pages(feed: Feed) -> bool:
    """Tell whether the text of a feed's entries is taken from their pages."""
    return feed.content == "page" and not feed.title_only


def marked(read: ReadEntry) -> ReadEntry:
    """Return a reading that says so when nobody knows who really wrote it."""
    article = read.article
    if read.pending.feed.tls == "verified" or UNVERIFIED in article.notes:
        return read
    return replace(read, article=replace(article, notes=(*article.notes, UNVERIFIED)))
