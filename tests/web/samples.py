"""A small newsroom on paper: about forty items in five languages, written by us, in a real store.

It is filled the way the pipeline fills it: leased feeds, saved polls, then items read and scored.
Scores are made by hand from what a text says, so that these tests hold whatever the rules become.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection, event, inspect, select, table, text

from alerts.press import Press
from alerts.rounds import make_digests
from alerts.sender import Sender
from monitor.core.rules import Entity, Rule, RuleSet
from monitor.core.telling import Delivery, DeliveryResult, Subscriber
from monitor.core.values import (
    Article,
    Band,
    DateSource,
    Decision,
    Entry,
    ErrorCode,
    Fate,
    Feed,
    FeedState,
    Match,
    Nearest,
    NearMiss,
    ReadEntry,
    Score,
    TextState,
    Verdict,
)
from monitor.core.windows import Schedule
from monitor.jobs import Job
from monitor.mailroom import MailRoom
from monitor.ports import Gap, PollRecord, PollStatus, Validators
from store import Store

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OWNER = "samples"
DAY = timedelta(days=1)


@dataclass
class FixedClock:
    """A clock that is set by hand."""

    at: datetime = NOW

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.at


FEEDS = (
    Feed(id="bereg", url="https://bereg.example/rss", title="Берег Амура", lang="ru", country="RU"),
    Feed(
        id="courier", url="https://courier.example/feed", title="The Golden Horn Courier", lang="en"
    ),
    Feed(id="dongbang", url="https://dongbang.example/rss.xml", title="동방노동신문", lang="ko"),
    Feed(id="minato", url="https://minato.example/rdf", title="港湾タイムス", lang="ja"),
    Feed(id="yanbian", url="https://yanbian.example/atom.xml", title="延边晨报", lang="zh"),
    Feed(id="walled", url="https://walled.example/feed", title="The Walled Gazette", lang="en"),
    Feed(id="never-one", url="https://never-one.example/feed", title="Never Answered One"),
    Feed(id="never-two", url="https://never-two.example/feed", title="Never Answered Two"),
    Feed(id="off", url="https://off.example/feed", title="Switched Off", enabled=False),
)

Find = tuple[str, int, str, str]  # rule, points, surface, gloss

# feed, title, text, what is found, uncapped points of the title line
STORIES: tuple[tuple[str, str, str, tuple[Find, ...], int], ...] = (
    (
        "courier",
        "North Korean builders at Patrokl site say manager keeps their passports",
        "Seven North Korean workers on a housing estate above Patrokl Bay have told a Vladivostok "
        "lawyer that their passports were collected on the day they landed.\n"
        "The contractor pays 1,150 dollars a month for each man. The workers are handed about 120.",
        (
            ("nk-workers", 30, "North Korean workers", "North Korean workers"),
            ("passports", 20, "passports were collected", "passports taken"),
            ("in-far-east", 10, "Vladivostok", "Vladivostok"),
            ("wages", 10, "handed about 120", "wages withheld"),
        ),
        15,
    ),
    (
        "bereg",
        "В Хабаровске рухнули строительные леса, погибли трое рабочих из КНДР",
        "Леса на фасаде торгового центра обрушились во вторник около трёх часов дня.\n"
        "Среди погибших граждане КНДР. Рабочие жили в вагончиках, паспорта им не отдали.",
        (
            ("nk-workers", 30, "граждане КНДР. Рабочие", "North Korean workers"),
            ("passports", 15, "паспорта им не отдали", "passports not returned"),
            ("death", 10, "погибших", "deaths"),
        ),
        5,
    ),
    (
        "dongbang",
        "나홋카 수산공장 북한 노동자 40명, 여권 압수된 채 야간 작업",
        "러시아 연해주 나홋카의 한 수산물 가공 공장에서 북한 노동자들이 하루 18시간씩 "
        "일하고 있다고 현지 소식통이 전했다.\n여권은 관리자가 보관하며 외출은 허용되지 않는다.",
        (
            ("nk-workers", 30, "북한 노동자들", "North Korean workers"),
            ("in-far-east", 10, "나홋카", "Nakhodka"),
            ("passports", 20, "여권은 관리자가 보관", "passports kept by the manager"),
            ("hours", 8, "하루 18시간씩", "18 hours a day"),
        ),
        10,
    ),
    (
        "minato",
        "丹東の縫製工場、北朝鮮労働者の賃金を送金か",
        "中国遼寧省丹東市の縫製工場で働く北朝鮮労働者の賃金の大半が本国に送金されていると"
        "関係者が明らかにした。",
        (
            ("nk-workers", 30, "北朝鮮労働者", "North Korean workers"),
            ("wages", 10, "賃金の大半", "most of the wages"),
            ("in-china", 8, "丹東市", "Dandong"),
        ),
        6,
    ),
    (
        "yanbian",
        "珲春服装厂新到一批朝鲜女工",
        "珲春边境合作区一家服装厂上周迎来一批朝鲜女工,人数约二十。工厂负责人拒绝说明用工手续。",
        (
            ("nk-workers", 30, "朝鲜女工", "North Korean women workers"),
            ("in-china", 8, "珲春", "Hunchun"),
        ),
        0,
    ),
    (
        "courier",
        "Sanctions panel asks about student visas",
        "Diplomats say that student visas were used to bring in labour from the DPRK despite "
        "Resolution 2397.",
        (
            ("sanctions", 14, "Resolution 2397", "UN resolution 2397"),
            ("nk", 8, "DPRK", "North Korea"),
        ),
        0,
    ),
    (
        "bereg",
        "Троих мигрантов из Средней Азии задержали на стройке",
        "Полиция проверила стройку на окраине города. Рабочие приехали из Узбекистана.",
        (("workers", 6, "Рабочие", "workers"),),
        0,
    ),
    (
        "dongbang",
        "거제 조선소, 올해 수주 목표 달성",
        "거제의 한 조선소가 올해 수주 목표를 달성했다. 조선소 관계자는 인력 부족을 걱정했다.",
        (("workers", 5, "인력", "workforce"), ("shipyard", -5, "조선소", "shipyard")),
        0,
    ),
)

RULES_HASH = "f00dbeef1234" * 5 + "abcd"
RULES = RuleSet(
    entities=(
        Entity(
            id="dprk",
            label="North Korea",
            terms=(("en", "North Korea"), ("ru", "КНДР"), ("ko", "북한"), ("zh", "朝鲜")),
            exceptions=("북한산", "朝鲜族"),
        ),
        Entity(id="worker", label="workers", terms=(("en", "worker"), ("ko", "노동자"))),
    ),
    rules=(
        Rule(
            id="nk-workers", weight=30, label="North Koreans at work", near=(("dprk",), ("worker",))
        ),
        Rule(id="shipyard", weight=-5, any=("shipyard",), langs=("ko",)),
    ),
)

BANDS = ((75, Band.ALERT), (50, Band.DIGEST), (20, Band.QUEUE), (0, Band.REJECT))


def band_of(points: int) -> Band:
    """Return the band of a score, by the usual thresholds."""
    return next(band for least, band in BANDS if points >= least)


def scored(title: str, text: str, found: tuple[Find, ...], title_points: int = 0) -> Score:
    """Return a score in which every find stands where the text says it."""
    matches = []
    for rule, points, surface, label in found:
        field = "text" if surface in text else "title"
        start = (text if field == "text" else title).index(surface)
        matches.append(
            Match(
                rule=rule,
                points=points,
                field=field,
                entity=rule,
                surface=surface,
                start=start,
                end=start + len(surface),
                label=label,
            )
        )
    if title_points:
        matches.append(Match(rule="title", points=title_points, label="said in the title"))
    raw = sum(match.points for match in matches)
    total = min(100, max(0, raw))
    if total != raw:
        matches.append(Match(rule="cap", points=total - raw))
    band = band_of(total)
    better = {
        Band.REJECT: (Band.QUEUE, 20),
        Band.QUEUE: (Band.DIGEST, 50),
        Band.DIGEST: (Band.ALERT, 75),
    }
    miss = None
    if band in better:
        wanted, least = better[band]
        miss = NearMiss(band=wanted, short_by=least - total, missing=("passports", "wages"))
    nearest = (Nearest(seed="rfa-side-jobs", similarity=0.41, shared=("passports", "Vladivostok")),)
    return Score(
        score=total,
        raw=raw,
        decision=band,
        lang=None,
        matches=tuple(matches),
        nearest=nearest if total >= 50 else (),
        near_miss=miss,
        version="f00dbeef1234+1",
    )


@dataclass(frozen=True)
class Told:
    """One entry to be put through the two transactions, with what its page said."""

    feed: str
    title: str
    text: str
    score: Score
    link: str | None
    at: datetime = NOW - timedelta(hours=2)
    lang: str | None = None
    state: TextState = TextState.FULL
    error: ErrorCode | None = None
    notes: tuple[str, ...] = ()


def told(number: int = 0, *, feed: str = "", **changed: object) -> Told:
    """Return the story of that number; the same eight come round again with a number each."""
    outlet, title, text, found, title_points = STORIES[number % len(STORIES)]
    round_ = number // len(STORIES)
    if round_:
        title = f"{title} ({round_ + 1})"
    feed = feed or outlet
    story = Told(
        feed=feed,
        title=title,
        text=text,
        score=scored(title, text, found, max(0, title_points - 3 * round_)),
        link=f"https://{feed}.example/{2026 - round_}/story-{number}",
        at=NOW - timedelta(minutes=37 * number + 5),
        lang=next(one.lang for one in FEEDS if one.id == feed),
    )
    return replace(story, **changed)  # type: ignore[arg-type]


def entry_of(story: Told, position: int) -> Entry:
    """Return the entry that a feed would show for a story."""
    return Entry(
        guid=story.link or story.title[:200],
        link=story.link,
        title=story.title,
        summary=story.text[:200],
        published_at=story.at,
        date_source=DateSource.FEED,
        position=position,
    )


def poll(
    store: Store,
    feed: str,
    decisions: tuple[Decision, ...] = (),
    *,
    at: datetime = NOW,
    error: ErrorCode | None = None,
    state: FeedState | None = None,
    gap: Gap | None = None,
    unreadable: int = 0,
) -> None:
    """Save one poll of `feed`, as the first transaction does."""
    (leased,) = store.polling.lease_feeds(
        at, owner=OWNER, limit=1, lease_for=timedelta(minutes=5), only=[feed], even_if_not_due=True
    )
    saved = store.polling.save_poll(
        PollRecord(
            leased=leased,
            started_at=at - timedelta(seconds=2),
            finished_at=at,
            status=PollStatus.REJECTED if error else PollStatus.PARSED,
            error=error,
            detail="refused by the test" if error else "",
            http_status=403 if error else 200,
            body_size=0 if error else 20_480,
            decisions=decisions,
            unreadable=unreadable,
            validators=None
            if error
            else Validators(etag=None, last_modified=None, body_hash=f"{at:%H%M}"),
            state=state or (FeedState.FAILING if error else FeedState.OK),
            next_due_at=at + timedelta(hours=1),
            gap=gap,
        )
    )
    assert saved


def publish(store: Store, *stories: Told, at: datetime = NOW) -> list[Fate]:
    """Put stories through both transactions, in the order given; return their final fates."""
    fates: list[Fate] = []
    for story in stories:
        entry = entry_of(story, 0)
        decision = Decision(
            entry=entry,
            fate=Fate.PENDING,
            identity=f"guid:{entry.guid}",
            link=story.link,
            content_hash=f"{hash((story.title, story.text)):x}",
        )
        poll(store, story.feed, (decision,), at=at)
        (pending,) = store.polling.lease_pending(
            at, owner=OWNER, limit=10, lease_for=timedelta(minutes=5)
        )
        article = Article(
            url=story.link or "",
            title=story.title,
            text=story.text,
            state=story.state,
            lang=story.lang,
            published_at=story.at,
            date_source=DateSource.FEED,
            error=story.error,
            notes=story.notes,
        )
        read = ReadEntry(pending=pending, article=article, score=story.score, lang=story.lang)
        fates += store.polling.save_read([read], at)
    return fates


def fill(store: Store, count: int = 40, *, now: datetime = NOW) -> None:
    """Fill a store with feeds in several states and `count` items, some seen in two feeds."""
    store.feeds.sync(FEEDS, now - timedelta(days=3))
    for number in reversed(range(count)):
        story = told(number)
        publish(store, story, at=story.at + timedelta(minutes=2))
    publish(store, replace(told(0), feed="walled"), at=now - timedelta(minutes=20))
    poll(
        store,
        "walled",
        at=now - timedelta(minutes=5),
        error=ErrorCode.FORBIDDEN,
        state=FeedState.BLOCKED,
    )
    poll(
        store,
        "never-one",
        at=now - timedelta(minutes=9),
        error=ErrorCode.DNS_ERROR,
        state=FeedState.UNPROVEN,
    )
    tell(store, now)
    store.rulebooks.save(RULES_HASH, {"rules/30-work.yaml": "rules: [...]\n"}, now - DAY)
    store.rulebooks.apply(RULES_HASH, now=now - DAY, actor="Mina", reason="first rules")
    store.jobs.started("tick", now - timedelta(seconds=40))
    store.jobs.finished("tick", now - timedelta(seconds=38))
    store.jobs.plan("tick", now + timedelta(seconds=20))


def revise(store: Store, story: Told, *, at: datetime) -> None:
    """Let the feed show a story again with another text, as an edited article."""
    entry = entry_of(story, 0)
    key = next(one.key for one in store.feeds.statuses(at) if one.feed.id == story.feed)
    (known,) = store.polling.known_entries(key, [entry.guid or ""])
    decision = Decision(
        entry=entry,
        fate=Fate.PENDING,
        identity=known.identity,
        link=story.link,
        content_hash="changed",
        known=known,
    )
    poll(store, story.feed, (decision,), at=at)
    (pending,) = store.polling.lease_pending(
        at, owner=OWNER, limit=10, lease_for=timedelta(minutes=5)
    )
    article = Article(
        url=story.link or "", title=story.title, text=story.text, state=story.state, lang=story.lang
    )
    read = ReadEntry(pending=pending, article=article, score=story.score, lang=story.lang)
    store.polling.save_read([read], at)


def poll_badly(store: Store, feed: str, *, detail: str) -> None:
    """Save a failed poll with a detail that the server chose."""
    (leased,) = store.polling.lease_feeds(
        NOW, owner=OWNER, limit=1, lease_for=timedelta(minutes=5), only=[feed], even_if_not_due=True
    )
    assert store.polling.save_poll(
        PollRecord(
            leased=leased,
            started_at=NOW,
            finished_at=NOW,
            status=PollStatus.REJECTED,
            error=ErrorCode.SERVER_ERROR,
            detail=detail,
            state=FeedState.FAILING,
            next_due_at=NOW + timedelta(hours=1),
        )
    )


PERSONAL = ("look", "seen")


def contents(store: Store) -> str:
    """Return everything that the store holds of the team's, as one text.

    That a person has looked is their own; opening a page notes it.
    """
    kept = contents_by_table(store)
    return repr({name: rows for name, rows in kept.items() if name not in PERSONAL})


def contents_by_table(store: Store) -> dict[str, str]:
    """Return what every table holds, as text."""
    with store.database.reading() as session:
        connection = session.connection()
        return {
            name: repr(connection.execute(select(text("*")).select_from(table(name))).all())
            for name in inspect(connection).get_table_names()
        }


def break_store(store: Store) -> None:
    """Make every later use of the store fail the way a damaged file does."""
    path = store.database.path
    assert path
    store.close()
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        name.unlink(missing_ok=True)
    path.write_bytes(b"no database at all" * 100)


def stop_writing(store: Store) -> None:
    """Make every later change fail the way a disk does that became read-only."""

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = on")

    event.listen(store.database.engine, "begin", begun)


TRIED = {
    "status": "parsed",
    "error_code": None,
    "http_status": 200,
    "next_poll_s": 3600,
    "mail": "",
    "csv": "",
    "entries": [
        {
            "id": "1",
            "title": "North Korean builders at Patrokl",
            "link": "https://a.example/1",
            "html": "",
            "text": "",
            "published": "2026-11-25T08:00:00+00:00",
            "score": 85,
            "decision": "alert",
        },
        {
            "id": "2",
            "title": "<b>no link</b>",
            "link": "javascript:x",
            "html": "",
            "text": "",
            "published": None,
            "score": 5,
            "decision": "reject",
        },
    ],
}


def tell(store: Store, at: datetime) -> None:
    """Make the digests that are due, for one reader in English."""
    if not store.subscribers.active(at):
        reader = Subscriber(
            key=0,
            address="reader@ngo.example",
            since=at - 2 * DAY,
            schedule=Schedule(times=(time(8, 0),)),
        )
        assert store.subscribers.add(reader)
    sender = Sender(address="watch@ngo.example")
    make_digests(store, at, sender=sender, rules_version="f00dbeef1234")


def leave_pending(store: Store, *, at: datetime) -> None:
    """Let a feed show an entry that nobody reads."""
    entry = Entry(guid="left", link="https://courier.example/left", title="Left behind")
    decision = Decision(
        entry=entry,
        fate=Fate.PENDING,
        identity="guid:left",
        link=entry.link,
        content_hash="left",
    )
    poll(store, "courier", (decision,), at=at)


def refuse_mail(store: Store) -> None:
    """Let the receiving server refuse the mail that waits, for good."""
    outgoing = store.outbox.take(NOW, owner=OWNER, lease_for=timedelta(minutes=5))
    assert outgoing
    result = DeliveryResult(outcome=Delivery.REFUSED, code=550, detail="no such mailbox")
    assert store.outbox.done(outgoing, result, now=NOW, retry_at=None)


TICK = Job(name="tick", every=timedelta(seconds=15), run=lambda: "", what="Asks the feeds.")


def everything(store: Store) -> None:
    """Add what a filled store has not yet: decisions, notes, an edit, a gap, notices, a failure."""
    earlier = NOW - timedelta(minutes=3)
    text = told(0).text.replace("Seven", "Eight")
    edited = replace(told(0), text=text, score=scored(told(0).title, text, STORIES[0][3], 15))
    revise(store, edited, at=earlier)
    leave_pending(store, at=NOW - 2 * DAY)
    gap = Gap(since=earlier - DAY, until=earlier, estimate=12)
    poll(store, "bereg", gap=gap, state=FeedState.GAP, at=earlier)
    for key, verdict in ((1, Verdict.RELEVANT), (2, Verdict.IRRELEVANT), (3, Verdict.ESCALATE)):
        store.verdicts.give(key, verdict, actor="Mina", now=earlier, teach=key == 1, note="noted")
    store.verdicts.undo_last(actor="Mina", now=NOW)
    store.items.claim(5, "Oleg", now=NOW, claim_for=timedelta(minutes=30))
    store.audit.add(
        actor="Mina", action="item.noted", subject="item:1", now=earlier, after={"note": "call"}
    )
    store.notices.raise_once("disk", "var", "little room", NOW)
    store.jobs.started("digests", earlier)
    store.jobs.finished("digests", earlier, error="KeyError: 'x'")
    refuse_mail(store)


def room(store: Store, clock: FixedClock, *, sender: Sender | None = None) -> MailRoom:
    """Return what the pages may ask of the mails."""
    who = sender or Sender(address="watch@ngo.example")
    return MailRoom(
        store=store,
        clock=clock,
        press=lambda: Press(store=store, sender=who, rules_version="f00dbeef1234"),
        operator="operator@ngo.example",
    )


def add_reader(store: Store, address: str) -> Subscriber:
    """Put somebody on the list whose digest is due."""
    found = store.subscribers.add(Subscriber(key=0, address=address, since=NOW - 9 * DAY))
    assert found
    return found
