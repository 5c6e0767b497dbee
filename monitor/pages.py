"""Puts the review page together with the house, and shows what a dry run would have shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette

from alerts.fitting import preview
from alerts.press import Press
from alerts.sender import Sender
from monitor.app import NOBODY, Watch, mailbox
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.exports import csv_text
from monitor.core.reports import FateReport
from monitor.core.tlp import Tlp
from monitor.feedroom import FeedRoom
from monitor.jobs import Job
from monitor.mailroom import MailRoom
from monitor.rulefiles import compile_rules
from monitor.ruleslab import RulesLab, RulesRefused
from monitor.tips import add_tip
from monitor.trial import Trial, Trials, feed_for
from review.app import create_app
from review.desk import Draft
from review.gate import Gate
from review.item import entry_page


def review_app(
    watch: Watch, *, jobs: Callable[[], Sequence[Job]], is_demo: bool = False
) -> Starlette:
    """Return the review page over an opened house."""
    settings = watch.settings
    public = urlsplit(settings.public_url or "").hostname
    return create_app(
        watch.store,
        clock=watch.clock,
        jobs=jobs,
        try_url=lambda url: try_url(watch, url),
        add_tip=Tips(watch),
        edit_rules=RulesFolder(watch),
        edit_feeds=FeedRoom(watch),
        rules=lambda: watch.live_rules.rules,
        lint=lambda: lint(watch),
        allowed_hosts=(*settings.allowed_hosts, *((public,) if public else ())),
        allow_private=settings.allow_private,
        has_mailbox=settings.imap_host is not None,
        canary=settings.canary,
        zone=settings.timezone,
        sender=watch.sender if settings.public_url else None,
        gate=Gate(
            is_closed=settings.needs_login,
            is_https=(settings.public_url or "").startswith("https:"),
            address=settings.public_url,
        ),
        redact=lambda: watch.redaction,
        edit_mails=mail_room(watch),
        topics=lambda: watch.topics,
        self_signup=watch.settings.self_signup,
        counts_minutes=settings.count_minutes,
        is_demo=is_demo,
    )


def mail_room(watch: Watch) -> MailRoom:
    """Return what the pages may ask of the mails."""

    def press() -> Press:
        return Press(
            store=watch.store,
            sender=watch.sender,
            rules_version=watch.live_rules.hash,
            sections=watch.sections,
            redact=watch.redaction,
            journal=watch.journal,
        )

    return MailRoom(
        store=watch.store,
        clock=watch.clock,
        press=press,
        operator=watch.settings.operator_email,
    )


def try_url(watch: Watch, url: str) -> Mapping[str, Any]:
    """Return a dry run of an address with the rules in force, for the page."""
    trials = Trials(fetcher=watch.fetcher, workers=watch.workers, clock=watch.clock)
    return trial_json(trials.feed(feed_for(url)), now=watch.clock.now())


def trial_json(trial: Trial, *, now: datetime) -> dict[str, Any]:
    """Return a dry run with the keys that scripts rely on (`monitor try --json`)."""
    name, address = mailbox(NOBODY)
    mail = preview(trial.items, now=now, sender=Sender(address=address, name=name))
    return {
        "status": trial.status.value,
        "error_code": trial.error.value if trial.error else None,
        "http_status": trial.http_status,
        "next_poll_s": max(0, round((trial.next_due_at - now).total_seconds())),
        "entries": [
            {
                "id": str(item.key),
                "title": item.title,
                "link": item.url,
                "html": entry_page(item, now=now),
                "text": item.text,
                "published": item.published_at.isoformat() if item.published_at else None,
                "score": item.score.score,
                "decision": item.score.decision.value,
                "profiles": {one.profile: one.decision.value for one in item.score.profiles},
            }
            for item in trial.items
        ],
        "mail": mail.raw.decode("ascii"),
        "csv": csv_text(trial.items),
    }


@dataclass(frozen=True, slots=True)
class Tips:
    """Takes one tip after the other: two at once would take the lease from each other."""

    watch: Watch
    _one_at_a_time: Lock = field(default_factory=Lock)

    def __call__(self, url: str, *, note: str, actor: str, tlp: Tlp = Tlp.CLEAR) -> FateReport:
        """Return what the ledger says of the tip. Raises ConfigurationErrors for a refused one."""
        with self._one_at_a_time:
            return add_tip(self.watch, url, note=note, actor=actor, tlp=tlp)


@dataclass(frozen=True, slots=True)
class RulesFolder:
    """The rules folder for the page, read anew each time: a running house does not follow it."""

    watch: Watch

    def draft(self) -> Draft:
        """Return what the folder would do. Raises ConfigurationErrors when it cannot be used."""
        lab, source = RulesLab(self.watch), self.watch.read_draft_rules()
        return Draft(
            version=source.hash,
            is_live=source.hash == self.watch.live_rules.hash,
            preview=lab.preview(source),
            golden=lab.test(source),
        )

    def apply(self, version: str, *, actor: str, reason: str) -> bool:
        """Put the folder in force when it is still `version` and drops nothing that must pass.

        Raises ConfigurationErrors when it cannot be used.
        """
        self.watch.draft_rules = self.watch.read_draft_rules()
        if self.watch.draft_rules.hash != version:
            return False
        try:
            RulesLab(self.watch).apply(actor=actor, reason=reason, force=False)
        except RulesRefused:
            return False
        return True

    def rollback(self, version: str, *, actor: str, reason: str) -> bool:
        """Put a version that was in force before back; False when there is none of that name."""
        if not version:
            return False
        try:
            RulesLab(self.watch).rollback(version, actor=actor, reason=reason)
        except KeyError:
            return False
        return True


def lint(watch: Watch) -> Sequence[Problem]:
    """Return what is wrong in the rules folder now."""
    try:
        compile_rules(watch.read_draft_rules())
    except ConfigurationErrors as error:
        return error.problems
    return ()
