"""Clocks that tests set by hand."""

from __future__ import annotations

from datetime import datetime


class StandingClock:
    """A clock that stands until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment that was set last."""
        return self.at
