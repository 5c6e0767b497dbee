"""From names to connections: rebinding, private answers, dead networks, certificates."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from edges.rawsite import RawSite, Step, answer, raw_site

from monitor.core.values import ErrorCode, Failed, Fetched, Outcome, Request
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.fetch.connect import Resolver
from monitor.guard import PRIVATE, Allowed, IPAddress

FEED = b"<rss><channel><title>T</title></channel></rss>"
Code = ErrorCode


class Names:
    """A name server in a dictionary: each look-up takes the next of the listed answers."""

    def __init__(self, **answers: list[str] | Exception) -> None:
        self._answers = {name.replace("_", "."): given for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[IPAddress]:
        """Answer like a resolver."""
        self.asked.append(host)
        given = self._answers.get(host, socket.gaierror(socket.EAI_NONAME, "Name unknown"))
        if isinstance(given, Exception):
            raise given
        texts = given.pop(0) if len(given) > 1 else given[0]
        if texts == "never":
            await asyncio.sleep(60)
        return [ipaddress.ip_address(text) for text in texts.split()]


@pytest.fixture(scope="module")
def site() -> Iterator[RawSite]:
    """The server that may be reached."""
    with raw_site() as running:
        running.say("/feed", answer("200 OK", FEED))
        yield running


@contextmanager
def fetching(names: object, *openings: str, **changes: object) -> Iterator[Callable[..., Outcome]]:
    """Yield a function that fetches one address by these names."""
    settings = FetchSettings(
        **{
            "allowed": Allowed.read(openings),
            "total": 4.0,
            "connect": 1.0,
            "read": 1.0,
            "retry_pause": 0.01,
            "spacing": 0.0,
            "robots": False,
            **changes,
        }  # type: ignore[arg-type]
    )
    with HttpFetcher(settings, resolve=names) as fetcher:  # type: ignore[arg-type]

        def one(url: str) -> Outcome:
            [outcome] = fetcher.fetch_many([Request(url=url)])
            return outcome

        yield one


def code_of(outcome: Outcome) -> Code | None:
    """Return the error code, None for a success."""
    return outcome.code if isinstance(outcome, Failed) else None


# ---------------------------------------------------------------- private answers


@pytest.mark.parametrize(
    "answers",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "fe80::1%1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "8.8.8.8 127.0.0.1",
        "127.0.0.1 8.8.8.8",
        "2606:2800:220:1::1 fe80::1%1",
    ],
)
def test_name_with_any_private_answer_is_refused(answers: str) -> None:
    """One private address among public ones is enough, in any place; nothing is connected to."""
    with raw_site() as forbidden, fetching(Names(evil_example=[answers])) as fetch:
        outcome = fetch("http://evil.example/")

        assert isinstance(outcome, Failed)
        assert (outcome.code, outcome.detail) == (Code.PRIVATE_ADDRESS, PRIVATE)
        assert forbidden.asked == []


def test_rebinding_gains_nothing(site: RawSite) -> None:
    """A name is resolved once for a hop, and that answer is what we connect to.

    The name server answers with the permitted server first and with a forbidden one ever after;
    a second look-up between check and connect would reach the forbidden listener.
    """
    with raw_site("127.0.0.2") as forbidden:
        names = Names(flip_example=["127.0.0.1", "127.0.0.2"])
        with fetching(names, site.opening) as fetch:
            first = fetch(f"http://flip.example:{site.port}/feed")
            second = fetch(f"http://flip.example:{site.port}/feed")

        assert isinstance(first, Fetched)
        assert code_of(second) is Code.PRIVATE_ADDRESS
        assert names.asked == ["flip.example"] * 2
        assert forbidden.asked == []
        assert site.asked[-1].header("host") == f"flip.example:{site.port}"


def test_redirect_is_resolved_and_checked_anew(site: RawSite) -> None:
    """A good name that redirects to itself, by then leading inside, is refused at that hop."""
    names = Names(flip_example=["127.0.0.1", "10.0.0.1"])
    site.say("/turn", answer("302 Found", b"", f"Location: http://flip.example:{site.port}/feed"))
    with fetching(names, site.opening) as fetch:
        outcome = fetch(f"http://flip.example:{site.port}/turn")

    assert code_of(outcome) is Code.PRIVATE_ADDRESS
    assert isinstance(outcome, Failed)
    assert len(outcome.hops) == 1


def test_opening_by_name_lets_that_name_inside(site: RawSite) -> None:
    """`intranet:PORT` reaches a private server under that name alone."""
    names = Names(intranet=["127.0.0.1"], evil_example=["127.0.0.1"])
    with fetching(names, f"intranet:{site.port}") as fetch:
        assert isinstance(fetch(f"http://intranet:{site.port}/feed"), Fetched)
        assert code_of(fetch(f"http://evil.example:{site.port}/feed")) is Code.PRIVATE_ADDRESS


def test_refusals_take_the_same_time_and_words() -> None:
    """A stranger's redirects cannot tell an open port of ours from a closed one."""
    with raw_site() as listening, fetching(Names()) as fetch:
        seen = []
        for url in ("http://127.0.0.1:80/", "http://10.0.0.1:80/", "http://127.0.0.1:8080/"):
            started = time.monotonic()
            outcome = fetch(url)
            assert isinstance(outcome, Failed)
            seen.append((outcome.code, outcome.detail))
            assert time.monotonic() - started < 0.5

        assert len(set(seen)) == 1
        assert listening.asked == []


