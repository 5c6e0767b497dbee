"""An edit of feeds.yaml is taken over by itself only when it is right and loses few feeds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.core.values import Feed
from monitor.feedfile import parse_feeds
from monitor.feedwatch import Edited, FeedFileWatch, Held, News, Same, Wrong

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def text_of(count: int) -> str:
    """Return a file with so many feeds."""
    return "feeds:\n" + "".join(
        f"  - id: f{n}\n    url: https://a.example/{n}\n" for n in range(count)
    )


class Desk:
    """A feeds.yaml that can be edited, and the feeds in force."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "feeds.yaml"
        self.watch = FeedFileWatch(self.path)
        self.in_force: Sequence[Feed] = ()
        self.now = NOW
        self.asked = 0

    def write(self, text: str) -> None:
        """Save the file, and let the time pass that an editor needs."""
        self.path.write_text(text)
        os.utime(self.path, (self.now.timestamp(), self.now.timestamp()))
        self.now += timedelta(seconds=5)

    def current(self) -> Sequence[Feed]:
        """Return the feeds in force."""
        self.asked += 1
        return self.in_force

    def look(self) -> News:
        """Look once, and take over what may be taken over."""
        news = self.watch.look(self.current, now=self.now)
        if isinstance(news, Edited):
            self.in_force = news.file.feeds
        return news


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with ten feeds in force."""
    found = Desk(tmp_path)
    found.write(text_of(10))
    assert isinstance(found.look(), Edited)
    return found


def test_an_unchanged_file_is_not_read_again(desk: Desk) -> None:
    """Looking every few seconds costs next to nothing."""
    asked = desk.asked

    assert [desk.look() for _ in range(3)] == [Same()] * 3
    assert desk.asked == asked


def test_a_right_edit_is_taken_over_once(desk: Desk) -> None:
    """The plan says what changed; the next look finds nothing new."""
    desk.write(text_of(11))

    news = desk.look()

    assert isinstance(news, Edited)
    assert [feed.id for feed in news.plan.added] == ["f10"]
    assert desk.look() == Same()


def test_a_wrong_file_changes_nothing_and_is_told_once(desk: Desk) -> None:
    """Every mistake comes along; correcting the file ends it."""
    before = desk.in_force
    desk.write(text_of(11) + "  - id: F\n")

    news = desk.look()

    assert isinstance(news, Wrong)
    assert [problem.key for problem in news.problems] == ["feeds.11.id", "feeds.11.url"]
    assert desk.look() == Same()
    assert desk.in_force == before
    desk.write(text_of(11))
    assert isinstance(desk.look(), Edited)


@pytest.mark.parametrize("left", [0, 5, 7])
def test_losing_many_feeds_waits_for_a_yes(desk: Desk, left: int) -> None:
    """A file that was cut short does not silence the watch; it is told once."""
    before = desk.in_force
    desk.write(text_of(left))

    news = desk.look()

    assert isinstance(news, Held)
    assert len(news.plan.removed) == 10 - left
    assert desk.look() == Same()
    assert desk.in_force == before


def test_a_yes_from_elsewhere_ends_the_waiting(desk: Desk) -> None:
    """`monitor feeds apply --yes` writes the store; the running process follows."""
    desk.write(text_of(2))
    desk.look()

    desk.in_force = parse_feeds(text_of(2)).feeds
    news = desk.look()

    assert isinstance(news, Edited)
    assert news.plan.is_empty
    assert desk.look() == Same()
    desk.write(text_of(3))
    assert isinstance(desk.look(), Edited)


def test_a_file_that_is_gone_is_told_and_its_return_is_seen(desk: Desk) -> None:
    """Editors that replace a file leave a moment without one."""
    desk.path.unlink()

    news = desk.look()

    assert isinstance(news, Wrong)
    assert "there is no such file" in news.problems[0].message
    assert desk.look() == Same()
    desk.write(text_of(10))
    found = desk.look()
    assert isinstance(found, Edited)
    assert found.plan.is_empty


def test_a_file_in_the_making_is_left_alone_for_a_moment(desk: Desk) -> None:
    """Half a file that was written just now is not looked at."""
    desk.write(text_of(11)[:-20])
    desk.now -= timedelta(seconds=4)

    assert desk.look() == Same()
    desk.now += timedelta(seconds=4)
    assert not isinstance(desk.look(), Same)


def test_a_file_from_the_future_is_read_all_the_same(desk: Desk) -> None:
    """A wrong clock somewhere does not keep an edit out for ever."""
    desk.now += timedelta(days=400)
    desk.write(text_of(11))
    desk.now -= timedelta(days=400)

    assert isinstance(desk.look(), Edited)


def test_forgetting_reads_the_file_again(desk: Desk) -> None:
    """After a SIGHUP the file is judged anew, changed or not."""
    desk.watch.forget()

    news = desk.look()

    assert isinstance(news, Edited)
    assert news.plan.is_empty
