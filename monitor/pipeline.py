"""The story of one poll, from a due feed to a stored item. Does things in order; decides nothing.

Feeds are leased, asked, parsed, compared with what is known, and written in one transaction; then
entries with a pending fate are read (their pages fetched), scored, and written in another. What to
do with an answer is decided in `core.decisions`, `core.timing` and `core.scoring`; a process that
dies anywhere in between leaves leases that run out, and nothing else to repair.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from monitor.core import decisions
from monitor.core.errors import MonitorError, StoreBusy
from monitor.core.requests import marked, page_request, poll_request, reads_pages
from monitor.core.values import (
    Entry,
    Failed,
    Fate,
    FeedForPoll,
    Fetched,
    Outcome,
    ParsedFeed,
    PendingEntry,
    PollReport,
    ReadEntry,
)
from monitor.core.waiting import read_again_at
from monitor.ports import Clock, Fetcher, PollRecord, PollStatus, PollStore, TipStore
from monitor.settling import is_bare, settled
from monitor.workers import ParseJob, ReadJob, Unread, Workers

LOG = logging.getLogger("monitor.pipeline")

FEEDS_AT_ONCE = 200  # leased together: a slow server holds up its own batch only
BODIES_AT_ONCE = 8  # parsed together: enough to keep the workers busy, few enough to hold
PAGES_AT_ONCE = 32  # read together, and written in one transaction
TIP_TRIES = 5  # when two take tips at once, one of them writes at each try
TIP_FATES = (Fate.STORED, Fate.REVISION, Fate.DUPLICATE, Fate.UNREADABLE)
POLLS_AT_ONCE = 64  # without entries: written in one transaction
LEASE_FOR = timedelta(minutes=15)  # longer than any batch can take

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(slots=True)
class Tally:
    """What a round of polls came to, counted while it runs."""

    feeds: int = 0
    entries: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)


class Pipeline:
    """Polls feeds and reads entries. Safe to call from several threads."""

    def __init__(
        self,
        *,
        store: PollStore,
        fetcher: Fetcher,
        workers: Callable[[], Workers],
        clock: Clock,
        owner: str,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`workers` are asked for when something must be read: most polls find nothing new.

        `owner` marks our leases; between batches `stopping` is asked whether to end early.
        """
        self._store = store
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._owner = owner
        self._stopping = stopping

    def poll(
        self,
        only: Sequence[str] | None = None,
        *,
        pages: bool = True,
        reading: bool = True,
        moved_on: Callable[[int], None] = lambda _: None,
    ) -> PollReport:
        """Poll what is due, or each feed named in `only` exactly once, then read what came.

        `moved_on` is told how many feeds were done each time. Without `pages` entries are scored
        on the feed's own text; without `reading` they wait for `read_pending`.
        """
        started, tally = time.monotonic(), Tally()
        for leased in self._batches(only):
            self._poll_batch(leased, tally, moved_on)
        read = self.read_pending(pages=pages) if reading else Counter[str]()
        tally.fates.update(read)
        tally.fates[Fate.PENDING] -= read.total()
        return PollReport(
            feeds=tally.feeds,
            entries=tally.entries,
            fates={fate: count for fate, count in sorted(tally.fates.items()) if count > 0},
            outcomes=dict(sorted(tally.outcomes.items())),
            seconds=round(time.monotonic() - started, 3),
        )

    def read_pending(self, *, pages: bool = True) -> Counter[str]:
        """Read, score and write all entries whose fate is due; return the final fates."""
        fates: Counter[str] = Counter()
        while not self._stopping():
            pending = self._store.lease_pending(
                self._clock.now(), owner=self._owner, limit=PAGES_AT_ONCE, lease_for=LEASE_FOR
            )
            if not pending:
                break
            fates.update(self._read_batch(pending, pages=pages))
        return fates

    def tip(self, url: str, tips: TipStore) -> Fate | None:
        """Take a link that a person added: an entry like any other, read and scored at once.

        Returns its fate; PENDING when the page could not be had yet and is asked again later; None
        when nothing was written because others took tips all the while.
        """
        for _ in range(TIP_TRIES):
            fate = self._taken(url, tips)
            if fate is not None:
                break
        else:
            return None
        if fate is not Fate.PENDING:
            return fate
        read = self.read_pending()
        return next((fate for fate in TIP_FATES if read[fate]), Fate.PENDING)

    def _taken(self, url: str, tips: TipStore) -> Fate | None:
        """Write a tip under a lease of the feed of tips; None when somebody else took the lease."""
        now = self._clock.now()
        leased = tips.lease_tips(now, owner=self._owner, lease_for=LEASE_FOR)
        entry = Entry(guid=None, link=url, title="")  # the page tells its title
        parsed = ParsedFeed(format="tip", title="", lang=None, entries=(entry,))
        (decision,) = decisions.decide(
            parsed,
            feed=leased.feed,
            known=self._store.known_entries(leased.key, decisions.keys_of(parsed)),
            items=self._store.known_items(decisions.links_of(parsed)),
            now=now,
        )
        record = PollRecord(
            leased=leased,
            started_at=now,
            finished_at=now,
            status=PollStatus.PARSED,
            format=parsed.format,
            decisions=(decision,),
            next_due_at=now,
        )
        return decision.fate if _patiently(self._store.save_poll, record) else None

    # ---------------------------------------------------------------- feeds

    def _batches(self, only: Sequence[str] | None) -> Iterator[list[FeedForPoll]]:
        """Yield leased feeds until no more are due, or until each named one had its turn."""
        if only is not None:
            for ids in _chunks(only, FEEDS_AT_ONCE):
                if self._stopping():
                    return
                yield self._lease(ids)
            return
        while not self._stopping():
            leased = self._lease(None)
            if not leased:
                return
            yield leased

    def _lease(self, only: Sequence[str] | None) -> list[FeedForPoll]:
        return self._store.lease_feeds(
            self._clock.now(),
            owner=self._owner,
            limit=FEEDS_AT_ONCE,
            lease_for=LEASE_FOR,
            only=only,
            even_if_not_due=only is not None,
        )

    def _poll_batch(
        self, leased: Sequence[FeedForPoll], tally: Tally, moved_on: Callable[[int], None]
    ) -> None:
        """Poll leased feeds; what could not be polled or written is free again afterwards."""
        by_key = {one.key: one for one in leased}
        open_ones = dict(by_key)
        try:
            self._poll_each(by_key, open_ones, tally, moved_on)
        except MonitorError:  # the store is busy, or the rules that workers need have mistakes
            # Nothing of theirs was written: they are as due as before, for whoever comes next.
            _patiently(self._store.release_feeds, list(open_ones.values()))
            raise
        _patiently(self._store.release_feeds, list(open_ones.values()))

    def _poll_each(
        self,
        by_key: dict[int, FeedForPoll],
        open_ones: dict[int, FeedForPoll],
        tally: Tally,
        moved_on: Callable[[int], None],
    ) -> None:
        """Poll feeds, and take each from `open_ones` when its poll is written.

        Polls that brought nothing but news of the feed itself are written together.
        """
        started = self._clock.now()
        outcomes = self._fetcher.fetch_many(
            poll_request(one, now=started) for one in by_key.values()
        )
        bare: list[PollRecord] = []

        def written(records: Sequence[PollRecord], kept: Sequence[bool]) -> None:
            for record, is_kept in zip(records, kept, strict=True):
                if is_kept:
                    _count(tally, record)
                del open_ones[record.leased.key]

        for some in _chunks(outcomes, BODIES_AT_ONCE):
            for outcome, document in self._with_documents(some, by_key):
                record = settled(
                    _feed_of(outcome, by_key),
                    outcome,
                    document,
                    store=self._store,
                    started=started,
                    now=self._clock.now(),
                )
                if is_bare(record):
                    bare.append(record)
                else:
                    written([record], [_patiently(self._store.save_poll, record)])
            if len(bare) >= POLLS_AT_ONCE:
                written(bare, _patiently(self._store.save_bare_polls, bare))
                bare = []
            moved_on(len(some))
            if self._stopping():
                break
        if bare:
            written(bare, _patiently(self._store.save_bare_polls, bare))

    def _with_documents(
        self, outcomes: Sequence[Outcome], by_key: dict[int, FeedForPoll]
    ) -> Iterator[tuple[Outcome, ParsedFeed | Unread | None]]:
        """Yield each outcome with what its body holds, as soon as that is known.

        A body that equals the last good one needs no parse.
        """
        bodies = []
        for one in outcomes:
            if isinstance(one, Fetched) and one.body_hash != _feed_of(one, by_key).body_hash:
                bodies.append(one)
            else:
                yield one, None
        if not bodies:
            return
        jobs = [self._parse_job(one, by_key) for one in bodies]
        for number, document in self._workers().parse_each(jobs):
            yield bodies[number], document

    def _parse_job(self, body: Fetched, by_key: dict[int, FeedForPoll]) -> ParseJob:
        return ParseJob(
            body=body.body,
            url=body.url,
            headers=body.headers,
            feed=_feed_of(body, by_key).feed,
            now=self._clock.now(),
        )

    # ---------------------------------------------------------------- entries

    def _read_batch(self, pending: Sequence[PendingEntry], *, pages: bool) -> list[Fate]:
        """Read, score and write one batch; return the final fates."""
        fetched: dict[int | str | None, Outcome] = {}
        if pages:
            fetched = {
                outcome.request.tag: outcome
                for outcome in self._fetcher.fetch_many(
                    page_request(one.feed, one.entry.link, one.fate_key)
                    for one in pending
                    if one.entry.link is not None and reads_pages(one.feed)
                )
            }
        if self._stopping():
            # Pages may be missing because we hung up, and not because they cannot be had.
            self._store.release_pending(pending)
            return []
        results = self._workers().read_many(
            [self._read_job(one, fetched.get(one.fate_key)) for one in pending]
        )
        now = self._clock.now()
        ready: list[ReadEntry] = []
        later: list[tuple[PendingEntry, datetime]] = []
        for one, result in zip(pending, results, strict=True):
            read = self._by_title(one, result) if isinstance(result, Unread) else result
            if read is None:
                continue
            read = marked(read)
            again_at = read_again_at(read, now)
            if again_at is None:
                ready.append(read)
            else:
                later.append((one, again_at))
        try:
            _patiently(self._store.postpone_pending, later)
            return _patiently(lambda read: self._store.save_read(read, now), ready)
        except StoreBusy:
            _patiently(self._store.release_pending, [one.pending for one in ready])
            raise

    def _read_job(self, one: PendingEntry, page: Outcome | None) -> ReadJob:
        usable = page if isinstance(page, Fetched | Failed) else None
        return ReadJob(pending=one, page=usable, now=self._clock.now())

    def _by_title(self, one: PendingEntry, unread: Unread) -> ReadEntry | None:
        """Judge by its title an entry whose texts no worker survived, or give it up."""
        bare = replace(one, entry=replace(one.entry, summary="", content=""))
        (read,) = self._workers().read_many([self._read_job(bare, None)])
        if isinstance(read, Unread):
            self._store.give_up(one, f"{unread.code}: {unread.detail}", self._clock.now())
            return None
        article = replace(
            read.article, error=unread.code, notes=(*read.article.notes, unread.detail)
        )
        return replace(read, pending=one, article=article)


# -------------------------------------------------------------------- small steps


def _patiently(write: Callable[[_T], _R], what: _T) -> _R:
    """Write in one transaction, and once more when another program held the store meanwhile."""
    try:
        return write(what)
    except StoreBusy as busy:
        LOG.warning("store.busy, once more: %s", busy)
        return write(what)


def _chunks(things: Iterable[_T], size: int) -> Iterator[list[_T]]:
    source = iter(things)
    while some := list(islice(source, size)):
        yield some


def _feed_of(outcome: Outcome, by_key: dict[int, FeedForPoll]) -> FeedForPoll:
    return by_key[int(outcome.request.tag or 0)]


def _count(tally: Tally, record: PollRecord) -> None:
    tally.feeds += 1
    tally.entries += len(record.decisions) + record.unreadable
    tally.outcomes[(record.error or record.status).value] += 1
    tally.fates.update(decision.fate.value for decision in record.decisions)
    if record.unreadable:
        tally.fates[Fate.UNREADABLE] += record.unreadable
