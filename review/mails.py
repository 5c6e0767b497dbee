"""One mail of the archive: its text as text, its HTML in a frame without rights, both as files.

A stored mail's HTML was made for mail readers and holds other people's words: it is never put into
our pages, only into a frame under a sandbox, or handed out as a file.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.telling import Message
from review.desk import Desk, not_found
from review.frames import framed, framing
from review.visits import Visit

# What an analyst may open from their downloads: no scripts, no forms, no loading of anything.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def mail(desk: Desk, visit: Visit) -> Response:
    """Show one mail, how it stands, and what can be done about it."""
    key, message = _asked(desk, visit)
    line = desk.store.outbox.line(key)
    one = None
    if line is not None and line.subscriber_key is not None:
        one = desk.store.subscribers.get(line.subscriber_key)
    return framing(
        desk.pages.show(
            visit,
            "mail.html",
            key=key,
            message=message,
            line=line,
            subscriber=one,
            done=visit.query.get("done", ""),
        )
    )


def mail_frame(desk: Desk, visit: Visit) -> Response:
    """Hand out the HTML part for the frame."""
    _, message = _asked(desk, visit)
    return framed(message.html)


def mail_file(desk: Desk, visit: Visit) -> Response:
    """Hand out the whole mail, byte for byte as it was sent."""
    key, message = _asked(desk, visit)
    return _file(message.raw, "message/rfc822", f"mail-{key}.eml")


def mail_html(desk: Desk, visit: Visit) -> Response:
    """Hand out the HTML part as a file."""
    key, message = _asked(desk, visit)
    return _file(message.html.encode(), "text/html; charset=utf-8", f"mail-{key}.html")


def _asked(desk: Desk, visit: Visit) -> tuple[int, Message]:
    key = visit.number("key")
    message = desk.store.outbox.message(key) if key is not None and key < 2**31 else None
    if key is None or message is None:
        raise not_found()
    return key, message


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": SANDBOX,
    }
    return Response(content, media_type=kind, headers=headers)
