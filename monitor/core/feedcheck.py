"""What a live check says of each feed, in plain words with the next step, and what to edit then.

Pure: an outcome of asking and what parsing made of it go in, one `FeedCheck` comes out. A single
check proves little about a server that did not answer, so only what a publisher said clearly (moved
for good, not there, no feed) becomes a proposed edit; everything else stays for a person to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_low
from typing import Final

from monitor.core.languages import language_of
from monitor.core.values import ErrorCode, Failed, Feed, Fetched, Hop, Outcome, ParsedFeed

PERMANENT: Final = frozenset({301, 308})
# Above this the trouble is more likely ours than theirs: then silence proves nothing.
SILENT_SHARE: Final = 0.5
# Characters in a feed's own entries from which they can stand for the page: a few sentences.
ENOUGH_TEXT: Final = 500
STALE_AFTER: Final = timedelta(days=90)
STALE_DAILY: Final = timedelta(days=3)  # for feeds that are expected to publish every day


class Answer(StrEnum):
    """What a check found, best to worst."""

    ANSWERED = "answered"
    MOVED = "moved"  # answered, but from another address, for good
    EMPTY = "empty"  # a feed without entries
    STALE = "stale"  # a feed whose newest entry is old
    NOT_A_FEED = "not_a_feed"
    BLOCKED = "blocked"
    GONE = "gone"  # 404 or 410
    SILENT = "silent"  # no usable answer at all


GAVE_A_FEED: Final = frozenset({Answer.ANSWERED, Answer.MOVED, Answer.EMPTY, Answer.STALE})

_BLOCKED: Final = frozenset(
    {
        ErrorCode.CHALLENGE,
        ErrorCode.FORBIDDEN,
        ErrorCode.UNAUTHORIZED,
        ErrorCode.LEGAL,
        ErrorCode.GEO_BLOCKED,
        ErrorCode.ROBOTS_DENIED,
    }
)
_NOT_A_FEED: Final = frozenset({ErrorCode.NOT_A_FEED, ErrorCode.UNSUPPORTED_TYPE})

_ASK_PUBLISHER = "ask the publisher for access, or watch from another network"
_LOOK = "open the address in a browser; the site may have moved its feed"
_WAIT = "check again tomorrow; if it stays, look for another address"
_DISCOVER = "find the feed with `monitor feeds discover ADDRESS`"
_NEXT_STEPS: Final = {
    ErrorCode.BAD_ADDRESS: "correct the address",
    ErrorCode.PRIVATE_ADDRESS: "if it is a server of yours, allow it with --allow-private",
    ErrorCode.DNS_ERROR: "look for a typing mistake in the name of the site",
    ErrorCode.TLS_ERROR: "open it in a browser; the certificate may have run out",
    ErrorCode.TOO_LARGE: "choose a narrower feed of this outlet",
    ErrorCode.REDIRECT_ERROR: _LOOK,
    ErrorCode.UNAUTHORIZED: "this feed is for subscribers: name a `key:`, or set it to "
    "`enabled: false`",
    ErrorCode.FORBIDDEN: _ASK_PUBLISHER,
    ErrorCode.CHALLENGE: _ASK_PUBLISHER,
    ErrorCode.GEO_BLOCKED: "ask through a proxy in its country: `via:` in feeds.yaml",
    ErrorCode.LEGAL: _ASK_PUBLISHER,
    ErrorCode.ROBOTS_DENIED: _ASK_PUBLISHER,
    ErrorCode.NOT_FOUND: _DISCOVER,
    ErrorCode.GONE: _DISCOVER,
    ErrorCode.NOT_A_FEED: _DISCOVER,
    ErrorCode.RATE_LIMITED: "raise `every` for this feed",
    ErrorCode.PARSE_ERROR: "tell the publisher; the document is damaged",
    ErrorCode.NETWORK_DOWN: "look whether this machine is online",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCheck:
    """The answer of one feed."""

    feed: Feed
    answer: Answer
    error: ErrorCode | None = None
    detail: str = ""  # one line: what is the matter
    next_step: str = ""  # what a person can do about it
    http_status: int | None = None
    address: str = ""  # where the answer came from, after redirects
    moved_to: str | None = None  # when every redirect was permanent
    format: str = ""
    lang: str | None = None  # of the entries, told by their letters
    entry_count: int = 0
    newest_at: datetime | None = None
    per_day: float | None = None  # entries a day, over what the document shows
    text_length: int = 0  # characters that half of the entries carry at least
    newest_link: str | None = None  # of the first entry with a link: its page can be tried
    page_error: ErrorCode | None = None  # why that page could not be read, when it was tried
    found: tuple[str, ...] = ()  # feeds that the page names, where a page answered
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One edit of feeds.yaml that follows from a check."""

    feed_id: str
    key: str
    value: str | bool
    reason: str


