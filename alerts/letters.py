"""Reads a mail that came back to us: what is it, and which of our mails is it about? Pure.

Delivery reports follow RFC 3464, or do not: many servers write them as a letter in plain words.
Everything in a mail is the sender's to invent, so this only finds what it is about; whether that
mail was ours, and whether the token is good, is asked of the store and of the signature.

Size, nesting and what is looked at are bounded before anything is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32

from alerts.wording import printable
from monitor.core.letters import Letter

MOST_BYTES = 512 * 1024
_MOST_PARTS = 60
_LOOKED_AT = 64 * 1024  # characters of a report in plain words

_TOKEN = re.compile(r"unsubscribe\.[0-9]{1,18}-[a-f0-9]{10}\.[0-9]{1,12}\.[A-Za-z0-9_-]{32}")
_OURS = re.compile(r"<(?:digest|alert|notice|test|confirm)\.[0-9a-f]{24}@[^\s<>@]{1,253}>")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
_SERVER = re.compile(r"mailer-daemon|postmaster|mail delivery", re.IGNORECASE)
_FAILED = re.compile(
    r"undeliver|delivery (?:status|failure|has failed)|returned mail|failure notice"
    r"|mail delivery failed|could not be delivered|не доставлено|недоставлен|반송|배달 실패",
    re.IGNORECASE,
)
_LEAVE = re.compile(r"unsubscri|отпис|구독 ?(?:취소|해지)|수신 ?거부", re.IGNORECASE)
# 5.2.2 says that a mailbox is full, which passes (RFC 3463 3.3 lists it among the permanent ones).
_PASSES = frozenset({"5.2.2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLetter:
    """What a mail says it is."""

    letter: Letter
    message_id: str = ""  # of our mail, with its angle brackets
    token: str = ""
    detail: str = ""  # one line, for the operator


def read_letter(raw: bytes) -> ReadLetter:
    """Return what a mail is. Never raises for anything that a mail can be."""
    raw = raw[:MOST_BYTES]
    if raw.lower().count(b"boundary") > _MOST_PARTS:
        return ReadLetter(letter=Letter.OTHER, detail="too many parts")
    mail = message_from_bytes(raw, policy=compat32)
    subject = _header(mail, "Subject")
    report = _standard_report(mail) or _plain_report(mail, subject, raw)
    if report is not None:
        return report
    own = _OURS.fullmatch(_header(mail, "Message-ID").strip())
    if own is not None:
        return ReadLetter(letter=Letter.OURS, message_id=own[0])
    token = _TOKEN.search(" ".join([subject, *_addresses(mail)]))
    if token is not None:
        return ReadLetter(letter=Letter.UNSUBSCRIBE, token=token[0])
    if _LEAVE.search(subject) and _is_by_a_person(mail):
        detail = printable(f"{_header(mail, 'From')}: {subject}", 200)
        return ReadLetter(letter=Letter.WISH, detail=detail)
    return ReadLetter(letter=Letter.OTHER)


def _standard_report(mail: Message) -> ReadLetter | None:
    """Return what an RFC 3464 report says; None for a mail that is none."""
    states: list[tuple[str, str]] = []
    about = detail = ""
    for part in _parts(mail):
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            for block in _blocks(part):
                action = _header(block, "Action").strip().lower()
                found = _STATUS.search(_header(block, "Status"))
                if action:
                    states.append((action, found[0] if found else ""))
                    said = _header(block, "Diagnostic-Code") or _header(block, "Status")
                    detail = detail or printable(said, 200)
        elif kind in ("message/rfc822", "message/global"):
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                about = about or _header(inner[0], "Message-ID").strip()
        elif kind in ("text/rfc822-headers", "message/global-headers"):
            named = re.search(r"(?im)^message-id:\s*(<[^\s<>]+>)", _text(part))
            about = about or (named[1] if named else "")
    if not states or _OURS.fullmatch(about) is None:
        return None
    failed = any(
        action == "failed" and (not status or status.startswith("5")) and status not in _PASSES
        for action, status in states
    )
    if all(action in ("delivered", "relayed", "expanded") for action, _ in states):
        return ReadLetter(letter=Letter.OTHER, message_id=about, detail=detail)
    letter = Letter.BOUNCED if failed else Letter.DELAYED
    return ReadLetter(letter=letter, message_id=about, detail=detail)


def _plain_report(mail: Message, subject: str, raw: bytes) -> ReadLetter | None:
    """Return what a report in plain words says: by a mail server, of a failure, about our mail."""
    by_server = _SERVER.search(_header(mail, "From")) or _header(mail, "Return-Path") == "<>"
    if not by_server or _is_reply(mail):
        return None
    text = "\n".join(_text(part) for part in _parts(mail) if part.get_content_maintype() == "text")
    text = text[:_LOOKED_AT]
    if not (_FAILED.search(subject) or _FAILED.search(text[:4000])):
        return None
    about = _OURS.search(text) or _OURS.search(raw.decode("ascii", "replace"))
    if about is None:
        return None
    before = text.partition(about[0])[0]  # what is said of the mail stands above its copy
    codes = [found[0] for found in _STATUS.finditer(before)]
    classes = {code[0] for code in codes if code not in _PASSES} or {
        found[1] for found in _REPLY.finditer(before)
    }
    letter = Letter.BOUNCED if "5" in classes and "4" not in classes else Letter.DELAYED
    return ReadLetter(letter=letter, message_id=about[0], detail=printable(subject, 200))


def _is_reply(mail: Message) -> bool:
    """Say whether a person's mail program answered by itself: on holiday is not unreachable."""
    said = _header(mail, "Auto-Submitted").lower()
    return said.startswith("auto-replied") and not _FAILED.search(_header(mail, "Subject"))


def _is_by_a_person(mail: Message) -> bool:
    said = _header(mail, "Auto-Submitted").strip().lower()
    return said in ("", "no") and not _SERVER.search(_header(mail, "From"))


def _parts(mail: Message) -> Iterator[Message]:
    """Yield the parts of a mail, but not those of the mails inside it."""
    waiting = [mail]
    count = 0
    while waiting and count < _MOST_PARTS:
        part = waiting.pop(0)
        count += 1
        yield part
        inner = part.get_payload()
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            waiting += [one for one in inner if isinstance(one, Message)]


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields of a delivery status."""
    inner = part.get_payload()
    if isinstance(inner, list):
        return [one for one in inner if isinstance(one, Message)][:_MOST_PARTS]
    return [message_from_bytes(block.encode("utf-8", "replace"), policy=compat32)
            for block in re.split(r"\r?\n\r?\n", _text(part))[:_MOST_PARTS]]  # fmt: skip


def _text(part: Message) -> str:
    try:
        raw = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return ""
    if not isinstance(raw, bytes):
        return ""
    charset = str(part.get_param("charset") or "utf-8")
    try:
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _header(mail: Message, name: str) -> str:
    """Return a header as text; a broken one as it stands."""
    said = str(mail.get(name, ""))[:2000]
    try:
        return str(make_header(decode_header(said)))
    except (ValueError, LookupError):
        return said


def _addresses(mail: Message) -> list[str]:
    """Return where a mail was sent to."""
    return [_header(mail, name) for name in ("To", "Delivered-To", "X-Original-To")]
