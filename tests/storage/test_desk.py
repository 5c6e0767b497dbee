"""Views, looks, grades, minutes and feed cards on every engine: personal things stay personal."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from builders import HOUR, NOW, a_match, a_score, an_entry
from storesteps import follow, keep

from monitor.core.reports import QueueFilter
from monitor.core.reviewing import Agreement, Grade, Look, Reading
from monitor.core.scorecards import FeedCard
from monitor.core.values import Band, Item, ItemState, Verdict
from store import Store
from store.efforts import MOST_AT_ONCE
from store.views import MOST_VIEWS

MINUTE = timedelta(minutes=1)
MINA, OLEG, YUNA = 1, 2, 3


def save(store: Store, name: str, *, person: int = MINA, shared: bool = False) -> int:
    """Save a view; return its key."""
    view = store.views.save(
        name, {"lang": "ko"}, person_key=person, made_by="x", is_shared=shared, now=NOW
    )
    assert view
    return view.key


def grade(store: Store, item: Item, value: Grade, person: int) -> bool:
    """Give a grade."""
    return store.grades.give(
        item.key, value, person_key=person, reader=f"reader {person}", now=NOW, note="as I see it"
    )


# ---------------------------------------------------------------- views


def test_a_view_is_ones_own_or_shared(store: Store) -> None:
    """Everybody sees the shared views and their own; nobody sees another's."""
    save(store, "mine")
    save(store, "ours", person=OLEG, shared=True)
    save(store, "theirs", person=OLEG)

    names = [[view.name for view in store.views.list(who)] for who in (MINA, OLEG, YUNA)]

    assert names == [["ours", "mine"], ["ours", "theirs"], ["ours"]]


def test_a_view_of_the_same_name_is_replaced(store: Store) -> None:
    """Saving under a name again keeps one view; another person's of that name stays."""
    save(store, "korean")
    save(store, "korean", person=OLEG, shared=True)
    key = save(store, "korean", shared=True)

    assert {view.key for view in store.views.list(MINA) if view.person_key == MINA} == {key}
    assert len(store.views.list(MINA)) == 2


def test_views_of_a_person_are_bounded(store: Store) -> None:
    """One too many is refused, and replacing one of them still works."""
    for number in range(MOST_VIEWS):
        save(store, f"view {number}")
    refused = store.views.save("more", {}, person_key=MINA, made_by="x", is_shared=False, now=NOW)
    save(store, "view 7", shared=True)

    assert refused is None
    assert len(store.views.list(MINA)) == MOST_VIEWS


def test_a_view_can_be_removed_once(store: Store) -> None:
    """Gone is gone; a number that is no key is no view."""
    key = save(store, "gone")

    assert [store.views.remove(one) for one in (key, key, 10**12, 0)] == [True, False, False, False]
    assert store.views.get(key) is None


# ---------------------------------------------------------------- looks


def test_what_is_new_counts_from_the_end_of_the_last_sitting(store: Store) -> None:
    """The first look makes nothing new; half an hour's pause begins a new sitting."""
    looks = [
        store.looks.look(MINA, NOW + after)
        for after in (timedelta(0), 10 * MINUTE, 39 * MINUTE, 3 * HOUR, 3 * HOUR + 5 * MINUTE)
    ]

    assert [look.since for look in looks] == [
        NOW,
        NOW,
        NOW,
        NOW + 39 * MINUTE,
        NOW + 39 * MINUTE,
    ]
    assert store.looks.last(OLEG) is None


def test_a_look_is_noted_at_most_once_a_minute(store: Store) -> None:
    """Opening page after page does not keep the writer busy."""
    store.looks.look(MINA, NOW)
    store.looks.look(MINA, NOW + timedelta(seconds=59))

    assert store.looks.last(MINA) == Look(since=NOW, last_at=NOW)


def test_seen_is_personal_and_decides_nothing(store: Store) -> None:
    """One person's opened item stays unseen for others, and new for the team."""
    follow(store)
    one, two = keep(store, an_entry(1), an_entry(2))
    store.looks.open(MINA, one.key, NOW)
    store.looks.open(MINA, one.key, NOW + HOUR)
    unseen = [
        {item.key for item in store.items.queue(QueueFilter(unseen_by=who)).items}
        for who in (MINA, OLEG)
    ]
    item = store.items.get(one.key)

    assert unseen == [{two.key}, {one.key, two.key}]
    assert store.looks.seen(MINA, [one.key, two.key, 10**12]) == {one.key}
    assert item is not None
    assert item.state is ItemState.NEW


# ---------------------------------------------------------------- grades


