"""`rules`: look at what an edited rules folder would do, put it in force, go back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.app import Absent, open_watch
from monitor.cli.common import (
    FAILURE,
    USAGE,
    AsJson,
    Config,
    progress,
    remark,
    say,
    say_json,
    settings_from,
    stop,
    table,
    tells_failures,
)
from monitor.core.lab import GoldenReport, Move, ProfileMove
from monitor.core.text import counted
from monitor.core.topics import orphan_lines
from monitor.core.values import Band
from monitor.rulefiles import compile_rules, read_rules
from monitor.ruleslab import RulesLab

rules = typer.Typer(help="The rules: check, test, preview, put in force.", no_args_is_help=True)

ACTOR = "command line"
SHOWN = 20  # items of each kind that are named


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(rules, name="rules")


@rules.command("lint")
@tells_failures
def lint(config: Config = None, as_json: AsJson = False) -> None:
    """Check the rules folder, and remark on terms that are short, shadowed or never hit.

    Mistakes end with 78, remarks with 0.
    """
    with open_watch(settings_from(config), absent=Absent.EMPTY) as watch:
        found = RulesLab(watch).lint()
        book, version = compile_rules(watch.draft_rules), watch.draft_rules.hash[:12]
    for one in found:
        if as_json:
            say_json({"finding": one.finding, "entity": one.entity, "term": one.term,
                      "message": one.message})  # fmt: skip
        else:
            say(f"{one.finding:<10} {one.entity}: {one.message}")
    remark(
        f"{counted(len(book.rules), 'rule is', 'rules are')} sound, "
        f"{counted(len(found), 'remark')}, version {version}."
    )


@rules.command("test")
@tells_failures
def golden(config: Config = None, as_json: AsJson = False) -> None:
    """Score what is settled: seeds must pass, taught items as the analysts said.

    Exit 1 when the folder drops what must pass, or passes what must not.
    """
    with open_watch(settings_from(config), absent=Absent.EMPTY) as watch:
        lab = RulesLab(watch)
        report = lab.test()
        _tell_orphans(lab.orphans())
    if as_json:
        say_json(_report_json(report))
    else:
        say(_report_text(report))
    if report.dropped or report.raised:
        raise typer.Exit(FAILURE)


@rules.command("preview")
@tells_failures
def preview(
    folder: Annotated[
        Path | None, typer.Argument(help="A rules folder; left out: the one in use.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show which stored items would enter or leave each band; changes nothing."""
    with open_watch(settings_from(config), absent=Absent.EMPTY) as watch:
        source = read_rules(folder, watch.settings.corpus) if folder else None
        lab = RulesLab(watch)
        found = lab.preview(source)
        _tell_orphans(lab.orphans(source))
    if as_json:
        under_profiles = [_profile_move_json(move) for move in found.profile_moves]
        say_json({"items": found.count, "rescored": found.rescored,
                  "moves": [_move_json(move) for move in found.moves],
                  "profile_moves": under_profiles})  # fmt: skip
        return
    say(f"{found.count} stored items: {len(found.moves)} would change their band, "
        f"{found.rescored} only their points.")  # fmt: skip
    for band in (Band.ALERT, Band.DIGEST, Band.QUEUE):
        for what, moves in (("enter", found.entering(band)), ("leave", found.leaving(band))):
            if moves:
                say(f"\n{len(moves)} {what} {band.value}:")
                say("\n".join(_move_text(move) for move in moves[:SHOWN]))
                if len(moves) > SHOWN:
                    say(f"  and {len(moves) - SHOWN} more")
    for profile in dict.fromkeys(move.profile for move in found.profile_moves):
        mine = [move for move in found.profile_moves if move.profile == profile]
        say(f"\n{len(mine)} change their band under {profile}:")
        say("\n".join(_profile_move_text(move) for move in mine[:SHOWN]))
        if len(mine) > SHOWN:
            say(f"  and {len(mine) - SHOWN} more")


@rules.command("apply")
@tells_failures
def apply(
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Even if something that must pass is dropped.")
    ] = False,
    config: Config = None,
) -> None:
    """Put the rules folder in force; a running monitor takes it over within a minute.

    Example:  monitor rules preview && monitor rules apply --reason "new company names"
    """
    if force and not reason:
        raise stop("--force needs --reason: it is kept with the version.", USAGE)
    with open_watch(settings_from(config)) as watch:
        lab = RulesLab(watch)
        report = lab.apply(actor=ACTOR, reason=reason, force=force)
        _tell_orphans(lab.orphans())
        remark(_report_text(report))
        remark(f"Rules {watch.draft_rules.hash[:12]} are in force. Stored items keep their scores "
               "until `monitor rules rescore`.")  # fmt: skip


