"""Renders what the sample newsroom's outlets show at one moment: feeds, pages, robots.txt, sitemap.

Pure: the same moment and address give the same bytes, so that validators (ETag, Last-Modified) mean
what they mean on a real server. Every page says that its article is invented.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from monitor.newsroom.outlets import START, Outlet, Removal, SampleArticle, SampleNewsroom

_RUSSIAN_DAYS = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс")
_RUSSIAN_MONTHS = (
    *("янв", "фев", "мар", "апр", "май", "июн"),
    *("июл", "авг", "сен", "окт", "ноя", "дек"),
)
_FEED_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
}
# What browsers and real sites mean by these names (WHATWG Encoding Standard). Python's own euc_kr
# writes syllables outside KS X 1001 as eight bytes of single letters, which no reader joins again.
CODECS = {"euc-kr": "cp949", "shift_jis": "cp932"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of the newsroom's server."""

    body: bytes
    content_type: str
    changed_at: datetime  # when this path last changed
    status: int = 200
    headers: Mapping[str, str] | None = None

    @property
    def etag(self) -> str:
        """A strong validator of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


def site_at(when: datetime, *, newsroom: SampleNewsroom, base: str) -> dict[str, Page]:
    """Return every path that answers at that moment.

    `base` is the server's address, without a slash at its end.
    """
    studio = _Studio(newsroom=newsroom, base=base, when=when)
    pages = {
        "/": studio.start_page(),
        "/robots.txt": _plain(f"User-agent: *\nDisallow: /private/\nSitemap: {base}/sitemap.xml\n"),
    }
    for outlet in newsroom.outlets:
        pages[outlet.feed_path] = studio.feed(outlet)
        pages[f"/{outlet.id}/"] = studio.front(outlet)
        if outlet.moved_from:
            pages[outlet.moved_from] = _redirect(301, base + outlet.feed_path)
        for article in outlet.visible(when):
            pages[outlet.path_of(article)] = studio.page(outlet, article)
        for article in outlet.articles:
            if article.removed is not None and article.removed.when <= when:
                pages[outlet.path_of(article)] = studio.farewell(outlet, article.removed)
    pages["/sitemap.xml"] = studio.sitemap(pages)
    return pages


def _plain(text: str) -> Page:
    return Page(body=text.encode(), content_type="text/plain; charset=utf-8", changed_at=START)


def _redirect(status: int, url: str) -> Page:
    return Page(
        body=b"",
        content_type="text/html; charset=utf-8",
        changed_at=START,
        status=status,
        headers={"Location": url},
    )


@cache
def _compiled(templates: tuple[tuple[str, str], ...]) -> Environment:
    """Compile the templates once: that takes longer than rendering the whole site."""
    return Environment(
        loader=DictLoader(dict(templates)),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


class _Studio:
    """Renders for one moment and one address."""

    def __init__(self, *, newsroom: SampleNewsroom, base: str, when: datetime) -> None:
        self.newsroom = newsroom
        self.base = base
        self.when = when
        self.templates = _compiled(tuple(newsroom.templates.items()))

    # ------------------------------------------------------------ feeds

    def feed(self, outlet: Outlet) -> Page:
        """The outlet's feed, or the error that it answers with just now."""
        status = outlet.feed_status(self.when)
        if status != 200:
            return Page(
                body=f"<html><body><h1>{status}</h1></body></html>".encode(),
                content_type="text/html; charset=utf-8",
                changed_at=START,
                status=status,
                headers={"Retry-After": "3600"} if status in (429, 503) else None,
            )
        shown = outlet.visible(self.when)
        changed = _feed_changed(outlet, self.when)
        if outlet.format == "json":
            text = self._json_feed(outlet, shown)
        else:
            text = self._render(
                f"{outlet.format}.xml",
                outlet=outlet,
                entries=[self._entry(outlet, article) for article in shown],
                changed=changed,
                feed_url=self.base + outlet.feed_path,
                note=self._words(outlet)["sample"],
            )
        return Page(
            body=_quirked(text, outlet),
            content_type=f"{_FEED_TYPES[outlet.format]}; charset={outlet.encoding}",
            changed_at=changed,
        )

    def _entry(self, outlet: Outlet, article: SampleArticle) -> dict[str, Any]:
        url = self.base + outlet.path_of(article)
        link = self._feed_link(outlet, article)
        summary = article.abstract
        if article.source:
            summary = f'<a href="{link}">{escape(article.title)}</a> {escape(article.source)}'
        return {
            "article": article,
            "title": f"{article.title} - {article.source}" if article.source else article.title,
            "link": link,
            "guid": url if outlet.guid == "permalink" else f"{outlet.id}-{article.slug}",
            "summary": summary,
            "full": _html_of(article) if outlet.body == "full" else "",
            "date": _date_text(outlet, article.published_at),
            "published": outlet.local(article.published_at),
            "updated": outlet.local(_touched(article, self.when)),
        }

    def _feed_link(self, outlet: Outlet, article: SampleArticle) -> str:
        path = outlet.path_of(article)
        if outlet.links == "relative":
            return path
        tail = "?utm_source=rss&utm_medium=feed" if outlet.links == "tracked" else ""
        return self.base + path + tail

    def _json_feed(self, outlet: Outlet, shown: tuple[SampleArticle, ...]) -> str:
        items = []
        for article in shown:
            entry = self._entry(outlet, article)
            item = {
                "id": entry["guid"],
                "url": entry["link"],
                "title": entry["title"],
                "summary": entry["summary"],
                "date_published": entry["published"].isoformat(),
                "date_modified": entry["updated"].isoformat(),
                "authors": [{"name": article.author}] if article.author else [],
                "tags": [article.section] if article.section else [],
            }
            if entry["full"]:
                item["content_html"] = str(entry["full"])
            items.append(item)
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": outlet.title,
            "home_page_url": f"{self.base}/{outlet.id}/",
            "feed_url": self.base + outlet.feed_path,
            "description": f"{outlet.tagline} {self._words(outlet)['sample']}",
            "language": outlet.lang,
            "items": items,
        }
        return json.dumps(feed, ensure_ascii=False, indent=1)

    # ------------------------------------------------------------ pages

    def page(self, outlet: Outlet, article: SampleArticle) -> Page:
        """An article's page in the outlet's dress; for a search hit, a redirect to another's."""
        if article.to is not None:
            other, target = self.newsroom.by_reference[article.to]
            return _redirect(302, self.base + other.path_of(target))
        kind = "consent" if article.consent else outlet.template
        edited = article.edited_at(self.when)
        shown = article.paragraphs[:1] if article.paywall else article.paragraphs
        text = self._render(
            f"{kind}.html",
            **self._frame(outlet, article.title),
            article=article,
            url=self.base + outlet.path_of(article),
            body=_html_of(article.model_copy(update={"paragraphs": shown})),
            published=outlet.local(article.published_at),
            updated=outlet.local(edited) if edited else None,
            comments=[comment.partition(": ")[::2] for comment in article.comments],
            related=[
                (other.title, outlet.path_of(other))
                for other in outlet.visible(self.when)
                if other.slug != article.slug
            ][:6],
        )
        return self._html(text, outlet, changed_at=_touched(article, self.when))

    def front(self, outlet: Outlet) -> Page:
        """The outlet's front page: what stands at the moment, newest first."""
        text = self._render(
            "front.html",
            **self._frame(outlet, outlet.title),
            pieces=[
                (article, outlet.path_of(article), outlet.local(article.published_at))
                for article in outlet.visible(self.when)
            ],
        )
        return self._html(text, outlet, changed_at=_feed_changed(outlet, self.when))

    def farewell(self, outlet: Outlet, removal: Removal) -> Page:
        """What stands where an article was taken down."""
        text = self._render("gone.html", **self._frame(outlet, self._words(outlet)["gone"]))
        return self._html(text, outlet, changed_at=removal.when, status=removal.status)

    def start_page(self) -> Page:
        """The list of outlets, for people who look at the newsroom itself."""
        text = self._render("start.html", outlets=self.newsroom.outlets, when=self.when)
        return Page(
            body=text.encode(), content_type="text/html; charset=utf-8", changed_at=self.when
        )

    def sitemap(self, pages: Mapping[str, Page]) -> Page:
        """The addresses of all article pages that stand."""
        listed = [
            (self.base + path, page.changed_at)
            for path, page in pages.items()
            if path.endswith(".html") and page.status == 200
        ]
        text = self._render("sitemap.xml", listed=listed)
        changed = max((when for _, when in listed), default=START)
        return Page(body=text.encode(), content_type="application/xml", changed_at=changed)

    def _frame(self, outlet: Outlet, title: str) -> dict[str, Any]:
        return {
            "outlet": outlet,
            "title": title,
            "base": self.base,
            "words": self._words(outlet),
            "feed_url": self.base + outlet.feed_path,
            "feed_type": _FEED_TYPES[outlet.format],
        }

    def _words(self, outlet: Outlet) -> Mapping[str, str]:
        return self.newsroom.furniture[outlet.lang]

    def _render(self, template: str, **values: Any) -> str:
        return self.templates.get_template(template).render(**values)

    def _html(self, text: str, outlet: Outlet, *, changed_at: datetime, status: int = 200) -> Page:
        return Page(
            body=_encoded(text, outlet.page_encoding),
            content_type=f"text/html; charset={outlet.page_encoding}",
            changed_at=changed_at,
            status=status,
        )


