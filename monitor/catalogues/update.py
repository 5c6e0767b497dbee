"""Brings the `.po` files up to date with the code: `python -m monitor.catalogues.update [--check]`.

A developer's tool, run in a checkout. It collects every message of the four packages, merges them
into each catalogue (translations stay, vanished messages go) and prints what still needs a
translator. `--check` writes nothing and exits 1 when a catalogue is incomplete or stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from monitor.catalogues import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("monitor", "store", "alerts", "review")
METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
    ("**/templates/**.j2", "jinja2"),
]
OPTIONS = {"**/templates/**": {"encoding": "utf-8", "newstyle_gettext": "true", "trimmed": "true"}}


def collected(root: Path = ROOT) -> Catalog:
    """Return every message that the code marks, with the files it stands in."""
    catalogue = Catalog(fuzzy=False)
    for package in PACKAGES:
        if not (root / package).is_dir():
            continue
        for name, _line, ids, comments, context in extract_from_dir(
            root / package,
            METHODS,
            OPTIONS,
            keywords=DEFAULT_KEYWORDS,
            comment_tags=("Translators:",),
        ):
            # The file is named without its line: lines move with every edit, and the diff of a
            # catalogue should show translations alone.
            catalogue.add(
                ids, None, [(f"{package}/{name}", 0)], auto_comments=comments, context=context
            )
    return catalogue


def read(language: str) -> Catalog:
    """Return the catalogue of `language` as it stands in the checkout; an empty one when new."""
    path = po_path(language)
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def po_path(language: str) -> Path:
    """Return where the catalogue of `language` is kept."""
    return Path(__file__).parent / f"{language}.po"


def merged(language: str, template: Catalog) -> Catalog:
    """Return the catalogue of `language` with exactly the messages of `template`."""
    catalogue = read(language)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    return catalogue


def untranslated(catalogue: Catalog) -> Iterator[Message]:
    """Yield the messages that have no complete translation."""
    for message in catalogue:
        if not message.id:
            continue
        forms = (
            list(message.string) if isinstance(message.string, (list, tuple)) else [message.string]
        )
        if message.fuzzy or not all(forms):
            yield message


def as_text(catalogue: Catalog) -> bytes:
    """Return the `.po` file, sorted and without dates: same messages, same bytes."""
    written = BytesIO()
    write_po(
        written, catalogue, sort_output=True, include_lineno=False, omit_header=False, width=100
    )
    dates = (b'"POT-Creation-Date:', b'"PO-Revision-Date:', b'"Generated-By:')
    lines = written.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(dates))


def main(arguments: list[str]) -> int:
    """Update or check every catalogue; return the exit code."""
    template = collected()
    is_check = "--check" in arguments
    code = 0
    for language in LANGUAGES:
        if language == "en":
            continue
        catalogue = merged(language, template)
        missing = list(untranslated(catalogue))
        for message in missing:
            sys.stderr.write(f"{language}: not translated: {message.id!r}\n")
        text = as_text(catalogue)
        is_stale = not po_path(language).is_file() or po_path(language).read_bytes() != text
        if is_check and (missing or is_stale):
            code = 1
        if not is_check:
            po_path(language).write_bytes(text)
        sys.stderr.write(f"{language}: {len(catalogue)} messages, {len(missing)} to translate\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
