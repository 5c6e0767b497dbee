"""The rules as they are in force, what an edited folder would change, putting it in force, back.

Rules are edited as files, under version control: no page writes them. A preview scores every stored
item anew, so it is asked for by POST; and only the files that were previewed are put in force.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.catalogues import N_
from monitor.core.errors import ConfigurationErrors, Problem
from monitor.core.rules import Operand, Rule
from review.choosing import SHOWN_BANDS
from review.desk import Desk, Draft, EditRules, not_found, see_other
from review.visits import Visit

SHOWN_MOVES = 20  # items that a preview names
REASON_LENGTH = 500
NO_REASON = N_("Say why: the reason is kept with the version.")
NOT_APPLIED = N_(
    "Nothing was put in force: the files are not those that you looked at, or cannot be used."
)


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
        may_edit=desk.edit_rules is not None,
    )


def preview(desk: Desk, visit: Visit) -> Response:
    """Show what the edited folder would do to stored items and to the examples."""
    return previewed(desk, visit, editor(desk))


def apply(desk: Desk, visit: Visit) -> Response:
    """Put the previewed folder in force; what was not previewed is previewed instead."""
    edit = editor(desk)
    reason = visit.form.get("reason", "").strip()[:REASON_LENGTH]
    if not reason:
        return previewed(desk, visit, edit, failure=NO_REASON)
    try:
        is_applied = edit.apply(visit.form.get("version", ""), actor=visit.actor, reason=reason)
    except ConfigurationErrors:  # the preview lists the problems
        is_applied = False
    return see_other("/rules") if is_applied else previewed(desk, visit, edit, failure=NOT_APPLIED)


def rollback(desk: Desk, visit: Visit) -> Response:
    """Put a version that was in force before back in force."""
    version = visit.form.get("version", "")
    reason = visit.form.get("reason", "").strip()[:REASON_LENGTH]
    if not editor(desk).rollback(version, actor=visit.actor, reason=reason):
        raise not_found()
    return see_other("/rules")


def editor(desk: Desk) -> EditRules:
    """Return what edits the rules; 404 where nobody lends it to us."""
    if desk.edit_rules is None:
        raise not_found()
    return desk.edit_rules


def previewed(desk: Desk, visit: Visit, edit: EditRules, *, failure: str = "") -> Response:
    """Show the page of a preview, with what went wrong before it."""
    draft: Draft | None = None
    mistakes: tuple[Problem, ...] = ()
    try:
        draft = edit.draft()
    except ConfigurationErrors as errors:
        mistakes = errors.problems
    return desk.pages.show(
        visit,
        "preview.html",
        422 if failure else 200,
        draft=draft,
        problems=mistakes,
        failure=failure,
        bands=SHOWN_BANDS,
        shown=SHOWN_MOVES,
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
