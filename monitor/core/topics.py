"""Topics: the profiles of the rule files as subscribers and the queue choose them. Pure.

Every item has a band under each profile that its rules had. A topic that an item has no score for
counts by the default decision: the item was scored before there was such a profile, or nobody has
one of that name any more. Telling too much is mended by an edit; a report never told is lost.
The store asks the same question in SQL (`store.profiles`); both must answer alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.core.telling import Subscriber
from monitor.core.values import Band, Item, Match, ProfileScore, Score


def scored_under(item: Item, topic: str) -> ProfileScore | None:
    """Return what an item got under a topic; None when it has no score for it."""
    return next((one for one in item.score.profiles if one.profile == topic), None)


def band_under(item: Item, topic: str) -> Band:
    """Return the best band that any text of the item reached under a topic."""
    found = scored_under(item, topic)
    if found is None:
        return max(item.score.decision, item.peak, key=lambda band: band.rank)
    return max(found.decision, found.peak, key=lambda band: band.rank)


def best_topic(item: Item, topics: Sequence[str]) -> str:
    """Return the topic under which an item stands best: by band, score, then the order given."""

    def standing(topic: str) -> tuple[int, int]:
        found = scored_under(item, topic)
        points = item.score.raw if found is None else found.raw
        return band_under(item, topic).rank, points

    return max(topics, key=standing)


def best_band(item: Item, topics: Sequence[str]) -> Band:
    """Return the band of an item's present text by the default decision, or its best of topics."""
    if not topics:
        return item.score.decision
    return band_under(item, best_topic(item, topics))


def is_of_topics(item: Item, topics: Sequence[str]) -> bool:
    """Tell whether an item is of one of the topics, whatever its minimum.

    What no topic at all claims is of every one: somebody must be told what a person escalated.
    """
    if not topics:
        return True
    if any(band_under(item, topic) is not Band.REJECT for topic in topics):
        return True
    return all(band_under(item, one.profile) is Band.REJECT for one in item.score.profiles)


def item_under(item: Item, topics: Sequence[str]) -> Item:
    """Return the item with the score it has under the best of its reader's topics."""
    found = scored_under(item, best_topic(item, topics)) if topics else None
    if found is None:
        return item
    return replace(item, score=score_under(item.score, found), peak=found.peak)


def score_under(score: Score, under: ProfileScore) -> Score:
    """Return the score that a profile gave, with the places that the default decision found.

    The points still add up: a rule's first line carries what the profile gives for it.
    """
    places: dict[str, list[Match]] = {}
    for match in score.matches:
        if match.field is not None:
            places.setdefault(match.rule, []).append(match)
    lines: list[Match] = []
    for line in under.matches:
        shown = places.pop(line.rule, None) if line.field is None else None
        if shown is None:
            lines.append(line)
        else:
            lines.append(replace(shown[0], points=line.points))
            lines.extend(replace(match, points=0) for match in shown[1:])
    return replace(
        score,
        score=under.score,
        raw=under.raw,
        decision=under.decision,
        matches=tuple(lines),
        near_miss=None,
    )


def unknown_topics(topics: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Map each topic that no profile is named after to the nearest name that is known, or ""."""
    names = list(known)
    found = {}
    for topic in topics:
        if topic not in names:
            near = difflib.get_close_matches(topic, names, n=1, cutoff=0.5)
            found[topic] = near[0] if near else ""
    return found


def orphans(subscribers: Iterable[Subscriber], known: Iterable[str]) -> dict[str, list[str]]:
    """Map topics that active subscribers chose, and no profile is named after, to their addresses.

    They get what the default decision tells until somebody mends it.
    """
    found: dict[str, list[str]] = {}
    names = set(known)
    for one in subscribers:
        for topic in one.topics if one.is_active else ():
            if topic not in names:
                found.setdefault(topic, []).append(one.address)
    return found


def orphan_lines(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what to tell an operator of topics that only subscribers know."""
    return [
        f"no profile is named `{topic}`, which {', '.join(addresses)} chose; "
        "the default decision counts for them"
        for topic, addresses in found.items()
    ]


def complaint(topic: str, near: str, known: Iterable[str]) -> str:
    """Return what to tell a person who wrote a topic that is unknown."""
    names = ", ".join(known)
    hint = f"; did you mean `{near}`?" if near else ""
    has = f"; the rules have: {names}" if names else "; the rules have no profiles"
    return f"no topic is named `{topic}`{hint or has}"


def topic_headings(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the headings of topics, to be kept beside those of rules: `profile:ID` -> heading."""
    return {f"profile:{profile}": label for profile, label in labels.items()}


def topic_heading(topic: str, sections: Mapping[str, str] | None) -> str:
    """Return the heading of a topic, or its name when there is none."""
    return (sections or {}).get(f"profile:{topic}", topic)
