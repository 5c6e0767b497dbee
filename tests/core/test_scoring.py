"""Scoring: explained arithmetic that adds up, and every option of the rule language."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rulebooks import ROOT, shipped, written

from monitor.core.scoring import half_up, score
from monitor.core.values import Band, Score, ScoreInput

COMPUTED = {"title", "repeat", "feed", "seed", "cap"}
SENTENCES = [
    json.loads(line)["text"] or json.loads(line)["title"]
    for file in sorted((ROOT / "tests" / "quality").glob("??.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
]
# Texts as they come: sentences of ours in any mixture, with noise between them.
TEXTS = st.lists(st.one_of(st.sampled_from(SENTENCES), st.text(max_size=40)), max_size=8).map(
    "\n".join
)
TITLES = st.one_of(st.just(""), st.sampled_from(SENTENCES), st.text(max_size=60))

BASE = """
entities:
  nk: {label: North Korea, en: [North Korea, North Korean], ko: [북한]}
  worker: {label: workers, en: [worker], ko: [노동자]}
  russia: {label: Russia, en: [Russia], ko: [러시아]}
  party: {label: the party, en: [congress]}
"""


def scored(rules: str, title: str = "", text: str = "", **given: object) -> Score:
    """Return the score of a text by the base entities and the rules given."""
    return score(ScoreInput(title=title, text=text, **given), written(BASE + rules))  # type: ignore[arg-type]


def points(result: Score, rule: str) -> int:
    """Return the points that a rule brought."""
    return sum(match.points for match in result.matches if match.rule == rule)


# ------------------------------------------------------------------ what an explanation promises


@given(TITLES, TEXTS, st.floats(min_value=0.1, max_value=3))
def test_lines_add_up_and_slices_are_surfaces(title: str, text: str, weight: float) -> None:
    """For any text the score is the sum of its lines, and each hit's slice is its surface."""
    result = score(ScoreInput(title=title, text=text, weight=weight), shipped())
    assert result.score == sum(match.points for match in result.matches)
    assert 0 <= result.score <= 100
    assert result.raw == sum(match.points for match in result.matches if match.rule != "cap")
    for match in result.matches:
        if match.rule in COMPUTED:
            assert (match.field, match.surface, match.start, match.end) == (None, None, None, None)
        else:
            field = title if match.field == "title" else text
            assert field[match.start : match.end] == match.surface
            assert match.label
            assert " ".join((match.surface or "").split()) in match.snippet


@given(TITLES, TEXTS)
def test_same_input_same_score(title: str, text: str) -> None:
    """Scoring has no memory: the same item always gets the same explanation."""
    item = ScoreInput(title=title, text=text)
    assert score(item, shipped()) == score(item, shipped())


@given(TITLES, TEXTS)
def test_near_miss_tells_what_was_missing(title: str, text: str) -> None:
    """A near miss names the next band, the exact gap and rules that did not hold."""
    result = score(ScoreInput(title=title, text=text), shipped())
    miss = result.near_miss
    if result.decision is Band.ALERT:
        assert miss is None
    elif miss is not None:
        assert miss.band.rank == result.decision.rank + 1
        wanted = shipped().decision.thresholds[miss.band]
        assert miss.short_by == max(0, wanted - result.score)
        held = {match.rule for match in result.matches}
        assert not held.intersection(miss.missing)


@given(TEXTS)
def test_what_is_said_twice_counts_once(text: str) -> None:
    """A page that prints its paragraphs twice scores as if it had printed them once."""
    once = score(ScoreInput(title="", text=text), shipped())
    rules = {match.rule for match in once.matches if match.rule not in COMPUTED}
    twice = score(ScoreInput(title="", text=f"{text}\n\n{text}"), shipped())
    assert {match.rule for match in twice.matches if match.rule not in COMPUTED} == rules
    assert points(twice, "repeat") == points(once, "repeat")


# ------------------------------------------------------------------ the options, one by one

NEAR = "rules: [{id: r, near: [nk, worker], within: %s, weight: 10}]"


