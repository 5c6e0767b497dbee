"""The commands: names, options, help, and nothing else. Every one ends in a documented exit code.

0 done, 1 failure, 2 usage, 75 try again, 78 configuration, 130 interrupted. Logic lives behind
`monitor.app`; a command turns flags into a call and the answer into text or JSON.
"""

from __future__ import annotations

from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import feeding, finding, keeping, polling, relevance, ruling, running, telling

app = typer.Typer(
    name="monitor",
    help="Watch news feeds for reports on North Korean workers sent abroad.",
    epilog="Begin with: monitor demo   (the sample newsroom)   or   monitor init DIR",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dispatch-watch {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Watch news feeds for reports on North Korean workers sent abroad."""


for part in (running, polling, feeding, finding, relevance, ruling, telling, keeping):
    part.register(app)


def main() -> None:
    """Run the command line (the console script `monitor`)."""
    app()
