"""Delivery without a mail server: each message becomes an .eml file that any mail program opens.

The file appears whole or not at all, and the same message always gets the same name, so that a
second attempt after a crash replaces the first copy instead of adding one.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import UTC
from pathlib import Path

from monitor.core.telling import Delivery, DeliveryResult, Message


class FolderMailer:
    """Writes messages into a folder, `var/outbox/` by default."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it is made when the first message comes."""
        self._folder = folder

    def path(self, message: Message) -> Path:
        """Return where a message is, or will be."""
        # The recipient's name helps a person to find the file; the hash makes it certain.
        who = re.sub(r"[^A-Za-z0-9]+", "-", message.recipient)[:40].strip("-")
        name = hashlib.sha256(message.message_id.encode()).hexdigest()[:12]
        when = message.date.astimezone(UTC)
        return self._folder / f"{when:%Y-%m-%dT%H%MZ}-{message.kind}-{who}-{name}.eml"

    def deliver(self, message: Message) -> DeliveryResult:
        """Write one message."""
        target = self.path(message)
        unfinished = target.with_suffix(".tmp")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(message.raw)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(target)
        except OSError as error:
            # A full disk or a missing right is the operator's to mend; nothing was delivered.
            detail = f"{self._folder}: {error.strerror or error}"
            return DeliveryResult(outcome=Delivery.NOT_CONFIGURED, detail=detail)
        return DeliveryResult(outcome=Delivery.ACCEPTED, detail=str(target))

    def close(self) -> None:
        """Nothing is open."""
