"""The Traffic Light Protocol: how far a report may travel. Pure.

Marks and their order are those of FIRST's TLP 2.0 (https://www.first.org/tlp/). An item carries a
mark; a reader, a webhook or a file that leaves the house has a clearance. What is marked higher
than the clearance does not leave that way, and a count says that something was kept back.
"""

from __future__ import annotations

from enum import StrEnum


class Tlp(StrEnum):
    """A mark, or a clearance, from what anybody may know to what only those present may."""

    CLEAR = "clear"
    GREEN = "green"  # the community
    AMBER = "amber"  # the organisation and those it works for
    AMBER_STRICT = "amber+strict"  # the organisation alone
    RED = "red"  # named persons only

    @property
    def rank(self) -> int:
        """Return its place in the order, CLEAR is 0."""
        return list(Tlp).index(self)

    @property
    def label(self) -> str:
        """Return it as TLP 2.0 wants it written, in every language."""
        return f"TLP:{self.value.upper()}"

    @property
    def within(self) -> tuple[str, ...]:
        """Return the values of all marks that this clearance allows, for a query."""
        return tuple(mark.value for mark in list(Tlp)[: self.rank + 1])

    def allows(self, mark: Tlp) -> bool:
        """Say whether somebody with this clearance may be told what carries `mark`."""
        return mark.rank <= self.rank

    def or_stricter(self, other: Tlp) -> Tlp:
        """Return the stricter of two marks."""
        return self if self.rank >= other.rank else other
