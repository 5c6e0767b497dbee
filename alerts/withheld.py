"""Reads the list of what must not leave: one name, number or handle a line, `#` begins a comment.

The list names people in danger. It is read from a file of the operator's, kept out of the database,
the log and every error text: a problem names its line and never the words on it.
"""

from __future__ import annotations

from pathlib import Path

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.redaction import Redaction, is_long_enough


def read_redaction(path: Path) -> Redaction:
    """Return the list of a file; an empty one where there is no file.

    Raises ConfigurationErrors for a file that cannot be read, and for entries that are too short:
    sending without a list that the operator wrote would be worse than not sending.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Redaction()
    except (OSError, UnicodeDecodeError) as error:
        kind = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationErrors([Problem(file=str(path), message=str(kind))]) from error
    entries: list[str] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if entry and not is_long_enough(entry):
            message = "too short: it would withhold ordinary words; write the full name"
            problems.append(Problem(file=str(path), line=number, message=message))
        elif entry:
            entries.append(entry)
    if problems:
        raise ConfigurationErrors(problems)
    return Redaction.of(entries)
