"""The mailbox of the house, when it has one: what comes back is read, each mail once.

Reports that a mail was not delivered, letters that end a subscription, and the canary's digest. The
visit is bounded in time and done by a job of its own; while the mailbox cannot be read, mails go
out all the same, and the operator is told.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta

import structlog

from alerts.letters import ReadLetter, read_letter
from alerts.links import read_link
from alerts.mailbox import Mailbox, MailboxAccount, MailboxTrouble, open_mailbox
from alerts.tokens import Purpose
from monitor.app import Watch
from monitor.core.letters import CANARY_PATIENCE, Letter, Received
from monitor.settings import Settings

log = structlog.get_logger(__name__)

_MOST = 200  # mails read in one visit; the next one goes on
_LOOKED_BACK = timedelta(days=30)  # at the first visit
_STUCK_AFTER = timedelta(hours=1)


def mailbox_account(settings: Settings) -> MailboxAccount | None:
    """Return how to reach the mailbox; None where none is set."""
    if settings.imap_host is None or settings.imap_user is None or settings.imap_password is None:
        return None
    return MailboxAccount(
        host=settings.imap_host,
        port=settings.imap_port,
        security=settings.imap_security,
        user=settings.imap_user,
        password=settings.imap_password.get_secret_value(),
        folder=settings.imap_folder,
        ca_file=settings.imap_ca,
    )


class Postbox:
    """Reads the mailbox of one opened house."""

    def __init__(self, watch: Watch) -> None:
        """Open nothing yet."""
        self._watch = watch

    def run(self) -> str:
        """Read what is new, and say what it was."""
        account = mailbox_account(self._watch.settings)
        if account is None:
            return "no mailbox is set"
        store, now = self._watch.store, self._watch.clock.now()
        try:
            with open_mailbox(account) as mailbox:
                found = self._read(mailbox, account)
        except MailboxTrouble as trouble:
            read_at = store.mailbox.read_at()
            if read_at is None or now - read_at > _STUCK_AFTER:
                store.notices.raise_once("mailbox", "mailbox", f"not readable: {trouble}", now)
            return f"not readable: {trouble}"
        store.notices.close("mailbox", "mailbox", now)
        self._look_for_canary()
        counts = ", ".join(f"{count} {letter.value}" for letter, count in sorted(found.items()))
        return f"read: {counts or 'nothing new'}"

    def _read(self, mailbox: Mailbox, account: MailboxAccount) -> Counter[Letter]:
        watch, found = self._watch, Counter[Letter]()
        now = watch.clock.now()
        known = watch.store.mailbox.position(account.name)
        if known is not None and known[0] == mailbox.uid_validity:
            uids = mailbox.after(known[1])
        else:  # for the first time, or the folder was made anew and numbers its mails afresh
            uids = mailbox.since((now - _LOOKED_BACK).date())
        last = known[1] if known is not None and known[0] == mailbox.uid_validity else 0
        for uid in uids[:_MOST]:
            if watch.stopping.is_set():
                return found
            raw = mailbox.mail(uid)
            received = self._received(raw, mailbox, account, uid)
            handled = watch.store.mailbox.handle(
                received, watch.clock.now(), canary=watch.settings.canary
            )
            found[handled.letter] += handled.is_new
            if handled.paused or handled.left:
                log.info("letter.handled", letter=handled.letter.value, uid=uid)
            last = uid
        watch.store.mailbox.advance(
            account.name, uid_validity=mailbox.uid_validity, last_uid=last, now=now
        )
        return +found

    def _received(
        self, raw: bytes, mailbox: Mailbox, account: MailboxAccount, uid: int
    ) -> Received:
        try:
            read = read_letter(raw)
        except Exception:
            # One mail is a border: whatever it is, the ones behind it must be read.
            log.exception("letter.unreadable", uid=uid)
            read = ReadLetter(letter=Letter.OTHER)
        letter, key = read.letter, None
        if letter is Letter.UNSUBSCRIBE:
            key = self._holder(read.token)
            letter = Letter.UNSUBSCRIBE if key is not None else Letter.OTHER
        return Received(
            mailbox=account.name,
            uid_validity=mailbox.uid_validity,
            uid=uid,
            fingerprint=hashlib.sha256(raw).hexdigest(),
            letter=letter,
            message_id=read.message_id,
            subscriber_key=key,
            detail=read.detail,
        )

    def _holder(self, token: str) -> int | None:
        """Return whose token it is; None unless it is ours, in time, for leaving, and for them."""
        watch = self._watch
        link = read_link(watch.link_secret, token, now=watch.clock.now())
        if link is None or link.purpose is not Purpose.UNSUBSCRIBE:
            return None
        holder = watch.store.subscribers.get(link.subscriber_key)
        return holder.key if holder is not None and link.is_for(holder) else None

    def _look_for_canary(self) -> None:
        """Tell the operator when the canary's mail was accepted and did not arrive."""
        watch, address = self._watch, self._watch.settings.canary
        if address is None:
            return
        now = watch.clock.now()
        state = watch.store.mailbox.canary(address, now, patience=CANARY_PATIENCE)
        if state.missing_since is not None:
            detail = (
                f"a mail to {address} was accepted at {state.missing_since:%Y-%m-%d %H:%M} UTC and "
                "did not arrive: others may not get theirs either"
            )
            watch.store.notices.raise_once("canary", "missing", detail, now)
        else:
            watch.store.notices.close("canary", "missing", now)
