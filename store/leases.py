"""Named leases: at most one process holds each, and a dead one's runs out.

The process that polls holds one; a second `monitor run` stays passive until it is free.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.reports import Lease
from store.session import Database
from store.tables.base import table
from store.tables.reviewing import LeaseRow

LEASE = table(LeaseRow)

# A lease further off than this beyond its own length was written under a clock that was wrong.
SLACK = timedelta(hours=1)


class Leases:
    """Queries about named leases. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def acquire(
        self, name: str, *, owner: str, now: datetime, lease_for: timedelta
    ) -> Lease | None:
        """Take a lease; None while another holds it, even another with the same owner's name."""
        columns = {
            "owner": owner,
            "token": secrets.token_hex(8),
            "until": now + lease_for,
            "acquired_at": now,
        }
        insert = (sqlite if self._database.is_sqlite else postgresql).insert(LEASE)
        is_free = or_(LEASE.c.until <= now, LEASE.c.until > now + lease_for + SLACK)
        statement = (
            insert.values(name=name, **columns)
            .on_conflict_do_update(index_elements=["name"], set_=columns, where=is_free)
            .returning(LEASE)
        )
        with self._database.writing() as session:
            return _lease(session.execute(statement).one_or_none())

    def renew(self, lease: Lease, *, now: datetime, lease_for: timedelta) -> Lease | None:
        """Hold a lease for longer; None when it was lost meanwhile."""
        statement = (
            update(LEASE)
            .where(LEASE.c.name == lease.name, LEASE.c.token == lease.token)
            .values(until=now + lease_for)
            .returning(LEASE)
        )
        with self._database.writing() as session:
            return _lease(session.execute(statement).one_or_none())

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it was lost meanwhile."""
        with self._database.writing() as session:
            session.execute(
                delete(LEASE).where(LEASE.c.name == lease.name, LEASE.c.token == lease.token)
            )

    def holder(self, name: str, now: datetime) -> Lease | None:
        """Return the lease that holds now; None when it is free."""
        query = select(LEASE).where(LEASE.c.name == name, LEASE.c.until > now)
        with self._database.reading() as session:
            return _lease(session.execute(query).one_or_none())


def _lease(row: Row[Any] | None) -> Lease | None:
    if row is None:
        return None
    return Lease(
        name=row.name,
        owner=row.owner,
        token=row.token,
        until=row.until,
        acquired_at=row.acquired_at,
    )
