"""Makes a decoded document harmless before any XML reader sees it.

Takes out what XML forbids and what makes readers raise, resolve or crawl: control characters,
references to impossible characters, long or foreign DOCTYPEs, endless tags, piles of categories,
addresses in author fields that keep a regular expression busy for minutes. Everything here takes
time in proportion to the document. What is cut is said in a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,500}\?>", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(x[0-9a-f]{1,200}|[0-9]{1,200});?", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[>]{0,2000}(?:\[(?P<inside>.*?)\]\s*)?>", re.I | re.S)
_ENTITY = re.compile(r"<!ENTITY\s+(\w[\w.-]{0,60})\s+(\"[^\"%]{0,500}\"|'[^'%]{0,500}')\s*>", re.I)
_LONG_TAG = re.compile(r"<([A-Za-z_][\w:.-]{0,60})\s[^<>]{20000,}+(/?)>")
_ROOT = re.compile(r"<(?!\?|!)(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_PEOPLE = re.compile(
    r"(<((?:[\w.-]+:)?(?:author|managingeditor|webmaster|creator|contributor|publisher|name|email|owner))"
    r"\b[^<>]{0,500}>)([^<]{501,}|\s*<!\[CDATA\[[^\]]{501,})",
    re.IGNORECASE,
)
_PILED = re.compile(
    r"<((?:[\w.-]+:)?(?:category|subject|keywords|enclosure|content|thumbnail|link|contributor))\b",
    re.IGNORECASE,
)
_PILE = 3000  # elements of one name in a document that no feed of this world needs


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be given to an XML reader: text without declaration."""

    text: str
    notes: tuple[str, ...] = ()


def prepare(text: str) -> Document:
    """Return `text` without what breaks or stalls readers."""
    notes: list[str] = []
    text = text.lstrip("\ufeff \t\r\n\x00")
    if _FORBIDDEN.search(text):
        text = _FORBIDDEN.sub("", text)
        notes.append("Characters that XML forbids were removed.")
    text = _REFERENCE.sub(_possible, text)
    text = _DECLARATION.sub("", text, count=1).lstrip()
    doctype = _DOCTYPE.search(text[:200_000])
    if doctype:
        text = text[: doctype.start()] + _own_entities(
            text[doctype.end() :], doctype["inside"] or ""
        )
    text = text.lstrip()
    if _LONG_TAG.search(text):
        text = _LONG_TAG.sub(r"<\1\2>", text)
        notes.append("Attributes of an endless tag were dropped.")
    return Document(text, tuple(notes))


def _possible(found: re.Match[str]) -> str:
    """Drop a reference to a character that cannot exist; readers raise on it."""
    digits = found[1]
    number = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    possible = number in (9, 10, 13) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD
    if possible or 0x10000 <= number <= 0x10FFFF:
        return found[0]
    return ""


def _own_entities(text: str, inside: str) -> str:
    """Put a DOCTYPE's own short entities in place; the DOCTYPE itself goes.

    Values are put in once and not looked at again, so nothing can grow; external entities and
    parameter entities are not known and stay as text.
    """
    entities = {name: value[1:-1] for name, value in _ENTITY.findall(inside[:20_000])}
    entities = {
        name: value for name, value in entities.items() if "&" not in value.replace("&#", "")
    }
    if not entities:
        return text
    names = "|".join(re.escape(name) for name in sorted(entities, key=len, reverse=True))
    return re.sub(rf"&({names});", lambda found: entities[found[1]], text)


def root_of(text: str) -> str:
    """Return the local name of the first element, in lower case; empty if there is none."""
    found = _ROOT.search(text[:100_000])
    return found[1].lower() if found else ""


def unpile(text: str) -> Document:
    """Cut what keeps the tolerant reader busy out of proportion: piles and endless people."""
    notes: list[str] = []
    if _PEOPLE.search(text):
        text = _PEOPLE.sub(
            lambda found: found[1] + found[3][:500] + ("]]>" if "CDATA" in found[3][:30] else ""),
            text,
        )
        notes.append("Overlong names of people were cut.")
    counts: dict[str, int] = {}
    for found in _PILED.finditer(text):
        name = found[1].lower()
        counts[name] = counts.get(name, 0) + 1
    for name, count in counts.items():
        if count > _PILE:
            pattern = re.compile(
                rf"<{re.escape(name)}\b[^<>]*(?:/>|>(?:[^<]|<!\[CDATA\[[^\]]*\]\]>)*</{re.escape(name)}\s*>|>)",
                re.IGNORECASE,
            )
            text = _beyond(pattern, text)
            notes.append(f"Only the first {_PILE} elements of the name {name} were read.")
    return Document(text, tuple(notes))


def _beyond(pattern: re.Pattern[str], text: str) -> str:
    kept = iter(range(_PILE))
    return pattern.sub(lambda found: found[0] if next(kept, None) is not None else "", text)


# ---------------------------------------------------------------- cut documents

_OPEN = re.compile(r"<(?:[\w.-]+:)?(item|entry|url)(?=[\s>/])", re.IGNORECASE)
_CLOSED = re.compile(
    r"</(?:[\w.-]+:)?(item|entry|url)\s*>|<(?:[\w.-]+:)?(?:item|entry)\b[^<>]*/>", re.I
)
_END = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel|urlset)\s*>", re.IGNORECASE)


def without_cut_entry(text: str) -> tuple[str, bool]:
    """Return the document without an entry that the transmission cut, and whether it was whole.

    A document is whole when its root element is closed near the end.
    """
    if _END.search(text[-2000:]):
        return text, True
    last_open = max(_OPEN.finditer(text), key=lambda found: found.start(), default=None)
    if last_open is None:
        return text, False
    if _CLOSED.search(text, last_open.start()):
        return text, False
    return text[: last_open.start()], False
