"""The log of changes, for admins: who changed what, when, from what to what; as a page and as CSV.

Read only. Times are in the reader's zone on the page, and in UTC in the file, which leaves us.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from monitor.core.exports import safe_cell
from monitor.core.reports import AuditLine, TrailFilter
from monitor.core.windows import instant
from review.desk import Desk
from review.pages import address
from review.visits import Visit, whole

LINES = 100
FILE_LINES = 100_000
NOUNS = ("item", "feed", "rules", "subscriber", "mail", "digest", "person")
COLUMNS = ("at", "who", "action", "subject", "before", "after")
SHOWN = 300  # characters of one value on the page; the file has all of it


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after; None: there was none."""

    name: str
    before: str | None
    after: str | None


def trail(desk: Desk, visit: Visit) -> Response:
    """Show a page of the log."""
    wanted = chosen(visit)
    lines = desk.store.audit.find(wanted, limit=LINES + 1)
    is_more = len(lines) > LINES
    return desk.pages.show(
        visit,
        "audit.html",
        lines=[(line, differences(line), _place(line.subject)) for line in lines[:LINES]],
        following=address("/audit", _fields(visit), below=lines[-2].key) if is_more else None,
        file=address("/audit.csv", _fields(visit)),
        fields=_fields(visit),
        actors=desk.store.audit.actors(),
        nouns=NOUNS,
    )


def trail_file(desk: Desk, visit: Visit) -> Response:
    """Give the log as CSV, with the same filters."""
    lines = desk.store.audit.find(replace(chosen(visit), below=None), limit=FILE_LINES)
    return Response(
        csv_text(lines),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="changes.csv"'},
    )


def chosen(visit: Visit) -> TrailFilter:
    """Return the filter that the address names; what it cannot mean does not narrow."""
    query = visit.query
    return TrailFilter(
        actor=query.get("who", "").strip()[:200],
        noun=noun if (noun := query.get("noun", "")) in NOUNS else "",
        subject=query.get("subject", "").strip()[:200],
        since=_midnight(query.get("since", ""), visit),
        until=_midnight(query.get("until", ""), visit, later=timedelta(days=1)),
        below=whole(query.get("below", "")),
    )


def differences(line: AuditLine) -> list[Difference]:
    """Return what a line tells, value by value; what stayed the same is left out."""
    before, after = line.before or {}, line.after or {}
    return [
        Difference(name, _text(before, name), _text(after, name))
        for name in dict.fromkeys((*before, *after))
        if name not in before or name not in after or before[name] != after[name]
    ]


def csv_text(lines: Sequence[AuditLine]) -> str:
    """Return lines as CSV with a heading; before and after as JSON, empty when there was none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        before, after = (
            "" if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True)
            for values in (line.before, line.after)
        )
        cells = (line.at.isoformat(), line.actor, line.action, line.subject, before, after)
        writer.writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def _fields(visit: Visit) -> dict[str, str]:
    names = ("who", "noun", "subject", "since", "until")
    return {name: visit.query.get(name, "")[:200] for name in names}


def _text(values: Mapping[str, object], name: str) -> str | None:
    if name not in values:
        return None
    value = values[name]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _place(subject: str) -> str | None:
    """Return where the page of a subject is; None for one that has none."""
    noun, _, key = subject.partition(":")
    if noun in ("item", "person", "mail") and whole(key) is not None:
        return {"item": "/items/", "person": "/people/", "mail": "/mails/"}[noun] + key
    return None


def _midnight(text: str, visit: Visit, *, later: timedelta = timedelta(0)) -> datetime | None:
    """Return the first moment of a day in the reader's zone; None for any other text."""
    try:
        return instant(date.fromisoformat(text) + later, time(0), zone=visit.zone.key)
    except (ValueError, OverflowError):  # no day, or one that other zones have no date for
        return None
