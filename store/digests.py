"""Windows and what they hold: what there is to tell a subscriber, and what was told.

An item without a place in any digest of a subscriber is still to be told; the place is written in
the transaction that writes the digest and its message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from monitor.core.coverage import Coverage, EntryCounts, FeedWatch, Group, MissedSpan
from monitor.core.telling import (
    Digest,
    DigestLine,
    Message,
    OutboxState,
    Place,
    PlaceLine,
    Subscriber,
)
from monitor.core.values import Band, Fate, FeedState, Item, ItemState
from monitor.ports import PollStatus
from store.items import Items, items_by_key
from store.outbox import add_message
from store.profiles import band_under, is_of, reaches
from store.rows import feed_from_json
from store.session import Database
from store.tables.base import table
from store.tables.telling import DigestRow, OutboxRow, PlaceRow, SubscriberRow
from store.tables.watching import FateRow, FeedRow, GapRow, ItemRow, PollRow

DIGEST, PLACE = table(DigestRow), table(PlaceRow)
OUTBOX, SUBSCRIBER = table(OutboxRow), table(SubscriberRow)
ITEM, FEED, POLL = table(ItemRow), table(FeedRow), table(PollRow)
GAP, FATE = table(GapRow), table(FateRow)

# Far more than a mail holds; the rest comes with the next digest, nothing is placed unseen.
_MOST_CANDIDATES = 5000
_JUDGED_GOOD = (ItemState.RELEVANT.value, ItemState.ESCALATED.value)
_TOLD = (Place.FULL.value, Place.HEADLINE.value, Place.ALSO.value)
_BAD = PollStatus.REJECTED.value
_READ = (Fate.STORED.value, Fate.REVISION.value, Fate.DUPLICATE.value)


class Digests:
    """Queries about digests. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def last_end(self, subscriber_key: int) -> datetime | None:
        """Return the end of the window made last; None before the first."""
        # By key and not by end: a digest made under a clock that ran ahead must not block others.
        query = (
            select(DIGEST.c.end)
            .where(DIGEST.c.subscriber_key == subscriber_key)
            .order_by(DIGEST.c.key.desc())
            .limit(1)
        )
        with self._database.reading() as session:
            return session.execute(query).scalar_one_or_none()

    def has_period(self, subscriber_key: int, period: str) -> bool:
        """Return whether this period has its digest."""
        with self._database.reading() as session:
            return _has_period(session, subscriber_key, period)

    def is_waiting(self, subscriber_key: int) -> bool:
        """Return whether a digest of this subscriber was tried, and could not be delivered yet."""
        query = select(OUTBOX.c.key).where(
            OUTBOX.c.subscriber_key == subscriber_key,
            OUTBOX.c.digest_key.is_not(None),
            OUTBOX.c.state == OutboxState.WAITING.value,
            OUTBOX.c.attempt_count > 0,
        )
        with self._database.reading() as session:
            return session.execute(query.limit(1)).first() is not None

    def candidates(self, subscriber: Subscriber, *, since: datetime, until: datetime) -> list[Item]:
        """Return items of the subscriber's bands, first seen in `[since, until)`, not yet placed.

        For a subscriber of topics the best band under these counts.

        An older item counts when an edit raised its band since then. What an analyst judged
        relevant or escalated counts whatever its band and age. Backfill never counts.
        """
        is_recent = or_(ITEM.c.first_seen_at >= since, ITEM.c.risen_at >= since)
        query = (
            _untold(subscriber, subscriber.since, until)
            .where(
                or_(and_(_is_good_enough(subscriber), is_recent), _is_judged_good(subscriber)),
                _may_know(subscriber),
            )
            .order_by(ITEM.c.score.desc(), ITEM.c.key)
            .limit(_MOST_CANDIDATES)
        )
        with self._database.reading() as session:
            return items_by_key(session, list(session.execute(query).scalars()))

    def near_misses(
        self, subscriber: Subscriber, *, since: datetime, until: datetime, limit: int = 10
    ) -> list[Item]:
        """Return the best items of the band below the subscriber's, first seen in the window."""
        if subscriber.minimum is Band.REJECT:
            return []
        below = list(Band)[subscriber.minimum.rank - 1]
        query = (
            _untold(subscriber, since, until)
            .where(
                _may_know(subscriber),
                band_under(subscriber.topics) == below.value,
                ITEM.c.state == ItemState.NEW.value,
            )
            .order_by(ITEM.c.score.desc(), ITEM.c.raw.desc(), ITEM.c.key)
            .limit(limit)
        )
        with self._database.reading() as session:
            return items_by_key(session, list(session.execute(query).scalars()))

    def withheld_count(self, subscriber: Subscriber, *, since: datetime, until: datetime) -> int:
        """Return how many items of a window would be told, were they not marked too high."""
        query = _untold(subscriber, max(since, subscriber.since), until).where(
            ~_may_know(subscriber),
            or_(_is_good_enough(subscriber), _is_judged_good(subscriber)),
            ITEM.c.state != ItemState.IRRELEVANT.value,
        )
        with self._database.reading() as session:
            count = select(func.count()).select_from(query.subquery())
            return int(session.execute(count).scalar_one())

    def told(
        self, subscriber_key: int, *, since: datetime, besides: int | None = None
    ) -> list[tuple[str, str]]:
        """Return title and feed id of what digests made since then told a subscriber.

        The digest whose key is `besides` does not count.
        """
        query = (
            select(ITEM.c.title, FEED.c.id)
            .select_from(PLACE)
            .join(DIGEST, DIGEST.c.key == PLACE.c.digest_key)
            .join(ITEM, ITEM.c.key == PLACE.c.item_key)
            .join(FEED, FEED.c.key == ITEM.c.feed_key)
            .where(
                DIGEST.c.subscriber_key == subscriber_key,
                DIGEST.c.made_at >= since,
                PLACE.c.place.in_(_TOLD),
                DIGEST.c.key != (besides or 0),
            )
        )
        with self._database.reading() as session:
            return [(row.title, row.id) for row in session.execute(query)]

    def watched(self, since: datetime, until: datetime) -> list[FeedWatch]:
        """Return what the ledger says of each enabled feed for a window, as of its end."""
        in_window = and_(POLL.c.finished_at >= since, POLL.c.finished_at < until)
        good = POLL.c.status != _BAD
        polls = (
            select(
                POLL.c.feed_key,
                func.count().label("poll_count"),
                func.sum(case((good, 1), else_=0)).label("good_count"),
            )
            .where(in_window)
            .group_by(POLL.c.feed_key)
            .subquery()
        )
        # One look-up by index for each feed; a sum over all polls would grow with the years.
        one = POLL.alias("one")
        before = and_(one.c.feed_key == FEED.c.key, one.c.finished_at < until)
        newest = (
            select(one.c.key)
            .where(before)
            .order_by(one.c.finished_at.desc(), one.c.key.desc())
            .limit(1)
            .correlate(FEED)
            .scalar_subquery()
        )
        newest_good = (
            select(one.c.finished_at)
            .where(before, one.c.status != _BAD)
            .order_by(one.c.finished_at.desc())
            .limit(1)
            .correlate(FEED)
            .scalar_subquery()
        )
        # What retention has deleted of the polls, the feed still knows.
        known_good = case((FEED.c.last_good_at < until, FEED.c.last_good_at),
                          (FEED.c.first_good_at < until, FEED.c.first_good_at))  # fmt: skip
        query = (
            select(FEED.c.key, FEED.c.id, FEED.c.spec, FEED.c.state, FEED.c.failing_since,
                   polls.c.poll_count, polls.c.good_count,
                   func.coalesce(newest_good, known_good).label("last_good_at"),
                   POLL.c.status, POLL.c.error, POLL.c.http_status)
            .outerjoin(polls, polls.c.feed_key == FEED.c.key)
            .outerjoin(POLL, POLL.c.key == newest)
            .where(FEED.c.enabled.is_(True))
            .order_by(FEED.c.id)
        )  # fmt: skip
        with self._database.reading() as session:
            gaps = _gaps(session, since, until)
            return [_watch(row, gaps.get(row.key, ())) for row in session.execute(query)]

    def per_day(self, starts: Sequence[datetime]) -> Sequence[Mapping[Band, int]]:
        """Return how many items were first seen between each two of `starts`, by (peak) band."""
        return Items(self._database).per_day(starts)

    def counts(self, since: datetime, until: datetime) -> EntryCounts:
        """Return the ledger's totals of a window."""
        decided = and_(FATE.c.decided_at >= since, FATE.c.decided_at < until)
        new = and_(FATE.c.is_revision.is_(False), FATE.c.is_backfill.is_(False))
        fates = select(func.count()).select_from(FATE.join(POLL, POLL.c.key == FATE.c.poll_key))
        read = fates.where(decided, new, FATE.c.fate.in_(_READ))
        waiting = fates.where(FATE.c.fate == Fate.PENDING.value, FATE.c.decided_at < until, new)
        good = [Band.DIGEST.value, Band.ALERT.value]
        matched = (
            select(func.count(func.distinct(FATE.c.item_key)))
            .select_from(FATE.join(POLL, POLL.c.key == FATE.c.poll_key)
                         .join(ITEM, ITEM.c.key == FATE.c.item_key))
            .where(decided, new, FATE.c.fate == Fate.STORED.value, ITEM.c.peak_band.in_(good))
        )  # fmt: skip
        with self._database.reading() as session:
            return EntryCounts(
                read=session.execute(read).scalar_one(),
                matched=session.execute(matched).scalar_one(),
                waiting=session.execute(waiting).scalar_one(),
            )

    def save(
        self,
        digest: Digest,
        message: Message | None,
        *,
        held_until: datetime | None = None,
        subject: str = "",
    ) -> bool:
        """Write the digest, its places and its message together.

        With `held_until` the message waits so long for an editor, and then goes out by itself.
        `subject` is what the archive says of a digest without a message.
        Return False, writing nothing, when the period has a digest already.
        """
        subscriber, window = digest.subscriber, digest.window
        insert = (sqlite if self._database.is_sqlite else postgresql).insert(DIGEST)
        row = insert.values(
            subscriber_key=subscriber.key,
            period=window.period,
            start=window.start,
            end=window.end,
            missed_count=window.missed_count,
            made_at=digest.made_at,
            subject=message.subject if message else subject,
            story_count=len(digest.stories),
            over_limit_count=digest.over_limit_count,
            is_blind=bool(digest.coverage and digest.coverage.is_blind),
            rules_version=digest.rules_version,
            coverage=_stated(digest.coverage) if digest.coverage else {},
        )
        once = row.on_conflict_do_nothing(index_elements=["subscriber_key", "period"])
        with self._database.writing() as session:
            key = session.execute(once.returning(DIGEST.c.key)).scalar_one_or_none()
            if key is None:
                return False
            if digest.places:
                session.execute(
                    PLACE.insert(),
                    [
                        {
                            "subscriber_key": subscriber.key,
                            "item_key": item_key,
                            "digest_key": key,
                            "place": place.value,
                        }
                        for item_key, place in digest.places.items()
                    ],
                )
            if message is not None:
                add_message(
                    session,
                    message,
                    now=digest.made_at,
                    subscriber_key=subscriber.key,
                    digest_key=key,
                    held_until=held_until,
                )
        return True

    def places(self, item_key: int) -> list[PlaceLine]:
        """Return in which digests an item was told, to whom and where: for `monitor why`."""
        query = (
            select(PLACE.c.place, DIGEST, SUBSCRIBER.c.address)
            .join(DIGEST, DIGEST.c.key == PLACE.c.digest_key)
            .join(SUBSCRIBER, SUBSCRIBER.c.key == PLACE.c.subscriber_key)
            .where(PLACE.c.item_key == item_key)
            .order_by(DIGEST.c.made_at, SUBSCRIBER.c.address)
        )
        with self._database.reading() as session:
            return [
                PlaceLine(
                    address=row.address,
                    period=row.period,
                    made_at=row.made_at,
                    subject=row.subject,
                    place=Place(row.place),
                )
                for row in session.execute(query)
            ]

    def list(self, *, subscriber_key: int | None = None, limit: int = 50) -> list[DigestLine]:
        """Return digests, newest first, with what became of their mail."""
        query = (
            select(DIGEST, SUBSCRIBER.c.address, OUTBOX.c.state, OUTBOX.c.key.label("outbox_key"))
            .join(SUBSCRIBER, SUBSCRIBER.c.key == DIGEST.c.subscriber_key)
            .outerjoin(OUTBOX, OUTBOX.c.digest_key == DIGEST.c.key)
            .order_by(DIGEST.c.key.desc())
            .limit(limit)
        )
        if subscriber_key is not None:
            query = query.where(DIGEST.c.subscriber_key == subscriber_key)
        with self._database.reading() as session:
            return [_line(row) for row in session.execute(query)]


