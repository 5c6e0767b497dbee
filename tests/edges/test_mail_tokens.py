"""A signed link is good for one purpose, one subject and a limited time, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.tokens import Purpose, Token, sign, verify

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)
SECRET = b"a secret for tests"


def a_token(purpose: Purpose = Purpose.UNSUBSCRIBE, subject: str = "17") -> str:
    """Return a good token."""
    return sign(SECRET, purpose, subject=subject, until=UNTIL)


def test_a_good_token_says_what_was_signed() -> None:
    """What comes back is what went in, and it fits into a link."""
    token = a_token(Purpose.VERDICT, "17-4711")

    assert verify(SECRET, token, purpose=Purpose.VERDICT, now=NOW) == Token(
        purpose=Purpose.VERDICT, subject="17-4711", until=UNTIL
    )
    assert token.isascii()
    assert not set(token) & set("/?#&%+ <>\"'")


@pytest.mark.parametrize("wanted", Purpose)
@pytest.mark.parametrize("signed", Purpose)
def test_a_token_is_good_for_its_purpose_alone(signed: Purpose, wanted: Purpose) -> None:
    """A link to give a verdict cannot end a subscription."""
    found = verify(SECRET, a_token(signed), purpose=wanted, now=NOW)

    assert (found is not None) is (signed is wanted)


def test_a_token_ends_at_its_time() -> None:
    """The last good moment is the one before its end."""
    token = a_token()

    assert verify(SECRET, token, purpose=Purpose.UNSUBSCRIBE, now=UNTIL) is None
    assert verify(
        SECRET, token, purpose=Purpose.UNSUBSCRIBE, now=UNTIL - timedelta(seconds=1)
    ) is not None  # fmt: skip


@given(st.integers(0, 200), st.characters())
def test_a_changed_token_is_worthless(place: int, character: str) -> None:
    """Whatever is changed, subject, time or signature: it is no longer ours."""
    token = a_token(Purpose.VERDICT, "17-4711")
    place %= len(token)
    forged = token[:place] + character + token[place + 1 :]

    found = verify(SECRET, forged, purpose=Purpose.VERDICT, now=NOW)

    assert (found is not None) is (forged == token)


@given(st.text(max_size=300))
def test_nonsense_is_no_token(text: str) -> None:
    """Any string may be asked for; none but ours is good, and none is an error."""
    assert verify(SECRET, text, purpose=Purpose.UNSUBSCRIBE, now=NOW) is None
    assert verify(SECRET, f"unsubscribe.1.{text}", purpose=Purpose.UNSUBSCRIBE, now=NOW) is None


def test_another_secret_makes_all_tokens_worthless() -> None:
    """Changing the secret revokes every link that was ever sent."""
    assert verify(b"another", a_token(), purpose=Purpose.UNSUBSCRIBE, now=NOW) is None


@pytest.mark.parametrize("subject", ["", "a", "1.2", "1/2", "-1", "1--2", "1 ", "١"])
def test_a_subject_that_could_be_misread_is_refused(subject: str) -> None:
    """Signing what cannot be taken apart again is a bug, and raises."""
    with pytest.raises(ValueError, match="not a subject"):
        a_token(subject=subject)
