"""The words of the pages: none bypasses the catalogues, none is missing, all fit their places."""

from __future__ import annotations

import re
from collections.abc import Callable
from gettext import NullTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from web import samples
from web.test_access import PAGES
from web.visitors import Visitor, find, tree, words

from monitor.catalogues import LANGUAGES, N_, reasons, translations, update
from monitor.catalogues import words as tables
from monitor.core import decisions, requests
from monitor.core.telling import OutboxState, Place
from monitor.core.values import (
    Band,
    DateSource,
    ErrorCode,
    Fate,
    FeedState,
    ItemState,
    TextState,
    Verdict,
)
from monitor.extract import article, signs
from monitor.ports import PollStatus
from store import Store, readings

# What is not ours to translate: other people's words, names of things, times that CLDR writes.
FOREIGN = "//bdi | //mark | //time | //*[@translate='no'] | //code | //pre | //kbd"
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-label")


class Pseudo(NullTranslations):
    """A language in which every message stands in brackets."""

    def gettext(self, message: str) -> str:
        """Return the message in brackets."""
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form for `n` in brackets."""
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def pseudo(_: str) -> NullTranslations:
    """Return the catalogue of the bracketed language, whatever is asked."""
    return PSEUDO


PSEUDO = Pseudo()


def unspoken(page: html.HtmlElement, *, title_is_foreign: bool) -> list[str]:
    """Return the texts of a page that did not come through the catalogues."""
    for foreign in page.xpath(FOREIGN + (" | //head/title" if title_is_foreign else "")):
        parent, tail = foreign.getparent(), foreign.tail or ""
        before = foreign.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
        parent.remove(foreign)
    body = (
        page.text_content()
        + "\n"
        + "\n".join(
            one.get(name, "") for one in page.iter() for name in SPOKEN if isinstance(one.tag, str)
        )
    )
    rest = body
    while re.search(r"⟦[^⟦⟧]*⟧", rest):  # brackets may stand in brackets: a band in a sentence
        rest = re.sub(r"⟦[^⟦⟧]*⟧", "", rest)
    return [word for word in re.findall(r"[^\W\d_]{2,}", rest) if word not in ("Dispatch", "Watch")]


@pytest.mark.parametrize("path", [*PAGES, "/?state=all&q=x", "/?page=2", "/nope", "/why?url=zz"])
def test_no_text_bypasses_the_catalogues(
    filled: Store, visiting: Callable[..., Visitor], path: str
) -> None:
    """In a language of brackets every visible word of ours stands in brackets."""
    samples.everything(filled)
    visitor = visiting(
        catalogue=pseudo,
        rules=lambda: samples.RULES,
        lint=lambda: (),
        try_url=lambda _: samples.TRIED,
        jobs=lambda: [samples.TICK],
        allow_private=["127.0.0.1:8001"],
        edit_mails=samples.room(filled, samples.FixedClock()),
    )
    answers = [visitor.get(path)]
    if path == "/try":
        answers.append(visitor.post("/try", {"url": "https://a.example/"}))
    for answer in answers:
        named_after_content = path.startswith(
            ("/items", "/feeds", "/mails", "/subscribers", "/digests/")
        )
        assert unspoken(tree(answer), title_is_foreign=named_after_content) == []


def test_no_refusal_bypasses_the_catalogues(
    filled: Store, visiting: Callable[..., Visitor]
) -> None:
    """Refusals, a lost claim and a broken store speak the reader's language, too."""
    visitor = visiting(catalogue=pseudo)
    filled.items.claim(1, "Mina", now=samples.NOW, claim_for=samples.DAY)
    answers = [
        visitor.post("/items/1/claim", {}),
        visitor.post("/undo", {}, sec_fetch_site="cross-site"),
        visitor.get("/", host="evil.example"),
        visitor.ask("PUT", "/"),
        visitor.post("/items/1/note", {"note": "x" * 600_000}),
    ]
    samples.break_store(filled)
    answers.append(visitor.get("/"))

    assert [answer.status_code for answer in answers] == [409, 403, 421, 405, 413, 503]
    for answer in answers:
        assert unspoken(tree(answer), title_is_foreign=False) == []


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (tables.BANDS, Band),
        (tables.ITEM_STATES, ItemState),
        (tables.VERDICTS, Verdict),
        (tables.FATES, Fate),
        (tables.FATE_NAMES, Fate),
        (tables.TEXT_STATES, TextState),
        (tables.DATE_SOURCES, DateSource),
        (tables.POLL_STATUSES, PollStatus),
        (tables.OUTBOX_STATES, OutboxState),
        (tables.PLACES, Place),
        (tables.FEED_STATES, FeedState),
        (tables.ERRORS, ErrorCode),
    ],
)
def test_every_value_has_its_words(table: dict[object, object], values: type) -> None:
    """No value of the house can reach a page without words for it."""
    assert set(table) == set(values)


def test_every_reason_of_the_ledger_can_be_said() -> None:
    """The sentences that decisions and readings write are the ones that the catalogues know."""
    written = [
        sentence
        for module in (decisions, readings)
        for name, sentence in vars(module).items()
        if name.isupper() and isinstance(sentence, str) and sentence.endswith(".")
    ]

    assert sorted(set(written)) == sorted(reasons.REASONS)


