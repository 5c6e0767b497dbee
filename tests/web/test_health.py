"""What operators see: feeds in plain words, jobs, the ledger; and what machines ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from web import samples
from web.visitors import Visitor, find, words

from monitor.catalogues import words as tables
from monitor.core.values import ErrorCode, FeedState
from monitor.jobs import Job
from monitor.ports import Gap
from review.watch import ORDER
from store import Store

TICK = Job(name="tick", every=timedelta(seconds=15), run=lambda: "", what="Asks the feeds.")
DIGESTS = Job(name="digests", every=timedelta(minutes=1), run=lambda: "", what="Sends digests.")


def test_every_feed_is_told_in_plain_words(filled: Store, visitor: Visitor) -> None:
    """Each state has its heading, its meaning and the next step; every troubled feed has its row.

    The page of feeds has them all.
    """
    page, everything = visitor.page("/health"), visitor.page("/feeds")
    blocked = tables.FEED_STATES[FeedState.BLOCKED]
    text = words(page)

    assert blocked.meaning in text
    assert blocked.next_step in text
    assert "access is forbidden (403)" in text
    listed = {words(one) for one in find(page, "table.feeds td a")}
    assert listed == {"The Walled Gazette"}
    every = {words(one) for one in find(everything, "table.feedcards td a")}
    assert every == {feed.title for feed in samples.FEEDS if feed.enabled}


def test_unproven_feeds_are_one_grouped_line(filled: Store, visitor: Visitor) -> None:
    """Feeds that never answered are told once, together, and never as an alarm."""
    page = visitor.page("/health")
    (group,) = find(page, "details.unproven")

    assert "2 feeds have never answered" in words(find(group, "summary")[0])
    assert "Never Answered One" in words(group)
    assert "open" not in group.attrib
    assert "1 feed is switched off." in words(page)


def test_order_of_states_has_every_state_once() -> None:
    """No feed can be in a state that the page leaves out."""
    assert set(ORDER) | {FeedState.UNPROVEN} == set(FeedState)
    assert len(ORDER) == len(set(ORDER))


def test_jobs_show_their_runs_and_lateness(
    filled: Store, clock: samples.FixedClock, visiting: Callable[..., Visitor]
) -> None:
    """Every job is listed, also one that never ran; one that stopped coming is marked late."""
    visitor = visiting(jobs=lambda: [TICK, DIGESTS])
    before = words(visitor.page("/health"))
    clock.at += timedelta(hours=1)
    after = visitor.page("/health")

    assert "tick Asks the feeds. 38 seconds ago in 20 seconds fine" in before
    assert "digests Sends digests. never –" in before
    assert "No scheduler runs" in before
    assert "late" in words(find(after, "tr.bad")[0])


def test_running_scheduler_is_said(filled: Store, visitor: Visitor) -> None:
    """The lease says whether a scheduler runs."""
    filled.leases.acquire("scheduler", owner="me", now=samples.NOW, lease_for=timedelta(seconds=90))

    assert "The scheduler runs." in words(visitor.page("/health"))


def test_failed_job_says_why(filled: Store, visiting: Callable[..., Visitor]) -> None:
    """The cause of a job's failure stands on the page, as text."""
    filled.jobs.started("digests", samples.NOW)
    filled.jobs.finished("digests", samples.NOW, error="KeyError: <b>x</b>")
    page = visiting(jobs=lambda: [DIGESTS]).page("/health")

    assert "KeyError: <b>x</b>" in words(page)


def test_ledger_that_adds_up_says_so(filled: Store, visitor: Visitor) -> None:
    """A sound ledger is one calm sentence; entries that wait too long are named."""
    calm = words(visitor.page("/health"))
    samples.leave_pending(filled, at=samples.NOW - timedelta(days=2))
    waiting = words(visitor.page("/health"))

    assert "Every entry of every poll has exactly one fate" in calm
    assert "Still to be read: Left behind" in waiting


def test_gaps_and_notices_are_told(filled: Store, visitor: Visitor) -> None:
    """A gap has its span and estimate; a notice stands on top."""
    gap = Gap(since=samples.NOW - timedelta(hours=9), until=samples.NOW, estimate=12)
    at = samples.NOW - timedelta(minutes=1)
    samples.poll(filled, "courier", gap=gap, state=FeedState.GAP, at=at)
    filled.notices.raise_once("disk", "var", "little room", samples.NOW)
    page = words(visitor.page("/health"))

    assert "about 12 entries" in page
    assert "disk var little room" in page
    assert "about 12 entries" in words(visitor.page("/feeds/courier"))


def test_feed_page_draws_its_polls(filled: Store, visitor: Visitor) -> None:
    """The picture has a bar for each poll and the same numbers in the table."""
    page = visitor.page("/feeds/walled")
    polls = filled.feeds.history("walled")
    drawn = find(page, "figure svg g")

    assert len(drawn) == len(polls) == len(find(page, "main table.list tbody tr"))
    assert find(page, "rect.bar-failed")
    assert find(page, "svg")[0].get("aria-label")


def test_resuming_a_feed_makes_it_due_and_is_kept(filled: Store, visitor: Visitor) -> None:
    """A parked feed can be asked again at once; the audit trail says who did it."""
    answer = visitor.post("/feeds/walled/resume", {})
    status = filled.feeds.status("walled", samples.NOW)

    assert answer.headers["location"] == "/feeds/walled"
    assert status
    assert status.due_at <= samples.NOW
    assert [line.action for line in filled.audit.list(subject="feed:walled")] == ["feed.resumed"]


