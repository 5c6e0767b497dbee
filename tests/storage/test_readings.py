"""The second transaction on every engine: items, duplicates, revisions, and what an edit may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import (
    HOUR,
    NOW,
    a_decision,
    a_feed,
    a_match,
    a_read_entry,
    a_score,
    an_article,
    an_entry,
)
from storesteps import follow, keep, lease, pending, poll, read_all

from monitor.core.reports import QueueFilter
from monitor.core.values import (
    Band,
    DateSource,
    Entry,
    ErrorCode,
    Fate,
    Item,
    Nearest,
    NearMiss,
    ReadEntry,
    Score,
    TextState,
)
from store import Store

DAY = timedelta(days=1)


def the_item(store: Store, number: int = 1) -> Item:
    """Return the one item kept under the link of that entry."""
    item = store.items.by_link(f"https://news.example/{number}")
    assert item is not None
    return item


def change(store: Store, entry: Entry, *, feed: int = 1, now: Any = NOW) -> None:
    """Let a feed show a changed version of an entry that it showed before."""
    known = store.polling.known_entries(lease(store, feed, now=now).key, [entry.guid or ""])
    poll_at = now + HOUR
    poll(store, a_decision(entry, known=known[0]), number=feed, finished_at=poll_at)


def read_again(store: Store, *, now: Any = NOW + 2 * HOUR, **changes: Any) -> Fate:
    """Read the one entry that waits, as `changes` say; return its fate."""
    (one,) = pending(store, now=now)
    (fate,) = store.polling.save_read([a_read_entry(one, **changes)], now)
    return fate


# ---------------------------------------------------------------- items


def test_an_item_keeps_all_that_reading_found(store: Store) -> None:
    """Every field of article and score comes back as it was; the sum of points is the score."""
    store.feeds.sync([a_feed(1, title="Vladnews", country="RU")], NOW)
    entry = an_entry(1, authors=("Kim",), published_at=NOW - DAY, date_source=DateSource.FEED)
    poll(store, a_decision(entry))
    score = Score(
        score=61,
        raw=73,
        decision=Band.DIGEST,
        lang="ru",
        matches=(
            a_match(40, surface="рабочие", label="workers", field="title", start=3, end=10),
            a_match(33, entity="mokran", snippet="… «Мокран» …"),
            a_match(-12, rule="cap", field=None, surface=None, start=None, end=None, entity=None),
        ),
        nearest=(Nearest(seed="rfa-1", similarity=0.41, shared=("паспорт", "비자")),),
        near_miss=NearMiss(band=Band.ALERT, short_by=9, missing=("coercion",)),
        version="abc",
    )
    article = an_article(
        text="Текст 북한 노동자\n\nвторой абзац",
        title="Рабочие",
        state=TextState.CUT,
        notes=("deep nesting",),
        error=ErrorCode.TOO_LARGE,
    )
    (one,) = pending(store)

    fates = store.polling.save_read(
        [ReadEntry(pending=one, article=article, score=score, lang="ru")], NOW + HOUR
    )

    assert fates == [Fate.STORED]
    item = the_item(store)
    assert item.score == score
    assert sum(match.points for match in item.score.matches) == item.score.score
    assert (item.title, item.text, item.text_state) == (article.title, article.text, TextState.CUT)
    assert (item.lang, item.outlet, item.country, item.feed_id) == (
        "ru",
        "Vladnews",
        "RU",
        "feed-1",
    )
    assert (item.published_at, item.date_source) == (NOW - DAY, DateSource.FEED)
    assert (item.first_seen_at, item.is_backfill) == (NOW, False)
    assert (item.error, item.notes) == (ErrorCode.TOO_LARGE, ("deep nesting",))


def test_the_pages_date_counts_when_the_feed_gave_none(store: Store) -> None:
    """A known date beats an unknown one, and says where it came from."""
    follow(store)
    poll(store, a_decision(an_entry(1, published_at=None)))

    read_all(store, article=an_article(published_at=NOW - DAY, date_source=DateSource.PAGE))

    item = the_item(store)
    assert (item.published_at, item.date_source) == (NOW - DAY, DateSource.PAGE)


def test_the_outlet_named_by_an_aggregator_is_the_outlet(store: Store) -> None:
    """A search feed is nobody's outlet."""
    follow(store)

    (item,) = keep(store, an_entry(1, source="Kommersant"))

    assert item.outlet == "Kommersant"


