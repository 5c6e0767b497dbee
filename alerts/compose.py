"""Turns a digest into a mail: its subject, its two parts, its headers. Pure but for its templates.

It shows what `monitor.core.digests` chose and decides nothing about relevance. The same digest
always gives the same bytes. A reader must be able to trust two things: that every sentence in
quotation marks is the source's own, and that a quiet mail is only called quiet when we could see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts.coverage_view import CoverageView, coverage_view
from alerts.links import leaving_token, reader_link
from alerts.message import HeaderBroken, build
from alerts.payload import channel_message
from alerts.sender import Sender
from alerts.tokens import Purpose
from alerts.view import (
    Reader,
    Redact,
    SectionView,
    near_miss_view,
    reader,
    sections_view,
    tlp_shown,
)
from alerts.week_view import week_view
from alerts.wording import wrapped
from monitor.catalogues import translations
from monitor.core.telling import Digest, Message, MessageKind

# Gmail cuts a mail's HTML at about 102 kB and hides the rest, our footer first.
HTML_LIMIT = 90_000
_SUBJECT_TITLE = 80

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def unchanged(text: str) -> str:
    """Withhold nothing: the redaction of an installation without a list."""
    return text


def compose(
    digest: Digest,
    *,
    sender: Sender,
    redact: Redact = unchanged,
    kind: MessageKind = MessageKind.DIGEST,
) -> Message:
    """Return the mail that tells a digest, or an alert, to its subscriber.

    Raises AboveClearance for what they may not be told: nothing is better than that mail.
    """
    refuse_above(digest)
    who = reader(digest.subscriber, sender, redact, made_at=digest.made_at)
    sections = sections_view(digest, who)
    said = (alert_subject if kind is MessageKind.ALERT else subject)(digest, sections, who)
    if not digest.subscriber.is_person:
        return channel_message(
            kind,
            digest,
            who=who,
            subject=marked(digest, said),
            message_id=message_id(kind, key=_edition(digest), sender=sender),
        )
    statement = coverage_view(digest.coverage, who) if digest.coverage else None
    given = _given(digest, who, sections, statement) | {"is_alert": kind is MessageKind.ALERT}
    text, html = mail_templates("digest", digest.subscriber.language, given)
    return _built(
        kind,
        digest,
        who=who,
        subject=marked(digest, said),
        text=text,
        html=html,
    )


class AboveClearance(ValueError):
    """Something is marked higher than its reader, or the way it would go, is cleared for."""


def refuse_above(digest: Digest) -> None:
    """Raise AboveClearance when a digest shows what its reader may not be told.

    Such items are left out long before; this is the last door, and every way out has it.
    """
    clearance = digest.subscriber.clearance
    if not clearance.allows(digest.tlp):
        raise AboveClearance(f"{digest.tlp.label} for a reader cleared for {clearance.label}")


def marked(digest: Digest, said: str) -> str:
    """Return a subject with the mark of its mail in front, where there is one to heed."""
    mark = tlp_shown(digest.tlp)
    return f"[{mark}] {said}" if mark else said


def subject(digest: Digest, sections: tuple[SectionView, ...], who: Reader) -> str:
    """Return a subject that carries the news: the best story, how many more, the day."""
    day = who.day(digest.window.end - timedelta(seconds=1))
    if digest.is_quiet:
        return _quiet_subject(digest, who, day)
    prefix = who.gettext("NK labour")
    return f"{prefix}: {_headline(digest, sections, who)} ({day})"


def alert_subject(digest: Digest, sections: tuple[SectionView, ...], who: Reader) -> str:
    """Return the subject of an alert: the best score, its story, and how many more."""
    score = max(story.score for section in sections for story in section.stories)
    label = who.gettext("ALERT %(score)d") % {"score": score}
    return f"[{label}] {_headline(digest, sections, who)}"


def _headline(digest: Digest, sections: tuple[SectionView, ...], who: Reader) -> str:
    """Return the best story with its gloss, and the number of the others."""
    stories = [story for section in sections for story in section.stories]
    best = max(stories, key=lambda story: (story.score, -story.number))
    title = best.title if len(best.title) <= _SUBJECT_TITLE else best.title[:79].rstrip() + "…"
    gloss = f" [{best.gloss}]" if best.gloss else ""
    more = len(stories) - 1 + digest.over_limit_count
    rest = who.ngettext(" + %(num)d more", " + %(num)d more", more)
    return f"{title}{gloss}{rest if more else ''}"


def _quiet_subject(digest: Digest, who: Reader, day: str) -> str:
    prefix = who.gettext("NK labour")
    is_blind = digest.coverage is not None and digest.coverage.is_blind
    if is_blind:
        said = who.gettext("nothing found, but we were partly blind")
    elif digest.withheld_count:
        said = who.gettext("nothing that this mail may carry")
    elif digest.left_out_count:
        said = who.gettext("nothing that an editor let through")
    elif digest.coverage is None:
        said = who.gettext("nothing new")
    else:
        said = who.ngettext(
            "all quiet, %(num)d feed watched",
            "all quiet, %(num)d feeds watched",
            digest.coverage.watched_count,
        )
    return f"{prefix}: {said} ({day})"


def _given(
    digest: Digest, who: Reader, sections: tuple[SectionView, ...], statement: CoverageView | None
) -> dict[str, Any]:
    """Return what the templates of a digest print."""
    best = next((story for section in sections for story in section.full), None)
    return {
        "language": digest.subscriber.language,
        "title": who.gettext("North Korean workers abroad"),
        "window": digest.window,
        "moment": who.moment,
        "sections": sections,
        "story_count": sum(section.count for section in sections),
        "over_limit": digest.over_limit_count,
        "told_before": digest.told_before_count,
        "withheld": digest.withheld_count,
        "left_out": digest.left_out_count,
        "week": week_view(digest, who),
        "tlp": tlp_shown(digest.tlp),
        "preheader": "".join(piece.text for piece in best.quote) if best else "",
        "near_misses": [
            near_miss_view(item, who, number=n) for n, item in enumerate(digest.near_misses, 1)
        ],
        "coverage": statement,
        "is_quiet": digest.is_quiet,
        "rules_version": digest.rules_version[:12],
        "subscriber": digest.subscriber,
        "sender": who.sender,
        "zone": digest.subscriber.schedule.zone,
        "unsubscribe_url": _link(digest, who.sender, Purpose.UNSUBSCRIBE),
        "settings_url": _link(digest, who.sender, Purpose.SETTINGS),
        "queue_url": f"{who.sender.public_url}/" if who.sender.public_url else None,
    }


def _link(digest: Digest, sender: Sender, purpose: Purpose) -> str | None:
    """Return the address of a page for this reader; None where no page answers it."""
    return reader_link(sender, purpose, subscriber=digest.subscriber, made_at=digest.made_at)


def list_headers(digest: Digest, sender: Sender) -> dict[str, str]:
    """Return the headers by which mail programs recognise a list and offer to leave it."""
    token = leaving_token(sender, subscriber=digest.subscriber, made_at=digest.made_at)
    to = f"{sender.address}?subject=unsubscribe%20{token}" if token else None
    mailto = f"<mailto:{to or f'{sender.reply_to}?subject=unsubscribe'}>"
    url = _link(digest, sender, Purpose.UNSUBSCRIBE)
    headers = {
        "List-Id": f"<digest.{sender.domain}>",
        "List-Unsubscribe": f"<{url}>, {mailto}" if url else mailto,
    }
    # One-click is a promise that a POST without cookies works, so it goes with the https link only.
    return headers | ({"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url else {})


def _thread(digest: Digest) -> dict[str, str]:
    """Return the headers by which mail programs show a mail under the one that it updates."""
    if not digest.answers:
        return {}
    return {"In-Reply-To": digest.answers, "References": digest.answers}


def message_id(kind: MessageKind, *, key: str, sender: Sender) -> str:
    """Return a Message-ID: always the same for the same `key`.

    It names nobody: a mail that is passed on should not tell who got it.
    """
    return f"<{kind.value}.{hashlib.sha256(key.encode()).hexdigest()[:24]}@{sender.domain}>"


def mail_templates(name: str, language: str, given: dict[str, Any]) -> tuple[str, str]:
    """Return the text and the HTML part that the templates of a mail make."""
    text = _environment(language, "txt").get_template(f"{name}.txt").render(given)
    html = _environment(language, "html").get_template(f"{name}.html").render(given)
    return text, _inlined(html)


def _built(
    kind: MessageKind, digest: Digest, *, who: Reader, subject: str, text: str, html: str
) -> Message:
    def made(said: str) -> Message:
        return build(
            kind=kind,
            sender=who.sender.mailbox,
            recipient=digest.subscriber.address,
            subject=said,
            text=text,
            html=html,
            date=digest.made_at.astimezone(who.zone),
            message_id=message_id(kind, key=_edition(digest), sender=who.sender),
            language=digest.subscriber.language,
            extra=list_headers(digest, who.sender) | _thread(digest),
        )

    try:
        return made(subject)
    except (HeaderBroken, ValueError):
        # No headline may cost the reader the whole digest: told without it, the rest goes out.
        prefix = who.gettext("NK labour")
        plain = f"{prefix} ({who.day(digest.window.end)})"
        return made(marked(digest, plain))


def _edition(digest: Digest) -> str:
    """Return what a mail is one of: the subscription, and the period it answers for."""
    subscriber = digest.subscriber
    since = subscriber.since.isoformat()
    return f"{subscriber.key}\0{subscriber.address}\0{since}\0{digest.window.period}"


@cache
def _environment(language: str, kind: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("alerts"),
        autoescape=kind == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    install: Callable[..., None] = environment.install_gettext_translations  # type: ignore[attr-defined]
    install(translations(language), newstyle=True)
    environment.filters["wrapped"] = wrapped
    return environment


def _inlined(html: str) -> str:
    """Return HTML with its styles written on each element, as mail programs need them."""
    return str(_INLINER.inline(html))
