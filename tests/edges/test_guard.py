"""No address leads inside: every range, every spelling, every trick of the parser."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.values import ErrorCode
from monitor.guard import NOTHING_ALLOWED, Allowed, Refusal, Target, check_url, public

PRIVATE_ADDRESSES = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 100.100.100.200
    127.0.0.1 127.1.2.3 127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1
    172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255
    198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
    ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 100::1
    2001::1 2001:0:4136:e378:8000:63bf:80ff:fffe 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
    2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe:: 2002:c0a8:1:: 3fff::1 4000::1 5f00::1 fc00::1
    fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 feb0::1 fec0::1 ff02::1 ff0e::1
"""
PUBLIC_ADDRESSES = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255
    128.0.0.1 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255
    192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 168.63.129.15
    2000::1 2606:2800:220:1::1 2a00:1450:4001::1 2400:cb00::1 3ffe::1 2001:200::1 2001:4860::8888
    ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
"""


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES.split())
def test_private_address_is_not_public(address: str) -> None:
    """No special range counts as public, nor a private address carried inside an IPv6 one."""
    assert not public(address)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES.split())
def test_public_address_is_public(address: str) -> None:
    """The neighbours of the special ranges stay reachable: no news site is lost to the guard."""
    assert public(address)


@given(st.ip_addresses(v=4))
def test_mapped_address_is_judged_as_the_inner_one(address: ipaddress.IPv4Address) -> None:
    """An IPv4 address answers the same in each IPv6 form that networks unwrap."""
    forms = [
        ipaddress.IPv6Address((0xFFFF << 32) | int(address)),
        ipaddress.IPv6Address((0x64FF9B << 96) | int(address)),
        ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)),
    ]

    assert [public(form) for form in forms] == [public(address)] * 3


PRIVATE_SPELLINGS = [
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/admin",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0X7F000001/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://00000000/",
    "http://169.254.43518/",
    "http://169.16689662/",
    "http://2852039166/",
    "http://127.0.0.1./",
    "http://127。0。0。1/",
    "http://１２７.0.0.1/",
    "http://①②⑦.0.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1%25eth0]/",
    "http://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "HTTP://192.168.1.1/",
    "http://172.16.0.1:8443/",
    "http://100.100.100.200/",
]


@pytest.mark.parametrize("url", PRIVATE_SPELLINGS)
def test_spelling_of_a_private_address_is_refused(url: str) -> None:
    """Decimal, hexadecimal, octal, short, full-width and mapped spellings are all seen through."""
    checked = check_url(url)

    assert isinstance(checked, Refusal)
    assert checked.code is ErrorCode.PRIVATE_ADDRESS


BAD_ADDRESSES = [
    "",
    "feed.xml",
    "//example.org/feed",
    "http:",
    "http://",
    "http:///feed",
    "http:example.org",
    "file:///etc/passwd",
    "ftp://example.org/feed",
    "gopher://example.org:80/_GET",
    "data:text/xml,<rss/>",
    "javascript:alert(1)",
    "view-source:http://example.org/",
    "\\\\example.org\\share",
    "http://example.org\\@127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http://127.0.0.1\\.example.org/",
    "http://exa\nmple.org/",
    "http://example.org/\r\nX-Injected: 1",
    "http://example.org/\x00",
    "java\tscript:alert(1)",
    "http://example.org\t.evil/",
    "http://exa mple.org/",
    "http://example.org:22/",
    "http://example.org:25/",
    "http://example.org:6379/",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://example.org:-1/",
    "http://example.org:8O/",
    "http://example.org:80:80/",
    "http://example.org:٨٠/",
    "http://user@example.org/",
    "http://user:word@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1@example.org/",
    "http://@example.org/",
    "http://a@b@example.org/",
    "http://%31%32%37.0.0.1/",
    "http://example.org%2f@127.0.0.1/",
    "http://exa<mple.org/",
    "http://exam$ple.org/",
    "http://-example.org/",
    "http://example..org/",
    "http://.example.org/",
    "http://" + "a" * 64 + ".org/",
    "http://" + "a." * 130 + "org/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]x/",
    "http://[example.org]/",
    "http://[1.2.3.4]/",
    "http://1.2.3.4.5/",
    "http://256.1.1.1/",
    "http://1.2.3.0x100/",
    "http://134744072/",
    "http://0x08080808/",
    "http://example.org/" + "a" * 8_000,
]


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    """Other schemes, odd ports, user names, backslashes and malformed hosts are never asked."""
    checked = check_url(url)

    assert isinstance(checked, Refusal)
    assert checked.code is ErrorCode.BAD_ADDRESS
    assert "\n" not in checked.detail


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.org", ("http", "example.org", 80, "/", "http://example.org/")),
        ("HTTPS://Example.ORG:443/a", ("https", "example.org", 443, "/a", "https://example.org/a")),
        (
            "http://example.org:8080?q=1",
            ("http", "example.org", 8080, "/?q=1", "http://example.org:8080/?q=1"),
        ),
        ("http://example.org./a#part", ("http", "example.org", 80, "/a", "http://example.org/a")),
        (
            " http://example.org/a b ",
            ("http", "example.org", 80, "/a%20b", "http://example.org/a%20b"),
        ),
        (
            "http://пример.рф/новости?с=1",
            (
                "http",
                "xn--e1afmkfd.xn--p1ai",
                80,
                "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8?%D1%81=1",
                "http://xn--e1afmkfd.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8?%D1%81=1",
            ),
        ),
        (
            "https://한국.kr/기사",
            (
                "https",
                "xn--3e0b707e.kr",
                443,
                "/%EA%B8%B0%EC%82%AC",
                "https://xn--3e0b707e.kr/%EA%B8%B0%EC%82%AC",
            ),
        ),
        (
            "http://example.org/%7Ea?x=%20&y=[1]|2",
            (
                "http",
                "example.org",
                80,
                "/%7Ea?x=%20&y=[1]|2",
                "http://example.org/%7Ea?x=%20&y=[1]|2",
            ),
        ),
        ("http://8.8.8.8/", ("http", "8.8.8.8", 80, "/", "http://8.8.8.8/")),
        (
            "http://[2606:2800:220:1::1]:8443/",
            (
                "http",
                "2606:2800:220:1::1",
                8443,
                "/",
                "http://[2606:2800:220:1::1]:8443/",
            ),
        ),
        ("http://under_score.example.org/", ("http", "under_score.example.org", 80, "/", None)),
        ("http://1and1.example/", ("http", "1and1.example", 80, "/", None)),
    ],
)
def test_good_address_is_taken_apart(
    url: str, expected: tuple[str, str, int, str, str | None]
) -> None:
    """The parts are the only ones that the fetcher uses, so they must mean the same as the text."""
    checked = check_url(url)

    assert isinstance(checked, Target)
    assert (checked.scheme, checked.host, checked.port, checked.path) == expected[:4]
    assert expected[4] in (None, checked.url)


def test_credentials_are_for_feeds_alone_and_leave_the_address() -> None:
    """An operator's password is taken out of the address, so that no log or page shows it."""
    checked = check_url("https://reader:p%40ss:word@example.org/feed", credentials=True)

    assert isinstance(checked, Target)
    assert checked.credentials == ("reader", "p@ss:word")
    assert checked.url == "https://example.org/feed"