def test_a_grade_is_given_once_by_each(store: Store) -> None:
    """A second grade of the same reader is refused; that of another completes the reading."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    given = [
        grade(store, item, Grade.EVIDENCE, MINA),
        grade(store, item, Grade.NEITHER, MINA),
        grade(store, item, Grade.EVIDENCE, OLEG),
    ]
    found = store.grades.of(item.key, YUNA)

    assert given == [True, False, True]
    assert (found.reading, found.agreed) == (Reading.AGREED, Grade.EVIDENCE)


def test_the_store_itself_keeps_the_second_reader_blind(store: Store) -> None:
    """What it answers for the second reader carries no grade, name or note of the first."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    grade(store, item, Grade.EVIDENCE, MINA)
    blind, own = store.grades.of(item.key, OLEG), store.grades.of(item.key, MINA)

    assert (blind.reading, blind.lines, blind.mine) == (Reading.ONE, (), None)
    assert [line.reader for line in own.lines] == ["reader 1"]


def test_a_grade_can_be_taken_back_until_it_was_seen(store: Store) -> None:
    """Alone yes; with a second reader no, because it would be no independent one any more."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    grade(store, item, Grade.EVIDENCE, MINA)
    others = store.grades.undo(item.key, person_key=OLEG, now=NOW)
    own = store.grades.undo(item.key, person_key=MINA, now=NOW)
    grade(store, item, Grade.LEAD, MINA)
    grade(store, item, Grade.LEAD, OLEG)
    late = store.grades.undo(item.key, person_key=MINA, now=NOW)

    assert (others, own, late) == (False, True, False)
    assert store.grades.of(item.key, MINA).agreed is Grade.LEAD


def test_whom_an_item_asks_for_a_grade(store: Store) -> None:
    """Escalated ones and those with one grade; never the first reader again, never a third."""
    follow(store)
    items = keep(store, *(an_entry(number) for number in range(1, 5)))
    escalated, once, twice, plain = items
    store.verdicts.give(escalated.key, Verdict.ESCALATE, actor="ann", now=NOW)
    grade(store, once, Grade.LEAD, MINA)
    for who in (MINA, OLEG):
        grade(store, twice, Grade.LEAD, who)
    asked = [
        {item.key for item in store.items.queue(QueueFilter(to_grade_by=who)).items}
        for who in (MINA, OLEG, YUNA)
    ]

    assert asked == [{escalated.key}, {escalated.key, once.key}, {escalated.key, once.key}]
    assert plain.key not in set().union(*asked)


def test_agreement_is_the_teams(store: Store) -> None:
    """Only items with two readers count, the first two of each; nobody's name is in it."""
    follow(store)
    items = keep(store, *(an_entry(number) for number in range(1, 5)))
    given = [
        (Grade.EVIDENCE, Grade.EVIDENCE),
        (Grade.LEAD, Grade.LEAD, Grade.NEITHER),
        (Grade.EVIDENCE, Grade.LEAD),
        (Grade.NEITHER,),
    ]
    for item, grades in zip(items, given, strict=True):
        for who, one in enumerate(grades, start=MINA):
            grade(store, item, one, who)

    # p_o 2/3; margins evidence 2 and 1, lead 1 and 2: p_e (2 + 2) / 9.
    assert store.grades.agreement() == Agreement(pairs=3, same=2, kappa=0.4)


def test_grades_of_what_is_not_there(store: Store) -> None:
    """No item, no grade."""
    for key in (77, 0, 10**12):
        with pytest.raises(KeyError):
            store.grades.give(key, Grade.LEAD, person_key=MINA, reader="x", now=NOW)
    assert store.grades.undo(10**12, person_key=MINA, now=NOW) is False


# ---------------------------------------------------------------- minutes and cards


