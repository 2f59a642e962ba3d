"""Microsoft To Do by the Graph API: lists, tasks and checklists."""

import json
from typing import Any

import pytest

from loaders.formats import choose_format
from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from loaders.rows.row import Row
from tests.loaders.loading import FILES, errors_of, plan, read, stated, titles, todos

NAME = "microsoft-to-do"

TASK = {"title": "A", "importance": "normal", "status": "notStarted", "lastModifiedDateTime": "x", "id": "1"}


def file(*tasks: dict[str, Any]) -> bytes:
    return json.dumps({"value": [{"displayName": "L", "tasks": tasks}]}).encode()


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "microsoft-to-do.json") == [
        {
            "title": "Plant the garlic",
            "notes": "Cloves are\nin the shed",
            "list": "Tasks ☑",
            "tags": ["outdoor"],
            "priority": "high",
            "due": "2026-12-01",
            "remind_at": "2036-11-30T09:00:00-08:00",
            "repeat": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU;UNTIL=20271201",
            "source": "microsoft-to-do:T1",
            "metadata": {
                "lastModifiedDateTime": "2026-11-20T15:04:27.1234567Z",
                "recurrence": {
                    "pattern": {
                        "type": "weekly",
                        "interval": 2,
                        "month": 0,
                        "dayOfMonth": 0,
                        "daysOfWeek": ["monday", "friday"],
                        "firstDayOfWeek": "sunday",
                        "index": "first",
                    },
                    "range": {"type": "endDate", "startDate": "2026-12-01", "endDate": "2027-12-01"},
                },
                "reminderDateTime": {"dateTime": "2036-11-30T09:00:00.0000000", "timeZone": "Pacific Standard Time"},
            },
        },
        {
            "title": "Dig",
            "completed": True,
            "list": "Tasks ☑",
            "parent": "Plant the garlic",
            "order": 1,
            "source": "microsoft-to-do:T1/C1",
        },
        {
            "title": "Water",
            "list": "Tasks ☑",
            "parent": "Plant the garlic",
            "order": 2,
            "source": "microsoft-to-do:T1/C2",
        },
        {
            "title": "Zoned",
            "notes": "<b>x</b>",
            "list": "Tasks ☑",
            "due": "2026-12-01",
            "source": "microsoft-to-do:T2",
            "metadata": {
                "lastModifiedDateTime": "2026-11-20T15:04:27.1234567Z",
                "recurrence": {
                    "pattern": {"type": "daily", "interval": 1},
                    "range": {"type": "numbered", "numberOfOccurrences": 3},
                },
                "status": "waitingOnOthers",
                "body": {"contentType": "html"},
                "dueDateTime": {"dateTime": "2026-12-01T17:30:00.0000000", "timeZone": "Europe/Berlin"},
            },
        },
        {
            "title": "Done",
            "completed": True,
            "list": "Named after its tasks",
            "priority": "low",
            "due": "2026-12-01",
            "repeat": "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO;BYSETPOS=-1",
            "source": "microsoft-to-do:T3",
            "metadata": {
                "recurrence": {
                    "pattern": {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"},
                    "range": {"type": "noEnd"},
                },
                "dueDateTime": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "Nowhere"},
            },
        },
    ]


@pytest.mark.parametrize(
    "whole",
    [
        [TASK],
        {"value": [TASK]},
        [{"displayName": "L", "tasks": [TASK]}],
        {"displayName": "L", "tasks": {"value": [TASK]}},
        {"value": [{"tasks": [TASK], "displayName": "L"}]},
    ],
)
def test_tasks_may_stand_in_pages_in_lists_or_alone(whole: Any) -> None:
    content = json.dumps(whole).encode()
    [row] = plan(content, "microsoft-to-do")
    assert isinstance(row, Planned)
    assert (row.event.state["title"], row.event.state["list"]) == ("A", "L" if "displayName" in str(whole) else "inbox")


@pytest.mark.parametrize(
    ("member", "pointer", "detail"),
    [
        ({"status": "dreaming"}, "#/status", "expected one of notStarted"),
        ({"dueDateTime": {"dateTime": "2026-12-01T00:00:00"}}, "#/dueDateTime", "and its timeZone"),
        ({"dueDateTime": "2026-12-01"}, "#/dueDateTime", "expected a dateTime"),
        ({"body": "text"}, "#/body", "expected an object with content"),
        ({"categories": "a"}, "#/categories", "expected a list"),
        ({"checklistItems": "a"}, "#/checklistItems", "expected an array of objects"),
        ({"title": None}, "#/title", "the row has no title"),
    ],
)
def test_a_bad_value_is_pointed_at(member: dict[str, Any], pointer: str, detail: str) -> None:
    content = file({**TASK, **member}, {**TASK, "title": "B", "id": "2"})
    [(_, found_pointer, found)] = errors_of(content)
    assert found_pointer == pointer
    assert detail in found
    assert titles(content) == ["B"]


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ({"type": "daily", "interval": 3}, "FREQ=DAILY;INTERVAL=3"),
        ({"type": "weekly", "daysOfWeek": ["monday"]}, "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO"),
        ({"type": "absoluteMonthly", "dayOfMonth": 31}, "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=31"),
        ({"type": "absoluteYearly", "month": 2, "dayOfMonth": 1}, "FREQ=YEARLY;INTERVAL=1;BYMONTH=2;BYMONTHDAY=1"),
        (
            {"type": "relativeYearly", "month": 2, "daysOfWeek": ["monday", "friday"], "index": "second"},
            "FREQ=YEARLY;INTERVAL=1;BYMONTH=2;BYDAY=MO,FR;BYSETPOS=2",
        ),
        ({"type": "hourly"}, None),
        ({"type": "weekly", "daysOfWeek": ["someday"]}, None),
        ("daily", None),
    ],
)
def test_a_pattern_becomes_a_rule_where_it_can_and_is_kept(pattern: Any, rule: str | None) -> None:
    recurrence = {"pattern": pattern, "range": {"type": "noEnd"}}
    [todo] = todos(file({**TASK, "recurrence": recurrence}))
    assert (todo["repeat"], todo["metadata"]["recurrence"]) == (rule, recurrence)


