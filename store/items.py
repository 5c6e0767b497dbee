"""The items that we keep: the analysts' queue, single items, and what was stopped.

Lists go by the best band that any text of an item reached, so that a publisher's edit hides
nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, or_, select, update
from sqlmodel import Session

from monitor.core.reports import (
    Claim,
    ItemCounts,
    ItemPage,
    QueueFilter,
    QueueOrder,
    Reprint,
    Revision,
    Sighting,
)
from monitor.core.values import Band, Item, ItemState, Match, ProfileScore, Score, TextState
from store import search
from store.profiles import (
    KEPT,
    band_under,
    best_score,
    profile_scores,
    reaches,
    save_explanation,
)
from store.rows import (
    chunks,
    item_value,
    mark,
    match_value,
    may_be_key,
    score_columns,
)
from store.session import Database
from store.tables.base import table
from store.tables.desk import GradeRow, ReprintRow, SeenRow
from store.tables.watching import (
    EntryRow,
    FeedRow,
    ItemRow,
    MatchRow,
    RevisionRow,
    SightingRow,
)

ITEM, MATCH, FEED, ENTRY = table(ItemRow), table(MatchRow), table(FeedRow), table(EntryRow)
SIGHTING, REVISION = table(SightingRow), table(RevisionRow)
GRADE, REPRINT, SEEN = table(GradeRow), table(ReprintRow), table(SeenRow)

# Claimed items go on being open to decisions; these are not decided yet.
UNDECIDED = (ItemState.NEW, ItemState.CLAIMED)

# Further apart, one headline in two feeds is more often two events than one report.
REPRINTED_WITHIN = timedelta(days=14)


class Items:
    """Queries about items."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def queue(self, wanted: QueueFilter) -> ItemPage:
        """Return the items that fit a filter, and how many there are in all."""
        score = best_score(wanted.topics) if wanted.topics else ITEM.c.score
        best = (score.desc(), ITEM.c.raw.desc(), ITEM.c.first_seen_at.desc())
        newest = (ITEM.c.first_seen_at.desc(),)
        order = best if wanted.order is QueueOrder.BEST else newest
        with self._database.reading() as session:
            where = _conditions(wanted)
            if wanted.search:
                where.append(search.condition(session, wanted.search))
            total = session.execute(select(func.count()).select_from(ITEM).where(*where))
            keys = session.execute(
                select(ITEM.c.key)
                .where(*where)
                .order_by(*order, ITEM.c.key.desc())
                .limit(wanted.limit)
                .offset(wanted.offset)
            ).scalars()
            items = items_by_key(session, list(keys))
            return ItemPage(items=tuple(items), total=total.scalar_one())

    def counts_of(self, wanted: QueueFilter) -> Mapping[Band, int]:
        """Return how many items fit a filter in each (peak) band; the filter's own bands count."""
        with self._database.reading() as session:
            where = _conditions(wanted)
            if wanted.search:
                where.append(search.condition(session, wanted.search))
            band = band_under(wanted.topics)
            query = select(band, func.count()).where(*where).group_by(band)
            found = {Band(band): count for band, count in session.execute(query)}
        return {band: found.get(band, 0) for band in Band}

    def reprints(self, keys: Sequence[int]) -> dict[int, tuple[Reprint, ...]]:
        """Map items to those of other feeds that say the same within two weeks, best first.

        An item is in the mapping only when there are such. One feed is never its own reprint: a
        column keeps its title while its subject changes.
        """
        found: dict[int, list[Reprint]] = defaultdict(list)
        with self._database.reading() as session:
            for some in chunks(key for key in keys if may_be_key(key)):
                for row in session.execute(_reprints_of(some)):
                    if abs(row.first_seen_at - row.own_first_seen_at) <= REPRINTED_WITHIN:
                        found[row.own_key].append(_reprint(row))
        return {key: tuple(reprints) for key, reprints in found.items()}

    def stopped(
        self, *, bands: Sequence[Band] = (Band.REJECT,), limit: int = 50, offset: int = 0
    ) -> ItemPage:
        """Return what we did not show: undecided items of the low bands, best score first.

        Each carries its near miss, which names what kept it under the next band.
        """
        return self.queue(
            QueueFilter(bands=tuple(bands), states=UNDECIDED, limit=limit, offset=offset)
        )

    def get(self, key: int) -> Item | None:
        """Return one item."""
        with self._database.reading() as session:
            return next(iter(items_by_key(session, [key])), None)

    def by_link(self, link: str) -> Item | None:
        """Return the item kept under a canonical link."""
        with self._database.reading() as session:
            return item_by_link(session, link)

    def counts(self) -> ItemCounts:
        """Return how many items there are in each (peak) band and state."""
        query = select(ITEM.c.peak_band, ITEM.c.state, func.count()).group_by(
            ITEM.c.peak_band, ITEM.c.state
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        by_both = {(Band(band), ItemState(state)): count for band, state, count in rows}
        by_band = dict.fromkeys(Band, 0)
        by_state = dict.fromkeys(ItemState, 0)
        for (band, state), count in by_both.items():
            by_band[band] += count
            by_state[state] += count
        return ItemCounts(
            by_band=by_band,
            by_state=by_state,
            by_band_and_state=by_both,
            total=sum(by_both.values()),
        )

    def per_day(self, starts: Sequence[datetime]) -> tuple[Mapping[Band, int], ...]:
        """Return how many items were first seen between each two of `starts`, by (peak) band.

        One question for all days, which need not be equally long. Backfill is left out. Bands
        without an item are not in the mapping.
        """
        found: tuple[dict[Band, int], ...] = tuple({} for _ in starts[1:])
        if not found:
            return found
        seen = ITEM.c.first_seen_at
        day = case(*[(seen < end, number) for number, end in enumerate(starts[1:])])
        # The day is named inside, so that no engine has to see twice that it is the same one.
        days = (
            select(ITEM.c.peak_band, day.label("day"))
            .where(seen >= starts[0], seen < starts[-1], ~ITEM.c.is_backfill)
            .subquery()
        )
        query = select(days.c.day, days.c.peak_band, func.count()).group_by(
            days.c.day, days.c.peak_band
        )
        with self._database.reading() as session:
            for number, band, count in session.execute(query):
                found[number][Band(band)] = count
        return found

    def places_named(self, places: Sequence[str], since: datetime) -> dict[str, int]:
        """Return how many items name each of these entities, best band queue or better.

        First seen since then, without backfill and without what was judged irrelevant.
        """
        query = (
            select(MATCH.c.entity, func.count(func.distinct(MATCH.c.item_key)))
            .join(ITEM, ITEM.c.key == MATCH.c.item_key)
            .where(
                MATCH.c.entity.in_(places),
                ITEM.c.first_seen_at >= since,
                ~ITEM.c.is_backfill,
                ITEM.c.peak_band != Band.REJECT.value,
                ITEM.c.state != ItemState.IRRELEVANT.value,
            )
            .group_by(MATCH.c.entity)
        )
        with self._database.reading() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def revisions(self, key: int) -> tuple[Revision, ...]:
        """Return the earlier texts of an item, oldest first."""
        with self._database.reading() as session:
            return item_revisions(session, key)

    def sightings(self, key: int) -> tuple[Sighting, ...]:
        """Return the feeds that showed an item, first sighting first."""
        with self._database.reading() as session:
            return item_sightings(session, key)

    # ------------------------------------------------------------ scores

    def to_rescore(self, version: str, *, limit: int, after: int = 0) -> list[Item]:
        """Return items scored by another version, by key; go on with the last key as `after`."""
        query = (
            select(ITEM.c.key)
            .where(ITEM.c.key > after, ITEM.c.score_version != version)
            .order_by(ITEM.c.key)
            .limit(limit)
        )
        with self._database.reading() as session:
            return items_by_key(session, list(session.execute(query).scalars()))

    def rescore(self, key: int, score: Score) -> bool:
        """Replace an item's score, because the rules changed; its best band is then the new one.

        False when there is no such item.
        """
        columns = score_columns(score) | {"peak_band": score.decision.value}
        with self._database.writing() as session:
            changed = session.execute(
                update(ITEM).where(ITEM.c.key == key).values(columns).returning(ITEM.c.key)
            ).first()
            if changed is None:
                return False
            save_explanation(session, key, score)
        return True

    # ------------------------------------------------------------ claims

    def claim(self, key: int, actor: str, *, now: datetime, claim_for: timedelta) -> Claim:
        """Claim an item, so that nobody else works on it; return the claim that holds now.

        That is another person's while theirs has not run out. Raises KeyError for no such item.
        """
        if not may_be_key(key):
            raise KeyError(key)
        with self._database.writing() as session:
            session.execute(
                update(ITEM)
                .where(
                    ITEM.c.key == key,
                    ITEM.c.state.in_([state.value for state in UNDECIDED]),
                    or_(
                        ITEM.c.claimed_until.is_(None),
                        ITEM.c.claimed_until <= now,
                        ITEM.c.claimed_by == actor,
                    ),
                )
                .values(
                    claimed_by=actor, claimed_until=now + claim_for, state=ItemState.CLAIMED.value
                )
            )
            row = session.execute(
                select(ITEM.c.claimed_by, ITEM.c.claimed_until).where(ITEM.c.key == key)
            ).one_or_none()
        if row is None:
            raise KeyError(key)
        return Claim(item_key=key, actor=row.claimed_by or "", until=row.claimed_until or now)

    def claims(self, keys: Iterable[int], now: datetime) -> dict[int, Claim]:
        """Return the claims on these items that hold at `now`; what has run out is free."""
        found: dict[int, Claim] = {}
        with self._database.reading() as session:
            for some in chunks(key for key in keys if may_be_key(key)):
                query = select(ITEM.c.key, ITEM.c.claimed_by, ITEM.c.claimed_until).where(
                    ITEM.c.key.in_(some), *_claimed_at(now)
                )
                for key, actor, until in session.execute(query):
                    found[key] = Claim(item_key=key, actor=actor, until=until)
        return found

    def unclaim(self, key: int, actor: str) -> bool:
        """Give a claim back. False when it is not this person's."""
        with self._database.writing() as session:
            given = session.execute(
                update(ITEM)
                .where(
                    ITEM.c.key == key,
                    ITEM.c.claimed_by == actor,
                    ITEM.c.state == ItemState.CLAIMED.value,
                )
                .values(claimed_by=None, claimed_until=None, state=ItemState.NEW.value)
                .returning(ITEM.c.key)
            )
            return given.first() is not None


# ---------------------------------------------------------------- inside a session


def items_by_key(session: Session, keys: Sequence[int]) -> list[Item]:
    """Return items in the order of `keys`, without those that do not exist."""
    rows: dict[int, Row[Any]] = {}
    matches: dict[int, list[Match]] = defaultdict(list)
    shown: dict[int, list[tuple[int, str]]] = defaultdict(list)
    profiles: dict[int, list[ProfileScore]] = {}
    for some in chunks(key for key in keys if may_be_key(key)):
        query = select(ITEM, FEED.c.id.label("feed_id")).join(FEED, FEED.c.key == ITEM.c.feed_key)
        rows |= {row.key: row for row in session.execute(query.where(ITEM.c.key.in_(some)))}
        lines = select(MATCH).where(MATCH.c.item_key.in_(some))
        for line in session.execute(lines.order_by(MATCH.c.item_key, MATCH.c.position)):
            matches[line.item_key].append(match_value(line))
        profiles |= profile_scores(session, some)
        for item_key, feed_key, spec in session.execute(_sightings_of(some)):
            shown[item_key].append((feed_key, spec["title"]))
    return [
        item_value(
            row,
            row.feed_id,
            matches[key],
            profiles=profiles.get(key, ()),
            also_in=[title for feed_key, title in shown[key] if feed_key != row.feed_key],
        )
        for key in keys
        if (row := rows.get(key)) is not None
    ]


def item_by_link(session: Session, link: str) -> Item | None:
    """Return the item kept under a canonical link."""
    query = select(ITEM.c.key).where(ITEM.c.link == mark(link))
    key = session.execute(query).scalar_one_or_none()
    return None if key is None else items_by_key(session, [key])[0]


def item_revisions(session: Session, key: int) -> tuple[Revision, ...]:
    """Return the earlier texts of an item, oldest first."""
    query = select(REVISION).where(REVISION.c.item_key == key).order_by(REVISION.c.key)
    return tuple(
        Revision(
            title=row.title,
            text=row.text,
            text_state=TextState(row.text_state),
            score=row.score,
            raw=row.raw,
            band=Band(row.band),
            seen_at=row.seen_at,
            replaced_at=row.replaced_at,
            raised_band=row.raised_band,
        )
        for row in session.execute(query)
    )


def item_sightings(session: Session, key: int) -> tuple[Sighting, ...]:
    """Return the feeds that showed an item, first sighting first."""
    query = (
        select(SIGHTING.c.seen_at, FEED.c.id, FEED.c.spec, ENTRY.c.raw_link, ENTRY.c.title)
        .join(FEED, FEED.c.key == SIGHTING.c.feed_key)
        .join(ENTRY, ENTRY.c.key == SIGHTING.c.entry_key)
        .where(SIGHTING.c.item_key == key)
        .order_by(SIGHTING.c.seen_at, SIGHTING.c.feed_key)
    )
    return tuple(
        Sighting(
            feed_id=row.id,
            feed_title=row.spec["title"],
            seen_at=row.seen_at,
            link=row.raw_link,
            title=row.title,
        )
        for row in session.execute(query)
    )


def _sightings_of(keys: Sequence[int]) -> Any:
    return (
        select(SIGHTING.c.item_key, SIGHTING.c.feed_key, FEED.c.spec)
        .join(FEED, FEED.c.key == SIGHTING.c.feed_key)
        .where(SIGHTING.c.item_key.in_(keys))
        .order_by(SIGHTING.c.item_key, SIGHTING.c.seen_at, SIGHTING.c.feed_key)
    )


def _reprints_of(keys: Sequence[int]) -> Any:
    own_mark, own = REPRINT.alias(), ITEM.alias()
    return (
        select(
            own.c.key.label("own_key"),
            own.c.first_seen_at.label("own_first_seen_at"),
            *(ITEM.c[name] for name in ("key", "outlet", "title", "score", "state")),
            ITEM.c.first_seen_at,
        )
        .select_from(own_mark)
        .join(own, own.c.key == own_mark.c.item_key)
        .join(REPRINT, REPRINT.c.mark == own_mark.c.mark)
        .join(ITEM, ITEM.c.key == REPRINT.c.item_key)
        .where(own.c.key.in_(keys), ITEM.c.feed_key != own.c.feed_key)
        .order_by(ITEM.c.score.desc(), ITEM.c.raw.desc(), ITEM.c.key.desc())
    )


def _reprint(row: Row[Any]) -> Reprint:
    return Reprint(
        key=row.key,
        outlet=row.outlet,
        title=row.title,
        score=row.score,
        state=ItemState(row.state),
    )


def _conditions(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    for column, values in (
        (ITEM.c.state, wanted.states),
        (ITEM.c.lang, wanted.langs),
        (ITEM.c.country, wanted.countries),
    ):
        if values:
            where.append(column.in_([str(value) for value in values]))
    if wanted.bands:
        where.append(reaches(wanted.topics, wanted.bands))
    elif wanted.topics:
        where.append(reaches(wanted.topics, KEPT))
    if wanted.feeds:
        seen = (
            select(SIGHTING.c.item_key)
            .join(FEED, FEED.c.key == SIGHTING.c.feed_key)
            .where(FEED.c.id.in_(wanted.feeds))
        )
        where.append(ITEM.c.key.in_(seen))
    if wanted.places:
        named = select(MATCH.c.item_key).where(MATCH.c.entity.in_(wanted.places))
        where.append(ITEM.c.key.in_(named))
    if wanted.since is not None:
        where.append(ITEM.c.first_seen_at >= wanted.since)
    if wanted.until is not None:
        where.append(ITEM.c.first_seen_at < wanted.until)
    if wanted.is_backfill is not None:
        where.append(ITEM.c.is_backfill == wanted.is_backfill)
    if wanted.claimed_by is not None:
        where.append(ITEM.c.claimed_by == wanted.claimed_by)
    if wanted.claimed_at is not None:
        where += _claimed_at(wanted.claimed_at)
    return where + _of_persons(wanted)


def _of_persons(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    """Return the conditions that tell one person's list from another's."""
    where: list[ColumnElement[bool]] = []
    if wanted.unseen_by is not None:
        seen = select(SEEN.c.item_key).where(SEEN.c.person_key == wanted.unseen_by)
        where.append(ITEM.c.key.not_in(seen))
    if wanted.to_grade_by is not None:
        standing = select(GRADE.c.item_key).where(GRADE.c.undone_at.is_(None))
        mine = standing.where(GRADE.c.person_key == wanted.to_grade_by)
        complete = standing.group_by(GRADE.c.item_key).having(func.count() >= 2)
        asked = or_(ITEM.c.state == ItemState.ESCALATED.value, ITEM.c.key.in_(standing))
        where += [asked, ITEM.c.key.not_in(mine), ITEM.c.key.not_in(complete)]
    return where


def _claimed_at(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        ITEM.c.state == ItemState.CLAIMED.value,
        ITEM.c.claimed_by.is_not(None),
        ITEM.c.claimed_until > now,
    )
