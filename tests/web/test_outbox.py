"""The outbox page: how every mail stands in plain words, and what a person can do about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mailboxes import Mailbox
from web import samples
from web.visitors import Visitor, find, words

from alerts.rounds import make_digests, send_due
from alerts.sender import Sender
from monitor.core.telling import Delivery, OutboxState
from store import Store

NOW, DAY = samples.NOW, samples.DAY
HOUR = timedelta(hours=1)
SENDER = Sender(address="watch@ngo.example")


def sent(store: Store, answer: Delivery = Delivery.ACCEPTED, *, at: timedelta = HOUR) -> Mailbox:
    """Try what waits."""
    mailbox = Mailbox(answer=lambda message: answer)
    send_due(store, mailbox, NOW + at)
    return mailbox


def state(store: Store) -> OutboxState:
    """Return how the first mail stands."""
    line = store.outbox.line(1)
    assert line
    return line.state


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "waiting to be sent · waiting since 25 Nov 2026, 09:00 UTC · next attempt now"),
        (Delivery.ACCEPTED, "sent · 25 Nov 2026, 10:00 UTC · 1 attempt 250 said so"),
        (Delivery.RETRY, "waiting to be sent · waiting since"),
        (Delivery.MAYBE, "perhaps delivered: the answer was lost · waiting since"),
        (Delivery.REFUSED, "refused by the receiver · 1 attempt 250 said so"),
    ],
)
def test_each_mail_says_how_it_stands(
    filled: Store, visitor: Visitor, answer: Delivery | None, said: str
) -> None:
    """State, since when, attempts, and the last answer of the server."""
    if answer is not None:
        sent(filled, answer)
    row = words(find(visitor.page("/outbox"), "table.list tbody tr")[0])

    assert said in row


def test_mails_are_counted_and_filtered(filled: Store, visitor: Visitor) -> None:
    """Counts lead to lists; what is not a state or kind shows everything."""
    sent(filled)
    counts = words(find(visitor.page("/outbox"), "ul.counts")[0])
    rows = {
        query: len(find(visitor.page(f"/outbox{query}"), "table.list tbody tr"))
        for query in ("?state=sent", "?state=refused", "?kind=digest", "?kind=alert",
                      "?state=zzz&kind=zzz&before=zzz", "?before=1", "?before=" + "9" * 40)
    }  # fmt: skip

    assert counts == "1 all 1 sent"
    assert list(rows.values()) == [1, 0, 1, 0, 1, 0, 1]


def test_a_mail_that_waits_can_be_tried_now(filled: Store, visitor: Visitor) -> None:
    """Instead of at its next turn."""
    sent(filled, Delivery.RETRY, at=timedelta())
    answer = visitor.post("/mails/1/hurry", {})
    line = filled.outbox.line(1)

    assert answer.headers["location"] == "/mails/1?done=hurried"
    assert line
    assert line.due_at == NOW


def test_giving_up_needs_a_reason(filled: Store, visitor: Visitor) -> None:
    """Without one nothing happens; with one the reason is the last word on the mail."""
    visitor.post("/mails/1/give-up", {})
    still = state(filled)
    visitor.post("/mails/1/give-up", {"reason": "the server is gone"})
    line = filled.outbox.line(1)

    assert still is OutboxState.WAITING
    assert line
    assert (line.state, line.detail) == (OutboxState.WITHDRAWN, "analyst: the server is gone")


def test_what_never_went_out_is_told_by_the_next_digest(filled: Store, visitor: Visitor) -> None:
    """A digest given up before any server had it gives its items back."""
    (first,) = filled.digests.list()
    held = filled.approvals.digest(first.key)
    assert held
    told = {one.item.key for one in held.items}
    sent(filled, Delivery.RETRY)
    visitor.post("/mails/1/give-up", {"reason": "x"})
    make_digests(filled, NOW + DAY, sender=SENDER)
    second = filled.approvals.digest(first.key + 1)

    assert second
    assert told <= {one.item.key for one in second.items}


def test_what_may_have_arrived_is_not_told_again(filled: Store, visitor: Visitor) -> None:
    """After a lost answer the items keep their places."""
    sent(filled, Delivery.MAYBE)
    visitor.post("/mails/1/give-up", {"reason": "x"})
    held = filled.approvals.digest(1)

    assert state(filled) is OutboxState.GIVEN_UP
    assert held
    assert held.items


def test_a_mail_is_sent_again_byte_for_byte(filled: Store, visitor: Visitor) -> None:
    """The same Message-ID, Date and text, to the same reader, once."""
    before = sent(filled).handed
    visitor.post("/mails/1/again", {})
    after = sent(filled, at=2 * HOUR).handed
    nothing = sent(filled, at=3 * HOUR).handed

    assert [one.raw for one in after] == [one.raw for one in before]
    assert nothing == []
    assert [one.action for one in filled.audit.list(subject="mail:1")] == ["mail.sent_again"]


def test_a_mail_is_not_sent_again_to_who_left_or_moved(filled: Store, visitor: Visitor) -> None:
    """It was written to an address; another one, or none, gets nothing."""
    sent(filled)
    (one,) = filled.subscribers.list()
    filled.subscribers.remove(one.key)
    answer = visitor.post("/mails/1/again", {})

    assert answer.headers["location"] == "/mails/1?done=late"
    assert state(filled) is OutboxState.SENT
    assert not find(visitor.page("/mails/1"), "form[action='/mails/1/again']")


@pytest.mark.parametrize("deed", ["hurry", "give-up", "again", "retry"])
def test_deeds_that_do_not_fit_change_nothing(filled: Store, visitor: Visitor, deed: str) -> None:
    """A form that is older than the mail's state does nothing and says so."""
    sent(filled, Delivery.ACCEPTED if deed != "again" else Delivery.REFUSED)
    before = samples.contents(filled)
    answer = visitor.post(f"/mails/1/{deed}", {"reason": "x"})

    assert answer.headers["location"] == "/mails/1?done=late"
    assert samples.contents(filled) == before
    assert "stands differently by now" in words(visitor.page("/mails/1?done=late"))
