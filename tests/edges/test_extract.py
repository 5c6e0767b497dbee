"""The article and nothing but the article: text, title, date, letters; and which text is better."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from edges.pagewright import CANARY, STORIES, TEMPLATES, blog, portal

from monitor.core.values import (
    Article,
    DateSource,
    Entry,
    ErrorCode,
    Failed,
    Feed,
    Fetched,
    Hop,
    Request,
    TextState,
)
from monitor.extract import extract_article, read_page

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
URL = "https://news.example/2026/11/24/shipyard"
FEED = Feed(id="f", url="https://news.example/feed", title="F", lang="en")
STORY = STORIES["en"]
GOLDEN = Path(__file__).parents[1] / "golden" / "pages"


def page(
    body: bytes | str, *, content_type: str = "text/html", url: str = URL, asked: str = URL
) -> Fetched:
    """Return a fetched page."""
    return Fetched(
        request=Request(url=asked, kind="page"),
        url=url,
        status=200,
        headers={"content-type": content_type},
        body=body.encode() if isinstance(body, str) else body,
        body_hash="",
        hops=(Hop(status=302, url=url),) if url != asked else (),
    )


def read(body: bytes | str, **about: str) -> Article:
    """Return what is read from a page."""
    return read_page(page(body, **about), now=NOW)


def squeezed(text: str) -> str:
    """Return a text without its white space: layout is not what these tests are about."""
    return "".join(text.split())


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("lang", STORIES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_text_is_complete_and_nothing_else_leaks(lang: str, template: str) -> None:
    """Every paragraph is there, and no menu, comment, neighbour or hidden word is."""
    story = STORIES[lang]
    article = read(TEMPLATES[template](story))
    missing = [part for part in story.paragraphs if squeezed(part) not in squeezed(article.text)]

    assert missing == []
    assert CANARY not in article.text
    assert article.state is TextState.FULL
    assert article.title == story.title


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.html")), ids=lambda path: path.stem)
def test_pages_of_common_systems_are_read_exactly(path: Path) -> None:
    """Markup as portals, agencies, broadcasters and weblogs make it: the text and no more."""
    article = read(path.read_bytes())

    assert article.text == path.with_suffix(".txt").read_text("utf-8").strip()
    assert article.state is TextState.FULL


@pytest.mark.parametrize("name", ["slide", "embed-text", "meta-block", "expandable", "options"])
def test_named_body_is_read_whole_whatever_its_parts_are_called(name: str) -> None:
    """Where the library drops parts for their names, what the page calls its article is read."""
    parts = [f"{one} Part {part}." for part in range(4) for one in STORY.paragraphs]
    plain = "".join(f"<p>{one}</p>" for one in STORY.paragraphs)
    named = "".join(f'<div class="{name}"><p>{one}</p></div>' for one in parts)
    html = (
        f"<html><head><title>{STORY.title}</title></head><body><h1>{STORY.title}</h1>"
        f'<div class="article-body">{plain}{named}</div></body></html>'
    )

    assert read(html).text == "\n".join([*STORY.paragraphs, *parts])


def test_repeated_paragraphs_are_kept_once() -> None:
    """Some pages carry their text twice; a term must not count twice for that."""
    twice = replace(STORY, paragraphs=STORY.paragraphs * 2)
    article = read(portal(twice))

    assert article.text == "\n".join(STORY.paragraphs)


def test_lists_and_tables_of_the_article_stay() -> None:
    """A table of wages is evidence; only tables that hold columns of the page are taken apart."""
    table = "<table><tr><th>Trade</th><th>Pay</th></tr><tr><td>welder</td><td>700</td></tr></table>"
    body = portal(STORY).replace(
        "<p>Their pay", f"{table}<ul><li>no leave</li><li>no phone</li></ul><p>Their pay"
    )
    article = read(body)

    assert "welder" in article.text
    assert "700" in article.text
    assert "no phone" in article.text


@pytest.mark.parametrize(
    "opening",
    [
        '<form id="aspnetForm">',
        '<div class="page sidebar-right has-comments">',
        '<div class="social-layout" role="banner">',
        '<div style="opacity:0">',
        '<div aria-hidden="true">',
        '<section class="news-list">',
        '<div id="comments-enabled">',
    ],
)
def test_part_that_holds_the_article_is_never_taken_out(opening: str) -> None:
    """A name on a wrapper around everything must not cost the article."""
    tag = opening[1:].partition(" ")[0].rstrip(">")
    body = (
        portal(STORY).replace("<main>", f"<main>{opening}").replace("</main>", f"</{tag}></main>")
    )

    assert squeezed(STORY.paragraphs[3]) in squeezed(read(body).text)


# ---------------------------------------------------------------- letters


ENCODINGS = [
    ("ru", "cp1251", "windows-1251"),
    ("ru", "koi8_r", "koi8-r"),
    ("ru", "utf-8", "utf-8"),
    ("ko", "cp949", "euc-kr"),
    ("ko", "cp949", "ks_c_5601-1987"),
    ("ja", "cp932", "Shift_JIS"),
    ("ja", "euc_jp", "euc-jp"),
    ("ja", "iso2022_jp", "iso-2022-jp"),
    ("zh", "gb18030", "gb2312"),
    ("zh", "gb18030", "gb18030"),
    ("zh-tw", "big5hkscs", "big5"),
]
TRADITIONAL = replace(
    STORIES["zh"],
    title="港口船廠雇用六十名朝鮮勞工",
    paragraphs=(
        "東海岸一家船廠雇用了六十名來自朝鮮的焊工，在那裡工作的三名員工星期二表示。",
        "這些男子住在乾船塢後面的宿舍裡，早上六點由巴士送到船廠。警衛說，他們從不單獨離開廠區。",
        "他們每月約七百美元的工資交給一名翻譯，護照也由這名翻譯保管。",
        "船廠發言人拒絕說明這些工人持何種簽證入境。前幾年曾有人使用留學簽證。",
    ),
    junk="上週有人在另一處工地也看到了朝鮮工人。",
)


@pytest.mark.parametrize(("lang", "codec", "name"), ENCODINGS)
@pytest.mark.parametrize("said", ["header", "meta", "xml", "header and wrong meta", "nothing"])
def test_letters_are_right_wherever_the_encoding_is_said(
    lang: str, codec: str, name: str, said: str
) -> None:
    """By header, meta, XML declaration, a header that the page contradicts, or nothing at all."""
    story = TRADITIONAL if lang == "zh-tw" else STORIES[lang]
    html = portal(story).replace('<meta charset="utf-8">', "")
    content_type = "text/html"
    if said.startswith("header"):
        content_type = f'text/html; Charset="{name}"'
    if said == "meta":
        tag = f'<meta http-equiv="Content-Type" content="text/html; charset={name}">'
        html = html.replace("<head>", f"<head>{tag}")
    if said == "header and wrong meta":
        html = html.replace("<head>", '<head><meta charset="iso-8859-1">')
    if said == "xml":
        html = f'<?xml version="1.0" encoding="{name}"?>\n' + html
    article = read(html.encode(codec, "xmlcharrefreplace"), content_type=content_type)

    assert squeezed(story.paragraphs[1]) in squeezed(article.text)
    assert article.title == story.title


@pytest.mark.parametrize("declared", ["windows-1251", "euc-kr", "iso-8859-1", "utf-7", "base64"])
@pytest.mark.parametrize("lang", STORIES)
def test_utf8_wins_over_every_declaration(lang: str, declared: str) -> None:
    """Bytes that are UTF-8 are UTF-8; codecs that are no character sets are not even tried."""
    html = portal(STORIES[lang]).replace('charset="utf-8"', f'charset="{declared}"')
    article = read(html, content_type=f"text/html; charset={declared}")

    assert squeezed(STORIES[lang].paragraphs[0]) in squeezed(article.text)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_byte_order_mark_is_believed(codec: str) -> None:
    """A mark at the beginning is no letter, and says what the rest is."""
    article = read(portal(STORIES["ko"]).encode(codec), content_type="text/html; charset=euc-kr")

    assert squeezed(STORIES["ko"].paragraphs[0]) in squeezed(article.text)


def test_a_few_broken_letters_do_not_change_the_encoding() -> None:
    """A UTF-8 page with a cut letter in it stays UTF-8."""
    body = portal(STORIES["ru"]).encode().replace("сварщиков".encode(), b"\xd1 \xff", 1)
    article = read(body, content_type="text/html; charset=windows-1251")

    assert squeezed(STORIES["ru"].paragraphs[1]) in squeezed(article.text)


# ---------------------------------------------------------------- what a page says of itself


def test_head_is_read_from_the_graph_and_the_metas() -> None:
    """Title, author, date with its zone, canonical address and language, each with its source."""
    article = read(portal(STORIES["ko"]), url=URL + "?utm_source=x")

    assert article.title == STORIES["ko"].title
    assert article.author == "Kim Ann"
    assert article.published_at == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert article.date_source is DateSource.PAGE
    assert article.canonical_url == URL
    assert article.lang == "ko"


DATES = [
    ('<meta property="article:published_time" content="2026-11-20T10:00:00+03:00">', 7, "page"),
    ('<meta itemprop="datePublished" content="2026-11-20T10:00:00Z">', 10, "page"),
    ('<meta name="pubdate" content="Fri, 20 Nov 2026 10:00:00 GMT">', 10, "page"),
    ('<meta name="DC.date.issued" content="2026-11-20 10:00">', 1, "page"),
    ('<script type="application/ld+json">{"@type":["NewsArticle"],"datePublished":'
     '"2026-11-20T10:00:00Z"}</script>', 10, "page"),
    ('<script type="application/ld+json">[{"@type":"BlogPosting","datePublished":'
     '"2026-11-20T10:00:00Z"}];</script>', 10, "page"),
    ('<meta property="article:published_time" content="2099-01-01T00:00:00Z">', None, "suspect"),
    ('<meta property="article:published_time" content="1970-01-01T00:00:00Z">', None, "suspect"),
    ('<meta property="article:published_time" content="yesterday">', None, "none"),
    ("", None, "none"),
]  # fmt: skip


@pytest.mark.parametrize(("tags", "hour", "source"), DATES)
def test_date_is_read_with_its_source_or_not_at_all(
    tags: str, hour: int | None, source: str
) -> None:
    """Absurd dates are flagged and not used; a missing one is not guessed from the text."""
    html = f"<html><head>{tags}</head><body><article><h1>T</h1>{'<p>Words.</p>' * 40}</article>"
    page_read = read_page(
        page(html, url="https://news.example/a"), now=NOW, default_tz="Asia/Seoul"
    )

    expected = None if hour is None else datetime(2026, 11, 20, hour, tzinfo=UTC)
    assert page_read.published_at == expected
    assert page_read.date_source == source


def test_date_in_the_address_is_the_last_resort() -> None:
    """A newspaper's address names the day, in the feed's zone."""
    html = f"<html><body><article><h1>T</h1>{'<p>Words.</p>' * 40}</article>"
    article = read(html)

    assert article.published_at == datetime(2026, 11, 24, tzinfo=UTC)
    assert article.date_source is DateSource.URL


@pytest.mark.parametrize(
    ("canonical", "expected"),
    [
        ("https://news.example/2026/11/24/other", "https://news.example/2026/11/24/other"),
        ("/2026/11/24/other", "https://news.example/2026/11/24/other"),
        ("https://m.news.example/x", "https://m.news.example/x"),
        ("https://evil.example/story", None),
        ("https://news.example/", None),
        ("javascript:alert(1)", None),
        ("http://[bad", None),
        ("", None),
    ],
)
def test_canonical_address_must_be_of_the_same_site(canonical: str, expected: str | None) -> None:
    """An address elsewhere would let a page pass for another's story, or hide behind it."""
    html = f'<html><head><link rel="canonical" href="{canonical}"></head><body><p>Text.</p></body>'

    assert read(html).canonical_url == expected


