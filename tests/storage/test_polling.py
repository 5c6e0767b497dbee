"""Polling on every engine: leases, the two transactions, and what the ledger holds afterwards."""

from __future__ import annotations

from builders import (
    HOUR,
    NOW,
    a_decision,
    a_feed,
    a_poll,
    a_read_entry,
    an_entry,
)

from monitor.core.values import Fate
from store import Store


def test_a_poll_and_a_reading_make_an_item(store: Store) -> None:
    """An entry that is polled, leased, read and scored is kept, and its fate says so."""
    store.feeds.sync([a_feed()], NOW)
    (leased,) = store.polling.lease_feeds(NOW, owner="a", limit=5, lease_for=HOUR)

    assert store.polling.save_poll(a_poll(leased, a_decision(an_entry(1))))
    pending = store.polling.lease_pending(NOW, owner="a", limit=5, lease_for=HOUR)
    fates = store.polling.save_read([a_read_entry(one) for one in pending], NOW)

    assert fates == [Fate.STORED]
    assert store.ledger.discrepancies() == []
    report = store.ledger.why("https://news.example/1")
    assert [line.fate for line in report.lines] == [Fate.STORED]
    assert report.item is not None
    assert report.item.score.matches[0].surface == "Workers"
