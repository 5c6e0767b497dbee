"""OPML, the file in which feed readers hand lists of feeds to each other: read and written.

An OPML file comes from anywhere, so it is read without entities, without a network, within a size
and a depth, and tolerantly: many are not quite XML. What comes out are outlines, not feeds; turning
them into lines of feeds.yaml says for each one left out why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from lxml import etree
from pydantic import ValidationError

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.values import Feed
from monitor.feedfile import same_address
from monitor.feedkeys import FeedKeys, slug

MAX_BYTES: Final = 5_000_000
MAX_OUTLINES: Final = 20_000
MAX_DEPTH: Final = 50

_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed as an OPML file names it."""

    url: str
    title: str
    folders: tuple[str, ...] = ()  # outermost first
    lang: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What of an OPML file can be added to feeds.yaml, and what cannot, with the reason."""

    feeds: tuple[Feed, ...]
    skipped: tuple[tuple[Outline, str], ...]


def read_opml(raw: bytes, *, name: str = "OPML") -> list[Outline]:
    """Return the feeds that an OPML file names, in its order. Raises ConfigurationErrors."""
    if len(raw) > MAX_BYTES:
        raise _refused(name, f"is larger than {MAX_BYTES // 1_000_000} MB")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = re.sub(r"^\s*<\?xml[^>]*\?>", "", raw.decode("utf-16", "replace")).encode()
    # Entities in attributes are always replaced by the parser: no document may define any.
    if b"\x00" in raw or re.search(rb"<!\s*(?:ENTITY|DOCTYPE[^>]*\[)", raw, re.IGNORECASE):
        raise _refused(name, "defines entities, which no list of feeds needs; it was not read")
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(raw.strip(), parser)
    except etree.XMLSyntaxError as error:
        raise _refused(name, f"is no XML: {error.msg}", line=error.lineno) from None
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise _refused(name, "is no OPML: an OPML file begins with <opml>")
    return _outlines(root, name)


def _outlines(root: etree._Element, name: str) -> list[Outline]:
    found: list[Outline] = []
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, folders = waiting.pop()
        inside = folders
        if isinstance(element.tag, str) and etree.QName(element).localname.lower() == "outline":
            given = {str(key).lower(): str(value).strip() for key, value in element.items()}
            title = _one_line(given.get("title") or given.get("text") or "")
            if url := given.get("xmlurl", ""):
                found.append(
                    Outline(url=url, title=title, folders=folders, lang=given.get("language", ""))
                )
            elif title:
                inside = (*folders, title)
        if len(found) > MAX_OUTLINES or len(inside) > MAX_DEPTH:
            raise _refused(name, "holds more feeds or folders than we read from one file")
        waiting += [(child, inside) for child in reversed(element)]
    return found


def importable(outlines: Sequence[Outline], known: Iterable[Feed], *, source: str) -> Import:
    """Turn outlines into feeds for feeds.yaml, leaving out what is there already or cannot be.

    Ids are made from titles and are new; `source` is named as the evidence.
    """
    known = list(known)
    ids = {feed.id for feed in known}
    addresses = {same_address(feed.url): feed.id for feed in known}
    feeds: list[Feed] = []
    skipped: list[tuple[Outline, str]] = []
    for outline in outlines:
        made = _feed(outline, ids, source)
        if isinstance(made, str):
            skipped.append((outline, made))
        elif (same := same_address(made.url)) in addresses:
            skipped.append((outline, f"is there already, as {addresses[same]}"))
        else:
            feeds.append(made)
            ids.add(made.id)
            addresses[same] = made.id
    return Import(feeds=tuple(feeds), skipped=tuple(skipped))


def _feed(outline: Outline, ids: set[str], source: str) -> Feed | str:
    """Return a feed, or why there can be none."""
    host = outline.url.split("://", 1)[-1].split("/", 1)[0]
    given = {
        "id": _new_id(slug(outline.title) or slug(host.removeprefix("www.")) or "feed", ids),
        "url": outline.url,
        "title": outline.title[:300] or host,
        "category": slug(outline.folders[0]) if outline.folders else "",
        "lang": outline.lang.split("-")[0].lower(),
        "evidence": f"imported from {source}"[:2000],
    }
    given = {key: value for key, value in given.items() if value}
    try:
        keys = FeedKeys.model_validate(given)
    except ValidationError as error:
        wrong = {detail["loc"][0]: detail["msg"] for detail in error.errors(include_url=False)}
        if set(wrong) != {"lang"}:
            return "; ".join(wrong.values())
        # A strange language is no reason to leave a feed out.
        keys = FeedKeys.model_validate({key: given[key] for key in given if key != "lang"})
    return Feed(**{part.name: getattr(keys, part.name) for part in fields(Feed)})


def _new_id(name: str, ids: set[str]) -> str:
    number = 1
    found = name
    while found in ids:
        number += 1
        found = f"{name[:58].rstrip('-')}-{number}"
    return found


def write_opml(feeds: Sequence[Feed], *, now: datetime) -> str:
    """Return the feeds as OPML 2.0, one folder for each category, in the given order."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Feeds of Dispatch Watch"
    etree.SubElement(head, "dateCreated").text = f"{now:%a, %d %b %Y %H:%M:%S} GMT"
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {}
    for feed in feeds:
        parent = body
        if feed.category:
            if feed.category not in folders:
                folders[feed.category] = etree.SubElement(
                    body, "outline", text=feed.category, title=feed.category
                )
            parent = folders[feed.category]
        title = _UNWRITABLE.sub("", feed.title)
        outline = etree.SubElement(
            parent, "outline", type="rss", text=title, title=title, xmlUrl=feed.url
        )
        if feed.lang:
            outline.set("language", feed.lang)
    etree.indent(root)
    text = etree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _one_line(text: str) -> str:
    return " ".join(_UNWRITABLE.sub("", text).split())


def _refused(name: str, message: str, *, line: int | None = None) -> ConfigurationErrors:
    return ConfigurationErrors([Problem(file=name, line=line, message=message)])
