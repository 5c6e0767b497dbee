"""An edit by program changes what it names and not one byte more."""

from __future__ import annotations

import re
import resource
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import ConfigurationErrors
from monitor.core.values import Feed
from monitor.feededit import (
    AddFeed,
    Edit,
    RemoveFeed,
    SetKey,
    difference,
    edited,
    feed_lines,
    save,
    written,
)
from monitor.feedfile import parse_feeds, read_feeds
from monitor.feedkeys import DefaultKeys
from monitor.yamltree import plain, read_tree

SHIPPED = Path(__file__).parents[2] / "feeds.yaml"
# Every way of writing that an operator may have: the edits must live with all of them.
SAMPLE = """\
# top
version: 1

defaults:
  every: 2h   # two hours
feeds:

  # ------------ Group one

  # A trap.
  # And another.
  - id: one # the first
    url: https://one.example/rss
    title: "One: the first"   # quoted
    lang: ru
    category: first
    tags: [local,
           small]
    note: >
      Two lines
      of remarks.

    # within
    evidence: two lists

  - enabled: false
    id: two
    url:   'https://two.example/rss'
    category: first
    tags:
      - a
      # between
      - b
  # ------------ Group two
  - {id: three, url: https://three.example/rss, category: second}
  -   id: four
      url: https://four.example/rss
      every:
      category: second
      note: |
        kept


  # The last one.
  - id: five
    url: https://five.example/rss
# the end
"""
IDS = ["one", "two", "three", "four", "five"]


def changed(before: str, after: str) -> list[str]:
    """Return the lines of the difference, without its head."""
    return [line for line in difference(before, after).split("\n")[2:] if re.match(r"[-+]", line)]


def test_no_edit_changes_no_byte() -> None:
    """The round trip is the identity, on the shipped list and on the sample, in any line ends."""
    for text in (
        SHIPPED.read_text("utf-8"),
        SAMPLE,
        SAMPLE.replace("\n", "\r\n"),
        "\ufeff" + SAMPLE,
    ):
        assert edited(text, []).text == text


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            SetKey(feed_id="one", key="lang", value="ko"),
            ["-    lang: ru", "+    lang: ko"],
        ),
        (
            SetKey(feed_id="one", key="title", value="One & only"),
            ['-    title: "One: the first"   # quoted', "+    title: One & only   # quoted"],
        ),
        (
            SetKey(feed_id="one", key="enabled", value=False),
            ["+    enabled: false"],
        ),
        (
            SetKey(feed_id="one", key="tags", value=("x",)),
            ["-    tags: [local,", "-           small]", "+    tags: [x]"],
        ),
        (
            SetKey(feed_id="one", key="note", value="short"),
            ["-    note: >", "-      Two lines", "-      of remarks.", "+    note: short"],
        ),
        (SetKey(feed_id="one", key="evidence", value=None), ["-    evidence: two lists"]),
        (SetKey(feed_id="one", key="weight", value=None), []),
        (
            SetKey(feed_id="two", key="enabled", value=None),
            ["-  - enabled: false", "-    id: two", "+  - id: two"],
        ),
        (
            SetKey(feed_id="two", key="tags", value=("c", "d")),
            ["-    tags:", "-      - a", "-      # between", "-      - b", "+    tags: [c, d]"],
        ),
        (
            SetKey(feed_id="two", key="every", value=timedelta(minutes=30)),
            ["+    every: 30m"],
        ),
        (
            SetKey(feed_id="three", key="lang", value="zh"),
            [
                "-  - {id: three, url: https://three.example/rss, category: second}",
                "+  - {id: three, url: https://three.example/rss, lang: zh, category: second}",
            ],
        ),
        (
            SetKey(feed_id="three", key="note", value="a, b"),
            [
                "-  - {id: three, url: https://three.example/rss, category: second}",
                '+  - {id: three, url: https://three.example/rss, category: second, note: "a, b"}',
            ],
        ),
        (
            SetKey(feed_id="three", key="category", value=None),
            [
                "-  - {id: three, url: https://three.example/rss, category: second}",
                "+  - {id: three, url: https://three.example/rss}",
            ],
        ),
        (
            SetKey(feed_id="four", key="every", value=timedelta(hours=6)),
            ["-      every:", "+      every: 6h"],
        ),
        (
            SetKey(feed_id="five", key="evidence", value="yes"),
            ['+    evidence: "yes"'],
        ),
        (
            RemoveFeed(feed_id="three"),
            [
                "-  # ------------ Group two",
                "-  - {id: three, url: https://three.example/rss, category: second}",
            ],
        ),
        (
            RemoveFeed(feed_id="five"),
            ["-  # The last one.", "-  - id: five", "-    url: https://five.example/rss"],
        ),
        (
            AddFeed(
                feed=Feed(id="new", url="https://n.example/", title="New", category="first"),
                comment="Found by hand.",
            ),
            [
                "+",
                "+  # Found by hand.",
                "+  - id: new",
                "+    url: https://n.example/",
                "+    title: New",
                "+    category: first",
                "+    every: 1h",
            ],
        ),
    ],
    ids=str,
)
def test_an_edit_changes_the_lines_it_names(edit: Edit, expected: list[str]) -> None:
    """Comments, order, quotation marks, blank lines and everything beside the edit stay."""
    assert changed(SAMPLE, edited(SAMPLE, [edit]).text) == expected


