"""The mailbox: each mail once, forged reports move nothing, nothing in it is changed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clocks import StandingClock
from hypothesis import given
from hypothesis import strategies as st
from imapserver import ImapHost, imap_host
from tellings import WINDOW, a_coverage, a_subscriber

from alerts.compose import compose
from alerts.fitting import fitting
from alerts.letters import MOST_BYTES, read_letter
from alerts.links import leaving_token
from alerts.mailbox import MailboxAccount, MailboxTrouble, open_mailbox
from alerts.tokens import Purpose, sign
from monitor.app import Watch, open_watch
from monitor.core.letters import Letter
from monitor.core.telling import Delivery, DeliveryResult, Message, Subscriber
from monitor.postbox import Postbox
from monitor.settings import load_settings

NOW = datetime(2026, 11, 24, 7, 0, 20, tzinfo=UTC)
CANARY = "watch+canary@ngo.example"
UNKNOWN = "<digest.0123456789abcdef01234567@ngo.example>"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate for 127.0.0.1, made for this test run, and its key."""
    folder = tmp_path_factory.mktemp("imap-tls")
    crt, key = folder / "crt.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", crt],
        check=True, capture_output=True,
    )  # fmt: skip
    return crt, key


@pytest.fixture
def host(certificate: tuple[Path, Path]) -> Iterator[ImapHost]:
    """Yield a mail host with an empty mailbox."""
    with imap_host(certificate, ImapHost()) as running:
        yield running


@pytest.fixture
def watch(tmp_path: Path, host: ImapHost, certificate: tuple[Path, Path]) -> Iterator[Watch]:
    """Yield a house whose mailbox is on the host."""
    settings = load_settings(
        {},
        environ={
            "MONITOR_VAR": str(tmp_path / "var"),
            "MONITOR_IMAP_HOST": "127.0.0.1",
            "MONITOR_IMAP_PORT": str(host.port),
            "MONITOR_IMAP_USER": host.user,
            "MONITOR_IMAP_PASSWORD": host.password,
            "MONITOR_IMAP_CA": str(certificate[0]),
            "MONITOR_MAIL_FROM": "watch@ngo.example",
            "MONITOR_CANARY": CANARY,
        },
        folder=tmp_path,
    )
    with open_watch(settings, clock=StandingClock(NOW)) as opened:
        yield opened


def a_reader(watch: Watch, address: str = "reader@ngo.example") -> Subscriber:
    """Return a new subscriber of the house."""
    added = watch.store.subscribers.add(a_subscriber(address=address, since=NOW))
    assert added is not None
    return added


def sent(watch: Watch, reader: Subscriber, number: int = 1) -> Message:
    """Return a digest that a mail server accepted."""
    window = replace(WINDOW, period=f"2026-11-{number:02}T08:00")
    digest, _ = fitting(
        [], subscriber=reader, window=window, now=NOW, sender=watch.sender, coverage=a_coverage()
    )
    message = compose(digest, sender=watch.sender)
    watch.store.outbox.add(message, now=NOW, subscriber_key=reader.key)
    taken = watch.store.outbox.take(NOW, owner="t", lease_for=timedelta(hours=1))
    assert taken is not None
    result = DeliveryResult(outcome=Delivery.ACCEPTED, code=250)
    assert watch.store.outbox.done(taken, result, now=NOW, retry_at=None)
    return message


def a_report(message_id: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """Return a delivery report as RFC 3464 describes it."""
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: watch@ngo.example\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <report.{message_id[8:20]}.{action}{status}@mx.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\r\n\r\n'
        "--b1\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b1\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; reader@ngo.example\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        "--b1\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: {message_id}\r\nSubject: NK labour\r\n\r\ntext\r\n--b1--\r\n"
    ).encode()


