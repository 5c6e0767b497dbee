"""Saved views of the queue: keep the filter that is shown under a name, go to one, forget one.

A view holds the fields of an address and nothing else; they are read again like any address, so an
old view can never ask for more than the page offers. A person's own views are theirs alone; shared
ones are the team's, and only who made one, or an admin, takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from monitor.core.people import Role
from monitor.core.reviewing import Look, SavedView
from review.choosing import Choice, choice
from review.desk import Desk, not_found, see_other
from review.pages import address
from review.visits import Visit, clean_name, whole

COUNTED = 8  # views whose items are counted on the page; each is a question to the store


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLine:
    """A view as the queue shows it."""

    view: SavedView
    fields: Mapping[str, str]  # as an address has them
    count: int | None  # None: not counted
    is_shown: bool  # the page shows this very filter
    may_remove: bool


def listed(desk: Desk, visit: Visit, look: Look) -> list[ViewLine]:
    """Return the views of whoever asks, the team's first, the first few with their counts."""
    here = _kept(choice(visit.query))
    lines = []
    for place, view in enumerate(desk.store.views.list(visit.person.key)):
        chosen = choice(view.fields)
        count = None
        if place < COUNTED:
            counts = desk.store.items.counts_of(chosen.filter(visit, look))
            count = sum(counts.values())
        lines.append(
            ViewLine(
                view=view,
                fields=_kept(chosen),
                count=count,
                is_shown=_kept(chosen) == here,
                may_remove=_may_remove(view, visit),
            )
        )
    return lines


def save(desk: Desk, visit: Visit) -> Response:
    """Keep the filter of the form under its name."""
    chosen = choice(visit.form)
    name = clean_name(visit.form.get("name", ""))
    if not name:
        return see_other(address("/", chosen.fields()))
    is_shared = visit.form.get("shared") == "yes" and visit.may(Role.ANALYST)
    view = desk.store.views.save(
        name,
        _kept(chosen),
        person_key=visit.person.key,
        made_by=visit.actor,
        is_shared=is_shared,
        now=visit.now,
    )
    if view is None:
        return desk.pages.show(visit, "full.html", 409)
    if is_shared:
        _note(desk, visit, "view.shared", view)
    return see_other(address("/", chosen.fields()))


def remove(desk: Desk, visit: Visit) -> Response:
    """Forget a view, when it is this person's to forget; one that is gone already is forgotten."""
    key = whole(visit.parts.get("key", ""))
    view = None if key is None else desk.store.views.get(key)
    if view is not None:
        if not _may_remove(view, visit):
            raise not_found()
        desk.store.views.remove(view.key)
        if view.is_shared:
            _note(desk, visit, "view.removed", view)
    return see_other(address("/", choice(visit.form).fields()))


def _may_remove(view: SavedView, visit: Visit) -> bool:
    if view.person_key == visit.person.key:
        return True
    return view.is_shared and visit.may(Role.ADMIN)


def _kept(chosen: Choice) -> dict[str, str]:
    """Return the fields of a view: the filter without the page that somebody had turned to."""
    fields = chosen.fields()
    fields.pop("page", None)
    return fields


def _note(desk: Desk, visit: Visit, action: str, view: SavedView) -> None:
    kept = {"name": view.name, "fields": dict(view.fields)}
    is_made = action == "view.shared"
    desk.store.audit.add(
        actor=visit.actor,
        action=action,
        subject=f"view:{view.key}",
        now=visit.now,
        before=None if is_made else kept,
        after=kept if is_made else None,
    )
