"""What items get under each profile, on every engine: kept, replaced, and asked for as a topic."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

from builders import HOUR, NOW, a_decision, a_match, a_score, an_article, an_entry
from storesteps import follow, poll, read_all
from tellings import a_subscriber

from monitor.core.reports import QueueFilter
from monitor.core.topics import band_under, best_topic, is_of_topics
from monitor.core.values import Band, Item, Match, ProfileScore, Verdict
from store import Store

BANDS = (None, *Band)


def under(profile: str, band: Band, points: int = 40) -> ProfileScore:
    """Return what an item gets under a profile, with a place and a bare line."""
    lines = (a_match(points - 2), Match(rule="title", points=2, label="said in the title"))
    return ProfileScore(
        profile=profile, score=points, raw=points, decision=band, matches=lines, peak=band
    )


def kept(
    store: Store, number: int, *profiles: ProfileScore, band: Band = Band.REJECT, points: int = 30
) -> Item:
    """Keep one item with these profile scores."""
    entry = an_entry(number)
    poll(store, a_decision(entry))
    read_all(store, score=a_score(points, decision=band, profiles=profiles))
    assert entry.link is not None
    item = store.items.by_link(entry.link)
    assert item is not None
    return item


def test_profile_scores_come_back_as_they_were_given(store: Store) -> None:
    """Score, band and every line, in the order of the rule files."""
    follow(store)
    given = (under("sea", Band.ALERT, 70), under("it", Band.REJECT, 3))
    assert kept(store, 1, *given).score.profiles == given


def test_rescoring_replaces_profile_scores(store: Store) -> None:
    """A profile that the rules have no more leaves nothing behind."""
    follow(store)
    item = kept(store, 1, under("sea", Band.ALERT), under("it", Band.DIGEST))
    store.items.rescore(item.key, a_score(9, profiles=(under("it", Band.REJECT, 5),)))
    after = store.items.get(item.key)
    assert after is not None
    assert after.score.profiles == (under("it", Band.REJECT, 5),)


def test_an_edit_never_lowers_the_best_band_of_a_profile(store: Store) -> None:
    """What a text once was for a topic it stays; what rises under a topic is told again."""
    follow(store)
    item = kept(store, 1, under("it", Band.QUEUE), under("sea", Band.DIGEST), band=Band.DIGEST)
    poll(store, a_decision(an_entry(1, title="Another title")), finished_at=NOW + HOUR)
    later = NOW + 2 * HOUR
    read_all(
        store,
        now=later,
        article=an_article(title="Another title", text="Another text of the report."),
        score=a_score(30, decision=Band.DIGEST,
                      profiles=(under("it", Band.ALERT), under("sea", Band.REJECT))),
    )  # fmt: skip
    after = store.items.get(item.key)
    assert after is not None
    assert [(one.profile, one.decision, one.peak) for one in after.score.profiles] == [
        ("it", Band.ALERT, Band.ALERT),
        ("sea", Band.REJECT, Band.DIGEST),
    ]
    reader = a_subscriber(topics=("it",), since=NOW - timedelta(days=9), minimum=Band.ALERT)
    told = store.digests.candidates(reader, since=later, until=later + HOUR)
    assert [one.key for one in told] == [item.key]


def test_the_store_and_the_theory_agree_who_gets_what(store: Store) -> None:
    """For every mix of bands the candidates are those that `core.topics` names."""
    follow(store)
    items = []
    for number, (it, sea, band) in enumerate(product(BANDS, BANDS, Band), start=1):
        profiles = [under(name, one) for name, one in (("it", it), ("sea", sea)) if one is not None]
        items.append(kept(store, number, *profiles, band=band))
    escalated = items[::7]
    for item in escalated:
        store.verdicts.give(item.key, Verdict.RELEVANT, actor="mina", now=NOW)
    judged = {item.key for item in escalated}
    for topics in ((), ("it",), ("it", "sea"), ("moon",), ("it", "moon")):
        for minimum in (Band.QUEUE, Band.DIGEST, Band.ALERT):
            reader = a_subscriber(topics=topics, minimum=minimum, since=NOW - timedelta(days=9))
            found = store.digests.candidates(reader, since=NOW - HOUR, until=NOW + HOUR)
            wanted = {
                item.key
                for item in items
                if best(item, topics).rank >= minimum.rank
                or (item.key in judged and is_of_topics(item, topics))
            }
            assert {item.key for item in found} == wanted, (topics, minimum)


def best(item: Item, topics: tuple[str, ...]) -> Band:
    """Return the band that decides for a reader of these topics."""
    return band_under(item, best_topic(item, topics)) if topics else item.peak


def test_the_queue_of_a_topic(store: Store) -> None:
    """A topic's queue lists what reaches the bands under it, its best first."""
    follow(store)
    first = kept(store, 1, under("it", Band.DIGEST, 41), band=Band.REJECT)
    other = kept(store, 2, under("it", Band.REJECT, 2), band=Band.ALERT, points=90)
    second = kept(store, 3, under("it", Band.ALERT, 60), band=Band.QUEUE)
    shown = QueueFilter(bands=(Band.ALERT, Band.DIGEST, Band.QUEUE))
    assert [item.key for item in store.items.queue(shown).items] == [other.key, second.key]
    of_topic = replace(shown, topics=("it",))
    assert [item.key for item in store.items.queue(of_topic).items] == [second.key, first.key]
    anything = QueueFilter(topics=("it",))
    assert {item.key for item in store.items.queue(anything).items} == {first.key, second.key}
    assert store.items.counts_of(of_topic) == {
        Band.REJECT: 0,
        Band.QUEUE: 0,
        Band.DIGEST: 1,
        Band.ALERT: 1,
    }


def test_alerts_and_near_misses_go_by_topic(store: Store) -> None:
    """An alert of a topic is one for its readers alone; so is what just missed the line."""
    follow(store)
    alert = kept(store, 1, under("it", Band.ALERT), band=Band.QUEUE)
    miss = kept(store, 2, under("it", Band.QUEUE), band=Band.ALERT)
    reader = a_subscriber(topics=("it",), since=NOW - timedelta(days=9))
    everyone = replace(reader, topics=())
    since, until = NOW - HOUR, NOW + HOUR
    assert [one.key for one in store.alerts.candidates(reader, since=since)] == [alert.key]
    assert [one.key for one in store.alerts.candidates(everyone, since=since)] == [miss.key]
    near = store.digests.near_misses(reader, since=since, until=until)
    assert [one.key for one in near] == [miss.key]
    near = store.digests.near_misses(everyone, since=since, until=until)
    assert [one.key for one in near] == [alert.key]
