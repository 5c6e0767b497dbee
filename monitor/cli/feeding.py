"""`feeds`: look after the list of feeds; every edit of feeds.yaml is shown before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import Absent, Watch, open_watch
from monitor.cli.common import (
    USAGE,
    AllowPrivate,
    AsJson,
    Config,
    progress,
    remark,
    say,
    say_json,
    say_rows,
    settings_from,
    stop,
    table,
    tells_failures,
)
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.feedcheck import GAVE_A_FEED, Answer, FeedCheck, check_lines, proposals
from monitor.core.feedplan import plan_lines
from monitor.core.text import counted
from monitor.core.values import Failed, Feed
from monitor.feededit import AddFeed, Edit, SetKey, difference, edited, save
from monitor.feedfile import FeedFile
from monitor.feedround import check_feeds, check_pages, find_feeds
from monitor.feedwatch import Held, judge_edit
from monitor.opml import MAX_BYTES, importable, read_opml, write_opml

MOVED_DAYS = 3  # some moves are taken back within days; after three the word counts

feeds_app = typer.Typer(help="The feeds: check, list, find, edit.", no_args_is_help=True)

Write = Annotated[
    bool, typer.Option("--write", help="Make the edit; without it, it is only shown.")
]
Spacing = Annotated[
    float | None,
    typer.Option(help="Seconds between two requests to one host.", min=0.0, max=60.0),
]
Names = Annotated[list[str] | None, typer.Argument(help="Ids from feeds.yaml; left out: all.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(feeds_app, name="feeds")


@feeds_app.command("check")
@tells_failures
def check(
    feeds: Names = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Ask those that are not enabled, too.")
    ] = False,
    pages: Annotated[
        bool, typer.Option("--pages", help="Also read one page of each: do they refuse us?")
    ] = False,
    write_proposal: Annotated[
        bool,
        typer.Option("--write-proposal", help="Print the edit of feeds.yaml that follows."),
    ] = False,
    as_table: Annotated[
        bool, typer.Option("--table", help="One line for each feed, also where all is well.")
    ] = False,
    spacing: Spacing = None,
    config: Config = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Ask every feed once and say what came: a feed, nothing, something else, or moved.

    Nothing is stored.  Example:  monitor feeds check --write-proposal > edit.diff
    """
    with open_watch(settings_from(config, allow_private), spacing=spacing) as watch:
        wanted = _wanted(watch, feeds or [], everything=everything)
        found: list[FeedCheck] = []
        with progress("Checking", len(wanted)) as moved_on:
            for one in _asked(watch, wanted):
                found.append(one)
                moved_on(1)
        order = {feed.id: number for number, feed in enumerate(wanted)}
        found.sort(key=lambda one: order[one.feed.id])
        if pages:
            found = check_pages(found, fetcher=watch.fetcher)
        if write_proposal:
            remark(check_lines(found)[0])
            say(_proposal(watch, found) or "# Nothing to change.")
        elif as_json:
            say_json(_check_json(found))
        elif as_table:
            say(table([_row(one) for one in found]))
        else:
            say("\n".join(check_lines(found)))


@feeds_app.command("list")
@tells_failures
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List the feeds in force with their state, last success and next poll."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        rows: list[dict[str, Any]] = [
            {
                "feed": status.feed.id,
                "state": status.state.value if status.feed.enabled else "off",
                "last success": _moment(status.last_good_at),
                "next poll": _moment(status.due_at if status.feed.enabled else None),
                "entries": status.entry_count,
                "title": status.feed.title,
            }
            for status in watch.store.feeds.statuses(watch.clock.now())
        ]
    say_rows(
        rows,
        as_json=as_json,
        nothing="No feeds are in force yet. `monitor feeds apply` takes over feeds.yaml.",
    )


@feeds_app.command("plan")
@tells_failures
def plan_(config: Config = None) -> None:
    """Show what feeds.yaml would add, remove and change, compared with what is in force."""
    with open_watch(settings_from(config), absent=Absent.EMPTY) as watch:
        news = judge_edit(watch.feeds, watch.feeds_in_force())
    say("\n".join(plan_lines(news.plan)))
    if isinstance(news, Held):
        remark("This waits for `monitor feeds apply --yes`.")


