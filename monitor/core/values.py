"""The words of the house as values: what a feed said, what we read, how we scored and decided.

Every value is frozen; a new one is made when the meaning changes (an `Entry` is what the feed said,
an `Article` what the page said, an `Item` what we keep). Values cross the layers; rows never do.
Times are aware UTC datetimes, durations are timedeltas, offsets are code points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from monitor.core.tlp import Tlp

# ---------------------------------------------------------------- feeds


class FeedState(StrEnum):
    """How a feed is doing, as the health page shows it. One at a time, the worst that holds."""

    UNPROVEN = "unproven"  # never answered with a feed yet
    OK = "ok"
    FAILING = "failing"  # the last poll failed
    EMPTY = "empty"  # a valid feed without entries, though it had some before
    NOT_A_FEED = "not_a_feed"  # answers, but with something that is no feed
    BLOCKED = "blocked"  # a challenge page, 401, 403 or 451
    STALE = "stale"  # answers, but its newest entry is old
    SILENT = "silent"  # quiet for three times its usual gap
    GAP = "gap"  # entries were probably missed between two polls
    GONE = "gone"  # 410, or failing for so long that it is asked weekly
    FLOOD = "flood"  # more entries than we take from one poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One source as the operator configured it (a row of feeds.yaml)."""

    id: str  # the operator's name for it: lower-case letters, digits, hyphens
    url: str
    title: str
    lang: str | None = None
    country: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    enabled: bool = True
    every: timedelta = timedelta(hours=1)
    default_tz: str = "UTC"  # for dates that name no zone
    content: Literal["feed", "page"] = "page"  # where the article text is taken from
    title_only: bool = False  # search feeds: their descriptions are other outlets' headlines
    paywall: bool = False
    weight: float = 1.0  # factor on the score, 0.5 to 1.5
    extract: Literal["default", "precision"] = "default"
    selector: str | None = None  # XPath of the part of a page that is its article
    drop_url: tuple[str, ...] = ()  # addresses of entries to leave out; * stands for anything
    identity: Literal["auto", "id", "link", "title"] = "auto"
    expect_daily: bool = False
    max_age: timedelta = timedelta(days=90)  # older entries are `too_old`
    user_agent: str | None = None
    via: str | None = None  # name of the proxy through which it is asked
    key: str | None = None  # name of what opens it, for paid feeds
    tls: Literal["verified", "unverified"] = "verified"
    evidence: str = ""  # how we know that this address is a feed
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForPoll:
    """A leased feed with what the last good poll left behind."""

    key: int  # the store's number for it
    feed: Feed
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None  # SHA-256 of the last good decoded body, hex
    failure_count: int = 0  # failures in a row
    first_good_at: datetime | None = None  # None: this poll would be its first (backfill)
    last_good_at: datetime | None = None
    last_full_at: datetime | None = None  # of the last good answer with a body, so not of a 304
    in_first_flood: bool = False  # the first document held more than one poll takes; some waits
    newest_entry_at: datetime | None = None  # date of the newest entry it ever showed
    interval: timedelta | None = None  # between the last poll and its due time; None: unknown
    lease_token: str = ""  # a late commit under a lost lease is refused


# ---------------------------------------------------------------- fetching


