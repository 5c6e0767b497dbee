"""Settings come from the documented places in the documented order, and never show a secret."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from monitor.core.errors import ConfigurationErrors
from monitor.settingkeys import TABLE
from monitor.settings import Settings, describe, load_settings

SECRETS = {
    "MONITOR_SMTP_PASSWORD": "canary-one-\u00e9",
    "MONITOR_DATABASE": "postgresql://monitor:canary%2Dtwo@db.example/monitor",
}


def load(folder: Path, flags: Mapping[str, str] | None = None, **environ: str) -> Settings:
    """Load settings in an otherwise empty world."""
    return load_settings(flags, environ={"HOME": str(folder / "home"), **environ}, folder=folder)


def messages(folder: Path, flags: Mapping[str, str] | None = None, **environ: str) -> list[str]:
    """Return what is said against these settings."""
    with pytest.raises(ConfigurationErrors) as caught:
        load(folder, flags, **environ)
    return [str(problem) for problem in caught.value.problems]


def test_with_nothing_given_every_setting_has_its_documented_default(tmp_path: Path) -> None:
    """A checkout works without a single variable: all local, nothing leaves the machine."""
    found = load(tmp_path)

    assert (found.feeds, found.rules, found.corpus, found.var) == (
        tmp_path / "feeds.yaml",
        tmp_path / "rules",
        tmp_path / "corpus",
        tmp_path / "var",
    )
    assert found.database == f"sqlite:///{tmp_path}/var/monitor.db"
    assert (found.host, found.port, found.smtp_host, found.public_url) == (
        "127.0.0.1",
        8000,
        None,
        None,
    )
    assert set(found.came_from.values()) == {"default", "default (first found)"}


def test_a_flag_beats_a_variable_beats_a_credential_beats_the_default(tmp_path: Path) -> None:
    """The order of the places is the documented one, and each is named."""
    (tmp_path / "smtp_password").write_text("from-credential\n")
    (tmp_path / "password").write_text("from-file\r\n")
    flag = load(tmp_path, {"port": "1"}, MONITOR_PORT="2")
    variable = load(tmp_path, MONITOR_PORT="2")
    file = load(
        tmp_path,
        MONITOR_SMTP_PASSWORD_FILE=str(tmp_path / "password"),
        CREDENTIALS_DIRECTORY=str(tmp_path),
    )
    credential = load(tmp_path, CREDENTIALS_DIRECTORY=str(tmp_path))

    assert (flag.port, flag.came_from["port"]) == (1, "command line (--port)")
    assert (variable.port, variable.came_from["port"]) == (2, "environment (MONITOR_PORT)")
    assert file.smtp_password is not None
    assert file.smtp_password.get_secret_value() == "from-file"
    assert file.came_from["smtp_password"] == f"file ({tmp_path}/password)"
    assert credential.smtp_password is not None
    assert credential.smtp_password.get_secret_value() == "from-credential"
    assert credential.came_from["smtp_password"] == "systemd credential (smtp_password)"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    """Compose files pass variables on whether they are set or not."""
    empty = {setting.variable: "" for setting in TABLE}

    assert load(tmp_path, **empty) == load(tmp_path)


@pytest.mark.parametrize(
    ("there", "feeds", "var"),
    [
        ((), "feeds.yaml", "var"),
        (("feeds.yaml", "home/.config/dispatch-watch/feeds.yaml"), "feeds.yaml", "var"),
        (
            ("home/.config/dispatch-watch/feeds.yaml",),
            "home/.config/dispatch-watch/feeds.yaml",
            "home/.local/state/dispatch-watch",
        ),
    ],
)
def test_the_first_feeds_file_that_exists_is_taken(
    tmp_path: Path, there: tuple[str, ...], feeds: str, var: str
) -> None:
    """Here before the user's folder; what is collected goes to the place that belongs to it."""
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = load(tmp_path)

    assert (found.feeds, found.var) == (tmp_path / feeds, tmp_path / var)


