"""Reasons of fates in the reader's language. The ledger keeps them as English sentences.

A kept sentence has its numbers filled in; here it is recognised by its pattern and said again. One
that no pattern fits is shown as it was kept: a reason may be in English, it may never be lost.
"""

from __future__ import annotations

import re
from functools import cache
from gettext import NullTranslations

from monitor.catalogues import N_

# The same sentences as in `monitor.core.decisions` and `store.readings`; a test compares them.
REASONS = (
    N_("New in this feed."),
    N_("Published %s, more than %d days ago: older than this feed's max_age."),
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


def reason(kept: str, messages: NullTranslations) -> str:
    """Return a kept reason in the language of `messages`; as it is when it is none of ours."""
    for sentence in REASONS:
        found = _pattern(sentence).fullmatch(kept)
        if found:
            # The values go in as text: the translation's %d is for reading, not for formatting.
            return messages.gettext(sentence).replace("%d", "%s") % found.groups()
    return kept


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    said = re.escape(sentence).replace("%s", r"(.{1,60}?)").replace("%d", r"(\d{1,20})")
    return re.compile(said)
