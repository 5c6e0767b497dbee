"""One request as the pages see it: who asks, in which language and zone, with which words.

Everything a browser sends is read here, once, and comes out as plain checked values. Where nobody
logs in a name is what a person typed for themselves: it says who decided, it proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo, available_timezones

from starlette.requests import Request

from monitor.catalogues import LANGUAGES
from monitor.core.people import BrowserSession, Person, Role

SOMEBODY = "analyst"  # the name under which a person decides who has given none
NAME_LENGTH = 60
YEAR = 365 * 24 * 3600  # seconds: how long a browser keeps the three choices

_WEIGHTED = re.compile(
    r"\s*([a-zA-Z*]{1,8})(?:-[a-zA-Z0-9-]{1,32})?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a request comes from; the tokens are secrets and stay out of `repr`."""

    site: str = ""  # scheme and host under which this page was asked for
    address: str = ""
    browser: str = ""
    token: str = field(default="", repr=False)
    known: str = field(default="", repr=False)  # says that somebody logged in here before
    session: BrowserSession | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a page may know of the request."""

    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    parts: Mapping[str, str]  # of the address: {"key": "7"}
    language: str
    zone: ZoneInfo
    who: Person | None  # None: a stranger, on the few pages that need no log-in
    now: datetime
    caller: Caller = Caller()

    @property
    def person(self) -> Person:
        """Who asks; there is one on every page whose route needs a role."""
        assert self.who is not None, "a page for strangers asked who is there"
        return self.who

    @property
    def actor(self) -> str:
        """The name under which this person decides, claims and notes; empty for a stranger."""
        return "" if self.who is None else self.who.name

    def may(self, role: str) -> bool:
        """Say whether whoever asks may do what needs `role`; for buttons and links on pages."""
        return self.who is not None and self.who.may(Role(role))

    def number(self, name: str) -> int | None:
        """Return the part `name` of the address as a key; None when it cannot be one."""
        return whole(self.parts.get(name, ""))

    @property
    def here(self) -> str:
        """The address of this page, without scheme and host, for coming back to it."""
        return self.path + ("?" + urlencode(self.query) if self.query else "")


def whole(text: str) -> int | None:
    """Return `text` as a number from 0 to 2**53, else None.

    Longer runs of digits are no number of ours, and Python refuses to read the longest of them.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def visit(
    request: Request,
    who: Person | None,
    caller: Caller,
    *,
    now: datetime,
    zone: str,
    form: Mapping[str, str],
) -> Visit:
    """Read a request of `who`. `zone` is the one for people who chose none."""
    cookies = request.cookies
    language = (who.language if who else "") or cookies.get("language", "")
    chosen_zone = (who.zone if who else "") or cookies.get("zone", "")
    return Visit(
        path=request.url.path,
        query=dict(request.query_params),
        form=form,
        parts={name: str(value) for name, value in request.path_params.items()},
        language=language_of(language, request.headers.get("accept-language", "")),
        zone=zone_of(chosen_zone, zone),
        who=who,
        now=now,
        caller=caller,
    )


def language_of(chosen: str, accepted: str) -> str:
    """Return the language to answer in: the chosen one, else the best that the browser accepts.

    >>> language_of("", "fr, ko-KR;q=0.7, ru;q=0.8"), language_of("ko", "ru"), language_of("", "")
    ('ru', 'ko', 'en')
    """
    if chosen in LANGUAGES:
        return chosen
    wishes: list[tuple[float, int, str]] = []
    for place, wish in enumerate(accepted[:500].split(",")):
        found = _WEIGHTED.fullmatch(wish.rstrip())
        if found and float(found[2] or 1) > 0:
            wishes.append((-float(found[2] or 1), place, found[1].lower()))
    return next((name for _, _, name in sorted(wishes) if name in LANGUAGES), "en")


def zone_of(chosen: str, fallback: str) -> ZoneInfo:
    """Return the chosen time zone, else `fallback`, which must be a real one."""
    name = unquote(chosen)
    return ZoneInfo(name if name in all_zones() else fallback)


@cache
def all_zones() -> frozenset[str]:
    """Return the names of all time zones; finding them walks a thousand files."""
    return frozenset(available_timezones())


def local_person(cookies: Mapping[str, str]) -> Person:
    """Return who sits at this machine, where nobody logs in: every right, and the name they typed.

    The name is one short line without control characters.
    """
    name = clean_name(unquote(cookies.get("name", "")[:1000])) or SOMEBODY
    return Person(key=0, name=name, role=Role.ADMIN)


def clean_name(text: str) -> str:
    """Return `text` as a name: printable, blanks folded, at most 60 characters; maybe empty."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:NAME_LENGTH].strip()


# What browsers call themselves holds the names of their rivals: the first that is found counts.
_BROWSERS = ("Edg", "OPR", "YaBrowser", "Whale", "SamsungBrowser", "Firefox", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux")
_CALLED = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung", "Mac OS X": "macOS"}


def browser_name(agent: str) -> str:
    """Return what a person would call a browser: "Firefox, Linux"; else how it calls itself, cut.

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox, Linux'
    """
    found = [next((one for one in names if one in agent), "") for names in (_BROWSERS, _SYSTEMS)]
    return ", ".join(_CALLED.get(one, one) for one in found if one) or agent[:60] or "?"


def as_cookie(text: str) -> str:
    """Return `text` in the letters that a cookie may carry; `unquote` gives it back."""
    return quote(text, safe="")