# ---------------------------------------------------------------- walls, errors, teasers


SHORT = "<p>Little text.</p>"
WALLS = {
    "consent, by host": (portal(STORY), "https://consent.news.example/collect"),
    "consent, english": (
        "<title>News</title><h1>We value your privacy</h1><p>We and our 842 partners store"
        " cookies. Accept all cookies or manage your consent.</p>",
        URL,
    ),
    "consent, in the title": (
        "<title>Before you continue</title><p>Choose how we and others use what we know.</p>",
        URL,
    ),
    "consent, russian": (
        "<title>Новости</title><p>Мы используем файлы cookie. Принять все cookie?</p>",
        URL,
    ),
    "soft 404, english": (f"<title>Page not found | Site</title>{SHORT}", URL),
    "soft 404, russian": (f"<title>Страница не найдена</title>{SHORT}", URL),
    "soft 404, korean": (f"<title>존재하지 않는 기사입니다</title>{SHORT}", URL),
    "soft 404, japanese": (f"<title>お探しのページが見つかりません</title>{SHORT}", URL),
    "soft 404, chinese": (f"<title>页面不存在</title>{SHORT}", URL),
    "soft 404, heading only": (f"<title>Site</title><h1>404</h1><p>404 not found</p>{SHORT}", URL),
    "login": (
        "<title>Log in - Site</title><form><input type=text><input type=password></form>",
        URL,
    ),
    "login, russian": ("<title>Вход на сайт</title><p>Введите имя и пароль.</p>", URL),
    "script shell": (
        "<title>Site</title><div id=root></div><noscript>You need to enable JavaScript"
        f" to run this app.</noscript><script>{'var a=1;' * 800}</script>",
        URL,
    ),
    "script shell, small": ("<title>S</title><p>Please enable JavaScript to continue.</p>", URL),
    "meta refresh": (
        '<meta http-equiv="refresh" content="0; url=/elsewhere"><p>Moved.</p>',
        URL,
    ),
    "empty page": ("<html><head></head><body></body></html>", URL),
    "nothing at all": ("", URL),
    "only blanks": (" \n ", URL),
    "front page instead": (portal(STORY), "https://news.example/"),
}