def test_a_removed_feed_takes_its_comment_and_one_blank_line_along() -> None:
    """The neighbours stay one blank line apart, and the heading of the group stays."""
    text = edited(SAMPLE, [RemoveFeed(feed_id="one")]).text

    assert "A trap" not in text
    assert "  # ------------ Group one\n\n  - enabled: false\n" in text


def test_a_list_that_becomes_empty_can_be_filled_again() -> None:
    """Taking out the last feed and adding one works, whatever the empty list looks like."""
    empty = edited(SAMPLE, [RemoveFeed(feed_id=name) for name in IDS]).text
    new = Feed(id="new", url="https://n.example/", title="New", every=timedelta(hours=2))

    for text in (empty, "feeds: []  # none\n", "feeds:\n", "feeds: ~", "feeds:\n# later\n"):
        assert parse_feeds(text).feeds == ()
        assert [feed.id for feed in edited(text, [AddFeed(feed=new)]).feeds] == ["new"]


def test_a_file_without_a_last_line_break_gets_one() -> None:
    """An added line never runs into the last one."""
    text = "feeds:\n  - id: a\n    url: https://a.example/"

    found = edited(text, [SetKey(feed_id="a", key="lang", value="ko")])

    assert found.text == "feeds:\n  - id: a\n    url: https://a.example/\n    lang: ko\n"


def test_windows_line_ends_stay_windows_line_ends() -> None:
    """New lines end like the old ones."""
    edits = [
        SetKey(feed_id="one", key="enabled", value=False),
        AddFeed(feed=Feed(id="new", url="https://n.example/", title="New"), comment="x"),
    ]

    text = edited(SAMPLE.replace("\n", "\r\n"), edits).text

    assert "\n" not in text.replace("\r\n", "")
    assert text.replace("\r\n", "\n") == edited(SAMPLE, edits).text


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (SetKey(feed_id="one", key="url", value="nonsense"), "feeds.0.url: write a whole address"),
        (SetKey(feed_id="one", key="id", value="two"), "is the id of feeds.0"),
        (AddFeed(feed=Feed(id="one", url="https://n.example/", title="N")), "is the id of feeds."),
        (
            AddFeed(feed=Feed(id="n", url="http://one.example/rss/", title="N")),
            "is the address of feeds.0",
        ),
    ],
    ids=repr,
)
def test_an_edit_that_would_make_the_file_wrong_is_refused(edit: Edit, message: str) -> None:
    """The same checks as for an operator's hand hold for the program's."""
    with pytest.raises(ConfigurationErrors, match=re.escape(message)):
        edited(SAMPLE, [edit])


def test_a_feed_that_is_not_there_and_a_list_in_brackets_are_refused() -> None:
    """Nothing is edited by guess."""
    brackets = "feeds: [{id: a, url: https://a.example/}]\n"

    with pytest.raises(KeyError, match="none"):
        edited(SAMPLE, [RemoveFeed(feed_id="none")])
    with pytest.raises(ConfigurationErrors, match="stands in"):
        edited(brackets, [RemoveFeed(feed_id="a")])
    assert edited(brackets, [SetKey(feed_id="a", key="lang", value="ko")]).feeds[0].lang == "ko"


def test_two_edits_that_meet_in_one_place_are_refused() -> None:
    """Nothing is cut twice; the operator is asked to do one of them."""
    text = "feeds:\n  - enabled: false\n    every: 1h\n    id: a\n    url: https://a.example/\n"
    edits = [SetKey(feed_id="a", key=key, value=None) for key in ("enabled", "every")]

    with pytest.raises(ConfigurationErrors, match=r"feeds\.yaml:2:5: two edits meet"):
        edited(text, edits)
    for edit in edits:
        assert edited(text, [edit]).feeds[0].id == "a"


@pytest.mark.parametrize("ending", ["note:", "note: # nothing yet", "note: ~", "tags: []"])
def test_a_feed_that_ends_in_nothing_can_be_edited(ending: str) -> None:
    """A key without a value is no reason to lose the line below it."""
    text = f"feeds:\n  - id: a\n    url: https://a.example/\n    {ending}\n  - id: b\n    url: https://b.example/\n"

    gone = edited(text, [RemoveFeed(feed_id="a")])
    more = edited(text, [SetKey(feed_id="a", key="user_agent", value="x")])

    assert gone.text == "feeds:\n  - id: b\n    url: https://b.example/\n"
    assert [feed.user_agent for feed in more.feeds] == ["x", None]


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(min_size=1, max_size=20),
    "lang": st.sampled_from(["en", "ru", None]),
    "enabled": st.booleans(),
    "every": st.sampled_from([timedelta(minutes=5), timedelta(days=1), None]),
    "tags": st.lists(st.sampled_from(["a", "b-1", "no", "123"]), unique=True).map(tuple),
    "weight": st.sampled_from([0.5, 1.25, None]),
    "evidence": st.sampled_from(["a: b", "# c", "yes", "12", "朝鮮, 북한", "x #y", "'", '"', None]),
    "note": st.sampled_from(["\\d", "{a}", "a]", "-", "end:", None]),
}
one_edit = st.one_of(
    st.sampled_from(sorted(VALUES)).flatmap(
        lambda key: st.builds(
            SetKey, feed_id=st.sampled_from(IDS), key=st.just(key), value=VALUES[key]
        )
    ),
    st.builds(RemoveFeed, feed_id=st.sampled_from(IDS)),
    st.integers(0, 3).map(
        lambda n: AddFeed(
            feed=Feed(
                id=f"new-{n}",
                url=f"https://n{n}.example/",
                title=f"N{n}",
                category=[None, "first", "second", "other"][n],
                every=timedelta(hours=2),
            )
        )
    ),
)


