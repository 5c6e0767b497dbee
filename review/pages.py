"""Turns values into pages: one template environment a language, and the few filters pages need.

Autoescape is on everywhere and no template marks anything as safe. What came from a feed stands in
`<bdi>` (its direction cannot leak into ours), links out pass `outward`, times pass `when`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from gettext import NullTranslations
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_date, format_datetime, format_timedelta, get_day_names
from babel.numbers import format_decimal
from starlette.responses import HTMLResponse

from monitor.catalogues import LANGUAGES, translations, words
from monitor.catalogues.reasons import notes, reason
from monitor.core.tlp import Tlp
from review import __name__ as package
from review.visits import Visit, browser_name

TITLE_LENGTH = 300  # characters of a title on a page; the whole of it is on the item's page
LINK_LENGTH = 2_000  # longer addresses are shown as text: browsers and servers cut them anyway


Catalogue = Callable[[str], NullTranslations]
"""Gives the messages of a language."""


@dataclass(frozen=True)
class Pages:
    """The templates in every language."""

    catalogue: Catalogue = translations
    standing: Mapping[str, Any] = field(default_factory=dict)  # what every page may use

    def show(
        self, visit: Visit, template: str, status: int = 200, /, **values: Any
    ) -> HTMLResponse:
        """Return the page that `template` makes of `values`."""
        templates = environment(visit.language, self.catalogue)
        text = templates.get_template(template).render(visit=visit, **self.standing, **values)
        return HTMLResponse(text, status)


@cache
def environment(language: str, catalogue: Catalogue) -> jinja2.Environment:
    """Return the templates in one language: Jinja's translations belong to the environment."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    messages = catalogue(language)
    # mypy does not see what the extension adds to the environment.
    made.install_gettext_translations(messages, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "when": when,
        "moment": moment,
        "day": day,
        "local": local,
        "weekday": weekday,
        "number": number,
        "signed": signed,
        "outward": outward,
        "short": short,
        "span": span,
        "query": query,
        "language": lambda code: messages.gettext(words.LANGUAGE_NAMES.get(code, code or "")),
        "reason": lambda kept: reason(kept, messages),
        "noted": lambda kept: notes(kept, messages),
        "browser": browser_name,
        "said": messages.gettext,  # a message id out of one of the tables
    }
    made.globals |= {"words": words, "languages": LANGUAGES, "tlp_marks": tuple(Tlp)}
    return made


@jinja2.pass_context
def when(context: jinja2.runtime.Context, moment: datetime | None) -> str:
    """Return how long ago `moment` is, in the visitor's language: "3 hours ago"."""
    visit: Visit = context["visit"]
    if moment is None:
        return "–"
    apart = (moment - visit.now) or -timedelta(seconds=1)  # else it would say "in 0 seconds"
    return format_timedelta(apart, add_direction=True, locale=visit.language)


@jinja2.pass_context
def moment(context: jinja2.runtime.Context, at: datetime | None) -> str:
    """Return `at` as date and time in the visitor's zone."""
    visit: Visit = context["visit"]
    if at is None:
        return "–"
    return format_datetime(at.astimezone(visit.zone), "d MMM y, HH:mm zzz", locale=visit.language)


@jinja2.pass_context
def day(context: jinja2.runtime.Context, at: datetime) -> str:
    """Return the day of `at`, in the zone that it is in."""
    visit: Visit = context["visit"]
    return format_date(at.date(), "EEE d MMM", locale=visit.language)


def local(at: datetime, zone: str) -> datetime:
    """Return `at` in another person's zone."""
    return at.astimezone(ZoneInfo(zone))


@jinja2.pass_context
def weekday(context: jinja2.runtime.Context, number: int) -> str:
    """Return the short name of a day of the week, Monday is 0."""
    visit: Visit = context["visit"]
    return str(get_day_names("abbreviated", context="stand-alone", locale=visit.language)[number])


@jinja2.pass_context
def span(context: jinja2.runtime.Context, length: timedelta) -> str:
    """Return a length of time in the visitor's language, to one unit: "3 hours"."""
    visit: Visit = context["visit"]
    return format_timedelta(length, locale=visit.language)


@jinja2.pass_context
def number(context: jinja2.runtime.Context, value: float) -> str:
    """Return a number with the digits grouped as the language does."""
    visit: Visit = context["visit"]
    return format_decimal(value, locale=visit.language)


def signed(points: int) -> str:
    """Return points with their sign, a true minus for negative ones.

    >>> signed(30), signed(-5), signed(0)
    ('+30', '−5', '0')
    """
    return f"+{points}" if points > 0 else str(points).replace("-", "−")


def outward(address: str | None) -> str | None:
    """Return `address` when it may be a link: absolute http(s), without tricks; else None.

    >>> outward("https://example.org/a"), outward("javascript:alert(1)"), outward("//evil")
    ('https://example.org/a', None, None)
    """
    if not address or len(address) > LINK_LENGTH or not address.isprintable():
        return None
    if any(letter in address for letter in " \\<>\"'`"):
        return None
    try:
        parts = urlsplit(address)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:  # brackets that hold no address, a port that is none
        return None
    fine = parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_fine
    # A name before an @ is a lure ("https://bbc.com@evil.example"), never an article's address.
    return address if fine and parts.username is None else None


def short(text: str, length: int = TITLE_LENGTH) -> str:
    """Return `text` on one line, cut to `length` characters with an ellipsis.

    Cut before folding blanks: a title of five megabytes must cost nothing.
    """
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length and len(text) <= length * 4 else line[:length] + "…"


def address(path: str, values: Mapping[str, str], **changed: str | int | None) -> str:
    """Return `path` with a query of `values`, some of them changed; empty ones are left out.

    >>> address("/", {"band": "alert", "page": "2"}, page=None), address("/", {})
    ('/?band=alert', '/')
    """
    both = {**values, **changed}
    kept = {name: value for name, value in both.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


def query(values: Mapping[str, str], **changed: str | int | None) -> str:
    """Return the query of `address` alone; "?" when it is empty, which clears the page's own."""
    return address("", values, **changed) or "?"
