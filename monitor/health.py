"""Is the watch awake? What `monitor health`, the container's check and people ask.

Well means: the store answers, the poll job ran lately, no entry waits for more than a day, and the
ledger adds up. A failing feed is a matter for the health page, not for a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app import Watch
from monitor.core.errors import StoreMissing
from monitor.core.text import counted
from monitor.core.values import FeedState

# A round of polls can take minutes; a job that has not ended for this long is stuck.
STUCK_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The answer, with its reasons."""

    is_well: bool
    reasons: tuple[str, ...]  # why not; empty when well
    feed_states: dict[str, int]
    last_poll_at: datetime | None
    notices: tuple[str, ...]

    @classmethod
    def without_store(cls, error: StoreMissing) -> Health:
        """Return the answer where nothing has been kept yet."""
        return cls(
            is_well=False, reasons=(str(error),), feed_states={}, last_poll_at=None, notices=()
        )

    def as_text(self) -> str:
        """Return the answer for a person."""
        states = ", ".join(f"{count} {state}" for state, count in self.feed_states.items())
        at = f"{self.last_poll_at:%Y-%m-%d %H:%M} UTC" if self.last_poll_at else "never"
        lines = [f"{'well' if self.is_well else 'NOT WELL'}; last look at the feeds: {at}"]
        lines += [f"  {reason}" for reason in self.reasons]
        lines.append(f"  feeds: {states or 'none'}")
        lines += [f"  notice: {notice}" for notice in self.notices]
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """Return the answer for a script."""
        return {
            "well": self.is_well,
            "reasons": list(self.reasons),
            "feeds": self.feed_states,
            "last_poll_at": self.last_poll_at.isoformat() if self.last_poll_at else None,
            "notices": list(self.notices),
        }


def health_of(watch: Watch) -> Health:
    """Return how the watch is. Raises StoreError when the store cannot be asked."""
    now, store = watch.clock.now(), watch.store
    poll = next((job for job in store.jobs.list() if job.name == "poll"), None)
    reasons = []
    if poll is None or poll.last_started_at is None:
        reasons.append("no process has polled yet: start `monitor run`")
    elif now - poll.last_started_at > STUCK_AFTER:
        reasons.append(f"nobody has polled since {poll.last_started_at:%Y-%m-%d %H:%M} UTC")
    elif poll.last_error:
        reasons.append(f"the last round of polls failed: {poll.last_error}")
    if overdue := store.ledger.overdue(now):
        reasons.append(
            f"{counted(len(overdue), 'entry waits', 'entries wait')} for a fate for more than a day"
        )
    if wrong := store.ledger.discrepancies():
        reasons.append(f"{counted(len(wrong), 'poll does', 'polls do')} not add up")
    states: dict[str, int] = {}
    for feed in store.feeds.statuses(now):
        state = feed.state if feed.feed.enabled else None
        name = state.value if isinstance(state, FeedState) else "disabled"
        states[name] = states.get(name, 0) + 1
    return Health(
        is_well=not reasons,
        reasons=tuple(reasons),
        feed_states=states,
        last_poll_at=poll.last_started_at if poll else None,
        notices=tuple(f"{one.subject}: {one.detail}" for one in store.notices.open()),
    )
