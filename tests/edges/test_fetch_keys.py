"""Keys to paid feeds and broken certificates: what is sent where, and what never is."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from edges.fetching import FEED, failed, fetch, fetched, quick_settings
from edges.rawsite import RawSite, answer, raw_site

from monitor.core.egress import read_egress, read_key, secrets_of, unset_names
from monitor.core.values import ErrorCode, Feed
from monitor.fetch import HttpFetcher
from monitor.guard import Allowed

KEYS = {
    "paid": "basic reader:s3cret-word",
    "token": "header X-Api-Key: t0ken-word",
    "session": "cookie sid=c00kie-word",
    "loose": "insecure header X-Api-Key: t0ken-word",
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the self-signed site.pem and site.key of 127.0.0.1."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("NOT TESTED: certificates are made with the openssl program")
    folder = tmp_path_factory.mktemp("tls")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout site.key"
    words += " -out site.pem -days 2 -subj /CN=site -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([program, *words.split()], cwd=folder, check=True, capture_output=True)
    return folder


def over_tls(certificate: Path) -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "site.pem", certificate / "site.key")
    return context


@pytest.fixture
def secure(certificate: Path) -> Iterator[RawSite]:
    """A site with https."""
    with raw_site(tls=over_tls(certificate)) as site:
        site.say("/feed", answer("200 OK", FEED))
        yield site


@pytest.fixture
def other(certificate: Path) -> Iterator[RawSite]:
    """Another origin, with https too."""
    with raw_site(tls=over_tls(certificate)) as site:
        site.say("/feed", answer("200 OK", FEED))
        yield site


@pytest.fixture
def plain() -> Iterator[RawSite]:
    """A site without TLS."""
    with raw_site() as site:
        site.say("/feed", answer("200 OK", FEED))
        yield site


@pytest.fixture
def fetcher(
    certificate: Path, secure: RawSite, other: RawSite, plain: RawSite
) -> Iterator[HttpFetcher]:
    """A fetcher that trusts the sites' certificate and has the keys."""
    opened = Allowed.read([secure.opening, other.opening, plain.opening])
    settings = quick_settings(
        secure, allowed=opened, keys=KEYS, ca_file=str(certificate / "site.pem")
    )
    with HttpFetcher(settings) as running:
        yield running


@pytest.fixture
def distrustful(secure: RawSite, other: RawSite) -> Iterator[HttpFetcher]:
    """A fetcher that knows only the usual authorities."""
    opened = Allowed.read([secure.opening, other.opening])
    with HttpFetcher(quick_settings(secure, allowed=opened, keys=KEYS)) as running:
        yield running


@pytest.mark.parametrize(
    ("key", "header", "value"),
    [
        ("paid", "authorization", "Basic cmVhZGVyOnMzY3JldC13b3Jk"),
        ("token", "x-api-key", "t0ken-word"),
        ("session", "cookie", "sid=c00kie-word"),
    ],
)
def test_a_key_goes_to_its_feed_and_the_pages_beside_it(
    fetcher: HttpFetcher, secure: RawSite, other: RawSite, key: str, header: str, value: str
) -> None:
    """Feed and pages of one origin are opened; a page elsewhere is asked without."""
    home = secure.url + "/feed"
    secure.say("/page", answer("200 OK", b"<p>page"))
    fetched(fetch(fetcher, home, key=key, home=home))
    fetched(fetch(fetcher, secure.url + "/page", kind="page", key=key, home=home))
    fetched(fetch(fetcher, other.url + "/feed", kind="page", key=key, home=home))

    assert [asked.header(header) for asked in secure.asked] == [value, value]
    assert [asked.header(header) for asked in other.asked] == [None]


@pytest.mark.parametrize("key", ["paid", "token", "session"])
def test_a_key_does_not_follow_a_redirect_to_another_origin(
    fetcher: HttpFetcher, secure: RawSite, other: RawSite, key: str
) -> None:
    """Whoever can redirect a paid feed learns nothing of what opens it."""
    secure.say("/moved", answer("302 Found", b"", f"Location: {other.url}/feed"))
    fetched(fetch(fetcher, secure.url + "/moved", key=key))

    sent = other.asked[0].head.decode()
    assert "word" not in sent
    assert "cmVhZGVy" not in sent