def _has_period(session: Session, subscriber_key: int, period: str) -> bool:
    query = select(DIGEST.c.key).where(
        DIGEST.c.subscriber_key == subscriber_key, DIGEST.c.period == period
    )
    return session.execute(query).first() is not None


def _untold(subscriber: Subscriber, since: datetime, until: datetime) -> Any:
    """Select the keys of items that no digest of the subscriber has placed, whatever their mark."""
    told: ColumnElement[bool] = exists().where(
        PLACE.c.subscriber_key == subscriber.key, PLACE.c.item_key == ITEM.c.key
    )
    return select(ITEM.c.key).where(
        ITEM.c.first_seen_at >= since,
        ITEM.c.first_seen_at < until,
        ITEM.c.is_backfill.is_(False),
        ~told,
    )


def _is_good_enough(subscriber: Subscriber) -> ColumnElement[bool]:
    bands = [band for band in Band if band.rank >= subscriber.minimum.rank]
    return reaches(subscriber.topics, bands)


def _is_judged_good(subscriber: Subscriber) -> ColumnElement[bool]:
    judged = ITEM.c.state.in_(_JUDGED_GOOD)
    return and_(judged, is_of(subscriber.topics)) if subscriber.topics else judged


def _may_know(subscriber: Subscriber) -> ColumnElement[bool]:
    """Return the condition that an item is not marked above a subscriber's clearance."""
    return ITEM.c.tlp.in_(subscriber.clearance.within)


