"""How far reports hold as evidence: one grade a reader, and how often two readers agree."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlmodel import Session

from monitor.core.reviewing import Agreement, Grade, GradeLine, Grading, agreement, grading
from store.rows import may_be_key, storable
from store.session import Database
from store.tables.base import table
from store.tables.desk import GradeRow
from store.tables.watching import ItemRow

GRADE, ITEM = table(GradeRow), table(ItemRow)


class Grades:
    """Queries about grades."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def give(
        self,
        item_key: int,
        grade: Grade,
        *,
        person_key: int,
        reader: str,
        now: datetime,
        note: str = "",
    ) -> bool:
        """Keep a person's grade of an item. False when they have given one that stands.

        Raises KeyError for no such item.
        """
        if not may_be_key(item_key):
            raise KeyError(item_key)
        with self._database.writing() as session:
            # Locked, so that two presses at once do not give two grades.
            own = select(ITEM.c.key).where(ITEM.c.key == item_key).with_for_update()
            if session.execute(own).one_or_none() is None:
                raise KeyError(item_key)
            if any(line.person_key == person_key for line in _standing(session, item_key)):
                return False
            line = {
                "item_key": item_key,
                "person_key": person_key,
                "reader": reader,
                "grade": grade.value,
                "note": note,
                "given_at": now,
            }
            session.execute(GRADE.insert().values(storable(line)))
            return True

    def undo(self, item_key: int, *, person_key: int, now: datetime) -> bool:
        """Take back a person's grade, while they are the only reader. False: nothing to take back.

        Once a second reader has graded, both have seen both: a changed grade would be no
        independent one any more.
        """
        if not may_be_key(item_key):
            return False
        with self._database.writing() as session:
            lines = _standing(session, item_key)
            if len(lines) != 1 or lines[0].person_key != person_key:
                return False
            session.execute(
                update(GRADE)
                .where(GRADE.c.item_key == item_key, GRADE.c.undone_at.is_(None))
                .values(undone_at=now)
            )
            return True

    def of(self, item_key: int, person_key: int) -> Grading:
        """Return the grades of an item as one person may see them."""
        with self._database.reading() as session:
            return grading(_standing(session, item_key), person_key)

    def agreement(self) -> Agreement:
        """Return how often the first and the second reader of an item agreed, over the team."""
        twice = (
            select(GRADE.c.item_key)
            .where(GRADE.c.undone_at.is_(None))
            .group_by(GRADE.c.item_key)
            .having(func.count() >= 2)
        )
        query = (
            select(GRADE.c.item_key, GRADE.c.grade)
            .where(GRADE.c.undone_at.is_(None), GRADE.c.item_key.in_(twice))
            .order_by(GRADE.c.item_key, GRADE.c.key)
        )
        given: dict[int, list[str]] = {}
        with self._database.reading() as session:
            for item_key, grade in session.execute(query):
                given.setdefault(item_key, []).append(grade)
        return agreement([(first, second) for first, second, *_ in given.values()])


def _standing(session: Session, item_key: int) -> list[GradeLine]:
    query = (
        select(GRADE)
        .where(GRADE.c.item_key == item_key, GRADE.c.undone_at.is_(None))
        .order_by(GRADE.c.key)
    )
    return [_line(row) for row in session.execute(query)]


def _line(row: Row[Any]) -> GradeLine:
    return GradeLine(
        item_key=row.item_key,
        person_key=row.person_key,
        reader=row.reader,
        grade=Grade(row.grade),
        note=row.note,
        given_at=row.given_at,
    )
