"""Keeps: feeds, entries and their fates, items, verdicts, digests, in SQLite or PostgreSQL.

The only importer of sqlmodel. `open_store` gives a `Store` with one attribute for each noun; what
leaves it are values (`monitor.core`), never rows. Reading order: tables, session, rows, polling.
"""

from __future__ import annotations

from functools import cached_property
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING

from monitor.core.errors import StoreMissing
from store import schema
from store.session import Database, refuse_other_encodings, refuse_unfit

if TYPE_CHECKING:
    from store.alerts import Alerts
    from store.approvals import Approvals
    from store.audit import Audit
    from store.channels import Channels
    from store.digests import Digests
    from store.efforts import Efforts
    from store.feeds import Feeds
    from store.grades import Grades
    from store.items import Items
    from store.jobs import Jobs
    from store.leases import Leases
    from store.ledger import Ledger
    from store.logins import Logins
    from store.looks import Looks
    from store.mailbox import Mailbox
    from store.marks import Marks
    from store.notices import Notices
    from store.outbox import Outbox
    from store.people import People
    from store.polling import Polling
    from store.rulebooks import Rulebooks
    from store.scorecards import Scorecards
    from store.search import Search
    from store.signups import Signups
    from store.subscribers import Subscribers
    from store.upkeep import Upkeep
    from store.verdicts import Verdicts
    from store.views import Views

__all__ = ["Store", "open_store"]


class Store:
    """An open store. Thread-safe; open a new one after a fork."""

    def __init__(self, database: Database) -> None:
        """Work on a database that has the schema; see `open_store`."""
        self.database = database

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

    # A noun is imported when it is first asked for: a poll that finds nothing new needs two of
    # them, and importing all takes as long as the poll.

    @cached_property
    def alerts(self) -> Alerts:
        """See `store.alerts`."""
        from store.alerts import Alerts

        return Alerts(self.database)

    @cached_property
    def approvals(self) -> Approvals:
        """See `store.approvals`."""
        from store.approvals import Approvals

        return Approvals(self.database)

    @cached_property
    def audit(self) -> Audit:
        """See `store.audit`."""
        from store.audit import Audit

        return Audit(self.database)

    @cached_property
    def channels(self) -> Channels:
        """See `store.channels`."""
        from store.channels import Channels

        return Channels(self.database)

    @cached_property
    def digests(self) -> Digests:
        """See `store.digests`."""
        from store.digests import Digests

        return Digests(self.database)

    @cached_property
    def efforts(self) -> Efforts:
        """See `store.efforts`."""
        from store.efforts import Efforts

        return Efforts(self.database)

    @cached_property
    def feeds(self) -> Feeds:
        """See `store.feeds`."""
        from store.feeds import Feeds

        return Feeds(self.database)

    @cached_property
    def grades(self) -> Grades:
        """See `store.grades`."""
        from store.grades import Grades

        return Grades(self.database)

    @cached_property
    def items(self) -> Items:
        """See `store.items`."""
        from store.items import Items

        return Items(self.database)

    @cached_property
    def jobs(self) -> Jobs:
        """See `store.jobs`."""
        from store.jobs import Jobs

        return Jobs(self.database)

    @cached_property
    def leases(self) -> Leases:
        """See `store.leases`."""
        from store.leases import Leases

        return Leases(self.database)

    @cached_property
    def ledger(self) -> Ledger:
        """See `store.ledger`."""
        from store.ledger import Ledger

        return Ledger(self.database)

    @cached_property
    def logins(self) -> Logins:
        """See `store.logins`."""
        from store.logins import Logins

        return Logins(self.database)

    @cached_property
    def looks(self) -> Looks:
        """See `store.looks`."""
        from store.looks import Looks

        return Looks(self.database)

    @cached_property
    def mailbox(self) -> Mailbox:
        """See `store.mailbox`."""
        from store.mailbox import Mailbox

        return Mailbox(self.database)

    @cached_property
    def marks(self) -> Marks:
        """See `store.marks`."""
        from store.marks import Marks

        return Marks(self.database)

    @cached_property
    def notices(self) -> Notices:
        """See `store.notices`."""
        from store.notices import Notices

        return Notices(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        """See `store.outbox`."""
        from store.outbox import Outbox

        return Outbox(self.database)

    @cached_property
    def people(self) -> People:
        """See `store.people`."""
        from store.people import People

        return People(self.database)

    @cached_property
    def polling(self) -> Polling:
        """See `store.polling`."""
        from store.polling import Polling

        return Polling(self.database)

    @cached_property
    def rulebooks(self) -> Rulebooks:
        """See `store.rulebooks`."""
        from store.rulebooks import Rulebooks

        return Rulebooks(self.database)

    @cached_property
    def scorecards(self) -> Scorecards:
        """See `store.scorecards`."""
        from store.scorecards import Scorecards

        return Scorecards(self.database)

    @cached_property
    def search(self) -> Search:
        """See `store.search`."""
        from store.search import Search

        return Search(self.database)

    @cached_property
    def signups(self) -> Signups:
        """See `store.signups`."""
        from store.signups import Signups

        return Signups(self.database)

    @cached_property
    def subscribers(self) -> Subscribers:
        """See `store.subscribers`."""
        from store.subscribers import Subscribers

        return Subscribers(self.database)

    @cached_property
    def upkeep(self) -> Upkeep:
        """See `store.upkeep`."""
        from store.upkeep import Upkeep

        return Upkeep(self.database)

    @cached_property
    def verdicts(self) -> Verdicts:
        """See `store.verdicts`."""
        from store.verdicts import Verdicts

        return Verdicts(self.database)

    @cached_property
    def views(self) -> Views:
        """See `store.views`."""
        from store.views import Views

        return Views(self.database)


def open_store(
    url: str, *, create: bool = True, upgrade: bool = False, checkpoints: bool = True
) -> Store:
    """Open the store at an address, creating a fresh one where there is none.

    `url`: `sqlite:///PATH`, `sqlite://` (in memory) or `postgresql://...`. With `upgrade` an older
    schema is brought up to date. `checkpoints=False`: for short commands beside a running monitor.
    Raises `ConfigurationErrors` for a bad address, the kinds of `StoreError`, and without `create`
    `StoreMissing` where there is none: who only asks leaves nothing behind.
    """
    database = Database(url, checkpoints=checkpoints)
    if database.path is not None:
        refuse_unfit(database.path)
        if not database.path.exists():
            if not create:
                raise StoreMissing(database.name)
            _migrations().create(database.path)
    try:
        refuse_other_encodings(database)
        found = schema.revision(database)
        if found is None and not create:
            raise StoreMissing(database.name)
        if found != schema.head():
            _migrations().ensure(database, upgrade_old=upgrade)
    except BaseException:
        database.close()
        raise
    return Store(database)


def _migrations() -> ModuleType:
    """Import Alembic only when there is something to migrate: it doubles a command's start."""
    from store import migrate

    return migrate
