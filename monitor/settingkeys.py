"""The settings one by one: how each is named, read, described, and what it is when nobody says.

The table is the one description: `monitor.settings` reads with it and docs/reference/settings.md is
generated from it. A reader refuses with a sentence that says what to write instead, and never
repeats a value that may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor import __version__
from monitor.guard import Allowed

LANGUAGES: Final = ("en", "ru", "ko")

SECRET_LENGTH: Final = 32  # characters; what `openssl rand -hex 16` writes, 128 bits

# Ours too, but read by the tests and by docker-compose.yml, not by the program.
OTHER_VARIABLES: Final = frozenset(
    {"MONITOR_SEED_DOCUMENTS", "MONITOR_SUITES", "MONITOR_TEST_PG", "MONITOR_DB_PASSWORD"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of the table below: how a setting is named, read and described."""

    name: str
    read: Callable[[str], Any]  # raises ValueError with a sentence
    default: str | None  # as one would write it; None: see `about`
    about: str
    example: str
    secret: bool = False

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return f"MONITOR_{self.name.upper()}"


# ---------------------------------------------------------------- reading one value


def _text(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("must be one line without control characters")
    return value


def _ascii(value: str) -> str:
    if not value.isascii():
        raise ValueError("use plain ASCII letters only: it is sent as an HTTP header")
    return _text(value)


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
            raise ValueError(f"write a whole number from {low} to {high} (got {value!r})")
        return int(value)

    return read


def _seconds(value: str) -> float:
    if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?", value) or float(value) > 60:
        raise ValueError(f"write seconds from 0 to 60, such as 1 or 2.5 (got {value!r})")
    return float(value)


def _one_of(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"write one of {', '.join(words)} (got {value!r})")
        return value.lower()

    return read


def _switch(value: str) -> bool:
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"write 1 or 0 (got {value!r})")


def _mailbox(value: str) -> str:
    # Only what would break a header or can be no address; the mail server knows the rest.
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;]{1,253}", value):
        raise ValueError(f"write an e-mail address such as desk@example.org (got {value!r})")
    return value


def _sender(value: str) -> str:
    found = re.fullmatch(r"([^<>\r\n\"]*)<([^<>]+)>", _text(value))
    _mailbox(found.group(2) if found else value)
    return value


def _public_url(value: str) -> str:
    parts = urlsplit(_text(value))
    loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError(f"write the address of the review page, https://... (got {value!r})")
    if parts.scheme == "http" and not loopback:
        raise ValueError("must begin with https://, because links in mail carry signed tokens")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("write the bare address, without user name, ? and #")
    return value.rstrip("/")


def _openings(value: str) -> tuple[str, ...]:
    found = tuple(part for part in re.split(r"[\s,]+", value) if part)
    Allowed.read(found)  # says itself what is wrong
    return found


def _host_names(value: str) -> tuple[str, ...]:
    found = tuple(part.lower() for part in re.split(r"[\s,]+", value) if part)
    for name in found:
        if not re.fullmatch(r"[\w.-]{1,253}|\[[0-9a-f:.]{2,45}\]", name):
            message = f"write host names without scheme and port (got {name!r})"
            raise ValueError(message)
    return found


def _networks(value: str) -> tuple[str, ...]:
    found = tuple(part for part in re.split(r"[\s,]+", value) if part)
    for part in found:
        try:
            ip_network(part)
        except ValueError:
            message = f"write addresses or networks such as 10.0.0.0/8 (got {part!r})"
            raise ValueError(message) from None
    return found


def _secret(value: str) -> str:
    if len(_text(value)) < SECRET_LENGTH:
        raise ValueError(f"must have at least {SECRET_LENGTH} characters that nobody can guess")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        message = f"write the name of a time zone, such as Europe/Berlin (got {value!r})"
        raise ValueError(message) from None
    return value


def _database(value: str) -> str:
    scheme = value.partition(":")[0]
    if scheme not in {"sqlite", "postgresql"}:
        # What stands there may be a password pasted into the wrong place: it is not repeated.
        raise ValueError("write sqlite:///var/monitor.db or postgresql://user:password@host/name")
    return value


def _path(value: str) -> str:
    return _text(value)


