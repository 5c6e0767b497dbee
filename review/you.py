"""What people chose for themselves: language, time zone, and how they log in.

Where nobody logs in the choices stay in the browser, with the name that is typed there. Otherwise
they belong to the person, who also changes the password here and sees where they are logged in.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from starlette.responses import Response

from monitor.catalogues import LANGUAGES
from monitor.core.passwords import Weakness, weakness
from review.desk import Desk, not_found, see_other
from review.login import LOGIN
from review.visits import YEAR, Visit, all_zones, as_cookie, clean_name, whole


def choices(desk: Desk, visit: Visit) -> Response:
    """Show the choices, and where the person is logged in."""
    return _show(desk, visit)


def keys(desk: Desk, visit: Visit) -> Response:
    """Show the keys, for browsers without scripts; with them, ? opens the same table."""
    return desk.pages.show(visit, "keys.html")


def choose(desk: Desk, visit: Visit) -> Response:
    """Keep the choices that the form names; an emptied one is forgotten."""
    response = see_other("/you" if visit.form.get("from") == "you" else "/")
    wanted = {
        "language": _if_among(visit.form.get("language"), LANGUAGES),
        "zone": _if_among(visit.form.get("zone"), all_zones()),
    }
    if visit.person.key:
        chosen = {name: value for name, value in wanted.items() if value is not None}
        desk.store.people.choose(visit.person.key, now=visit.now, **chosen)
        return response
    wanted["name"] = None if (name := visit.form.get("name")) is None else clean_name(name)
    for cookie, value in wanted.items():
        if value:
            response.set_cookie(
                cookie, as_cookie(value), max_age=YEAR, httponly=True, samesite="lax"
            )
        elif value == "":
            response.delete_cookie(cookie, httponly=True, samesite="lax")
    return response


def change_password(desk: Desk, visit: Visit) -> Response:
    """Keep a new password; who knows the present one is asked first. Other sessions end."""
    person, caller, people = visit.person, visit.caller, desk.store.people
    if caller.session is None:
        raise not_found()
    # Counted as a log-in: a browser left open must not be a place to guess at leisure.
    tried = desk.store.logins.try_begins(
        person.name, address=caller.address, known=caller.known, now=visit.now
    )
    if tried is None:
        return _show(desk, visit, failure="many")
    passwords = desk.gate.passwords
    if not passwords.is_right(visit.form.get("present", ""), people.password_of(person.key)):
        return _show(desk, visit, failure="wrong")
    desk.store.logins.try_ends(tried)
    password = visit.form.get("password", "")
    failure: Weakness | str | None = weakness(password, name=person.name)
    if failure is None and password != visit.form.get("again", ""):
        failure = "differ"
    if failure is not None:
        return _show(desk, visit, failure=failure)
    people.set_password(
        person.key, passwords.made(password), now=visit.now, but_session=caller.session.key
    )
    # A new token for this browser too: the old one may be what made them change the password.
    desk.store.logins.end(caller.token)
    tokens = desk.store.logins.begin(
        person.key, known=caller.known, browser=caller.browser, now=visit.now
    )
    return desk.gate.let_in(see_other("/you?changed=1"), *tokens)


def end_sessions(desk: Desk, visit: Visit) -> Response:
    """End one session of this person, or all others, or all."""
    person, session, logins = visit.person, visit.caller.session, desk.store.logins
    if session is None:
        raise not_found()
    which = visit.form.get("session", "")
    if which == "all":
        logins.end_all(person.key, actor=person.name, now=visit.now)
        return desk.gate.let_out(see_other(LOGIN))
    if which == "others":
        logins.end_all(person.key, actor=person.name, now=visit.now, but=session.key)
    elif (key := whole(which)) is None or not logins.end_one(
        key, person.key, actor=person.name, now=visit.now
    ):
        raise not_found()
    return see_other("/you")


def _show(desk: Desk, visit: Visit, *, failure: Weakness | str | None = None) -> Response:
    session = visit.caller.session
    return desk.pages.show(
        visit,
        "you.html",
        {"": 200, "many": 429}.get(failure or "", 400),
        zones=zones(),
        session=session,
        sessions=desk.store.logins.list(visit.person.key, visit.now) if session else [],
        failure=failure,
        is_changed=visit.query.get("changed") == "1",
    )


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones that a person may choose, in order."""
    return tuple(sorted(name for name in all_zones() if "/" in name or name == "UTC"))


def _if_among(given: str | None, offered: Collection[str]) -> str | None:
    return given if given in offered else None
