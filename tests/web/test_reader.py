"""The pages behind the links in a mail: robots change nothing, readers only what is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from structlog.testing import capture_logs
from web import samples
from web.visitors import Visitor, find, tree, words

from alerts.fitting import fitting
from alerts.links import reader_link
from alerts.sender import Sender
from alerts.tokens import Purpose
from monitor.app import open_watch
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.redaction import Redaction
from monitor.core.reports import QueueFilter
from monitor.core.telling import Message, Subscriber
from monitor.core.values import ItemState, Verdict
from monitor.core.windows import Window
from monitor.pages import review_app
from monitor.settings import load_settings
from store import Store

NOW = samples.NOW
SENDER = Sender(
    address="watch@ngo.example",
    contact="desk@ngo.example",
    public_url="https://watch.ngo.example",
    secret=b"a secret for tests of the pages of readers",
    has_reader_pages=True,
)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ALL = (Purpose.UNSUBSCRIBE, Purpose.SETTINGS, Purpose.VERDICT)
BODIES = {
    Purpose.UNSUBSCRIBE: ONE_CLICK,
    Purpose.SETTINGS: {"days": "weekdays"},
    Purpose.VERDICT: {"verdict": "irrelevant"},
}


@pytest.fixture
def analyst(filled: Store) -> Subscriber:
    """A reader who is asked to judge."""
    wanted = Subscriber(
        key=0, address="ana@ngo.example", near_misses=True, since=NOW - 9 * samples.DAY
    )
    added = filled.subscribers.add(wanted)
    assert added
    return added


@pytest.fixture
def public(visiting: Callable[..., Visitor]) -> Visitor:
    """Somebody who comes to the public address."""
    visitor = visiting(sender=SENDER, allowed_hosts=["watch.ngo.example"])
    visitor.base = "https://watch.ngo.example"
    return visitor


def link(purpose: Purpose, subscriber: Subscriber, **given: Any) -> str:
    """Return the path of a good link, for a verdict on the first item."""
    item = 1 if purpose is Purpose.VERDICT else None
    made = {"subscriber": subscriber, "made_at": NOW, "item_key": item} | given
    address = reader_link(SENDER, purpose, **made)
    assert address
    return address.removeprefix("https://watch.ngo.example")


def mail(store: Store, subscriber: Subscriber, sender: Sender = SENDER) -> Message:
    """Return a digest of all sample items."""
    _, message = fitting(
        store.items.queue(QueueFilter(limit=50)).items,
        subscriber=subscriber,
        window=Window(start=NOW - 2 * samples.DAY, end=NOW, period="2026-11-25T08:00"),
        now=NOW,
        sender=sender,
    )
    return message


def test_a_scanner_that_opens_every_link_changes_nothing(
    filled: Store, analyst: Subscriber, public: Visitor
) -> None:
    """Three rounds of GET and HEAD over all that a mail links to leave every table as it was."""
    message = mail(filled, analyst)
    found = re.findall(r"https://watch\.ngo\.example(/mail/[^\s\">]+)", message.text + message.html)
    ours = sorted(set(found))
    before = samples.contents(filled)
    answers = [
        public.ask(method, path).status_code
        for _ in range(3)
        for path in ours
        for method in ("GET", "HEAD")
    ]

    assert {path.split(".")[0] for path in ours} == {
        "/mail/settings", "/mail/unsubscribe", "/mail/verdict",
    }  # fmt: skip
    assert set(answers) == {200}
    assert samples.contents(filled) == before


@pytest.mark.parametrize("secret", [None, SENDER.secret])
@pytest.mark.parametrize("public_url", [None, SENDER.public_url])
@pytest.mark.parametrize("has_pages", [False, True])
def test_links_need_an_address_a_secret_and_pages(
    filled: Store,
    analyst: Subscriber,
    visiting: Callable[..., Visitor],
    secret: bytes | None,
    public_url: str | None,
    has_pages: bool,
) -> None:
    """Where one of the three is missing, no mail promises what nobody answers."""
    sender = replace(SENDER, secret=secret, public_url=public_url, has_reader_pages=has_pages)
    raw = mail(filled, analyst, sender).raw
    whole = bool(secret and public_url and has_pages)
    answer = visiting(sender=sender).get(link(Purpose.SETTINGS, analyst))

    assert (b"/mail/" in raw, b"One-Click" in raw) == (whole, whole)
    assert whole or answer.status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://mail.example", "sec-fetch-site": "cross-site"},
        {"origin": "null"},
    ],
)
@pytest.mark.parametrize("as_multipart", [False, True])
def test_one_click_leaves_the_list(
    filled: Store,
    analyst: Subscriber,
    public: Visitor,
    headers: dict[str, str],
    as_multipart: bool,
) -> None:
    """A mail program's POST works without cookies, from anywhere, in both forms of RFC 8058."""
    path = link(Purpose.UNSUBSCRIBE, analyst)
    body: dict[str, Any] = {"data": ONE_CLICK}
    if as_multipart:
        body = {"files": {"List-Unsubscribe": (None, "One-Click")}}
    answer = public.ask("POST", path, headers=headers, **body)
    after = filled.subscribers.get(analyst.key)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert after
    assert not after.is_active
    assert [line.action for line in filled.audit.list(subject=f"subscriber:{analyst.key}")] == [
        "subscriber.left"
    ]