@pytest.mark.parametrize(
    ("within", "text", "holds"),
    [
        ("sentence", "A North Korean met a worker.", True),
        ("sentence", "North Korea spoke. A worker left.", False),
        ("1", "North Korean worker", True),
        ("1", "North Korean building worker", True),
        ("1", "North Korean men and a worker", False),
        ("0", "worker North Korea", True),
        ("2", "북한 건설현장 노동자", True),
        ("9", "North Korea. Worker.", True),
        ("7", "North Korea. Worker.", False),
        ("paragraph", "North Korea spoke. A worker left.", True),
        ("paragraph", "North Korea spoke.\n\nA worker left.", False),
        ("text", "North Korea spoke.\n\nA worker left.", True),
    ],
)
def test_near_keeps_to_its_window(within: str, text: str, holds: bool) -> None:
    """`within`: a sentence, a paragraph, the text, or words (a sentence's end counts as eight)."""
    assert bool(scored(NEAR % within, text=text).matches) == holds


@pytest.mark.parametrize(
    ("rule", "title", "text", "holds"),
    [
        ("all: [nk, russia]", "", "Russia. And far away North Korea.", True),
        ("all: [nk, russia]", "Russia", "North Korea", True),
        ("all: [nk, russia]", "", "North Korea", False),
        ("any: [nk, russia]", "", "Russia", True),
        ("any: [nk, russia]", "", "China", False),
        ("any: [nk], none: [party]", "", "North Korea", True),
        ("any: [nk], none: [party]", "", "North Korea. The congress met.", False),
        ("near: [nk|russia, worker]", "", "A worker in Russia", True),
        ("near: [nk, worker], all: [russia]", "", "North Korean worker", False),
        ("near: [nk, worker], all: [russia]", "", "North Korean worker. Russia.", True),
        ("any: [nk], unless_near: [party]", "", "North Korea held a congress.", False),
        ("any: [nk], unless_near: [party]", "", "North Korea. A congress.", True),
        ("any: [nk], unless_title: [party]", "A congress", "North Korea.", False),
        ("any: [nk], unless_title: [party]", "", "North Korea. A congress.", True),
        ("any: [nk], count: 2", "", "North Korea. North Korea!", False),
        ("any: [nk], count: 2", "", "North Korea. And North Korea!", True),
        ("any: [nk], in: title", "", "North Korea", False),
        ("any: [nk], in: title", "North Korea", "", True),
        ("any: [nk], in: text", "North Korea", "", False),
        ("any: [nk], in: lead", "", "Word. " * 100 + "North Korea.", False),
        ("any: [nk], in: lead", "", "North Korea. " + "Word. " * 100, True),
        ("any_text: [nuclear test, 핵실험]", "", "북한 핵실험은", True),
        ("any: [nk], none_text: [football]", "", "North Korea football", False),
    ],
)
def test_conditions(rule: str, title: str, text: str, holds: bool) -> None:
    """Every condition of a rule does what the reference says."""
    result = scored(f"rules: [{{id: r, weight: 10, {rule}}}]", title, text)
    assert any(match.rule == "r" for match in result.matches) == holds


@pytest.mark.parametrize(
    ("scope", "given", "holds"),
    [
        ("lang: [en]", {}, True),
        ("lang: [ko]", {}, False),
        ("feeds: [rfa]", {"feed": "rfa"}, True),
        ("feeds: [rfa]", {"feed": "voa"}, False),
        ("feeds: [rfa]", {}, False),
        ("tags: [search]", {"tags": ("search", "x")}, True),
        ("tags: [search]", {"tags": ("x",)}, False),
        ("until: 2026-01-31", {"on": datetime(2026, 1, 31, 23, tzinfo=UTC)}, True),
        ("until: 2026-01-31", {"on": datetime(2026, 2, 1, tzinfo=UTC)}, False),
        ("until: 2026-01-31", {}, True),
    ],
)
def test_scope(scope: str, given: dict[str, object], holds: bool) -> None:
    """Language, feed, tag and last day decide whether a rule is asked at all."""
    rules = f"rules: [{{id: r, any: [nk], weight: 10, {scope}}}]"
    assert bool(scored(rules, text="North Korea is the one in the news.", **given).matches) == holds


