"""The audit trail: who changed what, from what to what. Lines are only ever added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Insert, select

from monitor.core.reports import AuditLine, TrailFilter
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

    def list(self, *, subject: str | None = None, limit: int = 100) -> Sequence[AuditLine]:
        """Return the last lines, newest first; of one subject when it is named."""
        return self.find(TrailFilter(subject=subject or ""), limit=limit)

    def find(self, wanted: TrailFilter, *, limit: int) -> Sequence[AuditLine]:
        """Return the last lines that a filter lets pass, newest first."""
        query = select(AUDIT).where(*_passing(wanted)).order_by(AUDIT.c.key.desc()).limit(limit)
        with self._database.reading() as session:
            return [
                AuditLine(
                    actor=row.actor,
                    action=row.action,
                    subject=row.subject,
                    before=row.before,
                    after=row.after,
                    at=row.at,
                    key=row.key,
                )
                for row in session.execute(query)
            ]

    def actors(self) -> Sequence[str]:
        """Return who ever changed anything, in order; at most a thousand."""
        query = select(AUDIT.c.actor).distinct().order_by(AUDIT.c.actor).limit(1_000)
        with self._database.reading() as session:
            return session.execute(query).scalars().all()


def _passing(wanted: TrailFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.actor:
        conditions.append(AUDIT.c.actor == wanted.actor)
    if wanted.noun:
        conditions.append(AUDIT.c.action.startswith(f"{wanted.noun}.", autoescape=True))
    if wanted.subject:
        conditions.append(AUDIT.c.subject == wanted.subject)
    if wanted.since is not None:
        conditions.append(AUDIT.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AUDIT.c.at < wanted.until)
    if wanted.below is not None:
        conditions.append(AUDIT.c.key < wanted.below)
    return conditions
