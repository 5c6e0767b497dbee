"""The analysts' lists on every engine: filters, order, counts, claims, and scoring anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import HOUR, NOW, a_feed, a_match, a_score, an_entry
from storesteps import follow, keep

from monitor.core.reports import Claim, ItemPage, QueueFilter, QueueOrder
from monitor.core.values import Band, ItemState, Verdict
from store import Store

DAY = timedelta(days=1)


def titles(page: ItemPage) -> list[str]:
    """Return the titles of a page, in order."""
    return [item.title for item in page.items]


def fill(store: Store) -> None:
    """Keep five items that differ in score, band, language, feed and time."""
    store.feeds.sync([a_feed(1, country="RU"), a_feed(2, country="KR")], NOW)
    keep(store, an_entry(1), points=40, lang="ru")
    keep(store, an_entry(2), points=70, band=Band.DIGEST, lang="ru", now=NOW + HOUR)
    keep(store, an_entry(3), points=90, band=Band.ALERT, number=2, lang="ko", now=NOW + 2 * HOUR)
    keep(store, an_entry(4), points=10, band=Band.REJECT, number=2, lang=None, now=NOW + 3 * HOUR)
    keep(store, an_entry(5), points=40, lang="en", now=NOW + 4 * HOUR, is_backfill=True)


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [3, 2, 5, 1, 4]),
    ({"order": QueueOrder.NEWEST}, [5, 4, 3, 2, 1]),
    ({"bands": (Band.QUEUE,)}, [5, 1]),
    ({"bands": (Band.ALERT, Band.DIGEST)}, [3, 2]),
    ({"langs": ("ru",)}, [2, 1]),
    ({"langs": ("ru", "ko")}, [3, 2, 1]),
    ({"feeds": ("feed-2",)}, [3, 4]),
    ({"countries": ("KR",)}, [3, 4]),
    ({"since": NOW + HOUR, "until": NOW + 3 * HOUR}, [3, 2]),
    ({"is_backfill": False}, [3, 2, 1, 4]),
    ({"is_backfill": True}, [5]),
    ({"states": (ItemState.NEW,)}, [3, 2, 5, 1, 4]),
    ({"states": (ItemState.RELEVANT,)}, []),
    ({"bands": (Band.QUEUE,), "langs": ("en",), "feeds": ("feed-1",)}, [5]),
    ({"feeds": ("unheard-of",)}, []),
]


@pytest.mark.parametrize(("wanted", "expected"), FILTERS)
def test_the_queue_shows_what_fits_best_first(
    store: Store, wanted: dict[str, Any], expected: list[int]
) -> None:
    """Each filter does what it says, alone and together; the score decides, then the time."""
    fill(store)

    page = store.items.queue(QueueFilter(**wanted))

    assert titles(page) == [f"Report {number}" for number in expected]
    assert page.total == len(expected)


def test_pages_of_the_queue_join_without_gap_or_repeat(store: Store) -> None:
    """Leafing through the queue shows every item once, though many have the same score."""
    follow(store)
    keep(store, *map(an_entry, range(1, 26)))

    pages = [store.items.queue(QueueFilter(limit=10, offset=offset)) for offset in (0, 10, 20, 30)]

    shown = [title for page in pages for title in titles(page)]
    assert len(shown) == len(set(shown)) == 25
    assert {page.total for page in pages} == {25}


def test_a_tie_is_broken_by_the_uncapped_sum(store: Store) -> None:
    """Of two items at 100 the one with more behind it comes first."""
    follow(store)
    first, second = (keep(store, an_entry(number), points=100)[0] for number in (1, 2))
    store.items.rescore(first.key, a_score(100, raw=180))
    store.items.rescore(second.key, a_score(100, raw=120))

    assert titles(store.items.queue(QueueFilter())) == ["Report 1", "Report 2"]


def test_what_was_stopped_is_shown_with_the_best_first(store: Store) -> None:
    """Rejected items can be looked through and rescued; decided ones are out of the way."""
    follow(store)
    keep(store, an_entry(1), points=5, band=Band.REJECT)
    keep(store, an_entry(2), points=25, band=Band.REJECT)
    (decided,) = keep(store, an_entry(3), points=20, band=Band.REJECT)
    keep(store, an_entry(4), points=50)
    store.verdicts.give(decided.key, Verdict.IRRELEVANT, actor="a", now=NOW)

    assert titles(store.items.stopped()) == ["Report 2", "Report 1"]
    assert titles(store.items.stopped(bands=(Band.REJECT, Band.QUEUE))) == [
        "Report 4",
        "Report 2",
        "Report 1",
    ]


def test_counts_add_up(store: Store) -> None:
    """The figures beside the filters are those of the lists behind them."""
    fill(store)
    store.verdicts.give(
        store.items.queue(QueueFilter()).items[0].key, Verdict.RELEVANT, actor="a", now=NOW
    )

    counts = store.items.counts()

    assert counts.total == 5
    assert counts.by_band == {Band.REJECT: 1, Band.QUEUE: 2, Band.DIGEST: 1, Band.ALERT: 1}
    assert counts.by_state[ItemState.NEW] == 4
    assert counts.by_band_and_state[Band.ALERT, ItemState.RELEVANT] == 1


def test_counts_of_an_empty_store_are_noughts(store: Store) -> None:
    """Nothing yet is shown as 0 in each band, not as a missing number."""
    counts = store.items.counts()

    assert counts.total == 0
    assert set(counts.by_band.values()) == {0}


def test_an_item_that_is_not_there_is_none(store: Store) -> None:
    """Looking for what does not exist is no error."""
    assert store.items.get(999) is None
    assert store.items.by_link("https://nowhere.example/") is None
    assert store.items.revisions(999) == ()
    assert store.items.sightings(999) == ()
    assert not store.items.rescore(999, a_score())


# ---------------------------------------------------------------- scores


def test_new_rules_give_a_new_score_and_band(store: Store) -> None:
    """After a change of rules the item stands where the rules of today put it, lower too."""
    follow(store)
    (item,) = keep(store, an_entry(1), points=90, band=Band.ALERT)
    score = a_score(12, decision=Band.REJECT, matches=(a_match(20), a_match(-8)), version="v2")

    assert store.items.rescore(item.key, score)

    again = store.items.get(item.key)
    assert again is not None
    assert again.score == score
    assert titles(store.items.queue(QueueFilter(bands=(Band.REJECT,)))) == ["Report 1"]


def test_items_of_another_version_are_found_in_steps(store: Store) -> None:
    """Scoring anew goes through all items once, in bounded steps."""
    follow(store)
    items = keep(store, *map(an_entry, range(1, 6)))
    store.items.rescore(items[2].key, a_score(version="v2"))

    first = store.items.to_rescore("v2", limit=3)
    second = store.items.to_rescore("v2", limit=3, after=first[-1].key)

    assert [item.title for item in [*first, *second]] == [
        "Report 1",
        "Report 2",
        "Report 4",
        "Report 5",
    ]


def test_items_are_counted_by_day_in_one_question(store: Store) -> None:
    """Days may have any length; their ends are the next one's; backfill is nobody's news."""
    fill(store)
    starts = [NOW, NOW + HOUR, NOW + 3 * HOUR, NOW + 4 * HOUR, NOW + 28 * HOUR]

    days = store.items.per_day(starts)

    assert days == ({Band.QUEUE: 1}, {Band.DIGEST: 1, Band.ALERT: 1}, {Band.REJECT: 1}, {})
    assert store.items.per_day(starts[:1]) == store.items.per_day([]) == ()


# ---------------------------------------------------------------- claims


def test_a_claim_holds_until_it_runs_out(store: Store) -> None:
    """Two analysts do not work on one item; a forgotten claim does not block it for ever."""
    follow(store)
    (item,) = keep(store, an_entry(1))

    first = store.items.claim(item.key, "ann", now=NOW, claim_for=HOUR)
    second = store.items.claim(item.key, "ben", now=NOW + HOUR / 2, claim_for=HOUR)
    again = store.items.claim(item.key, "ann", now=NOW + HOUR / 2, claim_for=HOUR)
    late = store.items.claim(item.key, "ben", now=NOW + 2 * HOUR, claim_for=HOUR)

    assert [claim.actor for claim in (first, second, again, late)] == ["ann", "ann", "ann", "ben"]
    assert again.until == NOW + 1.5 * HOUR
    assert titles(store.items.queue(QueueFilter(claimed_by="ben"))) == ["Report 1"]


def test_only_its_owner_gives_a_claim_back(store: Store) -> None:
    """A claim is its owner's; given back, the item is new again."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    store.items.claim(item.key, "ann", now=NOW, claim_for=HOUR)

    assert not store.items.unclaim(item.key, "ben")
    assert store.items.unclaim(item.key, "ann")

    after = store.items.get(item.key)
    assert after is not None
    assert after.state is ItemState.NEW


