"""Add which text of feeds.yaml is in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.tables.base import UTCDateTime

revision = "0008_fetching"
down_revision = "0007_topics"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "taken",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("taken_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_taken")),
    )


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("taken")
