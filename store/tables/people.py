"""Tables of people: who may ask for pages, where they are logged in, and what was tried.

Nothing in here lets anybody in who reads it: passwords are kept as Argon2 hashes, the tokens of
sessions and one-time links as SHA-256 of 256 random bits, addresses and typed names as hashes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from store.tables.base import UTCDateTime


class PersonRow(SQLModel, table=True):
    """Somebody who may log in. Never deleted: the log of changes names them."""

    __tablename__ = "person"

    key: int | None = Field(default=None, primary_key=True)
    name: str
    folded: str = Field(unique=True)  # the name as it is looked for
    role: str  # Role
    password: str | None = None  # Argon2 hash; None until they have chosen one
    language: str = ""
    zone: str = ""
    is_active: bool = True
    added_at: datetime = Field(sa_type=UTCDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class BrowserSessionRow(SQLModel, table=True):
    """A browser in which somebody is logged in. Deleted when it ends: that is the end."""

    __tablename__ = "browser_session"

    key: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    person_key: int = Field(foreign_key="person.key", index=True)
    browser: str = ""
    started_at: datetime = Field(sa_type=UTCDateTime)
    seen_at: datetime = Field(sa_type=UTCDateTime)
    ends_at: datetime = Field(sa_type=UTCDateTime)


class KnownBrowserRow(SQLModel, table=True):
    """A browser in which somebody once logged in: strangers cannot lock them out there."""

    __tablename__ = "known_browser"

    token_hash: str = Field(primary_key=True)
    person_key: int = Field(foreign_key="person.key", index=True)
    used_at: datetime = Field(sa_type=UTCDateTime)


class LoginTryRow(SQLModel, table=True):
    """A log-in that failed, or is under way. Hashes only, for a day."""

    __tablename__ = "login_try"
    __table_args__ = (
        Index("ix_login_try_account", "account", "at"),
        Index("ix_login_try_address", "address", "at"),
    )

    key: int | None = Field(default=None, primary_key=True)
    account: str  # hash of the name that was typed, with the known browser when it is one
    address: str  # hash of where it came from; empty for a known browser
    at: datetime = Field(sa_type=UTCDateTime, index=True)


class OneTimeLinkRow(SQLModel, table=True):
    """A link by which somebody chooses a password, once. At most one for a person."""

    __tablename__ = "one_time_link"

    person_key: int = Field(foreign_key="person.key", primary_key=True)
    token_hash: str = Field(unique=True)
    use: str  # LinkUse
    made_at: datetime = Field(sa_type=UTCDateTime)
    ends_at: datetime = Field(sa_type=UTCDateTime)