def a_plain_report(message_id: str, said: str = "550 5.1.1 <reader@ngo.example>: unknown") -> bytes:
    """Return a report in plain words, as qmail and others write them."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n"
        "Hi. This is the mail program at mx.example.\r\nI'm afraid I wasn't able to deliver your "
        f"message.\r\n\r\n{said}\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
        f"Message-ID: {message_id}\r\nSubject: NK labour\r\nX-Count: 4.2.1\r\n\r\ntext\r\n"
    ).encode()


def a_letter(
    subject: str, *, frm: str = "reader@ngo.example", to: str = "watch@ngo.example"
) -> bytes:
    """Return a letter by a person."""
    return f"From: {frm}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nplease\r\n".encode()


def kinds(watch: Watch) -> list[str]:
    """Return the kinds of the open notices."""
    return [notice.kind for notice in watch.store.notices.open()]


# ---------------------------------------------------------------- reports


def test_three_mails_that_came_back_end_the_mails_to_an_address(
    watch: Watch, host: ImapHost
) -> None:
    """Standard and plain reports count alike, each mail once; the third pauses and is told."""
    reader = a_reader(watch)
    first, second, third = (sent(watch, reader, n).message_id for n in (1, 2, 3))
    host.put(a_report(first), a_report(first, status="5.1.0"), a_plain_report(second))
    Postbox(watch).run()
    before = watch.store.subscribers.get(reader.key)
    # A later mail that the server accepted proves nothing: late reports come after that.
    watch.store.subscribers.accepted(reader.key)
    host.put(a_report(third))
    said = Postbox(watch).run()

    after = watch.store.subscribers.get(reader.key)
    assert before is not None
    assert after is not None
    assert (before.is_active, after.is_active) == (True, False)
    assert said == "read: 1 bounced"
    assert kinds(watch) == ["mail.paused"]


@pytest.mark.parametrize(
    "change",
    [
        lambda report, id_: report.replace(id_.encode(), UNKNOWN.encode()),
        lambda report, id_: report.replace(id_.encode(), b"<other@ngo.example>"),
        lambda report, id_: report.replace(b"Action: failed", b"Action: delayed"),
        lambda report, id_: report.replace(b"Status: 5.1.1", b"Status: 4.4.7"),
        lambda report, id_: report.replace(b"Status: 5.1.1", b"Status: 5.2.2"),
        lambda report, id_: report.replace(b"Action: failed", b"Action: delivered"),
    ],
    ids=["unknown id", "no id of ours", "delayed", "expired", "full", "delivered"],
)  # fmt: skip
def test_forged_and_soft_reports_pause_nobody(
    watch: Watch, host: ImapHost, change: Callable[[bytes, str], bytes]
) -> None:
    """Without the Message-ID of a mail of ours, and for what may pass, nothing is counted."""
    reader = a_reader(watch)
    for number in range(1, 6):
        id_ = sent(watch, reader, number).message_id
        host.put(change(a_report(id_), id_))
    Postbox(watch).run()

    after = watch.store.subscribers.get(reader.key)
    assert after is not None
    assert after.is_active


def test_many_reports_about_one_mail_are_one(watch: Watch, host: ImapHost) -> None:
    """Who knows one Message-ID, such as a reader to whom it was passed on, can pause nobody."""
    reader = a_reader(watch)
    id_ = sent(watch, reader).message_id
    host.put(*(a_report(id_, status=f"5.1.{n}") for n in range(9)), a_plain_report(id_))
    Postbox(watch).run()

    after = watch.store.subscribers.get(reader.key)
    assert after is not None
    assert after.is_active


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        ("550 5.1.1 <x@y.example>: no such user", Letter.BOUNCED),
        ("Remote host said: 550 no mailbox here by that name", Letter.BOUNCED),
        ("451 4.3.0 try again later; I will keep trying", Letter.DELAYED),
        ("mailbox is full (5.2.2)", Letter.DELAYED),
        ("it could not be delivered", Letter.DELAYED),
    ],
)
def test_reports_in_plain_words(said: str, letter: Letter) -> None:
    """Only a code of refusal makes it final, and only above the copy of our mail."""
    id_ = "<digest.0123456789abcdef01234567@ngo.example>"

    read = read_letter(a_plain_report(id_, said))

    assert (read.letter, read.message_id) == (letter, id_)


def test_a_note_that_somebody_is_on_holiday_is_no_report() -> None:
    """An automatic answer quotes our mail, and its reader will be back."""
    id_ = "<digest.0123456789abcdef01234567@ngo.example>"
    note = (
        "From: reader@ngo.example\r\nAuto-Submitted: auto-replied\r\nReturn-Path: <>\r\n"
        f"Subject: Out of office\r\nIn-Reply-To: {id_}\r\n\r\nBack on 5.1.1 {id_} 550 \r\n"
    )

    assert read_letter(note.encode()).letter is Letter.OTHER


@given(raw=st.binary(max_size=400))
def test_any_bytes_are_a_letter(raw: bytes) -> None:
    """Whatever arrives, reading it ends with an answer."""
    for around in (b"", b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n",
                   b"From: MAILER-DAEMON\r\nSubject: failure notice\r\n"):  # fmt: skip
        assert read_letter(around + raw).letter in Letter


def test_huge_and_deep_mails_cost_little() -> None:
    """A mail of ten megabytes, and one of a thousand parts, are read within a second."""
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(999)
    )
    started = datetime.now(UTC)

    assert read_letter(deep).letter is Letter.OTHER
    assert read_letter(b"Subject: x\r\n\r\n" + b"a" * 10_000_000).letter is Letter.OTHER
    assert datetime.now(UTC) - started < timedelta(seconds=1)


# ---------------------------------------------------------------- leaving


def test_a_letter_with_the_token_ends_a_subscription(watch: Watch, host: ImapHost) -> None:
    """The address that every mail carries for it does what it says, whoever's name is on it."""
    reader = a_reader(watch)
    message = sent(watch, reader)
    header = next(line for line in message.raw.decode().splitlines() if "List-Unsubscribe:" in line)
    to, _, subject = header.split("mailto:")[1].rstrip(">").partition("?subject=")
    host.put(a_letter(subject.replace("%20", " "), frm="someone@else.example", to=to))
    said = Postbox(watch).run()

    after = watch.store.subscribers.get(reader.key)
    assert to == "watch@ngo.example"
    assert said == "read: 1 unsubscribe"
    assert after is not None
    assert not after.is_active
    (line,) = watch.store.audit.list(subject=f"subscriber:{reader.key}")
    assert line.action == "subscriber.left"


