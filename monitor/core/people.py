"""Who may do what on the pages: people and the four roles they may have.

Rights are a total order: who may do a thing in one role may do it in every higher one. Which page
needs which role is said where pages are put together (`review.app`); nothing here knows of pages.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person may do, least first."""

    READER = "reader"  # sees items, stories and the state of the feeds; changes nothing of the team
    ANALYST = "analyst"  # decides, claims, notes, adds tips
    OPERATOR = "operator"  # edits feeds and rules, sees subscribers and what was mailed
    ADMIN = "admin"  # people, their sessions and the log of changes

    @property
    def rank(self) -> int:
        """The place in the order, 0 for the least."""
        return list(Role).index(self)

    def covers(self, needed: Role) -> bool:
        """Say whether this role may do what `needed` may.

        >>> Role.OPERATOR.covers(Role.ANALYST), Role.READER.covers(Role.ANALYST)
        (True, False)
        """
        return self.rank >= needed.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who asks for a page, and may."""

    key: int  # 0: whoever sits at this machine, where nobody logs in
    name: str  # under which decisions, claims and notes are kept; no two people share one
    role: Role
    language: str = ""  # empty: what the browser prefers
    zone: str = ""  # empty: the one of the settings

    def may(self, needed: Role) -> bool:
        """Say whether this person may do what needs the role `needed`."""
        return self.role.covers(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person as admins see them."""

    person: Person
    is_active: bool
    has_password: bool  # False: invited, and has not come yet
    added_at: datetime
    seen_at: datetime | None = None  # of the last page asked for
    session_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A browser in which somebody is logged in."""

    key: int
    person_key: int
    browser: str  # what it calls itself, cut
    started_at: datetime
    seen_at: datetime
    ends_at: datetime


class LinkUse(StrEnum):
    """What a one-time link lets its holder do, once: choose a password, and with it log in."""

    FIRST = "first"  # the first admin's, who also chooses a name
    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """A link that is still good."""

    person: Person
    use: LinkUse
    ends_at: datetime


class Refused(StrEnum):
    """Why a change of a person was not made."""

    NOBODY = "nobody"  # there is no such person
    NAME_TAKEN = "name_taken"
    NOT_A_NAME = "not_a_name"
    LAST_ADMIN = "last_admin"  # without an admin nobody could let anybody in


NAME_LENGTH = 60
# A name stands in the log of changes beside `subscriber:7` and the names of commands, and must not
# be taken for one; people tell each other apart by it, so it has one way to be written.
_NAME = re.compile(r"[^\W_](?:[\w .'-]*[\w.])?")
RESERVED = frozenset({"analyst", "operator", "monitor", "command line", "nobody", "system"})


def person_name(text: str) -> str | None:
    """Return `text` as the name of a person, blanks folded; None when it can be none.

    >>> person_name("  Kim  Min-ji "), person_name("subscriber:7"), person_name("Analyst")
    ('Kim Min-ji', None, None)
    """
    name = " ".join(unicodedata.normalize("NFKC", text[:1000]).split())
    if len(name) > NAME_LENGTH or not _NAME.fullmatch(name):
        return None
    return None if name.casefold() in RESERVED else name


def folded_name(text: str) -> str:
    """Return what two spellings of one name share: for finding it, and for keeping it unique."""
    return " ".join(unicodedata.normalize("NFKC", text[:1000]).casefold().split())
