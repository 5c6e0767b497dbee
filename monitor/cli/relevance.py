"""`score` and `verdict`: what is relevant, why, and what people decided."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import Absent, Watch, open_watch
from monitor.cli.answers import score_json, score_text
from monitor.cli.common import (
    FAILURE,
    USAGE,
    AllowPrivate,
    AsJson,
    Config,
    remark,
    say,
    say_json,
    settings_from,
    stop,
    tells_failures,
)
from monitor.core.scoring import score as score_of
from monitor.core.values import ScoreInput, Verdict
from monitor.rulefiles import compile_rules
from monitor.trial import Trials, feed_for


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tells_failures(score))
    app.command()(tells_failures(verdict))


def score(
    source: Annotated[
        str, typer.Argument(help="A text file, an article's address, or - for standard input.")
    ] = "-",
    jsonl: Annotated[
        str | None,
        typer.Option(
            "--jsonl",
            metavar="FILE",
            help="JSON lines in (- for standard input): {id,title,text,lang?,feed?}; and out.",
        ),
    ] = None,
    config: Config = None,
    allow_private: AllowPrivate = None,
    as_json: AsJson = False,
) -> None:
    """Score a text by the rules in the folder, and explain every point.

    Examples:  monitor score article.txt     monitor score --jsonl - < items.jsonl
    A text file's first line is its title.
    """
    settings = settings_from(config, allow_private)
    with open_watch(settings) as watch:
        if jsonl is not None:
            if not _score_lines(watch, jsonl):
                raise typer.Exit(FAILURE)
            return
        if source.startswith(("http://", "https://")):
            workers = watch.workers_with(watch.draft_rules)
            trials = Trials(fetcher=watch.fetcher, workers=workers, clock=watch.clock)
            trial = trials.article(feed_for(source))
            if not trial.items:
                raise stop(f"{source}: {trial.error}: {trial.detail}")
            found = trial.items[0].score
        else:
            title, _, text = _read(source).partition("\n")
            given = ScoreInput(title=title.strip(), text=text.strip(), on=watch.clock.now())
            found = score_of(given, compile_rules(watch.draft_rules))
    if as_json:
        say_json({"id": source, **score_json(found)})
    else:
        say(score_text(found))


def _read(source: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise stop(f"{source}: {(error.strerror or 'cannot be read').lower()}", USAGE) from None
    return raw.decode("utf-8-sig", "replace")


def _score_lines(watch: Watch, source: str) -> bool:
    """Answer one line for each line, in order; return whether all were good."""
    book, all_good = compile_rules(watch.draft_rules), True
    for line in _lines(source):
        item_id: Any = None
        try:
            item_id, given = _scoring_input(line)
            answer = {"id": item_id, **score_json(score_of(given, book))}
        except ValueError as error:
            all_good = False
            answer = {"id": _id_in(line), "error": str(error)}
        say_json(answer)
    return all_good


def _lines(source: str) -> Iterator[bytes]:
    if source == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as stream:
            yield from stream
    except OSError as error:
        raise stop(f"{source}: {(error.strerror or 'cannot be read').lower()}", USAGE) from None


def _scoring_input(line: bytes) -> tuple[Any, ScoreInput]:
    """Return the id and what is to be scored. Raises ValueError with what is wrong."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(asked, dict):
        raise ValueError('each line must be an object: {"id": ..., "title": ..., "text": ...}')
    texts = {name: asked.get(name) or "" for name in ("title", "text", "lang", "feed")}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text")
    if not texts["title"] and not texts["text"]:
        raise ValueError("title and text are both missing")
    return asked.get("id"), ScoreInput(
        title=texts["title"],
        text=texts["text"],
        lang=texts["lang"] or None,
        feed=texts["feed"] or None,
    )


def _id_in(line: bytes) -> Any:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return asked.get("id") if isinstance(asked, dict) else None


def verdict(
    item: Annotated[int, typer.Argument(help="The number of the item.")],
    decision: Annotated[Verdict, typer.Argument(help="relevant, irrelevant or escalate.")],
    teach: Annotated[
        bool, typer.Option("--teach", help="Also make it an example for the rules' tests.")
    ] = False,
    note: Annotated[str, typer.Option(help="A remark for the team.")] = "",
    actor: Annotated[str, typer.Option("--by", help="Who decided.")] = "command line",
    config: Config = None,
) -> None:
    """Decide on an item, as an analyst does on the page.

    Example:  monitor verdict 17 relevant --teach --note "confirmed by phone"
    """
    with open_watch(settings_from(config), absent=Absent.REFUSE) as watch:
        try:
            watch.store.verdicts.give(
                item, decision, actor=actor, now=watch.clock.now(), teach=teach, note=note
            )
        except KeyError:
            raise stop(f"There is no item {item}. The review page shows the numbers.") from None
    remark(f"Item {item}: {decision.value}{', kept as an example' if teach else ''}.")
