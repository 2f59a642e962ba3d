"""iCalendar: what a calendar says holds for all its to-dos, wherever it says it, and for no others."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from loaders.errors import UnreadableFile
from loaders.formats import icalendar
from loaders.formats.icalendar import row_of
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.icalendar import held, versions
from loaders.rows.row import BadRow, Row
from tests.loaders.calendars import calendar, fields_of, notices_of, rows_of, valarm, vtimezone, vtodo
from tests.loaders.loading import PLAINLY, read, todo_ids, todos

NEW_YORK = """BEGIN:VTIMEZONE
TZID:Office
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("local", "due"),
    [
        ("20260101T090000", "2026-01-01T09:00:00-05:00"),
        ("20260701T090000", "2026-07-01T09:00:00-04:00"),
        ("20260308T015959", "2026-03-08T01:59:59-05:00"),
        # Skipped: the offset from before.
        ("20260308T023000", "2026-03-08T02:30:00-05:00"),
        ("20260308T030000", "2026-03-08T03:00:00-04:00"),
        # Shown twice: the first.
        ("20261101T013000", "2026-11-01T01:30:00-04:00"),
        ("20261101T020000", "2026-11-01T02:00:00-05:00"),
        # Before the first rule.
        ("20060701T090000", "2006-07-01T09:00:00-05:00"),
    ],
)
def test_a_zone_counts_as_the_calendar_defines_it(local: str, due: str) -> None:
    """The same instants as those of America/New_York, whose rules these are."""
    [row] = rows_of(calendar(vtodo("A", f"DUE;TZID=Office:{local}"), NEW_YORK))
    assert row.fields["due"] == due
    if local >= "2007":
        [known] = rows_of(calendar(vtodo("A", f"DUE;TZID=America/New_York:{local}")))
        assert known.fields["due"] == due


def test_an_alarm_in_a_defined_zone_counts_its_hours_over_a_clock_change() -> None:
    for zone in ("Office", "America/New_York"):
        alarm = valarm("ACTION:DISPLAY", "TRIGGER:-PT24H")
        [row] = rows_of(calendar(vtodo("A", f"DUE;TZID={zone}:20451106T010000", alarm), NEW_YORK))
        assert row.fields["remind_at"] == "2045-11-05T01:00:00-05:00"


def test_a_zone_and_a_name_may_follow_the_todos() -> None:
    [row] = rows_of(
        calendar(vtodo("A", "UID:1", "DUE;TZID=Pier:20261201T090000"), vtimezone("Pier", "+0300"), "X-WR-CALNAME:Sea")
    )
    assert (row.fields["due"], row.fields["list"], row.own_id) == ("2026-12-01T09:00:00+03:00", "Sea", "Sea/1")


def test_a_zone_and_a_name_end_with_their_calendar() -> None:
    todo = vtodo("A", "DUE;TZID=Pier:20261201T090000")
    named = calendar("X-WR-CALNAME:Sea", "X-WR-TIMEZONE:Asia/Tokyo", vtimezone("Pier", "+0300"), todo)
    first, second, third = rows_of(named + calendar(todo) + calendar(vtimezone("Pier", "-0100"), todo))
    assert first.fields["due"] == "2026-12-01T09:00:00+03:00"
    assert (second.fields["due"], second.fields.get("list")) == ("2026-12-01T09:00:00Z", None)
    assert third.fields["due"] == "2026-12-01T09:00:00-01:00"


def test_a_calendar_without_an_end_ends_where_the_next_one_begins() -> None:
    content = calendar("X-WR-CALNAME:One", vtodo("A")).removesuffix(b"END:VCALENDAR\n") + calendar(vtodo("B"))
    assert [row.fields.get("list") for row in rows_of(content)] == ["One", None]


def test_what_comes_before_the_end_of_a_file_that_breaks_off_is_read() -> None:
    content = calendar(vtodo("A"), vtodo("B")).removesuffix(b"END:VCALENDAR\n")
    rows = icalendar.read_rows(Input(io.BytesIO(content)), PLAINLY)
    assert not isinstance(next(rows), BadRow)
    assert not isinstance(next(rows), BadRow)
    with pytest.raises(UnreadableFile):
        next(rows)


