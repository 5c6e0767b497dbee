"""What analysts decided. Undoing a verdict marks it, and the one before it holds again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update
from sqlmodel import Session

from monitor.core.reports import Taught, VerdictLine
from monitor.core.values import ItemState, Verdict
from store import audit
from store.items import items_by_key
from store.rows import may_be_key
from store.session import Database
from store.tables.base import table
from store.tables.reviewing import VerdictRow
from store.tables.watching import ItemRow

VERDICT, ITEM = table(VerdictRow), table(ItemRow)

STATE_AFTER = {
    Verdict.RELEVANT: ItemState.RELEVANT,
    Verdict.IRRELEVANT: ItemState.IRRELEVANT,
    Verdict.ESCALATE: ItemState.ESCALATED,
}


class Verdicts:
    """Queries about verdicts. Each writing method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def give(
        self,
        item_key: int,
        verdict: Verdict,
        *,
        actor: str,
        now: datetime,
        teach: bool = False,
        note: str = "",
    ) -> int:
        """Decide about an item; return the verdict's key. Raises KeyError for no such item."""
        return self.give_all(
            [item_key], verdict, actor=actor, now=now, teach=[item_key] if teach else (), note=note
        )

    def give_all(
        self,
        item_keys: Sequence[int],
        verdict: Verdict,
        *,
        actor: str,
        now: datetime,
        teach: Collection[int] = (),
        note: str = "",
    ) -> int:
        """Decide about several items with one press, all or none; return the first verdict's key.

        Undoing any one of them undoes all. Those of `teach` become examples; the note goes to the
        first. Raises KeyError for no such item.
        """
        first, *rest = dict.fromkeys(item_keys)
        line = {"verdict": verdict.value, "actor": actor, "given_at": now}
        with self._database.writing() as session:
            own = line | {"teach": first in teach, "note": note}
            key = _insert(session, first, own)
            if rest:
                mark = update(VERDICT).where(VERDICT.c.key == key).values(batch=key)
                session.execute(mark)
            for item_key in rest:
                own = line | {"teach": item_key in teach, "note": "", "batch": key}
                _insert(session, item_key, own)
        return key

    def undo(self, verdict_key: int, *, actor: str, now: datetime) -> VerdictLine | None:
        """Take a verdict back, and those given with the same press.

        None when there is no such verdict, or it was taken back before.
        """
        with self._database.writing() as session:
            return _undo(session, verdict_key, actor, now)

    def undo_last(self, *, actor: str, now: datetime) -> VerdictLine | None:
        """Take back the last verdict of a person that still holds; None when there is none."""
        last = (
            select(VERDICT.c.key)
            .where(VERDICT.c.actor == actor, VERDICT.c.undone_at.is_(None))
            .order_by(VERDICT.c.given_at.desc(), VERDICT.c.key.desc())
            .limit(1)
        )
        with self._database.writing() as session:
            key = session.execute(last).scalar_one_or_none()
            return None if key is None else _undo(session, key, actor, now)

    def history(self, item_key: int) -> tuple[VerdictLine, ...]:
        """Return all verdicts about an item, oldest first, taken back or not."""
        with self._database.reading() as session:
            return item_verdicts(session, item_key)

    def recent(self, *, limit: int = 50) -> list[VerdictLine]:
        """Return the last verdicts of the team, newest first."""
        query = select(VERDICT).order_by(VERDICT.c.key.desc()).limit(limit)
        with self._database.reading() as session:
            return _lines(session, query)

    def accepted_since(self, since: datetime) -> int:
        """Return how many items have a standing verdict of relevant or escalated since then."""
        accepted = (Verdict.RELEVANT.value, Verdict.ESCALATE.value)
        query = select(func.count(func.distinct(VERDICT.c.item_key))).where(
            VERDICT.c.given_at >= since,
            VERDICT.c.undone_at.is_(None),
            VERDICT.c.verdict.in_(accepted),
        )
        with self._database.reading() as session:
            return int(session.execute(query).scalar_one())

    def taught(self) -> list[Taught]:
        """Return the items that became examples, each with its latest standing verdict to teach."""
        query = (
            select(VERDICT)
            .where(VERDICT.c.teach, VERDICT.c.undone_at.is_(None))
            .order_by(VERDICT.c.key)
        )
        with self._database.reading() as session:
            latest = {line.item_key: line for line in _lines(session, query)}
            items = items_by_key(session, list(latest))
            return [Taught(verdict=latest[item.key], item=item) for item in items]


