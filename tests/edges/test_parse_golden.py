"""Every quirk of feeds that somebody once suffered from, as a document with its expected reading.

`NN-slug.json` says which rule the document beside it protects, and what must come out: the parsed
feed or the refusal, and the decisions of this poll and those after it. `pytest --golden` rewrites
the expectations; a person reads the diff.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.decisions import decide, keys_of, links_of
from monitor.core.values import Decision, Fate, Feed, KnownEntry, ParsedFeed
from monitor.parse import Unparsable, parse_feed

FOLDER = Path(__file__).parents[1] / "golden" / "feeds"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIXTURES = sorted(FOLDER.glob("*.json"))


class Memory:
    """What a store would remember from poll to poll, in a dozen lines."""

    def __init__(self) -> None:
        self.known: dict[str, KnownEntry] = {}

    def decide(self, parsed: ParsedFeed, feed: Feed, now: datetime) -> tuple[Decision, ...]:
        """Decide with what the keys of this poll would find, then remember."""
        keys = set(keys_of(parsed))
        found = [one for one in self.known.values() if {one.guid, one.link, one.identity} & keys]
        items = {
            one.link: one.key
            for one in self.known.values()
            if one.link in links_of(parsed) and one.link
        }
        decided = decide(parsed, feed=feed, known=found, items=items, now=now)
        for one in decided:
            if one.twin is None and one.fate not in (Fate.OVER_LIMIT, Fate.UNREADABLE):
                self._remember(one)
        return decided

    def _remember(self, one: Decision) -> None:
        before = one.known
        if before is not None:
            del self.known[before.identity]
        key = before.key if before else len(self.known) + 1
        self.known[one.identity] = KnownEntry(
            key=key,
            guid=one.entry.guid,
            link=one.link,
            identity=one.identity,
            content_hash=one.content_hash,
            item_key=key,
            revision_count=before.revision_count + (one.fate is Fate.PENDING) if before else 0,
        )


def reading(fixture: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what each poll of a fixture comes to, as JSON can hold it."""
    plain = {"id": "x", "url": "https://feeds.example/x/feed.xml", "title": "X"}
    feed = Feed(**plain | fixture["feed"])
    memory, results = Memory(), []
    for number, poll in enumerate(fixture["polls"]):
        body, now = (FOLDER / poll["file"]).read_bytes(), NOW + timedelta(hours=number)
        try:
            parsed = parse_feed(body, url=feed.url, headers=poll["headers"], feed=feed, now=now)
        except Unparsable as error:
            results.append({"error": error.code.value, "says": str(error)})
            continue
        decided = memory.decide(parsed, feed, now)
        results.append({"parsed": shown(parsed), "decisions": [verdict(one) for one in decided]})
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
def test_quirk_is_read_as_expected(path: Path, request: pytest.FixtureRequest) -> None:
    """A document with a known quirk gives exactly the entries and decisions written beside it."""
    fixture = json.loads(path.read_text(encoding="utf-8"))
    actual = reading(fixture)
    if request.config.getoption("--golden", default=False):
        for poll, result in zip(fixture["polls"], actual, strict=True):
            poll["expected"] = result
        path.write_text(json.dumps(fixture, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert actual == [poll["expected"] for poll in fixture["polls"]]


def test_every_document_belongs_to_a_fixture() -> None:
    """No document lies in the folder without an expectation."""
    named = {poll["file"] for path in FIXTURES for poll in json.loads(path.read_text())["polls"]}
    assert {path.name for path in FOLDER.iterdir() if path.suffix != ".json"} == named
