"""Asks: the pages on which analysts decide and operators see how the watch is doing.

Server-rendered pages and plain forms over the store. Nothing here scores, polls or sends: it shows
what the other parts found, and keeps what a person decided.
"""

from __future__ import annotations
