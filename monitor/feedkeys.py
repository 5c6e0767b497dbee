"""The keys of feeds.yaml: what each means, what it may hold, and what to say when it does not.

The two models are the one description of the file. `monitor.feedfile` reads with them,
feeds.schema.json and docs/reference/feeds.md are generated from them. Values arrive as the text
that was written. A check says what to write instead, with the nearest right value where there is
one; it must never repair a value by itself, and never ask the network.
"""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from functools import cache
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from lxml.etree import XPath, XPathError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from monitor.core.spans import read_span, span_text

MIN_EVERY: Final = timedelta(minutes=5)  # below this we are no polite visitor
MAX_EVERY: Final = timedelta(days=7)  # rarer than this is no watching
MAX_URL: Final = 2000  # characters; longer ones are refused by common servers and proxies
RULE_LANGUAGES: Final = frozenset({"en", "ru", "ko", "ja", "zh"})

# Codes of countries that people write where the code of the language belongs.
_LANGUAGE_SLIPS: Final = {
    "kr": "ko",
    "kp": "ko",
    "jp": "ja",
    "cn": "zh",
    "tw": "zh-Hant",
    "ua": "uk",
}
_COUNTRY_SLIPS: Final = {"UK": "GB", "KO": "KR", "JA": "JP", "EN": "GB"}
_ZONE_SLIPS: Final = {
    "MSK": "Europe/Moscow",
    "KST": "Asia/Seoul",
    "JST": "Asia/Tokyo",
    "+09:00": "Asia/Tokyo",
    "+0900": "Asia/Tokyo",
    "+03:00": "Europe/Moscow",
    "+0300": "Europe/Moscow",
    "+10:00": "Asia/Vladivostok",
    "+1000": "Asia/Vladivostok",
    "+08:00": "Asia/Shanghai",
    "+0800": "Asia/Shanghai",
}
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

# ---------------------------------------------------------------- what a value may look like


def _wrong(message: str) -> PydanticCustomError:
    # The message goes in as a value: braces in it must not be read as a template.
    return PydanticCustomError("feeds", "{message}", {"message": message})


def got(value: object) -> str:
    """Return what was written, for the end of a message; cut, because it may be a whole page."""
    text = repr(value)
    return f"(got {text if len(text) <= 80 else text[:76] + '...' + text[-1]})"


def _a_span(value: object) -> timedelta:
    if isinstance(value, timedelta):  # from `defaults`, read before
        return value
    span = read_span(str(value))
    if span is None:
        raise _wrong(f"write a number and m, h or d, such as 30m or 6h {got(value)}")
    return span


