"""Scores a title and a text by a rulebook, and says why, point by point; once for each profile.

The arithmetic, all in whole points: a rule gives its weight once, at the best place where it holds
(the body gives only a share). What the title adds, what further sentences add, the feed's factor,
the likeness to the seeds and the closing at 0 and 100 are lines of their own. The score is the sum
of the lines, always; `require` changes the decision, never the score. No curve, no model.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from monitor.core.languages import language_of
from monitor.core.likeness import features
from monitor.core.reading import Found, Reading
from monitor.core.rulebook import Rulebook
from monitor.core.rules import Decision, Operand, Rule
from monitor.core.sentences import Rank
from monitor.core.values import (
    Band,
    Match,
    Nearest,
    NearMiss,
    ProfileScore,
    Score,
    ScoreInput,
)

FEED_FACTORS = (0.5, 1.5)
SNIPPET = 240  # characters
LANGUAGE_SAMPLE = 1000  # characters that are enough to tell the script
TITLE_SENTENCE = 0
_by_rank = attrgetter("rank", "sentence")


class Occurrence(NamedTuple):
    """One place in which a rule holds. A tuple, because they are made by the hundred."""

    hits: tuple[Found, ...]
    rank: Rank
    sentence: int


@dataclass(frozen=True, slots=True)
class Held:
    """A rule that holds: its best place first, one occurrence a sentence."""

    rule: Rule
    occurrences: tuple[Occurrence, ...]


def score(given: ScoreInput, rulebook: Rulebook) -> Score:
    """Return the explained score of one item. Pure: the same input always gives the same score.

    The text is read once; the default decision and every profile then sum up their own rules.
    """
    reading = Reading(given.title, given.text, rulebook)
    lang = language_of(f"{given.title}\n{given.text[:LANGUAGE_SAMPLE]}", given.lang)
    decision = rulebook.decision
    everything = _held(reading, rulebook, given, lang)
    held = [one for one in everything if one.rule.id in rulebook.default]
    nearest = _nearest(reading, rulebook) if _speaks_for(everything) else ()
    matches = [match for one in held for match in _lines(one, reading, rulebook, decision)]
    computed, raw = _computed(held, given, decision, nearest)
    matches.extend(computed)
    total = min(100, max(0, raw))
    ids = {one.rule.id for one in held}
    band = decide(total, ids, decision)
    return Score(
        score=total,
        raw=raw,
        decision=band,
        lang=lang,
        matches=tuple(matches),
        nearest=nearest if _speaks_for(held) else (),
        near_miss=_near_miss(total, band, ids, reading, rulebook, given, lang),
        version=rulebook.version,
        profiles=_under_profiles(everything, reading, rulebook, given, lang, nearest),
    )


def _held(reading: Reading, book: Rulebook, given: ScoreInput, lang: str | None) -> list[Held]:
    """Return every rule that holds, those of profiles alone among them."""
    return [
        Held(rule, places)
        for rule in book.candidates(reading.present)
        if _applies(rule, given, lang) and (places := occurrences(rule, reading))
    ]


def _under_profiles(
    everything: list[Held],
    reading: Reading,
    book: Rulebook,
    given: ScoreInput,
    lang: str | None,
    nearest: tuple[Nearest, ...],
) -> tuple[ProfileScore, ...]:
    """Return what each profile makes of the rules that hold.

    A profile with a lead of its own has the places of its rules looked up once more, because the
    lead decides what a place is worth; words are never looked up again.
    """
    by_lead = {book.decision.lead: everything}
    found = []
    for profile in book.profiles:
        decision = profile.decision
        if decision.lead not in by_lead:
            reading.lead_by(decision.lead)
            by_lead[decision.lead] = _held(reading, book, given, lang)
        used = book.used[profile.id]
        held = [one for one in by_lead[decision.lead] if one.rule.id in used]
        computed, raw = _computed(held, given, decision, nearest)
        matches = [line for one in held for line in _profile_lines(one, reading, book, decision)]
        total = min(100, max(0, raw))
        band = decide(total, {one.rule.id for one in held}, decision)
        found.append(
            ProfileScore(
                profile=profile.id,
                score=total,
                raw=raw,
                decision=band,
                matches=(*matches, *computed),
                peak=band,
            )
        )
    return tuple(found)


def decide(total: int, held: set[str], decision: Decision) -> Band:
    """Return the best band whose threshold and required rules are met, as are those below it.

    A rule to keep queues an item whatever took its points away.
    """
    best = Band.QUEUE if held.intersection(decision.keep) else Band.REJECT
    for band in (Band.QUEUE, Band.DIGEST, Band.ALERT):
        required = decision.require.get(band, ())
        if band is Band.QUEUE and best is Band.QUEUE:
            continue
        if total < decision.thresholds[band] or (required and not held.intersection(required)):
            break
        best = band
    return best


# ------------------------------------------------------------------ where a rule holds


def _applies(rule: Rule, given: ScoreInput, lang: str | None) -> bool:
    """Tell whether the item is in the rule's scope."""
    return (
        (not rule.langs or lang in rule.langs)
        and (not rule.feeds or given.feed in rule.feeds)
        and (not rule.tags or bool(set(rule.tags).intersection(given.tags)))
        and not _is_over(rule, given.on)
    )


