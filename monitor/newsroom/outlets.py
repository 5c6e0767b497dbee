"""The sample newsroom as values: outlets, their articles, and what is expected of each.

Each article says what an attentive reader would decide about it (`relevant`, `band`, `story`,
`reprint_of`, `relays`), so that tests can hold the scorer and the story builder against it. Pure:
what stands at a moment is computed from the moment alone. `outletfiles` reads them from the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from monitor.core.values import Band

START = datetime(2026, 11, 9, tzinfo=UTC)
"""Midnight at which day 0 begins: a Monday. Everything published up to its end is backfill."""

_HOUR = r"^([01]\d|2[0-3]):[0-5]\d$"


class Relevance(StrEnum):
    """What an attentive reader would say of an article."""

    YES = "yes"  # North Korean workers abroad are its subject
    NEAR = "near"  # touches the subject or looks like it; no reader wants it in a digest
    NO = "no"  # about something else


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Happening(_Frozen):
    day: int  # counted from `START`
    hour: str = Field(pattern=_HOUR)  # UTC

    @property
    def when(self) -> datetime:
        """The moment at which it happens."""
        return moment(self.day, self.hour)


class Edit(_Happening):
    """A change that the outlet makes after publication: each old text becomes the new one."""

    replace: dict[str, str]


class Removal(_Happening):
    """The outlet takes the article down: out of the feed, and the page answers with the status."""

    status: int = Field(default=410, ge=400, le=499)


class Outage(_Happening):
    """The outlet's feed answers with the status from then up to another moment."""

    until_day: int
    until_hour: str = Field(pattern=_HOUR)
    status: int = 503


class SampleArticle(_Happening):
    """One invented article and what is expected of it."""

    slug: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    relevant: Relevance
    band: Band  # the lowest band that is right for `yes`, the highest that is for `near` and `no`
    story: str  # articles on one event share it
    section: str = ""
    author: str = ""
    lead: str = ""  # a reprint's own first paragraph
    reprint_of: str | None = None  # outlet/slug whose text it repeats
    relays: str | None = None  # outlet/slug that it cites as its source
    to: str | None = None  # a search hit: the outlet/slug that its link redirects to
    source: str = ""  # a search hit: the outlet that it names
    edit: Edit | None = None
    removed: Removal | None = None
    paywall: bool = False
    consent: bool = False  # the page is only a consent wall
    comments: tuple[str, ...] = ()  # "name: what they wrote"
    aside: tuple[str, ...] = ()  # teasers for other texts, printed beside or inside the article
    hidden: str = ""  # text in the page that no reader sees
    note: str = ""  # why it is here
    paragraphs: tuple[str, ...] = ()

    @property
    def published_at(self) -> datetime:
        """The moment of publication."""
        return self.when

    @property
    def text(self) -> str:
        """The article as plain text, paragraphs parted by blank lines, without Markdown signs."""
        return "\n\n".join(paragraph.lstrip("#> ") for paragraph in self.paragraphs)

    @property
    def abstract(self) -> str:
        """What a feed says about it: its first paragraph."""
        return self.paragraphs[0] if self.paragraphs else ""

    def edited_at(self, when: datetime) -> datetime | None:
        """Return when it was edited, if that has happened by `when`."""
        return self.edit.when if self.edit and self.edit.when <= when else None

    def at(self, when: datetime) -> SampleArticle:
        """Return the article as it reads at that moment: after its edit, if that has happened."""
        if self.edit is None or when < self.edit.when:
            return self
        changes = self.edit.replace
        return self.model_copy(
            update={
                "title": _replaced(self.title, changes),
                "paragraphs": tuple(_replaced(p, changes) for p in self.paragraphs),
            }
        )


class Outlet(_Frozen):
    """One invented outlet: how its site looks and how its feed is made."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    tagline: str
    lang: Literal["en", "ru", "ko", "ja", "zh", "zh-TW"]
    zone: str  # its local time
    format: Literal["rss", "atom", "rdf", "json"]
    template: Literal["classic", "modern", "tabloid", "bulletin", "portal"]
    colour: str = "#244"
    encoding: str = "utf-8"  # of the feed
    page_encoding: str = "utf-8"
    dates: Literal["rfc822", "iso", "naive", "russian"] = "rfc822"
    guid: Literal["permalink", "opaque", "none"] = "permalink"
    links: Literal["absolute", "relative", "tracked"] = "absolute"
    body: Literal["summary", "full"] = "summary"
    quirk: Literal["", "bare_ampersand", "leading_blank", "byte_order_mark"] = ""
    moved_from: str = ""  # an old address of the feed, which redirects for good
    always: int | None = None  # the feed's status on every day, when it never works
    outages: tuple[Outage, ...] = ()
    sections: tuple[str, ...] = ()
    sidebar: tuple[str, ...] = ()  # teasers on every page
    about: str = ""
    articles: tuple[SampleArticle, ...] = ()

    @property
    def feed_path(self) -> str:
        """Where its feed is."""
        return f"/{self.id}/feed.{'json' if self.format == 'json' else 'xml'}"

    def path_of(self, article: SampleArticle) -> str:
        """Return where an article's page is; for a search hit, what redirects to another's."""
        if article.to is not None:
            return f"/{self.id}/go/{article.slug}"
        return f"/{self.id}/{article.published_at:%Y/%m}/{article.slug}.html"

    def local(self, when: datetime) -> datetime:
        """Return a moment in the outlet's local time."""
        return when.astimezone(ZoneInfo(self.zone))

    def visible(self, when: datetime) -> tuple[SampleArticle, ...]:
        """Return what is published and not taken down at that moment, newest first."""
        standing = [
            article.at(when)
            for article in self.articles
            if article.published_at <= when
            and (article.removed is None or when < article.removed.when)
        ]
        return tuple(sorted(standing, key=lambda article: article.published_at, reverse=True))

    def feed_status(self, when: datetime) -> int:
        """Return the status with which the feed answers at that moment."""
        if self.always is not None:
            return self.always
        for outage in self.outages:
            if outage.when <= when < moment(outage.until_day, outage.until_hour):
                return outage.status
        return 200


@dataclass(frozen=True)
class SampleNewsroom:
    """All outlets, the words of their sites' furniture by language, and the page templates."""

    outlets: tuple[Outlet, ...]
    furniture: Mapping[str, Mapping[str, str]]
    templates: Mapping[str, str]

    def articles(self) -> Iterator[tuple[Outlet, SampleArticle]]:
        """Yield every article with its outlet, in the order of the files."""
        for outlet in self.outlets:
            for article in outlet.articles:
                yield outlet, article

    @cached_property
    def by_reference(self) -> Mapping[str, tuple[Outlet, SampleArticle]]:
        """Every article under its `outlet/slug`."""
        return {
            f"{outlet.id}/{article.slug}": (outlet, article) for outlet, article in self.articles()
        }


def moment(day: int, hour: str = "00:00") -> datetime:
    """Return the UTC time of an `HH:MM` on a sample day (0 is backfill; 1 and 2 are watched)."""
    hours, minutes = hour.split(":")
    return START + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def _replaced(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        text = text.replace(old, new)
    return text
