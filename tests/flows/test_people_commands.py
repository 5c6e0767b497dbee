"""`monitor users`: whoever sits at the machine lets people in, and is told why not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from subprocess import CompletedProcess

from clocks import StandingClock
from web.visitors import Visitor

from monitor.app import Watch
from monitor.pages import review_app

Monitor = Callable[..., CompletedProcess[str]]


def test_people_are_let_in_changed_and_shut_out(
    monitor: Monitor, watch: Watch, clock: StandingClock
) -> None:
    """From an empty house to an admin who got in by the printed link, and the refusals after it."""
    clock.at = datetime.now(UTC)  # the commands have their own clock
    assert "Nobody" in monitor("users", "list").stderr
    added = monitor("users", "add", "Kim Min-ji", "--role", "admin")
    path = re.fullmatch(r"http://127\.0\.0\.1:8000(/link/\S+)\n", added.stdout)
    assert path
    again = monitor("user", "add", "kim min-ji", "--role", "reader")
    assert (again.returncode, "has that name already" in again.stderr) == (1, True)
    visitor = Visitor(review_app(watch, jobs=tuple))
    form = {"password": "four words of no kin", "again": "four words of no kin"}
    assert visitor.post(path[1], form).status_code == 303
    (row,) = json.loads(monitor("users", "list", "--json").stdout)
    assert (row["name"], row["role"], row["state"], row["sessions"]) == (
        *("Kim Min-ji", "admin", ""),
        1,
    )
    for words in (("role", "Kim Min-ji", "reader"), ("disable", "Kim Min-ji")):
        refused = monitor("users", *words)
        assert (refused.returncode, "last admin" in refused.stderr) == (1, True)
    assert monitor("users", "role", "Nobody", "reader").returncode == 1
    assert monitor("users", "role", "Kim Min-ji", "root").returncode == 2
    assert len(json.loads(monitor("users", "sessions", "kim min-ji", "--json").stdout)) == 1
    assert "1" in monitor("users", "sessions", "kim min-ji", "--end").stderr
    assert visitor.get("/").status_code == 303
    reset = monitor("users", "reset", "Kim Min-ji").stdout
    assert "/link/" in reset
    trail = [(line.actor, line.action) for line in watch.store.audit.list(limit=3)]
    assert trail[:2] == [
        ("command line", "person.link_made"),
        ("command line", "person.sessions_ended"),
    ]
