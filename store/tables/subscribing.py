"""The table of people who asked for digests themselves and have not confirmed it yet.

A row lives for two days: an address that nobody confirmed is not ours to keep.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from store.tables.base import Json, UTCDateTime


class SignupRow(SQLModel, table=True):
    """An address that somebody typed, with what they wished."""

    __tablename__ = "signup"

    key: int | None = Field(default=None, primary_key=True)
    address: str
    language: str
    zone: str
    times: list[str] = Field(sa_type=Json)
    days: list[int] = Field(sa_type=Json)
    origin: str  # of the request, as a hash that only this installation can make
    asked_at: datetime = Field(sa_type=UTCDateTime, index=True)
    confirmed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
