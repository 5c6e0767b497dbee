"""All tables of the store. Importing this package registers each of them for migrations."""

from __future__ import annotations

from store.tables import desk, reviewing, subscribing, telling, watching

__all__ = ["desk", "reviewing", "subscribing", "telling", "watching"]
