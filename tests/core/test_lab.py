"""The rules lab: lint, golden set, preview, use and suggestions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rulebooks import ROOT, shipped, shipped_source, written

from monitor.core.lab import (
    Decided,
    Golden,
    Stored,
    golden_report,
    lint,
    preview,
    rule_uses,
    suggest,
)
from monitor.core.rulebook import Rulebook
from monitor.core.scoring import score
from monitor.core.values import Band, ScoreInput
from monitor.rulefiles import compile_rules

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
RULES = """
entities:
  nk: {label: North Korea, en: [North Korea, nkr, North Korea], except: [nkr]}
  worker: {label: workers, en: [worker]}
  ghost: {label: ghosts, en: [ghost]}
rules:
  - {id: r, near: [nk, worker], weight: 60}
  - {id: dead, all: [nk, worker], none: [nk], weight: 5}
"""
YES = ScoreInput(title="", text="A worker from North Korea carried bricks at the harbour.")
NO = ScoreInput(title="", text="A worker in Spain carried melons to the market.")


def labelled() -> list[tuple[str, ScoreInput, bool]]:
    """Return (id, item, is relevant) of the English and Korean labelled texts."""
    found = []
    for language in ("en", "ko"):
        file = ROOT / "tests" / "quality" / f"{language}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            given = ScoreInput(title=item["title"], text=item["text"])
            found.append((item["id"], given, item["label"] >= 2))
    return found


def without(*rules: str) -> Rulebook:
    """Return the shipped rulebook without some rules."""
    source = shipped_source()
    kept = tuple(rule for rule in source.rules.rules if rule.id not in rules)
    decision = source.rules.decision
    require = {
        band: tuple(name for name in names if name not in rules)
        for band, names in decision.require.items()
    }
    changed = replace(source.rules, rules=kept, decision=replace(decision, require=require))
    return compile_rules(replace(source, rules=changed))


def test_lint_names_doubtful_terms() -> None:
    """Short, doubled, self-excepted and unused terms are named with entity and term."""
    found = {(one.finding, one.entity, one.term) for one in lint(written(RULES))}
    assert found == {
        ("short", "nk", "nkr"),
        ("impossible", "nk", "nkr"),
        ("shadowed", "nk", "North Korea"),
        ("unused", "ghost", ""),
    }


def test_lint_over_items_names_what_never_hits_and_what_hits_elsewhere() -> None:
    """With items at hand, dead terms and terms that mostly stand in rejected items are named."""
    found = [one for one in lint(written(RULES), [YES, *[NO] * 30]) if one.total]
    assert {(one.finding, one.term) for one in found} == {
        ("never_hit", "ghost"),
        ("never_hit", "nkr"),
        ("ambiguous", "worker"),
    }
    ambiguous = next(one for one in found if one.finding == "ambiguous")
    assert (ambiguous.count, ambiguous.total) == (30, 31)


def test_shipped_rules_have_no_impossible_and_no_doubled_terms() -> None:
    """The shipped lists are clean of what can never count."""
    found = [
        one
        for one in lint(shipped())
        if one.finding == "impossible" or one.message == "is in the list twice"
    ]
    assert found == []


def test_lint_names_terms_that_an_open_term_finds_already() -> None:
    """`slavery` beside `slav*` is shadowed: whoever edits it would wonder why nothing changes."""
    book = written("entities: {a: {label: a, en: ['slav*', slavery, salve]}}\n"
                   "rules: [{id: r, any: [a], weight: 5}]")  # fmt: skip
    found = [(one.finding, one.term, one.message) for one in lint(book)]
    assert found == [("shadowed", "slavery", "`slavery` is found by `slav*` already")]


def test_golden_report_refuses_rules_that_drop_what_must_pass() -> None:
    """Dropping a must-pass item refuses the rules; precision, recall and flips say why."""
    items = [
        Golden(id=name, given=given, must_pass=relevant) for name, given, relevant in labelled()
    ]
    misses = golden_report(items, shipped()).dropped
    passing = [item for item in items if item.id not in misses]
    good = golden_report(passing, shipped())
    assert not good.is_refused
    assert (good.precision, good.recall, good.dropped) == (1.0, 1.0, ())
    bad = golden_report(passing, without("nk-labour"), before=shipped())
    assert bad.is_refused
    assert {flip.id for flip in bad.flips} == {*bad.dropped, *bad.raised}
    assert all(flip.before.rank >= Band.DIGEST.rank > flip.after.rank for flip in bad.flips)


def test_preview_equals_what_publishing_does() -> None:
    """Item by item, the preview's new score is the score after publishing."""
    new = without("in-russia", "named-in-title")
    stored = [
        Stored(key=index, given=given, score=score(given, shipped()))
        for index, (_, given, _) in enumerate(labelled())
    ]
    change = preview(stored, new)
    published = {item.key: score(item.given, new) for item in stored}
    moved = {move.key: move for move in change.moves}
    for item in stored:
        if item.key in moved:
            assert moved[item.key].after == published[item.key]
            assert moved[item.key].before.decision is not published[item.key].decision
        else:
            assert item.score.decision is published[item.key].decision
    assert change.leaving(Band.DIGEST)
    assert change.entering(Band.ALERT) == ()
    assert change.count == len(stored)


