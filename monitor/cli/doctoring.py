"""`doctor`: what can be wrong with an installation, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.app import open_watch
from monitor.cli.common import (
    CONFIGURATION,
    FAILURE,
    AllowPrivate,
    AsJson,
    Config,
    say,
    say_json,
    settings_from,
    tells_failures,
)
from monitor.core.errors import ConfigurationErrors
from monitor.doctor import Check, State, examine
from monitor.mailtrial import try_mail

_SIGNS = {State.FINE: "fine   ", State.WARNING: "WARNING", State.WRONG: "WRONG  "}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tells_failures(doctor))


def doctor(
    mail: Annotated[
        bool, typer.Option("--mail", help="Also send a mail to oneself and see what becomes of it.")
    ] = False,
    to: Annotated[
        str | None, typer.Option(help="With --mail: where to, instead of the own mailbox.")
    ] = None,
    config: Config = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Look at everything an installation needs: how it stands, why, and what to do.

    Exit 1 when something is wrong, 78 when a setting is; warnings alone are 0.
    Example:  monitor doctor --mail
    """
    try:
        settings = settings_from(config, allow_private)
    except ConfigurationErrors as error:
        step = "Correct it, then look again."
        _tell(
            [
                Check(name="settings", state=State.WRONG, reason=str(one), next_step=step)
                for one in error.problems
            ],
            as_json=as_json,
        )
        raise typer.Exit(CONFIGURATION) from None
    with open_watch(settings) as watch:
        found = examine(watch)
        if mail:
            found += try_mail(watch, to=to)
    _tell(found, as_json=as_json)
    if any(check.state is State.WRONG for check in found):
        raise typer.Exit(FAILURE)


def _tell(found: list[Check], *, as_json: bool) -> None:
    if as_json:
        say_json(
            [
                {
                    "check": check.name,
                    "state": check.state.value,
                    "reason": check.reason,
                    "next_step": check.next_step,
                }
                for check in found
            ]
        )
        return
    width = max(len(check.name) for check in found)
    for check in found:
        say(f"{_SIGNS[check.state]}  {check.name.ljust(width)}  {check.reason}")
        if check.next_step:
            say(f"{'':{width + 11}}→ {check.next_step}")
