"""Asks servers: the only door to the network, and the only importer of httpx.

Everything that a server, a name server or a network can do ends as a value (`Fetched`,
`NotModified`, `Failed`), never as an exception, within a bounded time and a bounded size; and no
connection is opened to an address that `monitor.guard` has not passed. Reading order: `settings`
(the bounds), `connect` and `proxies` (names to connections), `bodies` (bounded decoding),
`answers` (what an answer means), `asking` (one request with its redirects), `robots`, `fetcher`
(many at once).

Each request has a connection of its own that is closed afterwards. A poller meets a host once
in an hour, so kept connections would gain little, and an answer can never be taken for another's.
"""

from __future__ import annotations

import sys

# httpx imports its own command line, and with it a toolkit for terminals, which takes as long as
# fifty polls. It does without where that cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

from monitor.fetch.fetcher import HttpFetcher  # noqa: E402
from monitor.fetch.settings import FetchSettings  # noqa: E402

__all__ = ["FetchSettings", "HttpFetcher"]
