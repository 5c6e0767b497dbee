"""Full-text search over items: the same answers on SQLite (FTS5) and PostgreSQL (tsvector).

A question is words, "phrases", -exclusions, beginnings*, and fields: `title:` for words; `lang:`,
`country:`, `feed:`, `after:` and `before:` (days of first sight, UTC) for the rest. Anything else
is words: no question is an error. The engines only ever see terms of `store.analysis`, never what
was typed.

On SQLite the index keeps no copy of the terms, and a document in it never changes: an item that
gets a new text gets a new document, and the old one belongs to nobody any more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, column, false, not_, select, text, true
from sqlmodel import Session

from store.analysis import MOST_TERMS, bounded, folded, terms
from store.session import Database
from store.tables.base import table
from store.tables.watching import FeedRow, ItemRow

ITEM, FEED = table(ItemRow), table(FeedRow)

# A title is short; what a longer one says beyond this is not found by `title:`.
TITLE_TERMS = 200
# Between title and text, so that no phrase spans both.
APART = 10
# Nobody types more; someone who pastes an article gets an answer all the same.
MOST_WORDS = 40

_ASKED = re.compile(r'(?P<no>-)?(?:(?P<field>[a-z]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an item, ready to be indexed."""

    title: tuple[str, ...]
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Terms that must follow each other."""

    terms: tuple[str, ...]
    in_title: bool = False
    is_beginning: bool = False  # the last term is the beginning of a longer one


@dataclass(slots=True)
class _Question:
    wanted: list[_Phrase] = field(default_factory=list)
    unwanted: list[_Phrase] = field(default_factory=list)
    where: list[ColumnElement[bool]] = field(default_factory=list)


class Search:
    """The search index."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def rebuild(self, *, step: int = 200) -> int:
        """Index all items anew, in short transactions; return how many.

        Needed after a change of `store.analysis` alone.
        """
        count = last = 0
        while True:
            query = select(ITEM.c.key, ITEM.c.title, ITEM.c.text).where(ITEM.c.key > last)
            with self._database.reading() as session:
                rows = session.execute(query.order_by(ITEM.c.key).limit(step)).all()
            if not rows:
                return count
            analysed = [(row.key, analyse(row.title, row.text)) for row in rows]
            with self._database.writing() as session:
                for key, words in analysed:
                    index(session, key, words)
            count, last = count + len(rows), rows[-1].key


def analyse(title: str, body: str) -> Terms:
    """Return the terms of an item. Takes milliseconds: do it before a transaction begins."""
    first = tuple(bounded(title, TITLE_TERMS))
    return Terms(first, tuple(bounded(body, MOST_TERMS)))


def index(session: Session, item_key: int, words: Terms) -> None:
    """Make an item findable by its present text."""
    if _is_sqlite(session):
        session.execute(
            text("DELETE FROM search_document WHERE item_key = :item"), {"item": item_key}
        )
        key = session.execute(
            text("INSERT INTO search_document (item_key) VALUES (:item) RETURNING key"),
            {"item": item_key},
        ).scalar_one()
        session.execute(
            text("INSERT INTO search_terms (rowid, title, text) VALUES (:key, :title, :text)"),
            {"key": key, "title": " ".join(words.title), "text": " ".join(words.text)},
        )
    else:
        session.execute(
            text(
                "INSERT INTO search_document (item_key, terms)"
                " VALUES (:item, CAST(:terms AS tsvector))"
                " ON CONFLICT (item_key) DO UPDATE SET terms = excluded.terms"
            ),
            {"item": item_key, "terms": _vector(words)},
        )


def condition(session: Session, asked: str) -> ColumnElement[bool]:
    """Return the condition under which an item answers a question. Raises for no input."""
    question = _understood(asked)
    parts = list(question.where)
    if question.wanted:
        parts.append(_matching(session, question.wanted, is_any=False))
    if question.unwanted:
        parts.append(not_(_matching(session, question.unwanted, is_any=True)))
    if not parts:
        # Blank: no restriction. Only signs, such as "!?": nothing can answer that.
        return false() if asked.strip() else true()
    return and_(*parts)


# ---------------------------------------------------------------- understanding a question


