"""The archive of what was told: digests, alerts and notices, with what became of each mail.

A stored mail's text is shown as text. Its HTML part was made for mail readers and holds other
people's words: it is never put into our pages, only handed out as a file under a sandbox.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.telling import Message
from review.desk import Desk, not_found, see_other
from review.visits import Visit

LISTED = 100
# What an analyst may open from their downloads: no scripts, no forms, no loading of anything.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def digests(desk: Desk, visit: Visit) -> Response:
    """Show the latest digests and other mails, and what waits in the outbox."""
    lines = desk.store.digests.list(limit=LISTED)
    shown = {line.outbox_key for line in lines}
    return desk.pages.show(
        visit,
        "digests.html",
        digests=lines,
        others=[one for one in desk.store.outbox.list(limit=LISTED) if one.key not in shown],
        counts=desk.store.outbox.counts(),
        overdue=desk.store.outbox.overdue(visit.now),
        subscriber_count=len(desk.store.subscribers.active(visit.now)),
    )


def mail(desk: Desk, visit: Visit) -> Response:
    """Show one mail as text."""
    key, message = _asked(desk, visit)
    line = next((one for one in desk.store.outbox.list(limit=LISTED) if one.key == key), None)
    return desk.pages.show(visit, "mail.html", key=key, message=message, line=line)


def mail_file(desk: Desk, visit: Visit) -> Response:
    """Hand out the whole mail, byte for byte as it was sent."""
    key, message = _asked(desk, visit)
    return _file(message.raw, "message/rfc822", f"mail-{key}.eml")


def mail_html(desk: Desk, visit: Visit) -> Response:
    """Hand out the HTML part as a file."""
    key, message = _asked(desk, visit)
    return _file(message.html.encode(), "text/html; charset=utf-8", f"mail-{key}.html")


def retry(desk: Desk, visit: Visit) -> Response:
    """Try a mail again that was refused or given up."""
    key, _ = _asked(desk, visit)
    if desk.store.outbox.retry(key, visit.now):
        desk.store.audit.add(
            actor=visit.actor, action="mail.retried", subject=f"mail:{key}", now=visit.now
        )
    return see_other(f"/mails/{key}")


def _asked(desk: Desk, visit: Visit) -> tuple[int, Message]:
    key = visit.number("key")
    message = desk.store.outbox.message(key) if key is not None else None
    if key is None or message is None:
        raise not_found()
    return key, message


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": SANDBOX,
    }
    return Response(content, media_type=kind, headers=headers)
