"""Settings: what the machine and the operator decide, read once, and where each value came from.

The only reader of the environment in the whole program. A value comes from, in this order: the
command line, `MONITOR_NAME`, the file that `MONITOR_NAME_FILE` names, systemd's credentials, the
default. An empty variable counts as not set, so that compose files may pass them on.

Must never put a secret where a person or a log could see it: secrets are left out of `repr`, of
error texts and of `describe`, and `Settings.secrets` lists them for the log filter. All mistakes
are reported at once, each with the name of the variable and what to write instead.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from monitor.core.egress import read_egress, read_key, secrets_of
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.settingkeys import OTHER_VARIABLES, TABLE, Setting

APP: Final = "dispatch-watch"  # name of our folders below the XDG and /etc ones
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
MASK: Final = "********"


class CameFrom(StrEnum):
    """The five places a value can come from."""

    FLAG = "command line"
    VARIABLE = "environment"
    FILE = "file"
    CREDENTIAL = "systemd credential"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, checked. Paths are absolute."""

    feeds: Path
    rules: Path
    corpus: Path
    var: Path
    database: str = field(repr=False)  # may carry a password
    host: str
    port: int
    login: Literal["auto", "required"]
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    allow_private: tuple[str, ...]
    public_url: str | None
    secret: SecretStr | None
    operator_email: str | None
    smtp_host: str | None
    smtp_port: int
    smtp_security: Literal["starttls", "tls", "none"]
    smtp_user: str | None
    smtp_password: SecretStr | None
    mail_from: str | None
    channels: Path
    imap_host: str | None
    imap_port: int
    imap_security: Literal["tls", "starttls"]
    imap_user: str | None
    imap_password: SecretStr | None
    imap_ca: str | None
    imap_folder: str
    imap_authserv: str | None
    canary: str | None
    user_agent: str
    contact: str | None
    via: Mapping[str, SecretStr] = field(hash=False)  # proxies by name, as `core.egress` reads them
    keys: Mapping[str, SecretStr] = field(hash=False)  # what opens paid feeds, by name
    spacing: float
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["text", "json"]
    workers: int
    rules_auto: bool
    hold_digests: int  # minutes
    self_signup: bool
    count_minutes: bool
    language: str
    timezone: str
    came_from: Mapping[str, str] = field(repr=False, hash=False)  # name -> where, in words
    warnings: tuple[Problem, ...] = ()

    @property
    def full_user_agent(self) -> str:
        """What we call ourselves to servers, with the contact when there is one."""
        return f"{self.user_agent} (+{self.contact})" if self.contact else self.user_agent

    @property
    def needs_login(self) -> bool:
        """Whether nobody may see a page without logging in, even while there is nobody who can."""
        public = urlsplit(self.public_url or "http://localhost").hostname
        hosts = (self.host.strip("[]"), public)
        return self.login == "required" or not all(host in LOOPBACK for host in hosts)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not appear in any log line, longest first."""
        kept = (self.smtp_password, self.imap_password, self.secret)
        found = [one.get_secret_value() for one in kept if one]
        for one in self.via.values():
            found += secrets_of(one.get_secret_value(), None)
        for one in self.keys.values():
            found += secrets_of(None, one.get_secret_value())
        password = urlsplit(self.database).password
        if password:
            found += [password, unquote(password)]
        return tuple(sorted({one for one in found if one}, key=lambda one: (-len(one), one)))


# ---------------------------------------------------------------- gathering them


def load_settings(
    flags: Mapping[str, str | None] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Return the settings of this process.

    `flags` are values from the command line by setting name, as text; None and absent ones were
    not given. Relative paths count from `folder`, the current one by default. Files that
    `MONITOR_*_FILE` name are read here; nothing else is opened.
    Raises ConfigurationErrors with every wrong value.
    """
    given = _Gathering(flags or {}, os.environ if environ is None else environ)
    values = {setting.name: given.value(setting) for setting in TABLE}
    base = (folder or Path.cwd()).absolute()
    values |= _places(values, given, base)
    if values["smtp_port"] is None:
        values["smtp_port"] = {"starttls": 587, "tls": 465}.get(str(values["smtp_security"]), 25)
    if values["imap_port"] is None:
        values["imap_port"] = {"tls": 993, "starttls": 143}[values["imap_security"]]
    for name in ("smtp_password", "imap_password", "secret"):
        if values[name] is not None:
            values[name] = SecretStr(values[name])
    values["via"] = given.named("via", read_egress)
    values["keys"] = given.named("key", read_key)
    given.came_from["keys"] = given.came_from.pop("key")
    _check_mail(values, given)
    if given.problems:
        raise ConfigurationErrors(given.problems)
    kept = {part.name: values[part.name] for part in fields(Settings) if part.name in values}
    return Settings(
        **kept,
        came_from=given.came_from,
        warnings=tuple(given.unknown_variables()),
    )


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Return name, value and where it came from of every setting, secrets masked."""
    rows = []
    for part in fields(settings):
        if part.name in {"came_from", "warnings"}:
            continue
        value = getattr(settings, part.name)
        rows.append((part.name, _shown(part.name, value), settings.came_from[part.name]))
    return rows


def hidden_password(url: str) -> str:
    """Return a database URL with its password masked."""
    return re.sub(r"(://[^:/@]*):.*@", rf"\1:{MASK}@", url)


def _shown(name: str, value: object) -> str:
    if value is None or value == ():
        return ""
    if name == "database":
        return hidden_password(str(value))
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Mapping):  # their names; what they hold is secret
        return ", ".join(sorted(value))
    if isinstance(value, bool):
        return "1" if value else "0"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


class _Gathering:
    """Finds each value, notes where it came from, and gathers what is wrong."""

    def __init__(self, flags: Mapping[str, str | None], environ: Mapping[str, str]) -> None:
        self.flags = flags
        self.environ = environ
        self.came_from: dict[str, str] = {}
        self.problems: list[Problem] = []

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(Problem(file=name, message=message))

    def unknown_variables(self) -> list[Problem]:
        """Return variables that look like settings of ours, but are none.

        Warnings only: "monitor" is a common word, and they may belong to another program.
        """
        known = {setting.variable for setting in TABLE}
        known |= {f"{variable}_FILE" for variable in known}
        known |= set(self._named_variables("via")) | set(self._named_variables("key"))
        return [
            Problem(file=name, message=_unknown(name, known))
            for name, value in sorted(self.environ.items())
            if name.startswith("MONITOR_") and value and name not in known | OTHER_VARIABLES
        ]

    def value(self, setting: Setting) -> Any:
        """Return the checked value of a setting, or its default when what is given is wrong."""
        name, text = self._find(setting)
        if text is not None:
            try:
                return setting.read(text)
            except ValueError as error:
                self.wrong(name, str(error))
        return None if setting.default is None else setting.read(setting.default)

    def _named_variables(self, kind: str) -> list[str]:
        """Return the variables that name proxies or keys: MONITOR_VIA_NAME and its _FILE form."""
        start = f"MONITOR_{kind.upper()}_"
        return sorted(
            name for name, value in self.environ.items() if name.startswith(start) and value
        )

    def named(self, kind: str, check: Callable[[str], object]) -> dict[str, SecretStr]:
        """Return the proxies or keys by the name that feeds.yaml gives them."""
        found: dict[str, SecretStr] = {}
        variables = self._named_variables(kind)
        for variable in variables:
            text: str | None = self.environ[variable]
            bare = variable.removesuffix("_FILE")
            if bare != variable:
                if bare in variables:
                    self.wrong(bare, f"is set, and so is {variable}; unset one of them")
                text = self._read(variable, Path(self.environ[variable]))
            name = bare.removeprefix(f"MONITOR_{kind.upper()}_").lower().replace("_", "-")
            try:
                if text is not None:
                    check(text)
                    found[name] = SecretStr(text)
            except ValueError as error:
                self.wrong(variable, str(error))
        self.came_from[kind] = ", ".join(variables) or CameFrom.DEFAULT.value
        return found

    def _find(self, setting: Setting) -> tuple[str, str | None]:
        """Return the name to blame and the text, noting where it came from."""
        flag = self.flags.get(setting.name)
        if flag is not None:
            option = f"--{setting.name.replace('_', '-')}"
            self.came_from[setting.name] = f"{CameFrom.FLAG} ({option})"
            return option, flag
        variable = setting.variable
        text = self.environ.get(variable, "")
        path = self.environ.get(f"{variable}_FILE", "")
        if text and path:
            self.wrong(variable, f"is set, and so is {variable}_FILE; unset one of them")
        if text:
            self.came_from[setting.name] = f"{CameFrom.VARIABLE} ({variable})"
            return variable, text
        if path:
            self.came_from[setting.name] = f"{CameFrom.FILE} ({path})"
            return f"{variable}_FILE", self._read(f"{variable}_FILE", Path(path))
        credentials = self.environ.get("CREDENTIALS_DIRECTORY", "")
        if setting.secret and credentials and (Path(credentials) / setting.name).is_file():
            self.came_from[setting.name] = f"{CameFrom.CREDENTIAL} ({setting.name})"
            return setting.name, self._read(setting.name, Path(credentials) / setting.name)
        self.came_from[setting.name] = CameFrom.DEFAULT.value
        return setting.name, None

    def _read(self, name: str, path: Path) -> str | None:
        """Return a secret from a file without the line break that editors add."""
        try:
            with path.open("rb") as file:
                raw = file.read(10_001)
            text = raw.decode().removesuffix("\n").removesuffix("\r")
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            self.wrong(name, f"{path} cannot be read: {reason}")
            return None
        except UnicodeDecodeError:
            self.wrong(name, f"{path} is no UTF-8 text")
            return None
        if not text or len(raw) > 10_000:
            self.wrong(name, f"{path} is {'too long' if text else 'empty'}")
            return None
        return text


def _unknown(variable: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(variable, known, n=1, cutoff=0.7)
    hint = f" (did you mean {close[0]}?)" if close else "; `monitor config show` lists them"
    return f"is no setting of ours{hint}"


def _places(values: Mapping[str, Any], given: _Gathering, base: Path) -> dict[str, Any]:
    """Return the absolute paths, each from what was given or from where feeds.yaml lies."""
    environ = given.environ
    if values["config"] is not None:
        config = base / Path(values["config"]).expanduser()
        feeds = config if config.suffix in {".yaml", ".yml"} else config / "feeds.yaml"
        given.came_from["feeds"] = given.came_from["config"]
        state = feeds.parent / "var"
    else:
        feeds, state = _search(environ, base)
        given.came_from["feeds"] = f"{CameFrom.DEFAULT} (first found)"
    if environ.get("STATE_DIRECTORY"):
        # systemd gives several, with colons, when a unit asks for several; the first is ours.
        state = Path(environ["STATE_DIRECTORY"].split(":")[0])
        if values["var"] is None:
            given.came_from["var"] = f"{CameFrom.VARIABLE} (STATE_DIRECTORY)"
    var = base / Path(values["var"]).expanduser() if values["var"] else state
    found: dict[str, Any] = {"feeds": feeds, "var": var}
    for name, usual in (("rules", "rules"), ("corpus", "corpus"), ("channels", "channels.yaml")):
        written = values[name]
        found[name] = base / Path(written).expanduser() if written else feeds.parent / usual
    if values["database"] is None:
        found["database"] = f"sqlite:///{var / 'monitor.db'}"
    return found


def _search(environ: Mapping[str, str], base: Path) -> tuple[Path, Path]:
    """Return the first feeds.yaml that exists, else the one here, with its state folder."""
    home = Path(environ.get("HOME") or "/")
    config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    state_home = Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    candidates = (
        (base / "feeds.yaml", base / "var"),
        (config_home / APP / "feeds.yaml", state_home / APP),
        (Path("/etc") / APP / "feeds.yaml", Path("/var/lib") / APP),
    )
    return next((pair for pair in candidates if pair[0].exists()), candidates[0])


def _check_mail(values: Mapping[str, Any], given: _Gathering) -> None:
    """Refuse combinations that could only fail at the first digest, days later."""
    if values["smtp_host"] and not values["mail_from"]:
        given.wrong("MONITOR_MAIL_FROM", "is not set, but MONITOR_SMTP_HOST is; name the sender")
    if values["smtp_user"] and not values["smtp_password"]:
        message = "is not set, but MONITOR_SMTP_USER is; name the file with the password"
        given.wrong("MONITOR_SMTP_PASSWORD_FILE", message)
    if values["imap_host"] and not (values["imap_user"] and values["imap_password"]):
        message = "are not both set, but MONITOR_IMAP_HOST is; a mailbox needs a log-in"
        given.wrong("MONITOR_IMAP_USER and MONITOR_IMAP_PASSWORD_FILE", message)
    if values["smtp_security"] == "none" and values["smtp_password"]:
        message = "is `none`: the password would travel in clear; write starttls or tls"
        given.wrong("MONITOR_SMTP_SECURITY", message)
