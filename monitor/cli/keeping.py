"""`db`: the store's schema, soundness, copies."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts.journal import Journal
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
    told_until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ"],
            help="UTC. No digest that was due until then is sent again, whatever the journal says.",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Put a copy in the place of the database; the old one is kept beside it. SQLite only.

    Stop the monitor first. What was told since the copy stands in told.jsonl in the `var` folder
    and is not told again; where that file is lost too, say --told-until.
    """
    settings = settings_from(config)
    aside = put_back(settings.database, copy)
    if aside is not None:
        remark(f"The old database is kept as {aside}.")
    file = settings.var / "told.jsonl"
    if told_until is not None:
        Journal(file).told_until(told_until.replace(tzinfo=UTC), datetime.now(UTC))
        remark(f"Nothing that was due until {told_until:%Y-%m-%d %H:%M} UTC is sent again.")
    elif file.exists():
        remark(f"What was told since the copy is known from {file} and not told again.")
    else:
        remark(f"There is no {file}: digests sent since the copy will go out again. To prevent it:")
        remark("  monitor db restore COPY --told-until 2026-12-24T09:00   (UTC)")
    remark("Subscribers who were erased since the copy are back in it: erase them again.")
    remark("Next: monitor db check, and monitor db upgrade if the copy is of an older version.")