def _understood(asked: str) -> _Question:
    question = _Question()
    # Half a character (a lone surrogate) and NUL can be in no text, and engines refuse them.
    asked = asked.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")
    for found in list(_ASKED.finditer(folded(asked)))[:MOST_WORDS]:
        name, phrase, word = found["field"], found["phrase"], found["word"]
        said = phrase if phrase is not None else word or ""
        restriction = _restriction(name, said)
        if restriction is not None:
            question.where.append(not_(restriction) if found["no"] else restriction)
            continue
        if name is not None and name != "title":
            said = f"{name} {said}"
        for one in _phrases(said, in_title=name == "title"):
            (question.unwanted if found["no"] else question.wanted).append(one)
    return question


def _phrases(said: str, *, in_title: bool) -> Iterator[_Phrase]:
    is_beginning = said.endswith("*")
    words = tuple(terms(said))[:MOST_WORDS]
    if is_beginning and words:
        # Its ending is not known yet, so it must not be cut off.
        last = re.findall(r"\w+", said)[-1:]
        if last and last[0].isascii():
            words = (*words[:-1], last[0])
    if not words:
        return
    # A single Chinese or Korean character is the beginning of a pair.
    is_single = len(words) == 1 and len(words[0]) == 1 and not words[0].isascii()
    yield _Phrase(words, in_title=in_title, is_beginning=is_beginning or is_single)


def _restriction(name: str | None, said: str) -> ColumnElement[bool] | None:
    """Return the condition that a field stands for; None when it is none that we know."""
    if not said:
        return None
    if name == "lang":
        return ITEM.c.lang.is_not_distinct_from(said)
    if name == "country":
        return ITEM.c.country.is_not_distinct_from(said.upper())
    if name == "feed":
        return ITEM.c.feed_key.in_(select(FEED.c.key).where(FEED.c.id == said))
    if name in ("after", "before"):
        day = _day(said)
        if day is not None:
            seen_at = ITEM.c.first_seen_at
            return seen_at >= day if name == "after" else seen_at < day
    return None


def _day(said: str) -> datetime | None:
    """Return the beginning of a day, UTC; years and months stand for their first day."""
    parts = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", said)
    if parts is None or not said.isascii():
        return None
    try:
        return datetime(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1), tzinfo=UTC)
    except ValueError:
        return None


# ---------------------------------------------------------------- asking the engines


def _matching(session: Session, phrases: Sequence[_Phrase], *, is_any: bool) -> ColumnElement[bool]:
    if _is_sqlite(session):
        joint = " OR " if is_any else " AND "
        asked = joint.join(_fts5(phrase) for phrase in phrases)
        found = (
            "SELECT search_document.item_key FROM search_terms"
            " JOIN search_document ON search_document.key = search_terms.rowid"
            " WHERE search_terms MATCH :asked"
        )
    else:
        joint = " | " if is_any else " & "
        asked = joint.join(_tsquery(phrase) for phrase in phrases)
        found = "SELECT item_key FROM search_document WHERE terms @@ CAST(:asked AS tsquery)"
    # Both conditions of a question stand in one statement, so their parameters need two names.
    name = "unwanted" if is_any else "wanted"
    keys = text(found.replace(":asked", f":{name}")).bindparams(**{name: asked})
    return ITEM.c.key.in_(select(keys.columns(column("item_key")).subquery(name)))


def _fts5(phrase: _Phrase) -> str:
    column = "{title} : " if phrase.in_title else ""
    return f'({column}"{" ".join(phrase.terms)}"{" *" if phrase.is_beginning else ""})'


def _tsquery(phrase: _Phrase) -> str:
    title = "A" if phrase.in_title else ""
    marks = [f":{title}" if title else ""] * len(phrase.terms)
    if phrase.is_beginning:
        marks[-1] = f":*{title}"
    spelled = [f"'{term}'{mark}" for term, mark in zip(phrase.terms, marks, strict=True)]
    return f"({' <-> '.join(spelled)})"


def _vector(words: Terms) -> str:
    """Return terms with their positions in PostgreSQL's own notation; the title has weight A."""
    places: dict[str, list[str]] = defaultdict(list)
    for place, term in enumerate(words.title, start=1):
        places[term].append(f"{place}A")
    for place, term in enumerate(words.text, start=len(words.title) + APART):
        places[term].append(str(place))
    return " ".join(f"'{term}':{','.join(at)}" for term, at in places.items())


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
