"""Tables of watching: feeds, polls, the entries they showed, each entry's fate, the items kept.

The fate ledger: for each poll, `entries_seen` = `unchanged_count` + the number of its fate rows.
Unchanged entries are only counted, because a row for each (30 entries, 48 polls a day) would drown
the table; only one that comes back under a new address gets a row, once. An entry that is new or
changed has exactly one fate row in the poll that showed it so; `pending` in it becomes a final fate
in place. Nothing is deleted because a publisher deleted it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, Table, UniqueConstraint, literal_column, text
from sqlmodel import Field, SQLModel

from store.tables.base import Json, UTCDateTime


class FeedRow(SQLModel, table=True):
    """A feed of feeds.yaml with everything that polling remembers of it."""

    __tablename__ = "feed"
    __table_args__ = (Index("ix_feed_due", "enabled", "due_at"),)  # lease_feeds

    key: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)  # the operator's name for it
    spec: dict[str, Any] = Field(sa_type=Json)  # the whole `Feed`, see rows.feed_to_json
    enabled: bool  # configured, switched on and still in feeds.yaml
    added_at: datetime = Field(sa_type=UTCDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # left feeds.yaml
    state: str  # FeedState
    due_at: datetime = Field(sa_type=UTCDateTime)
    interval: float | None = None  # seconds from the last good poll to the one planned after it
    lease_owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    lease_token: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failure_count: int = 0  # in a row
    last_error: str | None = None  # ErrorCode of the last poll, None when it was good
    last_detail: str = ""
    last_status: str | None = None  # PollStatus of the last poll
    last_http_status: int | None = None
    failing_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_polled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    first_good_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_good_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_full_at: datetime | None = Field(default=None, sa_type=UTCDateTime)  # with a body: no 304
    in_first_flood: bool = False  # what was there before us is still coming in
    newest_entry_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    found_title: str = ""  # what the feed calls itself
    moved_to: str | None = None  # where permanent redirects point, for the operator to accept
    moved_days: list[str] = Field(default_factory=list, sa_type=Json)  # days on which they did


class PollRow(SQLModel, table=True):
    """One finished poll of one feed."""

    __tablename__ = "poll"
    __table_args__ = (Index("ix_poll_feed", "feed_key", "finished_at"),)  # a feed's history

    key: int | None = Field(default=None, primary_key=True)
    feed_key: int = Field(foreign_key="feed.key")
    started_at: datetime = Field(sa_type=UTCDateTime)
    finished_at: datetime = Field(sa_type=UTCDateTime, index=True)  # ledger totals of a window
    status: str  # PollStatus
    error: str | None = None  # ErrorCode
    detail: str = ""
    http_status: int | None = None
    body_size: int = 0
    format: str = ""
    notes: list[str] = Field(default_factory=list, sa_type=Json)
    entries_seen: int = 0
    unchanged_count: int = 0
    pending_count: int = 0  # new and changed entries at the time of the poll
    is_backfill: bool = False


class GapRow(SQLModel, table=True):
    """Entries were probably missed between two polls of a feed."""

    __tablename__ = "gap"
    __table_args__ = (Index("ix_gap_feed", "feed_key", "found_at"),)

    key: int | None = Field(default=None, primary_key=True)
    feed_key: int = Field(foreign_key="feed.key")
    poll_key: int = Field(foreign_key="poll.key")
    since: datetime = Field(sa_type=UTCDateTime)
    until: datetime = Field(sa_type=UTCDateTime)
    estimate: int
    found_at: datetime = Field(sa_type=UTCDateTime, index=True)


class ItemRow(SQLModel, table=True):
    """An article that we keep, whatever its score: its text, its score and the team's decision."""

    __tablename__ = "item"
    __table_args__ = (
        # The queue: one band or a few, best first.
        Index("ix_item_queue", "peak_band", "state", "score", "raw", "first_seen_at"),
    )

    key: int | None = Field(default=None, primary_key=True)
    link: str | None = Field(default=None, unique=True)  # canonical; None: the entry had none
    url: str
    title: str
    text: str
    text_state: str  # TextState
    lang: str | None = None
    feed_key: int = Field(foreign_key="feed.key", index=True)  # the feed that showed it first
    outlet: str
    country: str | None = None
    author: str = ""
    published_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    date_source: str  # DateSource
    published_raw: str = ""
    first_seen_at: datetime = Field(sa_type=UTCDateTime, index=True)  # digests and windows
    read_at: datetime = Field(sa_type=UTCDateTime)
    is_backfill: bool = False
    score: int
    raw: int
    band: str  # Band of the present text
    peak_band: str  # the best band that any version had: an edit must not hide a report
    # When it became worth telling after it was first seen: an edit raised its band, or a feed
    # showed as news what had only come with another feed's backfill.
    risen_at: datetime | None = Field(default=None, sa_type=UTCDateTime, index=True)
    score_lang: str | None = None
    score_version: str = ""
    nearest: list[Any] = Field(default_factory=list, sa_type=Json)
    near_miss: dict[str, Any] | None = Field(default=None, sa_type=Json)
    state: str  # ItemState
    claimed_by: str | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    revision_count: int = 0
    error: str | None = None  # ErrorCode: why the page could not be read
    notes: list[str] = Field(default_factory=list, sa_type=Json)
    tlp: str = Field(default="clear", sa_column_kwargs={"server_default": "clear"})  # Tlp


