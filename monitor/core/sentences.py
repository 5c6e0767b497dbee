"""Cuts a text into the units in which words belong together: sentences, with their rank.

The rank says how much a sentence tells of what the text is about: title, lead, body. What is no
part of the report (comments, "read also" lists) and what was said before in the same words is
marked as silent: it never scores. Nothing is removed, so offsets stay those of the text as given.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import IntEnum
from typing import NamedTuple


class Rank(IntEnum):
    """Where a sentence stands, most telling first."""

    TITLE = 0
    LEAD = 1
    BODY = 2


class Sentence(NamedTuple):
    """A slice of the title or of the text. A tuple, because they are made by the hundred."""

    start: int
    end: int
    silent: bool = False  # boilerplate


LONGEST = 600  # characters; a "sentence" without an end is cut here, so that near stays near

_OPENING = r"[\"'“‘«„(\[『「]*"
_CLOSING = r"[\"'”’»)\]』」）]*"
# Begins with one set of characters, so that the engine can skip to the next candidate.
_BREAK = re.compile(
    r"[.!?…。！？\n\r\u2028\u2029](?:"
    r"(?<=[.!?…])" + _CLOSING + r"\s+(?=" + _OPENING + r"[^\Wa-zа-яё_])"
    r"|(?<=[。！？])" + _CLOSING + r"\s*"
    r"|(?<=[\n\r\u2028\u2029])(\s*)(?=\S))"
)
# A full stop behind these ends no sentence.
_ABBREVIATED = (
    "Mr.|Mrs.|Ms.|Dr.|Prof.|Gen.|Col.|Lt.|Sgt.|St.|No.|vs.|Inc.|Ltd.|Co.|Corp.|Jr.|"
    "Sr.|Rep.|Sen.|Gov.|approx.|Art.|Jan.|Feb.|Mar.|Apr.|Jun.|Jul.|Aug.|Sep.|Sept.|"
    "Oct.|Nov.|Dec.|г.|гг.|ул.|пос.|с.|т.|тыс.|млн.|млрд.|руб.|см.|им.|др.|пр.|св.|"
    "долл.|чел.|обл.|ст.|ср.|рис.|стр.|сев."
)
_ABBREVIATIONS = frozenset(_ABBREVIATED.split("|"))
_WRAP = re.compile(r"[a-zа-яё,;]$")

_ALSO_HEAD = (
    r"read (?:also|more|next)|also read|see also|more on this"
    r"|related(?: (?:articles?|stories|posts|news|topics))?"
    r"|recommended|most (?:read|popular)|you may also like|don't miss|trending"
    r"|читайте также|смотрите также|материалы по теме|по теме|ещ[её] по теме"
    r"|другие новости|популярное"
    r"|관련 ?기사|관련 ?뉴스|많이 본 (?:뉴스|기사)|추천 ?기사|이 시각 주요 ?뉴스|인기 ?기사"
    r"|関連記事|関連ニュース|あわせて読みたい|おすすめ(?:記事)?|アクセスランキング"
    r"|相关(?:阅读|新闻|报道|文章)|相關(?:閱讀|新聞|報導|文章)"
    r"|延伸閱讀|延伸阅读|推荐阅读|推薦閱讀|热门文章|猜你喜欢"
    r"|lesen sie auch|mehr zum thema|lire aussi|à lire aussi|lea también"
)
_ALSO = re.compile(rf"\W{{0,4}}(?:{_ALSO_HEAD})\s*(?:[:：|▶>\]】]|$)", re.IGNORECASE)
_COMMENTS = re.compile(
    r"\W{0,3}(?:\d+ (?:comments?|responses?|replies)|comments?(?: \(\d+\))?"
    r"|leave a (?:comment|reply)|post a comment|add your comment.*|share your thoughts.*"
    r"|join the (?:conversation|discussion)"
    r"|комментарии(?: \(\d+\))?|оставить комментарий|обсуждение"
    r"|댓글(?: ?\d+)?|댓글 ?쓰기|コメント(?:（?\d+件?）?)?|コメントを(?:残す|書く)"
    r"|(?:网友)?评论(?:（?\d+）?)?|網友評論|發表評論)"
    r"\s*[:：]?\s*$",
    re.IGNORECASE,
)
_PROSE_END = re.compile(r"[.!?。！？…][\"'”’»)\]』」]*$")
_LIST_LINE = (
    160  # characters; a line of a teaser list is shorter than this and ends without a full stop
)


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of a text in order; outer space is in none of them."""
    pieces: list[tuple[int, int, bool]] = []  # start, end, begins a line
    start = len(text) - len(text.lstrip())
    begins_line = True
    for match in _BREAK.finditer(text):
        at, after = match.span()
        if after <= start:
            continue
        if match.lastindex is None:
            at += 1  # the full stop belongs to its sentence
        is_line_break = match.lastindex is not None or "\n" in text[at:after]
        if not is_line_break and _is_abbreviation(text[text.rfind(" ", start, at) + 1 : at]):
            continue
        if is_line_break and _is_wrapped(text, at, after):
            continue
        end = _content_end(text, at, after)
        pieces.append((start, end, begins_line))
        start, begins_line = after, is_line_break
    end = len(text.rstrip())
    if start < end:
        pieces.append((start, end, begins_line))
    return _silenced(text, [part for piece in pieces for part in _cut(text, piece)])


