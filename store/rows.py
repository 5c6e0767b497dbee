"""Turns rows into the values of the house and back. Pure; the only place that knows both shapes.

Reading is tolerant where it can be (unknown keys of a stored feed are dropped), because rows
outlive versions of the program; writing is exact.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Row

from monitor.core.tlp import Tlp
from monitor.core.values import (
    Band,
    DateSource,
    Entry,
    ErrorCode,
    Feed,
    FeedForPoll,
    Item,
    ItemState,
    Match,
    Nearest,
    NearMiss,
    ProfileScore,
    Score,
    TextState,
)

T = TypeVar("T")

# Parameters in one statement: far under SQLite's 32,766 and PostgreSQL's 65,535 even when a name
# is asked for in three columns.
CHUNK = 500

# The largest key that PostgreSQL's integer holds; what people type may be larger.
LARGEST_KEY = 2**31 - 1

# Bytes of an id or address that is indexed as it is.
LONGEST_MARK = 1500

_HALF = re.compile("[\ud800-\udfff]")
_FEED_FIELDS = frozenset(field.name for field in fields(Feed))
_DURATIONS = ("every", "max_age")
_TUPLES = ("tags", "drop_url")


def chunks(names: Iterable[T]) -> Iterator[list[T]]:
    """Yield lists of at most `CHUNK`, so that a statement keeps a bounded number of parameters."""
    rest = iter(names)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def storable(value: T) -> T:
    """Return a value in which every text is one that both engines can keep.

    NUL and half characters (lone surrogates) become U+FFFD, one for one, so that offsets hold. They
    should have been replaced long before; but a single one would stop its feed for good.
    """
    if isinstance(value, str):
        return cast(T, _sound(value))
    if isinstance(value, list):
        return cast(T, [storable(one) for one in value])
    if isinstance(value, dict):
        return cast(T, {name: storable(one) for name, one in value.items()})
    return value


def _sound(text: str) -> str:
    text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text
    return _HALF.sub("\ufffd", text)


def mark(text: str) -> str:
    """Return an id or address as it is indexed: storable, and an overlong one as its hash.

    PostgreSQL refuses to index more than 2,704 bytes.
    """
    sound = _sound(text)
    if len(sound) <= LONGEST_MARK // 4 or len(sound.encode()) <= LONGEST_MARK:
        return sound
    return f"{sound[:200]}#sha256:{hashlib.sha256(sound.encode()).hexdigest()}"


def may_be_key(number: int) -> bool:
    """Say whether a number from outside can be a key at all; asking for others is an error."""
    return 0 < number <= LARGEST_KEY


def feed_to_json(feed: Feed) -> dict[str, Any]:
    """Return a feed as JSON: durations in seconds, tuples as lists."""
    spec = asdict(feed)
    for name in _DURATIONS:
        spec[name] = spec[name].total_seconds()
    for name in _TUPLES:
        spec[name] = list(spec[name])
    return storable(spec)


def feed_from_json(spec: Mapping[str, Any]) -> Feed:
    """Return the feed that `feed_to_json` wrote, by this version of the program or another."""
    known = {name: value for name, value in spec.items() if name in _FEED_FIELDS}
    for name in _DURATIONS:
        if name in known:
            known[name] = timedelta(seconds=known[name])
    for name in _TUPLES:
        if name in known:
            known[name] = tuple(known[name])
    return Feed(**known)


def feed_for_poll(row: Row[Any]) -> FeedForPoll:
    """Return a leased feed from a row of the feed table."""
    return FeedForPoll(
        key=row.key,
        feed=feed_from_json(row.spec),
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        failure_count=row.failure_count,
        first_good_at=row.first_good_at,
        last_good_at=row.last_good_at,
        last_full_at=row.last_full_at,
        in_first_flood=row.in_first_flood,
        newest_entry_at=row.newest_entry_at,
        interval=None if row.interval is None else timedelta(seconds=row.interval),
        lease_token=row.lease_token or "",
    )


def entry_columns(entry: Entry) -> dict[str, Any]:
    """Return what an entry row keeps of an entry, whatever its identity and fate."""
    columns = {
        "guid": mark(entry.guid) if entry.guid is not None else None,
        "raw_link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "published_at": entry.published_at,
        "date_source": entry.date_source.value,
        "published_raw": entry.published_raw,
        "authors": list(entry.authors),
        "tags": list(entry.tags),
        "source": entry.source,
    }
    return storable(columns)


def entry_value(row: Row[Any]) -> Entry:
    """Return what the feed last said, from a row of the entry table."""
    return Entry(
        guid=row.guid,
        link=row.raw_link,
        title=row.title,
        summary=row.summary,
        content=row.content,
        published_at=row.published_at,
        date_source=DateSource(row.date_source),
        published_raw=row.published_raw,
        authors=tuple(row.authors),
        tags=tuple(row.tags),
        source=row.source,
    )


def score_columns(score: Score) -> dict[str, Any]:
    """Return the columns of an item row that hold its score; matches have their own rows."""
    return {
        "score": score.score,
        "raw": score.raw,
        "band": score.decision.value,
        "score_lang": score.lang,
        "score_version": score.version,
        "nearest": [[near.seed, near.similarity, list(near.shared)] for near in score.nearest],
        "near_miss": near_miss_to_json(score.near_miss),
    }


def near_miss_to_json(miss: NearMiss | None) -> dict[str, Any] | None:
    """Return a near miss as JSON."""
    if miss is None:
        return None
    return {"band": miss.band.value, "short_by": miss.short_by, "missing": list(miss.missing)}


def near_miss_from_json(said: Mapping[str, Any] | None) -> NearMiss | None:
    """Return the near miss that `near_miss_to_json` wrote."""
    if said is None:
        return None
    return NearMiss(
        band=Band(said["band"]), short_by=said["short_by"], missing=tuple(said["missing"])
    )


def match_columns(item_key: int, matches: Sequence[Match]) -> list[dict[str, Any]]:
    """Return one row of the match table for each line of an explanation, in order."""
    return [
        {"item_key": item_key, "position": position, **storable(asdict(match))}
        for position, match in enumerate(matches)
    ]


def match_value(row: Row[Any]) -> Match:
    """Return one line of an explanation from a row of the match table."""
    return Match(
        rule=row.rule,
        points=row.points,
        field=row.field,
        entity=row.entity,
        surface=row.surface,
        start=row.start,
        end=row.end,
        snippet=row.snippet,
        label=row.label,
    )


def item_value(
    row: Row[Any],
    feed_id: str,
    matches: Sequence[Match],
    *,
    profiles: Sequence[ProfileScore] = (),
    also_in: Sequence[str] = (),
) -> Item:
    """Return an item from a row of the item table and what belongs to it in other tables."""
    return Item(
        key=row.key,
        url=row.url,
        title=row.title,
        text=row.text,
        text_state=TextState(row.text_state),
        lang=row.lang,
        feed_id=feed_id,
        outlet=row.outlet,
        country=row.country,
        published_at=row.published_at,
        date_source=DateSource(row.date_source),
        first_seen_at=row.first_seen_at,
        score=Score(
            score=row.score,
            raw=row.raw,
            decision=Band(row.band),
            lang=row.score_lang,
            matches=tuple(matches),
            nearest=tuple(
                Nearest(seed=seed, similarity=similarity, shared=tuple(shared))
                for seed, similarity, shared in row.nearest
            ),
            near_miss=near_miss_from_json(row.near_miss),
            version=row.score_version,
            profiles=tuple(profiles),
        ),
        state=ItemState(row.state),
        is_backfill=row.is_backfill,
        also_in=tuple(also_in),
        revision_count=row.revision_count,
        error=ErrorCode(row.error) if row.error else None,
        notes=tuple(row.notes),
        peak=Band(row.peak_band),
        tlp=Tlp(row.tlp),
    )