def slug(text: str) -> str:
    """Return the nearest id: lower-case letters, digits, single hyphens; perhaps empty."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64].rstrip("-")


def _a_slug(value: str) -> str:
    if _SLUG.fullmatch(value) and len(value) <= 64:
        return value
    better = slug(value)
    hint = f" (did you mean {better!r}?)" if better else ""
    raise _wrong(f"use lower-case letters, digits and hyphens, at most 64{hint}")


def _an_address(value: str) -> str:
    if value.startswith("feed:"):
        raise _wrong(f"write https:// instead of feed: {got(value)}")
    if any(character.isspace() or character < " " for character in value):
        raise _wrong("there is a space or line break in the address; write %20 for a space")
    if len(value) > MAX_URL:
        raise _wrong(f"is longer than {MAX_URL} characters")
    if "@" in value.split("://", 1)[-1].split("/", 1)[0]:
        raise _wrong("there is a user name or password in the address; feeds.yaml holds no secrets")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _wrong(f"is no address: {str(error).lower()} {got(value)}") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise _wrong(f"write a whole address that begins with https:// or http:// {got(value)}")
    return value


def _a_language(value: str) -> str:
    if better := _LANGUAGE_SLIPS.get(value.lower()):
        raise _wrong(f"{value!r} is not the code of the language meant (did you mean {better!r}?)")
    found = re.fullmatch(r"([a-z]{2,3})(-[A-Z][a-z]{3})?(-[A-Z]{2})?", value)
    if found and found.group(1) in _languages():
        return value
    better = value.lower()[:2]
    hint = f" (did you mean {better!r}?)" if better in _languages() else ""
    raise _wrong(f"write the code of a language, such as en, ru, ko, ja or zh {got(value)}{hint}")


def _a_country(value: str) -> str:
    if better := _COUNTRY_SLIPS.get(value.upper()):
        raise _wrong(f"{value!r} is no code of a country (did you mean {better!r}?)")
    if re.fullmatch(r"[A-Z]{2}", value) and value in _countries():
        return value
    if value.upper() in _countries() and len(value) == 2:
        raise _wrong(f"write it in capitals (did you mean {value.upper()!r}?)")
    raise _wrong(f"write the two-letter code of a country, such as RU or KR {got(value)}")


def _a_zone(value: str) -> str:
    if _is_zone(value):
        return value
    better = _ZONE_SLIPS.get(value.upper()) or _nearest_zone(value)
    hint = f" (did you mean {better!r}?)" if better else ""
    raise _wrong(f"write the name of a time zone, such as Asia/Seoul {got(value)}{hint}")


def _an_interval(span: timedelta) -> timedelta:
    if span < MIN_EVERY:
        raise _wrong(f"the shortest interval is {span_text(MIN_EVERY)}: we are polite guests")
    if span > MAX_EVERY:
        raise _wrong(f"the longest interval is {span_text(MAX_EVERY)}")
    return span


def _an_age(span: timedelta) -> timedelta:
    if not timedelta(days=1) <= span <= timedelta(days=3650):
        raise _wrong("write from 1d to 3650d")
    return span


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "True", "TRUE"):
        return True
    if value in ("false", "False", "FALSE"):
        return False
    likely = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower())
    raise _wrong(f"write true or false {got(value)}" + (f"; here: {likely}" if likely else ""))


def _a_weight(value: object) -> float:
    try:
        weight = float(str(value))
    except ValueError:
        raise _wrong(f"write a number such as 1.2, with a point {got(value)}") from None
    if not 0.5 <= weight <= 1.5:
        raise _wrong(f"write a number from 0.5 to 1.5 {got(value)}")
    return weight


def _one_line(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f-\x9f]", value):
        raise _wrong("must be one line without control characters")
    return value


def _a_remark(value: str) -> str:
    kept = value.strip()
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", kept):
        raise _wrong("must have no control characters")
    return kept


def _a_header(value: str) -> str:
    if not value.isascii() or re.search(r"[\x00-\x1f\x7f]", value):
        raise _wrong("use plain ASCII letters only: it is sent as an HTTP header")
    return value


def _a_pattern(value: str) -> str:
    said = re.sub(r"^https?://", "", value).replace("*", "")
    if len(said.strip("/.")) < 3:
        raise _wrong(f"would leave out nearly everything {got(value)}")
    if any(character.isspace() for character in value):
        raise _wrong("there is a space in the pattern; write %20 for a space")
    return value


def _an_xpath(value: str) -> str:
    try:
        XPath(value)
    except (XPathError, ValueError) as error:
        raise _wrong(f"is no XPath: {str(error).lower()} {got(value)}") from None
    return value


@cache
def _languages() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").languages)


@cache
def _countries() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").territories) - {"ZZ"}


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


@cache  # a wrong zone is often the same in a hundred feeds, and looking through all takes a while
def _nearest_zone(word: str) -> str | None:
    by_fold = {name.casefold(): name for name in available_timezones()}
    close = difflib.get_close_matches(word.casefold()[:60], by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def _schema(kind: str, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, **more})


Slug = Annotated[
    str,
    AfterValidator(_a_slug),
    _schema("string", pattern=f"^{_SLUG.pattern}$", maxLength=64),
]
Address = Annotated[
    str, AfterValidator(_an_address), _schema("string", pattern="^https?://", maxLength=MAX_URL)
]
Span = Annotated[timedelta, BeforeValidator(_a_span)]
Interval = Annotated[
    Span, AfterValidator(_an_interval), _schema("string", pattern=r"^\d{1,6}[mhd]$")
]
Age = Annotated[Span, AfterValidator(_an_age), _schema("string", pattern=r"^\d{1,4}d$")]
Language = Annotated[str, AfterValidator(_a_language), _schema("string", pattern="^[a-z]{2,3}")]
Country = Annotated[str, AfterValidator(_a_country), _schema("string", pattern="^[A-Z]{2}$")]
Zone = Annotated[str, AfterValidator(_a_zone), _schema("string")]
Switch = Annotated[bool, BeforeValidator(_yes_or_no), _schema("boolean")]
Weight = Annotated[float, BeforeValidator(_a_weight), _schema("number", minimum=0.5, maximum=1.5)]
Line = Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=300)]
Remark = Annotated[str, AfterValidator(_a_remark), Field(max_length=2000)]
Header = Annotated[str, AfterValidator(_a_header), Field(min_length=1, max_length=200)]
Pattern = Annotated[str, AfterValidator(_a_pattern), Field(min_length=1, max_length=300)]
Selector = Annotated[Line, AfterValidator(_an_xpath)]
Content = Literal["feed", "page"]
Extract = Literal["default", "precision"]
Tls = Literal["verified", "unverified"]
Identity = Literal["auto", "id", "link", "title"]

# ---------------------------------------------------------------- the keys


class DefaultKeys(BaseModel):
    """Values for every feed that does not say otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: Interval = Field(
        default=timedelta(hours=1),
        description="How often to ask, from 5m to 7d. Busy feeds are asked more often, quiet ones "
        "less, and a publisher's own wish is heeded.",
        examples=["1h"],
    )
    max_age: Age = Field(
        default=timedelta(days=90),
        description="Entries older than this get the fate `too_old`.",
        examples=["90d"],
    )
    default_tz: Zone = Field(
        default="UTC",
        description="Time zone of dates that name none, as an IANA name.",
        examples=["Asia/Vladivostok"],
    )
    content: Content = Field(
        default="page",
        description="Where the text comes from: `page` fetches each new article, `feed` takes what "
        "the feed carries (full-text feeds, and outlets whose pages refuse programs).",
        examples=["page"],
    )
    extract: Extract = Field(
        default="default",
        description="`precision` takes less text from a page, for outlets whose menus and teasers "
        "end up in the article.",
        examples=["default"],
    )
    user_agent: Header | None = Field(
        default=None,
        description="What we call ourselves to this outlet, instead of the setting `user_agent`.",
        examples=["Mozilla/5.0 (compatible; FeedReader)"],
    )
    via: Slug | None = Field(
        default=None,
        description="The proxy through which it is asked, its feed and its pages: NAME stands for "
        "the setting `MONITOR_VIA_NAME`. `direct` means none. Left out: what `via` at the top of "
        "the file says for its category or tags.",
        examples=["vladivostok"],
    )


