"""What stands in front of the pages: headers, Host check, cross-site refusals, hostile input."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from web import samples
from web.drafts import FeedsOnPaper, Folder
from web.visitors import Visitor, find, tree, words

from monitor.core.values import TextState
from review import frames
from review.access import POLICY, host_name
from review.app import GET, POST, create_app
from review.desk import Open
from review.mails import SANDBOX
from review.pages import outward, short
from review.visits import clean_name, language_of
from store import Store

PARTS = {"{key}": "1", "{id}": "courier"}
# They need somebody who is logged in; test_rights asks for every address in every role.
OF_PEOPLE = ("/people/", "/you/", "/logout")


def addresses(routes: object) -> list[str]:
    """Return every address of the routes with parts that exist."""
    paths = [
        path.replace("/mails/{key}", "/mails/1")
        for path, _, needs in routes  # type: ignore[attr-defined]
        if needs is not Open.LOG_IN and not path.startswith(OF_PEOPLE)
    ]
    return [re.sub(r"{\w+}", lambda part: PARTS[part[0]], path) for path in paths]


FILES = ("/mails/1/file", "/mails/1/html")
FRAMED = ("/mails/1/frame", "/digests/next/1/html")  # other people's words, without any right
FRAMING = ("/mails/1", "/digests/next/1", "/digests/1/edit")
NO_PAGES = ("/search", "/audit.csv", "/healthz", "/readyz", *FILES, *FRAMED)
PAGES = [path for path in addresses(GET) if path not in NO_PAGES]


@pytest.fixture
def open_visitor(store: Store, clock: samples.FixedClock) -> Visitor:
    """A visitor of an app in which every page is offered."""
    app = create_app(
        store,
        clock=clock,
        rules=lambda: samples.RULES,
        lint=lambda: (),
        try_url=lambda _: samples.TRIED,
        add_tip=lambda url, **_: store.ledger.why(1),
        edit_rules=Folder(),
        edit_feeds=FeedsOnPaper(),
        edit_mails=samples.room(store, clock),
    )
    return Visitor(app)


@pytest.mark.parametrize(
    "path", [*addresses(GET), "/nope", "/items/999", "/static/review.css", "/static/nope.css"]
)
def test_every_answer_carries_the_protective_headers(
    filled: Store, open_visitor: Visitor, path: str
) -> None:
    """Pages, refusals and files alike forbid scripts, frames, sniffing and referrers."""
    headers = open_visitor.get(path).headers

    policy = SANDBOX if path in FILES else frames.SANDBOX if path in FRAMED else POLICY
    policy += "; frame-src 'self'" if path in FRAMING else ""

    assert headers["content-security-policy"] == policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == ("SAMEORIGIN" if path in FRAMED else "DENY")
    assert headers["cache-control"] == ("no-cache" if path.endswith("review.css") else "no-store")


def test_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    """The policy starts from nothing and names this site alone."""
    directives = dict(one.split(" ", 1) for one in POLICY.split("; "))

    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert set(directives.values()) == {"'none'", "'self'"}


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_anything_inline_or_foreign(
    filled: Store, open_visitor: Visitor, path: str
) -> None:
    """No style or script in a page, and nothing that a browser would fetch from elsewhere."""
    page = tree(open_visitor.get(path))
    handlers = page.xpath("//@*[starts-with(name(), 'on')]")
    fetched = page.xpath("//*[not(self::iframe)]/@src | //link/@href | //@srcset | //@poster")
    frames_ = page.xpath("//iframe")

    assert not page.xpath("//@style | //style | //script[text()] | //object | //base")
    assert not page.xpath("//@background")
    assert [one.get("sandbox") for one in frames_] == [""] * len(frames_)
    assert all(one.get("src") in FRAMED for one in frames_)
    assert bool(frames_) is (path in FRAMING)
    assert not handlers
    assert all(one.startswith("/static/") for one in fetched)
    for link in page.xpath("//a[starts-with(@href, 'http')]"):
        assert "noreferrer" in link.get("rel")


@pytest.mark.parametrize("path", addresses(GET))
def test_reading_changes_nothing(filled: Store, open_visitor: Visitor, path: str) -> None:
    """GET and HEAD leave every table as it was, whatever the query says."""
    before = samples.contents(filled)
    for method in ("GET", "HEAD"):
        open_visitor.ask(
            method, path, params={"decision": "relevant", "verdict": "1", "claim": "yes", "q": "x"}
        )

    assert samples.contents(filled) == before


@pytest.mark.parametrize("path", addresses(POST))
@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://localhost:8000"}, True),
        ({"origin": "http://localhost:8001"}, False),
        ({}, True),
    ],
)
def test_changes_from_other_sites_are_refused(
    filled: Store, open_visitor: Visitor, path: str, headers: dict[str, str], is_ours: bool
) -> None:
    """A form on another site changes nothing; our own forms and programs may."""
    before = samples.contents(filled)
    fields = {"decision": "relevant", "note": "x", "url": "https://a.example/", "name": "N"}
    fields |= {
        "version": samples.RULES_HASH,
        "reason": "x",
        "role": "reader",
        "grade": "lead",
        "ask": "pause",
    }
    answer = open_visitor.ask("POST", path, data=fields, headers=headers)

    if is_ours:
        assert answer.status_code in (200, 303, 404, 409, 422)
    else:
        assert answer.status_code == 403
        assert samples.contents(filled) == before


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:9000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("watch.ngo.example", 200),
        ("watch.ngo.example:443", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("localhost:8000@evil.example", 421),
        ("127.0.0.2", 421),
        ("", 421),
    ],
)
def test_only_known_names_are_answered(
    visiting: Callable[..., Visitor], host: str, status: int
) -> None:
    """Under a foreign name (DNS rebinding) no page is given, only a clear refusal."""
    visitor = visiting(allowed_hosts=["watch.ngo.example"])
    answer = visitor.get("/", host=host)

    assert answer.status_code == status
    if status == 421:
        assert "This page does not answer to that name" in words(tree(answer))


def test_host_names_are_read_without_their_port() -> None:
    """A port is digits after the last colon; an IPv6 address keeps its brackets."""
    assert [host_name(one) for one in ("a:1", "A", "[::1]:80", "[::1]", "a:b", ":80")] == [
        "a",
        "a",
        "[::1]",
        "[::1]",
        "a:b",
        "",
    ]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnissim ton si siht\u202c\u2066",
    "<!--[if IE]><script>x</script><![endif]-->",
    "'-alert(1)-'",
    "a\u0000b\u0008c\ud7ff",
    "%s %(num)s {0}",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_inert_everywhere(store: Store, open_visitor: Visitor, text: str) -> None:
    """Whatever a feed, an analyst or an operator writes is shown as text and does nothing."""
    feed = replace(samples.FEEDS[1], title=text, note=text, evidence=text)
    store.feeds.sync([feed], samples.NOW)
    story = samples.told(0)
    samples.publish(
        store,
        replace(
            story, title=text, text=f"{text}\n{story.text}", link=f"https://a.example/{len(text)}"
        ),
    )
    open_visitor.post("/you", {"name": text})
    open_visitor.post("/items/1/note", {"note": text})
    open_visitor.post("/items/1/verdict", {"decision": "relevant", "note": text})
    samples.poll_badly(store, "courier", detail=text)
    samples.tell(store, samples.NOW)
    paths = ["/?state=all", "/?done=1&state=all", f"/why?url=https://a.example/{len(text)}"]
    for path in [*PAGES, *paths]:
        answer = open_visitor.get(path)
        assert answer.status_code == 200, path
        page = tree(answer)
        assert page.xpath("//script/@src") == ["/static/keys.js"], path
        assert not page.xpath("//img | //@onerror | //@onload | //body//svg[@onload]"), path
        assert "49" not in words(find(page, "main")[0]) or "7 * 7" in answer.text, path


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", ["/search", "/", "/why", "/stopped", "/rules", "/overview"])
def test_hostile_queries_are_echoed_as_text(
    filled: Store, open_visitor: Visitor, path: str, text: str
) -> None:
    """What stands in the address never becomes markup, and never an error of ours."""
    names = ["q", "url", "band", "lang", "feed", "state", "page", "done", "order"]
    names += ["version"] if path == "/rules" else []
    answer = open_visitor.ask("GET", path, params=dict.fromkeys(names, text))

    assert answer.status_code == {"/search": 303, "/rules": 404}.get(path, 200)
    if answer.status_code != 303:
        assert tree(answer).xpath("//script/@src") == ["/static/keys.js"]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "\u2028javascript:alert(1)",
        " https://a.example/",
        "https://a.example/\n",
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://bank.example@evil.example/",
        "https://[::1",
        "https://a.example:99999/",
        "https://a.example/" + "x" * 5_000,
        "ftp://a.example/",
        "https://",
    ],
)
def test_only_plain_web_addresses_become_links(
    store: Store, visitor: Visitor, address: str
) -> None:
    """An address that could act, deceive or lead nowhere is shown as text."""
    samples.publish(store, replace(samples.told(0), link=address))
    for path in ("/", "/items/1"):
        hrefs = tree(visitor.get(path)).xpath("//a/@href")
        assert not [one for one in hrefs if not re.match(r"[/?#]", one)], path

    assert outward(address) is None


@given(st.text())
def test_links_are_links_or_nothing(text: str) -> None:
    """No text at all makes `outward` fail, and what passes is absolute http(s)."""
    for address in (text, f"https://{text}", f"http://a.example/{text}"):
        passed = outward(address)
        assert passed is None or re.match(r"https?://[^\s/]+", passed)


def test_five_megabytes_of_title_cost_nothing(store: Store, visitor: Visitor) -> None:
    """A giant title is cut on every page; the page stays small and quick."""
    giant = "북한 노동자 " * 700_000
    samples.publish(store, replace(samples.told(0), title=giant, state=TextState.FULL))
    queue = visitor.get("/")

    assert queue.status_code == 200
    assert len(queue.content) < 50_000
    assert len(visitor.get("/items/1").content) < 1_500_000


@given(st.text(), st.integers(1, 400))
def test_short_is_short(text: str, length: int) -> None:
    """A shortened text has no line break and at most its length and the ellipsis."""
    cut = short(text, length)

    assert len(cut) <= length + 1
    assert cut == " ".join(cut.split())


@given(st.text())
def test_names_are_one_printable_line(text: str) -> None:
    """Whatever a person calls themselves is one short printable line."""
    name = clean_name(text)

    assert len(name) <= 60
    assert name.isprintable()
    assert name == clean_name(name)


@given(st.text(), st.text())
def test_any_language_header_gives_a_language(chosen: str, accepted: str) -> None:
    """No header makes the choice of language fail."""
    assert language_of(chosen, accepted) in ("en", "ru", "ko")


def test_oversized_and_broken_forms(filled: Store, visitor: Visitor) -> None:
    """A form that is too large, has files or too many fields is refused, without a crash."""
    large = visitor.post("/items/1/note", {"note": "x" * 600_000})
    many = visitor.ask("POST", "/items/1/verdict", data={f"f{n}": "x" for n in range(50)})
    files = visitor.ask("POST", "/items/1/note", files={"note": ("a.txt", b"x")})
    broken = visitor.ask(
        "POST",
        "/items/1/note",
        content=b"--x\r\nno",
        headers={"content-type": "multipart/form-data; boundary=y"},
    )

    assert large.status_code == 413
    assert [many.status_code, files.status_code, broken.status_code] == [400, 400, 400]
    assert filled.verdicts.recent() == []


def test_methods_that_no_page_knows(filled: Store, visitor: Visitor) -> None:
    """Other methods are refused with a page, not with a crash."""
    answers = [visitor.ask(method, "/") for method in ("PUT", "DELETE", "PATCH", "TRACE")]

    assert {answer.status_code for answer in answers} == {405}


def test_crash_says_so_without_its_cause(
    store: Store, clock: samples.FixedClock, visiting: Callable[..., Visitor]
) -> None:
    """A bug of ours gives a plain page: no traceback, no exception text, all headers."""

    def broken(_: str) -> dict[str, object]:
        raise RuntimeError("secret detail")

    answer = visiting(try_url=broken).post("/try", {"url": "https://a.example/"})

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "This page failed" in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_store_that_cannot_be_used_gives_503(store: Store, visitor: Visitor) -> None:
    """A locked or full database is told as what it is, and /readyz says it too."""
    samples.break_store(store)
    answer = visitor.get("/")
    ready = visitor.get("/readyz")

    assert answer.status_code == 503
    assert "The store cannot be used at the moment" in answer.text
    assert (ready.status_code, ready.json()["status"]) == (503, "unready")
    assert visitor.get("/healthz").json() == {"status": "ok"}


def test_back_leads_only_to_our_own_lists(filled: Store, visitor: Visitor) -> None:
    """No field of a form can send the browser to another site."""
    for field in ("from", "next", "back", "q", "feed", "band", "page"):
        for evil in (
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "x\r\nSet-Cookie: a=b",
        ):
            answer = visitor.post("/items/1/verdict", {"decision": "relevant", field: evil})
            place = answer.headers["location"]
            assert re.match(r"/(\?|$)", place), place
            assert "a" not in answer.headers


def test_language_switch_is_a_post_and_a_cookie(visitor: Visitor) -> None:
    """The choice is kept in a cookie that scripts and other sites do not get."""
    answer = visitor.post("/you", {"language": "ko"})
    cookie = answer.headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert visitor.page("/").get("lang") == "ko"
    assert isinstance(visitor.page("/"), html.HtmlElement)
