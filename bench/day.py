"""What a day at the desk costs: key presses and page loads for each accepted item.

Run from the checkout: `python bench/day.py`. The day is the one of tests/web/scriptedday.py: 120
items, a quarter of them relevant, twelve groups of three reprints, every tenth item read whole,
three mistakes taken back.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from web import samples, scriptedday
from web.visitors import Visitor

from review.app import create_app
from store import open_store


def main() -> None:
    """Work the day and print what it cost."""
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/day.db") as store:
        store.feeds.sync(samples.FEEDS, samples.NOW - 3 * samples.DAY)
        day = scriptedday.run(store, Visitor(create_app(store, clock=samples.FixedClock())))
    print(f"items {scriptedday.TOTAL}, accepted {day.accepted}, wrong {day.wrong}")
    print(f"keys {day.keys}, {day.keys_each:.2f} for each accepted item")
    print(f"page loads {day.loads}, {day.loads_each:.2f} for each accepted item")


if __name__ == "__main__":
    main()
