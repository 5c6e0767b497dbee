"""What the values of the house are called when people read them: bands, states, fates, errors.

One table a value, English sentences as message ids, so that page, mail and terminal say the same.
Tables only: the caller looks them up in `translations(language)`. A test proves that every member
of every enum has its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.catalogues import N_
from monitor.core.people import LinkUse, Role
from monitor.core.reviewing import Grade, Reading
from monitor.core.telling import MessageKind, OutboxState, Place
from monitor.core.values import (
    Band,
    DateSource,
    ErrorCode,
    Fate,
    FeedState,
    ItemState,
    TextState,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class FeedWords:
    """A feed's state for an operator: its name, what it means, what to do next."""

    name: str
    meaning: str
    next_step: str


@dataclass(frozen=True, slots=True)
class RoleWords:
    """A role: its name, and what it may do beyond the one below."""

    name: str
    meaning: str


LANGUAGE_NAMES: Mapping[str, str] = {
    "en": N_("English"),
    "ru": N_("Russian"),
    "ko": N_("Korean"),
    "ja": N_("Japanese"),
    "zh": N_("Chinese"),
}

BANDS: Mapping[Band, str] = {
    Band.REJECT: N_("not shown"),
    Band.QUEUE: N_("queue"),
    Band.DIGEST: N_("digest"),
    Band.ALERT: N_("alert"),
}

ITEM_STATES: Mapping[ItemState, str] = {
    ItemState.NEW: N_("undecided"),
    ItemState.CLAIMED: N_("claimed"),
    ItemState.RELEVANT: N_("relevant"),
    ItemState.IRRELEVANT: N_("irrelevant"),
    ItemState.ESCALATED: N_("escalated"),
}

GRADES: Mapping[Grade, tuple[str, str]] = {
    Grade.EVIDENCE: (N_("evidence"), N_("can stand in a report as it is")),
    Grade.LEAD: (N_("a lead"), N_("worth following up, not enough by itself")),
    Grade.NEITHER: (N_("neither"), N_("tells nothing that could be used")),
}

READINGS: Mapping[Reading, str] = {
    Reading.OPEN: N_("Nobody has graded it. Evidence needs two different readers."),
    Reading.ONE: N_("One reader has graded it; a second one is needed."),
    Reading.AGREED: N_("Two readers agree:"),
    Reading.DIFFER: N_("Two readers differ. Talk it over; both grades stay."),
}

VERDICTS: Mapping[Verdict, str] = {
    Verdict.RELEVANT: N_("relevant"),
    Verdict.IRRELEVANT: N_("irrelevant"),
    Verdict.ESCALATE: N_("escalated"),
}

FATES: Mapping[Fate, str] = {
    Fate.PENDING: N_("seen; its page is still to be read and scored"),
    Fate.STORED: N_("read, scored and kept"),
    Fate.UNCHANGED: N_("seen again, unchanged"),
    Fate.REVISION: N_("a changed text of an item that is kept"),
    Fate.DUPLICATE: N_("the same as an item that is kept"),
    Fate.TOO_OLD: N_("older than this feed's limit, not kept"),
    Fate.OVER_LIMIT: N_("more entries in one poll than we take, not kept"),
    Fate.EXCLUDED: N_("left out by the operator's list of addresses, not kept"),
    Fate.UNREADABLE: N_("could not be read"),
}

FATE_NAMES: Mapping[Fate, str] = {
    Fate.PENDING: N_("pending"),
    Fate.STORED: N_("stored"),
    Fate.UNCHANGED: N_("unchanged"),
    Fate.REVISION: N_("revision"),
    Fate.DUPLICATE: N_("duplicate"),
    Fate.TOO_OLD: N_("too old"),
    Fate.OVER_LIMIT: N_("over the limit"),
    Fate.EXCLUDED: N_("left out"),
    Fate.UNREADABLE: N_("unreadable"),
}

TEXT_STATES: Mapping[TextState, str] = {
    TextState.FULL: N_("full text of the page"),
    TextState.FEED: N_("text as the feed carries it"),
    TextState.TEASER: N_("only the opening: the rest is behind a paywall"),
    TextState.CUT: N_("the text may be cut: the page is too large or too deep"),
    TextState.NO_FULL_TEXT: N_("the page gave no article; the feed's own text was scored"),
    TextState.FETCH_FAILED: N_("the page could not be fetched; the feed's own text was scored"),
    TextState.TITLE_ONLY: N_("title only"),
}

DATE_SOURCES: Mapping[DateSource, str] = {
    DateSource.FEED: N_("date given by the feed"),
    DateSource.FEED_UPDATED: N_("date of the last change, given by the feed"),
    DateSource.URL: N_("date read from the address"),
    DateSource.PAGE: N_("date given by the page"),
    DateSource.SUSPECT: N_("the feed gave an impossible date; the time we first saw it counts"),
    DateSource.NONE: N_("no date given; the time we first saw it counts"),
}

