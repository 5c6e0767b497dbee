"""Who may ask for pages: people, their roles and passwords. Passwords come and go as hashes.

Every change is one transaction with its line in the audit trail. A change of rights ends the
person's sessions with it, and no change takes away the last admin who can log in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from monitor.core.people import Account, Person, Refused, Role, folded_name, person_name
from store.audit import line
from store.session import Database
from store.tables.base import table
from store.tables.people import BrowserSessionRow, OneTimeLinkRow, PersonRow

PERSON, SESSION, LINK = table(PersonRow), table(BrowserSessionRow), table(OneTimeLinkRow)


class People:
    """Queries about people. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def has_admin(self) -> bool:
        """Say whether somebody can log in and let others in: from then on everybody logs in."""
        query = select(exists().where(*_is_able_admin()))
        with self._database.reading() as session:
            return bool(session.execute(query).scalar_one())

    def list(self) -> list[Account]:
        """Return everybody, those who may log in first, by name."""
        order = (PERSON.c.is_active.desc(), PERSON.c.folded)
        with self._database.reading() as session:
            return [account(row) for row in session.execute(accounts().order_by(*order))]

    def get(self, key: int) -> Account | None:
        """Return one person."""
        with self._database.reading() as session:
            return _account(session, PERSON.c.key == key)

    def find(self, name: str) -> Account | None:
        """Return the person of a name, however it is capitalised."""
        with self._database.reading() as session:
            return _account(session, PERSON.c.folded == folded_name(name))

    def password_of(self, key: int) -> str | None:
        """Return the hash of the password of somebody who may log in."""
        query = select(PERSON.c.password).where(PERSON.c.key == key, PERSON.c.is_active.is_(True))
        with self._database.reading() as session:
            return session.execute(query).scalar_one_or_none()

    def add(self, name: str, role: Role, *, actor: str, now: datetime) -> Person | Refused:
        """Add somebody, who cannot log in until they have chosen a password by a one-time link."""
        wanted = person_name(name)
        if wanted is None:
            return Refused.NOT_A_NAME
        try:
            with self._database.writing() as session:
                key = session.execute(
                    PERSON.insert()
                    .values(
                        name=wanted,
                        folded=folded_name(wanted),
                        role=role.value,
                        language="",
                        zone="",
                        is_active=True,
                        added_at=now,
                    )
                    .returning(PERSON.c.key)
                ).scalar_one()
                after = {"name": wanted, "role": role.value}
                session.execute(_told("person.added", key, actor=actor, now=now, after=after))
        except IntegrityError:  # the one unique value of a person is the name
            return Refused.NAME_TAKEN
        return Person(key=key, name=wanted, role=role)

    def set_role(self, key: int, role: Role, *, actor: str, now: datetime) -> Refused | None:
        """Give somebody another role and end their sessions; the same role again does nothing."""
        return self._change(key, "person.role_changed", {"role": role.value}, actor=actor, now=now)

    def set_active(self, key: int, is_active: bool, *, actor: str, now: datetime) -> Refused | None:
        """Let somebody log in, or not any more: then sessions and links end at once."""
        action = "person.enabled" if is_active else "person.disabled"
        return self._change(key, action, {"is_active": is_active}, actor=actor, now=now)

    def choose(self, key: int, *, now: datetime, **wanted: str) -> None:
        """Keep what somebody chose for their own pages: `language`, `zone`."""
        columns = {name: wanted[name] for name in ("language", "zone") if name in wanted}
        with self._database.writing() as session:
            row = _locked(session, key)
            if row is None or all(getattr(row, name) == columns[name] for name in columns):
                return
            session.execute(update(PERSON).where(PERSON.c.key == key).values(columns))
            before = {name: getattr(row, name) for name in columns}
            session.execute(
                _told("person.chose", key, actor=row.name, now=now, before=before, after=columns)
            )

    def set_password(
        self, key: int, password: str, *, now: datetime, but_session: int | None = None
    ) -> None:
        """Keep the hash of a password that its person changed; all other sessions end."""
        with self._database.writing() as session:
            row = _locked(session, key)
            if row is None:
                return
            session.execute(update(PERSON).where(PERSON.c.key == key).values(password=password))
            end_sessions(session, key, but=but_session)
            session.execute(delete(LINK).where(LINK.c.person_key == key))
            session.execute(_told("person.password_changed", key, actor=row.name, now=now))

    def rehash(self, key: int, password: str, *, before: str) -> None:
        """Keep the same password under a stronger hash, unless it was changed meanwhile."""
        is_same = (PERSON.c.key == key, PERSON.c.password == before)
        with self._database.writing() as session:
            session.execute(update(PERSON).where(*is_same).values(password=password))

    def _change(
        self, key: int, action: str, wanted: Mapping[str, object], *, actor: str, now: datetime
    ) -> Refused | None:
        """Change what somebody may do, unless nobody would be left to let people in."""
        with self._database.writing() as session:
            # Locked in one order, so that two admins cannot disable each other at once.
            able = (
                session.execute(
                    select(PERSON.c.key)
                    .where(*_is_able_admin())
                    .order_by(PERSON.c.key)
                    .with_for_update()
                )
                .scalars()
                .all()
            )
            row = _locked(session, key)
            if row is None:
                return Refused.NOBODY
            before = {name: getattr(row, name) for name in wanted}
            if before == wanted:
                return None
            if list(able) == [key]:
                return Refused.LAST_ADMIN
            session.execute(update(PERSON).where(PERSON.c.key == key).values(dict(wanted)))
            end_sessions(session, key)
            if not wanted.get("is_active", True):
                session.execute(delete(LINK).where(LINK.c.person_key == key))
            session.execute(_told(action, key, actor=actor, now=now, before=before, after=wanted))
        return None


