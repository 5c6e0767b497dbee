"""What is on the list of withheld words never leaves, however it is written."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tellings import END, PUBLIC, WINDOW, a_coverage, a_subscriber, a_watch, an_item

from alerts.fitting import fitting
from monitor.core.redaction import WITHHELD, Redaction
from monitor.core.telling import Message

LISTED = Redaction.of(
    ["Kim Chol-su", "김철수", "Иван Петров", "+7 914 555-01-23", "@harbour_cat", "Мария"]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kim Chol-su fled.", f"{WITHHELD} fled."),
        ("KIM CHOL SU's wage", f"{WITHHELD}'s wage"),
        ("kim_chol_su.jpg", f"{WITHHELD}.jpg"),
        ("Kim\u200b Chol\u00ad-su", WITHHELD),
        ("Kim Ch\u043el-su", WITHHELD),  # a Cyrillic о
        ("김철수가 말했다", f"{WITHHELD}가 말했다"),
        ("Ивану Петрову сказали", f"{WITHHELD} сказали"),
        ("с Иваном Петровым", f"с {WITHHELD}"),
        ("Иван Петровский мост", "Иван Петровский мост"),
        ("Марией", WITHHELD),
        ("call +7(914)555 01 23 now", f"call {WITHHELD} now"),
        ("79145550123", WITHHELD),
        ("179145550123", "179145550123"),
        ("see @Harbour_Cat!", f"see @{WITHHELD}!"),
        ("t.me/harbour_cat", f"t.me/{WITHHELD}"),
        ("Kim Chol-sung", "Kim Chol-sung"),
        ("nothing here", "nothing here"),
        ("", ""),
    ],
)
def test_listed_words_are_replaced(text: str, expected: str) -> None:
    """Case, dashes, invisible and look-alike characters, endings and particles hide nothing."""
    assert LISTED(text) == expected
    assert LISTED.finds(text) is (text != expected)


def test_an_empty_list_withholds_nothing() -> None:
    """Without a list every text stays as it is."""
    assert Redaction.of(["", "  "])("Kim Chol-su") == "Kim Chol-su"


@pytest.mark.parametrize("entry", ["a", "Li", "--", "김", "?!"])
def test_an_entry_that_would_black_out_everything_is_refused(entry: str) -> None:
    """A single letter on the list is a slip, and is said to be one."""
    with pytest.raises(ValueError, match="too short"):
        Redaction.of([entry])


NAMES = ["Kim Chol-su", "KIM CHOL SU", "kim_chol_su", "김철수", "79145550123", "@harbour_cat",
         "Ki\x07m Ch\u200bol-s\x1fu", "김\x00철수"]  # fmt: skip
around = st.text(st.sampled_from("aä 노。.\n<&"), max_size=12)
planted = st.tuples(around, st.sampled_from(NAMES), around).map(lambda parts: " ".join(parts))


def told(title: str, text: str, outlet: str, url: str, label: str, feed: str) -> Message:
    """Return a mail in which each part comes from outside."""
    words = [(text[:5], "rule", "entity", 30, label)] if text[:5].strip() else []
    item = an_item(1, title=title, text=text, outlet=outlet, url=url, words=words, lang="ko")
    _, message = fitting(
        [item],
        subscriber=a_subscriber(near_misses=True),
        window=WINDOW,
        now=END,
        sender=PUBLIC,
        near_misses=[an_item(2, title=title, text=text, outlet=outlet, url=url)],
        coverage=a_coverage(a_watch(1, title=feed, is_failing=True)),
        redact=LISTED,
    )
    return message


@pytest.mark.parametrize("before", range(60, 90))
def test_a_quotation_is_not_cut_through_a_name(before: int) -> None:
    """Wherever a long sentence is cut, no half of a name is left at its edge."""
    text = f"Said Kim Chol-su {'x ' * before}workers {'y ' * 300}"
    words = [("workers", "rule", "entity", 30, "workers")]
    _, message = fitting(
        [an_item(1, text=text, words=words)],
        subscriber=a_subscriber(),
        window=WINDOW,
        now=END,
        sender=PUBLIC,
        redact=LISTED,
    )

    assert "*workers*" in message.text
    assert not {"Kim", "Chol", "hol", "su"} & set(re.findall(r"\w+", message.text))


@given(planted, planted, planted, planted, planted, planted, st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_part_of_a_mail_carries_a_listed_word(
    title: str, text: str, outlet: str, label: str, feed: str, path: str, is_quoted: bool
) -> None:
    """Title, quotation, outlet, gloss, feed and link: planted names are in none of them."""
    url = "https://news.example/" + (quote(path) if is_quoted else path.replace(" ", "-"))

    message = told(title, text, outlet, url, label, feed)

    assert not LISTED.finds(message.subject)
    assert not LISTED.finds(message.text)
    assert not LISTED.finds(message.html)
