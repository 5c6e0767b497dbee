"""The public test suites of feedparser and of the W3C feed validator, every document of them.

They are other people's data and not part of this project: MONITOR_SUITES names the folder that
holds them (feedparser/, feedvalidator/, naughty-strings/). Where it is unset these tests are
skipped, and say so.
"""

from __future__ import annotations

import io
import json
import os
import re
import time
import warnings
from collections.abc import Iterator
from datetime import UTC
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import feedparser
import pytest
from builders import NOW, a_feed
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.text import clean, plain_title, without_outlet
from monitor.core.values import ParsedFeed
from monitor.parse import Unparsable, parse_feed, reading, strict
from monitor.parse.decode import decode
from monitor.parse.document import prepare
from monitor.parse.entries import Setting, entry_of

URL = "https://feeds.example/x/feed.xml"
SUITES = Path(os.environ.get("MONITOR_SUITES") or "/nowhere")
FOLDERS = ("feedparser", "feedvalidator")
GOLDEN = Path(__file__).parents[1] / "golden" / "feeds"

needs_suites = pytest.mark.skipif(
    not SUITES.is_dir(), reason="MONITOR_SUITES is unset: THE PUBLIC FEED SUITES DID NOT RUN"
)

# Where we mean to differ. Publishing-protocol and map documents are no feeds although feedparser
# names a version; an entry that was cut off is not taken for a whole one; JSON feeds are read;
# undeclared encodings are found out; scripts in a headline are dropped with their content.
OTHERWISE = re.compile(
    r"feedvalidator/(ext/app|kml)/|rss_incomplete_cdata|/json/|illformed/chardet/|title_crazy"
)
UNDECLARED = {
    "eucjp": "ゲーム三昧な正月",
    "euckr": "EUC-KR 에서 TypeKey 한글닉네임 표시하기",
    "gb2312": "不归移民漫画系列：专业工作",
    "koi8r": "Как пережить новогоднюю ночь",
    "shiftjis": "DrecomRSSに記事投稿が反映されない…",
}


def documents(*folders: Path) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Yield name, bytes and the headers that a document's first comment asks for."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".xml", ".json", ".opml"} and path.is_file():
                body = path.read_bytes()
                yield str(path.relative_to(folder.parent)), body, headers_of(body)


def headers_of(body: bytes) -> dict[str, str]:
    """Return the `Header:` lines of a test document."""
    comment = re.search(rb"<!--(.*?)-->", body, re.S)
    lines = comment[1].decode("latin-1").splitlines() if comment else []
    found = (re.match(r"\s*Header:\s*([\w-]+)\s*:\s*(.*)", line) for line in lines)
    return {one[1].lower(): one[2].strip() for one in found if one}


def by_feedparser(body: bytes, headers: dict[str, str]) -> Any:
    """Return what feedparser itself makes of a document; None where it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return feedparser.parse(
                io.BytesIO(body), response_headers=headers | {"content-location": URL}
            )
        except (ValueError, UnicodeError, LookupError, AttributeError):
            return None


@needs_suites
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_document_is_read_as_feedparser_reads_it(folder: str) -> None:
    """No exception, under a second, as many entries, the same headlines, clean output."""
    count, problems = 0, []
    for name, body, headers in documents(SUITES / folder):
        count += 1
        started = time.process_time()
        try:
            parsed = parse_feed(body, url=URL, headers=headers, feed=a_feed(), now=NOW)
        except Unparsable:
            parsed = None
        if time.process_time() - started > 1:
            problems.append(f"{name}: slow")
        problems += [f"{name}: {fault}" for fault in faults(parsed)]
        theirs = by_feedparser(body, headers)
        if theirs is not None and not OTHERWISE.search(name):
            problems += [f"{name}: {fault}" for fault in differences(parsed, theirs)]
    assert count > 2000
    assert problems == []


def faults(parsed: ParsedFeed | None) -> Iterator[str]:
    """Yield what is unclean in a parsed feed."""
    for one in parsed.entries if parsed else ():
        for text in (one.title, one.summary, one.content, one.source, one.guid or ""):
            if text != clean(text):
                yield f"unclean text {text!r}"
        if one.link and not one.link.lower().startswith(("http://", "https://")):
            yield f"link {one.link}"


def differences(parsed: ParsedFeed | None, theirs: Any) -> Iterator[str]:
    """Yield where a parsed feed differs from what feedparser found."""
    entries = theirs.get("entries", [])
    ours = parsed.entries if parsed else ()
    if parsed is None and theirs.get("version"):
        yield f"refused, though it is {theirs['version']}"
    if len(ours) != len(entries):
        yield f"{len(ours)} entries, not {len(entries)}"
        return
    for mine, other in zip(ours, entries, strict=True):
        source = (dict.get(other, "source") or {}).get("title") or ""
        expected = without_outlet(plain_title(dict.get(other, "title") or "", 1000), source)
        if mine.title != expected:
            yield f"title {mine.title!r}, not {expected!r}"


@needs_suites
@pytest.mark.parametrize(("name", "title"), UNDECLARED.items())
def test_undeclared_encoding_is_found_out(name: str, title: str) -> None:
    """Without any claim, the language that the bytes make sense in is found."""
    body = (SUITES / "feedparser" / "illformed" / "chardet" / f"{name}.xml").read_bytes()
    parsed = parse_feed(body, url=URL, headers={}, feed=a_feed(lang=None), now=NOW)
    assert title in {one.title for one in parsed.entries}


@needs_suites
def test_strict_reader_equals_the_tolerant_one_on_every_document() -> None:
    """Where the strict reader gives an answer, it is the tolerant reader's to the letter."""
    folders = [SUITES / folder for folder in FOLDERS]
    assert compare(*folders) > 1500


