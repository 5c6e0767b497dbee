"""What may be stored and shown of other people's text, and how two texts are told to be the same.

Everything a feed or a page says passes `clean` once, at the border: after it no database, mail or
JSON writer can choke on the text. Nothing here judges meaning, and nothing shortens silently: a
cut text ends with an ellipsis. Bidirectional marks stay, because Arabic and Hebrew need them.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata

import nh3

ELLIPSIS = "…"

# Terminal colours first (as a whole, or their digits would stay behind), then everything that is
# no character in XML 1.0 or is a control: C0, DEL, C1, surrogates, noncharacters, a stray BOM.
_TERMINAL = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")
_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff"
    + "".join(chr((plane << 16) + 0xFFFE) + chr((plane << 16) + 0xFFFF) for plane in range(1, 17))
    + "]"
)
# A pile of combining marks covers its neighbours on a page; no script needs more than a few.
_MARKS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_MARKS}{{8}}){_MARKS}+")


def clean(text: str, limit: int | None = None) -> str:
    """Return `text` without what stores and readers choke on, at most `limit` code points long.

    Line ends of all kinds become newlines; controls, lone surrogates and noncharacters vanish;
    more than eight combining marks in a row are cut. A cut text ends with an ellipsis.
    """
    # Most text holds nothing but printable characters and newlines, and telling so is cheap.
    if not text.replace("\n", "").isprintable():
        text = _TERMINAL.sub("", text)
        text = _LINE_ENDS.sub("\n", text)
        text = _FORBIDDEN.sub("", text)
    if not text.isascii():
        text = _PILE.sub(r"\1", text)
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)].rstrip() + ELLIPSIS if limit > 0 else ""
    return text


def one_line(text: str, limit: int | None = None) -> str:
    """Return cleaned text with every run of white space as one space: for titles and names."""
    return clean(" ".join(clean(text).split()), limit)


# ---------------------------------------------------------------- markup

_BLOCKS = {
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav",
    "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
}  # fmt: skip
# Their content is no prose. (nh3 drops script and style by itself.)
_SILENT = {
    "script", "style", "template", "noscript", "iframe", "svg", "math", "select",
    "textarea", "head", "title", "audio", "video", "canvas", "noembed", "noframes", "xmp",
}  # fmt: skip
_INLINE_NAMES = """
    a abbr acronym applet area b base basefont bdi bdo big blink body button caption center
    cite code col colgroup data datalist del details dfn dialog dir em embed fieldset font
    form frame frameset hgroup html i img image input ins kbd label legend link map mark
    marquee menu meta meter nobr object optgroup option output param picture plaintext
    progress q rp rt ruby s samp search slot small source span strike strong sub summary sup
    tbody tfoot thead time track tt u var wbr
