"""A whole day at the keys: what an accepted item costs, and that nothing was decided wrongly."""

from __future__ import annotations

from web import scriptedday
from web.visitors import Visitor

from store import Store

MOST_KEYS = 6.0  # for each accepted item: what was promised


def test_a_day_of_120_items(store: Store, visitor: Visitor) -> None:
    """All 120 items end with the right decision, at no more than six keys an accepted one."""
    day = scriptedday.run(store, visitor)

    assert (day.accepted, day.wrong) == (30, 0)
    assert day.keys_each <= MOST_KEYS
    assert day.loads_each <= MOST_KEYS
    # Most keys are one decision each: a second for a decision would show here at once.
    assert day.keys <= 120