@pytest.mark.parametrize("config", ["conf", "conf/feeds.yaml"])
def test_the_configuration_may_be_named_by_folder_or_file(tmp_path: Path, config: str) -> None:
    """Either way rules, corpus and var lie beside feeds.yaml, and relative paths are made whole."""
    found = load(tmp_path, {"config": config}, MONITOR_RULES="elsewhere")

    assert (found.feeds, found.corpus, found.rules, found.var) == (
        tmp_path / "conf/feeds.yaml",
        tmp_path / "conf/corpus",
        tmp_path / "elsewhere",
        tmp_path / "conf/var",
    )


def test_systemd_says_where_state_is_kept_unless_the_operator_does(tmp_path: Path) -> None:
    """STATE_DIRECTORY is used, its first part where there are several; MONITOR_VAR beats it."""
    given = {"STATE_DIRECTORY": "/var/lib/one:/var/lib/two"}

    assert load(tmp_path, **given).var == Path("/var/lib/one")
    assert load(tmp_path, **given, MONITOR_VAR="/srv/watch").var == Path("/srv/watch")
    assert load(tmp_path, **given).came_from["var"] == "environment (STATE_DIRECTORY)"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PORT", "http", "write a whole number from 1 to 65535 (got 'http')"),
        ("PORT", "0", "write a whole number from 1 to 65535 (got '0')"),
        ("WORKERS", "65", "write a whole number from 1 to 64 (got '65')"),
        ("LOG_LEVEL", "loud", "write one of debug, info, warning, error (got 'loud')"),
        ("SMTP_SECURITY", "ssl", "write one of starttls, tls, none (got 'ssl')"),
        ("RULES_AUTO", "maybe", "write 1 or 0 (got 'maybe')"),
        ("LANGUAGE", "de", "write one of en, ru, ko (got 'de')"),
        (
            "TIMEZONE",
            "Berlin",
            "write the name of a time zone, such as Europe/Berlin (got 'Berlin')",
        ),
        (
            "PUBLIC_URL",
            "http://watch.example",
            "must begin with https://, because links in mail carry signed tokens",
        ),
        (
            "PUBLIC_URL",
            "watch.example",
            "write the address of the review page, https://... (got 'watch.example')",
        ),
        (
            "PUBLIC_URL",
            "https://watch.example/?x=1",
            "write the bare address, without user name, ? and #",
        ),
        (
            "OPERATOR_EMAIL",
            "me",
            "write an e-mail address such as desk@example.org (got 'me')",
        ),
        (
            "MAIL_FROM",
            "a@b.example\nBcc: c@d.example",
            "must be one line without control characters",
        ),
        ("USER_AGENT", "Читатель", "use plain ASCII letters only: it is sent as an HTTP header"),
        (
            "ALLOW_PRIVATE",
            "localhost",
            "'localhost' is not HOST[/PREFIX]:PORT, e.g. 127.0.0.1:8000 or [::1]:8000",
        ),
        (
            "DATABASE",
            "mysql://canary@h/d",
            "write sqlite:///var/monitor.db or postgresql://user:password@host/name",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_variable_and_what_to_write(
    tmp_path: Path, variable: str, value: str, expected: str
) -> None:
    """Every message begins with the name of the variable and says what would be right."""
    assert messages(tmp_path, **{f"MONITOR_{variable}": value}) == [
        f"MONITOR_{variable}: {expected}"
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("rules_auto", "YES", True),
        ("rules_auto", "off", False),
        ("log_level", "DEBUG", "debug"),
        ("public_url", "https://watch.example.org/sub/", "https://watch.example.org/sub"),
        ("public_url", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("mail_from", "Dispatch Watch <w@example.org>", "Dispatch Watch <w@example.org>"),
        ("mail_from", "w@example.org", "w@example.org"),
        ("allow_private", "10.0.0.5:80, [::1]:8080", ("10.0.0.5:80", "[::1]:8080")),
        ("smtp_security", "tls", "tls"),
    ],
)
def test_a_right_value_is_taken(tmp_path: Path, name: str, value: str, expected: object) -> None:
    """Spelling is forgiven where only one thing can be meant."""
    assert getattr(load(tmp_path, {name: value}), name) == expected


def test_the_port_of_the_mail_server_follows_its_security(tmp_path: Path) -> None:
    """The usual ports: 587 with STARTTLS, 465 with TLS, 25 without; a given one counts."""
    ports = [
        load(tmp_path, MONITOR_SMTP_SECURITY=security).smtp_port
        for security in ("starttls", "tls", "none")
    ]

    assert ports == [587, 465, 25]
    assert load(tmp_path, MONITOR_SMTP_PORT="2525").smtp_port == 2525


def test_all_wrong_values_are_told_at_once(tmp_path: Path) -> None:
    """A flag is blamed by its option, a variable by its name, in one go."""
    found = messages(tmp_path, {"port": "x"}, MONITOR_WORKERS="x", MONITOR_RULES_AUTO="x")

    assert [line.split(":")[0] for line in found] == [
        "--port",
        "MONITOR_WORKERS",
        "MONITOR_RULES_AUTO",
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"SMTP_HOST": "mail.example"},
            "MONITOR_MAIL_FROM: is not set, but MONITOR_SMTP_HOST is; name the sender",
        ),
        (
            {"SMTP_USER": "me"},
            "MONITOR_SMTP_PASSWORD_FILE: is not set, but MONITOR_SMTP_USER is; "
            "name the file with the password",
        ),
        (
            {"SMTP_PASSWORD": "canary", "SMTP_SECURITY": "none"},
            "MONITOR_SMTP_SECURITY: is `none`: the password would travel in clear; "
            "write starttls or tls",
        ),
    ],
)
def test_what_could_only_fail_at_the_first_digest_fails_now(
    tmp_path: Path, given: dict[str, str], expected: str
) -> None:
    """Settings that contradict each other are refused at the start, not days later."""
    assert messages(tmp_path, **{f"MONITOR_{key}": value for key, value in given.items()}) == [
        expected
    ]


