"""One headline in several feeds: the mark by which reprints are found without reading all items.

Two items say the same when their headlines do, letter by letter but for case, spaces and signs, and
they stand in different feeds; `monitor.core.digests` joins them by the same test. Short headlines
("Briefs", "Новости дня") tell nothing and have no mark.
"""

from __future__ import annotations

from hashlib import sha256

from monitor.core.text import title_key

TELLING = 12  # characters of a headline from which it tells one report from another


def reprint_mark(title: str) -> str:
    """Return the mark of a headline, 32 hex digits; empty when it is too short to tell anything.

    >>> reprint_mark("Nakhodka: 40 workers held") == reprint_mark("NAKHODKA  40 Workers held!")
    True
    >>> reprint_mark("Briefs")
    ''
    """
    said = title_key(title)
    if len(said) < TELLING:
        return ""
    return sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
