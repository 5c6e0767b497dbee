"""How fast the review page is with 10,000 items: server time of each page, in milliseconds.

Run from the checkout: `python bench/pages.py [URL]`; without URL, SQLite in a temporary file. Pages
are asked through the application in this process: no socket, but all that a reader waits for.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import httpx
from starlette.applications import Starlette
from storing import NOW, fill, told

from review.app import create_app
from store import Store, open_store

PAGES = (
    "/",
    "/?page=100",
    "/?state=all",
    "/?place=nakhodka&state=all",
    "/?q=노동자&state=all",
    "/stopped",
    "/overview",
    "/items/777",
    "/feeds",
    "/feeds/feed-7",
    "/health",
    "/why?url=https://7.example/3",
    "/rules",
    "/digests",
    "/you",
)
ROUNDS = 40


class StandingClock:
    """The time at which the store was filled."""

    def now(self) -> datetime:
        """Return it."""
        return NOW


def main() -> None:
    """Fill a store and time each page."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder)}/bench.db"
        with open_store(url) as store:
            fill(store)
            asyncio.run(ask(store))


async def ask(store: Store) -> None:
    """Print median and 95th percentile of each page."""
    app: Starlette = create_app(store, clock=StandingClock())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for page in PAGES:
            (await client.get(page)).raise_for_status()
            told(page, [await timed(client, page) for _ in range(ROUNDS)])


async def timed(client: httpx.AsyncClient, page: str) -> float:
    """Return how many milliseconds one answer took."""
    begun = time.perf_counter()
    await client.get(page)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