# ---------------------------------------------------------------- names that fail


@pytest.mark.parametrize(
    "given",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"),
        UnicodeError("label too long"),
        [""],
        ["never"],
    ],
    ids=["NXDOMAIN", "SERVFAIL", "failure", "odd name", "no answers", "never answers"],
)
def test_name_that_is_not_found_is_a_dns_error(given: list[str] | Exception) -> None:
    """Every failure of the name server is one code, within the connect time."""
    with fetching(Names(lost_example=given)) as fetch:
        started = time.monotonic()
        outcome = fetch("http://lost.example/")

    assert code_of(outcome) is Code.DNS_ERROR
    assert time.monotonic() - started < 3.0


def test_stuck_look_ups_do_not_stop_the_others() -> None:
    """Names whose look-up hangs hold a thread each, and the last free one serves the rest."""
    release = threading.Event()

    def look_up(host: str, port: int) -> list[IPAddress]:
        if host.startswith("stuck"):
            release.wait(10)
        return [ipaddress.ip_address("8.8.8.8")]

    async def ask() -> float:
        resolver = Resolver(8, look_up=look_up)
        stuck = [asyncio.create_task(resolver(f"stuck{n}.example", 80)) for n in range(7)]
        await asyncio.sleep(0.05)
        started = time.monotonic()
        for _ in range(50):
            await resolver("good.example", 80)
        taken = time.monotonic() - started
        release.set()
        await asyncio.gather(*stuck)
        resolver.close()
        return taken

    assert asyncio.run(ask()) < 3.0


def test_system_resolver_reads_the_hosts_file(site: RawSite) -> None:
    """The real resolver is the default, and its answers are guarded too."""
    with fetching(None, site.opening) as fetch:
        assert isinstance(fetch(f"http://localhost:{site.port}/feed"), Fetched)
        assert code_of(fetch("http://localhost/")) is Code.PRIVATE_ADDRESS


# ---------------------------------------------------------------- no network at all


def outcomes_of(names: Names, urls: list[str], *openings: str) -> dict[str, Code | None]:
    """Return the code of each address of one batch."""
    settings = FetchSettings(
        allowed=Allowed.read(openings), connect=0.5, spacing=0.0, retry_pause=0.01, robots=False
    )
    with HttpFetcher(settings, resolve=names) as fetcher:
        return {
            outcome.request.url: code_of(outcome)
            for outcome in fetcher.fetch_many([Request(url=url) for url in urls])
        }


DEAD = ["http://a.example/", "http://b.example/", "http://c.example/x", "http://c.example/y"]


def test_when_nothing_can_be_reached_it_is_our_network() -> None:
    """Several names, none found, no connection at all: one statement, not a failure of each."""
    assert outcomes_of(Names(), DEAD) == dict.fromkeys(DEAD, Code.NETWORK_DOWN)


