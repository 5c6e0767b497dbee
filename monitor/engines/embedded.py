"""APScheduler in this process: says "look now" to each job; truth stays in the store.

The scheduler keeps nothing on disk and may miss, delay or repeat a call without harm. This is the
only module that imports APScheduler.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor.jobs import Job, Runner

log = structlog.get_logger(__name__)
# "Maximum number of running instances reached" is how a long poll looks; our listener says it.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)


class EmbeddedEngine:
    """Calls every job at its interval, each in a thread of its own."""

    def __init__(self, jobs: Sequence[Job], runner: Runner) -> None:
        self._jobs = tuple(jobs)
        self._runner = runner
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # A thread for each job: a long poll must not hold up a digest.
            executors={"default": ThreadPoolExecutor(max(1, sum(job.at_once for job in jobs)))},
            # The default grace of one second drops calls whose moment passes while the machine
            # sleeps; None runs them late, once.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        self._scheduler.add_listener(self._still_running, EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Begin; every job is called at once, then at its interval."""
        for job in self._jobs:
            self._scheduler.add_job(
                self._runner,
                "interval",
                args=[job],
                id=job.name,
                name=job.what,
                seconds=job.every.total_seconds(),
                max_instances=job.at_once,
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Call nothing any more and return when the running jobs have ended."""
        if self._scheduler.running:
            self._scheduler.pause()
            self._scheduler.shutdown(wait=True)

    @staticmethod
    def _heard(event: JobEvent) -> None:
        log.error("scheduler.call_lost", job=event.job_id)

    @staticmethod
    def _still_running(event: JobEvent) -> None:
        log.debug("scheduler.still_running", job=event.job_id)
