"""`poll`: asking what is due, or each feed once, without the rest of the house.

Scripts and timers call it often, so it imports nothing that a poll without news does not need.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated

import typer

from monitor.app import Watch, open_watch
from monitor.cli.common import (
    USAGE,
    AllowPrivate,
    AsJson,
    Config,
    progress,
    remark,
    say,
    say_json,
    settings_from,
    stop,
    tells_failures,
)
from monitor.core.text import counted
from monitor.core.values import ErrorCode, PollReport

NO_NETWORK = (
    "There is no network: no feed could be reached at all. Nothing is lost; they are asked again."
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tells_failures(poll))


def poll(
    feeds: Annotated[
        list[str] | None, typer.Argument(help="Ids from feeds.yaml; left out: what is due.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Every enabled feed exactly once, due or not.")
    ] = False,
    no_pages: Annotated[
        bool, typer.Option("--no-pages", help="Fetch no article pages: judge by the feeds alone.")
    ] = False,
    spacing: Annotated[
        float | None,
        typer.Option(help="Seconds between two requests to one host.", min=0.0, max=60.0),
    ] = None,
    config: Config = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Poll what is due and read what came, then exit.

    Examples:  monitor poll     monitor poll --once --json     monitor poll yonhap-en-nk
    """
    settings = settings_from(config, allow_private, late_logs=True)
    with open_watch(settings, spacing=spacing) as watch:
        if not watch.follow_feeds():
            remark("feeds.yaml would silence many feeds; confirm it: monitor feeds apply --yes")
        only = _named(watch, feeds or []) if once or feeds else None
        total = len(only) if only is not None else len(watch.enabled())
        with progress("Polling", total) as moved_on:
            report = watch.pipeline.poll(only, pages=not no_pages, moved_on=moved_on)
    if report.feeds and report.outcomes.get(ErrorCode.NETWORK_DOWN) == report.feeds:
        remark(NO_NETWORK)
    if as_json:
        say_json(dataclasses.asdict(report))
    else:
        say(poll_text(report))


def _named(watch: Watch, feeds: list[str]) -> list[str]:
    try:
        return watch.enabled(feeds)
    except KeyError as error:
        name = error.args[0]
        text = f"No enabled feed is called {name!r}. `monitor feeds list` shows them."
        raise stop(text, USAGE) from None


def poll_text(report: PollReport) -> str:
    """Return a round of polls as three lines."""
    return "\n".join(
        [
            f"{counted(report.feeds, 'feed')} polled in {report.seconds:.1f} s, "
            f"{counted(report.entries, 'entry', 'entries')} seen",
            "  outcomes: " + _counts(report.outcomes),
            "  fates:    " + _counts(report.fates),
        ]
    )


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counted.items()) or "none"