def test_a_decided_item_is_not_claimed_and_a_missing_one_is_an_error(store: Store) -> None:
    """A claim never takes a decision back."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    store.verdicts.give(item.key, Verdict.RELEVANT, actor="ann", now=NOW)

    claim = store.items.claim(item.key, "ben", now=NOW, claim_for=HOUR)

    after = store.items.get(item.key)
    assert after is not None
    assert (claim.actor, after.state) == ("", ItemState.RELEVANT)
    with pytest.raises(KeyError):
        store.items.claim(999, "ben", now=NOW, claim_for=HOUR)


def test_only_claims_that_hold_are_told(store: Store) -> None:
    """What has run out, was given back or decided reads as free; unknown keys are no error."""
    follow(store)
    for number in range(1, 6):
        keep(store, an_entry(number))
    keys = [item.key for item in store.items.queue(QueueFilter()).items]
    held, run_out, given_back, decided = keys[:4]
    for key in keys[:4]:
        until = HOUR if key != run_out else HOUR / 2
        store.items.claim(key, "ann", now=NOW, claim_for=until)
    store.items.unclaim(given_back, "ann")
    store.verdicts.give(decided, Verdict.RELEVANT, actor="ann", now=NOW)
    now = NOW + HOUR / 2

    claims = store.items.claims([*keys, 10**6, -1], now)

    assert claims == {held: Claim(item_key=held, actor="ann", until=NOW + HOUR)}
    wanted = QueueFilter(claimed_by="ann", claimed_at=now)
    assert [item.key for item in store.items.queue(wanted).items] == [held]
