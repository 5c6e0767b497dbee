"""The pages of subscribers: every choice, wrong values kept, nothing lost between two editors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from web import samples
from web.visitors import Visitor, find, tree, words

from monitor.core.subscriberforms import fingerprint
from monitor.core.telling import QuietPolicy, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.values import Band
from monitor.core.windows import Schedule
from store import Store

NOW, DAY = samples.NOW, samples.DAY
FORM = {
    "address": "Mina@Ngo.Example", "name": "Mina", "language": "ko", "zone": "Asia/Seoul",
    "at": "18:30, 7:30", "minimum": "alert", "quiet": "skip", "day-0": "1", "day-4": "1",
    "topic-coercion": "1", "lang-ko": "1", "lang-ru": "1", "languages": "vi", "alerts": "1",
    "analyst": "1", "clearance": "amber",
}  # fmt: skip


@pytest.fixture
def operator(visiting: Callable[..., Visitor]) -> Visitor:
    """Somebody who may change the list."""
    return visiting(topics=lambda: {"coercion": "Coercion and escape"})


def added(store: Store, address: str = "ana@ngo.example", **changes: Any) -> Subscriber:
    """Put somebody on the list."""
    given = {"key": 0, "address": address, "since": NOW - 9 * DAY} | changes
    found = store.subscribers.add(Subscriber(**given))
    assert found
    return found


def form_of(page: Any) -> dict[str, str]:
    """Return what the form on a page would send if nothing were touched."""
    (form,) = find(page, "form.choices")
    fields = {
        one.get("name"): one.get("value") or ""
        for one in form.iter("input")
        if one.get("type") != "checkbox" or one.get("checked") is not None
    }
    for one in form.iter("select"):
        fields[one.get("name")] = one.xpath("string(option[@selected]/@value)")
    return fields


def test_somebody_is_added_with_every_choice(store: Store, operator: Visitor) -> None:
    """What the form says is what is kept, and the trail names no address."""
    answer = operator.post("/subscribers/new", FORM)
    (one,) = store.subscribers.list()
    (line,) = store.audit.list(subject=f"subscriber:{one.key}")

    assert answer.headers["location"] == f"/subscribers/{one.key}?done=added"
    assert one == Subscriber(
        key=one.key,
        address="Mina@ngo.example",
        name="Mina",
        language="ko",
        schedule=Schedule(zone="Asia/Seoul", times=(time(7, 30), time(18, 30)), days=(0, 4)),
        minimum=Band.ALERT,
        quiet=QuietPolicy.SKIP,
        topics=("coercion",),
        languages=("ko", "ru", "vi"),
        alerts=True,
        near_misses=True,
        clearance=Tlp.AMBER,
        since=NOW,
    )
    assert "ngo.example" not in repr(line)


def test_an_untouched_form_changes_nothing(store: Store, operator: Visitor) -> None:
    """A form that is sent as it came is the subscriber as it was."""
    operator.post("/subscribers/new", FORM)
    (before,) = store.subscribers.list()
    fields = form_of(operator.page(f"/subscribers/{before.key}"))
    answer = operator.post(f"/subscribers/{before.key}", fields)

    assert answer.status_code == 303
    assert store.subscribers.list() == [before]
    assert len(store.audit.list(subject=f"subscriber:{before.key}")) == 1


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"address": "mina@"}, "address", "no address that we can write to"),
        ({"address": "a@x.example\r\nBcc: b@y.example"}, "address", "no address"),
        ({"at": "25:00"}, "at", "Write times such as"),
        ({"at": " ".join(f"{n:02d}:10" for n in range(14))}, "at", "Write times such as"),
        ({"zone": "Mars/Base"}, "zone", "no time zone"),
        ({"day-0": "", "day-4": ""}, "day-0", "at least one day"),
        ({"languages": "klingon1"}, "languages", "two or three letters"),
        ({"topic-unknown": "1"}, "topic-unknown", "no such topic"),
    ],
)
def test_wrong_values_are_named_and_kept(
    store: Store, operator: Visitor, changed: dict[str, str], field: str, said: str
) -> None:
    """What is wrong is said beside its field; everything that was typed is still there."""
    given = {name: value for name, value in (FORM | changed).items() if value}
    answer = operator.post("/subscribers/new", given)
    page = tree(answer)
    kept = form_of(page)

    assert answer.status_code == 422
    assert said in words(find(page, ".wrong")[0])
    assert store.subscribers.list() == []
    assert (kept["name"], kept["minimum"], kept["lang-ko"]) == ("Mina", "alert", "1")
    if field in ("at", "zone"):
        assert kept[field] == changed[field]


def test_an_address_is_on_the_list_once(store: Store, operator: Visitor) -> None:
    """Adding or renaming to an address that is there is refused, and nothing is changed."""
    ana, bo = added(store), added(store, "bo@ngo.example")
    again = operator.post("/subscribers/new", FORM | {"address": ana.address})
    fields = form_of(operator.page(f"/subscribers/{bo.key}")) | {"address": ana.address}
    renamed = operator.post(f"/subscribers/{bo.key}", fields)

    assert [again.status_code, renamed.status_code] == [409, 409]
    assert "on the list already" in words(tree(renamed))
    assert store.subscribers.list() == [ana, bo]


def test_two_editors_do_not_overwrite_each_other(store: Store, operator: Visitor) -> None:
    """The second of two forms is shown again with its values; sent once more it counts."""
    ana = added(store)
    fields = form_of(operator.page(f"/subscribers/{ana.key}"))
    operator.post(f"/subscribers/{ana.key}", fields | {"language": "ru"})
    second = operator.post(f"/subscribers/{ana.key}", fields | {"name": "Ana"})
    shown = form_of(tree(second))
    third = operator.post(f"/subscribers/{ana.key}", shown)
    (kept,) = store.subscribers.list()

    assert (second.status_code, third.status_code) == (409, 303)
    assert "Somebody else changed this meanwhile" in words(tree(second))
    assert (kept.name, kept.language) == ("Ana", "en")


def test_a_change_writes_only_what_changed(store: Store) -> None:
    """What was refused or paused between reading and writing is not written over."""
    ana = added(store)
    store.subscribers.bounced(ana.key, limit=9)
    store.subscribers.pause(ana.key, NOW + DAY)
    store.subscribers.change(ana, replace(ana, language="ko"))
    kept = store.subscribers.get(ana.key)

    assert kept == replace(ana, language="ko", bounce_count=1, paused_until=NOW + DAY)


def test_a_change_can_be_undone(store: Store, operator: Visitor) -> None:
    """The last change of this person, when nothing came after it."""
    ana = added(store)
    fields = form_of(operator.page(f"/subscribers/{ana.key}"))
    operator.post(f"/subscribers/{ana.key}", fields | {"at": "06:00", "alerts": "1"})
    changed = operator.page(f"/subscribers/{ana.key}?done=changed")
    operator.post(f"/subscribers/{ana.key}/undo", {})
    undone = store.subscribers.get(ana.key)
    operator.post(f"/subscribers/{ana.key}/undo", {})

    assert find(changed, f"form[action='/subscribers/{ana.key}/undo']")
    assert undone == ana
    assert store.subscribers.get(ana.key) == ana


def test_pause_resume_remove_and_restore(store: Store, operator: Visitor) -> None:
    """Each says on the page what it means; a pause begins and ends at local midnights."""
    ana = added(store, schedule=Schedule(zone="Asia/Seoul"))
    path = f"/subscribers/{ana.key}"
    operator.post(f"{path}/pause", {"until": "2026-12-24"})
    paused = store.subscribers.get(ana.key)
    said = words(operator.page(path))
    operator.post(f"{path}/pause", {"until": ""})
    resumed = store.subscribers.get(ana.key)
    wrong = [operator.post(f"{path}/pause", {"until": day}) for day in ("2026-11-25", "soon")]
    operator.post(f"{path}/remove", {})
    removed = words(operator.page(f"{path}?done=removed"))
    gone = store.subscribers.get(ana.key)
    operator.post(f"{path}/restore", {})
    back = store.subscribers.get(ana.key)

    assert paused
    assert paused.paused_until
    assert paused.paused_until.isoformat() == "2026-12-23T15:00:00+00:00"
    assert "paused until Thu 24 Dec" in said
    assert resumed == ana
    assert [answer.status_code for answer in wrong] == [422, 422]
    assert gone == replace(ana, is_active=False)
    assert "Undo" in removed
    assert back == replace(ana, since=NOW)


def test_erasing_needs_a_second_word(store: Store, operator: Visitor) -> None:
    """Address, history and mails go, after a tick; the trail keeps the number alone."""
    ana = added(store)
    samples.tell(store, NOW)
    path = f"/subscribers/{ana.key}/erase"
    asked = words(operator.page(path))
    unsure = operator.post(path, {})
    still = store.subscribers.get(ana.key)
    operator.post(path, {"sure": "yes"})

    assert "cannot be undone" in asked
    assert unsure.status_code == 422
    assert still is not None
    assert store.subscribers.by_address(ana.address) is None
    assert ana.address not in samples.contents(store)


def test_the_list_says_how_everybody_stands(filled: Store, operator: Visitor) -> None:
    """State, next digest on the reader's own clock, and how the mails went."""
    added(filled, "a@ngo.example", schedule=Schedule(zone="Asia/Seoul", times=(time(7, 30),)))
    added(filled, "b@ngo.example", bounce_count=2)
    added(filled, "c@ngo.example", paused_until=NOW + 3 * DAY)
    added(filled, "d@ngo.example", is_active=False, bounce_count=3)
    filled.subscribers.add(Subscriber(key=0, address="webhook:desk", since=NOW))
    samples.tell(filled, NOW)
    page = operator.page("/subscribers")
    rows = {words(row).split()[0]: words(row) for row in find(page, "table.people tbody tr")}

    assert "gets mails Thu 26 Nov, 07:30 Asia/Seoul" in rows["a@ngo.example"]
    assert "refused 2 mails in a row" in rows["b@ngo.example"]
    assert "paused until Sat 28 Nov" in rows["c@ngo.example"]
    assert "nothing is sent any more" in rows["d@ngo.example"]
    assert "1 mail on its way" in rows["reader@ngo.example"]
    assert "webhook:desk" in rows
    assert not page.xpath("//a[contains(., 'webhook:desk')]")