@pytest.mark.parametrize(
    ("properties", "how", "due"),
    [
        ([], PLAINLY, "2026-07-01T09:00:00Z"),
        ([], ReadOptions(time_zone="Europe/Berlin"), "2026-07-01T09:00:00+02:00"),
        (["X-WR-TIMEZONE:Asia/Tokyo"], PLAINLY, "2026-07-01T09:00:00+09:00"),
        (["X-WR-TIMEZONE:Asia/Tokyo"], ReadOptions(time_zone="Europe/Berlin"), "2026-07-01T09:00:00+09:00"),
        (["X-WR-TIMEZONE:Pier", vtimezone("Pier", "+0300")], PLAINLY, "2026-07-01T09:00:00+03:00"),
        (["X-WR-TIMEZONE:Nowhere"], ReadOptions(time_zone="Europe/Berlin"), "2026-07-01T09:00:00+02:00"),
    ],
)
def test_a_floating_time_is_in_the_zone_of_its_calendar_or_file(
    properties: list[str], how: ReadOptions, due: str
) -> None:
    for todo in (vtodo("A", "DUE:20260701T090000"), vtodo("A", "DUE;TZID=Unknown:20260701T090000")):
        [row] = rows_of(calendar(*properties, todo), how)
        assert row.fields["due"] == due


def test_a_time_that_is_taken_as_utc_is_named() -> None:
    assert notices_of("DUE:20260701T090000") == ("a time without a zone was read as UTC (--timezone names its zone)",)
    assert "a time in a zone that is not known was read as one without a zone" in notices_of(
        "DUE;TZID=Nowhere:20260701T090000"
    )
    assert notices_of("DUE;TZID=Europe/Berlin:20260701T090000") == ()


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("/freeassociation.sourceforge.net/Europe/Berlin", "+02:00"),
        ('"Europe/Berlin"', "+02:00"),
        ("W. Europe Standard Time", "+02:00"),
        ("Nowhere", "Z"),
    ],
)
def test_the_names_that_programs_have_for_zones_are_known(name: str, offset: str) -> None:
    assert fields_of(f"DUE;TZID={name}:20260701T090000")["due"] == f"2026-07-01T09:00:00{offset}"


def test_a_definition_counts_before_windows_names_but_not_before_the_worlds() -> None:
    """Programs define Europe/Berlin by its rules of today, which are wrong in other years."""
    for name, due in (("Pacific Standard Time", "+03:00"), ("Europe/Berlin", "+02:00")):
        [row] = rows_of(calendar(vtimezone(name, "+0300"), vtodo("A", f"DUE;TZID={name}:20260701T090000")))
        assert row.fields["due"].endswith(due)


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        (["X-WR-CALNAME:Home"], "Home"),
        (["NAME:Home"], "Home"),
        (["NAME:Zuhause", "X-WR-CALNAME:Home"], "Home"),
        (["NAME;LANGUAGE=en:Home", "NAME;LANGUAGE=de:Zuhause"], "Home"),
        (["X-WR-CALNAME:Home\\, garden"], "Home, garden"),
        (["X-WR-CALNAME: "], None),
    ],
)
def test_the_list_is_the_calendars_name(properties: list[str], name: str | None) -> None:
    [row] = rows_of(calendar(*properties, vtodo("A")))
    assert row.fields.get("list") == name


def test_a_uid_is_that_of_its_calendar() -> None:
    todo = vtodo("A", "UID:1")
    mine, hers, unnamed = (calendar(*head, todo) for head in (["X-WR-CALNAME:Mine"], ["X-WR-CALNAME:Hers"], []))
    assert len({*todo_ids(mine), *todo_ids(hers), *todo_ids(unnamed)}) == 3
    # Whatever its file is called.
    assert len({row.own_id for name in "ab" for row in rows_of(mine, ReadOptions(file_name=name))}) == 1
    assert [row.former_ids for row in rows_of(mine + hers + unnamed)] == [("1",), ("1",), ()]


