"""While it runs, the house follows right edits of feeds.yaml; no mistake in it changes a thing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from clocks import StandingClock

from monitor.app import Watch, open_watch
from monitor.settings import Settings
from monitor.standing import Standing


class Editor:
    """Edits feeds.yaml as a person would, while the standing jobs look at it."""

    def __init__(self, watch: Watch, clock: StandingClock, path: Path) -> None:
        self.watch = watch
        self.clock = clock
        self.path = path
        self.text = path.read_bytes()
        self.standing = Standing(watch)
        self.standing.files()

    def save(self, text: bytes) -> None:
        """Save the file, let a minute pass, and let the job look."""
        self.path.write_bytes(text)
        at = self.clock.now().timestamp()
        os.utime(self.path, (at, at))
        self.clock.at += timedelta(minutes=1)
        self.standing.files()

    def in_force(self) -> set[str]:
        """Return the ids of the feeds in force."""
        return {feed.id for feed in self.watch.feeds_in_force() if feed.enabled}

    def notice(self) -> str:
        """Return the open notice about feeds.yaml, "" when there is none."""
        return "".join(
            one.detail for one in self.watch.store.notices.open() if one.subject == "feeds.yaml"
        )


@pytest.fixture
def editor(watch: Watch, clock: StandingClock, folder: Path) -> Editor:
    """Return an editor of the newsroom's feeds.yaml, all of it in force."""
    return Editor(watch, clock, folder / "feeds.yaml")


MISTAKES: dict[str, Callable[[bytes], bytes]] = {
    "syntax": lambda text: text + b'\n  - id: "x\n',
    "tab": lambda text: text + b"\n\t- id: x\n",
    "unknown key": lambda text: text.replace(b"lang: ru", b"lnag: ru", 1),
    "duplicate id": lambda text: text + b"\n  - {id: searchlight, url: https://x.example/}\n",
    "wrong zone": lambda text: text + b"\n  - {id: x, url: https://x.example/, default_tz: KST}\n",
    "alias bomb": lambda text: b"a: &a [x]\nb: [*a, *a]\n" + text,
    "brackets": lambda text: text + b"\n" + b"[" * 20_000,
    "half of it": lambda text: text[: len(text) // 2],
    "nothing": lambda text: b"",
    "no feeds": lambda text: b"feeds: []\n",
    "another encoding": lambda text: text + "# Вести\n".encode("cp1251"),
}


def test_no_bad_file_changes_what_runs(editor: Editor) -> None:
    """Whatever is wrong, the last good feeds stay in force, it is told, and mending ends it."""
    before = editor.in_force()
    for number, (mistake, spoilt) in enumerate(MISTAKES.items()):
        editor.save(spoilt(editor.text))

        assert (mistake, editor.in_force()) == (mistake, before)
        assert (mistake, editor.notice()) != (mistake, "")

        added = f"added-{number}"
        editor.save(editor.text + f"\n  - {{id: {added}, url: https://x.example/}}\n".encode())

        assert (mistake, editor.in_force()) == (mistake, before | {added})
        assert (mistake, editor.notice()) == (mistake, "")
        editor.save(editor.text)


def test_the_notice_is_about_the_last_edit(editor: Editor) -> None:
    """Who mends one mistake and makes another reads of the other."""
    editor.save(editor.text.replace(b"lang: ru", b"lnag: ru", 1))
    first = editor.notice()
    editor.save(editor.text.replace(b"lang: ru", b"lang: rus!", 1))

    assert "lnag" in first
    assert "rus!" in editor.notice()
    assert "lnag" not in editor.notice()


def test_a_confirmed_loss_ends_the_notice(editor: Editor) -> None:
    """The yes may come from another process; the running one notices."""
    editor.save(b"feeds: []\n")
    held = editor.notice()

    editor.watch.store.feeds.sync((), editor.clock.now())
    editor.standing.files()

    assert "monitor feeds apply --yes" in held
    assert (editor.in_force(), editor.notice()) == (set(), "")


def test_the_last_good_feeds_survive_a_restart(
    editor: Editor, make_settings: Callable[..., Settings], clock: StandingClock
) -> None:
    """A house opened on a broken file goes on with what was in force before."""
    before = editor.in_force()
    editor.save(editor.text[: len(editor.text) // 2])

    with open_watch(make_settings(), clock=clock) as again:
        standing = Standing(again)
        standing.files()
        after = {feed.id for feed in again.feeds_in_force() if feed.enabled}

    assert after == before
