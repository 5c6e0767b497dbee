"""`search` and `export`: finding kept items, and taking them elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from monitor.app import Absent, Watch, open_watch
from monitor.cli.answers import item_line, score_json
from monitor.cli.common import USAGE, AsJson, Config, remark, say, say_json, settings_from, stop
from monitor.cli.common import tells_failures as tells
from monitor.core.exports import csv_text
from monitor.core.reports import QueueFilter
from monitor.core.text import counted
from monitor.core.tlp import Tlp
from monitor.core.values import Band, Item, ItemState

AT_ONCE = 500


class Shape(StrEnum):
    """What an export may look like."""

    CSV = "csv"
    JSONL = "jsonl"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tells(search))
    app.command()(tells(export))


def search(
    query: Annotated[str, typer.Argument(help='Words and "phrases" in any language.')],
    limit: Annotated[int, typer.Option(help="At most so many items.", min=1, max=1000)] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find kept items by their words, the best first; any text may be asked.

    Example:  monitor search '"북한 노동자" 나홋카'
    """
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        page = watch.store.items.queue(QueueFilter(search=query, limit=limit))
    for item in page.items:
        if as_json:
            say_json({"id": item.key, "title": item.title, "url": item.url,
                      **score_json(item.score)})  # fmt: skip
        else:
            say(f"{item.key:>6}{item_line(item)}")
    remark(f"{counted(page.total, 'item')} found.")


def export(
    shape: Annotated[Shape, typer.Argument(help="csv or jsonl.")],
    band: Annotated[Band, typer.Option(help="The least band.")] = Band.QUEUE,
    state: Annotated[ItemState | None, typer.Option(help="Only items in this state.")] = None,
    since: Annotated[str | None, typer.Option(help="First seen on or after: 2026-11-09.")] = None,
    clearance: Annotated[
        Tlp, typer.Option(help="What is marked higher than this stays here.")
    ] = Tlp.CLEAR,
    config: Config = None,
) -> None:
    """Print kept items as a table or as JSON lines. Withheld names do not leave.

    Example:  monitor export csv --state relevant > relevant.csv
    """
    wanted = QueueFilter(
        bands=tuple(Band)[band.rank :],
        states=(state,) if state else (),
        since=_moment(since) if since else None,
        limit=AT_ONCE,
    )
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        found = list(_all(watch, wanted))
        items = [_withheld(item, watch) for item in found if clearance.allows(item.tlp)]
    if len(items) < len(found):
        left_out = counted(len(found) - len(items), "item is", "items are")
        remark(f"{left_out} marked above {clearance.label}: left out.")
    if shape is Shape.CSV:
        say(csv_text(items))
        return
    for item in items:
        say_json({
            "id": item.key,
            "title": item.title,
            "text": item.text,
            "url": item.url,
            "outlet": item.outlet,
            "state": item.state.value,
            "published": item.published_at.isoformat() if item.published_at else None,
            "first_seen": item.first_seen_at.isoformat(),
            "score": item.score.score,
            "decision": item.score.decision.value,
            "version": item.score.version,
            "tlp": item.tlp.label,
        })  # fmt: skip


def _all(watch: Watch, wanted: QueueFilter) -> Iterator[Item]:
    offset = 0
    while items := watch.store.items.queue(dataclasses.replace(wanted, offset=offset)).items:
        yield from items
        offset += len(items)


def _withheld(item: Item, watch: Watch) -> Item:
    """Return the item without what must not leave."""
    redact = watch.redaction
    return dataclasses.replace(
        item, title=redact(item.title), text=redact(item.text), url=redact(item.url)
    )


def _moment(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise stop(f"--since: write a day such as 2026-11-09 (got {written!r}).", USAGE) from None
