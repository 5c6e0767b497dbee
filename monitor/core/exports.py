"""Items as tables for other programs. Pure; every cell is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from monitor.core.values import Item, Match

COLUMNS = (
    "key",
    "score",
    "decision",
    "state",
    "title",
    "outlet",
    "lang",
    "published",
    "first_seen",
    "url",
    "reasons",
    "rules_version",
    "tlp",
)
# A spreadsheet runs a cell that begins like this as a formula (OWASP ASVS 5.0, V1.2.10), and it
# takes the full-width forms for the plain ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(items: Iterable[Item]) -> str:
    """Return items as CSV with a heading, one line an item, RFC 4180 line ends."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in items:
        writer.writerow([safe_cell(value) for value in _row(item)])
    return out.getvalue()


def safe_cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: such a one gets an apostrophe."""
    value = value.replace("\x00", "")
    return f"'{value}" if value.lstrip(" \u00a0\u3000").startswith(_FORMULA) else value


def reasons(matches: Iterable[Match]) -> str:
    """Return the lines that carry points as one text: `+30 nk-workers (North Korea); ...`."""
    return "; ".join(
        f"{match.points:+d} {match.rule}" + (f" ({match.label})" if match.label else "")
        for match in matches
        if match.points
    )


def _row(item: Item) -> list[str]:
    return [
        str(item.key),
        str(item.score.score),
        item.score.decision,
        item.state,
        item.title,
        item.outlet,
        item.lang or "",
        item.published_at.isoformat() if item.published_at else "",
        item.first_seen_at.isoformat(),
        item.url,
        reasons(item.score.matches),
        item.score.version,
        item.tlp.label,
    ]
