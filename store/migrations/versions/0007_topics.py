"""Add the score of an item under each profile."""

from __future__ import annotations

revision = "0007_topics"
down_revision = "0006_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""


def downgrade() -> None:
    """Bring the schema back."""