def test_entries_without_any_link_are_items_of_their_own(store: Store) -> None:
    """Two entries without an address are not one article."""
    follow(store)
    for number in (1, 2):
        entry = an_entry(number, link=None)
        poll(store, a_decision(entry, link=None))

    fates = read_all(store)

    assert fates == [Fate.STORED, Fate.STORED]
    assert store.items.queue(QueueFilter()).total == 2


# ---------------------------------------------------------------- duplicates


def test_the_second_feed_makes_a_sighting_not_an_item(store: Store) -> None:
    """One article in two feeds is one item that names both."""
    follow(store, 2)
    poll(store, a_decision(an_entry(1)), number=1)
    poll(store, a_decision(an_entry(1)), number=2)

    fates = read_all(store)

    item = the_item(store)
    assert fates == [Fate.STORED, Fate.DUPLICATE]
    assert item.also_in == ("News 2",)
    assert [one.feed_id for one in store.items.sightings(item.key)] == ["feed-1", "feed-2"]


def test_a_duplicate_found_at_once_is_a_sighting_too(store: Store) -> None:
    """When the decision knows the address already, nothing is read, and the feed is still named."""
    follow(store, 2)
    keep(store, an_entry(1))
    poll(store, a_decision(an_entry(1), fate=Fate.DUPLICATE), number=2)

    report = store.ledger.why("https://news.example/1")

    assert pending(store) == []
    assert the_item(store).also_in == ("News 2",)
    assert [line.fate for line in report.lines] == [Fate.STORED, Fate.DUPLICATE]
    assert {line.item_key for line in report.lines} == {the_item(store).key}


@pytest.mark.parametrize("is_found_at_once", [True, False])
@pytest.mark.parametrize("is_news", [True, False])
def test_backfill_becomes_news_when_a_feed_shows_it_as_news(
    store: Store, is_found_at_once: bool, is_news: bool
) -> None:
    """What only a new feed's first poll had brought is told once another feed reports it."""
    follow(store, 2)
    (item,) = keep(store, an_entry(1), is_backfill=True)
    fate = Fate.DUPLICATE if is_found_at_once else Fate.PENDING
    poll(store, a_decision(an_entry(1), fate=fate), number=2, is_backfill=not is_news)
    read_all(store, now=NOW + HOUR)

    assert item.is_backfill
    assert the_item(store).is_backfill is not is_news


# ---------------------------------------------------------------- revisions


def test_an_edit_replaces_the_text_and_keeps_the_earlier_one(store: Store) -> None:
    """History is not deleted by a publisher (G12)."""
    follow(store)
    keep(store, an_entry(1), points=30)
    change(store, an_entry(1, title="Report 1, edited"))

    fate = read_again(
        store,
        article=an_article(title="Report 1, edited", text="Other words."),
        score=a_score(50, decision=Band.QUEUE),
    )

    item = the_item(store)
    (revision,) = store.items.revisions(item.key)
    assert fate is Fate.REVISION
    assert (item.title, item.text, item.score.score) == ("Report 1, edited", "Other words.", 50)
    assert item.score.matches == (a_match(50),)
    assert item.revision_count == 1
    assert (revision.title, revision.score, revision.band) == ("Report 1", 30, Band.QUEUE)
    assert (revision.seen_at, revision.replaced_at) == (NOW, NOW + 2 * HOUR)
    assert not revision.raised_band


def test_an_edit_that_raises_the_band_is_noted(store: Store) -> None:
    """An article that became relevant later must be told as if it were new."""
    follow(store)
    keep(store, an_entry(1), band=Band.REJECT, is_backfill=True)
    change(store, an_entry(1, summary="Now with names."))

    read_again(store, score=a_score(80, decision=Band.ALERT))

    item = the_item(store)
    assert store.items.revisions(item.key)[0].raised_band
    assert store.items.queue(QueueFilter(bands=(Band.ALERT,))).items == (item,)
    assert not item.is_backfill


