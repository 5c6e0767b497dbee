"""Webhooks and chats as subscribers: what the operator's file says, brought into the store.

A channel that leaves the file gets nothing any more; what was sent to it stays on record. One that
comes back begins anew, so that it is not flooded with what happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select, update

from monitor.core.delivery import REFUSALS_ALLOWED
from monitor.core.telling import Subscriber, Way
from store.session import Database
from store.subscribers import SUBSCRIBER, columns_of, subscriber_of

_IS_CHANNEL = or_(*(SUBSCRIBER.c.address.like(f"{way.value}:%") for way in (Way.WEBHOOK, Way.CHAT)))


class Channels:
    """Queries about channels. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def all(self) -> list[Subscriber]:
        """Return all channels that there are or were, by address."""
        query = select(SUBSCRIBER).where(_IS_CHANNEL).order_by(SUBSCRIBER.c.address)
        with self._database.reading() as session:
            return [subscriber_of(row) for row in session.execute(query)]

    def sync(self, wanted: Sequence[Subscriber], now: datetime) -> list[str]:
        """Make the store's channels those of `wanted`; return the addresses that changed."""
        changed = []
        with self._database.writing() as session:
            rows = session.execute(select(SUBSCRIBER).where(_IS_CHANNEL)).all()
            known = {row.address: subscriber_of(row) for row in rows}
            for one in wanted:
                before = known.pop(one.address, None)
                if before is None:
                    columns = columns_of(replace(one, since=now))
                    session.execute(SUBSCRIBER.insert().values(columns))
                    changed.append(one.address)
                    continue
                after = _renewed(before, one, now)
                if after != before:
                    session.execute(
                        update(SUBSCRIBER)
                        .where(SUBSCRIBER.c.key == before.key)
                        .values(columns_of(after))
                    )
                    changed.append(one.address)
            for gone in known.values():
                if gone.is_active:
                    session.execute(
                        update(SUBSCRIBER)
                        .where(SUBSCRIBER.c.key == gone.key)
                        .values(is_active=False)
                    )
                    changed.append(gone.address)
        return sorted(changed)


def _renewed(before: Subscriber, wanted: Subscriber, now: datetime) -> Subscriber:
    """Return a channel with its wishes of now. One that refuses stays out until it is tested."""
    returns = not before.is_active and before.bounce_count < REFUSALS_ALLOWED
    return replace(
        wanted,
        key=before.key,
        since=now if returns else before.since,
        is_active=before.is_active or returns,
        bounce_count=before.bounce_count,
        paused_until=before.paused_until,
    )
