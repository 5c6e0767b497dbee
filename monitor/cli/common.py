"""What every command shares: settings from flags, exit codes, and how failures are told.

Results go to stdout, talk to stderr. A person never sees a traceback for something they can put
right: those errors are printed as a sentence and end with the exit code that scripts rely on.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from monitor.app import Watch, open_watch
from monitor.core.errors import ConfigurationErrors, MonitorError, StoreError
from monitor.logs import configure_logs, configure_logs_late
from monitor.settings import Settings, load_settings

FAILURE, USAGE, TRY_AGAIN, CONFIGURATION, INTERRUPTED = 1, 2, 75, 78, 130

_P = ParamSpec("_P")
_T = TypeVar("_T")

Config = Annotated[
    str | None,
    typer.Option("--config", help="The folder with feeds.yaml, rules/ and corpus/.", metavar="DIR"),
]
AllowPrivate = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-private",
        metavar="HOST[/PREFIX]:PORT",
        help="A private address that may be asked all the same. Repeatable.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def say(text: str) -> None:
    """Print a result."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def say_json(value: object) -> None:
    """Print one JSON value on one line."""
    say(json.dumps(value, ensure_ascii=False))


def remark(text: str) -> None:
    """Print a remark for the person at the terminal, not for a script."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def stop(text: str, code: int = FAILURE) -> typer.Exit:
    """Print why a command ends and return what to raise."""
    remark(text)
    return typer.Exit(code)


def settings_from(
    config: str | None = None,
    allow_private: Sequence[str] | None = None,
    *,
    late_logs: bool = False,
    **flags: str | None,
) -> Settings:
    """Return the settings with what the command line says on top.

    `late_logs`: prepare the log when its first line is written.
    """
    given: dict[str, str | None] = {"config": config, **flags}
    if allow_private:
        given["allow_private"] = ",".join(allow_private)
    settings = load_settings(given)
    configure = configure_logs_late if late_logs else configure_logs
    configure(settings.log_level, style=settings.log_format, secrets=settings.secrets)
    for warning in settings.warnings:
        remark(str(warning))
    return settings


@contextmanager
def watch(settings: Settings) -> Iterator[Watch]:
    """Open the house for one command beside a running monitor, or instead of one."""
    with open_watch(settings) as opened:
        yield opened


def tells_failures(command: Callable[_P, _T]) -> Callable[_P, _T]:
    """Wrap a command: expected failures become sentences and exit codes."""

    @functools.wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return command(*args, **kwargs)
        except ConfigurationErrors as error:
            raise stop(str(error), CONFIGURATION) from None
        except StoreError as error:
            raise stop(str(error), error.exit_code) from None
        except MonitorError as error:
            raise stop(str(error)) from None
        except KeyboardInterrupt:
            raise stop("Stopped.", INTERRUPTED) from None

    return wrapped


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal; give a function that moves it on. Silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as aligned plain text, the first row's keys as the heading."""
    if not rows:
        return ""
    heading = list(rows[0])
    lines = [heading, *([str(row[name]) for name in heading] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heading))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def say_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, nothing: str) -> None:
    """Print rows as JSON or as a table; where there are none, remark what `nothing` says."""
    if as_json:
        say_json(rows)
    elif rows:
        say(table(rows))
    else:
        remark(nothing)
