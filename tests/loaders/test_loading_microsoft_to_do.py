"""Microsoft To Do by the Graph API: lists, tasks and checklists."""

import json
from typing import Any

import pytest

from loaders.planner import Planned
from tests.loaders.loading import FILES, errors_of, plan, stated, titles, todos

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
            "remind_at": "2026-11-30T09:00:00-08:00",
            "repeat": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU;UNTIL=20271201",
            "source": "microsoft-to-do:T1",
            "metadata": {
                "isReminderOn": True,
                "createdDateTime": "2026-11-20T15:04:27.1234567Z",
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
                "reminderDateTime": {"dateTime": "2026-11-30T09:00:00.0000000", "timeZone": "Pacific Standard Time"},
            },
        },
        {
            "title": "Dig",
            "completed": True,
            "list": "Tasks ☑",
            "parent": "Plant the garlic",
            "source": "microsoft-to-do:T1/C1",
            "metadata": {"createdDateTime": "2026-11-20T15:04:27.1234567Z"},
        },
        {
            "title": "Water",
            "list": "Tasks ☑",
            "parent": "Plant the garlic",
            "source": "microsoft-to-do:T1/C2",
            "metadata": {"createdDateTime": "2026-11-20T15:04:27.1234567Z"},
        },
        {
            "title": "Zoned",
            "notes": "<b>x</b>",
            "list": "Tasks ☑",
            "due": "2026-12-01T17:30:00+01:00",
            "source": "microsoft-to-do:T2",
            "metadata": {
                "isReminderOn": False,
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
            "due": "2026-12-01T09:00:00Z",
            "repeat": "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO;BYSETPOS=-1",
            "source": "microsoft-to-do:T3",
            "metadata": {
                "completedDateTime": {"dateTime": "2026-11-21T09:00:00.0000000", "timeZone": "UTC"},
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
    midnight = {"dateTime": "2026-12-01T00:00:00.0000000", "timeZone": "UTC"}
    [todo] = todos(file({**TASK, "isReminderOn": True, "dueDateTime": midnight, "reminderDateTime": midnight}))
    assert (todo["due"], todo["remind_at"]) == ("2026-12-01", "2026-12-01T00:00:00Z")
