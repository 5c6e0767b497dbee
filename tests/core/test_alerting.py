"""Alerts keep a distance, and lose nothing by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tellings import END, a_subscriber, an_item

from monitor.core.alerting import Left, Pace, choose_alert, may_alert
from monitor.core.values import ItemState

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("minutes_ago", "expected"),
    [
        ((), True),
        ((19,), False),
        ((20,), True),
        ((59, 40, 20), False),  # three within the hour
        ((60, 40, 20), True),
        ((-500,), True),  # made under a clock that ran ahead: it must not silence the reader
    ],
)
def test_readers_are_not_interrupted_too_often(
    minutes_ago: tuple[int, ...], expected: bool
) -> None:
    """Twenty minutes apart, three an hour."""
    sent = [END - minutes * MINUTE for minutes in minutes_ago]

    assert may_alert(sent, now=END, pace=Pace()) is expected


def test_every_candidate_is_told_or_left_with_a_reason() -> None:
    """A report told before, a dismissed and an unwanted one are left; the others are one mail."""
    items = [
        an_item(1, points=90),
        an_item(2, points=80),
        an_item(3, title="TOLD before: builders, seen"),
        an_item(4, state=ItemState.IRRELEVANT),
        an_item(5, lang="ja"),
    ]

    alert = choose_alert(
        items,
        subscriber=a_subscriber(languages=("en",)),
        told_titles=["Told before - builders seen"],
        now=END,
    )

    assert alert.mailed == (1, 2)
    assert alert.left == {3: Left.TOLD, 4: Left.IRRELEVANT, 5: Left.UNWANTED}


def test_the_same_items_make_the_same_mail() -> None:
    """The name of an alert comes from its items, so that it cannot be sent twice."""
    items = [an_item(2, points=90), an_item(1, points=80)]
    who = a_subscriber()

    there = choose_alert(items, subscriber=who, told_titles=(), now=END)
    back = choose_alert(items[::-1], subscriber=who, told_titles=(), now=END)

    assert there.digest.window.period == back.digest.window.period == "alert 1-2"
