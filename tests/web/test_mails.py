"""The archive of mails: text as text, HTML only as a file that cannot act, retry by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from web import samples
from web.visitors import Visitor, find, words

from monitor.core.telling import OutboxState
from store import Store


def test_digests_are_listed_with_what_became_of_them(filled: Store, visitor: Visitor) -> None:
    """Each digest has its window, reader, number of stories and the state of its mail."""
    (line,) = filled.digests.list()
    row = words(find(visitor.page("/digests"), "table.digests tbody tr")[0])

    assert line.subject[:100] in row
    assert "reader@ngo.example" in row
    assert "23 Nov 2026, 09:00 UTC – 25 Nov 2026, 08:00 UTC" in row
    assert f"{line.story_count} waiting to be sent" in row


def test_mail_is_shown_as_its_text(filled: Store, visitor: Visitor) -> None:
    """The text part stands on the page exactly, as text."""
    message = filled.outbox.message(1)
    assert message
    page = visitor.page("/mails/1")

    assert find(page, "pre.mail")[0].text_content() == message.text
    assert message.message_id in words(page)


def test_files_are_handed_out_and_cannot_act(filled: Store, visitor: Visitor) -> None:
    """Mail and HTML part come as attachments, byte for byte, under a sandbox."""
    message = filled.outbox.message(1)
    assert message
    whole, part = visitor.get("/mails/1/file"), visitor.get("/mails/1/html")

    assert (whole.content, part.text) == (message.raw, message.html)
    for answer in (whole, part):
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert answer.headers["content-security-policy"].startswith("sandbox;")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_hostile_title_stays_text_in_the_archive(store: Store, visitor: Visitor) -> None:
    """A title with markup travels through a digest and is still text on the page."""
    title = "<script>alert(1)</script> North Korean workers"
    at = samples.NOW - timedelta(hours=2)
    samples.publish(store, replace(samples.told(0), title=title), at=at)
    samples.tell(store, samples.NOW)
    page = visitor.page("/mails/1")

    assert "<script>alert(1)</script>" in words(find(page, "pre.mail")[0])
    assert page.xpath("//script/@src") == ["/static/keys.js"]


def test_refused_mail_can_be_tried_again(filled: Store, visitor: Visitor) -> None:
    """A mail that was refused for good waits again after one press; the trail says who did it."""
    samples.refuse_mail(filled)
    before = visitor.page("/mails/1")
    visitor.post("/mails/1/retry", {})
    (line,) = filled.outbox.list()

    assert "refused by the receiver" in words(before)
    assert find(before, "form[action='/mails/1/retry']")
    assert line.state is OutboxState.WAITING
    assert [one.action for one in filled.audit.list(subject="mail:1")] == ["mail.retried"]


def test_mails_that_do_not_exist(filled: Store, visitor: Visitor) -> None:
    """No such mail: 404, for every way of asking."""
    paths = ("/mails/99", "/mails/x", "/mails/99/file", "/mails/99/html")

    assert [visitor.get(path).status_code for path in paths] == [404] * 4
    assert visitor.post("/mails/99/retry", {}).status_code == 404


def test_item_and_ledger_say_who_was_told(filled: Store, visitor: Visitor) -> None:
    """The item and the answer for its address name the digest and the reader."""
    item = filled.ledger.why(samples.told(8).link or "").item
    assert item
    for path in (f"/items/{item.key}", f"/why?url={samples.told(8).link}"):
        text = words(visitor.page(path))
        assert "told in full" in text
        assert "reader@ngo.example" in text


def test_no_digest_yet_says_what_to_do(visitor: Visitor) -> None:
    """An empty archive names the commands that fill it."""
    assert "No digest has been made yet." in words(visitor.page("/digests"))
