"""Webhooks and chats: signed, guarded, repeated with the same bytes, and harmless to a room."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from tellings import PUBLIC, WINDOW, a_coverage, a_subscriber, an_item, sample_items
from werkzeug import Request, Response

import alerts.chat as chat
from alerts.channelrounds import send_channels
from alerts.chat import ChatMailer, harmless, written
from alerts.compose import AboveClearance, compose
from alerts.fitting import fitting
from alerts.webhook import WebhookMailer
from monitor.channelfile import read_channels
from monitor.core.channels import Channel
from monitor.core.errors import ConfigurationErrors
from monitor.core.redaction import Redaction
from monitor.core.telling import Delivery, Message, OutboxState, Subscriber, Way
from monitor.core.tlp import Tlp
from monitor.core.values import Item
from monitor.fetch import FetchSettings, HttpFetcher
from monitor.guard import Allowed
from store import Store

NOW = datetime(2026, 11, 24, 7, 0, 20, tzinfo=UTC)
SECRET = b"0123456789abcdef0123456789abcdef"


def a_channel(way: Way = Way.WEBHOOK, target: str = "https://x.example/hook") -> Channel:
    """Return a channel named desk."""
    wishes = a_subscriber(5, address=f"{way.value}:desk")
    return Channel(name="desk", way=way, target=target, secret=SECRET, wishes=wishes)


def told(items: list[Item], reader: Subscriber, redaction: Redaction | None = None) -> Message:
    """Return the message that a digest of these items is."""
    _, message = fitting(
        items, subscriber=reader, window=WINDOW, now=NOW, sender=PUBLIC, coverage=a_coverage(),
        redact=redaction or Redaction(),
    )  # fmt: skip
    return message


@pytest.fixture
def fetcher(httpserver: HTTPServer) -> Iterator[HttpFetcher]:
    """Yield a fetcher that may ask the test's server and nothing else of this machine."""
    settings = FetchSettings(
        allowed=Allowed.read([f"{httpserver.host}:{httpserver.port}"]), total=2.0, read=1.0
    )
    with HttpFetcher(settings) as opened:
        yield opened


def test_a_webhook_is_signed_over_time_and_body(
    httpserver: HTTPServer, fetcher: HttpFetcher
) -> None:
    """The receiver proves with its key that the body is ours, and how old it is."""
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=204)
    channel = a_channel(target=httpserver.url_for("/hook"))
    message = told(sample_items(), channel.wishes)

    result = WebhookMailer({channel.address: channel}, fetcher, now=lambda: NOW).deliver(message)

    asked, _ = httpserver.log[0]
    stamp = asked.headers["X-Dispatch-Timestamp"]
    right = hmac.new(SECRET, f"{stamp}.".encode() + asked.data, hashlib.sha256).hexdigest()
    body = json.loads(asked.data)
    assert result.outcome is Delivery.ACCEPTED
    assert stamp == str(int(NOW.timestamp()))
    assert asked.headers["X-Dispatch-Signature"] == f"sha256={right}"
    assert asked.headers["X-Dispatch-Id"] == body["id"]
    assert (body["kind"], body["channel"], body["tlp"]) == ("digest", "desk", "TLP:CLEAR")
    assert body["stories"][0]["title"] == sample_items()[0].title


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Delivery.ACCEPTED), (500, Delivery.RETRY), (404, Delivery.RETRY), (429, Delivery.RETRY),
     (302, Delivery.RETRY), (410, Delivery.REFUSED)],
)  # fmt: skip
def test_answers_of_a_webhook(
    httpserver: HTTPServer, fetcher: HttpFetcher, status: int, outcome: Delivery
) -> None:
    """Only "gone" is for ever; a redirect is not followed."""
    elsewhere = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/hook").respond_with_data("x", status=status, headers=elsewhere)
    channel = a_channel(target=httpserver.url_for("/hook"))

    result = WebhookMailer({channel.address: channel}, fetcher, now=lambda: NOW).deliver(
        told([], channel.wishes)
    )

    assert result.outcome is outcome
    assert len(httpserver.log) == 1
    assert "hook" not in result.detail


def test_a_private_address_is_refused_before_anything_is_sent() -> None:
    """The guard that stands before feeds stands before webhooks; the operator has to mend it."""
    with HttpFetcher(FetchSettings()) as fetcher:
        for target in ("http://127.0.0.1:9/x", "http://169.254.169.254/", "http://[::1]/"):
            channel = a_channel(target=target)
            mailer = WebhookMailer({channel.address: channel}, fetcher, now=lambda: NOW)
            result = mailer.deliver(told([], channel.wishes))

            assert result.outcome is Delivery.NOT_CONFIGURED


