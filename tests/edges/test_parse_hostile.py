"""Documents made to harm: each ends in entries or in a refusal, soon, and reaches nothing."""

from __future__ import annotations

import pickle
import socket
import time
from collections.abc import Callable

import pytest
from builders import NOW, a_feed
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.text import clean
from monitor.core.values import ErrorCode, ParsedFeed
from monitor.parse import Unparsable, parse_feed
from monitor.parse.document import prepare

URL = "https://news.example/rss/feed.xml"


def read(body: bytes, **options: object) -> ParsedFeed:
    """Parse a body as a feed of defaults."""
    return parse_feed(body, url=URL, headers={}, feed=a_feed(**options), now=NOW)


def rss(inside: str, doctype: str = "") -> bytes:
    """Return an RSS document."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{doctype}<rss version="2.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title>'
        f"{inside}</channel></rss>"
    ).encode()


def entry(inside: str) -> str:
    """Return an item with a good headline and link, and something else in it."""
    return f"<item><title>Good</title><link>/1</link>{inside}</item>"


TRAP = "a." * 50_000 + "@" + "a-" * 50_000
NESTED = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))

# Each must be read, whether it is well-formed (the strict reader) or not (the tolerant one).
HOSTILE: dict[str, Callable[[], bytes]] = {
    "author trap": lambda: rss(entry(f"<author>{TRAP}</author>")),
    "author trap in CDATA": lambda: rss(entry(f"<author><![CDATA[{TRAP}]]></author>")),
    "author trap in pieces": lambda: rss(entry(f"<author>{'a.a.<b>@</b>' * 20_000}</author>")),
    "creator trap": lambda: rss(entry(f"<dc:creator>{TRAP}</dc:creator>")),
    "editor trap": lambda: rss(f"<managingEditor>{TRAP}</managingEditor>" + entry("")),
    "author trap, ill-formed": lambda: rss(entry(f"&<author>{TRAP}</author>")),
    "100,000 attributes": lambda: rss(
        entry("<x " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>")
    ),
    "100,000 attributes, ill-formed": lambda: rss(
        entry("&<x " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>")
    ),
    "20,000 categories": lambda: rss(entry("<category>c</category>" * 20_000)),
    "20,000 different categories, ill-formed": lambda: rss(
        entry("&" + "".join(f"<category>c{n}</category>" for n in range(20_000)))
    ),
    "5,000 enclosures": lambda: rss(entry('<enclosure url="http://x.example/1"/>' * 5000)),
    "5 MB title": lambda: rss(f"<item><title>Good {'x ' * 2_500_000}</title></item>"),
    "8 MB text": lambda: rss(entry(f"<description>{'word ' * 1_600_000}</description>")),
    "8 MB text, ill-formed": lambda: rss(
        entry(f"&<description>{'word ' * 1_600_000}</description>")
    ),
    "1 MB id": lambda: rss(entry(f"<guid>{'g' * 1_000_000}</guid>")),
    "200 kB date": lambda: rss(entry(f"<pubDate>{'Tue, 24 Nov ' * 16_000}</pubDate>")),
    "20,000 levels in a text": lambda: rss(
        entry(f"<description>{'&lt;div&gt;' * 20_000}</description>")
    ),
    "20,000 levels of elements": lambda: rss(
        entry(f"<description>{'<div>' * 20_000}x{'</div>' * 20_000}</description>")
    ),
    "billion laughs": lambda: rss(
        entry("<description>&i;</description>"), f'<!DOCTYPE r [<!ENTITY a "AAA">{NESTED}]>'
    ),
    "quadratic blow-up": lambda: rss(
        entry(f"<description>{'&a;' * 1_000_000}</description>"),
        f'<!DOCTYPE r [<!ENTITY a "{"A" * 490}">]>',
    ),
    "impossible references": lambda: rss(
        entry("<description>&#xD800;&#x110000;&#0;&#99999999999999;&#x1</description>")
    ),
    "half a million references": lambda: rss(
        entry(f"<description>{'&#x1' * 500_000}</description>")
    ),
    "brackets": lambda: rss(entry(f"<description>{'<' * 100_000}</description>")),
    "ampersands": lambda: rss(entry(f"<description>{'&' * 100_000}</description>")),
    "open CDATA": lambda: rss(entry("<description>" + "<![CDATA[" * 100_000)),
    "open quotes": lambda: rss(entry(f"<description>{'<a href=' * 20_000}</description>")),
    "NUL bytes first": lambda: b"\x00" * 1_000_000 + rss(entry("")),
    "5 MB of newlines first": lambda: b"\n" * 5_000_000 + rss(entry("")),
    "codec undefined": lambda: rss(entry("")).replace(b"utf-8", b"undefined"),
    "codec punycode": lambda: rss(entry("")).replace(b"utf-8", b"punycode"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_read_soon(name: str) -> None:
    """Its good entry is there, every text within its limit, and it took no eternity."""
    body = HOSTILE[name]()
    started = time.process_time()
    parsed = read(body)
    assert time.process_time() - started < 8
    # What never closes its last entry has lost that one, and says so.
    assert parsed.unreadable or parsed.entries[0].title.startswith("Good")
    for one in parsed.entries:
        assert len(one.title) <= 1000
        assert len(one.text) <= 200_000
        assert len(one.guid or "") <= 500
        assert len(one.published_raw) <= 100
        assert len(one.tags) <= 50


REFUSED: dict[str, Callable[[], bytes]] = {
    "DOCTYPEs without end": lambda: b"<!DOCTYPE a [ " * 50_000,
    "brackets only": lambda: b"<" * 100_000,
    "deep JSON": lambda: b"[" * 200_000,
    "deep JSON items": lambda: (
        b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 99_999
    ),
    "JSONP": lambda: b'f({"version":"https://jsonfeed.org/version/1.1","items":[]})',
    "a page of links": lambda: b"<html>" + b"<link rel=alternate " * 20_000,
    "random bytes": lambda: bytes(range(1, 256)) * 1000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_document_is_refused_soon(name: str) -> None:
    """What is no feed is refused with a code and a sentence, not with another exception."""
    started = time.process_time()
    with pytest.raises(Unparsable) as caught:
        read(REFUSED[name]())
    assert caught.value.detail.endswith(".")
    assert time.process_time() - started < 8


def test_every_item_of_a_huge_feed_is_read() -> None:
    """3,500 items come out as 3,500 entries, each with its own link; the cap is for decisions."""
    items = "".join(f"<item><title>t{n}</title><link>/{n}</link></item>" for n in range(3500))
    assert len({one.link for one in read(rss(items)).entries}) == 3500
    assert len({one.link for one in read(rss("&" + items)).entries}) == 3500


def test_nothing_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """External entities, DTDs, XInclude and stylesheets open no file and no connection."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a document made us open something")

    read(rss(entry("")))  # whatever is imported late is imported now
    monkeypatch.setattr("builtins.open", forbidden)
    monkeypatch.setattr(socket, "socket", forbidden)
    body = rss(
        entry(
            "<description>&file; &net;</description>"
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
        ),
        '<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?><!DOCTYPE rss SYSTEM '
        '"http://127.0.0.1:9/x.dtd" [<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY net SYSTEM '
        '"http://127.0.0.1:9/"><!ENTITY % all SYSTEM "http://127.0.0.1:9/p"> %all;]>',
    )
    (one,) = read(body).entries
    assert "root" not in one.summary


