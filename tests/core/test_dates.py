"""Dates: every form that feeds were seen to write, none that has two meanings, and no guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.dates import date_from_url, moment, read_date
from monitor.core.values import DateSource

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")

# What a feed with default_tz Asia/Seoul writes -> the moment in UTC.
READ = {
    "2026/6/29 15:07:41": "2026-06-29 06:07:41",
    "2026.09.27 19:00": "2026-09-27 10:00",
    "2026. 9. 27. 오후 7:00": "2026-09-27 10:00",
    "2026년 9월 27일 19:00": "2026-09-27 10:00",
    "2026년 11월 22일 (일) 오후 02:00:00": "2026-11-22 05:00",
    "2026년 9월 27일 19시 05분": "2026-09-27 10:05",
    "2026年9月27日 19:00": "2026-09-27 10:00",
    "2026年11月22日(日) 14時00分": "2026-11-22 05:00",
    "2026年11月22日 星期日 下午2:30": "2026-11-22 05:30",
    "２０２６年１１月２２日　１４：００": "2026-11-22 05:00",
    "1790000000": "2026-09-21 14:13:20",
    "1763820000123": "2025-11-22 14:00",
    "20261122": "2026-11-21 15:00",
    "20261122T140000Z": "2026-11-22 14:00",
    "20261122140000": "2026-11-22 05:00",
    "26-10-02  10:45": "2026-10-02 01:45",
    "26.10.02 10:45": "2026-10-02 01:45",
    "2026-09-27 19:00:00": "2026-09-27 10:00",
    "2026-11-22": "2026-11-21 15:00",
    "2026-11-22+03:00": "2026-11-21 21:00",
    "2026-11-22T14:00:00.123Z": "2026-11-22 14:00",
    "2026-11-22T14:00:00.123456+09:00": "2026-11-22 05:00",
    "2026-11-22T14:00+0900": "2026-11-22 05:00",
    "2026-11-22t14:00:00z": "2026-11-22 14:00",
    "2026-11-22 14:00 KST": "2026-11-22 05:00",
    "2026-11-22 14:00:00 +0300 MSK": "2026-11-22 11:00",
    "Sun, 27 Sep 2026 19:00:00 KST": "2026-09-27 10:00",
    "Sun, 27 Sep 2026 19:00:00 MSK": "2026-09-27 16:00",
    "Sun, 22 Nov 2026 14:00:00 VLAT": "2026-11-22 04:00",
    "Sun, 22 Nov 2026 14:00:00 EST": "2026-11-22 19:00",
    "Sun, 22 Nov 2026 14:00:00 XYZ": None,
    "Sun, 22 Nov 2026 14:00:00 +0900 (KST)": "2026-11-22 05:00",
    "Sun, 22 Nov 2026 14:00:00 GMT+0900": "2026-11-22 05:00",
    "Sun, 22 Nov 2026 14:00:00 UTC+9": "2026-11-22 05:00",
    "Sun, 22 Nov 2026 14:00:00 -0000": "2026-11-22 14:00",
    "Sun, 22 Nov 2026 14:00:00": "2026-11-22 05:00",
    "Sun, 22 Nov 26 14:00:00 +0000": "2026-11-22 14:00",
    "Sun, 27 Sep 2026 07:00:00 PM": "2026-09-27 10:00",
    "Sun, 27 Sep 2026 12:00:00 AM": "2026-09-26 15:00",
    "Sun,27 Sep 2026 19:00:00 +0900": "2026-09-27 10:00",
    "27 09 2026 19:00:00": "2026-09-27 10:00",
    "27 Sep  2026 19:00:00 +0900": "2026-09-27 10:00",
    "27 Sept 2026 19:00:00 GMT": "2026-09-27 19:00",
    "Sunday, September 27, 2026 - 19:00": "2026-09-27 10:00",
    "Sep 27, 2026 7:00 p.m.": "2026-09-27 10:00",
    "September 27th, 2026": "2026-09-26 15:00",
    "Sun Sep 27 19:00:00 2026": "2026-09-27 10:00",
    "Sun Sep 27 19:00:00 UTC 2026": "2026-09-27 19:00",
    "27-Sep-2026 19:00": "2026-09-27 10:00",
    "Вс, 27 сен 2026 19:00:00 +1000": "2026-09-27 09:00",
    "27 сентября 2026, 19:00": "2026-09-27 10:00",
    "27 сентября 2026 г. в 19:00": "2026-09-27 10:00",
    "19:00, 27 сентября 2026": "2026-09-27 10:00",
    "27.09.2026 19:00": "2026-09-27 10:00",
    "27.09.2026 19:00 МСК": "2026-09-27 16:00",
    "27 вересня 2026 19:00": "2026-09-27 10:00",
    "일, 27 9월 2026 19:00:00 +0900": "2026-09-27 10:00",
    "13/04/2026": "2026-04-12 15:00",
    "04/13/2026 10:00": "2026-04-13 01:00",
    "Sun, 22 Nov 2026 24:00:00 GMT": "2026-11-23 00:00",
    "Sun, 22 Nov 2026 23:59:60 GMT": "2026-11-22 23:59:59",
    "  Sun, 22 Nov 2026\n14:00:00\tGMT ": "2026-11-22 14:00",
    # No meaning, or more than one:
    "03/04/2026": None,
    "02-03-04": None,
    "2026-11": None,
    "2026": None,
    "27 Lok 2026 10:00": None,
    "27. Oktober 2026": None,
    "vor 3 Stunden": None,
    "вчера, 19:00": None,
    "3시간 전": None,
    "Sun, 22 Nov 2026 25:00:00 GMT": None,
    "Sun, 22 Nov 2026 14:61:00 GMT": None,
    "2026-02-30 10:00": None,
    "31 Nov 2026": None,
    "2026-11-22T14:00:00+99:00": None,
    "22 Nov 2026 14:00 and more": None,
    "updated 22 Nov 2026": None,
    "0": None,
    "-1": None,
    "": None,
    "١٢٣": None,
}  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), READ.items())
def test_form_is_read(raw: str, expected: str | None) -> None:
    """A form that feeds write gives its one meaning; everything else gives none."""
    found = read_date(raw, now=NOW, default_tz=SEOUL)
    wanted = datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None
    assert found.at == wanted
    assert found.source is (DateSource.FEED if expected else DateSource.NONE)


@pytest.mark.parametrize(
    "raw",
    ["Tue, 01 Jan 2041 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0001-01-01T00:00:00Z",
     "2099-12-31", "1994-12-31T00:00:00Z", "9999999999", "Fri, 27 Nov 2026 12:00:00 GMT"],
)  # fmt: skip
def test_absurd_date_is_kept_but_not_used(raw: str) -> None:
    """What is more than a day in the future or before 1995 is suspect."""
    found = read_date(raw, now=NOW)
    assert (found.at, found.source, found.raw) == (None, DateSource.SUSPECT, raw)


def test_endless_date_is_no_date() -> None:
    """200 kB of date cost nothing and are cut."""
    found = read_date("Sun, 22 Nov 2026 " * 12_000, now=NOW)
    assert (found.at, len(found.raw)) == (None, 100)


def test_cst_is_chinese_in_a_chinese_feed() -> None:
    """CST means UTC+8 where the feed's own zone is UTC+8, and UTC-6 elsewhere."""
    raw = "Sun, 22 Nov 2026 14:00:00 CST"
    assert moment(raw, now=NOW, default_tz=ZoneInfo("Asia/Shanghai")) == datetime(
        2026, 11, 22, 6, tzinfo=UTC
    )
    assert moment(raw, now=NOW) == datetime(2026, 11, 22, 20, tzinfo=UTC)


