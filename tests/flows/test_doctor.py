"""`monitor doctor`: each thing that can be wrong is found, and said with its next step."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from commandline import commands
from imapserver import ImapHost, imap_host
from smtpsink import MailServer, Sink
from tellings import a_subscriber

from monitor.starter import copy_to
from store import open_store

Doctor = Callable[..., tuple[int, dict[str, dict[str, str]]]]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doctor]:
    """Give a function that runs the command in a fresh folder: exit code and checks by name."""
    copy_to(tmp_path)
    with commands() as monitor:

        def run(*words: str, **environ: str) -> tuple[int, dict[str, dict[str, str]]]:
            for name, value in environ.items():
                monkeypatch.setenv(f"MONITOR_{name}", value)
            done: Result = monitor("doctor", "--json", "--config", str(tmp_path), *words)
            found = json.loads(done.stdout)
            assert all(one["next_step"] for one in found if one["state"] != "fine")
            return done.exit_code, {one["check"]: one for one in found}

        yield run


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate for 127.0.0.1, made for this test run, and its key."""
    folder = tmp_path_factory.mktemp("doctor-tls")
    crt, key = folder / "crt.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", crt],
        check=True, capture_output=True,
    )  # fmt: skip
    return crt, key


def states(found: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return the state of each check."""
    return {name: one["state"] for name, one in found.items()}


def test_a_fresh_folder_is_well_but_says_what_is_lost(doctor: Doctor, tmp_path: Path) -> None:
    """Nothing is wrong, nothing is made; what is not set up is named with what it costs."""
    code, found = doctor()

    assert code == 0
    assert "wrong" not in states(found).values()
    assert "come back later are not seen" in found["mailbox"]["reason"]
    assert "one-click" in found["public address"]["reason"]
    assert not (tmp_path / "var").exists()


def test_a_mistake_in_a_file_is_wrong_and_the_rest_is_still_looked_at(
    doctor: Doctor, tmp_path: Path
) -> None:
    """One broken file hides no other check."""
    (tmp_path / "feeds.yaml").write_text("feeds: [")
    (tmp_path / "channels.yaml").write_text("channels:\n  - {name: x, kind: fax}\n")

    code, found = doctor()

    assert code == 1
    assert states(found)["feeds file"] == states(found)["channels"] == "wrong"
    assert states(found)["rules"] == "fine"


def test_a_wrong_setting_ends_with_the_exit_code_of_settings(doctor: Doctor) -> None:
    """It is a check like the others for a script, and exit 78."""
    code, found = doctor(SMTP_PORT="99999")

    assert (code, states(found)) == (78, {"settings": "wrong"})


def test_a_mail_server_that_does_not_answer_is_wrong(doctor: Doctor) -> None:
    """The server's place and the cause are named."""
    with MailServer(Sink()) as server:
        port = str(server.port)
        answered = doctor(
            SMTP_HOST="127.0.0.1", SMTP_PORT=port, SMTP_SECURITY="none",
            MAIL_FROM="watch@ngo.example",
        )  # fmt: skip
    code, found = doctor()

    assert answered[1]["mail server"]["state"] == "warning"  # no TLS
    assert code == 1
    assert f"127.0.0.1:{port}" in found["mail server"]["reason"]


def test_what_the_store_knows_is_told(doctor: Doctor, tmp_path: Path) -> None:
    """Nobody polls, an address that came back, a canary that is no subscriber."""
    (tmp_path / "var").mkdir()
    with open_store(f"sqlite:///{tmp_path / 'var' / 'monitor.db'}") as store:
        gone = store.subscribers.add(a_subscriber(address="gone@ngo.example"))
        assert gone is not None
        for _ in range(3):
            store.subscribers.bounced(gone.key, limit=3)

    code, found = doctor(CANARY="canary@ngo.example")

    assert code == 1
    assert states(found)["watch"] == "wrong"
    assert "gone@ngo.example" in found["paused addresses"]["reason"]
    assert found["canary"]["reason"] == "canary@ngo.example gets no mail"
    assert states(found)["subscribers"] == "warning"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("Authentication-Results: mx.ngo.example; spf=pass; dkim=pass; dmarc=pass\r\n",
         {"SPF": "fine", "DKIM": "fine", "DMARC": "fine"}),
        ("Authentication-Results: mx.ngo.example; spf=pass; dkim=fail\r\n",
         {"SPF": "fine", "DKIM": "wrong", "DMARC": "warning"}),
        ("Authentication-Results: mx.else.example; spf=pass\r\n", {"authentication": "warning"}),
    ],
)  # fmt: skip
def test_a_mail_to_oneself_is_followed_to_the_mailbox(
    doctor: Doctor,
    certificate: tuple[Path, Path],
    results: str,
    expected: dict[str, str],
) -> None:
    """Through the real sender into the real mailbox, and what the host wrote on top of it."""
    host = ImapHost()

    class Delivering(Sink):
        """Brings each accepted mail into the mailbox, with the host's lines on top."""

        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
            answer = await super().handle_DATA(server, session, envelope)  # type: ignore[arg-type]
            host.put(results.encode() + self.accepted[-1][1])
            return answer

    with imap_host(certificate, host), MailServer(Delivering()) as server:
        code, found = doctor(
            "--mail", SMTP_HOST="127.0.0.1", SMTP_PORT=str(server.port), SMTP_SECURITY="none",
            MAIL_FROM="watch@ngo.example", IMAP_HOST="127.0.0.1", IMAP_PORT=str(host.port),
            IMAP_USER=host.user, IMAP_PASSWORD=host.password, IMAP_CA=str(certificate[0]),
            IMAP_AUTHSERV="mx.ngo.example",
        )  # fmt: skip

    shown = states(found)
    assert (shown["mailbox"], shown["test mail"], shown["arrival"]) == ("fine", "fine", "fine")
    assert {name: shown[name] for name in expected} == expected
    assert code == ("wrong" in shown.values())
    assert "watch@ngo.example" in found["test mail"]["reason"]
    assert host.password not in json.dumps(found)
