"""A date with its year is read as people write it; anything else is not taken for a date."""

from zoneinfo import ZoneInfo

import pytest

from loaders.rows.english_dates import moment_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01", "2026-12-01"),
        (" 2026-3-1 ", "2026-03-01"),
        ("2026/10/05", "2026-10-05"),
        ("2026-03-31 at 11:00", "2026-03-31T11:00:00+02:00"),
        ("2026-03-31 11:00", "2026-03-31T11:00:00+02:00"),
        ("2026-03-31T11:00:30", "2026-03-31T11:00:30+02:00"),
        ("2026-12-01T11:00:00.000Z", "2026-12-01T11:00:00Z"),
        ("2026-12-01T11:00:00-0500", "2026-12-01T11:00:00-05:00"),
        ("Oct 5 2026", "2026-10-05"),
        ("October 5, 2026", "2026-10-05"),
        ("5 Oct 2026", "2026-10-05"),
        ("5th of october 2026", "2026-10-05"),
        ("Mon, 5 Oct 2026", "2026-10-05"),
        ("Sept. 5, 2026 5pm", "2026-09-05T17:00:00+02:00"),
        ("Oct 5 2026 at 12:30 a.m.", "2026-10-05T00:30:00+02:00"),
        ("1 Jan 2026 @ 9:00", "2026-01-01T09:00:00+01:00"),
        ("5.10.2026", "2026-10-05"),
        ("10/25/2026", "2026-10-25"),
        ("25/10/2026", "2026-10-25"),
        ("5/5/2026", "2026-05-05"),
    ],
)
def test_a_date_with_its_year_is_read(text: str, expected: str) -> None:
    assert moment_of(text, BERLIN) == expected


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "Oct 5",
        "5 Oct at 11:00",
        "every day",
        "every! 5 Oct 2026",
        "10/5/2026",
        "2026",
        "Oct 2026",
        "2026-12",
        "Oct 5 2026 11",
        "2026-12-01 starting soon",
        "the 5th",
        "5 Okt 2026",
        "Oct 5 2026 for 3 weeks",
        "",
        "1" * 100_000,
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    assert moment_of(text) is None


@pytest.mark.parametrize("text", ["2026-02-30", "Feb 30 2026", "2026-12-01 25:00", "2026-12-01 13pm", "32.10.2026"])
def test_a_day_or_time_that_does_not_exist_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be in|out of range"):
        moment_of(text)


def test_without_a_zone_a_time_is_utc() -> None:
    assert moment_of("2026-12-01 11:00") == "2026-12-01T11:00:00Z"
