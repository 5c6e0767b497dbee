"""Keeps: feeds, entries and their fates, items, verdicts, digests, in SQLite or PostgreSQL.

The only importer of sqlmodel. `open_store` gives a `Store` with one attribute for each noun; what
leaves it are values (`monitor.core`), never rows. Reading order: tables, session, rows, polling.
"""

from __future__ import annotations

from types import ModuleType, TracebackType

from store import schema
from store.alerts import Alerts
from store.audit import Audit
from store.digests import Digests
from store.feeds import Feeds
from store.items import Items
from store.jobs import Jobs
from store.leases import Leases
from store.ledger import Ledger
from store.marks import Marks
from store.notices import Notices
from store.outbox import Outbox
from store.polling import Polling
from store.rulebooks import Rulebooks
from store.search import Search
from store.session import Database, refuse_other_encodings, refuse_unfit
from store.subscribers import Subscribers
from store.upkeep import Upkeep
from store.verdicts import Verdicts

__all__ = ["Store", "open_store"]


class Store:
    """An open store. Thread-safe; open a new one after a fork."""

    def __init__(self, database: Database) -> None:
        """Work on a database that has the schema; see `open_store`."""
        self.database = database
        self.alerts = Alerts(database)
        self.audit = Audit(database)
        self.digests = Digests(database)
        self.feeds = Feeds(database)
        self.items = Items(database)
        self.jobs = Jobs(database)
        self.leases = Leases(database)
        self.ledger = Ledger(database)
        self.marks = Marks(database)
        self.notices = Notices(database)
        self.outbox = Outbox(database)
        self.polling = Polling(database)
        self.rulebooks = Rulebooks(database)
        self.search = Search(database)
        self.subscribers = Subscribers(database)
        self.upkeep = Upkeep(database)
        self.verdicts = Verdicts(database)

    def __enter__(self) -> Store:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Give all connections back."""
        self.database.close()


def open_store(url: str, *, upgrade: bool = False, checkpoints: bool = True) -> Store:
    """Open the store at an address, creating a fresh one where there is none.

    `url`: `sqlite:///PATH`, `sqlite://` (in memory) or `postgresql://...`. With `upgrade` an older
    schema is brought up to date. `checkpoints=False`: for short commands beside a running monitor.
    Raises `ConfigurationErrors` for a bad address, and the kinds of `StoreError`.
    """
    database = Database(url, checkpoints=checkpoints)
    if database.path is not None:
        refuse_unfit(database.path)
        if not database.path.exists():
            _migrations().create(database.path)
    try:
        refuse_other_encodings(database)
        if schema.revision(database) != schema.head():
            _migrations().ensure(database, upgrade_old=upgrade)
    except BaseException:
        database.close()
        raise
    return Store(database)


def _migrations() -> ModuleType:
    """Import Alembic only when there is something to migrate: it doubles a command's start."""
    from store import migrate

    return migrate