# ------------------------------------------------------------------ arithmetic

ONE = "rules: [{id: r, any: [nk], weight: 20}]\nlead_words: 10\nseed: {points: 0}\n"
FILLER = "Nothing of ours is said here at all. " * 5


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("North Korea", "", {"r": 20, "title": 10}),
        ("", "North Korea.", {"r": 20}),
        ("", FILLER + "North Korea.", {"r": 10}),
        ("North Korea", "North Korea again.", {"r": 20, "title": 10, "repeat": 5}),
        ("", "North Korea. One. North Korea two. North Korea three.", {"r": 20, "repeat": 8}),
        ("", FILLER + "North Korea. And North Korea two.", {"r": 10, "repeat": 5}),
    ],
)
def test_place_and_repeats(title: str, text: str, expected: dict[str, int]) -> None:
    """The title adds its factor, the body gives a share, each doubling adds a quarter."""
    result = scored(ONE, title, text)
    assert {rule: points(result, rule) for rule in {m.rule for m in result.matches}} == expected


def test_repeats_are_capped_and_can_be_refused() -> None:
    """However often a thing is said, repeats at most double it; `once: true` refuses them."""
    many = " ".join(f"North Korea number {index} spoke." for index in range(300))
    assert points(scored(ONE + "repeat: {rate: 0.25, cap: 0.5}", text=many), "repeat") == 10
    once = ONE.replace("weight: 20", "weight: 20, once: true")
    assert points(scored(once, text=many), "repeat") == 0


@pytest.mark.parametrize(
    ("weight", "factor", "expected"),
    [(1.0, "1.2", 4), (1.0, "0.7", -6), (1.5, "1.5", 10), (0.2, "1.0", -10), (1.0, "1.0", 0)],
)
def test_feed_factor_is_a_line_of_its_own(weight: float, factor: str, expected: int) -> None:
    """Feed weight and the rules' factor multiply, bounded at 0.5 and 1.5."""
    rules = ONE + f"feeds: {{rfa: {factor}}}"
    result = scored(rules, text="North Korea.", feed="rfa", weight=weight)
    assert points(result, "feed") == expected


def test_score_ends_at_100_and_begins_at_0_with_a_line_that_says_so() -> None:
    """The cap is a line, so that the sum stays the score; the raw sum is kept to break ties."""
    high = scored("rules: [{id: r, any: [nk], weight: 90}]", "North Korea", "North Korea, Russia.")
    assert (high.score, high.raw) == (100, 158)
    assert points(high, "cap") == -58
    low = scored("rules: [{id: r, any: [nk], weight: -30}]", text="North Korea")
    assert (low.score, low.raw, points(low, "cap")) == (0, -30, 30)


@pytest.mark.parametrize(("value", "rounded"), [(2.5, 3), (-2.5, -2), (2.4, 2), (-0.6, -1)])
def test_points_are_whole(value: float, rounded: int) -> None:
    """Halves go up, so that no point depends on the neighbour's parity."""
    assert half_up(value) == rounded


REQUIRE = """
rules:
  - {id: r, any: [nk], weight: 60}
  - {id: s, any: [russia], weight: 1}
thresholds: {queue: 10, digest: 50, alert: 75}
"""


@pytest.mark.parametrize(
    ("require", "text", "band", "missing"),
    [
        ("", "North Korea", Band.DIGEST, None),
        ("require: [s]", "North Korea", Band.REJECT, ("s",)),
        ("require: [s]", "North Korea and Russia", Band.DIGEST, None),
        ("require: {digest: [s]}", "North Korea", Band.QUEUE, ("s",)),
        ("require: {alert: [s]}", "North Korea", Band.DIGEST, ("s",)),
    ],
)
def test_require_changes_the_decision_never_the_score(
    require: str, text: str, band: Band, missing: tuple[str, ...] | None
) -> None:
    """A required rule that does not hold keeps the item down, and the near miss says so."""
    result = scored(REQUIRE + require, text=text)
    assert result.decision is band
    assert result.score >= 60
    if missing is not None:
        assert result.near_miss is not None
        assert result.near_miss.missing == missing