def test_no_name_of_a_calendar_makes_the_id_of_another() -> None:
    ids = [
        row.own_id
        for name, uid in (("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"))
        for row in rows_of(calendar(f"NAME:{name}", vtodo("A", f"UID:{uid}")))
    ]
    assert len(set(ids)) == 3


def test_a_parent_is_one_of_the_same_calendar() -> None:
    parts = [vtodo("Parent", "UID:1"), vtodo("Child", "UID:2", "RELATED-TO:1")]
    content = calendar("NAME:One", *parts) + calendar("NAME:Two", *parts)
    states = todos(content)
    ids = [stream.partition("#")[2] for stream in todo_ids(content)]
    assert [state["parent"] for state in states] == [None, ids[0], None, ids[2]]
    assert [row.former_parents for row in rows_of(content)] == [(), ("1",), (), ("1",)]


@pytest.mark.parametrize(
    ("properties", "parent"),
    [
        (['RELATED-TO;RELTYPE="PARENT":1'], "1"),
        (["RELATED-TO;reltype=parent:1"], "1"),
        (["RELATED-TO;VALUE=UID;RELTYPE=PARENT:1"], "1"),
        (["RELATED-TO:1", "RELATED-TO;RELTYPE=PARENT:1"], "1"),
        (["RELATED-TO:1", "RELATED-TO:2"], None),
        (["RELATED-TO;RELTYPE=CHILD:1"], None),
        (['RELATED-TO;RELTYPE="SIBLING":1'], None),
        (["RELATED-TO;RELTYPE=DEPENDS-ON:1"], None),
        (['RELATED-TO;X-NOTE="RELTYPE=CHILD":1'], "1"),
    ],
)
def test_a_parent_is_what_a_to_do_is_related_to_as_one(properties: list[str], parent: str | None) -> None:
    [row] = rows_of(calendar(vtodo("A", *properties)))
    assert row.parent == parent


@pytest.mark.parametrize(
    ("first", "second", "counts", "detail"),
    [
        (["SEQUENCE:1"], ["SEQUENCE:2"], "Second", "the id already occurs in line 7, in a later version"),
        (["SEQUENCE:10"], ["SEQUENCE:9"], "First", "the id already occurs in line 2, in a later version"),
        (
            ["DTSTAMP:20260101T000000Z"],
            ["DTSTAMP:20260102T000000Z"],
            "Second",
            "the id already occurs in line 7, in a later version",
        ),
        (["SEQUENCE:3"], ["SEQUENCE:3"], "First", "the id already occurs in line 2"),
    ],
)
def test_of_two_versions_in_a_calendar_the_later_one_counts(
    first: list[str], second: list[str], counts: str, detail: str
) -> None:
    content = calendar(vtodo("First", "UID:1", *first), vtodo("Second", "UID:1", *second))
    rows = read(content)
    [taken] = [row for row in rows if isinstance(row, Row)]
    [refused] = [row for row in rows if isinstance(row, BadRow)]
    assert (taken.fields["title"], refused.errors[0].detail, refused.contested) == (counts, detail, ("id", "1"))


def test_an_alarms_uid_is_not_that_of_a_to_do() -> None:
    alarm = ["BEGIN:VALARM", "UID:1", "TRIGGER:-PT5M", "END:VALARM"]
    assert len(rows_of(calendar(vtodo("A", *alarm, "UID:2"), vtodo("B", "UID:1")))) == 2


