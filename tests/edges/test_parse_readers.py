"""Which reader reads what: the usual feeds are read strictly, the others are still read."""

from __future__ import annotations

import pytest
from builders import NOW, a_feed

from monitor.core.values import DateSource, Feed, ParsedFeed
from monitor.parse import parse_feed, strict
from monitor.parse.document import prepare

WORDPRESS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:slash="http://purl.org/rss/1.0/modules/slash/">
<channel><title>Example</title><atom:link href="https://news.example/feed/" rel="self"
 type="application/rss+xml"/><link>https://news.example</link><description></description>
<lastBuildDate>Tue, 24 Nov 2026 08:00:00 +0000</lastBuildDate><language>en-US</language>
<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>
<generator>https://wordpress.org/?v=6.8</generator><image><url>https://news.example/i.png</url>
<title>Example</title><link>https://news.example</link><width>32</width><height>32</height></image>
<site xmlns="com-wordpress:feed-additions:1">1</site>
<item><title>Workers &#038; passports</title><link>https://news.example/workers/</link>
<comments>https://news.example/workers/#comments</comments><dc:creator><![CDATA[Anna]]></dc:creator>
<pubDate>Tue, 24 Nov 2026 07:00:00 +0000</pubDate><category><![CDATA[Labour]]></category>
<guid isPermaLink="false">https://news.example/?p=77</guid>
<description><![CDATA[<p>Short.</p>]]></description>
<content:encoded><![CDATA[<p>The whole text.</p>]]></content:encoded>
<wfw:commentRss>https://news.example/workers/feed/</wfw:commentRss>
<slash:comments>3</slash:comments><post-id xmlns="com-wordpress:feed-additions:1">77</post-id>
</item></channel></rss>"""

YANDEX = """<rss version="2.0" xmlns:yandex="http://news.yandex.ru"
 xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Пример</title>
<link>https://news.example</link><description>Новости</description>
<item><title>Рабочие</title><link>https://news.example/1</link><description>Кратко</description>
<author>Анна</author><category>Общество</category>
<enclosure url="https://news.example/1.jpg" type="image/jpeg"/>
<pubDate>Tue, 24 Nov 2026 10:00:00 +0300</pubDate><yandex:genre>message</yandex:genre>
<yandex:full-text>Полный текст о рабочих.</yandex:full-text></item></channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Example</title>
<id>tag:news.example,2026:f</id><updated>2026-11-24T08:00:00Z</updated>
<link href="https://news.example/"/><author><name>Desk</name></author>
<entry><title type="html">Workers &amp;amp; passports</title><id>tag:news.example,2026:1</id>
<link href="https://news.example/1"/><link rel="self" href="https://news.example/1.atom"/>
<published>2026-11-24T07:00:00Z</published><updated>2026-11-24T07:30:00Z</updated>
<author><name>Anna</name><email>a@news.example</email></author><category term="labour"/>
<summary>Short.</summary><content type="html">&lt;p&gt;The whole text.&lt;/p&gt;</content></entry>
</feed>"""


def read(document: str, feed: Feed | None = None) -> ParsedFeed:
    """Parse a document as a feed of defaults."""
    url = "https://news.example/feed/"
    return parse_feed(document.encode(), url=url, headers={}, feed=feed or a_feed(), now=NOW)


@pytest.mark.parametrize("document", [WORDPRESS, YANDEX, ATOM], ids=["wordpress", "yandex", "atom"])
def test_usual_feed_is_read_strictly(document: str) -> None:
    """What most publishers send does not need the slow reader."""
    assert strict.read(prepare(document).text) is not None


def test_every_part_of_a_usual_feed_is_kept() -> None:
    """Headline, texts, author, tags, date and the publisher's wishes come out of one feed."""
    parsed = read(WORDPRESS)
    (one,) = parsed.entries
    assert (parsed.lang, parsed.ttl and parsed.ttl.total_seconds()) == ("en-US", 3600)
    assert (one.title, one.summary, one.content) == (
        "Workers & passports",
        "Short.",
        "The whole text.",
    )
    assert (one.authors, one.tags, one.date_source) == (("Anna",), ("Labour",), DateSource.FEED)
    assert (one.guid, one.link) == ("https://news.example/?p=77", "https://news.example/workers/")


@pytest.mark.parametrize(
    "damage",
    [
        ("</item></channel>", "& </item></channel>"),
        ("<title>Workers", "<title>Workers&nbsp;"),
        ("</rss>", "</rss><!-- late --><p>"),
        ("<comments>", "<unknown><comments>x</comments></unknown><comments>"),
        ('version="2.0"', 'version="0.92"'),
        (' xmlns:slash="http://purl.org/rss/1.0/modules/slash/"', ""),
    ],
)
def test_damaged_feed_is_still_read(damage: tuple[str, str]) -> None:
    """What the strict reader leaves is read by the tolerant one, with the same entry."""
    document = WORDPRESS.replace(*damage)
    assert document != WORDPRESS
    assert strict.read(prepare(document).text) is None
    parsed = read(document)
    assert [one.link for one in parsed.entries] == ["https://news.example/workers/"]
    assert parsed.entries[0].content == "The whole text."


def test_feed_without_its_beginning_is_still_read() -> None:
    """A document whose first part was lost gives the entries that are left."""
    rest = WORDPRESS[WORDPRESS.index("<title>Example") :]
    assert [one.title for one in read(rest).entries] == ["Workers & passports"]


def test_search_feed_keeps_headlines_only() -> None:
    """With `title_only` other outlets' headlines in a description never become text."""
    feed = a_feed(title_only=True)
    parsed = read(WORDPRESS, feed)
    assert parsed.entries[0].text == ""
