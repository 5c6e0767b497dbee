"""No feed, page or setting can add a header, break one, or leave its place in a mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import Message as ParsedMail
from email.policy import compat32, default
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tellings import END, PUBLIC, SENDER, WINDOW, a_coverage, a_subscriber, an_item

from alerts.compose import HTML_LIMIT
from alerts.fitting import fitting
from alerts.message import build
from alerts.sender import Sender
from alerts.wording import columns, printable, printable_url, wrapped
from monitor.core.addresses import mail_address
from monitor.core.telling import Message, MessageKind
from monitor.core.values import Item

EXPECTED = {
    "date", "from", "to", "subject", "message-id", "list-id", "list-unsubscribe",
    "list-unsubscribe-post", "auto-submitted", "x-auto-response-suppress", "content-language",
    "mime-version", "content-type",
}  # fmt: skip

HOSTILE = [
    "A 🚨 x=?UTF-8?Q?=0A?=Bcc: injected@evil.example",
    "=?utf-8?b?Cg==?=Bcc: injected@evil.example",
    "=\x1f?utf-8?b?Cg==?\u200b=Bcc: injected@evil.example",
    "=?utf-8?q?=0D=0ABcc:_x@evil.example?=" * 3,
    "line\r\nBcc: injected@evil.example",
    "line\u2028Bcc: injected@evil.example\u2029x",
    "\x0bBcc: x@evil.example\x0c\x85\x1c\x1d\x1e",
    "\u202egnp.exe\u2066x\u2069",
    "x" * 5_000_000,
    "북한 노동자 " * 400,
    "\ud800 lone surrogate \udfff",
    "\x00\x07 bell",
    "<script>alert(1)</script><img src=x onerror=y>",
    "</td></table><a href='https://evil.example/unsubscribe'>Unsubscribe</a>",
    "{{ 7*7 }} {% raw %} %(num)d %s {0}",
    "--=_0123456789abcdef0123456789abcdef\r\nContent-Type: text/html",
    "a" * 998 + " " + "b" * 998,
    "",
    " ",
    "🏴‍☠️" * 100,
    "Z̷̧͕̈́" * 200,
]
SHARDS = [
    "=?utf-8?q?", "?=", "=0A", "\r\n", "\n", "Bcc: ", "a@b.example", "\u2028", "\x85", " ",
    "노동자", "<b>", "&amp;", '"', "\\", ",", ";", "%", "\x1b[31m",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(), max_size=300),
    st.lists(st.sampled_from(SHARDS), max_size=25).map("".join),
)  # fmt: skip


def mailed(*items: Item, sender: Sender = PUBLIC, **changes: str) -> Message:
    """Return the mail that tells these items."""
    _, message = fitting(
        items,
        subscriber=a_subscriber(near_misses=True, **changes),
        window=WINDOW,
        now=END,
        sender=sender,
        coverage=a_coverage(),
        rules_version="4f1c0d2e9a77",
    )
    return message


class Page(HTMLParser):
    """Collects what a mail's HTML could do: tags, links, and anything fetched or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name in ("src", "background", "srcset", "action", "data", "poster") or (
                name.startswith("on") or "url(" in (value or "")
            ):
                self.fetched.append(f"{tag} {name}={value}")


def read(message: Message) -> ParsedMail:
    """Return a message as a receiver parses it."""
    return message_from_bytes(message.raw, policy=compat32)