def test_credentials_do_not_open_private_addresses() -> None:
    """The user-name trick fails for feeds too: the host is what stands behind the last @."""
    checked = check_url("http://example.org@127.0.0.1/", credentials=True)

    assert isinstance(checked, Refusal)
    assert checked.code is ErrorCode.PRIVATE_ADDRESS


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    """Whatever stands where an address should, the answer is a target or a refusal."""
    for url in (
        text,
        f"http://{text}",
        f"http://example.org/{text}",
        f"http://{text}@example.org/",
    ):
        checked = check_url(url)

        assert isinstance(checked, Target | Refusal)
        if isinstance(checked, Target):
            assert checked.url.isascii()
            assert checked.url.isprintable()
            assert " " not in checked.url


@given(st.from_regex(r"https?://[a-z0-9.:@\[\]%\\/?#-]{1,40}", fullmatch=True))
def test_checked_address_is_checked_the_same_again(url: str) -> None:
    """What passes once passes again and means the same: nothing changes on a second reading."""
    checked = check_url(url)
    if isinstance(checked, Target):
        assert check_url(checked.url) == checked


# ---------------------------------------------------------------- what the operator opened


@pytest.mark.parametrize(
    ("openings", "url", "passes"),
    [
        (["127.0.0.1:8000"], "http://127.0.0.1:8000/", True),
        (["127.0.0.1:8000"], "http://127.0.0.1:8001/", False),
        (["127.0.0.1:8000"], "http://127.0.0.1/", False),
        (["127.0.0.1:8000"], "http://127.0.0.2:8000/", False),
        (["127.0.0.1:8000"], "http://2130706433:8000/", False),
        (["127.0.0.1:8000"], "http://127.1:8000/", False),
        (["127.0.0.1:8000"], "http://[::ffff:127.0.0.1]:8000/", False),
        (["127.0.0.0/8:8000"], "http://127.9.9.9:8000/", True),
        (["127.0.0.0/8:8000"], "http://128.0.0.1:8000/", False),
        (["10.1.2.3/16:80"], "http://10.1.99.1/", True),
        (["10.1.2.3/16:80"], "http://10.2.0.1/", False),
        (["[::1]:8000"], "http://[::1]:8000/", True),
        (["[fd00::]/8:443"], "https://[fd12::1]/", True),
        (["8.8.8.8:9000"], "http://8.8.8.8:9000/", True),
        (["127.0.0.1:8000", "10.0.0.1:80"], "http://10.0.0.1/", True),
    ],
)
def test_opening_opens_exactly_what_it_says(openings: list[str], url: str, passes: bool) -> None:
    """An exception is one address or network at one port, spelled plainly; nothing beside it."""
    assert isinstance(check_url(url, Allowed.read(openings)), Target) == passes


