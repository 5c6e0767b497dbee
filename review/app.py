"""The web application: which address leads to which page, and what stands in front of all of them.

The one place where pages are put together. It opens nothing, starts nothing, reads no environment:
the caller brings the store and the clock, binds the socket, and refuses one beyond loopback.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from gettext import NullTranslations
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from alerts.compose import unchanged
from alerts.sender import Sender
from alerts.view import Redact
from monitor.catalogues import translations
from monitor.core.errors import Problem, StoreError
from monitor.core.people import Role
from monitor.core.rules import RuleSet
from monitor.jobs import Job
from monitor.ports import Clock
from review import (
    digests,
    feeding,
    grading,
    inbox,
    item,
    login,
    mails,
    outbox,
    overview,
    people,
    reader,
    roster,
    rulebook,
    scorecards,
    signup,
    subscribers,
    tips,
    trail,
    trying,
    views,
    watch,
    why,
    you,
)
from review.access import (
    HEADERS,
    STAY_WITH_HTTPS,
    CrossSiteCheck,
    HostCheck,
    ProtectiveHeaders,
    SizeCheck,
)
from review.desk import (
    LOGGED_OUT,
    AddTip,
    Answering,
    Desk,
    EditFeeds,
    EditMails,
    EditRules,
    Open,
    Place,
    TryUrl,
)
from review.gate import Gate
from review.narrow import BUSY
from review.pages import Pages
from store import Store

log = structlog.get_logger(__name__)

BODY_LIMIT = 256 * 1024  # bytes of a form; the longest field is a note of 2,000 characters
SECRET = (reader.PATH, login.LINK)  # addresses that are keys: no log line may show one
TURNED_AWAY = {"host": 421, "cross-site": 403, "413": 413}

# Who may ask for what, in one place: a page that is not listed here does not exist, and one without
# a role keeps the program from starting.
GET: Sequence[Place] = (
    ("/", inbox.queue, Role.READER),
    ("/stopped", inbox.stopped, Role.READER),
    ("/items/{key}", item.show, Role.READER),
    ("/health", watch.health, Role.READER),
    ("/feeds", scorecards.feeds, Role.READER),
    ("/feeds/{id}", watch.feed, Role.READER),
    ("/feedfile", feeding.file, Role.OPERATOR),
    ("/why", why.why, Role.READER),
    ("/search", why.search, Role.READER),
    ("/overview", overview.overview, Role.READER),
    ("/rules", rulebook.rules, Role.READER),
    ("/digests", digests.digests, Role.OPERATOR),
    ("/digests/next/{key}", digests.upcoming, Role.OPERATOR),
    ("/digests/next/{key}/html", digests.upcoming_html, Role.OPERATOR),
    ("/digests/{key}/edit", digests.edit, Role.OPERATOR),
    ("/subscribers", subscribers.subscribers, Role.OPERATOR),
    ("/subscribers/new", subscribers.new, Role.OPERATOR),
    ("/subscribers/import", roster.ask, Role.OPERATOR),
    ("/subscribers/{key}", subscribers.subscriber, Role.OPERATOR),
    ("/subscribers/{key}/erase", subscribers.ask_erase, Role.OPERATOR),
    ("/outbox", outbox.outbox, Role.OPERATOR),
    ("/mails/{key}", mails.mail, Role.OPERATOR),
    ("/mails/{key}/frame", mails.mail_frame, Role.OPERATOR),
    ("/mails/{key}/file", mails.mail_file, Role.OPERATOR),
    ("/mails/{key}/html", mails.mail_html, Role.OPERATOR),
    ("/try", trying.ask, Role.ANALYST),
    ("/you", you.choices, Role.READER),
    ("/keys", you.keys, Role.READER),
    ("/people", people.everybody, Role.ADMIN),
    ("/people/{key}", people.one, Role.ADMIN),
    ("/audit", trail.trail, Role.ADMIN),
    ("/audit.csv", trail.trail_file, Role.ADMIN),
    (login.LOGIN, login.ask, Open.LOG_IN),
    (login.LINK, login.open_link, Open.LOG_IN),
    ("/healthz", watch.alive, Open.PROBE),
    ("/readyz", watch.ready, Open.PROBE),
)
POST: Sequence[Place] = (
    ("/items/{key}/verdict", inbox.decide, Role.ANALYST),
    ("/items/{key}/claim", inbox.claim, Role.ANALYST),
    ("/items/{key}/note", item.note, Role.ANALYST),
    ("/items/{key}/tlp", item.restrict, Role.ANALYST),
    ("/items/{key}/grade", grading.give, Role.ANALYST),
    ("/items/{key}/ungrade", grading.take_back, Role.ANALYST),
    ("/undo", inbox.undo, Role.ANALYST),
    ("/views", views.save, Role.READER),
    ("/views/{key}/remove", views.remove, Role.READER),
    ("/tips", tips.add, Role.ANALYST),
    ("/try", trying.answer, Role.ANALYST),
    ("/rules/preview", rulebook.preview, Role.OPERATOR),
    ("/rules/apply", rulebook.apply, Role.OPERATOR),
    ("/rules/rollback", rulebook.rollback, Role.OPERATOR),
    ("/feeds/{id}/resume", watch.resume, Role.OPERATOR),
    ("/feedfile/plan", feeding.plan, Role.OPERATOR),
    ("/feedfile/apply", feeding.apply, Role.OPERATOR),
    ("/digests/next/{key}/test", digests.test, Role.OPERATOR),
    ("/digests/{key}/edit", digests.change, Role.OPERATOR),
    ("/digests/{key}/approve", digests.approve, Role.OPERATOR),
    ("/digests/{key}/hold", digests.hold, Role.OPERATOR),
    ("/digests/{key}/withdraw", digests.withdraw, Role.OPERATOR),
    ("/subscribers/new", subscribers.add, Role.OPERATOR),
    ("/subscribers/import", roster.take, Role.OPERATOR),
    ("/subscribers/export", roster.export, Role.OPERATOR),
    ("/subscribers/{key}", subscribers.change, Role.OPERATOR),
    ("/subscribers/{key}/undo", subscribers.undo, Role.OPERATOR),
    ("/subscribers/{key}/pause", subscribers.pause, Role.OPERATOR),
    ("/subscribers/{key}/remove", subscribers.remove, Role.OPERATOR),
    ("/subscribers/{key}/restore", subscribers.restore, Role.OPERATOR),
    ("/subscribers/{key}/erase", subscribers.erase, Role.OPERATOR),
    ("/mails/{key}/retry", outbox.retry, Role.OPERATOR),
    ("/mails/{key}/hurry", outbox.hurry, Role.OPERATOR),
    ("/mails/{key}/give-up", outbox.give_up, Role.OPERATOR),
    ("/mails/{key}/again", outbox.send_again, Role.OPERATOR),
    ("/you", you.choose, Role.READER),
    ("/you/password", you.change_password, Role.READER),
    ("/you/sessions", you.end_sessions, Role.READER),
    ("/logout", login.leave, Role.READER),
    ("/people", people.invite, Role.ADMIN),
    ("/people/{key}/role", people.change_role, Role.ADMIN),
    ("/people/{key}/active", people.change_active, Role.ADMIN),
    ("/people/{key}/sessions", people.end_sessions, Role.ADMIN),
    ("/people/{key}/reset", people.reset, Role.ADMIN),
    (login.LOGIN, login.enter, Open.LOG_IN),
    (login.LINK, login.use_link, Open.LOG_IN),
    ("/language", login.speak, Open.LOG_IN),
)
LARGE = frozenset({subscribers.add, subscribers.change, roster.take})  # a box for each choice
COSTLY = frozenset({login.enter, login.use_link, you.change_password})  # they hash passwords


class Kept(StaticFiles):
    """Our style sheet and script: a browser may keep them, and asks each time if they changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Allow keeping, unlike for pages."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


