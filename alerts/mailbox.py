"""Reads a mailbox over IMAP. The only importer of imaplib.

It never changes anything there: the folder is opened for reading alone, mails are peeked at, and
nothing is deleted. TLS always. A server that is slow, endless or lies about sizes is cut off: each
answer has its time, the whole visit has its time, and no answer may be larger than a mail we read.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from alerts.letters import MOST_BYTES

# RFC 3501 wants English names whatever the locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = re.compile(rb"[0-9]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxAccount:
    """How to reach the mailbox."""

    host: str
    port: int = 993
    security: Literal["tls", "starttls"] = "tls"
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    ca_file: str | None = None  # a private authority's certificate; None: the system's

    @property
    def name(self) -> str:
        """Return what the store knows it by."""
        return f"{self.user}@{self.host}/{self.folder}"


class MailboxTrouble(Exception):
    """The mailbox could not be read; the text is for the operator and holds no password."""


class _Bounded:
    """Refuses an announced size before it is read into memory."""

    def read(self, size: int) -> bytes:
        if size > MOST_BYTES + 4096:
            raise imaplib.IMAP4.abort(f"an answer of {size} bytes")
        found: bytes = super().read(size)  # type: ignore[misc]
        return found


class _Plain(_Bounded, imaplib.IMAP4):
    pass


class _Tls(_Bounded, imaplib.IMAP4_SSL):
    pass


class Mailbox:
    """An open mailbox; see `open_mailbox`."""

    def __init__(self, server: imaplib.IMAP4, uid_validity: int, count: int) -> None:
        """Work on a server whose folder is selected."""
        self._server = server
        self.uid_validity = uid_validity
        self.count = count  # of mails in the folder

    def after(self, uid: int) -> list[int]:
        """Return the UIDs above this one, in order."""
        # `N:*` always names the last mail, even when its number is smaller (RFC 3501 6.4.8).
        return [one for one in self._search(f"UID {uid + 1}:*") if one > uid]

    def since(self, day: date) -> list[int]:
        """Return the UIDs of mails that arrived on this day or later, in order."""
        return self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def with_id(self, message_id: str) -> list[int]:
        """Return the UIDs of mails with a Message-ID of ours."""
        return self._search(f'HEADER Message-ID "{message_id}"')

    def mail(self, uid: int) -> bytes:
        """Return a mail, cut to the size that we look at; empty when it is not there any more."""
        answer = self._ask("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        parts = [part[1] for part in answer if isinstance(part, tuple)]
        return parts[0][:MOST_BYTES] if parts else b""

    def _search(self, condition: str) -> list[int]:
        found = self._ask("SEARCH", condition)
        joined = b" ".join(part for part in found if isinstance(part, bytes))
        return sorted({int(number) for number in _NUMBER.findall(joined)})

    def _ask(self, *words: str) -> list[bytes | tuple[bytes, bytes] | None]:
        with _told_as_trouble():
            state, answer = self._server.uid(*words)
        if state != "OK":
            raise MailboxTrouble(f"{words[0]}: {_line(answer)}")
        return list(answer)


@contextmanager
def open_mailbox(
    account: MailboxAccount, *, seconds: float = 45.0, answer: float = 20.0
) -> Iterator[Mailbox]:
    """Open a mailbox for reading, for at most `seconds` in all and `answer` for each answer.

    Raises MailboxTrouble, here and in every method.
    """
    with _told_as_trouble(account):
        server = _connected(account, answer)
    timer = threading.Timer(seconds, _cut, [server])
    timer.daemon = True
    timer.start()
    try:
        with _told_as_trouble(account):
            _log_in(server, account)
            state, counted = server.select(_folder(account.folder), readonly=True)
            _, validity = server.response("UIDVALIDITY")
        if state != "OK":
            raise MailboxTrouble(f"{account.folder}: {_line(counted)}")
        if not validity or validity[0] is None:
            raise MailboxTrouble(f"{account.host} gives no UIDVALIDITY; mails cannot be told apart")
        yield Mailbox(server, int(validity[0]), int((counted[0] or b"0").decode("ascii")))
    finally:
        timer.cancel()
        _end(server)


def _connected(account: MailboxAccount, answer: float) -> imaplib.IMAP4:
    trust = ssl.create_default_context(cafile=account.ca_file)
    if account.security == "tls":
        return _Tls(account.host, account.port, ssl_context=trust, timeout=answer)
    server = _Plain(account.host, account.port, timeout=answer)
    try:
        server.starttls(trust)
    except BaseException:
        _end(server)
        raise
    return server


def _log_in(server: imaplib.IMAP4, account: MailboxAccount) -> None:
    try:
        if account.user.isascii() and account.password.isascii():
            server.login(account.user, account.password)
        else:  # LOGIN knows ASCII alone
            both = f"\0{account.user}\0{account.password}".encode()
            server.authenticate("PLAIN", lambda _: both)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        # The server's words may repeat what it was given.
        raise MailboxTrouble(f"{account.host}: log-in refused") from error


def _folder(name: str) -> str:
    """Return a folder's name as IMAP wants it: quoted, and in modified UTF-7 (RFC 3501 5.1.3)."""
    out, waiting = "", ""
    for c in [*name, ""]:
        plain = c == "" or " " <= c <= "~"
        if plain and waiting:
            coded = b64encode(waiting.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            out, waiting = f"{out}&{coded}-", ""
        if plain:
            out += "&-" if c == "&" else c
        else:
            waiting += c
    return '"' + out.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _cut(server: imaplib.IMAP4) -> None:
    """End the connection; what waits on it fails at once."""
    try:
        server.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed in the same moment


def _end(server: imaplib.IMAP4) -> None:
    try:
        server.sock.settimeout(3.0)
        server.logout()
    except (OSError, imaplib.IMAP4.error):
        server.shutdown()


@contextmanager
def _told_as_trouble(account: MailboxAccount | None = None) -> Iterator[None]:
    where = f"{account.host}:{account.port}: " if account else ""
    try:
        yield
    except ssl.SSLError as error:
        raise MailboxTrouble(f"{where}TLS: {error.reason or error}") from error
    except TimeoutError as error:
        raise MailboxTrouble(f"{where}timed out") from error
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise MailboxTrouble(f"{where}{_line([str(error).encode()])}") from error


def _line(answer: object) -> str:
    first = answer[0] if isinstance(answer, (list, tuple)) and answer else b""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
