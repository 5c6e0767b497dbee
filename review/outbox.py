"""The outbox: every mail with how it stands in plain words, and what a person can do about it."""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.editing import REASON_LENGTH
from monitor.core.telling import MessageKind, OutboxState
from review.desk import Desk, not_found, see_other
from review.visits import Visit, whole

LISTED = 50


def outbox(desk: Desk, visit: Visit) -> Response:
    """Show mails, newest first, of one state or kind when it is named."""
    state, kind = visit.query.get("state", ""), visit.query.get("kind", "")
    before = whole(visit.query.get("before", ""))
    states = (OutboxState(state),) if state in set(OutboxState) else ()
    kinds = (MessageKind(kind),) if kind in set(MessageKind) else ()
    lines = desk.store.outbox.list(
        states=states,
        kinds=kinds,
        before=before if before is not None and before < 2**31 else None,
        limit=LISTED + 1,
    )
    return desk.pages.show(
        visit,
        "outbox.html",
        lines=lines[:LISTED],
        older=lines[LISTED - 1].key if len(lines) > LISTED else None,
        counts=desk.store.outbox.counts(),
        overdue={line.key for line in desk.store.outbox.overdue(visit.now)},
        state=states[0] if states else None,
        kind=kinds[0] if kinds else None,
        kinds=tuple(MessageKind),
        done=visit.query.get("done", ""),
    )


def retry(desk: Desk, visit: Visit) -> Response:
    """Try a mail again that was refused or given up."""
    key = _asked(desk, visit)
    return _did(desk, visit, key, "mail.retried", is_done=desk.store.outbox.retry(key, visit.now))


def hurry(desk: Desk, visit: Visit) -> Response:
    """Try a mail that waits now."""
    key = _asked(desk, visit)
    return _did(
        desk, visit, key, "mail.hurried", is_done=desk.store.approvals.hurry(key, visit.now)
    )


def send_again(desk: Desk, visit: Visit) -> Response:
    """Send a mail that was sent once more, byte for byte, to the same reader."""
    key = _asked(desk, visit)
    is_done = desk.store.approvals.send_again(key, visit.now)
    return _did(desk, visit, key, "mail.sent_again", is_done=is_done)


def give_up(desk: Desk, visit: Visit) -> Response:
    """Try a mail no more; a reason is asked for."""
    key = _asked(desk, visit)
    reason = " ".join(visit.form.get("reason", "").split())[:REASON_LENGTH]
    if not reason:
        return see_other(f"/mails/{key}?done=reason")
    is_done = desk.store.approvals.give_up(key, visit.now, detail=f"{visit.actor}: {reason}")
    return _did(desk, visit, key, "mail.given_up", is_done=is_done, after={"reason": reason})


def _asked(desk: Desk, visit: Visit) -> int:
    key = visit.number("key")
    if key is None or key >= 2**31 or desk.store.outbox.line(key) is None:
        raise not_found()
    return key


def _did(
    desk: Desk,
    visit: Visit,
    key: int,
    action: str,
    *,
    is_done: bool,
    after: dict[str, object] | None = None,
) -> Response:
    if not is_done:
        return see_other(f"/mails/{key}?done=late")
    desk.store.audit.add(
        actor=visit.actor, action=action, subject=f"mail:{key}", now=visit.now, after=after
    )
    return see_other(f"/mails/{key}?done={action.removeprefix('mail.')}")
