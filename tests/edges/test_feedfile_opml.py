"""Lists of other readers come in without harm, and ours go out so that others can read them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import ConfigurationErrors
from monitor.core.values import Feed
from monitor.feededit import AddFeed, edited
from monitor.feedfile import parse_feeds, read_feeds
from monitor.opml import Outline, importable, read_opml, write_opml

SHIPPED = Path(__file__).parents[2] / "feeds.yaml"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIST = """\
<?xml version="1.0"?>
<opml version="2.0"><head><title>북한</title></head><body>
<outline text="Korea" title="Korea">
  <outline type="rss" text="RFA" title="RFA Korean" xmlUrl="https://x.example/rss?a=1&amp;b=2"
           language="ko-KR"/>
  <outline text="nested"><outline XMLURL="https://y.example/f" text=" T
  wo "/></outline>
</outline>
<outline text="nothing here"/>
<outline xmlUrl="https://z.example/"/>
</body></opml>"""


def test_feeds_are_read_with_title_folders_and_language() -> None:
    """Nested folders, attributes in any case and line breaks in titles are what files have."""
    assert read_opml(LIST.encode()) == [
        Outline(
            url="https://x.example/rss?a=1&b=2",
            title="RFA Korean",
            folders=("Korea",),
            lang="ko-KR",
        ),
        Outline(url="https://y.example/f", title="T wo", folders=("Korea", "nested")),
        Outline(url="https://z.example/", title=""),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        LIST.replace("&amp;b", "&b").encode(),
        LIST.encode("utf-16"),
        ("\ufeff" + LIST).encode(),
        b"\r\n  " + LIST.encode(),
        LIST.replace('<?xml version="1.0"?>', "<!DOCTYPE opml>").encode(),
        LIST.replace("</outline>\n</body>", "</body>").encode(),
    ],
    ids=["ampersand", "utf-16", "mark", "blank lines", "doctype", "not closed"],
)
def test_files_that_are_not_quite_right_are_read_all_the_same(raw: bytes) -> None:
    """Exports of real readers break the rules of XML; their feeds are not lost."""
    assert [outline.title for outline in read_opml(raw)][:2] == ["RFA Korean", "T wo"]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a "AAAAAAAAAA">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ']><opml><body><outline text="&j;" xmlUrl="https://a.example/&j;"/></body></opml>'
)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (BOMB.encode(), "defines entities"),
        (BOMB.encode("utf-16"), "defines entities"),
        (BOMB.encode("utf-32"), "defines entities"),
        (
            b'<!DOCTYPE o SYSTEM "file:///etc/passwd" [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            b"<opml>&x;</opml>",
            "defines entities",
        ),
        (b"<rss><channel/></rss>", "is no OPML"),
        (b"feeds:\n  - id: a\n", "is no OPML"),
        (b"", "is no XML"),
        (b" " * 5_000_001, "is larger than 5 MB"),
        (b"<opml><body>" + b'<outline text="a">' * 60 + b"</body></opml>", "more feeds or folders"),
        (
            b"<opml><body>"
            + b'<outline xmlUrl="https://a.example/"/>' * 20_001
            + b"</body></opml>",
            "more feeds or folders",
        ),
    ],
)
def test_a_hostile_file_is_refused_at_once(raw: bytes, message: str) -> None:
    """Neither an entity bomb nor depth nor number costs more than a moment."""
    began = time.perf_counter()

    with pytest.raises(ConfigurationErrors, match=message):
        read_opml(raw)

    assert time.perf_counter() - began < 5


@given(
    st.binary(max_size=200)
    | st.text().map(str.encode)
    | st.just(LIST.encode()).map(lambda x: x[:-9])
)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Nothing but ConfigurationErrors comes out of a broken file."""
    try:
        found = read_opml(raw)
    except ConfigurationErrors:
        return

    assert all(outline.url for outline in found)


def test_what_is_there_already_and_what_cannot_be_a_feed_is_skipped_with_a_reason() -> None:
    """An import never makes feeds.yaml wrong, and nothing disappears without a word."""
    known = [Feed(id="rfa", url="http://x.example/rss/", title="RFA")]
    outlines = [
        Outline(url="https://x.example/rss", title="RFA again"),
        Outline(
            url="https://new.example/rss", title="RFA", folders=("North Korea", "x"), lang="xx"
        ),
        Outline(url="https://new.example/rss/", title="the same once more"),
        Outline(url="https://other.example/rss", title="RFA", lang="ko-KR"),
        Outline(url="javascript:alert(1)", title="bad"),
        Outline(url="https://북한.example/", title="뉴스"),
    ]

    found = importable(outlines, known, source="list.opml")

    assert [(feed.id, feed.category, feed.lang, feed.title) for feed in found.feeds] == [
        ("rfa-2", "north-korea", None, "RFA"),
        ("rfa-3", None, "ko", "RFA"),
        ("example", None, None, "뉴스"),
    ]
    assert {feed.evidence for feed in found.feeds} == {"imported from list.opml"}
    assert [(outline.title, reason) for outline, reason in found.skipped] == [
        ("RFA again", "is there already, as rfa"),
        ("the same once more", "is there already, as rfa-2"),
        (
            "bad",
            "write a whole address that begins with https:// or http:// "
            "(got 'javascript:alert(1)')",
        ),
    ]


def test_the_shipped_list_goes_out_and_comes_back() -> None:
    """Export and import lose no feed: same addresses, titles, categories and languages."""
    feeds = read_feeds(SHIPPED).feeds

    back = importable(read_opml(write_opml(feeds, now=NOW).encode()), [], source="x").feeds

    assert [(feed.url, feed.title, feed.category, feed.lang) for feed in back] == [
        (feed.url, feed.title, feed.category, feed.lang) for feed in feeds
    ]
    assert len({feed.id for feed in back}) == len(feeds)


def test_an_import_can_be_written_into_feeds_yaml() -> None:
    """What is importable passes the same checks as a line written by hand."""
    found = importable(read_opml(LIST.encode()), [], source="list.opml")

    text = edited("feeds: []\n", [AddFeed(feed=feed) for feed in found.feeds]).text

    assert parse_feeds(text).feeds == found.feeds


def test_the_export_is_plain_opml() -> None:
    """Other readers see a folder for each category; characters XML cannot hold are left out."""
    feeds = [
        Feed(id="a", url="https://a.example/?x=1&y=2", title='A <&> \x00"B"', category="far-east"),
        Feed(id="b", url="https://b.example/", title="B", lang="ru"),
    ]

    assert write_opml(feeds, now=NOW) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<opml version="2.0">\n'
        "  <head>\n"
        "    <title>Feeds of Dispatch Watch</title>\n"
        "    <dateCreated>Wed, 25 Nov 2026 12:00:00 GMT</dateCreated>\n"
        "  </head>\n"
        "  <body>\n"
        '    <outline text="far-east" title="far-east">\n'
        '      <outline type="rss" text="A &lt;&amp;&gt; &quot;B&quot;" '
        'title="A &lt;&amp;&gt; &quot;B&quot;" xmlUrl="https://a.example/?x=1&amp;y=2"/>\n'
        "    </outline>\n"
        '    <outline type="rss" text="B" title="B" xmlUrl="https://b.example/" language="ru"/>\n'
        "  </body>\n"
        "</opml>\n"
    )
