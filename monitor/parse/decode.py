"""Bytes of a feed to text, whatever header, declaration and publisher claim about them.

The claims are often wrong, the bytes seldom: text that decodes strictly as UTF-8 and holds
anything beyond ASCII is UTF-8. Otherwise the claims are tried, and then what publishers of the
feed's language use; where several fit, the one wins whose result looks like writing. Codecs come
from a list of our own: UTF-7 and Python's odd codecs (`undefined`, `punycode`) never.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from dataclasses import dataclass

# Labels as feeds write them -> codec. Supersets stand for their subsets, as browsers do it
# (the WHATWG Encoding Standard): what says gb2312 is often gbk, what says latin-1 windows-1252.
_CODECS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 utf-8-sig",
    "utf-16": "utf-16 utf16 unicode ucs-2 iso-10646-ucs-2",
    "utf-16-le": "utf-16le utf-16-le",
    "utf-16-be": "utf-16be utf-16-be",
    "utf-32": "utf-32 utf32 ucs-4",
    "cp1251": "windows-1251 cp1251 cp-1251 win-1251 x-cp1251 windows1251 win1251 1251 ansi-1251",
    "koi8-r": "koi8-r koi8 koi8r koi koi8_r cskoi8r",
    "koi8-u": "koi8-u koi8-ru",
    "cp866": "ibm866 cp866 866 csibm866",
    "mac-cyrillic": "x-mac-cyrillic mac-cyrillic maccyrillic x-mac-ukrainian",
    "iso8859-5": "iso-8859-5 iso8859-5 cyrillic iso_8859-5",
    "cp949": "euc-kr euckr ks_c_5601-1987 ks_c_5601 ksc5601 ks_c_5601-1989 korean cp949 ms949 "
    "windows-949 uhc x-windows-949 ksc_5601",
    "johab": "johab",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j cp932 ms932 csshiftjis",
    "euc_jp": "euc-jp eucjp x-euc-jp ujis",
    "iso2022_jp": "iso-2022-jp csiso2022jp jis",
    "iso2022_kr": "iso-2022-kr",
    "gb18030": "gb18030 gbk gb2312 gb_2312-80 gb_2312 x-gbk cp936 ms936 windows-936 chinese "
    "euc-cn csgb2312 iso-ir-58",
    "hz": "hz hz-gb-2312",
    "cp950": "big5 big5-eten x-x-big5 cn-big5 csbig5 cp950",
    "big5hkscs": "big5-hkscs",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 "
    "us-ascii ascii ansi_x3.4-1968 iso-ir-100 cp819",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1253": "windows-1253 cp1253",
    "cp1254": "windows-1254 cp1254 iso-8859-9 latin5",
    "cp1255": "windows-1255 cp1255 iso-8859-8 iso-8859-8-i",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "cp874": "windows-874 tis-620 iso-8859-11 cp874",
    "iso8859-2": "iso-8859-2 iso8859-2 latin2",
    "iso8859-3": "iso-8859-3",
    "iso8859-4": "iso-8859-4",
    "iso8859-6": "iso-8859-6",
    "iso8859-7": "iso-8859-7",
    "iso8859-10": "iso-8859-10",
    "iso8859-13": "iso-8859-13",
    "iso8859-14": "iso-8859-14",
    "iso8859-15": "iso-8859-15 latin9 latin-9 iso8859-15",
    "iso8859-16": "iso-8859-16",
    "mac-roman": "macintosh mac x-mac-roman macroman",
    "cp437": "ibm437 cp437",
    "cp850": "ibm850 cp850",
    "cp852": "ibm852 cp852",
    "cp037": "ebcdic-cp-us ibm037 cp037 ibm-037",
}
_BY_LABEL = {label: codec for codec, labels in _CODECS.items() for label in labels.split()}

# What publishers of a language use beside UTF-8, most likely first.
_USUAL = {
    "ru": ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic"),
    "uk": ("cp1251", "koi8-u"),
    "kk": ("cp1251",),
    "ko": ("cp949",),
    "ja": ("cp932", "euc_jp"),
    "zh": ("gb18030", "cp950"),
}
# Tried last, when neither a claim nor a habit gives writing.
_WESTERN = ("cp1252",)
_ANY = (
    "cp1251", "cp1252", "cp949", "gb18030", "cp932", "cp950", "euc_jp", "koi8-r", "cp866",
    "iso8859-5", "mac-cyrillic",
)  # fmt: skip
_ALPHABETIC = {"en", "fr", "de", "es", "it", "pt", "nl", "sv", "no", "da", "fi"}
# Seven-bit encodings look like ASCII; two of them give themselves away (XML knows no escape).
_ESCAPING = {"iso2022_jp", "iso2022_kr", "hz"}
_ESCAPES = ((b"\x1b$B", "iso2022_jp"), (b"\x1b$@", "iso2022_jp"), (b"\x1b$)C", "iso2022_kr"))
_WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32"}  # only with a mark or zero bytes
_BOMS = (
    (BOM_UTF8, "utf-8"),
    (BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_WITHOUT_BOM = (
    (re.compile(rb"\s{0,8}<\x00\x00\x00"), "utf-32-le"),
    (re.compile(rb"\x00\x00\x00[<\s]\x00\x00\x00"), "utf-32-be"),
    (re.compile(rb"(?:\s\x00){0,8}[<{]\x00[^\x00]\x00"), "utf-16-le"),
    (re.compile(rb"(?:\x00\s){0,8}\x00[<{]\x00[^\x00]"), "utf-16-be"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),  # "<?xm" in EBCDIC
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(
    rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']\s*([A-Za-z0-9_.:-]{1,40})\s*[\"']", re.IGNORECASE
)
_LANGUAGE = re.compile(rb"<(?:dc:)?language>\s*([a-z]{2})\b|xml:lang\s*=\s*[\"']([a-z]{2})", re.I)
_HEAD = 4096  # bytes in which a declaration and a language are looked for


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document as text."""

    text: str
    codec: str
    notes: tuple[str, ...] = ()


