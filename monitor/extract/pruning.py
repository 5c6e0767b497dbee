"""Takes out of a page what is not the article: what nobody sees, what readers wrote under it, and
lists of other articles. A sanctions term in a comment or in a neighbour's headline must not score.

Every rule looks at how pages name their parts, at their styles, at the few phrases that head such
lists in our languages, or at parts that are nothing but links. The part that holds the article
(its heading, its marked or largest body) is never taken out, nor is one with a large share of the
page's text, unless its name says that readers wrote it: what is left over trafilatura judges.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree
from lxml.html import Element, HtmlElement

from monitor.extract import names

_MOST_SHARE: Final = 0.4  # of the page's text
_SILENT: Final = ("script", "style", "template", "noscript", "svg", "iframe", "object", "dialog")
_STYLE_SHEET: Final = 200_000  # code points that are looked at
_LIST_LINKS: Final = 4
_LIST_SHARE: Final = 0.8
_SENTENCE: Final = 60
_SENTENCE_EAST: Final = 20


def prune(root: HtmlElement, *, title: str) -> None:
    """Take out of the tree, in place, what is not the article. `title` is the page's own."""
    hidden = _hidden_by_style_sheet(root)
    etree.strip_elements(root, *_SILENT, with_tail=False)
    _undo_layout_tables(root)
    _make_paragraphs(root)
    page = _Page(root, title)
    for element in root.xpath(
        "body//*[@class or @id or @style or @hidden or @aria-hidden or @role"
        " or self::nav or self::aside or self::footer or self::form]"
    ):
        verdict = _verdict(element, hidden)
        if verdict is not None and page.has(element) and page.may_lose(element, verdict):
            page.drop(element)
    _drop_link_lists(page)
    for element in list(root.iterfind("body//*")):
        if element.tag in names.HEADINGS and page.has(element):
            _drop_list(page, element)


class _Page:
    """A tree under the knife: what was taken out, and what must stay."""

    def __init__(self, root: HtmlElement, title: str) -> None:
        self.root = root
        self._total = max(_length(root), 1)
        self._gone: set[HtmlElement] = set()
        self._kept: set[HtmlElement] = set()
        for element in _article_parts(root, title):
            self._kept.add(element)
            self._kept.update(element.iterancestors())

    def has(self, element: HtmlElement) -> bool:
        """Tell whether an element is still in the page."""
        return not self._gone or not (
            element in self._gone
            or any(ancestor in self._gone for ancestor in element.iterancestors())
        )

    def holds_article(self, element: HtmlElement) -> bool:
        """Tell whether the article, or what marks it, is inside an element."""
        return element in self._kept

    def may_lose(self, element: HtmlElement, verdict: str) -> bool:
        """Say whether a part may be taken out without taking the article with it."""
        if element.tag in ("html", "body", "main") or element in self._kept:
            return False
        return verdict == "comments" or _length(element) <= _MOST_SHARE * self._total

    def drop(self, element: HtmlElement) -> None:
        """Take an element out; the text behind it stays."""
        if element.getparent() is not None:
            element.drop_tree()
            self._gone.add(element)


def _article_parts(root: HtmlElement, title: str) -> list[HtmlElement]:
    """Return the elements that mark the article: its heading, and the largest of its bodies."""
    headings = list(root.iterfind("body//h1"))
    wanted = _letters(title)
    parts = [one for one in headings if wanted and _letters(_whole_text(one)) in wanted]
    body = article_body(root)
    return (parts or headings) + ([] if body is None else [body])


def article_body(root: HtmlElement) -> HtmlElement | None:
    """Return the largest of the parts that are marked or named as an article's text, if any."""
    bodies = [
        element
        for element in root.xpath("body//*[@class or @id or @itemprop]")
        if element.get("itemprop") == "articleBody"
        or names.BODY.search(f"{element.get('class') or ''} {element.get('id') or ''}")
    ]
    return max(bodies, key=_length, default=None)