def test_a_secret_that_cannot_be_read_is_named_without_being_shown(tmp_path: Path) -> None:
    """Missing, empty, binary and doubled secrets each have their own sentence."""
    name = "MONITOR_SMTP_PASSWORD"
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    assert messages(tmp_path, **{f"{name}_FILE": str(tmp_path / "none")}) == [
        f"{name}_FILE: {tmp_path}/none cannot be read: no such file or directory"
    ]
    assert messages(tmp_path, **{f"{name}_FILE": str(tmp_path / "empty")}) == [
        f"{name}_FILE: {tmp_path}/empty is empty"
    ]
    assert messages(tmp_path, **{f"{name}_FILE": str(tmp_path / "binary")}) == [
        f"{name}_FILE: {tmp_path}/binary is no UTF-8 text"
    ]
    assert messages(tmp_path, **{name: "canary", f"{name}_FILE": "x"}) == [
        f"{name}: is set, and so is {name}_FILE; unset one of them"
    ]


def test_a_misspelt_variable_is_a_warning_with_the_nearest_one(tmp_path: Path) -> None:
    """It may belong to another program, so it stops nothing, but it is told."""
    found = load(tmp_path, MONITOR_SMPT_HOST="mail.example", MONITOR_SUITES="/x")

    assert [str(warning) for warning in found.warnings] == [
        "MONITOR_SMPT_HOST: is no setting of ours (did you mean MONITOR_SMTP_HOST?)"
    ]


def test_secrets_show_nowhere_and_are_known_to_the_log_filter(tmp_path: Path) -> None:
    """Neither repr nor the table of `config show` has them; `secrets` has every spelling."""
    found = load(tmp_path, **SECRETS)
    shown = repr(found) + str(describe(found))

    assert [text for text in found.secrets if text in shown] == []
    assert ("database", "postgresql://monitor:********@db.example/monitor") in [
        row[:2] for row in describe(found)
    ]
    assert found.secrets == ("canary%2Dtwo", "canary-one-é", "canary-two")


