"""Add what subscribers may choose and how they confirm."""

from __future__ import annotations

revision = "0004_subscriptions"
down_revision = "0003_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""


def downgrade() -> None:
    """Bring the schema back."""
