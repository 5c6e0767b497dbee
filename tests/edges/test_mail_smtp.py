"""Handing a message over: one recipient a transaction, and the right name for every way to fail."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from hypothesis import given, settings
from hypothesis import strategies as st
from smtpsink import DROP_AFTER, DROP_BEFORE, MailServer, Sink
from tellings import END, SENDER, WINDOW, a_subscriber, an_item

from alerts.fitting import fitting
from alerts.folder import FolderMailer
from alerts.mail import Account, Patience, SmtpMailer
from monitor.core.telling import Delivery, DeliveryResult, Message

HASTE = Patience(connect=5, command=5, after_dot=5, total=20)


def a_message(number: int = 1, *, text: str = "Workers were seen.") -> Message:
    """Return the digest of reader `number`."""
    _, message = fitting(
        [an_item(1, text=text)],
        subscriber=a_subscriber(number),
        window=WINDOW,
        now=END,
        sender=SENDER,
    )
    return message


def account(port: int, **changes: str) -> Account:
    """Return an account on the loopback address."""
    given = {"host": "127.0.0.1", "port": port, "security": "none"} | changes
    return Account(**given)  # type: ignore[arg-type]


def sent(sink: Sink, *numbers: int, patience: Patience = HASTE) -> list[DeliveryResult]:
    """Send the digests of these readers over one mailer."""
    with MailServer(sink) as server, SmtpMailer(account(server.port), patience=patience) as mailer:
        return [mailer.deliver(a_message(number)) for number in numbers]


def test_a_message_arrives_as_it_was_composed() -> None:
    """The server has the very bytes of the outbox, for one recipient each."""
    sink = Sink()

    results = sent(sink, 1, 2)

    assert [result.outcome for result in results] == [Delivery.ACCEPTED] * 2
    assert sink.accepted == [(f"reader{n}@ngo.example", a_message(n).raw) for n in (1, 2)]
    read = message_from_bytes(sink.accepted[0][1], policy=default)
    assert read["subject"].startswith("NK labour: Builders from North Korea")


@given(st.text(st.sampled_from(".a\n\r "), max_size=40))
@settings(max_examples=20, deadline=None)
def test_lines_that_begin_with_a_dot_survive(text: str) -> None:
    """The final dot of SMTP cannot be forged by an article, and no dot is lost."""
    sink = Sink()
    message = a_message(text=f"Seen.\n.\n..\n.hidden\n{text}")

    with MailServer(sink) as server, SmtpMailer(account(server.port), patience=HASTE) as mailer:
        result = mailer.deliver(message)

    assert result.outcome is Delivery.ACCEPTED
    assert sink.accepted == [(message.recipient, message.raw)]


@pytest.mark.parametrize(
    ("where", "reply", "outcome", "code"),
    [
        ("rcpt", "450 4.2.0 greylisted", Delivery.RETRY, 450),
        ("rcpt", "452 4.2.2 mailbox full", Delivery.RETRY, 452),
        ("rcpt", "550 5.1.1 no such user", Delivery.REFUSED, 550),
        ("rcpt", "552 5.2.2 too big", Delivery.REFUSED, 552),
        ("data", "451 4.3.0 later", Delivery.RETRY, 451),
        ("data", "421 4.3.2 closing", Delivery.RETRY, 421),
        ("data", "554 5.7.1 spam", Delivery.REFUSED, 554),
        ("data", DROP_BEFORE, Delivery.MAYBE, None),
        ("data", DROP_AFTER, Delivery.MAYBE, None),
    ],
)
def test_each_answer_has_its_outcome(
    where: str, reply: str, outcome: Delivery, code: int | None
) -> None:
    """4xx is later, 5xx is never, a broken line after the final dot is maybe."""
    sink = Sink()
    answer = {"at_rcpt" if where == "rcpt" else "at_data": lambda recipient: reply}
    for name, function in answer.items():
        setattr(sink, name, function)

    (result,) = sent(sink, 1)

    assert (result.outcome, result.code) == (outcome, code)
    assert result.detail
    assert "\n" not in result.detail


def test_one_refused_reader_does_not_keep_the_others_from_theirs() -> None:
    """A refusal, or a broken line, ends one transaction; the next begins afresh."""
    replies = {2: "550 5.1.1 no such user", 4: DROP_BEFORE}
    sink = Sink(
        at_data=lambda to: DROP_BEFORE if to == "reader4@ngo.example" else "250 taken",
        at_rcpt=lambda to: replies[2] if to == "reader2@ngo.example" else "250 taken",
    )

    results = sent(sink, 1, 2, 3, 4, 5)

    assert [result.outcome.value for result in results] == [
        "accepted", "refused", "accepted", "maybe", "accepted",
    ]  # fmt: skip
    assert [to for to, _ in sink.accepted] == [f"reader{n}@ngo.example" for n in (1, 3, 5)]


def test_a_slow_answer_is_waited_for() -> None:
    """A server that took the message and answers late has accepted it: no second copy."""
    sink = Sink(delay=1.0)

    (result,) = sent(sink, 1, patience=Patience(connect=5, command=0.5, after_dot=5, total=20))

    assert result.outcome is Delivery.ACCEPTED
    assert len(sink.accepted) == 1


def test_an_answer_that_never_comes_is_maybe() -> None:
    """Who waits in vain for the last answer does not know, and says so."""
    sink = Sink(delay=3.0)

    (result,) = sent(sink, 1, patience=Patience(connect=5, command=5, after_dot=0.3, total=20))

    assert result.outcome is Delivery.MAYBE
    assert "timed out" in result.detail


def test_nobody_listening_is_a_reason_to_try_later() -> None:
    """A server that is away costs nothing but time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with SmtpMailer(account(port), patience=HASTE) as mailer:
        result = mailer.deliver(a_message())

    assert result.outcome is Delivery.RETRY
    assert f"127.0.0.1:{port}" in result.detail


