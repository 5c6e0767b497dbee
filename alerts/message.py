"""Builds the finished mail: strict headers, two text parts, and a proof by reading it back.

Python's own header writer decodes encoded words inside a value and has let a headline add a Bcc
header (CVE-2024-6923), and it mangles long List-Unsubscribe addresses. So the headers that carry
other people's words or addresses are written here, and every finished message is parsed again: when
its headers are not exactly the intended ones, there is no message.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy, compat32
from email.utils import format_datetime
from typing import Any, ClassVar

from alerts.wording import printable
from monitor.core.addresses import mail_address
from monitor.core.telling import Message, MessageKind

# An encoded word has at most 75 characters (RFC 2047); this many bytes make one of 64, which fits
# behind "Subject: " on a line of 76.
_WORD_BYTES = 39
_LONGEST_WORD = 64
_SUBJECT_LENGTH = 150


class HeaderBroken(ValueError):
    """The finished message does not carry exactly the headers that were meant."""


class TextHeader(str):
    """An unstructured header. ASCII stays as it is; anything else, and anything that looks like an
    encoded word, becomes encoded words. Never decodes what it was given."""

    max_count = 1
    name: str
    defects: tuple[Exception, ...] = ()

    def __new__(cls, name: str, value: str) -> TextHeader:
        """Take the text of one header line; controls and line ends raise ValueError."""
        if any(ord(c) < 32 or c in "\x7f\x85\u2028\u2029" for c in value):
            raise ValueError(f"control character in {name}")
        made = super().__new__(cls, value)
        made.name = name
        return made

    def fold(self, *, policy: EmailPolicy) -> str:
        """Return the header with its name, in lines of at most 78 characters."""
        words = self.split(" ")
        if not self.isascii() or "=?" in self or max(map(len, words)) > _LONGEST_WORD:
            words = [f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _parts(self)]
        lines = [f"{self.name}:"]
        for word in words:
            if len(lines[-1]) + 1 + len(word) > 76:
                lines.append("")
            lines[-1] += f" {word}"
        return policy.linesep.join(lines) + policy.linesep


class UriListHeader(TextHeader):
    """List-Unsubscribe and its kind: `<uri>, <uri>`. Never encoded (RFC 2369, RFC 8058)."""

    def fold(self, *, policy: EmailPolicy) -> str:
        """Return the header on one line: some receivers read no folded List-Unsubscribe."""
        if not self.isascii():
            raise ValueError(f"{self.name} must be ASCII")
        return f"{self.name}: {self}{policy.linesep}"


class _Registry(HeaderRegistry):
    """The standard registry, but for the headers above."""

    _OURS: ClassVar[dict[str, type[TextHeader]]] = {
        "subject": TextHeader,
        "list-id": UriListHeader,
        "list-unsubscribe": UriListHeader,
        "list-unsubscribe-post": UriListHeader,
        "message-id": UriListHeader,
        "in-reply-to": UriListHeader,
        "references": UriListHeader,
    }

    def __call__(self, name: str, value: Any) -> Any:
        """Make a header of its own class."""
        ours = self._OURS.get(name.lower())
        return super().__call__(name, value) if ours is None else ours(name, value)


MAIL = EmailPolicy(linesep="\r\n", header_factory=_Registry(), cte_type="7bit", utf8=False)


def build(
    *,
    kind: MessageKind,
    sender: Address,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    date: datetime,
    message_id: str,
    language: str = "en",
    extra: dict[str, str] | None = None,
) -> Message:
    """Return a finished message: `text` and `html` as alternatives, one recipient.

    `extra` are further headers, such as List-Id. Raises HeaderBroken when the finished bytes, read
    again, do not carry exactly the headers that were meant, and ValueError for an unfit address.
    """
    if mail_address(recipient) != recipient:
        raise ValueError(f"no address to send to: {recipient!r}")
    # Broken up, because a gateway that decodes twice would take it for an encoded word after all.
    subject = printable(printable(subject).replace("=?", "= ?"), _SUBJECT_LENGTH).strip()
    headers = {
        "Date": format_datetime(date),
        "From": str(sender),
        "To": recipient,
        "Subject": subject,
        "Message-ID": message_id,
        **(extra or {}),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": language,
    }
    mail = EmailMessage(policy=MAIL)
    # First the parts: setting them removes headers that begin with "Content-".
    mail.set_content(text, charset="utf-8")
    mail.add_alternative(html, subtype="html", charset="utf-8")
    for name, value in headers.items():
        mail[name] = value
    # Not random, so that composing twice gives the same bytes; not to be guessed by an article
    # either, because it depends on the whole text. "=_" cannot occur in an encoded part.
    digest = hashlib.sha256(f"{message_id}\0{text}\0{html}".encode("utf-8", "replace"))
    mail.set_boundary(f"=_{digest.hexdigest()[:32]}")
    raw = mail.as_bytes()
    _prove(raw, headers)
    return Message(
        kind=kind,
        sender=sender.addr_spec,
        recipient=recipient,
        subject=subject,
        message_id=message_id,
        date=date,
        raw=raw,
        text=text,
        html=html,
    )


def _parts(text: str) -> list[bytes]:
    """Return the UTF-8 text in parts that fit an encoded word each, cut between characters."""
    parts = [b""]
    for character in text:
        encoded = character.encode()
        if len(parts[-1]) + len(encoded) > _WORD_BYTES:
            parts.append(b"")
        parts[-1] += encoded
    return parts


def _prove(raw: bytes, headers: dict[str, str]) -> None:
    """Read the finished message like a receiver and compare its headers with the intended ones."""
    head = raw.partition(b"\r\n\r\n")[0]
    if not head.isascii() or re.search(rb"(?<!\r)\n|\r(?!\n)", head):
        raise HeaderBroken("the header holds bytes that it must not")
    if max(len(line) for line in raw.split(b"\r\n")) > 998:
        raise HeaderBroken("a line is longer than mail allows")
    read = message_from_bytes(raw, policy=compat32)
    names = [*headers, "MIME-Version", "Content-Type"]
    if sorted(name.lower() for name in read) != sorted(name.lower() for name in names):
        raise HeaderBroken(f"headers are {read.keys()}, meant were {names}")
    for name in ("Subject", "To", "Message-ID"):
        said = str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", read[name]))))
        if said != headers[name]:
            raise HeaderBroken(f"{name} reads {said[:80]!r}")
    kinds = [part.get_content_type() for part in read.walk()]
    if kinds != ["multipart/alternative", "text/plain", "text/html"]:
        raise HeaderBroken(f"the parts are {kinds}")