@rules.command("versions")
@tells_failures
def versions(config: Config = None, as_json: AsJson = False) -> None:
    """List the rules that were in force, the newest first."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        found = watch.store.rulebooks.versions()
    for one in found:
        at = one.applied_at.isoformat(timespec="seconds")
        if as_json:
            say_json({"hash": one.hash, "applied_at": at, "by": one.actor, "reason": one.reason})
        else:
            say(f"{one.hash[:12]}  {at}  {one.actor}  {one.reason}".rstrip())


@rules.command("rollback")
@tells_failures
def rollback(
    version: Annotated[str, typer.Argument(metavar="HASH", help="Its beginning is enough.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")] = "",
    config: Config = None,
) -> None:
    """Put rules that were in force before back. The folder is not touched."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        try:
            lab = RulesLab(watch)
            source = lab.rollback(version, actor=ACTOR, reason=reason)
        except KeyError:
            raise stop(
                f"No single version begins with {version!r}: monitor rules versions"
            ) from None
        remark(f"Rules {source.hash[:12]} are in force again.")
        _tell_orphans(lab.orphans(source))
        if watch.draft_rules.hash != source.hash:
            remark("The files in the rules folder differ from them.")


@rules.command("rescore")
@tells_failures
def rescore(config: Config = None) -> None:
    """Score stored items by the rules in force."""
    with (
        open_watch(settings_from(config), absent=Absent.REFUSE) as watch,
        progress("Rescoring", watch.store.items.counts().total) as moved_on,
    ):
        changed = RulesLab(watch).rescore(moved_on)
    remark(f"{counted(changed, 'item has', 'items have')} another score.")


@rules.command("stats")
@tells_failures
def stats(config: Config = None, as_json: AsJson = False) -> None:
    """List each rule's hits, last hit, and how often the analysts agreed."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        found = RulesLab(watch).stats()
    rows = [
        {
            "rule": one.rule,
            "hits": one.hits,
            "last": f"{one.last_hit_at:%Y-%m-%d}" if one.last_hit_at else "never",
            "relevant": one.relevant,
            "irrelevant": one.irrelevant,
        }
        for one in found
    ]
    if as_json:
        say_json(rows)
    else:
        say(table(rows))


@rules.command("suggest")
@tells_failures
def suggest(config: Config = None, as_json: AsJson = False) -> None:
    """List words that tell accepted from rejected items; nothing is applied."""
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        found = RulesLab(watch).suggest()
    for one in found:
        if as_json:
            say_json({"term": one.term, "towards": one.towards, "relevant": one.relevant,
                      "irrelevant": one.irrelevant, "example": one.example})  # fmt: skip
        else:
            say(f"{one.term}  {one.towards}  {one.relevant}:{one.irrelevant}  {one.example}")
    if not found:
        remark("Not enough decided items yet: three with the same word are needed.")


def _tell_orphans(found: dict[str, list[str]]) -> None:
    for line in orphan_lines(found):
        remark(f"warning: {line}")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _report_text(report: GoldenReport) -> str:
    lines = [
        f"{report.count} settled items: precision {_share(report.precision)}, "
        f"recall {_share(report.recall)}, {len(report.flips)} decided otherwise than now"
    ]
    lines += [f"  must pass, and does not: {one}" for one in report.dropped]
    lines += [f"  must not pass, and does: {one}" for one in report.raised]
    return "\n".join(lines)


def _report_json(report: GoldenReport) -> dict[str, object]:
    return {
        "count": report.count,
        "precision": report.precision,
        "recall": report.recall,
        "dropped": list(report.dropped),
        "raised": list(report.raised),
        "flips": [
            {"id": one.id, "before": one.before.value, "after": one.after.value}
            for one in report.flips
        ],
    }


def _move_text(move: Move) -> str:
    return f"  {move.key:>6} {move.before.score:3d} -> {move.after.score:3d}  {move.title}"


def _profile_move_text(move: ProfileMove) -> str:
    before = move.before.value if move.before else "not scored"
    after = move.after.value if move.after else "no such profile"
    return f"  {move.key:>6} {before} -> {after}  {move.title}"


def _profile_move_json(move: ProfileMove) -> dict[str, object]:
    return {
        "id": move.key,
        "profile": move.profile,
        "before": move.before.value if move.before else None,
        "after": move.after.value if move.after else None,
    }


def _move_json(move: Move) -> dict[str, object]:
    return {
        "id": move.key,
        "title": move.title,
        "before": {"score": move.before.score, "decision": move.before.decision.value},
        "after": {"score": move.after.score, "decision": move.after.decision.value},
    }
