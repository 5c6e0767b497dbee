"""A rules folder on paper: what a page is told of it, and what is done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from web import samples

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.feededits import Applied, FeedEdit, FeedsDraft
from monitor.core.feedplan import plan
from monitor.core.lab import GoldenReport, Move, Preview
from monitor.core.values import Feed
from monitor.feededit import SetKey, difference, edited
from monitor.feedfile import parse_feeds
from review.desk import Draft


@dataclass
class FeedsOnPaper:
    """A feeds.yaml in memory, edited and planned by the real editor; compared with `in_force`."""

    text: str = "# ours\nfeeds:\n  - id: courier\n    url: https://courier.example/feed\n"
    in_force: Sequence[Feed] = samples.FEEDS[1:2]

    def read(self) -> tuple[str, str]:
        """Return text and fingerprint."""
        return self.text, str(hash(self.text))

    def draft(self, edit: FeedEdit) -> FeedsDraft:
        """Plan a text as the whole file, or the pausing of a feed."""
        base = self.read()[1]
        try:
            text = edit.text or edited(self.text, [SetKey(**PAUSED)]).text
            file = parse_feeds(text)
        except ConfigurationErrors as error:
            return FeedsDraft(base=base, text=edit.text, problems=tuple(error.problems))
        return FeedsDraft(
            base=base,
            text=text,
            difference=difference(self.text, text),
            plan=plan(self.in_force, file.feeds),
        )

    def apply(self, edit: FeedEdit, *, base: str, actor: str, is_confirmed: bool) -> Applied:
        """Take over the text, unless it was planned from another."""
        if base != self.read()[1]:
            return Applied.MEANWHILE
        self.text = self.draft(edit).text
        return Applied.DONE


PAUSED: dict[str, Any] = {"feed_id": "courier", "key": "enabled", "value": False}
EMPTY = GoldenReport(count=14, precision=1.0, recall=1.0, dropped=(), raised=(), flips=())


def draft(count: int = 1, golden: GoldenReport = EMPTY, *, is_live: bool = False) -> Draft:
    """Return a folder under which `count` alerts would only be queued."""
    before, after = samples.told(0).score, samples.told(4).score
    moves = tuple(
        Move(key=n, title=f"Story <b>{n}</b>", before=before, after=after) for n in range(count)
    )
    preview = Preview(count=40, moves=moves, rescored=3)
    return Draft(version=samples.RULES_HASH, is_live=is_live, preview=preview, golden=golden)


@dataclass
class Folder:
    """A rules folder on paper: answers with its draft, and writes down what is done to it."""

    given: Draft | None = field(default_factory=draft)
    done: list[tuple[str, str, str, str]] = field(default_factory=list)

    def draft(self) -> Draft:
        """Return the draft; none: the file has a mistake."""
        if self.given is None:
            raise ConfigurationErrors([Problem(file="rules/1.yaml", line=3, message="no such key")])
        return self.given

    def apply(self, version: str, *, actor: str, reason: str) -> bool:
        """Note it, when it is the version that stands here and drops nothing."""
        if self.given is None or version != self.given.version or self.given.golden.is_refused:
            return False
        self.done.append(("apply", version, actor, reason))
        return True

    def rollback(self, version: str, *, actor: str, reason: str) -> bool:
        """Note it, when it is a version that the samples know."""
        if version != samples.RULES_HASH:
            return False
        self.done.append(("rollback", version, actor, reason))
        return True
