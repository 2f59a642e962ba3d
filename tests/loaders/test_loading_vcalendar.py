"""vCalendar 1.0, as phones and old programs write it."""

from __future__ import annotations

from typing import Any

import pytest

from loaders.rows.icalendar.vcalendar import rule_of
from loaders.rows.row import BadRow
from tests.loaders.calendars import calendar, rows_of, valarm, vtodo
from tests.loaders.loading import errors_of, read


def fields_of(*properties: str, head: tuple[str, ...] = ("VERSION:1.0",)) -> dict[str, Any]:
    [row] = rows_of(calendar(*head, "\n".join(["BEGIN:VTODO", *properties, "END:VTODO"])))
    return row.fields


@pytest.mark.parametrize("head", [("VERSION:1.0",), ("VERSION:2.0",), ()])
@pytest.mark.parametrize(
    ("prop", "title"),
    [
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:B=C3=BCcher", "Bücher"),
        ("SUMMARY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:B=C3=BCcher", "Bücher"),
        ("SUMMARY;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:B=FCcher", "Bücher"),
        ("SUMMARY;ENCODING=quoted-printable:B=C3=BCcher", "Bücher"),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE:Soft=\n line=\nbreaks", "Soft linebreaks"),
        ("SUMMARY;ENCODING=QUOTED-PRINTABLE:one, two\\; three \\n", "one, two; three \\n"),
        ("SUMMARY;ENCODING=BASE64:QsO8Y2hlcg==", "Bücher"),
        ("SUMMARY;CHARSET=UTF-8:Bücher", "Bücher"),
        ("SUMMARY:1=2=", "1=2="),
    ],
)
def test_a_text_is_decoded(head: tuple[str, ...], prop: str, title: str) -> None:
    assert fields_of(prop, "PRIORITY:1", head=head) == {"title": title, "priority": "high", "completed": False}


def test_lines_within_a_text_are_lines() -> None:
    fields = fields_of("SUMMARY:A", "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:one=0D=0Atwo=\n=0D=0Athree")
    assert fields["notes"] == "one\ntwo\nthree"


def test_a_text_may_be_in_another_character_set() -> None:
    todo = b"BEGIN:VTODO\nSUMMARY;CHARSET=ISO-8859-1:B\xfccher\nDESCRIPTION:\xc3\xbc\nEND:VTODO\n"
    [row] = rows_of(b"BEGIN:VCALENDAR\nVERSION:1.0\n" + todo + b"END:VCALENDAR\n")
    assert (row.fields["title"], row.fields["notes"]) == ("Bücher", "ü")


@pytest.mark.parametrize(
    "prop",
    [
        "SUMMARY;ENCODING=QUOTED-PRINTABLE:=FF",
        "SUMMARY;ENCODING=BASE64:?",
        "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=punycode:a",
        "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=zlib:a",
        "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-99:a",
    ],
)
def test_what_cannot_be_decoded_is_rejected(prop: str) -> None:
    [row] = read(calendar("VERSION:1.0", f"BEGIN:VTODO\n{prop}\nEND:VTODO"))
    assert isinstance(row, BadRow)
    assert "CHARSET" in row.errors[0].detail or "it is not" in row.errors[0].detail


def test_a_picture_stays_as_it_is() -> None:
    assert fields_of("SUMMARY:A", "ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA")["metadata"] == {
        "ATTACH;ENCODING=BASE64;VALUE=BINARY": "AAAA"
    }


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (["CATEGORIES:HOME;shop, work"], {"tags": ["HOME", "shop", "work"]}),
        (["CATEGORIES;ENCODING=QUOTED-PRINTABLE:a=3Bb;c"], {"tags": ["a", "b", "c"]}),
        (["STATUS:NEEDS ACTION"], {"completed": False}),
        (["STATUS:ACCEPTED"], {"completed": False}),
        (["STATUS:DECLINED"], {"completed": True}),
        (["STATUS:COMPLETED"], {"completed": True}),
        (["COMPLETED:20261120T150602Z"], {"completed": True, "completed_at": "2026-11-20T15:06:02Z"}),
        (["DCREATED:20261120T150602Z"], {"created_at": "2026-11-20T15:06:02Z"}),
        (["PRIORITY:12"], {"priority": "low"}),
        (["DUE:20261201T090000"], {"due": "2026-12-01T09:00:00Z"}),
        (["DUE:20261201"], {"due": "2026-12-01"}),
        (["DUE:29261201T090000Z", "DALARM:29261130T090000Z;PT5M;2;Now"], {"remind_at": "2926-11-30T09:00:00Z"}),
        (["DUE:29261201T090000Z", "AALARM;TYPE=WAVE:29261130T090000Z;;;"], {"remind_at": "2926-11-30T09:00:00Z"}),
        (["DUE:20261201", "RRULE:W2 TU #0"], {"repeat": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}),
        (
            ["DUE:20311103T090000Z", "RRULE:D1 #0", "EXDATE:20311103T090000Z;20311104T090000Z"],
            {"due": "2031-11-05T09:00:00Z", "repeat": "FREQ=DAILY"},
        ),
    ],
)
def test_its_words_mean_what_icalendars_do(properties: list[str], expected: dict[str, Any]) -> None:
    fields = fields_of("SUMMARY:A", *properties)
    assert {name: fields[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("local", "due"),
    [("20260115T090000", "2026-01-15T09:00:00-05:00"), ("20260715T090000", "2026-07-15T09:00:00-04:00")],
)
def test_the_calendar_says_the_offset_of_its_times(local: str, due: str) -> None:
    head = ("VERSION:1.0", "TZ:-05", "DAYLIGHT:TRUE;-04;20260308T020000;20261101T020000;EST;EDT")
    assert fields_of("SUMMARY:A", f"DUE:{local}", head=head)["due"] == due


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("D1 #0", "FREQ=DAILY"),
        ("D2 #5", "FREQ=DAILY;INTERVAL=2;COUNT=5"),
        ("D7", "FREQ=DAILY;INTERVAL=7;COUNT=2"),
        ("W1 MO WE #0", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("W1 20301231T000000Z", "FREQ=WEEKLY;UNTIL=20301231T000000Z"),
        ("MP1 1+ 3+ TU 1- FR #0", "FREQ=MONTHLY;BYDAY=1TU,3TU,-1FR"),
        ("MD1 1 15 3- LD #0", "FREQ=MONTHLY;BYMONTHDAY=1,15,-3,-1"),
        ("YM1 6 7 #0", "FREQ=YEARLY;BYMONTH=6,7"),
        ("YD1 100 #0", "FREQ=YEARLY;BYYEARDAY=100"),
        ("D1 0600 1200 #0", None),
        ("W1 XX #0", None),
        ("MP1 1+ #0", None),
        ("M5 #3", None),
        ("FREQ=DAILY", None),
    ],
)
def test_a_rule_is_one_of_icalendar(rule: str, expected: str | None) -> None:
    assert rule_of(rule) == expected


def test_a_row_that_is_rejected_is_shown_as_it_is() -> None:
    content = calendar("VERSION:1.0", vtodo("A", "DUE:tomorrow", valarm("TRIGGER:x")))
    assert [detail[:15] for _, _, detail in errors_of(content)] == ["expected a DATE"]
