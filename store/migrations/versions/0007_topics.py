"""Add the score of an item under each profile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.tables.base import Json

revision = "0007_topics"
down_revision = "0006_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward. Items get their profile scores when they are scored again."""
    op.create_table(
        "profile_score",
        sa.Column("item_key", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Integer(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("peak_band", sa.String(), nullable=False),
        sa.Column("points", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_key"], ["item.key"], name=op.f("fk_profile_score_item_key_item")
        ),
        sa.PrimaryKeyConstraint("item_key", "profile", name=op.f("pk_profile_score")),
    )
    with op.batch_alter_table("profile_score", schema=None) as batch_op:
        batch_op.create_index("ix_profile_score_profile", ["profile", "peak_band"], unique=False)


def downgrade() -> None:
    """Bring the schema back."""
    with op.batch_alter_table("profile_score", schema=None) as batch_op:
        batch_op.drop_index("ix_profile_score_profile")
    op.drop_table("profile_score")