def _insert(session: Session, item_key: int, line: Mapping[str, Any]) -> int:
    """Write one verdict and give its item the state that follows; return the verdict's key."""
    state = STATE_AFTER[Verdict(line["verdict"])]
    told = {"teach": True} if line["teach"] else {}
    trail = {"action": "item.decided", "actor": line["actor"], "now": line["given_at"]}
    if not may_be_key(item_key) or not _set_state(session, item_key, state, told, trail):
        raise KeyError(item_key)
    insert = VERDICT.insert().values({"item_key": item_key, **line}).returning(VERDICT.c.key)
    return int(session.execute(insert).scalar_one())


def item_verdicts(session: Session, item_key: int) -> tuple[VerdictLine, ...]:
    """Return all verdicts about an item, oldest first."""
    query = select(VERDICT).where(VERDICT.c.item_key == item_key).order_by(VERDICT.c.key)
    return tuple(_lines(session, query))


def _undo(session: Session, key: int, actor: str, now: datetime) -> VerdictLine | None:
    if not may_be_key(key):
        return None
    own = VERDICT.alias()
    batch = select(own.c.batch).where(own.c.key == key, own.c.undone_at.is_(None)).scalar_subquery()
    rows = session.execute(
        update(VERDICT)
        .where(or_(VERDICT.c.key == key, VERDICT.c.batch == batch), VERDICT.c.undone_at.is_(None))
        .values(undone_at=now, undone_by=actor)
        .returning(VERDICT)
    ).all()
    for row in rows:
        trail = {"action": "item.undone", "actor": actor, "now": now}
        _stand_again(session, row.item_key, trail)
    return next((_line(row) for row in rows if row.key == key), None)


def _stand_again(session: Session, item_key: int, trail: Mapping[str, Any]) -> None:
    """Give an item the state of the verdict that holds now."""
    standing = session.execute(
        select(VERDICT.c.verdict)
        .where(VERDICT.c.item_key == item_key, VERDICT.c.undone_at.is_(None))
        .order_by(VERDICT.c.key.desc())
        .limit(1)
    ).scalar_one_or_none()
    state = ItemState.NEW if standing is None else STATE_AFTER[Verdict(standing)]
    _set_state(session, item_key, state, {}, trail)


def _set_state(
    session: Session,
    item_key: int,
    state: ItemState,
    told: Mapping[str, object],
    trail: Mapping[str, Any],
) -> bool:
    """Give an item its state, and the audit trail its line; a claim ends with it."""
    held = select(ITEM.c.state).where(ITEM.c.key == item_key).with_for_update()
    before = session.execute(held).scalar()
    if before is None:
        return False
    session.execute(
        update(ITEM)
        .where(ITEM.c.key == item_key)
        .values(state=state.value, claimed_by=None, claimed_until=None)
    )
    session.execute(
        audit.line(
            subject=f"item:{item_key}",
            before={"state": before},
            after={"state": state.value, **told},
            **trail,
        )
    )
    return True


def _lines(session: Session, query: Select[Any]) -> list[VerdictLine]:
    return [_line(row) for row in session.execute(query)]


def _line(row: Row[Any]) -> VerdictLine:
    return VerdictLine(
        key=row.key,
        item_key=row.item_key,
        verdict=Verdict(row.verdict),
        teach=row.teach,
        note=row.note,
        actor=row.actor,
        given_at=row.given_at,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        batch=row.batch,
    )
