"""Cuts a text into the units in which words belong together: sentences, with their rank.

The rank says how much a sentence tells of what the text is about: title, lead, body. What is no
part of the report (comments, "read also" lists) and what was said before in the same words is
marked as silent: it never scores. Nothing is removed, so offsets stay those of the text as given.
"""

from __future__ import annotations

import re
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
# What is said goes on after the quotation: 「帰りたい。」と話した.
_GOES_ON = r"(?<=[』」”）])(?:と(?!ころ|ても|き|もに)|って|との|など|を)"
# Begins with one set of characters, so that the engine can skip to the next candidate.
_BREAK = re.compile(
    r"[.!?…。！？\n\r\u2028\u2029](?:"
    r"(?<=[.!?…])" + _CLOSING + r"\s+(?=" + _OPENING + r"[^\Wa-zа-яё_])"
    r"|(?<=[。！？])(?![。！？])" + _CLOSING + r"+(?!" + _GOES_ON + r")\s*"
    r"|(?<=[\n\r\u2028\u2029])(\s*)(?=\S))"
)
# A full stop behind these ends no sentence, unless a word follows that opens one.
_ABBREVIATED = """
    mr mrs ms dr prof gen col lt sgt capt maj adm st inc co corp ltd llc jr sr vs rep sen gov pres
    dept approx jan feb mar apr jun jul aug sep sept oct nov dec d.p.r.k r.o.k ph.d e.g i.e г гг
    ул д кв им руб коп тыс млн млрд трлн т п пп пр др см ср стр ст обл р-н пос с дер кор корп проф
    акад ген подполк чел долл т.е т.к т.н т.д т.п н.э и.о ред изд пл просп пер б-р наб о св рис км
    кг га англ кит сев
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
# These are words of their own too; before a number they are abbreviations.
_NUMBERED = """
    no nos art sec fig vol est тел оз м
"""
_BEFORE_NUMBER = frozenset(_NUMBERED.split())
# Units and years: after a number they may well end the sentence, so a capital decides.
_UNITS = """
    г гг руб коп тыс млн млрд трлн чел долл т км м кг га
"""
_MEASURES = frozenset(_UNITS.split())
_AND_SO_ON = re.compile(r"(?:\bи (?:др|пр)|\bт\. ?[дпе])$")
# "В декабре 2017 г." opens a sentence and is none.
_WHEN = re.compile(
    r"\W*(?:В|С|К|На|По|До|За|От|После|Около|Летом|Зимой|Весной|Осенью|Начиная)\b[^.,;:—–]{0,30}"
)
# Words that open a sentence and hardly ever follow an abbreviation inside one.
_OPENING_WORDS = """
    The This That These Those A An In On At It He She They We But And However Meanwhile According
    After Before While When As For From If Its His Her Their There Workers Он Она Они Это Эти Этот
    Но Однако Рабочие Поэтому Также Кроме Сейчас Позже Затем
"""
_OPENERS = frozenset(_OPENING_WORDS.split())
_OPENING_MARKS = "(«\"“'„["
_FIRST_WORD = re.compile(r"\w+")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_LONGEST_ABBREVIATED = 12  # characters, opening quotation marks among them
_LOOKED_BACK = 60  # characters: what a unit may stand behind
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
        is_line_break = match.lastindex is not None
        if not is_line_break:
            said = text[at:after]
            is_line_break = "\n" in said
            if not is_line_break and said[0] == "." and _is_abbreviated(text, start, at, after):
                continue
            # The full stop and closing quotation marks belong to the sentence, space does not.
            at += len(said.rstrip())
        if is_line_break and _is_wrapped(text, at, after):
            continue
        end = at
        while end > start and text[end - 1].isspace():
            end -= 1
        pieces.append((start, end, begins_line))
        start, begins_line = after, is_line_break
    end = len(text.rstrip())
    if start < end:
        pieces.append((start, end, begins_line))
    if any(end - start > LONGEST for start, end, _ in pieces):
        pieces = [part for piece in pieces for part in _cut(text, piece)]
    return _silenced(text, pieces)


def _is_abbreviated(text: str, start: int, stop: int, after: int) -> bool:
    """Tell whether the full stop at `stop` shortens a word of the sentence from `start`.

    After "U.S.", "г." or "ул." a sentence goes on, unless a word follows that opens one, or a unit
    stands after a number and a capital follows it. A number alone is the head of a list's item.
    """
    begin = max(start, text.rfind(" ", start, stop) + 1, text.rfind("\n", start, stop) + 1)
    if stop - begin > _LONGEST_ABBREVIATED:
        return False
    written = text[begin:stop].lstrip(_OPENING_MARKS)
    word = written.lower()
    if word.isdigit():
        return begin == start
    is_initial = written[:1].isupper() and _INITIALS.fullmatch(written) is not None
    if not (is_initial or word in _ABBREVIATIONS or word in _BEFORE_NUMBER):
        return False
    follows = _FIRST_WORD.search(text, after)
    following = follows.group() if follows else ""
    if word in _BEFORE_NUMBER and following[:1].isdigit():
        return True
    if word not in _ABBREVIATIONS:
        return is_initial and following not in _OPENERS
    before = text[max(start, begin - _LOOKED_BACK) : begin].rstrip()
    if following[:1].isupper() and word in _MEASURES and before[-1:].isdigit():
        return _WHEN.fullmatch(before.rstrip("0123456789- ")) is not None
    if following[:1].isupper() and _AND_SO_ON.search(text, start, stop):
        return False
    return following not in _OPENERS


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
