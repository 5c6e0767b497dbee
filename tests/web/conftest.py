"""Fixtures of the page tests: a real SQLite store in a file, the app over it, a plain visitor."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from web import doors, samples
from web.visitors import Visitor

from monitor.core.people import Person, Role
from review.app import create_app
from store import Store, open_store


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished stores, `bare.db` and `filled.db`: tests copy them, which is much faster."""
    folder = tmp_path_factory.mktemp("made")
    for name, count in (("bare", 0), ("filled", 40)):
        with open_store(f"sqlite:///{folder}/{name}.db") as opened:
            opened.feeds.sync(samples.FEEDS, samples.NOW - 3 * samples.DAY)
            if count:
                samples.fill(opened, count)
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store in a file that knows the sample feeds; no item unless the test asks for `filled`."""
    name = "filled" if "filled" in request.fixturenames else "bare"
    shutil.copy(made / f"{name}.db", tmp_path / "monitor.db")
    with open_store(f"sqlite:///{tmp_path}/monitor.db") as opened:
        yield opened


@pytest.fixture
def filled(store: Store) -> Store:
    """The store with forty items in five languages."""
    return store


@pytest.fixture
def clock() -> samples.FixedClock:
    """The clock that the pages see."""
    return samples.FixedClock()


@pytest.fixture
def visitor(store: Store, clock: samples.FixedClock) -> Visitor:
    """Somebody who opens the pages on this machine."""
    return Visitor(create_app(store, clock=clock))


@pytest.fixture
def visiting(store: Store, clock: samples.FixedClock) -> Callable[..., Visitor]:
    """Make visitors of an app with other arguments."""
    return lambda **given: Visitor(create_app(store, clock=clock, **given))


@pytest.fixture
def boss(store: Store) -> Person:
    """An admin who can log in."""
    return doors.add(store, "Boss", Role.ADMIN)


@pytest.fixture
def mina(store: Store, boss: Person) -> Person:
    """An analyst who can log in."""
    return doors.add(store, "Mina", Role.ANALYST)


@pytest.fixture
def closed(store: Store, clock: samples.FixedClock) -> Starlette:
    """The pages, nobody let in without a log-in."""
    return create_app(store, clock=clock, gate=doors.CLOSED)


@pytest.fixture
def stranger(closed: Starlette) -> Visitor:
    """Somebody who is not logged in."""
    return Visitor(closed)
