"""Add saved views, what a person has seen, second readings."""

from __future__ import annotations

revision = "0006_desk"
down_revision = "0005_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""


def downgrade() -> None:
    """Bring the schema back."""
