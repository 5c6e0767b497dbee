"""The second transaction: what reading and scoring made of pending entries.

An entry becomes a new item, a revision of its item, or a duplicate of an item that is kept under
the same address; its fate says which. An edit never hides a report: the better text of two is kept,
the other stays as a revision, and an item is listed under the best band that any of its texts
reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update
from sqlmodel import Session

from monitor.core.reprints import reprint_mark
from monitor.core.values import Band, Fate, ItemState, ReadEntry, Score, TextState
from store import search
from store.marks import expected
from store.profiles import peaks_of, save_explanation
from store.rows import chunks, mark, score_columns, storable
from store.search import Terms
from store.tables.base import table, upsert
from store.tables.desk import ReprintRow
from store.tables.watching import (
    EntryRow,
    FateRow,
    ItemRow,
    RevisionRow,
    SightingRow,
)

ENTRY, FATE, ITEM = table(EntryRow), table(FateRow), table(ItemRow)
REVISION, SIGHTING, REPRINT = table(RevisionRow), table(SightingRow), table(ReprintRow)

# How much of the article a text state stands for. A later reading that got less must not replace
# one that got more: a consent wall would erase the report.
COMPLETENESS = {
    TextState.FULL: 3,
    TextState.FEED: 3,
    TextState.CUT: 2,
    TextState.TEASER: 1,
    TextState.NO_FULL_TEXT: 1,
    TextState.FETCH_FAILED: 1,
    TextState.TITLE_ONLY: 0,
}

SAME_ADDRESS = "This address is already kept as item %d."
SAME_TEXT = "Changed in the feed, but read again its text is the same."
LESS_TEXT = "Read again, but less of its text could be had: the earlier text is kept."
NEW_TEXT = "Changed: the earlier text is kept as revision %d."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    fate: Fate
    item_key: int
    reason: str = ""


def items_by_link(session: Session, links: Iterable[str]) -> dict[str, int]:
    """Map canonical links to the keys of the items kept under them."""
    asked = {mark(link): link for link in links}
    found: dict[str, int] = {}
    for some in chunks(asked):
        query = select(ITEM.c.link, ITEM.c.key).where(ITEM.c.link.in_(some))
        found |= {asked[row.link]: row.key for row in session.execute(query)}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A feed showed an item. `is_news`: not in the feed's first poll."""

    item_key: int
    feed_key: int
    entry_key: int
    is_news: bool


def save(
    session: Session,
    read: Sequence[ReadEntry],
    words: Sequence[Terms],
    now: datetime,
    *,
    is_sqlite: bool,
) -> list[Fate]:
    """Decide the fate of each pending entry and write it with all that belongs to it.

    `words`: what `words_of` gives for each.
    """
    before = _before(session, read)
    # Which item an entry is: it may have become one since it was leased, or in this very batch.
    owners = {row.entry_key: row.item_key for row in before.values()}
    decided: dict[int, Fate] = {key: Fate(row.fate) for key, row in before.items()}
    outcomes: list[tuple[ReadEntry, _Outcome]] = []
    for one, its_words in zip(read, words, strict=True):
        pending = one.pending
        # Not pending any more: the lease ran out, and another process was faster.
        if decided[pending.fate_key] is Fate.PENDING:
            own = owners[pending.entry_key]
            if own is None:
                outcome = _keep(session, one, its_words, now, is_sqlite=is_sqlite)
            else:
                outcome = _revise(session, own, one, its_words, now)
            owners[pending.entry_key] = outcome.item_key
            decided[pending.fate_key] = outcome.fate
            outcomes.append((one, outcome))
    _close(session, outcomes, before, now)
    return [decided[one.pending.fate_key] for one in read]


