"""`monitor users`: who may log in, for whoever sits at the machine and needs no password here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from monitor.app import Absent, Watch, open_watch
from monitor.cli.common import (
    AsJson,
    Config,
    remark,
    say,
    say_rows,
    settings_from,
    stop,
    tells_failures,
)
from monitor.core.people import Account, LinkUse, Refused, Role
from monitor.entrance import link_address

ACTOR = "command line"
REFUSED = {
    Refused.NOBODY: "There is no such person.",
    Refused.NAME_TAKEN: "Somebody has that name already.",
    Refused.NOT_A_NAME: "A name has letters, digits, blanks, points and hyphens, 60 at most, and "
    "is no word that the log of changes needs.",
    Refused.LAST_ADMIN: "Nothing was changed: this is the last admin who can log in.",
}

Name = Annotated[str, typer.Argument(help="The person's name, capitals or not.")]

users = typer.Typer(help="Who may log in, and in which role.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module, under both names."""
    app.add_typer(users, name="users")
    app.add_typer(users, name="user", hidden=True)


@users.command("add")
@tells_failures
def add(
    name: Annotated[str, typer.Argument(help="The name to log in with and to decide under.")],
    role: Annotated[Role, typer.Option(help="What they may do, each more than the one before.")],
    config: Config = None,
) -> None:
    """Invite somebody; print the link by which they choose a password, once, within a day."""
    with open_watch(settings_from(config)) as watch:
        added = watch.store.people.add(name, role, actor=ACTOR, now=watch.clock.now())
        if isinstance(added, Refused):
            raise stop(REFUSED[added])
        _print_link(watch, added.key, LinkUse.INVITATION)
    remark(f"The link lets {added.name} in as {role.value}; hand it over in a safe way.")


@users.command("list")
@tells_failures
def list_users(config: Config = None, as_json: AsJson = False) -> None:
    """List the people, those who may log in first."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        rows = [
            {
                "name": one.person.name,
                "role": one.person.role.value,
                "state": _state(one),
                "sessions": one.session_count,
                "seen": _moment(one.seen_at),
            }
            for one in watch.store.people.list()
        ]
    say_rows(
        rows,
        as_json=as_json,
        nothing="Nobody: the review page on this machine needs no log-in. Add an admin first.",
    )


@users.command("role")
@tells_failures
def change_role(
    name: Name,
    role: Annotated[Role, typer.Argument(help="The new role.")],
    config: Config = None,
) -> None:
    """Give somebody another role; they are logged out everywhere."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        key = _found(watch, name).person.key
        refused = watch.store.people.set_role(key, role, actor=ACTOR, now=watch.clock.now())
    if refused is not None:
        raise stop(REFUSED[refused])


@users.command("reset")
@tells_failures
def reset(name: Name, config: Config = None) -> None:
    """Print a link for a new password, once, within a day; until then the old one holds."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        found = _found(watch, name)
        if not found.is_active:
            raise stop(f"{found.person.name} is shut out: monitor users disable --undo NAME")
        use = LinkUse.RESET if found.has_password else LinkUse.INVITATION
        _print_link(watch, found.person.key, use)


@users.command("disable")
@tells_failures
def disable(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Let them log in again.")] = False,
    config: Config = None,
) -> None:
    """Shut somebody out at once. What they decided stays, with their name."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        key = _found(watch, name).person.key
        refused = watch.store.people.set_active(key, undo, actor=ACTOR, now=watch.clock.now())
    if refused is not None:
        raise stop(REFUSED[refused])


@users.command("sessions")
@tells_failures
def sessions(
    name: Name,
    end: Annotated[bool, typer.Option("--end", help="Log them out everywhere.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List where somebody is logged in, the last used first."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        key, now = _found(watch, name).person.key, watch.clock.now()
        if end:
            remark(f"sessions ended: {watch.store.logins.end_all(key, actor=ACTOR, now=now)}")
            return
        rows = [
            {
                "since": _moment(one.started_at),
                "used": _moment(one.seen_at),
                "until": _moment(one.ends_at),
                "browser": one.browser,
            }
            for one in watch.store.logins.list(key, now)
        ]
    say_rows(rows, as_json=as_json, nothing="Nowhere.")


def _found(watch: Watch, name: str) -> Account:
    found = watch.store.people.find(name)
    if found is None:
        raise stop(f"{name} is nobody; `monitor users list` shows everybody.")
    return found


def _print_link(watch: Watch, key: int, use: LinkUse) -> None:
    token = watch.store.logins.make_link(key, use, actor=ACTOR, now=watch.clock.now())
    say(link_address(watch.settings, token))


def _state(one: Account) -> str:
    if not one.is_active:
        return "shut out"
    return "" if one.has_password else "invited"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z" if at else ""