def test_refusal_crosses_a_process_border() -> None:
    """Code, detail and hint survive pickling."""
    error = pickle.loads(pickle.dumps(Unparsable(ErrorCode.CHALLENGE, "A check.", "Ask.")))
    assert (error.code, error.detail, error.hint) == (ErrorCode.CHALLENGE, "A check.", "Ask.")
    assert str(error) == "A check. Ask."


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    ("items", "titles", "unreadable"),
    [
        ('{"id": 1, "title": "a"}, 5, null, ["x"]', ["a"], 3),
        ('{"id": [1], "title": {}, "tags": "x", "authors": [1, {"name": 5}]}', [""], 0),
        ('{"id": NaN, "title": "a"}, {"id": 1e999999, "title": "b"}', ["a", "b"], 0),
        (f'{{"id": {"9" * 100_000}, "title": "a"}}', ["a"], 0),
        ('{"title": "x", "title": "y"}', ["y"], 0),
        (r'{"title": "a\ud800b\u0000c"}', ["abc"], 0),
    ],
)
def test_json_of_wrong_types_loses_nothing_good(
    items: str, titles: list[str], unreadable: int
) -> None:
    """Wrong types are absent values, items that are no objects are counted."""
    body = f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{items}]}}'.encode()
    parsed = read(body)
    assert [one.title for one in parsed.entries] == titles
    assert parsed.unreadable == unreadable