def _before(session: Session, read: Sequence[ReadEntry]) -> dict[int, Row[Any]]:
    """Return how the fates and their entries stand, by fate, and keep others from changing them."""
    found: dict[int, Row[Any]] = {}
    for keys in chunks(one.pending.fate_key for one in read):
        query = (
            select(FATE.c.key, FATE.c.fate, FATE.c.reason, FATE.c.entry_key, ENTRY.c.item_key)
            .join(ENTRY, ENTRY.c.key == FATE.c.entry_key)
            .where(FATE.c.key.in_(keys))
            .order_by(FATE.c.key)
            .with_for_update()
        )
        found |= {row.key: row for row in session.execute(query)}
    return found


def _keep(
    session: Session, read: ReadEntry, words: Terms, now: datetime, *, is_sqlite: bool
) -> _Outcome:
    """Make a new item, unless one is kept under the same address."""
    insert = upsert(ITEM, is_sqlite=is_sqlite)
    key = session.execute(
        insert.on_conflict_do_nothing(index_elements=["link"]).returning(ITEM.c.key),
        _item_columns(read, now) | {"tlp": expected(session, read.pending.link)},
    ).scalar_one_or_none()
    if key is not None:
        save_explanation(session, key, read.score)
        _mark_reprint(session, key, _title(read))
        search.index(session, key, words)
        return _Outcome(fate=Fate.STORED, item_key=key)
    kept = session.execute(select(ITEM.c.key).where(ITEM.c.link == read.pending.link)).scalar_one()
    return _Outcome(fate=Fate.DUPLICATE, item_key=kept, reason=SAME_ADDRESS % kept)


def _item_columns(read: ReadEntry, now: datetime) -> dict[str, Any]:
    pending, entry, article = read.pending, read.pending.entry, read.article
    # The feed's date names an hour, the page's often only a day.
    dated = entry if entry.published_at is not None else article
    columns = {
        "link": pending.link,
        "url": article.url or entry.link or "",
        "feed_key": pending.feed_key,
        "outlet": entry.source or pending.feed.title,
        "country": pending.feed.country,
        "author": ", ".join(entry.authors) or article.author,
        "published_at": dated.published_at,
        "date_source": dated.date_source.value,
        "published_raw": entry.published_raw,
        "first_seen_at": pending.first_seen_at,
        "is_backfill": pending.is_backfill,
        "peak_band": read.score.decision.value,
        "state": ItemState.NEW.value,
        "revision_count": 0,
    }
    return storable(columns) | _text_columns(read, now)


def words_of(read: Sequence[ReadEntry]) -> list[Terms]:
    """Return the search terms of what was read. Slow enough to be done outside a transaction."""
    return [search.analyse(_title(one), one.article.text) for one in read]


def _title(read: ReadEntry) -> str:
    entry = read.pending.entry
    return read.article.title or entry.title or entry.link or ""


def _text_columns(read: ReadEntry, now: datetime) -> dict[str, Any]:
    """Return the columns that change with the text."""
    article = read.article
    columns = {
        "title": _title(read),
        "text": article.text,
        "text_state": article.state.value,
        "lang": read.lang,
        "error": article.error.value if article.error else None,
        "notes": list(article.notes),
        "read_at": now,
    } | score_columns(read.score)
    return storable(columns)


def _mark_reprint(session: Session, item_key: int, title: str) -> None:
    if mark_of_it := reprint_mark(title):
        session.execute(REPRINT.insert().values(item_key=item_key, mark=mark_of_it))


