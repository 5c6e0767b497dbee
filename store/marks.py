"""How far items may travel: the marks that people give them, before and after there is an item.

A mark that comes with a tip is kept under the tip's address before the page is fetched, so that no
alert can go out between the item and its mark. Such a mark only ever makes an item stricter.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from monitor.core.tlp import Tlp
from store.rows import mark, may_be_key
from store.session import Database
from store.tables.base import table
from store.tables.watching import ItemRow, MarkRow

ITEM, MARK = table(ItemRow), table(MarkRow)


class Marks:
    """Questions and changes about marks. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def set(self, item_key: int, tlp: Tlp) -> Tlp | None:
        """Mark an item; return the mark it had, None when there is no such item."""
        if not may_be_key(item_key):
            return None
        with self._database.writing() as session:
            before = session.execute(
                select(ITEM.c.tlp).where(ITEM.c.key == item_key).with_for_update()
            ).scalar_one_or_none()
            if before is None:
                return None
            session.execute(update(ITEM).where(ITEM.c.key == item_key).values(tlp=tlp.value))
            return Tlp(before)

    def expect(self, link: str, tlp: Tlp, now: datetime) -> None:
        """Mark what is kept under a canonical link, or will be; never make a mark milder."""
        with self._database.writing() as session:
            known = session.execute(
                select(MARK.c.tlp).where(MARK.c.link == mark(link)).with_for_update()
            ).scalar_one_or_none()
            stricter = tlp.or_stricter(Tlp(known)) if known else tlp
            insert = (sqlite if self._database.is_sqlite else postgresql).insert(MARK)
            statement = insert.values(link=mark(link), tlp=stricter.value, marked_at=now)
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=["link"], set_={"tlp": stricter.value, "marked_at": now}
                )
            )
            milder = [one.value for one in Tlp if one.rank < stricter.rank]
            session.execute(
                update(ITEM)
                .where(ITEM.c.link == mark(link), ITEM.c.tlp.in_(milder))
                .values(tlp=stricter.value)
            )


def expected(session: Session, link: str | None) -> str:
    """Return the mark that a new item under this canonical link begins with."""
    if link is None:
        return Tlp.CLEAR.value
    query = select(MARK.c.tlp).where(MARK.c.link == mark(link))
    return session.execute(query).scalar_one_or_none() or Tlp.CLEAR.value
