"""Notices that feeds.yaml was edited, and whether the edit may be taken over by itself.

All or nothing: a file with a mistake, or one after which many feeds would fall silent, changes
nothing; what runs stays as it is, and the reason is told. The last good feeds are those in the
store, so they survive a restart too. A look costs one `stat` while nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.feedplan import FeedPlan, plan
from monitor.core.values import Feed
from monitor.feedfile import FeedFile, read_feeds

# An editor may write a file in two goes; a younger file is left alone until the next look.
SETTLES_IN: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Same:
    """Nothing new since the last look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A right file whose edit may be taken over."""

    file: FeedFile
    plan: FeedPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A right file that an operator must confirm: `monitor feeds apply --yes`."""

    file: FeedFile
    plan: FeedPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A file that cannot be used, with everything that is wrong in it."""

    problems: tuple[Problem, ...]


News = Same | Edited | Held | Wrong


def judge_edit(file: FeedFile, current: Sequence[Feed]) -> Edited | Held:
    """Say whether a right file may replace the feeds in force without asking anybody."""
    found = plan(current, file.feeds)
    return Held(file=file, plan=found) if found.needs_yes else Edited(file=file, plan=found)


class FeedFileWatch:
    """Looks at one feeds.yaml again and again."""

    def __init__(self, path: Path) -> None:
        """Nothing is read before the first look."""
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._held: Held | None = None

    def look(self, current: Callable[[], Sequence[Feed]], *, now: datetime) -> News:
        """Return what is new. `current` gives the feeds in force; asked only when it matters.

        A held or wrong file is told once, and again after its next edit. When somebody confirmed
        a held one elsewhere, it comes as `Edited` with nothing left to do.
        """
        seen = self._signature()
        if seen == self._seen:
            return self._held_still(current)
        if self._is_settling(now):
            return Same()
        self._seen, self._held = seen, None
        try:
            file = read_feeds(self._path)
        except ConfigurationErrors as error:
            return Wrong(problems=error.problems)
        news = judge_edit(file, current())
        if isinstance(news, Held):
            self._held = news
        return news

    def forget(self) -> None:
        """Read the file at the next look even if it did not change (SIGHUP)."""
        self._seen = None

    def _held_still(self, current: Callable[[], Sequence[Feed]]) -> News:
        if self._held is None:
            return Same()
        news = judge_edit(self._held.file, current())
        if isinstance(news, Held):
            return Same()
        self._held = None
        return news

    def _signature(self) -> tuple[int, ...]:
        """Return what changes when the file does; nothing while there is none."""
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns

    def _is_settling(self, now: datetime) -> bool:
        try:
            changed = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return False
        # A time in the future is a clock that was wrong, not a file in the making.
        return timedelta(0) <= now - changed < SETTLES_IN
