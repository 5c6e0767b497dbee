"""The exceptions of the house. Expected failures of the outside world are values, not these.

    MonitorError
    └── ConfigurationErrors     something the operator wrote cannot be used; exit 78

Each carries a sentence for its reader: what is wrong, where, and what to do next. Nothing here
may hold a secret, because these texts are printed, logged and shown on the health page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a file, or only worth a look when it is a warning."""

    file: str  # as the operator knows it: the path that was given
    line: int | None = None  # from 1
    column: int | None = None  # from 1, in characters
    key: str = ""  # path inside the file: feeds.0.lang
    message: str  # what is wrong, and what to do about it

    def __str__(self) -> str:
        """Return `file:line:column: key: message`, without the parts that are not known."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.key, self.message) if part)


class MonitorError(Exception):
    """Something stopped us that a person can put right. Base of every exception we define."""


class ConfigurationErrors(MonitorError):
    """What the operator wrote cannot be used; all problems at once, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep `problems`; the message is one line for each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ConfigurationErrors], tuple[tuple[Problem, ...]]]:
        """Travel between processes with the problems, not with their text alone."""
        return type(self), (self.problems,)