@pytest.mark.parametrize("purpose", ALL)
def test_another_site_cannot_press_the_other_buttons(
    filled: Store, analyst: Subscriber, public: Visitor, purpose: Purpose
) -> None:
    """Only leaving is open to other sites, and only with the very body of one-click."""
    before = samples.contents(filled)
    fields = {**BODIES[purpose], "List-Unsubscribe": "One-click"}
    answer = public.post(link(purpose, analyst), fields, sec_fetch_site="cross-site")

    assert answer.status_code == (400 if purpose is Purpose.UNSUBSCRIBE else 403)
    assert samples.contents(filled) == before


@pytest.mark.parametrize("purpose", ALL)
def test_pressing_twice_is_pressing_once(
    filled: Store, analyst: Subscriber, public: Visitor, purpose: Purpose
) -> None:
    """The page acts and leaves one line in the trail; sent again it only says the same."""
    path = link(purpose, analyst)
    first = public.post(path, BODIES[purpose])
    after = samples.contents(filled)
    second = public.post(path, BODIES[purpose])

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.text == second.text
    assert "Done." in first.text
    assert samples.contents(filled) == after
    assert [line.actor for line in filled.audit.list()] == [f"subscriber:{analyst.key}"]


@pytest.mark.parametrize("purpose", ALL)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "maybe"},
        {"verdict": ""},
        {"days": "never"},
        {"pause": "x"},
        {"pause": "2020-01-01"},
        {"pause": f"{NOW:%Y-%m-%d}"},
        {"pause": "9999-12-31"},
        {"List-Unsubscribe": "Two-Clicks"},
    ],
)
def test_a_form_that_we_never_made_does_nothing(
    filled: Store, analyst: Subscriber, public: Visitor, purpose: Purpose, body: dict[str, str]
) -> None:
    """A good link with another body shows its page again."""
    before = samples.contents(filled)

    assert public.post(link(purpose, analyst), body).status_code == 400
    assert samples.contents(filled) == before


@pytest.mark.parametrize("signed", ALL)
@pytest.mark.parametrize("sent", ALL)
def test_a_link_does_what_it_is_for_alone(
    filled: Store, analyst: Subscriber, public: Visitor, signed: Purpose, sent: Purpose
) -> None:
    """The body of another purpose does nothing, whatever the link."""
    before = samples.contents(filled)
    answer = public.post(link(signed, analyst), BODIES[sent])

    assert (answer.status_code == 200) is (signed is sent)
    assert (samples.contents(filled) != before) is (signed is sent)


@pytest.mark.parametrize("verdict", Verdict)
def test_an_analyst_judges_from_the_mail(
    filled: Store, analyst: Subscriber, public: Visitor, verdict: Verdict
) -> None:
    """The verdict is kept for the item of the link, under the reader's number."""
    public.post(link(Purpose.VERDICT, analyst, item_key=3), {"verdict": verdict.value})
    (line,) = filled.verdicts.recent()
    item = filled.items.get(3)

    assert (line.item_key, line.verdict, line.actor) == (3, verdict, f"subscriber:{analyst.key}")
    assert item
    assert item.state is not ItemState.NEW
    assert [one.action for one in filled.audit.list(subject="item:3")] == ["item.decided"]


