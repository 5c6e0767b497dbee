"""A live check tells what a publisher said from mere silence, and proposes edits for the first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.feedcheck import (
    Answer,
    FeedCheck,
    Proposed,
    check_feed,
    check_lines,
    proposals,
    with_page,
)
from monitor.core.values import (
    Entry,
    ErrorCode,
    Failed,
    Feed,
    Fetched,
    Hop,
    NotModified,
    Outcome,
    ParsedFeed,
    Request,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FEED = Feed(id="a", url="https://a.example/rss", title="A", lang="ru")


def fetched(*hops: tuple[int, str]) -> Fetched:
    """Return a 200 answer after these redirects."""
    url = hops[-1][1] if hops else FEED.url
    return Fetched(
        request=Request(url=FEED.url),
        url=url,
        status=200,
        headers={},
        body=b"x",
        body_hash="0",
        hops=tuple(Hop(status=status, url=to) for status, to in hops),
        seconds=0.5,
    )


def failed(code: ErrorCode, detail: str = "why", status: int | None = None) -> Failed:
    """Return a failure."""
    return Failed(request=Request(url=FEED.url), code=code, detail=detail, status=status)


def parsed(
    *ages: float, title: str = "Рабочие из КНДР", complete: bool = True, text: str = ""
) -> ParsedFeed:
    """Return a feed whose entries are so many days old."""
    return ParsedFeed(
        format="rss20",
        title="A",
        lang="ru",
        complete=complete,
        entries=tuple(
            Entry(
                guid=None,
                link="https://a.example/1",
                title=title,
                content=text,
                published_at=NOW - timedelta(days=age),
            )
            for age in ages
        ),
    )


def test_a_good_answer_has_nothing_to_say() -> None:
    """What works is counted and described, without detail and next step."""
    found = check_feed(FEED, fetched(), now=NOW, parsed=parsed(0, 1, 2))

    assert found == FeedCheck(
        feed=FEED,
        answer=Answer.ANSWERED,
        http_status=200,
        address=FEED.url,
        format="rss20",
        lang="ru",
        entry_count=3,
        newest_at=NOW,
        per_day=1.0,
        newest_link="https://a.example/1",
        seconds=0.5,
    )


@pytest.mark.parametrize(
    ("outcome", "document", "answer", "detail"),
    [
        (fetched(), parsed(), Answer.EMPTY, "a feed without a single entry"),
        (fetched(), parsed(100), Answer.STALE, "its newest entry is of 2026-08-17"),
        (
            fetched((301, "https://b.example/rss")),
            parsed(0),
            Answer.MOVED,
            "moved for good to https://b.example/rss",
        ),
        (
            fetched((308, "https://a.example/x"), (301, "https://b.example/rss")),
            parsed(0),
            Answer.MOVED,
            "moved for good to https://b.example/rss",
        ),
        (fetched((302, "https://b.example/rss")), parsed(0), Answer.ANSWERED, ""),
        (
            fetched((301, "https://b.example/"), (302, "https://c.example/rss")),
            parsed(0),
            Answer.ANSWERED,
            "",
        ),
        (
            fetched(),
            parsed(0, complete=False),
            Answer.ANSWERED,
            "damaged: only a part could be read",
        ),
        (
            fetched(),
            parsed(0, title="북한 노동자"),
            Answer.ANSWERED,
            "entries are in ko, feeds.yaml says ru",
        ),
        (failed(ErrorCode.NOT_FOUND, status=404), None, Answer.GONE, "why"),
        (failed(ErrorCode.GONE, status=410), None, Answer.GONE, "why"),
        (failed(ErrorCode.CHALLENGE, status=403), None, Answer.BLOCKED, "why"),
        (failed(ErrorCode.GEO_BLOCKED, status=403), None, Answer.BLOCKED, "why"),
        (failed(ErrorCode.DNS_ERROR), None, Answer.SILENT, "why"),
        (failed(ErrorCode.TIMEOUT_TOTAL, ""), None, Answer.SILENT, "timeout total"),
    ],
)
def test_each_answer_is_named(
    outcome: Outcome, document: ParsedFeed | None, answer: Answer, detail: str
) -> None:
    """The worst that holds, in plain words, and a next step whenever there is something to do."""
    found = check_feed(FEED, outcome, now=NOW, parsed=document)

    assert (found.answer, found.detail) == (answer, detail)
    assert bool(found.next_step) is bool(detail)


def test_every_way_of_failing_has_an_answer_and_a_next_step() -> None:
    """No code of the fetcher or the parser leaves the operator without a word."""
    for code in ErrorCode:
        for found in (
            check_feed(FEED, failed(code), now=NOW),
            check_feed(FEED, fetched(), now=NOW, refusal=(code, "why")),
        ):
            assert (found.error, found.detail) == (code, "why")
            assert found.next_step
            assert found.answer not in {Answer.ANSWERED, Answer.MOVED, Answer.EMPTY, Answer.STALE}


@pytest.mark.parametrize(
    ("text", "code", "edits"),
    [
        ("x" * 600, ErrorCode.CHALLENGE, [("a", "content", "feed")]),
        ("x" * 600, ErrorCode.ROBOTS_DENIED, [("a", "content", "feed")]),
        ("x" * 600, ErrorCode.TIMEOUT_TOTAL, []),
        ("a teaser", ErrorCode.CHALLENGE, []),
    ],
)
def test_pages_that_refuse_us_are_left_alone_where_the_feed_has_the_text(
    text: str, code: ErrorCode, edits: list[tuple[str, str, str]]
) -> None:
    """Refused for good and enough text in the feed: take the feed's. Else it is only told."""
    feed = check_feed(FEED, fetched(), now=NOW, parsed=parsed(0, 1, text=text))

    found = with_page(feed, failed(code, "a bot check instead of the page (403)"))

    assert (found.page_error, found.answer) == (code, Answer.ANSWERED)
    assert found.detail == "its pages: a bot check instead of the page (403)"
    assert found.next_step
    assert [(edit.feed_id, edit.key, edit.value) for edit in proposals([found], NOW)] == edits
    assert with_page(feed, fetched()) == feed


