"""docs/reference/codes.md: every code that scripts, pages and logs use, in plain words.

Generated from the tables that the pages read, so the page cannot lie.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.catalogues import words
from monitor.core.feedcheck import next_step

_HEAD = """# Codes and states

<!-- Generated from monitor/catalogues/words.py by `make docs`. Do not edit. -->

The codes are part of the contract with scripts: they are added to, never renamed.

"""


def codes_page() -> str:
    """Return docs/reference/codes.md."""
    outcomes = ((code.value, text, next_step(code)) for code, text in words.ERRORS.items())
    states = (
        (state.value, said.meaning, said.next_step) for state, said in words.FEED_STATES.items()
    )
    parts = [
        _HEAD,
        "## Outcomes\n\nHow asking a server, or reading its answer, can end badly: `error_code` of "
        "`monitor try --json` and `monitor feeds check --json`, and the outcomes of "
        "`monitor poll`.\n\n",
        _table(("code", "what happened", "what to do"), outcomes),
        "## States of a feed\n\nOne at a time, the worst that holds.\n\n",
        _table(("state", "what it means", "what to do"), states),
        "## Fates of an entry\n\nEach entry that a feed showed has exactly one.\n\n",
        _table(
            ("fate", "what became of it"),
            ((fate.value, said) for fate, said in words.FATES.items()),
        ),
        "## Bands of an item\n\nWhat its score leads to, worst to best.\n\n",
        _table(
            ("band", "what it means"), ((band.value, said) for band, said in words.BANDS.items())
        ),
        "## Texts\n\nHow good the text behind a score is.\n\n",
        _table(
            ("state", "what it means"),
            ((state.value, said) for state, said in words.TEXT_STATES.items()),
        ),
        "## Dates\n\nWhere the date of an item comes from.\n\n",
        _table(
            ("source", "what it means"),
            ((source.value, said) for source, said in words.DATE_SOURCES.items()),
        ),
    ]
    return "".join(parts).rstrip() + "\n"


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heading) + " |", "|---" * len(heading) + "|"]
    lines += [f"| `{code}` | " + " | ".join(cells) + " |" for code, *cells in rows]
    return "\n".join(lines) + "\n\n"
