"""Feed documents in, entries out: the only place where a publisher's bytes are given a meaning.

RSS 0.9x to 2.0, Atom, RDF, JSON Feed and news sitemaps, in whatever encoding and state they come.
Runs inside a worker process that may be killed at any time, so it keeps no state, asks no clock
and sets no timers. It must never raise anything but `Unparsable`, never open an address or a
file that a document names, and never give a date or a text a meaning it may not have.

Reading order: `decode` (bytes to text), `sniff` (what is it?), then one reader for each family:
`strict` and `tolerant` (XML feeds), `jsonfeed`, `sitemap`; all give `Raw` entries, and `entries`
turns those into `Entry` values, one way for all.
"""

from __future__ import annotations

from monitor.parse.reading import parse_feed
from monitor.parse.unparsable import Unparsable

__all__ = ["Unparsable", "parse_feed"]
