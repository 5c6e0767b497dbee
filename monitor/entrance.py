"""How the first person gets in, and the address of the links by which people choose a password.

A token is printed where somebody sits who may read it, the terminal or the log of the first start,
and is kept nowhere.
"""

from __future__ import annotations

from monitor.app import Watch
from monitor.core.people import LinkUse, Person, Refused, Role
from monitor.settings import Settings

FIRST_NAMES = ("admin", "first admin")


def link_address(settings: Settings, token: str) -> str:
    """Return the one-time link of a token, as people reach the page."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    site = settings.public_url or f"http://{host}:{settings.port}"
    return f"{site}/link/{token}"


def first_token(watch: Watch) -> str | None:
    """Return the token by which the first admin gets in; an earlier one ends.

    None when an admin can log in, or has been invited: their link must not end by a restart.
    """
    store, now = watch.store, watch.clock.now()
    if store.people.has_admin():
        return None
    waiting = [
        one.person for one in store.people.list() if one.is_active and one.person.role is Role.ADMIN
    ]
    if any(store.logins.waits(person.key, LinkUse.INVITATION, now) for person in waiting):
        return None
    first = waiting[0] if waiting else _added(watch)
    return store.logins.make_link(first.key, LinkUse.FIRST, actor="monitor", now=now)


def _added(watch: Watch) -> Person:
    for name in FIRST_NAMES:
        added = watch.store.people.add(name, Role.ADMIN, actor="monitor", now=watch.clock.now())
        if not isinstance(added, Refused):
            return added
    raise AssertionError("two people with the names of first admins, and neither is one")
