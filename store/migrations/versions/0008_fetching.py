"""Add how a feed is reached."""

from __future__ import annotations

revision = "0008_fetching"
down_revision = "0007_topics"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""


def downgrade() -> None:
    """Bring the schema back."""