def end_sessions(session: Session, person_key: int, *, but: int | None = None) -> Sequence[int]:
    """End the sessions of a person, all but one when it is named; return their keys."""
    gone = delete(SESSION).where(SESSION.c.person_key == person_key)
    if but is not None:
        gone = gone.where(SESSION.c.key != but)
    return session.execute(gone.returning(SESSION.c.key)).scalars().all()


def accounts() -> Any:
    """Return the query of everybody with the number of their sessions."""
    count = (
        select(func.count())
        .select_from(SESSION)
        .where(SESSION.c.person_key == PERSON.c.key)
        .scalar_subquery()
    )
    return select(PERSON, count.label("session_count"))


def account(row: Row[Any]) -> Account:
    """Return a row of `accounts` as a value."""
    return Account(
        person=person(row),
        is_active=row.is_active,
        has_password=row.password is not None,
        added_at=row.added_at,
        seen_at=row.seen_at,
        session_count=row.session_count,
    )


def person(row: Row[Any]) -> Person:
    """Return the person of a row with the columns of the table."""
    return Person(
        key=row.key,
        name=row.name,
        role=Role(row.role),
        language=row.language,
        zone=row.zone,
    )


def subject(key: int) -> str:
    """Return how the audit trail names a person."""
    return f"person:{key}"


def _told(action: str, key: int, **given: Any) -> Any:
    return line(action=action, subject=subject(key), **given)


def _is_able_admin() -> tuple[Any, ...]:
    return (
        PERSON.c.role == Role.ADMIN.value,
        PERSON.c.is_active.is_(True),
        PERSON.c.password.is_not(None),
    )


def _locked(session: Session, key: int) -> Row[Any] | None:
    query = select(PERSON).where(PERSON.c.key == key).with_for_update()
    return session.execute(query).one_or_none()


def _account(session: Session, which: Any) -> Account | None:
    row = session.execute(accounts().where(which)).one_or_none()
    return None if row is None else account(row)
