"""Where people are logged in, what was tried, and the one-time links that let them in.

A token is 256 random bits, given out once and kept as its SHA-256: who reads the database cannot
become anybody. Tries are counted by rows: ten wrong ones in a quarter of an hour close a name to
strangers and thirty an address, but a browser in which its person once logged in counts for itself,
so that nobody can be kept out by somebody who types their name (the device cookies of OWASP).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from monitor.core.people import (
    BrowserSession,
    LinkUse,
    OneTimeLink,
    Person,
    Refused,
    folded_name,
    person_name,
)
from store.audit import line
from store.people import PERSON, end_sessions, person, subject
from store.session import Database
from store.tables.base import table
from store.tables.people import (
    BrowserSessionRow,
    KnownBrowserRow,
    LoginTryRow,
    OneTimeLinkRow,
)

SESSION, KNOWN = table(BrowserSessionRow), table(KnownBrowserRow)
TRY, LINK = table(LoginTryRow), table(OneTimeLinkRow)

IDLE = timedelta(hours=12)  # a working day; the next morning asks for the password
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)  # reading a page writes no oftener than this
LINK_GOOD_FOR = timedelta(hours=24)
KNOWN_FOR = timedelta(days=180)  # since the last log-in
TRIES_WITHIN = timedelta(minutes=15)
TRIES_KEPT = timedelta(days=1)
TRIES_OF_ACCOUNT = 10
TRIES_OF_ADDRESS = 30
BROWSER_LENGTH = 160  # characters of what a browser calls itself


class Logins:
    """Queries about sessions, tries and links. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    # ------------------------------------------------------------ sessions

    def begin(self, person_key: int, *, known: str, browser: str, now: datetime) -> tuple[str, str]:
        """Begin a session.

        Returns its token and the one of the now known browser; both are kept nowhere. `known` is
        the token that the browser had so far, or any text.
        """
        with self._database.writing() as session:
            return _begun(session, person_key, browser, now), _known(
                session, person_key, known, now
            )

    def who(self, token: str, now: datetime) -> tuple[Person, BrowserSession] | None:
        """Return who is logged in with a token; None when nobody is, any more."""
        query = (
            select(PERSON, *(column.label(f"session_{column.name}") for column in SESSION.c))
            .join_from(SESSION, PERSON)
            .where(SESSION.c.token_hash == _hash(token), *_is_running(now))
        )
        with self._database.reading() as session:
            row = session.execute(query.where(PERSON.c.is_active.is_(True))).one_or_none()
        if row is None:
            return None
        return person(row), BrowserSession(
            key=row.session_key,
            person_key=row.session_person_key,
            browser=row.session_browser,
            started_at=row.session_started_at,
            seen_at=row.session_seen_at,
            ends_at=row.session_ends_at,
        )

    def seen(self, used: BrowserSession, now: datetime) -> None:
        """Note that a session is in use, so that it does not end for being idle."""
        with self._database.writing() as session:
            session.execute(update(SESSION).where(SESSION.c.key == used.key).values(seen_at=now))
            session.execute(
                update(PERSON).where(PERSON.c.key == used.person_key).values(seen_at=now)
            )

    def list(self, person_key: int, now: datetime) -> list[BrowserSession]:
        """Return where a person is logged in, the last used first."""
        query = (
            select(SESSION)
            .where(SESSION.c.person_key == person_key, *_is_running(now))
            .order_by(SESSION.c.seen_at.desc(), SESSION.c.key.desc())
        )
        with self._database.reading() as session:
            return [
                BrowserSession(
                    key=row.key,
                    person_key=row.person_key,
                    browser=row.browser,
                    started_at=row.started_at,
                    seen_at=row.seen_at,
                    ends_at=row.ends_at,
                )
                for row in session.execute(query)
            ]

    def end(self, token: str) -> None:
        """End the session of a token; nothing happens when there is none."""
        with self._database.writing() as session:
            session.execute(delete(SESSION).where(SESSION.c.token_hash == _hash(token)))

    def end_one(self, key: int, person_key: int, *, actor: str, now: datetime) -> bool:
        """End one session of a person; False when they have none of that key."""
        gone = (
            delete(SESSION)
            .where(SESSION.c.key == key, SESSION.c.person_key == person_key)
            .returning(SESSION.c.browser, SESSION.c.started_at)
        )
        with self._database.writing() as session:
            row = session.execute(gone).one_or_none()
            if row is None:
                return False
            session.execute(
                line(
                    actor=actor,
                    action="person.session_ended",
                    subject=subject(person_key),
                    now=now,
                    before={"browser": row.browser, "since": row.started_at.isoformat()},
                )
            )
        return True

    def end_all(self, person_key: int, *, actor: str, now: datetime, but: int | None = None) -> int:
        """End the sessions of a person, all but one when it is named; return how many."""
        with self._database.writing() as session:
            ended = len(end_sessions(session, person_key, but=but))
            if ended:
                session.execute(
                    line(
                        actor=actor,
                        action="person.sessions_ended",
                        subject=subject(person_key),
                        now=now,
                        before={"sessions": ended + (but is not None)},
                        after={"sessions": int(but is not None)},
                    )
                )
        return ended

    # ------------------------------------------------------------ tries

    def try_begins(self, name: str, *, address: str, known: str, now: datetime) -> int | None:
        """Count a try and return its key; None, and nothing is counted, when there were too many.

        A try is counted before the password is looked at, so that many at once gain nothing, and
        one that is refused is not: else a stranger could keep a name closed by going on trying.
        `known` is the token of a browser in which somebody once logged in, or any text.
        """
        folded = folded_name(name)
        since = now - TRIES_WITHIN
        with self._database.writing() as session:
            session.execute(delete(TRY).where(TRY.c.at < now - TRIES_KEPT))
            its_own = (
                known
                and session.execute(
                    select(KNOWN.c.token_hash)
                    .join_from(KNOWN, PERSON)
                    .where(
                        KNOWN.c.token_hash == _hash(known),
                        KNOWN.c.used_at > now - KNOWN_FOR,
                        PERSON.c.folded == folded,
                    )
                ).scalar_one_or_none()
            )
            account_hash = _hash(f"{folded}\n{its_own or ''}")
            address_hash = "" if its_own else _hash(address)
            recent = select(func.count()).select_from(TRY).where(TRY.c.at > since, TRY.c.at <= now)
            of_account = recent.where(TRY.c.account == account_hash)
            if session.execute(of_account).scalar_one() >= TRIES_OF_ACCOUNT:
                return None
            of_address = recent.where(TRY.c.address == address_hash)
            if address_hash and session.execute(of_address).scalar_one() >= TRIES_OF_ADDRESS:
                return None
            added = TRY.insert().values(account=account_hash, address=address_hash, at=now)
            return int(session.execute(added.returning(TRY.c.key)).scalar_one())

    def try_ends(self, key: int) -> None:
        """Take back a try: it was right."""
        with self._database.writing() as session:
            session.execute(delete(TRY).where(TRY.c.key == key))

    # ------------------------------------------------------------ links

    def make_link(self, person_key: int, use: LinkUse, *, actor: str, now: datetime) -> str:
        """Make a one-time link and return its token; an earlier link of the person ends."""
        token = secrets.token_urlsafe(32)
        ends_at = now + LINK_GOOD_FOR
        with self._database.writing() as session:
            session.execute(delete(LINK).where(LINK.c.person_key == person_key))
            session.execute(
                LINK.insert().values(
                    person_key=person_key,
                    token_hash=_hash(token),
                    use=use.value,
                    made_at=now,
                    ends_at=ends_at,
                )
            )
            session.execute(
                line(
                    actor=actor,
                    action="person.link_made",
                    subject=subject(person_key),
                    now=now,
                    after={"use": use.value, "ends_at": ends_at.isoformat()},
                )
            )
        return token

    def link(self, token: str, now: datetime) -> OneTimeLink | None:
        """Return what a link is for while it is good; looking at it does not use it up."""
        with self._database.reading() as session:
            return _link(session, token, now)

    def waits(self, person_key: int, use: LinkUse, now: datetime) -> bool:
        """Say whether a good link of this use waits for a person."""
        query = select(LINK.c.person_key).where(
            LINK.c.person_key == person_key, LINK.c.use == use.value, LINK.c.ends_at > now
        )
        with self._database.reading() as session:
            return session.execute(query).first() is not None

    def use_link(
        self, token: str, password: str, *, browser: str, known: str, now: datetime, name: str = ""
    ) -> tuple[Person, str, str] | Refused:
        """Use a link up: keep the hash of a password, end all other sessions and begin one.

        `name` is the one that the first admin chose. Returns who that is, the token of the session
        and the token of the known browser.
        """
        try:
            with self._database.writing() as session:
                link = _link(session, token, now)
                if link is None:
                    return Refused.NOBODY
                called = link.person.name
                if link.use is LinkUse.FIRST and name:
                    wanted = person_name(name)
                    if wanted is None:
                        return Refused.NOT_A_NAME
                    called = wanted
                # Whoever deletes it first has used it: two at once cannot both.
                gone = delete(LINK).where(LINK.c.token_hash == _hash(token))
                if session.execute(gone.returning(LINK.c.use)).first() is None:
                    return Refused.NOBODY
                _let_in(session, link, called=called, password=password, now=now)
                tokens = (
                    _begun(session, link.person.key, browser, now),
                    _known(session, link.person.key, known, now),
                )
        except IntegrityError:  # the one unique value that changes is the name; the link stays
            return Refused.NAME_TAKEN
        return replace(link.person, name=called), *tokens


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _is_running(now: datetime) -> tuple[Any, ...]:
    return SESSION.c.ends_at > now, SESSION.c.seen_at > now - IDLE


