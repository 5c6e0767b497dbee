"""Signing up by oneself: one question, one button, and the same answer whatever is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest
from web import samples
from web.visitors import Visitor, tree, words

from alerts.sender import Sender
from monitor.core.telling import MessageKind, OutboxState, Subscriber
from monitor.core.windows import Schedule
from store import Store

NOW = samples.NOW
HOUR = timedelta(hours=1)
SENDER = Sender(
    address="watch@ngo.example",
    contact="desk@ngo.example",
    public_url="https://watch.ngo.example",
    secret=b"a secret for tests of the pages of sign-up",
    has_reader_pages=True,
)
FORM = {"address": "new@ngo.example", "language": "ko", "zone": "Asia/Seoul", "at": "07:00",
        "days": "weekdays"}  # fmt: skip


@pytest.fixture
def clock() -> samples.FixedClock:
    """A clock that tests move."""
    return samples.FixedClock()


@pytest.fixture
def public(store: Store, clock: samples.FixedClock, visiting: Callable[..., Visitor]) -> Visitor:
    """Somebody who comes to the public address of a house that lets people sign up."""
    visitor = visiting(
        sender=SENDER,
        allowed_hosts=["watch.ngo.example"],
        edit_mails=samples.room(store, clock, sender=SENDER),
        self_signup=True,
    )
    visitor.base = "https://watch.ngo.example"
    return visitor


def asked(store: Store) -> list[str]:
    """Return to whom questions were sent, oldest first."""
    return [one.recipient for one in store.outbox.list(kinds=(MessageKind.CONFIRM,))][::-1]


def link(store: Store) -> str:
    """Return the path of the link in the newest question."""
    message = store.outbox.message(store.outbox.list(kinds=(MessageKind.CONFIRM,))[0].key)
    assert message
    found = re.search(r"https://watch\.ngo\.example(/mail/\S+)", message.text)
    assert found
    return found[1]


def test_a_question_and_its_answer_put_an_address_on_the_list(
    store: Store, public: Visitor, clock: samples.FixedClock
) -> None:
    """Nothing before the button; then exactly what was wished, from that moment on."""
    public.page("/mail/subscribe")
    answer = public.post("/mail/subscribe", FORM)
    nobody = store.subscribers.list()
    clock.at = NOW + HOUR
    shown = public.page(link(store))
    public.get(link(store))
    still_nobody = store.subscribers.list()
    done = public.post(link(store), {"confirm": "yes"})
    (one,) = store.subscribers.list()

    assert answer.status_code == 200
    assert nobody == still_nobody == []
    assert shown.get("lang") == "ko"
    assert done.status_code == 200
    assert one == Subscriber(
        key=one.key,
        address="new@ngo.example",
        language="ko",
        schedule=Schedule(zone="Asia/Seoul", times=(time(7),), days=(0, 1, 2, 3, 4)),
        since=NOW + HOUR,
        confirmed_at=NOW + HOUR,
    )
    assert [line.action for line in store.audit.list()] == ["subscriber.confirmed"]
    assert "ngo.example" not in repr(store.audit.list())


def test_the_page_is_there_only_where_it_was_opened(visiting: Callable[..., Visitor]) -> None:
    """Off by default: the address answers like any wrong link, and takes nothing."""
    closed = visiting(sender=SENDER, allowed_hosts=["watch.ngo.example"])
    bare = visiting(self_signup=True)

    assert closed.get("/mail/subscribe").status_code == 404
    assert closed.post("/mail/subscribe", FORM).status_code == 404
    assert bare.get("/mail/subscribe").status_code == 404


def test_the_answer_tells_nothing_of_who_is_on_the_list(
    store: Store, public: Visitor, clock: samples.FixedClock
) -> None:
    """New, known, departed and too often asked: the same bytes; a known one gets another mail."""
    store.subscribers.add(Subscriber(key=0, address="known@ngo.example", since=NOW))
    gone = store.subscribers.add(Subscriber(key=0, address="gone@ngo.example", since=NOW))
    assert gone
    store.subscribers.remove(gone.key)
    answers = [
        public.post("/mail/subscribe", FORM | {"address": address}).content
        for address in ("new@ngo.example", "known@ngo.example", "gone@ngo.example",
                        "new@ngo.example")
    ]  # fmt: skip
    mails = [store.outbox.message(one.key) for one in store.outbox.list()][::-1]

    assert len(set(answers)) == 1
    assert asked(store) == ["new@ngo.example", "known@ngo.example", "gone@ngo.example"]
    assert ["/mail/confirm." in mail.text for mail in mails if mail] == [True, False, True]
    assert ["/mail/settings." in mail.text for mail in mails if mail] == [False, True, False]


def test_nobody_is_flooded_with_questions(
    store: Store, public: Visitor, clock: samples.FixedClock
) -> None:
    """One address: a quarter of an hour apart, three in two days. One origin: ten an hour."""
    for minutes in (0, 5, 16, 40, 60, 90):
        clock.at = NOW + timedelta(minutes=minutes)
        public.post("/mail/subscribe", FORM)
    to_one = len(asked(store))
    clock.at = NOW + timedelta(hours=10)
    for number in range(20):
        public.post("/mail/subscribe", FORM | {"address": f"other{number}@ngo.example"})
    from_one = len(asked(store)) - to_one
    clock.at = NOW + timedelta(hours=50)
    public.post("/mail/subscribe", FORM)

    assert (to_one, from_one) == (3, 10)
    assert asked(store)[-1] == "new@ngo.example"


def test_an_unconfirmed_address_is_forgotten(
    store: Store, public: Visitor, clock: samples.FixedClock
) -> None:
    """After two days neither the wish nor the mail that asked is kept."""
    public.post("/mail/subscribe", FORM)
    clock.at = NOW + timedelta(hours=49)
    public.post("/mail/subscribe", FORM | {"address": "somebody.else@ngo.example"})

    assert "new@ngo.example" not in samples.contents(store)


@pytest.mark.parametrize("hours", [49, 24 * 90])
def test_a_link_is_good_for_two_days(
    store: Store, public: Visitor, clock: samples.FixedClock, hours: int
) -> None:
    """Later it is a link that cannot be used, and changes nothing."""
    public.post("/mail/subscribe", FORM)
    path = link(store)
    clock.at = NOW + timedelta(hours=hours)

    assert public.get(path).status_code == 404
    assert public.post(path, {"confirm": "yes"}).status_code == 404
    assert store.subscribers.list() == []


def test_a_link_repeats_nothing(store: Store, public: Visitor, clock: samples.FixedClock) -> None:
    """Whoever left after confirming is not put back by the same link, nor robbed of choices."""
    public.post("/mail/subscribe", FORM)
    path = link(store)
    public.post(path, {"confirm": "yes"})
    (one,) = store.subscribers.list()
    store.subscribers.change(one, replace(one, language="ru"))
    public.post(path, {"confirm": "yes"})
    changed = store.subscribers.get(one.key)
    store.subscribers.remove(one.key)
    last = public.post(path, {"confirm": "yes"})
    gone = store.subscribers.get(one.key)

    assert changed == replace(one, language="ru")
    assert gone
    assert not gone.is_active
    assert "desk@ngo.example" in words(tree(last))


def test_a_departed_reader_comes_back_by_confirming(
    store: Store, public: Visitor, clock: samples.FixedClock
) -> None:
    """With the wishes of now, from now on, and with a clean record."""
    old = store.subscribers.add(
        Subscriber(key=0, address="new@ngo.example", since=NOW - 9 * samples.DAY, bounce_count=3,
                   is_active=False)
    )  # fmt: skip
    assert old
    public.post("/mail/subscribe", FORM)
    public.post(link(store), {"confirm": "yes"})
    back = store.subscribers.get(old.key)

    assert back
    assert (back.is_active, back.bounce_count, back.since) == (True, 0, NOW)
    assert (back.language, back.schedule.zone) == ("ko", "Asia/Seoul")


def test_links_for_other_purposes_confirm_nothing(store: Store, public: Visitor) -> None:
    """A settings link with its first word changed is no confirmation; a forged one neither."""
    public.post("/mail/subscribe", FORM)
    path = link(store)
    forged = [
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path.replace("/confirm.", "/settings."),
        path.replace("/confirm.", "/unsubscribe."),
        "/mail/confirm.1-0000000000.9999999999." + "A" * 32,
    ]

    assert [public.post(one, {"confirm": "yes"}).status_code for one in forged] == [404] * 4
    assert store.subscribers.list() == []


@pytest.mark.parametrize(
    "wrong",
    [{"address": "new@"}, {"zone": "Mars"}, {"at": "7"}, {"days": "never"}, {"language": "xx"}],
)
def test_a_form_that_cannot_be_taken_is_shown_again(
    store: Store, public: Visitor, wrong: dict[str, str]
) -> None:
    """422, nothing is kept or sent."""
    answer = public.post("/mail/subscribe", FORM | wrong)

    assert answer.status_code == 422
    assert store.outbox.counts()[OutboxState.WAITING] == 0


def test_where_somebody_comes_from_is_kept_as_a_hash(store: Store, public: Visitor) -> None:
    """No network address stands in the database."""
    public.post("/mail/subscribe", FORM)

    assert "127.0.0.1" not in samples.contents(store)


def test_a_reader_changes_time_language_and_quiet_days(
    store: Store, public: Visitor, clock: samples.FixedClock
) -> None:
    """From the settings page, each alone, and nothing else of them is touched."""
    public.post("/mail/subscribe", FORM)
    public.post(link(store), {"confirm": "yes"})
    clock.at = NOW + HOUR
    public.post("/mail/subscribe", FORM)
    settings = link(store)
    (before,) = store.subscribers.list()
    wrong = [
        public.post(settings, fields).status_code
        for fields in ({"at": "25:00", "zone": "UTC"}, {"at": "08:00", "zone": "Mars"},
                       {"language": "xx"}, {"quiet": "loud"}, {"at": "", "zone": "UTC"})
    ]  # fmt: skip
    unchanged = store.subscribers.get(before.key)
    public.post(settings, {"at": "06:15", "zone": "Europe/Berlin"})
    public.post(settings, {"language": "ru"})
    public.post(settings, {"quiet": "skip"})
    (after,) = store.subscribers.list()

    assert wrong == [400] * 5
    assert unchanged == before
    assert after.schedule == replace(before.schedule, zone="Europe/Berlin", times=(time(6, 15),))
    assert (after.language, after.quiet.value) == ("ru", "skip")