"""
_INLINE = set(_INLINE_NAMES.split())
# Angle brackets are quotation marks in Korean headlines (<NK 리포트>): only names that HTML knows,
# and names with a prefix (<o:p>, <my-box>), are markup. Everything else stays text.
_NOT_A_TAG = re.compile(
    r"<(?!/?(?:(?:" + "|".join(sorted(_BLOCKS | _SILENT | _INLINE)) + r")(?=[\s/>])"
    r"|[a-z][a-z0-9]*[:-][^\s<>]*[\s/>])|!--|!\[CDATA\[|!doctype\b|\?xml)",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z!]", re.IGNORECASE)
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_BREAK = re.compile(r"</?(?:p|br|hr|div|li|tr|dd|dt|h[1-6]|[a-z]{2,10})>")
_SPACES = re.compile(r"[ \t\u00a0]+")


def counted(number: int, one: str, more: str = "") -> str:
    """Return a number with its noun, for the terminal and the log, which speak English.

    `more` is the plural where it is not `one` with an s. Pages and mails use the catalogues.
    """
    return f"{number} {one if number == 1 else more or one + 's'}"


def plain(markup: str) -> str:
    """Return the text of an HTML fragment: tags out, entities decoded once, blocks on own lines.

    What scripts, styles and players hold is dropped.
    """
    if "<" not in markup and "&" not in markup:
        return _tidy(markup)
    return _tidy(_without_tags(markup))


# Only tags without attributes: a headline such as `<title>` or `<S>`, not a picture or a script.
_BARE_TAGS = re.compile(r"(?:\s|</?(?!script|style)[a-z][a-z0-9]*\s*/?>)+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d{0,2});", re.IGNORECASE)


def plain_title(markup: str, limit: int | None = None) -> str:
    """Return a headline as one line of text.

    Headlines that were escaped once too often are decoded once more, unless that would make a tag
    of them. A headline that consists of nothing but bare tags is kept as it is.
    """
    title = one_line(plain(markup))
    if "&" in title and _ENTITY.search(title):
        once_more = html.unescape(title)
        title = title if _TAG.search(once_more) else one_line(once_more)
    if not title and _BARE_TAGS.fullmatch(markup):
        title = one_line(markup)
    return clean(title, limit)


def _without_tags(markup: str) -> str:
    if "<" not in markup:
        return html.unescape(markup)
    if "]]>" in markup or "[CDATA[" in markup:
        markup = _CDATA.sub("", markup)
    markup = _NOT_A_TAG.sub("&lt;", markup)
    kept = nh3.clean(markup, tags=_BLOCKS, attributes={}, clean_content_tags=_SILENT)
    return html.unescape(_BREAK.sub("\n", kept))


def _tidy(text: str) -> str:
    """Clean, with single spaces, no blank lines, and no white space around lines."""
    text = clean(text)
    if "  " in text or "\t" in text or "\u00a0" in text:
        text = _SPACES.sub(" ", text)
    if "\n" not in text:
        return text.strip()
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def without_outlet(title: str, outlet: str) -> str:
    """Return a search feed's title without the ` - Outlet` that it appends to every headline."""
    if outlet:
        for dash in (" - ", " – ", " — ", " | "):
            if title.endswith(dash + outlet) and len(title) > len(dash + outlet):
                return title[: -len(dash + outlet)].rstrip()
    return title


# ---------------------------------------------------------------- sameness

# Words that change without the report changing: ages ("3 hours ago") and counters of readers.
# Numbers as such are kept: a changed number of workers is a changed report.
_CHURN = re.compile(
    r"(?<!\d)\d{1,6} ?(?:"
    r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?) ago\b"
    r"|(?:секунд|минут|час|дн|день|недел)\w{0,4} назад\b"
    r"|(?:초|분|시간|일|주) ?전"
    r"|(?:秒|分鐘|分钟|分|小時|小时|時間|天|日)之?前"
    r"|(?:views?|comments?|likes?|shares?)\b)"
    r"|\b(?:(?:views?|comments?|likes?|shares?|просмотр\w{0,4}|комментари\w{0,4})"
    r"|조회수?|댓글|閲覧数|コメント|阅读|閱讀|评论|評論) ?[:：(]? ?\d[\d., ]{0,12}\)?"
)
_CHURN_WORDS = (
    "ago", "view", "comment", "like", "share", "назад", "просмотр", "комментари", "전", "조회",
    "댓글", "前", "閲覧数", "コメント", "阅读", "閱讀", "评论", "評論",
)  # fmt: skip
_NOT_WORDS = re.compile(r"[\W_]+")


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def content_hash(title: str, text: str) -> str:
    """Return a SHA-256 (hex) that stays the same while title and text tell the same.

    Case, white space, compatibility forms, "3 hours ago" and reader counters do not count.
    """
    told = _folded(title) + "\x00" + _folded(text)
    if any(word in told for word in _CHURN_WORDS):  # far cheaper than the expression
        told = _CHURN.sub("", told)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def title_key(title: str) -> str:
    """Return the letters and digits of a title, folded: equal for one headline in two spellings."""
    return _NOT_WORDS.sub(" ", _folded(title)).strip()
