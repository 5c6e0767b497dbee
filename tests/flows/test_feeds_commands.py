"""`monitor feeds` on the sample newsroom: what it tells, what it edits, what it leaves alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import Monitor, commands

from monitor.feedfile import read_feeds
from monitor.newsroom import Newsroom


@pytest.fixture
def monitor(folder: Path, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Return a function that runs the command line here, in the operator's folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MONITOR_ALLOW_PRIVATE", newsroom.url.removeprefix("http://"))
    with commands() as run:
        yield run


def test_check_tells_what_answers_and_proposes_an_edit_that_can_be_applied(
    monitor: Monitor, folder: Path
) -> None:
    """A feed that moved gets its new address, one that is gone is switched off, by a real patch."""
    told = monitor("feeds", "check", "--spacing", "0")
    found = json.loads(monitor("feeds", "check", "--spacing", "0", "--json").stdout)
    proposal = monitor("feeds", "check", "--spacing", "0", "--write-proposal")

    assert told.stdout.startswith("14 answered, 1 did not, 0 are not feeds.\n")
    assert {one["feed"]: one["answer"] for one in found["feeds"] if one["detail"]} == {
        "labour-lines": "moved",
        "sakhalin-shift": "gone",
    }
    assert (found["answered"], found["did_not"], found["not_feeds"]) == (14, 1, 0)

    apply = ["patch", "-p1"] if shutil.which("patch") else ["git", "apply", "-p1"]
    subprocess.run(
        apply, input=proposal.stdout, text=True, cwd=folder, check=True, capture_output=True
    )
    feeds = {feed.id: feed for feed in read_feeds(folder / "feeds.yaml").feeds}
    assert feeds["labour-lines"].url.endswith("/labour-lines/feed.xml")
    assert not feeds["sakhalin-shift"].enabled
    assert "404" in feeds["sakhalin-shift"].evidence
    again = monitor("feeds", "check", "--spacing", "0", "--write-proposal")
    assert again.stdout == "# Nothing to change.\n"


def test_a_check_with_pages_shows_every_feed_in_a_table(monitor: Monitor) -> None:
    """One line a feed, with what a person compares: answer, format, language, rate, newest."""
    lines = monitor("feeds", "check", "--spacing", "0", "--pages", "--table").stdout.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:]}

    assert lines[0].split() == [
        *("feed", "answer", "http", "format", "lang", "entries", "a", "day", "newest", "via"),
        "what",
    ]
    assert len(rows) == 15
    assert rows["vestnik-zaliva"][:5] == ["answered", "200", "rss20", "ru", "3"]
    assert rows["sakhalin-shift"][:2] == ["gone", "404"]


def test_check_stores_nothing_and_takes_names(monitor: Monitor, folder: Path) -> None:
    """A check of one feed leaves no trace; an unknown name is a usage error."""
    one = monitor("feeds", "check", "sakhalin-shift")
    unknown = monitor("feeds", "check", "no-such-feed")

    assert one.stdout.startswith("0 answered, 1 did not, 0 are not feeds.\n")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "no-such-feed" in unknown.stderr
    assert not (folder / "var" / "monitor.db").exists()


def test_an_edit_is_planned_applied_and_held_when_it_would_silence_many(
    monitor: Monitor, folder: Path
) -> None:
    """Plan shows, apply does; a list that lost most of its feeds needs --yes."""
    path = folder / "feeds.yaml"
    first = monitor("feeds", "apply")
    path.write_text(path.read_text("utf-8").replace("id: searchlight", "id: search"), "utf-8")
    planned = monitor("feeds", "plan")
    path.write_text("feeds: []\n", "utf-8")
    warned = monitor("feeds", "plan")
    held = monitor("feeds", "apply")
    kept = json.loads(monitor("feeds", "list", "--json").stdout)
    forced = monitor("feeds", "apply", "--yes")

    assert first.stdout.endswith("15 added, 0 removed, 0 changed, 0 unchanged\n")
    assert "searchlight would become search" in planned.stdout
    assert (warned.exit_code, held.exit_code) == (0, 1)
    assert "This waits for `monitor feeds apply --yes`." in warned.stderr
    assert "monitor feeds apply --yes" in held.stderr
    assert {(row["state"], row["last success"]) for row in kept} == {("unproven", "-")}
    assert len(kept) == 15
    assert forced.exit_code == 0
    assert json.loads(monitor("feeds", "list", "--json").stdout) == []


def test_a_move_is_taken_over_after_three_days_or_by_name(monitor: Monitor, folder: Path) -> None:
    """A server that said "moved" today is believed when the operator says so, not before."""
    path = folder / "feeds.yaml"
    before = path.read_text("utf-8")
    monitor("poll", "--once", "--no-pages", "--spacing", "0")

    today = monitor("feeds", "accept-redirect", "--write")
    shown = monitor("feeds", "accept-redirect", "labour-lines")
    unchanged = path.read_text("utf-8")
    monitor("feeds", "accept-redirect", "labour-lines", "--write")

    assert (today.stdout, unchanged) == ("", before)
    assert "/labour-lines/feed.xml" in shown.stdout
    changed = {feed.id: feed for feed in read_feeds(path).feeds}["labour-lines"]
    assert changed.url.endswith("/labour-lines/feed.xml")
    assert len(path.read_text("utf-8").splitlines()) == len(before.splitlines())


def test_a_list_goes_out_and_another_comes_in(monitor: Monitor, folder: Path) -> None:
    """Export is OPML that import knows; an import is shown, and made only with --write."""
    path = folder / "feeds.yaml"
    before = path.read_text("utf-8")
    exported = monitor("feeds", "export").stdout
    (folder / "ours.opml").write_text(exported, "utf-8")
    (folder / "theirs.opml").write_text(
        '<opml><body><outline text="New" xmlUrl="https://new.example/rss"/></body></opml>'
    )

    ours = monitor("feeds", "import", "ours.opml", "--write")
    shown = monitor("feeds", "import", "theirs.opml")
    unchanged = path.read_text("utf-8")
    monitor("feeds", "import", "theirs.opml", "--write")

    assert exported.count("xmlUrl=") == 15
    assert (ours.stdout, ours.stderr.count("is there already")) == ("", 15)
    assert unchanged == before
    assert "+  - id: new\n" in shown.stdout
    assert path.read_text("utf-8").startswith(before)
    assert read_feeds(path).feeds[-1].id == "new"


def test_the_feeds_of_a_site_are_found(monitor: Monitor, newsroom: Newsroom) -> None:
    """From a front page to feeds that answer; a site without any is exit 1."""
    found = json.loads(
        monitor("feeds", "discover", f"{newsroom.url}/", "--spacing", "0", "--json").stdout
    )
    none = monitor("feeds", "discover", f"{newsroom.url}/robots.txt", "--spacing", "0")

    assert len(found) >= 10
    assert {one["answer"] for one in found} <= {"answered", "empty", "stale", "moved"}
    assert (none.exit_code, none.stdout) == (1, "")


def test_a_feed_is_its_own_only_feed_and_people_get_lines(
    monitor: Monitor, newsroom: Newsroom
) -> None:
    """The address of a feed is answered with itself; entries and the newest date are told."""
    address = f"{newsroom.url}/vestnik-zaliva/feed.xml"

    found = monitor("feeds", "discover", address)

    assert found.stdout.startswith(f"{address}  (declared, 3 entries, newest 2026-11-09 ")
    assert found.stdout.count("\n") == 1


def test_feeds_are_listed_and_resumed(monitor: Monitor) -> None:
    """The list is a table for people; a feed that is not there is a usage error."""
    empty = monitor("feeds", "list")
    monitor("feeds", "apply")
    table = monitor("feeds", "list").stdout.splitlines()
    resumed = monitor("feeds", "resume", "labour-lines")
    unknown = monitor("feeds", "resume", "labour-lines", "no-such-feed")

    assert (empty.stdout, "monitor run" in empty.stderr) == ("", True)
    assert table[0].split() == [
        "feed",
        "state",
        "last",
        "success",
        "next",
        "poll",
        "entries",
        "title",
    ]
    assert len(table) == 16
    assert resumed.exit_code == 0
    assert unknown.exit_code == 2
    assert "no-such-feed" in unknown.stderr


def test_a_file_that_cannot_be_imported_is_named(monitor: Monitor, folder: Path) -> None:
    """No file, and a file that is something else, end with 78 and a sentence."""
    missing = monitor("feeds", "import", "missing.opml")
    other = monitor("feeds", "import", "feeds.yaml")

    assert (missing.exit_code, other.exit_code) == (78, 78)
    assert "missing.opml: cannot be read: no such file" in missing.stderr
    assert "feeds.yaml: is no OPML" in other.stderr


def test_a_wrong_file_ends_with_78_and_its_place(monitor: Monitor, folder: Path) -> None:
    """Every command that reads feeds.yaml names the mistake and ends with the agreed code."""
    (folder / "feeds.yaml").write_text("feeds:\n  - id: a\n    lnag: ko\n")

    for words in (("check",), ("plan",), ("apply",), ("export",)):
        done = monitor("feeds", *words)
        assert done.exit_code == 78
        assert "feeds.yaml:3:5: feeds.0.lnag: " in done.stderr
