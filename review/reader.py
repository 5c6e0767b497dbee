"""The pages behind the links in a mail: leave, change the days, pause, judge a report.

Opening a link shows what it would do and changes nothing, however often a scanner opens it; sending
the page acts. The signed link is the only right that is needed and the only one that counts: no
cookie is read. Whatever is wrong with a link, the answer is the same page, so that nobody learns
from it who is on the list or which reports there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from alerts.links import ReaderLink, read_link, reader_link
from alerts.tokens import Purpose
from alerts.view import TITLE_LENGTH, reader
from monitor.catalogues import LANGUAGES
from monitor.core.subscriberforms import MOST_TIMES, difference, row_of, wishes
from monitor.core.telling import QuietPolicy, Subscriber
from monitor.core.values import Item, Verdict
from monitor.core.windows import instant
from review import signup
from review.desk import Desk
from review.signup import DAYS
from review.visits import Visit
from review.you import zones

PATH = "/mail/{token}"
ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058, section 3.1; our own button sends it too
CONFIRM = f"{Purpose.CONFIRM.value}."  # how the tokens of a sign-up begin
PAUSES = (7, 14, 30)  # days that the page offers
LONGEST_PAUSE = timedelta(days=62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A good link: who holds it, and what it is about."""

    purpose: Purpose
    subscriber: Subscriber
    item: Item | None
    visit: Visit  # in the subscriber's language and zone

    @property
    def actor(self) -> str:
        """Under which name the trail keeps what is done; it must not outlive an erased address."""
        return f"subscriber:{self.subscriber.key}"


def ask(desk: Desk, visit: Visit) -> Response:
    """Show what a link would do."""
    if visit.parts["token"].startswith(CONFIRM):
        return signup.confirm(desk, visit)
    asked = _asked(desk, visit)
    return _nothing(desk, visit) if asked is None else _show(desk, asked)


def act(desk: Desk, visit: Visit) -> Response:
    """Do what a link is for. Doing it again changes nothing; a form we never made is not done."""
    if visit.parts["token"].startswith(CONFIRM):
        return signup.confirmed(desk, visit)
    asked = _asked(desk, visit)
    if asked is None:
        return _nothing(desk, visit)
    did = {
        Purpose.UNSUBSCRIBE: _unsubscribe,
        Purpose.SETTINGS: _change,
        Purpose.VERDICT: _judge,
    }[asked.purpose](desk, asked)
    if not did:
        return _show(desk, asked, status=400)
    again = _asked(desk, visit)
    return _nothing(desk, visit) if again is None else _show(desk, again, is_done=True)


def _asked(desk: Desk, visit: Visit) -> Asked | None:
    """Return what a link asks for; None unless it is good, and its holder may still use it."""
    assert desk.sender is not None
    assert desk.sender.secret is not None
    link = read_link(desk.sender.secret, visit.parts["token"], now=visit.now)
    subscriber = desk.store.subscribers.get(link.subscriber_key) if link else None
    if link is None or subscriber is None or not _may(link, subscriber):
        return None
    item = None if link.item_key is None else desk.store.items.get(link.item_key)
    if link.purpose is Purpose.VERDICT and item is None:
        return None
    # It may have been marked after the mail that carried the link.
    if item is not None and not subscriber.clearance.allows(item.tlp):
        return None
    zone = ZoneInfo(subscriber.schedule.zone)
    return Asked(
        purpose=link.purpose,
        subscriber=subscriber,
        item=item,
        visit=replace(visit, language=subscriber.language, zone=zone),
    )


def _may(link: ReaderLink, subscriber: Subscriber) -> bool:
    """Say whether a reader may still use a link: leaving always, judging while an analyst."""
    if not link.is_for(subscriber) or link.purpose is Purpose.CONFIRM:
        return False
    if link.purpose is Purpose.UNSUBSCRIBE:
        return True
    return subscriber.is_active and (link.purpose is Purpose.SETTINGS or subscriber.near_misses)


# ---------------------------------------------------------------- what a page does


def _unsubscribe(desk: Desk, asked: Asked) -> bool:
    name, value = ONE_CLICK
    if asked.visit.form.get(name) != value:
        return False
    if asked.subscriber.is_active:
        desk.store.subscribers.remove(asked.subscriber.key)
        _note(desk, asked, "subscriber.left", before={"active": True}, after={"active": False})
    return True


def _change(desk: Desk, asked: Asked) -> bool:
    form = asked.visit.form
    if "pause" in form:
        return _pause(desk, asked, form["pause"])
    before = asked.subscriber
    after = _wished(before, form)
    if after is None:
        return False
    if after != before:
        desk.store.subscribers.change(before, after)
        old, new = difference(before, after)
        _note(desk, asked, "subscriber.changed", before=old, after=new)
    return True