@pytest.mark.parametrize(
    ("keep", "text", "band"),
    [
        ("keep: [s]", "Russia", Band.QUEUE),
        ("keep: [s]", "North Korea", Band.DIGEST),
        ("keep: [s]", "China", Band.REJECT),
        ("keep: [s]\nrequire: {digest: [s]}", "North Korea and Russia", Band.DIGEST),
        ("keep: [r]\nrequire: {digest: [s]}", "North Korea", Band.QUEUE),
    ],
)
def test_rule_to_keep_queues_whatever_the_points(keep: str, text: str, band: Band) -> None:
    """What must not be lost is queued even when nothing is left of its points."""
    assert scored(REQUIRE + keep, text=text).decision is band


def test_near_miss_prefers_what_was_almost_there() -> None:
    """Of the rules that would have helped, the one whose words are present comes first."""
    rules = """
rules:
  - {id: r, any: [nk], weight: 10}
  - {id: far, near: [nk, party], weight: 50}
  - {id: close, near: [nk, worker], weight: 45}
thresholds: {queue: 10, digest: 50, alert: 75}
"""
    result = scored(rules, text="North Korea.\n\nA worker.")
    assert result.near_miss is not None
    assert (result.near_miss.band, result.near_miss.short_by) == (Band.DIGEST, 40)
    assert result.near_miss.missing == ("close", "far")


def test_profiles_share_entities_and_decide_apart() -> None:
    """A second team's profile leaves rules out and has its own lines, over the same entities."""
    book = written(
        BASE
        + """
rules: [{id: r, any: [nk], weight: 60}, {id: s, any: [russia], weight: 20}]
profiles: {other: {label: Other, without: [r], thresholds: {queue: 5, digest: 15, alert: 90}}}
"""
    )
    item = ScoreInput(title="", text="North Korea and Russia")
    assert score(item, book).score == 80
    (other,) = score(item, book).profiles
    assert (other.profile, other.score, other.decision) == ("other", 20, Band.DIGEST)
    assert [(line.rule, line.points) for line in other.matches] == [("s", 20)]


def test_words_that_share_letters_are_not_two_words() -> None:
    """One stretch of text cannot be both words of a pair."""
    rules = """
entities: {a: {label: a, en: [guest worker]}, b: {label: b, en: [worker]}}
rules: [{id: r, near: [a, b], weight: 10}]
"""
    assert not score(ScoreInput(title="", text="A guest worker left."), written(rules)).matches
    assert score(ScoreInput(title="", text="A guest worker met a worker."), written(rules)).matches


@pytest.mark.parametrize(
    "tail",
    [
        "Leave a Comment\nNorth Korean workers in Russia!",
        "3 comments:\nNorth Korean workers in Russia, wow",
        "Related Articles\nNorth Korean workers in Russia\nMore of it",
        "Read also: North Korean workers in Russia",
        "Читайте также: Рабочие из Северной Кореи в России",
        "관련기사\n러시아 파견 북한 노동자",
        "関連記事\nロシアで働く北朝鮮労働者",
        "相关阅读：朝鲜工人在俄罗斯",
    ],
)
def test_comments_and_teasers_never_score(tail: str) -> None:
    """What readers wrote below and what the page advertises is no part of the report."""
    report = "The town council met on Monday and spoke of parks.\n\nIt will meet again in May.\n\n"
    assert score(ScoreInput(title="", text=report + tail), shipped()).matches == ()


@pytest.mark.parametrize("end", [". ", " ", "\n", ", "])
def test_scoring_a_huge_text_takes_no_huge_time(end: str) -> None:
    """A quarter megabyte of our words, with or without sentences, is scored in seconds."""
    text = end.join(f"North Korean workers in Russia fled {index} times" for index in range(5000))
    start = time.perf_counter()
    assert score(ScoreInput(title="", text=text), shipped()).decision is Band.ALERT
    assert time.perf_counter() - start < 10
