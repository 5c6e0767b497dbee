"""The rules as they are in force: what counts, how much, who is named, and since when.

Reading only: rules are edited as files, under version control, and applied from the command line.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.rules import Operand, Rule
from review.desk import Desk, not_found
from review.visits import Visit


def rules(desk: Desk, visit: Visit) -> Response:
    """Show the rulebook in force, or the files of the version that the query names."""
    current = desk.store.rulebooks.current()
    asked = visit.query.get("version", "")
    version = asked or (current.hash if current else "")
    files = desk.store.rulebooks.get(version) if version else {}
    if files is None:
        raise not_found()
    return desk.pages.show(
        visit,
        "rules.html",
        current=current,
        version=version,
        is_current=not asked or (current is not None and asked == current.hash),
        files=dict(sorted(files.items())),
        versions=desk.store.rulebooks.versions(),
        ruleset=desk.rules() if desk.rules else None,
        problems=problems(desk),
        condition=condition,
    )


def problems(desk: Desk) -> tuple[Problem, ...] | None:
    """Return what the check of the rule files finds; None where nobody lends us a check."""
    if desk.lint is None:
        return None
    try:
        return tuple(desk.lint())
    except ConfigurationErrors as errors:
        return errors.problems


def condition(rule: Rule) -> list[tuple[str, str]]:
    """Return what a rule asks for, as the key of the rule language and its operands."""
    asked = [
        ("near", _listed(rule.near)),
        ("all", _listed(rule.all)),
        ("any", "|".join(rule.any)),
        ("none", "|".join(rule.none)),
        ("unless_near", "|".join(rule.unless_near)),
        ("within", str(rule.within) if rule.near else ""),
        ("count", str(rule.count) if rule.count > 1 else ""),
        ("where", rule.where if rule.where != "anywhere" else ""),
        ("langs", ", ".join(rule.langs)),
        ("feeds", ", ".join(rule.feeds)),
        ("until", str(rule.until or "")),
    ]
    return [(key, value) for key, value in asked if value]


def _listed(operands: tuple[Operand, ...]) -> str:
    return " + ".join("|".join(operand) for operand in operands)
