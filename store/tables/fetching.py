"""Tables beside the feeds: what was taken over from files."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from store.tables.base import UTCDateTime

FEEDS_FILE = "feeds.yaml"


class TakenRow(SQLModel, table=True):
    """A file of the operator's that is in force exactly as it was read: feeds.yaml."""

    __tablename__ = "taken"

    name: str = Field(primary_key=True)
    fingerprint: str  # of the text, and of what this version of the program reads in it
    taken_at: datetime = Field(sa_type=UTCDateTime)
