"""The named jobs: when each ran last, how that ended, and when the clock intends to run it next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.reports import JobRun
from store.session import Database
from store.tables.base import table
from store.tables.reviewing import JobRow

JOB = table(JobRow)


class Jobs:
    """Queries about jobs. What is due never depends on these rows; they are for people."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def started(self, name: str, now: datetime) -> None:
        """Note that a job began."""
        self._save(name, last_started_at=now, last_ended_at=None, run_count=JOB.c.run_count + 1)

    def finished(self, name: str, now: datetime, *, error: str | None = None) -> None:
        """Note that a job ended; `error` is one line for the operator."""
        if error is None:
            self._save(name, last_ended_at=now, last_good_at=now, last_error=None, failure_count=0)
        else:
            failures = JOB.c.failure_count + 1
            self._save(name, last_ended_at=now, last_error=error, failure_count=failures)

    def plan(self, name: str, next_run_at: datetime | None) -> None:
        """Note when the clock intends to run a job; None: not planned."""
        self._save(name, next_run_at=next_run_at)

    def list(self) -> list[JobRun]:
        """Return all jobs that were ever planned or run, by name."""
        with self._database.reading() as session:
            return [
                JobRun(
                    name=row.name,
                    last_started_at=row.last_started_at,
                    last_ended_at=row.last_ended_at,
                    last_good_at=row.last_good_at,
                    last_error=row.last_error,
                    next_run_at=row.next_run_at,
                    run_count=row.run_count,
                    failure_count=row.failure_count,
                )
                for row in session.execute(select(JOB).order_by(JOB.c.name))
            ]

    def _save(self, name: str, **columns: Any) -> None:
        insert = (sqlite if self._database.is_sqlite else postgresql).insert(JOB)
        fresh = insert.values(name=name, run_count=0, failure_count=0)
        with self._database.writing() as session:
            session.execute(fresh.on_conflict_do_nothing(index_elements=["name"]))
            session.execute(update(JOB).where(JOB.c.name == name).values(**columns))
