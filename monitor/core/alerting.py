"""When an item of the band `alert` is told at once, and when it waits for company. Pure.

An alert that comes too often is muted by its reader, and then the one that mattered is missed. So
mails keep a distance, and what comes in between is told together in the next one: nothing is lost
to the pace. Every alerted item is in the next digest all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.core.digests import choose
from monitor.core.telling import Digest, Place, Subscriber
from monitor.core.text import title_key
from monitor.core.values import Item
from monitor.core.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a reader may be interrupted."""

    cooldown: timedelta = timedelta(minutes=20)
    per_hour: int = 3
    fresh_for: timedelta = timedelta(hours=24)  # older items are for the digest alone


class Left(StrEnum):
    """Why an item of the band `alert` was left to the digest."""

    TOLD = "told"  # an alert told the same report already
    IRRELEVANT = "irrelevant"  # an analyst had decided against it
    UNWANTED = "unwanted"  # not of the reader's languages or topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What to tell at once, and what was left to the digest."""

    digest: Digest  # its window only names the mail
    left: Mapping[int, Left]

    @property
    def mailed(self) -> tuple[int, ...]:
        """Return the keys of the items that the mail tells or counts."""
        return tuple(sorted(set(self.digest.places) - set(self.left)))


def may_alert(sent: Sequence[datetime], *, now: datetime, pace: Pace) -> bool:
    """Return whether a reader whose alerts went out at these times may be interrupted now."""
    past = [at for at in sent if at <= now]
    if past and now - max(past) < pace.cooldown:
        return False
    return sum(now - at < timedelta(hours=1) for at in past) < pace.per_hour


def choose_alert(
    candidates: Iterable[Item],
    *,
    subscriber: Subscriber,
    told_titles: Collection[str],
    now: datetime,
    sections: Mapping[str, str] | None = None,
    rules_version: str = "",
) -> Alert:
    """Return the alert that these items make. `told_titles` are those of earlier alerts."""
    found = list(candidates)
    told = {title_key(title) for title in told_titles}
    left = {item.key: Left.TOLD for item in found if title_key(item.title) in told}
    fresh = [item for item in found if item.key not in left]
    first = min((item.first_seen_at for item in fresh), default=now)
    keys = "-".join(str(key) for key in sorted(item.key for item in fresh))
    digest = choose(
        fresh,
        subscriber=subscriber,
        window=Window(start=first, end=now, period=f"alert {keys}"),
        now=now,
        sections=sections,
        rules_version=rules_version,
    )
    for item in fresh:
        place = digest.places.get(item.key)
        if place is None:
            left[item.key] = Left.UNWANTED
        elif place is Place.IRRELEVANT:
            left[item.key] = Left.IRRELEVANT
    return Alert(digest=digest, left=left)