def _undo_layout_tables(root: HtmlElement) -> None:
    """Turn tables that only place columns beside each other into plain blocks."""
    for table in root.xpath("body//table[.//p or .//div or .//table or .//ul or .//h1 or .//h2]"):
        for part in table.xpath(
            ". | ./tbody | ./thead | ./tr | ./tbody/tr | ./thead/tr"
            " | ./tr/td | ./tbody/tr/td | ./tr/th | ./tbody/tr/th"
        ):
            part.tag = "div"


def _make_paragraphs(root: HtmlElement) -> None:
    """Turn lines that are parted by <br> into paragraphs: bare text is easily overlooked."""
    parents = dict.fromkeys(one.getparent() for one in root.iterfind("body//br"))
    for parent in parents:
        if parent is None or parent.tag not in names.LINED:
            continue
        parts: list[HtmlElement] = []
        line = _line(parent.text)
        parent.text = None
        for child in list(parent):
            behind, child.tail = child.tail, None
            if child.tag == "br" or child.tag in names.BLOCKS:
                parts += [line] if child.tag == "br" else [line, child]
                line = _line(behind)
            else:
                line.append(child)
                child.tail = behind
        parent[:] = [part for part in [*parts, line] if part.tag != "p" or _is_filled(part)]


def _line(text: str | None) -> HtmlElement:
    line = Element("p")
    line.text = text
    return line


def _is_filled(line: HtmlElement) -> bool:
    return len(line) > 0 or bool((line.text or "").strip())


# ---------------------------------------------------------------- parts by their names


def _verdict(element: HtmlElement, hidden: frozenset[str]) -> str | None:
    """Say what a part is, by its attributes: hidden, comments, aside, or None."""
    classes = (element.get("class") or "").lower().split()
    name = (element.get("id") or "").lower()
    called = [*classes, name] if name else classes
    if _is_hidden(element, classes, name, hidden):
        return "hidden"
    if any(names.COMMENTS.search(one) and not names.NOT_COMMENTS.search(one) for one in called):
        return "comments"
    if (
        element.tag in names.ASIDE_TAGS
        or (element.get("role") or "").lower() in names.ASIDE_ROLES
        or any(names.ASIDE.search(one) for one in called)
        or (element.tag == "aside" and _link_share(element) > 0.3)
    ):
        return "aside"
    return None


def _is_hidden(element: HtmlElement, classes: list[str], name: str, hidden: frozenset[str]) -> bool:
    if not names.HIDDEN_NAMES.isdisjoint(classes):
        return not any(names.SHOWN_AGAIN.fullmatch(one) for one in classes)
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or (bool(hidden) and not hidden.isdisjoint([*("." + one for one in classes), "#" + name]))
        or names.HIDING_STYLE.search(element.get("style") or "") is not None
    )


_BRACE: Final = re.compile("[{}]")
_ONE_NAME: Final = re.compile(r"\s*(?:[a-z][a-z0-9]*)?([.#])([\w-]+)\s*", re.IGNORECASE)
_OUTRIGHT: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def _hidden_by_style_sheet(root: HtmlElement) -> frozenset[str]:
    """Return the `.names` and `#names` that the page's own style elements hide outright.

    Rules inside @media and the like hide for some readers only, and do not count.
    """
    found: set[str] = set()
    for style in root.iter("style"):
        text = (style.text or "")[:_STYLE_SHEET]
        depth = start = inside = 0
        selectors = ""
        for brace in _BRACE.finditer(text):
            depth += 1 if brace[0] == "{" else -1
            if depth == 1 and brace[0] == "{":
                selectors, inside = text[start : brace.start()], brace.end()
            elif depth <= 0:
                depth, start = 0, brace.end()
                if "@" not in selectors and _OUTRIGHT.search(text, inside, brace.start()):
                    simple = (_ONE_NAME.fullmatch(one) for one in selectors.split(","))
                    found.update((one[1] + one[2]).lower() for one in simple if one)
    return frozenset(found)


