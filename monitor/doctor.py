"""What can be wrong with an installation, looked at one by one: `monitor doctor`.

Each check says how it stands, why, and what to do. Nothing is changed: no database is made, no mail
is sent, no feed is asked. What is only missing on purpose is a warning that names what is lost.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from alerts.chat import MISSING
from alerts.mail import SmtpMailer
from alerts.mailbox import MailboxTrouble, open_mailbox
from monitor.app import Watch
from monitor.channelroom import ChannelRoom
from monitor.core.delivery import REFUSALS_ALLOWED
from monitor.core.errors import ConfigurationErrors, StoreError
from monitor.core.letters import CANARY_PATIENCE
from monitor.core.telling import Delivery, Way
from monitor.core.values import FeedState
from monitor.health import health_of
from monitor.postbox import mailbox_account
from monitor.rulefiles import compile_rules

_LITTLE, _TOO_LITTLE = 1_000_000_000, 100_000_000  # bytes of disk
_AHEAD = timedelta(minutes=5)  # of the clock: more than two machines differ
_NAMED = 5
# https://www.sqlite.org/wal.html#walresetbug: two writing processes may damage the file.
_SOUND_SQLITE = (3, 51, 3)


class State(StrEnum):
    """How a check ended."""

    FINE = "fine"
    WARNING = "warning"  # works, but something is lost
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    reason: str
    next_step: str = ""


def examine(watch: Watch) -> list[Check]:
    """Return every check, in the order in which one would mend things."""
    found: list[Check] = []
    for look in (*_BEFORE_THE_STORE, *_MAIL):
        found += _guarded(watch, look)
    database = _guarded(watch, _database)
    found += database
    if database[0].state is not State.WRONG and _is_made(watch):
        for look in _IN_THE_STORE:
            found += _guarded(watch, look)
    return found


def _guarded(watch: Watch, look: Callable[[Watch], Iterator[Check]]) -> list[Check]:
    """Run one check; an expected failure is its result."""
    try:
        return list(look(watch))
    except (ConfigurationErrors, StoreError) as error:
        name = look.__name__.strip("_").replace("_", " ")
        return [_wrong(name, str(error), "Mend what is named, then look again.")]


def _fine(name: str, reason: str) -> Check:
    return Check(name=name, state=State.FINE, reason=reason)


def _warning(name: str, reason: str, next_step: str) -> Check:
    return Check(name=name, state=State.WARNING, reason=reason, next_step=next_step)


def _wrong(name: str, reason: str, next_step: str) -> Check:
    return Check(name=name, state=State.WRONG, reason=reason, next_step=next_step)


def _some(names: list[str]) -> str:
    """Return the first of many names."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


# ---------------------------------------------------------------- files and machine


def _settings(watch: Watch) -> Iterator[Check]:
    warnings = [str(one) for one in watch.settings.warnings]
    if warnings:
        yield _warning("settings", _some(warnings), "`monitor config show` lists the settings.")
    else:
        yield _fine("settings", "every variable is known")


def _feeds_file(watch: Watch) -> Iterator[Check]:
    feeds = watch.feeds.feeds
    enabled = sum(feed.enabled for feed in feeds)
    if not enabled:
        yield _wrong(
            "feeds file", "no feed is switched on", "Add feeds: monitor feeds discover SITE"
        )
    else:
        yield _fine("feeds file", f"{len(feeds)} feeds, {enabled} switched on")


def _rules(watch: Watch) -> Iterator[Check]:
    yield _fine(
        "rules", f"{len(compile_rules(watch.draft_rules).rules)} rules, their examples hold"
    )


def _disk(watch: Watch) -> Iterator[Check]:
    folder = _existing(watch.settings.var)
    free = shutil.disk_usage(folder).free
    said = f"{free // 1_000_000:,} MB free in {folder}"
    if not os.access(folder, os.W_OK):
        yield _wrong(
            "disk", f"{folder} cannot be written to", "Give it to the user of the monitor."
        )
    elif free < _TOO_LITTLE:
        yield _wrong("disk", said, "Make room now: without it nothing can be kept.")
    elif free < _LITTLE:
        yield _warning("disk", said, "Make room before it is full.")
    else:
        yield _fine("disk", said)


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _withheld_names(watch: Watch) -> Iterator[Check]:
    count = len(watch.redaction.entries)
    yield _fine(
        "withheld names", f"{count} on the list" if count else "no list, nothing is withheld"
    )


