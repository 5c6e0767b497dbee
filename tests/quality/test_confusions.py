"""Words that look like ours inside other words or beside other people, and the readings to keep.

Each table holds both sides: what must not be found, and what stands close to it and must be.
"""

from __future__ import annotations

import pytest
from rulebooks import shipped

from monitor.core.scoring import score
from monitor.core.values import Band, ScoreInput


def surfaces(title: str, entity: str) -> list[str]:
    """Return what the lines of a headline's score show for an entity or place."""
    result = score(ScoreInput(title=title, text=""), shipped())
    return [match.surface or "" for match in result.matches if match.entity == entity]


def rules(title: str) -> set[str]:
    """Return the rules that a headline meets."""
    return {match.rule for match in score(ScoreInput(title=title, text=""), shipped()).matches}


@pytest.mark.parametrize(
    ("title", "is_found"),
    [
        ("朝鲜工人在远东港口干活", False),
        ("遠東港灣僱用朝鮮勞工", False),
        ("極東港湾で北朝鮮労働者", False),
        ("山东港口的朝鲜工人", False),
        ("평양 대동강 다리의 북한 노동자", False),
        ("朝鲜工人在东港的工厂", True),
        ("東港の工場で北朝鮮労働者", True),
        ("북한 노동자 둥강 공장", True),
    ],
)
def test_donggang_is_not_the_end_of_another_name(title: str, is_found: bool) -> None:
    """The border town is found by itself, not in "Far East port" or in the name of a river."""
    assert bool(surfaces(title, "china-border")) is is_found


@pytest.mark.parametrize(
    ("title", "is_found"),
    [
        ("North Korean workers at a camp in Khabarovsk", False),
        ("South Korean workers in Khabarovsk", False),
        ("Северо-корейские рабочие в Хабаровске", False),
        ("Korean workers in Khabarovsk", True),
        ("Корейский рабочий погиб в Амурской области", True),
    ],
)
def test_korean_is_a_word_of_its_own(title: str, is_found: bool) -> None:
    """ "Korean workers" says less than "North Korean workers", and is not found inside it."""
    assert bool(surfaces(title, "korean")) is is_found


@pytest.mark.parametrize(
    ("title", "is_found"),
    [
        ("Sakhalin developer: North Korean builders were not paid", False),
        ("Developer of flats hired North Koreans", False),
        ("Застройщик нанял северокорейцев", False),
        ("North Korean developers got jobs at US firms", True),
        ("北朝鮮の開発者が米企業に就職", True),
        ("북한 개발자 미국 기업 취업", True),
    ],
)
def test_a_developer_of_buildings_is_no_programmer(title: str, is_found: bool) -> None:
    """Developers count as IT workers only right beside the country and where nothing is built."""
    assert ("it-workers" in rules(title)) is is_found


@pytest.mark.parametrize(
    "title",
    [
        "Seoul to evacuate workers from the DPRK",
        "韩国从朝鲜撤回工人",
        "Сеул возвращает рабочих из КНДР",
        "Indonesian nickel workers, North Korea coal",
        "Россия строит мост в КНДР, наняты местные рабочие",
    ],
)
def test_workers_of_others_are_not_told(title: str) -> None:
    """The South's own workers, another nation's and those of the place reach no digest."""
    assert score(ScoreInput(title=title, text=""), shipped()).decision.rank < Band.DIGEST.rank


@pytest.mark.parametrize(
    "title",
    [
        "Seoul: workers from North Korea flood Russia",
        "Seoul says North Korea brings home workers from Russia",
        "Россия вернула рабочих из КНДР на стройки",
        "Russia hires workers in North Korea for its shipyards",
        "North Korean workers replace local workers in Vladivostok",
        "Malaysia's palm plantations hire workers from North Korea",
        "Malaysian mines employ North Korean workers",
    ],
)
def test_what_stands_close_to_the_exceptions_is_still_told(title: str) -> None:
    """Seoul as a source, local workers replaced, a host's adjective: the report is still told."""
    assert score(ScoreInput(title=title, text=""), shipped()).decision.rank >= Band.DIGEST.rank
