"""What a short command must not import: starting took longer than five hundred polls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from monitor.cli import ALONE, PARTS, commands

# Each takes tens of milliseconds, and a poll that finds nothing new needs none of them.
HEAVY = (
    *("alembic", "apscheduler", "babel", "dateparser", "feedparser", "jinja2", "lxml"),
    *("psycopg", "pymorphy3", "rich", "ruamel.yaml", "starlette", "structlog", "trafilatura"),
    *("alerts", "review", "monitor.feedkeys", "monitor.rulefiles"),
)
# Polls a house whose feeds.yaml is in force already, and tells what was imported.
POLL = """
import sys
from monitor.cli import main
sys.argv = ["monitor", "poll", "--once", "--config", sys.argv[1]]
try:
    main()
except SystemExit as end:
    print("exit", end.code)
print(*[name for name in sys.modules if sys.modules[name]], sep="\\n")
"""


def test_a_poll_without_news_imports_nothing_that_only_news_need(tmp_path: Path) -> None:
    """The second poll of unchanged feeds starts no parser, no rules, no mail and no pages."""
    (tmp_path / "feeds.yaml").write_text(
        "feeds:\n  - id: off\n    url: https://news.example/feed\n    enabled: false\n"
    )
    asked = [sys.executable, "-c", POLL, str(tmp_path)]
    first, second = (
        subprocess.run(asked, capture_output=True, text=True, timeout=120) for _ in range(2)
    )

    imported = second.stdout.split("\n")
    assert "exit 0" in first.stdout
    assert "exit 0" in imported
    assert second.stderr == ""
    assert [name for name in HEAVY if name in imported] == []


def test_a_command_that_starts_alone_is_the_same_command() -> None:
    """`monitor poll` has the options that the whole command line shows for it."""
    for name, part in ALONE.items():
        assert part in PARTS
        (alone,) = commands((part,)).registered_commands
        (among_all,) = (
            one
            for one in commands().registered_commands
            if one.callback and one.callback.__name__ == name
        )
        assert alone.callback is not None
        assert among_all.callback is not None
        assert alone.callback.__wrapped__ is among_all.callback.__wrapped__  # type: ignore[attr-defined]
