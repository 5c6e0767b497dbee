"""The commands: names, options, help, and nothing else. Every one ends in a documented exit code.

0 done, 1 failure, 2 usage, 75 try again, 78 configuration, 130 interrupted. Logic lives behind
`monitor.app`; a command turns flags into a call and the answer into text or JSON.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from monitor import __version__

# The modules of the commands, in the order of the help.
PARTS = (
    *("running", "polling", "trying", "feeding", "finding"),
    *("relevance", "ruling", "telling", "channels", "people", "keeping", "doctoring"),
)
# Commands that start without importing all others: importing takes as long as they do.
ALONE = {"poll": "polling"}


def commands(parts: Sequence[str] = PARTS) -> typer.Typer:
    """Return the command line with the commands of these modules."""
    made = typer.Typer(
        name="monitor",
        help="Watch news feeds for reports on North Korean workers sent abroad.",
        epilog="Begin with: monitor demo   (the sample newsroom)   or   monitor init DIR",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_options)
    for part in parts:
        importlib.import_module(f"monitor.cli.{part}").register(made)
    return made


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dispatch-watch {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Watch news feeds for reports on North Korean workers sent abroad."""


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(name)
    return commands()


def main() -> None:
    """Run the command line (the console script `monitor`)."""
    alone = ALONE.get(sys.argv[1]) if len(sys.argv) > 1 else None
    gc.disable()  # while importing, nothing becomes garbage, and looking for some takes a tenth
    command = commands((alone,) if alone else PARTS)
    gc.freeze()
    gc.enable()
    command()