@pytest.mark.parametrize("sentence", reasons.REASONS)
@pytest.mark.parametrize("language", ["en", "ru", "ko"])
def test_reasons_keep_their_numbers(sentence: str, language: str) -> None:
    """A kept reason is recognised with its numbers filled in, and they stay in it."""
    kept = sentence.replace("%s", "2019-03-01").replace("%d", "417")
    said = reasons.reason(kept, translations(language))

    assert said.count("417") == kept.count("417")
    assert said.count("2019-03-01") == kept.count("2019-03-01")
    assert (said == kept) is (language == "en")


@pytest.mark.parametrize("sentence", reasons.NOTES)
@pytest.mark.parametrize("language", ["ru", "ko"])
def test_notes_on_a_text_are_said(sentence: str, language: str) -> None:
    """What reading a page noted is a sentence of the code, and is said in the reader's language."""
    places = (article, signs, requests)
    written = "".join(Path(module.__file__ or "").read_text() for module in places)
    (said,) = reasons.notes(
        [sentence.replace("%s", "https://a.example/")] * 2, translations(language)
    )

    assert sentence.partition("%s")[0] in written
    assert said != sentence
    assert ("https://a.example/" in said) is ("%s" in sentence)


@given(st.text())
def test_unknown_reasons_are_shown_as_kept(kept: str) -> None:
    """A reason that is none of ours is neither lost nor changed."""
    assert reasons.reason(kept, translations("ko")) == kept


TEMPLATE = update.collected()


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_catalogues_are_complete(language: str) -> None:
    """Every message of the code is translated; run `python -m monitor.catalogues.update`."""
    catalogue = update.merged(language, TEMPLATE)

    assert [message.id for message in update.untranslated(catalogue)] == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_translations_keep_placeholders_and_markup(language: str) -> None:
    """A translation names the same values and carries the same elements as the English text."""
    for message in update.read(language):
        if not message.id or not message.string:
            continue
        ids, texts = forms(message)
        for text in texts:
            assert parts(text) in [parts(one) for one in ids], message.id


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_translations_are_in_their_own_letters(language: str) -> None:
    """A Russian or Korean text has Cyrillic or Hangul in it, unless it is a name or a number."""
    letters = {"ru": "[а-яА-ЯёЁ]", "ko": "[가-힣]"}[language]
    same = {"HTTP", "Dispatch Watch", "Message-ID", "", "(%(num)d)"}
    for message in update.read(language):
        if not message.id or not message.string or message.id in same:
            continue
        for text in forms(message)[1]:
            plain = re.sub(r"%\(\w+\)[sd]|<[^>]*>", "", text)
            assert re.search(letters, plain) or not re.search(r"\w", plain), message.id


def forms(message: Message) -> tuple[list[str], list[str]]:
    """Return the English forms and the translated ones."""
    ids = list(message.id) if isinstance(message.id, (list, tuple)) else [message.id]
    strings = message.string
    return ids, list(strings) if isinstance(strings, (list, tuple)) else [strings]


def parts(text: str) -> tuple[list[str], list[str]]:
    """Return the placeholders and elements of a text, in any order."""
    return sorted(re.findall(r"%(?:\(\w+\))?[sd]", text)), sorted(re.findall(r"<[^>]*>", text))


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.5", "ru", "Очередь"),
        ("ko", "ko", "대기열"),
        ("fr, de", "en", "Queue"),
        ("en;q=0.1, ko;q=0.9", "ko", "대기열"),
        ("ko;q=0", "en", "Queue"),
        ("*", "en", "Queue"),
    ],
)
def test_browser_language_is_followed(
    visitor: Visitor, accepted: str, language: str, title: str
) -> None:
    """Without a choice the browser's wish decides, best first."""
    page = visitor.page("/", accept_language=accepted)

    assert page.get("lang") == language
    assert words(find(page, "h1")[0]) == title


def test_choice_of_language_wins_over_the_browser(visitor: Visitor) -> None:
    """The cookie of the switch at the foot of each page goes before Accept-Language."""
    button = find(visitor.page("/"), "footer button[lang='ru']")[0]
    answer = visitor.post("/you", {button.get("name"): button.get("value")})
    page = visitor.page("/", accept_language="ko")

    assert answer.status_code == 303
    assert page.get("lang") == "ru"
    assert find(page, "footer button[lang='ru']")[0].get("aria-pressed") == "true"


def test_plural_forms_of_russian(filled: Store, visitor: Visitor) -> None:
    """Russian counts in three forms."""
    count = translations("ru").ngettext("%(num)s item", "%(num)s items", 1)
    few = translations("ru").ngettext("%(num)s item", "%(num)s items", 3)
    many = translations("ru").ngettext("%(num)s item", "%(num)s items", 11)

    assert len({count, few, many}) == 3


def test_marking_a_message_changes_nothing() -> None:
    """N_ only marks."""
    assert N_("queue") == "queue"


def test_times_are_in_the_readers_zone(filled: Store, visitor: Visitor) -> None:
    """A person who chose Seoul reads Seoul times; an unknown zone changes nothing."""
    visitor.post("/you", {"zone": "Asia/Seoul"})
    seoul = words(visitor.page("/items/1"))
    visitor.post("/you", {"zone": "Mars/Olympus"})
    still = words(visitor.page("/items/1"))

    assert "times are in Asia/Seoul" in seoul
    assert "times are in Asia/Seoul" in still
