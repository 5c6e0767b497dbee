"""Digests before they go and after: what comes next, what waits for an editor, what was told.

What a mail would look like is shown in a frame without any rights: other people's words stand in
it. An editor's changes are told in the mail itself and kept with their reasons.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from starlette.responses import Response

from monitor.core.editing import LONGEST_HOLD, REASON_LENGTH, Edit, HeldDigest
from monitor.core.telling import Place, Subscriber, rank
from monitor.core.values import Item
from monitor.core.week import day_starts, days
from review.charts import Column, stacked
from review.choosing import SHOWN_BANDS
from review.desk import Desk, EditMails, not_found, see_other
from review.frames import framed, framing
from review.subscribers import standing
from review.visits import Visit, whole

LISTED = 100
HOLDS = (30, 60, 240)  # minutes that the page offers
WEEK_WIDTH = 520.0
CHOSEN = 60  # items offered to be put in
SHOWN_PLACES = (Place.FULL, Place.HEADLINE, Place.ALSO)


def digests(desk: Desk, visit: Visit) -> Response:
    """Show what waits, what comes next, the week, and what was told."""
    lines = desk.store.subscribers.lines()
    starts = day_starts(visit.now, visit.zone)
    week = days(starts, desk.store.items.per_day(starts))
    drawn = tuple(reversed(SHOWN_BANDS))  # the better the band, the higher it stands
    coming = [standing(line, visit.now) for line in lines if line.subscriber.is_active]
    return desk.pages.show(
        visit,
        "digests.html",
        held=desk.store.approvals.held(),
        coming=sorted(
            (one for one in coming if one.next_at), key=lambda one: one.next_at or visit.now
        ),
        digests=desk.store.digests.list(limit=LISTED),
        week=week,
        bands=SHOWN_BANDS,
        picture=stacked(
            [
                Column(
                    f"{day.start:%Y-%m-%d}",
                    tuple((band.value, day.counts.get(band, 0)) for band in drawn),
                )
                for day in week
            ],
            least=len(week),
            width=WEEK_WIDTH,
        ),
        can_preview=desk.edit_mails is not None,
    )


# ---------------------------------------------------------------- the next one


def upcoming(desk: Desk, visit: Visit) -> Response:
    """Show the digest that a subscriber would get if it were due now."""
    room, one = _room(desk), _subscriber(desk, visit)
    (line,) = desk.store.subscribers.lines(key=one.key)
    message = room.preview(one)
    return framing(
        desk.pages.show(
            visit,
            "upcoming.html",
            standing=standing(line, visit.now),
            message=message,
            testers=room.testers,
            done=visit.query.get("done", ""),
        )
    )


def upcoming_html(desk: Desk, visit: Visit) -> Response:
    """Hand out that digest's HTML for the frame."""
    return framed(_room(desk).preview(_subscriber(desk, visit)).html)


def test(desk: Desk, visit: Visit) -> Response:
    """Send that digest to somebody of the house."""
    one, to = _subscriber(desk, visit), visit.form.get("to", "")
    if not _room(desk).test(one, to=to):
        raise not_found()
    desk.store.audit.add(
        actor=visit.actor, action="digest.tested", subject=f"subscriber:{one.key}", now=visit.now
    )
    return see_other(f"/digests/next/{one.key}?done=sent")


# ---------------------------------------------------------------- one that waits


def edit(desk: Desk, visit: Visit) -> Response:
    """Show a digest that waits for an editor, with everything that can be done to it."""
    return _editor(desk, visit, _held(desk, visit))


def change(desk: Desk, visit: Visit) -> Response:
    """Leave an item out or put one in, here or in all digests that wait."""
    held = _held(desk, visit)
    form = visit.form
    reason = " ".join(form.get("reason", "").split())[:REASON_LENGTH]
    item = _item(desk, form.get("item", ""))
    deed = form.get("do", "")
    if deed not in ("out", "in"):
        raise not_found()
    if item is None or not reason:
        problem = "reason" if item else "item"
        return _editor(desk, visit, held, problem=problem, status=422)
    wanted = Edit(left_out={item.key: reason}) if deed == "out" else Edit(put_in={item.key: reason})
    changed = _revise_all(desk, visit, held, wanted, item)
    if not changed:
        fresh = desk.store.approvals.digest(held.key) or held
        return _editor(desk, visit, fresh, problem="late" if fresh.is_open is False else "refused",
                       status=409)  # fmt: skip
    return see_other(f"/digests/{held.key}/edit?done={deed}")


def approve(desk: Desk, visit: Visit) -> Response:
    """Let a digest that waits go now; with `all` every one that waits."""
    held = _held(desk, visit)
    everything = desk.store.approvals.held() if visit.form.get("all") else [held]
    for one in everything:
        if desk.store.outbox.approve(one.outbox_key, visit.now):
            _note(desk, visit, one, "mail.approved")
    return see_other("/digests")