def decode(body: bytes, *, content_type: str = "", lang: str | None = None) -> Decoded:
    """Return `body` as text. Never fails: what cannot be read becomes U+FFFD, with a note."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _by_mark(body[len(mark) :], codec)
    for pattern, codec in _WITHOUT_BOM:
        if pattern.match(body):
            return Decoded(body.decode(codec, "replace"), codec)
    header, declared = codec_of(_charset(content_type)), codec_of(_declaration(body))
    utf8 = _strict(body, "utf-8")
    escaping = _escaping(body, header, declared) if utf8 is not None and utf8.isascii() else None
    if escaping is not None:
        return escaping
    if utf8 is not None:
        said = declared or header
        lied = not utf8.isascii() and said not in (None, "utf-8")
        note = f"The feed says {_name(said)}, but its bytes are utf-8." if lied else ""
        return Decoded(utf8, "utf-8", (note,) if note else ())
    damaged = body.decode("utf-8", "replace")
    lost = damaged.count("\ufffd")
    beyond_ascii = len(damaged) - len(damaged.encode("ascii", "ignore"))
    if beyond_ascii > 10 * lost:
        return Decoded(damaged, "utf-8", ("Some characters could not be read as utf-8.",))
    return _best(body, header, declared, lang or _language(body))


def codec_of(label: str | None) -> str | None:
    """Return the codec that an encoding label stands for, None if it is not on our list."""
    return _BY_LABEL.get((label or "").strip().lower())


def _escaping(body: bytes, header: str | None, declared: str | None) -> Decoded | None:
    """Read what looks like ASCII but is a seven-bit encoding, by its escapes or its claim."""
    seen = next((codec for escape, codec in _ESCAPES if escape in body), None)
    for codec in (seen, declared, header):
        text = _strict(body, codec) if codec in _ESCAPING and codec else None
        if codec and text is not None:
            return Decoded(text, codec)
    return None


def _name(codec: str | None) -> str:
    """Return the label by which people know a codec."""
    return _CODECS[codec].split()[0] if codec in _CODECS else str(codec)


def _by_mark(body: bytes, codec: str) -> Decoded:
    text = _strict(body, codec)
    if text is not None:
        return Decoded(text, codec)
    note = f"Some characters could not be read as {codec}, which a byte order mark promised."
    return Decoded(body.decode(codec, "replace"), codec, (note,))


def _charset(content_type: str) -> str | None:
    found = _CHARSET.search(content_type[:500])
    return found[1] if found else None


def _declaration(body: bytes) -> str | None:
    found = _DECLARED.search(body[:_HEAD])
    return found[1].decode("ascii") if found else None


def _language(body: bytes) -> str | None:
    found = _LANGUAGE.search(body[:_HEAD])
    return (found[1] or found[2]).decode("ascii").lower() if found else None


def _strict(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _best(body: bytes, header: str | None, declared: str | None, lang: str | None) -> Decoded:
    """Decode what is not UTF-8: claims first, then the language's habits, then Western Europe."""
    claims = [header, declared]
    if header == "cp1252":  # the default of many servers, set by nobody
        claims.reverse()
    wanted = [codec for codec in claims if codec and codec not in {"utf-8", *_WIDE}]
    usual = _USUAL.get(lang or "", ())
    candidates = dict.fromkeys([*wanted, *usual, *_WESTERN * (lang in _ALPHABETIC), *_ANY])
    best: tuple[float, str, str] | None = None
    for codec in candidates:
        text = _strict(body, codec)
        if text is None:
            continue
        # A claim or a habit is believed unless its result is clearly worse than another's.
        doubt = 0.0 if codec in wanted else 0.1 if codec in usual else 0.2
        oddity = _oddity(text) + doubt
        if best is None or oddity < best[0]:
            best = oddity, codec, text
        if oddity < _SOUND:
            break
    if best is None or best[0] > _TOO_ODD:
        return _damaged(body, wanted, best)
    _, codec, text = best
    said = declared or header
    is_lie = said is not None and codec not in (header, declared)
    note = f"The feed says {_name(said)}, but its bytes are {_name(codec)}." if is_lie else ""
    return Decoded(text, codec, (note,) if note else ())


