"""Roles, names and passwords: the pure part of who may do what."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.passwords import COMMON, LONGEST, SHORTEST, Weakness, comparable, weakness
from monitor.core.people import NAME_LENGTH, Person, Role, folded_name, person_name


def test_roles_are_one_ladder() -> None:
    """Each role may do what all lower ones may, and nothing that a higher one may."""
    ladder = [Role.READER, Role.ANALYST, Role.OPERATOR, Role.ADMIN]

    assert list(Role) == ladder
    for place, role in enumerate(ladder):
        person = Person(key=1, name="N", role=role)
        assert [other for other in ladder if person.may(other)] == ladder[: place + 1]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Mina", "Mina"),
        ("  Kim   Min-ji ", "Kim Min-ji"),
        ("김민지", "김민지"),
        ("Юлия О'Нил", "Юлия О'Нил"),
        ("J. Doe Jr.", "J. Doe Jr."),
        ("ｆｕｌｌ", "full"),
        ("", None),
        ("   ", None),
        ("subscriber:7", None),
        ("analyst", None),
        ("Command Line", None),
        ("a/b", None),
        ("<b>x</b>", None),
        ("=cmd()", None),
        ("a\nb", "a b"),
        ("a\x00b", None),
        ("a\u202eb", None),
        ("a\u200bb", None),
        ("x" * (NAME_LENGTH + 1), None),
    ],
)
def test_names_that_people_may_have(typed: str, name: str | None) -> None:
    """Letters of any script; nothing that a page, a spreadsheet or the log could misread."""
    assert person_name(typed) == name


@given(st.text())
def test_a_name_is_a_name_however_it_is_typed(typed: str) -> None:
    """A name that passes is found by every way of writing it, and passes again unchanged."""
    name = person_name(typed)

    assert folded_name(typed) == folded_name(typed.upper().lower()) or name is None
    if name is not None:
        assert person_name(name) == name
        assert name.isprintable()
        assert folded_name(name) == folded_name(f" {name} ") == folded_name(name.swapcase())


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Weakness.SHORT),
        ("elevenchars", Weakness.SHORT),
        ("twelve chars", None),
        ("p" * 12, Weakness.COMMON),
        ("123456789012", Weakness.COMMON),
        ("Password1234", Weakness.COMMON),
        ("DispatchWatch", Weakness.COMMON),
        ("비밀번호비밀번호비밀번호", Weakness.COMMON),
        ("MinaMinaMina", Weakness.COMMON),
        ("abababababab", Weakness.COMMON),
        ("네 낱말이 서로 먼 암호 문장", None),
        ("correct horse battery staple", None),
        ("x" * 190 + "different", None),
        ("different" * 30, Weakness.LONG),
    ],
)
def test_passwords_that_are_refused(password: str, why: Weakness | None) -> None:
    """Short ones, those tried first, and the name itself; signs and digits are no rule."""
    assert weakness(password, name="Mina") is why


def test_every_common_password_is_long_enough_to_matter() -> None:
    """The list holds what only the list would stop, in the form in which it is looked for."""
    for password in COMMON:
        assert len(password) >= SHORTEST
        assert password == comparable(password).casefold()


@given(st.text(max_size=LONGEST + 20))
def test_a_password_is_the_same_on_every_keyboard(password: str) -> None:
    """Composed and decomposed letters are hashed alike; judging never fails."""
    assert weakness(password) in {None, *Weakness}
    assert comparable(unicodedata.normalize("NFD", password)) == comparable(password)
