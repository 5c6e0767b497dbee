"""Takes out of a page what is not the article: what nobody sees, what readers wrote under it, and
lists of other articles. A sanctions term in a comment or in a neighbour's headline must not score.

Every rule looks at how pages name their parts (class, id, role), at their inline styles, or at the
few phrases that head such lists in our languages. A part that holds the article itself (its heading
or a marked body) is never taken out, nor is one that holds most of the page's text, unless its
name says that readers wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from lxml import etree
from lxml.html import HtmlElement

_MOST_SHARE: Final = 0.4  # of the page's text; larger parts are left for trafilatura to judge
_SILENT: Final = ("script", "style", "template", "noscript", "svg", "iframe", "object", "dialog")

_HIDING: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt|em|%)?\s*(?:;|!|$)"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)"
    r"|(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*;.*overflow\s*:\s*hidden"
    r"|overflow\s*:\s*hidden\s*;.*(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|$)"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]",
    re.IGNORECASE,
)
_HIDDEN_NAMES: Final = frozenset(
    {
        "sr-only",
        "visually-hidden",
        "visuallyhidden",
        "screen-reader-text",
        "screen-reader",
        "hidden",
        "hide",
        "d-none",
        "is-hidden",
        "u-hidden",
        "element-invisible",
        "invisible",
        "a11y-hidden",
        "blind",
        "skip-link",
    }
)
_STYLE_RULE: Final = re.compile(r"([^{}]{1,400})\{([^{}]{0,2000})\}")
_ONE_NAME: Final = re.compile(r"\s*(?:[a-z][a-z0-9]*)?([.#])([\w-]+)\s*", re.IGNORECASE)

_COMMENTS: Final = re.compile(
    r"(?:^|[-_])(?:comments?|commentlist|commentbox|commentsarea|disqus|respond|replies|reply|cmt"
    r"|livere|livefyre|cbox|cackle|hypercomments|sohucs|changyan|pinglun|guestbook|kommentar\w*"
    r"|komment\w*|discussion|댓글|opinions?-?list)(?:$|[-_\d])"
    r"|^(?:comments?(?!ary|ator)|readercomment|usercomment|vk_comments|fb-comments|u_cbox"
    r"|lv-container|mc-container|isso-|remark42)"
)
_ASIDE: Final = re.compile(
    r"(?:^|[-_])(?:related\w*|relation|relative|recommend\w*|read-?(?:more|next)|readmore|up-?next"
    r"|(?:read|see)-?also|also-?read|more-?(?:news|stories|articles|from|on)"
    r"|most-?(?:read|popular|viewed|commented)|popular\w*|trending|teasers?|promo\w*|side-?bar\w*"
    r"|outbrain|taboola|mgid|smi2|relap|newsletter\w*|subscribe|subscription-?box|share\w*|sharing"
    r"|addthis|addtoany|social\w*|breadcrumbs?|cookies?\w*|consent|gdpr|advert\w*|adsbygoogle"
    r"|sponsor\w*|(?:next|prev|other|latest|last|top|hot)-?(?:article|news|post)s?|news-?list"
    r"|ranking|headlines|same-?(?:theme|topic)|by-?theme|po-?teme|you-?may|youmay"
    r"|author-?(?:bio|box|card|info)|about-?author|donat\w*|telegram)(?:$|[-_\d])|^jp-"
)
_ASIDE_ROLES: Final = frozenset(
    {"navigation", "complementary", "banner", "contentinfo", "search", "dialog", "alertdialog"}
)
_READ_ALSO: Final = re.compile(
    r"\s*[\W_]*(?:read (?:also|more|next)|see also|also read|related(?: (?:articles?|stories|news"
    r"|posts|coverage|content|topics))?|more (?:on this(?: story)?|stories|news)|you may also like"
    r"|recommended(?: for you)?|most (?:read|popular)|latest news"
    r"|editors?['’]?s? picks?|don['’]t miss"
    r"|читайте также|читать также|смотрите также|ещ[её] по теме|по теме|материалы по теме"
    r"|другие новости|новости по теме|ранее по теме|рекомендуем|самое читаемое|популярное"
    r"|главные новости|последние новости|похожие (?:статьи|новости|материалы)|что ещ[её] почитать"
    r"|관련\s?(?:기사|뉴스|글|기사 더보기)|주요\s?(?:기사|뉴스)|많이 본 (?:기사|뉴스)"
    r"|인기\s?(?:기사|뉴스)"
    r"|추천\s?(?:기사|뉴스)|다른 기사|함께 (?:본|읽으면 좋은) 기사"
    r"|이 시각 (?:주요|많이).*|핫(?:이슈| 이슈|뉴스)"
    r"|関連(?:記事|ニュース|リンク|トピックス)|あわせて読みたい|こちらもおすすめ|おすすめ(?:記事)?|人気記事"
    r"|アクセスランキング|ランキング|注目記事|最新記事"
    r"|相关(?:阅读|新闻|文章|报道|推荐)|延伸阅读|推荐阅读|热门(?:文章|新闻|推荐)|猜你喜欢|更多(?:新闻|文章)"
    r"|相關(?:閱讀|新聞|文章|報導)|延伸閱讀|推薦閱讀|熱門(?:文章|新聞)|你可能也想看)\s*[\W_]*",
    re.IGNORECASE,
)
_LIST_LINKS: Final = 4
_LIST_SHARE: Final = 0.8
_SENTENCE: Final = 60
_SENTENCE_EAST: Final = 20
_COMMENT_PHRASE: Final = re.compile(
    r"\s*(?:\d+\s*)?(?:comments?|leave a (?:reply|comment)|комментари(?:и|ев|й)|обсуждение"
    r"|댓글(?:쓰기)?|コメント(?:一覧)?|评论|網友評論|留言|网友评论|发表评论)\s*[\W\d_]*",
    re.IGNORECASE,
)


def prune(root: HtmlElement) -> None:
    """Take out of the tree, in place, what is not the article."""
    hidden = _hidden_by_style_sheet(root)
    etree.strip_elements(root, *_SILENT, with_tail=False)
    _undo_layout_tables(root)
    total = max(_length(root), 1)
    gone: set[HtmlElement] = set()
    named = root.xpath(
        "body//*[@class or @id or @style or @hidden or @aria-hidden or @role"
        " or self::nav or self::aside or self::footer or self::form]"
    )
    for element in named:
        verdict = _verdict(element, hidden)
        if (
            verdict is not None
            and not _is_inside(element, gone)
            and _may_go(element, verdict, total)
        ):
            _drop(element, gone)
    _drop_link_lists(root, gone)
    for element in root.xpath(
        "body//*[self::h2 or self::h3 or self::h4 or self::h5 or self::h6 or self::p or self::div"
        " or self::strong or self::b or self::span or self::dt or self::li or self::section]"
    ):
        if not _is_inside(element, gone):
            _drop_list(element, total, gone)


def _undo_layout_tables(root: HtmlElement) -> None:
    """Turn tables that only place columns beside each other into plain blocks."""
    for table in root.xpath("body//table[.//p or .//div or .//table or .//ul or .//h1 or .//h2]"):
        for part in table.xpath(
            ". | ./tbody | ./thead | ./tr | ./tbody/tr | ./thead/tr"
            " | ./tr/td | ./tbody/tr/td | ./tr/th | ./tbody/tr/th"
        ):
            part.tag = "div"


# ---------------------------------------------------------------- parts by their names


def _verdict(element: HtmlElement, hidden: frozenset[str]) -> str | None:
    """Say what a part is, by its attributes: hidden, comments, aside, or None."""
    classes = (element.get("class") or "").lower().split()
    name = (element.get("id") or "").lower()
    names = [*classes, name] if name else classes
    if (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or not _HIDDEN_NAMES.isdisjoint(classes)
        or (hidden and not hidden.isdisjoint([*("." + one for one in classes), "#" + name]))
        or _HIDING.search(element.get("style") or "")
    ):
        return "hidden"
    if any(_COMMENTS.search(one) for one in names):
        return "comments"
    if (
        element.tag in ("nav", "footer", "form")
        or (element.get("role") or "").lower() in _ASIDE_ROLES
        or any(_ASIDE.search(one) for one in names)
        or (element.tag == "aside" and _link_share(element) > 0.3)
    ):
        return "aside"
    return None


def _hidden_by_style_sheet(root: HtmlElement) -> frozenset[str]:
    """Return the `.names` and `#names` that the page's own style elements hide outright."""
    found: set[str] = set()
    for style in root.iter("style"):
        text = (style.text or "")[:200_000]
        if "none" not in text and "hidden" not in text:
            continue
        for selectors, rules in _STYLE_RULE.findall(text):
            if "@" in selectors or not re.search(
                r"display\s*:\s*none|visibility\s*:\s*hidden", rules, re.IGNORECASE
            ):
                continue
            for selector in selectors.split(","):
                one = _ONE_NAME.fullmatch(selector)
                if one:
                    found.add((one[1] + one[2]).lower())
    return frozenset(found)


