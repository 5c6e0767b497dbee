"""The words people read, in their language. English is in the code; others are `.po` files.

Every text on a page, in a mail or in a terminal report goes through here from the start.
Reading a catalogue is the only thing this module does; it never decides what is said.
Message ids are the English sentences. `N_("...")` marks one that is looked up later, in a table;
`python -m monitor.catalogues.update` brings the `.po` files up to date with the code.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = ("en", "ru", "ko")


def N_(message: str) -> str:
    """Mark `message` for the catalogues without looking it up yet."""
    return message


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of `language` ("en", "ru", "ko"); English for any other."""
    source = files(__package__).joinpath(f"{language}.po")
    if language == "en" or language not in LANGUAGES:
        return NullTranslations()
    with source.open("rb") as stream:
        catalogue = read_po(stream, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)  # leaves out fuzzy and empty messages: those stay English
    compiled.seek(0)
    return Translations(compiled)
