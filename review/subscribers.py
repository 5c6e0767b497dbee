"""Who is told: the list with how each stands, adding, changing, pausing, removing, erasing.

Every change is one transaction of the store that touches only what changed, and a line in the trail
that names no address. A form that cannot be taken comes back with what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from starlette.responses import Response

from monitor.core.delivery import REFUSALS_ALLOWED
from monitor.core.editing import SubscriberLine
from monitor.core.subscriberforms import (
    ITEM_LANGUAGES,
    chosen,
    difference,
    fill,
    fingerprint,
    row_of,
    undone,
)
from monitor.core.telling import Subscriber
from monitor.core.tlp import Tlp
from monitor.core.windows import coming, instant
from review.desk import Desk, not_found, see_other
from review.visits import Visit
from review.you import zones

LATEST_MAILS = 8  # on a subscriber's page


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A subscriber with what the page says of them."""

    line: SubscriberLine
    state: str  # active, paused, refusing, refused, left
    next_at: datetime | None  # in the subscriber's own zone; None: none will come
    is_due: bool = False  # the next one is made at the next look

    @property
    def one(self) -> Subscriber:
        """The subscriber."""
        return self.line.subscriber


def standing(line: SubscriberLine, now: datetime) -> Standing:
    """Return how a subscriber stands at `now`."""
    one = line.subscriber
    is_paused = one.paused_until is not None and one.paused_until > now
    if not one.is_active:
        state = "refused" if one.bounce_count >= REFUSALS_ALLOWED else "left"
    elif is_paused:
        state = "paused"
    else:
        state = "refusing" if one.bounce_count else "active"
    at = None
    if one.is_active:
        at = coming(
            one.schedule,
            last_end=line.last_end or one.since,
            now=now,
            last_period=line.last_period,
            paused_until=one.paused_until,
        )
    return Standing(
        line=line,
        state=state,
        next_at=at.astimezone(ZoneInfo(one.schedule.zone)) if at else None,
        is_due=at is not None and at <= now,
    )


def subscribers(desk: Desk, visit: Visit) -> Response:
    """Show everybody, those who get mail first."""
    found = [standing(line, visit.now) for line in desk.store.subscribers.lines()]
    return desk.pages.show(
        visit,
        "subscribers.html",
        people=[one for one in found if one.one.is_active and one.one.is_person],
        gone=[one for one in found if not one.one.is_active and one.one.is_person],
        channels=[one for one in found if not one.one.is_person],
        done=visit.query.get("done", ""),
    )


def subscriber(desk: Desk, visit: Visit) -> Response:
    """Show one subscriber: how they stand, the form, the latest mails."""
    found = _asked(desk, visit)
    return _page(desk, visit, found, row_of(found.subscriber))


def new(desk: Desk, visit: Visit) -> Response:
    """Show an empty form."""
    values = {"language": visit.language, "zone": desk.zone, "at": "08:00", "minimum": "digest",
              "quiet": "short", "alerts": "no", "analyst": "no", "clearance": "clear"}  # fmt: skip
    return _form(desk, visit, None, values)


def add(desk: Desk, visit: Visit) -> Response:
    """Put somebody on the list."""
    filled = fill(visit.form, topics=desk.topics(), now=visit.now)
    if filled.subscriber is None:
        return _form(desk, visit, None, filled.values, problems=filled.problems, status=422)
    added = desk.store.subscribers.add(filled.subscriber)
    if added is None:
        return _form(desk, visit, None, filled.values, problems=("taken",), status=409)
    _note(desk, visit, added.key, "subscriber.added")
    return see_other(f"/subscribers/{added.key}?done=added")


def change(desk: Desk, visit: Visit) -> Response:
    """Take over what the form says."""
    line = _asked(desk, visit)
    before = line.subscriber
    filled = fill(visit.form, topics=[*desk.topics(), *before.topics], now=visit.now)
    if filled.subscriber is None:
        return _page(desk, visit, line, filled.values, problems=filled.problems, status=422)
    after = chosen(before, filled.subscriber)
    if visit.form.get("seen") != fingerprint(before) and after != before:
        return _page(desk, visit, line, filled.values, problems=("changed",), status=409)
    other = desk.store.subscribers.by_address(after.address)
    if other is not None and other.key != before.key:
        return _page(desk, visit, line, filled.values, problems=("taken",), status=409)
    if after != before:
        desk.store.subscribers.change(before, after)
        old, new_ = difference(before, after)
        _note(desk, visit, before.key, "subscriber.changed", before=old, after=new_)
    return see_other(f"/subscribers/{before.key}?done=changed")


def undo(desk: Desk, visit: Visit) -> Response:
    """Take this person's last change of a subscriber back."""
    before = _asked(desk, visit).subscriber
    last = _last_change(desk, visit, before)
    after = undone(before, last) if last else None
    if after is None:
        return see_other(f"/subscribers/{before.key}")
    desk.store.subscribers.change(before, after)
    old, new_ = difference(before, after)
    _note(desk, visit, before.key, "subscriber.restored", before=old, after=new_)
    return see_other(f"/subscribers/{before.key}?done=undone")


