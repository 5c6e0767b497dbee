"""The door to Argon2: making the hash of a password, and checking one.

Each takes a fifth of a second and 64 MiB, so the pages that do it are let in two at a time (see
`review.desk`). Checking against nobody takes as long as against somebody: how long an answer takes
tells nobody which names there are.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.core.passwords import LONGEST, comparable


@dataclass(frozen=True)
class Passwords:
    """Makes and checks hashes, with the library's choice of cost (RFC 9106, low memory)."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)

    def made(self, password: str) -> str:
        """Return the hash to keep of a password."""
        return self.hasher.hash(comparable(password))

    def is_right(self, password: str, kept: str | None) -> bool:
        """Say whether a password is the one whose hash was kept; None: nobody's, never right."""
        try:
            # Longer ones were never accepted; folding them would cost more than hashing.
            self.hasher.verify(kept or self._nobodys, comparable(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Say whether a hash was made at a lower cost than today's."""
        return self.hasher.check_needs_rehash(kept)

    @cached_property
    def _nobodys(self) -> str:
        """A hash of today's cost that no password has: random bytes, so it need not be computed."""
        cost = self.hasher
        salt, made = (
            base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
            for length in (cost.salt_len, cost.hash_len)
        )
        parameters = f"m={cost.memory_cost},t={cost.time_cost},p={cost.parallelism}"
        return f"$argon2{cost.type.name.lower()}$v=19${parameters}${salt}${made}"