@pytest.mark.parametrize("name", WALLS)
def test_wall_is_never_stored_as_the_article(name: str) -> None:
    """A notice, an error or an empty shell gives no text, and says in one line what it was."""
    html, url = WALLS[name]
    article = read(html, url=url)

    assert article.text == ""
    assert article.state is TextState.NO_FULL_TEXT
    assert len(article.notes) == 1


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "404 workers return home from the shipyard"),
        ("en", "Page of history: ship not found after forty years"),
        ("en", "Log in the river stops the ferry"),
        ("ru", "Вход в порт закрыли для посторонних"),
        ("ru", "Статья 404 кодекса: что изменится"),
        ("ko", "로그인한 노동자 404명의 명단 공개"),
        ("zh", "四百零四名工人的记录已被删除"),
        ("ja", "ログイン履歴から見えた労働の実態"),
    ],
)
@pytest.mark.parametrize("more", ["", "Accept all cookies to use our site."])
def test_short_article_is_no_wall(lang: str, title: str, more: str) -> None:
    """The words of error pages in a headline, and a cookie notice beside it, mean nothing."""
    story = STORIES[lang]
    paragraphs = (*story.paragraphs[:3], more) if more else story.paragraphs[:3]
    article = read(portal(replace(story, title=title, paragraphs=paragraphs)))

    assert article.state is TextState.FULL
    assert squeezed(story.paragraphs[2]) in squeezed(article.text)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"GIF89a", "image"),
        (b"PK\x03\x04", "archive"),
        (b"<html><frameset cols='20%,80%'><frame src='a'></frameset></html>", "frames"),
    ],
)
def test_what_is_no_page_is_unsupported(body: bytes, what: str) -> None:
    """A PDF that is called a page is not read as text."""
    article = read(body)

    assert article.error is ErrorCode.UNSUPPORTED_TYPE
    assert article.text == ""
    assert what in article.notes[0]


