"""Who asks: the cookies of a logged-in browser, and whether this house asks for a log-in at all.

On this machine alone nobody logs in until there is an admin who can; everywhere else everybody
does. A cookie carries nothing but a random token. It is bound to this exact host and to https where
people reach the page by https (`__Host-`, RFC 6265bis section 4.1.3.2). Must never let a token,
a password or a one-time link into a log line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

from monitor.core.errors import StoreError
from monitor.core.people import Person
from review.passwords import Passwords
from review.visits import Caller, local_person
from store import Store
from store.logins import KNOWN_FOR, LONGEST, SEEN_EVERY

log = structlog.get_logger(__name__)

SESSION, KNOWN = "watch-session", "watch-known"  # cookies of all ports of a host are one jar
TOKEN_LENGTH: Final = 100  # of ours have 43 characters; a longer one is nobody's

_PLAIN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How people come in."""

    is_closed: bool = False  # True: nobody passes without a log-in, even on this machine
    is_https: bool = False  # people reach the page by https
    address: str | None = None  # under which they do, for the links that are handed out
    passwords: Passwords = field(default_factory=Passwords)

    def who(self, store: Store, request: Request, now: datetime) -> tuple[Person | None, Caller]:
        """Return who asks, None for a stranger, and from where.

        Raises the kinds of StoreError.
        """
        caller = self.caller(request)
        found = store.logins.who(caller.token, now) if caller.token else None
        if found is None:
            asks_everybody = self.is_closed or store.people.has_admin()
            return (None if asks_everybody else local_person(request.cookies)), caller
        person, session = found
        if now - session.seen_at >= SEEN_EVERY:
            try:
                store.logins.seen(session, now)
            except StoreError as error:  # reading goes on while nothing can be written
                log.warning("session.not_noted", error=type(error).__name__)
        return person, replace(caller, session=session)

    def caller(self, request: Request) -> Caller:
        """Return where a request comes from; nothing is asked of the store."""
        return Caller(
            site=f"{request.url.scheme}://{request.url.netloc}",  # the Host check let it pass
            address=request.client.host if request.client else "",
            browser=_printable(request.headers.get("user-agent", "")),
            token=self._cookie(request, SESSION),
            known=self._cookie(request, KNOWN),
        )

    def let_in(self, response: Response, token: str, known: str) -> Response:
        """Give a browser the tokens of its new session."""
        self._set(response, SESSION, token, LONGEST)
        self._set(response, KNOWN, known, KNOWN_FOR)
        return response

    def let_out(self, response: Response) -> Response:
        """Take the session's token from a browser; that it is known stays."""
        name = self._name(SESSION)
        response.delete_cookie(name, secure=self.is_https, httponly=True, samesite="lax")
        return response

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.is_https else name

    def _cookie(self, request: Request, name: str) -> str:
        value = request.cookies.get(self._name(name), "")
        return value if len(value) <= TOKEN_LENGTH else ""

    def _set(self, response: Response, name: str, token: str, keep_for: timedelta) -> None:
        response.set_cookie(
            self._name(name),
            token,
            max_age=int(keep_for.total_seconds()),
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )


def way_on(wanted: str) -> str:
    """Return the address to go to after logging in: one of this site, else the first page.

    Browsers read `//evil.example`, a backslash for a slash and control characters in ways of their
    own, so that only plain paths pass.

    >>> way_on("/items/7?from=stopped"), way_on("//evil.example"), way_on("https://evil.example")
    ('/items/7?from=stopped', '/', '/')
    """
    return wanted if _PLAIN_PATH.fullmatch(wanted) else "/"


def _printable(text: str) -> str:
    return "".join(letter for letter in text[:400] if letter.isprintable())
