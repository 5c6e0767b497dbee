"""A list of subscribers is taken whole, or every problem in it is named with its line."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import ConfigurationErrors
from monitor.core.subscriberlist import COLUMNS, read_subscribers
from monitor.core.telling import QuietPolicy, Subscriber
from monitor.core.values import Band
from monitor.core.windows import Schedule

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def read(text: str) -> list[Subscriber]:
    """Read a list."""
    return read_subscribers(text, file="list.csv", now=NOW, topics=("it-workers", "russia"))


def problems(text: str) -> list[str]:
    """Return what is wrong with a list."""
    with pytest.raises(ConfigurationErrors) as stopped:
        read(text)
    return [str(problem) for problem in stopped.value.problems]


def test_an_address_is_enough() -> None:
    """Everything else has a default."""
    assert read("address\na@ngo.example\n\n") == [
        Subscriber(key=0, address="a@ngo.example", schedule=Schedule(), since=NOW)
    ]


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_all_wishes_can_be_in_the_list(delimiter: str, start: str) -> None:
    """Spreadsheets part columns with commas or semicolons and may begin with a mark."""
    head = delimiter.join(name.upper() for name in COLUMNS)
    row = delimiter.join(
        ["b@ngo.example", '"Mina; Kim, Seoul"', "ko", "Asia/Seoul", "18:30 7:05", "sat-mon",
         "alert", "it-workers | russia", "ko ru", "skip", "yes", "no"]
    )  # fmt: skip

    assert read(f"{start}{head}\r\n{row}\r\n") == [
        Subscriber(
            key=0,
            address="b@ngo.example",
            name="Mina; Kim, Seoul",
            language="ko",
            minimum=Band.ALERT,
            topics=("it-workers", "russia"),
            languages=("ko", "ru"),
            schedule=Schedule(zone="Asia/Seoul", times=(time(7, 5), time(18, 30)), days=(0, 5, 6)),
            quiet=QuietPolicy.SKIP,
            alerts=True,
            since=NOW,
        )
    ]


def test_every_problem_is_named_at_once() -> None:
    """One look at the list mends it all; nothing of it is used before."""
    found = problems(
        "address,language,zone,at,days,quiet,alerts\n"
        "a@ngo.example,xx,Mars/Base,25:00,someday,loud,perhaps\n"
        "a@ngo.example,,,,,,\n"
        "a b@ngo.example,,,,,,\n"
        "c@ngo.example,,,,,,,too many\n"
    )

    assert found == [
        "list.csv:2: language: 'xx': write one of en, ru, ko",
        "list.csv:2: zone: 'Mars/Base' is no time zone; write one such as Asia/Seoul",
        "list.csv:2: at: '25:00': write local times such as 08:00 18:30",
        "list.csv:2: days: 'someday': write days such as mon-fri or mon, thu",
        "list.csv:2: quiet: 'loud': write one of short, skip",
        "list.csv:2: alerts: 'perhaps': write yes or no",
        "list.csv:3: address: a@ngo.example is there twice",
        "list.csv:4: address: 'a b@ngo.example' is no address that we can write to",
        "list.csv:5: more values than columns",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must name the columns"),
        ("a@ngo.example\n", "must name the columns"),
        ("address,adress\n", "did you mean address?"),
        ("address,address\n", "twice"),
        ('address\n"a@ngo.example\n', "no table that can be read"),
    ],
)
def test_a_list_without_a_head_is_refused(text: str, said: str) -> None:
    """What the columns mean is never guessed."""
    assert said in "\n".join(problems(text))


@given(st.text(st.sampled_from('address,@ngo.example\n"; \r\x00é'), max_size=120))
def test_any_text_is_a_list_or_has_problems(text: str) -> None:
    """No file makes us crash."""
    try:
        found = read("address,name\n" + text)
    except ConfigurationErrors as error:
        assert error.problems  # noqa: PT017 - either outcome is right
    else:
        assert all("@" in one.address for one in found)


def test_an_unknown_topic_is_named_with_the_nearest_known() -> None:
    """A topic that no profile has would select nothing that anybody meant."""
    found = problems("address,topics\na@ngo.example,it-worker|russia\nb@ngo.example,moon\n")
    assert found == [
        "list.csv:2: topics: no topic is named `it-worker`; did you mean `it-workers`?",
        "list.csv:3: topics: no topic is named `moon`; the rules have: it-workers, russia",
    ]
