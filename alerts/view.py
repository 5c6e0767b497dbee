"""What a mail's templates print: every text final, safe to show and in the reader's language. Pure.

Templates only place these; they compute nothing. All of other people's words pass through
`wording.printable` and through `redact` here, and nowhere else, so that no template can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from gettext import NullTranslations
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton

from alerts.links import reader_link
from alerts.sender import Sender
from alerts.tokens import Purpose
from alerts.wording import printable, printable_url
from monitor.catalogues import N_, translations
from monitor.catalogues.words import TEXT_STATES
from monitor.core.digests import topic_title
from monitor.core.quotes import Piece, quote, reasons
from monitor.core.telling import Digest, Section, Story, Subscriber
from monitor.core.tlp import Tlp
from monitor.core.values import Band, DateSource, Item, TextState

TITLE_LENGTH = 240
_ALSO_NAMED = 6
_GLOSSED = 5  # labels in the gloss of a title
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

Redact = Callable[[str], str]

# The headings of the shipped rule files, so that catalogues can translate them. An operator's own
# heading is shown as it stands.
SHIPPED_HEADINGS = (
    N_("Russia"),
    N_("Other countries"),
    N_("IT workers"),
    N_("Visas"),
    N_("Coercion and escape"),
    N_("Sanctions"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One story, ready to print."""

    number: int
    lang: str  # for the lang attribute; "und" when unknown
    script: str  # class of the fonts: ko, ja, zh, or empty
    title: str
    gloss: str  # English labels of what the title says, when it is not in the reader's language
    source: str
    country: str
    language: str
    published: str  # local time of the reader; empty when the source gave none
    first_seen: str
    quote: tuple[Piece, ...]
    why: str
    score: int
    band: Band
    also: tuple[str, ...]
    also_more: int
    note: str  # a caution about the text behind the score
    is_late: bool
    url: str | None
    queue_url: str | None
    verdict_url: str | None  # where an analyst says what it is worth
    short_by: int = 0  # of a near miss: points it lacked
    lacking: str = ""  # of a near miss with points enough: the required rules it did not meet
    tlp: str = ""  # its mark, empty for CLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """One topic, ready to print."""

    title: str
    count: int
    full: tuple[StoryView, ...]
    headlines: tuple[StoryView, ...]
    top_source: str

    @property
    def stories(self) -> tuple[StoryView, ...]:
        """Return all stories of the section."""
        return self.full + self.headlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The reader's language and clock, and what must not be shown to them."""

    catalogue: NullTranslations
    locale: Locale
    zone: ZoneInfo
    sender: Sender
    redact: Redact
    subscriber: Subscriber
    made_at: datetime | None = None  # of the mail; None: what is shown is no mail

    def verdict_url(self, item: Item) -> str | None:
        """Return where an analyst judges an item; None for other readers, who decide nothing.

        A verdict takes an item out of everybody's digests, so a link that gives one goes only to
        those who were asked to judge.
        """
        if self.made_at is None or not self.subscriber.near_misses:
            return None
        return reader_link(
            self.sender,
            Purpose.VERDICT,
            subscriber=self.subscriber,
            made_at=self.made_at,
            item_key=item.key,
        )

    def gettext(self, message: str) -> str:
        """Return one of our own texts in the reader's language."""
        return self.catalogue.gettext(message)

    def ngettext(self, one: str, many: str, num: int, **given: object) -> str:
        """Return one of our own texts with a number in it, `%(num)d`, in the reader's language."""
        return self.catalogue.ngettext(one, many, num) % ({"num": num} | given)

    def moment(self, at: datetime) -> str:
        """Return a time on the reader's clock, such as "24 Nov, 18:05"."""
        local = at.astimezone(self.zone)
        return f"{format_skeleton('MMMd', local, locale=self.locale)}, {local:%H:%M}"

    def day(self, at: datetime) -> str:
        """Return a day on the reader's calendar, such as "Tue 24 Nov"."""
        return str(format_skeleton("MMMEd", at.astimezone(self.zone), locale=self.locale))

    def theirs(self, text: str, limit: int | None = None) -> str:
        """Return other people's words, safe to show."""
        # First what hides a word goes, then the word, then what is too long.
        return printable(self.redact(printable(text)), limit).strip()

    def pieces(self, given: Iterable[Piece], limit: int) -> tuple[Piece, ...]:
        """Return a passage in pieces, safe to show, at most `limit` characters long.

        A passage in which something must be withheld is shown without its marks: what is redacted
        may lie across two pieces.
        """
        given = tuple(given)
        whole = "".join(printable(piece.text) for piece in given)
        if self.redact(whole) != whole:
            return (Piece(text=self.theirs(whole, limit)),)
        shown: list[Piece] = []
        left = limit
        for piece in given:
            text = printable(piece.text, max(left, 1))
            shown.append(
                Piece(text=text, is_match=piece.is_match, gloss=self.theirs(piece.gloss, 80))
            )
            left -= len(text)
            if left <= 0:
                break
        return tuple(piece for piece in shown if piece.text)


def reader(
    subscriber: Subscriber, sender: Sender, redact: Redact, *, made_at: datetime | None = None
) -> Reader:
    """Return how a subscriber reads."""
    return Reader(
        catalogue=translations(subscriber.language),
        # Plain "en" would write dates the American way, which readers elsewhere misread.
        locale=Locale.parse("en_GB" if subscriber.language == "en" else subscriber.language),
        zone=ZoneInfo(subscriber.schedule.zone),
        sender=sender,
        redact=redact,
        subscriber=subscriber,
        made_at=made_at,
    )


