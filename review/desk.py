"""What every page is given: the store, the clock, the templates, and what the app lends us.

A page is a plain function `(desk, visit) -> Response`. It runs in a worker thread, because the
store is synchronous and the event loop must stay free for the next reader.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.compose import unchanged
from alerts.sender import Sender
from alerts.view import Redact
from monitor.core.editing import Edit, HeldDigest, Signup
from monitor.core.errors import Problem
from monitor.core.feededits import Applied, FeedEdit, FeedsDraft
from monitor.core.lab import GoldenReport, Preview
from monitor.core.people import Role
from monitor.core.reports import FateReport
from monitor.core.rules import RuleSet
from monitor.core.telling import Message, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.values import Item
from monitor.jobs import Job
from monitor.ports import Clock
from review.gate import Gate
from review.narrow import NarrowDoor
from review.pages import Pages
from review.visits import Visit, visit, whole
from store import Store

TryUrl = Callable[[str], Mapping[str, Any]]
"""A dry run of one address; answers with the object that `monitor try --json` prints."""


class AddTip(Protocol):
    """Takes an article's address as `monitor add` does."""

    def __call__(self, url: str, *, note: str, actor: str, tlp: Tlp = Tlp.CLEAR) -> FateReport:
        """Return what the ledger then says of it; nothing, when another tip overtook this one.

        Raises ConfigurationErrors for what must not be asked.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The rules folder as it stands, and what putting it in force would do."""

    version: str  # the hash of its files
    is_live: bool  # the same files are in force
    preview: Preview
    golden: GoldenReport


class EditRules(Protocol):
    """Looks at an edited rules folder, puts it in force, goes back."""

    def draft(self) -> Draft:
        """Return what the folder would do. Raises ConfigurationErrors when it cannot be used."""

    def apply(self, version: str, *, actor: str, reason: str) -> bool:
        """Put the folder in force; False, and nothing changed, when it is not `version` any more
        or drops what must pass. Raises ConfigurationErrors.
        """

    def rollback(self, version: str, *, actor: str, reason: str) -> bool:
        """Put a version that was in force before back; False when there is none of that name."""


class EditFeeds(Protocol):
    """Looks at edits of feeds.yaml before they are made, and makes them."""

    def read(self) -> tuple[str, str]:
        """Return the text of the file and its fingerprint. Raises ConfigurationErrors."""

    def draft(self, edit: FeedEdit) -> FeedsDraft:
        """Return what an edit would do; nothing is written."""

    def apply(self, edit: FeedEdit, *, base: str, actor: str, is_confirmed: bool) -> Applied:
        """Make an edit, when the file is still the one with the fingerprint `base`."""


class EditMails(Protocol):
    """Looks at mails before they go, and changes one that waits for an editor."""

    @property
    def testers(self) -> Sequence[str]:
        """The addresses to which a page may send a test."""

    def preview(self, subscriber: Subscriber) -> Message:
        """Return the mail that a subscriber would get if a digest were due now."""

    def test(self, subscriber: Subscriber, *, to: str) -> bool:
        """Send that mail to a tester; False when `to` is none."""

    def revise(self, held: HeldDigest, edit: Edit, *, found: Sequence[Item] = ()) -> bool:
        """Make a digest that waits anew; False when it does not wait any more.

        Raises ValueError for an item that its reader may not be told.
        """

    def confirm(self, signup: Signup) -> None:
        """Ask an address whether it wants digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a page may use."""

    store: Store
    clock: Clock
    pages: Pages
    zone: str = "UTC"  # for people who chose none
    jobs: Callable[[], Sequence[Job]] = tuple
    try_url: TryUrl | None = None
    add_tip: AddTip | None = None
    edit_rules: EditRules | None = None
    rules: Callable[[], RuleSet | None] | None = None
    lint: Callable[[], Sequence[Problem]] | None = None
    allow_private: Sequence[str] = field(default_factory=tuple)
    gate: Gate = field(default_factory=Gate)
    narrow_door: NarrowDoor = field(default_factory=NarrowDoor)
    sender: Sender | None = None  # of mails whose links lead here; None: readers have no pages
    is_demo: bool = False
    has_mailbox: bool = False  # mails that come back are read
    canary: str | None = None  # whose mails must arrive there
    redact: Callable[[], Redact] = lambda: unchanged  # what readers of mails must not be shown
    topics: Callable[[], Mapping[str, str]] = dict  # that a subscriber may choose, with labels
    edit_mails: EditMails | None = None
    edit_feeds: EditFeeds | None = None
    counts_minutes: bool = True  # how long the team works, without people
    self_signup: bool = False  # people may put their own address on the list

    def visit(self, request: Request, form: Mapping[str, str]) -> Visit:
        """Read a request and find out who asks. Raises the kinds of StoreError."""
        now = self.clock.now()
        who, caller = self.gate.who(self.store, request, now)
        return visit(request, who, caller, now=now, zone=self.zone, form=form)

    def strangers_visit(self, request: Request, form: Mapping[str, str] | None = None) -> Visit:
        """Read a request without asking the store who it comes from."""
        caller = self.gate.caller(request)
        return visit(request, None, caller, now=self.clock.now(), zone=self.zone, form=form or {})


