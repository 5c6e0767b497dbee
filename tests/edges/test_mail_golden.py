"""The mails as readers get them, kept beside the code: a change of wording is read before it ships.

`pytest tests/edges/test_mail_golden.py --golden` writes what comes out; read the difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tellings import (
    END,
    PUBLIC,
    SENDER,
    START,
    WINDOW,
    a_coverage,
    a_mixed_coverage,
    a_near_miss,
    a_subscriber,
    a_watch,
    an_item,
    sample_items,
)

from alerts.compose import compose
from alerts.fitting import fitting, preview
from alerts.welcome import compose_confirmation, compose_known
from monitor.core.alerting import choose_alert
from monitor.core.coverage import EntryCounts
from monitor.core.editing import Signup
from monitor.core.redaction import Redaction
from monitor.core.telling import Message, MessageKind
from monitor.core.values import Band, ErrorCode
from monitor.core.week import day_starts, days
from monitor.core.windows import Schedule

GOLDEN = Path(__file__).parents[1] / "golden" / "mails"
NOW = END + timedelta(seconds=20)


def full(language: str = "en") -> Message:
    """Return an ordinary day: five languages, a reprint, near misses, feeds in every group."""
    _, message = fitting(
        sample_items() + [an_item(n, points=46 + n % 9, feed_id="ledger") for n in range(10, 15)],
        subscriber=a_subscriber(near_misses=True, language=language),
        window=WINDOW,
        now=NOW,
        sender=PUBLIC,
        near_misses=[a_near_miss()],
        coverage=a_mixed_coverage(),
        rules_version="4f1c0d2e9a77bb01",
    )
    return message


def edited(language: str = "en") -> Message:
    """Return a mail from which an editor took something, after a week worth a table."""
    found = sample_items()
    counts = [{Band.DIGEST: n % 4 + 1, Band.ALERT: n % 2} for n in range(7)]
    _, message = fitting(
        found, subscriber=a_subscriber(language=language), window=WINDOW, now=NOW, sender=PUBLIC,
        coverage=a_coverage(*(a_watch(n) for n in range(61))), rules_version="4f1c0d2e9a77bb01",
        left_out=[found[2].key], week=days(day_starts(END, ZoneInfo("Europe/Berlin")), counts),
    )  # fmt: skip
    return message


def all_left_out() -> Message:
    """Return a mail from which an editor took everything: it must not say that all is quiet."""
    found = sample_items()[:1]
    _, message = fitting(
        found, subscriber=a_subscriber(), window=WINDOW, now=NOW, sender=SENDER,
        coverage=a_coverage(*(a_watch(n) for n in range(61))), rules_version="4f1c0d2e9a77bb01",
        left_out=[found[0].key],
    )  # fmt: skip
    return message


def question(language: str = "en") -> Message:
    """Return the mail that asks whether an address wants digests."""
    signup = Signup(
        key=7, address="new@ngo.example", language=language, origin="", asked_at=NOW,
        schedule=Schedule(zone="Asia/Seoul"),
    )  # fmt: skip
    return compose_confirmation(signup, sender=PUBLIC)


def known_already() -> Message:
    """Return the mail to somebody who gets digests and asked again."""
    signup = Signup(
        key=7, address="reader1@ngo.example", language="ko", origin="", asked_at=NOW,
        schedule=Schedule(),
    )  # fmt: skip
    return compose_known(a_subscriber(), signup, sender=PUBLIC)


def quiet() -> Message:
    """Return a day without news on which everything was watched, for a mailbox without pages."""
    _, message = fitting(
        [], subscriber=a_subscriber(), window=WINDOW, now=NOW, sender=SENDER,
        coverage=a_coverage(*(a_watch(n) for n in range(61)), counts=EntryCounts(read=412)),
        rules_version="4f1c0d2e9a77bb01",
    )  # fmt: skip
    return message


def blind() -> Message:
    """Return a day without news on which a third was not seen."""
    down = [
        a_watch(
            n, is_failing=True, good_count=0, last_good_at=START - timedelta(hours=2),
            failing_since=START - timedelta(hours=1), error=ErrorCode.TIMEOUT_READ.value,
        )
        for n in range(10)
    ]  # fmt: skip
    unasked = [a_watch(n, last_good_at=START + timedelta(hours=9)) for n in range(10, 13)]
    _, message = fitting(
        [], subscriber=a_subscriber(), window=WINDOW, now=NOW, sender=SENDER,
        coverage=a_coverage(*down, *unasked, *(a_watch(n) for n in range(13, 31)),
                            counts=EntryCounts(read=120)),
    )  # fmt: skip
    return message


def catch_up() -> Message:
    """Return the mail after three missed days: a late item, and more than a mail holds."""
    window = replace(WINDOW, start=START - timedelta(days=3), missed_count=3)
    late = an_item(1, points=80, first_seen_at=START - timedelta(days=4))
    _, message = fitting(
        [late, *(an_item(n, points=50, feed_id="ledger") for n in range(2, 60))],
        subscriber=a_subscriber(), window=window, now=NOW, sender=PUBLIC, coverage=a_coverage(),
    )  # fmt: skip
    return message


def alert() -> Message:
    """Return an immediate mail on two reports."""
    made = choose_alert(
        sample_items()[:2], subscriber=a_subscriber(), told_titles=(), now=NOW,
        rules_version="4f1c0d2e9a77bb01",
    )  # fmt: skip
    return compose(made.digest, sender=PUBLIC, kind=MessageKind.ALERT)


def withheld() -> Message:
    """Return a mail in which a name and a link had to be withheld."""
    item = an_item(
        1,
        title="Builder Kim Chol-su left his site",
        text="Kim Chol-su left at night. Workers stayed.",
        url="https://news.example/kim-chol-su",
    )
    return preview([item], now=NOW, sender=SENDER, redact=Redaction.of(["Kim Chol-su"]))


MAILS: dict[str, Callable[[], Message]] = {
    "digest-en": full,
    "digest-ru": lambda: full("ru"),
    "digest-ko": lambda: full("ko"),
    "quiet": quiet,
    "blind": blind,
    "catch-up": catch_up,
    "alert": alert,
    "withheld": withheld,
    "edited": edited,
    "edited-ko": lambda: edited("ko"),
    "all-left-out": all_left_out,
    "question": question,
    "question-ru": lambda: question("ru"),
    "known-already": known_already,
}


@pytest.mark.parametrize("name", MAILS)
def test_mails_read_as_they_were_approved(name: str, pytestconfig: pytest.Config) -> None:
    """Subject, headers, text and HTML of each kind of mail are the ones a person has read."""
    message = MAILS[name]()
    head = message.raw.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n")
    actual = {
        f"{name}.txt": f"Subject: {message.subject}\n\n{message.text}",
        f"{name}.html": message.html,
        f"{name}.headers": head + "\n",
    }
    if pytestconfig.getoption("--golden"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        for file, text in actual.items():
            (GOLDEN / file).write_text(text, encoding="utf-8")

    expected = {file: (GOLDEN / file).read_text(encoding="utf-8") for file in actual}
    assert actual == expected


@pytest.mark.parametrize("name", MAILS)
def test_the_text_part_says_all_that_the_html_says(name: str) -> None:
    """Who reads plain text misses no link, no heading and no number of the statement."""
    message = MAILS[name]()
    links = set(re.findall(r'href="([^"]+)"', message.html))
    told = re.findall(r"<(h[23]|li)[^>]*>(.*?)</\1>", message.html, re.DOTALL)
    flat = "".join(message.text.split())

    assert told or message.kind is MessageKind.CONFIRM  # a few sentences without headings
    assert {link for link in links if unescape(link) not in message.text} == set()
    for _tag, inner in told:
        words = unescape(re.sub(r"<[^>]+>", " ", inner))
        first = "".join(words.split())[:24]
        assert first in flat, words


def test_every_golden_mail_is_compared() -> None:
    """A mail that no test makes any more is not kept as if it were."""
    kept = {path.stem for path in GOLDEN.iterdir()}

    assert kept == set(MAILS)
