"""What every reader hands over: entries in the publisher's own words, before cleaning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One entry as written. Texts may hold markup and anything else; links may be relative."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    contents: tuple[str, ...] = ()  # full texts, in whatever element
    published: str = ""
    updated: str = ""
    created: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeed:
    """A document as written."""

    format: str
    title: str = ""
    lang: str = ""
    entries: tuple[Raw, ...] = ()
    unreadable: int = 0
    complete: bool = True
    notes: tuple[str, ...] = ()
    ttl: timedelta | None = None