def check(message: Message) -> None:
    """Prove that a message has its headers and no others, its two parts, and harmless HTML."""
    mail = read(message)
    assert {name.lower() for name in mail.keys()} == EXPECTED  # noqa: SIM118 - repeats count
    assert len(mail.keys()) == len(EXPECTED)
    assert mail["To"] == message.recipient
    assert message_from_bytes(message.raw, policy=default)["subject"] == message.subject
    assert max(len(line) for line in message.raw.split(b"\r\n")) <= 998
    assert b"\n" not in message.raw.replace(b"\r\n", b"")
    assert message.raw.isascii()
    parts = [part.get_content_type() for part in mail.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    page = Page(message.html)
    assert not {"script", "img", "iframe", "object", "form", "input", "link", "svg"} & set(
        page.tags
    )
    assert page.fetched == []
    assert all(link.startswith(("https://", "http://")) for link in page.links)
    assert len(message.html.encode()) <= HTML_LIMIT


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_titles_texts_and_outlets_stay_in_their_place(text: str) -> None:
    """Known attacks, in every field that comes from outside."""
    item = an_item(
        1,
        title=text,
        text=text,
        outlet=text,
        country=text[:9],
        lang=text[:9],
        url=f"https://evil.example/{text[:900]}",
    )

    message = mailed(item, an_item(2))

    check(message)
    assert "number 2" in message.text  # the neighbour is told all the same


@given(texts, texts, texts, st.sampled_from(["en", "ru", "ko"]))
@settings(max_examples=60, deadline=None)
def test_no_text_can_touch_a_header(title: str, text: str, outlet: str, language: str) -> None:
    """Whatever stands in title, text and outlet: the same headers, the same parts."""
    item = an_item(
        1, title=title, text=text, outlet=outlet, url=title, country=outlet[:2], lang=outlet[:9]
    )

    check(mailed(item, language=language))


@given(texts)
@example("=\x1f?utf-8?b?Cg==?\u200b=Bcc: injected@evil.example")
@settings(max_examples=150, deadline=None)
def test_a_subject_is_read_back_as_it_was_meant(subject: str) -> None:
    """What a receiver shows is exactly the subject that we decided on."""
    message = build(
        kind=MessageKind.TEST,
        sender=Address('Wächter, "Nord"', "watch", "ngo.example"),
        recipient="a@b.example",
        subject=subject,
        text="A text.",
        html=f"<p>{len(subject)}",
        date=datetime(2026, 11, 24, 8, tzinfo=UTC),
        message_id="<test.1@ngo.example>",
    )

    read_back = message_from_bytes(message.raw, policy=default)
    assert read_back["subject"] == message.subject
    head = message.raw.partition(b"\r\n\r\n")[0].decode()
    (lines,) = re.findall(r"^Subject:[^\r]*(?:\r\n [^\r]*)*", head, re.MULTILINE)
    assert max(len(line) for line in lines.split("\r\n")) <= 78
    assert "=?" not in message.subject
    assert len(message.subject) <= 150


def test_a_long_unsubscribe_address_stays_one_plain_line() -> None:
    """List-Unsubscribe is neither encoded nor folded: receivers ignore it otherwise."""
    message = mailed(an_item(1))

    head = message.raw.partition(b"\r\n\r\n")[0].decode()
    (line,) = re.findall(r"^List-Unsubscribe: .*$", head, re.MULTILINE)
    assert line.startswith("List-Unsubscribe: <https://watch.ngo.example/mail/unsubscribe.1-")
    assert line.rstrip("\r").endswith(", <mailto:desk@ngo.example?subject=unsubscribe>")
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head


def test_without_a_public_address_nothing_links_to_us() -> None:
    """No page for readers: no link to one, and no one-click promise that would not work."""
    message = mailed(an_item(1), sender=SENDER)

    mail = read(message)
    assert mail["List-Unsubscribe"] == "<mailto:desk@ngo.example?subject=unsubscribe>"
    assert mail["List-Unsubscribe-Post"] is None
    assert Page(message.html).links == ["https://news.example/1"]
    assert "watch.ngo.example" not in message.html


@pytest.mark.parametrize(
    "text", ["Паспорта", "Паспорта.", "«Паспорта»", "Паспорта паспорта", "Паспортаа"]
)
def test_a_gloss_may_end_a_quotation(text: str) -> None:
    """A matched word at the very end of a sentence, or of the text, is shown with its gloss."""
    words = [("Паспорта", "coercion", "coercion", 20, "passports")]

    message = mailed(an_item(1, title="Проверка", text=text, lang="ru", words=words))

    assert "*Паспорта* [passports]" in message.text


def test_the_same_digest_gives_the_same_bytes() -> None:
    """A copy that is sent again after a crash cannot differ from the first."""
    assert mailed(an_item(1)).raw == mailed(an_item(1)).raw


def test_a_full_day_is_rolled_up_under_the_size_that_programs_show() -> None:
    """Two hundred long stories still make one mail; the rest is counted and has a place."""
    many = [
        an_item(n, title=f"{n} " + "북한 노동자 " * 60, text="임금 " * 900) for n in range(1, 201)
    ]

    digest, message = fitting(
        many,
        subscriber=a_subscriber(),
        window=WINDOW,
        now=END,
        sender=PUBLIC,
        coverage=a_coverage(),
    )

    assert len(message.html.encode()) <= HTML_LIMIT
    assert len(digest.places) == 200
    assert digest.over_limit_count > 0
    assert str(digest.over_limit_count) in message.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice@example.org", "alice@example.org"),
        (" alice@Example.ORG ", "alice@example.org"),
        ("o'neil+nk@mail.example.org", "o'neil+nk@mail.example.org"),
        ("user@bücher.example", "user@xn--bcher-kva.example"),
        ("alice@example.org(<bob@evil.example>", None),
        ("alice@example.org>\r\nRCPT TO:<bob@evil.example>", None),
        ("alice@example.org\n", None),
        ("Alice <alice@example.org>", None),
        ('"a b"@example.org', None),
        ("a@b@example.org", None),
        ("a..b@example.org", None),
        (".a@example.org", None),
        ("alice@example", None),
        ("alice@-example.org", None),
        ("alice@example..org", None),
        ("alice@[127.0.0.1]", None),
        ("alice@127.0.0.1", None),
        ("алиса@example.org", None),
        ("a" * 65 + "@example.org", None),
        ("a@" + "b" * 64 + ".org", None),
        ("@example.org", None),
        ("", None),
    ],
)
def test_only_plain_addresses_are_written_to(text: str, expected: str | None) -> None:
    """What passes can stand in a header or an SMTP command as it is."""
    assert mail_address(text) == expected


