"""Likeness to the seeds: bounded, explained, and fair to languages without seeds."""

# ruff: noqa: E501  (one report, one line)

from __future__ import annotations

import pytest
from rulebooks import shipped, shipped_source, written

from monitor.core.rules import Seed
from monitor.core.scoring import score
from monitor.core.values import ScoreInput
from monitor.rulefiles import compile_rules

REPORTS = {
    "en": "North Korean workers in Russia were told to work in groups after several fled; passports and phones were confiscated.",
    "ru": "Северокорейским рабочим в России велели работать группами после побега нескольких человек; паспорта и телефоны отобрали.",
    "ko": "러시아의 북한 노동자들은 여러 명이 탈출한 뒤 조를 지어 일하라는 지시를 받았고 여권과 휴대전화를 압수당했다.",
    "ja": "ロシアの北朝鮮労働者は数人が脱走した後、集団で働くよう命じられ、旅券と携帯電話を没収された。",
    "zh": "在俄罗斯的朝鲜工人在数人逃跑后被要求集体劳动，护照和手机被没收。",
}


def seed_points(text: str) -> int:
    """Return what likeness brings."""
    result = score(ScoreInput(title="", text=text), shipped())
    return sum(match.points for match in result.matches if match.rule == "seed")


@pytest.mark.parametrize("language", REPORTS)
def test_the_same_report_is_near_the_same_seed_in_every_language(language: str) -> None:
    """The seeds are English, yet a report in another language finds its seed and earns points."""
    result = score(ScoreInput(title="", text=REPORTS[language]), shipped())
    assert result.nearest[0].seed == "2022-rfa-side-jobs"
    assert result.nearest[0].shared
    assert seed_points(REPORTS[language]) > 0


def test_no_language_is_punished() -> None:
    """What likeness brings differs by at most four points between languages for the same report."""
    values = [seed_points(text) for text in REPORTS.values()]
    assert max(values) - min(values) <= 4


def test_points_are_bounded_even_for_the_seed_itself() -> None:
    """The card itself earns the most there is, and no more than fifteen."""
    card = shipped_source().seeds[0]
    result = score(ScoreInput(title=card.title, text=card.text), shipped())
    points = sum(match.points for match in result.matches if match.rule == "seed")
    assert points == shipped().decision.seed_points <= 15
    assert result.nearest[0].similarity == pytest.approx(1.0, abs=0.1)


def test_likeness_alone_earns_nothing() -> None:
    """Without a rule that holds, everyday words shared with a seed bring no points."""
    text = (
        "The government keeps the money that they earn and several people disappeared in January."
    )
    assert seed_points(text) == 0


def test_rulebook_without_seeds_has_no_neighbours() -> None:
    """A rulebook may have no seeds at all."""
    book = written("entities: {a: {label: a, en: [Korea]}}\nrules: [{id: r, any: [a], weight: 9}]")
    result = score(ScoreInput(title="Korea", text=""), book)
    assert result.nearest == ()


def test_a_seed_that_is_left_out_is_no_neighbour() -> None:
    """Leave-one-out really leaves it out."""
    source = shipped_source()
    card = source.seeds[0]
    book = compile_rules(source.without_seed(card.id))
    result = score(ScoreInput(title=card.title, text=card.text), book)
    assert card.id not in {near.seed for near in result.nearest}
    assert result.version != score(ScoreInput(title="", text=""), shipped()).version


def test_full_documents_join_the_cards() -> None:
    """A document that was added counts beside the cards."""
    from monitor.rulefiles import parse_rules

    document = Seed(
        id="added",
        title="On whales",
        text="North Korean workers sing to whales in Russia.",
        lang="en",
    )
    source = parse_rules(dict(shipped_source().files), documents=[document])
    assert source.seeds[-1].id == "added"
    assert source.hash != shipped_source().hash
    near = score(
        ScoreInput(title="", text="North Korean workers sing to whales in Russia"),
        compile_rules(source),
    ).nearest
    assert near[0].seed == "added"
