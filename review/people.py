"""The people of the house, for admins: who may what, inviting, ending sessions.

A one-time link is shown in the answer to the form that asked for it and nowhere again: no page, log
or mail carries it. The admin hands it over on a way of their own.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from monitor.core.people import Account, LinkUse, Person, Refused, Role
from review.desk import Desk, not_found, see_other
from review.trail import differences
from review.visits import Visit

LINES = 20  # of the log of changes, on the page of a person


def everybody(desk: Desk, visit: Visit) -> Response:
    """Show everybody, and the form that invites somebody."""
    return _everybody(desk, visit)


def invite(desk: Desk, visit: Visit) -> Response:
    """Add somebody and show the link by which they choose a password."""
    role = _role(visit)
    added = desk.store.people.add(
        visit.form.get("name", ""), role, actor=visit.actor, now=visit.now
    )
    if isinstance(added, Refused):
        return _everybody(desk, visit, failure=added)
    return _handed_over(desk, visit, added, LinkUse.INVITATION)


def one(desk: Desk, visit: Visit) -> Response:
    """Show somebody: role, sessions, and what was changed about them."""
    return _one(desk, visit, _asked(desk, visit))


def change_role(desk: Desk, visit: Visit) -> Response:
    """Give somebody another role; their sessions end."""
    role = _role(visit)
    return _changed(
        desk,
        visit,
        lambda key: desk.store.people.set_role(key, role, actor=visit.actor, now=visit.now),
    )


def change_active(desk: Desk, visit: Visit) -> Response:
    """Let somebody log in, or not any more."""
    wanted = {"yes": True, "no": False}.get(visit.form.get("active", ""))
    if wanted is None:
        raise not_found()
    return _changed(
        desk,
        visit,
        lambda key: desk.store.people.set_active(key, wanted, actor=visit.actor, now=visit.now),
    )


def end_sessions(desk: Desk, visit: Visit) -> Response:
    """Log somebody out everywhere."""
    person = _asked(desk, visit).person
    desk.store.logins.end_all(person.key, actor=visit.actor, now=visit.now)
    return see_other(f"/people/{person.key}")


def reset(desk: Desk, visit: Visit) -> Response:
    """Show a link by which somebody chooses a new password; the old one holds until then."""
    asked = _asked(desk, visit)
    if not asked.is_active:
        raise not_found()
    use = LinkUse.RESET if asked.has_password else LinkUse.INVITATION
    return _handed_over(desk, visit, asked.person, use)


def _changed(desk: Desk, visit: Visit, change: Callable[[int], Refused | None]) -> Response:
    asked = _asked(desk, visit)
    failure = change(asked.person.key)
    if failure is not None:
        return _one(desk, visit, asked, failure=failure)
    return see_other(f"/people/{asked.person.key}")


def _asked(desk: Desk, visit: Visit) -> Account:
    key = visit.number("key")
    found = None if key is None else desk.store.people.get(key)
    if found is None:
        raise not_found()
    return found


def _role(visit: Visit) -> Role:
    wanted = visit.form.get("role", "")
    if wanted not in set(Role):
        raise not_found()
    return Role(wanted)


def _handed_over(desk: Desk, visit: Visit, person: Person, use: LinkUse) -> Response:
    token = desk.store.logins.make_link(person.key, use, actor=visit.actor, now=visit.now)
    site = desk.gate.address or visit.caller.site
    return desk.pages.show(
        visit, "handed.html", person=person, use=use, address=f"{site}/link/{token}"
    )


def _everybody(desk: Desk, visit: Visit, *, failure: Refused | None = None) -> Response:
    return desk.pages.show(
        visit,
        "people.html",
        200 if failure is None else 400,
        accounts=desk.store.people.list(),
        roles=tuple(Role),
        has_admin=desk.store.people.has_admin(),
        failure=failure,
        name=visit.form.get("name", ""),
    )


def _one(desk: Desk, visit: Visit, asked: Account, *, failure: Refused | None = None) -> Response:
    key = asked.person.key
    return desk.pages.show(
        visit,
        "person.html",
        200 if failure is None else 409,
        account=asked,
        roles=tuple(Role),
        sessions=desk.store.logins.list(key, visit.now),
        lines=[
            (line, differences(line))
            for line in desk.store.audit.list(subject=f"person:{key}", limit=LINES)
        ],
        failure=failure,
    )
