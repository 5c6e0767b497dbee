"""Who may do what on the pages: people and the four roles they may have.

Rights are a total order: who may do a thing in one role may do it in every higher one. Which page
needs which role is said where pages are put together (`review.app`); nothing here knows of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
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
