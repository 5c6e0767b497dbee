"""Makes one digest and its mail from what the store holds: the same for rounds, previews, edits.

It writes nothing down. What differs between a round, a preview and an edit is only the window, and
which items a person put in or left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.compose import unchanged
from alerts.fitting import fitting
from alerts.journal import Journal, link_hash
from alerts.sender import Sender
from alerts.view import Redact
from alerts.week_view import SHOWN
from monitor.core.coverage import Coverage, coverage
from monitor.core.digests import LATE_FOR, candidates_since
from monitor.core.telling import Digest, Message, Place, Subscriber
from monitor.core.values import Item
from monitor.core.week import Day, day_starts, days, says_something
from monitor.core.windows import Window
from monitor.ports_telling import TellingStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A digest with its mail, and the items that it was chosen from."""

    digest: Digest
    message: Message
    items: Sequence[Item]


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """How mails are made in this house; good for one round.

    `sections` maps rule ids to the headings of the rule files. `redact` withholds what must not
    leave. The ledger is asked once for a window: most readers share one, and it is large.
    """

    store: TellingStore
    sender: Sender
    rules_version: str = ""
    sections: Mapping[str, str] | None = None
    redact: Redact = unchanged
    journal: Journal | None = None
    _statements: dict[tuple[datetime, datetime], Coverage] = field(default_factory=dict)
    _weeks: dict[tuple[str, datetime], tuple[Day, ...]] = field(default_factory=dict)

    def make(
        self,
        subscriber: Subscriber,
        window: Window,
        now: datetime,
        *,
        items: Sequence[Item] | None = None,
        asked: Collection[int] = (),
        left_out: Collection[int] = (),
        besides: int | None = None,
    ) -> Made:
        """Return the digest of a window as it would be at `now`.

        `items` are the candidates, when they are known: those of a digest that is made anew, whose
        key is `besides`. `asked` and `left_out` are keys of items that a person put in or took out.
        """
        found = self._candidates(subscriber, window) if items is None else items
        again = self._told_already(found, subscriber)
        digest, message = fitting(
            [item for item in found if item.key not in again],
            near_misses=self._near_misses(subscriber, window),
            told=self.store.digests.told(subscriber.key, since=now - LATE_FOR, besides=besides),
            subscriber=subscriber,
            window=window,
            now=now,
            sections=self.sections,
            coverage=self.coverage(window),
            rules_version=self.rules_version,
            sender=self.sender,
            redact=self.redact,
            withheld_count=self.store.digests.withheld_count(
                subscriber, since=window.start, until=window.end
            ),
            week=self._week(subscriber.schedule.zone, window.end),
            asked=asked,
            left_out=left_out,
        )
        places = {**digest.places, **dict.fromkeys(again, Place.TOLD_BEFORE)}
        digest = replace(digest, places=places)
        return Made(digest=digest, message=message, items=found)

    def coverage(self, window: Window) -> Coverage:
        """Return the statement of a window."""
        span = (window.start, window.end)
        if span not in self._statements:
            self._statements[span] = coverage(
                self.store.digests.watched(*span),
                start=window.start,
                end=window.end,
                counts=self.store.digests.counts(*span),
            )
        return self._statements[span]

    def _candidates(self, subscriber: Subscriber, window: Window) -> list[Item]:
        since = candidates_since(subscriber, window)
        return self.store.digests.candidates(subscriber, since=since, until=window.end)

    def _near_misses(self, subscriber: Subscriber, window: Window) -> list[Item]:
        if not subscriber.near_misses:
            return []
        return self.store.digests.near_misses(subscriber, since=window.start, until=window.end)

    def _told_already(self, items: Sequence[Item], subscriber: Subscriber) -> set[int]:
        """Return the items that a digest told though the store, put back from a copy, forgot it."""
        links = self.journal.links_told(subscriber) if self.journal else frozenset()
        return {item.key for item in items if links and link_hash(item.url) in links}

    def _week(self, zone: str, end: datetime) -> tuple[Day, ...]:
        if (zone, end) not in self._weeks:
            starts = day_starts(end, ZoneInfo(zone))
            week = days(starts, self.store.digests.per_day(starts))
            self._weeks[zone, end] = week if says_something(week, SHOWN) else ()
        return self._weeks[zone, end]