def _gaps(session: Session, since: datetime, until: datetime) -> dict[int, tuple[MissedSpan, ...]]:
    """Return the gaps that touch a window, by feed."""
    found: dict[int, tuple[MissedSpan, ...]] = {}
    query = select(GAP).where(GAP.c.until > since, GAP.c.since < until).order_by(GAP.c.since)
    for row in session.execute(query):
        span = MissedSpan(since=row.since, until=row.until, estimate=row.estimate)
        found[row.feed_key] = (*found.get(row.feed_key, ()), span)
    return found


def _watch(row: Row[Any], gaps: tuple[MissedSpan, ...]) -> FeedWatch:
    feed = feed_from_json(row.spec)
    is_failing = row.status == _BAD
    return FeedWatch(
        id=row.id,
        title=feed.title,
        every=feed.every,
        weight=feed.weight,
        state=FeedState(row.state),
        poll_count=row.poll_count or 0,
        good_count=row.good_count or 0,
        is_failing=is_failing,
        last_good_at=row.last_good_at,
        failing_since=row.failing_since if is_failing else None,
        error=row.error or "" if is_failing else "",
        http_status=row.http_status if is_failing else None,
        gaps=gaps,
    )


def _stated(said: Coverage) -> dict[str, Any]:
    """Return the numbers of a statement, so that what a mail claimed can be looked up later."""
    return {
        "watched": said.watched_count,
        "expected": said.expected_count,
        "read": said.counts.read,
        "matched": said.counts.matched,
        "waiting": said.counts.waiting,
        "blind_hours": round(said.blind_hours, 2),
        "blind_share": round(said.blind_share, 4),
        "groups": {
            group.value: [line.watch.id for line in said.group(group)]
            for group in Group
            if group is not Group.FINE
        },
    }


def _line(row: Row[Any]) -> DigestLine:
    return DigestLine(
        key=row.key,
        address=row.address,
        period=row.period,
        start=row.start,
        end=row.end,
        missed_count=row.missed_count,
        made_at=row.made_at,
        subject=row.subject,
        story_count=row.story_count,
        over_limit_count=row.over_limit_count,
        is_blind=row.is_blind,
        coverage=row.coverage,
        outbox_key=row.outbox_key,
        state=OutboxState(row.state) if row.state else None,
    )
