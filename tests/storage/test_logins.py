"""People on every engine: names, roles, sessions, tries and links; nothing lets a reader of the
database in, and nothing leaves the house without an admin."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from builders import HOUR, NOW
from sqlalchemy import inspect, literal_column, select, table, text

from monitor.core.people import LinkUse, Person, Refused, Role
from monitor.core.reports import TrailFilter
from store import Store, open_store
from store.logins import (
    IDLE,
    KNOWN_FOR,
    LINK_GOOD_FOR,
    LONGEST,
    TRIES_OF_ACCOUNT,
    TRIES_OF_ADDRESS,
    TRIES_WITHIN,
)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def somebody(store: Store, name: str = "Mina", role: Role = Role.ANALYST) -> Person:
    """Add somebody who has a password."""
    added = store.people.add(name, role, actor="test", now=NOW)
    assert isinstance(added, Person)
    store.people.set_password(added.key, "hash of " + name, now=NOW)
    return added


def begun(store: Store, person: Person, *, known: str = "") -> str:
    """Begin a session and return its token."""
    return store.logins.begin(person.key, known=known, browser="Firefox", now=NOW)[0]


def actions(store: Store) -> list[str]:
    """Return what the trail tells, oldest first."""
    return [line.action for line in store.audit.list()][::-1]


def test_people_come_back_as_they_were_added(store: Store) -> None:
    """Name, role and state survive the database; a name is found however it is capitalised."""
    mina = somebody(store)
    found = store.people.find("  mINA ")

    assert found is not None
    assert found.person == mina == Person(key=mina.key, name="Mina", role=Role.ANALYST)
    assert (found.is_active, found.has_password, found.session_count) == (True, True, 0)
    assert store.people.get(mina.key) == found
    assert store.people.list() == [found]
    assert store.people.find("nobody") is None
    assert store.people.get(0) is None


@pytest.mark.parametrize("name", ["MINA", "mina ", "Ｍｉｎａ"])
def test_no_two_people_share_a_name(store: Store, name: str) -> None:
    """Not even in other capitals or widths; the refused one leaves no trace."""
    somebody(store)
    before = actions(store)

    assert store.people.add(name, Role.ADMIN, actor="test", now=NOW) is Refused.NAME_TAKEN
    assert store.people.add("a:b", Role.ADMIN, actor="test", now=NOW) is Refused.NOT_A_NAME
    assert len(store.people.list()) == 1
    assert actions(store) == before


def test_only_an_admin_with_a_password_closes_the_house(store: Store) -> None:
    """Invited admins and other roles leave the machine open; an admin who can log in does not."""
    somebody(store, role=Role.OPERATOR)
    boss = store.people.add("Boss", Role.ADMIN, actor="test", now=NOW)
    assert isinstance(boss, Person)

    assert store.people.has_admin() is False
    store.people.set_password(boss.key, "hash", now=NOW)
    assert store.people.has_admin() is True


@pytest.mark.parametrize("change", ["role", "active"])
def test_the_last_admin_stays(store: Store, change: str) -> None:
    """The one admin who can log in can neither be made less nor shut out; the second one can."""
    boss = somebody(store, "Boss", Role.ADMIN)
    invited = store.people.add("Invited", Role.ADMIN, actor="test", now=NOW)
    assert isinstance(invited, Person)

    def changed(person: Person) -> Refused | None:
        if change == "role":
            return store.people.set_role(person.key, Role.READER, actor="test", now=NOW)
        return store.people.set_active(person.key, False, actor="test", now=NOW)

    assert changed(boss) is Refused.LAST_ADMIN
    assert changed(invited) is None  # could not log in anyway
    second = somebody(store, "Second", Role.ADMIN)
    assert changed(boss) is None
    assert changed(second) is Refused.LAST_ADMIN
    assert store.people.has_admin()


def test_two_admins_cannot_shut_each_other_out_at_once(shared_url: str) -> None:
    """Whatever the order, one of them remains."""
    for _ in range(5):
        with open_store(shared_url) as one, open_store(shared_url) as other:
            for account in one.people.list():
                one.people.set_active(account.person.key, True, actor="test", now=NOW)
            pair = [
                found.person
                if (found := one.people.find(name))
                else somebody(one, name, Role.ADMIN)
                for name in ("First", "Second")
            ]
            gate = threading.Barrier(2)

            def shut_out(store: Store, person: Person, gate: threading.Barrier = gate) -> None:
                gate.wait()
                store.people.set_active(person.key, False, actor="test", now=NOW)

            threads = [
                threading.Thread(target=shut_out, args=(store, person))
                for store, person in zip((one, other), pair, strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert [found.is_active for found in one.people.list()].count(True) == 1


def test_a_session_ends_when_idle_and_at_last(store: Store) -> None:
    """Twelve hours without a page, or seven days in all."""
    mina = somebody(store)
    token = begun(store, mina)

    assert store.logins.who(token, NOW + IDLE) is None
    found = store.logins.who(token, NOW + IDLE - SECOND)
    assert found is not None
    person, session = found
    assert person == mina
    at = NOW
    while at < NOW + LONGEST - HOUR:
        at += HOUR
        store.logins.seen(session, at)
    assert store.logins.who(token, NOW + LONGEST - SECOND) is not None
    assert store.logins.who(token, NOW + LONGEST) is None
    assert store.logins.list(mina.key, NOW + LONGEST) == []


@pytest.mark.parametrize(
    "ending",
    ["log out", "everywhere", "others", "one", "role", "disabled", "password", "link used"],
)
def test_what_ends_sessions(store: Store, ending: str) -> None:
    """Changed rights and passwords end them at once, logging out everywhere all of them."""
    somebody(store, "Boss", Role.ADMIN)
    mina = somebody(store)
    here, there = begun(store, mina), begun(store, mina)
    found = store.logins.who(here, NOW)
    assert found is not None
    session = found[1]
    people, logins = store.people, store.logins
    if ending == "log out":
        logins.end(there)
    elif ending == "everywhere":
        assert logins.end_all(mina.key, actor="Boss", now=NOW) == 2
    elif ending == "others":
        logins.end_all(mina.key, actor="Mina", now=NOW, but=session.key)
    elif ending == "one":
        other = next(one for one in logins.list(mina.key, NOW) if one.key != session.key)
        assert logins.end_one(other.key, mina.key, actor="Mina", now=NOW)
    elif ending == "role":
        people.set_role(mina.key, Role.READER, actor="Boss", now=NOW)
    elif ending == "disabled":
        people.set_active(mina.key, False, actor="Boss", now=NOW)
    elif ending == "password":
        people.set_password(mina.key, "new", now=NOW, but_session=session.key)
    else:
        link = logins.make_link(mina.key, LinkUse.RESET, actor="Boss", now=NOW)
        logins.use_link(link, "new", browser="", known="", now=NOW)
    is_here, is_there = (logins.who(token, NOW) is not None for token in (here, there))

    assert not is_there
    assert is_here is (ending in ("log out", "others", "one", "password"))


def test_nobody_ends_the_sessions_of_another_by_number(store: Store) -> None:
    """A session's number is worth nothing without being its person."""
    mina, juri = somebody(store), somebody(store, "Juri")
    token = begun(store, mina)
    (session,) = store.logins.list(mina.key, NOW)

    assert store.logins.end_one(session.key, juri.key, actor="Juri", now=NOW) is False
    assert store.logins.who(token, NOW) is not None


