"""Digests before they go: the next one as it is, and what an editor does to one that waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from email import message_from_bytes
from typing import Any

import pytest
from mailboxes import Mailbox
from web import samples
from web.visitors import Visitor, find, tree, words

from alerts.press import Press
from alerts.rounds import make_digests, send_due
from alerts.sender import Sender
from monitor.core.telling import MessageKind, OutboxState, Place, QuietPolicy, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.values import Band
from monitor.core.windows import Schedule
from review.frames import SANDBOX
from store import Store

NOW, DAY = samples.NOW, samples.DAY
HOUR = timedelta(hours=1)
SENDER = Sender(address="watch@ngo.example")


@pytest.fixture
def clock() -> samples.FixedClock:
    """A clock that tests may move."""
    return samples.FixedClock()


@pytest.fixture
def editor(filled: Store, clock: samples.FixedClock, visiting: Callable[..., Visitor]) -> Visitor:
    """Somebody who may edit digests."""
    return visiting(edit_mails=samples.room(filled, clock))


def reader(store: Store, address: str = "ana@ngo.example", **changes: Any) -> Subscriber:
    """Put somebody on the list, whose digest is due."""
    given = {"key": 0, "address": address, "since": NOW - 9 * DAY} | changes
    found = store.subscribers.add(Subscriber(**given))
    assert found
    return found


def hold(store: Store, *, at: Any = NOW) -> list[int]:
    """Make what is due, and let it wait for an hour; return the keys of the digests."""
    make_digests(store, at, sender=SENDER, hold_for=HOUR, rules_version="f00dbeef1234")
    return [one.key for one in store.approvals.held()]


def places(store: Store, digest: int) -> dict[int, str]:
    """Return what became of the items of a digest."""
    held = store.approvals.digest(digest)
    assert held
    return {one.item.key: one.place.value for one in held.items}


def mail_of(store: Store, digest: int) -> Any:
    """Return the mail of a digest."""
    held = store.approvals.digest(digest)
    assert held
    message = store.outbox.message(held.outbox_key)
    assert message
    return message


def test_the_next_digest_is_shown_as_it_would_go(filled: Store, editor: Visitor) -> None:
    """Subject, text and HTML are those of a digest made now; nothing is kept by looking."""
    ana = reader(filled, schedule=Schedule(times=(time(9, 0),)))
    before = samples.contents(filled)
    page = editor.page(f"/digests/next/{ana.key}")
    frame = editor.get(find(page, "iframe")[0].get("src"))
    unchanged = samples.contents(filled) == before
    make_digests(filled, NOW, sender=SENDER, rules_version="f00dbeef1234")
    sent = next(one for one in filled.outbox.list() if one.recipient == ana.address)
    message = filled.outbox.message(sent.key)

    assert unchanged
    assert message
    assert words(find(page, "h1")[0]) == " ".join(message.subject.split())
    # What was missed before is the round's to count: the same from the first heading on.
    shown = find(page, "pre.mail")[0].text_content()
    assert shown.partition("AT A GLANCE")[2] == message.text.partition("AT A GLANCE")[2]
    assert frame.headers["content-security-policy"] == SANDBOX
    assert "<script" not in frame.text


def test_a_test_goes_to_people_of_the_house_alone(filled: Store, editor: Visitor) -> None:
    """The operator and analysts may be sent a copy; it is no digest and acts for nobody."""
    ana = reader(filled)
    reader(filled, "analyst@ngo.example", near_misses=True)
    page = editor.page(f"/digests/next/{ana.key}")
    offered = [one.get("value") for one in find(page, "select[name='to'] option")]
    stranger = editor.post(f"/digests/next/{ana.key}/test", {"to": "spy@evil.example"})
    editor.post(f"/digests/next/{ana.key}/test", {"to": "analyst@ngo.example"})
    (line,) = filled.outbox.list(kinds=(MessageKind.TEST,))
    message = filled.outbox.message(line.key)

    assert offered == ["operator@ngo.example", "analyst@ngo.example"]
    assert stranger.status_code == 404
    assert (line.recipient, line.subscriber_key) == ("analyst@ngo.example", None)
    assert message
    assert message.subject.startswith("[Test] ")
    assert "/mail/" not in message.text
    assert "List-Unsubscribe" not in message_from_bytes(message.raw)
    assert filled.digests.list(subscriber_key=ana.key) == []


def test_what_waits_is_listed_with_its_time(filled: Store, editor: Visitor) -> None:
    """The page says when a mail goes by itself; approving lets it go at once."""
    reader(filled)
    (key,) = hold(filled)
    row = words(find(editor.page("/digests"), "section.notice tbody tr")[0])
    editor.post(f"/digests/{key}/approve", {})

    assert "ana@ngo.example" in row
    assert "in 1 hour 25 Nov 2026, 10:00 UTC" in row
    assert filled.approvals.held() == []
    assert filled.outbox.counts()[OutboxState.WAITING] == 2
    assert [one.action for one in filled.audit.list(limit=1)] == ["mail.approved"]


def test_all_that_wait_can_go_with_one_press(filled: Store, editor: Visitor) -> None:
    """One button for a morning's mails."""
    for number in range(3):
        reader(filled, f"r{number}@ngo.example")
    keys = hold(filled)
    editor.post(f"/digests/{keys[0]}/approve", {"all": "1"})

    assert len(keys) == 3
    assert filled.approvals.held() == []


