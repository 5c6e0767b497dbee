"""The coverage statement in words: what was watched, what was not, and what that means. Pure.

The sentences follow `monitor.core.coverage`; a feed is named in one of them only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.view import Reader
from monitor.catalogues.words import ERRORS
from monitor.core.coverage import Coverage, FeedLine, Group

_NAMED = 8  # feeds of one group that are named; the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageView:
    """The statement, ready to print: one heading sentence, then a line for each thing to say."""

    verdict: str  # what a silence is worth today
    is_blind: bool
    lines: tuple[str, ...]
    url: str | None  # where the lists behind the numbers are


def coverage_view(said: Coverage, who: Reader) -> CoverageView:
    """Return the statement in the reader's language."""
    lines = [
        who.ngettext(
            "Watched %(watched)d of %(num)d feed.",
            "Watched %(watched)d of %(num)d feeds.",
            said.expected_count,
            watched=said.watched_count,
        ),
        who.ngettext(
            "%(num)d new entry read, %(matched)d matched.",
            "%(num)d new entries read, %(matched)d matched.",
            said.counts.read,
            matched=said.counts.matched,
        ),
    ]
    if said.counts.waiting:
        waiting = who.ngettext(
            "%(num)d entry still waits to be read.",
            "%(num)d entries still wait to be read.",
            said.counts.waiting,
        )
        lines.append(waiting)
    for group, label in (
        (Group.FAILING, who.gettext("Failing")),
        (Group.UNASKED, who.gettext("Not asked in time, our own fault")),
        (Group.GAPPED, who.gettext("Entries lost between two visits")),
        (Group.QUIET, who.gettext("Answering, but unusually quiet")),
    ):
        found = said.group(group)
        if found:
            lines.append(f"{label}: {_named(found, who)}")
    if unproven := said.group(Group.UNPROVEN):
        never = who.ngettext(
            "%(num)d feed has never answered yet.",
            "%(num)d feeds have never answered yet.",
            len(unproven),
        )
        lines.append(never)
    if said.blind_hours >= 0.5:
        lines.append(
            who.ngettext(
                "Not seen: %(num)d feed-hour, %(share)s of what was to be watched.",
                "Not seen: %(num)d feed-hours, %(share)s of what was to be watched.",
                round(said.blind_hours),
                share=_share(said.blind_share),
            )
        )
    base = who.sender.public_url
    return CoverageView(
        verdict=_verdict(said, who),
        is_blind=said.is_blind,
        lines=tuple(lines),
        url=f"{base}/health" if base else None,
    )


def _verdict(said: Coverage, who: Reader) -> str:
    if not said.expected_count:
        return who.gettext("No feed has answered yet: this mail says nothing about the world.")
    if said.is_blind:
        return who.gettext("We were partly blind: what is missing here may have happened.")
    if said.is_whole and said.group(Group.UNPROVEN):
        return who.gettext("Every feed that has ever answered was watched.")
    if said.is_whole:
        return who.gettext("Everything that was to be watched was watched.")
    return who.gettext("Nearly everything was watched; what was not is listed here.")


def _named(found: Sequence[FeedLine], who: Reader) -> str:
    """Return the feeds of one group in words, the blindest first."""
    names = [_feed(line, who) for line in found[:_NAMED]]
    more = len(found) - _NAMED
    if more > 0:
        names.append(who.ngettext("%(num)d more", "%(num)d more", more))
    return f"{len(found)} ({'; '.join(names)})"


def _feed(line: FeedLine, who: Reader) -> str:
    title = who.theirs(line.watch.title or line.watch.id, 60)
    if line.group is Group.FAILING:
        return ", ".join(part for part in (title, _since(line, who), _cause(line, who)) if part)
    if line.group is Group.GAPPED and line.missed_estimate:
        lost = who.ngettext("about %(num)d entry", "about %(num)d entries", line.missed_estimate)
        return f"{title}, {lost}"
    return title


def _since(line: FeedLine, who: Reader) -> str:
    since = line.watch.failing_since or line.watch.last_good_at
    return who.gettext("since %(time)s") % {"time": who.moment(since)} if since else ""


def _cause(line: FeedLine, who: Reader) -> str:
    if line.watch.http_status is not None and line.watch.http_status >= 400:
        return f"HTTP {line.watch.http_status}"
    known = {code.value: words for code, words in ERRORS.items()}
    return who.gettext(known[line.watch.error]) if line.watch.error in known else ""


def _share(share: float) -> str:
    """Return a share as a whole percentage; a small one is never called nothing."""
    return "< 1 %" if 0 < share < 0.01 else f"{round(share * 100)} %"