def test_a_lost_answer_brings_the_same_bytes_again(
    store: Store, httpserver: HTTPServer, fetcher: HttpFetcher
) -> None:
    """At least once, with the same id and body; a dead receiver costs one attempt a round."""
    answers = [503, 200, 200]
    seen: list[bytes] = []

    def hook(request: Request) -> Response:
        seen.append(request.data)
        return Response(status=answers.pop(0))

    httpserver.expect_request("/hook").respond_with_handler(hook)
    channel = a_channel(target=httpserver.url_for("/hook"))
    store.channels.sync([channel.wishes], NOW)
    (kept,) = store.channels.all()
    for number in (1, 2):
        message = told([an_item(number)], channel.wishes)
        message = replace(message, message_id=f"<digest.{number}@ngo.example>")
        store.outbox.add(message, now=NOW, subscriber_key=kept.key)
    mailers = {Way.WEBHOOK: WebhookMailer({channel.address: channel}, fetcher, now=lambda: NOW)}

    first = send_channels(store, mailers, NOW)
    second = send_channels(store, mailers, NOW + timedelta(minutes=6))

    assert (str(first), str(second)) == ("0 sent, 1 failed", "2 sent")
    assert seen[0] in seen[1:]
    assert len(set(seen)) == 2
    assert store.outbox.counts()[OutboxState.SENT] == 2
    # Mails and channels do not wait for each other.
    assert store.outbox.take(NOW + timedelta(days=1), owner="t", lease_for=timedelta(1)) is None


def test_three_goodbyes_end_a_channel_and_are_told(
    store: Store, httpserver: HTTPServer, fetcher: HttpFetcher
) -> None:
    """A receiver that says "gone" three times gets no more, and the operator is told."""
    httpserver.expect_request("/hook").respond_with_data("", status=410)
    channel = a_channel(target=httpserver.url_for("/hook"))
    store.channels.sync([channel.wishes], NOW)
    (kept,) = store.channels.all()
    mailers = {Way.WEBHOOK: WebhookMailer({channel.address: channel}, fetcher, now=lambda: NOW)}
    for number in range(3):
        message = replace(told([], channel.wishes), message_id=f"<digest.{number}@ngo.example>")
        store.outbox.add(message, now=NOW, subscriber_key=kept.key)
        send_channels(store, mailers, NOW)
    store.channels.sync([channel.wishes], NOW)

    (kept,) = store.channels.all()
    assert not kept.is_active
    assert [notice.kind for notice in store.notices.open()] == ["channel.paused"]


# ---------------------------------------------------------------- chats


def test_a_chat_gets_its_message_through_a_real_process(httpserver: HTTPServer) -> None:
    """The whole way: our process, apprise in its own, a server; what a title shouts is harmless."""
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok")
    channel = a_channel(Way.CHAT, f"json://{httpserver.host}:{httpserver.port}/hook")
    loud = an_item(1, title="@everyone <!channel> *free* [click](https://evil.example)")
    message = told([loud], channel.wishes)

    result = ChatMailer({channel.address: channel}).deliver(message)

    said = json.loads(httpserver.log[0][0].data)
    whole = said["title"] + said["message"]
    assert result.outcome is Delivery.ACCEPTED
    assert "＠everyone" in said["message"]
    assert not set("@<>*[]`|") & set(whole)
    assert "https://evil" not in whole
    assert "https://news.example/1" in said["message"]


