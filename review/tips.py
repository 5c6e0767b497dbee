"""A tip by hand: an article's address that a person knows of, taken like any entry of a feed.

It is fetched, scored and kept at once, and has its fate in the ledger. What was not kept is said
so with the reason, and the form keeps what was written: a tip must not get lost in silence.
Asking a server is a deed: POST alone.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.catalogues import N_
from monitor.core.errors import ConfigurationErrors
from monitor.core.reports import FateReport
from monitor.core.tlp import Tlp
from review.desk import AddTip, Desk, not_found, see_other
from review.visits import Visit

ADDRESS_LENGTH = 2_000
NOTE_LENGTH = 2_000
NO_ADDRESS = N_("There is no address, or one that is too long.")
OVERTAKEN = N_("Another tip came at the same moment. Please add it again.")


def add(desk: Desk, visit: Visit) -> Response:
    """Take the address of the form; lead to its item, or show what became of it."""
    if desk.add_tip is None:
        raise not_found()
    asked = visit.form.get("url", "").strip()
    note = visit.form.get("note", "").strip()[:NOTE_LENGTH]
    tlp = tlp_of(visit)
    report, failure = taken(desk.add_tip, asked, note=note, actor=visit.actor, tlp=tlp)
    if report is not None and report.item is not None:
        return see_other(f"/items/{report.item.key}")
    return desk.pages.show(
        visit,
        "tip.html",
        200 if report else 422,
        asked=asked[:ADDRESS_LENGTH],
        note=note,
        tlp=tlp,
        failure=failure,
        report=report,
    )


def tlp_of(visit: Visit, *, default: Tlp = Tlp.CLEAR) -> Tlp:
    """Return the mark that a form names; one that we do not know is taken for the strictest."""
    named = visit.form.get("tlp", default.value)
    return Tlp(named) if named in set(Tlp) else Tlp.RED


def taken(
    add_tip: AddTip, asked: str, *, note: str, actor: str, tlp: Tlp = Tlp.CLEAR
) -> tuple[FateReport | None, str]:
    """Return what the ledger says of a tip; None, and why, when nothing was kept."""
    if not asked or len(asked) > ADDRESS_LENGTH:
        return None, NO_ADDRESS
    try:
        report = add_tip(asked, note=note, actor=actor, tlp=tlp)
    except ConfigurationErrors as refused:  # the reason alone: the address stands in the form
        return None, "; ".join(problem.message for problem in refused.problems)
    return (report, "") if report.is_known else (None, OVERTAKEN)
