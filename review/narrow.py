"""The narrow door: pages that hash a password work two at a time, because Argon2 wants 64 MiB each.

Twenty more may wait; beyond that people are asked to come back. Everybody else's pages stay quick
meanwhile, because those who wait hold no thread.
"""

from __future__ import annotations

from collections.abc import Callable

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.responses import Response

AT_ONCE, IN_ALL = 2, 22
BUSY = "busy"  # why a request was refused, beside the status


class NarrowDoor:
    """Counts who is at work and who waits. It belongs to one event loop."""

    def __init__(self) -> None:
        """Nobody is inside."""
        self._limiter = CapacityLimiter(AT_ONCE)
        self._inside = 0

    async def run(self, work: Callable[..., Response], *given: object) -> Response:
        """Return what `work` answers. Raises HTTPException when too many wait."""
        if self._inside >= IN_ALL:
            raise HTTPException(503, BUSY)
        self._inside += 1
        try:
            return await to_thread.run_sync(work, *given, limiter=self._limiter)
        finally:
            self._inside -= 1