def _private_openings(watch: Watch) -> Iterator[Check]:
    opened = watch.settings.allow_private
    if opened:
        yield _warning(
            "private addresses", f"{', '.join(opened)} may be asked", "Remove what is not needed."
        )
    else:
        yield _fine("private addresses", "none may be asked")


# ---------------------------------------------------------------- mail


def _public_address(watch: Watch) -> Iterator[Check]:
    if watch.settings.public_url is None:
        lost = (
            "MONITOR_PUBLIC_URL is not set: mails have no link to leave, pause, judge or open the "
            "queue, and no one-click unsubscribe, which large mail hosts expect"
        )
        step = "Set it to the https address under which readers reach the review page."
        yield _warning("public address", lost, step)
    else:
        yield _fine("public address", watch.settings.public_url)


def _operator(watch: Watch) -> Iterator[Check]:
    if watch.settings.operator_email is None:
        yield _warning(
            "operator",
            "MONITOR_OPERATOR_EMAIL is not set: nobody is told when a feed dies or a mail is lost",
            "Set it to an address that somebody reads.",
        )
    else:
        yield _fine("operator", watch.settings.operator_email)


def _mail_server(watch: Watch) -> Iterator[Check]:
    settings, mailer = watch.settings, watch.mailer
    if not isinstance(mailer, SmtpMailer):
        reason = f"MONITOR_SMTP_HOST is not set: digests are files in {watch.outbox_folder}"
        yield _warning("mail server", reason, "Set it, and MONITOR_MAIL_FROM, to send them.")
        return
    result = mailer.check()
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    if result.outcome is not Delivery.ACCEPTED:
        step = "Compare host, port, MONITOR_SMTP_SECURITY and log-in with what your mail host says."
        yield _wrong("mail server", f"{where}: {result.detail}", step)
    elif settings.smtp_security == "none":
        step = "Set MONITOR_SMTP_SECURITY to starttls or tls, unless it is this very machine."
        yield _warning("mail server", f"{where} answers, {result.detail}", step)
    else:
        yield _fine("mail server", f"{where} answers, {result.detail}")


def _mailbox(watch: Watch) -> Iterator[Check]:
    account = mailbox_account(watch.settings)
    if account is None:
        reason = "MONITOR_IMAP_HOST is not set: mails that come back later are not seen"
        step = "Set MONITOR_IMAP_* to the mailbox of the sending address."
        yield _warning("mailbox", reason, step)
        return
    try:
        with open_mailbox(account) as mailbox:
            count = mailbox.count
    except MailboxTrouble as trouble:
        step = "Compare host, port, user and password with what your mail host says."
        yield _wrong("mailbox", str(trouble), step)
    else:
        yield _fine("mailbox", f"{account.host} answers, {count} mails in {account.folder}")


def _channels(watch: Watch) -> Iterator[Check]:
    found = ChannelRoom(watch).read()
    chats = [one.name for one in found.values() if one.way is Way.CHAT]
    if chats and not _has_apprise():
        yield _wrong("channels", f"{_some(chats)}: {MISSING}", "Install the extra.")
    elif found:
        names = _some([one.name for one in found.values()])
        yield _fine("channels", f"{names}; try one with `monitor webhooks test NAME`")
    else:
        yield _fine("channels", "no webhooks or chats")


def _has_apprise() -> bool:
    from importlib.util import find_spec

    return find_spec("apprise") is not None


# ---------------------------------------------------------------- the store


def _is_made(watch: Watch) -> bool:
    path = watch.settings.database.removeprefix("sqlite:///")
    return not watch.settings.database.startswith("sqlite:///") or Path(path).exists()


def _database(watch: Watch) -> Iterator[Check]:
    if not _is_made(watch):
        yield _warning("database", "there is none yet", "`monitor run` makes it.")
        return
    wrong = watch.store.upkeep.check()
    size = watch.store.upkeep.size()
    said = f"{size.engine} {size.version}, {size.size // 1_000_000:,} MB"
    if wrong:
        yield _wrong(
            "database", f"{said}: {_some(wrong)}", "Put the last back-up back: monitor db restore"
        )
    elif size.engine == "sqlite" and _version(size.version) < _SOUND_SQLITE:
        reason = f"{said}, sound; this SQLite can damage a file that two programs write at once"
        step = "Run one `monitor run` alone, keep back-ups, take SQLite 3.51.3 when you can."
        yield _warning("database", reason, step)
    else:
        yield _fine("database", f"{said}, sound")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _clock(watch: Watch) -> Iterator[Check]:
    now = watch.clock.now()
    moments = [job.last_started_at for job in watch.store.jobs.list() if job.last_started_at]
    newest = max(moments, default=now)
    if newest > now + _AHEAD:
        reason = f"it is {now:%Y-%m-%d %H:%M} UTC, but a job ran at {newest:%Y-%m-%d %H:%M}"
        yield _wrong("clock", reason, "Set the clock, and let the system keep it (timedatectl).")
    else:
        yield _fine("clock", f"{now:%Y-%m-%d %H:%M} UTC, and no job ran later")


