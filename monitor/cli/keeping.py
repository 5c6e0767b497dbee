"""`db`: the store's schema, soundness, copies."""

from __future__ import annotations

import typer

from monitor.cli.common import Config, remark, say, settings_from, stop, tells_failures
from store import open_store

db = typer.Typer(help="The database: upgrade, check.", no_args_is_help=True)


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
    with open_store(settings_from(config).database) as store:
        wrong = store.upkeep.check()
    for one in wrong:
        say(one)
    if wrong:
        raise stop(f"{len(wrong)} things are wrong. Keep the file, and restore the last good copy.")
    remark("The database is sound.")