def _is_abbreviation(word: str) -> bool:
    """Tell whether a word with its full stop is an abbreviation: Jan., N., U.S."""
    if word in _ABBREVIATIONS:
        return True
    return word[-1:] == "." and word[-2:-1].isupper() and (len(word) == 2 or word[-3] in '.("“«')


def _content_end(text: str, at: int, after: int) -> int:
    """Return where the sentence ends: closing quotation marks belong to it, space does not."""
    end = at + len(text[at:after].rstrip())
    while end > 0 and text[end - 1].isspace():
        end -= 1
    return end


def _is_wrapped(text: str, at: int, after: int) -> bool:
    """Tell whether a single line break only wraps a sentence: it goes on in lower case."""
    if text[at:after].replace("\r\n", "\n").count("\n") > 1:
        return False
    following = text[after : after + 1]
    return following.islower() and _WRAP.search(text, max(0, at - 1), at) is not None


def _cut(text: str, piece: tuple[int, int, bool]) -> list[tuple[int, int, bool]]:
    """Cut an endless sentence at spaces, or anywhere when it has none."""
    start, end, begins_line = piece
    parts = []
    while end - start > LONGEST:
        at = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        at = at if at > 0 else start + LONGEST
        parts.append((start, at, begins_line))
        start, begins_line = at, False
    parts.append((start, end, begins_line))
    return parts


def _silenced(text: str, pieces: list[tuple[int, int, bool]]) -> list[Sentence]:
    """Mark comments and teaser lists."""
    found: list[Sentence] = []
    in_list = in_comments = False
    for start, end, begins_line in pieces:
        silent = in_comments
        if begins_line and not in_comments:
            is_short = end - start <= _LIST_LINE
            line = text[start:end] if is_short else ""
            # Near the top such a word is navigation; only further down does it begin the comments.
            if is_short and start > len(text) // 3 and _COMMENTS.match(line):
                in_comments = silent = True
            elif is_short and (heading := _ALSO.match(line)) is not None:
                silent = True
                in_list = heading.end() >= len(line)
            elif in_list:
                in_list = silent = is_short and _PROSE_END.search(line) is None
        elif in_list:
            silent = True
        found.append(Sentence(start, end, silent))
    return found


def sentence_at(starts: list[int], offset: int) -> int:
    """Return the index of the sentence that holds `offset`; `starts` are the sentences' starts."""
    return max(0, bisect_right(starts, offset) - 1)