def _is_over(rule: Rule, on: datetime | None) -> bool:
    return rule.until is not None and on is not None and on.date() > rule.until


def occurrences(rule: Rule, reading: Reading) -> tuple[Occurrence, ...]:
    """Return where the rule holds, the best place first, at most one for each sentence."""
    if rule.where == "title" and not _has_title(rule, reading):
        return ()
    for name in rule.none:
        if reading.found(name):
            return ()
    if TITLE_SENTENCE in reading.sentences_of(rule.unless_title):
        return ()
    gates = [reading.either(operand) for operand in rule.all]
    if not all(gates) or (rule.any and not reading.either(rule.any)):
        return ()
    # What depends on something else is no more prominent than that is.
    gate_rank = max((_best_rank(reading, gate) for gate in gates), default=Rank.TITLE)
    spoiled = reading.sentences_of(rule.unless_near)
    by_sentence: dict[int, Occurrence] = {}
    for hits in _combinations(rule, reading, done=by_sentence):
        sentence = hits[0].sentence
        if len(hits) == 1:
            is_spoiled, rank = sentence in spoiled, reading.rank(sentence)
        else:
            places = {hit.sentence for hit in hits}
            is_spoiled = not spoiled.isdisjoint(places)
            rank = max(map(reading.rank, places))
        if is_spoiled or (rule.where != "anywhere" and not _is_in_place(rule, rank)):
            continue
        by_sentence[sentence] = Occurrence(hits, max(rank, gate_rank), sentence)
    if len(by_sentence) < rule.count:
        return ()
    return tuple(sorted(by_sentence.values(), key=_by_rank))


def _has_title(rule: Rule, reading: Reading) -> bool:
    """Tell whether the title holds a word of every part: most titles do not, and that is cheap."""
    parts = (*rule.near, *((rule.any,) if rule.any else ()))
    return all(TITLE_SENTENCE in reading.sentences_of(part) for part in parts)


def _combinations(
    rule: Rule, reading: Reading, *, done: Container[int]
) -> Iterator[tuple[Found, ...]]:
    """Yield the hits that make the rule hold: near ones together, else any one, else one of all.

    Beside `near` or `any` the other conditions only open the gate. Sentences that the caller puts
    into `done` meanwhile are passed over.
    """
    if rule.near:
        yield from reading.near(rule.near, rule.within, done=done)
    elif rule.any:
        for hit in reading.either(rule.any):
            if hit.sentence not in done:
                yield (hit,)
    else:
        yield tuple(_most_telling(reading, operand) for operand in rule.all)


def _best_rank(reading: Reading, hits: Sequence[Found]) -> Rank:
    return min(reading.rank(hit.sentence) for hit in hits)


