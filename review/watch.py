"""How the watch is doing: every feed in plain words, every job, and whether the ledger adds up.

Feeds that never answered are one grouped line: none of them was ever tried before the first run,
and a hundred alarms on the first day would teach people to overlook alarms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import JSONResponse, Response

from monitor.core.errors import StoreError
from monitor.core.letters import CANARY_PATIENCE, CanaryState
from monitor.core.reports import FeedStatus, JobRun
from monitor.core.scorecards import FeedCard
from monitor.core.values import FeedState
from monitor.jobs import Job
from review.charts import Column, stacked
from review.desk import Desk, not_found, see_other
from review.visits import Visit

# Worst first: what an operator should look at before anything else.
ORDER = (
    FeedState.GAP,
    FeedState.BLOCKED,
    FeedState.GONE,
    FeedState.NOT_A_FEED,
    FeedState.FAILING,
    FeedState.EMPTY,
    FeedState.SILENT,
    FeedState.STALE,
    FeedState.FLOOD,
    FeedState.OK,
)
DAY = timedelta(days=1)
SHOWN = 40  # feeds of one state on the health page; the others are a link away
HISTORY_LENGTH = 60  # polls on a feed's page


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job as the page shows it: what it is for, and how its runs went."""

    name: str
    what: str = ""
    every: timedelta | None = None
    run: JobRun
    is_late: bool = False


def health(desk: Desk, visit: Visit) -> Response:
    """Show feeds, jobs and the ledger."""
    statuses = desk.store.feeds.statuses(visit.now)
    enabled = [status for status in statuses if status.feed.enabled]
    return desk.pages.show(
        visit,
        "health.html",
        groups=[(state, found) for state, found in groups(enabled) if state is not FeedState.OK],
        shown=SHOWN,
        unproven=[status for status in enabled if status.state is FeedState.UNPROVEN],
        disabled=[status for status in statuses if not status.feed.enabled],
        states=Counter(status.state for status in enabled),
        feed_count=len(enabled),
        jobs=job_lines(desk.jobs(), desk.store.jobs.list(), visit.now),
        totals=desk.store.ledger.totals(visit.now - DAY, visit.now),
        discrepancies=desk.store.ledger.discrepancies(),
        overdue=desk.store.ledger.overdue(visit.now),
        notices=desk.store.notices.open(),
        lease=desk.store.leases.holder("scheduler", visit.now),
        is_demo=desk.is_demo,
        has_mailbox=desk.has_mailbox,
        mailbox_read_at=desk.store.mailbox.read_at() if desk.has_mailbox else None,
        canary=canary_state(desk, visit),
        allow_private=desk.allow_private,
        can_try=desk.try_url is not None,
    )


def canary_state(desk: Desk, visit: Visit) -> CanaryState | None:
    """Return how the canary does; None where there is none."""
    if desk.canary is None or not desk.has_mailbox:
        return None
    return desk.store.mailbox.canary(desk.canary, visit.now, patience=CANARY_PATIENCE)


def feed(desk: Desk, visit: Visit) -> Response:
    """Show one feed with the history of its polls."""
    status = desk.store.feeds.status(visit.parts["id"], visit.now)
    if status is None:
        raise not_found()
    polls = desk.store.feeds.history(status.feed.id, limit=HISTORY_LENGTH)
    columns = [
        Column(
            poll.finished_at.astimezone(visit.zone).strftime("%Y-%m-%d %H:%M"),
            (
                ("unchanged", poll.unchanged_count),
                ("fresh", poll.entries_seen - poll.unchanged_count),
            )
            if poll.error is None
            else (("failed", 1),),
        )
        for poll in reversed(polls)
    ]
    return desk.pages.show(
        visit,
        "feed.html",
        status=status,
        card=desk.store.scorecards.list(visit.now - 90 * DAY).get(status.key, FeedCard()),
        can_edit=desk.edit_feeds is not None,
        polls=polls,
        picture=stacked(columns) if columns else None,
        gaps=[
            gap
            for gap in desk.store.feeds.gaps(visit.now - 90 * DAY, visit.now)
            if gap.feed_id == status.feed.id
        ],
    )


def resume(desk: Desk, visit: Visit) -> Response:
    """Make a parked feed due at once."""
    status = desk.store.feeds.status(visit.parts["id"], visit.now)
    if status is None:
        raise not_found()
    if desk.store.feeds.resume(status.feed.id, visit.now):
        desk.store.audit.add(
            actor=visit.actor,
            action="feed.resumed",
            subject=f"feed:{status.feed.id}",
            now=visit.now,
        )
    return see_other(f"/feeds/{status.feed.id}")


def alive(desk: Desk, visit: Visit) -> Response:
    """Say that this process answers, whatever else is wrong."""
    return JSONResponse({"status": "ok"})


def ready(desk: Desk, visit: Visit) -> Response:
    """Say whether the pages can be used, and name what is wrong: 503 while the store is not.

    Failing feeds and a late job are told but do not make us unready: a restart would not help.
    """
    try:
        statuses = desk.store.feeds.statuses(visit.now)
        jobs = job_lines(desk.jobs(), desk.store.jobs.list(), visit.now)
        overdue = len(desk.store.ledger.overdue(visit.now))
    except StoreError as error:
        return JSONResponse({"status": "unready", "store": type(error).__name__}, 503)
    failing = [
        status.feed.id
        for status in statuses
        if status.feed.enabled and status.state not in (FeedState.OK, FeedState.UNPROVEN)
    ]
    return JSONResponse(
        {
            "status": "ready",
            "feeds": sum(status.feed.enabled for status in statuses),
            "feeds_in_trouble": len(failing),
            "overdue_entries": overdue,
            "late_jobs": [line.name for line in jobs if line.is_late],
        }
    )


def groups(statuses: Sequence[FeedStatus]) -> list[tuple[FeedState, list[FeedStatus]]]:
    """Return proven feeds by state, worst first, each group by title; no empty group."""
    by_state: dict[FeedState, list[FeedStatus]] = {state: [] for state in ORDER}
    for status in statuses:
        if status.state in by_state:
            by_state[status.state].append(status)
    return [
        (state, sorted(found, key=lambda status: status.feed.title.casefold()))
        for state, found in by_state.items()
        if found
    ]


def job_lines(known: Sequence[Job], runs: Sequence[JobRun], now: datetime) -> list[JobLine]:
    """Join what the jobs are for with how they went; jobs that never ran are listed too."""
    by_name = {run.name: run for run in runs}
    lines = [
        JobLine(
            name=job.name,
            what=job.what,
            every=job.every,
            run=by_name.pop(job.name, JobRun(name=job.name)),
        )
        for job in known
    ]
    lines += [JobLine(name=run.name, run=run) for run in by_name.values()]
    return [_with_lateness(line, now) for line in lines]


def _with_lateness(line: JobLine, now: datetime) -> JobLine:
    # Three intervals, at least five minutes: one slow round is no news, silence is.
    every = line.every
    last = line.run.last_ended_at
    late = bool(every and last and now - last > max(3 * every, timedelta(minutes=5)))
    return JobLine(name=line.name, what=line.what, every=every, run=line.run, is_late=late)
