"""What became of an address: the ledger's answer, for "did you see this article?"."""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.reports import FateReport
from review.desk import Desk, see_other
from review.pages import address, outward
from review.visits import Visit, whole

ASKED_LENGTH = 4_000


def why(desk: Desk, visit: Visit) -> Response:
    """Show the fate of the address (or item number) that the query names."""
    asked = visit.query.get("url", "").strip()[:ASKED_LENGTH]
    report = answer(desk, asked) if asked else None
    item = report.item if report else None
    places = desk.store.digests.places(item.key) if item else []
    return desk.pages.show(visit, "why.html", asked=asked, report=report, places=places)


def search(desk: Desk, visit: Visit) -> Response:
    """Send an address to the ledger and words to the list of all items."""
    asked = visit.query.get("q", "").strip()[:ASKED_LENGTH]
    if outward(asked) or "://" in asked:
        return see_other(address("/why", {}, url=asked))
    return see_other(address("/", {}, q=asked, state="all"))


def answer(desk: Desk, asked: str) -> FateReport:
    """Ask the ledger; a bare number is an item."""
    number = whole(asked)
    return desk.store.ledger.why(asked if number is None else number)
