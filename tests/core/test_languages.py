"""The language of a text is told by its letters; a declaration only breaks ties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.languages import declared, language_of


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        ("North Korean workers in Russia", None, "en"),
        ("Рабочие из КНДР во Владивостоке", None, "ru"),
        ("북한 노동자 러시아 파견", None, "ko"),
        ("北 노동자, 러 파견 확대", None, "ko"),
        ("北朝鮮労働者をロシアへ派遣", None, "ja"),
        ("朝鲜劳工前往俄罗斯", None, "zh"),
        ("朝鮮勞工前往俄羅斯", None, "zh"),
        ("北朝鮮労働者", "ja", "ja"),
        ("北朝鮮労働者", None, "zh"),
        ("Робітники з КНДР у Владивостоці", None, "uk"),
        ("Солтүстік Корея жұмысшылары Ресейде", None, "kk"),
        ("Хойд", "mn", "mn"),
        ("КНДР", "uk", "uk"),
        ("Эти рабочие из КНДР были", "uk", "ru"),
        ("Trabajadores norcoreanos en Rusia", "es", "es"),
        ("북한 노동자 3명", "en", "ko"),
        ("North Korea's 북한 workers arrive in the Russian Far East", "ko", "en"),
        ("12345 !?", "ru", None),
        ("", None, None),
    ],
)
def test_language_by_letters(text: str, tag: str | None, expected: str | None) -> None:
    """A feed that serves another language than it declares does not mislead us."""
    assert language_of(text, tag) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("ko-KR", "ko"), ("ru_RU", "ru"), (" EN ", "en"), ("english", None), ("", None)],
)  # fmt: skip
def test_declared_tag(tag: str, expected: str | None) -> None:
    """Tags as feeds write them become two letters."""
    assert declared(tag) == expected


@given(st.text(), st.text())
def test_no_text_raises(text: str, tag: str) -> None:
    """Any text has a language or none."""
    found = language_of(text, tag)
    assert found is None or found.islower()
