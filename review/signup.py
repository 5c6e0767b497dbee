"""Where people put their own address on the list, when the operator opened that page.

Nothing is sent to an address but one question; only its answer, a button behind the link in that
mail, puts it on the list. Whatever was typed and whatever is known of it, the answer of the page is
the same: nobody learns who is on the list, or how many questions are still allowed.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

from starlette.responses import Response

from alerts.links import read_link, reader_link
from alerts.tokens import Purpose
from monitor.catalogues import LANGUAGES
from monitor.core.addresses import mail_address
from monitor.core.editing import Signup, SignupLimits
from monitor.core.telling import Subscriber
from monitor.core.windows import EVERY_DAY, Schedule, coming
from review.desk import Desk
from review.visits import Visit, all_zones
from review.you import zones

PATH = "/mail/subscribe"
LIMITS = SignupLimits()
DAYS = {"every": EVERY_DAY, "weekdays": (0, 1, 2, 3, 4), "monday": (0,)}
HOURS = tuple(f"{hour:02d}:00" for hour in range(24))


def ask(desk: Desk, visit: Visit) -> Response:
    """Show the form."""
    return _form(desk, visit, {"language": visit.language, "zone": visit.zone.key, "at": "08:00"})


def take(desk: Desk, visit: Visit) -> Response:
    """Ask the address, when that is allowed; say the same in any case."""
    assert desk.edit_mails is not None
    form = visit.form
    address = mail_address(form.get("address", "").strip())
    wanted = {
        "language": form.get("language") if form.get("language") in LANGUAGES else None,
        "zone": form.get("zone") if form.get("zone") in all_zones() else None,
        "at": form.get("at") if form.get("at") in HOURS else None,
        "days": form.get("days", "every") if form.get("days", "every") in DAYS else None,
    }
    problems = [name for name, value in {"address": address, **wanted}.items() if value is None]
    if problems or address is None:
        return _form(desk, visit, form, problems=problems, status=422)
    signup = Signup(
        address=address,
        language=str(wanted["language"]),
        schedule=Schedule(
            zone=str(wanted["zone"]),
            times=(time.fromisoformat(str(wanted["at"])),),
            days=DAYS[str(wanted["days"])],
        ),
        origin=_origin(desk, visit),
        asked_at=visit.now,
    )
    kept = desk.store.signups.ask(signup, limits=LIMITS)
    if kept is not None:
        desk.edit_mails.confirm(kept)
    return _show(desk, visit, "asked")


def confirm(desk: Desk, visit: Visit) -> Response:
    """Show what the link in the question would do."""
    found = _signup(desk, visit)
    if found is None:
        return _show(desk, visit, "nothing", status=404)
    return _show(desk, _theirs(visit, found), "confirm", signup=found)


def confirmed(desk: Desk, visit: Visit) -> Response:
    """Put the address on the list. Doing it again changes nothing."""
    found = _signup(desk, visit)
    if found is None:
        return _show(desk, visit, "nothing", status=404)
    one = desk.store.signups.confirm(found.key, visit.now)
    if one is None:
        return _show(desk, visit, "nothing", status=404)
    if found.confirmed_at is None:
        subject = f"subscriber:{one.key}"
        desk.store.audit.add(
            actor=subject, action="subscriber.confirmed", subject=subject, now=visit.now
        )
    return _show(desk, _theirs(visit, found), "done", signup=found, subscriber=one)


def _signup(desk: Desk, visit: Visit) -> Signup | None:
    """Return the wish that a good link was made for."""
    assert desk.sender is not None
    assert desk.sender.secret is not None
    link = read_link(desk.sender.secret, visit.parts["token"], now=visit.now)
    if link is None or link.purpose is not Purpose.CONFIRM:
        return None
    found = desk.store.signups.get(link.subscriber_key)
    return found if found is not None and link.is_for(found) else None


def _origin(desk: Desk, visit: Visit) -> str:
    """Return a hash of where a request came from; of an IPv6 address its network (/64) alone.

    With our secret in it, so that nobody can find the address by trying all.
    """
    assert desk.sender is not None
    assert desk.sender.secret is not None
    said = visit.caller.address
    try:
        where = ipaddress.ip_address(said)
    except ValueError:
        known = said
    else:
        known = str(
            ipaddress.ip_network(f"{said}/{64 if where.version == 6 else 32}", strict=False)
        )
    made = hmac.new(desk.sender.secret, b"dispatch-watch origin\0" + known.encode(), hashlib.sha256)
    return made.hexdigest()[:20]


def _theirs(visit: Visit, signup: Signup) -> Visit:
    """Return the visit in the language and zone that were wished."""
    return replace(visit, language=signup.language, zone=ZoneInfo(signup.schedule.zone))


def _form(
    desk: Desk, visit: Visit, values: object, *, problems: object = (), status: int = 200
) -> Response:
    return _show(desk, visit, "form", status=status, values=values, problems=problems)


def _show(
    desk: Desk,
    visit: Visit,
    step: str,
    *,
    status: int = 200,
    values: object = None,
    problems: object = (),
    signup: Signup | None = None,
    subscriber: Subscriber | None = None,
) -> Response:
    assert desk.sender is not None
    settings, next_at = None, None
    if subscriber is not None and subscriber.is_active:
        settings = reader_link(
            desk.sender, Purpose.SETTINGS, subscriber=subscriber, made_at=visit.now
        )
        next_at = coming(subscriber.schedule, last_end=subscriber.since, now=visit.now)
    return desk.pages.show(
        visit,
        "signup.html",
        status,
        step=step,
        values=values or {},
        problems=problems,
        signup=signup,
        subscriber=subscriber,
        settings_path=settings.removeprefix(desk.sender.public_url or "") if settings else None,
        next_at=next_at.astimezone(visit.zone) if next_at else None,
        hours=HOURS,
        zones=zones(),
        contact=desk.sender.reply_to,
    )