@feeds_app.command("apply")
@tells_failures
def apply(
    yes: Annotated[
        bool, typer.Option("--yes", help="Also when many feeds would no longer be asked.")
    ] = False,
    config: Config = None,
) -> None:
    """Put feeds.yaml in force now. A running monitor follows by itself."""
    with open_watch(settings_from(config)) as watch:
        news = watch.sync_feeds(confirmed=yes)
    say("\n".join(plan_lines(news.plan)))
    if isinstance(news, Held) and not yes:
        raise stop("Nothing was changed. If this is meant: monitor feeds apply --yes")
    remark("In force.")


@feeds_app.command("import")
@tells_failures
def import_(
    file: Annotated[Path, typer.Argument(help="An OPML file.")],
    write: Write = False,
    config: Config = None,
) -> None:
    """Add the feeds of an OPML file to feeds.yaml; what is there already is left out."""
    raw = _bytes(file)
    with open_watch(settings_from(config)) as watch:
        before = watch.feeds
        found = importable(read_opml(raw, name=str(file)), before.feeds, source=file.name)
        for outline, reason in found.skipped:
            remark(f"left out: {outline.title or outline.url}: {reason}")
        # What the file says of all feeds holds for new ones too.
        inherited = before.defaults.model_dump(exclude_unset=True)
        feeds = [replace(feed, **inherited) for feed in found.feeds]
        _edit(watch, [AddFeed(feed=feed) for feed in feeds], write=write)
    remark(f"{counted(len(found.feeds), 'feed')} to add, {len(found.skipped)} left out.")


@feeds_app.command("export")
@tells_failures
def export(
    everything: Annotated[
        bool, typer.Option("--all", help="With those that are not enabled.")
    ] = False,
    config: Config = None,
) -> None:
    """Print the feeds as OPML, for another reader.  Example:  monitor feeds export > feeds.opml"""
    with open_watch(settings_from(config)) as watch:
        feeds = [feed for feed in watch.feeds.feeds if feed.enabled or everything]
        say(write_opml(feeds, now=watch.clock.now()))