def test_trouble_with_pages_does_not_hide_trouble_with_the_feed() -> None:
    """The feed's own trouble is told first."""
    stale = check_feed(FEED, fetched(), now=NOW, parsed=parsed(400))

    assert with_page(stale, failed(ErrorCode.FORBIDDEN)).detail == stale.detail


def test_a_daily_feed_is_stale_after_three_days() -> None:
    """Where news is expected every day, silence shows sooner."""
    daily = replace(FEED, expect_daily=True)

    assert check_feed(daily, fetched(), now=NOW, parsed=parsed(4)).answer is Answer.STALE
    assert check_feed(FEED, fetched(), now=NOW, parsed=parsed(4)).answer is Answer.ANSWERED


def test_old_begins_after_ninety_days() -> None:
    """The day itself still counts as living; the next one does not."""
    answers = [check_feed(FEED, fetched(), now=NOW, parsed=parsed(age)) for age in (90, 90.01)]

    assert [found.answer for found in answers] == [Answer.ANSWERED, Answer.STALE]


def test_two_entries_are_enough_for_a_rate() -> None:
    """Two entries three days apart are a third of an entry a day, told to two places."""
    assert check_feed(FEED, fetched(), now=NOW, parsed=parsed(0, 3)).per_day == 0.33


def test_a_304_that_was_not_asked_for_is_no_answer() -> None:
    """A check sends no validators, so there is nothing that could be unmodified."""
    found = check_feed(FEED, NotModified(request=Request(url=FEED.url), headers={}), now=NOW)

    assert (found.answer, found.error) == (Answer.SILENT, ErrorCode.UNASKED_304)
    assert found.http_status == 304


def check(feed_id: str, outcome: Outcome, **more: object) -> FeedCheck:
    """Return the check of a feed of that id."""
    feed = replace(FEED, id=feed_id, url=f"https://{feed_id}.example/rss")
    return check_feed(feed, outcome, now=NOW, **more)  # type: ignore[arg-type]


def good(count: int) -> list[FeedCheck]:
    """Return so many feeds that answered."""
    return [check(f"good{number}", fetched(), parsed=parsed(0)) for number in range(count)]


