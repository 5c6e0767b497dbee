"""All tables of the store. Importing this package registers each of them for migrations."""

from __future__ import annotations

from store.tables import reviewing, telling, watching

__all__ = ["reviewing", "telling", "watching"]