def test_a_key_travels_over_plain_http_only_when_it_says_so(
    fetcher: HttpFetcher, plain: RawSite
) -> None:
    """Without `insecure` the feed is not asked, and the operator reads why."""
    refused = failed(fetch(fetcher, plain.url + "/feed", key="token"))
    asked_before = len(plain.asked)
    fetched(fetch(fetcher, plain.url + "/feed", key="loose"))

    assert refused.code is ErrorCode.BAD_ADDRESS
    assert refused.detail.startswith("its key would travel in clear")
    assert asked_before == 0
    assert plain.asked[0].header("x-api-key") == "t0ken-word"


def test_a_key_that_nobody_set_is_named(fetcher: HttpFetcher, secure: RawSite) -> None:
    """A feed that names an unknown key is not asked, and the variable to set is told."""
    outcome = failed(fetch(fetcher, secure.url + "/feed", key="nk-news"))

    assert outcome.detail == "no key is called nk-news; set MONITOR_KEY_NK_NEWS"
    assert secure.asked == []


def test_an_unverified_feed_is_read_and_nothing_else_is_believed(
    distrustful: HttpFetcher, secure: RawSite
) -> None:
    """`tls: unverified` opens the feed's own host alone, and sends no key there."""
    home = secure.url + "/feed"
    closed = failed(fetch(distrustful, home))
    opened = fetched(fetch(distrustful, home, home=home, verify_tls=False, key="token"))
    elsewhere = f"https://localhost:{secure.port}/feed"
    page = failed(fetch(distrustful, elsewhere, kind="page", home=home, verify_tls=False))

    assert closed.code is ErrorCode.TLS_ERROR
    assert opened.body == FEED
    assert [asked.header("x-api-key") for asked in secure.asked] == [None]
    assert page.code in (ErrorCode.TLS_ERROR, ErrorCode.PRIVATE_ADDRESS)


@pytest.mark.parametrize(
    "text",
    [
        "", "reader:word", "basic reader", "header X-Key", "cookie sid", "header Host: a",
        "header X: a\r\nY: b", "cookie sid=\x00", "insecure", "bearer x", "header Range: bytes=0-",
    ],
)  # fmt: skip
def test_a_malformed_key_is_refused_without_repeating_it(text: str) -> None:
    """A typo is found at the start, and the sentence holds no secret."""
    with pytest.raises(ValueError, match="a key is written") as caught:
        read_key(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("text", list(KEYS.values()))
def test_what_a_key_holds_is_known_to_the_log_filter(text: str) -> None:
    """Neither the secret nor the form in which it is sent may stand in a log line."""
    key = read_key(text)
    hidden = secrets_of(None, text)

    assert key.value in hidden or key.value.rpartition(" ")[2] in hidden
    assert any(word in text for word in hidden)
    assert key.value not in repr(key)


def test_a_proxy_password_is_known_to_the_log_filter() -> None:
    """As it is written in the address, and as it is sent."""
    text = "socks5://me:se%2Fcret@127.0.0.1:1080"

    assert read_egress(text).password == "se/cret"
    assert {"se/cret", "se%2Fcret"} <= set(secrets_of(text, None))


def test_a_name_that_is_nowhere_set_is_told_before_the_feed_is_missed() -> None:
    """`monitor check` names the variable of each unset proxy and key, and nothing else."""
    feeds = [
        Feed(id="a", url="https://a.example/", title="A", via="the-east", key="paid"),
        Feed(id="b", url="https://b.example/", title="B", via="direct"),
        Feed(id="c", url="https://c.example/", title="C"),
    ]

    assert unset_names(feeds, {}, {}) == [
        ("a", "MONITOR_VIA_THE_EAST"),
        ("a", "MONITOR_KEY_PAID"),
    ]
    assert unset_names(feeds, {"the-east"}, {"paid"}) == []