# By the value of `monitor.ports.PollStatus`: ports stand beside this package, not under it.
POLL_STATUSES: Mapping[str, str] = {
    "parsed": N_("read"),
    "parsed_partially": N_("read in part: the feed is damaged"),
    "not_modified": N_("nothing new, says the server"),
    "same_body": N_("the same bytes as before"),
    "rejected": N_("failed"),
}

OUTBOX_STATES: Mapping[OutboxState, str] = {
    OutboxState.WAITING: N_("waiting to be sent"),
    OutboxState.SENDING: N_("being sent"),
    OutboxState.MAYBE_DELIVERED: N_("perhaps delivered: the answer was lost"),
    OutboxState.SENT: N_("sent"),
    OutboxState.REFUSED: N_("refused by the receiver"),
    OutboxState.GIVEN_UP: N_("given up after many attempts"),
    OutboxState.HELD: N_("held for an editor"),
    OutboxState.WITHDRAWN: N_("withdrawn by an editor"),
}

MESSAGE_KINDS: Mapping[MessageKind, str] = {
    MessageKind.DIGEST: N_("digest"),
    MessageKind.ALERT: N_("alert"),
    MessageKind.NOTICE: N_("notice to the operator"),
    MessageKind.TEST: N_("test"),
    MessageKind.CONFIRM: N_("question whether somebody wants digests"),
}

PLACES: Mapping[Place, str] = {
    Place.FULL: N_("told in full"),
    Place.HEADLINE: N_("told as a headline"),
    Place.ALSO: N_("named under another item that says the same"),
    Place.TOLD_BEFORE: N_("left out: an earlier digest told it from another outlet"),
    Place.LEFT_OUT: N_("left out: an editor decided so before the mail went"),
    Place.OVER_LIMIT: N_("counted, left for the queue"),
    Place.IRRELEVANT: N_("left out: decided as irrelevant"),
}

FEED_STATES: Mapping[FeedState, FeedWords] = {
    FeedState.UNPROVEN: FeedWords(
        N_("unproven"),
        N_("This address has never answered with a feed."),
        N_("Nothing is lost yet. Open the address in a browser, then correct or remove it."),
    ),
    FeedState.OK: FeedWords(N_("fine"), N_("Answers with entries."), N_("Nothing to do.")),
    FeedState.FAILING: FeedWords(
        N_("failing"),
        N_("The last poll failed; we try again, more slowly each time."),
        N_("Wait a day. If it lasts, open the address in a browser and look for a new one."),
    ),
    FeedState.EMPTY: FeedWords(
        N_("empty"),
        N_("Answers with a valid feed that has no entries, though it had some before."),
        N_("Look at the outlet's site: the feed may have moved."),
    ),
    FeedState.NOT_A_FEED: FeedWords(
        N_("not a feed"),
        N_("Answers, but with something that is no feed."),
        N_("Find the feed's new address on the outlet's site."),
    ),
    FeedState.BLOCKED: FeedWords(
        N_("blocks us"),
        N_("The site refuses us or asks us to prove that we are human."),
        N_("Write to the outlet, or use another address of the same outlet."),
    ),
    FeedState.STALE: FeedWords(
        N_("stale"),
        N_("Answers, but its newest entry is old."),
        N_("Compare with the outlet's site: the feed may have been abandoned."),
    ),
    FeedState.SILENT: FeedWords(
        N_("silent"),
        N_("Quiet for three times its usual gap."),
        N_("Look at the outlet's site: is it quiet there too?"),
    ),
    FeedState.GAP: FeedWords(
        N_("gap"),
        N_("Entries were probably missed between two polls."),
        N_("Poll it more often; look through the outlet's site for the time of the gap."),
    ),
    FeedState.GONE: FeedWords(
        N_("gone"),
        N_("The server says that it is gone, or it has failed for weeks; asked once a week."),
        N_("Find its successor, then change or disable it."),
    ),
    FeedState.FLOOD: FeedWords(
        N_("flood"),
        N_("More entries in one poll than we take; the rest is counted, not kept."),
        N_("Choose a narrower feed of this outlet."),
    ),
}

