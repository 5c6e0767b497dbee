"""From text to a tree, whatever the page's shape.

Three shapes are traps for the parsers below: nesting (libxml2 drops what is deeper than its limit,
and everything behind it, without a word), elements with very many attributes, and very many
elements. Such pages are made harmless first, and said to be: their text may be cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

MOST_BYTES: Final = 3_000_000
_MOST_TAGS: Final = 60_000
_MOST_FLAT: Final = 1_000_000
_LONG_TAG: Final = re.compile(r"<([a-zA-Z][\w:-]*)\s[^<>]{20000,}>")
_REFERENCE: Final = re.compile(r"&#(?:x0*([0-9a-f]{1,9})|0*(\d{1,10}));?", re.IGNORECASE)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_KEPT_TAGS: Final = re.compile(
    r"<(?!/?(?:p|h[1-6]|li|br|td|tr|blockquote|title|head|body|html|script|style)\b)[a-z!?/][^>]*>",
    re.IGNORECASE,
)
_SILENT: Final = re.compile(
    r"<(script|style|template|noscript)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page; `cut` when parts of its text may be missing or its order lost."""

    root: HtmlElement
    cut: bool


def parse(text: str) -> Page | None:
    """Return the tree of a page, None when there is no element in it."""
    text = _DECLARATION.sub("", _CONTROL.sub(" ", _REFERENCE.sub(_sound, text)))
    cut = False
    if text.count("<") > _MOST_TAGS:
        cut, text = True, _flat(text)
    text = _LONG_TAG.sub(r"<\1>", text)
    root, complete = _parsed(text)
    if not complete:
        cut = True
        root, _ = _parsed(_flat(text))
    return None if root is None else Page(root, cut)


def keep_only(root: HtmlElement, selector: str) -> bool:
    """Leave of the body, in place, only what an XPath names; False when it names nothing."""
    body = root.find("body")
    try:
        named = root.xpath(selector)
    except etree.XPathError:
        return False
    if body is None or not isinstance(named, list):
        return False
    parts = [one for one in named if isinstance(one, HtmlElement) and body in one.iterancestors()]
    outer = [one for one in parts if not any(other in parts for other in one.iterancestors())]
    if not outer:
        return False
    for child in list(body):
        body.remove(child)
    body.text = None
    for part in outer:
        part.tail = None
        body.append(part)
    return True


def _sound(found: re.Match[str]) -> str:
    """Keep a character reference, unless it names what is no character (one of those makes
    trafilatura return nothing at all)."""
    number = int(found[1], 16) if found[1] else int(found[2])
    good = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
    return found[0] if good or 0x10000 <= number <= 0x10FFFF else " "


def _flat(text: str) -> str:
    """Keep the tags that part paragraphs, and no others: such a tree has no depth."""
    return _KEPT_TAGS.sub(" ", _SILENT.sub(" ", text))[:_MOST_FLAT]


def _parsed(text: str) -> tuple[HtmlElement | None, bool]:
    """Return the tree, and whether the parser reached the end of the text."""
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None, True
    complete = not any(
        error.type_name in ("ERR_RESOURCE_LIMIT", "ERR_NO_MEMORY") for error in parser.error_log
    )
    return root, complete