def _damaged(body: bytes, wanted: list[str], best: tuple[float, str, str] | None) -> Decoded:
    """Decode what fits nothing: mostly UTF-8 or a claimed encoding with a few broken bytes."""
    codecs = ["utf-8", *wanted]
    texts = [(body.decode(codec, "replace"), codec) for codec in codecs]
    text, codec = min(texts, key=lambda pair: pair[0].count("\ufffd"))
    # A broken byte in a hundred is damage; more is another encoding.
    if best is not None and text.count("\ufffd") * 100 > len(text):
        return Decoded(best[2], best[1])
    return Decoded(text, codec, (f"Some characters could not be read as {codec}.",))


# ---------------------------------------------------------------- does it look like writing?

_SOUND, _TOO_ODD = 0.15, 0.6
_SAMPLE = 5000  # code points beyond ASCII that are looked at
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# A wrong codec shows: Cyrillic words cASEd like this or mixed with Latin letters, letters that
# only other Slavic alphabets have, three accented letters in a row, signs inside of words,
# half-width kana, private characters, ideographs and syllables that nobody uses.
_BROKEN_WORD = re.compile(r"[а-яё][А-ЯЁ]|[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")
_FOREIGN_SLAVIC = re.compile(r"[ЂЃѓЉЊЌЋЏђљњќћџЎўЈЅѕј]")
_ACCENTED_RUN = re.compile(r"[\u00c0-\u00ff\u0152-\u0178]{3,}")
_SIGNS = re.compile(
    r"[\u0080-\u009f\u00a1-\u00a6\u00a8-\u00aa\u00ac-\u00af\u00b1-\u00ba\u00bc-\u00bf\u0192\u02c6\u02dc"
    r"\u2020\u2021\u2030\u2500-\u259f\u0370-\u03ff\u0530-\u10ff\u1100-\u1fff\uff61-\uff9f"
    r"\ue000-\uf8ff\ufffd\U00020000-\U0010ffff]|[\x00-\x08\x0e-\x1f]"
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CYRILLIC = re.compile(r"[\u0430-\u045f]")
_KANA = re.compile(r"[\u3041-\u30ff]")
# The commonest ideographs of Chinese (both ways of writing) and Japanese news: about a third of
# any text, a hundredth of what a wrong codec makes.
_COMMON_HAN = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里"
    "后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动"
    "两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几"
    "這來個說們為時會過對裡後麼沒於還發當無開見經頭動兩長樣現將與進實點種聲話兒問機給幾國東俄朝鮮韓北"
    "勞動者新聞社会議員報告政府経済最高首相記者発表必要関係問題鲜韩劳报记闻"
)
_COMMON_CYRILLIC = frozenset("оеаинтср")  # more than half of any Russian text
_COMMON_HANGUL = frozenset(
    "이다는을의에가한고지로기하은사나리자도서어해인시대라과를있으정들부전원장구일국제북러노동"
)


def _oddity(text: str) -> float:
    """Return how little `text` looks like writing, 0 to 1, by its characters beyond ASCII."""
    head = text[: _SAMPLE * 5]
    text = text if head.isascii() else head
    strange = "".join(_NOT_ASCII.findall(text)[:_SAMPLE])
    if not strange:
        return 0.0
    odd = float(len(_SIGNS.findall(strange)) + len(_FOREIGN_SLAVIC.findall(strange)))
    odd += sum(len(run) for run in _ACCENTED_RUN.findall(text)) + len(_BROKEN_WORD.findall(text))
    han, hangul = _HAN.findall(strange), _HANGUL.findall(strange)
    odd += _rarity(han, _COMMON_HAN, 0.12) * (0.5 if _KANA.search(strange) else 1.0)
    odd += _rarity(_CYRILLIC.findall(strange.lower()), _COMMON_CYRILLIC, 0.4)
    odd += _rarity(hangul, _COMMON_HANGUL, 0.15)
    if len(hangul) > 3:
        odd += max(0, len(han) - len(hangul) / 3)  # Korean news writes few ideographs
    return min(odd / len(strange), 1.0)


def _rarity(characters: list[str], common: frozenset[str], expected: float) -> float:
    """Return how many of `characters` are to be called odd, if fewer are common than expected."""
    if not characters:
        return 0.0
    share = sum(one in common for one in characters) / len(characters)
    return len(characters) * max(0.0, 1 - share / expected)