SMALL_FORM, LARGE_FORM = (0, 20), (1, 80)  # files, fields
WORKED = "worked"  # the field of a form with the seconds that a page was in use
LOGGED_OUT = "log-in"  # why a request was refused, beside the status

Page = Callable[[Desk, Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class Open(Enum):
    """Why a page needs no log-in. Every other page needs a role."""

    PROBE = (
        "whether the process lives and can work; asked by machines; tells counts and names of jobs"
    )
    SIGNED_LINK = "the signed link in a mail is the right; its reader has no account"
    LOG_IN = "the way in itself: the log-in, one-time links, and the language they are read in"


Needs = Role | Open
Place = tuple[str, Page, Needs]
"""An address, its page, and who may ask for it."""


class Answering:
    """An endpoint: finds out who asks, refuses who may not, and lets the page answer."""

    def __init__(
        self,
        desk: Desk,
        page: Page,
        *,
        needs: Needs,
        takes_form: bool,
        is_costly: bool = False,
        is_large: bool = False,
    ) -> None:
        """Answer with `page`. `takes_form`: short text fields only, no files; `is_large`: more of
        them, and one text file.

        A page that hashes passwords `is_costly` and goes through the narrow door.
        """
        # A table of routes is not type-checked where a test or a patch builds it.
        if not isinstance(needs, Role | Open):
            raise TypeError(f"{page.__module__}.{page.__name__} does not say which role it needs")
        self.desk, self.page, self.needs, self.takes_form = desk, page, needs, takes_form
        self.is_costly = is_costly
        self.most_files, self.most_fields = LARGE_FORM if is_large else SMALL_FORM

    async def answer(self, request: Request) -> Response:
        """Answer a request; the work is done in a thread."""
        fields: dict[str, str] = {}
        if self.takes_form:
            async with request.form(max_files=self.most_files, max_fields=self.most_fields) as form:
                fields = {name: await _text(value) for name, value in form.items()}
        if self.is_costly:
            return await self.desk.narrow_door.run(self._answer, request, fields)
        return await run_in_threadpool(self._answer, request, fields)

    def _answer(self, request: Request, fields: Mapping[str, str]) -> Response:
        if self.needs in (Open.PROBE, Open.SIGNED_LINK):
            return self.page(self.desk, self.desk.strangers_visit(request, fields))
        visit = request.state.visit = self.desk.visit(request, fields)
        if isinstance(self.needs, Role):
            if visit.who is None:
                return self._asked_to_log_in(visit)
            if not visit.who.may(self.needs):
                raise HTTPException(403)
            if self.takes_form:
                _count_work(self.desk, visit)
        return self.page(self.desk, visit)

    def _asked_to_log_in(self, visit: Visit) -> Response:
        """Lead to the log-in and back; what a form said is lost, and that is told."""
        if self.takes_form:
            raise HTTPException(403, LOGGED_OUT)
        return see_other(f"/login?{urlencode({'next': visit.here})}")


def _count_work(desk: Desk, visit: Visit) -> None:
    """Add the seconds that a form brings to the team's day, to the feed of the item it is about.

    A page counts while it is in use and sends the sum with the next form that is sent anyway: no
    person, no time of day, no request of its own.
    """
    seconds = whole(visit.form.get(WORKED, ""))
    if desk.counts_minutes and seconds:
        key = visit.number("key") if visit.path.startswith("/items/") else None
        desk.store.efforts.add(seconds, item_key=key, now=visit.now)


async def _text(value: str | UploadFile) -> str:
    """Return a field, or what is in a file; what is no UTF-8 becomes U+FFFD."""
    return value if isinstance(value, str) else (await value.read()).decode("utf-8-sig", "replace")


def not_found() -> HTTPException:
    """Return the refusal for an address behind which there is nothing."""
    return HTTPException(404)


def see_other(address: str) -> RedirectResponse:
    """Send the browser on after a change, so that reloading does not repeat it.

    `address` is built by us, never taken from the request: `//evil.example` is a path to a browser.
    """
    return RedirectResponse(address, status_code=303)
