"""What to do with each entry of a poll: new, changed, seen before, said twice, too old, too many.

A decision is never lost and never guessed: every entry gets exactly one, with a reason in words.
An entry is recognised by a ladder: the publisher's id, then the canonical link, then title and
date. A rung that does not tell entries apart (one id for a whole document, one link for all) is
not stood on. Pure: the same poll and the same memory give the same decisions in any order.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.text import content_hash, title_key
from monitor.core.urls import article_number, canonical, siblings, tail
from monitor.core.values import Decision, Entry, Fate, Feed, KnownEntry, ParsedFeed

LIMIT = 2000  # new entries taken from one poll; G6
MAX_REVISIONS = 24  # a live ticker would fill the store with its own past
_TELLING = 40  # code points of headline and text by which alone an entry is recognised
# "N/A", "1", "item": an id that another article may carry tomorrow.
_WEAK_GUID = re.compile(r"\d{0,4}|\D{0,12}")


@dataclass(frozen=True, slots=True)
class _Seen:
    """An entry of this poll with everything it may be recognised by."""

    place: int  # in `parsed.entries`
    entry: Entry
    guid: str | None
    link: str | None  # canonical
    headline: str
    titled: str  # hash of headline and date
    content: str  # content hash
    identity: str = ""


def keys_of(parsed: ParsedFeed) -> list[str]:
    """Return everything by which the store should look for remembered entries of this poll.

    Ids, canonical links (also on the usual sibling hosts), and hashes of title and date; without
    repeats, in order. To be compared with guid, link and identity of what is remembered.
    """
    keys: dict[str, None] = {}
    titled = [_titled(_headline(entry), entry) for entry in parsed.entries]
    repeated = {one for one, count in Counter(titled).items() if count > 1}
    for entry, named in zip(parsed.entries, titled, strict=True):
        guid, link = _guid(entry), canonical(entry.link)
        keys.update(dict.fromkeys(key for key in (guid, link, named) if key))
        if named in repeated:
            keys[_told_by_text(named, content_hash(entry.title, entry.text))] = None
        if link:
            keys.update(dict.fromkeys(siblings(link)))
    return list(keys)


def links_of(parsed: ParsedFeed) -> list[str]:
    """Return the canonical links of a poll, to look for items kept from whatever feed."""
    links = (canonical(entry.link) for entry in parsed.entries)
    return list(dict.fromkeys(link for link in links if link))


def decide(
    parsed: ParsedFeed,
    *,
    feed: Feed,
    known: Sequence[KnownEntry],
    items: Mapping[str, int],
    now: datetime,
    limit: int = LIMIT,
) -> tuple[Decision, ...]:
    """Return one decision for each entry, in the order of the document.

    `known` is what the store remembers under `keys_of(parsed)`, `items` maps canonical links to
    items kept from any feed. New and changed entries are PENDING: their final fate needs the page.
    """
    seen = _told_apart([_seen(*placed) for placed in enumerate(parsed.entries)], feed)
    groups = _grouped(seen, feed)
    decisions: dict[int, Decision] = {}  # by position in the document
    for one, remembered in _recognised(list(groups), feed, known):
        decision = _decided(one, remembered, feed=feed, items=items, now=now)
        decisions[one.place] = decision
    for place in _over_limit(decisions, now, limit):
        decisions[place] = replace(decisions[place], fate=Fate.OVER_LIMIT, reason=_OVER % limit)
    for first, twins in groups.items():
        for one in twins:
            decisions[one.place] = _twin(one, decisions[first.place])
    return tuple(decisions[place] for place in range(len(seen)))


def settled(parsed: ParsedFeed, decisions: Sequence[Decision]) -> bool:
    """Say whether nothing more is to be had from this very document.

    If entries wait over the limit, or the document was cut, its validators must not be kept: a
    304 would hide the rest for good.
    """
    return parsed.complete and not any(one.fate is Fate.OVER_LIMIT for one in decisions)


# ---------------------------------------------------------------- what an entry is known by


def _seen(place: int, entry: Entry) -> _Seen:
    link = canonical(entry.link)
    headline = _headline(entry)
    return _Seen(
        place=place,
        entry=entry,
        guid=_guid(entry),
        link=link if link and tail(link) else None,  # a site's front page is nobody's address
        headline=headline,
        titled=_titled(headline, entry),
        content=content_hash(entry.title, entry.text),
    )


def _guid(entry: Entry) -> str | None:
    return (entry.guid or "").strip() or None


def _headline(entry: Entry) -> str:
    return title_key(entry.title) or title_key(entry.text[:200])


def _titled(headline: str, entry: Entry) -> str:
    when = entry.published_at.isoformat() if entry.published_at else ""
    return "title:" + _digest(headline, when)


def _told_by_text(titled: str, content: str) -> str:
    """Return the last rung, for entries that share headline and date: their text as well."""
    return "title:" + _digest(titled, content)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()


def _told_apart(seen: list[_Seen], feed: Feed) -> list[_Seen]:
    """Forget ids and links that do not tell entries of this document apart.

    An id or a link that entries with different headlines carry, and an id that is none ("N/A")
    beside a link. Better one report twice than two reports as one.
    """
    headlines: dict[tuple[str, str], set[str]] = defaultdict(set)
    contents: dict[str, set[str]] = defaultdict(set)
    for one in seen:
        if one.guid:
            headlines["id", one.guid].add(one.headline)
        if one.link:
            headlines["link", one.link].add(one.headline)
        contents[one.titled].add(one.content)
    told = []
    for one in seen:
        guid, link, titled = one.guid, one.link, one.titled
        if guid and feed.identity != "id":
            is_shared = len(headlines["id", guid]) > 1
            if is_shared or (link and _WEAK_GUID.fullmatch(guid)):
                guid = None
        if link and len(headlines["link", link]) > 1:
            link = None
        if len(contents[titled]) > 1 and feed.identity != "title":
            titled = _told_by_text(titled, one.content)
        told.append(replace(one, guid=guid, link=link, titled=titled))
    return told


def _grouped(seen: list[_Seen], feed: Feed) -> dict[_Seen, list[_Seen]]:
    """Return the entries to decide on, each with those that repeat it in this document.

    Of several entries with one identity the one that says most is decided on.
    """
    groups: dict[str, list[_Seen]] = defaultdict(list)
    owners: dict[str, str] = {}  # link -> identity of the entries that have it
    for one in sorted(seen, key=lambda one: (one.guid or "", one.link or "", one.content)):
        identity = _rung(one, feed)
        if one.link and feed.identity in ("auto", "link"):
            identity = owners.setdefault(one.link, identity)
        groups[identity].append(replace(one, identity=identity))
    grouped = {}
    for group in groups.values():
        group.sort(key=_telling)
        grouped[group[0]] = group[1:]
    return grouped


def _telling(one: _Seen) -> tuple[int, bool, bool, str, str, str, str, int]:
    """Order by how much an entry says; the place only decides between entries that are alike."""
    entry = one.entry
    at = entry.published_at.isoformat() if entry.published_at else ""
    length = -len(entry.text)
    return (
        length,
        one.link is None,
        not at,
        at,
        one.content,
        one.link or "",
        one.guid or "",
        one.place,
    )


def _rung(one: _Seen, feed: Feed) -> str:
    """Return the first rung of the ladder that holds this entry."""
    if feed.identity == "title":
        return one.titled
    if feed.identity == "link":
        return one.link or one.titled
    return one.guid or one.link or one.titled


# ---------------------------------------------------------------- what the store remembers


def _recognised(
    firsts: list[_Seen], feed: Feed, known: Sequence[KnownEntry]
) -> list[tuple[_Seen, KnownEntry | None]]:
    """Pair entries with remembered ones, rung by rung; each remembered entry is taken once."""
    memory = _Memory(known, trusts_ids=feed.identity == "id")
    pairs: dict[int, KnownEntry] = {}
    for rung in _rungs(feed):
        for one in firsts:
            if one.place not in pairs and (found := memory.take(rung, one)):
                pairs[one.place] = found
    recognised: list[tuple[_Seen, KnownEntry | None]] = []
    for one in firsts:
        found = pairs.get(one.place)
        if found is None and memory.is_used(one.identity):
            # The publisher gave one article's id to another: the next rung must do.
            rungs = (one.link, one.titled, _told_by_text(one.titled, one.content))
            free = [rung for rung in rungs if rung and not memory.is_used(rung)]
            one = replace(one, identity=free[0] if free else one.identity)
        recognised.append((one, found))
    return recognised


def _rungs(feed: Feed) -> tuple[str, ...]:
    """Return the order in which memory is searched."""
    return {
        "auto": ("identity", "guid", "link", "tail", "titled", "content"),
        "id": ("identity", "guid", "titled", "content"),
        "link": ("identity", "link", "tail", "titled", "content"),
        "title": ("identity", "titled"),
    }[feed.identity]


class _Memory:
    """Remembered entries by each of their marks."""

    def __init__(self, known: Sequence[KnownEntry], *, trusts_ids: bool) -> None:
        self._trusts_ids = trusts_ids
        self._taken: set[int] = set()
        self._by: dict[tuple[str, object], list[KnownEntry]] = defaultdict(list)
        for one in sorted(known, key=lambda one: one.key):
            self._by["identity", one.identity].append(one)
            self._by["titled", one.identity].append(one)
            self._by["content", one.content_hash].append(one)
            if one.guid:
                self._by["guid", one.guid].append(one)
            if one.link:
                self._by["link", one.link].append(one)
                self._by["tail", tail(one.link)].append(one)

    def take(self, rung: str, one: _Seen) -> KnownEntry | None:
        """Return the remembered entry that `one` is, by this mark, and let nobody else take it."""
        is_id = rung in ("identity", "guid") and not self._trusts_ids
        for found in self._by.get((rung, _mark(rung, one)), ()):
            if found.key in self._taken or (is_id and _contradict(one.link, found.link)):
                continue
            self._taken.add(found.key)
            return found
        return None

    def is_used(self, identity: str) -> bool:
        """Say whether an entry is remembered under this identity."""
        return ("identity", identity) in self._by


def _mark(rung: str, one: _Seen) -> object:
    if rung == "tail":
        return tail(one.link) if one.link else ""
    if rung == "content" and len(one.headline) + len(one.entry.text) < _TELLING:
        return ""  # "Photo of the day": too little to be recognised by
    return getattr(one, rung)


def _contradict(link: str | None, other: str | None) -> bool:
    """Say whether two links carry different article numbers: one id then stands for two."""
    if not link or not other or link == other:
        return False
    number, other_number = article_number(link), article_number(other)
    return bool(number and other_number and number != other_number)


# ---------------------------------------------------------------- fates

_NEW = "New in this feed."
_OLD = "Published %s, more than %d days ago: older than this feed's max_age."
_EXCLUDED = "Left out by the operator: its address matches drop_url %s."
_KEPT = "This address is already kept as item %d."
_SAME = "Seen before and unchanged."
_CHANGED = "Changed since it was last seen: to be read again."
_CAPPED = "Changed again, but %d earlier versions are kept already; it is not read any more."
_OVER = "More than %d new entries in one poll: the newest are read, this one waits for a next poll."
_NOTHING = "The entry has neither headline, text nor link."
_TWIN = "Said twice in this document: the same as entry %d."
_TWIN_SAME = "Said twice in this document; seen before and unchanged."


def _decided(
    one: _Seen,
    remembered: KnownEntry | None,
    *,
    feed: Feed,
    items: Mapping[str, int],
    now: datetime,
) -> Decision:
    fate, reason = Fate.PENDING, _NEW
    published = one.entry.published_at
    is_old = published is not None and published < now - feed.max_age
    if remembered is not None:
        if remembered.content_hash == one.content:
            fate, reason = Fate.UNCHANGED, _SAME
        elif remembered.revision_count >= MAX_REVISIONS:
            fate, reason = Fate.UNCHANGED, _CAPPED % MAX_REVISIONS
        else:
            reason = _CHANGED
    elif not (one.headline or one.link):
        fate, reason = Fate.UNREADABLE, _NOTHING
    elif one.link is not None and one.link in items:
        fate, reason = Fate.DUPLICATE, _KEPT % items[one.link]
    if fate is Fate.PENDING and (remembered is None or remembered.item_key is None):
        pattern = _dropped_by(one, feed)
        if pattern is not None:
            fate, reason = Fate.EXCLUDED, _EXCLUDED % pattern
        elif is_old:
            assert published is not None
            fate, reason = Fate.TOO_OLD, _OLD % (published.date().isoformat(), feed.max_age.days)
    return Decision(
        entry=one.entry,
        fate=fate,
        identity=one.identity,
        link=one.link,
        content_hash=one.content,
        known=remembered,
        reason=reason,
    )


def _dropped_by(one: _Seen, feed: Feed) -> str | None:
    """Return the pattern of `drop_url` that leaves an entry out, if any.

    Such an entry has a fate of its own and a row like any other: it was neither too old nor too
    much nor unreadable, and whoever asks why it is missing must be told whose word it was.
    """
    links = [link for link in (one.entry.link, one.link) if link]
    found = (pattern for pattern in feed.drop_url if any(_fits(pattern, link) for link in links))
    return next(found, None)


def _fits(pattern: str, text: str) -> bool:
    """Say whether a text is what a pattern says, in which `*` stands for any characters."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    *middle, last = others
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(last) and len(text) - len(last) >= at


def _twin(one: _Seen, first: Decision) -> Decision:
    """Return the decision on an entry that repeats another one of the same document."""
    if first.fate is Fate.UNREADABLE:
        return replace(first, entry=one.entry)
    is_same = first.fate is Fate.UNCHANGED
    return replace(
        first,
        entry=one.entry,
        fate=Fate.UNCHANGED if is_same else Fate.DUPLICATE,
        content_hash=one.content,
        twin=first.entry.position,
        reason=_TWIN_SAME if is_same else _TWIN % (first.entry.position + 1),
    )


def _over_limit(decisions: Mapping[int, Decision], now: datetime, limit: int) -> list[int]:
    """Return the places of the new entries beyond the newest `limit`; undated ones count as new."""
    new = [
        place
        for place, decision in decisions.items()
        if decision.fate is Fate.PENDING and decision.known is None
    ]
    new.sort(key=lambda place: (decisions[place].entry.published_at or now, -place), reverse=True)
    return new[limit:]
