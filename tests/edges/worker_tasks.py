"""What the worker tests let workers do: the four functions, and every way to misbehave."""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.core.values import (
    Article,
    Band,
    Entry,
    ErrorCode,
    Failed,
    Feed,
    Fetched,
    ParsedFeed,
    Score,
    ScoreInput,
    TextState,
)


class CannotRead(Exception):
    """Like `monitor.parse.Unparsable`."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def parse(
    body: bytes, *, url: str, headers: Mapping[str, str], feed: Feed, now: datetime
) -> ParsedFeed:
    """Do what the body says; otherwise return one entry whose title is the body."""
    misbehave(body)
    entry = Entry(guid=None, link=url, title=body.decode(), tags=(str(os.getpid()),))
    return ParsedFeed(format="rss20", title=feed.title, lang=None, entries=(entry,))


def find(page: bytes, url: str) -> list[object]:
    """Do what the page says, and find nothing."""
    misbehave(page)
    return []


def extract(
    page: Fetched | Failed | None, *, feed: Feed, entry: Entry, link: str | None, now: datetime
) -> Article:
    """Return the page's bytes as its text, or the feed's own text with the page's error."""
    if isinstance(page, Fetched):
        misbehave(page.body)
        return Article(
            url=page.url, title=entry.title, text=page.body.decode(), state=TextState.FULL
        )
    misbehave(entry.text.encode())
    return Article(
        url=link or "",
        title=entry.title,
        text=entry.text,
        state=TextState.FETCH_FAILED if page else TextState.FEED,
        error=page.code if page else None,
    )


def compile_rules(source: str) -> dict[str, Any]:
    """Return a rulebook that remembers which process compiled it."""
    if source == "broken":
        raise ValueError("these rules are broken")
    return {"rules": source, "compiled_in": os.getpid()}


def score(given: ScoreInput, rulebook: dict[str, Any]) -> Score:
    """Return a score whose version tells the rules and their process."""
    return Score(
        score=len(given.text) % 100,
        raw=0,
        decision=Band.QUEUE,
        lang=given.lang,
        matches=(),
        version=f"{rulebook['rules']}@{rulebook['compiled_in']}",
    )


def misbehave(order: bytes) -> None:
    """Carry out what an order like `!crash` or `!crash-once /path` says."""
    if not order.startswith(b"!"):
        return
    what, _, argument = order.decode()[1:].partition(" ")
    if what == "regex":
        re.match(r"(a+)+$", "a" * 40 + "b")
    elif what == "sleep":
        time.sleep(float(argument))
    elif what == "memory":
        _ = [bytearray(64 << 20) for _ in range(100)]
    elif what == "crash":
        ctypes.string_at(0)
    elif what == "crash-once" and not os.path.exists(argument):
        open(argument, "w").close()
        ctypes.string_at(0)
    elif what == "exit":
        os._exit(3)
    elif what == "unparsable":
        raise CannotRead(ErrorCode.NOT_A_FEED, "this is a page")
    elif what == "bug":
        raise KeyError("surprise")
    elif what == "deep":
        misbehave(order)
    elif what == "secrets":
        raise CannotRead(ErrorCode.NOT_A_FEED, " ".join(sorted(os.environ)))
