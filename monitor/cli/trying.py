"""`try`, `add`, `why`: asking an address by hand, and what became of one."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.app import Absent, Watch, open_watch
from monitor.cli.answers import trial_text, why_json, why_text
from monitor.cli.common import (
    FAILURE,
    TRY_AGAIN,
    AllowPrivate,
    AsJson,
    Config,
    say,
    say_json,
    settings_from,
    stop,
    tells_failures,
)
from monitor.core.tlp import Tlp
from monitor.core.values import Feed
from monitor.pages import trial_json
from monitor.tips import add_tip
from monitor.trial import PAGES, Trials, feed_for


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("try")(tells_failures(try_))
    app.command()(tells_failures(add))
    app.command()(tells_failures(why))


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
        report = add_tip(watch, url, note=note, actor="command line", tlp=tlp)
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
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        report = watch.store.ledger.why(int(asked) if asked.isdecimal() else asked)
    if as_json:
        say_json(why_json(report))
    else:
        say(why_text(report))
    if not report.is_known:
        raise typer.Exit(FAILURE)