def test_a_link_sent_again_does_not_overrule_others(
    filled: Store, analyst: Subscriber, public: Visitor
) -> None:
    """What somebody took back stays taken back when the old request is repeated."""
    path = link(Purpose.VERDICT, analyst)
    public.post(path, {"verdict": "irrelevant"})
    (line,) = filled.verdicts.recent()
    filled.verdicts.undo(line.key, actor="chief", now=NOW)
    before = samples.contents(filled)
    public.post(path, {"verdict": "irrelevant"})

    assert samples.contents(filled) == before


def test_only_analysts_are_asked_to_judge(
    filled: Store, analyst: Subscriber, public: Visitor
) -> None:
    """Other readers get no such link, and lose it with the task."""
    path = link(Purpose.VERDICT, analyst)
    filled.subscribers.update(replace(analyst, near_misses=False))

    assert "/mail/verdict" in mail(filled, analyst).html
    assert "/mail/verdict" not in mail(filled, replace(analyst, near_misses=False)).html
    assert public.get(path).status_code == 404


def test_a_reader_changes_the_days_and_pauses(
    filled: Store, analyst: Subscriber, public: Visitor
) -> None:
    """The buttons on the page are the ones that work."""
    path = link(Purpose.SETTINGS, analyst)
    pauses = [one.get("value") for one in find(public.page(path), "button[name='pause']")]
    public.post(path, {"days": "monday"})
    paused = public.post(path, {"pause": pauses[0]})
    held = filled.subscribers.get(analyst.key)
    public.post(path, {"pause": "none"})
    free = filled.subscribers.get(analyst.key)

    assert pauses == ["2026-12-02", "2026-12-09", "2026-12-25"]
    assert held
    assert held.schedule.days == (0,)
    assert f"{held.paused_until:%Y-%m-%d %H:%M}" == "2026-12-02 00:00"
    assert "Paused until Wed 2 Dec." in words(tree(paused))
    assert free
    assert free.paused_until is None


def bad_links(analyst: Subscriber) -> dict[str, str]:
    """Return links that are not good, each for another reason."""
    good = link(Purpose.VERDICT, analyst)
    foreign = replace(SENDER, secret=b"the secret of somebody else, as long as ours")
    forged = reader_link(foreign, Purpose.SETTINGS, subscriber=analyst, made_at=NOW)
    assert forged
    return {
        "nonsense": "/mail/x",
        "cut": good[:-1],
        "other purpose": good.replace("verdict", "settings"),
        "other item": re.sub(r"-1\.", "-2.", good),
        "other reader": good.replace(f"verdict.{analyst.key}-", "verdict.1-"),
        "other secret": forged.removeprefix("https://watch.ngo.example"),
        "expired": link(Purpose.VERDICT, analyst, made_at=NOW - timedelta(days=30)),
        "no such item": link(Purpose.VERDICT, analyst, item_key=999_999),
        "no item": link(Purpose.VERDICT, analyst, item_key=None),
        "no such reader": link(Purpose.SETTINGS, replace(analyst, key=999_999)),
        # A store may give the number of an erased reader to the next one.
        "reader before": link(Purpose.UNSUBSCRIBE, replace(analyst, address="old@ngo.example")),
    }


def test_links_that_are_not_good_all_look_the_same(
    filled: Store, analyst: Subscriber, public: Visitor
) -> None:
    """Nothing tells a guess from an old link, or says who is on the list; nothing changes."""
    before = samples.contents(filled)
    body = {**ONE_CLICK, "verdict": "irrelevant", "days": "monday"}
    answers = {
        name: [public.get(path), public.post(path, body)]
        for name, path in bad_links(analyst).items()
    }

    assert {one.status_code for both in answers.values() for one in both} == {404}
    assert len({one.text for both in answers.values() for one in both}) == 1
    assert samples.contents(filled) == before


