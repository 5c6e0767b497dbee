"""A subscriber as a form and as a line of a table: what is asked, given, and wrong. Pure.

A form's fields are the columns of the table, so that both are read by the same rules. What is wrong
is named by field; the page has the words for it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.core.addresses import mail_address
from monitor.core.exports import safe_cell
from monitor.core.subscriberlist import COLUMNS, DAYS, read_wishes
from monitor.core.telling import Subscriber
from monitor.core.windows import EVERY_DAY

NAME_LENGTH = 100
MOST_TIMES = 12
# Of items: what the rules can read. Others may be written beside them.
ITEM_LANGUAGES = ("en", "ru", "ko", "ja", "zh")
# Kept out of the trail of changes: they would outlive an erased subscriber there.
PERSONAL = ("address", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form that was sent in: what it says as text, what that means, and what is wrong with it."""

    values: Mapping[str, str]  # by column
    subscriber: Subscriber | None
    problems: Collection[str] = field(default_factory=tuple)  # columns


def row_of(subscriber: Subscriber) -> dict[str, str]:
    """Return a subscriber as the columns of the table."""
    schedule = subscriber.schedule
    every = set(schedule.days) == set(EVERY_DAY)
    return {
        "address": subscriber.address,
        "name": subscriber.name,
        "language": subscriber.language,
        "zone": schedule.zone,
        "at": " ".join(f"{at:%H:%M}" for at in schedule.times),
        "days": "" if every else " ".join(DAYS[day] for day in sorted(schedule.days)),
        "minimum": subscriber.minimum.value,
        "topics": "|".join(subscriber.topics),
        "languages": " ".join(subscriber.languages),
        "quiet": subscriber.quiet.value,
        "alerts": "yes" if subscriber.alerts else "no",
        "analyst": "yes" if subscriber.near_misses else "no",
        "clearance": subscriber.clearance.value,
    }


def table_of(subscribers: Iterable[Subscriber]) -> str:
    """Return subscribers as CSV that `read_subscribers` takes again, safe in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in subscribers:
        row = row_of(one)
        writer.writerow([safe_cell(row[name]) for name in COLUMNS])
    return out.getvalue()


def fingerprint(subscriber: Subscriber) -> str:
    """Return a hash of what can be chosen: a form says with it which state it was made from."""
    said = "\0".join(row_of(subscriber).values())
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def fill(form: Mapping[str, str], *, topics: Collection[str], now: datetime) -> Filled:
    """Read the form that the page makes. `topics` are the profiles that there are.

    Check boxes have names of their own: `day-0` to `day-6`, `topic-ID`, `lang-CODE`.
    """
    values = {name: " ".join(form.get(name, "").split()) for name in COLUMNS}
    values["name"] = "".join(c for c in values["name"] if c.isprintable())[:NAME_LENGTH]
    ticked = [number for number in EVERY_DAY if form.get(f"day-{number}")]
    values["days"] = "" if len(ticked) == len(EVERY_DAY) else " ".join(DAYS[day] for day in ticked)
    values["topics"] = "|".join(_ticked(form, "topic-"))
    others = values["languages"].lower().split()
    values["languages"] = " ".join(sorted({*_ticked(form, "lang-"), *others}))
    for name in ("alerts", "analyst"):
        values[name] = "yes" if form.get(name) else "no"
    address = mail_address(values["address"])
    read, found = wishes(values, address=address or "", now=now)
    wrong = dict.fromkeys(found)
    wrong |= dict.fromkeys(["address"] if address is None else [])
    wrong |= dict.fromkeys(["days"] if not ticked else [])
    wrong |= dict.fromkeys(["at"] if len(read.schedule.times) > MOST_TIMES else [])
    wrong |= dict.fromkeys([] if set(read.topics) <= set(topics) else ["topics"])
    wrong |= dict.fromkeys([] if all(map(_is_language, read.languages)) else ["languages"])
    return Filled(values=values, subscriber=None if wrong else read, problems=tuple(wrong))


def wishes(
    row: Mapping[str, str], *, address: str, now: datetime
) -> tuple[Subscriber, tuple[str, ...]]:
    """Return what a row says, and the columns that are wrong. Topics are not looked at."""
    read, problems = read_wishes(row, address=address, file="", line=0, now=now)
    wrong = dict.fromkeys(str(problem.key) for problem in problems if problem.key != "topics")
    return read, tuple(wrong)


def chosen(subscriber: Subscriber, wanted: Subscriber) -> Subscriber:
    """Return a subscriber with the choices of `wanted`; what happened to them stays."""
    return replace(
        wanted,
        key=subscriber.key,
        # Boxes have no order: the same ones ticked are no change.
        topics=_same_order(subscriber.topics, wanted.topics),
        languages=_same_order(subscriber.languages, wanted.languages),
        is_active=subscriber.is_active,
        paused_until=subscriber.paused_until,
        since=subscriber.since,
        # A new address has refused nothing yet.
        bounce_count=subscriber.bounce_count if wanted.address == subscriber.address else 0,
        confirmed_at=subscriber.confirmed_at if wanted.address == subscriber.address else None,
    )


def difference(
    before: Subscriber, after: Subscriber
) -> tuple[dict[str, object], dict[str, object]]:
    """Return what differs, as the trail of changes keeps it: without address and name."""
    old, new = row_of(before), row_of(after)
    changed = [name for name in COLUMNS if old[name] != new[name]]
    return (
        {name: None if name in PERSONAL else old[name] for name in changed},
        {name: None if name in PERSONAL else new[name] for name in changed},
    )


def undone(subscriber: Subscriber, before: Mapping[str, object]) -> Subscriber | None:
    """Return a subscriber with the choices that a line of the trail kept; None: it cannot be."""
    if not before or any(value is None or name not in COLUMNS for name, value in before.items()):
        return None
    row = row_of(subscriber) | {name: str(value) for name, value in before.items()}
    read, wrong = wishes(row, address=subscriber.address, now=subscriber.since)
    return None if wrong else chosen(subscriber, read)


def _same_order(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    return before if set(before) == set(after) else after


def _ticked(form: Mapping[str, str], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in form if name.startswith(prefix)]


def _is_language(code: str) -> bool:
    return 2 <= len(code) <= 3 and code.isascii() and code.isalpha()
