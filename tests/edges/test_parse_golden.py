"""Every quirk of feeds that somebody once suffered from, as a document with its expected reading.

`NN-slug.json` says which rule the document beside it protects, and what must come out: the parsed
feed or the refusal, and the decisions of this poll and those after it. `pytest --golden` rewrites
the expectations; a person reads the diff.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders import HOUR, a_poll, a_read_entry

from monitor.core.decisions import decide, keys_of, links_of
from monitor.core.values import Decision, Feed, ParsedFeed
from monitor.parse import Unparsable, parse_feed
from store import Store

FOLDER = Path(__file__).parents[1] / "golden" / "feeds"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIXTURES = sorted(FOLDER.glob("*.json"))


def decided(store: Store, parsed: ParsedFeed, feed: Feed, now: datetime) -> tuple[Decision, ...]:
    """Decide with what the store remembers, save the poll, and keep what it brought."""
    (leased,) = store.polling.lease_feeds(
        now, owner="test", limit=1, lease_for=HOUR, only=[feed.id], even_if_not_due=True
    )
    decisions = decide(
        parsed,
        feed=feed,
        known=store.polling.known_entries(leased.key, keys_of(parsed)),
        items=store.polling.known_items(links_of(parsed)),
        now=now,
    )
    assert store.polling.save_poll(a_poll(leased, *decisions, finished_at=now))
    pending = store.polling.lease_pending(now, owner="test", limit=100, lease_for=HOUR)
    store.polling.save_read([a_read_entry(one) for one in pending], now)
    return decisions


def reading(fixture: dict[str, Any], store: Store) -> list[dict[str, Any]]:
    """Return what each poll of a fixture comes to, as JSON can hold it."""
    plain = {"id": "x", "url": "https://feeds.example/x/feed.xml", "title": "X"}
    feed, results = Feed(**plain | fixture["feed"]), []
    store.feeds.sync([feed], NOW)
    for number, poll in enumerate(fixture["polls"]):
        body, now = (FOLDER / poll["file"]).read_bytes(), NOW + number * HOUR
        try:
            parsed = parse_feed(body, url=feed.url, headers=poll["headers"], feed=feed, now=now)
        except Unparsable as error:
            results.append({"error": error.code.value, "says": str(error)})
            continue
        decisions = decided(store, parsed, feed, now)
        results.append({"parsed": shown(parsed), "decisions": [verdict(one) for one in decisions]})
    assert store.ledger.discrepancies() == []
    return results


def shown(parsed: ParsedFeed) -> dict[str, Any]:
    """Return the parts of a parsed feed that are not empty."""
    entries = [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name in one.__slots__
            if (value := getattr(one, name)) not in ("", None, ()) and name != "position"
        }
        for one in parsed.entries
    ]
    return {
        "format": parsed.format,
        "title": parsed.title,
        "lang": parsed.lang,
        "complete": parsed.complete,
        "unreadable": parsed.unreadable,
        "ttl": parsed.ttl.total_seconds() if parsed.ttl else None,
        "notes": list(parsed.notes),
        "entries": json.loads(json.dumps(entries)),
    }


def verdict(one: Decision) -> str:
    """Return a decision in one line."""
    known = f" <- {one.known.key}" if one.known else ""
    return f"{one.fate.value}{known}: {one.link or '-'}: {one.reason}"


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_quirk_is_read_as_expected(
    path: Path, memory_store: Store, request: pytest.FixtureRequest
) -> None:
    """A document with a known quirk gives exactly the entries and decisions written beside it."""
    fixture = json.loads(path.read_text(encoding="utf-8"))
    actual = reading(fixture, memory_store)
    if request.config.getoption("--golden"):
        for poll, result in zip(fixture["polls"], actual, strict=True):
            poll["expected"] = result
        path.write_text(json.dumps(fixture, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert actual == [poll["expected"] for poll in fixture["polls"]]


def test_every_document_belongs_to_a_fixture() -> None:
    """No document lies in the folder without an expectation."""
    named = {poll["file"] for path in FIXTURES for poll in json.loads(path.read_text())["polls"]}
    assert {path.name for path in FOLDER.iterdir() if path.suffix != ".json"} == named
