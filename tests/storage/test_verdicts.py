"""Verdicts on every engine: the last one standing is the item's state, and nothing is deleted."""

from __future__ import annotations

import pytest
from builders import HOUR, NOW, an_entry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storesteps import follow, keep

from monitor.core.values import ItemState, Verdict
from store import Store

AFTER = {
    Verdict.RELEVANT: ItemState.RELEVANT,
    Verdict.IRRELEVANT: ItemState.IRRELEVANT,
    Verdict.ESCALATE: ItemState.ESCALATED,
}


def state_of(store: Store, key: int) -> ItemState:
    """Return the state of an item."""
    item = store.items.get(key)
    assert item is not None
    return item.state


@pytest.mark.parametrize(("verdict", "state"), AFTER.items())
def test_a_verdict_decides_the_state(store: Store, verdict: Verdict, state: ItemState) -> None:
    """One key, one decision; it stays with name, time and note."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    store.items.claim(item.key, "ann", now=NOW, claim_for=HOUR)

    key = store.verdicts.give(item.key, verdict, actor="ann", now=NOW, note="see p. 2", teach=True)

    (line,) = store.verdicts.history(item.key)
    assert state_of(store, item.key) is state
    assert (line.key, line.verdict, line.actor, line.given_at) == (key, verdict, "ann", NOW)
    assert (line.note, line.teach, line.undone_at) == ("see p. 2", True, None)


def test_undoing_brings_back_the_verdict_before(store: Store) -> None:
    """Undo goes back one step at a time, down to an undecided item."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    store.verdicts.give(item.key, Verdict.RELEVANT, actor="ann", now=NOW)
    second = store.verdicts.give(item.key, Verdict.IRRELEVANT, actor="ben", now=NOW + HOUR)

    undone = store.verdicts.undo(second, actor="cho", now=NOW + 2 * HOUR)
    states = [state_of(store, item.key)]
    store.verdicts.undo_last(actor="ann", now=NOW + 3 * HOUR)
    states.append(state_of(store, item.key))

    assert undone is not None
    assert (undone.undone_by, undone.undone_at) == ("cho", NOW + 2 * HOUR)
    assert states == [ItemState.RELEVANT, ItemState.NEW]
    assert len(store.verdicts.history(item.key)) == 2


def test_undo_last_takes_back_ones_own(store: Store) -> None:
    """The undo key never touches what a colleague decided."""
    follow(store)
    items = keep(store, an_entry(1), an_entry(2))
    for item, actor in zip(items, ("ann", "ben"), strict=True):
        store.verdicts.give(item.key, Verdict.RELEVANT, actor=actor, now=NOW)

    store.verdicts.undo_last(actor="ann", now=NOW)

    assert [state_of(store, item.key) for item in items] == [ItemState.NEW, ItemState.RELEVANT]
    assert store.verdicts.undo_last(actor="ann", now=NOW) is None


def test_nothing_is_undone_twice_and_nothing_missing_is_decided(store: Store) -> None:
    """A second undo of one verdict does nothing; a verdict on no item is an error."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    key = store.verdicts.give(item.key, Verdict.RELEVANT, actor="ann", now=NOW)

    assert store.verdicts.undo(key, actor="ann", now=NOW) is not None
    assert store.verdicts.undo(key, actor="ann", now=NOW) is None
    assert store.verdicts.undo(999, actor="ann", now=NOW) is None
    with pytest.raises(KeyError):
        store.verdicts.give(999, Verdict.RELEVANT, actor="ann", now=NOW)
    assert len(store.verdicts.history(item.key)) == 1


def test_what_was_taught_is_the_latest_standing_verdict(store: Store) -> None:
    """The rules' examples follow what the team thinks now."""
    follow(store)
    first, second, third = keep(store, an_entry(1), an_entry(2), an_entry(3))
    give = store.verdicts.give
    give(first.key, Verdict.RELEVANT, actor="ann", now=NOW, teach=True)
    give(first.key, Verdict.IRRELEVANT, actor="ben", now=NOW, teach=True)
    give(second.key, Verdict.RELEVANT, actor="ann", now=NOW)
    undone = give(third.key, Verdict.RELEVANT, actor="ann", now=NOW, teach=True)
    store.verdicts.undo(undone, actor="ann", now=NOW)

    taught = store.verdicts.taught()

    assert [(one.item.title, one.verdict.verdict) for one in taught] == [
        ("Report 1", Verdict.IRRELEVANT)
    ]
    assert [line.item_key for line in store.verdicts.recent(limit=2)] == [third.key, second.key]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["give", "undo", "claim"]),
        st.sampled_from(["ann", "ben"]),
        st.sampled_from(Verdict),
        st.integers(0, 9),
    ),
    max_size=12,
)


@given(steps=STEPS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_state_is_always_that_of_the_last_standing_verdict(
    memory_store: Store, steps: list[tuple[str, str, Verdict, int]]
) -> None:
    """Whatever the team does in whatever order, the list shows what still stands."""
    store = memory_store
    follow(store)
    (item,) = keep(store, an_entry(store.items.counts().total + 1))
    given_keys: list[int] = []
    for what, actor, verdict, which in steps:
        if what == "give":
            given_keys.append(store.verdicts.give(item.key, verdict, actor=actor, now=NOW))
        elif what == "undo" and given_keys:
            store.verdicts.undo(given_keys[which % len(given_keys)], actor=actor, now=NOW)
        elif what == "claim":
            store.items.claim(item.key, actor, now=NOW, claim_for=HOUR)

    standing = [line for line in store.verdicts.history(item.key) if line.undone_at is None]
    state = state_of(store, item.key)

    if standing:
        assert state is AFTER[standing[-1].verdict]
    else:
        assert state in (ItemState.NEW, ItemState.CLAIMED)