@pytest.mark.parametrize("status", [403, 500])
def test_a_chat_that_refuses_is_tried_again_and_its_address_stays_secret(
    httpserver: HTTPServer, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """The cause is a number; the address, which is the key to the room, appears nowhere."""
    httpserver.expect_request("/token-of-the-room").respond_with_data("no", status=status)
    target = f"json://{httpserver.host}:{httpserver.port}/token-of-the-room"
    channel = a_channel(Way.CHAT, target)

    result = ChatMailer({channel.address: channel}).deliver(told([], channel.wishes))

    assert (result.outcome, result.detail) == (Delivery.RETRY, f"HTTP {status}")
    assert "token-of-the-room" not in repr(channel) + repr(result) + "".join(capfd.readouterr())


def test_a_chat_that_hangs_is_ended(httpserver: HTTPServer) -> None:
    """The process gets its time and no more; whether the room has the message is unknown."""
    channel = a_channel(Way.CHAT, f"json://{httpserver.host}:{httpserver.port}/")

    result = ChatMailer({channel.address: channel}, seconds=0.01).deliver(told([], channel.wishes))

    assert (result.outcome, result.detail) == (Delivery.MAYBE, "no answer within 0.01 seconds")


def test_without_the_extra_the_operator_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A house without apprise keeps the messages and names the extra."""
    script = tmp_path / "chatting.py"
    blocked = "import sys\nsys.modules['apprise'] = None\n"
    script.write_text(blocked + Path(chat.__file__).with_name("chatting.py").read_text().replace(
        "from __future__ import annotations\n", ""))  # fmt: skip
    monkeypatch.setattr(chat, "_SCRIPT", script)
    channel = a_channel(Way.CHAT, "json://127.0.0.1:9/")

    result = ChatMailer({channel.address: channel}).deliver(told([], channel.wishes))

    assert (result.outcome, result.detail) == (Delivery.NOT_CONFIGURED, chat.MISSING)


@given(text=st.text(max_size=80), name=st.sampled_from(["slack", "discord", "matrix", "unknown"]))
def test_nothing_in_a_title_calls_a_room(text: str, name: str) -> None:
    """No service that knows mentions or mark-up gets a character that begins one."""
    shown = harmless(f"@everyone <!here> {text}", name)

    assert not set("@<>*_~`|") & set(shown)
    assert "://" not in shown


def test_our_own_links_stay_links() -> None:
    """Links are ours to give: they are not bent, and carry no mention."""
    body = {"title": "t", "parts": [["link", "https://a.example/x_y?q=@here&b=*"]]}

    assert written(body, "slack")[1] == "https://a.example/x_y?q=%40here&b=%2A"


# ---------------------------------------------------------------- what must not leave


@given(
    marks=st.lists(st.sampled_from(list(Tlp)), min_size=1, max_size=6),
    clearance=st.sampled_from(list(Tlp)),
    way=st.sampled_from(["reader@ngo.example", "webhook:desk", "chat:desk"]),
)
def test_nothing_above_a_clearance_leaves(marks: list[Tlp], clearance: Tlp, way: str) -> None:
    """By mail, webhook and chat: what is marked higher is not there, not even its address."""
    items = [an_item(n, title=f"Workers at site S{n:03}", tlp=m) for n, m in enumerate(marks, 101)]
    reader = a_subscriber(address=way, clearance=clearance)

    message = told(items, reader)

    whole = message.raw.decode() + message.text + message.html + message.subject
    for item in items:
        if not clearance.allows(item.tlp):
            assert f"S{item.key}" not in whole
            assert item.url not in whole
    left = [mark for mark in marks if clearance.allows(mark)]
    strictest = max(left, key=lambda mark: mark.rank, default=Tlp.CLEAR)
    if strictest is not Tlp.CLEAR:
        assert message.subject.startswith(f"[{strictest.label}] ")
        assert strictest.label in message.text


def test_the_last_door_holds_alone() -> None:
    """A digest that was chosen wrongly is not written at all."""
    digest, _ = fitting(
        [an_item(1, tlp=Tlp.RED)], subscriber=a_subscriber(clearance=Tlp.RED), window=WINDOW,
        now=NOW, sender=PUBLIC,
    )  # fmt: skip
    for address in ("reader@ngo.example", "webhook:desk", "chat:desk"):
        with pytest.raises(AboveClearance):
            compose(replace(digest, subscriber=a_subscriber(address=address)), sender=PUBLIC)


@pytest.mark.parametrize("way", ["webhook:desk", "chat:desk"])
def test_withheld_names_do_not_leave(way: str) -> None:
    """A name on the list is taken out of title, quotation, outlet, source names and address."""
    item = an_item(
        1, title="Kim Chol-su fled", text="Workers say Kim Chol Su is safe.",
        outlet="Friends of Kim Cholsu", also_in=("Kim-Chol-Su's page",),
        url="https://news.example/kim-chol-su",
    )  # fmt: skip

    message = told([item], a_subscriber(address=way), Redaction.of(["Kim Chol Su"]))

    found = Redaction.of(["Kim Chol Su"])
    assert not found.finds(json.dumps(json.loads(message.raw), ensure_ascii=False))
    assert not found.finds(message.text + message.subject)


# ---------------------------------------------------------------- the file


@pytest.fixture
def written_file(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a channels.yaml with its secret files beside it."""
    (tmp_path / "key").write_bytes(SECRET + b"\n")
    (tmp_path / "room").write_text("slack://token@secret/#desk\n")
    (tmp_path / "short").write_text("short-secret")

    def write(text: str) -> Path:
        path = tmp_path / "channels.yaml"
        path.write_text(text)
        return path

    return write


def test_channels_are_read(written_file: Callable[[str], Path]) -> None:
    """Every key means what the reference says; a secret is in no text."""
    path = written_file(
        "channels:\n"
        "  - {name: desk, kind: webhook, url: 'https://x.example/h', secret_file: key,"
        " tells: alerts, minimum: queue, clearance: amber}\n"
        "  - {name: room, kind: chat, url_file: room, at: '18:30', zone: Asia/Seoul,"
        " language: ko}\n"
    )

    desk, room = read_channels(path, now=NOW)

    assert (desk.address, desk.target, desk.secret) == (
        "webhook:desk",
        "https://x.example/h",
        SECRET,
    )
    assert (desk.wishes.alerts, desk.wishes.schedule.days) == (True, ())
    assert desk.wishes.clearance is Tlp.AMBER
    assert (room.address, room.wishes.language) == ("chat:room", "ko")
    assert "token@secret" not in repr(room)
    assert "0123456789" not in repr(desk)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{kind: webhook, url: 'https://x.example', secret_file: key}", "name: write a name"),
        ("{name: a, kind: fax}", "kind: write webhook or chat"),
        ("{name: a, kind: webhook, secret_file: key}", "needs `url_file` or `url`"),
        ("{name: a, kind: webhook, url: 'ftp://x', secret_file: key}", "is no https:// address"),
        ("{name: a, kind: webhook, url: 'https://x.example'}", "needs `secret_file`"),
        ("{name: a, kind: webhook, url: 'https://x.example', secret_file: short}", "fewer than 32"),
        ("{name: a, kind: webhook, url: 'https://x.example', secret_file: none}", "cannot be read"),
        ("{name: a, kind: chat, url: 'slack://t'}", "is a secret"),
        ("{name: a, kind: chat, url_file: room, tells: songs}", "alerts, digests, or both"),
        ("{name: a, kind: chat, url_file: room, clearance: pink}", "write one of clear"),
        ("{name: a, kind: chat, url_file: room, colour: red}", "is no key that can stand here"),
        ("just text", "must have keys"),
    ],
)
def test_mistakes_are_named_with_their_line_and_without_secrets(
    written_file: Callable[[str], Path], entry: str, problem: str
) -> None:
    """The whole file is refused; the problem has its line, and no secret file's text."""
    path = written_file(f"channels:\n  - {entry}\n")

    with pytest.raises(ConfigurationErrors) as refused:
        read_channels(path, now=NOW)

    (found,) = refused.value.problems
    assert problem in str(found)
    assert found.line == 2
    assert "short-secret" not in str(found)
    assert "token@secret" not in str(found)


