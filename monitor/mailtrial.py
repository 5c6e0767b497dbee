"""`monitor doctor --mail`: one mail to oneself through the real sender, and what became of it.

With a mailbox it waits until the mail is there, and reads what the own mail host found out about
it. Only the host's own lines count; what other hosts wrote, or the sender itself, proves nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from html import escape

from alerts.authentication import METHODS, host_results, own_names
from alerts.compose import message_id
from alerts.fitting import a_reader
from alerts.mail import SmtpMailer
from alerts.mailbox import MailboxTrouble, open_mailbox
from alerts.message import build
from alerts.view import reader
from monitor.app import Watch
from monitor.core.telling import Delivery, Message, MessageKind
from monitor.doctor import Check, State
from monitor.postbox import mailbox_account

PATIENCE = 120.0  # seconds until the mail must be in the mailbox
_BETWEEN = 3.0
_STEPS = {
    "spf": "Name the mail server in the SPF record of the sender's domain.",
    "dkim": "Let the mail server sign with a DKIM key of the sender's domain.",
    "dmarc": "Publish a DMARC record; SPF or DKIM must pass for the domain of MONITOR_MAIL_FROM.",
}


def try_mail(
    watch: Watch,
    *,
    to: str | None = None,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Check]:
    """Send a mail to oneself and say what became of it; `to` is where, instead of the usual.

    With a mailbox that is the canary or the sending address, which lead there; without one, the
    operator.
    """
    settings, account = watch.settings, mailbox_account(watch.settings)
    mine = settings.canary or watch.sender.address
    recipient = to or (mine if account else settings.operator_email)
    if recipient is None or not isinstance(watch.mailer, SmtpMailer):
        reason = "there is no mail server, or nobody to send to"
        step = "Set MONITOR_SMTP_HOST, MONITOR_MAIL_FROM and MONITOR_OPERATOR_EMAIL."
        return [Check(name="test mail", state=State.WRONG, reason=reason, next_step=step)]
    message = trial_mail(watch, recipient)
    result = watch.mailer.deliver(message)
    watch.mailer.close()
    if result.outcome is not Delivery.ACCEPTED:
        reason = f"to {recipient}: {result.outcome.value}, {result.detail}"
        return [_check("test mail", State.WRONG, reason, "`monitor doctor` looks at the log-in.")]
    found = [_check("test mail", State.FINE, f"accepted for {recipient}")]
    if account is None:
        reason = "no mailbox is set: look yourself whether it arrived, and not as spam"
        return [*found, _check("arrival", State.WARNING, reason, "Set MONITOR_IMAP_*.")]
    deadline = time.monotonic() + patience
    trouble = ""
    while True:
        try:
            with open_mailbox(account) as mailbox:
                uids = mailbox.with_id(message.message_id)
                raw = mailbox.mail(uids[-1]) if uids else b""
        except MailboxTrouble as error:
            raw, trouble = b"", str(error)
        if raw:
            host = own_names(account.host, settings.imap_authserv)
            return [*found, _check("arrival", State.FINE, account.name), *verdicts(raw, host)]
        if time.monotonic() >= deadline:
            break
        sleep(_BETWEEN)
    reason = trouble or f"not in {account.folder} after {patience:g} seconds"
    step = f"Does mail to {recipient} come into this mailbox? Look into its spam folder."
    return [*found, _check("arrival", State.WRONG, reason, step)]


def trial_mail(watch: Watch, recipient: str) -> Message:
    """Return a mail that says that it is a trial."""
    now, sender = watch.clock.now(), watch.sender
    language = watch.settings.language
    who = reader(a_reader(now, language=language), sender, lambda text: text)
    said = who.gettext("Sent by hand, to see whether it arrives.")
    html = f'<!DOCTYPE html><html lang="{language}"><body><p>{escape(said)}</p></body></html>'
    return build(
        kind=MessageKind.TEST,
        sender=sender.mailbox,
        recipient=recipient,
        subject=who.gettext("Dispatch Watch: a test mail"),
        text=f"{said}\n",
        html=html,
        date=now,
        message_id=message_id(MessageKind.TEST, key=secrets.token_hex(16), sender=sender),
        language=language,
    )


def verdicts(raw: bytes, trusted: tuple[str, ...]) -> list[Check]:
    """Return what the own mail host found out about a mail."""
    found, others = host_results(raw, trusted=trusted)
    if not found:
        named = f"; other hosts wrote: {', '.join(others)}" if others else ""
        reason = f"no result by a host named like {trusted[0]}{named}"
        step = "If one of these is your mail host, set MONITOR_IMAP_AUTHSERV to its name."
        return [_check("authentication", State.WARNING, reason, step)]
    return [
        _check(method.upper(), State.FINE, "pass")
        if found.get(method) == "pass"
        else _check(
            method.upper(),
            State.WRONG if found.get(method) in ("fail", "permerror") else State.WARNING,
            found.get(method, "not looked at by the mail host"),
            _STEPS[method],
        )
        for method in METHODS
    ]


def _check(name: str, state: State, reason: str, next_step: str = "") -> Check:
    return Check(name=name, state=state, reason=reason, next_step=next_step)