def sections_view(digest: Digest, who: Reader) -> tuple[SectionView, ...]:
    """Return the sections of a digest; stories are numbered through the whole mail."""
    number = 1
    views = []
    for section in digest.sections:
        full = tuple(
            story_view(story, who, number=n) for n, story in enumerate(section.full, number)
        )
        number += len(full)
        short = tuple(
            story_view(story, who, number=n) for n, story in enumerate(section.headlines, number)
        )
        number += len(short)
        views.append(_section_view(section, full, short, who))
    return tuple(views)


def _section_view(
    section: Section, full: tuple[StoryView, ...], short: tuple[StoryView, ...], who: Reader
) -> SectionView:
    return SectionView(
        title=who.theirs(who.gettext(topic_title(section.topic)), 80),
        count=len(full) + len(short),
        full=full,
        headlines=short,
        top_source=(full + short)[0].source,
    )


def near_miss_view(item: Item, who: Reader, *, number: int) -> StoryView:
    """Return an item that just missed the line."""
    return story_view(Story(item=item), who, number=number)


def story_view(story: Story, who: Reader, *, number: int) -> StoryView:
    """Return one story."""
    item = story.item
    tag = _tag(item)
    lang = tag.split("-")[0].lower()
    also = _also(story, who)
    base = who.sender.public_url
    near = item.score.near_miss
    return StoryView(
        number=number,
        lang=tag,
        script=lang if lang in ("ko", "ja", "zh") else "",
        title=who.theirs(item.title, TITLE_LENGTH) or who.gettext("(no title)"),
        gloss=_title_gloss(item, who),
        source=who.theirs(item.outlet or item.feed_id, 60),
        country=_country(item, who),
        language=str(who.locale.languages.get(lang, "")),
        published=_published(item, who),
        first_seen=who.moment(item.first_seen_at),
        quote=who.pieces(quote(_without_withheld(item, who)), 400),
        why=who.theirs(" · ".join(reasons(item)), 200),
        score=item.score.score,
        band=item.score.decision,
        also=also[:_ALSO_NAMED],
        also_more=max(len(also) - _ALSO_NAMED, 0),
        note=_note(item, who),
        is_late=story.is_late,
        url=_shown_url(item.url, who),
        queue_url=f"{base}/items/{item.key}" if base else None,
        verdict_url=who.verdict_url(item),
        short_by=near.short_by if near else 0,
        lacking=who.theirs(", ".join(near.missing), 120) if near and not near.short_by else "",
        tlp=tlp_shown(item.tlp),
    )


def tlp_shown(mark: Tlp) -> str:
    """Return a mark as it is shown; nothing where anybody may know."""
    return "" if mark is Tlp.CLEAR else mark.label


def _without_withheld(item: Item, who: Reader) -> Item:
    """Return the item with the text that may be quoted.

    Before a sentence is chosen and cut: half a name would betray as much as the whole one. Offsets
    then fit no more; words that matched are found again by their letters.
    """
    text = who.redact(item.text)
    if text == item.text:
        return item
    matches = tuple(
        replace(match, field="title") if match.field == "text" else match
        for match in item.score.matches
    )
    return replace(item, text=text, score=replace(item.score, matches=matches))


def _tag(item: Item) -> str:
    """Return the language as an attribute holds it; "und" for none, or for what is no language."""
    tag = item.lang or item.score.lang or ""
    return tag if _LANGUAGE_TAG.fullmatch(tag) else "und"


def _also(story: Story, who: Reader) -> tuple[str, ...]:
    """Return the names of the other sources, each once, without the story's own."""
    names = [name for item in (story.item, *story.also) for name in (item.outlet, *item.also_in)]
    own = who.theirs(story.item.outlet or story.item.feed_id, 60)
    shown = dict.fromkeys(who.theirs(name, 60) for name in names)
    return tuple(name for name in shown if name and name != own)


def _title_gloss(item: Item, who: Reader) -> str:
    """Return what the title says, in the labels of its matches; empty for an English title."""
    if _tag(item).startswith("en"):
        return ""
    labels = dict.fromkeys(
        match.label
        for match in item.score.matches
        if match.field == "title" and match.label and match.start is not None
    )
    return who.theirs(", ".join(list(labels)[:_GLOSSED]), 160)


def _country(item: Item, who: Reader) -> str:
    code = (item.country or "").upper()
    return str(who.locale.territories.get(code) or who.theirs(code, 20))


def _published(item: Item, who: Reader) -> str:
    if item.published_at is None or item.date_source in (DateSource.SUSPECT, DateSource.NONE):
        return ""
    return who.moment(item.published_at)


def _shown_url(url: str, who: Reader) -> str | None:
    """Return the link to the original; None when it cannot be shown without what is withheld."""
    shown = printable_url(url)
    if shown is None:
        return None
    plain = printable(unquote(shown))
    return shown if who.redact(plain) == plain else None


def _note(item: Item, who: Reader) -> str:
    """Return a caution for texts that are less than the whole article."""
    if item.text_state in (TextState.FULL, TextState.FEED):
        return ""
    return who.gettext(TEXT_STATES[item.text_state])
