"""A rules folder on paper: what a page is told of it, and what is done to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from web import samples

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.lab import GoldenReport, Move, Preview
from review.desk import Draft

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