def test_midnight_is_a_day_to_be_due_and_an_instant_to_be_reminded_at() -> None:
    midnight = {"dateTime": "2036-12-01T00:00:00.0000000", "timeZone": "UTC"}
    [todo] = todos(file({**TASK, "isReminderOn": True, "dueDateTime": midnight, "reminderDateTime": midnight}))
    assert (todo["due"], todo["remind_at"]) == ("2036-12-01", "2036-12-01T00:00:00Z")


BERLIN = {"reminderDateTime": {"dateTime": "2026-12-01T08:00:00", "timeZone": "W. Europe Standard Time"}}
NEW_YORK = {"recurrence": {"range": {"recurrenceTimeZone": "Eastern Standard Time"}}}
IN_UTC = {"reminderDateTime": {"dateTime": "2026-12-01T08:00:00", "timeZone": "UTC"}}


@pytest.mark.parametrize(
    ("moment", "members", "zone", "due", "is_kept"),
    [
        ("2026-11-30T23:00:00", BERLIN, None, "2026-12-01", False),
        ("2026-12-01T05:00:00", NEW_YORK, None, "2026-12-01", False),
        ("2026-11-30T23:00:00", BERLIN, "America/New_York", "2026-12-01", False),
        ("2026-11-30T23:00:00", IN_UTC, "Europe/Berlin", "2026-12-01", False),
        ("2026-11-30T15:00:00", {"startDateTime": {"timeZone": "Asia/Tokyo"}}, None, "2026-12-01", False),
        ("2026-12-01T00:00:00", NEW_YORK, None, "2026-12-01", False),
        ("2026-12-01T16:30:00", BERLIN, None, "2026-12-01", True),
        ("2026-11-30T23:00:00", {}, None, "2026-12-01", False),
        ("2026-12-01T08:00:00", {}, None, "2026-12-01", False),
        ("2026-11-30T11:00:00", {}, None, "2026-12-01", False),
    ],
)
def test_the_zone_that_a_task_names_decides_the_day(
    moment: str, members: dict[str, Any], zone: str | None, due: str, is_kept: bool
) -> None:
    content = file({**TASK, **members, "dueDateTime": {"dateTime": moment, "timeZone": "UTC"}})
    [row] = read(content, how=ReadOptions(time_zone=zone))
    assert isinstance(row, Row)
    assert row.fields["due"] == due
    assert ("dueDateTime" in row.fields.get("metadata", {})) is is_kept
    is_a_guess = not members and zone is None
    assert (
        any("nearest" in notice or "midnight" in notice for notice in (row.loss.notices if row.loss else ()))
        is is_a_guess
    )


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00.0000000", "1601-01-01T00:00:00"])
def test_the_first_day_of_a_calendar_is_no_date(moment: str) -> None:
    [todo] = todos(file({**TASK, "dueDateTime": {"dateTime": moment, "timeZone": "UTC"}}))
    assert (todo["due"], todo["metadata"]) == (None, {"lastModifiedDateTime": "x"})


def test_a_reminder_that_is_off_is_kept() -> None:
    reminder = {"dateTime": "2036-12-01T08:00:00", "timeZone": "UTC"}
    [todo] = todos(file({**TASK, "isReminderOn": False, "reminderDateTime": reminder}))
    assert (todo["remind_at"], todo["metadata"]["reminderDateTime"]) == (None, reminder)


def test_a_page_that_is_not_the_last_is_said_to_be_one_of_several() -> None:
    tasks = [{**TASK, "id": str(number)} for number in range(3)]
    page = {"@odata.context": "x", "@odata.nextLink": "https://graph.microsoft.com/next", "value": tasks}
    for whole in (page, dict(reversed(page.items()))):
        rows = [row for row in read(json.dumps(whole).encode()) if isinstance(row, Row)]
        said = [row.loss.notices if row.loss else () for row in rows]
        assert said == [(), (), ("the file is one page of several; load the next pages, too",)]


def test_a_page_of_other_things_is_not_taken_for_tasks() -> None:
    assert choose_format(b'{"@odata.context": "x", "value": [{"subject": "A", "bodyPreview": "B"}]}').NAME != NAME


def test_times_of_the_source_are_taken() -> None:
    done = {"dateTime": "2026-11-21T10:00:00.0000000", "timeZone": "Europe/Berlin"}
    item = {"displayName": "I", "isChecked": True, "checkedDateTime": "2026-11-20T15:04:27.1234567Z"}
    task = {**TASK, "status": "completed", "completedDateTime": done, "createdDateTime": "2026-11-20T15:04:27.1234567Z"}
    [whole, part] = read(file({**task, "checklistItems": [item]}))
    assert isinstance(whole, Row)
    assert isinstance(part, Row)
    assert whole.fields["created_at"] == "2026-11-20T15:04:27.1234567Z"
    assert (whole.fields["completed_at"], part.fields["completed_at"]) == (
        "2026-11-21T10:00:00+01:00",
        "2026-11-20T15:04:27.1234567Z",
    )