def _may_go(element: HtmlElement, verdict: str, total: int) -> bool:
    """Say whether a part may be taken out without taking the article with it."""
    if element.tag in ("html", "body", "main"):
        return False
    if _holds_article(element):
        return False
    if verdict == "comments":
        return True
    return _length(element) <= _MOST_SHARE * total


def _holds_article(element: HtmlElement) -> bool:
    return (
        element.tag == "h1"
        or element.get("itemprop") == "articleBody"
        or element.find(".//h1") is not None
        or element.find(".//*[@itemprop='articleBody']") is not None
    )


# ---------------------------------------------------------------- lists by their headings


def _drop_list(element: HtmlElement, total: int, gone: set[HtmlElement]) -> None:
    """Take out a list of other articles that this element heads or is."""
    text = _short_text(element)
    if not text:
        return
    heads_comments = _COMMENT_PHRASE.fullmatch(text) is not None
    if not heads_comments and _READ_ALSO.fullmatch(text) is None:
        if _is_inline_hint(element, text):
            _drop(element, gone)
        return
    parent = element.getparent()
    followers = list(element.itersiblings())
    if parent is None:
        return
    if _link_share(parent) > 0.5 and _may_go(parent, "aside", total):
        _drop(parent, gone)
        return
    for follower in followers:
        if isinstance(follower.tag, str) and (
            (follower.tag in ("p", "h2", "h3", "h4") and _link_share(follower) < 0.5)
            or not _may_go(follower, "aside", total)
            or (_link_share(follower) < 0.5 and not heads_comments)
        ):
            break
        _drop(follower, gone)
    _drop(element, gone)