def test_a_disabled_person_is_out_even_with_a_session_left(store: Store) -> None:
    """Whatever rows are left, only active people are let in."""
    somebody(store, "Boss", Role.ADMIN)
    mina = somebody(store)
    store.people.set_active(mina.key, False, actor="Boss", now=NOW)
    token = begun(store, mina)

    assert store.logins.who(token, NOW) is None
    assert store.people.password_of(mina.key) is None


def test_a_link_works_once_for_a_day(store: Store) -> None:
    """Looking uses nothing up; using does; a new link ends the one before."""
    somebody(store, "Boss", Role.ADMIN)
    mina = somebody(store)
    first = store.logins.make_link(mina.key, LinkUse.RESET, actor="Boss", now=NOW)
    token = store.logins.make_link(mina.key, LinkUse.RESET, actor="Boss", now=NOW)

    assert store.logins.link(first, NOW) is None
    assert store.logins.link(token, NOW + LINK_GOOD_FOR) is None
    for _ in range(3):
        link = store.logins.link(token, NOW)
        assert link is not None
        assert (link.person, link.use) == (mina, LinkUse.RESET)
    used = store.logins.use_link(token, "new", browser="", known="", now=NOW)
    assert not isinstance(used, Refused)
    assert store.people.password_of(mina.key) == "new"
    again = store.logins.use_link(token, "newer", browser="", known="", now=NOW)
    assert again is Refused.NOBODY
    assert store.people.password_of(mina.key) == "new"


