"""Migrations: they give the schema of the tables, on both engines, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Literal

import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from builders import an_entry
from sqlalchemy import Column, String, inspect, text
from storesteps import follow, keep

from monitor.core.errors import StoreDamaged, StoreTooNew, StoreTooOld
from monitor.core.reports import QueueFilter
from store import Store, migrate, open_store, schema
from store.session import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Yield an empty database of each engine."""
    url = "sqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
    database = Database(url)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    """Return the names of the tables that are there."""
    with database.reading() as session:
        return set(inspect(session.connection()).get_table_names())


def execute(database: Database, statement: str) -> None:
    """Run one statement."""
    with database.writing() as session:
        session.execute(text(statement))


def test_migrations_give_the_schema_of_the_tables(empty: Database) -> None:
    """A store that was upgraded step by step is the store that the code expects."""
    migrate.upgrade(empty)

    assert migrate.check(empty) == []
    assert migrate.revision(empty) == migrate.head()


def test_a_difference_is_named(empty: Database) -> None:
    """The check would notice a forgotten migration: a column, an index, a table."""
    migrate.upgrade(empty)
    execute(empty, "ALTER TABLE audit DROP COLUMN subject" if not empty.is_sqlite else "SELECT 1")
    execute(empty, "DROP INDEX ix_sighting_entry_key")
    execute(empty, "CREATE TABLE stray (key INTEGER PRIMARY KEY)")

    found = "\n".join(migrate.check(empty))

    assert "remove_table stray" in found
    assert "add_index" in found
    assert ("add_column" in found) is not empty.is_sqlite


def test_upgrading_twice_changes_nothing(empty: Database) -> None:
    """Every start may call it."""
    migrate.upgrade(empty)
    before = tables(empty)

    migrate.upgrade(empty)

    assert tables(empty) == before


def test_migrations_can_be_taken_back(empty: Database) -> None:
    """The way back works down to an empty database, and forward again."""
    migrate.upgrade(empty)
    with empty.migrating() as connection:
        command.downgrade(migrate.configured(connection), "base")

    left = tables(empty)
    migrate.upgrade(empty)

    assert left == {"alembic_version"}
    assert migrate.check(empty) == []


def test_an_interrupted_migration_leaves_the_old_schema(empty: Database) -> None:
    """A crash in the middle of an upgrade leaves nothing half made (G21)."""

    def interrupted() -> None:
        with empty.migrating() as connection:
            command.upgrade(migrate.configured(connection), "head")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted()
    assert tables(empty) == set()
    migrate.upgrade(empty)
    assert migrate.check(empty) == []


def test_copying_a_table_keeps_what_refers_to_it(empty: Database) -> None:
    """SQLite alters a table by copying it; matches, sightings and search must survive that."""
    migrate.upgrade(empty)
    with Store(empty) as store:
        follow(store)
        (item,) = keep(store, an_entry(1))
        with empty.migrating() as connection:
            operations = Operations(MigrationContext.configure(connection))
            how: Literal["always", "never"] = "always" if empty.is_sqlite else "never"
            with operations.batch_alter_table("item", recreate=how) as batch:
                batch.add_column(Column("added", String()))

        assert store.items.get(item.key) == item
        assert store.items.queue(QueueFilter(search="workers")).items == (item,)
        assert store.upkeep.check() == ["remove_column item item.added"]


def test_a_migration_that_breaks_references_is_taken_back() -> None:
    """What would leave rows that refer to nothing is not committed."""
    database = Database("sqlite://")
    migrate.upgrade(database)
    with Store(database) as store:
        follow(store)
        (item,) = keep(store, an_entry(1))

        def careless() -> None:
            with database.migrating() as connection:
                connection.execute(text("DELETE FROM item"))

        with pytest.raises(StoreDamaged, match="references to nothing"):
            careless()
        assert store.items.get(item.key) == item


def test_a_newer_schema_is_refused(empty: Database) -> None:
    """An old program does not touch what a newer one wrote, and says so."""
    migrate.upgrade(empty)
    execute(empty, "UPDATE alembic_version SET version_num = '9999_from_the_future'")

    with pytest.raises(StoreTooNew, match="9999_from_the_future"):
        migrate.upgrade(empty)
    with pytest.raises(StoreTooNew):
        migrate.ensure(empty, upgrade_old=True)


def test_an_older_schema_is_upgraded_on_request_only(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new program says what to do first; it does not change a store unasked."""
    migrate.upgrade(empty)
    monkeypatch.setattr(migrate, "head", lambda: "9999_of_this_program")

    with pytest.raises(StoreTooOld, match="monitor db upgrade"):
        migrate.ensure(empty, upgrade_old=False)


def test_the_database_of_another_program_is_refused(empty: Database) -> None:
    """We do not move into tables that are not ours."""
    execute(empty, "CREATE TABLE feed (name TEXT)")

    with pytest.raises(StoreDamaged, match="another program"):
        migrate.ensure(empty, upgrade_old=True)
    assert tables(empty) == {"feed"}


def test_tables_of_the_queue_beside_ours_do_not_disturb(empty_postgres_url: str) -> None:
    """Procrastinate keeps its tables in the same PostgreSQL database."""
    database = Database(empty_postgres_url)
    execute(database, "CREATE TABLE procrastinate_jobs (id INTEGER PRIMARY KEY)")

    migrate.ensure(database, upgrade_old=False)

    assert migrate.check(database) == []
    database.close()


def test_two_processes_may_create_one_store(empty_postgres_url: str) -> None:
    """Started at the same moment, one creates the schema and the other finds it."""
    program = "import sys, store; store.open_store(sys.argv[1]).close()"
    both = [subprocess.Popen([sys.executable, "-c", program, empty_postgres_url]) for _ in range(2)]

    assert [process.wait(60) for process in both] == [0, 0]
    with open_store(empty_postgres_url) as store:
        assert migrate.check(store.database) == []


def test_the_quick_answers_about_the_schema_are_those_of_alembic(empty: Database) -> None:
    """Opening a store asks without Alembic, and must never believe otherwise than it."""
    scripts = ScriptDirectory.from_config(migrate.configured())
    assert schema.head() == scripts.get_current_head()
    assert schema.revision(empty) is None

    migrate.upgrade(empty)

    with empty.reading() as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
    assert schema.revision(empty) == found == schema.head()