def test_nobody_leaves_by_a_name_or_by_another_token(watch: Watch, host: ImapHost) -> None:
    """From alone, a forged token, one for another purpose, reader or address: for a person."""
    reader, other = a_reader(watch), a_reader(watch, "other@ngo.example")
    token = leaving_token(watch.sender, subscriber=reader, made_at=NOW)
    assert token is not None
    settings = sign(
        watch.link_secret, Purpose.SETTINGS, subject=token.split(".")[1],
        until=NOW + timedelta(days=1),
    )  # fmt: skip
    old = leaving_token(watch.sender, subscriber=reader, made_at=NOW - timedelta(days=500))
    host.put(
        a_letter("unsubscribe"),
        a_letter(f"unsubscribe {token[:-1]}x"),
        a_letter(f"unsubscribe {token.replace('.1-', '.2-')}"),
        a_letter(settings),
        a_letter(f"unsubscribe {old}"),
    )
    Postbox(watch).run()

    for one in (reader, other):
        after = watch.store.subscribers.get(one.key)
        assert after is not None
        assert after.is_active
    assert kinds(watch) == ["mailbox.wish"]


# ---------------------------------------------------------------- once, and only reading


def test_each_mail_is_handled_once_and_nothing_is_changed(watch: Watch, host: ImapHost) -> None:
    """Read again, and read again in a folder that was made anew: nothing counts twice."""
    reader = a_reader(watch)
    ids = [sent(watch, reader, n).message_id for n in (1, 2)]
    host.put(*(a_report(id_) for id_ in ids))
    first = Postbox(watch).run()
    second = Postbox(watch).run()
    host.uid_validity, host.mails = 2, dict(enumerate(host.mails.values(), 40))
    third = Postbox(watch).run()

    after = watch.store.subscribers.get(reader.key)
    assert (first, second, third) == (
        "read: 2 bounced", "read: nothing new", "read: nothing new"
    )  # fmt: skip
    assert after is not None
    assert after.is_active
    verbs = {line.upper().removeprefix("UID ").split()[0] for line in host.commands}
    assert verbs == {"CAPABILITY", "LOGIN", "EXAMINE", "SEARCH", "FETCH", "LOGOUT"}
    assert all("PEEK" in line for line in host.commands if "FETCH" in line)


