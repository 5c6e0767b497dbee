"""What somebody asks to be done to feeds.yaml, and what would come of it: values of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.errors import Problem
from monitor.core.feedplan import FeedPlan


class Ask(StrEnum):
    """What is asked."""

    TEXT = "text"  # the whole file, written by hand
    ADD = "add"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEdit:
    """One thing to do to the file."""

    ask: Ask
    feed_id: str = ""
    text: str = ""  # of the whole file
    keys: Mapping[str, str] = field(default_factory=dict)  # of a feed to add, as written
    comment: str = ""  # to stand above a feed to add


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsDraft:
    """The file after an edit, with nothing written yet."""

    base: str  # fingerprint of the file that the edit was made from
    text: str  # of the file after it; as it is, when the edit cannot be made
    difference: str = ""  # unified diff of the two
    plan: FeedPlan | None = None  # against the feeds in force; None: it could not be used
    problems: tuple[Problem, ...] = ()


class Applied(StrEnum):
    """What became of an edit."""

    DONE = "done"
    MEANWHILE = "meanwhile"  # somebody else changed the file: nothing was written
    UNCONFIRMED = "unconfirmed"  # many feeds would fall silent, and nobody said yes
    WRONG = "wrong"  # it cannot be used; nothing was written
