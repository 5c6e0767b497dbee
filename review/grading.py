"""Second reader: two people grade a report as evidence, and the second does so blind.

Who asks for it: an escalated item, and every item that one person has graded. The log of changes
says that somebody graded, not how: an admin may be the second reader too.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.people import Role
from monitor.core.reviewing import Grade, Grading, Reading
from monitor.core.values import Item
from review.desk import Desk, not_found
from review.inbox import NOTE_LENGTH, back
from review.visits import Visit


def of(desk: Desk, visit: Visit, item: Item) -> Grading:
    """Return the grades of an item as whoever asks may see them."""
    return desk.store.grades.of(item.key, visit.person.key)


def is_blind(grading: Grading, visit: Visit) -> bool:
    """Say whether whoever asks may be the second reader, and so must not see what the first said.

    Somebody who cannot grade is no reader, and hides nothing from themselves.
    """
    return grading.reading is Reading.ONE and grading.mine is None and visit.may(Role.ANALYST)


def give(desk: Desk, visit: Visit) -> Response:
    """Keep a person's grade; a second one of the same person changes nothing."""
    key = visit.number("key")
    wanted = visit.form.get("grade", "")
    if key is None or wanted not in set(Grade):
        raise not_found()
    try:
        is_given = desk.store.grades.give(
            key,
            Grade(wanted),
            person_key=visit.person.key,
            reader=visit.actor,
            now=visit.now,
            note=visit.form.get("note", "").strip()[:NOTE_LENGTH],
        )
    except KeyError:
        raise not_found() from None
    if is_given:
        _log(desk, visit, key, "item.graded")
    return back(visit, at=key)


def take_back(desk: Desk, visit: Visit) -> Response:
    """Take back one's grade, while nobody else has graded."""
    key = visit.number("key")
    if key is None:
        raise not_found()
    if desk.store.grades.undo(key, person_key=visit.person.key, now=visit.now):
        _log(desk, visit, key, "item.ungraded")
    return back(visit, at=key)


def _log(desk: Desk, visit: Visit, key: int, action: str) -> None:
    desk.store.audit.add(actor=visit.actor, action=action, subject=f"item:{key}", now=visit.now)