def test_an_item_left_out_is_told_as_such(filled: Store, editor: Visitor) -> None:
    """The mail is made anew as the same mail; it counts what is missing, the reason is kept."""
    reader(filled)
    (key,) = hold(filled)
    before, kept = mail_of(filled, key), places(filled, key)
    item = next(item for item, place in kept.items() if place == "full")
    title = filled.items.get(item)
    answer = editor.post(
        f"/digests/{key}/edit", {"do": "out", "item": str(item), "reason": "known hoax"}
    )
    after = mail_of(filled, key)
    page = words(editor.page(f"/digests/{key}/edit?done=out"))

    assert answer.status_code == 303
    assert title
    assert title.title in before.text.replace("\n   ", " ")
    assert title.title not in after.text.replace("\n   ", " ")
    assert "An editor left 1 report out of this mail" in " ".join(after.text.split())
    assert "An editor left 1 report out" in after.html
    assert (after.message_id, after.date) == (before.message_id, before.date)
    assert places(filled, key) == kept | {item: "left_out"} | {
        one: place for one, place in places(filled, key).items() if one != item
    }
    assert "known hoax" in page
    told = {one.address: one.place for one in filled.digests.places(item)}
    assert told["ana@ngo.example"] is Place.LEFT_OUT


def test_what_was_left_out_can_be_put_back(filled: Store, editor: Visitor) -> None:
    """Before it goes; then the mail is what it was."""
    reader(filled)
    (key,) = hold(filled)
    before, kept = mail_of(filled, key), places(filled, key)
    item = next(item for item, place in kept.items() if place == "full")
    editor.post(f"/digests/{key}/edit", {"do": "out", "item": str(item), "reason": "hoax?"})
    editor.post(f"/digests/{key}/edit", {"do": "in", "item": str(item), "reason": "no hoax"})

    assert mail_of(filled, key).text == before.text
    assert places(filled, key) == kept