@contextmanager
def talking(*says: bytes, every: float = 0.0) -> Iterator[int]:
    """Yield the port of a server that says these things, one every so often, whatever it hears."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                for said in says:
                    try:
                        connection.sendall(said)
                    except OSError:
                        return
                    over.wait(every)
                over.wait(10)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    ("says", "outcome", "code"),
    [
        ((b"554 no service\r\n",), Delivery.NOT_CONFIGURED, 554),
        ((b"421 busy\r\n",), Delivery.RETRY, 421),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), Delivery.RETRY, None),
        ((b"\x00\xff\xfe\r\n",), Delivery.RETRY, None),
        ((b"220 " + b"x" * 20_000 + b"\r\n",), Delivery.NOT_CONFIGURED, 500),
        ((b"220 hello\r\n", b"250 hi\r\n", b"550 5.7.1 sender not allowed\r\n"),
         Delivery.NOT_CONFIGURED, 550),
        ((b"220 hello\r\n", b"250 hi\r\n", b"451 later\r\n"), Delivery.RETRY, 451),
    ],
)  # fmt: skip
def test_what_is_said_before_the_reader_is_named_is_not_the_readers_fault(
    says: tuple[bytes, ...], outcome: Delivery, code: int | None
) -> None:
    """A refused banner or sender is our own matter: no reader is counted as refusing."""
    haste = Patience(connect=2, command=1, after_dot=2, total=5)

    with talking(*says, every=0.1) as port, SmtpMailer(account(port), patience=haste) as mailer:
        result = mailer.deliver(a_message())

    assert (result.outcome, result.code) == (outcome, code)


def test_a_server_that_drips_is_cut_off() -> None:
    """One byte now and then keeps every single wait alive; the whole attempt ends all the same."""
    drip = [b"2", b"2", b"0", *[b"x"] * 200]
    patience = Patience(connect=2, command=2, after_dot=2, total=0.6)
    began = time.monotonic()

    with talking(*drip, every=0.1) as port, SmtpMailer(account(port), patience=patience) as mailer:
        result = mailer.deliver(a_message())

    assert result.outcome is Delivery.RETRY
    assert time.monotonic() - began < 5


# ---------------------------------------------------------------- TLS and log-in


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate for 127.0.0.1, made for this test run, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out",
         str(chain)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return chain, key


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def checked(server: object, session: object, envelope: object, how: str, who: object) -> AuthResult:
    """Let in who knows the password."""
    good = getattr(who, "password", b"") == b"right"
    return AuthResult(success=good, handled=False)


@pytest.mark.parametrize(
    ("trusts", "password", "outcome"),
    [
        (True, "right", Delivery.ACCEPTED),
        (True, "wrong", Delivery.NOT_CONFIGURED),
        (False, "right", Delivery.NOT_CONFIGURED),
    ],
)
def test_starttls_and_log_in(
    certificate: tuple[Path, Path], trusts: bool, password: str, outcome: Delivery
) -> None:
    """Mail leaves over a checked TLS line; what is wrong with it is told without the password."""
    sink = Sink()
    options = {"tls_context": server_context(certificate), "require_starttls": True,
               "authenticator": checked, "auth_required": True}  # fmt: skip
    with MailServer(sink, **options) as server:
        mine = account(
            server.port,
            security="starttls",
            user="watch",
            password=password,
            **({"ca_file": str(certificate[0])} if trusts else {}),
        )
        with SmtpMailer(mine, patience=HASTE) as mailer:
            result = mailer.deliver(a_message())

    assert result.outcome is outcome
    assert len(sink.accepted) == (outcome is Delivery.ACCEPTED)
    assert "wrong" not in result.detail
    assert "right" not in repr(mine)


def test_a_server_without_tls_gets_no_mail_and_no_password() -> None:
    """Where TLS was asked for and is not offered, nothing is sent in the clear."""
    sink = Sink()
    with MailServer(sink) as server:
        mine = account(server.port, security="starttls", user="watch", password="right")
        with SmtpMailer(mine, patience=HASTE) as mailer:
            result = mailer.deliver(a_message())

    assert result.outcome is Delivery.NOT_CONFIGURED
    assert sink.attempts == 0


# ---------------------------------------------------------------- the folder


def test_the_folder_holds_each_message_once(tmp_path: Path) -> None:
    """A second delivery of the same message replaces the file, and nothing unfinished stays."""
    mailer = FolderMailer(tmp_path / "var" / "outbox")

    results = [mailer.deliver(a_message(number)) for number in (1, 1, 2)]

    files = sorted((tmp_path / "var" / "outbox").iterdir())
    assert [result.outcome for result in results] == [Delivery.ACCEPTED] * 3
    assert files == sorted({mailer.path(a_message(number)) for number in (1, 2)})
    assert mailer.path(a_message(1)).read_bytes() == a_message(1).raw
    assert files[0].name.startswith("2026-11-24T0700Z-digest-reader1-ngo-example-")


def test_a_folder_that_cannot_be_written_is_the_operators_to_mend(tmp_path: Path) -> None:
    """A file in the way is a reason to try later, not a crash and not a lost mail."""
    (tmp_path / "outbox").write_text("a file")

    result = FolderMailer(tmp_path / "outbox").deliver(a_message())

    assert result.outcome is Delivery.NOT_CONFIGURED
    assert str(tmp_path / "outbox") in result.detail
