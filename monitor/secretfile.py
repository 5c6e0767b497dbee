"""The secret that signs links in mail, when the operator gives none: a file that we make once.

It must never be shown, logged or made anew while links signed with it are out: a file that is
there and cannot be used is an error for a person, not a reason to write another.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.settingkeys import SECRET_LENGTH

NAME = "secret.key"


def kept_secret(folder: Path) -> bytes:
    """Return the secret in `folder`, making the folder and a file for its owner alone if need be.

    Two processes that start together get the same one. Raises ConfigurationErrors.
    """
    path = folder / NAME
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _make(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _wrong(path, f"cannot be read or made: {reason}") from error
    if len(secret) < SECRET_LENGTH:
        raise _wrong(path, "is too short for a secret; delete it, and links sent before end")
    return secret


def _make(path: Path) -> None:
    """Write a new secret beside its place and link it there whole, unless another was quicker."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
    finally:
        fresh.unlink()


def _wrong(path: Path, message: str) -> ConfigurationErrors:
    return ConfigurationErrors([Problem(file=str(path), message=message)])