def pause(desk: Desk, visit: Visit) -> Response:
    """Send nothing until a day, or end the pause."""
    line = _asked(desk, visit)
    one = line.subscriber
    wanted = visit.form.get("until", "")
    until = _day(wanted, one.schedule.zone, visit.now)
    if wanted and until is None:
        return _page(desk, visit, line, row_of(one), problems=("until",), status=422)
    if until != one.paused_until:
        desk.store.subscribers.pause(one.key, until)
        before, after = (
            {"until": at.isoformat() if at else None} for at in (one.paused_until, until)
        )
        _note(desk, visit, one.key, "subscriber.paused", before=before, after=after)
    return see_other(f"/subscribers/{one.key}?done={'paused' if until else 'resumed'}")


def remove(desk: Desk, visit: Visit) -> Response:
    """Send nothing any more; the history stays."""
    one = _asked(desk, visit).subscriber
    if one.is_active:
        desk.store.subscribers.remove(one.key)
        _note(desk, visit, one.key, "subscriber.removed", before={"active": True})
    return see_other(f"/subscribers/{one.key}?done=removed")


def restore(desk: Desk, visit: Visit) -> Response:
    """Send again, from now on."""
    one = _asked(desk, visit).subscriber
    if not one.is_active:
        desk.store.subscribers.restore(one.key, visit.now)
        _note(desk, visit, one.key, "subscriber.restored", after={"active": True})
    return see_other(f"/subscribers/{one.key}?done=back")


def ask_erase(desk: Desk, visit: Visit) -> Response:
    """Say what erasing would delete."""
    return _erase_page(desk, visit, _asked(desk, visit))


def erase(desk: Desk, visit: Visit) -> Response:
    """Delete the address and everything that was made for it; cannot be undone."""
    line = _asked(desk, visit)
    if visit.form.get("sure") != "yes":
        return _erase_page(desk, visit, line, is_unsure=True)
    desk.store.subscribers.erase(line.subscriber.key)
    _note(desk, visit, line.subscriber.key, "subscriber.erased")
    return see_other("/subscribers?done=erased")


# ---------------------------------------------------------------- pieces


def _asked(desk: Desk, visit: Visit) -> SubscriberLine:
    """Return the subscriber that the address names: a person, not a channel."""
    key = visit.number("key")
    found = desk.store.subscribers.lines(key=key) if key is not None and key < 2**31 else []
    if not found or not found[0].subscriber.is_person:
        raise not_found()
    return found[0]


def _page(
    desk: Desk,
    visit: Visit,
    line: SubscriberLine,
    values: Mapping[str, str],
    *,
    problems: tuple[str, ...] | object = (),
    status: int = 200,
) -> Response:
    return _form(desk, visit, line, values, problems=problems, status=status)


def _form(
    desk: Desk,
    visit: Visit,
    line: SubscriberLine | None,
    values: Mapping[str, str],
    *,
    problems: object = (),
    status: int = 200,
) -> Response:
    one = line.subscriber if line else None
    topics = dict(desk.topics())
    for topic in one.topics if one else ():
        topics.setdefault(topic, topic)
    return desk.pages.show(
        visit,
        "subscriber.html",
        status,
        standing=standing(line, visit.now) if line else None,
        values=values,
        problems=problems,
        seen=fingerprint(one) if one else "",
        topics=topics,
        zones=zones(),
        item_languages=ITEM_LANGUAGES,
        clearances=tuple(Tlp),
        mails=desk.store.outbox.list(subscriber_key=one.key, limit=LATEST_MAILS) if one else [],
        done=visit.query.get("done", ""),
        can_undo=one is not None and _can_undo(desk, visit, one),
    )


def _erase_page(
    desk: Desk, visit: Visit, line: SubscriberLine, *, is_unsure: bool = False
) -> Response:
    key = line.subscriber.key
    return desk.pages.show(
        visit,
        "erase.html",
        422 if is_unsure else 200,
        subscriber=line.subscriber,
        digest_count=len(desk.store.digests.list(subscriber_key=key, limit=10_000)),
        is_unsure=is_unsure,
    )


def _can_undo(desk: Desk, visit: Visit, one: Subscriber) -> bool:
    last = _last_change(desk, visit, one)
    return last is not None and undone(one, last) is not None


def _last_change(desk: Desk, visit: Visit, one: Subscriber) -> Mapping[str, object] | None:
    """Return what this person's change replaced, when it is the last thing that happened."""
    found = desk.store.audit.list(subject=f"subscriber:{one.key}", limit=1)
    if not found or found[0].action != "subscriber.changed" or found[0].actor != visit.actor:
        return None
    return found[0].before


def _day(written: str, zone: str, now: datetime) -> datetime | None:
    """Return the first moment of a day after today, in a zone; None for any other text."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    if not 0 < (day - today).days <= 3660:
        return None
    return instant(day, time(0), zone=zone)


def _note(
    desk: Desk,
    visit: Visit,
    key: int,
    action: str,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    desk.store.audit.add(
        actor=visit.actor,
        action=action,
        subject=f"subscriber:{key}",
        now=visit.now,
        before=before,
        after=after,
    )
