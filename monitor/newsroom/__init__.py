"""The sample newsroom: invented outlets on a loopback address, with a clock that can be turned.

`make demo` and the tests poll it as if it were the world: feeds in every format, pages with all the
clutter of real sites, an edit, a take-down, an outage, a burst. The articles are files to read and
edit (`newsroom/outlets/*.md`); `outlets` says what they are, `outletfiles` reads them, `site`
renders what stands at a moment, `server` answers for it. Nothing here is real reporting, and
nothing here may be imported by the pipeline: it is a source like any other.
"""

from __future__ import annotations

from monitor.newsroom.outletfiles import feeds_text, newsroom_folder, read_newsroom
from monitor.newsroom.outlets import (
    START,
    Outlet,
    Relevance,
    SampleArticle,
    SampleNewsroom,
    moment,
)
from monitor.newsroom.server import Newsroom
from monitor.newsroom.site import Page, site_at

__all__ = [
    "START",
    "Newsroom",
    "Outlet",
    "Page",
    "Relevance",
    "SampleArticle",
    "SampleNewsroom",
    "feeds_text",
    "moment",
    "newsroom_folder",
    "read_newsroom",
    "site_at",
]
