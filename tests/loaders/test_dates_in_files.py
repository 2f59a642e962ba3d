"""Dates are read as files write them; what programs write for "no date" is none, and nothing is guessed."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.todos.content import instant_error
from loaders.rows.dates import means_none, read_date, read_generic_date

DAY_FIRST = "%d.%m.%Y"


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01",
        "0999-12-01",
        "2026-12-01T09:00:00Z",
        "2026-12-01T09:00:00.120Z",
        "2026-12-01T09:00:00.123456789-05:30",
        "1970-01-02",
        "1970-01-01T00:00:01Z",
        "1899-12-30T09:00:00Z",
        "0001-01-02",
        "1900-01-02",
        "9999-12-30",
    ],
)
def test_what_a_todo_takes_stays_as_it_is(text: str) -> None:
    assert read_date(text) == text
    assert read_date(f"  {text}\n", "Europe/Berlin") == text


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("20261201", "2026-12-01"),
        ("2026/12/01", "2026-12-01"),
        ("2026.12.1", "2026-12-01"),
        ("2026-12-01 09:00", "2026-12-01T09:00:00Z"),
        ("2026-12-01, 9:00", "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00", "2026-12-01T09:00:00Z"),
        ("2026-12-01t09:00:00z", "2026-12-01T09:00:00Z"),
        ("2026-12-01 09:00:00.000", "2026-12-01T09:00:00Z"),
        ("2026-12-01 09:00:00,5", "2026-12-01T09:00:00.5Z"),
        ("2026-12-01T09:00:00.1234567899Z", "2026-12-01T09:00:00.123456789Z"),
        ("2026-12-01T09:00:00+0100", "2026-12-01T09:00:00+01:00"),
        ("2026-12-01T09:00:00-03", "2026-12-01T09:00:00-03:00"),
        ("2026-12-01T09:00:00 +05:30", "2026-12-01T09:00:00+05:30"),
        ("2026/12/01 09:00 UTC", "2026-12-01T09:00:00Z"),
        ("2026-12-01 9:00 PM", "2026-12-01T21:00:00Z"),
        ("2026-12-01 12:05 a.m.", "2026-12-01T00:05:00Z"),
        ("20261201T090000Z", "2026-12-01T09:00:00Z"),
        ("20261201T0900", "2026-12-01T09:00:00Z"),
        ("20261201090000", "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00:00+01:00[Europe/Berlin]", "2026-12-01T09:00:00+01:00"),
        ("2026-07-01T09:00[Europe/Berlin]", "2026-07-01T09:00:00+02:00"),
        (20261201, "2026-12-01"),
        (1796115600, "2026-12-01T09:00:00Z"),
        ("1796115600", "2026-12-01T09:00:00Z"),
        (1796115600.0, "2026-12-01T09:00:00Z"),
        (1796115600250, "2026-12-01T09:00:00.25Z"),
        (1796115600000001, "2026-12-01T09:00:00.000001Z"),
        (1796115600000000000, "2026-12-01T09:00:00Z"),
    ],
)
def test_other_forms_with_one_meaning_are_read(value: Any, read: str) -> None:
    assert read_date(value) == read
    assert read_generic_date(value, None, DAY_FIRST).text == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-12-01 09:00", "2026-12-01T09:00:00+01:00"),
        ("2026-07-01T09:00:00.5", "2026-07-01T09:00:00.5+02:00"),
        ("2026-12-01 09:00Z", "2026-12-01T09:00:00Z"),
        ("2026-12-01 09:00[Asia/Tokyo]", "2026-12-01T09:00:00+09:00"),
        # Skipped by the clocks, and shown twice.
        ("2026-03-29 02:30", "2026-03-29T02:30:00+01:00"),
        ("2026-10-25 02:30", "2026-10-25T02:30:00+02:00"),
        ("2026-12-01", "2026-12-01"),
    ],
)
def test_a_time_without_a_zone_is_one_of_the_given_zone_and_a_day_stays_a_day(text: str, read: str) -> None:
    assert read_date(text, "Europe/Berlin") == read


@pytest.mark.parametrize(
    ("text", "has_zone"),
    [("2026-12-01", False), ("2026-12-01 09:00", False), ("2026-12-01T09:00Z", True), ("1796115600", True)],
)
def test_it_is_known_whether_a_date_names_an_instant_by_itself(text: str, has_zone: bool) -> None:
    for zone in (None, "Europe/Berlin"):
        assert read_generic_date(text, zone, None).has_zone is has_zone


@pytest.mark.parametrize(
    "value",
    [
        0,
        0.0,
        "0",
        "",
        " \t",
        -62135596800,
        -11644473600,
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0000-00-00T00:00:00Z",
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "00010101",
        "1601-01-01T00:00:00Z",
        "1600-12-31T19:00:00-05:00",
        "1899-12-30",
        "1899-12-30T00:00:00.000Z",
        "1899-12-31 00:00",
        "1900-01-00",
        "1900-01-00 00:00:00",
        "1900-01-01",
        "1900-01-01T00:00",
        "1970-01-01",
        "1970-01-01T00:00Z",
        "1970-01-01T01:00:00+01:00",
        "1970/01/01 00:00:00",
        "9999-12-31",
        "9999-12-31T23:59:59.9999999Z",
        "1/0/1900",
        "00.01.1900",
        "00/00/0000",
        "01/01/1970",
        "12/30/1899 00:00",
        "31.12.9999 23:59:59",
    ],
)
def test_what_programs_write_for_no_date_is_none(value: Any) -> None:
    assert read_date(value) is None
    for date_format in (None, DAY_FIRST, "%m/%d/%Y"):
        assert read_generic_date(value, "Europe/Berlin", date_format).text is None


def test_a_time_of_a_zone_that_is_the_first_instant_of_1970_is_none() -> None:
    assert read_date("1970-01-01T01:00", "Europe/Berlin") is None
    assert read_date("1970-01-01T01:00", "UTC") == "1970-01-01T01:00:00Z"


@pytest.mark.parametrize(
    ("moment", "is_none"),
    [
        (date(1970, 1, 1), True),
        (date(1970, 1, 2), False),
        (datetime(1970, 1, 1, tzinfo=UTC), True),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), True),
        (datetime(1970, 1, 1, 1, tzinfo=UTC), False),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), True),
    ],
)
def test_days_and_instants_are_asked_for_it_too(moment: date, is_none: bool) -> None:
    assert means_none(moment) is is_none


@pytest.mark.parametrize(
    ("text", "date_format", "read"),
    [
        ("01.12.2026", "%d.%m.%Y", "2026-12-01"),
        ("1.2.2026", "%d.%m.%Y", "2026-02-01"),
        ("12/1/26", "%m/%d/%y", "2026-12-01"),
        ("2026-02-01", "%Y-%d-%m", "2026-01-02"),
        ("Dec 1, 2026", "%b %d, %Y", "2026-12-01"),
        ("01.12.2026 09:00", "%d.%m.%Y %H:%M", "2026-12-01T09:00:00+01:00"),
        ("12/1/26, 9:00 PM", "%m/%d/%y, %I:%M %p", "2026-12-01T21:00:00+01:00"),
        ("01.12.2026 09:00 +0300", "%d.%m.%Y %H:%M %z", "2026-12-01T09:00:00+03:00"),
        # A column of days beside one of times, with one format for both.
        ("01.12.2026 09:00:30", "%d.%m.%Y", "2026-12-01T09:00:30+01:00"),
        ("01.12.2026T09:00Z", "%d.%m.%Y", "2026-12-01T09:00:00Z"),
        ("01.12.2026", "%d.%m.%Y %H:%M", "2026-12-01"),
        ("2026-12-01", "%d.%m.%Y", "2026-12-01"),
    ],
)
def test_a_date_is_read_as_the_user_says(text: str, date_format: str, read: str) -> None:
    assert read_generic_date(text, "Europe/Berlin", date_format).text == read


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("tomorrow", "expected a date such as 2026-12-31 or 2026-12-31T17:30:00Z, not 'tomorrow'"),
        ("2026-12", "expected a date"),
        ("2026121", "expected a date"),
        ("12345678901", "expected a date"),
        (-5, "expected a date"),
        (True, "expected a date, not True"),
        ({"date": 1}, "expected a date, not {'date': 1}"),
        ("a" * 100, "of 100 characters"),
        (10**300, "of 301 characters"),
        ("46357", "a spreadsheet's number for a day"),
        ("46357,5", "a spreadsheet's number for a day"),
        ("2026-02-30", "'2026-02-30' is not in the calendar"),
        ("2026-13-01T09:00:00Z", "not in the calendar"),
        ("2026-12-01 25:00", "not in the calendar, or not on the clock"),
        ("2026-12-01 13:00 PM", "not on the clock"),
        ("2026-12-01T09:00:00+25:00", "not on the clock"),
        ("2026-12-01T09:00:00+01:70", "not on the clock"),
        ("9999-12-31T00:00:00+99:00", "not on the clock"),
    ],
)
def test_what_is_no_date_is_refused_by_a_sentence(value: Any, words: str) -> None:
    for read in (read_date, lambda value: read_generic_date(value, None, None)):
        with pytest.raises(ValueError, match=re.escape(words)):
            read(value)


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("01/02/2026", ("%d/%m/%Y", "%m/%d/%Y")),
        ("31.12.2026 09:00", ("%d.%m.%Y", "%m.%d.%Y")),
        ("1-2-26", ("%d-%m-%y", "%m-%d-%y")),
    ],
)
def test_a_date_with_the_year_last_asks_for_the_option_where_there_is_one(text: str, formats: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="--date-format") as refused:
        read_generic_date(text, None, None)
    assert all(f"--date-format {each}" in str(refused.value) for each in formats)
    with pytest.raises(ValueError, match="expected a date such as 2026-12-31") as refused:
        read_date(text)
    assert "--date-format" not in str(refused.value)


def test_a_date_that_is_not_as_the_user_says_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match=r"such as 31\.12\.2026 \(--date-format %d\.%m\.%Y\)"):
        read_generic_date("12/31/2026", None, DAY_FIRST)


@given(
    text=st.one_of(st.text("0123456789-/.:TZ +[,", max_size=30), st.datetimes().map(str), st.integers().map(str)),
    zone=st.sampled_from([None, "Europe/Berlin", "America/New_York"]),
    date_format=st.sampled_from([None, DAY_FIRST, "%m/%d/%y %H:%M %z"]),
)
def test_what_is_read_is_a_date_that_a_todo_takes(text: str, zone: str | None, date_format: str | None) -> None:
    read = None
    with suppress(ValueError):
        read = read_generic_date(text, zone, date_format).text
    assert read is None or instant_error(read) is None
