"""Makes up for what a restored database has forgotten: windows that were told since the copy.

The journal beside the database knows them. Each gets its digest in the database again, without a
mail, so that the windows tile as they did. Only what the journal names as told counts as told: an
article that it does not name is left for the next digest, because telling one twice is the smaller
harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from alerts.journal import Journal, Told, link_hash
from alerts.press import Press
from monitor.core.telling import Digest, Place, Subscriber
from monitor.core.values import Item
from monitor.core.windows import Window, slots
from monitor.ports_telling import TellingStore

log = structlog.get_logger(__name__)

SAID = "told before the database was put back from a copy"
_SHOWN = (Place.FULL, Place.HEADLINE, Place.ALSO)


def make_up(press: Press, subscriber: Subscriber, now: datetime, *, journal: Journal) -> int:
    """Put the digests back that were told and are not in the store; return how many."""
    count, store = 0, press.store
    for told in _forgotten(store, subscriber, now, journal):
        start = store.digests.last_end(subscriber.key) or subscriber.since
        if told.end <= start or store.digests.has_period(subscriber.key, told.period):
            continue
        window = Window(start=start, end=told.end, period=told.period)
        made = press.make(subscriber, window, now)
        digest = made.digest
        if told.message_id is None and told.links is not None and not digest.is_quiet:
            continue  # no mail was due then, but now there is something to tell
        digest = replace(digest, places=_as_told(digest, made.items, told))
        if store.digests.save(digest, None, subject=SAID):
            count += 1
            log.warning("digest.put_back", subscriber=subscriber.key, period=told.period)
    return count


def see_off(store: TellingStore, now: datetime, *, journal: Journal) -> None:
    """Note who left; let those go again who had left and are back with a copy of the database."""
    for one in store.subscribers.list():
        if not one.is_active and not journal.has_left(one):
            journal.left(one, now)
        elif one.is_active and journal.has_left(one):
            store.subscribers.remove(one.key)
            detail = f"{one.address} had left before the database was put back: gets no mail again"
            store.notices.raise_once("subscriber.left", f"subscriber:{one.key}", detail, now)


def _forgotten(
    store: TellingStore, subscriber: Subscriber, now: datetime, journal: Journal
) -> list[Told]:
    last_end = store.digests.last_end(subscriber.key) or subscriber.since
    found = [told for told in journal.later(subscriber, last_end) if told.end <= now]
    until = journal.until()
    if until is None or until <= last_end:
        return found
    passed = list(slots(subscriber.schedule, after=last_end, until=min(until, now)))
    if passed and all(told.end < passed[-1].at for told in found):
        slot = passed[-1]
        found.append(
            Told(
                period=slot.period, start=last_end, end=slot.at, made_at=now,
                message_id=None, links=None,
            )
        )  # fmt: skip
    return found


def _as_told(digest: Digest, items: Sequence[Item], told: Told) -> dict[int, Place]:
    """Return the places that hold for what was really told."""
    if told.links is None:  # a person says that everything was
        return dict(digest.places)
    named = {item.key for item in items if link_hash(item.url) in told.links}
    return {
        key: place for key, place in digest.places.items() if place not in _SHOWN or key in named
    }
