"""Rounds of sending: an outage costs one attempt, a lost address is told, nothing is told twice."""

from __future__ import annotations

from datetime import timedelta

from builders import NOW
from mailboxes import Mailbox
from storesteps import follow
from tellings import PUBLIC, SENDER, a_subscriber

from alerts.operators import make_notices
from alerts.rounds import make_digests, send_due
from monitor.core.telling import Delivery, MessageKind, OutboxState
from store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def told(store: Store, readers: int = 3) -> None:
    """Make the (blind) digests of so many readers."""
    follow(store)
    for number in range(1, readers + 1):
        store.subscribers.add(a_subscriber(number, since=NOW - 5 * DAY))
    make_digests(store, NOW, sender=SENDER)


def kinds(store: Store) -> list[str]:
    """Return the kinds of the open notices."""
    return [notice.kind for notice in store.notices.open()]


def test_everything_due_is_sent_once(store: Store) -> None:
    """One round sends all, the next one nothing, and the connection is closed."""
    told(store)
    mailbox = Mailbox()

    first = send_due(store, mailbox, NOW)
    second = send_due(store, mailbox, NOW + HOUR)

    assert (str(first), str(second)) == ("3 sent", "0 sent")
    assert len({message.message_id for message in mailbox.handed}) == len(mailbox.handed) == 3
    assert mailbox.closed == 2


def test_an_outage_costs_one_attempt_a_round(store: Store) -> None:
    """When nobody answers, the other messages are not even tried; an hour later it is told."""
    told(store)
    away = Mailbox(answer=lambda message: Delivery.RETRY, code=None)

    send_due(store, away, NOW)
    assert (len(away.handed), kinds(store)) == (1, [])
    send_due(store, away, NOW + 2 * HOUR)

    assert len(away.handed) == 2
    assert kinds(store) == ["mail.late"]
    assert str(send_due(store, Mailbox(), NOW + 9 * HOUR)) == "3 sent"
    assert kinds(store) == []


def test_our_own_fault_is_told_until_it_is_mended(store: Store) -> None:
    """A wrong password stops the round, is told once, and costs nobody a digest."""
    told(store)
    wrong = Mailbox(answer=lambda message: Delivery.NOT_CONFIGURED, code=535)

    for _ in range(2):
        send_due(store, wrong, NOW)
        assert kinds(store) == ["mail.server"]
    assert len(wrong.handed) == 2
    assert str(send_due(store, Mailbox(), NOW + HOUR)) == "3 sent"

    assert kinds(store) == []


def test_an_address_that_refuses_three_digests_gets_no_more(store: Store) -> None:
    """Refused is over for the message; three in a row are over for the address, and told."""
    told(store, readers=2)
    refuses = Mailbox(
        answer=lambda message: (
            Delivery.REFUSED if message.recipient.startswith("reader1@") else Delivery.ACCEPTED
        ),
        code=550,
    )
    reports = []
    for day in range(4):
        make_digests(store, NOW + day * DAY, sender=SENDER)
        reports.append(send_due(store, refuses, NOW + day * DAY))

    assert [report.refused for report in reports] == [1, 1, 1, 0]
    assert reports[2].paused == ["reader1@ngo.example"]
    assert [one.address for one in store.subscribers.active(NOW)] == ["reader2@ngo.example"]
    assert kinds(store) == ["mail.paused"]


def test_a_message_nobody_takes_is_given_up_and_told(store: Store) -> None:
    """After five days of "later" the operator hears of it."""
    told(store, readers=1)
    later = Mailbox(answer=lambda message: Delivery.RETRY, code=450)

    for hour in range(0, 6 * 24, 5):
        send_due(store, later, NOW + hour * HOUR)

    assert store.outbox.counts()[OutboxState.GIVEN_UP] == 1
    assert kinds(store) == ["mail.given_up"]


def test_the_operator_is_mailed_each_notice_once(store: Store) -> None:
    """New notices go out together, once; hostile detail stays in its place."""
    store.notices.raise_once("mail.server", "server", "said\r\nBcc: x@evil.example <b>no</b>", NOW)
    store.notices.raise_once("feed.silent", "feed:a", "quiet since Monday", NOW)

    counts = [
        make_notices(store, NOW + minute * HOUR, sender=PUBLIC, operator="op@ngo.example")
        for minute in range(2)
    ]
    store.notices.raise_once("feed.silent", "feed:b", "quiet too", NOW)
    counts.append(make_notices(store, NOW, sender=PUBLIC, operator="op@ngo.example"))

    assert counts == [2, 0, 1]
    lines = store.outbox.list()
    assert {line.kind for line in lines} == {MessageKind.NOTICE}
    first = store.outbox.take(NOW + DAY, owner="a", lease_for=HOUR)
    assert first is not None
    said = {first.message.subject, lines[0].subject, lines[1].subject}
    assert said == {
        "[Dispatch Watch] said Bcc: x@evil.example <b>no</b> + 1 more",
        "[Dispatch Watch] quiet too",
    }
    both = [store.outbox.message(line.key) for line in lines]
    assert all(message is not None and "<b>no" not in message.html for message in both)


def test_erasing_a_reader_erases_what_operators_were_told_of_them(store: Store) -> None:
    """The address is in no notice either."""
    told(store, readers=1)
    refuses = Mailbox(answer=lambda message: Delivery.REFUSED, code=550)
    for day in range(3):
        make_digests(store, NOW + day * DAY, sender=SENDER)
        send_due(store, refuses, NOW + day * DAY)
    assert kinds(store) == ["mail.paused"]

    store.subscribers.erase(store.subscribers.list()[0].key)

    assert kinds(store) == []
