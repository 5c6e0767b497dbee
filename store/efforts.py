"""How long the team works on the items of each feed: seconds a day, with no person in them.

What a browser counts while a page is in use comes in with the next button that is pressed. It is
added to one number for the day and the feed; from the sum nobody can be told apart.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from store.session import Database
from store.tables.base import table, upsert
from store.tables.desk import EffortRow
from store.tables.watching import ItemRow

EFFORT, ITEM = table(EffortRow), table(ItemRow)

# One press cannot have taken longer: a browser that says so is wrong, and is cut to this.
MOST_AT_ONCE = timedelta(minutes=30)


class Efforts:
    """Queries about minutes."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def add(self, seconds: int, *, item_key: int | None, now: datetime) -> None:
        """Add the seconds before one press to the day; to the feed of an item when there is one."""
        seconds = min(seconds, int(MOST_AT_ONCE.total_seconds()))
        if seconds <= 0:
            return
        feed = select(ITEM.c.feed_key).where(ITEM.c.key == item_key)
        with self._database.writing() as session:
            feed_key = session.execute(feed).scalar_one_or_none() if item_key else None
            insert = upsert(EFFORT, is_sqlite=self._database.is_sqlite).values(
                day=f"{now:%Y-%m-%d}", feed_key=feed_key or 0, seconds=seconds
            )
            more = {"seconds": EFFORT.c.seconds + insert.excluded.seconds}
            session.execute(
                insert.on_conflict_do_update(index_elements=["day", "feed_key"], set_=more)
            )

    def total(self, since: datetime) -> timedelta:
        """Return how long the team has worked from the day of `since` (UTC) on."""
        query = select(func.sum(EFFORT.c.seconds)).where(EFFORT.c.day >= f"{since:%Y-%m-%d}")
        with self._database.reading() as session:
            return timedelta(seconds=int(session.execute(query).scalar_one() or 0))