def test_cut_json_is_read_up_to_the_cut() -> None:
    """Whole items of a cut JSON feed are kept, and the cut is told."""
    body = b'{"version":"https://jsonfeed.org/version/1","items":[{"title":"a"},{"title":"b'
    parsed = read(body)
    assert ([one.title for one in parsed.entries], parsed.complete) == (["a"], False)


# ---------------------------------------------------------------- properties

WHOLE = rss(
    "".join(
        f"<item><title>Рабочие {n} &amp; 노동자</title><link>https://news.example/{n}</link>"
        f"<guid>https://news.example/{n}</guid><pubDate>Tue, 24 Nov 2026 0{n}:00:00 GMT</pubDate>"
        f"<description><![CDATA[<p>Text {n}</p>]]></description></item>"
        for n in range(1, 3)
    )
)


def test_cut_document_never_gives_half_an_entry() -> None:
    """Cut at any byte, a document gives only entries that the whole one has, from the first on."""
    whole = read(WHOLE).entries
    for cut in range(len(WHOLE)):
        try:
            parsed = read(WHOLE[:cut])
        except Unparsable:
            continue
        assert parsed.entries == whole[: len(parsed.entries)], cut
        assert parsed.complete == (b"</rss>" in WHOLE[:cut] or b"</channel>" in WHOLE[:cut])


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=12), st.integers(0, 20))
@settings(max_examples=200)
def test_damaged_document_is_read_or_refused(place: int, noise: bytes, length: int) -> None:
    """Any bytes put anywhere never raise anything else, and what comes out is clean."""
    try:
        parsed = read(WHOLE[:place] + noise + WHOLE[place + length :])
    except Unparsable:
        return
    assert_clean(parsed)


ANY_BYTES = st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode))


@given(ANY_BYTES)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Random bytes, alone and inside of a feed, raise nothing but a refusal."""
    for start in (b"", b"<rss><channel><item>", b'{"version":', b"<urlset>"):
        try:
            parsed = read(start + body)
        except Unparsable:
            continue
        assert_clean(parsed)


@given(st.text(max_size=2000))
def test_preparing_is_idempotent(text: str) -> None:
    """A prepared document has no prolog left to take off."""
    once = prepare(text)
    if once.root:
        assert prepare(once.text).root == once.root


def assert_clean(parsed: ParsedFeed) -> None:
    """Check that every text can be stored and every link followed."""
    for one in parsed.entries:
        texts = [one.title, one.summary, one.content, one.guid or "", one.source, *one.tags]
        texts += [*one.authors, one.published_raw]
        assert all(text == clean(text) for text in texts)
        assert "\n" not in one.title
        assert one.link is None or one.link.lower().startswith(("http://", "https://"))
        assert one.published_at is None or one.published_at.tzinfo is not None