def test_one_connection_shows_that_the_network_is_there(site: RawSite) -> None:
    """With a single server reached the names that are not found are those feeds' own fault."""
    reached = f"{site.url}/feed"
    codes = outcomes_of(Names(), [*DEAD, reached], site.opening)

    assert codes == {**dict.fromkeys(DEAD, Code.DNS_ERROR), reached: None}


def test_two_dead_names_say_nothing_about_our_network() -> None:
    """A round of one or two feeds is no ground for a statement about the whole network."""
    assert outcomes_of(Names(), DEAD[:2]) == dict.fromkeys(DEAD[:2], Code.DNS_ERROR)


# ---------------------------------------------------------------- connecting


@contextmanager
def black_hole() -> Iterator[int]:
    """Yield a port of 127.0.0.3 where connections are neither accepted nor refused."""
    with socket.create_server(("127.0.0.3", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.3", port))
        try:
            yield port
        finally:
            for filler in fillers:
                filler.close()


def test_refused_connection_has_its_code() -> None:
    """A closed port is told apart from a server that breaks off."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with fetching(Names(), f"127.0.0.1:{port}") as fetch:
        assert code_of(fetch(f"http://127.0.0.1:{port}/")) is Code.CONNECT_ERROR


def test_silent_address_ends_with_the_connect_time() -> None:
    """An address that swallows everything costs the connect time and no more."""
    with black_hole() as port, fetching(Names(), f"127.0.0.3:{port}") as fetch:
        started = time.monotonic()

        assert code_of(fetch(f"http://127.0.0.3:{port}/")) is Code.TIMEOUT_CONNECT
        assert time.monotonic() - started < 3.0


@pytest.mark.parametrize("order", ["127.0.0.3 127.0.0.1", "127.0.0.1 127.0.0.3"])
def test_dead_address_beside_a_living_one_costs_a_moment(site: RawSite, order: str) -> None:
    """Addresses are tried beside each other after a quarter of a second (RFC 8305)."""
    with socket.create_server(("127.0.0.3", site.port), backlog=0) as listener:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        with fetching(Names(two_example=[order]), f"127.0.0.0/8:{site.port}") as fetch:
            outcome = fetch(f"http://two.example:{site.port}/feed")
        for filler in fillers:
            filler.close()

    assert isinstance(outcome, Fetched)
    assert outcome.seconds < 1.5


def test_broken_ipv6_falls_back_to_ipv4(site: RawSite) -> None:
    """Where IPv6 is announced and does not work, IPv4 is used without delay."""
    names = Names(both_example=["::1 127.0.0.1"])
    with fetching(names, site.opening, f"[::1]:{site.port}") as fetch:
        outcome = fetch(f"http://both.example:{site.port}/feed")

    assert isinstance(outcome, Fetched)
    assert outcome.seconds < 1.5


def test_all_addresses_dead_is_one_failure() -> None:
    """When no address answers, the last reason is told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    names = Names(dead_example=["127.0.0.1 127.0.0.2 ::1"])
    with fetching(names, f"127.0.0.0/8:{port}", f"[::1]:{port}") as fetch:
        assert code_of(fetch(f"http://dead.example:{port}/")) is Code.CONNECT_ERROR


# ---------------------------------------------------------------- certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, and NAME.pem + NAME.key for good, expired, other and self."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("NOT TESTED: certificates are made with the openssl program")
    folder = tmp_path_factory.mktemp("tls")

    def openssl(arguments: str) -> None:
        subprocess.run([program, *arguments.split()], cwd=folder, check=True, capture_output=True)

    new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl(
        f"req -x509 {new_key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"
        " -addext keyUsage=critical,keyCertSign,cRLSign"
    )
    for name, host, days in (
        ("good", "good.example", 2),
        ("expired", "good.example", -1),
        ("other", "other.example", 2),
    ):
        # Python 3.13 wants what RFC 5280 demands of an authority's key and of who points to it.
        (folder / "names").write_text(
            f"subjectAltName=DNS:{host},IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n"
        )
        openssl(f"req {new_key} -keyout {name}.key -out request -subj /CN=x")
        openssl(
            f"x509 -req -in request -CA ca.pem -CAkey ca.key -set_serial 2 -days {days}"
            f" -extfile names -out {name}.pem"
        )
    openssl(
        f"req -x509 {new_key} -keyout self.key -out self.pem -days 2 -subj /CN=good.example"
        " -addext subjectAltName=DNS:good.example"
    )
    return folder


def serving(certificates: Path, name: str) -> ssl.SSLContext:
    """Return the server's side of TLS with one of the certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return context


def old_protocol(certificates: Path) -> ssl.SSLContext:
    """Return a server that knows TLS 1.1 only."""
    context = serving(certificates, "good")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("good", None, ""),
        ("expired", Code.TLS_ERROR, "expired"),
        ("other", Code.TLS_ERROR, "mismatch"),
        ("self", Code.TLS_ERROR, "self"),
    ],
)
def test_certificate_is_always_checked(
    certificates: Path, name: str, code: Code | None, word: str
) -> None:
    """A certificate that is not in order ends the request; there is no way without the check."""
    names = Names(good_example=["127.0.0.1"])
    with raw_site(tls=serving(certificates, name)) as secure:
        secure.say("/feed", answer("200 OK", FEED))
        with fetching(names, secure.opening, ca_file=str(certificates / "ca.pem")) as fetch:
            outcome = fetch(f"https://good.example:{secure.port}/feed")

        assert code_of(outcome) is code
        assert len(secure.asked) == (code is None)
        assert word in getattr(outcome, "detail", "")


def test_unknown_authority_is_not_accepted(certificates: Path) -> None:
    """With the usual authorities a certificate of ours is worth nothing."""
    with (
        raw_site(tls=serving(certificates, "good")) as secure,
        fetching(Names(good_example=["127.0.0.1"]), secure.opening) as fetch,
    ):
        assert code_of(fetch(f"https://good.example:{secure.port}/feed")) is Code.TLS_ERROR


def test_old_protocol_is_not_spoken(certificates: Path) -> None:
    """TLS 1.1 and older are refused, not negotiated down to."""
    with (
        raw_site(tls=old_protocol(certificates)) as secure,
        fetching(
            Names(good_example=["127.0.0.1"]),
            secure.opening,
            ca_file=str(certificates / "ca.pem"),
        ) as fetch,
    ):
        assert code_of(fetch(f"https://good.example:{secure.port}/feed")) is Code.TLS_ERROR


def test_handshake_that_is_broken_off_is_tried_once_more(certificates: Path) -> None:
    """A reset in the middle of the handshake says nothing about the certificate."""
    hits = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def slam() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                hits.append(connection.recv(65_536)[:1])
                connection.close()

        threading.Thread(target=slam, daemon=True).start()
        port = listener.getsockname()[1]
        with fetching(Names(), f"127.0.0.1:{port}") as fetch:
            outcome = fetch(f"https://127.0.0.1:{port}/")

    assert code_of(outcome) is Code.CONNECTION_CLOSED
    assert hits == [b"\x16", b"\x16"]


def test_plain_server_on_a_secure_address_is_a_tls_error(site: RawSite) -> None:
    """An answer in plain text to a handshake is named, and not retried in plain text."""
    before = len(site.asked)
    with fetching(Names(), site.opening) as fetch:
        outcome = fetch(f"https://127.0.0.1:{site.port}/feed")

    assert code_of(outcome) in (Code.TLS_ERROR, Code.TIMEOUT_CONNECT)
    assert len(site.asked) == before


def test_downgrade_is_visible_in_the_hops(certificates: Path, site: RawSite) -> None:
    """A redirect from https to http is followed, and its hop shows it to the operator."""
    names = Names(good_example=["127.0.0.1"])
    with raw_site(tls=serving(certificates, "good")) as secure:
        location: list[Step] = answer("301 Moved", b"", f"Location: {site.url}/feed")
        secure.say("/feed", location)
        ca = str(certificates / "ca.pem")
        with fetching(names, secure.opening, site.opening, ca_file=ca) as fetch:
            outcome = fetch(f"https://good.example:{secure.port}/feed")

    assert isinstance(outcome, Fetched)
    assert [hop.url for hop in outcome.hops] == [f"{site.url}/feed"]