TEASERS = [
    ("en", "Subscribe to continue reading this article."),
    ("en", "This article is for subscribers only. Already a subscriber? Log in"),
    ("ru", "Полный текст статьи доступен по подписке"),
    ("ru", "Чтобы читать дальше, оформите подписку"),
    ("ko", "이 기사는 유료회원 전용입니다."),
    ("ja", "この記事は有料会員限定です。残り 1234文字"),
    ("zh", "订阅后继续阅读全文"),
]


@pytest.mark.parametrize(("lang", "sentence"), TEASERS)
def test_teaser_is_called_one_and_its_advertisement_left_out(lang: str, sentence: str) -> None:
    """The opening of an article behind a wall is kept, and known to be only that."""
    story = replace(STORIES[lang], paragraphs=(*STORIES[lang].paragraphs[:2], sentence))
    article = read(portal(story))

    assert article.state is TextState.TEASER
    assert squeezed(story.paragraphs[0]) in squeezed(article.text)
    assert sentence not in article.text


def test_page_that_says_it_is_not_free_is_a_teaser() -> None:
    """Publishers tell search engines what is behind the wall."""
    html = portal(STORY).replace('"headline"', '"isAccessibleForFree":"False","headline"')

    assert read(html).state is TextState.TEASER


def test_text_for_search_engines_is_used_when_the_page_shows_none() -> None:
    """A page rendered by scripts may carry its article in JSON-LD."""
    text = " ".join(STORY.paragraphs)
    html = (
        '<html><head><title>T</title><script type="application/ld+json">'
        f'{{"@type":"NewsArticle","articleBody":"{text}"}}</script></head>'
        "<body><div id=root></div><p>Loading</p></body></html>"
    )

    assert read(html).text == text
    assert read(html).state is TextState.FULL


