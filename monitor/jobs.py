"""The named jobs: every recurring action of the house, the same for every engine.

A job looks at what is due in the store and does it; running it twice, late or not at all can only
delay work. Nothing here knows how jobs are called, and nothing here decides what is relevant.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from monitor.core.reports import Lease

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One recurring action. `run` returns a short sentence on what it did, for the log."""

    name: str
    every: timedelta
    run: Callable[[], str]
    what: str  # one line for people: what this job is for
    at_once: int = 1  # calls that may run beside each other; each takes what is due and free


class JobLog(Protocol):
    """Where runs of jobs are kept (the store's `jobs`)."""

    def started(self, name: str, now: datetime) -> None:
        """Note that a job began."""
        ...

    def finished(self, name: str, now: datetime, *, error: str | None = None) -> None:
        """Note how its run ended; None when it was good."""
        ...

    def plan(self, name: str, next_run_at: datetime | None) -> None:
        """Note when it is meant to run next."""
        ...


class Leases(Protocol):
    """One process at a time runs the jobs (the store's `leases`)."""

    def acquire(
        self, name: str, *, owner: str, now: datetime, lease_for: timedelta
    ) -> Lease | None:
        """Take the named lease; None while anybody holds it."""
        ...

    def renew(self, lease: Lease, *, now: datetime, lease_for: timedelta) -> Lease | None:
        """Hold it for longer; None when it was lost meanwhile."""
        ...

    def release(self, lease: Lease) -> None:
        """Give it back."""
        ...


class Runner:
    """Runs jobs in the one process that holds the scheduler's lease. Thread-safe."""

    def __init__(
        self,
        *,
        runs: JobLog,
        leases: Leases,
        owner: str,
        now: Callable[[], datetime],
        lease_for: timedelta = timedelta(seconds=90),
    ) -> None:
        """`owner` names this process; `lease_for` is how long a dead one blocks others."""
        self._runs = runs
        self._leases = leases
        self._owner = owner
        self._now = now
        self._lease_for = lease_for
        self._lease: Lease | None = None
        self._lock = threading.Lock()
        self._is_waiting = False

    def __call__(self, job: Job) -> bool:
        """Run `job` once; return False when another process holds the lease.

        A bug in a job is logged with its cause and kept for the health page; the next look comes
        all the same, because one broken job must not stop the others.
        """
        if not self._holds():
            return False
        self._runs.started(job.name, self._now())
        self._runs.plan(job.name, self._now() + job.every)
        try:
            did = job.run()
        except Exception as error:
            log.exception("job.failed", job=job.name)
            self._runs.finished(job.name, self._now(), error=f"{type(error).__name__}: {error}")
        else:
            log.debug("job.done", job=job.name, did=did)
            self._runs.finished(job.name, self._now())
        return True

    def stop(self) -> None:
        """Give the lease back, so that a waiting process need not wait for its end."""
        with self._lock:
            if self._lease is not None:
                self._leases.release(self._lease)
                self._lease = None

    def _holds(self) -> bool:
        with self._lock:
            now = self._now()
            if self._lease is not None:
                self._lease = self._leases.renew(self._lease, now=now, lease_for=self._lease_for)
            if self._lease is None:
                self._lease = self._leases.acquire(
                    "scheduler", owner=self._owner, now=now, lease_for=self._lease_for
                )
            if (self._lease is None) is not self._is_waiting:
                self._is_waiting = self._lease is None
                log.warning("watch.waiting" if self._is_waiting else "watch.taken_over",
                            why="another process holds the watch")  # fmt: skip
            return self._lease is not None
