"""The list of subscribers as a table: handed out, and taken in after it was looked at.

Nothing is written before the second press, and then all lines or none. Addresses that are on the
list stay as they are; the page names them.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.subscriberforms import row_of, table_of
from monitor.core.subscriberlist import COLUMNS, read_subscribers
from monitor.core.telling import Subscriber
from review.desk import Desk, see_other
from review.visits import Visit

LENGTH = 200_000  # characters of a table
EXAMPLE = "address,name,language,zone,at\ndesk@example.org,News desk,en,Asia/Seoul,08:00\n"


def ask(desk: Desk, visit: Visit) -> Response:
    """Show the field for a table."""
    return _page(desk, visit, "")


def take(desk: Desk, visit: Visit) -> Response:
    """Show what a table would do, or do it when that was looked at."""
    text = visit.form.get("file") or visit.form.get("table", "")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found, problems = _read(desk, visit, text)
    if problems:
        return _page(desk, visit, text, problems=problems, status=422)
    if visit.form.get("step") != "apply":
        return _page(desk, visit, text, found=found)
    added = desk.store.subscribers.import_all(found)
    if added:
        desk.store.audit.add(
            actor=visit.actor,
            action="subscribers.imported",
            subject="subscribers",
            now=visit.now,
            after={"keys": [one.key for one in added]},
        )
    return see_other(f"/subscribers?done=imported-{len(added)}")


def export(desk: Desk, visit: Visit) -> Response:
    """Hand out the list as a table that can be taken in again."""
    people = [one for one in desk.store.subscribers.list() if one.is_person and one.is_active]
    desk.store.audit.add(
        actor=visit.actor, action="subscribers.exported", subject="subscribers", now=visit.now,
        after={"count": len(people)},
    )  # fmt: skip
    # The mark in front lets spreadsheets see that it is UTF-8.
    return Response(
        "\ufeff" + table_of(people),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="subscribers.csv"'},
    )


def _read(desk: Desk, visit: Visit, text: str) -> tuple[list[Subscriber], Sequence[Problem]]:
    if len(text) > LENGTH:
        return [], [Problem(file="", message=f"more than {LENGTH:,} characters")]
    if "\ufffd" in text:
        message = "the file is no UTF-8 text; save it as “CSV UTF-8”"
        return [], [Problem(file="", message=message)]
    try:
        found = read_subscribers(text, file="", now=visit.now, topics=tuple(desk.topics()))
    except ConfigurationErrors as error:
        return [], error.problems
    return found, ()


def _page(
    desk: Desk,
    visit: Visit,
    text: str,
    *,
    found: Sequence[Subscriber] | None = None,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Response:
    known = {one.address for one in desk.store.subscribers.list()}
    return desk.pages.show(
        visit,
        "roster.html",
        status,
        text=text,
        rows=None if found is None else [(row_of(one), one.address in known) for one in found],
        new_count=sum(one.address not in known for one in found or ()),
        problems=problems,
        columns=COLUMNS,
        example=EXAMPLE,
    )
