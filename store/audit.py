"""The audit trail: who changed what, from what to what. Lines are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Insert, select

from monitor.core.reports import AuditLine
from store.session import Database
from store.tables.base import table
from store.tables.reviewing import AuditRow

AUDIT = table(AuditRow)


def line(
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> Insert:
    """Return the statement that adds a line, for the transaction of the change it tells of."""
    return AUDIT.insert().values(
        actor=actor,
        action=action,
        subject=subject,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        at=now,
    )


class Audit:
    """Queries about the audit trail."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def add(
        self,
        *,
        actor: str,
        action: str,
        subject: str,
        now: datetime,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        """Add a line. `before` and `after` hold plain JSON values and never a secret."""
        added = line(
            actor=actor, action=action, subject=subject, now=now, before=before, after=after
        )
        with self._database.writing() as session:
            session.execute(added)

    def list(self, *, subject: str | None = None, limit: int = 100) -> list[AuditLine]:
        """Return the last lines, newest first; of one subject when it is named."""
        query = select(AUDIT).order_by(AUDIT.c.key.desc()).limit(limit)
        if subject is not None:
            query = query.where(AUDIT.c.subject == subject)
        with self._database.reading() as session:
            return [
                AuditLine(
                    actor=row.actor,
                    action=row.action,
                    subject=row.subject,
                    before=row.before,
                    after=row.after,
                    at=row.at,
                )
                for row in session.execute(query)
            ]
