"""Spans of time as people write them: `30m`, `6h`, `2d`. One spelling for files and pages."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def read_span(text: str) -> timedelta | None:
    """Return the span that is written, or None when the text is no span."""
    found = re.fullmatch(r"([0-9]{1,6})\s*([mhd])", text.strip())
    return int(found[1]) * _UNITS[found[2]] if found else None


def span_text(span: timedelta) -> str:
    """Return a span in the largest unit that divides it; below a minute it is cut off."""
    minutes = int(span.total_seconds() // 60)
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"