def _the_watch(watch: Watch) -> Iterator[Check]:
    health = health_of(watch)
    if health.is_well:
        yield _fine("watch", "the feeds are asked, and the ledger adds up")
    else:
        yield _wrong("watch", "; ".join(health.reasons), "Look at `monitor health` and the log.")


def _rules_in_force(watch: Watch) -> Iterator[Check]:
    current = watch.store.rulebooks.current()
    if current is None:
        yield _warning(
            "rules in force", "none were applied yet", "`monitor run` applies the folder."
        )
    elif current.hash == watch.draft_rules.hash:
        yield _fine("rules in force", "those of the folder")
    else:
        reason = "the folder differs from what is in force"
        yield _warning("rules in force", reason, "monitor rules preview, then monitor rules apply")


def _feeds(watch: Watch) -> Iterator[Check]:
    asked = [one for one in watch.store.feeds.statuses(watch.clock.now()) if one.feed.enabled]
    never = [one.feed.id for one in asked if one.state is FeedState.UNPROVEN]
    bad = [one.feed.id for one in asked if one.state not in (FeedState.UNPROVEN, FeedState.OK)]
    step = "`monitor feeds check` says what is the matter with each."
    if asked and len(never) == len(asked):
        yield _wrong("feeds", "not one has answered yet", f"Is there a network? {step}")
    elif never:
        yield _warning("feeds", f"{len(never)} never answered: {_some(never)}", step)
    else:
        yield _fine("feeds", f"all {len(asked)} have answered")
    if bad:
        yield _warning("feeds in trouble", f"{len(bad)}: {_some(bad)}", step)


def _subscribers(watch: Watch) -> Iterator[Check]:
    people = [one for one in watch.store.subscribers.list() if one.is_person]
    active = [one for one in people if one.is_active]
    ended = {one.subject for one in watch.store.notices.open() if one.kind == "mail.paused"}
    paused = [
        one.address
        for one in people
        if not one.is_active
        and (one.bounce_count >= REFUSALS_ALLOWED or f"subscriber:{one.key}" in ended)
    ]
    if active:
        yield _fine("subscribers", f"{len(active)} get mail")
    else:
        yield _warning("subscribers", "nobody gets mail", "monitor subscribers add you@example.org")
    if paused:
        reason = f"{len(paused)} get no mail because it came back: {_some(paused)}"
        yield _warning("paused addresses", reason, "Ask them for an address that works.")


def _canary(watch: Watch) -> Iterator[Check]:
    address = watch.settings.canary
    if address is None:
        reason = "MONITOR_CANARY is not set: nothing proves that digests arrive"
        yield _warning("canary", reason, "Subscribe an address of the mailbox, and name it there.")
        return
    known = watch.store.subscribers.by_address(address)
    if known is None or not known.is_active:
        yield _wrong("canary", f"{address} gets no mail", f"monitor subscribers add {address}")
        return
    if watch.settings.imap_host is None:
        yield _wrong(
            "canary", "there is no mailbox in which it could arrive", "Set MONITOR_IMAP_*."
        )
        return
    state = watch.store.mailbox.canary(address, watch.clock.now(), patience=CANARY_PATIENCE)
    if state.missing_since is not None:
        reason = f"a mail accepted at {state.missing_since:%Y-%m-%d %H:%M} UTC did not arrive"
        yield _wrong("canary", reason, "Look at your mail host's log and into its spam folder.")
    elif state.arrived_at is None:
        yield _warning("canary", "no mail has arrived yet", "Wait for the first digest.")
    else:
        yield _fine("canary", f"last arrived {state.arrived_at:%Y-%m-%d %H:%M} UTC")


_BEFORE_THE_STORE = (*(_settings, _feeds_file, _rules, _disk, _withheld_names, _private_openings),)
_MAIL = (_public_address, _operator, _mail_server, _mailbox, _channels)
_IN_THE_STORE = (*(_clock, _the_watch, _rules_in_force, _feeds, _subscribers, _canary),)