@pytest.mark.parametrize("purpose", ALL)
def test_a_changed_letter_anywhere_makes_a_link_worthless(
    filled: Store, analyst: Subscriber, public: Visitor, purpose: Purpose
) -> None:
    """Each place of the token is protected, on the page that acts."""
    good = link(purpose, analyst).removeprefix("/mail/")
    before = samples.contents(filled)
    with_other = "ABab01.-_"

    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(st.integers(0, len(good) - 1), st.sampled_from(with_other))
    def changed(place: int, letter: str) -> None:
        forged = good[:place] + letter + good[place + 1 :]
        if forged != good:
            answer = public.post(f"/mail/{forged}", BODIES[purpose])
            assert answer.status_code in (403, 404)

    changed()
    assert samples.contents(filled) == before


def test_readers_see_nothing_of_the_queue_and_nothing_withheld(
    filled: Store, analyst: Subscriber, visiting: Callable[..., Visitor]
) -> None:
    """The page has no way into the queue, loads nothing foreign, and withholds what mails do."""
    item = filled.items.get(1)
    assert item
    name = max(re.findall(r"\w+", item.title), key=len)
    visitor = visiting(sender=SENDER, redact=partial(Redaction.of, [name]))
    page = visitor.page(link(Purpose.VERDICT, analyst))

    assert page.xpath("//a | //script | //img") == []
    assert name not in html.tostring(page, encoding="unicode")


@pytest.mark.parametrize("language", ["en", "ru", "ko"])
@pytest.mark.parametrize("purpose", ALL)
def test_pages_speak_the_readers_language(
    filled: Store, analyst: Subscriber, public: Visitor, language: str, purpose: Purpose
) -> None:
    """The language is the one of the mail, whatever the browser prefers."""
    filled.subscribers.update(replace(analyst, language=language))
    page = public.page(link(purpose, analyst), accept_language="ko, ru;q=0.9")
    heading = words(find(page, "h1")[0])

    assert page.get("lang") == language
    assert bool(re.search("[а-я]", heading)) is (language == "ru")
    assert bool(re.search("[가-힣]", heading)) is (language == "ko")


def test_a_page_that_may_not_show_its_title_fails_without_telling_the_link(
    filled: Store, analyst: Subscriber, visiting: Callable[..., Visitor]
) -> None:
    """A list of names that cannot be read costs the title, never the way out, and logs no link."""

    def broken() -> Redaction:
        raise ConfigurationErrors([Problem(file="withheld.txt", message="cannot be read")])

    path = link(Purpose.VERDICT, analyst)
    visitor = visiting(sender=SENDER, redact=broken)
    with capture_logs() as lines:
        answer = visitor.get(path)
    left = visitor.post(link(Purpose.UNSUBSCRIBE, analyst), ONE_CLICK)
    item = filled.items.get(1)

    assert item
    assert answer.status_code == 500
    assert item.title not in answer.text
    assert left.status_code == 200
    assert [(line["event"], line["path"]) for line in lines] == [("page.crashed", "/mail/{token}")]


@pytest.mark.parametrize("is_public", [True, False])
def test_a_house_answers_the_links_that_it_signs(tmp_path: Path, is_public: bool) -> None:
    """The public address alone switches on both; the sender and the page share one secret."""
    environ = {"MONITOR_PUBLIC_URL": "https://watch.ngo.example"} if is_public else {}
    with open_watch(load_settings(environ=environ, folder=tmp_path)) as watch:
        wanted = Subscriber(key=0, address="ana@ngo.example", since=watch.clock.now())
        added = watch.store.subscribers.add(wanted)
        assert added
        address = reader_link(
            watch.sender, Purpose.UNSUBSCRIBE, subscriber=added, made_at=watch.clock.now()
        )
        base = environ.get("MONITOR_PUBLIC_URL", "http://localhost:8000")
        visitor = Visitor(review_app(watch, jobs=tuple), base=base)
        answer = visitor.post(address or "/mail/unsubscribe.1.1.x", ONE_CLICK)
        after = watch.store.subscribers.get(added.key)

    assert (address is not None) is is_public
    assert answer.status_code == (200 if is_public else 404)
    assert after
    assert after.is_active is not is_public