def _most_telling(reading: Reading, operand: Operand) -> Found:
    """Return the first hit in the best rank; the operand is known to have one."""
    return min(reading.either(operand), key=lambda hit: (reading.rank(hit.sentence), hit.sentence))


def _is_in_place(rule: Rule, rank: Rank) -> bool:
    match rule.where:
        case "title":
            return rank is Rank.TITLE
        case "lead":
            return rank is not Rank.BODY
        case "text":
            return rank is not Rank.TITLE
        case _:
            return True


# ------------------------------------------------------------------ points


def half_up(value: float) -> int:
    """Round to the nearest whole point, halves upwards: 2.5 is 3, -2.5 is -2."""
    return math.floor(value + 0.5)


def _profile_lines(
    held: Held, reading: Reading, book: Rulebook, decision: Decision
) -> Iterator[Match]:
    """Yield a rule's lines under a profile: bare when the default decision shows its places."""
    if held.rule.id not in book.default:
        yield from _lines(held, reading, book, decision)
    elif points := _base_points(held, decision):
        yield _bare(held.rule.id, points)


@lru_cache(maxsize=4096)
def _bare(rule: str, points: int) -> Match:
    return Match(rule=rule, points=points)


def _base_points(held: Held, decision: Decision) -> int:
    """Return what a rule gives at its best place."""
    weight = held.rule.weight
    is_body = held.occurrences[0].rank is Rank.BODY
    return half_up(weight * decision.body) if is_body else weight


def _computed(
    held: Sequence[Held], given: ScoreInput, decision: Decision, nearest: tuple[Nearest, ...]
) -> tuple[list[Match], int]:
    """Return the lines that no words stand behind, and the sum of all lines before the cap."""
    lines = list(_title_and_repeats(held, decision))
    raw = sum(_base_points(one, decision) for one in held) + sum(line.points for line in lines)
    further = list(_feed_line(given, decision, raw))
    # Likeness in everyday words alone is no likeness: something must speak for the item first.
    if _speaks_for(held):
        further.extend(_seed_line(nearest, decision))
    raw += sum(line.points for line in further)
    lines.extend(further)
    if raw > 100:
        lines.append(Match(rule="cap", points=100 - raw, label="the score ends at 100"))
    elif raw < 0:
        lines.append(Match(rule="cap", points=-raw, label="the score begins at 0"))
    return lines, raw


def _speaks_for(held: Sequence[Held]) -> bool:
    return any(one.rule.weight > 0 for one in held)


def _lines(held: Held, reading: Reading, book: Rulebook, decision: Decision) -> Iterator[Match]:
    """Yield one line for each hit of the rule's best place; the first carries the points."""
    best = held.occurrences[0]
    points = _base_points(held, decision)
    seen: set[tuple[str, int, int]] = set()
    for hit in (single for found in best.hits for single in found.hits):
        key = (hit.field, hit.start, hit.end)
        if key in seen:
            continue
        seen.add(key)
        yield Match(
            rule=held.rule.id,
            points=points,
            field=hit.field,
            entity=hit.name,
            surface=reading.given(hit.field)[hit.start : hit.end],
            start=hit.start,
            end=hit.end,
            snippet=snippet(reading, hit),
            label=book.label(hit.name),
        )
        points = 0


def snippet(reading: Reading, hit: Found) -> str:
    """Return the hit's sentence with single spaces, cut around the hit when it is long."""
    place = reading.sentence(hit.sentence)
    text = reading.given(hit.field)
    start, end = place.start, place.end
    if end - start > SNIPPET:
        room = max(0, SNIPPET - (hit.end - hit.start)) // 2
        start, end = max(start, hit.start - room), min(end, hit.end + room)
    cut = " ".join(text[start:end].split())
    return f"{'…' if start > place.start else ''}{cut}{'…' if end < place.end else ''}"