# ---------------------------------------------------------------- page or feed


ENTRY = Entry(
    guid="g",
    link=URL,
    title="The feed's title",
    summary="A shipyard has hired sixty welders.",
    published_at=datetime(2026, 11, 24, 1, tzinfo=UTC),
    date_source=DateSource.FEED,
    authors=("Feed Author",),
)
FULL_ENTRY = replace(ENTRY, content="\n".join(STORY.paragraphs) + "\nAnd one more sentence here.")


def choose(fetched: Fetched | Failed | None, *, entry: Entry = ENTRY, feed: Feed = FEED) -> Article:
    """Return the article that is made of an entry and its page."""
    return extract_article(fetched, feed=feed, entry=entry, link=URL, now=NOW)


def test_page_is_better_than_a_summary() -> None:
    """The page's text, under the feed's title, date and author."""
    article = choose(page(portal(STORY)))

    assert article.state is TextState.FULL
    assert squeezed(STORY.paragraphs[4]) in squeezed(article.text)
    assert (article.title, article.author) == ("The feed's title", "Feed Author")
    assert (article.published_at, article.date_source) == (ENTRY.published_at, DateSource.FEED)
    assert article.canonical_url == URL


def test_page_fills_in_what_the_feed_left_out() -> None:
    """Without a date and a title in the feed, the page's count."""
    bare = Entry(guid=None, link=URL, title="")
    article = choose(page(portal(STORY)), entry=bare)

    assert article.title == STORY.title
    assert (article.date_source, article.author) == (DateSource.PAGE, "Kim Ann")


def test_feed_text_stands_where_no_page_is_wanted() -> None:
    """`content: feed` needs no page."""
    article = choose(None, entry=FULL_ENTRY)

    assert (article.state, article.text) == (TextState.FEED, FULL_ENTRY.content)


def test_failed_page_leaves_the_feed_text_and_says_why() -> None:
    """A page that could not be had costs nothing but itself."""
    failed = Failed(request=Request(url=URL), code=ErrorCode.FORBIDDEN, detail="refused (403)")
    article = choose(failed)

    assert (article.state, article.text) == (TextState.FETCH_FAILED, ENTRY.summary)
    assert (article.error, article.notes) == (ErrorCode.FORBIDDEN, ("refused (403)",))