def _touched(article: SampleArticle, when: datetime) -> datetime:
    """When the article last changed, seen from that moment."""
    return article.edited_at(when) or article.published_at


def _feed_changed(outlet: Outlet, when: datetime) -> datetime:
    """When the outlet's feed last changed: something came, was edited or was taken down."""
    removals = [a.removed.when for a in outlet.articles if a.removed and a.removed.when <= when]
    touches = [_touched(a, when) for a in outlet.visible(when)]
    return max([*removals, *touches], default=START)


def _html_of(article: SampleArticle) -> Markup:
    """The article's text as HTML: `## ` is a heading, `> ` a quotation, all else a paragraph."""
    lines = []
    for paragraph in article.paragraphs:
        if paragraph.startswith("## "):
            lines.append(Markup("<h2>{}</h2>").format(paragraph[3:]))
        elif paragraph.startswith("> "):
            lines.append(Markup("<blockquote><p>{}</p></blockquote>").format(paragraph[2:]))
        else:
            lines.append(Markup("<p>{}</p>").format(paragraph))
    return Markup("\n").join(lines)


def _date_text(outlet: Outlet, when: datetime) -> str:
    """The date as the outlet's feed writes it."""
    local = outlet.local(when)
    match outlet.dates:
        case "rfc822":
            return format_datetime(local)
        case "iso":
            return local.isoformat()
        case "naive":
            return f"{local:%Y-%m-%d %H:%M:%S}"
        case "russian":
            day, month = _RUSSIAN_DAYS[local.weekday()], _RUSSIAN_MONTHS[local.month - 1]
            return f"{day}, {local:%d} {month} {local:%Y %H:%M:%S %z}"


def _quirked(text: str, outlet: Outlet) -> bytes:
    """Encode the feed, with the slip that this outlet's system makes."""
    if outlet.quirk == "bare_ampersand":
        text = text.replace("&amp;", "&")
    elif outlet.quirk == "leading_blank":
        text = "\n" + text
    body = _encoded(text, outlet.encoding)
    return b"\xef\xbb\xbf" + body if outlet.quirk == "byte_order_mark" else body


def _encoded(text: str, encoding: str) -> bytes:
    return text.encode(CODECS.get(encoding, encoding), "xmlcharrefreplace")
