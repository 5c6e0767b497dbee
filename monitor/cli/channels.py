"""`webhooks` and `tlp`: where messages go beside mail, and how far an item may travel."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.app import Absent, open_watch
from monitor.channelroom import ChannelRoom
from monitor.cli.common import (
    AllowPrivate,
    AsJson,
    Config,
    remark,
    say_rows,
    settings_from,
    stop,
    tells_failures,
)
from monitor.core.telling import Delivery
from monitor.core.tlp import Tlp

webhooks = typer.Typer(help="Webhooks and chats: list them, try one.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(webhooks, name="webhooks")
    app.command()(tells_failures(tlp))


@webhooks.command("list")
@tells_failures
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List the channels of channels.yaml: what each is told. Addresses and keys are not shown."""
    with open_watch(settings_from(config), absent=Absent.EMPTY) as watch:
        found = ChannelRoom(watch).read()
        known = {one.address: one for one in watch.store.channels.all()}
    rows = []
    for address, channel in found.items():
        wishes, kept = channel.wishes, known.get(address)
        digests = " ".join(f"{at:%H:%M}" for at in wishes.schedule.times)
        rows.append(
            {
                "name": channel.name,
                "kind": channel.way.value,
                "alerts": "yes" if wishes.alerts else "no",
                "digests": digests if wishes.schedule.days else "no",
                "clearance": wishes.clearance.label,
                "active": "not yet" if kept is None else "yes" if kept.is_active else "no",
            }
        )
    say_rows(
        rows,
        as_json=as_json,
        nothing=f"No channels: there is no list in {watch.settings.channels}.",
    )


@webhooks.command("test")
@tells_failures
def try_(
    name: Annotated[str, typer.Argument(help="The name of a channel.")],
    config: Config = None,
    allow_private: AllowPrivate = None,
) -> None:
    """Send a harmless message to one channel now. One that had been given up works again.

    Exit 1 when it was not taken.  Example:  monitor webhooks test desk
    """
    with open_watch(settings_from(config, allow_private)) as watch:
        try:
            result = ChannelRoom(watch).test(name)
        except KeyError:
            raise stop(f"{name} is no channel; `monitor webhooks list` shows them.") from None
    if result.outcome is not Delivery.ACCEPTED:
        raise stop(f"{name}: not taken ({result.outcome.value}): {result.detail}")
    remark(f"{name}: taken.")


def tlp(
    item: Annotated[int, typer.Argument(help="The number of an item.")],
    mark: Annotated[Tlp, typer.Argument(help="How far it may travel.")],
    config: Config = None,
) -> None:
    """Mark an item by the Traffic Light Protocol; what is not cleared for it leaves it out.

    Example:  monitor tlp 4711 amber
    """
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        before = watch.store.marks.set(item, mark)
        if before is None:
            raise stop(f"There is no item {item}.")
        if before is not mark:
            watch.store.audit.add(
                actor="command line",
                action="item.marked",
                subject=f"item:{item}",
                now=watch.clock.now(),
                before={"tlp": before.value},
                after={"tlp": mark.value},
            )
    remark(f"Item {item} was {before.label} and is {mark.label}.")