def test_minutes_are_sums_without_people(store: Store) -> None:
    """Seconds of a day and a feed are one number; an absurd press is cut, a negative one left."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    for seconds in (30, 40, -5, 10**9):
        store.efforts.add(seconds, item_key=item.key, now=NOW)
    store.efforts.add(20, item_key=None, now=NOW - 40 * 24 * HOUR)

    assert store.efforts.total(NOW) == timedelta(seconds=70) + MOST_AT_ONCE
    assert store.efforts.total(NOW - 50 * 24 * HOUR) == timedelta(seconds=90) + MOST_AT_ONCE


def test_cards_count_what_a_feed_brought(store: Store) -> None:
    """Kept, shown, decided, accepted and minutes of a feed, exactly."""
    follow(store)
    items = keep(store, *(an_entry(number) for number in range(1, 5)))
    for item, verdict in zip(
        items, (Verdict.RELEVANT, Verdict.ESCALATE, Verdict.IRRELEVANT), strict=False
    ):
        store.verdicts.give(item.key, verdict, actor="ann", now=NOW)
    store.efforts.add(180, item_key=items[0].key, now=NOW)
    (card,) = store.scorecards.list(NOW - 24 * HOUR).values()

    assert card == FeedCard(
        item_count=4,
        shown_count=4,
        decided_count=3,
        accepted_count=2,
        seconds=180,
    )
    assert card.precision == pytest.approx(2 / 3)
    assert card.minutes_per_accepted == pytest.approx(1.5)


def told(store: Store, feed: int, number: int, title: str, at: datetime) -> Item:
    """Let a feed tell a report under a headline."""
    entry = an_entry(number, title=title, published_at=at)
    (item,) = keep(store, entry, number=feed, now=at)
    return item


def test_reprints_are_found_over_feeds(store: Store) -> None:
    """One headline in several feeds; not in one feed twice, not when weeks lie between."""
    follow(store, 3)
    title = "Forty North Korean workers held at Nakhodka plant"
    first = told(store, 1, 11, title, NOW)
    second = told(store, 2, 22, title.upper(), NOW + HOUR)
    told(store, 1, 12, title, NOW + 2 * HOUR)
    told(store, 3, 33, title, NOW + 30 * 24 * HOUR)
    found = store.items.reprints([first.key, second.key])

    assert [one.key for one in found[first.key]] == [second.key]
    assert {one.key for one in found[second.key]} == {first.key, first.key + 2}
    assert found[first.key][0].outlet == "News 2"


def test_lead_over_other_feeds(store: Store) -> None:
    """The feed that had a shared report first has the lead over the next one."""
    follow(store, 2)
    title = "Forty North Korean workers held at Nakhodka plant"
    told(store, 1, 11, title, NOW)
    told(store, 2, 22, title, NOW + 3 * HOUR)
    told(store, 2, 23, "Something that only one outlet had", NOW + 3 * HOUR)
    cards = store.scorecards.list(NOW - HOUR)
    first, second = (cards[status.key] for status in store.feeds.statuses(NOW))

    assert (first.shared_count, first.first_count, first.lead) == (1, 1, 3 * HOUR)
    assert (second.shared_count, second.first_count, second.lead) == (1, 0, None)


def test_places_and_counts_of_a_filter(store: Store) -> None:
    """A place lists what a line of the score names; counts follow the whole filter."""
    follow(store)
    nakhodka = a_score(40, matches=(a_match(40, entity="nakhodka"),))
    here, there = keep(store, an_entry(1), an_entry(2))
    store.items.rescore(here.key, nakhodka)
    wanted = QueueFilter(places=("nakhodka", "moscow"))

    assert {item.key for item in store.items.queue(wanted).items} == {here.key} != {there.key}
    assert sum(store.items.counts_of(wanted).values()) == 1
    assert sum(store.items.counts_of(QueueFilter()).values()) == 2
    assert set(store.items.counts_of(wanted)) == set(Band)


# ---------------------------------------------------------------- one press for several


def test_one_press_decides_and_undoes_a_group(store: Store) -> None:
    """All or none are decided, and undoing any one of them undoes all."""
    follow(store)
    items = keep(store, *(an_entry(number) for number in range(1, 4)))
    keys = [item.key for item in items]
    store.verdicts.give(keys[2], Verdict.ESCALATE, actor="ben", now=NOW)
    first = store.verdicts.give_all(
        keys, Verdict.IRRELEVANT, actor="ann", now=NOW + HOUR, teach=keys[:1], note="same report"
    )
    lines = [store.verdicts.history(key)[-1] for key in keys]
    decided = [store.items.get(key) for key in keys]
    undone = store.verdicts.undo(lines[1].key, actor="ann", now=NOW + 2 * HOUR)
    after = [store.items.get(key) for key in keys]

    assert [(line.batch, line.teach, line.note) for line in lines] == [
        (first, True, "same report"),
        (first, False, ""),
        (first, False, ""),
    ]
    assert {item.state for item in decided if item} == {ItemState.IRRELEVANT}
    assert undone is not None
    assert undone.item_key == keys[1]
    assert [item.state for item in after if item] == [
        ItemState.NEW,
        ItemState.NEW,
        ItemState.ESCALATED,
    ]


def test_a_group_with_a_stranger_is_not_decided(store: Store) -> None:
    """A key that is no item leaves all others undecided."""
    follow(store)
    (item,) = keep(store, an_entry(1))
    with pytest.raises(KeyError):
        store.verdicts.give_all([item.key, 999], Verdict.RELEVANT, actor="ann", now=NOW)

    assert store.verdicts.history(item.key) == ()