class Review(Starlette):
    """The pages, guards outermost, so that a crash or an oversized form is guarded too."""

    def __init__(self, desk: Desk, *, allowed_hosts: Collection[str]) -> None:
        self.desk = desk
        self.allowed_hosts = allowed_hosts
        super().__init__(
            routes=_routes(desk),
            exception_handlers={
                HTTPException: self._refused,
                StoreError: self._store_failed,
                Exception: self._crashed,
            },
            max_body_size=BODY_LIMIT,
        )

    def build_middleware_stack(self) -> ASGIApp:
        """Put the guards in front of Starlette's own stack."""
        stack = super().build_middleware_stack()
        sized = SizeCheck(stack, limit=BODY_LIMIT, refuse=self._turned_away)
        guarded = CrossSiteCheck(sized, refuse=self._turned_away)
        known = HostCheck(guarded, names=self.allowed_hosts, refuse=self._turned_away)
        headers = (*HEADERS, STAY_WITH_HTTPS) if self.desk.gate.is_https else HEADERS
        return ProtectiveHeaders(known, headers=headers)

    def _page(self, request: Request, status: int, reason: str, detail: str = "") -> Response:
        # The page that failed may have found out who asks; nothing is asked of the store here.
        visit = getattr(request.state, "visit", None) or self.desk.strangers_visit(request)
        return self.desk.pages.show(
            visit, "refused.html", status, status=status, reason=reason, detail=detail
        )

    def _turned_away(self, scope: Scope, reason: str) -> Response:
        return self._page(Request(scope), TURNED_AWAY[reason], reason)

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not hasattr(request.state, "visit"):  # no page was reached that asked who it is
            with contextlib.suppress(StoreError):
                request.state.visit = await run_in_threadpool(self.desk.visit, request, {})
        known = error.detail in (BUSY, LOGGED_OUT)
        response = self._page(
            request, error.status_code, error.detail if known else str(error.status_code)
        )
        response.headers.update(error.headers or {})
        return response

    async def _store_failed(self, request: Request, error: Exception) -> Response:
        # The sentence is made for people: it names the database without its password.
        return self._page(request, 503, "store", str(error))

    async def _crashed(self, request: Request, error: Exception) -> Response:
        # Starlette raises the error again behind us, so the server logs it with its cause.
        path = request.url.path
        path = next((one for one in SECRET if path.startswith(one.partition("{")[0])), path)
        log.error("page.crashed", path=path, error=type(error).__name__)
        return self._page(request, 500, "500")


