"""Topics on the pages: a queue of one topic, and what each makes of an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from web import samples
from web.visitors import Visitor, find, words

from monitor.core.rules import Decision, Profile
from monitor.core.values import Band, Match, ProfileScore
from store import Store

RULESET = replace(
    samples.RULES,
    profiles=(Profile(id="it-workers", label="IT workers", decision=Decision()),),
)


def test_the_queue_of_a_topic_shows_its_scores(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """What reaches no band under the topic is not listed; the rest has the topic's points."""
    first, second, *others = filled.items.stopped(bands=(Band.ALERT, Band.DIGEST)).items
    for item, band, points in ((first, Band.QUEUE, 12), (second, Band.ALERT, 77)):
        line = Match(rule=item.score.matches[0].rule, points=points)
        under = ProfileScore(profile="it-workers", score=points, raw=points, decision=band,
                             matches=(line,), peak=band)  # fmt: skip
        filled.items.rescore(item.key, replace(item.score, profiles=(under,)))
    for item in others:
        none = ProfileScore(profile="it-workers", score=0, raw=0, decision=Band.REJECT)
        filled.items.rescore(item.key, replace(item.score, profiles=(none,)))
    visitor = visiting(rules=lambda: RULESET)

    page = visitor.page("/?topic=it-workers&band=alert")
    assert "IT workers" in words(find(page, "select[name='topic']")[0])
    assert [words(one) for one in find(page, "article.item > .score .points")] == ["77"]
    shown = visitor.page(f"/items/{second.key}")
    assert "it-workers" in words(find(shown, "aside")[0])
    assert visitor.page("/?topic=nobody-knows") is not None


def test_without_profiles_there_is_no_choice(filled: Store, visitor: Visitor) -> None:
    """Who has one decision is not asked for a topic."""
    assert find(visitor.page("/"), "select[name='topic']") == []