def test_opened_port_does_not_open_public_hosts() -> None:
    """The port of an exception is not thereby open on any other address."""
    allowed = Allowed.read(["127.0.0.1:6379"])

    assert isinstance(check_url("http://8.8.8.8:6379/", allowed), Refusal)
    assert not allowed.may_connect(ipaddress.ip_address("8.8.8.8"), 6379, host="example.org")


def test_opened_name_may_lead_inside_and_others_may_not() -> None:
    """`intranet:80` opens that name, not the address for whoever points there."""
    allowed = Allowed.read(["intranet:80"])
    inside = ipaddress.ip_address("10.0.0.5")

    assert allowed.may_connect(inside, 80, host="intranet")
    assert not allowed.may_connect(inside, 80, host="evil.example")


def test_nothing_is_open_by_default() -> None:
    """Without a word of the operator no private address is reachable."""
    assert not NOTHING_ALLOWED.may_connect(ipaddress.ip_address("127.0.0.1"), 80, host="localhost")


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "::1:80", "a/8:80",
             "127.0.0.1/40:80", "http://127.0.0.1:80", "127.0.0.1:80/24", "[::1]/129:80"]
)  # fmt: skip
def test_malformed_opening_is_an_error_with_a_sentence(text: str) -> None:
    """A typo in an exception must not open anything, and must say so."""
    with pytest.raises(ValueError, match=r"\w"):
        Allowed.read([text])


def test_openings_are_listed_as_written() -> None:
    """The health page shows what is open in the operator's own words."""
    assert str(Allowed.read(["127.0.0.1:8000", "[::1]:80"])) == "127.0.0.1:8000, [::1]:80"