@given(texts)
def test_an_accepted_address_is_stable_and_plain(text: str) -> None:
    """Accepting an address twice changes nothing, and it holds no character with a meaning."""
    accepted = mail_address(text)

    if accepted is not None:
        assert mail_address(accepted) == accepted
        assert accepted.isascii()
        assert not set(accepted) & set(' \r\n<>()[],;:"\\')


def test_an_unfit_recipient_is_a_bug_that_raises() -> None:
    """Addresses are checked where they enter; one that is not plain never reaches a header."""
    with pytest.raises(ValueError, match="no address"):
        mailed(an_item(1), address="a@b.example\r\nBcc: c@d.example")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://news.example/a?b=1&c=%D0%BF#top", "https://news.example/a?b=1&c=%D0%BF"),
        ("http://news.example", "http://news.example/"),
        ("https://новости.example/путь", "https://xn--b1amnebsh.example/%D0%BF%D1%83%D1%82%D1%8C"),
        ("https://user:secret@news.example/", "https://news.example/"),
        ("https://news.example:8443/x", "https://news.example:8443/x"),
        ('https://news.example/"><script>', "https://news.example/%22%3E%3Cscript%3E"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https:///nohost", None),
        ("https://news.example:99999/", None),
        ("ftp://news.example/", None),
        ("", None),
        ("https://news.example/" + "a" * 2000, None),
    ],
)
def test_only_honest_links_are_shown(url: str, expected: str | None) -> None:
    """A link is http(s), in ASCII, without a user's name, and cannot leave its attribute."""
    assert printable_url(url) == expected


@given(texts, st.integers(1, 200))
def test_printable_text_is_one_visible_line(text: str, limit: int) -> None:
    """No control, no line end, no mark that turns our own words around, no more than the limit."""
    shown = printable(text, limit)

    assert len(shown) <= limit
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b]", shown)
    assert printable(shown, limit) == shown


@given(st.text(st.sampled_from("ab 노동자朝鲜、。x"), max_size=200), st.integers(10, 40))
def test_wrapping_loses_no_word_and_keeps_its_width(text: str, width: int) -> None:
    """Lines are at most so wide, but for words that have no place to break; nothing is lost."""
    lines = wrapped(text, width=width, indent="  ").split("\n")

    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        words = line.split()
        assert columns(line) <= width + 2 or len(words) == 1
