"""What an edit of feeds.yaml would do: feeds added, removed and changed, field by field.

Pure: two lists of feeds in, a `FeedPlan` out. It decides what an operator must confirm, because
a file that was cut short while being saved looks like an operator who removed most of the feeds,
and a feed that is no longer asked is a report lost without a sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Final

from monitor.core.spans import span_text
from monitor.core.values import Feed

# More than one feed in five no longer watched: confirmed by hand, never taken over by itself.
CONFIRM_ABOVE: Final = 0.20


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One key of one feed, before and after, as feeds.yaml would write it ("" for nothing)."""

    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedChange:
    """A feed that stays, with what changes about it."""

    before: Feed
    after: Feed
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlan:
    """The whole difference, each part in the order of its file."""

    added: tuple[Feed, ...]
    removed: tuple[Feed, ...]
    changed: tuple[FeedChange, ...]
    unchanged_count: int
    warnings: tuple[str, ...]
    needs_yes: bool  # an operator must confirm; never taken over by a reload

    @property
    def is_empty(self) -> bool:
        """Tell whether both lists say the same."""
        return not (self.added or self.removed or self.changed)


def plan(old: Sequence[Feed], new: Sequence[Feed]) -> FeedPlan:
    """Compare two lists of feeds by id; ids are unique within each."""
    before = {feed.id: feed for feed in old}
    after = {feed.id: feed for feed in new}
    added = tuple(feed for feed in new if feed.id not in before)
    removed = tuple(feed for feed in old if feed.id not in after)
    changed = tuple(
        FeedChange(before=before[feed.id], after=feed, fields=_field_changes(before[feed.id], feed))
        for feed in new
        if feed.id in before and before[feed.id] != feed
    )
    lost = [feed for feed in old if feed.enabled and not _is_watched(after.get(feed.id))]
    watched_count = sum(feed.enabled for feed in old)
    warnings = _loss_warnings(len(lost), watched_count)
    return FeedPlan(
        added=added,
        removed=removed,
        changed=changed,
        unchanged_count=len(new) - len(added) - len(changed),
        warnings=(*warnings, *_rename_warnings(added, removed), *_address_warnings(changed)),
        needs_yes=bool(warnings),
    )


def plan_lines(given: FeedPlan) -> list[str]:
    """Return the plan as lines for a terminal: + added, - removed, ~ changed, ! warnings, a sum."""
    lines = [f"+ {feed.id}  {feed.url}{_off(feed)}" for feed in given.added]
    lines += [f"- {feed.id}  {feed.url}{_off(feed)}" for feed in given.removed]
    for change in given.changed:
        lines += [
            f"~ {change.after.id}  {part.key}: {part.before or '(nothing)'} -> "
            f"{part.after or '(nothing)'}"
            for part in change.fields
        ]
    lines += [f"! {warning}" for warning in given.warnings]
    lines.append(
        f"{len(given.added)} added, {len(given.removed)} removed, {len(given.changed)} changed, "
        f"{given.unchanged_count} unchanged"
    )
    return lines


def field_text(value: object) -> str:
    """Return a field of a feed as feeds.yaml would write it, "" for nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case timedelta():
            return span_text(value)
        case tuple():
            return f"[{', '.join(str(part) for part in value)}]" if value else ""
        case _:
            return str(value)


def _field_changes(before: Feed, after: Feed) -> tuple[FieldChange, ...]:
    pairs = (
        (part.name, getattr(before, part.name), getattr(after, part.name)) for part in fields(Feed)
    )
    return tuple(
        FieldChange(key=key, before=field_text(old), after=field_text(new))
        for key, old, new in pairs
        if old != new
    )


def _is_watched(feed: Feed | None) -> bool:
    return feed is not None and feed.enabled


def _off(feed: Feed) -> str:
    return "" if feed.enabled else "  (not enabled)"


def _loss_warnings(lost: int, watched: int) -> list[str]:
    if not lost or lost / watched <= CONFIRM_ABOVE:
        return []
    if lost == watched:
        return [f"all {watched} watched feeds would no longer be asked: is the file complete?"]
    return [f"{lost} of {watched} watched feeds would no longer be asked: is the file complete?"]


def _rename_warnings(added: Sequence[Feed], removed: Sequence[Feed]) -> list[str]:
    by_url = {feed.url: feed for feed in removed}
    return [
        f"{by_url[feed.url].id} would become {feed.id}: as a new feed it starts without history, "
        "and its entries count as old news; keep the id and change the title instead"
        for feed in added
        if feed.url in by_url
    ]


def _address_warnings(changed: Sequence[FeedChange]) -> list[str]:
    return [
        f"{change.after.id} gets another address: its state begins anew with the next poll"
        for change in changed
        if change.before.url != change.after.url and change.after.enabled
    ]
