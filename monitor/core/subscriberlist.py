"""Reads a list of subscribers that a person keeps in a table (CSV). Pure.

Either the whole list can be used, or nothing of it is: every problem is named with its line and
column, so that one look mends them all.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from monitor.core.addresses import mail_address
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.telling import QuietPolicy, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.topics import complaint, unknown_topics
from monitor.core.values import Band
from monitor.core.windows import EVERY_DAY, Schedule

COLUMNS = (
    "address", "name", "language", "zone", "at", "days", "minimum", "topics", "languages", "quiet",
    "alerts", "analyst", "clearance",
)  # fmt: skip
LANGUAGES = ("en", "ru", "ko")  # in which a mail can be written
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YES = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False,
        "0": False, "": False}  # fmt: skip
_MOST = 10_000  # rows; a list that is longer was given by mistake


@dataclass
class _Reading:
    """One list being read: where we are, and what is wrong so far."""

    file: str
    now: datetime
    known_topics: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    line: int = 1

    def wrong(self, key: str, message: str) -> None:
        """Note a problem of this line."""
        self.problems.append(Problem(file=self.file, line=self.line, key=key, message=message))


def read_subscribers(
    text: str, *, file: str, now: datetime, topics: Sequence[str] = ()
) -> list[Subscriber]:
    """Return the subscribers of a CSV text whose first line names the columns.

    Only `address` is needed. `at`: local times (`08:00 18:30`); `days`: `mon-fri` or `mon, thu`;
    `minimum`: queue, digest or alert; `topics`: profiles of the rules, several with `|`;
    `languages`: several with spaces; `quiet`: short or skip; `alerts`, `analyst`: yes or no;
    `clearance`: a TLP mark. Commas or semicolons part the columns. `topics` are the profiles that
    there are. Raises ConfigurationErrors with every problem.
    """
    reading = _Reading(file=file, now=now, known_topics=tuple(topics))
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    found: dict[str, Subscriber] = {}
    try:
        columns = [name.strip().lower() for name in rows.fieldnames or ()]
        _check_columns(reading, columns)
        rows.fieldnames = columns
        for row in [] if reading.problems else rows:
            reading.line = rows.line_num
            _take(reading, row, found)
    except csv.Error as error:
        reading.line = rows.line_num
        reading.wrong("", f"no table that can be read: {error}")
    if reading.problems:
        raise ConfigurationErrors(reading.problems)
    return list(found.values())


def read_wishes(
    given: Mapping[str, str], *, address: str, file: str, line: int, now: datetime
) -> tuple[Subscriber, list[Problem]]:
    """Return what a channel wants, written with the same words as a line of the table."""
    reading = _Reading(file=file, now=now, line=line)
    return _subscriber(reading, address, given), reading.problems


def _check_columns(reading: _Reading, columns: list[str]) -> None:
    if "address" not in columns:
        reading.wrong("address", "the first line must name the columns, `address` among them")
    for name in dict.fromkeys(columns):
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            reading.wrong(name[:40], f"unknown column{hint} Known: {', '.join(COLUMNS)}")
        elif columns.count(name) > 1:
            reading.wrong(name, "the column is there twice")


def _take(
    reading: _Reading,
    row: Mapping[str | None, str | list[str] | None],
    found: dict[str, Subscriber],
) -> None:
    """Read one line into `found`."""
    if None in row:
        reading.wrong("", "more values than columns")
        return
    given = {
        str(key): (value or "").strip() for key, value in row.items() if isinstance(value, str)
    }
    if not any(given.values()):
        return
    if len(found) >= _MOST:
        reading.wrong("", f"more than {_MOST} subscribers")
        return
    address = mail_address(given["address"])
    if address is None:
        reading.wrong("address", f"{given['address'][:80]!r} is no address that we can write to")
    elif address in found:
        reading.wrong("address", f"{address} is there twice")
    else:
        found[address] = _subscriber(reading, address, given)


def _subscriber(reading: _Reading, address: str, given: Mapping[str, str]) -> Subscriber:
    def choice(key: str, allowed: tuple[str, ...], default: str) -> str:
        value = given.get(key, "").lower() or default
        if value not in allowed:
            reading.wrong(key, f"{value[:40]!r}: write one of {', '.join(allowed)}")
            return default
        return value

    def yes(key: str) -> bool:
        value = given.get(key, "").lower()
        if value not in _YES:
            reading.wrong(key, f"{value[:40]!r}: write yes or no")
        return _YES.get(value, False)

    bands = tuple(band.value for band in Band if band is not Band.REJECT)
    return Subscriber(
        key=0,
        address=address,
        name=given.get("name", ""),
        language=choice("language", LANGUAGES, "en"),
        minimum=Band(choice("minimum", bands, Band.DIGEST.value)),
        topics=_topics(reading, given.get("topics", "")),
        languages=tuple(given.get("languages", "").lower().replace(",", " ").split()),
        schedule=Schedule(
            zone=_zone(reading, given.get("zone", "")),
            times=_times(reading, given.get("at", "")),
            days=_days(reading, given.get("days", "")),
        ),
        quiet=QuietPolicy(choice("quiet", tuple(QuietPolicy), QuietPolicy.SHORT.value)),
        alerts=yes("alerts"),
        near_misses=yes("analyst"),
        clearance=Tlp(choice("clearance", tuple(Tlp), Tlp.CLEAR.value)),
        since=reading.now,
    )


def _topics(reading: _Reading, written: str) -> tuple[str, ...]:
    topics = tuple(dict.fromkeys(filter(None, (part.strip() for part in written.split("|")))))
    for name, near in unknown_topics(topics, reading.known_topics).items():
        reading.wrong("topics", complaint(name[:40], near, reading.known_topics))
    return topics


def _zone(reading: _Reading, written: str) -> str:
    name = written or "UTC"
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        reading.wrong("zone", f"{name[:40]!r} is no time zone; write one such as Asia/Seoul")
        return "UTC"
    return name


def _times(reading: _Reading, written: str) -> tuple[time, ...]:
    parts = re.split(r"[\s,]+", written) if written else ["08:00"]
    matches = [re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", part) for part in parts]
    if not all(matches):
        reading.wrong("at", f"{written[:40]!r}: write local times such as 08:00 18:30")
    return tuple(sorted({time(int(match[1]), int(match[2])) for match in matches if match}))


def _days(reading: _Reading, written: str) -> tuple[int, ...]:
    if not written:
        return EVERY_DAY
    days: set[int] = set()
    for part in re.split(r"[\s,]+", written.lower()):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            reading.wrong("days", f"{written[:40]!r}: write days such as mon-fri or mon, thu")
            return EVERY_DAY
        start, end = DAYS.index(first), DAYS.index(last or first)
        # sat-mon goes over the end of the week.
        days |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return tuple(sorted(days))