@feeds_app.command("discover")
@tells_failures
def discover(
    url: Annotated[str, typer.Argument(help="The address of a site or a page.")],
    spacing: Spacing = None,
    config: Config = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Find the feeds of a site: those it names, and likely addresses; each was asked.

    Exit 1 when there is none.  Example:  monitor feeds discover https://www.newsvl.ru/
    """
    with open_watch(settings_from(config, allow_private), spacing=spacing) as watch:
        found, outcome = find_feeds(
            url, fetcher=watch.fetcher, workers=watch.workers_with(None), clock=watch.clock
        )
    if as_json:
        say_json([_one_json(one) | {"how": candidate.how.value} for candidate, one in found])
    for candidate, one in [] if as_json else found:
        newest = f", newest {_moment(one.newest_at)}" if one.newest_at else ""
        entries = counted(one.entry_count, "entry", "entries")
        say(f"{one.address}  ({candidate.how.value}, {entries}{newest})")
    if not found:
        why = f" The site itself: {outcome.detail}." if isinstance(outcome, Failed) else ""
        raise stop(f"No feed was found.{why}")


@feeds_app.command("accept-redirect")
@tells_failures
def accept_redirect(feeds: Names = None, write: Write = False, config: Config = None) -> None:
    """Take over the new addresses of feeds that moved for good, as polls have seen it.

    Left out: those whose server said so on three different days. Named: at once.
    """
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        here = {feed.id: feed for feed in watch.feeds.feeds}
        _known(feeds or [], here)
        moved = {
            status.feed.id: status.moved_to
            for status in watch.store.feeds.statuses(watch.clock.now())
            if status.moved_to and status.feed.id in here
            if status.feed.id in (feeds or ())
            or (not feeds and status.moved_day_count >= MOVED_DAYS)
        }
        edits = [SetKey(feed_id=name, key="url", value=to) for name, to in moved.items()]
        _edit(watch, edits, write=write)
    if not moved:
        remark("No feed has moved.")


@feeds_app.command("resume")
@tells_failures
def resume(
    feeds: Annotated[list[str], typer.Argument(help="Ids from feeds.yaml.")],
    config: Config = None,
) -> None:
    """Ask feeds again at once that were failing or parked."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        now = watch.clock.now()
        missing = [name for name in feeds if not watch.store.feeds.resume(name, now)]
    if missing:
        raise stop(f"No enabled feed in force is called {', '.join(missing)}.", USAGE)
    remark("They are asked with the next round.")


# ---------------------------------------------------------------- behind the commands


def _wanted(watch: Watch, names: Sequence[str], *, everything: bool) -> list[Feed]:
    feeds = watch.feeds.feeds
    _known(names, {feed.id: feed for feed in feeds})
    if names:
        return [feed for feed in feeds if feed.id in names]
    return [feed for feed in feeds if feed.enabled or everything]


def _known(names: Sequence[str], here: dict[str, Feed]) -> None:
    for name in names:
        if name not in here:
            raise stop(f"No feed is called {name!r}. `monitor feeds list` shows them.", USAGE)


def _asked(watch: Watch, feeds: Sequence[Feed]) -> Any:
    return check_feeds(
        feeds, fetcher=watch.fetcher, workers=watch.workers_with(None), clock=watch.clock
    )


def _proposal(watch: Watch, found: Sequence[FeedCheck]) -> str:
    edits = [
        SetKey(feed_id=one.feed_id, key=one.key, value=one.value)
        for one in proposals(found, watch.clock.now())
    ]
    return _difference(watch, watch.feeds, edits)[1]


def _edit(watch: Watch, edits: Sequence[Edit], *, write: bool) -> None:
    """Show an edit of feeds.yaml, and make it when asked to."""
    before = watch.feeds
    after, shown = _difference(watch, before, edits)
    if not shown:
        return
    say(shown)
    if write:
        save(watch.settings.feeds, after, before=before.text)
        remark(f"{watch.settings.feeds} was edited.")
    else:
        remark("Nothing was written; add --write to make this edit.")


def _difference(watch: Watch, before: FeedFile, edits: Sequence[Edit]) -> tuple[FeedFile, str]:
    path = watch.settings.feeds
    after = edited(before.text, edits, name=str(path))
    return after, difference(before.text, after.text, name=path.name)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {(error.strerror or 'unknown reason').lower()}"
        raise ConfigurationErrors([Problem(file=str(path), message=message)]) from None


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"


def _check_json(found: Sequence[FeedCheck]) -> dict[str, Any]:
    gave = sum(one.answer in GAVE_A_FEED for one in found)
    no_feed = sum(one.answer is Answer.NOT_A_FEED for one in found)
    return {
        "answered": gave,
        "did_not": len(found) - gave - no_feed,
        "not_feeds": no_feed,
        "feeds": [_one_json(one) for one in found],
    }


def _row(one: FeedCheck) -> dict[str, Any]:
    return {
        "feed": one.feed.id,
        "answer": one.answer.value,
        "http": one.http_status or "-",
        "format": one.format or "-",
        "lang": one.lang or "-",
        "entries": one.entry_count,
        "a day": "-" if one.per_day is None else one.per_day,
        "newest": _moment(one.newest_at),
        "via": one.feed.via or "-",
        "what": one.detail,
    }


def _one_json(one: FeedCheck) -> dict[str, Any]:
    return {
        "feed": one.feed.id,
        "answer": one.answer.value,
        "error_code": one.error.value if one.error else None,
        "detail": one.detail,
        "next_step": one.next_step,
        "http_status": one.http_status,
        "address": one.address,
        "via": one.feed.via,
        "tls": one.feed.tls,
        "moved_to": one.moved_to,
        "format": one.format or None,
        "lang": one.lang,
        "entries": one.entry_count,
        "newest": one.newest_at.isoformat() if one.newest_at else None,
        "per_day": one.per_day,
        "text_length": one.text_length,
        "page_error": one.page_error.value if one.page_error else None,
        "seconds": round(one.seconds, 3),
    }
