"""People at the door: a team with one person for each role, and visitors who are logged in.

Passwords are hashed at the least cost that Argon2 allows: what is tested is who gets in, and one
test elsewhere asks for the real cost.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from argon2 import PasswordHasher
from starlette.types import ASGIApp
from web import samples
from web.visitors import Visitor

from monitor.core.people import LinkUse, Person, Role
from review.gate import KNOWN, SESSION, Gate
from review.passwords import Passwords
from store import Store

QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
CLOSED = Gate(is_closed=True, passwords=QUICK)
HTTPS = Gate(is_closed=True, is_https=True, address="https://watch.ngo.example", passwords=QUICK)
DOMAIN = "localhost.local"  # under which the visitors' cookie jar keeps those of localhost
NAMES = {Role.READER: "Rina", Role.ANALYST: "Ana", Role.OPERATOR: "Oleg", Role.ADMIN: "Boss"}


def password(person: Person) -> str:
    """Return the password of one of the team."""
    return f"the long word of {person.name}"


def add(store: Store, name: str, role: Role) -> Person:
    """Add somebody who can log in."""
    added = store.people.add(name, role, actor="test", now=samples.NOW)
    assert isinstance(added, Person)
    store.people.set_password(added.key, QUICK.made(password(added)), now=samples.NOW)
    return added


def team(store: Store) -> Mapping[Role, Person]:
    """Add one person for each role."""
    return {role: add(store, name, role) for role, name in NAMES.items()}


def entered(app: ASGIApp, store: Store, person: Person | None) -> Visitor:
    """Return a visitor in whose browser somebody is logged in; None: a stranger."""
    visitor = Visitor(app)
    if person is not None:
        token, known = store.logins.begin(
            person.key, known="", browser="Firefox on Linux", now=samples.NOW
        )
        plant(visitor, token)
        visitor.cookies.set(KNOWN, known, domain=DOMAIN)
    return visitor


def plant(visitor: Visitor, token: str) -> None:
    """Put a session's token into a browser, over the one it has."""
    visitor.cookies.set(SESSION, token, domain=DOMAIN)


def log_in(visitor: Visitor, name: str, password: str, **more: str) -> httpx.Response:
    """Send the log-in form."""
    return visitor.post("/login", {"name": name, "password": password, **more})


def link_for(store: Store, person: Person, use: LinkUse = LinkUse.RESET) -> str:
    """Return the path of a good one-time link."""
    return f"/link/{store.logins.make_link(person.key, use, actor='test', now=samples.NOW)}"
