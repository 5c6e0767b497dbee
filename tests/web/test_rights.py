"""Who may do what: every address in every role, with things that exist, do not, or are another's.

The table is made from the routes themselves, so that a new page is asked for in every role as soon
as it exists. What must not be allowed changes nothing and tells nothing (G18).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from web import doors, samples
from web.drafts import Folder
from web.test_reader import SENDER
from web.visitors import Visitor

import review.app
from monitor.core.people import Person, Role
from monitor.core.values import Verdict
from review.app import GET, POST, create_app
from review.desk import Answering, Needs, Open
from store import Store, open_store

Team = Mapping[Role, Person]

THERE = {"{key}": "1", "{id}": "courier", "{token}": "x" * 43}
NOT_THERE = {"{key}": "999999", "{id}": "no-such-feed", "{token}": "y" * 43}
# What a form must say to be done, where it would be refused as empty otherwise.
FORMS = {
    "/items/{key}/verdict": {"decision": "relevant"},
    "/items/{key}/claim": {"claim": "yes"},
    "/items/{key}/note": {"note": "seen on the spot"},
    "/items/{key}/tlp": {"tlp": "amber"},
    "/tips": {"url": "https://a.example/tip"},
    "/try": {"url": "https://a.example/feed"},
    "/rules/apply": {"version": samples.RULES_HASH, "reason": "r"},
    "/rules/rollback": {"version": samples.RULES_HASH, "reason": "r"},
    "/you": {"language": "ko"},
    "/you/password": {"present": "wrong"},
    "/you/sessions": {"session": "others"},
    "/people": {"name": "New One", "role": "reader"},
    "/people/{key}/role": {"role": "analyst"},
    "/people/{key}/active": {"active": "no"},
    "/views": {"name": "Mine", "band": "alert"},
}
WHO = (None, *Role)


def filled_in(path: str, parts: Mapping[str, str]) -> str:
    """Return an address with its parts filled in."""
    return re.sub(r"{\w+}", lambda part: parts[part[0]], path)


@pytest.fixture(scope="module")
def house(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with items, mails and a team; copied by each test that changes something."""
    path = tmp_path_factory.mktemp("rights") / "house.db"
    shutil.copy(made / "filled.db", path)
    with open_store(f"sqlite:///{path}") as store:
        team = doors.team(store)
        assert [person.key for person in team.values()] == [1, 2, 3, 4]
        samples.tell(store, samples.NOW)
    return path


