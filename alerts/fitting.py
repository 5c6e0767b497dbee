"""Makes a digest that fits into a mail: as much in full as mail programs show, the rest as a count.

Also the preview, which is the same work on given items and writes nothing down.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.compose import HTML_LIMIT, compose, unchanged
from alerts.sender import Sender
from alerts.view import Redact
from monitor.core.coverage import Coverage
from monitor.core.digests import Limits, choose
from monitor.core.telling import Digest, Message, Place, Subscriber
from monitor.core.topics import best_band
from monitor.core.values import Band, Item, ItemState
from monitor.core.week import Day
from monitor.core.windows import Schedule, Window

# From the ordinary size down to one that always fits.
_SIZES = (
    Limits(),
    Limits(full=8, headlines=25),
    Limits(full=6, headlines=15),
    Limits(full=4, headlines=8),
    Limits(full=2, headlines=4, near_misses=1),
    Limits(full=1, headlines=0, near_misses=0),
)


def fitting(
    candidates: Iterable[Item],
    *,
    subscriber: Subscriber,
    window: Window,
    now: datetime,
    sender: Sender,
    near_misses: Sequence[Item] = (),
    told: Sequence[tuple[str, str]] = (),
    sections: Mapping[str, str] | None = None,
    coverage: Coverage | None = None,
    rules_version: str = "",
    redact: Redact = unchanged,
    withheld_count: int = 0,
    week: tuple[Day, ...] = (),
    asked: Collection[int] = (),
    left_out: Collection[int] = (),
) -> tuple[Digest, Message]:
    """Return the fullest digest whose HTML stays under the limit, and its mail.

    What is marked above the subscriber's clearance is left out and counted; `withheld_count` says
    how many such items are not among the candidates. An editor put in the items of `asked` and
    took out those of `left_out`, which the mail counts.
    """
    offered = list(candidates)
    found = [item for item in offered if subscriber.clearance.allows(item.tlp)]
    withheld_count += len(offered) - len(found)
    found = [item for item in found if item.key not in left_out]
    near_misses = [item for item in near_misses if subscriber.clearance.allows(item.tlp)]
    for limits in _SIZES:
        digest = choose(
            found,
            subscriber=subscriber,
            window=window,
            now=now,
            near_misses=near_misses,
            told=told,
            limits=limits,
            sections=sections,
            coverage=coverage,
            rules_version=rules_version,
            asked=asked,
        )
        digest = replace(
            digest,
            withheld_count=withheld_count,
            left_out_count=len(left_out),
            places={**digest.places, **dict.fromkeys(left_out, Place.LEFT_OUT)},
            week=week,
        )
        message = compose(digest, sender=sender, redact=redact)
        if len(message.html.encode()) <= HTML_LIMIT:
            break
    return digest, message


def preview(
    items: Iterable[Item],
    *,
    now: datetime,
    sender: Sender,
    subscriber: Subscriber | None = None,
    since: datetime | None = None,
    include_backfill: bool = True,
    sections: Mapping[str, str] | None = None,
    coverage: Coverage | None = None,
    rules_version: str = "",
    redact: Redact = unchanged,
) -> Message:
    """Return the mail that a digest of these items would be. Nothing is kept.

    Items under the subscriber's band are left out, as they would be. Without a `subscriber` it is
    written for an English reader in UTC; without `since` it covers the last day.
    """
    who = subscriber or a_reader(now)
    told = [
        item
        for item in items
        if (include_backfill or not item.is_backfill)
        and (
            best_band(item, who.topics).rank >= who.minimum.rank
            or item.state in (ItemState.RELEVANT, ItemState.ESCALATED)
        )
    ]
    start = since or now - timedelta(days=1)
    window = Window(start=start, end=now, period=f"preview {now.isoformat()}")
    _, message = fitting(
        told,
        subscriber=who,
        window=window,
        now=now,
        sender=sender,
        sections=sections,
        coverage=coverage,
        rules_version=rules_version,
        redact=redact,
    )
    return message


def a_reader(now: datetime, *, language: str = "en", zone: str = "UTC") -> Subscriber:
    """Return a subscriber for previews, who is nobody."""
    return Subscriber(
        key=0,
        address="reader@example.org",
        language=language,
        minimum=Band.DIGEST,
        schedule=Schedule(zone=zone),
        since=now,
    )