def _begun(session: Session, person_key: int, browser: str, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    ended = or_(SESSION.c.ends_at <= now, SESSION.c.seen_at <= now - IDLE)
    session.execute(delete(SESSION).where(ended))
    session.execute(
        SESSION.insert().values(
            token_hash=_hash(token),
            person_key=person_key,
            browser=browser[:BROWSER_LENGTH],
            started_at=now,
            seen_at=now,
            ends_at=now + LONGEST,
        )
    )
    session.execute(update(PERSON).where(PERSON.c.key == person_key).values(seen_at=now))
    return token


def _known(session: Session, person_key: int, known: str, now: datetime) -> str:
    """Remember a browser under a new token; the old token of the same person is forgotten."""
    token = secrets.token_urlsafe(32)
    session.execute(
        delete(KNOWN).where(
            or_(
                (KNOWN.c.token_hash == _hash(known)) & (KNOWN.c.person_key == person_key),
                KNOWN.c.used_at <= now - KNOWN_FOR,
            )
        )
    )
    session.execute(
        KNOWN.insert().values(token_hash=_hash(token), person_key=person_key, used_at=now)
    )
    return token


def _let_in(
    session: Session, link: OneTimeLink, *, called: str, password: str, now: datetime
) -> None:
    """Give the person of a link the password that was chosen, and end what was before."""
    key = link.person.key
    session.execute(
        update(PERSON)
        .where(PERSON.c.key == key)
        .values(name=called, folded=folded_name(called), password=password)
    )
    end_sessions(session, key)
    session.execute(
        line(
            actor=called,
            action="person.link_used",
            subject=subject(key),
            now=now,
            before={"name": link.person.name},
            after={"name": called, "use": link.use.value},
        )
    )


def _link(session: Session, token: str, now: datetime) -> OneTimeLink | None:
    query = (
        select(PERSON, LINK.c.use, LINK.c.ends_at)
        .join_from(LINK, PERSON)
        .where(
            LINK.c.token_hash == _hash(token), LINK.c.ends_at > now, PERSON.c.is_active.is_(True)
        )
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return OneTimeLink(person=person(row), use=LinkUse(row.use), ends_at=row.ends_at)