# ---------------------------------------------------------------- lists by their headings


def _drop_list(page: _Page, element: HtmlElement) -> None:
    """Take out a list of other articles that this element heads or is."""
    text = _short_text(element)
    if not text:
        return
    heads_comments = names.COMMENT_PHRASE.fullmatch(text) is not None
    if not heads_comments and names.READ_ALSO.fullmatch(text) is None:
        if _is_inline_hint(element, text):
            page.drop(element)
        return
    parent = element.getparent()
    followers = list(element.itersiblings())
    if parent is None:
        return
    if _link_share(parent) > 0.5 and page.may_lose(parent, "aside"):
        page.drop(parent)
        return
    for follower in followers:
        if isinstance(follower.tag, str) and (
            (follower.tag in ("p", "h2", "h3", "h4") and _link_share(follower) < 0.5)
            or not page.may_lose(follower, "aside")
            or (_link_share(follower) < 0.5 and not heads_comments)
        ):
            break
        page.drop(follower)
    page.drop(element)


def _drop_link_lists(page: _Page) -> None:
    """Take out parts that are next to nothing but links: menus and headlines without a name."""
    counts: dict[HtmlElement, int] = {}
    for link in page.root.iterfind("body//a"):
        for ancestor in link.iterancestors():
            counts[ancestor] = counts.get(ancestor, 0) + 1
    for element in list(page.root.iterfind("body//*")):
        if (
            counts.get(element, 0) >= _LIST_LINKS
            and page.has(element)
            and element.tag != "main"
            and not page.holds_article(element)
            and not _holds_prose(element)
            and _link_share(element) > _LIST_SHARE
        ):
            page.drop(element)


def _is_inline_hint(element: HtmlElement, text: str) -> bool:
    """Recognise `Read also: <a>another headline</a>` in the middle of a text."""
    if element.tag not in ("p", "div", "li"):
        return False
    phrase = names.READ_ALSO.match(text)
    if phrase is None:
        return False
    share = _link_share(element)
    return share > 0.6 or (share > 0.4 and phrase[0].rstrip()[-1:] in ":—–-：|")


def _short_text(element: HtmlElement) -> str:
    """Return the element's text when it is as short as a heading or a hint, else nothing."""
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        pieces.append(piece)
        size += len(piece)
        if size > 1_000:
            return ""
    text = " ".join("".join(pieces).split())
    return text if len(text) <= 300 else ""


# ---------------------------------------------------------------- measures


def _whole_text(element: HtmlElement) -> str:
    return " ".join("".join(element.itertext()).split())


def _letters(text: str) -> str:
    return "".join(text.split()).casefold()


def _length(element: HtmlElement) -> int:
    return sum(len(piece.strip()) for piece in element.itertext())


def _holds_prose(element: HtmlElement) -> bool:
    """Tell whether a sentence stands outside the links: then it may be the article's."""
    for part in element.iter():
        if part.tag != "a" and _is_sentence(part.text) and not _is_in_link(part, element):
            return True
        if part is not element and _is_sentence(part.tail) and not _is_in_link(part, element):
            return True
    return False


def _is_sentence(text: str | None) -> bool:
    """Tell a sentence from a label: 60 letters, or 20 where a sign is a syllable or a word."""
    if text is None or len(text) < _SENTENCE_EAST:
        return False
    text = text.strip()
    return len(text) >= (_SENTENCE if text[:1] < "\u2e80" else _SENTENCE_EAST)


def _is_in_link(part: HtmlElement, within: HtmlElement) -> bool:
    for ancestor in part.iterancestors():
        if ancestor.tag == "a":
            return True
        if ancestor is within:
            return False
    return False


def _link_share(element: HtmlElement) -> float:
    """Return which part of an element's text is in links, 0 to 1."""
    total = _length(element)
    if element.tag == "a" or total == 0:
        return 1.0 if element.tag == "a" else 0.0
    return sum(_length(link) for link in element.iter("a")) / total
