"""The bytes decide which encoding a feed is in, whatever header and declaration say."""

from __future__ import annotations

from itertools import product

import pytest
from builders import NOW, a_feed
from hypothesis import given
from hypothesis import strategies as st

from monitor.parse import Unparsable, parse_feed
from monitor.parse.decode import codec_of, decode

# Codec -> (language of the feed, a headline that it can write).
WRITTEN = {
    "utf-8": ("ko", "북한 노동자들이 러시아에 도착했다고 «전했다»"),
    "utf-8-sig": ("ru", "Рабочие из КНДР прибыли"),
    "utf-16": ("ru", "Рабочие из КНДР прибыли"),
    "utf-32": ("ja", "北朝鮮の労働者が到着した"),
    "cp1251": ("ru", "Рабочие из КНДР прибыли во Владивосток — «Интерфакс»"),
    "koi8-r": ("ru", "Рабочие из КНДР прибыли во Владивосток, их около двухсот"),
    "cp866": ("ru", "Рабочие из КНДР прибыли во Владивосток, их около двухсот"),
    "iso8859-5": ("ru", "Рабочие из КНДР прибыли во Владивосток, их около двухсот"),
    "cp949": ("ko", "북한 노동자들이 러시아에 도착했다고 전했다. 이들은 건설 현장에서 일한다"),
    "cp932": ("ja", "北朝鮮の労働者がロシアに到着した。ウラジオストクの建設現場で働く"),
    "euc_jp": ("ja", "北朝鮮の労働者がロシアに到着した。ウラジオストクの建設現場で働く"),
    "iso2022_jp": ("ja", "北朝鮮の労働者がロシアに到着した"),
    "gb18030": ("zh", "朝鲜劳工抵达俄罗斯，当地媒体报道说，他们将在工地上工作"),
    "cp950": ("zh", "朝鮮勞工抵達俄羅斯，當地媒體報導說，他們將在工地上工作"),
    "cp1252": ("fr", "Les travailleurs nord-coréens arrivés à Vladivostok cet été"),
}
LABELS = {
    "cp1251": "windows-1251", "cp949": "euc-kr", "cp932": "shift_jis", "euc_jp": "euc-jp",
    "iso2022_jp": "iso-2022-jp", "gb18030": "gb2312", "cp950": "big5", "cp1252": "iso-8859-1",
    "iso8859-5": "iso-8859-5",
}  # fmt: skip
CLAIMS = [None, "right", "utf-8", "iso-8859-1", "windows-1251", "us-ascii", "utf-7", "nonsense"]


@pytest.mark.parametrize("codec", WRITTEN)
def test_headline_is_read_right_whatever_is_claimed(codec: str) -> None:
    """Fifteen encodings, each with every mixture of right, missing and wrong claims."""
    right = LABELS.get(codec, codec)
    claims = [right if claim == "right" else claim for claim in CLAIMS]
    lang, headline = WRITTEN[codec]
    for header, declared in product(claims, claims):
        declaration = f' encoding="{declared}"' if declared else ""
        document = (
            f'<?xml version="1.0"{declaration}?><rss version="2.0"><channel><title>T</title>'
            f"<item><title>{headline}</title></item></channel></rss>"
        )
        parsed = parse_feed(
            document.encode(codec),
            url="https://news.example/rss",
            headers={"content-type": f"text/xml; charset={header}"} if header else {},
            feed=a_feed(lang=lang),
            now=NOW,
        )
        assert [entry.title for entry in parsed.entries] == [headline], (header, declared)


@pytest.mark.parametrize("lang", ["ru", "ko", None])
def test_claims_alone_are_enough_without_a_language(lang: str | None) -> None:
    """A declared encoding is believed when its result is writing."""
    body = '<?xml version="1.0" encoding="koi8-r"?><rss>Рабочие прибыли</rss>'.encode("koi8-r")
    assert "Рабочие" in decode(body, lang=lang).text


def test_one_broken_byte_does_not_change_the_encoding() -> None:
    """UTF-8 with a broken byte in it is UTF-8 with one unreadable character."""
    body = "Рабочие из КНДР ".encode() * 20 + b"\xff" + "прибыли".encode()
    decoded = decode(body, content_type="text/xml; charset=windows-1251", lang="ru")
    assert decoded.text.count("Рабочие") == 20
    assert decoded.text.count("\ufffd") == 1
    assert decoded.notes


def test_broken_bytes_of_a_long_document_are_few_beside_its_letters() -> None:
    """A thousand broken bytes in a long Korean document do not make it anything else."""
    body = ("북한 노동자들이 러시아에 도착했다고 전했다. ".encode() * 20 + b"\xff") * 1000
    assert decode(body, lang="ru").codec == "utf-8"


def test_a_lie_is_told() -> None:
    """An encoding that was claimed wrongly is named in a note."""
    body = '<?xml version="1.0" encoding="windows-1251"?><rss>Рабочие</rss>'.encode()
    assert decode(body).notes == ("The feed says windows-1251, but its bytes are utf-8.",)


@pytest.mark.parametrize(
    "label", ["utf-7", "undefined", "punycode", "idna", "rot13", "hex", "zlib"]
)
def test_dangerous_codecs_are_unknown(label: str) -> None:
    """Only encodings of texts that feeds are written in are on the list."""
    assert codec_of(label) is None


def test_utf_7_stays_what_it_looks_like() -> None:
    """UTF-7 never hides markup."""
    body = b'<?xml version="1.0" encoding="utf-7"?>+ADw-rss version=+ACI-2.0+ACI-/+AD4-'
    with pytest.raises(Unparsable):
        parse_feed(body, url="https://a.example/", headers={}, feed=a_feed(), now=NOW)


@given(st.binary(max_size=400), st.text(max_size=40), st.sampled_from([None, "ru", "ko", "zh"]))
def test_any_bytes_are_text(body: bytes, content_type: str, lang: str | None) -> None:
    """Decoding never fails and never gives a surrogate."""
    text = decode(body, content_type=content_type, lang=lang).text

    assert text.encode().decode() == text