def test_strict_reader_equals_the_tolerant_one_on_our_fixtures() -> None:
    """The same for the documents with known quirks."""
    assert compare(GOLDEN) > 50


@given(st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_strict_reader_equals_the_tolerant_one_on_shuffled_fixtures(seed: int) -> None:
    """The same when elements are moved from document to document, doubled and damaged."""
    dice = Random(seed)
    text = dice.choice(_texts())
    for _ in range(dice.randint(1, 4)):
        places = [found.end() for found in _ELEMENT.finditer(text)]
        place = dice.choice(places or [0])
        text = text[:place] + dice.choice(_elements()) + text[place:]
    place = dice.randrange(len(text))
    text = text[:place] + dice.choice(["", "", "\x92", "Ð", "&#8217;", "<b>x</b>"]) + text[place:]
    agree(text)


_ELEMENT = re.compile(r"<(?:[\w-]+:)?[\w-]+[^<>]*>[^<>]*</(?:[\w-]+:)?[\w-]+>|<[\w:-]+[^<>]*/>")


@cache
def _texts() -> list[str]:
    folders = [SUITES / folder for folder in FOLDERS if SUITES.is_dir()]
    prepared = (prepare(decode(body).text) for _, body, _ in documents(GOLDEN, *folders))
    return [one.text for one in prepared if one.root in ("rss", "feed", "rdf")]


@cache
def _elements() -> list[str]:
    found = (one for text in _texts() for one in _ELEMENT.findall(text) if len(one) < 2000)
    return list(dict.fromkeys(found))


def compare(*folders: Path) -> int:
    """Check both readers against each other; return for how many documents both answered."""
    answered, problems = 0, []
    for name, body, headers in documents(*folders):
        document = prepare(decode(body, content_type=headers.get("content-type", "")).text)
        if not document.root:
            continue
        try:
            answered += agree(document.text)
        except AssertionError as error:
            problems.append(f"{name}: {error}")
    assert problems == []
    return answered


def agree(text: str) -> bool:
    """Check that the strict reader, if it answers, says what the tolerant one says."""
    fast = strict.read(text)
    if fast is None:
        return False
    slow = reading.tolerantly(text)
    assert slow is not None
    setting = Setting(url=URL, feed=a_feed(), zone=UTC, now=NOW)
    assert [entry_of(raw, 0, setting) for raw in fast.entries] == [
        entry_of(raw, 0, setting) for raw in slow.entries
    ]
    assert (fast.format, fast.title, fast.lang, fast.ttl) == (
        slow.format,
        slow.title,
        slow.lang,
        slow.ttl,
    )
    return True


@needs_suites
def test_naughty_strings_are_only_strings() -> None:
    """515 strings that break programs, as headline, author and text, in XML and in JSON."""
    strings = json.loads((SUITES / "naughty-strings" / "blns.json").read_text(encoding="utf-8"))
    assert len(strings) == 515
    for string in strings:
        item = {"id": "1", "title": string, "content_text": string, "authors": [{"name": string}]}
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": string, "items": [item]}
        text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", string).replace("]]>", "")
        xml = (
            f'<rss version="2.0"><channel><title>T</title><item><title><![CDATA[{text}]]></title>'
            f"<author><![CDATA[{text}]]></author></item></channel></rss>"
        )
        for body in (json.dumps(feed).encode(), xml.encode("utf-8", "replace")):
            parsed = parse_feed(body, url=URL, headers={}, feed=a_feed(), now=NOW)
            assert len(parsed.entries) == 1
            assert list(faults(parsed)) == []
        (one,) = parse_feed(
            json.dumps(feed).encode(), url=URL, headers={}, feed=a_feed(), now=NOW
        ).entries
        assert one.content.split() == clean(string).split()