def test_an_item_is_put_in_by_number_or_address(filled: Store, editor: Visitor) -> None:
    """Something the rules left below the line is told, and stays told after another edit."""
    reader(filled, minimum=Band.ALERT, languages=("ru",))
    (key,) = hold(filled)
    kept = places(filled, key)
    first, second = (
        one for one in filled.digests.near_misses(
            Subscriber(key=99, address="x@y.example", minimum=Band.DIGEST, since=NOW - 9 * DAY),
            since=NOW - 9 * DAY, until=NOW, limit=2,
        )
    )  # fmt: skip
    editor.post(f"/digests/{key}/edit", {"do": "in", "item": str(first.key), "reason": "asked"})
    editor.post(f"/digests/{key}/edit", {"do": "in", "item": second.url, "reason": "asked too"})
    text = " ".join(mail_of(filled, key).text.split())

    assert " ".join(first.title.split()) in text
    assert " ".join(second.title.split()) in text
    assert set(places(filled, key)) == {*kept, first.key, second.key}
    assert {places(filled, key)[one.key] for one in (first, second)} <= {"full", "headline"}


def test_an_edit_can_hold_for_all_that_wait(filled: Store, editor: Visitor) -> None:
    """One reason, every mail that holds the item."""
    for number in range(3):
        reader(filled, f"r{number}@ngo.example")
    keys = hold(filled)
    item = next(item for item, place in places(filled, keys[0]).items() if place == "full")
    fields = {"do": "out", "item": str(item), "reason": "hoax", "all": "1"}
    editor.post(f"/digests/{keys[0]}/edit", fields)

    assert [places(filled, key)[item] for key in keys] == ["left_out"] * 3