def by_hand(feeds: dict[str, Feed], edit: Edit) -> None:
    """Do to the values what the edit shall do to the file."""
    defaults: dict[str, Any] = {part.name: part.default for part in fields(Feed)}
    defaults |= {"every": timedelta(hours=2)}
    match edit:
        case AddFeed(feed=feed):
            feeds[feed.id] = feed
        case RemoveFeed(feed_id=name):
            del feeds[name]
        case SetKey(feed_id=name, key=key, value=value):
            fallback = feeds[name].url.split("/")[2] if key == "title" else defaults[key]
            feeds[name] = replace(feeds[name], **{key: fallback if value is None else value})


@given(st.lists(one_edit, max_size=6))
def test_any_edits_do_to_the_file_what_they_say(edits: list[Edit]) -> None:
    """After any edits the file holds exactly the expected feeds, or the edits were refused."""
    expected = {feed.id: feed for feed in parse_feeds(SAMPLE).feeds}
    try:
        found = edited(SAMPLE, edits)
    except (KeyError, ConfigurationErrors):
        return

    for edit in edits:
        by_hand(expected, edit)

    assert {feed.id: feed for feed in found.feeds} == expected
    assert "# top\n" in found.text
    assert "# the end\n" in found.text


@given(
    st.text(max_size=30) | st.sampled_from(["no", "~", "1e3", "0x1", "12:30", "a b", "a\u2028b"])
)
def test_any_text_that_is_written_is_read_back(text: str) -> None:
    """Quotation marks are put wherever a reader would see something else than the text."""
    tree = read_tree(f"- {{k: {written(text, in_braces=True)}}}\n- {written(text)}\n", "f")

    assert plain(tree) == [{"k": text}, text]


def test_only_what_differs_from_the_defaults_is_written() -> None:
    """A new feed is as short as an operator would write it, keys in the usual order."""
    feed = Feed(id="a", url="https://a.example/", title="A", every=timedelta(hours=6), note="slow")

    assert feed_lines(feed, DefaultKeys(every=timedelta(hours=6))) == [
        "  - id: a",
        "    url: https://a.example/",
        "    title: A",
        "    note: slow",
    ]


def test_a_diff_can_be_applied(tmp_path: Path) -> None:
    """The proposal is a unified diff with the file's name, also without a last line break."""
    text = difference("a\nb", "a\nc\n", name="feeds.yaml")

    assert text == (
        "--- a/feeds.yaml\n+++ b/feeds.yaml\n@@ -1,2 +1,2 @@\n a\n-b\n"
        "\\ No newline at end of file\n+c\n"
    )
    assert difference("a\n", "a\n") == ""
    assert difference("a\u2028b\x85\n", "a\u2028c\x85\n").split("\n")[3:5] == [
        "-a\u2028b\x85",
        "+a\u2028c\x85",
    ]


def test_saving_replaces_the_file_whole_and_keeps_permissions_and_links(tmp_path: Path) -> None:
    """The new text is there at once; the link still leads to it; no litter stays behind."""
    real, link = tmp_path / "real.yaml", tmp_path / "feeds.yaml"
    real.write_text(SAMPLE, "utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    new = edited(SAMPLE, [RemoveFeed(feed_id="one")])

    save(link, new, before=SAMPLE)

    assert read_feeds(link).feeds == new.feeds
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds.yaml", "real.yaml"]


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """Two editors at once: the second is told, the first one's work stays."""
    path = tmp_path / "feeds.yaml"
    path.write_text(SAMPLE + "# mine\n", "utf-8")

    with pytest.raises(ConfigurationErrors, match="was changed meanwhile"):
        save(path, edited(SAMPLE, [RemoveFeed(feed_id="one")]), before=SAMPLE)

    assert path.read_text("utf-8") == SAMPLE + "# mine\n"


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    """The old list stays whole when the new one cannot be written to its end."""
    path = tmp_path / "feeds.yaml"
    path.write_text(SAMPLE, "utf-8")
    new = edited(SAMPLE, [RemoveFeed(feed_id="one")])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(ConfigurationErrors, match="cannot be written: file too large"):
            save(path, new, before=SAMPLE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert path.read_text("utf-8") == SAMPLE
    assert [found.name for found in tmp_path.iterdir()] == ["feeds.yaml"]
