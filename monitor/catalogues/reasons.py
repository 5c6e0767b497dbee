"""Kept sentences in the reader's language: reasons of fates, and what reading a page noted.

The store keeps them in English with their numbers filled in; here a sentence is recognised by its
pattern and said again. One that no pattern fits is shown as it was kept: it may be in English, it
may never be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from gettext import NullTranslations

from monitor.catalogues import N_

# The same sentences as in `monitor.core.decisions` and `store.readings`; a test compares them.
REASONS = (
    N_("New in this feed."),
    N_("Published %s, more than %d days ago: older than this feed's max_age."),
    N_("Left out by the operator: its address matches drop_url %s."),
    N_("This address is already kept as item %d."),
    N_("Seen before and unchanged."),
    N_("Changed since it was last seen: to be read again."),
    N_("Changed again, but %d earlier versions are kept already; it is not read any more."),
    N_(
        "More than %d new entries in one poll: the newest are read, this one waits for a next poll."
    ),
    N_("The entry has neither headline, text nor link."),
    N_("Said twice in this document: the same as entry %d."),
    N_("Said twice in this document; seen before and unchanged."),
    N_("Changed in the feed, but read again its text is the same."),
    N_("Read again, but less of its text could be had: the earlier text is kept."),
    N_("Changed: the earlier text is kept as revision %d."),
)

# What `monitor.extract` and `monitor.workers` note about a text; a test compares them.
NOTES = (
    N_("the page is empty"),
    N_("no text was found in the page"),
    N_("the site answers with its front page"),
    N_("the page only points to %s"),
    N_("a consent page instead of the article"),
    N_("the page says that there is no such article"),
    N_("a login page instead of the article"),
    N_("the page shows its text only to browsers with scripts"),
    N_("the feed's own text says more than the page's"),
    N_("not a page but %s"),
    N_("nothing on the page fits this feed's selector"),
    N_("the connection to the outlet was not verified"),
)
# The state of the text says these already, in a whole sentence.
SAID_BY_STATE = frozenset(
    {"only the opening is free", "the text may be cut: the page is too large or too deep"}
)


def notes(kept: Iterable[str], messages: NullTranslations) -> list[str]:
    """Return the notes on a text that its state does not say anyway, in the reader's language."""
    return [
        _said(note, NOTES, messages) for note in dict.fromkeys(kept) if note not in SAID_BY_STATE
    ]


def reason(kept: str, messages: NullTranslations) -> str:
    """Return a kept reason in the language of `messages`; as it is when it is none of ours."""
    return _said(kept, REASONS, messages)


def _said(kept: str, sentences: Iterable[str], messages: NullTranslations) -> str:
    for sentence in sentences:
        found = _pattern(sentence).fullmatch(kept)
        if found:
            # The values go in as text: the translation's %d is for reading, not for formatting.
            return messages.gettext(sentence).replace("%d", "%s") % found.groups()
    return kept


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    said = re.escape(sentence).replace("%s", r"(.{1,500}?)").replace("%d", r"(\d{1,20})")
    return re.compile(said)