def test_what_is_no_person_has_no_page(store: Store, operator: Visitor) -> None:
    """Channels, unknown and impossible numbers: 404."""
    found = store.subscribers.add(Subscriber(key=0, address="chat:ops", since=NOW))
    assert found
    paths = [f"/subscribers/{key}" for key in (found.key, 99, 2**31, "x", "9" * 30)]

    assert [operator.get(path).status_code for path in paths] == [404] * 5


def test_a_change_of_days_keeps_the_windows_tiled(filled: Store, operator: Visitor) -> None:
    """Whatever is changed between two digests, the next begins where the last one ended."""
    clock = samples.FixedClock()
    ana = added(filled, "z@ngo.example", since=NOW - 3 * DAY)
    wishes = [{"at": "10:30"}, {"zone": "Asia/Seoul"}, {"zone": "America/New_York", "at": "09:00"},
              {"day-2": "", "day-3": ""}, {"at": "08:00 20:00", "zone": "UTC"}]  # fmt: skip
    for number, wish in enumerate(wishes):
        samples.tell(filled, NOW + number * DAY)
        fields = form_of(operator.page(f"/subscribers/{ana.key}")) | wish
        operator.post(
            f"/subscribers/{ana.key}", {name: value for name, value in fields.items() if value}
        )
    samples.tell(filled, NOW + timedelta(days=9))
    lines = filled.digests.list(subscriber_key=ana.key)[::-1]

    assert len(lines) >= 4
    assert lines[0].start == ana.since
    assert [line.start for line in lines[1:]] == [line.end for line in lines[:-1]]
    assert clock.at == NOW