def test_only_what_was_said_clearly_becomes_an_edit() -> None:
    """Moved: the new address. Not there, no feed: off. Silent, blocked, empty, stale: untouched."""
    not_a_feed = (ErrorCode.NOT_A_FEED, "a web page")
    checks = [
        *good(5),
        check("moved", fetched((301, "https://new.example/rss")), parsed=parsed(0)),
        check("page", fetched(), refusal=not_a_feed),
        check("named", fetched(), refusal=not_a_feed, found=["https://named.example/feed"]),
        check("several", fetched(), refusal=not_a_feed, found=["https://s.example/1", "x"]),
        check("gone", failed(ErrorCode.GONE, "withdrawn for good (410)")),
        check("slow", failed(ErrorCode.TIMEOUT_TOTAL)),
        check("blocked", failed(ErrorCode.FORBIDDEN)),
        check("empty", fetched(), parsed=parsed()),
        check("stale", fetched(), parsed=parsed(400)),
    ]

    found = proposals(checks, NOW)

    assert [(edit.feed_id, edit.key, edit.value) for edit in found if edit.key != "evidence"] == [
        ("moved", "url", "https://new.example/rss"),
        ("page", "enabled", False),
        ("named", "url", "https://named.example/feed"),
        ("several", "enabled", False),
        ("gone", "enabled", False),
    ]
    assert (
        Proposed(
            feed_id="gone",
            key="evidence",
            value="on 2026-11-25: withdrawn for good (410)",
            reason="on 2026-11-25: withdrawn for good (410)",
        )
        in found
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", "on 2026-11-25: gone"),
        ("asked by phone", "asked by phone; on 2026-11-25: gone"),
        ("Their letter of May.", "Their letter of May; on 2026-11-25: gone"),
        ("on 2026-11-25: gone; sad", "on 2026-11-25: gone; sad"),
    ],
)
def test_what_people_wrote_about_a_feed_stays(written: str, expected: str) -> None:
    """`evidence` is only added to; the same thing is not said twice."""
    found = check("gone", failed(ErrorCode.GONE, "gone"))
    found = replace(found, feed=replace(found.feed, evidence=written))

    values = [edit.value for edit in proposals([*good(5), found], NOW) if edit.key == "evidence"]

    assert values == [expected]


@pytest.mark.parametrize(("others", "expected"), [(9, ["lost"]), (0, [])])
def test_a_name_that_does_not_exist_counts_only_while_we_are_online(
    others: int, expected: list[str]
) -> None:
    """Without a network every name is missing, and nothing may be switched off."""
    checks = [*good(others), check("lost", failed(ErrorCode.DNS_ERROR))]

    assert [edit.feed_id for edit in proposals(checks, NOW) if edit.key == "enabled"] == expected


def test_no_address_is_proposed_twice_or_where_another_feed_has_it() -> None:
    """Two feeds that moved to one place would make the file wrong."""
    to = "https://good0.example/rss"
    checks = [*good(1), check("moved", fetched((301, to)), parsed=parsed(0))]
    twins = [
        check(name, fetched((301, "https://n.example/")), parsed=parsed(0)) for name in ("b", "c")
    ]

    assert proposals(checks, NOW) == []
    assert [edit.feed_id for edit in proposals(twins, NOW) if edit.key == "url"] == ["b"]


def test_a_feed_that_is_off_is_not_switched_off_again() -> None:
    """A check of all feeds proposes nothing for those that rest already."""
    feed = replace(FEED, enabled=False)
    gone = check_feed(feed, failed(ErrorCode.GONE), now=NOW)

    assert proposals([gone], NOW) == []


def test_the_report_groups_what_needs_a_look() -> None:
    """One line for the sum, then groups; what works is not listed."""
    checks = [
        *good(2),
        check("page", fetched(), refusal=(ErrorCode.NOT_A_FEED, "a web page")),
        check("lost", failed(ErrorCode.DNS_ERROR, "no such name")),
        check("empty", fetched(), parsed=parsed()),
    ]

    assert check_lines(checks) == [
        "3 answered, 1 did not, 1 are not feeds.",
        "",
        "Not feeds:",
        "  page: a web page (find the feed with `monitor feeds discover ADDRESS`)",
        "",
        "Did not answer:",
        "  lost: no such name (look for a typing mistake in the name of the site)",
        "",
        "Answered, but look at them:",
        "  empty: a feed without a single entry (open the address in a browser; the site may "
        "have moved its feed, or find the feed with `monitor feeds discover ADDRESS`)",
    ]


def test_entries_of_one_moment_give_no_rate() -> None:
    """A rate needs two different times."""
    assert check_feed(FEED, fetched(), now=NOW, parsed=parsed(1, 1)).per_day is None
    assert check_feed(FEED, fetched(), now=NOW, parsed=parsed(1)).per_day is None
