"""All tables of the store, a module for each part of the house."""

from __future__ import annotations

import importlib
import pkgutil


def register() -> None:
    """Import every module of tables, so that `SQLModel.metadata` knows the whole schema."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
