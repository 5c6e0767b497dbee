"""What workers are asked and what they answer."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.core.values import ErrorCode, Failed, Feed, Fetched, PendingEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseJob:
    """A feed document to be parsed: the arguments of `monitor.parse.parse_feed`."""

    body: bytes
    url: str
    headers: Mapping[str, str]
    feed: Feed
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJob:
    """An entry to be read and scored. `page` is None when the feed's own text is enough."""

    pending: PendingEntry
    page: Fetched | Failed | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindJob:
    """A page in which feeds are to be found: the arguments of `monitor.discover.candidates`."""

    page: bytes
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A task that ended without a result."""

    code: ErrorCode
    detail: str = ""  # one line for the operator
    trace: str = ""  # for the log, when it was not foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Bounds of one task (seconds, bytes), and of one worker's life."""

    quick: float = 1.0  # a task that takes longer is begun again behind all others
    wall: float = 20.0
    cpu: float = 10.0
    memory: int = 768 << 20  # on top of what a fresh worker occupies
    tasks: int = 500  # then the worker is replaced: parsers leak a little


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """Where the functions live that workers run, as `module:name`."""

    parse: str = "monitor.parse:parse_feed"
    find: str = "monitor.discover:candidates"
    extract: str = "monitor.extract:extract_article"
    compile: str = "monitor.rulefiles:compile_rules"
    score: str = "monitor.core.scoring:score"


def named(place: str) -> Callable[..., Any]:
    """Return the function at `module:name`."""
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a nursery needs before it can fork workers."""

    tasks: Tasks
    limits: WorkerLimits
    rule_source: object | None
    path: tuple[str, ...] = field(default=())  # sys.path
