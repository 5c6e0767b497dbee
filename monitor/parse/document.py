"""Makes a decoded document harmless before any XML reader sees it.

Takes out what XML forbids and what makes readers raise, resolve or crawl: control characters,
references to impossible characters, long or foreign DOCTYPEs, endless tags, piles of categories,
addresses in author fields that keep a regular expression busy for minutes. Everything here takes
time in proportion to the document. What is cut is said in a note.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

# Terminal colours go as a whole, or their digits would stay behind.
_FORBIDDEN = re.compile(
    "\x1b\\[[0-9;?]{0,20}[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
)
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 13))
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")
_REFERENCE = re.compile(r"&#(x[0-9a-f]{1,200}|[0-9]{1,200});?", re.IGNORECASE)
_DOCTYPE = re.compile(
    r"<!DOCTYPE\b[^\[>]{0,2000}+(?:\[(?P<inside>.{0,100000}?)\]\s*)?+>", re.I | re.S
)
_ENTITY = re.compile(r"<!ENTITY\s+(\w[\w.-]{0,60})\s+(\"[^\"%]{0,500}\"|'[^'%]{0,500}')\s*>", re.I)
_LONG_TAG = re.compile(r"<([A-Za-z_][\w:.-]{0,60})\s[^<>]{20000,}+(/?)>")
# A server's warning before the feed (`<br /><b>Warning</b>: ... <?xml ...`) is no root.
_WARNING = {
    "br",
    "b",
    "div",
    "p",
    "pre",
    "font",
    "script",
    "style",
    "span",
    "table",
    "link",
    "meta",
}
_FEED_START = re.compile(r"<(?:rss\s|(?:rdf:)?RDF\s|feed\s)[^<>]{5,2000}>", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_PERSON = re.compile(
    r"<((?:[\w.-]+:)?(?:author|managingeditor|webmaster|creator|contributor|publisher|name|email"
    r"|owner))\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{0,500}>|<!\[CDATA\[|\]\]>")
_PERSON_LIMIT = 500  # code points of what stands in one element about a person
_PILED = re.compile(
    r"<((?:[\w.-]+:)?(?:category|subject|keywords|enclosure|content|thumbnail|link|contributor))\b",
    re.IGNORECASE,
)
_PILE = 3000  # elements of one name in a document that no feed of this world needs,
_PILE_EACH = 20  # or so many for each entry, if that is more
_PROLOG = 200  # constructs before the root element
_GROWTH = 1_000_000  # code points by which a document's own entities may make it longer


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be given to a reader: from its root element on, nothing before."""

    text: str
    root: str = ""  # local name of the root element in lower case; empty: no XML
    notes: tuple[str, ...] = ()


def prepare(text: str) -> Document:
    """Return `text` without its prolog and without what breaks or stalls readers."""
    notes: list[str] = []
    text = text.lstrip("\ufeff \t\r\n\x00")
    if _is_dirty(text):
        text = _FORBIDDEN.sub("", text)
        notes.append("Characters that XML forbids were removed.")
    if text[:1] in ("{", "["):
        return Document(text, notes=tuple(notes))
    if "&#" in text:
        text = _REFERENCE.sub(_possible, text)
    start, inside = _prolog(text)
    root = _ROOT.match(text, start)
    if root and root[1].lower() in _WARNING and (late := _FEED_START.search(text, start)):
        notes.append("What stood before the feed was skipped.")
        root = _ROOT.match(text, late.start())
        start = late.start()
    if root is None:
        return Document(text, notes=tuple(notes))
    text = _own_entities(text[start:], inside)
    if _LONG_TAG.search(text):
        text = _LONG_TAG.sub(r"<\1\2>", text)
        notes.append("Attributes of an endless tag were dropped.")
    return Document(text, root[1].lower(), tuple(notes))


def _is_dirty(text: str) -> bool:
    """Say whether `text` holds what XML forbids; ten times faster than searching for it."""
    octets = text.encode("utf-8", "surrogatepass")
    return (
        len(octets.translate(None, _CONTROLS)) < len(octets)
        or b"\xef\xbf\xbe" in octets  # U+FFFE
        or b"\xef\xbf\xbf" in octets  # U+FFFF
        or _SURROGATE.search(octets) is not None
    )


def _prolog(text: str) -> tuple[int, str]:
    """Return where the root element begins, and the inside of the DOCTYPE if there is one.

    Skips comments, instructions, and whatever stands before the first angle bracket.
    """
    place, inside = 0, ""
    for _ in range(_PROLOG):
        place = text.find("<", place)
        if place < 0:
            break
        if text.startswith("<!--", place):
            end = text.find("-->", place + 4)
        elif text.startswith("<?", place):
            end = text.find(">", place)
        elif doctype := _DOCTYPE.match(text, place):
            inside, end = doctype["inside"] or "", doctype.end() - 1
        elif _ROOT.match(text, place):
            return place, inside
        else:
            end = place
        if end < 0:
            break
        place = end + 1
    return len(text), inside


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
    pattern, room = re.compile(rf"&({names});"), _GROWTH

    def value(found: re.Match[str]) -> str:
        nonlocal room
        room -= len(entities[found[1]])
        return entities[found[1]] if room >= 0 else ""

    return pattern.sub(value, text)


def unpile(text: str) -> tuple[str, tuple[str, ...]]:
    """Cut what keeps the tolerant reader busy out of proportion: piles and endless people."""
    notes: list[str] = []
    people = _with_short_people(text)
    if people != text:
        text = people
        notes.append("Overlong names of people were cut.")
    counts = Counter(name.lower() for name in _PILED.findall(text))
    limit = max(_PILE, _PILE_EACH * sum(1 for _ in _OPEN.finditer(text)))
    for name, count in counts.items():
        if count > limit:
            pattern = re.compile(
                rf"<{re.escape(name)}\b[^<>]*(?:/>|>(?:[^<]|<!\[CDATA\[[^\]]*\]\]>)*</{re.escape(name)}\s*>|>)",
                re.IGNORECASE,
            )
            text = _beyond(pattern, text, limit)
            notes.append(f"Only the first {limit} elements of the name {name} were read.")
    return text, tuple(notes)


def _with_short_people(text: str) -> str:
    """Cut what stands in elements about people: feedparser searches it in quadratic time."""
    parts, place = [], 0
    while person := _PERSON.search(text, place):
        closing = re.compile(f"</{re.escape(person[1])}", re.I).search(text, person.end())
        end = closing.start() if closing else len(text)
        inside = text[person.end() : end]
        if len(inside) > _PERSON_LIMIT:
            inside = _TAG.sub(" ", inside[: _PERSON_LIMIT * 20])[:_PERSON_LIMIT]
            inside = inside.replace("<", " ")
        parts += [text[place : person.end()], inside]
        place = end
    return "".join(parts) + text[place:]


def _beyond(pattern: re.Pattern[str], text: str, limit: int) -> str:
    kept = iter(range(limit))
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