def _revise(
    session: Session, item_key: int, read: ReadEntry, words: Terms, now: datetime
) -> _Outcome:
    """Give the item its new text, unless that would lose something."""
    before = session.execute(select(ITEM).where(ITEM.c.key == item_key).with_for_update()).one()
    after = _text_columns(read, now)
    if (after["title"], after["text"]) == (before.title, before.text):
        return _Outcome(fate=Fate.REVISION, item_key=item_key, reason=SAME_TEXT)
    peaks = peaks_of(session, item_key)
    rises = read.score.decision.rank > Band(before.peak_band).rank
    rises_anywhere = rises or _rises(read.score, peaks)
    if _completeness(after) < _completeness(before._mapping) and not rises_anywhere:
        return _Outcome(fate=Fate.REVISION, item_key=item_key, reason=LESS_TEXT)
    _keep_old(session, before, now, raised_band=rises)
    after["revision_count"] = before.revision_count + 1
    if rises:
        after["peak_band"] = read.score.decision.value
    if rises_anywhere:
        after |= {"risen_at": now, "is_backfill": False}
    session.execute(update(ITEM).where(ITEM.c.key == item_key).values(after))
    save_explanation(session, item_key, read.score, peaks=peaks)
    if after["title"] != before.title:
        session.execute(delete(REPRINT).where(REPRINT.c.item_key == item_key))
        _mark_reprint(session, item_key, _title(read))
    search.index(session, item_key, words)
    reason = NEW_TEXT % after["revision_count"]
    return _Outcome(fate=Fate.REVISION, item_key=item_key, reason=reason)


def _rises(score: Score, peaks: Mapping[str, Band]) -> bool:
    """Tell whether a text reaches a better band than all before it, under any profile they had."""
    return any(
        one.profile in peaks and one.decision.rank > peaks[one.profile].rank
        for one in score.profiles
    )


def _completeness(columns: Any) -> int:
    return COMPLETENESS[TextState(columns["text_state"])]


def _keep_old(session: Session, before: Row[Any], now: datetime, *, raised_band: bool) -> None:
    session.execute(
        REVISION.insert().values(
            item_key=before.key,
            title=before.title,
            text=before.text,
            text_state=before.text_state,
            score=before.score,
            raw=before.raw,
            band=before.band,
            score_version=before.score_version,
            seen_at=before.read_at,
            replaced_at=now,
            raised_band=raised_band,
        )
    )


def _close(
    session: Session,
    outcomes: Sequence[tuple[ReadEntry, _Outcome]],
    before: Mapping[int, Row[Any]],
    now: datetime,
) -> None:
    """Make fates final, tie entries to their items, and note the sightings."""
    if not outcomes:
        return
    session.execute(
        update(FATE)
        .where(FATE.c.key == bindparam("fate_key"))
        .values(
            fate=bindparam("new_fate"),
            item_key=bindparam("new_item"),
            reason=bindparam("new_reason"),
            decided_at=now,
            lease_owner=None,
            lease_until=None,
        ),
        [
            {
                "fate_key": one.pending.fate_key,
                "new_fate": outcome.fate.value,
                "new_item": outcome.item_key,
                "new_reason": outcome.reason or before[one.pending.fate_key].reason,
            }
            for one, outcome in outcomes
        ],
    )
    see(
        session,
        [
            Seen(
                item_key=outcome.item_key,
                feed_key=one.pending.feed_key,
                entry_key=one.pending.entry_key,
                is_news=outcome.fate is Fate.DUPLICATE and not one.pending.is_backfill,
            )
            for one, outcome in outcomes
        ],
        now,
    )


def see(session: Session, seen: Sequence[Seen], now: datetime) -> None:
    """Note that feeds showed items, and tie their entries to them.

    An item that only backfill had brought becomes news when a feed shows it among its new entries;
    otherwise no digest would ever tell it.
    """
    if not seen:
        return
    session.execute(
        update(ENTRY)
        .where(ENTRY.c.key == bindparam("own_key"))
        .values(item_key=bindparam("new_item")),
        [{"own_key": one.entry_key, "new_item": one.item_key} for one in seen],
    )
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = upsert(SIGHTING, is_sqlite=is_sqlite)
    session.execute(
        insert.on_conflict_do_nothing(index_elements=["item_key", "feed_key"]),
        [
            {
                "item_key": one.item_key,
                "feed_key": one.feed_key,
                "entry_key": one.entry_key,
                "seen_at": now,
            }
            for one in seen
        ],
    )
    for keys in chunks(one.item_key for one in seen if one.is_news):
        session.execute(
            update(ITEM)
            .where(ITEM.c.key.in_(keys), ITEM.c.is_backfill)
            .values(is_backfill=False, risen_at=now)
        )