def test_an_edit_that_lowers_the_score_hides_nothing(store: Store) -> None:
    """A report that a publisher waters down stays in the list where it was."""
    follow(store)
    keep(store, an_entry(1), points=80, band=Band.ALERT)
    change(store, an_entry(1, summary="Nothing to see."))

    read_again(store, score=a_score(5, decision=Band.REJECT))

    (item,) = store.items.queue(QueueFilter(bands=(Band.ALERT,))).items
    assert item.score.decision is Band.REJECT
    assert store.items.queue(QueueFilter(bands=(Band.REJECT,))).total == 0


def test_a_reading_that_changed_nothing_is_no_revision(store: Store) -> None:
    """A touched-up summary in the feed does not make an edited article."""
    follow(store)
    keep(store, an_entry(1))
    change(store, an_entry(1, summary="New summary."))

    fate = read_again(
        store,
        article=an_article(title="Report 1", text=the_item(store).text),
    )

    assert fate is Fate.REVISION
    assert the_item(store).revision_count == 0
    assert store.items.revisions(the_item(store).key) == ()


WORSE = [TextState.NO_FULL_TEXT, TextState.FETCH_FAILED, TextState.TEASER, TextState.TITLE_ONLY]


@pytest.mark.parametrize("state", WORSE)
@pytest.mark.parametrize(
    ("band", "is_taken"), [(Band.QUEUE, False), (Band.REJECT, False), (Band.ALERT, True)]
)
def test_a_poorer_reading_replaces_a_full_text_only_when_it_matters_more(
    store: Store, state: TextState, band: Band, is_taken: bool
) -> None:
    """A consent wall on the second visit must not erase the report."""
    follow(store)
    keep(store, an_entry(1), band=Band.QUEUE)
    change(store, an_entry(1, summary="Changed."))

    read_again(
        store,
        article=an_article(text="Accept our cookies", state=state),
        score=a_score(decision=band),
    )

    assert (the_item(store).text == "Accept our cookies") is is_taken


def test_a_changed_entry_keeps_the_address_that_it_had(store: Store) -> None:
    """A document in which links tell nothing apart does not take an entry's address away."""
    follow(store)
    poll(store, a_decision(an_entry(1)))
    (known,) = store.polling.known_entries(lease(store).key, ["guid-1"])
    changed = an_entry(1, summary="Changed.")
    poll(store, a_decision(changed, known=known, link=None), finished_at=NOW + HOUR)

    first, second = pending(store, now=NOW + HOUR)

    assert (first.link, second.link) == ("https://news.example/1", "https://news.example/1")
    assert (first.is_revision, second.is_revision) == (False, True)


def test_a_changed_entry_that_was_not_read_yet_is_read_once_as_new(store: Store) -> None:
    """Changed twice before the first reading: one item, and two fates that lead to it."""
    follow(store)
    poll(store, a_decision(an_entry(1)))
    change(store, an_entry(1, summary="Changed."))

    fates = read_all(store, now=NOW + 2 * HOUR)

    assert fates == [Fate.STORED, Fate.REVISION]
    assert store.items.queue(QueueFilter()).total == 1
    assert store.ledger.discrepancies() == []


def test_a_changed_entry_that_was_too_old_before_becomes_an_item(store: Store) -> None:
    """A revision of what never became an item is a new item."""
    follow(store)
    poll(store, a_decision(an_entry(1), fate=Fate.TOO_OLD))
    change(store, an_entry(1, summary="Changed."))

    assert read_again(store) is Fate.STORED


def test_the_changed_copy_of_another_feed_revises_the_same_item(store: Store) -> None:
    """Whichever feed notices the edit, it is the same article."""
    follow(store, 2)
    poll(store, a_decision(an_entry(1)), number=1)
    poll(store, a_decision(an_entry(1)), number=2)
    read_all(store)
    change(store, an_entry(1, summary="Changed."), feed=2)

    fate = read_again(store)

    assert fate is Fate.REVISION
    assert the_item(store).revision_count == 1
