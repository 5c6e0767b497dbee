"""Fixtures of the flows: the sample newsroom, and a house opened on an empty folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clocks import StandingClock

from monitor.app import Watch, open_watch
from monitor.newsroom import Newsroom, feeds_text, moment
from monitor.settings import Settings, load_settings
from monitor.starter import shipped


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    """Yield the sample newsroom at the end of its day 0."""
    with Newsroom() as running:
        running.set_clock(moment(1))
        yield running


@pytest.fixture
def folder(tmp_path: Path, newsroom: Newsroom) -> Path:
    """Return an operator's folder with the newsroom's feeds and the shipped rules."""
    (tmp_path / "feeds.yaml").write_text(feeds_text(newsroom.url), encoding="utf-8")
    for name in ("rules", "corpus"):
        (tmp_path / name).symlink_to(shipped() / name)
    return tmp_path


@pytest.fixture
def make_settings(folder: Path, newsroom: Newsroom) -> Callable[..., Settings]:
    """Return a function that gives settings for the folder, with flags on top."""

    def make(**flags: str) -> Settings:
        private = newsroom.url.removeprefix("http://")
        given = {"config": str(folder), "allow_private": private, **flags}
        return load_settings(given, environ={}, folder=folder)

    return make


@pytest.fixture
def clock() -> StandingClock:
    """Return a clock that stands at the end of the newsroom's day 0."""
    return StandingClock(moment(1))


@pytest.fixture
def watch(make_settings: Callable[..., Settings], clock: StandingClock) -> Iterator[Watch]:
    """Yield a house on the newsroom whose clock only moves when it is set."""
    with open_watch(make_settings(), clock=clock, spacing=0.0) as opened:
        opened.sync_feeds()
        yield opened


@pytest.fixture
def monitor(folder: Path, newsroom: Newsroom) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the command line in the operator's folder."""

    def run(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "monitor", *words],
            cwd=folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "MONITOR_SPACING": "0",
                "MONITOR_ALLOW_PRIVATE": newsroom.url.removeprefix("http://"),
                "COLUMNS": "100",
            },
        )

    return run