def test_a_link_is_used_by_one_of_many(shared_url: str) -> None:
    """Eight browsers at once: one gets in."""
    with open_store(shared_url) as store:
        mina = somebody(store)
        token = store.logins.make_link(mina.key, LinkUse.RESET, actor="test", now=NOW)
        gate = threading.Barrier(8)
        outcomes: list[object] = []

        def use(number: int) -> None:
            gate.wait()
            outcomes.append(
                store.logins.use_link(token, str(number), browser="", known="", now=NOW)
            )

        threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcome is Refused.NOBODY for outcome in outcomes) == [False] + [True] * 7
        assert len(store.logins.list(mina.key, NOW)) == 1


def test_the_first_admin_chooses_a_name(store: Store) -> None:
    """Only by the first link, and no name that is taken or none; then the link is still good."""
    somebody(store, "Juri", Role.READER)
    admin = store.people.add("admin", Role.ADMIN, actor="monitor", now=NOW)
    assert isinstance(admin, Person)
    token = store.logins.make_link(admin.key, LinkUse.FIRST, actor="monitor", now=NOW)

    def used(name: str) -> object:
        return store.logins.use_link(token, "hash", browser="", known="", now=NOW, name=name)

    assert used("juri") is Refused.NAME_TAKEN
    assert used("sub:1") is Refused.NOT_A_NAME
    assert store.people.has_admin() is False
    answer = used("Mina")
    assert isinstance(answer, tuple)
    assert answer[0].name == "Mina"
    assert store.people.find("mina") is not None
    assert store.people.find("admin") is None
    assert [line.actor for line in store.audit.list(limit=1)] == ["Mina"]


def tried(store: Store, name: str = "Mina", *, address: str = "a", known: str = "") -> bool:
    """Whether one more wrong password may be tried."""
    return store.logins.try_begins(name, address=address, known=known, now=NOW) is not None


def test_a_name_is_closed_to_strangers_for_a_while(store: Store) -> None:
    """Ten tries in a quarter of an hour, from wherever; then later again, without prolonging."""
    somebody(store)
    first = [tried(store, " MINA", address=str(number)) for number in range(TRIES_OF_ACCOUNT + 5)]
    later = NOW + TRIES_WITHIN

    assert first == [True] * TRIES_OF_ACCOUNT + [False] * 5
    assert tried(store, "Juri")
    assert store.logins.try_begins("Mina", address="z", known="", now=later) is not None


def test_unknown_names_are_limited_alike(store: Store) -> None:
    """Whether somebody has a name cannot be seen from when it closes."""
    somebody(store)
    known, unknown = (
        [tried(store, name, address=f"{name}{n}") for n in range(TRIES_OF_ACCOUNT + 1)]
        for name in ("Mina", "Nobody at all")
    )

    assert known == unknown


def test_an_address_is_closed_for_a_while(store: Store) -> None:
    """Many names from one place: thirty tries, and other places go on."""
    answers = [tried(store, f"name {number}") for number in range(TRIES_OF_ADDRESS + 2)]

    assert answers == [True] * TRIES_OF_ADDRESS + [False] * 2
    assert tried(store, "name 1", address="b")


def test_nobody_can_lock_somebody_out(store: Store) -> None:
    """Where somebody once logged in they still can, while strangers try their name from there."""
    mina = somebody(store)
    known = store.logins.begin(mina.key, known="", browser="", now=NOW)[1]
    for number in range(TRIES_OF_ADDRESS + 5):
        tried(store, address="proxy")
        tried(store, f"other {number}", address="proxy")

    assert not tried(store, address="proxy")
    own = [tried(store, address="proxy", known=known) for _ in range(TRIES_OF_ACCOUNT + 1)]
    assert own == [True] * TRIES_OF_ACCOUNT + [False]
    assert not tried(store, "other 1", address="proxy", known=known)  # good for its person alone
    old = store.logins.try_begins("Mina", address="proxy", known=known, now=NOW + KNOWN_FOR)
    assert old is not None
    for _ in range(TRIES_OF_ACCOUNT):
        store.logins.try_begins("Mina", address="x", known=known, now=NOW + KNOWN_FOR)
    late = store.logins.try_begins("Mina", address="y", known=known, now=NOW + KNOWN_FOR)
    assert late is None  # counted as a stranger's: the browser is not known any more