def test_an_edit_needs_a_reason_and_an_item(filled: Store, editor: Visitor) -> None:
    """Without one nothing is changed, and the page says which is missing."""
    reader(filled)
    (key,) = hold(filled)
    before = samples.contents(filled)
    path = f"/digests/{key}/edit"
    answers = [
        editor.post(path, {"do": "out", "item": "1", "reason": " "}),
        editor.post(path, {"do": "in", "item": "9999", "reason": "x"}),
        editor.post(path, {"do": "in", "item": "https://nowhere.example/", "reason": "x"}),
        editor.post(path, {"do": "in", "item": "9" * 30, "reason": "x"}),
        editor.post(f"/digests/{key}/withdraw", {}),
        editor.post(path, {"do": "burn", "item": "1", "reason": "x"}),
        editor.post(f"/digests/{key}/hold", {"minutes": "100000"}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 422, 404, 404]
    assert samples.contents(filled) == before


def test_nothing_is_edited_once_it_is_on_its_way(filled: Store, editor: Visitor) -> None:
    """A second copy must have the bytes of the first: too late is said, and nothing is changed."""
    reader(filled)
    (key,) = hold(filled)
    item = next(iter(places(filled, key)))
    filled.outbox.take(NOW + 2 * HOUR, owner="a", lease_for=HOUR)
    filled.outbox.take(NOW + 2 * HOUR, owner="a", lease_for=HOUR)
    before = samples.contents(filled)
    answer = editor.post(f"/digests/{key}/edit", {"do": "out", "item": str(item), "reason": "x"})
    editor.post(f"/digests/{key}/hold", {"minutes": "60"})
    editor.post(f"/digests/{key}/withdraw", {"reason": "x"})
    editor.post(f"/digests/{key}/approve", {})

    assert answer.status_code == 409
    assert "Too late" in words(tree(answer))
    assert samples.contents(filled) == before


def test_what_a_reader_may_not_be_told_is_not_put_in(filled: Store, editor: Visitor) -> None:
    """A mark above the clearance keeps an item out, whoever asks for it."""
    reader(filled)
    (key,) = hold(filled)
    near = next(
        one for one in filled.digests.near_misses(
            Subscriber(key=99, address="x@y.example", since=NOW - 9 * DAY),
            since=NOW - 9 * DAY, until=NOW,
        )
    )  # fmt: skip
    filled.marks.set(near.key, Tlp.RED)
    before = mail_of(filled, key)
    answer = editor.post(
        f"/digests/{key}/edit", {"do": "in", "item": str(near.key), "reason": "please"}
    )

    assert answer.status_code == 409
    assert mail_of(filled, key) == before


def test_holding_longer_ends_within_a_day(filled: Store, editor: Visitor) -> None:
    """A digest can wait again and again, but never until nobody remembers it."""
    reader(filled)
    (key,) = hold(filled)
    editor.post(f"/digests/{key}/hold", {"minutes": "60"})
    (once,) = filled.approvals.held()
    for _ in range(9):
        editor.post(f"/digests/{key}/hold", {"minutes": "240"})
    (often,) = filled.approvals.held()

    assert once.goes_at == NOW + 2 * HOUR
    assert often.goes_at == NOW + 24 * HOUR


def test_a_withdrawn_digest_is_told_by_the_next_one(filled: Store, editor: Visitor) -> None:
    """Nothing is lost with a mail that is not sent; what an editor left out stays left out."""
    ana = reader(filled)
    (key,) = hold(filled)
    told = places(filled, key)
    hoax = next(item for item, place in told.items() if place == "full")
    editor.post(f"/digests/{key}/edit", {"do": "out", "item": str(hoax), "reason": "hoax"})
    editor.post(f"/digests/{key}/withdraw", {"reason": "names in it"})
    make_digests(filled, NOW + DAY, sender=SENDER)
    (later,) = [one for one in filled.digests.list(subscriber_key=ana.key) if one.key != key]
    again = places(filled, later.key)

    assert filled.outbox.counts()[OutboxState.WITHDRAWN] == 1
    assert set(told) - {hoax} <= set(again)
    assert hoax not in again
    assert later.start == filled.digests.list(subscriber_key=ana.key)[1].end


def test_a_mail_with_nothing_left_does_not_say_all_quiet(filled: Store, editor: Visitor) -> None:
    """When an editor leaves everything out the mail says so, also to who wants no quiet mails."""
    reader(filled, quiet=QuietPolicy.SKIP, languages=("zh", "ja"), minimum=Band.DIGEST)
    (key,) = hold(filled)
    for item in places(filled, key):
        editor.post(f"/digests/{key}/edit", {"do": "out", "item": str(item), "reason": "x"})
    message = mail_of(filled, key)

    assert "quiet" not in message.subject
    assert "let through" in message.text or "partly blind" in message.subject
    assert "An editor left" in message.text


def test_an_edited_digest_is_sent_as_it_was_edited(filled: Store, editor: Visitor) -> None:
    """What goes out is the edited mail, once."""
    reader(filled)
    (key,) = hold(filled)
    item = next(item for item, place in places(filled, key).items() if place == "full")
    editor.post(f"/digests/{key}/edit", {"do": "out", "item": str(item), "reason": "hoax"})
    wanted = mail_of(filled, key)
    mailbox = Mailbox()
    send_due(filled, mailbox, NOW + 2 * HOUR)
    send_due(filled, mailbox, NOW + 3 * HOUR)

    assert [one.raw for one in mailbox.handed].count(wanted.raw) == 1


def test_the_week_is_drawn_and_counted(filled: Store, editor: Visitor) -> None:
    """Seven days as bars and as numbers, which are the same."""
    page = editor.page("/digests")
    rows = find(page, ".week tbody tr")
    bars = find(page, ".week svg g title")
    totals = [sum(int(one.text_content()) for one in row.xpath("td[@class='n']")) for row in rows]

    assert len(rows) == 7
    assert [int(bar.text_content().rpartition(": ")[2]) for bar in bars] == totals
    assert sum(totals) > 10


def test_the_press_makes_what_the_round_makes(filled: Store) -> None:
    """One way of making mails for rounds, previews and edits."""
    ana = reader(filled)
    hold(filled)
    (held,) = filled.approvals.held()
    whole = filled.approvals.digest(held.key)
    assert whole
    again = Press(store=filled, sender=SENDER, rules_version="f00dbeef1234").make(
        ana, whole.window, whole.made_at, items=[one.item for one in whole.items], besides=held.key
    )

    assert again.message.text == mail_of(filled, held.key).text