def test_a_visit_that_broke_off_goes_on_where_it_was(watch: Watch, host: ImapHost) -> None:
    """The mail handled before the break is not handled again, the one after it is."""
    reader = a_reader(watch)
    host.put(a_report(sent(watch, reader, 1).message_id))
    Postbox(watch).run()
    host.put(a_report(sent(watch, reader, 2).message_id))
    host.drops_at = "FETCH"
    broken = Postbox(watch).run()
    host.drops_at = ""

    assert broken.startswith("not readable")
    assert Postbox(watch).run() == "read: 1 bounced"


def test_a_mailbox_that_cannot_be_read_is_told_and_forgotten(watch: Watch, host: ImapHost) -> None:
    """The operator hears of it once; no password is in what they hear."""
    right, host.password = host.password, "another"
    said = Postbox(watch).run()
    told = kinds(watch)
    host.password = right
    Postbox(watch).run()

    assert said == "not readable: 127.0.0.1: log-in refused"
    assert (told, kinds(watch)) == (["mailbox"], [])


def account(host: ImapHost, certificate: tuple[Path, Path]) -> MailboxAccount:
    """Return how to reach the host."""
    return MailboxAccount(
        host="127.0.0.1", port=host.port, user=host.user, password=host.password,
        ca_file=str(certificate[0]),
    )  # fmt: skip


def test_slow_and_lying_hosts_are_cut_off(host: ImapHost, certificate: tuple[Path, Path]) -> None:
    """An answer that never comes, and an announced size of gigabytes, end within their time."""
    host.put(b"Subject: x\r\n\r\n")
    host.hangs_at = "SEARCH"
    started = datetime.now(UTC)
    with (
        pytest.raises(MailboxTrouble),
        open_mailbox(account(host, certificate), answer=0.4) as mailbox,
    ):
        mailbox.after(0)
    with (
        pytest.raises(MailboxTrouble),
        open_mailbox(account(host, certificate), seconds=0.4, answer=30) as mailbox,
    ):
        mailbox.after(0)
    host.hangs_at, host.lies_about_size = "", True
    with (
        pytest.raises(MailboxTrouble, match="4000000000"),
        open_mailbox(account(host, certificate)) as mailbox,
    ):
        mailbox.mail(1)
    assert datetime.now(UTC) - started < timedelta(seconds=5)


def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    host: ImapHost, certificate: tuple[Path, Path]
) -> None:
    """TLS that cannot be checked is no TLS: the log-in is never sent."""
    with (
        pytest.raises(MailboxTrouble, match="TLS"),
        open_mailbox(replace(account(host, certificate), ca_file=None)),
    ):
        pass

    assert "LOGIN" not in " ".join(host.commands)


def test_a_mail_is_cut_to_what_we_look_at(host: ImapHost, certificate: tuple[Path, Path]) -> None:
    """The host is asked for a part, so that no mail fills our memory."""
    host.put(b"Subject: x\r\n\r\n")
    with open_mailbox(account(host, certificate)) as mailbox:
        assert mailbox.mail(1) == b"Subject: x\r\n\r\n"
        assert mailbox.mail(7) == b""

    assert f"<0.{MOST_BYTES}>" in host.commands[-2]


# ---------------------------------------------------------------- the canary


def test_a_canary_that_does_not_sing_is_told_and_one_that_does_ends_it(
    watch: Watch, host: ImapHost
) -> None:
    """Accepted by the server, but not in the mailbox after half an hour: the operator hears."""
    clock = watch.clock
    assert isinstance(clock, StandingClock)
    message = sent(watch, a_reader(watch, CANARY))
    Postbox(watch).run()
    early = kinds(watch)
    clock.at = NOW + timedelta(minutes=31)
    Postbox(watch).run()
    late = kinds(watch)
    host.put(message.raw)
    Postbox(watch).run()

    state = watch.store.mailbox.canary(CANARY, clock.at, patience=timedelta(minutes=30))
    assert (early, late, kinds(watch)) == ([], ["canary"], [])
    assert (state.arrived_at, state.missing_since) == (clock.at, None)


def test_a_mail_to_somebody_else_is_no_canary(watch: Watch, host: ImapHost) -> None:
    """Only the canary's own mails count, even when another of ours lies in the mailbox."""
    host.put(sent(watch, a_reader(watch)).raw)

    assert Postbox(watch).run() == "read: 1 other"
    state = watch.store.mailbox.canary(CANARY, NOW, patience=timedelta(0))
    assert state.arrived_at is None
