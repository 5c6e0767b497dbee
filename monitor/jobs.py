"""The named jobs: every recurring action of the house, the same for every engine.

A job looks at what is due in the store and does it; running it twice, late or not at all can only
delay work. Nothing here knows how jobs are called, and nothing here decides what is relevant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One recurring action. `run` returns a short sentence on what it did, for the health page."""

    name: str
    every: timedelta
    run: Callable[[], str]
    what: str  # one line for people: what this job is for


class JobLog(Protocol):
    """Where runs of jobs are kept (the store's `jobs`)."""

    def started(self, name: str, now: datetime) -> int:
        """Note that a job began; return the number of this run."""
        ...

    def finished(self, run: int, now: datetime, *, note: str = "", error: str | None = None) -> None:
        """Note how a run ended."""
        ...


class Lease(Protocol):
    """One process at a time runs the jobs (the store's `leases`)."""

    def acquire(self, name: str, *, owner: str, now: datetime, hold_for: timedelta) -> bool:
        """Take or renew the named lease; False while another process holds it."""
        ...

    def release(self, name: str, *, owner: str) -> None:
        """Give the lease back, if it is ours."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs a job under the scheduler's lease and keeps what became of it."""

    runs: JobLog
    lease: Lease
    owner: str
    now: Callable[[], datetime]
    hold_for: timedelta = timedelta(seconds=90)

    def __call__(self, job: Job) -> bool:
        """Run `job` once; return False when another process holds the lease.

        A bug in a job is logged with its cause and kept for the health page; the next look comes
        all the same, because one broken job must not stop the others.
        """
        if not self.lease.acquire("scheduler", owner=self.owner, now=self.now(), hold_for=self.hold_for):
            return False
        run = self.runs.started(job.name, self.now())
        try:
            note = job.run()
        except Exception as error:
            log.exception("job.failed", job=job.name)
            self.runs.finished(run, self.now(), error=f"{type(error).__name__}: {error}")
        else:
            self.runs.finished(run, self.now(), note=note)
        return True
