"""The table of the last seven days, in the reader's words and on their calendar. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.view import Reader
from monitor.catalogues.words import BANDS
from monitor.core.telling import Digest
from monitor.core.values import Band

SHOWN = (Band.DIGEST, Band.ALERT)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One line of the table."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekView:
    """The table: its headings and lines, oldest day first."""

    bands: tuple[str, ...]
    days: tuple[DayView, ...]


def week_view(digest: Digest, who: Reader) -> WeekView | None:
    """Return the table; None when there is nothing to compare."""
    if not digest.week:
        return None
    return WeekView(
        bands=tuple(who.gettext(BANDS[band]) for band in SHOWN),
        days=tuple(
            DayView(
                name=who.day(day.start), counts=tuple(day.counts.get(band, 0) for band in SHOWN)
            )
            for day in digest.week
        ),
    )
