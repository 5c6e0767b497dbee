"""Asks feeds live and judges each answer, storing nothing: the work behind `monitor feeds check`.

The answers come from the real fetcher and the real parser in its worker, so that what a check says
is what a poll would meet. Must never write to the store: a check may run beside a running monitor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from monitor.core.feedcheck import FeedCheck, check_feed, with_page
from monitor.core.requests import feed_request, page_request, reads_pages
from monitor.core.values import ErrorCode, Feed, Fetched, Outcome
from monitor.discover import Candidate, How
from monitor.ports import Clock, Fetcher
from monitor.workers import ParseJob, Unread, Workers

MAX_TRIED = 20  # addresses asked to find the feeds of one site


def check_feeds(
    feeds: Sequence[Feed], *, fetcher: Fetcher, workers: Workers, clock: Clock
) -> Iterator[FeedCheck]:
    """Yield one check for each feed, as the answers come in."""
    requests = [feed_request(feed, number) for number, feed in enumerate(feeds)]
    for outcome in fetcher.fetch_many(requests):
        feed = feeds[int(outcome.request.tag or 0)]
        yield _checked(feed, outcome, workers=workers, clock=clock)


def check_pages(checks: Sequence[FeedCheck], *, fetcher: Fetcher) -> list[FeedCheck]:
    """Return the checks with what came of reading one page of each feed that is read by pages."""
    found = list(checks)
    requests = [
        page_request(check.feed, check.newest_link, number)
        for number, check in enumerate(found)
        if check.newest_link and reads_pages(check.feed)
    ]
    for outcome in fetcher.fetch_many(requests):
        number = int(outcome.request.tag or 0)
        found[number] = with_page(found[number], outcome)
    return found


def find_feeds(
    url: str, *, fetcher: Fetcher, workers: Workers, clock: Clock
) -> tuple[list[tuple[Candidate, FeedCheck]], Outcome]:
    """Return the feeds of the site at `url` that really are feeds, surest first, and its answer.

    When the address is a feed itself, it is the only one.
    """
    (outcome,) = fetcher.fetch_many([feed_request(_as_feed(url))])
    own = _checked(_as_feed(url), outcome, workers=workers, clock=clock)
    if own.error is None:
        return [(Candidate(url=own.address, how=How.DECLARED), own)], outcome
    page = outcome.body if isinstance(outcome, Fetched) else b""
    base = outcome.url if isinstance(outcome, Fetched) else url
    possible = workers.find_feeds(page, base)[:MAX_TRIED]
    by_url = {one.url: one for one in possible}
    checks = check_feeds(
        [_as_feed(address) for address in by_url], fetcher=fetcher, workers=workers, clock=clock
    )
    good = {check.feed.url: check for check in checks if check.error is None}
    return _each_once(by_url, good), outcome


def _each_once(
    by_url: dict[str, Candidate], good: dict[str, FeedCheck]
) -> list[tuple[Candidate, FeedCheck]]:
    """Return the good ones in order, leaving out addresses that lead to one we have."""
    seen: set[str] = set()
    found = []
    for url, candidate in by_url.items():
        check = good.get(url)
        if check is not None and check.address not in seen:
            seen.add(check.address)
            found.append((candidate, check))
    return found


def _as_feed(url: str) -> Feed:
    return Feed(id="candidate", url=url, title=url)


def _checked(feed: Feed, outcome: Outcome, *, workers: Workers, clock: Clock) -> FeedCheck:
    now = clock.now()
    if not isinstance(outcome, Fetched):
        return check_feed(feed, outcome, now=now)
    job = ParseJob(body=outcome.body, url=outcome.url, headers=outcome.headers, feed=feed, now=now)
    (parsed,) = workers.parse_many([job])
    if not isinstance(parsed, Unread):
        return check_feed(feed, outcome, now=now, parsed=parsed)
    found = _named_by(outcome, workers) if parsed.code is ErrorCode.NOT_A_FEED else ()
    refusal = (parsed.code, parsed.detail)
    return check_feed(feed, outcome, now=now, refusal=refusal, found=found)


def _named_by(outcome: Fetched, workers: Workers) -> Iterable[str]:
    found = workers.find_feeds(outcome.body[:200_000], outcome.url)
    return [one.url for one in found if one.how is How.DECLARED]
