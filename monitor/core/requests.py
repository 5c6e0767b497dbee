"""What a feed's configuration means for a request: who we say we are, and by which way we ask.

The only place that makes requests for feeds and pages, so that a poll, a check and a dry run of the
same feed look the same to its server. Pure; must never know how a request is sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.core.values import Feed, FeedForPoll, Request

ASK_IN_FULL_AFTER = timedelta(hours=24)


def feed_request(feed: Feed, tag: int | str | None = None) -> Request:
    """Return the request for a feed's document, whatever is known of it."""
    return Request(url=feed.url, user_agent=feed.user_agent, tag=tag)


def poll_request(leased: FeedForPoll, *, now: datetime) -> Request:
    """Return the request for a poll; once a day without validators.

    Some servers go on answering "not modified" to an ETag that they ceased to maintain.
    """
    feed, full_at = leased.feed, leased.last_full_at
    conditional = full_at is not None and now - full_at < ASK_IN_FULL_AFTER
    return Request(
        url=feed.url,
        etag=leased.etag if conditional else None,
        last_modified=leased.last_modified if conditional else None,
        user_agent=feed.user_agent,
        tag=leased.key,
    )


def page_request(feed: Feed, url: str, tag: int | str | None = None) -> Request:
    """Return the request for a page that an entry of the feed links to."""
    return Request(url=url, kind="page", user_agent=feed.user_agent, tag=tag)


def reads_pages(feed: Feed) -> bool:
    """Tell whether the text of a feed's entries is taken from their pages."""
    return feed.content == "page" and not feed.title_only
