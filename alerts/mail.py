"""Brings a message to a mail server: one recipient a transaction, and an answer for each attempt.

The only importer of smtplib. `SMTP.sendmail` raises the same exceptions for "later" and "never" and
cannot say whether the server already had the whole message when the line broke. So the steps
are taken one by one here: before the final dot a failure means "not delivered", after it "maybe".
Nothing here retries; when to try again is decided in `monitor.core.delivery`.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from monitor.core.telling import Delivery, DeliveryResult, Message

_DETAIL_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How to reach the mail server."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None  # a private authority's certificate; None: the system's


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds."""

    connect: float = 30.0
    command: float = 60.0
    # RFC 5321 4.5.3.2.6 gives a server ten minutes to answer the final dot. Who waits less sends
    # copies of messages that were accepted.
    after_dot: float = 600.0
    total: float = 900.0  # a server that drips one byte a minute ends here


class SmtpMailer:
    """Sends over one connection, which is opened when needed and kept for the next message."""

    def __init__(self, account: Account, *, patience: Patience | None = None) -> None:
        """Prepare; nothing is opened yet."""
        self._account = account
        self._patience = patience or Patience()
        self._server: smtplib.SMTP | None = None
        self._context: ssl.SSLContext | None = None

    def deliver(self, message: Message) -> DeliveryResult:
        """Try once to hand over `message`. Never raises for what a server or network does."""
        try:
            server = self._connected()
        except _Trouble as trouble:
            return trouble.result
        with _ended_after(server, self._patience.total):
            result = self._hand_over(server, message)
        if result.outcome is not Delivery.ACCEPTED:
            # Whatever the server thinks of the transaction, the next message starts afresh.
            self.close()
        return result

    def check(self) -> DeliveryResult:
        """Connect and log in as for a message, and leave again; ACCEPTED tells how it is protected.

        Never raises for what a server or network does.
        """
        try:
            server = self._connected()
        except _Trouble as trouble:
            return trouble.result
        said = "without TLS"
        if isinstance(server.sock, ssl.SSLSocket):
            said = server.sock.version() or "TLS"
            ends = (server.sock.getpeercert() or {}).get("notAfter")
            said += f", certificate until {ends}" if ends else ""
        self.close()
        return _result(Delivery.ACCEPTED, 250, said)

    def close(self) -> None:
        """End the connection, politely where the server still listens."""
        server, self._server = self._server, None
        if server is None:
            return
        if server.sock is not None:
            server.sock.settimeout(min(5.0, self._patience.command))
        try:
            server.quit()
        except (OSError, smtplib.SMTPException):
            server.close()

    def __enter__(self) -> SmtpMailer:
        """Use as a context manager; see `close`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the connection."""
        self.close()

    # ------------------------------------------------------------ connecting

    def _connected(self) -> smtplib.SMTP:
        """Return a server that answers: the open one, or a new one, with TLS and logged in."""
        if self._server is not None:
            if _is_alive(self._server):
                return self._server
            self.close()
        account, wait = self._account, self._patience
        try:
            self._server = self._opened()
        except (ssl.SSLError, smtplib.SMTPNotSupportedError) as error:
            raise _Trouble(Delivery.NOT_CONFIGURED, None, f"TLS: {error}") from error
        except smtplib.SMTPAuthenticationError as error:
            raise _Trouble(Delivery.NOT_CONFIGURED, error.smtp_code, "log-in refused") from error
        except smtplib.SMTPResponseException as error:
            outcome = Delivery.RETRY if error.smtp_code < 500 else Delivery.NOT_CONFIGURED
            raise _Trouble(outcome, _code(error.smtp_code), _text(error.smtp_error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise _Trouble(Delivery.RETRY, None, _cause(error, account)) from error
        assert self._server.sock is not None
        self._server.sock.settimeout(wait.command)
        return self._server

    def _opened(self) -> smtplib.SMTP:
        account, wait = self._account, self._patience
        server: smtplib.SMTP
        if account.security == "tls":
            server = smtplib.SMTP_SSL(timeout=wait.connect, context=self._trust())
        else:
            server = smtplib.SMTP(timeout=wait.connect)
        # `connect` and not the constructor: a refusing banner must not leave a socket open.
        try:
            server._host = account.host  # type: ignore[attr-defined]  # the name that TLS checks
            with _ended_after(server, wait.total):
                code, reply = server.connect(account.host, account.port)
                if code != 220:
                    raise smtplib.SMTPConnectError(code, reply)
                if account.security == "starttls":
                    server.starttls(context=self._trust())
                server.ehlo_or_helo_if_needed()
                if account.user:
                    server.login(account.user, account.password or "")
        except BaseException:
            server.close()
            raise
        return server

    def _trust(self) -> ssl.SSLContext:
        """Return whom to trust; reading the system's authorities takes a while, so once."""
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._account.ca_file)
        return self._context

    # ------------------------------------------------------------ one message

    def _hand_over(self, server: smtplib.SMTP, message: Message) -> DeliveryResult:
        try:
            refusal = self._envelope(server, message)
            if refusal is not None:
                return refusal
            server.send(_dotted(message.raw))
        except (OSError, smtplib.SMTPException) as error:
            return _result(Delivery.RETRY, None, _cause(error, self._account))
        # From here on the server may have the whole message, whatever we hear.
        try:
            if server.sock is not None:
                server.sock.settimeout(self._patience.after_dot)
            server.send(b".\r\n")
            code, reply = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return _result(Delivery.MAYBE, None, _cause(error, self._account))
        if server.sock is not None:
            server.sock.settimeout(self._patience.command)
        if code == 250:
            return _result(Delivery.ACCEPTED, code, reply)
        if code < 0:  # smtplib's sign for an unreadable answer
            return _result(Delivery.MAYBE, None, reply)
        return _result(Delivery.RETRY if code < 500 else Delivery.REFUSED, code, reply)

    def _envelope(self, server: smtplib.SMTP, message: Message) -> DeliveryResult | None:
        """Announce sender and recipient; return the refusal, or None when the text may follow."""
        code, reply = server.mail(message.sender)
        if code != 250:
            # Refused before any recipient was named: our address or our standing, not the reader.
            return _result(
                Delivery.RETRY if code < 500 else Delivery.NOT_CONFIGURED, _code(code), reply
            )
        code, reply = server.rcpt(message.recipient)
        if code not in (250, 251):
            return _result(Delivery.RETRY if code < 500 else Delivery.REFUSED, _code(code), reply)
        code, reply = server.docmd("DATA")
        if code != 354:
            return _result(Delivery.RETRY if code < 500 else Delivery.REFUSED, _code(code), reply)
        return None


class _Trouble(Exception):
    """There is no connection to hand anything over."""

    def __init__(self, outcome: Delivery, code: int | None, detail: str) -> None:
        super().__init__(detail)
        self.result = _result(outcome, code, detail)


def _result(outcome: Delivery, code: int | None, detail: str | bytes) -> DeliveryResult:
    return DeliveryResult(outcome=outcome, code=code, detail=_text(detail))


def _code(code: int) -> int | None:
    return code if code > 0 else None


def _text(reply: str | bytes) -> str:
    """Return a server's words as one line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_DETAIL_LENGTH]


def _cause(error: Exception, account: Account) -> str:
    """Return why a connection failed, with the place and never with a password."""
    kind = "timed out" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return f"{account.host}:{account.port}: {kind}"


def _is_alive(server: smtplib.SMTP) -> bool:
    try:
        return server.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _dotted(raw: bytes) -> bytes:
    """Return a message for transport: leading dots doubled, CRLF at its end (RFC 5321 4.5.2)."""
    dotted = re.sub(rb"(?m)^\.", b"..", raw)
    return dotted if dotted.endswith(b"\r\n") else dotted + b"\r\n"


@contextmanager
def _ended_after(server: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Cut the connection when the block takes longer; what waits on it then fails at once."""

    def cut() -> None:
        if server.sock is not None:
            try:
                server.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it was closed in the same moment

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
