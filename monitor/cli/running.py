"""`init`, `check`, `config show`, `run`, `demo`, `health`: starting, looking after, showing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.app import Absent, Watch, open_watch
from monitor.cli.common import (
    AllowPrivate,
    AsJson,
    Config,
    remark,
    say,
    say_json,
    settings_from,
    stop,
    table,
    tells_failures,
)
from monitor.cli.serving import Part, serve
from monitor.core.egress import unset_names
from monitor.core.errors import ConfigurationErrors, Problem, StoreError, StoreMissing
from monitor.core.feedscopes import unknown_scopes
from monitor.core.text import counted
from monitor.core.topics import orphan_lines
from monitor.demo import show
from monitor.health import Health, health_of
from monitor.rulefiles import compile_rules
from monitor.ruleslab import RulesLab
from monitor.settings import describe
from monitor.starter import copy_to

config_app = typer.Typer(help="The settings.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (init, check, run, demo, health):
        app.command()(tells_failures(command))
    app.add_typer(config_app, name="config")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where; made if it is missing.")],
) -> None:
    """Write feeds.yaml, its schema, rules/ and corpus/ into a folder; keep what is there.

    Example:  monitor init ~/watch && cd ~/watch && monitor run
    """
    copied = copy_to(folder)
    for path in copied.written:
        say(f"wrote {folder / path}")
    for path in copied.kept:
        say(f"kept  {folder / path}")
    remark(f"Next: edit {folder / 'feeds.yaml'}, then `monitor check --config {folder}`.")


def check(config: Config = None, as_json: AsJson = False) -> None:
    """Check settings, feeds.yaml and rules/: all mistakes at once, as file:line:column.

    Exit 78 when there is one.  Example:  monitor check --config ~/watch
    """
    problems: list[Problem] = []
    settings = settings_from(config)
    with open_watch(settings, absent=Absent.EMPTY) as watch:
        try:
            feeds = watch.feeds
        except ConfigurationErrors as error:
            problems += error.problems
        else:
            for warning in feeds.warnings:
                remark(f"warning: {warning}")
            for feed_id, variable in unset_names(feeds.feeds, settings.via, settings.keys):
                remark(f"warning: {feed_id} is not asked: {variable} is not set.")
            enabled = sum(feed.enabled for feed in feeds.feeds)
            remark(
                f"{settings.feeds}: {counted(len(feeds.feeds), 'feed')}, {enabled} of them enabled."
            )
        try:
            book = compile_rules(watch.draft_rules)
        except ConfigurationErrors as error:
            problems += error.problems
        else:
            remark(f"{settings.rules}: {counted(len(book.rules), 'rule')}, their examples hold.")
            if not problems:
                for text in unknown_scopes(book.rules, book.decision, watch.feeds.feeds):
                    remark(f"warning: {text}")
            for text in _orphaned_topics(watch):
                remark(f"warning: {text}")
    if settings.operator_email is None:
        remark("warning: MONITOR_OPERATOR_EMAIL is not set: nobody is told when a feed dies.")
    if as_json:
        say_json([_problem_json(problem) for problem in problems])
    if problems:
        raise ConfigurationErrors(problems)


def _orphaned_topics(watch: Watch) -> list[str]:
    """Return a line for each topic that only subscribers know, if there is a store."""
    try:
        return orphan_lines(RulesLab(watch).orphans())
    except StoreError as error:
        return [f"the topics of subscribers were not checked: {error}"]


def _problem_json(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "key": problem.key,
        "message": problem.message,
    }


@config_app.command("show")
@tells_failures
def config_show(config: Config = None, as_json: AsJson = False) -> None:
    """Print every setting and where its value came from; secrets are masked."""
    rows = [
        {"setting": name, "value": value, "from": source}
        for name, value, source in describe(settings_from(config))
    ]
    if as_json:
        say_json(rows)
    else:
        say(table(rows))


def run(
    only: Annotated[Part | None, typer.Option(help="Run one part alone.")] = None,
    host: Annotated[str | None, typer.Option(help="The address of the review page.")] = None,
    port: Annotated[int | None, typer.Option(help="Taken: the next free one.")] = None,
    config: Config = None,
    allow_private: AllowPrivate = None,
) -> None:
    """Watch the feeds: scheduler, workers and the review page in one process.

    Ends cleanly on Ctrl-C or SIGTERM.  Example:  monitor run --port 8080
    """
    settings = settings_from(
        config, allow_private, host=host, port=None if port is None else str(port)
    )
    serve(settings, only=only)


def demo(
    exit_after: Annotated[
        bool, typer.Option("--exit", help="End after the second digest, without the page.")
    ] = False,
    port: Annotated[int, typer.Option(help="Of the review page; taken: the next free one.")] = 8000,
) -> None:
    """Show the whole job on a sample newsroom, in an empty temporary store.

    Three days in a few seconds: polls, scores, two digests. Nothing leaves this machine.
    """
    show(say=say, remark=remark, stay=not exit_after, port=port)


def health(config: Config = None, as_json: AsJson = False) -> None:
    """Say whether the watch is awake; exit 1 when it is not. The container's check."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        try:
            found = health_of(watch)
        except StoreMissing as error:
            found = Health.without_store(error)
    if as_json:
        say_json(found.as_json())
    else:
        say(found.as_text())
    if not found.is_well:
        raise stop("The watch is not well.")
