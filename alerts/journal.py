"""What was told, written down outside of the database: one line for each digest and each mail sent.

A database that is put back from a copy has forgotten what was told since; without this file it
would tell it again. So the file is only ever added to while mails are made, each line is on the
disk before the mail counts as sent, and a restored database asks it: was this window told, was this
message sent, did this reader already get that article?

It names nobody: readers are numbers, articles are hashes of their addresses. A line that cannot be
read is passed over. A file that cannot be written is told to the operator and stops no mail: a copy
too many after a restore is the smaller harm.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import structlog

from monitor.core.telling import Digest, Message, Subscriber

log = structlog.get_logger(__name__)

# A copy that is older than this is put back by nobody who still expects digests to fit.
KEPT_FOR = timedelta(days=60)
_TRIMMED_AT = 4 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A window that was told to a reader."""

    period: str
    start: datetime
    end: datetime
    made_at: datetime
    message_id: str | None  # None: no mail was due
    links: frozenset[str] | None  # hashes; None: a person says that everything was told


@dataclass(slots=True)
class _Read:
    """The file as it was when it had this size."""

    size: int = -1
    told: dict[str, list[Told]] = field(default_factory=dict)
    sent: dict[str, datetime] = field(default_factory=dict)
    alerted: dict[str, list[tuple[str, frozenset[str]]]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    until: datetime | None = None


class Journal:
    """The file. Thread-safe; several processes may add to it."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`; it is made with the first line."""
        self._path = path
        self.trouble = ""  # why the last line could not be written; empty: it was
        self._lock = Lock()
        self._read = _Read()

    # ------------------------------------------------------------ writing

    def made(self, digest: Digest, message: Message | None) -> None:
        """Note that a digest is in the database; without a mail it counts as told."""
        window = digest.window
        self._add(
            {
                "made": _who(digest.subscriber),
                "period": window.period,
                "start": window.start.isoformat(),
                "end": window.end.isoformat(),
                "at": digest.made_at.isoformat(),
                "id": message.message_id if message else None,
                "links": sorted(_links(digest)),
            }
        )

    def alerted(self, digest: Digest, message: Message) -> None:
        """Note which articles an alert tells."""
        self._add(
            {
                "alerted": _who(digest.subscriber),
                "at": digest.made_at.isoformat(),
                "id": message.message_id,
                "links": sorted(_links(digest)),
            }
        )

    def sent(self, message_id: str, at: datetime) -> None:
        """Note that a server accepted a message."""
        self._add({"sent": message_id, "at": at.isoformat()})

    def left(self, subscriber: Subscriber, at: datetime) -> None:
        """Note that a reader gets no mail any more. Coming back begins another subscription."""
        self._add({"left": _who(subscriber), "at": at.isoformat()})

    def told_until(self, moment: datetime, now: datetime) -> None:
        """Note that a person says: everything that was due until then has been told."""
        self._add({"until": moment.isoformat(), "at": now.isoformat()})

    # ------------------------------------------------------------ asking

    def later(self, subscriber: Subscriber, last_end: datetime) -> list[Told]:
        """Return the windows that were told to a reader after `last_end`, oldest first.

        A window whose mail no server accepted was not told.
        """
        read = self._current()
        return sorted(
            (
                told
                for told in read.told.get(_who(subscriber), ())
                if told.end > last_end and (told.message_id is None or told.message_id in read.sent)
            ),
            key=lambda told: told.end,
        )

    def has_left(self, subscriber: Subscriber) -> bool:
        """Say whether a reader had left, though the store may have forgotten it."""
        return _who(subscriber) in self._current().left

    def until(self) -> datetime | None:
        """Return the moment until which a person said that everything was told."""
        return self._current().until

    def links_told(self, subscriber: Subscriber) -> frozenset[str]:
        """Return hashes of the articles that digests told a reader."""
        read = self._current()
        found = [
            told.links or frozenset()
            for told in read.told.get(_who(subscriber), ())
            if told.message_id in read.sent
        ]
        return frozenset().union(*found)

    def links_alerted(self, subscriber: Subscriber) -> frozenset[str]:
        """Return hashes of the articles that alerts told a reader."""
        read = self._current()
        found = [links for id_, links in read.alerted.get(_who(subscriber), ()) if id_ in read.sent]
        return frozenset().union(*found)

    def was_sent(self, message_id: str, *, since: datetime) -> bool:
        """Say whether a server accepted a message at or after the moment it was last asked for."""
        at = self._current().sent.get(message_id)
        return at is not None and at >= since

    # ------------------------------------------------------------ the file

    def trim(self, now: datetime) -> None:
        """Drop lines that are older than any copy worth putting back, when the file is large."""
        with self._lock:
            if not self._path.exists() or self._path.stat().st_size < _TRIMMED_AT:
                return
            kept = [line for line in _lines(self._path) if _moment(line.get("at")) > now - KEPT_FOR]
            part = self._path.with_suffix(".part")
            with part.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in kept)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
            self._read = _Read()

    def _add(self, line: dict[str, Any]) -> None:
        with self._lock:
            # One write of one line: what others add at the same moment stands before or after it.
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("ab", buffering=0) as file:
                    # The line break in front ends a line that a crash cut off.
                    file.write(b"\n" + json.dumps(line, separators=(",", ":")).encode() + b"\n")
                    os.fsync(file.fileno())
            except OSError as error:
                self.trouble = f"{self._path}: {error.strerror or error}"
                log.warning("journal.failed", detail=self.trouble)
            else:
                self.trouble = ""

    def _current(self) -> _Read:
        with self._lock:
            size = self._path.stat().st_size if self._path.exists() else 0
            if size != self._read.size:
                self._read = _gathered(_lines(self._path) if size else (), size)
            return self._read


def link_hash(url: str) -> str:
    """Return 64 bits of a hash of an article's address."""
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:16]


def _who(subscriber: Subscriber) -> str:
    """Return a reader's number, with the begin of the subscription: a number may be given again."""
    return f"{subscriber.key}@{subscriber.since.astimezone(UTC):%Y%m%dT%H%M%S}"


def _links(digest: Digest) -> set[str]:
    items = [item for story in digest.stories for item in (story.item, *story.also)]
    return {link_hash(item.url) for item in items if item.url}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines that can be read; the last one may have been cut off by a crash."""
    with path.open("rb") as file:
        for raw in file:
            if raw.isspace():
                continue
            try:
                line = json.loads(raw)
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line


def _gathered(lines: Iterable[dict[str, Any]], size: int) -> _Read:
    read = _Read(size=size)
    for line in lines:
        if "made" in line:
            read.told.setdefault(str(line["made"]), []).append(
                Told(
                    period=str(line.get("period")),
                    start=_moment(line.get("start")),
                    end=_moment(line.get("end")),
                    made_at=_moment(line.get("at")),
                    message_id=line.get("id"),
                    links=frozenset(line.get("links", ())),
                )
            )
        elif "alerted" in line:
            links = frozenset(line.get("links", ()))
            read.alerted.setdefault(str(line["alerted"]), []).append((str(line.get("id")), links))
        elif "left" in line:
            read.left.add(str(line["left"]))
        elif "sent" in line:
            read.sent[str(line["sent"])] = _moment(line.get("at"))
        elif "until" in line:
            moment = _moment(line["until"])
            read.until = max(moment, read.until or moment)
    return read


def _moment(said: object) -> datetime:
    return datetime.fromisoformat(str(said))
