"""robots.txt, for pages only: a feed is published to be polled, a page may be closed to programs.

RFC 9309: a 4xx means that nothing is forbidden; a server that fails means that we may not ask, and
then its failure is what the operator is told, not a ban that nobody spoke.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import protego

from monitor.core.values import ErrorCode, Failed, Fetched, Outcome, Request
from monitor.fetch.settings import Trouble
from monitor.guard import Target

_KEEP_GOOD: Final = 24 * 3600.0
_KEEP_BAD: Final = 600.0
_KEPT: Final = 2_000
_LONGEST_DELAY: Final = 10.0

_NO_RULES: Final = frozenset(
    {
        ErrorCode.NOT_FOUND,
        ErrorCode.GONE,
        ErrorCode.UNAUTHORIZED,
        ErrorCode.FORBIDDEN,
        ErrorCode.CHALLENGE,
        ErrorCode.GEO_BLOCKED,
        ErrorCode.LEGAL,
        ErrorCode.HTTP_ERROR,
        ErrorCode.NO_CONTENT,
        ErrorCode.REDIRECT_ERROR,
        ErrorCode.BAD_ADDRESS,
        ErrorCode.UNSUPPORTED_ENCODING,
        ErrorCode.DECODE_ERROR,
    }
)


_Place = tuple[str | None, tuple[str, str, int]]  # by which way, and which origin


@dataclass(slots=True)
class _Rules:
    until: float
    parsed: protego.Protego | None = None  # None: nothing is forbidden
    failed: Failed | None = None  # the file could not be had


class Robots:
    """Rules by origin, asked for once a day. Lives in the fetcher's loop."""

    def __init__(self, ask: Callable[[Request], Awaitable[Outcome]]) -> None:
        self._ask = ask
        self._known: dict[_Place, asyncio.Task[_Rules]] = {}

    async def check(self, target: Target, *, request: Request, default_agent: str) -> float:
        """Return the wished seconds between requests (0 mostly). Raises Trouble when forbidden.

        Asked by the same way and under the same name as the page itself.
        """
        user_agent = request.user_agent or default_agent
        rules = await self._rules(target, request)
        if rules.failed is not None:
            raise Trouble(
                rules.failed.code,
                f"robots.txt could not be had: {rules.failed.detail}",
                status=rules.failed.status,
                retry_at=rules.failed.retry_at,
            )
        if rules.parsed is None:
            return 0.0
        if not rules.parsed.can_fetch(target.url, user_agent):
            raise Trouble(ErrorCode.ROBOTS_DENIED, "the site's robots.txt closes this page to us")
        return min(float(rules.parsed.crawl_delay(user_agent) or 0.0), _LONGEST_DELAY)

    async def _rules(self, target: Target, request: Request) -> _Rules:
        place = (request.via, target.origin)
        known = self._known.get(place)
        if known is not None and (not known.done() or known.result().until > time.monotonic()):
            return await asyncio.shield(known)
        if len(self._known) >= _KEPT:
            for origin in list(self._known)[: _KEPT // 2]:
                del self._known[origin]
        # A task of its own: whoever asked first may run out of time, and others wait for it too.
        asked = asyncio.create_task(self._asked(target, request))
        self._known[place] = asked
        return await asyncio.shield(asked)

    async def _asked(self, target: Target, page: Request) -> _Rules:
        host = target.url[: -len(target.path)]
        # Without the feed's key: robots.txt is for everybody.
        request = replace(page, url=f"{host}/robots.txt", kind="robots", key=None, tag=None)
        return _read(await self._ask(request))


def _read(outcome: Outcome) -> _Rules:
    now = time.monotonic()
    if isinstance(outcome, Fetched):
        text = outcome.body.decode("utf-8", "replace").removeprefix("\ufeff")
        return _Rules(now + _KEEP_GOOD, parsed=protego.Protego.parse(text))
    if isinstance(outcome, Failed) and outcome.code not in _NO_RULES:
        return _Rules(now + _KEEP_BAD, failed=outcome)
    return _Rules(now + _KEEP_GOOD)
