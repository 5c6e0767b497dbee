"""Try an address: what it would bring, through the real fetcher and rules, keeping nothing.

Asking a server is a deed, so it is a POST: no link on another page can make us ask for one.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.errors import MonitorError
from review.desk import Desk, not_found
from review.visits import Visit

ADDRESS_LENGTH = 2_000
SHOWN_ENTRIES = 100


def ask(desk: Desk, visit: Visit) -> Response:
    """Show the empty form."""
    if desk.try_url is None:
        raise not_found()
    return desk.pages.show(visit, "try.html", asked="", found=None, failure="", may_add=False)


def answer(desk: Desk, visit: Visit) -> Response:
    """Ask the address of the form and show what came."""
    if desk.try_url is None:
        raise not_found()
    asked = visit.form.get("url", "").strip()[:ADDRESS_LENGTH]
    found, failure = None, ""
    if asked:
        try:
            found = desk.try_url(asked)
        except MonitorError as error:  # a sentence made for people
            failure = str(error)
    return desk.pages.show(
        visit,
        "try.html",
        asked=asked,
        found=found,
        failure=failure,
        shown=SHOWN_ENTRIES,
        may_add=desk.edit_feeds is not None,
    )