def _title_and_repeats(held: Sequence[Held], decision: Decision) -> Iterator[Match]:
    """Yield the line for what the title adds and the line for what further sentences add."""
    title: dict[str, int] = {}
    repeat: dict[str, int] = {}
    for one in held:
        weight = one.rule.weight
        if one.occurrences[0].rank is Rank.TITLE:
            title[one.rule.id] = half_up(weight * (decision.title - 1))
        further = len(one.occurrences) - 1
        if further and weight > 0 and not one.rule.once:
            share = min(decision.repeat_rate * math.log2(1 + further), decision.repeat_cap)
            repeat[one.rule.id] = half_up(weight * share)
    if any(title.values()):
        yield Match(
            rule="title", points=sum(title.values()), label=_listed("said in the title", title)
        )
    if any(repeat.values()):
        label = _listed("said again in other sentences", repeat)
        yield Match(rule="repeat", points=sum(repeat.values()), label=label)


def _listed(what: str, points: Mapping[str, int]) -> str:
    return f"{what}: " + ", ".join(f"{rule} {value:+d}" for rule, value in points.items() if value)


def _feed_line(given: ScoreInput, decision: Decision, subtotal: int) -> Iterator[Match]:
    low, high = FEED_FACTORS
    factor = given.weight * decision.feeds.get(given.feed or "", 1.0)
    factor = min(high, max(low, factor))
    points = half_up(subtotal * (factor - 1)) if subtotal > 0 else 0
    if points:
        yield Match(rule="feed", points=points, label=f"factor {factor:g} of the feed")


def _nearest(reading: Reading, book: Rulebook) -> tuple[Nearest, ...]:
    text = f"{reading.folded['title'].text}\n{reading.folded['text'].text}"
    return book.likeness.nearest(features(text, reading.entity_names))


def _seed_line(nearest: tuple[Nearest, ...], decision: Decision) -> Iterator[Match]:
    """Yield the points for likeness to the nearest seed, bounded."""
    if not nearest or not decision.seed_points:
        return
    best = nearest[0]
    share = (best.similarity - decision.seed_from) / (decision.seed_to - decision.seed_from)
    points = half_up(decision.seed_points * min(1.0, max(0.0, share)))
    if points:
        words = ", ".join(name.removeprefix("@") for name in best.shared)
        yield Match(rule="seed", points=points, label=f"like {best.seed}: {words}")


# ------------------------------------------------------------------ what was missing


def _near_miss(
    total: int,
    band: Band,
    held: set[str],
    reading: Reading,
    book: Rulebook,
    given: ScoreInput,
    lang: str | None,
) -> NearMiss | None:
    """Return what kept the item under the next band; None for an alert, or without any hit."""
    if band is Band.ALERT or not (total or held):
        return None
    wanted = list(Band)[band.rank + 1]
    decision = book.decision
    short_by = max(0, decision.thresholds[wanted] - total)
    required = decision.require.get(wanted, ())
    if required and not held.intersection(required):
        candidates = [rule for rule in book.rules if rule.id in required]
    else:
        candidates = [
            rule
            for rule in book.rules
            if rule.id not in held and rule.id in book.default and rule.weight >= max(1, short_by)
        ]
    usable = [rule for rule in candidates if _applies(rule, given, lang)]
    ranked = sorted(usable, key=lambda rule: (_missing_count(rule, reading), -rule.weight, rule.id))
    return NearMiss(band=wanted, short_by=short_by, missing=tuple(rule.id for rule in ranked[:3]))


def _missing_count(rule: Rule, reading: Reading) -> int:
    """Return how many of the rule's words are not in the text at all; 0: there, but not near."""
    operands = (*rule.near, *rule.all, *((rule.any,) if rule.any else ()))
    return sum(not reading.either(operand) for operand in operands)


def occurrences_in(rule: Rule, sentence: str, book: Rulebook) -> tuple[Occurrence, ...]:
    """Return where a rule holds in one sentence, scope and date aside: for its examples."""
    return occurrences(rule, Reading("", sentence, book))
