"""What goes to a webhook or into a chat: the same digest or alert, written for a program. Pure.

Like a mail it is composed once and stored, and every attempt sends those very bytes. All of other
people's words have passed through `alerts.view`, so that what is withheld from mails is withheld
here, too. docs/reference/webhooks.md describes the fields; they are a promise to other programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from alerts.view import Reader, StoryView, story_view
from alerts.wording import printable
from monitor.core.telling import Digest, Message, MessageKind, Story, Way, way_of

VERSION = 1
SUBJECT_LENGTH = 150
CHAT_STORIES = 5  # more are a count: a chat is looked at on a telephone
# Kinds of text in a chat message: ours may carry mark-up that we mean, theirs never does.
OURS, THEIRS, LINK = "ours", "theirs", "link"


def channel_message(
    kind: MessageKind, digest: Digest, *, who: Reader, subject: str, message_id: str
) -> Message:
    """Return the message for the channel that the digest's subscriber is."""
    subject = printable(subject, SUBJECT_LENGTH).strip()
    if digest.subscriber.way is Way.CHAT:
        parts = list(_chat_parts(kind, digest, who))
        return _message(
            kind,
            digest.subscriber.address,
            who=who,
            made_at=digest.made_at,
            subject=subject,
            message_id=message_id,
            body={"title": subject, "parts": parts},
            text="".join(text for _, text in parts),
        )
    body = webhook_body(kind, digest, who=who, subject=subject, message_id=message_id)
    return _message(
        kind, digest.subscriber.address, who=who, made_at=digest.made_at, subject=subject,
        message_id=message_id, body=body, text=json.dumps(body, ensure_ascii=False, indent=1),
    )  # fmt: skip


def trial_message(address: str, *, who: Reader, made_at: datetime, message_id: str) -> Message:
    """Return a message that only says that a channel works."""
    subject = who.gettext("Dispatch Watch: this channel works")
    said = {
        "version": VERSION,
        "id": event_id(message_id),
        "kind": MessageKind.TEST.value,
        "made_at": _moment(made_at),
        "channel": address.partition(":")[2],
        "tlp": "TLP:CLEAR",
        "subject": subject,
        "stories": [],
    }
    parts = [[OURS, who.gettext("Sent by hand, to see whether it arrives.")]]
    is_chat = way_of(address) is Way.CHAT
    return _message(
        MessageKind.TEST,
        address,
        who=who,
        made_at=made_at,
        subject=subject,
        message_id=message_id,
        body={"title": subject, "parts": parts} if is_chat else said,
        text=subject,
    )


def event_id(message_id: str) -> str:
    """Return the id under which a receiver recognises a second copy: the Message-ID's left part."""
    return message_id.strip("<>").rpartition("@")[0]


def webhook_body(
    kind: MessageKind, digest: Digest, *, who: Reader, subject: str, message_id: str
) -> dict[str, Any]:
    """Return the fields of a webhook's body."""
    said = digest.coverage
    return {
        "version": VERSION,
        "id": event_id(message_id),
        "kind": kind.value,
        "made_at": _moment(digest.made_at),
        "channel": digest.subscriber.address.partition(":")[2],
        "tlp": digest.tlp.label,
        "subject": subject,
        "updates": event_id(digest.answers) if digest.answers else None,
        "window": None
        if kind is MessageKind.ALERT
        else {
            "start": _moment(digest.window.start),
            "end": _moment(digest.window.end),
            "period": digest.window.period,
        },
        "stories": [
            _story(story, who, topic=section.topic, is_full=is_full)
            for section in digest.sections
            for is_full, stories in ((True, section.full), (False, section.headlines))
            for story in stories
        ],
        "over_limit": digest.over_limit_count,
        "told_before": digest.told_before_count,
        "withheld": digest.withheld_count,
        "coverage": None
        if said is None
        else {
            "watched": said.watched_count,
            "expected": said.expected_count,
            "read": said.counts.read,
            "matched": said.counts.matched,
            "blind_share": round(said.blind_share, 4),
            "is_blind": said.is_blind,
        },
        "rules_version": digest.rules_version,
    }


def _story(story: Story, who: Reader, *, topic: str, is_full: bool) -> dict[str, Any]:
    item = story.item
    seen = story_view(story, who, number=1)
    return {
        "item": item.key,
        "title": seen.title,
        "gloss": seen.gloss,
        "url": seen.url,
        "queue_url": seen.queue_url,
        "outlet": seen.source,
        "country": who.theirs(item.country or "", 20),
        "language": seen.lang,
        "topic": who.theirs(topic, 80),
        "published_at": _moment(item.published_at)
        if seen.published and item.published_at
        else None,
        "first_seen_at": _moment(item.first_seen_at),
        "score": seen.score,
        "band": seen.band.value,
        "tlp": item.tlp.label,
        "why": seen.why,
        "quote": "".join(piece.text for piece in seen.quote) if is_full else "",
        "also": list(seen.also),
        "is_late": seen.is_late,
    }


def _chat_parts(kind: MessageKind, digest: Digest, who: Reader) -> Iterator[list[str]]:
    """Yield the text of a chat message in pieces: whose words each is."""
    stories = digest.stories[:CHAT_STORIES]
    for number, story in enumerate(stories, 1):
        yield from _chat_story(story_view(story, who, number=number))
    more = len(digest.stories) - len(stories) + digest.over_limit_count
    if more:
        yield [OURS, who.ngettext("and %(num)d more", "and %(num)d more", more) + "\n"]
    if digest.withheld_count:
        kept = who.ngettext(
            "%(num)d report is marked (TLP) higher than this channel is cleared for",
            "%(num)d reports are marked (TLP) higher than this channel is cleared for",
            digest.withheld_count,
        )
        yield [OURS, kept + "\n"]
    if kind is MessageKind.DIGEST and digest.coverage is not None:
        watched = who.ngettext(
            "Watched %(watched)d of %(num)d feed.",
            "Watched %(watched)d of %(num)d feeds.",
            digest.coverage.expected_count,
            watched=digest.coverage.watched_count,
        )
        yield [OURS, watched]


def _chat_story(story: StoryView) -> Iterator[list[str]]:
    mark = f"{story.tlp} " if story.tlp else ""
    yield [OURS, f"{story.number}. {mark}"]
    yield [THEIRS, story.title + (f" ({story.gloss})" if story.gloss else "")]
    where = " · ".join(part for part in (story.source, story.country) if part)
    yield [THEIRS, f"\n{where} · {story.score}"]
    if story.why:
        yield [THEIRS, f"\n{story.why}"]
    if story.url:
        yield [OURS, "\n"]
        yield [LINK, story.url]
    yield [OURS, "\n\n"]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _message(
    kind: MessageKind,
    address: str,
    *,
    who: Reader,
    made_at: datetime,
    subject: str,
    message_id: str,
    body: dict[str, Any],
    text: str,
) -> Message:
    return Message(
        kind=kind,
        sender=who.sender.address,
        recipient=address,
        subject=subject,
        message_id=message_id,
        date=made_at,
        # Only ASCII, so that no receiver can read the bytes in another encoding than they are
        # signed in; keys in one order, so that the same digest gives the same bytes.
        raw=json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii"),
        text=text,
        html="",
    )
