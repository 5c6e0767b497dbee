"""How Alembic reaches the database: through the connection that `store.migrate` hands over.

Run by Alembic, from the package, in any directory and without an ini file.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from store.migrate import comparison


def _run(connection: Connection) -> None:
    context.configure(connection=connection, **comparison(connection))
    # The transaction is the caller's: a migration that fails leaves the old schema.
    context.run_migrations()


_run(context.config.attributes["connection"])
