"""Hands one message to a chat service, in a process of its own. Run as a script, never imported.

The only importer of apprise (an optional extra), and it imports nothing of ours: the library loads
two hundred services, makes its own connections, which our guard does not see, and holds the secret
in its addresses. So it lives here, for one message, and its parent ends it after a time. What it
logs stays here, too.

Reads one JSON object from stdin, `{"target","title","body"}`, and writes one to stdout,
`{"state": "sent" | "failed" | "unusable" | "missing", "detail"}`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any


def told(given: dict[str, Any]) -> dict[str, str]:
    """Return what became of a message."""
    try:
        import apprise
    except ImportError:
        return {"state": "missing", "detail": ""}
    causes = _Causes()
    logging.getLogger("apprise").addHandler(causes)
    # In memory alone: tokens of a Matrix log-in must not be left on the disk.
    asset = apprise.AppriseAsset(
        app_id="Dispatch Watch",
        app_desc="Dispatch Watch",
        app_url="",
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        async_mode=False,
    )
    chat = apprise.Apprise(asset=asset)
    if not chat.add(given["target"]):
        return {"state": "unusable", "detail": "no address that apprise understands"}
    sent = chat.notify(
        title=given["title"], body=given["body"], body_format=apprise.NotifyFormat.TEXT
    )
    if sent:
        return {"state": "sent", "detail": ""}
    return {"state": "failed", "detail": causes.said or "the service did not take it"}


class _Causes(logging.Handler):
    """Keeps of what apprise logs the error number alone: the rest may hold the address."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Look for `error=404`."""
        found = re.search(r"error=(\d{3})\b", record.getMessage())
        if found:
            self.said = f"HTTP {found[1]}"


if __name__ == "__main__":
    answer = told(json.load(sys.stdin))
    sys.stdout.write(json.dumps(answer))
