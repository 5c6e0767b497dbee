"""Puts the house together: the only module that knows all four packages.

`Watch` opens each part when it is first needed, so that a command which only asks the store starts
no worker and no network thread. Nothing here decides anything or talks to people.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import __version__
from monitor.core.errors import ConfigurationErrors, Problem, StoreMissing
from monitor.core.topics import topic_headings
from monitor.core.values import Band, Feed
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed
from monitor.pipeline import Pipeline
from monitor.ports import Clock
from monitor.settings import Settings
from store import Store, open_store

if TYPE_CHECKING:
    from alerts.journal import Journal
    from alerts.rounds import DigestReport, SendReport
    from alerts.sender import Sender
    from alerts.urgent import AlertReport
    from monitor.core.redaction import Redaction
    from monitor.core.rules import RuleSource
    from monitor.core.telling import Message, Subscriber
    from monitor.feedfile import FeedFile
    from monitor.feedwatch import Edited, Held
    from monitor.ports_telling import Mailer
    from monitor.workers import Workers

# The sender while no mail server is set: an address that cannot exist (RFC 2606).
PREVIEWED = 500  # items looked at for a preview, far more than a mail tells
NOBODY = "Dispatch Watch <digest@dispatch-watch.invalid>"


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        return datetime.now(UTC)


class Absent(StrEnum):
    """What to do where there is no store yet."""

    CREATE = "create"
    REFUSE = "refuse"  # for who asks about what is kept: an empty answer would be a lie
    EMPTY = "empty"  # for who compares files with what is kept: nothing is kept, nothing is written


class Watch:
    """One opened house. Close it, or use `open_watch`."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        spacing: float | None = None,
        absent: Absent = Absent.CREATE,
    ) -> None:
        """`spacing`: seconds between two requests to one host, instead of the usual."""
        self.settings = settings
        self.clock = clock or SystemClock()
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self.stopping = threading.Event()
        self._spacing = spacing
        self._absent = absent
        self._open = ExitStack()

    def close(self) -> None:
        """Close everything that was opened, last first."""
        self._open.close()

    @cached_property
    def feeds(self) -> FeedFile:
        """The feeds as the operator wrote them. Raises ConfigurationErrors."""
        from monitor.feedfile import read_feeds

        return read_feeds(self.settings.feeds)

    @cached_property
    def draft_rules(self) -> RuleSource:
        """The rules as they stand in the folder. Raises ConfigurationErrors."""
        return self.read_draft_rules()

    def read_draft_rules(self) -> RuleSource:
        """Read the rules folder now. Raises ConfigurationErrors."""
        from monitor.rulefiles import read_rules

        return read_rules(self.settings.rules, self.settings.corpus)

    @cached_property
    def live_rules(self) -> RuleSource:
        """The rules in force: those last applied, or the folder's when none ever were.

        Raises ConfigurationErrors when there is nothing applied and the folder cannot be used.
        """
        from monitor.rulefiles import parse_rules

        current = self.store.rulebooks.current()
        files = self.store.rulebooks.get(current.hash) if current else None
        if files is not None:
            return parse_rules(files)
        self.apply_rules(self.draft_rules, actor="monitor", reason="first start")
        return self.draft_rules

    def apply_rules(self, source: RuleSource, *, actor: str, reason: str) -> None:
        """Put rules in force, keeping them in the store so that they can be brought back."""
        now = self.clock.now()
        self.store.rulebooks.save(source.hash, dict(source.files), now)
        self.store.rulebooks.apply(source.hash, now=now, actor=actor, reason=reason)
        self.live_rules = source

    @cached_property
    def store(self) -> Store:
        """The store. Raises StoreError; `StoreMissing` where it must not be made."""
        creates = self._absent is Absent.CREATE
        try:
            store = open_store(self.settings.database, create=creates)
        except StoreMissing:
            if self._absent is Absent.EMPTY:
                store = open_store("sqlite://")
            elif self.settings.feeds.exists():
                raise
            else:
                message = "there is no such file, nor a database; `monitor init DIR` writes one"
                problem = Problem(file=str(self.settings.feeds), message=message)
                raise ConfigurationErrors([problem]) from None
        return self._open.enter_context(store)

    @cached_property
    def fetcher(self) -> HttpFetcher:
        """What asks servers, with the guard in front."""
        settings = FetchSettings(
            user_agent=self.settings.full_user_agent,
            via={name: one.get_secret_value() for name, one in self.settings.via.items()},
            keys={name: one.get_secret_value() for name, one in self.settings.keys.items()},
            allowed=Allowed.read(self.settings.allow_private),
            spacing=self.settings.spacing if self._spacing is None else self._spacing,
        )
        return self._open.enter_context(HttpFetcher(settings, now=self.clock.now))

    def hang_up(self) -> None:
        """End what is being fetched, so that a stop need not wait for slow servers."""
        self.stopping.set()
        if "fetcher" in self.__dict__:
            self.fetcher.close()

    @cached_property
    def workers(self) -> Workers:
        """The processes that parse, read and score, with the rules in force."""
        return self.workers_with(self.live_rules)

    def workers_with(self, rules: RuleSource | None) -> Workers:
        """Start worker processes that score with the given rules; closed with the house."""
        from monitor.workers import Workers

        return self._open.enter_context(Workers(self.settings.workers, rules))

    @cached_property
    def pipeline(self) -> Pipeline:
        """Polls feeds and reads entries."""
        return Pipeline(
            store=self.store.polling,
            fetcher=self.fetcher,
            workers=lambda: self.workers,
            clock=self.clock,
            owner=self.owner,
            stopping=self.stopping.is_set,
        )

    def feeds_in_force(self) -> list[Feed]:
        """Return the feeds that the store knows from the last good feeds.yaml."""
        return [one.feed for one in self.store.feeds.statuses(self.clock.now())]

    def sync_feeds(self, *, confirmed: bool = False) -> Edited | Held:
        """Bring the store's feeds in line with feeds.yaml, and return what changed.

        An edit that would silence many feeds is held, changing nothing, until it is `confirmed`.
        Raises ConfigurationErrors.
        """
        from monitor.feedwatch import Edited, judge_edit

        news = judge_edit(self.feeds, self.feeds_in_force())
        if confirmed or isinstance(news, Edited):
            self.take_feeds(self.feeds)
        return news

    def take_feeds(self, file: FeedFile) -> None:
        """Put the feeds of a file in force."""
        fingerprint = _fingerprint(file.text.encode())
        self.store.feeds.sync(file.feeds, self.clock.now(), fingerprint=fingerprint)

    def follow_feeds(self) -> bool:
        """Do what `sync_feeds` does; whether feeds.yaml is in force now.

        A file that was taken over just as it is need not be read again.
        """
        try:
            written = self.settings.feeds.read_bytes()
        except OSError:
            written = b""  # `sync_feeds` says what is wrong
        if self.store.polling.is_taken(_fingerprint(written)):
            return True
        from monitor.feedwatch import Edited

        return isinstance(self.sync_feeds(), Edited)

    # ------------------------------------------------------------ telling

    @cached_property
    def sender(self) -> Sender:
        """Who writes the mails."""
        from alerts.sender import Sender

        name, address = mailbox(self.settings.mail_from or NOBODY)
        return Sender(
            address=address,
            name=name or "Dispatch Watch",
            public_url=self.settings.public_url,
            contact=self.settings.operator_email,
            secret=self.link_secret
            if self.settings.public_url or self.settings.imap_host
            else None,
            has_reader_pages=self.settings.public_url is not None,
            has_mailbox=self.settings.imap_host is not None,
        )

    @cached_property
    def link_secret(self) -> bytes:
        """What signs the links in mail: the setting, or a file of ours made at first need.

        Raises ConfigurationErrors for a file that cannot be read, made or believed.
        """
        from monitor.secretfile import kept_secret

        given = self.settings.secret
        return given.get_secret_value().encode() if given else kept_secret(self.settings.var)

    @cached_property
    def mailer(self) -> Mailer:
        """The way mails leave: the mail server, or files in the outbox folder without one."""
        from alerts.folder import FolderMailer
        from alerts.mail import Account, SmtpMailer

        settings = self.settings
        if settings.smtp_host is None:
            return FolderMailer(self.outbox_folder)
        password = settings.smtp_password
        return SmtpMailer(
            Account(
                host=settings.smtp_host,
                port=settings.smtp_port,
                security=settings.smtp_security,
                user=settings.smtp_user,
                password=password.get_secret_value() if password else None,
            )
        )

    @property
    def sections(self) -> dict[str, str]:
        """Map rule ids, and topics, to the headings under which digests list what met them."""
        rules = self.live_rules.rules.rules
        by_rule = {rule.id: rule.section for rule in rules if rule.section}
        return by_rule | topic_headings(self.topics)

    @property
    def topics(self) -> dict[str, str]:
        """Map the topics that a subscriber can choose, profiles of the rules, to labels."""
        return {profile.id: profile.label for profile in self.live_rules.rules.profiles}

    @property
    def outbox_folder(self) -> Path:
        """Where mails are written as files."""
        return self.settings.var / "outbox"

    @cached_property
    def journal(self) -> Journal:
        """What was told, kept beside the database for the day that a copy is put back."""
        from alerts.journal import Journal

        journal = Journal(self.settings.var / "told.jsonl")
        journal.trim(self.clock.now())
        return journal

    def make_digests(self) -> DigestReport:
        """Make every digest that is due."""
        from alerts.rounds import make_digests

        return make_digests(
            self.store,
            self.clock.now(),
            sender=self.sender,
            rules_version=self.live_rules.hash,
            sections=self.sections,
            redact=self.redaction,
            hold_for=timedelta(minutes=held) if (held := self.settings.hold_digests) else None,
            journal=self.journal,
        )

    def make_alerts(self) -> AlertReport:
        """Make the alerts that may go out now."""
        from alerts.urgent import make_alerts

        return make_alerts(
            self.store,
            self.clock.now(),
            sender=self.sender,
            rules_version=self.live_rules.hash,
            sections=self.sections,
            redact=self.redaction,
            journal=self.journal,
        )

    def tell_operator(self) -> int:
        """Put new notices into a mail to the operator; return how many it tells."""
        from alerts.operators import make_notices

        operator = self.settings.operator_email
        if operator is None:
            return 0
        return make_notices(
            self.store,
            self.clock.now(),
            sender=self.sender,
            operator=operator,
            language=self.settings.language,
            zone=self.settings.timezone,
        )

    @property
    def redaction(self) -> Redaction:
        """What must not leave: the list in withheld.txt, read anew each time.

        Raises ConfigurationErrors; sending without a list that was written would be worse.
        """
        from alerts.withheld import read_redaction

        return read_redaction(self.settings.var / "withheld.txt")

    def preview(self, subscriber: Subscriber | None, *, include_backfill: bool) -> Message:
        """Return the digest that would be made now; nothing is stored.

        For a subscriber what is not told yet; for nobody, or with backfill, the last day.
        """
        from alerts.fitting import preview
        from alerts.rounds import preview_next
        from monitor.core.reports import QueueFilter

        now = self.clock.now()
        if subscriber is not None and not include_backfill:
            return preview_next(
                self.store,
                subscriber,
                now,
                sender=self.sender,
                rules_version=self.live_rules.hash,
                sections=self.sections,
                redact=self.redaction,
            )
        since = now - timedelta(days=1)
        bands = tuple(Band)[Band.QUEUE.rank :]
        topics = subscriber.topics if subscriber is not None else ()
        wanted = QueueFilter(bands=bands, topics=topics, since=since, limit=PREVIEWED)
        return preview(
            self.store.items.queue(wanted).items,
            now=now,
            sender=self.sender,
            subscriber=subscriber,
            since=since,
            include_backfill=include_backfill,
            rules_version=self.live_rules.hash,
            sections=self.sections,
            redact=self.redaction,
        )

    def next_digest_at(self) -> datetime | None:
        """Return when the first of the coming digests is due; None while nobody gets one."""
        from monitor.core.windows import next_due

        now = self.clock.now()
        due = (next_due(one.schedule, after=now) for one in self.store.subscribers.active(now))
        return min((moment for moment in due if moment is not None), default=None)

    def send_due(self) -> SendReport:
        """Send what waits in the outbox."""
        from alerts.rounds import send_due

        return send_due(
            self.store,
            self.mailer,
            self.clock.now(),
            owner=self.owner,
            journal=self.journal,
        )

    def free_what_the_dead_hold(self) -> None:
        """Take leases back from processes of this machine that ended without giving them back.

        A lease runs out by itself; this spares the wait after a kill. To be called before this
        process leases anything, because a restarted container has its predecessor's name.
        """
        now = self.clock.now()
        for owner in self.store.polling.lease_owners():
            if self._is_dead(owner):
                self.store.polling.free_leases(owner)
        holder = self.store.leases.holder("scheduler", now)
        if holder is not None and self._is_dead(holder.owner):
            self.store.leases.release(holder)

    def _is_dead(self, owner: str) -> bool:
        host, _, number = owner.rpartition(":")
        if host != socket.gethostname() or not number.isdecimal():
            return False
        return owner == self.owner or not _is_running(int(number))

    def enabled(self, named: Sequence[str] = ()) -> list[str]:
        """Return the ids of the feeds named, or of all enabled ones.

        Raises KeyError with the first name that no enabled feed has.
        """
        ids = self.store.polling.enabled_ids()
        known = set(ids)
        for name in named:
            if name not in known:
                raise KeyError(name)
        return list(dict.fromkeys(named)) or ids


@contextmanager
def open_watch(
    settings: Settings,
    *,
    clock: Clock | None = None,
    spacing: float | None = None,
    absent: Absent = Absent.CREATE,
) -> Iterator[Watch]:
    """Open a house for the length of a block."""
    opened = Watch(settings, clock=clock, spacing=spacing, absent=absent)
    try:
        yield opened
    finally:
        opened.close()


def _fingerprint(text: bytes) -> str:
    """Return what tells this text of feeds.yaml, as this program reads it, from any other."""
    known = [
        (one.name, "" if one.default is MISSING else repr(one.default)) for one in fields(Feed)
    ]
    return hashlib.sha256(repr((__version__, known)).encode() + text).hexdigest()


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)  # asks, sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def mailbox(written: str) -> tuple[str, str]:
    """Return name and address of `Name <address>` or of a bare address."""
    name, angle, address = written.rpartition("<")
    return (name.strip(), address.rstrip("> ")) if angle else ("", written.strip())