@pytest.fixture
def store(house: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of the house."""
    shutil.copy(house, tmp_path / "monitor.db")
    with open_store(f"sqlite:///{tmp_path}/monitor.db") as opened:
        yield opened


@pytest.fixture
def team(store: Store) -> Team:
    """The people of the house."""
    return {one.person.role: one.person for one in store.people.list()}


@pytest.fixture
def app(store: Store) -> Starlette:
    """The pages, everything offered, nobody let in without a log-in."""
    return create_app(
        store,
        clock=samples.FixedClock(),
        rules=lambda: samples.RULES,
        lint=lambda: (),
        try_url=lambda _: samples.TRIED,
        add_tip=lambda url, **_: store.ledger.why(1),
        edit_rules=Folder(),
        sender=SENDER,
        gate=doors.CLOSED,
    )


def is_sent_to_log_in(answer: httpx.Response) -> bool:
    """Say whether an answer leads to the log-in."""
    return answer.headers.get("location", "").startswith("/login")


def test_every_route_says_what_it_needs(app: Starlette) -> None:
    """Nothing answers that is not in the tables, but the style sheet and the script."""
    listed = {
        (path, method) for method, places in (("GET", GET), ("POST", POST)) for path, *_ in places
    }
    found = set()
    for route in app.routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
            continue
        assert isinstance(route, Route)
        answering = getattr(route.endpoint, "__self__", None)
        assert isinstance(answering, Answering), route.path
        (method,) = {"GET", "POST"} & (route.methods or set())
        found.add((route.path, method))

    assert found - listed == {("/mail/{token}", "GET"), ("/mail/{token}", "POST")}
    assert listed <= found


@pytest.mark.parametrize("place", [("/new", lambda desk, visit: None, None), ("/new", len)])
def test_a_route_without_a_role_keeps_the_program_from_starting(
    store: Store, monkeypatch: pytest.MonkeyPatch, place: object
) -> None:
    """A forgotten role is found at the first start, not by a visitor."""
    monkeypatch.setattr(review.app, "GET", (*GET, place))

    with pytest.raises((TypeError, ValueError)):
        create_app(store, clock=samples.FixedClock())


def test_open_pages_are_few_and_each_for_a_reason() -> None:
    """Exactly these need no log-in."""
    is_open = {path: needs for path, _, needs in (*GET, *POST) if isinstance(needs, Open)}

    assert is_open == {
        "/login": Open.LOG_IN,
        "/link/{token}": Open.LOG_IN,
        "/language": Open.LOG_IN,
        "/healthz": Open.PROBE,
        "/readyz": Open.PROBE,
    }


def ask(visitor: Visitor, method: str, path: str, fields: Mapping[str, str]) -> httpx.Response:
    """Send one request, a form with its fields."""
    if method == "GET":
        return visitor.get(path)
    return visitor.post(path, dict(fields))


CELLS = [
    pytest.param(method, path, needs, role, id=f"{method} {path} {role and role.value}")
    for method, places in (("GET", GET), ("POST", POST))
    for path, _, needs in places
    for role in WHO
]


@pytest.mark.parametrize(("method", "path", "needs", "role"), CELLS)
def test_every_address_in_every_role(
    store: Store,
    app: Starlette,
    team: Team,
    method: str,
    path: str,
    needs: Needs,
    role: Role | None,
) -> None:
    """Allowed is allowed; refused is refused alike for what exists and what does not."""
    fields = FORMS.get(path, {})
    visitor = doors.entered(app, store, team[role] if role else None)
    before = samples.contents(store)
    # What is not there first: what is may be gone afterwards, such as the session.
    asked = [filled_in(path, NOT_THERE), filled_in(path, THERE)] if "{" in path else [path]
    answers = [ask(visitor, method, one, fields) for one in asked]
    absent, present = answers[0], answers[-1]

    if isinstance(needs, Open):
        assert present.status_code != 403
        assert not is_sent_to_log_in(present) or path == "/language"
        return
    if role is None:
        expected = 303 if method == "GET" else 403
        assert {answer.status_code for answer in answers} == {expected}
        assert method == "POST" or all(is_sent_to_log_in(answer) for answer in answers)
    elif not role.covers(needs):
        assert {answer.status_code for answer in answers} == {403}
        assert "Your role does not allow that" in present.text
    else:
        assert present.status_code in (200, 303, 400, 404, 409, 422)
        assert present.status_code != 404 or path.startswith(NOT_IN_THIS_HOUSE)
        assert not is_sent_to_log_in(present) or path == "/logout"
        if "{" in path:
            assert absent.status_code in (303, 404)
        return
    assert samples.contents(store) == before


# Nobody has saved a view, no digest waits for an editor, nobody has graded, no feeds.yaml is lent.
NOT_IN_THIS_HOUSE = (
    *("/views/", "/digests/", "/items/{key}/grade", "/items/{key}/ungrade", "/feedfile"),
)


@pytest.mark.parametrize("path", [path for path, *_ in POST])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_no_form_is_taken_from_another_site(
    store: Store, app: Starlette, team: Team, path: str, headers: dict[str, str]
) -> None:
    """Not even an admin's browser can be made to change something, to log in or to log out."""
    visitor = doors.entered(app, store, team[Role.ADMIN])
    before = samples.contents(store)
    answer = visitor.ask(
        "POST", filled_in(path, THERE), data=FORMS.get(path, {"x": "y"}), headers=headers
    )

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert samples.contents(store) == before


@pytest.mark.parametrize("path", [path for path, *_ in GET])
def test_no_address_acts_by_being_opened(
    store: Store, app: Starlette, team: Team, path: str
) -> None:
    """GET and HEAD change no right, no decision, no setting, whatever the query says (G20)."""
    visitor = doors.entered(app, store, team[Role.ADMIN])
    before = changeable(store)
    for method in ("GET", "HEAD"):
        visitor.ask(
            method,
            filled_in(path, THERE),
            params={"role": "admin", "active": "no", "session": "all", "decision": "relevant"},
        )

    assert changeable(store) == before


# What is another's: a form, what it says, and who must not get it done.
OTHERS = [
    ("/you/sessions", {"session": "1"}),  # the session of somebody else
    ("/undo", {}),  # the last decision of somebody else
    ("/items/2/claim", {"claim": "no"}),  # somebody else's claim
    ("/items/2/claim", {"claim": "yes"}),
]


@pytest.mark.parametrize(("path", "fields"), OTHERS)
@pytest.mark.parametrize("role", [Role.ANALYST, Role.OPERATOR, Role.ADMIN])
def test_what_is_another_persons_stays_theirs(
    store: Store, app: Starlette, team: Team, path: str, fields: dict[str, str], role: Role
) -> None:
    """A number in a form gives no right to what it names (IDOR)."""
    owner = doors.add(store, "Owner", Role.ANALYST)
    doors.entered(app, store, owner)  # session 1
    store.verdicts.give(1, Verdict.RELEVANT, actor=owner.name, now=samples.NOW)
    store.items.claim(2, owner.name, now=samples.NOW, claim_for=samples.DAY)
    visitor = doors.entered(app, store, team[role])
    before = samples.contents(store)
    answer = visitor.post(path, fields)

    assert answer.status_code in (303, 404, 409)
    assert samples.contents(store) == before


@pytest.mark.parametrize("field", ["role", "key", "person_key", "is_active", "name", "password"])
def test_nobody_raises_themselves(store: Store, app: Starlette, team: Team, field: str) -> None:
    """Fields that a form of ours does not have change nothing (mass assignment)."""
    visitor = doors.entered(app, store, team[Role.READER])
    before = store.people.list()
    value = {"role": "admin", "key": "4", "person_key": "4"}.get(field, "x")
    visitor.post("/you", {"from": "you", field: value})

    assert store.people.list() == before


# Tables that no trail is kept of: who is logged in and looks where, and the trail itself.
UNTOLD = (
    *("audit", "browser_session", "known_browser", "login_try", "one_time_link"),
    *("look", "seen", "effort"),  # what a person has seen, and minutes of work by nobody
)
# Changes that are for the moment, or a person's own: claims run out, views are bookmarks.
PASSING = {"/items/{key}/claim", "/views", "/views/{key}/remove"}


def changeable(store: Store) -> dict[str, str]:
    """Return the contents of every table whose changes are told."""
    return {
        name: rows for name, rows in samples.contents_by_table(store).items() if name not in UNTOLD
    }


@pytest.mark.parametrize("path", [path for path, _, needs in POST if isinstance(needs, Role)])
def test_every_change_is_in_the_log(store: Store, app: Starlette, team: Team, path: str) -> None:
    """Whatever a form changes, a line says who changed it (G18)."""
    visitor = doors.entered(app, store, team[Role.ADMIN])
    told, before = len(store.audit.list(limit=10_000)), changeable(store)
    visitor.post(filled_in(path, THERE), FORMS.get(path, {}))
    lines = store.audit.list(limit=10_000)
    new = lines[: len(lines) - told]

    if changeable(store) != before:
        assert new or path in PASSING
    assert {line.actor for line in new} <= {"Boss"}
