"""What answers mean: statuses, bot checks, redirects, Retry-After, types."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from edges.rawsite import Asked, RawSite, Step, answer, raw_site

from monitor.core.values import ErrorCode, Failed, Fetched, NotModified, Outcome, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.fetch.answers import Answer, judge, retry_at
from monitor.guard import Allowed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FEED = b"<rss><channel><title>T</title></channel></rss>"
LIMIT = 200_000
Code = ErrorCode


@pytest.fixture(scope="module")
def site() -> Iterator[RawSite]:
    """A server for the whole module."""
    with raw_site() as running:
        yield running


@pytest.fixture(scope="module")
def fetcher(site: RawSite) -> Iterator[HttpFetcher]:
    """A fetcher that may reach the server."""
    settings = FetchSettings(
        allowed=Allowed.read([site.opening]),
        total=8.0,
        connect=4.0,
        read=4.0,
        retry_pause=0.01,
        spacing=0.0,
        feed_bytes=LIMIT,
        page_bytes=LIMIT // 2,
        robots=False,
    )
    with HttpFetcher(settings, now=lambda: NOW) as running:
        yield running


def fetch(fetcher: HttpFetcher, url: str, **fields: object) -> Outcome:
    """Return the outcome of one request."""
    [outcome] = fetcher.fetch_many([Request(url=url, **fields)])  # type: ignore[arg-type]
    return outcome


GZIP = "Content-Encoding: gzip"

STATUSES: dict[str, tuple[list[Step], Code | None]] = {
    "201": (answer("201 Created", FEED), Code.HTTP_ERROR),
    "203": (answer("203 Non-Authoritative", FEED), None),
    "204": (answer("204 No Content", length=False), Code.NO_CONTENT),
    "205": (answer("205 Reset", length=False), Code.NO_CONTENT),
    "206 with half a feed": (
        answer("206 Partial Content", FEED, "Content-Range: bytes 0-9/99"),
        Code.PARTIAL_CONTENT,
    ),
    "200, empty": (answer("200 OK", b""), Code.NO_CONTENT),
    "300": (answer("300 Choices", FEED, "Location: /x"), Code.HTTP_ERROR),
    "304 unasked": (answer("304 Not Modified", length=False), Code.UNASKED_304),
    "400": (answer("400 Bad", FEED), Code.HTTP_ERROR),
    "401": (answer("401 Unauthorized", FEED, "WWW-Authenticate: Basic"), Code.UNAUTHORIZED),
    "402": (answer("402 Pay", FEED), Code.HTTP_ERROR),
    "403": (answer("403 Forbidden", FEED), Code.FORBIDDEN),
    "404": (answer("404 Not Found", FEED), Code.NOT_FOUND),
    "406": (answer("406 Not Acceptable", FEED), Code.HTTP_ERROR),
    "410": (answer("410 Gone", FEED), Code.GONE),
    "418": (answer("418 Teapot", FEED), Code.HTTP_ERROR),
    "429": (answer("429 Too Many", FEED), Code.RATE_LIMITED),
    "451": (answer("451 Legal", FEED), Code.LEGAL),
    "500 with a feed": (answer("500 Error", FEED, "Content-Type: text/xml"), Code.SERVER_ERROR),
    "502": (answer("502 Bad Gateway", FEED), Code.SERVER_ERROR),
    "503": (answer("503 Unavailable", FEED), Code.UNAVAILABLE),
    "520": (answer("520 Odd", FEED), Code.SERVER_ERROR),
    "404, its body broken off": (
        [b"HTTP/1.1 404 No\r\nContent-Length: 99\r\n\r\nx"],
        Code.NOT_FOUND,
    ),
    "404, its body endless": (answer("404 No", b"x" * 1_000_000), Code.NOT_FOUND),
    "403, its body in brotli": (
        answer("403 Forbidden", b"\x0b\x00\x80a\x03", "Content-Encoding: br"),
        Code.FORBIDDEN,
    ),
}


@pytest.mark.parametrize("name", STATUSES)
def test_status_has_its_code_and_its_body_is_never_a_feed(
    site: RawSite, fetcher: HttpFetcher, name: str
) -> None:
    """Only a complete 200 (or 203) is a feed; the health page shows why anything else is not."""
    steps, code = STATUSES[name]
    outcome = fetch(fetcher, site.say("/status", steps))

    assert (outcome.code if isinstance(outcome, Failed) else None) == code, outcome
    if isinstance(outcome, Failed):
        assert outcome.status == int(name[:3])


def page(title: str, body: str = "") -> bytes:
    """Return a small page."""
    return f"<!DOCTYPE html><html><head><title>{title}</title></head>{body}</html>".encode()


CLOUDFLARE = page("Just a moment...", "<script>window._cf_chl_opt={}</script>")
ARTICLE = page("Just a moment with the workers", "<p>Just a moment... he said.</p>" * 50)
CHALLENGES: dict[str, tuple[list[Step], Code | None]] = {
    "cf-mitigated, 403": (
        answer("403 Forbidden", b"x", "cf-mitigated: challenge"),
        Code.CHALLENGE,
    ),
    "just a moment, 403": (answer("403 Forbidden", CLOUDFLARE), Code.CHALLENGE),
    "just a moment, 503": (answer("503 Unavailable", CLOUDFLARE), Code.CHALLENGE),
    "just a moment, 200": (answer("200 OK", CLOUDFLARE), Code.CHALLENGE),
    "just a moment, gzip": (
        answer("403 Forbidden", gzip.compress(CLOUDFLARE), GZIP),
        Code.CHALLENGE,
    ),
    "attention required": (
        answer("403 Forbidden", page("Attention Required! | Cloudflare")),
        Code.CHALLENGE,
    ),
    "ddos-guard": (answer("403 Forbidden", page("DDoS-Guard")), Code.CHALLENGE),
    "aws waf": (
        answer("202 Accepted", b"", "x-amzn-waf-action: challenge"),
        Code.CHALLENGE,
    ),
    "incapsula": (
        answer("200 OK", page("", "<iframe src='/_Incapsula_Resource?SWUDNSAI=31'></iframe>")),
        Code.CHALLENGE,
    ),
    "datadome": (
        answer("403 No", page("x", "<script src='https://ct.captcha-delivery.com/c.js'></script>")),
        Code.CHALLENGE,
    ),
    "an article about it": (answer("200 OK", ARTICLE), None),
    "a feed about it": (
        answer("200 OK", b"<rss><item><title>Just a moment...</title></item></rss>"),
        None,
    ),
    "country block, cloudflare": (answer("403 No", b"error code: 1009"), Code.GEO_BLOCKED),
    "country block, russian": (
        answer("403 No", page("403", "Доступ из вашей страны ограничен")),
        Code.GEO_BLOCKED,
    ),
    "country block, cloudflare's page": (
        answer("403 No", page("Access denied", "a.ru has banned the country or region you are in")),
        Code.GEO_BLOCKED,
    ),
    "country block, cloudfront": (
        answer("403 No", page("x", "is configured to block access from your country")),
        Code.GEO_BLOCKED,
    ),
    "country block, by law": (
        answer("451 No", page("x", "This page is not available in your country")),
        Code.GEO_BLOCKED,
    ),
    "by law, nothing said of a country": (answer("451 No", page("x", "Withheld.")), Code.LEGAL),
    "refused, nothing said of a country": (answer("403 No", page("x", "No.")), Code.FORBIDDEN),
    "a firewall's rule, cloudflare": (answer("403 No", b"error code: 1020"), Code.FORBIDDEN),
    "refused without a word": (answer("403 No", b""), Code.FORBIDDEN),
    "an article about country blocks": (
        answer("200 OK", page("x", "The site is not available in your country, many read.")),
        None,
    ),
    "a dead address that speaks of countries": (
        answer("404 No", page("x", "not available in your country")),
        Code.NOT_FOUND,
    ),
}


@pytest.mark.parametrize("name", CHALLENGES)
def test_bot_checks_and_country_blocks_are_recognised(
    site: RawSite, fetcher: HttpFetcher, name: str
) -> None:
    """A bot check never looks like an empty feed, and an article about one is no bot check."""
    steps, code = CHALLENGES[name]
    outcome = fetch(fetcher, site.say("/challenge", steps), kind="page")

    assert (outcome.code if isinstance(outcome, Failed) else None) == code, outcome


REDIRECTS: dict[str, tuple[bytes, Code]] = {
    "to itself": (b"/redirect", Code.REDIRECT_ERROR),
    "no location": (b"", Code.REDIRECT_ERROR),
    "only blanks": (b"   ", Code.REDIRECT_ERROR),
    "javascript": (b"javascript:alert(1)", Code.REDIRECT_ERROR),
    "file": (b"file:///etc/passwd", Code.REDIRECT_ERROR),
    "ftp": (b"ftp://127.0.0.1/", Code.REDIRECT_ERROR),
    "data": (b"data:text/xml,<rss/>", Code.REDIRECT_ERROR),
    "broken bracket": (b"http://[bad", Code.REDIRECT_ERROR),
    "blank in the host": (b"http://exa mple/", Code.REDIRECT_ERROR),
    "tab inside": (b"/a\tb", Code.REDIRECT_ERROR),
    "odd port": (b"http://8.8.8.8:25/", Code.REDIRECT_ERROR),
    "user name": (b"http://a@8.8.8.8/", Code.REDIRECT_ERROR),
    "backslashes": (b"http:\\\\127.0.0.1\\", Code.REDIRECT_ERROR),
    "loopback": (b"http://127.0.0.1/", Code.PRIVATE_ADDRESS),
    "loopback at another port": (b"http://127.0.0.1:8080/", Code.PRIVATE_ADDRESS),
    "decimal": (b"http://2130706433/", Code.PRIVATE_ADDRESS),
    "hexadecimal": (b"http://0x7f000001/", Code.PRIVATE_ADDRESS),
    "short": (b"http://127.1/", Code.PRIVATE_ADDRESS),
    "zero": (b"http://0.0.0.0/", Code.PRIVATE_ADDRESS),
    "localhost": (b"http://localhost/", Code.PRIVATE_ADDRESS),
    "mapped": (b"http://[::ffff:127.0.0.1]/", Code.PRIVATE_ADDRESS),
    "metadata": (b"http://169.254.169.254/latest/meta-data/", Code.PRIVATE_ADDRESS),
    "scheme-relative": (b"//127.0.0.1/", Code.PRIVATE_ADDRESS),
    "full-width dots": ("http://127。0。0。1/".encode(), Code.REDIRECT_ERROR),
}


@pytest.mark.parametrize("name", REDIRECTS)
@pytest.mark.parametrize("kind", ["feed", "page"])
def test_redirect_to_nowhere_or_inside_is_refused(
    site: RawSite, fetcher: HttpFetcher, name: str, kind: str
) -> None:
    """Every hop passes the guard, however it is spelled; loops and nonsense are named."""
    location, code = REDIRECTS[name]
    url = site.say("/redirect", answer("302 Found", b"", b"Location: " + location))
    outcome = fetch(fetcher, url, kind=kind)

    assert isinstance(outcome, Failed)
    assert outcome.code is code


def test_redirects_end_after_five(site: RawSite, fetcher: HttpFetcher) -> None:
    """Five hops are followed, a sixth is not; the hops that were taken are told."""
    for number in range(9):
        site.say(f"/hop/{number}", answer("302 Found", b"", f"Location: /hop/{number + 1}"))
    site.say("/hop/9", answer("200 OK", FEED))
    good, bad = fetch(fetcher, f"{site.url}/hop/4"), fetch(fetcher, f"{site.url}/hop/3")

    assert isinstance(good, Fetched)
    assert len(good.hops) == 5
    assert isinstance(bad, Failed)
    assert bad.code is Code.REDIRECT_ERROR
    assert len(bad.hops) == 5


def test_cookie_bomb_is_not_carried_far(site: RawSite, fetcher: HttpFetcher) -> None:
    """Cookies that grow at each hop end in a typed outcome, and are gone with the request."""

    def bomb(asked: Asked) -> list[Step]:
        sent = len(asked.header("cookie") or "")
        cookies = [f"Set-Cookie: c{sent}x{n}={'x' * 3_000}" for n in range(20)]
        return answer("302 Found", b"", "Location: /bomb", *cookies)

    outcome = fetch(fetcher, site.say("/bomb", bomb))
    site.say("/after", answer("200 OK", FEED))

    assert isinstance(outcome, Failed)
    assert outcome.code is Code.REDIRECT_ERROR
    assert isinstance(fetch(fetcher, site.url + "/after"), Fetched)
    assert site.asked_for("/after")[0].header("cookie") is None


# ---------------------------------------------------------------- Retry-After


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 3600 ", timedelta(hours=1)),
        ("90.5", timedelta(seconds=90.5)),
        ("0", timedelta(minutes=1)),
        ("-5", timedelta(minutes=1)),
        ("1", timedelta(minutes=1)),
        ("99999999999999999999999", timedelta(days=7)),
        ("9" * 5_000, timedelta(days=7)),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), timedelta(hours=2)),
        (format_datetime(NOW - timedelta(hours=2), usegmt=True), timedelta(minutes=1)),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), timedelta(days=7)),
        ("Wed, 25 Nov 2026 14:00:00", timedelta(hours=2)),
        ("Wednesday, 25-Nov-26 14:00:00 GMT", timedelta(hours=2)),
        ("soon", None),
        ("", None),
        ("٣٠٠", None),
        ("Wed, 99 Nov 2026 99:99:99 GMT", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("1e3", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(
    value: str | None, wait: timedelta | None
) -> None:
    """A server may slow us down, between a minute and a week; nonsense means nothing."""
    assert retry_at(value, NOW) == (None if wait is None else NOW + wait)


@pytest.mark.parametrize("status", ["429 Too Many", "503 Unavailable"])
def test_retry_after_counts_on_429_and_503(
    site: RawSite, fetcher: HttpFetcher, status: str
) -> None:
    """Both statuses carry the moment when we may ask again."""
    outcome = fetch(fetcher, site.say("/later", answer(status, b"", "Retry-After: 900")))

    assert isinstance(outcome, Failed)
    assert outcome.retry_at == NOW + timedelta(minutes=15)


def test_retry_after_elsewhere_means_nothing(site: RawSite, fetcher: HttpFetcher) -> None:
    """A 404 is not postponed."""
    outcome = fetch(fetcher, site.say("/404", answer("404 No", b"", "Retry-After: 900")))

    assert isinstance(outcome, Failed)
    assert outcome.retry_at is None


# ---------------------------------------------------------------- types


@pytest.mark.parametrize(
    ("content_type", "kind", "code"),
    [
        ("application/pdf", "page", Code.UNSUPPORTED_TYPE),
        ("image/jpeg", "page", Code.UNSUPPORTED_TYPE),
        ("Video/mp4; x=y", "page", Code.UNSUPPORTED_TYPE),
        ("application/vnd.ms-excel", "page", Code.UNSUPPORTED_TYPE),
        ("application/octet-stream", "page", Code.UNSUPPORTED_TYPE),
        ("text/html; charset=utf-8", "page", None),
        ("application/xhtml+xml", "page", None),
        ("", "page", None),
        ("application/octet-stream", "feed", None),
        ("image/jpeg", "feed", None),
    ],
)
def test_what_cannot_be_a_page_is_not_downloaded(
    site: RawSite, fetcher: HttpFetcher, content_type: str, kind: str, code: Code | None
) -> None:
    """A PDF of 100 MB is left where it is; feeds are recognised by their bytes, not their type."""
    steps = answer("200 OK", FEED, f"Content-Type: {content_type}")
    outcome = fetch(fetcher, site.say("/type", steps), kind=kind)

    assert (outcome.code if isinstance(outcome, Failed) else None) == code


def test_pages_have_a_smaller_limit_than_feeds(site: RawSite, fetcher: HttpFetcher) -> None:
    """The same body is a feed of permitted size and a page that is too large."""
    url = site.say("/size", answer("200 OK", b"x" * (LIMIT // 2 + 1)))
    as_page = fetch(fetcher, url, kind="page")

    assert isinstance(fetch(fetcher, url), Fetched)
    assert isinstance(as_page, Failed)
    assert as_page.code is Code.TOO_LARGE


def test_validators_are_kept_apart(site: RawSite, fetcher: HttpFetcher) -> None:
    """A feed with only one validator sends only that one."""
    url = site.say("/one", answer("304 Not Modified", length=False))

    assert isinstance(fetch(fetcher, url, last_modified="yesterday"), NotModified)
    assert site.asked_for("/one")[0].header("if-none-match") is None
    assert site.asked_for("/one")[0].header("if-modified-since") == "yesterday"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>" + b"<title" * 9_900,
        b"<html><title>" + b" " * 59_000,
        b"<html>" + b"<title>" * 8_000,
    ],
)
def test_a_hostile_error_page_does_not_hold_up_the_loop(body: bytes) -> None:
    """Looking for a bot check takes milliseconds whatever the page repeats (it was 150)."""
    began = time.perf_counter()
    for _ in range(5):
        judge(Answer(status=403, headers={}, body=body), kind="feed", conditional=False, now=NOW)

    assert (time.perf_counter() - began) / 5 < 0.05