class FeedKeys(DefaultKeys):
    """One feed."""

    id: Slug = Field(
        description="Our short name for it: lower-case letters, digits and hyphens. Do not change "
        "it later: the history belongs to it.",
        examples=["newsvl"],
    )
    url: Address = Field(
        description="The address of the feed itself, not of the site's front page.",
        examples=["https://www.newsvl.ru/rss/"],
    )
    title: Line | None = Field(
        default=None,
        description="The outlet as readers of a digest shall see it; without it, the host name.",
        examples=["VL.ru news (Vladivostok)"],
    )
    lang: Language | None = Field(
        default=None,
        description="Language of the entries: en, ru, ko, ja, zh or another.",
        examples=["ru"],
    )
    country: Country | None = Field(
        default=None,
        description="Two-letter code of the country that the outlet writes from; EU and UN count.",
        examples=["RU"],
    )
    category: Slug | None = Field(
        default=None, description="The group it is shown in.", examples=["far-east"]
    )
    tags: tuple[Slug, ...] = Field(
        default=(),
        description="More groups; a rule can hold for some of them only (`tags: [local]`).",
        examples=[["local", "state-media"]],
        max_length=20,
    )
    enabled: Switch = Field(
        default=True,
        description="`false` keeps the line but never asks. Its history stays.",
        examples=[False],
    )
    title_only: Switch = Field(
        default=False,
        description="For search feeds: score titles alone, as their descriptions are lists of "
        "other outlets' headlines.",
        examples=[True],
    )
    paywall: Switch = Field(
        default=False,
        description="Pages give only an opening: marked as teaser, and the feed's text preferred.",
        examples=[True],
    )
    weight: Weight = Field(
        default=1.0,
        description="Factor on the score, 0.5 to 1.5; shown as a reason.",
        examples=[1.2],
    )
    selector: Selector | None = Field(
        default=None,
        description="XPath of the part of a page that is its article, for outlets where it is not "
        "found by itself. A page without that part is read as if there were no selector.",
        examples=["//div[@class='story']"],
    )
    drop_url: tuple[Pattern, ...] = Field(
        default=(),
        description="Addresses of entries that are no articles, such as section pages; `*` stands "
        "for any characters. They get the fate `excluded`, and no pattern that is taken out later "
        "brings them back.",
        examples=[["https://www.voanews.com/z/*"]],
        max_length=20,
    )
    identity: Identity = Field(
        default="auto",
        description="What makes an entry the same as before: `id`, `link`, `title`, or `auto` (the "
        "first of them that is there).",
        examples=["link"],
    )
    expect_daily: Switch = Field(
        default=False,
        description="The outlet publishes every day: a day without entries is reported.",
        examples=[True],
    )
    key: Slug | None = Field(
        default=None,
        description="What opens a paid feed: NAME stands for the setting `MONITOR_KEY_NAME`, which "
        "holds the secret. It is sent to this feed's own address and pages beside it, over https.",
        examples=["nknews"],
    )
    tls: Tls = Field(
        default="verified",
        description="`unverified` believes whoever answers under this feed's host, for an outlet "
        "whose certificate is broken for good. Every item is marked, and the operator is told.",
        examples=["unverified"],
    )
    evidence: Remark = Field(
        default="",
        description="How we know that this address is a feed.",
        examples=["two public lists; answered in a test of March 2026"],
    )
    note: Remark = Field(default="", description="Anything worth knowing.", examples=["slow host"])


class FileKeys(BaseModel):
    """The feeds that are watched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal["1"] = Field(
        default="1",
        description="Version of this format.",
        json_schema_extra={"enum": [1], "const": 1},
    )
    defaults: DefaultKeys = Field(
        default=DefaultKeys(), description="Values for every feed that does not say otherwise."
    )
    via: dict[Slug, Slug] = Field(
        default={},
        description="Proxies for groups of feeds: a category or a tag, and the proxy's name (see "
        "the key `via` of a feed). Its own `via` counts more, its category more than its tags.",
        examples=[{"far-east": "vladivostok"}],
    )
    feeds: list[FeedKeys] = Field(description="The feeds, in any order.")


# The order in which a person reads a feed, and in which we write one.
KEY_ORDER: Final = (
    "id",
    "url",
    "title",
    "lang",
    "country",
    "category",
    "tags",
    "enabled",
    "every",
    "default_tz",
    "content",
    "title_only",
    "paywall",
    "weight",
    "extract",
    "selector",
    "drop_url",
    "identity",
    "expect_daily",
    "max_age",
    "user_agent",
    "via",
    "key",
    "tls",
    "evidence",
    "note",
)
