"""Create the search index: see store.search. By hand, since it is not made of table classes."""

from __future__ import annotations

from alembic import op

revision = "0002_search"
down_revision = "0001_first"
branch_labels = None
depends_on = None

SQLITE = (
    # AUTOINCREMENT: the number of a document that is gone must never come back.
    """
    CREATE TABLE search_document (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        item_key INTEGER NOT NULL UNIQUE REFERENCES item (key) ON DELETE CASCADE
    )
    """,
    # Without content, because the texts are in `item` already; terms come analysed.
    """
    CREATE VIRTUAL TABLE search_terms
        USING fts5 (title, text, content = '', tokenize = 'unicode61 remove_diacritics 0')
    """,
)
POSTGRESQL = (
    """
    CREATE TABLE search_document (
        item_key INTEGER PRIMARY KEY REFERENCES item (key) ON DELETE CASCADE,
        terms TSVECTOR NOT NULL
    )
    """,
    "CREATE INDEX search_document_terms ON search_document USING gin (terms)",
)


def upgrade() -> None:
    """Bring the schema forward."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Bring the schema back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_terms")
    op.execute("DROP TABLE search_document")