def create_app(
    store: Store,
    *,
    clock: Clock,
    jobs: Callable[[], Sequence[Job]] = tuple,
    try_url: TryUrl | None = None,
    add_tip: AddTip | None = None,
    edit_rules: EditRules | None = None,
    rules: Callable[[], RuleSet | None] | None = None,
    lint: Callable[[], Sequence[Problem]] | None = None,
    allowed_hosts: Collection[str] = (),
    allow_private: Sequence[str] = (),
    zone: str = "UTC",
    sender: Sender | None = None,
    edit_mails: EditMails | None = None,
    edit_feeds: EditFeeds | None = None,
    counts_minutes: bool = True,
    topics: Callable[[], Mapping[str, str]] = dict,
    self_signup: bool = False,
    redact: Callable[[], Redact] = lambda: unchanged,
    gate: Gate | None = None,
    is_demo: bool = False,
    has_mailbox: bool = False,
    canary: str | None = None,
    catalogue: Callable[[str], NullTranslations] = translations,
) -> Starlette:
    """Return the review page over `store`.

    Most arguments are fields of `Desk`, which tells what each lends to the pages. `allowed_hosts`
    are names beside loopback under which people reach the page. `sender` writes the mails: when
    their links lead here, readers have pages. `gate` says who must log in; left out, nobody does on
    this machine before there is an admin. `catalogue` maps a language to its messages.
    """
    routes = {path: needs for path, _, needs in GET}
    pages = Pages(catalogue, {"routes": routes, "counts_minutes": counts_minutes})
    desk = Desk(
        store=store,
        clock=clock,
        pages=pages,
        zone=zone,
        jobs=jobs,
        try_url=try_url,
        add_tip=add_tip,
        edit_rules=edit_rules,
        rules=rules,
        lint=lint,
        allow_private=tuple(allow_private),
        sender=sender if sender and sender.has_links else None,
        redact=redact,
        edit_mails=edit_mails,
        edit_feeds=edit_feeds,
        counts_minutes=counts_minutes,
        topics=topics,
        self_signup=self_signup,
        gate=gate or Gate(),
        is_demo=is_demo,
        has_mailbox=has_mailbox,
        canary=canary,
    )
    return Review(desk, allowed_hosts=allowed_hosts)


def _routes(desk: Desk) -> list[BaseRoute]:
    get, post = list(GET), list(POST)
    if desk.sender is not None and desk.self_signup and desk.edit_mails is not None:
        get.append((signup.PATH, signup.ask, Open.SIGNED_LINK))
        post.append((signup.PATH, signup.take, Open.SIGNED_LINK))
    if desk.sender is not None:
        get.append((reader.PATH, reader.ask, Open.SIGNED_LINK))
        post.append((reader.PATH, reader.act, Open.SIGNED_LINK))
    routes: list[BaseRoute] = []
    for method, places in (("GET", get), ("POST", post)):
        for path, page, needs in places:
            answering = Answering(
                desk,
                page,
                needs=needs,
                takes_form=method == "POST",
                is_costly=page in COSTLY,
                is_large=page in LARGE,
            )
            routes.append(Route(path, answering.answer, methods=[method]))
    # Everybody's: the style sheet and the script of the log-in page too.
    routes.append(Mount("/static", Kept(packages=[("review", "static")]), name="static"))
    return routes


__all__ = ["Review", "create_app"]