class MarkRow(SQLModel, table=True):
    """A mark given to an address before there is an item: no mail may come between the two."""

    __tablename__ = "mark"

    link: str = Field(primary_key=True)  # canonical, as in the item table
    tlp: str  # Tlp
    marked_at: datetime = Field(sa_type=UTCDateTime)


class MatchRow(SQLModel, table=True):
    """One line of the explanation of an item's present score."""

    __tablename__ = "match"
    __table_args__ = (Index("ix_match_entity", "entity", "item_key"),)  # which items name a place

    item_key: int = Field(foreign_key="item.key", primary_key=True)
    position: int = Field(primary_key=True)
    rule: str = Field(index=True)  # rules stats
    points: int
    field: str | None = None
    entity: str | None = None
    surface: str | None = None
    start: int | None = None
    end: int | None = None
    snippet: str = ""
    label: str = ""


class ProfileScoreRow(SQLModel, table=True):
    """What an item's present text gets under a profile; the item row names the rules' version."""

    __tablename__ = "profile_score"
    __table_args__ = (Index("ix_profile_score_profile", "profile", "peak_band"),)  # queue, digests

    item_key: int = Field(foreign_key="item.key", primary_key=True)
    profile: str = Field(primary_key=True)
    position: int  # in the rule files
    score: int
    raw: int
    band: str  # Band
    peak_band: str  # the best band that any version had
    points: list[Any] = Field(default_factory=list, sa_type=Json)  # [rule, points]


class EntryRow(SQLModel, table=True):
    """What a feed said about one article, as it last said it."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("feed_key", "identity"),
        Index("ix_entry_guid", "guid", "feed_key"),  # known_entries, why
        Index("ix_entry_link", "link", "feed_key"),  # known_entries, why
    )

    key: int | None = Field(default=None, primary_key=True)
    feed_key: int = Field(foreign_key="feed.key")
    identity: str
    guid: str | None = None
    link: str | None = None  # canonical
    raw_link: str | None = None  # as the feed gave it
    title: str
    summary: str = ""
    content: str = ""
    content_hash: str
    published_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    date_source: str  # DateSource
    published_raw: str = ""
    authors: list[str] = Field(default_factory=list, sa_type=Json)
    tags: list[str] = Field(default_factory=list, sa_type=Json)
    source: str = ""
    first_seen_at: datetime = Field(sa_type=UTCDateTime)
    last_seen_at: datetime = Field(sa_type=UTCDateTime)
    item_key: int | None = Field(default=None, foreign_key="item.key", index=True)


class FateRow(SQLModel, table=True):
    """What became of one entry that one poll showed us. `pending` becomes final in place."""

    __tablename__ = "fate"
    __table_args__ = (
        # lease_pending and overdue: small, because final fates are not in it.
        Index(
            "ix_fate_pending",
            "decided_at",
            sqlite_where=text("fate = 'pending'"),
            postgresql_where=text("fate = 'pending'"),
        ),
    )

    key: int | None = Field(default=None, primary_key=True)
    poll_key: int = Field(foreign_key="poll.key", index=True)
    entry_key: int | None = Field(default=None, foreign_key="entry.key", index=True)
    item_key: int | None = Field(default=None, foreign_key="item.key", index=True)
    fate: str  # Fate
    reason: str = ""
    title: str = ""  # only where no entry row of its own keeps it (twins, over_limit)
    # Canonical, as this poll gave it: an entry may come back under another address, and `why` must
    # know each of them.
    link: str | None = Field(default=None, index=True)
    is_revision: bool = False
    is_backfill: bool = False  # it was there before we began to watch
    decided_at: datetime = Field(sa_type=UTCDateTime)  # of the poll while pending, then final
    lease_owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UTCDateTime)


def is_pending(fate: Table) -> ColumnElement[bool]:
    """Return the condition that a fate is open, spelled out as the small index of these is.

    With a parameter in its place SQLite could not know that the index will do, and would read the
    whole ledger at every tick.
    """
    return fate.c.fate == literal_column("'pending'")


class SightingRow(SQLModel, table=True):
    """This item was seen in that feed."""

    __tablename__ = "sighting"

    item_key: int = Field(foreign_key="item.key", primary_key=True)
    feed_key: int = Field(foreign_key="feed.key", primary_key=True)
    entry_key: int = Field(foreign_key="entry.key", index=True)
    seen_at: datetime = Field(sa_type=UTCDateTime)  # the first time


class RevisionRow(SQLModel, table=True):
    """An earlier text of an item, with the score it had."""

    __tablename__ = "revision"

    key: int | None = Field(default=None, primary_key=True)
    item_key: int = Field(foreign_key="item.key", index=True)
    title: str
    text: str
    text_state: str
    score: int
    raw: int
    band: str
    score_version: str = ""
    seen_at: datetime = Field(sa_type=UTCDateTime)  # when this earlier text was read
    replaced_at: datetime = Field(sa_type=UTCDateTime)
    raised_band: bool = False  # the text that replaced this one reached a better band