ERRORS: Mapping[ErrorCode, str] = {
    ErrorCode.BAD_ADDRESS: N_("not an address that can be asked"),
    ErrorCode.PRIVATE_ADDRESS: N_("leads to a private network; refused"),
    ErrorCode.DNS_ERROR: N_("the name of the site was not found"),
    ErrorCode.CONNECT_ERROR: N_("no connection to the server"),
    ErrorCode.CONNECTION_CLOSED: N_("the server closed the connection"),
    ErrorCode.TLS_ERROR: N_("the server's certificate is not valid"),
    ErrorCode.TIMEOUT_CONNECT: N_("the server did not answer in time"),
    ErrorCode.TIMEOUT_READ: N_("the server stopped sending"),
    ErrorCode.TIMEOUT_TOTAL: N_("the answer took too long"),
    ErrorCode.PROTOCOL_ERROR: N_("the answer broke the rules of HTTP"),
    ErrorCode.TOO_LARGE: N_("the answer is too large"),
    ErrorCode.UNSUPPORTED_ENCODING: N_("the answer is packed in a way that we do not read"),
    ErrorCode.DECODE_ERROR: N_("the answer is cut or damaged"),
    ErrorCode.REDIRECT_ERROR: N_("redirected in circles, or to nowhere"),
    ErrorCode.UNASKED_304: N_("the server said “not modified” though we did not ask"),
    ErrorCode.UNAUTHORIZED: N_("a password is asked for (401)"),
    ErrorCode.FORBIDDEN: N_("access is forbidden (403)"),
    ErrorCode.CHALLENGE: N_("the site asks us to prove that we are human"),
    ErrorCode.GEO_BLOCKED: N_("not offered in our country"),
    ErrorCode.LEGAL: N_("withheld for legal reasons (451)"),
    ErrorCode.NOT_FOUND: N_("not found (404)"),
    ErrorCode.GONE: N_("removed for good (410)"),
    ErrorCode.RATE_LIMITED: N_("asked too often (429)"),
    ErrorCode.UNAVAILABLE: N_("the server is busy (503)"),
    ErrorCode.SERVER_ERROR: N_("the server has an error"),
    ErrorCode.HTTP_ERROR: N_("an unexpected answer"),
    ErrorCode.NO_CONTENT: N_("an answer without content"),
    ErrorCode.PARTIAL_CONTENT: N_("only a part of the answer came"),
    ErrorCode.ROBOTS_DENIED: N_("the site asks programs to stay away"),
    ErrorCode.UNSUPPORTED_TYPE: N_("not a page of text"),
    ErrorCode.NOT_A_FEED: N_("not a feed"),
    ErrorCode.PARSE_ERROR: N_("could not be read"),
    ErrorCode.PARSE_TIMEOUT: N_("reading it took too long and was stopped"),
    ErrorCode.PARSE_MEMORY: N_("reading it needed too much memory and was stopped"),
    ErrorCode.PARSE_CRASH: N_("reading it failed"),
    ErrorCode.NETWORK_DOWN: N_("nothing can be reached from here: is this machine online?"),
    ErrorCode.STORAGE_ERROR: N_("could not be written to the store"),
}

# Lines of a score that the arithmetic adds, by their rule id: no text stands behind them.
ROLES: Mapping[Role, RoleWords] = {
    Role.READER: RoleWords(
        name=N_("reader"),
        meaning=N_("sees items, stories and the state of the feeds, and changes nothing"),
    ),
    Role.ANALYST: RoleWords(
        name=N_("analyst"), meaning=N_("also decides, claims, notes and adds tips")
    ),
    Role.OPERATOR: RoleWords(
        name=N_("operator"), meaning=N_("also changes feeds and rules, and sees who gets mail")
    ),
    Role.ADMIN: RoleWords(
        name=N_("admin"), meaning=N_("also lets people in and sees the log of changes")
    ),
}

LINK_USES: Mapping[LinkUse, str] = {
    LinkUse.FIRST: N_("first admin"),
    LinkUse.INVITATION: N_("invitation"),
    LinkUse.RESET: N_("new password"),
}

# What was changed, in the log of changes. An action without words is shown by its own name.
ACTIONS: Mapping[str, str] = {
    "item.decided": N_("decided"),
    "item.undone": N_("took a decision back"),
    "item.noted": N_("wrote a note"),
    "item.marked": N_("set who may see it"),
    "feed.resumed": N_("resumed a feed"),
    "rules.applied": N_("put rules in force"),
    "rules.rolled_back": N_("went back to earlier rules"),
    "mail.retried": N_("sent a mail again"),
    "subscriber.changed": N_("changed what a subscriber gets"),
    "subscriber.paused": N_("paused a subscriber"),
    "subscriber.left": N_("left the list"),
    "person.added": N_("invited"),
    "person.role_changed": N_("changed the role"),
    "person.enabled": N_("let in again"),
    "person.disabled": N_("shut out"),
    "person.chose": N_("chose language or time zone"),
    "person.password_changed": N_("changed the password"),
    "person.link_made": N_("made a one-time link"),
    "person.link_used": N_("used a one-time link"),
    "person.session_ended": N_("logged out one browser"),
    "person.sessions_ended": N_("logged out everywhere"),
}

NOUNS: Mapping[str, str] = {
    "item": N_("items"),
    "feed": N_("feeds"),
    "rules": N_("rules"),
    "subscriber": N_("subscribers"),
    "mail": N_("mails"),
    "digest": N_("digests"),
    "person": N_("people"),
}

COMPUTED: Mapping[str, str] = {
    "title": N_("found in the title"),
    "repeat": N_("found again and again"),
    "feed": N_("weight of the feed"),
    "seed": N_("like a seed document"),
    "cap": N_("limit of 0 and 100"),
}
