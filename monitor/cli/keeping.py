"""`db`: the store's schema, soundness, copies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.app import Absent, open_watch
from monitor.cli.common import Config, remark, say, settings_from, stop, tells_failures
from monitor.core.text import counted
from store import open_store
from store.upkeep import restore as put_back

db = typer.Typer(
    help="The database: upgrade, check, reindex, back up, put a copy back.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(db, name="db")


@db.command("upgrade")
@tells_failures
def upgrade(config: Config = None) -> None:
    """Bring the database to the schema of this program."""
    with open_store(settings_from(config).database, upgrade=True) as store:
        remark(f"The database has schema {store.upkeep.size().revision}.")


@db.command("check")
@tells_failures
def check(config: Config = None) -> None:
    """Check that the database is sound and has the schema of this program; exit 1 when not."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        wrong = watch.store.upkeep.check()
    for one in wrong:
        say(one)
    if wrong:
        found = counted(len(wrong), "thing is", "things are")
        raise stop(f"{found} wrong. Keep the file, and restore the last good copy.")
    remark("The database is sound.")


@db.command("reindex")
@tells_failures
def reindex(config: Config = None) -> None:
    """Make the search index anew from the items; nothing else changes.

    For a database put together by other means, and when search misses what is there.
    """
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        count = watch.store.search.rebuild()
    remark(f"The index holds {counted(count, 'item', 'items')}.")


@db.command("backup")
@tells_failures
def backup(
    to: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    config: Config = None,
) -> None:
    """Write a sound copy of the database, also while a monitor runs. SQLite only.

    PostgreSQL: use pg_dump.  Example:  monitor db backup ~/copies/$(date +%F).db
    """
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        say(str(watch.store.upkeep.backup(to)))
    remark("Back up feeds.yaml, rules/ and the rest of var/ as well.")


@db.command("restore")
@tells_failures
def restore(
    copy: Annotated[Path, typer.Argument(help="A file that `monitor db backup` wrote.")],
    config: Config = None,
) -> None:
    """Put a copy in the place of the database; the old one is kept beside it. SQLite only.

    Stop the monitor first.
    """
    aside = put_back(settings_from(config).database, copy)
    if aside is not None:
        remark(f"The old database is kept as {aside}.")
    remark("Next: monitor db check, and monitor db upgrade if the copy is of an older version.")
