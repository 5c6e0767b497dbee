"""The way in and out: logging in, one-time links, logging out, and the language of these pages.

A wrong name and a wrong password get the same answer after the same time. Opening a one-time link
shows a form and uses nothing up, because mail programs and messengers open what they show. A log-in
always begins a session under a new token, so a token that somebody planted is worth nothing.
"""

from __future__ import annotations

import structlog
from starlette.responses import Response

from monitor.catalogues import LANGUAGES
from monitor.core.passwords import Weakness, weakness
from monitor.core.people import LinkUse, OneTimeLink, Refused
from review.desk import Desk, see_other
from review.gate import way_on
from review.visits import YEAR, Visit

log = structlog.get_logger(__name__)

LOGIN = "/login"
LINK = "/link/{token}"


def ask(desk: Desk, visit: Visit) -> Response:
    """Show the log-in; whoever is logged in already goes on."""
    if visit.who is not None:
        return see_other(way_on(visit.query.get("next", "")))
    return _ask(desk, visit, wanted=visit.query.get("next", ""))


def enter(desk: Desk, visit: Visit) -> Response:
    """Let somebody in who knows their password."""
    caller, now = visit.caller, visit.now
    name, password = visit.form.get("name", ""), visit.form.get("password", "")
    wanted = visit.form.get("next", "")
    logins, passwords = desk.store.logins, desk.gate.passwords
    tried = logins.try_begins(name, address=caller.address, known=caller.known, now=now)
    if tried is None:
        log.warning("login.too_many", address=caller.address)
        return _ask(desk, visit, wanted=wanted, failure="many")
    found = desk.store.people.find(name)
    key = found.person.key if found else 0  # which is nobody's, and asked for all the same
    kept = desk.store.people.password_of(key)
    if not passwords.is_right(password, kept) or kept is None:
        # The name is left out: people type their password into the wrong field.
        log.warning("login.refused", address=caller.address, person=key or None)
        return _ask(desk, visit, wanted=wanted, failure="wrong")
    if passwords.is_outdated(kept):
        desk.store.people.rehash(key, passwords.made(password), before=kept)
    if caller.token:
        logins.end(caller.token)
    logins.try_ends(tried)
    tokens = logins.begin(key, known=caller.known, browser=caller.browser, now=now)
    log.info("login.done", person=key, address=caller.address)
    return desk.gate.let_in(see_other(way_on(wanted)), *tokens)


def leave(desk: Desk, visit: Visit) -> Response:
    """End this session."""
    if visit.caller.session is None:  # nobody logs in on this machine
        return see_other("/")
    desk.store.logins.end(visit.caller.token)
    log.info("login.ended", person=visit.person.key)
    return desk.gate.let_out(see_other(LOGIN))


def open_link(desk: Desk, visit: Visit) -> Response:
    """Show what a one-time link is for."""
    link = desk.store.logins.link(visit.parts["token"], visit.now)
    return _no_link(desk, visit) if link is None else _choose(desk, visit, link)


def use_link(desk: Desk, visit: Visit) -> Response:
    """Take the password that the holder of a link chose, and let them in."""
    token, caller = visit.parts["token"], visit.caller
    link = desk.store.logins.link(token, visit.now)
    if link is None:
        return _no_link(desk, visit)
    name = visit.form.get("name", "") if link.use is LinkUse.FIRST else ""
    password = visit.form.get("password", "")
    failure: Weakness | Refused | str | None = weakness(password, name=name or link.person.name)
    if failure is None and password != visit.form.get("again", ""):
        failure = "differ"
    if failure is not None:
        return _choose(desk, visit, link, failure=failure)
    done = desk.store.logins.use_link(
        token,
        desk.gate.passwords.made(password),
        browser=caller.browser,
        known=caller.known,
        now=visit.now,
        name=name,
    )
    if done is Refused.NOBODY:
        return _no_link(desk, visit)
    if isinstance(done, Refused):
        return _choose(desk, visit, link, failure=done)
    person, *tokens = done
    if caller.token:
        desk.store.logins.end(caller.token)
    log.info("login.by_link", person=person.key, use=link.use.value, address=caller.address)
    return desk.gate.let_in(see_other("/"), *tokens)


def speak(desk: Desk, visit: Visit) -> Response:
    """Keep the language that a stranger chose, in their browser."""
    response = see_other(LOGIN)
    wanted = visit.form.get("language", "")
    if wanted in LANGUAGES:
        response.set_cookie("language", wanted, max_age=YEAR, httponly=True, samesite="lax")
    return response


def _ask(desk: Desk, visit: Visit, *, wanted: str, failure: str = "") -> Response:
    return desk.pages.show(
        visit,
        "login.html",
        {"": 200, "wrong": 401, "many": 429}[failure],
        wanted=way_on(wanted),
        failure=failure,
        has_admin=desk.store.people.has_admin(),
    )


def _choose(
    desk: Desk, visit: Visit, link: OneTimeLink, *, failure: Weakness | Refused | str | None = None
) -> Response:
    return desk.pages.show(
        visit,
        "link.html",
        200 if failure is None else 400,
        link=link,
        failure=failure,
        chosen=visit.form.get("name", link.person.name),
    )


def _no_link(desk: Desk, visit: Visit) -> Response:
    """Answer for every link that is not good, always the same."""
    return desk.pages.show(visit, "link.html", 404, link=None, failure=None, chosen="")
