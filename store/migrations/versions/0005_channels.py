"""Add webhooks, late bounces and who may see what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.tables.base import UTCDateTime

revision = "0005_channels"
down_revision = "0004_subscriptions"
branch_labels = None
depends_on = None

# In place, without copying the tables: each has a default that old rows take.
COLUMNS = (
    ("item", "tlp", "clear"),
    ("subscriber", "clearance", "clear"),
    ("outbox", "way", "mail"),
)


def upgrade() -> None:
    """Bring the schema forward."""
    for table, column, default in COLUMNS:
        op.add_column(table, sa.Column(column, sa.String(), server_default=default, nullable=False))
    op.create_table(
        "mark",
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("tlp", sa.String(), nullable=False),
        sa.Column("marked_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("link", name=op.f("pk_mark")),
    )
    op.create_table(
        "mailbox",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailbox")),
    )
    op.create_table(
        "received",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("subscriber_key", sa.Integer(), nullable=True),
        sa.Column("outbox_key", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_key"], ["outbox.key"], name=op.f("fk_received_outbox_key_outbox")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_key"],
            ["subscriber.key"],
            name=op.f("fk_received_subscriber_key_subscriber"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_received")),
        sa.UniqueConstraint(
            "mailbox", "uid_validity", "uid", name=op.f("uq_received_mailbox_uid_validity_uid")
        ),
    )
    for column in ("fingerprint", "outbox_key", "subscriber_key"):
        op.create_index(op.f(f"ix_received_{column}"), "received", [column])


def downgrade() -> None:
    """Bring the schema back."""
    for table in ("received", "mailbox", "mark"):
        op.drop_table(table)
    for table, column, _ in COLUMNS:
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
