"""Every mistake in feeds.yaml is named with its place, its key, and what to write instead."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from monitor.core.errors import ConfigurationErrors
from monitor.feedfile import parse_feeds, read_feeds

ONE = "feeds:\n  - id: a\n    url: https://a.example/rss\n"


def feed(line: str) -> str:
    """Return a file with one feed whose fourth line is `line`."""
    return f"{ONE}    {line}\n"


# what is wrong: (text, the messages in order, without the name of the file)
MISTAKES: dict[str, tuple[str, list[str]]] = {
    "no bytes at all": ("", [": is empty; was it only half written?"]),
    "blank lines": (" \n\n", [": is empty; was it only half written?"]),
    "comments only": ("# nothing\n", [": holds nothing but comments"]),
    "cut inside a quotation mark": (
        'feeds:\n  - id: a\n    title: "North Kor',
        [":3:22: a quotation mark opened in line 3 is never closed"],
    ),
    "cut inside a list": (
        "feeds:\n  - id: a\n    tags: [local, st",
        [":3:21: a list opened with [ in line 3 is not closed with ]"],
    ),
    "brace not closed": (
        "feeds:\n  - {id: a, url: b",
        [":2:19: a list opened with { in line 2 is not closed with }"],
    ),
    "cut inside braces": (
        "feeds:\n  - {id: a, url: ",
        [":2:18: the file ends in the middle of what began in line 2"],
    ),
    "tab": ("feeds:\n\t- id: a\n", [":2:1: a tab is used for indentation; use spaces"]),
    "crooked indentation": (
        "feeds:\n  - id: a\n   url: https://a.example/\n",
        [":3:4: is indented unlike the lines before it, which belong to line 2"],
    ),
    "colon in a title": (
        feed("title: Vesti: Primorye"),
        [":4:17: a second colon in one line; put the text in quotation marks"],
    ),
    "value begins with @": (
        feed("note: @later"),
        [":4:11: a value may not begin with @; put it in quotation marks"],
    ),
    "value begins with %": (
        feed("note: %D0%A0"),
        [":4:11: a value may not begin with %; put it in quotation marks"],
    ),
    "backslash in double quotation marks": (
        feed('note: "C:\\data"'),
        [":4:15: a backslash in double quotation marks; use single ones"],
    ),
    "key written twice": (
        feed("url: https://b.example/"),
        [":4:5: 'url' is written twice, first in line 3; keep one of them"],
    ),
    "alias bomb": (
        "a: &a [x, x]\nb: &b [*a, *a]\nfeeds: []\n",
        [":1:4: anchors and aliases (& and *) are not used here; repeat the value"],
    ),
    "alias without anchor": (
        feed("note: *important"),
        [":4:11: anchors and aliases (& and *) are not used here; repeat the value"],
    ),
    "python object": (
        feed("note: !!python/object/apply:os.system [id]"),
        [":4:11: type tags (!) are not used here; delete it"],
    ),
    "yaml 1.1": (
        f"%YAML 1.1\n---\n{ONE}",
        [":2:1: directives (%) are not used here; delete this line"],
    ),
    "second document": (
        f"{ONE}---\n{ONE}",
        [":4:1: a second document begins here (---); use one file for each"],
    ),
    "20,000 brackets": (
        "feeds: " + "[" * 20_000,
        [":1:28: nested more than 20 levels deep; is a bracket wrong?"],
    ),
    "20,000 braces": (
        "feeds: " + "{a: " * 20_000,
        [":1:85: nested more than 20 levels deep; is a bracket wrong?"],
    ),
    "key that is a list": ("feeds: []\n? [a]\n: b\n", [":2:3: a key must be one word"]),
    "control character": (
        feed("note: a\x07b"),
        [":4:12: control character 7 is not allowed in YAML; delete it"],
    ),
    "a list at the top": (
        "- id: a\n",
        [":1:1: begins with a list; write `feeds:` above it and indent the list"],
    ),
    "one word": ("feeds\n", [":1:1: begins with no key; write `feeds:` and a list below it"]),
    "no feeds": (
        "version: 1\n",
        [":1:1: has no list of feeds; write `feeds:` and below it one `- id:` each"],
    ),
    "feeds is no list": (
        "feeds:\n  a: https://a.example/\n",
        [":1:1: feeds: must be a list: begin each feed with a hyphen"],
    ),
    "a feed is one word": (
        "feeds:\n  - https://a.example/\n",
        [":2:5: feeds.0: a feed needs keys, at least `id:` and `url:`"],
    ),
    "unknown key at the top": (
        f"feed: []\n{ONE}",
        [":1:1: feed: is no key that can stand here (did you mean 'feeds'?)"],
    ),
    "version of the future": (
        f"version: 2\n{ONE}",
        [":1:1: version: this program reads version 1 of the format; write 1"],
    ),
    "defaults is one word": (
        f"defaults: hourly\n{ONE}",
        [":1:1: defaults: write keys below it, such as `every: 1h`"],
    ),
    "wrong value in defaults": (
        f"defaults:\n  every: 10s\n{ONE}",
        [
            ":2:3: defaults.every: write a number and m, h or d, such as 30m or 6h (got '10s')",
        ],
    ),
    "key that only one feed may have in defaults": (
        f"defaults:\n  url: https://a.example/\n{ONE}",
        [
            ":2:3: defaults.url: is no key that can stand here (known are content, default_tz, "
            "every, extract, max_age, user_agent, via)"
        ],
    ),
    "misspelt key": (
        feed("lnag: ko"),
        [":4:5: feeds.0.lnag: is no key that can stand here (did you mean 'lang'?)"],
    ),
    "id and address missing": (
        "feeds:\n  - title: A\n",
        [
            ":2:5: feeds.0.id: is missing; every feed needs it",
            ":2:5: feeds.0.url: is missing; every feed needs it",
        ],
    ),
    "address left empty": (
        "feeds:\n  - id: a\n    url:\n",
        [":3:5: feeds.0.url: is missing; every feed needs it"],
    ),
    "id with capitals and blanks": (
        "feeds:\n  - id: RFA Korean\n    url: https://a.example/rss\n",
        [
            ":2:5: feeds.0.id: use lower-case letters, digits and hyphens, at most 64 "
            "(did you mean 'rfa-korean'?)"
        ],
    ),
    "half an address": (
        "feeds:\n  - id: a\n    url: a.example/rss\n",
        [
            ":3:5: feeds.0.url: write a whole address that begins with https:// or http:// "
            "(got 'a.example/rss')"
        ],
    ),
    "address of a file": (
        "feeds:\n  - id: a\n    url: file:///etc/passwd\n",
        [
            ":3:5: feeds.0.url: write a whole address that begins with https:// or http:// "
            "(got 'file:///etc/passwd')"
        ],
    ),
    "feed: address": (
        "feeds:\n  - id: a\n    url: feed://a.example/rss\n",
        [":3:5: feeds.0.url: write https:// instead of feed: (got 'feed://a.example/rss')"],
    ),
    "blank in the address": (
        "feeds:\n  - id: a\n    url: https://a.example/north korea\n",
        [":3:5: feeds.0.url: there is a space or line break in the address; write %20 for a space"],
    ),
    "password in the address": (
        "feeds:\n  - id: a\n    url: https://me:hunter2@a.example/\n",
        [
            ":3:5: feeds.0.url: there is a user name or password in the address; "
            "feeds.yaml holds no secrets"
        ],
    ),
    "impossible port": (
        "feeds:\n  - id: a\n    url: https://a.example:99999/\n",
        [
            ":3:5: feeds.0.url: is no address: port out of range 0-65535 "
            "(got 'https://a.example:99999/')"
        ],
    ),
    "code of the country as language": (
        feed("lang: kr"),
        [":4:5: feeds.0.lang: 'kr' is not the code of the language meant (did you mean 'ko'?)"],
    ),
    "no language": (
        feed("lang: korean"),
        [
            ":4:5: feeds.0.lang: write the code of a language, such as en, ru, ko, ja or zh "
            "(got 'korean') (did you mean 'ko'?)"
        ],
    ),
    "UK": (
        feed("country: UK"),
        [":4:5: feeds.0.country: 'UK' is no code of a country (did you mean 'GB'?)"],
    ),
    "small letters": (
        feed("country: ru"),
        [":4:5: feeds.0.country: write it in capitals (did you mean 'RU'?)"],
    ),
    "interval without unit": (
        feed("every: 30"),
        [":4:5: feeds.0.every: write a number and m, h or d, such as 30m or 6h (got '30')"],
    ),
    "time of day as interval": (
        feed("every: 18:30"),
        [":4:5: feeds.0.every: write a number and m, h or d, such as 30m or 6h (got '18:30')"],
    ),
    "one minute": (
        feed("every: 1m"),
        [":4:5: feeds.0.every: the shortest interval is 5m: we are polite guests"],
    ),
    "a month": (feed("every: 30d"), [":4:5: feeds.0.every: the longest interval is 7d"]),
    "a pattern for everything": (
        feed("drop_url: ['https://*']"),
        [":4:16: feeds.0.drop_url.0: would leave out nearly everything (got 'https://*')"],
    ),
    "a selector that is none": (
        feed("selector: //div["),
        [":4:5: feeds.0.selector: is no XPath: invalid expression (got '//div[')"],
    ),
    "an hour of memory": (feed("max_age: 1h"), [":4:5: feeds.0.max_age: write from 1d to 3650d"]),
    "abbreviated zone": (
        feed("default_tz: MSK"),
        [
            ":4:5: feeds.0.default_tz: write the name of a time zone, such as Asia/Seoul "
            "(got 'MSK') (did you mean 'Europe/Moscow'?)"
        ],
    ),
    "misspelt zone": (
        feed("default_tz: Asia/Vladivostock"),
        [
            ":4:5: feeds.0.default_tz: write the name of a time zone, such as Asia/Seoul "
            "(got 'Asia/Vladivostock') (did you mean 'Asia/Vladivostok'?)"
        ],
    ),
    "zone that climbs out": (
        feed("default_tz: ../../etc/passwd"),
        [
            ":4:5: feeds.0.default_tz: write the name of a time zone, such as Asia/Seoul "
            "(got '../../etc/passwd')"
        ],
    ),
    "no as switch": (
        feed("enabled: no"),
        [":4:5: feeds.0.enabled: write true or false (got 'no'); here: false"],
    ),
    "list as switch": (
        feed("enabled: [yes]"),
        [":4:5: feeds.0.enabled: write true or false (got ['yes'])"],
    ),
    "weight with a comma": (
        feed("weight: 1,2"),
        [":4:5: feeds.0.weight: write a number such as 1.2, with a point (got '1,2')"],
    ),
    "weight of ten": (
        feed("weight: 10"),
        [":4:5: feeds.0.weight: write a number from 0.5 to 1.5 (got '10')"],
    ),
    "weight that is no number": (
        feed("weight: nan"),
        [":4:5: feeds.0.weight: write a number from 0.5 to 1.5 (got 'nan')"],
    ),
    "misspelt choice": (
        feed("content: pages"),
        [
            ":4:5: feeds.0.content: write one of feed, page (got 'pages') (did you mean 'page'?)",
        ],
    ),
    "one tag without brackets": (
        feed("tags: search"),
        [":4:5: feeds.0.tags: write a list, such as [search]"],
    ),
    "tag with a blank": (
        feed("tags: [local, state media]"),
        [
            ":4:19: feeds.0.tags.1: use lower-case letters, digits and hyphens, at most 64 "
            "(did you mean 'state-media'?)"
        ],
    ),
    "list as title": (
        feed("title: [A, B]"),
        [":4:5: feeds.0.title: write one value here, not a list or more keys"],
    ),
    "title without end": (
        feed("title: " + "x" * 301),
        [":4:5: feeds.0.title: is longer than 300; shorten it"],
    ),
    "address without end": (
        "feeds:\n  - id: a\n    url: https://a.example/" + "x" * 2000 + "\n",
        [":3:5: feeds.0.url: is longer than 2000 characters"],
    ),
    "remark with a bell": (
        feed('note: "a\\x07b"'),
        [":4:5: feeds.0.note: must have no control characters"],
    ),
    "title of two lines": (
        feed('title: "A\\nB"'),
        [":4:5: feeds.0.title: must be one line without control characters"],
    ),
    "header injection": (
        feed('user_agent: "a\\r\\nX-Evil: 1"'),
        [":4:5: feeds.0.user_agent: use plain ASCII letters only: it is sent as an HTTP header"],
    ),
    "the same id twice": (
        f"{ONE}  - id: a\n    url: https://b.example/\n",
        [":4:5: feeds.1.id: 'a' is the id of feeds.0 (line 2) too; every feed needs its own"],
    ),
    "the same address twice": (
        f"{ONE}  - id: b\n    url: https://a.example/rss\n",
        [":5:5: feeds.1.url: is the address of feeds.0 (line 3) too; delete one of the two"],
    ),
    "the same address but for s and slash": (
        f"{ONE}  - id: b\n    url: http://A.example:80/rss/\n",
        [
            ":5:5: feeds.1.url: is the address of feeds.0 (line 3) again, but for http/https or a "
            "final slash; delete one of the two"
        ],
    ),
}


@pytest.mark.parametrize("circumstance", MISTAKES)
def test_a_mistake_is_named_with_place_key_and_next_step(circumstance: str) -> None:
    """Each mistake gives exactly the expected lines, within seconds, whatever the file."""
    text, expected = MISTAKES[circumstance]
    began = time.perf_counter()

    with pytest.raises(ConfigurationErrors) as caught:
        parse_feeds(text)

    assert [str(problem) for problem in caught.value.problems] == [
        f"feeds.yaml{message}" for message in expected
    ]
    assert time.perf_counter() - began < 5


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file() -> None:
    """One bad feed hides neither another bad feed nor a second mistake of its own."""
    text = (
        "version: 1\n"
        "feeds:\n"
        "  - id: a\n"
        "    url: https://a.example/\n"
        "    lnag: ko\n"
        "    every: fast\n"
        "  - id: a\n"
        "    url: https://b.example/\n"
        "    weight: 9\n"
    )

    with pytest.raises(ConfigurationErrors) as caught:
        parse_feeds(text)

    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (5, "feeds.0.lnag"),
        (6, "feeds.0.every"),
        (7, "feeds.1.id"),
        (9, "feeds.1.weight"),
    ]


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    """Whoever has no feeds.yaml is told how to get one."""
    path = tmp_path / "feeds.yaml"

    with pytest.raises(ConfigurationErrors) as caught:
        read_feeds(path)

    assert str(caught.value) == f"{path}: there is no such file; `monitor init DIR` writes one"


def test_a_folder_and_a_circle_of_links_are_named(tmp_path: Path) -> None:
    """What cannot be opened is a message with the system's reason, not a traceback."""
    circle = tmp_path / "circle.yaml"
    circle.symlink_to(circle)

    for path, reason in ((tmp_path, "is a directory"), (circle, "too many levels")):
        with pytest.raises(ConfigurationErrors, match=reason):
            read_feeds(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    """A file that may not be read says so."""
    path = tmp_path / "feeds.yaml"
    path.write_text(ONE)
    path.chmod(0)

    with pytest.raises(ConfigurationErrors, match="permission denied"):
        read_feeds(path)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            ONE.encode() + "    title: Вести\n".encode("cp1251"),
            ":4:12: byte 0xc2 is not UTF-8; save the file as UTF-8",
        ),
        (ONE.encode("utf-16"), ":1:1: is saved as UTF-16; save it as UTF-8"),
        (b"#" * (4 * 2**20 + 1), ": is larger than 4 MB, which no list of ours needs"),
    ],
)
def test_a_file_in_the_wrong_form_is_named(tmp_path: Path, raw: bytes, expected: str) -> None:
    """A wrong encoding is found with its place, and an enormous file is not read to its end."""
    path = tmp_path / "feeds.yaml"
    path.write_bytes(raw)

    with pytest.raises(ConfigurationErrors) as caught:
        read_feeds(path)

    assert str(caught.value) == f"{path}{expected}"


def test_no_message_repeats_a_password() -> None:
    """An address with a password is refused without printing it."""
    text = "feeds:\n  - id: a\n    url: https://me:hunter2@a.example/\n"

    with pytest.raises(ConfigurationErrors) as caught:
        parse_feeds(f"{text}  - id: b\n    url: https://you:hunter2@a.example\n")

    assert "hunter2" not in str(caught.value)
