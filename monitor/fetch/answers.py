"""What an answer means. Pure: status, headers and the first bytes of a body in, a judgement out.

The words of `detail` are for the operator's health page: what happened, in one line. An answer
that is no success never reaches a parser: half a feed, a bot check or an error page that happens
to be XML must not look like a feed.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from urllib.parse import urljoin

from monitor.core.values import ErrorCode

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_RETRY_LEAST: Final = timedelta(minutes=1)
_RETRY_MOST: Final = timedelta(days=7)
# Headers that may stand once only. When a server repeats one, the first counts for everybody.
_SINGLE: Final = frozenset(
    {"etag", "last-modified", "content-type", "location", "retry-after", "content-length"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to one request, its body decoded (of an error answer only the beginning)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why an answer is no success."""

    code: ErrorCode
    detail: str
    retry_at: datetime | None = None


def plain_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name.

    Latin-1 keeps every byte, so that a validator can be sent back exactly as it came.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name not in _SINGLE:
            headers[name] += ", " + value
    return headers


def usable_validator(value: str | None) -> bytes | None:
    """Return a stored validator as it may be sent, or None: it must stay within one header line."""
    if value is None or not 0 < len(value) <= 1_024:
        return None
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in value):
        return None
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return None


_SIMPLE: Final[Mapping[int, tuple[ErrorCode, str]]] = {
    204: (ErrorCode.NO_CONTENT, "the server answers with nothing (204)"),
    205: (ErrorCode.NO_CONTENT, "the server answers with nothing (205)"),
    206: (ErrorCode.PARTIAL_CONTENT, "the server sends only a part (206)"),
    401: (ErrorCode.UNAUTHORIZED, "a user name and password are wanted (401)"),
    403: (ErrorCode.FORBIDDEN, "the server refuses us (403)"),
    404: (ErrorCode.NOT_FOUND, "there is nothing at this address (404)"),
    410: (ErrorCode.GONE, "withdrawn for good (410)"),
    429: (ErrorCode.RATE_LIMITED, "the server asks us to wait (429)"),
    451: (ErrorCode.LEGAL, "withheld for legal reasons (451)"),
    503: (ErrorCode.UNAVAILABLE, "the server is unavailable for now (503)"),
}


def judge(
    answer: Answer, *, kind: Literal["feed", "page", "robots"], conditional: bool, now: datetime
) -> Judgement | None:
    """Say why an answer is no success; None for a complete 200 (or 203) and a 304 we asked for."""
    status = answer.status
    if status == 304:
        if conditional:
            return None
        return Judgement(ErrorCode.UNASKED_304, "'not modified' to a request without a validator")
    if _is_challenge(answer):
        return Judgement(
            ErrorCode.CHALLENGE,
            f"a bot check instead of the {kind} ({status})",
            retry_at(answer.headers.get("retry-after"), now) if status in (429, 503) else None,
        )
    if status in (200, 203):
        if not answer.body:
            return Judgement(ErrorCode.NO_CONTENT, "the answer is empty")
        return None
    if status in (403, 451) and _is_geo_block(answer):
        return Judgement(ErrorCode.GEO_BLOCKED, f"not served to our country ({status})")
    if status in _SIMPLE:
        code, detail = _SIMPLE[status]
        wait = retry_at(answer.headers.get("retry-after"), now) if status in (429, 503) else None
        return Judgement(code, detail, wait)
    if 500 <= status < 600:
        return Judgement(ErrorCode.SERVER_ERROR, f"the server fails ({status})")
    return Judgement(ErrorCode.HTTP_ERROR, f"the server answers {status}")


def retry_at(value: str | None, now: datetime) -> datetime | None:
    """Read Retry-After (seconds or a date, RFC 9110 10.2.3), held between a minute and a week."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII):
        seconds = min(float(value[:20]), _RETRY_MOST.total_seconds())
        wait = timedelta(seconds=max(seconds, 0))
    else:
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return now + min(max(wait, _RETRY_LEAST), _RETRY_MOST)


def redirect_target(location: bytes, base: str) -> str | None:
    """Return the absolute address that a Location header means; None when it means none.

    Servers put raw UTF-8 or windows-1251 bytes there; those bytes are what the server wants back,
    so they are percent-encoded as they are.
    """
    location = location.strip()
    if not location or any(byte < 0x20 or byte == 0x7F for byte in location):
        return None
    text = "".join(chr(byte) if 0x20 < byte < 0x7F else f"%{byte:02X}" for byte in location)
    try:
        return urljoin(base, text).partition("#")[0]
    except ValueError:
        return None


# What bot checks say of themselves. Marks in scripts are theirs alone; titles and sentences may be
# quoted by an article, so titles count only as a whole, and sentences only in a refusal.
_SCRIPT_MARKS: Final = (
    "_cf_chl_opt",
    "cf-browser-verification",
    "/_incapsula_resource?",
    "captcha-delivery.com/c.js",
    "window._pxappid",
    "awswafcookiedomainlist",
    "sucuri_cloudproxy_js",
    "ddos-guard/js-challenge",
    "/.well-known/ddos-guard/",
    "__qrator",
    "servicepipe.ru/static/checkjs",
)
_TITLE_MARKS: Final = re.compile(
    r"<title[^>]{0,200}>\s{0,200}(?:just a moment(?:\.{3}|…)|attention required! \| cloudflare"
    r"|ddos-guard|checking your browser[^<]{0,60}|please wait(?:\.{3}|…) \| cloudflare"
    r"|one moment, please(?:\.{3}|…)|pardon our interruption(?:\.{3}|…)?|are you a robot\?"
    r"|human verification|bot verification|подтвердите, что вы не робот)\s*</title>",
)
_GEO_MARKS: Final = (
    "error code: 1009",
    "error 1009",
    "banned the country or region",
    "block access from your country",
    "not available in your country",
    "not available in your region",
    "unavailable in your region",
    "доступ из вашей страны",
    "доступ из вашего региона",
    "недоступен в вашей стране",
    "недоступен в вашем регионе",
    "해외에서의 접속",
    "해외 ip",
)
_CHALLENGE_STATUS: Final = frozenset({200, 202, 401, 403, 405, 429, 503})
_SHORT_PAGE: Final = 60_000


def _is_challenge(answer: Answer) -> bool:
    """Recognise the bot checks of the large protection services."""
    headers = answer.headers
    if headers.get("cf-mitigated") or headers.get("x-amzn-waf-action") in ("challenge", "captcha"):
        return True
    if answer.status not in _CHALLENGE_STATUS or len(answer.body) > _SHORT_PAGE:
        return False
    page = _lowered(answer)
    if "<html" not in page and "<script" not in page:
        return False
    return any(mark in page for mark in _SCRIPT_MARKS) or bool(_TITLE_MARKS.search(page))


def _is_geo_block(answer: Answer) -> bool:
    page = _lowered(answer)
    return any(mark in page for mark in _GEO_MARKS)


def _lowered(answer: Answer) -> str:
    return answer.body[:_SHORT_PAGE].decode("utf-8", "replace").lower()


_UNREADABLE: Final = re.compile(
    r"(?:image|audio|video|font)/|application/(?:pdf|zip|gzip|x-7z|x-rar|msword|vnd\.|epub"
    r"|octet-stream)",
    re.IGNORECASE,
)


def unreadable_type(headers: Mapping[str, str]) -> str | None:
    """Return the content type when it cannot be a page: there is no need to download it."""
    kind = headers.get("content-type", "").partition(";")[0].strip()
    return kind if _UNREADABLE.match(kind) else None
