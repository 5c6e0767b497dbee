"""The outbox on every engine: one attempt at a time, and each attempt's end is written down."""

from __future__ import annotations

import threading
from datetime import timedelta
from email.headerregistry import Address

import pytest
from builders import HOUR, NOW
from storesteps import follow
from tellings import SENDER, a_subscriber

from alerts.message import build
from alerts.rounds import make_digests
from monitor.core.delivery import GIVE_UP_AFTER, next_attempt, state_after
from monitor.core.telling import (
    Delivery,
    DeliveryResult,
    Message,
    MessageKind,
    OutboxState,
    Outgoing,
)
from store import Store, open_store

MINUTE = timedelta(minutes=1)
RESULTS = {
    outcome: DeliveryResult(outcome=outcome, code=450, detail="said") for outcome in Delivery
}


def a_message(number: int = 1) -> Message:
    """Return a finished message."""
    return build(
        kind=MessageKind.DIGEST,
        sender=Address("Watch", "watch", "ngo.example"),
        recipient=f"reader{number}@ngo.example",
        subject=f"Digest {number}: 북한 노동자",
        text="A text with\n.a dot\n",
        html="<p>A text</p>",
        date=NOW,
        message_id=f"<digest.{number}@ngo.example>",
    )


def put(store: Store, *numbers: int) -> list[int]:
    """Put messages into the outbox."""
    return [store.outbox.add(a_message(number), now=NOW) or 0 for number in numbers]


def take(store: Store, after: timedelta = timedelta(), owner: str = "a") -> Outgoing:
    """Take the next message, which must be there."""
    found = store.outbox.take(NOW + after, owner=owner, lease_for=20 * MINUTE)
    assert found is not None
    return found


def end(store: Store, outgoing: Outgoing, outcome: Delivery, after: timedelta) -> bool:
    """Write the end of an attempt as a round of sending does."""
    now = NOW + after
    result = RESULTS[outcome]
    retry_at = next_attempt(
        result, attempt=outgoing.attempt, created_at=outgoing.created_at, now=now
    )
    return store.outbox.done(outgoing, result, now=now, retry_at=retry_at)


def test_a_message_comes_back_byte_for_byte(store: Store) -> None:
    """What is sent is what was composed, however often it is taken."""
    put(store, 1)

    first = take(store)
    end(store, first, Delivery.RETRY, timedelta())
    second = take(store, after=HOUR)

    assert first.message == second.message == a_message(1)
    assert (first.attempt, second.attempt) == (1, 2)


def test_a_message_id_is_in_the_outbox_once(store: Store) -> None:
    """Composing again cannot send again."""
    assert put(store, 1, 1)[1] == 0
    assert len(store.outbox.list()) == 1


def test_a_message_is_taken_by_one_at_a_time(store: Store) -> None:
    """Oldest due first; what another holds is not given out."""
    keys = put(store, 1, 2)

    taken = [take(store).key, take(store, owner="b").key]

    assert taken == keys
    assert store.outbox.take(NOW, owner="c", lease_for=HOUR) is None


@pytest.mark.parametrize(
    ("outcome", "state", "comes_back"),
    [
        (Delivery.ACCEPTED, OutboxState.SENT, False),
        (Delivery.REFUSED, OutboxState.REFUSED, False),
        (Delivery.RETRY, OutboxState.WAITING, True),
        (Delivery.NOT_CONFIGURED, OutboxState.WAITING, True),
        (Delivery.MAYBE, OutboxState.MAYBE_DELIVERED, True),
    ],
)
def test_each_end_of_an_attempt_has_its_state(
    store: Store, outcome: Delivery, state: OutboxState, comes_back: bool
) -> None:
    """Sent and refused are over; the rest is tried again, and the server's words are kept."""
    put(store, 1)

    assert end(store, take(store), outcome, timedelta())

    (line,) = store.outbox.list()
    assert (line.state, line.code, line.detail) == (state, 450, "said")
    assert (line.sent_at is not None) == (outcome is Delivery.ACCEPTED)
    assert line.doubt_count == (outcome is Delivery.MAYBE)
    again = store.outbox.take(NOW + HOUR, owner="a", lease_for=HOUR)
    assert (again is not None) is comes_back
    assert store.outbox.counts()[OutboxState.SENDING] == int(comes_back)


def test_an_attempt_whose_process_died_is_repeated_and_counted(store: Store) -> None:
    """Nobody knows whether the server had it: the lease runs out and the doubt is written down."""
    put(store, 1)
    dead = take(store)
    assert store.outbox.take(NOW + 19 * MINUTE, owner="b", lease_for=HOUR) is None

    again = take(store, after=21 * MINUTE, owner="b")

    assert (again.attempt, again.doubt_count) == (2, 1)
    assert again.message.raw == dead.message.raw
    # The dead one comes back to life: its word no longer counts.
    assert not end(store, dead, Delivery.REFUSED, 22 * MINUTE)
    assert end(store, again, Delivery.ACCEPTED, 22 * MINUTE)
    assert store.outbox.list()[0].state is OutboxState.SENT


