"""TickTick's CSV: the preamble is skipped, and every column comes in."""

from typing import Any

import pytest

from loaders.errors import UnreadableFile
from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from tests.loaders.loading import FILES, errors_of, plan, read, stated, titles


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "ticktick.csv") == [
        {
            "title": "Plant the garlic",
            "notes": 'Cloves are\nin the "shed"',
            "list": "Garden",
            "tags": ["outdoor", "autumn"],
            "priority": "high",
            "due": "2026-12-01",
            "remind_at": "2026-11-30T23:30:00+01:00",
            "order": -1099511627776,
            "repeat": "FREQ=YEARLY;INTERVAL=1",
            "source": "ticktick:a1",
            "metadata": {
                "Folder Name": "Home",
                "Kind": "TEXT",
                "Is Check list": "N",
                "Start Date": "2026-11-30T23:00:00+0000",
                "Reminder": "-PT30M",
                "Timezone": "Europe/Berlin",
                "Is All Day": "true",
                "Is Floating": "false",
                "View Mode": "list",
            },
        },
        {
            "title": "Pack the books 🎁",
            "notes": "▫Salon\n▪Kitchen",
            "list": "Inbox",
            "priority": "medium",
            "due": "2026-12-10T09:30:00+01:00",
            "order": 2,
            "parent": "Plant the garlic",
            "source": "ticktick:a2",
            "metadata": {
                "Kind": "CHECKLIST",
                "Is Check list": "Y",
                "Repeat": "ERULE:NAME=CUSTOM;BYDATE=20261210",
                "Timezone": "Europe/Berlin",
                "Is All Day": "false",
                "Is Floating": "true",
                "Column Name": "Doing",
                "Column Order": "1",
                "View Mode": "kanban",
            },
        },
        {
            "title": "Hire a van",
            "completed": True,
            "list": "Inbox",
            "priority": "low",
            "due": "2026-12-10T08:30:00Z",
            "parent": "not here",
            "source": "ticktick:a3",
            "metadata": {
                "Kind": "TEXT",
                "Is Check list": "N",
                "Timezone": "Nowhere/Nowhere",
                "Is All Day": "false",
                "Is Floating": "false",
                "View Mode": "list",
                "Order": "99999999999999999999",
            },
        },
        {
            "title": "Old",
            "completed": True,
            "list": "Inbox",
            "order": 4,
            "source": "ticktick:a4",
            "metadata": {
                "Kind": "NOTE",
                "Is Check list": "N",
                "View Mode": "list",
                "Status": "2",
            },
        },
        {
            "title": "Never mind",
            "completed": True,
            "list": "Inbox",
            "order": 5,
            "source": "ticktick:a5",
            "metadata": {
                "Kind": "TEXT",
                "Is Check list": "N",
                "View Mode": "list",
                "Status": "-1",
            },
        },
    ]


HEADER = b"Title,List Name,Status,Is All Day,Order,taskId\n"


@pytest.mark.parametrize(
    ("row", "pointer", "detail"),
    [
        (b"B,L,7", "#/Status", "expected one of 0, 1, 2, -1, not '7'"),
        (b"B,L,0,false,first", "#/Order", "expected a whole number"),
        (b",L,0", "#/Title", "the row has no title: 'Title' is empty"),
    ],
)
def test_a_bad_value_is_pointed_at(row: bytes, pointer: str, detail: str) -> None:
    content = HEADER + b"A,L,0\n" + row + b"\nC,L,0\n"
    assert errors_of(content) == [(3, pointer, detail)]
    assert titles(content) == ["A", "C"]


def test_a_file_with_nothing_but_a_preamble_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no header"):
        read(b'"Date: 2026-11-20+0000"\n"Version: 7.2"\n', "ticktick")


def planned(time_zone: str | None = None, **cells: str) -> Planned:
    """The only row of a backup with these columns."""
    columns = {"List Name": "L", "Title": "A", "Status": "0", "Is All Day": "false", "taskId": "a", **cells}
    lines = [",".join(f'"{text}"' for text in row) for row in (columns.keys(), columns.values())]
    [row] = plan("\n".join(lines).encode(), "ticktick", "ticktick", how=ReadOptions(time_zone=time_zone))
    assert isinstance(row, Planned), row
    return row


def state(time_zone: str | None = None, **cells: str) -> dict[str, Any]:
    return dict(planned(time_zone, **cells).event.state)


@pytest.mark.parametrize(
    ("text", "zone", "is_all_day", "given", "expected"),
    [
        ("2026-12-01T08:00:00+0000", "UTC", "false", None, "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00:00.000+0000", "UTC", "false", None, "2026-12-01T08:00:00Z"),
        ("2026-12-01 14:59:52", "UTC", "false", None, "2026-12-01T14:59:52Z"),
        ("2026-12-01 14:59:52", "Europe/Berlin", "false", "Asia/Tokyo", "2026-12-01T14:59:52+01:00"),
        ("2026-12-01 14:59:52", "", "false", "Asia/Tokyo", "2026-12-01T14:59:52+09:00"),
        ("2026-12-01T08:00:00+0000", "", "false", "Asia/Tokyo", "2026-12-01T17:00:00+09:00"),
        ("2026-12-01T08:00:00Z", "Europe/Berlin", "false", None, "2026-12-01T09:00:00+01:00"),
        ("2026-12-01T08:00:00+05:30", "UTC", "false", None, "2026-12-01T02:30:00Z"),
        ("2026-11-30T23:00:00+0000", "Europe/Berlin", "true", None, "2026-12-01"),
        ("2026-11-30 23:00:00", "Europe/Berlin", "true", None, "2026-12-01"),
        ("2026-12-01 00:00:00", "Europe/Berlin", "true", None, "2026-12-01"),
        ("2026-12-01", "America/Los_Angeles", "true", None, "2026-12-01"),
        ("2026-12-01T00:00:00+0000", "America/Los_Angeles", "true", None, "2026-12-01"),
        ("2026-11-30T15:00:00+0000", "", "True", "Asia/Tokyo", "2026-12-01"),
    ],
)
def test_a_date_is_read_in_each_form_and_zone(
    text: str, zone: str, is_all_day: str, given: str | None, expected: str
) -> None:
    cells = {"Due Date": text, "Timezone": zone, "Is All Day": is_all_day}
    assert state(given, **cells)["due"] == expected
    assert state(given, **{**cells, "Due Date": "", "Start Date": text})["due"] == expected


