"""Which of our languages a text is in, told by its letters; what a feed declares only breaks ties.

Feeds lie (a Korean site's English address serves Korean; one edition carries another's articles),
so the script decides and the declaration chooses among the languages of that script. A wrong
answer must do no harm: rules run by script, the language is for display, stemming and filters.
"""

from __future__ import annotations

import re

_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_ONLY_KAZAKH = re.compile("[әғқңұһӘҒҚҢҰҺ]")
_ONLY_RUSSIAN = re.compile("[ыэъЫЭЪ]")
_BY_SCRIPT = {
    "cyrillic": {"ru", "uk", "be", "bg", "kk", "ky", "mn", "mk", "sr", "tg"},
    "latin": {
        "en", "fr", "de", "es", "it", "pt", "nl", "pl", "cs", "sk", "sv", "no", "nb", "da", "fi",
        "tr", "vi", "id", "ms", "ro", "hu", "et", "lv", "lt", "uz", "sr", "hr", "sl", "ca",
    },
}  # fmt: skip
_LOOKED_AT = 4000  # code points: a lead tells as much as the whole


def declared(tag: str | None) -> str | None:
    """Return the two-letter language of a tag as feeds write it: `ko-KR`, `ru_RU`, `EN`."""
    found = re.match(r"\s*([A-Za-z]{2,3})(?:[-_]|\s*$)", tag or "")
    if not found:
        return None
    code = found[1].lower()
    return {"kor": "ko", "rus": "ru", "eng": "en", "jpn": "ja", "zho": "zh", "chi": "zh",
            "cn": "zh", "jp": "ja", "kr": "ko", "ua": "uk"}.get(code, code)  # fmt: skip


def language_of(text: str, declared_tag: str | None = None) -> str | None:
    """Return the ISO 639-1 code of the language of `text`, or None when it has too few letters.

    A Hangul syllable and a kana count for more than the Han characters and Latin names among
    them. Han without kana is Chinese unless the declaration says Japanese.
    """
    said = declared(declared_tag)
    sample = text[:_LOOKED_AT]
    hangul, kana = len(_HANGUL.findall(sample)), len(_KANA.findall(sample))
    han, cyrillic = len(_HAN.findall(sample)), len(_CYRILLIC.findall(sample))
    latin = len(_LATIN.findall(sample))
    # A syllable block or ideograph holds what takes two to five letters in an alphabet.
    weights = {
        "ko": hangul * 3,
        "ja": (kana * 2 + han) if kana >= max(1, han // 20) else 0,
        "zh": han * 2 if kana < max(1, han // 20) else 0,
        "cyrillic": cyrillic,
        "latin": latin,
    }
    best = max(weights, key=lambda name: weights[name])
    if weights[best] == 0:
        return None
    if best == "zh":
        return "ja" if said == "ja" else "zh"
    if best == "cyrillic":
        return _cyrillic(sample, said)
    if best == "latin":
        return said if said in _BY_SCRIPT["latin"] else "en"
    return best


def _cyrillic(sample: str, said: str | None) -> str:
    """Tell Russian from Kazakh and Ukrainian by letters that the others do not have."""
    kazakh = len(_ONLY_KAZAKH.findall(sample))
    if kazakh and kazakh + sample.count("ү") >= 2:
        return "kk"
    ukrainian = len(_UKRAINIAN.findall(sample))
    russian = len(_ONLY_RUSSIAN.findall(sample))
    if ukrainian > russian:
        return said if said in {"be", "kk"} else "uk"
    return said if said in _BY_SCRIPT["cyrillic"] and not (said == "uk" and russian) else "ru"
