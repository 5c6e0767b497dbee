"""Jobs, leases, notices, rulebooks and the audit trail, on every engine."""

from __future__ import annotations

import pytest
from builders import HOUR, NOW

from monitor.core.reports import JobRun
from store import Store

# ---------------------------------------------------------------- jobs


def test_a_job_tells_how_its_last_run_went(store: Store) -> None:
    """Started, failed, failed again, good: the row says so at each step."""
    store.jobs.plan("tick", NOW + HOUR)
    store.jobs.started("tick", NOW)
    (running,) = store.jobs.list()
    store.jobs.finished("tick", NOW + HOUR, error="StoreFull: no room")
    store.jobs.started("tick", NOW + 2 * HOUR)
    store.jobs.finished("tick", NOW + 3 * HOUR, error="StoreFull: no room")
    (failed,) = store.jobs.list()
    store.jobs.started("tick", NOW + 4 * HOUR)
    store.jobs.finished("tick", NOW + 5 * HOUR)
    (good,) = store.jobs.list()

    assert running == JobRun(
        name="tick", last_started_at=NOW, next_run_at=NOW + HOUR, run_count=1, failure_count=0
    )
    assert (failed.last_error, failed.failure_count, failed.run_count) == (
        "StoreFull: no room",
        2,
        2,
    )
    assert (good.last_error, good.failure_count, good.last_good_at) == (None, 0, NOW + 5 * HOUR)


def test_jobs_are_listed_by_name(store: Store) -> None:
    """Also those that were only planned."""
    store.jobs.started("tick", NOW)
    store.jobs.plan("digests", None)

    assert [job.name for job in store.jobs.list()] == ["digests", "tick"]


# ---------------------------------------------------------------- leases


def test_a_lease_has_one_holder(store: Store) -> None:
    """A second process stays passive until the first gives way or dies."""
    first = store.leases.acquire("scheduler", owner="a", now=NOW, lease_for=HOUR)
    assert first is not None

    assert store.leases.acquire("scheduler", owner="b", now=NOW, lease_for=HOUR) is None
    assert store.leases.acquire("scheduler", owner="a", now=NOW, lease_for=HOUR) is None
    assert store.leases.holder("scheduler", NOW) == first
    assert store.leases.acquire("other", owner="b", now=NOW, lease_for=HOUR) is not None
    store.leases.release(first)
    assert store.leases.holder("scheduler", NOW) is None
    assert store.leases.acquire("scheduler", owner="b", now=NOW, lease_for=HOUR) is not None


def test_a_renewed_lease_holds_longer_and_a_lost_one_is_lost(store: Store) -> None:
    """A process that was asleep learns that another one took over."""
    first = store.leases.acquire("scheduler", owner="a", now=NOW, lease_for=HOUR)
    assert first is not None
    renewed = store.leases.renew(first, now=NOW + HOUR / 2, lease_for=HOUR)
    assert renewed is not None

    assert renewed.until == NOW + 1.5 * HOUR
    assert store.leases.acquire("scheduler", owner="b", now=NOW + HOUR, lease_for=HOUR) is None
    second = store.leases.acquire("scheduler", owner="b", now=NOW + 2 * HOUR, lease_for=HOUR)
    assert second is not None
    assert store.leases.renew(renewed, now=NOW + 2 * HOUR, lease_for=HOUR) is None
    store.leases.release(renewed)
    assert store.leases.holder("scheduler", NOW + 2 * HOUR) == second


def test_a_lease_from_a_clock_that_was_ahead_is_not_waited_for(store: Store) -> None:
    """One start with the clock a year ahead must not stop us for a year."""
    store.leases.acquire("scheduler", owner="a", now=NOW + 9000 * HOUR, lease_for=HOUR)

    assert store.leases.acquire("scheduler", owner="b", now=NOW, lease_for=HOUR) is not None


# ---------------------------------------------------------------- notices


def test_a_notice_is_raised_once_while_it_lasts(store: Store) -> None:
    """A feed that is down for a week is one notice, one mail; down again later is another."""
    raised = [store.notices.raise_once("feed.dead", "vladnews", "404", NOW) for _ in range(3)]
    other = store.notices.raise_once("feed.dead", "rfa", "404", NOW)
    (first, _) = store.notices.untold()
    store.notices.told([first.key], NOW + HOUR)
    untold = [notice.subject for notice in store.notices.untold()]
    closed = [store.notices.close("feed.dead", "vladnews", NOW + HOUR) for _ in range(2)]
    again = store.notices.raise_once("feed.dead", "vladnews", "410", NOW + 2 * HOUR)

    assert raised == [True, False, False]
    assert other
    assert (first.kind, first.subject, first.detail) == ("feed.dead", "vladnews", "404")
    assert untold == ["rfa"]
    assert closed == [True, False]
    assert again
    assert [(notice.subject, notice.detail) for notice in store.notices.open()] == [
        ("rfa", "404"),
        ("vladnews", "410"),
    ]


# ---------------------------------------------------------------- rulebooks


def test_old_rules_can_be_read_and_applied_again(store: Store) -> None:
    """A score's version leads to the very texts behind it; rolling back is applying again."""
    files = {"rules/dispatch.yaml": "rules: []\n", "rules/места.yaml": "название: Находка\n"}
    assert store.rulebooks.current() is None
    store.rulebooks.save("h1", files, NOW)
    store.rulebooks.save("h1", {}, NOW)
    store.rulebooks.save("h2", {}, NOW)
    store.rulebooks.apply("h1", now=NOW, actor="op", reason="first")
    store.rulebooks.apply("h2", now=NOW + HOUR)
    store.rulebooks.apply("h1", now=NOW + 2 * HOUR, actor="op", reason="back")

    current = store.rulebooks.current()

    assert store.rulebooks.get("h1") == files
    assert store.rulebooks.get("h3") is None
    assert current is not None
    assert (current.hash, current.reason) == ("h1", "back")
    assert [version.hash for version in store.rulebooks.versions()] == ["h1", "h2", "h1"]
    with pytest.raises(KeyError):
        store.rulebooks.apply("h3", now=NOW)


# ---------------------------------------------------------------- audit


def test_the_audit_trail_tells_before_and_after(store: Store) -> None:
    """Who changed what, newest first, of one subject or all."""
    store.audit.add(
        actor="ann",
        action="feed.changed",
        subject="feed:rfa",
        now=NOW,
        before={"every": 60},
        after={"every": 30, "tags": ["a"]},
    )
    store.audit.add(actor="ben", action="rules.applied", subject="rules", now=NOW + HOUR)

    first, second = store.audit.list()

    assert (first.actor, first.before, first.after) == ("ben", None, None)
    assert (second.before, second.after) == ({"every": 60}, {"every": 30, "tags": ["a"]})
    assert store.audit.list(subject="feed:rfa") == [second]
    assert store.audit.list(limit=1) == [first]