def _wished(subscriber: Subscriber, form: Mapping[str, str]) -> Subscriber | None:
    """Return a subscriber with the one choice that a form of the page names; None for others."""
    row = row_of(subscriber)
    if form.get("days") in DAYS:
        return replace(subscriber, schedule=replace(subscriber.schedule, days=DAYS[form["days"]]))
    if form.get("language") in LANGUAGES:
        return replace(subscriber, language=form["language"])
    if form.get("quiet") in set(QuietPolicy):
        return replace(subscriber, quiet=QuietPolicy(form["quiet"]))
    if "at" not in form or "zone" not in form or not form["at"].strip():
        return None
    given = row | {"at": form["at"].strip()[:80], "zone": form["zone"].strip()[:60]}
    read, wrong = wishes(given, address=subscriber.address, now=subscriber.since)
    is_fine = not wrong and len(read.schedule.times) <= MOST_TIMES
    return replace(subscriber, schedule=read.schedule) if is_fine else None


def _pause(desk: Desk, asked: Asked, wanted: str) -> bool:
    """Pause until the day that the form names, so that sending it twice pauses no longer."""
    subscriber = asked.subscriber
    until = None
    if wanted != "none":
        until = _pause_end(wanted, asked.visit)
        if until is None:
            return False
    if until != subscriber.paused_until:
        desk.store.subscribers.pause(subscriber.key, until)
        before, after = (
            {"until": None if one is None else one.isoformat()}
            for one in (subscriber.paused_until, until)
        )
        _note(desk, asked, "subscriber.paused", before=before, after=after)
    return True


def _pause_end(wanted: str, visit: Visit) -> datetime | None:
    """Return the first moment of a day that a pause may end on; None for any other text."""
    try:
        day = date.fromisoformat(wanted)
    except ValueError:
        return None
    today = visit.now.astimezone(visit.zone).date()
    if not today < day <= today + LONGEST_PAUSE:
        return None
    return instant(day, time(0), zone=visit.zone.key)


def _judge(desk: Desk, asked: Asked) -> bool:
    assert asked.item is not None
    wanted = asked.visit.form.get("verdict", "")
    if wanted not in set(Verdict):
        return False
    verdict = Verdict(wanted)
    if _said(desk, asked) is not verdict:
        key = asked.item.key
        desk.store.verdicts.give(key, verdict, actor=asked.actor, now=asked.visit.now)
    return True


def _said(desk: Desk, asked: Asked) -> Verdict | None:
    """Return the reader's last verdict, also one that was taken back: a link repeats nothing."""
    assert asked.item is not None
    history = desk.store.verdicts.history(asked.item.key)
    mine = [line.verdict for line in history if line.actor == asked.actor]
    return mine[-1] if mine else None


def _note(
    desk: Desk,
    asked: Asked,
    action: str,
    *,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> None:
    desk.store.audit.add(
        actor=asked.actor,
        action=action,
        subject=asked.actor,
        now=asked.visit.now,
        before=before,
        after=after,
    )


# ---------------------------------------------------------------- what a page shows


def _show(desk: Desk, asked: Asked, *, status: int = 200, is_done: bool = False) -> Response:
    assert desk.sender is not None
    subscriber, now = asked.subscriber, asked.visit.now
    today = now.astimezone(asked.visit.zone).date()
    title, source = _named(desk, asked)
    pause = subscriber.paused_until
    return desk.pages.show(
        asked.visit,
        "reader.html",
        status,
        purpose=asked.purpose.value,
        is_done=is_done,
        subscriber=subscriber,
        contact=desk.sender.reply_to,
        title=title,
        source=source,
        said=_said(desk, asked) if asked.item else None,
        chosen=next((name for name, days in DAYS.items() if days == subscriber.schedule.days), ""),
        paused_until=pause.astimezone(asked.visit.zone) if pause and pause > now else None,
        zones=zones(),
        unsubscribe_path=_path(desk, subscriber, Purpose.UNSUBSCRIBE, now),
        ends=[
            datetime.combine(today + timedelta(days=count), time(0), tzinfo=asked.visit.zone)
            for count in PAUSES
        ],
    )


def _path(desk: Desk, subscriber: Subscriber, purpose: Purpose, now: datetime) -> str | None:
    """Return the path of another page of this reader."""
    assert desk.sender is not None
    url = reader_link(desk.sender, purpose, subscriber=subscriber, made_at=now)
    return url.removeprefix(desk.sender.public_url or "") if url else None


def _named(desk: Desk, asked: Asked) -> tuple[str, str]:
    """Return the title and the source of the item, as a mail would show them.

    What is withheld is asked for here alone: a list that cannot be read keeps nobody from leaving.
    """
    item = asked.item
    if desk.sender is None or item is None:
        return "", ""
    who = reader(asked.subscriber, desk.sender, desk.redact())
    return who.theirs(item.title, TITLE_LENGTH), who.theirs(item.outlet or item.feed_id, 60)


def _nothing(desk: Desk, visit: Visit) -> Response:
    """Answer for every link that is not good, always the same."""
    assert desk.sender is not None
    return desk.pages.show(
        visit, "reader.html", 404, purpose="", is_done=False, contact=desk.sender.reply_to
    )