def test_no_message_about_a_wrong_secret_repeats_it(tmp_path: Path) -> None:
    """A password pasted into the wrong variable, or broken over two lines, is not printed."""
    found = messages(
        tmp_path, MONITOR_DATABASE="canary-three", MONITOR_SMTP_PASSWORD="canary\nfour"
    )

    assert len(found) == 2
    assert "canary" not in str(found)


def test_every_setting_is_described_with_where_it_came_from(tmp_path: Path) -> None:
    """`config show` leaves nothing out."""
    rows = describe(load(tmp_path))

    assert {row[0] for row in rows} == {part.name for part in fields(Settings)} - {
        "came_from",
        "warnings",
    }
    assert all(row[2] for row in rows)


def test_settings_travel_to_other_processes(tmp_path: Path) -> None:
    """Workers and servers get them by value, secrets included."""
    found = load(tmp_path, **SECRETS)

    assert pickle.loads(pickle.dumps(found)) == found


def test_the_contact_is_added_to_what_we_call_ourselves(tmp_path: Path) -> None:
    """Outlets can write to us when, and only when, the operator wants it."""
    with_contact = load(
        tmp_path, MONITOR_USER_AGENT="reader/1", MONITOR_CONTACT="https://example.org"
    )

    assert with_contact.full_user_agent == "reader/1 (+https://example.org)"
    assert load(tmp_path, MONITOR_USER_AGENT="reader/1").full_user_agent == "reader/1"


def test_the_real_environment_is_read_by_default() -> None:
    """Without arguments it is this process's own environment that counts."""
    code = "from monitor.settings import load_settings; print(load_settings().port)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MONITOR_PORT": "4321"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "4321"


def test_nothing_else_reads_the_environment() -> None:
    """One module knows the environment, so a setting cannot hide anywhere else."""
    root = Path(__file__).parents[2]
    readers = [
        str(path.relative_to(root))
        for package in ("monitor", "store", "alerts", "review")
        for path in sorted((root / package).rglob("*.py"))
        if any(word in path.read_text("utf-8") for word in ("os.environ", "os.getenv", "getenv("))
    ]

    assert readers == ["monitor/settings.py"]


def test_proxies_and_keys_are_named_by_their_variables(tmp_path: Path) -> None:
    """MONITOR_VIA_NAME and MONITOR_KEY_NAME, or their files, become names that feeds.yaml uses."""
    (tmp_path / "key").write_text("basic reader:canary-key\n")
    found = load(
        tmp_path,
        MONITOR_VIA_FAR_EAST="socks5://me:canary-via@10.0.0.1:1080",
        MONITOR_KEY_NKNEWS_FILE=str(tmp_path / "key"),
    )
    shown = {name: value for name, value, _ in describe(found)}

    assert set(found.via) == {"far-east"}
    assert set(found.keys) == {"nknews"}
    assert found.keys["nknews"].get_secret_value() == "basic reader:canary-key"
    assert found.warnings == ()
    assert (shown["via"], shown["keys"]) == ("far-east", "nknews")
    assert {"canary-via", "canary-key"} <= set(found.secrets)
    assert "canary-" not in repr(found) + str(shown)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"MONITOR_VIA_A": "canary:1080"}, "MONITOR_VIA_A: a proxy is written"),
        ({"MONITOR_KEY_A": "canary"}, "MONITOR_KEY_A: a key is written"),
        ({"MONITOR_KEY_A_FILE": "/nowhere/key"}, "MONITOR_KEY_A_FILE: /nowhere/key cannot be read"),
        (
            {"MONITOR_VIA_A": "http://a:1", "MONITOR_VIA_A_FILE": "/nowhere"},
            "MONITOR_VIA_A: is set, and so is MONITOR_VIA_A_FILE",
        ),
    ],
)
def test_a_wrong_proxy_or_key_is_told_without_its_text(
    tmp_path: Path, environ: dict[str, str], said: str
) -> None:
    """The variable is named, what it holds is not."""
    (message, *_) = messages(tmp_path, **environ)

    assert message.startswith(said)
    assert "canary" not in message
