"""The exceptions of the house. Expected failures of the outside world are values, not these.

    MonitorError
    ├── ConfigurationErrors     something the operator wrote cannot be used; exit 78
    └── StoreError              the database cannot do what was asked
        ├── StoreMissing        there is none yet, and who only asks makes none
        ├── StoreBusy           another program holds it for too long; exit 75
        ├── StoreUnreachable    the database server does not answer; exit 75
        ├── StoreFull           no room on the disk; exit 75
        ├── StoreDamaged        the file is no sound database
        ├── StoreUnfit          its place cannot hold a database (a network file system)
        ├── StoreNotOurs        PostgreSQL saves and restores with its own programs
        ├── StoreTooNew         written by a newer version of the program
        └── StoreTooOld         must be upgraded first

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


class StoreError(MonitorError):
    """The database cannot do what was asked."""

    exit_code = 1
    next_step = "Run `monitor db check`, and see the log for the cause."

    def __init__(self, subject: str, detail: str = "") -> None:
        """Name the database (`subject`, without password); the docstring is the sentence."""
        self.subject = subject
        self.detail = detail
        what = (type(self).__doc__ or "").strip()
        said = f" ({detail})" if detail else ""
        super().__init__(f"{subject}: {what}{said} {self.next_step}")

    def __reduce__(self) -> tuple[type[StoreError], tuple[str, str]]:
        """Travel between processes with the parts, not with the text alone."""
        return type(self), (self.subject, self.detail)


class StoreMissing(StoreError):
    """There is no database here yet."""

    next_step = "Start `monitor run`, or name the right folder with --config DIR."


class StoreBusy(StoreError):
    """Another program has locked the database for longer than we wait."""

    exit_code = 75
    next_step = "Nothing is lost; try again, and end the program (a backup, a shell) that holds it."


class StoreUnreachable(StoreError):
    """The database server does not answer."""

    exit_code = 75
    next_step = "Nothing is lost; check that the server runs and that the address is right."


class StoreFull(StoreError):
    """There is no room left on the disk of the database."""

    exit_code = 75
    next_step = "Nothing is lost; make room, and the work goes on by itself."


class StoreDamaged(StoreError):
    """The file is not a sound database."""

    next_step = "Keep it, and restore the last good copy with `monitor db restore FILE`."


class StoreUnfit(StoreError):
    """A database cannot live safely on a network file system."""

    next_step = "Move it to a local disk, or use PostgreSQL."


class StoreNotOurs(StoreError):
    """A PostgreSQL database is saved and restored with its own programs."""

    exit_code = 2
    next_step = "Use `pg_dump --format=custom` and `pg_restore --clean --if-exists`."


class StoreTooNew(StoreError):
    """The database was written by a newer version of this program."""

    next_step = "Install that version again, or restore the copy made before the upgrade."


class StoreTooOld(StoreError):
    """The database was written by an older version of this program."""

    next_step = "Run `monitor db backup` and then `monitor db upgrade`."