TABLE: Final = (
    Setting(
        name="config",
        read=_path,
        default=None,
        about="The folder with feeds.yaml, rules/ and corpus/, or the feeds.yaml itself. Left out: "
        "the first that exists of ./feeds.yaml, $XDG_CONFIG_HOME/dispatch-watch/feeds.yaml and "
        "/etc/dispatch-watch/feeds.yaml.",
        example="/etc/dispatch-watch",
    ),
    Setting(
        name="rules",
        read=_path,
        default=None,
        about="The folder with the rules. Left out: rules/ beside feeds.yaml.",
        example="/etc/dispatch-watch/rules",
    ),
    Setting(
        name="corpus",
        read=_path,
        default=None,
        about="The folder with the seed cards. Left out: corpus/ beside feeds.yaml.",
        example="/etc/dispatch-watch/corpus",
    ),
    Setting(
        name="var",
        read=_path,
        default=None,
        about="The folder for everything that is collected: database, evidence, outbox. Left out: "
        "systemd's STATE_DIRECTORY, or var/ beside feeds.yaml, or "
        "$XDG_STATE_HOME/dispatch-watch or /var/lib/dispatch-watch where feeds.yaml lies in the "
        "matching folder.",
        example="/var/lib/dispatch-watch",
    ),
    Setting(
        name="database",
        read=_database,
        default=None,
        about="Where items are kept: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`. "
        "Left out: monitor.db in the `var` folder, with SQLite.",
        example="/run/secrets/database",
        secret=True,
    ),
    Setting(
        name="host",
        read=_text,
        default="127.0.0.1",
        about="The address that the review page listens on. Beyond 127.0.0.1 everybody must log "
        "in, and a proxy with https should stand in front: passwords would travel in clear.",
        example="0.0.0.0",
    ),
    Setting(
        name="port",
        read=_number(1, 65535),
        default="8000",
        about="The port of the review page.",
        example="8080",
    ),
    Setting(
        name="login",
        read=_one_of("auto", "required"),
        default="auto",
        about="`required`: nobody sees a page without logging in. `auto`: the same as soon as "
        "there is an admin who can log in, or MONITOR_HOST or MONITOR_PUBLIC_URL lead beyond this "
        "machine; before that, whoever sits at this machine needs no log-in.",
        example="required",
    ),
    Setting(
        name="allowed_hosts",
        read=_host_names,
        default="",
        about="Names beside localhost and the host of MONITOR_PUBLIC_URL under which the review "
        "page answers, several with commas. Under any other name it refuses.",
        example="watch.office.lan, 192.168.1.20",
    ),
    Setting(
        name="trusted_proxies",
        read=_networks,
        default="",
        about="Addresses or networks of the proxies in front of the review page, several with "
        "commas. Theirs alone is the word believed on where a request comes from "
        "(X-Forwarded-For), which counts when log-ins fail.",
        example="127.0.0.1, 172.16.0.0/12",
    ),
    Setting(
        name="allow_private",
        read=_openings,
        default="",
        about="Private addresses that may be asked all the same: HOST[/PREFIX]:PORT, several with "
        "commas. Anything else that is not public is refused.",
        example="10.0.0.5:8080",
    ),
    Setting(
        name="public_url",
        read=_public_url,
        default=None,
        about="Where people reach the review page, with https. Left out: no links to us in mail.",
        example="https://watch.example.org",
    ),
    Setting(
        name="secret",
        read=_secret,
        default=None,
        about="Signs the links in mail by which readers leave, pause and judge. Changing it ends "
        "all links sent before. Better in a file, named by MONITOR_SECRET_FILE. Left out: "
        "secret.key in the `var` folder, made when MONITOR_PUBLIC_URL is set.",
        example="/run/secrets/mail_links",
        secret=True,
    ),
    Setting(
        name="operator_email",
        read=_mailbox,
        default=None,
        about="Who is told when a feed dies or a digest cannot be sent. Left out: nobody is.",
        example="operator@example.org",
    ),
    Setting(
        name="smtp_host",
        read=_text,
        default=None,
        about="The mail server. Left out: digests are written to outbox/ in the `var` folder.",
        example="mail.example.org",
    ),
    Setting(
        name="smtp_port",
        read=_number(1, 65535),
        default=None,
        about="Its port. Left out: 587 with starttls, 465 with tls, 25 with none.",
        example="587",
    ),
    Setting(
        name="smtp_security",
        read=_one_of("starttls", "tls", "none"),
        default="starttls",
        about="How the connection is protected. With `none` no password is ever sent.",
        example="tls",
    ),
    Setting(
        name="smtp_user",
        read=_text,
        default=None,
        about="The name to log in with. Left out: no log-in.",
        example="watch",
    ),
    Setting(
        name="smtp_password",
        read=_text,
        default=None,
        about="The password to log in with. Better in a file, named by MONITOR_SMTP_PASSWORD_FILE.",
        example="/run/secrets/smtp_password",
        secret=True,
    ),
    Setting(
        name="mail_from",
        read=_sender,
        default=None,
        about="The sender of digests. Needed as soon as a mail server is set.",
        example="Dispatch Watch <watch@example.org>",
    ),
    Setting(
        name="channels",
        read=_path,
        default=None,
        about="The file with webhooks and chats, see webhooks.md. Left out: channels.yaml beside "
        "feeds.yaml, where there is one.",
        example="/etc/dispatch-watch/channels.yaml",
    ),
    Setting(
        name="imap_host",
        read=_text,
        default=None,
        about="The mail host of the mailbox to which answers to our mails come: refusals that are "
        "sent back later, letters to unsubscribe, the canary's digest. It is only read; nothing in "
        "it is changed or deleted. Left out: late refusals are not seen.",
        example="imap.example.org",
    ),
    Setting(
        name="imap_port",
        read=_number(1, 65535),
        default=None,
        about="Its port. Left out: 993 with tls, 143 with starttls.",
        example="993",
    ),
    Setting(
        name="imap_security",
        read=_one_of("tls", "starttls"),
        default="tls",
        about="How the connection is protected. There is no way without.",
        example="starttls",
    ),
    Setting(
        name="imap_user",
        read=_text,
        default=None,
        about="The name to log in with.",
        example="watch@example.org",
    ),
    Setting(
        name="imap_password",
        read=_text,
        default=None,
        about="The password to log in with. Better in a file, named by MONITOR_IMAP_PASSWORD_FILE.",
        example="/run/secrets/imap_password",
        secret=True,
    ),
    Setting(
        name="imap_ca",
        read=_path,
        default=None,
        about="A file with the certificate of your own authority, when the mail host has one. Left "
        "out: the authorities that the system trusts.",
        example="/etc/ssl/our-ca.pem",
    ),
    Setting(
        name="imap_folder",
        read=_text,
        default="INBOX",
        about="The folder that is read.",
        example="INBOX/watch",
    ),
    Setting(
        name="imap_authserv",
        read=_ascii,
        default=None,
        about="The name that your mail host writes first in `Authentication-Results`, for `monitor "
        "doctor --mail`. Left out: names of the domain of MONITOR_IMAP_HOST.",
        example="mx.example.org",
    ),
    Setting(
        name="canary",
        read=_mailbox,
        default=None,
        about="The address of a subscriber whose mails arrive in the mailbox. When a digest was "
        "sent and does not arrive there, the operator is told.",
        example="watch+canary@example.org",
    ),
    Setting(
        name="user_agent",
        read=_ascii,
        default=f"dispatch-watch/{__version__} (feed reader)",
        about="What we call ourselves to the outlets. A neutral text is fine; feeds.yaml may name "
        "another for one feed.",
        example="newsreader/1.0",
    ),
    Setting(
        name="contact",
        read=_ascii,
        default=None,
        about="Where outlets can reach you, added to the user agent. Every outlet sees it.",
        example="https://example.org/bot",
    ),
    Setting(
        name="spacing",
        read=_seconds,
        default="1",
        about="Seconds between two requests to one host. Less than 1 is rude to anybody else's.",
        example="2.5",
    ),
    Setting(
        name="log_level",
        read=_one_of("debug", "info", "warning", "error"),
        default="info",
        about="The least important log lines that are written.",
        example="debug",
    ),
    Setting(
        name="log_format",
        read=_one_of("text", "json"),
        default="text",
        about="`json` writes one object a line, for programs that collect logs.",
        example="json",
    ),
    Setting(
        name="workers",
        read=_number(1, 64),
        default="2",
        about="Processes that read feeds and pages and score them.",
        example="4",
    ),
    Setting(
        name="rules_auto",
        read=_switch,
        default="0",
        about="1 takes over an edited rules/ by itself when its checks pass; otherwise it stays a "
        "draft until `monitor rules apply`.",
        example="1",
    ),
    Setting(
        name="hold_digests",
        read=_number(0, 1440),
        default="0",
        about="Minutes that a digest waits for an editor, who may approve it at once, leave "
        "reports out or put some in. Then it goes out by itself. 0: digests go out when they are "
        "due.",
        example="60",
    ),
    Setting(
        name="self_signup",
        read=_switch,
        default="0",
        about="1 lets people put their own address on the list at /mail/subscribe of the public "
        "page; nothing is sent before they confirm it. Needs MONITOR_PUBLIC_URL.",
        example="1",
    ),
    Setting(
        name="count_minutes",
        read=_switch,
        default="1",
        about="Pages count how long the team works on the items of each feed: one number a day, no "
        "person, no time of day, sent nowhere. 0 switches it off.",
        example="0",
    ),
    Setting(
        name="language",
        read=_one_of(*LANGUAGES),
        default="en",
        about="Language of pages and mails for people who chose none.",
        example="ko",
    ),
    Setting(
        name="timezone",
        read=_zone,
        default="UTC",
        about="Time zone in which pages show times to people who chose none. Kept and logged times "
        "are always UTC.",
        example="Europe/Berlin",
    ),
)
