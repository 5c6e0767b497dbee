"""What items get under each profile: written beside the explanation, and asked for as a topic.

The conditions say in SQL what `monitor.core.topics` says of one item; a test holds them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, delete, exists, func, or_, select
from sqlmodel import Session

from monitor.core.values import Band, Match, ProfileScore, Score
from store.rows import match_columns, storable
from store.tables.base import table
from store.tables.watching import ItemRow, MatchRow, ProfileScoreRow

ITEM, MATCH, PROFILE = table(ItemRow), table(MatchRow), table(ProfileScoreRow)
KEPT = tuple(band for band in Band if band is not Band.REJECT)
_PLAIN = {field.name: field.default for field in fields(Match)}


def save_explanation(
    session: Session, item_key: int, score: Score, *, peaks: Mapping[str, Band] | None = None
) -> None:
    """Replace the lines of an item's score, and what it gets under each profile.

    `peaks`: the best bands of its earlier texts by profile, which an edit must not lower.
    """
    session.execute(delete(MATCH).where(MATCH.c.item_key == item_key))
    session.execute(delete(PROFILE).where(PROFILE.c.item_key == item_key))
    if score.matches:
        session.execute(MATCH.insert(), match_columns(item_key, score.matches))
    if score.profiles:
        session.execute(
            PROFILE.insert(),
            [
                _columns(item_key, position, one, (peaks or {}).get(one.profile, Band.REJECT))
                for position, one in enumerate(score.profiles)
            ],
        )


def _columns(item_key: int, position: int, one: ProfileScore, before: Band) -> dict[str, Any]:
    return {
        "item_key": item_key,
        "profile": one.profile,
        "position": position,
        "score": one.score,
        "raw": one.raw,
        "band": one.decision.value,
        "peak_band": max(one.decision, before, key=lambda band: band.rank).value,
        "points": [
            {
                name: value
                for name, value in storable(asdict(match)).items()
                if value != _PLAIN[name]
            }
            for match in one.matches
        ],
    }


def peaks_of(session: Session, item_key: int) -> dict[str, Band]:
    """Return the best band that any text of an item reached under each profile."""
    query = select(PROFILE.c.profile, PROFILE.c.peak_band).where(PROFILE.c.item_key == item_key)
    return {profile: Band(peak) for profile, peak in session.execute(query)}


def profile_scores(session: Session, keys: Sequence[int]) -> dict[int, list[ProfileScore]]:
    """Return what items get under each profile, in the order of the rule files."""
    found: dict[int, list[ProfileScore]] = defaultdict(list)
    query = select(PROFILE).where(PROFILE.c.item_key.in_(keys))
    for row in session.execute(query.order_by(PROFILE.c.item_key, PROFILE.c.position)):
        found[row.item_key].append(_value(row))
    return found


def _value(row: Row[Any]) -> ProfileScore:
    return ProfileScore(
        profile=row.profile,
        score=row.score,
        raw=row.raw,
        decision=Band(row.band),
        matches=tuple(Match(**line) for line in row.points),
        peak=Band(row.peak_band),
    )


# ---------------------------------------------------------------- topics as conditions


def reaches(topics: Sequence[str], bands: Sequence[Band]) -> ColumnElement[bool]:
    """Ask whether an item's best band is one of `bands` under one of the topics.

    Without topics, and for a topic that the item has no score for, the default decision counts.
    """
    wanted = [band.value for band in bands]
    by_default = ITEM.c.peak_band.in_(wanted)
    if not topics:
        return by_default
    scored = (
        select(func.count())
        .select_from(PROFILE)
        .where(PROFILE.c.item_key == ITEM.c.key, PROFILE.c.profile.in_(topics))
        .scalar_subquery()
    )
    under = exists().where(
        PROFILE.c.item_key == ITEM.c.key,
        PROFILE.c.profile.in_(topics),
        PROFILE.c.peak_band.in_(wanted),
    )
    return or_(under, and_(by_default, scored < len(set(topics))))


def band_under(topics: Sequence[str]) -> ColumnElement[str]:
    """Return an item's best band under the topics, or its own without any."""
    if not topics:
        return ITEM.c.peak_band
    best_first = [(reaches(topics, [band]), band.value) for band in reversed(Band)]
    return case(*best_first, else_=Band.REJECT.value)


def is_of(topics: Sequence[str]) -> ColumnElement[bool]:
    """Ask whether an item is of one of the topics at all, or of none that there is."""
    claimed = exists().where(
        PROFILE.c.item_key == ITEM.c.key, PROFILE.c.peak_band != Band.REJECT.value
    )
    return or_(reaches(topics, KEPT), ~claimed)


def best_score(topics: Sequence[str]) -> ColumnElement[int]:
    """Return an item's best score under the topics, or its own when it has none."""
    under = (
        select(func.max(PROFILE.c.score))
        .where(PROFILE.c.item_key == ITEM.c.key, PROFILE.c.profile.in_(topics))
        .scalar_subquery()
    )
    return func.coalesce(under, ITEM.c.score)
