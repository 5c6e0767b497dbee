"""What each person has looked at: when they last saw the queue, which items they opened.

Personal, and apart from the team's decisions: nothing is hidden, decided or counted by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session

from monitor.core.reviewing import Look
from store.rows import chunks, may_be_key
from store.session import Database
from store.tables.base import table, upsert
from store.tables.desk import LookRow, SeenRow

LOOK, SEEN = table(LookRow), table(SeenRow)

# After such a pause a person begins a new sitting: what came since the last one is new to them.
SITTING_ENDS_AFTER = timedelta(minutes=30)
# A look is written down at most this often: opening pages must not keep the writer busy.
NOTED_EVERY = timedelta(minutes=1)


class Looks:
    """Queries about looks."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def last(self, person_key: int) -> Look | None:
        """Return when a person last looked; None when they never did."""
        with self._database.reading() as session:
            return _last(session, person_key)

    def look(self, person_key: int, now: datetime) -> Look:
        """Note that a person looks at the queue now, and return since when things are new to them.

        At the very first look nothing is new: everything would be.
        """
        before = self.last(person_key)
        if before is not None and now - before.last_at < NOTED_EVERY:
            return before
        with self._database.writing() as session:
            before = _last(session, person_key)
            since = now if before is None else before.since
            if before is not None and now - before.last_at >= SITTING_ENDS_AFTER:
                since = before.last_at
            values = {"since": since, "last_at": now}
            if before is None:
                insert = upsert(LOOK, is_sqlite=self._database.is_sqlite).values(
                    person_key=person_key, **values
                )
                session.execute(insert.on_conflict_do_nothing())
            else:
                session.execute(update(LOOK).where(LOOK.c.person_key == person_key).values(values))
        return Look(since=since, last_at=now)

    def open(self, person_key: int, item_key: int, now: datetime) -> None:
        """Note that a person has opened an item, the first time."""
        if self.seen(person_key, [item_key]):
            return
        self.open_all(person_key, [item_key], now)

    def open_all(self, person_key: int, item_keys: Iterable[int], now: datetime) -> None:
        """Note that a person has seen these items, which must be there."""
        rows = [
            {"person_key": person_key, "item_key": key, "seen_at": now}
            for key in dict.fromkeys(item_keys)
        ]
        if rows:
            with self._database.writing() as session:
                session.execute(
                    upsert(SEEN, is_sqlite=self._database.is_sqlite).on_conflict_do_nothing(), rows
                )

    def seen(self, person_key: int, item_keys: Iterable[int]) -> set[int]:
        """Return which of these items a person has opened or decided."""
        found: set[int] = set()
        with self._database.reading() as session:
            for some in chunks(key for key in item_keys if may_be_key(key)):
                query = select(SEEN.c.item_key).where(
                    SEEN.c.person_key == person_key, SEEN.c.item_key.in_(some)
                )
                found.update(session.execute(query).scalars())
        return found


def _last(session: Session, person_key: int) -> Look | None:
    row = session.execute(select(LOOK).where(LOOK.c.person_key == person_key)).one_or_none()
    return None if row is None else Look(since=row.since, last_at=row.last_at)