def next_step(code: ErrorCode) -> str:
    """Return what a person can do about an outcome."""
    return _NEXT_STEPS.get(code, _WAIT)


def check_feed(
    feed: Feed,
    outcome: Outcome,
    *,
    now: datetime,
    parsed: ParsedFeed | None = None,
    refusal: tuple[ErrorCode, str] | None = None,
    found: Iterable[str] = (),
) -> FeedCheck:
    """Judge one feed by a single, unconditional request.

    `parsed` is what the answer held, `refusal` why it could not be parsed, `found` the addresses of
    feeds that a page names which came instead. Exactly one of the first two belongs to a `Fetched`.
    """
    if not isinstance(outcome, Fetched) or parsed is None:
        return _without_feed(feed, outcome, refusal, tuple(found))
    dates = sorted(entry.published_at for entry in parsed.entries if entry.published_at)
    newest = dates[-1] if dates else None
    moved_to = _moved_to(feed, outcome.url, outcome.hops)
    lang = language_of(" ".join(entry.title for entry in parsed.entries), parsed.lang)
    answer, detail, step = _verdict(feed, parsed, newest, moved_to, now)
    if not detail and feed.lang and lang and lang != feed.lang.split("-")[0]:
        detail = f"entries are in {lang}, feeds.yaml says {feed.lang}"
        step = "correct `lang`, or find the feed of the right edition"
    return FeedCheck(
        feed=feed,
        answer=answer,
        detail=detail,
        next_step=step,
        http_status=outcome.status,
        address=outcome.url,
        moved_to=moved_to,
        format=parsed.format,
        lang=lang,
        entry_count=len(parsed.entries),
        newest_at=newest,
        per_day=_per_day(dates),
        text_length=int(median_low([len(entry.text) for entry in parsed.entries] or [0])),
        newest_link=next((entry.link for entry in parsed.entries if entry.link), None),
        seconds=outcome.seconds,
    )


def with_page(check: FeedCheck, outcome: Outcome) -> FeedCheck:
    """Return the check with what came of reading one of the feed's pages."""
    if not isinstance(outcome, Failed):
        return check
    found = replace(check, page_error=outcome.code)
    if check.detail:  # what is wrong with the feed itself matters more
        return found
    step = "if it stays, set `content: feed`" if _carries_text(found) else _ASK_PUBLISHER
    return replace(found, detail=f"its pages: {outcome.detail}", next_step=step)


def proposals(checks: Sequence[FeedCheck], now: datetime) -> list[Proposed]:
    """Return the edits that follow: new addresses, and feeds to switch off, each with its reason.

    Nothing is proposed for feeds that were only silent or blocked: tomorrow they may answer. Names
    that do not exist are switched off only while most other feeds answered.
    """
    day = f"{now:%Y-%m-%d}"
    taken = {check.feed.url for check in checks}
    silent = sum(check.answer is Answer.SILENT for check in checks)
    we_are_online = silent <= len(checks) * SILENT_SHARE
    edits: list[Proposed] = []
    for check in checks:
        better = check.moved_to or (check.found[0] if len(check.found) == 1 else None)
        if better and better not in taken:
            why = f"moved, seen on {day}" if check.moved_to else f"named by its page on {day}"
            edits += _edits(check, "url", better, why)
            taken.add(better)
        elif check.page_error in _BLOCKED and check.feed.content == "page" and _carries_text(check):
            why = f"its pages cannot be read, seen on {day}"
            edits.append(Proposed(feed_id=check.feed.id, key="content", value="feed", reason=why))
        elif _is_hopeless(check, we_are_online=we_are_online) and check.feed.enabled:
            edits += _edits(check, "enabled", value=False, why=f"on {day}: {check.detail}")
    return edits