def hold(desk: Desk, visit: Visit) -> Response:
    """Let a digest wait longer; never for more than a day from now."""
    held = _held(desk, visit)
    minutes = whole(visit.form.get("minutes", ""))
    if minutes not in HOLDS:
        raise not_found()
    until = min(max(held.goes_at, visit.now) + timedelta(minutes=minutes), visit.now + LONGEST_HOLD)
    if desk.store.approvals.hold(held.outbox_key, until):
        _note(desk, visit, held, "mail.held", after={"until": until.isoformat()})
    return see_other(f"/digests/{held.key}/edit?done=held")


def withdraw(desk: Desk, visit: Visit) -> Response:
    """Never send a digest that waits; the next one tells its stories."""
    held = _held(desk, visit)
    reason = " ".join(visit.form.get("reason", "").split())[:REASON_LENGTH]
    if not reason:
        return _editor(desk, visit, held, problem="withdraw", status=422)
    if desk.store.approvals.withdraw(held.outbox_key, visit.now, detail=f"{visit.actor}: {reason}"):
        _note(desk, visit, held, "mail.withdrawn", after={"reason": reason})
    return see_other("/digests?done=withdrawn")


# ---------------------------------------------------------------- pieces


def _room(desk: Desk) -> EditMails:
    if desk.edit_mails is None:
        raise not_found()
    return desk.edit_mails


def _subscriber(desk: Desk, visit: Visit) -> Subscriber:
    key = visit.number("key")
    found = desk.store.subscribers.get(key) if key is not None and key < 2**31 else None
    if found is None or not found.is_person or not found.is_active:
        raise not_found()
    return found


def _held(desk: Desk, visit: Visit) -> HeldDigest:
    key = visit.number("key")
    found = desk.store.approvals.digest(key) if key is not None and key < 2**31 else None
    if found is None:
        raise not_found()
    return found


def _item(desk: Desk, written: str) -> Item | None:
    """Return the item that a number or an address names."""
    key = whole(written.strip())
    if key is not None:
        return desk.store.items.get(key)
    return desk.store.ledger.why(written.strip()).item if written.strip() else None


def _revise_all(
    desk: Desk, visit: Visit, held: HeldDigest, wanted: Edit, item: Item
) -> list[HeldDigest]:
    """Make this digest anew, and the others that wait when the form asks for it."""
    room = _room(desk)
    others = [one for one in desk.store.approvals.held() if one.key != held.key]
    changed = []
    for one in [held, *(others if visit.form.get("all") else ())]:
        whole_one = desk.store.approvals.digest(one.key)
        if whole_one is None or not whole_one.is_open or not whole_one.subscriber.is_person:
            continue
        holds_it = any(place.item.key == item.key for place in whole_one.items)
        if wanted.left_out and not holds_it:
            continue
        if wanted.put_in and not whole_one.subscriber.clearance.allows(item.tlp):
            continue
        if room.revise(whole_one, wanted, found=[item]):
            changed.append(whole_one)
            after = {"item": item.key, "reason": (wanted.left_out or wanted.put_in)[item.key]}
            action = "digest.left_out" if wanted.left_out else "digest.put_in"
            _note(desk, visit, whole_one, action, after=after)
    return changed


def _editor(
    desk: Desk, visit: Visit, held: HeldDigest, *, problem: str = "", status: int = 200
) -> Response:
    message = desk.store.outbox.message(held.outbox_key)
    held_keys = {one.item.key for one in held.items}
    near = []
    if held.is_open:
        since = held.window.start - timedelta(days=2)
        wide = replace(held.subscriber, topics=(), languages=())
        near = [
            item
            for item in desk.store.digests.near_misses(
                wide, since=since, until=held.window.end, limit=CHOSEN
            )
            if item.key not in held_keys
        ]
    return framing(
        desk.pages.show(
            visit,
            "editor.html",
            status,
            held=held,
            message=message,
            told=sorted(
                (one for one in held.items if one.place in SHOWN_PLACES),
                key=lambda one: (SHOWN_PLACES.index(one.place), rank(one.item)),
            ),
            left=[one for one in held.items if one.place is Place.LEFT_OUT],
            rest=[
                one
                for one in held.items
                if one.place not in SHOWN_PLACES and one.place is not Place.LEFT_OUT
            ],
            near=near,
            others=sum(one.key != held.key for one in desk.store.approvals.held()),
            holds=HOLDS,
            problem=problem,
            form=visit.form,
            done=visit.query.get("done", ""),
            can_edit=desk.edit_mails is not None and held.is_open and held.subscriber.is_person,
        )
    )


def _note(
    desk: Desk,
    visit: Visit,
    held: HeldDigest,
    action: str,
    *,
    after: dict[str, object] | None = None,
) -> None:
    desk.store.audit.add(
        actor=visit.actor,
        action=action,
        subject=f"mail:{held.outbox_key}",
        now=visit.now,
        after=after,
    )