# ---------------------------------------------------------------- tables

TABLE = "address,name,zone,at\nmina@ngo.example,Mina,Asia/Seoul,07:30\nana@ngo.example,,,\n"


def test_a_table_is_shown_before_it_counts(store: Store, operator: Visitor) -> None:
    """The first press changes nothing; the second adds the new ones and leaves the others."""
    ana = added(store, name="as before")
    before = samples.contents(store)
    looked = operator.post("/subscribers/import", {"table": TABLE})
    page = tree(looked)
    unchanged = samples.contents(store) == before
    fields = {one.get("name"): one.get("value") for one in find(page, "form.deeds input")}
    done = operator.post("/subscribers/import", fields | {"step": "apply"})

    assert "1 person would be added. 1 is on the list already" in words(page)
    assert unchanged
    assert done.headers["location"] == "/subscribers?done=imported-1"
    assert store.subscribers.get(ana.key) == ana
    assert store.subscribers.by_address("mina@ngo.example")


def test_a_table_may_come_as_a_file(store: Store, operator: Visitor) -> None:
    """A file is read like text; one in another encoding is refused with what to do."""
    good = operator.ask("POST", "/subscribers/import", files={"file": ("a.csv", TABLE.encode())})
    bad = operator.ask(
        "POST", "/subscribers/import", files={"file": ("a.csv", TABLE.encode("utf-16"))}
    )

    assert "2 people would be added." in words(tree(good))
    assert bad.status_code == 422
    assert "CSV UTF-8" in words(tree(bad))
    assert store.subscribers.list() == []


def test_mistakes_in_a_table_are_named_by_line(store: Store, operator: Visitor) -> None:
    """All of them at once, and nothing is added."""
    table = "address,at\nmina@ngo.example,07:30\nana@,7\n"
    answer = operator.post("/subscribers/import", {"table": table, "step": "apply"})
    rows = [words(row) for row in find(tree(answer), "table.list tbody tr")]

    assert answer.status_code == 422
    assert [row.split()[:2] for row in rows] == [["3", "address"]]
    assert store.subscribers.list() == []
    assert find(tree(answer), "textarea")[0].text == table


def test_the_list_goes_out_and_comes_back(store: Store, operator: Visitor) -> None:
    """The table that is handed out is one that can be taken in, and no spreadsheet runs it."""
    operator.post("/subscribers/new", FORM | {"name": "=cmd()"})
    (before,) = store.subscribers.list()
    table = operator.post("/subscribers/export", {}).text
    store.subscribers.erase(before.key)
    operator.post("/subscribers/import", {"table": table, "step": "apply"})
    (after,) = store.subscribers.list()

    assert "'=cmd()" in table
    assert fingerprint(replace(after, name="=cmd()")) == fingerprint(before)