@given(
    st.integers(788_997_600, 1_795_500_000),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from(["%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%d %B %Y %H:%M:%S %z",
                     "%Y/%m/%d %H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y", "%d.%m.%Y %H:%M:%S %z"]),
)  # fmt: skip
def test_written_and_read_back(seconds: int, minutes: int, form: str) -> None:
    """Any moment in any zone, written in a usual form, is read as that moment."""
    at = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    assert moment(at.strftime(form), now=NOW) == at


@given(
    st.text(alphabet=st.characters(), max_size=60),
    st.text("0123456789:-/.TZ+ 年월Sepт", max_size=30),
)
def test_no_text_raises(text: str, digits: str) -> None:
    """Any text gives a date or none; a date is aware and in UTC."""
    for raw in (text, digits):
        found = read_date(raw, now=NOW, default_tz=SEOUL)
        assert found.at is None or found.at.tzinfo is UTC
        date_from_url("https://news.example/" + raw, now=NOW)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2026/11/25/slug", "2026-11-25"),
        ("https://a.example/2026-11-25-slug.html", "2026-11-25"),
        ("https://a.example/news/2026-11/25/c_1.htm", "2026-11-25"),
        ("https://a.example/n1/2026/1125/c1004-1.html", "2026-11-25"),
        ("https://a.example/20261125/slug", "2026-11-25"),
        ("https://a.example/view/AKR20261125063651009", "2026-11-25"),
        ("https://a.example/20261125063651009", "2026-11-25"),
        ("https://a.example/?d=20261125", "2026-11-25"),
        ("https://a.example/2026/11/slug", None),
        ("https://a.example/2026/13/25/", None),
        ("https://a.example/2012051234", None),
        ("https://a.example/2031/01/01/", None),
        ("https://a.example/1234567.html", None),
        ("https://a.example/19890101/", None),
        (None, None),
    ],
)
def test_day_in_an_address(url: str | None, expected: str | None) -> None:
    """A day in the address counts when it is one; numbers that only look like it do not."""
    found = date_from_url(url, now=NOW)
    assert (found.at.date().isoformat() if found.at else None) == expected
    assert found.source is (DateSource.URL if expected else DateSource.NONE)
