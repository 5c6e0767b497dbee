"""The sample newsroom's server: validators, the clock, the edit, the take-downs, the outages."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from monitor.newsroom import (
    Newsroom,
    Outlet,
    SampleArticle,
    moment,
    newsroom_folder,
    read_newsroom,
    site_at,
)

NEWSROOM = read_newsroom()


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    """A running newsroom, at the end of day 0."""
    with Newsroom(NEWSROOM) as running:
        yield running


def _find(reference: str) -> tuple[Outlet, SampleArticle, str]:
    outlet, article = NEWSROOM.by_reference[reference]
    return outlet, article, outlet.path_of(article)


def _get(newsroom: Newsroom, path: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(newsroom.url + path, headers=named, trust_env=False)


def test_a_feed_is_unchanged_until_something_comes(newsroom: Newsroom) -> None:
    """Either validator alone brings 304; after the next article both bring the new feed."""
    path = "/vestnik-zaliva/feed.xml"
    first = _get(newsroom, path)
    etag, since = first.headers["etag"], first.headers["last-modified"]
    same = [
        _get(newsroom, path, If_None_Match=etag),
        _get(newsroom, path, If_None_Match=f'"other", W/{etag}'),
        _get(newsroom, path, If_Modified_Since=since),
    ]
    newsroom.set_clock(moment(2))
    later = [
        _get(newsroom, path, If_None_Match=etag),
        _get(newsroom, path, If_Modified_Since=since),
        _get(newsroom, path, If_Modified_Since="no date"),
    ]

    assert first.status_code == 200
    assert [(answer.status_code, answer.content) for answer in same] == [(304, b"")] * 3
    assert [answer.status_code for answer in later] == [200] * 3
    assert later[0].content != first.content


def test_a_take_down_alone_changes_the_feed(newsroom: Newsroom) -> None:
    """A client that sends only a date learns that an entry was taken out."""
    path = "/vestnik-zaliva/feed.xml"
    newsroom.set_clock(moment(2, "05:59"))
    since = _get(newsroom, path).headers["last-modified"]
    newsroom.set_clock(moment(2, "06:00"))

    assert _get(newsroom, path, If_Modified_Since=since).status_code == 200


def test_the_edit_happens_on_day_two(newsroom: Newsroom) -> None:
    """The figure in title, feed and page is the old one on day 1 and the new one on day 2."""
    _, _, path = _find("bereg-amura/lesa-obrushenie")
    newsroom.set_clock(moment(2))
    before = _get(newsroom, path), _get(newsroom, "/bereg-amura/feed.xml")
    newsroom.set_clock(moment(3))
    after = _get(newsroom, path), _get(newsroom, "/bereg-amura/feed.xml")

    assert all("погибли трое" in answer.text and "четверо" not in answer.text for answer in before)
    assert all("погибли четверо" in answer.text and "трое" not in answer.text for answer in after)


@pytest.mark.parametrize(
    ("reference", "status"),
    [
        ("vestnik-zaliva/khozyain-doma", 410),
        ("golden-horn-courier/dormitory-denial", 404),
    ],
)
def test_a_take_down_happens_on_day_two(newsroom: Newsroom, reference: str, status: int) -> None:
    """The page stands on day 1; on day 2 it answers with its status and has left the feed."""
    outlet, article, path = _find(reference)
    newsroom.set_clock(moment(2))
    before = _get(newsroom, path).status_code, article.slug in _get(newsroom, outlet.feed_path).text
    newsroom.set_clock(moment(3))
    after = _get(newsroom, path).status_code, article.slug in _get(newsroom, outlet.feed_path).text

    assert before == (200, True)
    assert after == (status, False)


def test_one_feed_fails_for_a_day_and_one_always(newsroom: Newsroom) -> None:
    """The Ledger's feed is down for a day after a good first poll; the Shift's is never there."""
    moments = [moment(1), moment(1, "00:30"), moment(2, "04:59"), moment(2, "05:00")]
    seen = []
    for when in moments:
        newsroom.set_clock(when)
        answers = [_get(newsroom, f"/{id}/feed.xml") for id in ("pacific-ledger", "sakhalin-shift")]
        seen.append([answer.status_code for answer in answers])
    ledger_back = _get(newsroom, "/pacific-ledger/feed.xml")

    assert seen == [[200, 404], [503, 404], [503, 404], [200, 404]]
    assert "khabarovsk-stoppage" in ledger_back.text


def test_a_failing_feed_says_when_to_come_back(newsroom: Newsroom) -> None:
    """503 carries Retry-After, and no validators that a client might keep."""
    newsroom.set_clock(moment(1, "12:00"))
    answer = _get(newsroom, "/pacific-ledger/feed.xml")

    assert answer.headers["retry-after"] == "3600"
    assert "etag" not in answer.headers


def test_a_search_hit_redirects_to_the_outlet(newsroom: Newsroom) -> None:
    """A hit's link leads to the page that the outlet's own feed shows."""
    newsroom.set_clock(moment(2))
    answer = _get(newsroom, "/searchlight/go/hit-patrokl")
    _, _, path = _find("golden-horn-courier/patrokl-passports")

    assert (answer.status_code, answer.headers["location"]) == (302, newsroom.url + path)


def test_a_moved_feed_redirects_for_good(newsroom: Newsroom) -> None:
    """The old address of a feed answers 301 to the new one, which has the feed."""
    answer = _get(newsroom, "/labour-lines/rss")

    assert (answer.status_code, answer.headers["location"]) == (
        301,
        newsroom.url + "/labour-lines/feed.xml",
    )
    assert _get(newsroom, "/labour-lines/feed.xml").status_code == 200


def test_every_listed_address_answers(newsroom: Newsroom) -> None:
    """The start page, robots.txt, the sitemap and all that it lists answer with 200."""
    newsroom.set_clock(moment(3))
    sitemap = _get(newsroom, "/sitemap.xml").text
    listed = [part.partition("</loc>")[0] for part in sitemap.split("<loc>")[1:]]
    with httpx.Client(trust_env=False) as client:
        answers = {client.get(url).status_code for url in listed}

    assert len(listed) >= 60
    assert answers == {200}
    assert _get(newsroom, "/").status_code == 200
    assert "Sitemap:" in _get(newsroom, "/robots.txt").text
    assert _get(newsroom, "/nothing/here").status_code == 404


def test_head_answers_without_a_body(newsroom: Newsroom) -> None:
    """HEAD has the headers of GET."""
    full = _get(newsroom, "/tumen-watch/feed.xml")
    head = httpx.head(newsroom.url + "/tumen-watch/feed.xml", trust_env=False)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == full.headers


def test_it_listens_on_loopback_only_and_counts(newsroom: Newsroom) -> None:
    """The address is 127.0.0.1 with a free port, and each request is noted."""
    _get(newsroom, "/robots.txt")
    _get(newsroom, "/nothing")

    assert newsroom.url.startswith("http://127.0.0.1:")
    assert newsroom.requests == [("/robots.txt", 200), ("/nothing", 404)]


def test_it_closes_even_if_never_started() -> None:
    """Closing frees the port whether or not the server ever answered."""
    newsroom = Newsroom(NEWSROOM)
    newsroom.close()

    with pytest.raises(httpx.ConnectError):
        httpx.get(newsroom.url, trust_env=False)


def test_links_follow_the_address() -> None:
    """No page holds another address than the one that it is rendered for."""
    site = site_at(moment(3), newsroom=NEWSROOM, base="http://127.0.0.1:1")
    bodies = b"".join(page.body for page in site.values())

    assert b"http://127.0.0.1:1/" in bodies
    assert b"newsroom.invalid/" not in bodies


def test_the_files_are_found_in_a_checkout() -> None:
    """Without the wheel's copy the checkout's own folder is read."""
    assert (newsroom_folder() / "feeds.yaml").is_file()
