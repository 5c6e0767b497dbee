"""The commands' answers as text for people and as JSON for scripts. Turns values into words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.catalogues import words
from monitor.core.reports import FateReport, FirstRun
from monitor.core.text import counted
from monitor.core.values import Band, Item, Match, ProfileScore, Score
from monitor.trial import Trial

_WIDTH = 76  # of a title in a terminal line


def first_run_text(first: FirstRun) -> str:
    """Return how the first polls went: one line, the unproven ones grouped."""
    odd = "is not a feed" if first.not_a_feed == 1 else "are not feeds"
    text = f"{counted(first.answered, 'feed')} answered, {first.silent} did not, "
    text += f"{first.not_a_feed} {odd}."
    if first.waiting:
        text += f" {counted(first.waiting, 'was', 'were')} not asked yet."
    if first.silent or first.not_a_feed:
        text += " See `monitor feeds check`; feeds that never answered are asked once a day."
    return text


# ---------------------------------------------------------------- scores


def score_json(score: Score) -> dict[str, Any]:
    """Return a score with the keys that scripts rely on (without the id)."""
    return {
        "score": score.score,
        "raw": score.raw,
        "decision": score.decision.value,
        "lang": score.lang,
        "matches": [match_json(match) for match in score.matches],
        "nearest": [
            {"seed": near.seed, "similarity": near.similarity, "shared": list(near.shared)}
            for near in score.nearest
        ],
        "near_miss": None
        if score.near_miss is None
        else {
            "band": score.near_miss.band.value,
            "short_by": score.near_miss.short_by,
            "missing": list(score.near_miss.missing),
        },
        "version": score.version,
        "profiles": {one.profile: _profile_json(one) for one in score.profiles},
    }


def _profile_json(one: ProfileScore) -> dict[str, Any]:
    return {
        "score": one.score,
        "raw": one.raw,
        "decision": one.decision.value,
        "points": [[line.rule, line.points] for line in one.matches],
    }


def match_json(match: Match) -> dict[str, Any]:
    """Return one line of an explanation."""
    return {
        "rule": match.rule,
        "points": match.points,
        "field": match.field,
        "entity": match.entity,
        "surface": match.surface,
        "start": match.start,
        "end": match.end,
        "snippet": match.snippet,
        "label": match.label,
    }


def score_text(score: Score) -> str:
    """Return a score as a sum that a person can check."""
    lines = [
        f"{match.points:+4d}  {match.rule:<24} {_found(match)}".rstrip()
        for match in score.matches
        if match.points or match.surface is None
    ]
    lines.append(f"{score.score:4d}  = {score.decision.value.upper()}")
    if score.near_miss is not None:
        near = score.near_miss
        wanted = f"; would help: {', '.join(near.missing)}" if near.missing else ""
        lines.append(f"      {near.short_by} points short of {near.band.value}{wanted}")
    lines += [
        f"{one.score:4d}  = {one.decision.value.upper()} under {one.profile}"
        for one in score.profiles
        if one.score or one.decision is not Band.REJECT
    ]
    lines += [f"      near to seed {near.seed} ({near.similarity:.2f})" for near in score.nearest]
    lines.append(f"      rules {score.version}")
    return "\n".join(lines)


def _found(match: Match) -> str:
    if match.surface is None:
        return ""
    gloss = f" [{match.label}]" if match.label else ""
    return f"{match.field}: {match.surface}{gloss}"


# ---------------------------------------------------------------- trials


def trial_text(trial: Trial, *, now: datetime) -> str:
    """Return a dry run for a person."""
    kind = f" ({trial.format})" if trial.format else ""
    lines = [f"{trial.feed.url}: {trial.status.value}{kind}"]
    if trial.error is not None:
        lines.append(f"  {trial.error.value}: {trial.detail or words.ERRORS[trial.error]}")
    hours = (trial.next_due_at - now).total_seconds() / 3600
    again = f"; would be asked again in {hours:.1f} h" if hours > 0 else ""
    lines.append(f"  entries judged: {len(trial.items)}{again}")
    if trial.fates:
        entries = counted(len(trial.fates), "entry", "entries")
        lines.append(f"  {entries} would not become items: too old, or repeated")
    lines += [item_line(item) for item in trial.items]
    return "\n".join(lines)


def item_line(item: Item) -> str:
    """Return an item in one line of a terminal, with what it reaches under profiles."""
    title = item.title if len(item.title) <= _WIDTH else item.title[: _WIDTH - 1] + "…"
    bands = [
        f"{one.profile} {one.decision.value}"
        for one in item.score.profiles
        if one.decision is not Band.REJECT
    ]
    under = f"  [{', '.join(bands)}]" if bands else ""
    return f"  {item.score.score:3d} {item.score.decision.value:<6} {title}{under}"


# ---------------------------------------------------------------- why


def why_text(report: FateReport) -> str:
    """Return what the ledger knows, oldest first."""
    if not report.is_known:
        return f"{report.asked}: no feed ever showed this address."
    lines = [report.link or report.asked]
    for line in report.lines:
        reason = f": {line.reason}" if line.reason else ""
        at = line.polled_at.strftime("%Y-%m-%d %H:%M")
        lines.append(f"  {at} UTC  {line.feed_id}: {line.fate.value}{reason}")
    if report.item is not None:
        item = report.item
        lines.append(f"  item {item.key}: {item.title}")
        lines.append(f"  state {item.state.value}, text {item.text_state.value}")
        lines += ["  " + text for text in score_text(item.score).splitlines()]
    lines += [
        f"  {line.given_at:%Y-%m-%d %H:%M} UTC  {line.actor}: {line.verdict.value}"
        + (" (undone)" if line.undone_at else "")
        for line in report.verdicts
    ]
    return "\n".join(lines)


def why_json(report: FateReport) -> dict[str, Any]:
    """Return what the ledger knows, for scripts."""
    item = report.item
    return {
        "asked": report.asked,
        "link": report.link,
        "known": report.is_known,
        "fates": [
            {
                "feed": line.feed_id,
                "polled_at": line.polled_at.isoformat(),
                "fate": line.fate.value,
                "reason": line.reason,
                "item": line.item_key,
            }
            for line in report.lines
        ],
        "item": None
        if item is None
        else {
            "id": item.key,
            "title": item.title,
            "url": item.url,
            "state": item.state.value,
            "text_state": item.text_state.value,
            **score_json(item.score),
        },
    }
