"""A dry run of one address: fetched, parsed, read and scored as in earnest, and nothing stored.

For `monitor try` and the review's "try an address". It takes the same steps as `pipeline` with the
same parts, but remembers nothing: every entry is new, and every item exists only in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from monitor.core import decisions, timing
from monitor.core.requests import feed_request, marked, page_request, reads_pages
from monitor.core.urls import canonical
from monitor.core.values import (
    DateSource,
    Entry,
    ErrorCode,
    Failed,
    Fate,
    Feed,
    FeedForPoll,
    Fetched,
    Item,
    ItemState,
    Outcome,
    ParsedFeed,
    PendingEntry,
    ReadEntry,
)
from monitor.ports import Clock, Fetcher, PollStatus
from monitor.workers import ParseJob, ReadJob, Unread, Workers

PAGES = 20  # of the newest entries; the rest are judged by the feed's own text


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of asking one address."""

    feed: Feed
    status: PollStatus
    error: ErrorCode | None = None
    detail: str = ""
    http_status: int | None = None
    next_due_at: datetime
    format: str = ""
    items: tuple[Item, ...] = ()  # in the order of the document; keys count from 1
    fates: Mapping[int, Fate] | None = None  # entries that would not become items: position, fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Runs trials with the parts of the house."""

    fetcher: Fetcher
    workers: Workers
    clock: Clock
    pages: int = PAGES

    def feed(self, feed: Feed) -> Trial:
        """Ask `feed.url` for a feed and judge its entries."""
        leased = FeedForPoll(key=0, feed=feed)
        (outcome,) = self.fetcher.fetch_many([feed_request(feed)])
        if not isinstance(outcome, Fetched):
            return self._rejected(leased, outcome)
        now = self.clock.now()
        job = ParseJob(
            body=outcome.body, url=outcome.url, headers=outcome.headers, feed=feed, now=now
        )
        (parsed,) = self.workers.parse_many([job])
        if isinstance(parsed, Unread):
            return self._rejected(leased, outcome, parsed)
        return self._judged(leased, outcome, parsed, now)

    def article(self, feed: Feed) -> Trial:
        """Ask `feed.url` for an article's page and judge it."""
        now = self.clock.now()
        entry = Entry(guid=None, link=feed.url, title="")
        (outcome,) = self.fetcher.fetch_many([page_request(feed, feed.url)])
        leased = FeedForPoll(key=0, feed=feed)
        if not isinstance(outcome, Fetched):
            return self._rejected(leased, outcome)
        pending = _pending(1, feed, entry, now)
        (read,) = self.workers.read_many([ReadJob(pending=pending, page=outcome, now=now)])
        if isinstance(read, Unread):
            return self._rejected(leased, outcome, read)
        return Trial(
            feed=feed,
            status=PollStatus.PARSED,
            http_status=outcome.status,
            next_due_at=now,
            format="page",
            items=(item_of(marked(read), 1),),
        )

    def _judged(
        self, leased: FeedForPoll, outcome: Fetched, parsed: ParsedFeed, now: datetime
    ) -> Trial:
        feed = leased.feed
        decided = decisions.decide(parsed, feed=feed, known=(), items={}, now=now)
        wanted = [(n, one.entry) for n, one in enumerate(decided, 1) if one.fate is Fate.PENDING]
        pending = [_pending(number, feed, entry, now) for number, entry in wanted]
        newest = sorted(pending, key=lambda one: one.entry.published_at or now, reverse=True)
        pages = self._pages(newest[: self.pages], feed)
        jobs = [ReadJob(pending=one, page=pages.get(one.fate_key), now=now) for one in pending]
        read = [marked(one) for one in self.workers.read_many(jobs) if not isinstance(one, Unread)]
        return Trial(
            feed=feed,
            status=PollStatus.PARSED if parsed.complete else PollStatus.PARSED_PARTIALLY,
            http_status=outcome.status,
            next_due_at=timing.next_poll(
                leased, now=now, headers=outcome.headers, parsed=parsed, decisions=decided
            ),
            format=parsed.format,
            items=tuple(item_of(one, one.pending.fate_key) for one in read),
            fates={n: one.fate for n, one in enumerate(decided, 1) if one.fate is not Fate.PENDING},
        )

    def _pages(
        self, pending: list[PendingEntry], feed: Feed
    ) -> dict[int | str | None, Fetched | Failed]:
        if not reads_pages(feed):
            return {}
        requests = [
            page_request(feed, one.entry.link, one.fate_key) for one in pending if one.entry.link
        ]
        return {
            outcome.request.tag: outcome
            for outcome in self.fetcher.fetch_many(requests)
            if isinstance(outcome, Fetched | Failed)
        }

    def _rejected(
        self, leased: FeedForPoll, outcome: Outcome, unread: Unread | None = None
    ) -> Trial:
        now = self.clock.now()
        failed = outcome if isinstance(outcome, Failed) else None
        code = unread.code if unread else failed.code if failed else ErrorCode.UNASKED_304
        return Trial(
            feed=leased.feed,
            status=PollStatus.REJECTED,
            error=code,
            detail=unread.detail if unread else failed.detail if failed else "",
            http_status=outcome.status if isinstance(outcome, Fetched | Failed) else 304,
            next_due_at=timing.next_poll(
                leased, now=now, error=code, retry_at=failed.retry_at if failed else None
            ),
        )


def feed_for(url: str) -> Feed:
    """Return a feed of no configuration for an address."""
    return Feed(id="try", url=url, title=urlsplit(url).hostname or url)


def _pending(number: int, feed: Feed, entry: Entry, now: datetime) -> PendingEntry:
    return PendingEntry(
        fate_key=number,
        entry_key=number,
        feed_key=0,
        feed=feed,
        entry=entry,
        link=canonical(entry.link),
        is_backfill=False,
        is_revision=False,
        item_key=None,
        first_seen_at=now,
    )


def item_of(read: ReadEntry, key: int) -> Item:
    """Return the item that a reading would become."""
    pending, entry, article = read.pending, read.pending.entry, read.article
    dated = entry if entry.published_at is not None else article
    return Item(
        key=key,
        url=article.url or entry.link or "",
        title=article.title or entry.title,
        text=article.text,
        text_state=article.state,
        lang=read.lang,
        feed_id=pending.feed.id,
        outlet=entry.source or pending.feed.title,
        country=pending.feed.country,
        published_at=dated.published_at,
        date_source=dated.date_source if dated.published_at else DateSource.NONE,
        first_seen_at=pending.first_seen_at,
        score=read.score,
        state=ItemState.NEW,
        is_backfill=False,
        error=article.error,
        notes=article.notes,
    )
