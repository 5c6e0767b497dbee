"""What a person chose for themselves, kept in their own browser: language, time zone, name."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from starlette.responses import Response

from monitor.catalogues import LANGUAGES
from review.desk import Desk, see_other
from review.visits import YEAR, Visit, all_zones, as_cookie, clean_name


def choices(desk: Desk, visit: Visit) -> Response:
    """Show the three choices and the keys."""
    return desk.pages.show(visit, "you.html", zones=zones())


def choose(desk: Desk, visit: Visit) -> Response:
    """Keep the choices that the form names; an emptied one is forgotten."""
    response = see_other("/you" if visit.form.get("from") == "you" else "/")
    wanted = {
        "language": _if_among(visit.form.get("language"), LANGUAGES),
        "zone": _if_among(visit.form.get("zone"), all_zones()),
        "name": None if (name := visit.form.get("name")) is None else clean_name(name),
    }
    for cookie, value in wanted.items():
        if value:
            response.set_cookie(
                cookie, as_cookie(value), max_age=YEAR, httponly=True, samesite="lax"
            )
        elif value == "":
            response.delete_cookie(cookie, httponly=True, samesite="lax")
    return response


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones that a person may choose, in order."""
    return tuple(sorted(name for name in all_zones() if "/" in name or name == "UTC"))


def _if_among(given: str | None, offered: Collection[str]) -> str | None:
    return given if given in offered else None