def _drop_link_lists(root: HtmlElement, gone: set[HtmlElement]) -> None:
    """Take out parts that are next to nothing but links: menus and headlines without a name."""
    counts: dict[HtmlElement, int] = {}
    for link in root.iterfind("body//a"):
        for ancestor in link.iterancestors():
            counts[ancestor] = counts.get(ancestor, 0) + 1
    for element in list(root.iterfind("body//*")):
        if (
            counts.get(element, 0) >= _LIST_LINKS
            and not _is_inside(element, gone)
            and element.tag != "main"
            and not _holds_article(element)
            and not _holds_prose(element)
            and _link_share(element) > _LIST_SHARE
        ):
            _drop(element, gone)


def _is_inline_hint(element: HtmlElement, text: str) -> bool:
    """Recognise `Read also: <a>another headline</a>` in the middle of a text."""
    if element.tag not in ("p", "div", "li", "strong", "span") or len(text) > 300:
        return False
    phrase = _READ_ALSO.match(text)
    return (
        phrase is not None
        and text[phrase.end() - 1 : phrase.end()] in ":—–-：|"
        and _link_share(element) > 0.4
    )


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


def _is_inside(element: HtmlElement, gone: set[HtmlElement]) -> bool:
    return bool(gone) and (
        element in gone or any(ancestor in gone for ancestor in element.iterancestors())
    )


def _drop(element: HtmlElement, gone: set[HtmlElement]) -> None:
    """Take an element out; the text behind it stays."""
    parent = element.getparent()
    if parent is not None:
        element.drop_tree()
        gone.add(element)


def remove_all(elements: Iterable[HtmlElement]) -> None:
    """Take elements out of their tree; the text behind them stays."""
    for element in list(elements):
        if element.getparent() is not None:
            element.drop_tree()