def test_preview_names_moves_under_profiles() -> None:
    """A new, a changed and a dropped profile are told item by item; what stays is not."""
    profiles = "profiles: {a: {only: [r]}, b: {thresholds: {queue: 1, digest: 2, alert: 99}}}"
    before, after = (
        written(f"{RULES}{profiles}"),
        written(f"{RULES}{profiles.replace('a:', 'c:').replace('alert: 99', 'alert: 3')}"),
    )
    stored = [
        Stored(key=key, given=given, score=score(given, before))
        for key, given in enumerate([YES, NO], start=1)
    ]
    found = preview(stored, after).profile_moves
    assert [(one.key, one.profile, one.before, one.after) for one in found] == [
        (1, "c", None, Band.DIGEST),
        (1, "b", Band.DIGEST, Band.ALERT),
        (1, "a", Band.DIGEST, None),
    ]
    assert preview(stored, before).profile_moves == ()


def test_rule_uses_count_hits_last_hit_and_agreement() -> None:
    """Dead rules are listed with no hits; precision comes from verdicts only."""
    book = written(RULES)
    items = [
        Decided(given=YES, score=score(YES, book), seen_at=NOW, is_relevant=True),
        Decided(given=YES, score=score(YES, book), seen_at=LATER, is_relevant=False),
        Decided(given=YES, score=score(YES, book), seen_at=NOW, is_relevant=None),
    ]
    used, dead = rule_uses(items, book)
    assert (used.rule, used.hits, used.last_hit_at) == ("r", 3, LATER)
    assert (used.relevant, used.irrelevant, used.precision) == (1, 1, 0.5)
    assert (dead.rule, dead.hits, dead.last_hit_at, dead.precision) == ("dead", 0, None, None)


def test_suggestions_separate_and_are_no_terms_yet() -> None:
    """Words that only one side has come first, with counts and a sentence; known terms never."""
    book = written(RULES)
    items = [
        Decided(given=given, score=score(given, book), seen_at=NOW, is_relevant=relevant)
        for given, relevant in [(YES, True)] * 6 + [(NO, False)] * 6
    ]
    found = suggest(items, book)
    towards = {one.term: one.towards for one in found}
    assert towards["bricks"] == "relevant"
    assert towards["melons"] == "irrelevant"
    assert "worker" not in towards
    bricks = next(one for one in found if one.term == "bricks")
    assert (bricks.relevant, bricks.irrelevant) == (6, 0)
    assert bricks.example == YES.text
    assert abs(found[0].weight) >= abs(found[-1].weight)


def test_suggestions_in_a_language_without_spaces() -> None:
    """Chinese words are suggested as pairs of characters."""
    book = written(RULES)
    items = [
        Decided(
            given=ScoreInput(title=title, text=""),
            score=score(ScoreInput(title=title, text=""), book),
            seen_at=NOW,
            is_relevant=relevant,
        )
        for title, relevant in [("伐木场的工资", True)] * 4 + [("国家足球队", False)] * 4
    ]
    assert {"伐木", "足球"} <= {one.term for one in suggest(items, book)}
