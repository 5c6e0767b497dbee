"""Items, readers and windows for tests of telling: invented reports in five languages.

Outlets, people and events are made up; the texts are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.sender import Sender
from monitor.core.coverage import (
    Coverage,
    EntryCounts,
    FeedWatch,
    MissedSpan,
    coverage,
)
from monitor.core.telling import Subscriber
from monitor.core.values import (
    Band,
    DateSource,
    FeedState,
    Item,
    ItemState,
    Match,
    NearMiss,
    Score,
    TextState,
)
from monitor.core.windows import Schedule, Window

END = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # Tuesday, 08:00 in Berlin
START = END - timedelta(days=1)
WINDOW = Window(start=START, end=END, period="2026-11-24T08:00")
SENDER = Sender(address="watch@ngo.example", contact="desk@ngo.example")
PUBLIC = Sender(
    address="watch@ngo.example",
    contact="desk@ngo.example",
    public_url="https://watch.ngo.example",
    secret=b"a secret for tests",
    has_reader_pages=True,
)

# surface: (rule, entity, points, English label)
Found = tuple[str, str, str, int, str]


def found_in(title: str, text: str, words: Sequence[Found]) -> tuple[Match, ...]:
    """Return a match for the first place of each word, in the title or else in the text."""
    matches = []
    for surface, rule, entity, points, label in words:
        for field, where in (("title", title), ("text", text)):
            start = where.find(surface)
            if start >= 0:
                matches.append(
                    Match(
                        rule=rule,
                        entity=entity,
                        points=points,
                        field=field,  # type: ignore[arg-type]
                        surface=surface,
                        start=start,
                        end=start + len(surface),
                        label=label,
                    )
                )
    return tuple(matches)


def an_item(key: int = 1, /, *, words: Sequence[Found] = (), **changes: Any) -> Item:
    """Return an item; items of different numbers differ in everything that could join them."""
    title = changes.get("title", f"Builders from North Korea seen at site number {key}")
    text = changes.get("text", f"Workers were seen at site {key}. Their passports were taken away.")
    points = changes.pop("points", 60)
    band = changes.pop("band", Band.ALERT if points >= 75 else Band.DIGEST)
    matches = found_in(title, text, words) or (
        Match(rule="nk-workers", entity="dprk", points=points, field="title", surface=title[:8],
              start=0, end=8, label="workers"),
    )  # fmt: skip
    given: dict[str, Any] = {
        "key": key,
        "url": f"https://news.example/{key}",
        "title": title,
        "text": text,
        "text_state": TextState.FULL,
        "lang": "en",
        "feed_id": f"feed-{key}",
        "outlet": f"Outlet {key}",
        "country": "RU",
        "published_at": END - timedelta(hours=5, minutes=key % 60),
        "date_source": DateSource.FEED,
        "first_seen_at": END - timedelta(hours=4, minutes=key % 60),
        "score": Score(
            score=points,
            raw=points + key % 7,
            decision=band,
            lang=changes.get("lang", "en"),
            matches=matches,
            near_miss=changes.pop("near_miss", None),
            version="v1",
        ),
        "state": ItemState.NEW,
        "is_backfill": False,
    }
    return Item(**given | changes)


def a_subscriber(key: int = 1, /, **changes: Any) -> Subscriber:
    """Return a reader in Berlin who gets a digest at eight."""
    given: dict[str, Any] = {
        "key": key,
        "address": f"reader{key}@ngo.example",
        "schedule": Schedule(zone="Europe/Berlin"),
        "since": START - timedelta(days=30),
    }
    return Subscriber(**given | changes)


def a_watch(number: int = 1, /, **changes: Any) -> FeedWatch:
    """Return a feed that was polled hourly and well through `WINDOW`."""
    given: dict[str, Any] = {
        "id": f"feed-{number}",
        "title": f"Outlet {number}",
        "every": timedelta(hours=1),
        "poll_count": 24,
        "good_count": 24,
        "last_good_at": END - timedelta(minutes=20),
    }
    return FeedWatch(**given | changes)


def a_coverage(*feeds: FeedWatch, **changes: Any) -> Coverage:
    """Return the statement of `WINDOW` for these feeds."""
    counts = changes.pop("counts", EntryCounts(read=412, matched=9))
    return coverage(feeds or (a_watch(1),), start=START, end=END, counts=counts)


def sample_items() -> list[Item]:
    """Return a day of reports: five languages, a reprint, two bands."""
    dprk_ru = ("северокорейских", "nk-workers", "dprk", 20, "North Korea")
    return [
        an_item(
            1,
            title="У северокорейских рабочих в Находке изъяли паспорта",
            text="Находка. Прокуратура сообщила о проверке стройки. Паспорта у рабочих из "
            "Северной Кореи забрал начальник бригады, а заработок они не видели полгода. "
            "Проверка продолжается.",
            lang="ru",
            outlet="Берег Амура",
            feed_id="bereg-amura",
            points=92,
            words=[
                dprk_ru,
                ("рабочих", "nk-workers", "worker", 20, "workers"),
                ("Находке", "in-far-east", "rfe", 15, "Nakhodka"),
                ("паспорта", "coercion", "coercion", 20, "passports"),
                ("Паспорта", "coercion", "coercion", 20, "passports"),
                ("Северной Кореи", "nk-workers", "dprk", 10, "North Korea"),
                ("заработок", "coercion", "coercion", 7, "wages"),
            ],
            also_in=("Golden Horn Courier", "Вестник залива"),
        ),
        an_item(
            2,
            title="블라디보스토크 건설 현장서 북한 노동자 3명 탈출",
            text="현지 소식통은 지난주 밤 북한 노동자 3명이 숙소를 떠났다고 전했다. 회사는 "
            "이들의 여권을 보관하고 있었다. 경찰은 확인을 거부했다.",
            lang="ko",
            outlet="동해신보",
            feed_id="donghae",
            country="KR",
            points=88,
            words=[
                ("북한 노동자", "nk-workers", "dprk", 30, "North Korean workers"),
                ("블라디보스토크", "in-far-east", "rfe", 15, "Vladivostok"),
                ("탈출", "coercion", "coercion", 20, "escape"),
                ("여권", "coercion", "coercion", 20, "passports"),
            ],
        ),
        an_item(
            3,
            title="Sanctions list grows by a firm that rents out crews",
            text="The treasury named a trading firm on Monday. It says the firm rented out crews "
            "from North Korea to sawmills near Khabarovsk and kept nine tenths of their pay. "
            "The firm could not be reached.",
            outlet="Pacific Ledger",
            feed_id="pacific-ledger",
            country="US",
            points=71,
            words=[
                ("Sanctions", "sanctions", "sanctions", 30, "sanctions"),
                ("North Korea", "nk-workers", "dprk", 20, "North Korea"),
                ("crews", "nk-workers", "worker", 10, "workers"),
                ("Khabarovsk", "in-far-east", "rfe", 11, "Khabarovsk"),
            ],
        ),
        an_item(
            4,
            title="サハリンの建設現場に北朝鮮労働者50人",
            text="サハリン州の建設会社は、北朝鮮の労働者50人を受け入れたと明らかにした。"
            "期間は二年とされる。",
            lang="ja",
            outlet="北の海通信",
            feed_id="kitanoumi",
            country="JP",
            points=64,
            published_at=None,
            date_source=DateSource.NONE,
            words=[
                ("北朝鮮", "nk-workers", "dprk", 30, "North Korea"),
                ("労働者", "nk-workers", "worker", 20, "workers"),
                ("サハリン", "in-far-east", "rfe", 14, "Sakhalin"),
            ],
        ),
        an_item(
            5,
            title="朝鲜工人抵达符拉迪沃斯托克工地",
            text="据当地媒体报道，约二百名朝鲜工人本周抵达。他们将在港口附近的工地工作。",
            lang="zh",
            outlet="江东晚报",
            feed_id="jiangdong",
            country="CN",
            points=58,
            text_state=TextState.TITLE_ONLY,
            words=[
                ("朝鲜", "nk-workers", "dprk", 30, "North Korea"),
                ("工人", "nk-workers", "worker", 14, "workers"),
                ("符拉迪沃斯托克", "in-far-east", "rfe", 14, "Vladivostok"),
            ],
        ),
        an_item(
            6,
            title="Sanctions list grows by a firm that rents out crews",
            outlet="Golden Horn Courier",
            feed_id="golden-horn",
            points=66,
        ),
    ]


def a_near_miss() -> Item:
    """Return an item that lacked some points."""
    return an_item(
        40,
        title="Shipyard hires three hundred foreign welders",
        points=38,
        band=Band.QUEUE,
        near_miss=NearMiss(band=Band.DIGEST, short_by=7, missing=("nk-workers",)),
        words=[("foreign", "worker-any", "worker", 38, "workers")],
    )


def a_mixed_coverage() -> Coverage:
    """Return a statement with a feed in every group."""
    return a_coverage(
        *(a_watch(n) for n in range(1, 31)),
        a_watch(
            41,
            title="Vestnik Zaliva",
            is_failing=True,
            good_count=6,
            failing_since=START + timedelta(hours=6),
            last_good_at=START + timedelta(hours=5),
            http_status=403,
            error="forbidden",
        ),
        a_watch(
            42,
            title="Sakhalin Shift",
            gaps=(MissedSpan(since=START, until=START + timedelta(hours=3), estimate=12),),
        ),
        a_watch(43, title="Quiet Coast", state=FeedState.SILENT),
        a_watch(44, title="Never There", poll_count=3, good_count=0, last_good_at=None),
    )
