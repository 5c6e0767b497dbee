"""Which letters the bytes of a page mean.

Strict UTF-8 wins over every declaration: no other encoding of our languages looks like it by
accident, while pages that declare windows-1251 and send UTF-8 are common. After that count the
byte order mark, the HTTP header, the page's own declaration, and a guess among the encodings of the
page's script. Codec names come from a list: Python knows codecs that are no character sets.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

_CODECS: Final = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "cp1252", "ascii": "cp1252",
    "windows-1251": "cp1251", "cp1251": "cp1251", "cp-1251": "cp1251", "win-1251": "cp1251",
    "x-cp1251": "cp1251", "win1251": "cp1251",
    "koi8-r": "koi8_r", "koi8r": "koi8_r", "koi8": "koi8_r", "koi8-u": "koi8_u",
    "iso-8859-5": "iso8859_5", "ibm866": "cp866", "cp866": "cp866",
    "x-mac-cyrillic": "mac_cyrillic",
    "euc-kr": "cp949", "euckr": "cp949", "ks_c_5601-1987": "cp949", "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949", "ksc_5601": "cp949", "windows-949": "cp949", "cp949": "cp949",
    "uhc": "cp949", "ms949": "cp949", "x-windows-949": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "ms932": "cp932", "ms_kanji": "cp932", "cp932": "cp932",
    "euc-jp": "euc_jp", "x-euc-jp": "euc_jp", "eucjp": "euc_jp", "iso-2022-jp": "iso2022_jp",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb18030": "gb18030",
    "gb_2312-80": "gb18030", "chinese": "gb18030", "cp936": "gb18030",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs", "cn-big5": "big5hkscs",
    "cp950": "big5hkscs",
    # The web means windows-1252 by Latin-1 (WHATWG Encoding).
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "windows-1252": "cp1252",
    "cp1252": "cp1252", "iso-8859-15": "iso8859_15", "windows-1250": "cp1250",
    "iso-8859-2": "iso8859_2", "windows-1254": "cp1254", "iso-8859-9": "cp1254",
    "windows-1257": "cp1257", "windows-1256": "cp1256", "windows-1258": "cp1258",
    "tis-620": "cp874", "windows-874": "cp874", "utf-16": "utf-16", "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}  # fmt: skip
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEVEN_BIT: Final = b"\x1b$B"  # the escape into Japanese letters of ISO-2022-JP
_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META: Final = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML: Final = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_DECLARED_WITHIN: Final = 8_192
# What a page of each script is made of; an encoding that yields much of it is the right one.
_GUESSES: Final = ("cp1251", "koi8_r", "cp949", "cp932", "euc_jp", "gb18030", "big5hkscs")


def decode(body: bytes, content_type: str) -> tuple[str, str]:
    """Return the text of a page and the codec that gave it; bytes that mean nothing become �."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace"), codec
    if _SEVEN_BIT in body[:_SAMPLE]:
        return body.decode("iso2022_jp", "replace"), "iso2022_jp"
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        # A cut at the size limit may fall inside a letter; anything earlier is another encoding.
        if error.start >= len(body) - 3 or _is_mostly_utf8(body):
            return body.decode("utf-8", "replace"), "utf-8"
    names = [
        found[1] if isinstance(found[1], str) else found[1].decode("ascii", "replace")
        for found in (
            _HEADER.search(content_type),
            _META.search(body[:_DECLARED_WITHIN]),
            _XML.search(body[:_DECLARED_WITHIN]),
        )
        if found is not None
    ]
    declared = [_CODECS[name.lower()] for name in names if name.lower() in _CODECS]
    for codec in [codec for codec in declared if codec != "utf-8"]:
        text = body.decode(codec, "replace")
        if text.count("\ufffd") * 50 <= len(text):
            return text, codec
    codec = _guess(body)
    return body.decode(codec, "replace"), codec


def _is_mostly_utf8(body: bytes) -> bool:
    """Tell a UTF-8 page with a few broken letters from a page in another encoding."""
    sample = body[:200_000]
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for letter in text if letter > "\x7f") - broken
    return whole > 20 * broken


_SAMPLE: Final = 20_000
_SMALL_CYRILLIC: Final = re.compile("[а-яё]")
_GREAT_CYRILLIC: Final = re.compile("[А-ЯЁ]")
_EAST: Final = re.compile("[\uac00-\ud7a3\u3041-\u30ff\u4e00-\u9fff]")
_RARE: Final = re.compile("[\ufffd\ue000-\uf8ff\uff61-\uff9f\u2500-\u257f\x80-\x9f]")
_COMMON: Final = re.compile(
    "[은는이가을를의에다로고하한지사시기도스어아리자부정일국제전대"
    "のにはをたがでてとしれさあるいるんかっもなくらりるれ"
    "的一是在不了有和人这中大为上个国我以要他时来用们"
    "這為個國時來們會學對說種過發當沒現點還動與]"
)


def _guess(body: bytes) -> str:
    """Return the codec whose reading looks most like prose; windows-1252 when none does."""
    sample = re.sub(rb"<[^>]*>", b" ", body[: _SAMPLE * 4])[:_SAMPLE]
    high = sum(byte > 0x7F for byte in sample)
    if high == 0:
        return "cp1252"
    return max(_GUESSES, key=lambda codec: _likeness(sample, codec)) if high > 20 else "cp1252"


def _likeness(sample: bytes, codec: str) -> float:
    text = sample.decode(codec, "replace")
    letters = sum(1 for letter in text if letter > "\x7f") or 1
    if codec in ("cp1251", "koi8_r"):
        small, great = len(_SMALL_CYRILLIC.findall(text)), len(_GREAT_CYRILLIC.findall(text))
        good = small + min(great, small // 4)  # KOI8-R read as 1251 swaps small and great letters
    else:
        good = min(len(_EAST.findall(text)), 10 * len(_COMMON.findall(text)))
    return (good - 4 * len(_RARE.findall(text))) / letters