@pytest.mark.parametrize("text", ["2026-02-30T08:00:00+0000", "soon", "2026-12-01T25:00", "9" * 2000])
def test_what_is_no_date_is_pointed_at(text: str) -> None:
    content = f"Title,List Name,Status,Is All Day,Due Date\nB,L,0,false,{text}\n".encode()
    [(_, pointer, detail)] = errors_of(content)
    assert (pointer, detail[:35]) == ("#/Due%20Date", "expected a date-time as TickTick wr")


@pytest.mark.parametrize(
    ("reminder", "is_all_day", "expected", "notices"),
    [
        ("-PT30M", "false", "2050-06-01T08:30:00+02:00", 0),
        ("TRIGGER:PT0S", "false", "2050-06-01T09:00:00+02:00", 0),
        ("TRIGGER:-P1DT0H0M0S", "false", "2050-05-31T09:00:00+02:00", 0),
        ("TRIGGER:P0DT9H0M0S", "true", "2050-06-01T09:00:00+02:00", 0),
        ("TRIGGER:-P1DT15H0M0S", "true", "2050-05-30T09:00:00+02:00", 0),
        ("TRIGGER:PT0S\nTRIGGER:-PT30M", "false", "2050-06-01T08:30:00+02:00", 1),
        ("PT0S, -PT1H", "false", "2050-06-01T08:00:00+02:00", 1),
        ("-PT30M;-PT30M", "false", "2050-06-01T08:30:00+02:00", 0),
        ("at dawn", "false", None, 1),
        ("-PT30M, at dawn", "false", None, 1),
    ],
)
def test_a_reminder_counts_from_the_tasks_time(
    reminder: str, is_all_day: str, expected: str | None, notices: int
) -> None:
    at = "2050-05-31T22:00:00+0000" if is_all_day == "true" else "2050-06-01T07:00:00+0000"
    row = planned(**{"Due Date": at, "Timezone": "Europe/Berlin", "Is All Day": is_all_day, "Reminder": reminder})
    assert row.event.state["remind_at"] == expected
    assert (row.event.state["metadata"] or {})["Reminder"] == reminder
    assert row.loss is not None
    assert len(row.loss.notices) == notices
    assert ("Reminder" in row.loss.kept) == (notices > 0)


def test_a_reminder_without_a_date_is_kept_and_named() -> None:
    row = planned(Reminder="-PT30M")
    assert row.event.state["remind_at"] is None
    assert row.loss is not None
    assert row.loss.notices == ("a reminder whose time is not known was kept as metadata",)


def test_when_it_was_created_and_completed_are_the_times_of_the_source() -> None:
    found = state(
        Status="1", **{"Created Time": "2026-11-20T15:04:27.000+0000", "Completed Time": "2026-11-21 09:00:00"}
    )
    assert (found["created_at"], found["completed_at"]) == ("2026-11-20T15:04:27.000Z", "2026-11-21T09:00:00.000Z")
    assert found["metadata"] is None or "Created Time" not in found["metadata"]


def test_a_note_is_a_todo_and_named() -> None:
    row = planned(Kind="NOTE")
    assert row.event.state["title"] == "A"
    assert row.loss is not None
    assert row.loss.notices == ("a note was loaded as a todo",)


def test_what_no_list_or_tag_can_be_called_is_kept() -> None:
    found = state(**{"List Name": "l" * 101, "Tags": "a, b, " + "c" * 65})
    assert (found["list"], found["tags"]) == ("inbox", ["a", "b"])
    assert found["metadata"] == {"List Name": "l" * 101, "Tags": "c" * 65, "Is All Day": "false"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("RRULE:FREQ=WEEKLY;UNTIL=20501231T220000Z", "FREQ=WEEKLY;UNTIL=20501231T220000Z"),
        ("FREQ=DAILY;INTERVAL=2", "FREQ=DAILY;INTERVAL=2"),
        ("RRULE:FREQ=DAILY;TT_SKIP=WEEKEND", None),
        ("ERULE:NAME=CUSTOM;BYDATE=20501210", None),
    ],
)
def test_a_rule_of_its_own_kind_is_kept_and_named(text: str, rule: str | None) -> None:
    row = planned(**{"Due Date": "2050-06-01T07:00:00+0000", "Repeat": text})
    assert row.event.state["repeat"] == rule
    assert row.loss is not None
    assert ("Repeat" in row.loss.kept) == (rule is None)
