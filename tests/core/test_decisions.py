"""Decisions: every entry gets one, nothing is read twice, nothing is merged that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from builders import NOW, a_feed, an_entry
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.decisions import LIMIT, MAX_REVISIONS, decide, keys_of, links_of, settled
from monitor.core.values import Decision, Entry, Fate, Feed, KnownEntry, ParsedFeed

DAY = timedelta(days=1)


def a_document(*entries: Entry) -> ParsedFeed:
    """Return a parsed feed; positions follow the order."""
    placed = tuple(replace(entry, position=place) for place, entry in enumerate(entries))
    return ParsedFeed(format="rss20", title="News", lang=None, entries=placed)


def decided(
    *entries: Entry,
    feed: Feed | None = None,
    known: Sequence[KnownEntry] = (),
    items: dict[str, int] | None = None,
    limit: int = LIMIT,
) -> tuple[Decision, ...]:
    """Decide on a document of these entries."""
    return decide(
        a_document(*entries),
        feed=feed or a_feed(),
        known=known,
        items=items or {},
        now=NOW,
        limit=limit,
    )


def remembered(decisions: Sequence[Decision], **changes: int) -> list[KnownEntry]:
    """Return what a store remembers after these decisions."""
    kept = (Fate.OVER_LIMIT, Fate.UNREADABLE)
    return [
        KnownEntry(
            **{
                "key": number,
                "guid": one.entry.guid,
                "link": one.link,
                "identity": one.identity,
                "content_hash": one.content_hash,
                "item_key": number,
            }
            | changes
        )
        for number, one in enumerate(decisions, 1)
        if one.twin is None and one.fate not in kept
    ]


def fates(decisions: Sequence[Decision]) -> list[Fate]:
    """Return the fates in order."""
    return [one.fate for one in decisions]


def _is_first(one: Decision) -> bool:
    return one.twin is None and one.fate is not Fate.UNREADABLE


# ---------------------------------------------------------------- properties

GUIDS = st.sampled_from([None, "", "N/A", "1", "guid-1000", "guid-2000", "https://news.example/7"])
LINKS = st.sampled_from(
    [None, "https://news.example/", "https://news.example/1", "http://www.news.example/1",
     "https://m.news.example/2?utm_source=x", "https://news.example/2", "javascript:x"]
)  # fmt: skip
TITLES = st.sampled_from(
    ["", "Workers seen in the port of Nakhodka", "Workers flee", "WORKERS FLEE!"]
)
TEXTS = st.sampled_from(["", "Short.", "Twenty workers fled from a building site near the sea."])
DATES = st.sampled_from([None, NOW, NOW - DAY, NOW - 400 * DAY])
ENTRIES = st.builds(
    lambda guid, link, title, text, at: an_entry(
        guid=guid, link=link, title=title, summary=text, published_at=at
    ),
    GUIDS, LINKS, TITLES, TEXTS, DATES,
)  # fmt: skip
DOCUMENTS = st.lists(ENTRIES, max_size=8)
FEEDS = st.sampled_from(["auto", "id", "link", "title"]).map(lambda way: a_feed(identity=way))


@given(DOCUMENTS, FEEDS)
def test_every_entry_has_one_decision(entries: list[Entry], feed: Feed) -> None:
    """As many decisions as entries, in their order; identities are unique but for repeats."""
    decisions = decided(*entries, feed=feed)
    assert [one.entry.position for one in decisions] == list(range(len(entries)))
    firsts = [one.identity for one in decisions if _is_first(one)]
    assert len(firsts) == len(set(firsts))
    assert all(one.reason for one in decisions)


@given(DOCUMENTS, FEEDS)
def test_same_document_again_is_unchanged(entries: list[Entry], feed: Feed) -> None:
    """A second poll of the same document finds nothing new, whatever its ids and links are."""
    first = decided(*entries, feed=feed)
    second = decided(*entries, feed=feed, known=remembered(first))
    for one, before in zip(second, fates(first), strict=True):
        assert one.fate is (before if before is Fate.UNREADABLE else Fate.UNCHANGED)


@given(DOCUMENTS, FEEDS, st.randoms(use_true_random=False))
def test_order_does_not_matter(entries: list[Entry], feed: Feed, dice: Random) -> None:
    """A shuffled document gives the same decisions."""
    shuffled = list(entries)
    dice.shuffle(shuffled)
    assert Counter(told(decided(*entries, feed=feed))) == Counter(
        told(decided(*shuffled, feed=feed))
    )


def told(decisions: Sequence[Decision]) -> list[tuple[object, ...]]:
    """Return what decisions say, without places."""
    return [(one.identity, one.fate, one.content_hash, one.link) for one in decisions]


@given(DOCUMENTS, DOCUMENTS, FEEDS)
@settings(max_examples=200)
def test_identities_stay_unique_from_poll_to_poll(
    before: list[Entry], after: list[Entry], feed: Feed
) -> None:
    """A new entry never takes the identity of a remembered one: the store keeps them unique."""
    known = remembered(decided(*before, feed=feed))
    taken = {one.identity for one in known}
    decisions = decided(*after, feed=feed, known=known)
    new = [one.identity for one in decisions if one.known is None and _is_first(one)]
    assert not taken & set(new)
    assert len(new) == len(set(new))
    used = [one.known.key for one in decisions if one.known and one.twin is None]
    assert len(used) == len(set(used))


@given(DOCUMENTS)
def test_different_reports_are_never_merged(entries: list[Entry]) -> None:
    """Two entries with different headlines and links are not called the same."""
    decisions = decided(*entries)
    for one in decisions:
        if one.twin is not None:
            first = decisions[one.twin]
            same_title = one.entry.title.lower().strip("!") == first.entry.title.lower().strip("!")
            assert same_title or not (one.entry.title and first.entry.title)


def test_keys_find_what_was_decided() -> None:
    """The keys of a document name id, link, sibling hosts and hash of each entry."""
    document = a_document(an_entry(1), an_entry(2, guid=None, link=None))
    keys = keys_of(document)
    decisions = decided(*document.entries)
    assert {one.identity for one in decisions} <= set(keys)
    assert "https://www.news.example/1" in keys
    assert links_of(document) == ["https://news.example/1"]


# ---------------------------------------------------------------- cases


def test_changed_text_is_pending_with_what_it_changes() -> None:
    """A changed entry is read again and names the one it changes."""
    known = remembered(decided(an_entry(1)))
    (one,) = decided(an_entry(1, summary="Twenty workers fled."), known=known)
    assert (one.fate, one.known) == (Fate.PENDING, known[0])


def test_live_ticker_stops_at_the_cap() -> None:
    """After 24 versions an entry is not read again, and its reason says so."""
    known = remembered(decided(an_entry(1)), revision_count=MAX_REVISIONS)
    (one,) = decided(an_entry(1, summary="News again."), known=known)
    assert one.fate is Fate.UNCHANGED
    assert "24" in one.reason


def test_changed_dates_change_nothing() -> None:
    """A feed that renews its dates tells nothing new."""
    known = remembered(decided(an_entry(1), an_entry(2)))
    again = decided(an_entry(1, published_at=NOW), an_entry(2, published_at=NOW), known=known)
    assert fates(again) == [Fate.UNCHANGED] * 2


def test_all_ids_renewed_are_known_by_link() -> None:
    """A feed that renews its ids brings no flood."""
    known = remembered(decided(*(an_entry(n) for n in range(30))))
    again = decided(*(an_entry(n, guid=f"new-{n}-id") for n in range(30)), known=known)
    assert set(fates(again)) == {Fate.UNCHANGED}


def test_old_entry_is_too_old_but_not_when_undated_or_kept() -> None:
    """max_age holds for new entries with a date, not for edits of what we keep."""
    old = an_entry(1, published_at=NOW - 91 * DAY)
    assert fates(decided(old, an_entry(2, published_at=None))) == [Fate.TOO_OLD, Fate.PENDING]
    kept = remembered(decided(old))
    assert fates(decided(replace(old, summary="Edited."), known=kept)) == [Fate.PENDING]
    never_kept = [replace(one, item_key=None) for one in kept]
    assert fates(decided(replace(old, summary="Edited."), known=never_kept)) == [Fate.TOO_OLD]


@pytest.mark.parametrize(
    ("pattern", "link", "fits"),
    [
        ("https://a.example/z/*", "https://a.example/z/2712", True),
        ("https://a.example/z/*", "https://a.example/a/z/2712", False),
        ("*/z/*", "https://a.example/z/2712", True),
        ("*/z/*/*", "https://a.example/z/2712", False),
        ("https://a.example/z", "https://a.example/z/2712", False),
        ("https://a.example/z*z", "https://a.example/z", False),
        ("*.html", "https://a.example/z.html", True),
        ("https://a.example/?.html", "https://a.example/z.html", False),
        ("*" * 150 + "q", "https://a.example/" + "z" * 1900, False),
        ("*/z/*", None, False),
    ],
)
def test_operator_s_patterns_leave_entries_out_and_say_so(
    pattern: str, link: str | None, fits: bool
) -> None:
    """Section pages are no reports; whose word left them out stands in the ledger."""
    feed = a_feed(drop_url=("https://other.example/*", pattern))

    (one,) = decided(an_entry(link=link), feed=feed)

    assert (one.fate, pattern in one.reason) == (
        (Fate.EXCLUDED, True) if fits else (Fate.PENDING, False)
    )


def test_pattern_does_not_touch_what_is_known() -> None:
    """What was left out is counted once, and an item that is kept goes on being read."""
    feed = a_feed(drop_url=("https://*news*",))
    known = remembered(decided(an_entry(), feed=feed))
    kept = [replace(one, item_key=7, content_hash="other") for one in known]

    assert fates(decided(an_entry(), feed=feed, known=known)) == [Fate.UNCHANGED]
    assert fates(decided(an_entry(), feed=feed, known=kept)) == [Fate.PENDING]


def test_article_kept_from_another_feed_is_a_duplicate() -> None:
    """The same address in a second feed is a sighting of the item that is kept."""
    entry = an_entry(1, link="http://news.example/1?utm_source=x")
    (one,) = decided(entry, items={"https://news.example/1": 7})
    assert one.fate is Fate.DUPLICATE
    assert "7" in one.reason


def test_newest_entries_are_taken_from_a_flood() -> None:
    """Beyond the limit the newest are read, each of the rest has its fate, known ones are free."""
    flood = [an_entry(n, published_at=NOW - n * timedelta(minutes=1)) for n in range(10)]
    known = remembered(decided(*flood[:3]))
    decisions = decided(*flood, known=known, limit=4)
    assert Counter(fates(decisions)) == {Fate.UNCHANGED: 3, Fate.PENDING: 4, Fate.OVER_LIMIT: 3}
    assert fates(decisions)[-3:] == [Fate.OVER_LIMIT] * 3


def test_flood_is_worked_off_poll_by_poll() -> None:
    """What waited in one poll is read in the next."""
    flood = [an_entry(n) for n in range(10)]
    known: list[KnownEntry] = []
    for _ in range(3):
        decisions = decided(*flood, known=known, limit=4)
        known = remembered(decisions)
    assert set(fates(decisions)) == {Fate.UNCHANGED, Fate.PENDING}


def test_answer_with_more_in_it_is_not_settled() -> None:
    """A cut document, or one in which entries wait, must be asked for again in full."""
    document = a_document(an_entry(1), an_entry(2))
    assert settled(document, decided(*document.entries))
    assert not settled(document, decided(*document.entries, limit=1))
    assert not settled(replace(document, complete=False), decided(*document.entries))


def test_entry_with_nothing_is_unreadable() -> None:
    """Neither headline nor text nor link: nothing to tell it by."""
    (one,) = decided(an_entry(guid=None, link=None, title="", summary=""))
    assert one.fate is Fate.UNREADABLE


def test_richest_of_repeats_is_read() -> None:
    """Of an entry said twice the longer text is read, the other is its duplicate."""
    short, long = an_entry(1, summary="Short."), an_entry(1, summary="A longer text of it.")
    decisions = decided(short, long)
    assert fates(decisions) == [Fate.DUPLICATE, Fate.PENDING]
    assert decisions[0].twin == 1
    assert fates(decided(long, short, known=remembered(decisions))) == [Fate.UNCHANGED] * 2


@pytest.mark.parametrize("guid", ["N/A", "none", "1", "0", "item"])
def test_weak_id_does_not_tie_tomorrow_to_today(guid: str) -> None:
    """An id that is none, carried by one entry a day, does not make each a revision of the last."""
    known = remembered(decided(an_entry(1, guid=guid)))
    (one,) = decided(an_entry(2, guid=guid), known=known)
    assert (one.fate, one.known) == (Fate.PENDING, None)


def test_id_given_to_another_article_identifies_neither() -> None:
    """An id whose link now carries another article number is no proof of sameness."""
    first = an_entry(1, guid="tag:news,2026", link="https://news.example/a/1000001")
    second = an_entry(2, guid="tag:news,2026", link="https://news.example/a/1000002")
    known = remembered(decided(first))
    (one,) = decided(second, known=known)
    assert (one.known, one.identity) == (None, "https://news.example/a/1000002")
    trusting = a_feed(identity="id")
    known = remembered(decided(first, feed=trusting))
    assert decided(second, feed=trusting, known=known)[0].known == known[0]


def test_one_link_for_all_is_no_address() -> None:
    """Entries of a page with anchors are different entries, and none has that page as its link."""
    entries = [
        an_entry(n, guid=None, link=f"https://news.example/day#{n}", title=f"Report {n}")
        for n in range(3)
    ]
    decisions = decided(*entries, items={"https://news.example/day": 1})
    assert {(one.fate, one.link) for one in decisions} == {(Fate.PENDING, None)}


def test_entries_without_marks_are_told_apart_by_their_text() -> None:
    """Same headline and date, no id, no link: two texts are two entries, and are found again."""
    one = an_entry(1, guid=None, link=None, title="Briefs", summary="Workers fled from a site.")
    other = replace(one, summary="A ship with workers arrived.")
    decisions = decided(one, other)
    assert fates(decisions) == [Fate.PENDING] * 2
    assert {each.identity for each in decisions} <= set(keys_of(a_document(one, other)))


def test_front_page_is_nobody_s_address() -> None:
    """Entries that link to the site itself are no duplicates of an item kept under it."""
    (one,) = decided(an_entry(1, link="https://news.example/"), items={"https://news.example/": 1})
    assert (one.fate, one.link) == (Fate.PENDING, None)


def test_limit_counts_new_entries_only() -> None:
    """Changed entries are read whatever else a poll brings."""
    before = [an_entry(n) for n in range(3)]
    known = remembered(decided(*before))
    changed = [replace(entry, summary="Edited.") for entry in before]
    decisions = decided(*changed, an_entry(7), an_entry(8), known=known, limit=1)
    assert Counter(fates(decisions)) == {Fate.PENDING: 4, Fate.OVER_LIMIT: 1}


def test_identity_option_trusts_what_it_names() -> None:
    """`id` believes ids, `link` ignores them, `title` ignores both."""
    first = an_entry(1, guid="a", link="https://news.example/x?v=1")
    same_id = replace(first, link="https://news.example/x?v=2", title="Other headline here")
    by = {
        way: remembered(decided(first, feed=a_feed(identity=way)))
        for way in ("id", "link", "title")
    }
    assert decided(same_id, feed=a_feed(identity="id"), known=by["id"])[0].known is not None
    assert decided(same_id, feed=a_feed(identity="link"), known=by["link"])[0].known is None
    moved = replace(first, guid="b", link="https://news.example/x?v=2")
    assert fates(decided(moved, feed=a_feed(identity="title"), known=by["title"])) == [
        Fate.UNCHANGED
    ]


def test_thin_entries_are_not_known_by_their_words() -> None:
    """`Photo of the day` of today is not that of yesterday."""
    known = remembered(decided(an_entry(1, title="Photo of the day", summary="")))
    (one,) = decided(an_entry(2, title="Photo of the day", summary=""), known=known)
    assert one.known is None


def test_large_poll_takes_time_in_proportion() -> None:
    """2,000 entries against 2,000 remembered ones are decided without comparing each to each."""
    entries = [an_entry(n, published_at=NOW) for n in range(2000)]
    known = remembered(decided(*entries, limit=2000))
    assert set(fates(decided(*entries, known=known))) == {Fate.UNCHANGED}
