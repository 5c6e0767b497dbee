"""docs/reference/commands.md: every command with its options, made from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import typer

from monitor.cli import app

HEAD = """# Commands

Generated from the program by `make docs`; do not edit.
Results go to stdout, remarks to stderr.
Exit codes: 0 done, 1 failure, 2 usage, 75 try again, 78 configuration, 130 interrupted.
"""


def commands_page() -> str:
    """Return the page: one heading a command, its help, its arguments and options."""
    return HEAD + "".join(_sections(app, "monitor"))


def _sections(group: typer.Typer, path: str) -> Iterator[str]:
    for registered in sorted(group.registered_commands, key=lambda one: str(_name(one))):
        yield _section(typer.main.get_command_from_info(
            registered,
            pretty_exceptions_short=False,
            rich_markup_mode=None,
        ), f"{path} {_name(registered)}")  # fmt: skip
    for added in sorted(group.registered_groups, key=lambda one: str(one.name)):
        if added.typer_instance is not None:
            yield from _sections(added.typer_instance, f"{path} {added.name}")


def _name(command: typer.models.CommandInfo) -> str:
    if command.name:
        return command.name
    assert command.callback is not None
    return command.callback.__name__.replace("_", "-")


def _section(command: object, path: str) -> str:
    params = list(getattr(command, "params", ()))
    text = inspect.cleandoc(getattr(command, "help", None) or "")
    lines = [f"\n## `{path}`\n", text, ""]
    rows = [_row(one) for one in params if "--help" not in one.opts]
    if rows:
        lines += ["| | |", "|---|---|", *rows]
    return "\n".join(lines).rstrip() + "\n"


def _row(param: object) -> str:
    is_option = getattr(param, "param_type_name", "") == "option"
    names = getattr(param, "opts", [])
    written = ", ".join(f"`{name}`" for name in names) if is_option else f"`{_metavar(param)}`"
    said = (getattr(param, "help", None) or "").replace("|", "\\|")
    choices = getattr(getattr(param, "type", None), "choices", None)
    if choices:
        values = ", ".join(f"`{getattr(one, 'value', one)}`" for one in choices)
        said = f"{said} One of {values}.".strip()
    return f"| {written} | {said} |"


def _metavar(param: object) -> str:
    return str(getattr(param, "metavar", None) or getattr(param, "name", "")).upper()
