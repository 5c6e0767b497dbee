"""`digest` and `subscribers`: who is told, what they would be told, and sending it now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.app import Absent, open_watch
from monitor.cli.common import (
    USAGE,
    AsJson,
    Config,
    remark,
    say,
    say_rows,
    settings_from,
    stop,
    tells_failures,
)
from monitor.core.addresses import mail_address
from monitor.core.subscriberlist import read_subscribers
from monitor.core.telling import QuietPolicy, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.topics import complaint, unknown_topics
from monitor.core.values import Band
from monitor.core.windows import Schedule
from monitor.settingkeys import LANGUAGES

digest = typer.Typer(help="Digests: look at the next one, send what is due.", no_args_is_help=True)
subscribers = typer.Typer(
    help="Who gets digests, when and in which language.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(digest, name="digest")
    app.add_typer(subscribers, name="subscribers")


@digest.command("preview")
@tells_failures
def preview(
    address: Annotated[
        str | None, typer.Argument(help="A subscriber; left out: a plain English digest.")
    ] = None,
    include_backfill: Annotated[
        bool, typer.Option("--include-backfill", help="Also what a feed's first poll brought.")
    ] = False,
    eml: Annotated[
        bool, typer.Option("--eml", help="Print the whole message, not its text.")
    ] = False,
    config: Config = None,
) -> None:
    """Print the digest that would be made now. Nothing is stored or sent."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        subscriber = None
        if address is not None:
            subscriber = watch.store.subscribers.by_address(_address(address))
            if subscriber is None:
                raise stop(f"{address} is no subscriber; `monitor subscribers list` shows them.")
        message = watch.preview(subscriber, include_backfill=include_backfill)
    if eml:
        say(message.raw.decode("ascii", "replace"))
    else:
        say(f"Subject: {message.subject}\n\n{message.text}")


@digest.command("send")
@tells_failures
def send(config: Config = None) -> None:
    """Make the digests that are due, and send what waits in the outbox."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        remark(f"digests: {watch.make_digests()}")
        remark(f"outbox: {watch.send_due()}")
        if watch.settings.smtp_host is None:
            remark(f"No mail server is set: messages are files in {watch.outbox_folder}.")


@digest.command("approve")
@tells_failures
def approve(
    address: Annotated[
        str | None, typer.Argument(help="Whose digest; left out: all that wait.")
    ] = None,
    config: Config = None,
) -> None:
    """Let digests go that wait for an editor (MONITOR_HOLD_DIGESTS)."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        now = watch.clock.now()
        wanted = None if address is None else _address(address)
        held = [
            one
            for one in watch.store.approvals.held()
            if wanted in (None, one.subscriber.address)
            and watch.store.outbox.approve(one.outbox_key, now)
        ]
        for one in held:
            watch.store.audit.add(
                actor="monitor", action="mail.approved", subject=f"mail:{one.outbox_key}", now=now
            )
            say(f"{one.subscriber.address}  {one.subject}")
    remark(f"{len(held)} go out with the next round." if held else "Nothing waits for an editor.")


@digest.command("test")
@tells_failures
def send_test(
    address: Annotated[str, typer.Argument(help="The subscriber whose next digest it is.")],
    to: Annotated[str | None, typer.Option(help="Left out: the operator's address.")] = None,
    config: Config = None,
) -> None:
    """Send a subscriber's next digest to the operator or to an analyst, as a test."""
    from monitor.pages import mail_room

    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        subscriber = watch.store.subscribers.by_address(_address(address))
        if subscriber is None:
            raise stop(f"{address} is no subscriber; `monitor subscribers list` shows them.")
        room = mail_room(watch)
        whom = to or watch.settings.operator_email or ""
        if not room.test(subscriber, to=whom):
            known = ", ".join(room.testers) or "nobody: set MONITOR_OPERATOR_EMAIL"
            raise stop(f"Tests go only to: {known}.", USAGE)
    remark(f"A test is on its way to {whom}; `monitor digest send` sends it at once.")


