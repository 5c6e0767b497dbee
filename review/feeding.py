"""feeds.yaml from the page: the whole file as text, or one feed paused, resumed, removed, added.

Nothing is written before its plan was shown. What was typed travels with the form from page to
page, so that a mistake or a file that somebody else changed meanwhile loses nothing of it.
"""

from __future__ import annotations

from starlette.responses import Response

from monitor.catalogues import N_
from monitor.core.errors import ConfigurationErrors
from monitor.core.feededits import Applied, Ask, FeedEdit
from review.desk import Desk, EditFeeds, not_found, see_other
from review.visits import Visit

# Of a feed to add, in the order of the form; the file has more, for those who write it by hand.
KEYS = ("id", "url", "title", "lang", "country", "category", "every", "note")
VALUE_LENGTH = 2_000
TEXT_LENGTH = 240_000  # characters of the whole file in a form

FAILURES = {
    Applied.MEANWHILE: N_(
        "The file was changed meanwhile, and nothing was written. This is your edit against the "
        "file as it stands now: look whether it still says what you mean."
    ),
    Applied.UNCONFIRMED: N_("Many feeds would no longer be asked. Say that this is meant."),
    Applied.WRONG: N_("Nothing was written."),
}


def file(desk: Desk, visit: Visit) -> Response:
    """Show the file, to be edited as a whole, and the form for a new feed."""
    room = _room(desk)
    text, problem = "", ""
    try:
        text, _ = room.read()
    except ConfigurationErrors as error:
        problem = "; ".join(one.message for one in error.problems)
    return desk.pages.show(
        visit,
        "feedfile.html",
        text=text,
        problem=problem,
        keys=KEYS,
        given={key: visit.query.get(key, "")[:VALUE_LENGTH] for key in KEYS},
        is_long=len(text) > TEXT_LENGTH,
    )


def plan(desk: Desk, visit: Visit) -> Response:
    """Show what an edit would do."""
    return _planned(desk, visit, edit_of(visit))


def apply(desk: Desk, visit: Visit) -> Response:
    """Make an edit whose plan was shown; on any doubt show the plan again."""
    edit = edit_of(visit)
    done = _room(desk).apply(
        edit,
        base=visit.form.get("base", ""),
        actor=visit.actor,
        is_confirmed=visit.form.get("confirmed") == "yes",
    )
    if done is Applied.DONE:
        return see_other("/feeds?done=yes")
    return _planned(desk, visit, edit, failure=FAILURES[done], status=409)


def edit_of(visit: Visit) -> FeedEdit:
    """Read the edit that a form asks for."""
    form = visit.form
    ask = form.get("ask", "")
    if ask not in set(Ask):
        raise not_found()
    return FeedEdit(
        ask=Ask(ask),
        feed_id=form.get("feed", "")[:200],
        text=form.get("text", ""),
        keys={key: form.get(key, "").strip()[:VALUE_LENGTH] for key in KEYS},
        comment=form.get("comment", "").strip()[:VALUE_LENGTH],
    )


def _planned(
    desk: Desk, visit: Visit, edit: FeedEdit, *, failure: str = "", status: int = 200
) -> Response:
    draft = _room(desk).draft(edit)
    return desk.pages.show(
        visit,
        "feedplan.html",
        status,
        edit=edit,
        draft=draft,
        failure=failure,
        keys=KEYS,
        given=edit.keys,
    )


def _room(desk: Desk) -> EditFeeds:
    if desk.edit_feeds is None:
        raise not_found()
    return desk.edit_feeds