@pytest.mark.parametrize(
    ("head", "properties", "expected"),
    [
        ([vtimezone("Pier", "+0300")], ["DUE;TZID=Pier:20260701T090000"], {"due": "2026-07-01T09:00:00+03:00"}),
        (["X-WR-TIMEZONE:Asia/Tokyo"], ["DUE:20260701T090000"], {"due": "2026-07-01T09:00:00+09:00"}),
        (["X-WR-CALNAME:Home"], ["X-TODO-LEDGER-LIST:Own"], {"list": "Own"}),
        (["X-WR-CALNAME:Home"], [], {"list": "Home"}),
        (
            ["VERSION:1.0", "TZ:+05"],
            ["DUE:20260701T090000", "CATEGORIES:a;b"],
            {"due": "2026-07-01T09:00:00+05:00", "tags": ["a", "b"]},
        ),
        (
            [vtodo("Other", "X-APPLE-SORT-ORDER:1")],
            ["CREATED:20010101T000010Z"],
            {"order": 10},
        ),
        (
            [vtodo("Done", "UID:1", "RECURRENCE-ID;VALUE=DATE:20311104", "STATUS:COMPLETED")],
            ["DUE;VALUE=DATE:20311104", "RRULE:FREQ=WEEKLY"],
            {"due": "2031-11-11"},
        ),
    ],
)
def test_a_rejected_row_has_with_it_what_it_needs_of_its_calendar(
    head: list[str], properties: list[str], expected: dict[str, object]
) -> None:
    """Mended, it is read as it would have been in its calendar."""
    content = calendar(*head, vtodo("A", "UID:1", "PRIORITY:urgent", *properties))
    bad = next(row for row in read(content) if isinstance(row, BadRow))
    again = row_of(1, bad.original, PLAINLY)
    assert isinstance(again, BadRow)
    assert again.errors == bad.errors
    mended = row_of(1, json.loads(json.dumps(bad.original)).replace("PRIORITY:urgent", "PRIORITY:1"), PLAINLY)
    right = rows_of(content.replace(b"PRIORITY:urgent", b"PRIORITY:1"))[-1]
    assert isinstance(mended, Row)
    assert (mended.fields, mended.own_id, mended.former_ids) == (right.fields, right.own_id, right.former_ids)
    assert {name: mended.fields[name] for name in expected} == expected


@pytest.mark.parametrize(
    "text", ["", "BEGIN:VTODO", "BEGIN:VTODO\nSUMMARY:A", "SUMMARY:A\nEND:VTODO", "BEGIN:VTODO\nA\nEND:VTODO"]
)
def test_what_is_still_not_a_to_do_is_rejected_again(text: str) -> None:
    assert isinstance(row_of(1, text, PLAINLY), BadRow)


def test_a_row_without_an_id_keeps_the_one_that_its_content_gave_it(tmp_path: Path) -> None:
    """What surrounds a to-do was not part of it when its todo got its id."""
    todo = vtodo("A", "DUE;TZID=Pier:20260701T090000")
    [row] = rows_of(calendar("X-WR-CALNAME:Sea", vtimezone("Pier", "+0300"), todo))
    begin, _, rest = todo.rstrip("\n").partition("\n")
    assert row.content == f"{begin}\nX-TODO-LEDGER-LIST:Sea\n{rest}"


def test_a_large_calendar_waits_on_disk_and_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [
        vtodo(f"Todo {number}", f"UID:{number % 90}", f"SEQUENCE:{number}", "DUE;TZID=Pier:20261201T090000")
        for number in range(100)
    ]
    content = calendar(*parts, vtimezone("Pier", "+0300"))
    in_memory = read(content)
    monkeypatch.setattr(held, "MAX_BYTES_IN_MEMORY", 500)
    monkeypatch.setattr(versions, "_PENDING", 7)
    assert read(content) == in_memory
    assert len([row for row in in_memory if isinstance(row, Row)]) == 90


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_lines_end_as_they_do_anywhere(end: str) -> None:
    content = calendar("NAME:L", vtodo("One\n  line", "UID:1")).decode().replace("\n", end).encode()
    assert [row.fields["title"] for row in rows_of(content)] == ["One line"]


def test_an_end_without_a_beginning_changes_nothing() -> None:
    content = calendar(vtodo("A"), "END:VEVENT", "END:VTODO", "BEGIN:VEVENT", "SUMMARY:Event", "NAME:Event")
    [row] = rows_of(content + calendar("NAME:L", vtodo("B")))[:1]
    assert row.fields.get("list") is None


def test_a_calendar_without_todos_has_no_rows() -> None:
    assert read(calendar("BEGIN:VEVENT", "UID:1", "SUMMARY:Event", "END:VEVENT")) == []
