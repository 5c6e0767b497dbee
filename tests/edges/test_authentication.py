"""What the own mail host found out about a mail; what anybody could have written counts nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.authentication import host_results, own_names, results_of

OURS = ("mx.ngo.example", ".ngo.example")


@pytest.mark.parametrize(
    ("header", "host", "results"),
    [
        ("mx.ngo.example; spf=pass smtp.mailfrom=a@b.example; dkim=pass header.d=b.example",
         "mx.ngo.example", (("spf", "pass"), ("dkim", "pass"))),
        ("mx.ngo.example 1; dmarc=fail (p=NONE; sp=NONE) header.from=b.example",
         "mx.ngo.example", (("dmarc", "fail"),)),
        ("mx.ngo.example; none", "mx.ngo.example", ()),
        ("mx.ngo.example (a (nested) comment; spf=pass); dkim=neutral", "mx.ngo.example",
         (("dkim", "neutral"),)),
        ('mx.ngo.example; dkim=fail reason="bad; dmarc=pass" header.d=x', "mx.ngo.example",
         (("dkim", "fail"),)),
        ("MX.NGO.EXAMPLE;\r\n SPF = Pass\r\n smtp.mailfrom=x", "mx.ngo.example",
         (("spf", "pass"),)),
        ("mx.ngo.example; spf/1=softfail", "mx.ngo.example", (("spf", "softfail"),)),
        ('"mx.ngo.example"; spf=pass', "mx.ngo.example", (("spf", "pass"),)),
    ],
)  # fmt: skip
def test_headers_are_read(header: str, host: str, results: tuple[tuple[str, str], ...]) -> None:
    """Names, versions, comments, quotations and folding as RFC 8601 allows them."""
    read = results_of(header)

    assert read is not None
    assert (read.host, read.results) == (host, results)


@pytest.mark.parametrize("header", ["", ";", "two words here; spf=pass", " ; dkim=pass"])
def test_what_is_no_header_of_the_kind_is_none(header: str) -> None:
    """A line without one name in front says nothing."""
    assert results_of(header) is None


@given(header=st.text(max_size=200))
def test_any_text_can_stand_there(header: str) -> None:
    """Whatever a header holds, reading it ends."""
    assert results_of(header) is None or results_of(header) is not None


def mail(*lines: str) -> bytes:
    """Return a mail with these header lines."""
    return "\r\n".join([*lines, "Subject: x", "", "text"]).encode()


GOOD = "Authentication-Results: mx.ngo.example; spf=pass; dkim=pass; dmarc=pass"
PASS = {"spf": "pass", "dkim": "pass", "dmarc": "pass"}


@pytest.mark.parametrize(
    ("lines", "found", "others"),
    [
        ([GOOD, "Received: from x"], PASS, []),
        (["Received: from y", GOOD], PASS, []),
        # Written by the sender: below the host's own line, apart from it, or by another name.
        (["Authentication-Results: mx.ngo.example; spf=fail", "Received: from x", GOOD],
         {"spf": "fail"}, ["mx.ngo.example"]),
        (["Authentication-Results: mx.evil.example; none", GOOD], {},
         ["mx.evil.example", "mx.ngo.example"]),
        (["Authentication-Results: evil-ngo.example; spf=pass"], {}, ["evil-ngo.example"]),
        (["Authentication-Results: mx.ngo.example.evil.example; spf=pass"], {},
         ["mx.ngo.example.evil.example"]),
        # Two lines of the own host, one a method, as some write them.
        (["Authentication-Results: mx.ngo.example; spf=pass",
          "Authentication-Results: mx.ngo.example; dkim=fail; dkim=pass"],
         {"spf": "pass", "dkim": "pass"}, []),
        (["Received: from x"], {}, []),
    ],
)  # fmt: skip
def test_only_the_own_host_is_believed(
    lines: list[str], found: dict[str, str], others: list[str]
) -> None:
    """Its lines stand together at the top; further down is the sender's own word."""
    assert host_results(mail(*lines), trusted=OURS) == (found, others)


def test_the_names_of_the_own_host() -> None:
    """Those of its domain, or the one that the operator gives; never a whole country's."""
    assert own_names("imap.ngo.example.org", None) == (
        "imap.ngo.example.org", "ngo.example.org", ".ngo.example.org",
    )  # fmt: skip
    assert own_names("imap.gmail.com", "mx.google.com") == ("mx.google.com",)
    assert own_names("example.org", None) == ("example.org", ".example.org")