def test_without_a_file_there_are_no_channels(tmp_path: Path) -> None:
    """Nobody has to write one."""
    assert read_channels(tmp_path / "channels.yaml", now=NOW) == ()


def test_a_channel_that_leaves_and_returns_is_not_flooded(store: Store) -> None:
    """Gone from the file it gets nothing; back in it, it begins anew."""
    wishes = a_channel().wishes
    store.channels.sync([wishes], NOW)
    store.channels.sync([], NOW + timedelta(days=1))
    gone = store.channels.all()
    changed = store.channels.sync([wishes], NOW + timedelta(days=9))

    (back,) = store.channels.all()
    assert [one.is_active for one in gone] == [False]
    assert (changed, back.is_active, back.since) == (
        ["webhook:desk"], True, NOW + timedelta(days=9)
    )  # fmt: skip
    assert store.channels.sync([wishes], NOW + timedelta(days=10)) == []


def test_the_check_in_the_reference_accepts_what_we_send(
    httpserver: HTTPServer, fetcher: HttpFetcher
) -> None:
    """Whoever copies the code of the reference page can receive us, and nobody else."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "webhooks.md"
    code = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, Callable[..., bool]] = {}
    exec(code, names)
    httpserver.expect_request("/hook").respond_with_data("")
    channel = a_channel(target=httpserver.url_for("/hook"))
    mailer = WebhookMailer({channel.address: channel}, fetcher, now=lambda: datetime.now(UTC))
    mailer.deliver(told(sample_items(), channel.wishes))

    asked, _ = httpserver.log[0]
    headers = dict(asked.headers)
    assert names["is_ours"](SECRET, headers, asked.data)
    assert not names["is_ours"](SECRET, headers, asked.data + b" ")
    assert not names["is_ours"](b"another key", headers, asked.data)
    old = headers | {"X-Dispatch-Timestamp": "1000000000"}
    assert not names["is_ours"](SECRET, old, asked.data)
