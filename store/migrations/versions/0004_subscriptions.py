"""Add what subscribers may choose and how they confirm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.tables.base import Json, UTCDateTime

revision = "0004_subscriptions"
down_revision = "0003_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("place", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("subscriber", sa.Column("confirmed_at", UTCDateTime(), nullable=True))
    op.create_table(
        "signup",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("times", Json, nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_signup")),
    )
    op.create_index(op.f("ix_signup_asked_at"), "signup", ["asked_at"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("signup")
    for table, column in (("subscriber", "confirmed_at"), ("place", "reason")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