@pytest.mark.parametrize("name", WALLS)
def test_wall_leaves_the_feed_text(name: str) -> None:
    """Behind a wall the feed's own text is scored, and the state shows that it is not all."""
    html, url = WALLS[name]
    article = choose(page(html, url=url))

    assert (article.state, article.text) == (TextState.NO_FULL_TEXT, ENTRY.summary)


def test_feed_that_says_more_than_the_page_is_preferred() -> None:
    """Furniture of the page may be longer than the article that is missing from it."""
    furniture = "".join(f"<p>Our offices are open on day {n} of every week of the year.</p>"
                        for n in range(8))  # fmt: skip
    article = choose(page(f"<html><body><h1>T</h1>{furniture}</body></html>"), entry=FULL_ENTRY)

    assert article.state is TextState.FEED
    assert article.text == FULL_ENTRY.content


def test_gain_counts_and_not_length() -> None:
    """A page that only repeats the feed's paragraph and adds a little is no full text."""
    teaser = replace(STORY, paragraphs=STORY.paragraphs[:1])
    entry = replace(ENTRY, summary=STORY.paragraphs[0])
    article = choose(page(portal(teaser)), entry=entry, feed=replace(FEED, paywall=True))

    assert article.state is TextState.TEASER
    assert squeezed(article.text) == squeezed(STORY.paragraphs[0])


def test_search_feeds_descriptions_are_never_text() -> None:
    """A search feed's description is other outlets' headlines: without a page only the title."""
    feed = replace(FEED, title_only=True)
    failed = Failed(request=Request(url=URL), code=ErrorCode.NOT_FOUND)
    without, gone, full = (choose(one, feed=feed) for one in (None, failed, page(portal(STORY))))

    assert (without.state, without.text) == (TextState.TITLE_ONLY, "")
    assert (gone.state, gone.text, gone.error) == (TextState.FETCH_FAILED, "", ErrorCode.NOT_FOUND)
    assert (full.state, full.text) == (TextState.FULL, "\n".join(STORY.paragraphs))


def test_entry_without_any_text_is_its_title() -> None:
    """A headline alone can still be scored, and is called what it is."""
    article = choose(None, entry=replace(ENTRY, summary=""))

    assert (article.state, article.text, article.title) == (
        TextState.TITLE_ONLY, "", "The feed's title",
    )  # fmt: skip


def test_precision_is_a_choice_of_the_feed() -> None:
    """`extract: precision` reads the same article, more strictly."""
    article = choose(page(blog(STORY)), feed=replace(FEED, extract="precision"))

    assert squeezed(STORY.paragraphs[0]) in squeezed(article.text)
    assert CANARY not in article.text


SELECTED = """<html><head><title>Shipyard</title></head><body>
<div class="lead"><p>{other}</p></div>
<section><div class="story"><p>{story}</p><script>x()</script></div><p>{other}</p></section>
</body></html>""".format(
    other="Ten other stories of the day that have nothing to do with any of this. " * 20,
    story="Workers were seen at the shipyard, and their passports were taken from them. " * 5,
)


@pytest.mark.parametrize(
    "selector", ["//div[@class='story']", "//div[@class='story']/p | //script"]
)
def test_selector_names_the_article(selector: str) -> None:
    """Where the article is not found by itself, the operator's word counts."""
    found = read_page(page(SELECTED), now=NOW, selector=selector)

    assert found.text.startswith("Workers were seen")
    assert "other stories" not in found.text
    assert (found.title, found.notes) == ("Shipyard", ())


@pytest.mark.parametrize("selector", ["//div[@id='no']", "count(//p)", "//@class", "//x:y", "//["])
def test_selector_that_names_nothing_costs_no_text(selector: str) -> None:
    """A site that changes its pages must not silence its feed; the note says what is wrong."""
    usual = read_page(page(SELECTED), now=NOW)
    found = read_page(page(SELECTED), now=NOW, selector=selector)

    assert found.text == usual.text
    assert found.notes == (*usual.notes, "nothing on the page fits this feed's selector")
