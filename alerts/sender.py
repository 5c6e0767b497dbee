"""Who writes the mails: address, name, and where readers reach us. Filled from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The sending side of every mail.

    `public_url` is where people reach the review page (https, without a slash at its end); None
    means that mails carry no link to us. `secret` signs links that act; None means that there are
    no such links. `has_reader_pages` says that the review page answers `/mail/TOKEN`.
    `has_mailbox` says that letters to the sending address are read by us.
    """

    address: str
    name: str = "Dispatch Watch"
    public_url: str | None = None
    contact: str | None = None  # who answers a reader's letter; None: the sending address
    secret: bytes | None = None
    has_reader_pages: bool = False
    has_mailbox: bool = False

    @property
    def has_links(self) -> bool:
        """Say whether mails carry links that act."""
        return bool(self.public_url and self.secret and self.has_reader_pages)

    @property
    def domain(self) -> str:
        """Return the part behind the @, for Message-ID and List-Id."""
        return self.address.rpartition("@")[2]

    @property
    def mailbox(self) -> Address:
        """Return the From header."""
        return Address(display_name=self.name, addr_spec=self.address)

    @property
    def reply_to(self) -> str:
        """Return the address to which a reader writes to change or end the mails."""
        return self.contact or self.address