def test_a_right_password_does_not_count(store: Store) -> None:
    """Logging in often closes nothing."""
    for _ in range(TRIES_OF_ACCOUNT * 2):
        key = store.logins.try_begins("Mina", address="a", known="", now=NOW)
        assert key is not None
        store.logins.try_ends(key)


def test_tries_are_forgotten_after_a_day(store: Store) -> None:
    """Nothing tells later who tried."""
    tried(store)
    store.logins.try_begins("Juri", address="b", known="", now=NOW + DAY + SECOND)
    with store.database.reading() as session:
        count = session.execute(text("SELECT count(*) FROM login_try")).scalar_one()

    assert count == 1


def everything(store: Store) -> str:
    """Return every cell of the database as one text."""
    with store.database.reading() as session:
        tables = inspect(session.connection()).get_table_names()
        return "\n".join(
            str(tuple(row))
            for name in tables
            if not name.startswith("search_")
            for row in session.execute(select(literal_column("*")).select_from(table(name)))
        )


def test_a_reader_of_the_database_gets_in_nowhere(store: Store) -> None:
    """No token, link, typed name or address is in any table, the trail included (G19)."""
    mina = somebody(store)
    session, known = store.logins.begin(mina.key, known="", browser="Firefox", now=NOW)
    link = store.logins.make_link(mina.key, LinkUse.RESET, actor="test", now=NOW)
    store.logins.try_begins("my password by mistake", address="192.0.2.7", known="", now=NOW)
    kept = everything(store)

    assert "Firefox" in kept
    for secret in (session, known, link, "by mistake", "192.0.2.7"):
        assert secret not in kept


def test_every_change_of_people_is_told(store: Store) -> None:
    """With before and after, in the same transaction; what changes nothing tells nothing."""
    boss = somebody(store, "Boss", Role.ADMIN)
    mina = somebody(store)
    store.people.set_role(mina.key, Role.OPERATOR, actor="Boss", now=NOW)
    store.people.set_role(mina.key, Role.OPERATOR, actor="Boss", now=NOW)
    store.people.choose(mina.key, language="ko", now=NOW)
    store.people.choose(mina.key, language="ko", now=NOW)
    store.people.set_active(mina.key, False, actor="Boss", now=NOW)
    store.people.set_role(boss.key, Role.READER, actor="Boss", now=NOW)
    trail = store.audit.find(TrailFilter(subject=f"person:{mina.key}"), limit=100)[::-1]

    assert [(line.action, line.actor, line.before, line.after) for line in trail] == [
        ("person.added", "test", None, {"name": "Mina", "role": "analyst"}),
        ("person.password_changed", "Mina", None, None),
        ("person.role_changed", "Boss", {"role": "analyst"}, {"role": "operator"}),
        ("person.chose", "Mina", {"language": ""}, {"language": "ko"}),
        ("person.disabled", "Boss", {"is_active": True}, {"is_active": False}),
    ]
    assert "person.role_changed" not in [
        line.action for line in store.audit.list(subject=f"person:{boss.key}")
    ]


def test_the_trail_can_be_narrowed(store: Store) -> None:
    """By who, by what, by subject, by day, and page by page; no text makes the question fail."""
    for number, (actor, action) in enumerate(
        [("a", "item.noted"), ("b", "item.noted"), ("a", "rules.applied"), ("a%", "items.x")]
    ):
        store.audit.add(
            actor=actor, action=action, subject=f"item:{number}", now=NOW + number * HOUR
        )

    def keys(wanted: TrailFilter, limit: int = 9) -> list[str]:
        return [line.subject for line in store.audit.find(wanted, limit=limit)]

    assert keys(TrailFilter()) == ["item:3", "item:2", "item:1", "item:0"]
    assert keys(TrailFilter(actor="a")) == ["item:2", "item:0"]
    assert keys(TrailFilter(noun="item")) == ["item:1", "item:0"]
    assert keys(TrailFilter(noun="item_")) == keys(TrailFilter(noun="%")) == []
    assert keys(TrailFilter(subject="item:1")) == ["item:1"]
    assert keys(TrailFilter(since=NOW + HOUR, until=NOW + 3 * HOUR)) == ["item:2", "item:1"]
    (first,) = store.audit.find(TrailFilter(), limit=1)
    assert keys(TrailFilter(below=first.key), 2) == ["item:2", "item:1"]
    assert store.audit.actors() == ["a", "a%", "b"]