def test_a_lease_from_a_wrong_clock_does_not_hold_for_years(store: Store) -> None:
    """A lease that ends far beyond its own length was written under a clock that ran ahead."""
    put(store, 1)
    store.outbox.take(NOW + timedelta(days=400), owner="a", lease_for=20 * MINUTE)

    assert take(store).attempt == 2


def test_threads_never_take_the_same_message(shared_url: str) -> None:
    """Four senders on one outbox: each message is handed out once."""
    taken: list[int] = []
    with open_store(shared_url) as store:
        keys = put(store, *range(1, 25))

        def work() -> None:
            with open_store(shared_url) as mine:
                while (found := mine.outbox.take(NOW, owner="x", lease_for=HOUR)) is not None:
                    taken.append(found.key)
                    mine.outbox.done(found, RESULTS[Delivery.ACCEPTED], now=NOW, retry_at=None)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(taken) == keys
        assert store.outbox.counts()[OutboxState.SENT] == 24


def test_overdue_messages_are_listed_and_old_ones_can_be_tried_again(store: Store) -> None:
    """An hour late is overdue; what was given up can be sent by a person's decision."""
    first, second = put(store, 1, 2)
    end(store, take(store), Delivery.REFUSED, timedelta())

    assert [line.key for line in store.outbox.overdue(NOW + 2 * HOUR)] == [second]
    assert store.outbox.overdue(NOW + HOUR) == []
    assert store.outbox.retry(first, NOW + HOUR)
    assert not store.outbox.retry(first, NOW + HOUR)
    assert [take(store, after=HOUR).key for _ in range(2)] == [second, first]


def test_a_message_belongs_to_its_subscriber(store: Store) -> None:
    """Refusals are counted for the person, so the outbox knows whose message it is."""
    who = store.subscribers.add(a_subscriber())
    assert who is not None
    store.outbox.add(a_message(1), now=NOW, subscriber_key=who.key)

    assert take(store).subscriber_key == who.key


def test_a_held_message_waits_for_an_editor_but_not_for_ever(store: Store) -> None:
    """Approved it goes at once, withdrawn never, and forgotten it goes when its time is over."""
    follow(store)
    for number in (1, 2, 3):
        store.subscribers.add(a_subscriber(number, since=NOW - 99 * HOUR))
    make_digests(store, NOW, sender=SENDER, hold_for=2 * HOUR)
    first, second, third = sorted(line.key for line in store.outbox.list())
    assert store.outbox.take(NOW + HOUR, owner="a", lease_for=HOUR) is None

    assert store.outbox.approve(second, NOW + HOUR)
    assert store.approvals.withdraw(third, NOW + HOUR, detail="no")

    approved = take(store, after=HOUR)
    assert approved.key == second
    assert end(store, approved, Delivery.ACCEPTED, HOUR)
    assert store.outbox.take(NOW + HOUR, owner="a", lease_for=HOUR) is None
    forgotten = take(store, after=2 * HOUR)
    assert forgotten.key == first
    assert end(store, forgotten, Delivery.ACCEPTED, 2 * HOUR)
    assert store.outbox.take(NOW + 99 * HOUR, owner="a", lease_for=HOUR) is None
    assert not store.outbox.approve(third, NOW)
    assert store.outbox.counts()[OutboxState.WITHDRAWN] == 1


# ---------------------------------------------------------------- the plan


def test_retries_grow_and_end_after_five_days() -> None:
    """1, 5, 15 minutes, then hours; never longer than four; over after five days."""
    retry = RESULTS[Delivery.RETRY]
    at, waits = NOW, []
    attempt = 0
    while True:
        attempt += 1
        due = next_attempt(retry, attempt=attempt, created_at=NOW, now=at)
        if due is None:
            break
        waits.append((due - at) / MINUTE)
        at = due

    assert waits[:6] == [1, 5, 15, 60, 120, 240]
    assert set(waits[6:]) == {240}
    assert GIVE_UP_AFTER < at - NOW < GIVE_UP_AFTER + 5 * HOUR
    assert state_after(retry, retry_at=None) is OutboxState.GIVEN_UP


def test_our_own_fault_never_gives_up_and_doubt_waits() -> None:
    """A wrong password must not cost a digest; a second copy may come, but not at once."""
    later = NOW + timedelta(days=300)

    ours = next_attempt(RESULTS[Delivery.NOT_CONFIGURED], attempt=900, created_at=NOW, now=later)
    doubt = next_attempt(RESULTS[Delivery.MAYBE], attempt=1, created_at=NOW, now=NOW)

    assert ours == later + 15 * MINUTE
    assert doubt == NOW + 15 * MINUTE
