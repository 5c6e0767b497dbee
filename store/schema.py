"""Which schema a database has, and which one this program wants: asked each time a store is opened.

Reads two small things and imports no Alembic, whose import alone takes as long as a whole command.
A test proves that both answers are Alembic's.
"""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from monitor.core.errors import StoreDamaged
from store.session import Database

# Tables that other libraries or the search index keep beside ours.
FOREIGN_PREFIXES = ("procrastinate_", "search_")


def head() -> str:
    """Return the revision of the schema that this program wants: its newest migration."""
    scripts = files("store").joinpath("migrations", "versions").iterdir()
    return max(one.name.removesuffix(".py") for one in scripts if one.name.endswith(".py"))


def revision(database: Database) -> str | None:
    """Return the revision of a database; None when it is empty.

    Raises `StoreDamaged` when it holds tables but no revision: another program's database.
    """
    with database.reading() as session:
        return revision_of(session.connection(), database.name)


def revision_of(connection: Connection, name: str) -> str | None:
    """Return the revision found through a connection; see `revision`."""
    tables = set(inspect(connection).get_table_names())
    found = None
    if "alembic_version" in tables:
        query = text("SELECT version_num FROM alembic_version")
        found = connection.execute(query).scalar_one_or_none()
    if found is not None:
        return str(found)
    others = {one for one in tables if is_ours(one)} - {"alembic_version"}
    if others and (connection.dialect.name == "sqlite" or others & _our_tables()):
        raise StoreDamaged(name, "it holds the tables of another program")
    return None


def is_ours(name: str | None, kind: str = "table", _parents: object = None) -> bool:
    """Whether a table belongs to the schema that our migrations make."""
    return not (kind == "table" and (name or "").startswith(FOREIGN_PREFIXES))


def _our_tables() -> set[str]:
    from sqlmodel import SQLModel

    from store import tables

    tables.register()
    return set(SQLModel.metadata.tables)
