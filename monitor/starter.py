"""The files a new operator begins with: the shipped feeds.yaml, its schema, rules/ and corpus/.

In an installed wheel they lie in `monitor/starter_files/`; in a checkout they are the files at its
top, so that nobody ever edits a copy. `monitor init DIR` copies them. Must never overwrite
anything: what is already there is the operator's, and is reported as kept.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.core.errors import ConfigurationErrors, Problem

NAMES: Final = ("feeds.yaml", "feeds.schema.json", "rules", "corpus")
_PACKAGE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What `copy_to` did, as paths below the folder, in order."""

    folder: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]  # was there already, and was not touched


def shipped() -> Path:
    """Return the folder that holds the shipped files."""
    installed = _PACKAGE / "starter_files"
    return installed if installed.is_dir() else _PACKAGE.parent


def copy_to(folder: Path) -> Copied:
    """Copy the shipped files into `folder`, making it; keep every file that is there.

    Raises ConfigurationErrors when something cannot be written; what was written stays.
    """
    source = shipped()
    written: list[Path] = []
    kept: list[Path] = []
    for path in _files(source):
        below = path.relative_to(source)
        target = folder / below
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            (written if _copy(path, target) else kept).append(below)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            message = f"cannot be written: {reason}; name a folder that is yours"
            raise ConfigurationErrors([Problem(file=str(target), message=message)]) from None
    return Copied(folder=folder, written=tuple(written), kept=tuple(kept))


def _files(source: Path) -> list[Path]:
    found: list[Path] = []
    for name in NAMES:
        path = source / name
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [part for part in inside if part.is_file() and "__pycache__" not in part.parts]
    return found


def _copy(source: Path, target: Path) -> bool:
    """Copy one file; return False when there is one already, be it a dangling link."""
    try:
        # O_EXCL: between looking and writing somebody else may have written it.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file, source.open("rb") as original:
        shutil.copyfileobj(original, file)
    return True