class ErrorCode(StrEnum):
    """Every way in which asking a server or reading its answer can end badly."""

    BAD_ADDRESS = "bad_address"  # not an http(s) address we can ask
    PRIVATE_ADDRESS = "private_address"  # the guard refused to connect
    DNS_ERROR = "dns_error"
    CONNECT_ERROR = "connect_error"
    CONNECTION_CLOSED = "connection_closed"
    TLS_ERROR = "tls_error"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_READ = "timeout_read"
    TIMEOUT_TOTAL = "timeout_total"
    PROTOCOL_ERROR = "protocol_error"
    TOO_LARGE = "too_large"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    DECODE_ERROR = "decode_error"  # a cut or damaged gzip body
    REDIRECT_ERROR = "redirect_error"
    UNASKED_304 = "unasked_304"
    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    CHALLENGE = "challenge"  # a bot check instead of the page
    GEO_BLOCKED = "geo_blocked"
    LEGAL = "legal"  # 451
    NOT_FOUND = "not_found"  # 404
    GONE = "gone"  # 410
    RATE_LIMITED = "rate_limited"  # 429
    UNAVAILABLE = "unavailable"  # 503
    SERVER_ERROR = "server_error"  # other 5xx
    HTTP_ERROR = "http_error"  # any other status that is no success
    NO_CONTENT = "no_content"  # 204, or a 200 without a body
    PARTIAL_CONTENT = "partial_content"  # 206: half a feed must not look like a whole one
    ROBOTS_DENIED = "robots_denied"
    UNSUPPORTED_TYPE = "unsupported_type"  # a PDF or an image where a page was expected
    NOT_A_FEED = "not_a_feed"
    PARSE_ERROR = "parse_error"
    PARSE_TIMEOUT = "parse_timeout"  # the worker was stopped: time or processor limit
    PARSE_MEMORY = "parse_memory"  # the worker was stopped: memory limit
    PARSE_CRASH = "parse_crash"  # the worker died
    NETWORK_DOWN = "network_down"  # nothing at all can be reached from here
    STORAGE_ERROR = "storage_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET. `tag` comes back untouched on the outcome, so that callers can match them."""

    url: str
    kind: Literal["feed", "page", "robots"] = "feed"
    etag: str | None = None
    last_modified: str | None = None
    user_agent: str | None = None
    via: str | None = None  # name of a proxy in the settings
    key: str | None = None  # name of a key in the settings
    home: str | None = None  # the feed's own address: where its key and its `tls` hold
    verify_tls: bool = True  # False: believe whoever answers under the host of `home`
    tag: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect that was followed."""

    status: int
    url: str  # where it pointed to, absolute


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete, decoded 200 answer."""

    request: Request
    url: str  # the final address, after redirects
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    body_hash: str  # SHA-256 of `body`, hex
    hops: tuple[Hop, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304 to a request that carried a validator."""

    request: Request
    headers: Mapping[str, str]
    hops: tuple[Hop, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The request ended in a documented way. Not an exception: the outside world fails."""

    request: Request
    code: ErrorCode
    detail: str = ""  # one line for the operator; never shown as HTML, never a traceback
    status: int | None = None
    retry_at: datetime | None = None  # Retry-After, made absolute and clamped
    hops: tuple[Hop, ...] = ()
    seconds: float = 0.0


Outcome = Fetched | NotModified | Failed

# ---------------------------------------------------------------- entries and articles


class DateSource(StrEnum):
    """Where `published_at` came from; NONE means that it is unknown and `first_seen_at` counts."""

    FEED = "feed"
    FEED_UPDATED = "feed_updated"
    URL = "url"
    PAGE = "page"
    SUSPECT = "suspect"  # given, but absurd (future, before 1995): kept raw, not used
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the feed said about one article. All texts are clean: no markup, no controls."""

    guid: str | None
    link: str | None  # absolute http(s) address, as the feed gave it (only resolved)
    title: str
    summary: str = ""  # plain text
    content: str = ""  # plain text of the full-text element, if the feed carries one
    published_at: datetime | None = None
    date_source: DateSource = DateSource.NONE
    published_raw: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""  # the outlet named by an aggregator's <source>
    position: int = 0  # place in the document, from 0

    @property
    def text(self) -> str:
        """The longer of what the feed itself carries."""
        return self.content if len(self.content) >= len(self.summary) else self.summary


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document, read. Not `complete`: damaged, and only the readable part is here."""

    format: str  # rss20, atom10, rdf, json1, sitemap ...
    title: str
    lang: str | None
    entries: tuple[Entry, ...]
    unreadable: int = 0  # entries that could not be read at all: each still gets a fate
    complete: bool = True
    notes: tuple[str, ...] = ()
    ttl: timedelta | None = None  # the publisher's wish: ttl, sy:updatePeriod


class TextState(StrEnum):
    """How good the text behind a score is."""

    FULL = "full"  # the page's own text
    FEED = "feed"  # the feed's own text, by configuration or because it was the better one
    TEASER = "teaser"  # the page gave only an opening (paywall)
    CUT = "cut"  # text may be cut: size or nesting limit
    NO_FULL_TEXT = "no_full_text"  # consent wall, script-only page, soft 404
    FETCH_FAILED = "fetch_failed"  # the page could not be had; the feed's own text was scored
    TITLE_ONLY = "title_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What the page said, extracted: the input of scoring."""

    url: str
    title: str
    text: str
    state: TextState
    canonical_url: str | None = None
    lang: str | None = None  # as declared by the page
    published_at: datetime | None = None
    date_source: DateSource = DateSource.NONE
    author: str = ""
    notes: tuple[str, ...] = ()
    error: ErrorCode | None = None  # why the page could not be read, when it could not


class Fate(StrEnum):
    """What became of an entry that a feed showed. Every entry has exactly one (the ledger)."""

    PENDING = "pending"  # page or score still due
    STORED = "stored"
    UNCHANGED = "unchanged"
    REVISION = "revision"
    DUPLICATE = "duplicate"
    TOO_OLD = "too_old"
    OVER_LIMIT = "over_limit"
    EXCLUDED = "excluded"  # the operator's `drop_url`
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What the store remembers of an entry that this feed showed before."""

    key: int
    guid: str | None
    link: str | None  # canonical form
    identity: str
    content_hash: str  # of normalised title and feed text
    item_key: int | None = None
    revision_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with one entry of a poll, and why (the reason is shown to analysts)."""

    entry: Entry
    fate: Fate  # PENDING for new and changed entries: their final fate needs the page
    identity: str
    link: str | None  # canonical form of the entry's link
    content_hash: str
    known: KnownEntry | None = None  # the entry that this one repeats or changes
    twin: int | None = None  # position, in this poll, of the entry that this one repeats
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Entries were probably missed: none of the last poll's entries is in this one."""

    since: datetime  # the last good poll
    until: datetime  # the oldest entry of this poll, or its time when entries are undated
    estimate: int  # how many entries were probably missed, from the feed's usual rate


# ---------------------------------------------------------------- relevance


class Band(StrEnum):
    """Decision bands of an item, worst to best."""

    REJECT = "reject"
    QUEUE = "queue"
    DIGEST = "digest"
    ALERT = "alert"

    @property
    def rank(self) -> int:
        """0 for reject to 3 for alert."""
        return list(Band).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One line of the explanation; computed ones (title, repeat, feed, seed, cap) have no text."""

    rule: str
    points: int
    field: Literal["title", "text"] | None = None
    entity: str | None = None
    surface: str | None = None  # exactly input[start:end] of that field
    start: int | None = None
    end: int | None = None
    snippet: str = ""
    label: str = ""  # English gloss of what was found


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A seed document that the text resembles."""

    seed: str
    similarity: float  # 0 to 1
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """What kept an item under the next band."""

    band: Band  # the band it missed
    short_by: int  # points; 0 when only a required rule was missing
    missing: tuple[str, ...] = ()  # rule ids that would have made the difference, most useful first


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileScore:
    """What an item gets under a profile. `score` is exactly the sum of the points of `matches`.

    A rule that the default decision has too is a bare line here: its places are in `Score`.
    """

    profile: str
    score: int
    raw: int
    decision: Band
    matches: tuple[Match, ...] = ()
    peak: Band = Band.REJECT  # the best band that any of its texts reached, as the store knows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """An explained score. `score` is exactly the sum of the points of `matches`."""

    score: int  # 0 to 100
    raw: int  # before the cap; breaks ties
    decision: Band
    lang: str | None
    matches: tuple[Match, ...]
    nearest: tuple[Nearest, ...] = ()
    near_miss: NearMiss | None = None
    version: str = ""  # hash of rules, corpus and program version
    profiles: tuple[ProfileScore, ...] = ()  # in the order of the rule files


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreInput:
    """What is scored: a title and a text as given, with what is known about where it came from."""

    title: str
    text: str
    lang: str | None = None
    feed: str | None = None  # feed id: for the feed factor and `feeds:` scopes
    tags: tuple[str, ...] = ()
    weight: float = 1.0
    on: datetime | None = None  # for rules with `until:`


class ItemState(StrEnum):
    """The team's decision on an item."""

    NEW = "new"
    CLAIMED = "claimed"
    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEntry:
    """A new or changed entry, leased for reading and scoring."""

    fate_key: int
    entry_key: int
    feed_key: int
    feed: Feed
    entry: Entry
    link: str | None  # canonical
    is_backfill: bool
    is_revision: bool
    item_key: int | None  # the item that a revision belongs to
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEntry:
    """A pending entry after reading and scoring: the input of the second transaction."""

    pending: PendingEntry
    article: Article
    score: Score
    lang: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What we keep: an article with its score and the team's decision on it."""

    key: int
    url: str
    title: str
    text: str
    text_state: TextState
    lang: str | None
    feed_id: str
    outlet: str
    country: str | None
    published_at: datetime | None
    date_source: DateSource
    first_seen_at: datetime
    score: Score
    state: ItemState
    is_backfill: bool
    also_in: tuple[str, ...] = ()  # titles of other feeds that showed it
    revision_count: int = 0
    error: ErrorCode | None = None
    notes: tuple[str, ...] = ()
    peak: Band = Band.REJECT  # the best band that any of its texts reached, as the store knows it
    tlp: Tlp = Tlp.CLEAR  # how far it may travel


class Verdict(StrEnum):
    """What an analyst decided."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """Totals of a round of polls, as `monitor poll --json` prints them."""

    feeds: int = 0
    entries: int = 0
    fates: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