@digest.command("windows")
@tells_failures
def windows(config: Config = None, as_json: AsJson = False) -> None:
    """List the digests that were made, the newest first: each window, and what became of it."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        rows = [
            {
                "to": line.address,
                "from": _moment(line.start),
                "until": _moment(line.end),
                "stories": line.story_count,
                "subject": line.subject or "(quiet: no mail wished)",
            }
            for line in watch.store.digests.list()
        ]
    say_rows(rows, as_json=as_json, nothing="No digest was made yet.")


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"


@subscribers.command("add")
@tells_failures
def add(
    address: Annotated[str, typer.Argument(help="The e-mail address.")],
    name: Annotated[str, typer.Option(help="For you, to tell addresses apart.")] = "",
    language: Annotated[str, typer.Option(help="Of the mail: en, ru or ko.")] = "en",
    zone: Annotated[str, typer.Option(help="Time zone, such as Asia/Seoul.")] = "UTC",
    at: Annotated[str, typer.Option(help="Local times, with commas.")] = "08:00",
    minimum: Annotated[Band, typer.Option(help="The least band told.")] = Band.DIGEST,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="A profile of the rules; repeatable. Left out: the default decision."),
    ] = None,
    quiet: Annotated[QuietPolicy, typer.Option(help="On a quiet day.")] = QuietPolicy.SHORT,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Also tell items of the band alert at once.")
    ] = False,
    analyst: Annotated[
        bool, typer.Option("--analyst", help="Also show what just missed the line.")
    ] = False,
    clearance: Annotated[
        Tlp, typer.Option(help="The strictest mark (TLP) that may be told.")
    ] = Tlp.CLEAR,
    config: Config = None,
) -> None:
    """Let somebody get digests from now on.

    Example:  monitor subscribers add desk@example.org --zone Asia/Seoul --at 08:00
    """
    if language not in LANGUAGES:
        raise stop(f"--language: write one of {', '.join(LANGUAGES)}.", USAGE)
    topics = tuple(dict.fromkeys(topic or ()))
    with open_watch(settings_from(config)) as watch:
        for name, near in (unknown_topics(topics, watch.topics) if topics else {}).items():
            raise stop(f"--topic: {complaint(name, near, watch.topics)}.", USAGE)
        added = watch.store.subscribers.add(
            Subscriber(
                key=0,
                address=_address(address),
                name=name,
                language=language,
                minimum=minimum,
                topics=topics,
                schedule=Schedule(zone=_zone(zone), times=_times(at)),
                quiet=quiet,
                alerts=alerts,
                near_misses=analyst,
                clearance=clearance,
                since=watch.clock.now(),
            )
        )
        if added is None:
            raise stop(f"{address} is a subscriber already.")
        due = watch.next_digest_at()
    remark(f"{address} gets digests. The next is due {due:%Y-%m-%d %H:%M} UTC." if due else address)


def _address(written: str) -> str:
    address = mail_address(written)
    if address is None:
        raise stop(f"{written!r} is no e-mail address that we can write to.", USAGE)
    return address


def _zone(written: str) -> str:
    try:
        ZoneInfo(written)
    except (ValueError, OSError, KeyError):
        text = f"--zone: {written!r} is no time zone; write one such as Asia/Seoul."
        raise stop(text, USAGE) from None
    return written


def _times(written: str) -> tuple[time, ...]:
    found = []
    for part in re.split(r"[\s,]+", written.strip()):
        match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", part)
        if match is None:
            raise stop(f"--at: write local times such as 08:00,18:30 (got {part!r}).", USAGE)
        found.append(time(int(match[1]), int(match[2])))
    return tuple(sorted(set(found)))


@subscribers.command("list")
@tells_failures
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List everybody who gets digests, or got them."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        rows = [
            {
                "address": one.address,
                "language": one.language,
                "zone": one.schedule.zone,
                "at": " ".join(f"{at:%H:%M}" for at in one.schedule.times),
                "minimum": one.minimum.value,
                "topics": " ".join(one.topics),
                "active": "yes" if one.is_active else "no",
            }
            for one in watch.store.subscribers.list()
        ]
    say_rows(rows, as_json=as_json, nothing="Nobody yet: monitor subscribers add you@example.org")


@subscribers.command("import")
@tells_failures
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV table; its first line names the columns.")],
    config: Config = None,
) -> None:
    """Add everybody in a table, all or none: address, name, language, zone, at, days, minimum ...

    Addresses that get digests already stay as they are.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise stop(f"{file} cannot be read: {error}", USAGE) from None
    with open_watch(settings_from(config)) as watch:
        wanted = read_subscribers(
            text, file=str(file), now=watch.clock.now(), topics=tuple(watch.topics)
        )
        added = watch.store.subscribers.import_all(wanted)
    remark(f"{len(added)} added, {len(wanted) - len(added)} were there already.")


@subscribers.command("pause")
@tells_failures
def pause(
    address: Annotated[str, typer.Argument(help="The e-mail address.")],
    until: Annotated[
        str | None, typer.Option(help="A day such as 2026-12-24; left out: the pause ends now.")
    ] = None,
    config: Config = None,
) -> None:
    """Send nothing until a day; what happens meanwhile is made up for in one digest."""
    at = None
    if until is not None:
        try:
            at = datetime.strptime(until, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            text = f"--until: write a day such as 2026-12-24 (got {until!r})."
            raise stop(text, USAGE) from None
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        known = watch.store.subscribers.by_address(_address(address))
        if known is None:
            raise stop(f"{address} is no subscriber.")
        watch.store.subscribers.pause(known.key, at)
    remark(f"{address} gets nothing until {until}." if until else f"{address} gets digests again.")


@subscribers.command("remove")
@tells_failures
def remove(
    address: Annotated[str, typer.Argument(help="The e-mail address.")],
    erase: Annotated[
        bool, typer.Option("--erase", help="Also delete the address and all that was sent to it.")
    ] = False,
    config: Config = None,
) -> None:
    """Send nothing to an address any more."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        known = watch.store.subscribers.by_address(_address(address))
        if known is None:
            raise stop(f"{address} is no subscriber.")
        if erase:
            watch.store.subscribers.erase(known.key)
        else:
            watch.store.subscribers.remove(known.key)
    remark(f"{address} {'is erased' if erase else 'gets no digests any more'}.")
