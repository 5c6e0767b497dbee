"""A tip by hand: an article's address that a person knows of, taken like any entry of a feed.

It is fetched, scored and kept at once, and has its fate in the ledger. What must not be asked is
refused with the reason, and the form keeps what was written. Asking a server is a deed: POST alone.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.errors import ConfigurationErrors, MonitorError
from review.desk import Desk, not_found, see_other
from review.visits import Visit

ADDRESS_LENGTH = 2_000
NOTE_LENGTH = 2_000


def add(desk: Desk, visit: Visit) -> Response:
    """Take the address of the form; lead to its item, or show what became of it."""
    if desk.add_tip is None:
        raise not_found()
    asked = visit.form.get("url", "").strip()
    note = visit.form.get("note", "").strip()[:NOTE_LENGTH]
    report, failure = None, ""
    if asked and len(asked) <= ADDRESS_LENGTH:
        try:
            report = desk.add_tip(asked, note=note, actor=visit.person)
        except ConfigurationErrors as refused:  # the reason alone: the address stands in the form
            failure = "; ".join(problem.message for problem in refused.problems)
        except MonitorError as error:
            failure = str(error)
    if report is not None and report.item is not None:
        return see_other(f"/items/{report.item.key}")
    return desk.pages.show(
        visit,
        "tip.html",
        200 if report else 422,
        asked=asked[:ADDRESS_LENGTH],
        note=note,
        failure=failure,
        report=report,
    )