def test_unknown_feed(filled: Store, visitor: Visitor) -> None:
    """A feed that does not exist is a 404, for reading and for changing."""
    assert visitor.get("/feeds/nope").status_code == 404
    assert visitor.post("/feeds/nope/resume", {}).status_code == 404


def test_machines_get_json(filled: Store, visiting: Callable[..., Visitor]) -> None:
    """/healthz says that the process lives; /readyz counts what is wrong."""
    visitor = visiting(jobs=lambda: [TICK])

    assert visitor.get("/healthz").json() == {"status": "ok"}
    assert visitor.get("/readyz").json() == {
        "status": "ready",
        "feeds": 8,
        "feeds_in_trouble": 1,
        "overdue_entries": 0,
        "late_jobs": [],
    }


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_has_words(store: Store, visitor: Visitor, code: ErrorCode) -> None:
    """Whatever goes wrong with a feed is told as a sentence, never as a code."""
    samples.poll(store, "courier", error=code)
    page = words(visitor.page("/health"))

    assert tables.ERRORS[code] in page


def test_stopped_items_are_rescued_with_one_press(filled: Store, visitor: Visitor) -> None:
    """Items under the line are listed nearest first; one press makes one relevant."""
    page = visitor.page("/stopped")
    scores = [int(words(one)) for one in find(page, "article.item > .score .points")]
    first = find(page, "article.item form.decide")[0]
    answer = visitor.post(first.action, {**dict(first.fields), "decision": "teach"})
    again = visitor.page(answer.headers["location"].partition("#")[0])

    assert scores == sorted(scores, reverse=True)
    assert len(scores) == filled.items.counts().by_band["reject"]
    assert "14 points short of queue; what is missing: passports, wages" in words(page)
    assert answer.headers["location"].startswith("/stopped?done=")
    assert len(find(again, "article.item")) == len(scores) - 1
    assert "relevant, kept as an example" in words(find(again, ".done")[0])
    assert [one.item.title for one in filled.verdicts.taught()] == [
        words(find(page, "article.item h2")[0])
    ]


def test_overview_counts_what_the_table_says(filled: Store, visitor: Visitor) -> None:
    """Bars and table have the same numbers, and they are the store's."""
    page = visitor.page("/overview")
    table, _team = find(page, "table.numbers")
    counted = sum(int(words(one)) for one in find(table, "td.n"))
    titles = [words(one) for one in find(page, "figure svg g title")]

    assert counted == 30
    assert sum(int(one.rpartition(": ")[2]) for one in titles) == 30
    assert len(titles) == 30


def test_overview_days_are_the_readers_own(filled: Store, visitor: Visitor) -> None:
    """Days begin at the reader's midnight, across changes of the clock."""
    visitor.post("/you", {"zone": "America/New_York"})
    days = [one.get("datetime") for one in find(visitor.page("/overview"), "table.numbers time")]

    assert days[0] == "2026-11-25"
    assert len(set(days)) == 30


def test_rules_page_shows_what_is_in_force(filled: Store, visiting: Callable[..., Visitor]) -> None:
    """Version, thresholds, rules with points, entities with names; files of any version."""
    page = visiting(rules=lambda: samples.RULES).page("/rules")
    text = words(page)

    assert samples.RULES_HASH[:12] in text
    assert "nk-workers North Koreans at work +30 near: dprk + worker" in text
    assert "북한" in text
    assert "rules: [...]" in words(find(page, "details pre")[0])
    assert visiting().get(f"/rules?version={samples.RULES_HASH}").status_code == 200
    assert visiting().get("/rules?version=nope").status_code == 404


def test_try_shows_what_an_address_brings(filled: Store, visiting: Callable[..., Visitor]) -> None:
    """A dry run lists entries with score and band; only by POST, and only where it is lent."""
    asked: list[str] = []

    def tried(address: str) -> dict[str, object]:
        asked.append(address)
        return samples.TRIED

    visitor = visiting(try_url=tried)
    empty = visitor.get("/try?url=https://a.example/")
    answer = visitor.post("/try", {"url": " https://a.example/ "})

    assert empty.status_code == 200
    assert asked == ["https://a.example/"]
    assert "85" in answer.text
    assert "&lt;b&gt;no link&lt;/b&gt;" in answer.text
    assert visiting().get("/try").status_code == 404
    assert visiting().post("/try", {"url": "x"}).status_code == 404


def test_the_page_says_that_late_refusals_are_not_seen(visitor: Visitor) -> None:
    """Without a mailbox, nobody may think that no news of a mail is good news."""
    assert "mails that are sent back later are not seen" in words(visitor.page("/health"))


def test_the_page_says_when_the_canary_sang(store: Store, visiting: Callable[..., Visitor]) -> None:
    """With a mailbox, when it was read, and whether the canary's mail arrived."""
    store.mailbox.advance("w@mx/INBOX", uid_validity=1, last_uid=1, now=samples.NOW)
    without = words(visiting(has_mailbox=True).page("/health"))
    text = words(visiting(has_mailbox=True, canary="c@ngo.example").page("/health"))

    assert "The mailbox was read:" in text
    assert "There is no canary" in without
    assert "The canary's last mail arrived: never" in text
