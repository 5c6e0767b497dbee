"""Rules and feeds are checked together: a rule for a feed that is not there would never hold."""

from __future__ import annotations

from pathlib import Path

from monitor.core.feedscopes import unknown_scopes
from monitor.core.rules import Decision, Rule
from monitor.core.values import Feed
from monitor.feedfile import read_feeds
from monitor.rulefiles import read_rules

CHECKOUT = Path(__file__).parents[2]
FEEDS = [
    Feed(id="newsvl", url="https://a.example/", title="A", tags=("local",)),
    Feed(id="rfa-ko", url="https://b.example/", title="B", enabled=False),
]


def test_feeds_and_tags_that_are_not_there_are_named_with_the_nearest() -> None:
    """Scopes of rules and factors of feeds; a feed that is switched off is there all the same."""
    rules = [
        Rule(id="right", weight=5, feeds=("newsvl", "rfa-ko"), tags=("local",)),
        Rule(id="wrong", weight=5, feeds=("newsvi",), tags=("lokal", "zzz")),
    ]

    assert unknown_scopes(rules, Decision(feeds={"rfa-kr": 1.2, "newsvl": 0.7}), FEEDS) == (
        "rule wrong names the feed 'newsvi', which feeds.yaml does not have "
        "(did you mean 'newsvl'?)",
        "rule wrong names the tag 'lokal', which feeds.yaml does not have (did you mean 'local'?)",
        "rule wrong names the tag 'zzz', which feeds.yaml does not have",
        "the list of feed factors names the feed 'rfa-kr', which feeds.yaml does not have "
        "(did you mean 'rfa-ko'?)",
    )


def test_the_shipped_rules_speak_of_shipped_feeds() -> None:
    """What we ship fits together."""
    rules = read_rules(CHECKOUT / "rules", CHECKOUT / "corpus").rules
    feeds = read_feeds(CHECKOUT / "feeds.yaml").feeds

    assert unknown_scopes(rules.rules, rules.decision, feeds) == ()