def check_lines(checks: Sequence[FeedCheck]) -> list[str]:
    """Return the report for a terminal: the sum, then what needs a look, grouped."""
    answered = [check for check in checks if check.answer in GAVE_A_FEED]
    no_feed = [check for check in checks if check.answer is Answer.NOT_A_FEED]
    others = [check for check in checks if check not in answered and check not in no_feed]
    look = [check for check in answered if check.detail]
    lines = [f"{len(answered)} answered, {len(others)} did not, {len(no_feed)} are not feeds."]
    for heading, group in (
        ("Not feeds:", no_feed),
        ("Did not answer:", others),
        ("Answered, but look at them:", look),
    ):
        if group:
            lines += ["", heading, *(_line(check) for check in group)]
    return lines


def _line(check: FeedCheck) -> str:
    step = f" ({check.next_step})" if check.next_step else ""
    return f"  {check.feed.id}: {check.detail}{step}"


def _without_feed(
    feed: Feed, outcome: Outcome, refusal: tuple[ErrorCode, str] | None, found: tuple[str, ...]
) -> FeedCheck:
    if isinstance(outcome, Failed):
        code, detail = outcome.code, outcome.detail
    elif refusal is not None:
        code, detail = refusal
    else:
        code, detail = ErrorCode.UNASKED_304, "the server says 'not modified' without being asked"
    step = f"the page names: {', '.join(found)}" if found else next_step(code)
    return FeedCheck(
        feed=feed,
        answer=_answer_of(code),
        error=code,
        detail=detail or code.value.replace("_", " "),
        next_step=step,
        http_status=outcome.status if isinstance(outcome, Fetched | Failed) else 304,
        address=outcome.url if isinstance(outcome, Fetched) else feed.url,
        found=found,
        seconds=outcome.seconds,
    )


def _answer_of(code: ErrorCode) -> Answer:
    if code in _BLOCKED:
        return Answer.BLOCKED
    if code in _NOT_A_FEED:
        return Answer.NOT_A_FEED
    if code in {ErrorCode.NOT_FOUND, ErrorCode.GONE}:
        return Answer.GONE
    return Answer.SILENT


def _verdict(
    feed: Feed,
    parsed: ParsedFeed,
    newest: datetime | None,
    moved_to: str | None,
    now: datetime,
) -> tuple[Answer, str, str]:
    """Return answer, detail and next step of a document that is a feed; the worst that holds."""
    if not parsed.entries:
        return Answer.EMPTY, "a feed without a single entry", f"{_LOOK}, or {_DISCOVER}"
    if newest is not None and now - newest > (STALE_DAILY if feed.expect_daily else STALE_AFTER):
        detail = f"its newest entry is of {newest:%Y-%m-%d}"
        return Answer.STALE, detail, "look whether the outlet still publishes, and where"
    if moved_to:
        return Answer.MOVED, f"moved for good to {moved_to}", "take over the new address"
    if not parsed.complete:
        return Answer.ANSWERED, "damaged: only a part could be read", "tell the publisher"
    return Answer.ANSWERED, "", ""


def _moved_to(feed: Feed, address: str, hops: Sequence[Hop]) -> str | None:
    is_permanent = bool(hops) and all(hop.status in PERMANENT for hop in hops)
    return address if is_permanent and address != feed.url else None


def _per_day(dates: Sequence[datetime]) -> float | None:
    """Return entries a day, from sorted dates; None when they cannot tell."""
    if len(dates) < 2:
        return None
    days = (dates[-1] - dates[0]) / timedelta(days=1)
    return round((len(dates) - 1) / days, 2) if days > 0 else None


def _carries_text(check: FeedCheck) -> bool:
    return check.text_length >= ENOUGH_TEXT


def _is_hopeless(check: FeedCheck, *, we_are_online: bool) -> bool:
    if check.answer in {Answer.NOT_A_FEED, Answer.GONE}:
        return True
    return check.error is ErrorCode.DNS_ERROR and we_are_online


def _edits(check: FeedCheck, key: str, value: str | bool, why: str) -> list[Proposed]:
    """Return the edit, and the word about it that stays in the file, after what people wrote."""
    known = check.feed.evidence
    evidence = why if not known else known if why in known else f"{known.rstrip(' .;')}; {why}"
    return [
        Proposed(feed_id=check.feed.id, key=key, value=value, reason=why),
        Proposed(feed_id=check.feed.id, key="evidence", value=evidence, reason=why),
    ]
