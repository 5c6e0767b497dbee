"""Immediate mails on every engine: each item considered once for each subscriber."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes

from builders import HOUR, NOW, a_score, an_entry
from storesteps import follow, keep
from tellings import SENDER, a_subscriber

from alerts.rounds import make_digests
from alerts.urgent import AlertReport, make_alerts
from monitor.core.telling import MessageKind, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.values import Band
from store import Store

MINUTE = timedelta(minutes=1)


def reader(store: Store, number: int = 1, **changes: object) -> Subscriber:
    """Add a reader who wants alerts."""
    given = {"since": NOW - 10 * HOUR, "alerts": True} | changes
    kept = store.subscribers.add(a_subscriber(number, **given))
    assert kept is not None
    return kept


def alarm(store: Store, number: int, *, after: timedelta = timedelta(), **changes: object) -> int:
    """Keep an item of the band `alert`, and return its key."""
    given = {"points": 92, "band": Band.ALERT} | changes
    (item,) = keep(store, an_entry(number), now=NOW + after, **given)  # type: ignore[arg-type]
    return item.key


def alert(store: Store, after: timedelta = timedelta()) -> AlertReport:
    """Make the alerts of a moment."""
    return make_alerts(store, NOW + after, sender=SENDER)


def subjects(store: Store) -> list[str]:
    """Return the subjects of the alerts, oldest first."""
    lines = [line for line in store.outbox.list() if line.kind is MessageKind.ALERT]
    return [line.subject for line in reversed(lines)]


def test_an_alert_is_told_once_to_those_who_want_it(store: Store) -> None:
    """At once, once, and not to readers of digests alone, nor for backfill or lower bands."""
    follow(store)
    reader(store, 1)
    reader(store, 2, alerts=False)
    alarm(store, 1)
    alarm(store, 2, is_backfill=True)
    alarm(store, 3, points=50, band=Band.DIGEST)

    reports = [alert(store), alert(store), alert(store, 30 * MINUTE)]

    assert [report.mails for report in reports] == [1, 0, 0]
    assert subjects(store) == ["[ALERT 92] Report 1"]


def test_alerts_that_come_too_fast_are_told_together(store: Store) -> None:
    """Within the pace items wait; the next mail tells them all."""
    follow(store)
    reader(store)
    alarm(store, 1)
    alert(store)
    for number in (2, 3, 4):
        alarm(store, number, after=number * MINUTE)

    held = alert(store, 5 * MINUTE)
    told = alert(store, 21 * MINUTE)

    assert (held.mails, held.waiting) == (0, 1)
    assert (told.mails, told.items) == (1, 3)
    assert subjects(store)[1].endswith(" + 2 more")


def test_a_reprint_of_what_was_alerted_is_left_to_the_digest(store: Store) -> None:
    """The tenth copy of a report is no reason to interrupt anybody."""
    follow(store, 2)
    reader(store)
    title = "Sanctions list grows by a firm"
    (first,) = keep(store, an_entry(1, title=title), points=92, band=Band.ALERT)
    alert(store)
    keep(
        store, an_entry(2, title=title + "!"), number=2, points=92, band=Band.ALERT,
        now=NOW + 30 * MINUTE,
    )  # fmt: skip

    report = alert(store, 31 * MINUTE)

    assert (report.mails, report.left) == (0, 1)
    assert first.key
    assert alert(store, 32 * MINUTE) == AlertReport()


def test_what_was_alerted_is_in_the_digest_all_the_same(store: Store) -> None:
    """Who reads the digest alone misses nothing."""
    follow(store)
    reader(store)
    key = alarm(store, 1, after=-3 * HOUR)
    alert(store, -2 * HOUR)

    make_digests(store, NOW, sender=SENDER)

    assert len(store.digests.places(key)) == 1
    assert len(store.outbox.list()) == 2


def test_stale_alarms_do_not_wake_anyone(store: Store) -> None:
    """After an outage of two days old alarms are for the digest."""
    follow(store)
    reader(store, since=NOW - 99 * HOUR)
    alarm(store, 1, after=-48 * HOUR)

    assert alert(store) == AlertReport()


def test_an_alert_on_what_a_digest_told_is_shown_under_it(store: Store) -> None:
    """A report that rises after it was told updates that mail: its headers name it, and only it."""
    follow(store)
    subscriber = reader(store, since=NOW - 30 * HOUR)
    key = alarm(store, 1, points=60, band=Band.DIGEST)
    other = alarm(store, 2, after=2 * HOUR)
    make_digests(store, NOW + 24 * HOUR - 30 * MINUTE, sender=SENDER)
    (digest,) = store.outbox.list()
    store.items.rescore(key, a_score(95, decision=Band.ALERT))
    make_alerts(store, NOW + 20 * HOUR, sender=SENDER)

    (line,) = [one for one in store.outbox.list() if one.kind is MessageKind.ALERT]
    message = store.outbox.message(line.key)
    assert message is not None
    mail = message_from_bytes(message.raw)
    assert mail["In-Reply-To"] == mail["References"] == digest.message_id
    assert store.alerts.told_in(subscriber, [other + 100]) is None


def test_what_is_marked_above_the_clearance_is_no_alert_until_the_mark_is_lowered(
    store: Store,
) -> None:
    """It waits: told neither at once nor in the digest, and counted there."""
    follow(store)
    reader(store, since=NOW - 30 * HOUR)
    reader(store, 2, since=NOW - 30 * HOUR, clearance=Tlp.AMBER)
    key = alarm(store, 1)
    assert store.marks.set(key, Tlp.AMBER) is Tlp.CLEAR

    first = make_alerts(store, NOW, sender=SENDER)
    make_digests(store, NOW + 24 * HOUR - 30 * MINUTE, sender=SENDER)
    mails = {line.recipient: line.subject for line in store.outbox.list()}
    store.marks.set(key, Tlp.CLEAR)
    second = make_alerts(store, NOW + 23 * HOUR, sender=SENDER)

    assert (first.mails, second.mails) == (1, 1)
    assert "Report 1" not in mails["reader1@ngo.example"]
    assert mails["reader2@ngo.example"].startswith("[TLP:AMBER] ")


def test_a_mark_that_comes_with_a_tip_holds_from_the_first_moment(store: Store) -> None:
    """Kept under the address before there is an item, and never made milder by a second tip."""
    follow(store)
    link = an_entry(1).link
    assert link is not None
    store.marks.expect(link, Tlp.AMBER_STRICT, NOW)
    store.marks.expect(link, Tlp.GREEN, NOW)
    key = alarm(store, 1)

    born = store.items.get(key)
    store.marks.expect(link, Tlp.RED, NOW)
    after = store.items.get(key)

    assert born is not None
    assert after is not None
    assert (born.tlp, after.tlp) == (Tlp.AMBER_STRICT, Tlp.RED)
    assert store.marks.set(10**12, Tlp.RED) is None
