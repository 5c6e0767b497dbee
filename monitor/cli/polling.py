"""`poll`, `try`, `why`: asking feeds by hand, and asking what became of an address."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from monitor.app import Watch, open_watch
from monitor.cli.answers import poll_text, trial_text, why_json, why_text
from monitor.cli.common import (
    FAILURE,
    TRY_AGAIN,
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
from monitor.core.tlp import Tlp
from monitor.core.values import ErrorCode, Feed
from monitor.feedwatch import Held
from monitor.pages import trial_json
from monitor.trial import PAGES, Trials, feed_for

NO_NETWORK = (
    "There is no network: no feed could be reached at all. Nothing is lost; they are asked again."
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tells_failures(poll))
    app.command("try")(tells_failures(try_))
    app.command()(tells_failures(add))
    app.command()(tells_failures(why))


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
    settings = settings_from(config, allow_private)
    with open_watch(settings, spacing=spacing) as watch:
        if isinstance(watch.sync_feeds(), Held):
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


def try_(
    url: Annotated[str, typer.Argument(help="The address of a feed.")],
    article: Annotated[
        bool, typer.Option("--article", help="The address is an article's page, not a feed.")
    ] = False,
    pages: Annotated[
        int, typer.Option(help="Fetch the pages of this many of the newest entries.", min=0)
    ] = PAGES,
    config: Config = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Dry run of one address through the real fetcher, parser, extractor and scorer.

    Nothing is stored.  Example:  monitor try https://www.38north.org/feed/
    """
    settings = settings_from(config, allow_private)
    with open_watch(settings) as watch:
        workers = watch.workers_with(watch.draft_rules)
        trials = Trials(fetcher=watch.fetcher, workers=workers, clock=watch.clock, pages=pages)
        feed = _configured(watch, url) or feed_for(url)
        trial = trials.article(feed) if article else trials.feed(feed)
        if as_json:
            say_json(trial_json(trial, now=watch.clock.now()))
        else:
            say(trial_text(trial, now=watch.clock.now()))


def _configured(watch: Watch, url: str) -> Feed | None:
    """Return what feeds.yaml says of an address, if there is a feeds.yaml that says it."""
    if not watch.settings.feeds.exists():
        return None
    return next((feed for feed in watch.feeds.feeds if feed.url == url), None)


def add(
    url: Annotated[str, typer.Argument(help="The address of an article.")],
    note: Annotated[str, typer.Option(help="A remark for the team.")] = "",
    tlp: Annotated[Tlp, typer.Option(help="How far it may travel.")] = Tlp.CLEAR,
    config: Config = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Take a tip: the article is fetched, scored and kept like any other, and has its fate.

    Example:  monitor add https://example.org/news/7 --note "sent by a reader"
    """
    with open_watch(settings_from(config, allow_private)) as watch:
        report = watch.add_tip(url, note=note, actor="command line", tlp=tlp)
    if not report.is_known:
        raise stop("Nothing was kept: another tip was being taken. Try again.", TRY_AGAIN)
    if as_json:
        say_json(why_json(report))
    else:
        say(why_text(report))


def why(
    asked: Annotated[str, typer.Argument(help="An address, or the number of an item.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of an address: seen where, stored, repeated or rejected, and why.

    Exit 1 when no feed ever showed it.  Example:  monitor why https://example.org/news/7
    """
    with open_watch(settings_from(config)) as watch:
        report = watch.store.ledger.why(int(asked) if asked.isdecimal() else asked)
    if as_json:
        say_json(why_json(report))
    else:
        say(why_text(report))
    if not report.is_known:
        raise typer.Exit(FAILURE)
