"""The rules lab over the store: what a rules folder would do, putting it in force, going back.

Files are never written here. An edited folder is a draft until `apply`; each set that was ever in
force is kept in the store, with who applied it and why. Deciding is done by `core.lab`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from monitor.app import Watch
from monitor.core.errors import MonitorError
from monitor.core.lab import (
    Decided,
    Golden,
    GoldenReport,
    Lint,
    Preview,
    RuleUse,
    Stored,
    Suggestion,
    golden_report,
    lint,
    preview,
    rule_uses,
    suggest,
)
from monitor.core.rulebook import Rulebook
from monitor.core.rules import RuleSource
from monitor.core.scoring import score
from monitor.core.topics import orphans
from monitor.core.values import Feed, Item, ItemState, ScoreInput, Verdict
from monitor.rulefiles import compile_rules, parse_rules
from monitor.rulegolden import read_golden

ITEMS_AT_ONCE = 200
HITS_MEAN_SOMETHING = 300  # with fewer stored items nearly every term was never hit
MEANING = {ItemState.RELEVANT: True, ItemState.ESCALATED: True, ItemState.IRRELEVANT: False}


class RulesRefused(MonitorError):
    """The rules would drop what must pass."""

    def __init__(self, report: GoldenReport) -> None:
        """Name what would be dropped, and the way to insist."""
        self.report = report
        dropped = ", ".join(report.dropped)
        super().__init__(
            f"These rules no longer reach `digest` for what must pass: {dropped}. "
            "Mend them, or insist with --force --reason TEXT."
        )


@dataclass(frozen=True, slots=True)
class RulesLab:
    """The lab of one opened house."""

    watch: Watch

    def lint(self) -> list[Lint]:
        """Return remarks on the draft, with hits counted over stored items."""
        enough = self.watch.store.items.counts().total >= HITS_MEAN_SOMETHING
        given = [stored.given for stored in self._stored()] if enough else []
        return lint(compile_rules(self.watch.draft_rules), given)

    def test(self, source: RuleSource | None = None) -> GoldenReport:
        """Return how rules (the draft) do on what is settled, against those in force."""
        wanted = source or self.watch.draft_rules
        before = compile_rules(self.watch.live_rules)
        return golden_report(self._golden(wanted), compile_rules(wanted), before=before)

    def preview(self, source: RuleSource | None = None) -> Preview:
        """Return which stored items rules (the draft) would move to another band."""
        return preview(self._stored(), compile_rules(source or self.watch.draft_rules))

    def apply(self, *, actor: str, reason: str, force: bool) -> GoldenReport:
        """Put the draft in force. Raises RulesRefused when it drops what must pass."""
        report = self.test()
        if report.is_refused and not (force and reason):
            raise RulesRefused(report)
        before = self.watch.live_rules.hash
        self.watch.apply_rules(self.watch.draft_rules, actor=actor, reason=reason)
        self._audit("rules.applied", actor, before, self.watch.draft_rules.hash, reason)
        return report

    def orphans(self, source: RuleSource | None = None) -> dict[str, list[str]]:
        """Map topics that rules (the draft) do not have to the addresses that chose them."""
        profiles = (source or self.watch.draft_rules).rules.profiles
        return orphans(self.watch.store.subscribers.list(), (one.id for one in profiles))

    def rollback(self, start: str, *, actor: str, reason: str) -> RuleSource:
        """Put a set that was in force before back, named by the beginning of its hash.

        Raises KeyError when no set, or more than one, begins like that.
        """
        hashes = {one.hash for one in self.watch.store.rulebooks.versions()}
        named = [one for one in hashes if one.startswith(start)]
        files = self.watch.store.rulebooks.get(named[0]) if len(named) == 1 else None
        if files is None:
            raise KeyError(start)
        source, before = parse_rules(files), self.watch.live_rules.hash
        compile_rules(source)
        self.watch.apply_rules(source, actor=actor, reason=reason or "rollback")
        self._audit("rules.rolled_back", actor, before, source.hash, reason)
        return source

    def rescore(self, moved_on: Callable[[int], None] = lambda _: None) -> int:
        """Score stored items by the rules in force; return how many got another score."""
        book = compile_rules(self.watch.live_rules)
        feeds, changed = self._feeds(), 0
        for items in self._batches(book.version):
            for item in items:
                fresh = score(scoring_input(item, feeds.get(item.feed_id)), book)
                changed += fresh.score != item.score.score
                self.watch.store.items.rescore(item.key, fresh)
            moved_on(len(items))
        return changed

    def stats(self) -> list[RuleUse]:
        """Return each rule's hits, last hit and agreement with the team."""
        return rule_uses(self._decided(), compile_rules(self.watch.live_rules))

    def suggest(self) -> list[Suggestion]:
        """Return words that tell relevant from irrelevant items. Never applied by itself."""
        decided = [one for one in self._decided() if one.is_relevant is not None]
        return suggest(decided, self._book())

    # ------------------------------------------------------------ inside

    def _book(self) -> Rulebook:
        return compile_rules(self.watch.live_rules)

    def _feeds(self) -> dict[str, Feed]:
        now = self.watch.clock.now()
        statuses = self.watch.store.feeds.statuses(now, removed=True)
        return {one.feed.id: one.feed for one in statuses}

    def _batches(self, version: str = "") -> Iterator[list[Item]]:
        """Yield stored items that were scored by another version, by their numbers."""
        after, store = 0, self.watch.store.items
        while items := store.to_rescore(version, limit=ITEMS_AT_ONCE, after=after):
            yield items
            after = items[-1].key

    def _stored(self) -> Iterator[Stored]:
        feeds = self._feeds()
        for item in chain.from_iterable(self._batches()):
            given = scoring_input(item, feeds.get(item.feed_id))
            yield Stored(key=item.key, given=given, score=item.score)

    def _decided(self) -> Iterator[Decided]:
        feeds = self._feeds()
        for item in chain.from_iterable(self._batches()):
            yield Decided(
                given=scoring_input(item, feeds.get(item.feed_id)),
                score=item.score,
                seen_at=item.first_seen_at,
                is_relevant=MEANING.get(item.state),
            )

    def _golden(self, source: RuleSource) -> list[Golden]:
        """Return what is settled: seeds, the texts and decoys in rules/golden, taught items."""
        found = [
            Golden(
                id=f"seed {seed.id}",
                given=ScoreInput(title=seed.title, text=seed.text, lang=seed.lang),
                must_pass=True,
            )
            for seed in source.seeds
        ]
        found += read_golden(self.watch.settings.rules)
        feeds = self._feeds()
        for taught in self.watch.store.verdicts.taught():
            found.append(
                Golden(
                    id=f"item {taught.item.key}",
                    given=scoring_input(taught.item, feeds.get(taught.item.feed_id)),
                    must_pass=taught.verdict.verdict is not Verdict.IRRELEVANT,
                )
            )
        return found

    def _audit(self, action: str, actor: str, before: str, after: str, reason: str) -> None:
        self.watch.store.audit.add(
            actor=actor,
            action=action,
            subject="rules",
            now=self.watch.clock.now(),
            before={"hash": before},
            after={"hash": after, "reason": reason},
        )


def scoring_input(item: Item, feed: Feed | None) -> ScoreInput:
    """Return what a stored item is scored by: the same as when it was read."""
    return ScoreInput(
        title=item.title,
        text=item.text,
        lang=item.lang,
        feed=item.feed_id,
        tags=feed.tags if feed else (),
        weight=feed.weight if feed else 1.0,
        on=item.published_at or item.first_seen_at,
    )
