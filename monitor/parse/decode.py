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
    "ru": ("cp1251", "koi8-r", "cp866"),
    "uk": ("cp1251", "koi8-u"),
    "kk": ("cp1251",),
    "ko": ("cp949",),
    "ja": ("cp932", "euc_jp"),
    "zh": ("gb18030", "cp950"),
}
_ESCAPING = {"iso2022_jp", "iso2022_kr", "hz"}  # these look like ASCII
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
    if utf8 is not None and not ({header, declared} & _ESCAPING and utf8.isascii()):
        said = declared or header
        lied = not utf8.isascii() and said not in (None, "utf-8")
        note = f"The feed says {said}, but its bytes are UTF-8." if lied else ""
        return Decoded(utf8, "utf-8", (note,) if note else ())
    return _best(body, header, declared, lang or _language(body))


def codec_of(label: str | None) -> str | None:
    """Return the codec that an encoding label stands for, None if it is not on our list."""
    return _BY_LABEL.get((label or "").strip().lower())


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
    candidates = list(dict.fromkeys([*wanted, *_USUAL.get(lang or "", ()), "cp1251", "cp1252"]))
    best: tuple[float, str, str] | None = None
    for rank, codec in enumerate(candidates):
        text = _strict(body, codec)
        if text is None:
            continue
        # A claim is believed unless its result is clearly worse than another's.
        oddity = _oddity(text) + 0.02 * rank + (0.0 if codec in wanted else 0.05)
        if best is None or oddity < best[0]:
            best = oddity, codec, text
    if best is None or best[0] > _TOO_ODD:
        return _damaged(body, wanted, best)
    _, codec, text = best
    is_lie = bool(header or declared) and codec not in (header, declared)
    said = declared or header
    note = f"The feed says {said}, but its bytes are {codec}." if is_lie else ""
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

_TOO_ODD = 0.5
_SAMPLE = 20_000  # code points beyond ASCII that are looked at
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# Cyrillic words are lower case, Capitalised or ALL CAPITALS; a wrong Cyrillic codec gives cASE
# like this, and box-drawing or Serbian letters among them.
_CASE_BREAK = re.compile(r"[а-яё][А-ЯЁ]")
_CYRILLIC = re.compile(r"[А-Яа-яЁёІіЇїЄєҐґ«»„“”№—–…]")
_RARE_CYRILLIC = re.compile(r"[ЂЃѓЉЊЌЋЏђљњќћџЎўЈЅѕј\u2500-\u259f]")
_ACCENTED = re.compile(
    r"[\u00c0-\u00ff\u0152-\u0178]{3,}|[\u0080-\u009f\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf]"
)
_EAST_ASIAN = re.compile(r"[\u3001-\u303f\u3041-\u30ff\uff01-\uff5e\uac00-\ud7a3]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HALF_KANA = re.compile(r"[\uff61-\uff9f]")
_PRIVATE = re.compile(r"[\ue000-\uf8ff\ufffd\U00020000-\U0010ffff]|[\x00-\x08\x0e-\x1f]")


def _oddity(text: str) -> float:
    """Return how little `text` looks like writing, 0 to about 1, by its characters beyond ASCII."""
    strange = "".join(_NOT_ASCII.findall(text)[:_SAMPLE])
    if not strange:
        return 0.0
    letters = len(_CYRILLIC.findall(strange))
    odd = len(_PRIVATE.findall(strange)) + len(_RARE_CYRILLIC.findall(strange))
    odd += len(_HALF_KANA.findall(strange))
    odd += sum(len(run) for run in _ACCENTED.findall(text))
    if letters > len(strange) / 2:
        odd += 2 * len(_CASE_BREAK.findall(text))
    odd += len(re.findall(r"[\u0370-\u03ff\u0530-\u1fff]", strange)) // 2
    return min(odd / len(strange), 1.0)
