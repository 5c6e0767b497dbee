"""When something was published, read from what feeds and addresses say. Never a guess.

A wrong date is worse than none: it buries an entry under old ones or keeps it out of a window.
So a text is accepted only if every character of it is understood: numbers in an order that has
one meaning, month and weekday names of our languages, a time, a zone. The usual libraries fall
back to the first of the month, to the reader's locale or to UTC; that is why none is used.
Times without a zone are in the feed's own `default_tz`. The present moment is an argument.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from monitor.core.values import DateSource

EARLIEST_YEAR = 1995  # the web's first news; what claims to be older is a default value
FUTURE_ALLOWED = timedelta(days=1)  # clocks and zones are wrong by hours, not by days
RAW_LIMIT = 100  # code points of a raw date that are kept
_LONGEST = 120  # longer texts are no dates


class Dated(NamedTuple):
    """A date as read: `at` is aware UTC or None, `raw` what was written, cut to 100."""

    at: datetime | None
    source: DateSource
    raw: str


NO_DATE = Dated(None, DateSource.NONE, "")


def read_date(
    raw: str | None,
    *,
    now: datetime,
    default_tz: tzinfo = UTC,
    source: DateSource = DateSource.FEED,
) -> Dated:
    """Read one date of a feed or a page.

    `source` is what to call it when it is good; SUSPECT when it is more than a day in the future
    or before 1995 (then `at` is None); NONE when it has no single meaning.
    """
    text = (raw or "").strip()
    if not text:
        return NO_DATE
    kept = text[:RAW_LIMIT]
    if len(text) > _LONGEST:
        return Dated(None, DateSource.NONE, kept)
    at = moment(text, now=now, default_tz=default_tz)
    if at is None:
        return Dated(None, DateSource.NONE, kept)
    if at > now + FUTURE_ALLOWED or at.year < EARLIEST_YEAR:
        return Dated(None, DateSource.SUSPECT, kept)
    return Dated(at, source, kept)


# ---------------------------------------------------------------- names

_MONTH_NAMES: dict[str, int] = {}
for _names in (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "january february march april may june july august september october november december",
    "_ _ _ _ _ _ _ _ sept _ _ _",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "_ февр _ _ _ _ _ _ сент _ нояб _",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "січ лют бер квіт трав черв лип серп вер жовт лист груд",
):
    _MONTH_NAMES.update(
        {name: number for number, name in enumerate(_names.split(), 1) if name != "_"}
    )

_WEEKDAYS = re.compile(
    r"(?<!\w)(?:mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?|пн|вт|ср|чт|пт|сб|вс|нд|понедельник|вторник|среда|четверг|пятница"
    r"|суббота|воскресенье|[월화수목금토일](?:요일)?|[月火水木金土日](?:曜日?)?|(?:星期|周|週|礼拜)[一二三四五六日天])"
    r"(?!\w)[.,]?"
)
# Words that may stand around without changing anything.
_FILLERS = re.compile(r"(?<!\w)(?:г(?:ода)?|год|в|at|on|of|the)(?!\w)\.?|(?<=\d)(?:st|nd|rd|th)\b")

# Abbreviated zones, in minutes east of Greenwich. Only those that news feeds use.
_ZONES = {
    name: round(hours * 60)
    for names, hours in (
        ("z ut utc gmt wet", 0),
        ("bst cet met west", 1),
        ("cest eet sast", 2),
        ("msk мск eest fet trt", 3),
        ("msd samt gst", 4),
        ("yekt pkt uzt", 5),
        ("ist", 5.5),
        ("omst novst bdt", 6),
        ("novt krat ict wib", 7),
        ("irkt hkt sgt awst pht myt", 8),
        ("yakt kst jst", 9),
        ("vlat vlast aest", 10),
        ("sakt magt srett aedt", 11),
        ("pett anat nzst", 12),
        ("nzdt", 13),
        ("est cdt", -5),
        ("edt ast", -4),
        ("cst mdt", -6),
        ("mst pdt", -7),
        ("pst akdt", -8),
    )
    for name in names.split()
}
_CHINA_STANDARD = 8 * 60  # what CST means in a feed whose own zone is UTC+8

# ---------------------------------------------------------------- shapes

# The two shapes of nine feeds in ten, read at once.
_RFC_822 = re.compile(
    r"(?:[a-z]{3,9}\.?,?\s*)?(\d{1,2})\s+([a-z]{3,9})\.?,?\s+(\d{4}|\d\d)\s+"
    r"(\d{1,2}):(\d\d)(?::(\d\d))?\s*([+-]\d{4}|gmt|utc?|z)"
)
_ISO = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)[t ]\s?(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(z|[+-]\d\d:?\d\d)"
)

_TIME = re.compile(
    r"(?P<before>오전|오후|午前|午後|上午|下午|凌晨|早上|晚上|am|pm)?\s*(?<![\d.:+])(?:t\s*)?"
    r"(?P<hour>\d{1,2})\s*(?:[:：]|시|時|时|点|點)\s*"
    r"(?:(?P<minute>\d{1,2})\s*(?:分|분)?(?:\s*[:：]?\s*(?P<second>\d{1,2})(?:[.,]\d{1,9})?\s*(?:秒|초)?)?)?"
    r"(?![\d:])\s*(?P<after>[ap]\.?\s?m\b\.?)?"
)
_ZONE = re.compile(
    r"\s*(?:(?P<name>utc|gmt|z)?\s*(?P<sign>[+-])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?"
    r"|(?P<alone>[a-zа-я]{1,5}))(?![\w:])"
)
_BRACKETED = re.compile(r"\(([^()]{0,30})\)|\[([^\[\]]{0,30})\]")
_YEAR, _TWO = r"(?P<y>\d{4})", r"(\d{1,2})"
_MONTH_WORD = r"(?P<mon>[^\W\d_]{3,9})\.?"
_NUMERAL_MONTH = r"(?P<m>\d{1,2})\s*[월月]"
_DAY_MONTH_YEAR = re.compile(rf"(?P<d>\d{{1,2}})[\s.,-]*{_MONTH_WORD}[\s,-]*(?P<y>\d{{4}}|\d\d)")
_MONTH_DAY_YEAR = re.compile(rf"{_MONTH_WORD}[\s.]*(?P<d>\d{{1,2}})[\s,]+{_YEAR}")
_YEAR_MONTH_DAY_NAMED = re.compile(rf"{_YEAR}[\s,-]*{_MONTH_WORD}[\s,-]*(?P<d>\d{{1,2}})")
_DAY_NUMERAL_MONTH_YEAR = re.compile(rf"(?P<d>\d{{1,2}})\s+{_NUMERAL_MONTH}\s*{_YEAR}")
_EAST_ASIAN = re.compile(
    r"(?P<y>\d{4})\s*[년年]\s*(?P<m>\d{1,2})\s*[월月]\s*(?P<d>\d{1,2})\s*[일日号號]?"
)
_YEAR_FIRST = re.compile(
    r"(?P<y>\d{4})\s*(?P<sep>[-/.])\s*(?P<m>\d{1,2})\s*(?P=sep)\s*(?P<d>\d{1,2})\.?"
)
_DAY_FIRST = re.compile(r"(?P<d>\d{1,2})(?P<sep>[-.])\s?(?P<m>\d{1,2})(?P=sep)\s?(?P<y>\d{4})")
_SPACED = re.compile(r"(?P<d>\d{1,2}) (?P<m>\d{1,2}) (?P<y>\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SHORT = re.compile(r"(\d\d)([-./])(\d\d)\2(\d\d)\.?")
_NAMED_SHAPES = (
    _EAST_ASIAN,
    _YEAR_FIRST,
    _DAY_FIRST,
    _DAY_MONTH_YEAR,
    _MONTH_DAY_YEAR,
    _YEAR_MONTH_DAY_NAMED,
    _DAY_NUMERAL_MONTH_YEAR,
    _SPACED,
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[t ]?(\d\d)(\d\d)(\d\d)?)?(z|[+-]\d\d:?\d\d)?")
_EPOCH = re.compile(r"(\d{10})(?:\.\d+)?|(\d{13})")


def moment(text: str, *, now: datetime, default_tz: tzinfo = UTC) -> datetime | None:
    """Return the moment that `text` names, in UTC, however absurd; None if it names none.

    A date without a time means midnight in the zone that applies. `now` decides the century of
    two-digit years and which of two readings of `26-10-02` is meant.
    """
    text = " ".join(unicodedata.normalize("NFKC", text[: _LONGEST + 1]).lower().split())
    found = _RFC_822.fullmatch(text)
    if found and (month := _MONTH_NAMES.get(found[2])):
        year = _full_year(found[3], now)
        parts = (year, month, int(found[1]))
        return _in_utc(parts, _clock(found[4], found[5], found[6]), _offset(found[7]))
    found = _ISO.fullmatch(text)
    if found:
        parts = (int(found[1]), int(found[2]), int(found[3]))
        return _in_utc(parts, _clock(found[4], found[5], found[6]), _offset(found[7]))
    return _numeric(text, default_tz) or _worded(text, now, default_tz)


def _numeric(text: str, default_tz: tzinfo) -> datetime | None:
    """Read `1790000000`, `1790000000000`, `20261125` and `20261125T140000Z`."""
    found = _EPOCH.fullmatch(text)
    if found:
        seconds = int(found[1]) if found[1] else int(found[2]) // 1000
        return datetime.fromtimestamp(seconds, UTC)
    found = _COMPACT.fullmatch(text)
    if found is None:
        return None
    clock = _clock(found[4], found[5], found[6]) if found[4] else (0, 0, 0)
    zone = _offset(found[7]) if found[7] else default_tz
    return _in_utc((int(found[1]), int(found[2]), int(found[3])), clock, zone)


def _worded(text: str, now: datetime, default_tz: tzinfo) -> datetime | None:
    """Read everything else: take time and zone out, then what is left must be one date."""
    zone: tzinfo | None = default_tz
    text = _BRACKETED.sub(_unbracketed, text)
    clock: tuple[int, int, int] | None = (0, 0, 0)
    timed = _TIME.search(text)
    if timed:
        clock = _clock(timed["hour"], timed["minute"], timed["second"])
        clock = _in_half(clock, (timed["before"] or "") + (timed["after"] or ""))
        zone, end = _zone_at(text, timed.end(), default_tz)
        text = text[: timed.start()] + " " + text[end:]
    else:
        dated = re.fullmatch(r"(\d{4}-\d\d?-\d\d?)(z|[+-]\d\d:\d\d)", text)
        if dated:
            text, zone = dated[1], _offset(dated[2])
    text = _FILLERS.sub(" ", _WEEKDAYS.sub(" ", text))
    parts = _calendar_day(" ".join(text.split()).strip(" ,;|·-t"), now)
    return _in_utc(parts, clock, zone) if parts and clock else None


def _unbracketed(found: re.Match[str]) -> str:
    """Keep `(KST)` as a zone; drop weekdays and other remarks in brackets."""
    inside = (found[1] or found[2] or "").strip()
    return f" {inside}" if inside in _ZONES else " "


def _zone_at(text: str, start: int, default_tz: tzinfo) -> tuple[tzinfo | None, int]:
    """Return the zone that begins at `start` and where it ends; the default zone if none does."""
    zone: tzinfo | None = default_tz
    is_given = False
    while found := _ZONE.match(text, start):
        name = found["alone"]
        if name is None:
            offset = _offset(found["sign"] + found["hours"].zfill(2) + (found["minutes"] or "00"))
            zone, is_given = (zone if is_given else offset), True
        elif name in _ZONES and name not in _MONTH_NAMES:
            minutes = _ZONES[name]
            default_offset = datetime(2026, 1, 1, tzinfo=default_tz).utcoffset()
            if name == "cst" and default_offset == timedelta(minutes=_CHINA_STANDARD):
                minutes = _CHINA_STANDARD
            # "+0900 (KST)" names one zone twice; the number is the one to trust.
            zone, is_given = (zone if is_given else timezone(timedelta(minutes=minutes))), True
        else:
            break
        start = found.end()
    return zone, start


def _calendar_day(text: str, now: datetime) -> tuple[int, int, int] | None:
    """Return (year, month, day) if `text` is a date with one meaning."""
    for shape in _NAMED_SHAPES:
        found = shape.fullmatch(text)
        if found:
            groups = found.groupdict()
            month = int(groups["m"]) if groups.get("m") else _MONTH_NAMES.get(groups["mon"] or "")
            return (_full_year(groups["y"], now), month, int(groups["d"])) if month else None
    found = _SLASHED.fullmatch(text)
    if found:
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        if first > 12 or first == second:
            return year, second, first
        return (year, first, second) if second > 12 else None  # 03/04/2026 has two meanings
    found = _SHORT.fullmatch(text)
    return _short_day(found, now) if found else None


def _short_day(found: re.Match[str], now: datetime) -> tuple[int, int, int] | None:
    """Read `26-10-02`: year first or day first, whichever alone lies within the last two years."""
    first, middle, last = int(found[1]), int(found[3]), int(found[4])
    readings = [(2000 + first, middle, last), (2000 + last, middle, first)]
    good = []
    for year, month, day in readings:
        at = _in_utc((year, month, day), (0, 0, 0), UTC)
        if at and now - timedelta(days=730) < at <= now + FUTURE_ALLOWED:
            good.append((year, month, day))
    return good[0] if len(set(good)) == 1 else None


def _full_year(text: str, now: datetime) -> int:
    """Give a two-digit year its century: the one that puts it at most a year ahead of now."""
    year = int(text)
    if len(text) > 2:
        return year
    century = now.year - now.year % 100
    return century + year if century + year <= now.year + 1 else century - 100 + year


def _clock(hour: str, minute: str | None, second: str | None) -> tuple[int, int, int] | None:
    """Return a time of day; 24:00 is the next midnight, a leap second the one before it."""
    clock = int(hour), int(minute or 0), int(second or 0)
    if clock[0] > 24 or clock[1] > 59 or clock[2] > 60 or (clock[0] == 24 and clock[1:] != (0, 0)):
        return None
    return clock[0], clock[1], min(clock[2], 59)


def _in_half(clock: tuple[int, int, int] | None, half: str) -> tuple[int, int, int] | None:
    """Apply AM or PM in any of our languages. 19:00 PM is 19:00."""
    if clock is None or not half:
        return clock
    is_late = half.replace(".", "").replace(" ", "") in {"pm", "오후", "午後", "下午", "晚上"}
    hour, minute, second = clock
    if is_late and hour < 12:
        hour += 12
    elif not is_late and hour == 12:
        hour = 0
    return hour, minute, second


def _offset(text: str) -> tzinfo | None:
    """Return the zone of `+0900`, `+09:00`, `z`, `gmt`; None if no place on earth has it."""
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:4] or 0)
    if minutes > 14 * 60 or int(digits[2:4] or 0) > 59:
        return None
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _in_utc(
    day: tuple[int, int, int], clock: tuple[int, int, int] | None, zone: tzinfo | None
) -> datetime | None:
    if clock is None or zone is None:
        return None
    hour, minute, second = clock
    try:
        local = datetime(*day, hour % 24, minute, second, tzinfo=zone)
        return (local + timedelta(days=hour // 24)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# ---------------------------------------------------------------- addresses

_IN_PATH = re.compile(
    r"/(?P<y1>(?:19|20)\d\d)[/-](?P<m1>\d\d?)[/-](?P<d1>\d\d?)(?=[/_.-]|$)"
    r"|/(?P<y2>(?:19|20)\d\d)/?[/-]?(?P<m2>[01]\d)/?-?(?P<d2>[0-3]\d)(?=/)"
    r"|(?<!\d)(?P<run>(?:19|20)\d\d[01]\d[0-3]\d(?:\d*))(?!\d)"
)


def date_from_url(url: str | None, *, now: datetime, default_tz: tzinfo = UTC) -> Dated:
    """Read the day that many newspapers write into their addresses: midnight in `default_tz`.

    `/2026/11/25/`, `/2026-11/25/`, `/2026/1125/`, `/20261125140000123`. A run of digits counts
    only when it is as long as a date or a time stamp: article numbers may look alike.
    """
    for found in _IN_PATH.finditer((url or "")[:2000]):
        run = found["run"]
        if run:
            if len(run) not in (8, 12, 14) and len(run) < 17 and not _has_letters(url or "", found):
                continue
            if len(run) >= 12 and not (int(run[8:10]) < 24 and int(run[10:12]) < 60):
                continue
            day = int(run[:4]), int(run[4:6]), int(run[6:8])
        else:
            number = "1" if found["y1"] else "2"
            day = int(found["y" + number]), int(found["m" + number]), int(found["d" + number])
        at = _in_utc(day, (0, 0, 0), default_tz)
        if at and at.year >= EARLIEST_YEAR and at <= now + FUTURE_ALLOWED:
            return Dated(at, DateSource.URL, found[0].strip("/")[:RAW_LIMIT])
    return NO_DATE


def _has_letters(url: str, found: re.Match[str]) -> bool:
    """Say whether letters stand right before the digits (`AKR20261125063651`): an agency's key."""
    return url[max(found.start() - 3, 0) : found.start()].isalpha()
