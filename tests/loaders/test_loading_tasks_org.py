"""A backup of Tasks.org: milliseconds, lists of servers, alarms and deleted tasks."""

import json
from typing import Any

import pytest

from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import FILES, errors_of, read, stated

HOUR = 3_600_000
NOON = 2111745600000  # 2036-12-01T12:00:00Z


def rows(*tasks: dict[str, Any], how: ReadOptions | None = None, **data: Any) -> list[Row]:
    content = json.dumps({"version": 1, "timestamp": 2, "data": {"tasks": tasks, **data}}).encode()
    found = read(content, how=how or ReadOptions())
    assert [row for row in found if isinstance(row, BadRow)] == []
    return [row for row in found if isinstance(row, Row)]


def row(how: ReadOptions | None = None, alarms: Any = (), **task: Any) -> Row:
    return rows({"task": {"title": "A", "remoteId": "1", **task}, "alarms": list(alarms)}, how=how)[0]


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "tasks-org.json") == [
        {
            "title": "Plant the garlic",
            "notes": "Pointed end up.\n\n2026-11-01: Cloves are in the shed.",
            "list": "Allotment 🌱",
            "tags": ["outdoor"],
            "priority": "high",
            "due": "2036-12-01T13:00:00Z",
            "remind_at": "2036-12-01T12:00:00Z",
            "order": 3,
            "repeat": "FREQ=YEARLY",
            "repeat_from": "completion",
            "source": "tasks.org:4144830798578906683",
            "metadata": {
                "hideUntil": 2111626800000,
                "modificationDate": 1793692800000,
                "estimatedSeconds": 1800,
                "places": ["Plot 7"],
            },
        },
        {
            "title": "Dig",
            "completed": True,
            "list": "Allotment 🌱",
            "due": "2036-12-01",
            "parent": "Plant the garlic",
            "source": "tasks.org:4144830798578906684",
            "metadata": {"alarms": [{"time": 0, "type": 2}]},
        },
        {
            "title": "Paint the hut",
            "completed": True,
            "list": "Google's",
            "priority": "low",
            "source": "tasks.org:4144830798578906685",
            "metadata": {"deletionDate": 1793610000000},
        },
    ]


@pytest.mark.parametrize(
    ("due", "zone", "expected"),
    [
        (NOON, None, "2036-12-01"),
        (NOON + 1000, None, "2036-12-01T12:00:00Z"),
        (NOON - 13 * HOUR, "Pacific/Auckland", "2036-12-01"),
        (NOON + 10 * HOUR, "Pacific/Honolulu", "2036-12-01"),
        (0, None, None),
        (-1, None, None),
    ],
)
def test_a_due_date_has_a_time_if_it_has_seconds(due: int, zone: str | None, expected: str | None) -> None:
    assert row(ReadOptions(time_zone=zone), dueDate=due).fields.get("due") == expected


@pytest.mark.parametrize("due", ["2036-12-01", True, 1e300, [7]])
def test_another_due_date_is_rejected(due: Any) -> None:
    content = json.dumps({"data": {"tasks": [{"task": {"title": "A", "dueDate": due}}]}}).encode()
    [(_, pointer, detail)] = errors_of(content, "tasks.org")
    assert (pointer, "expected milliseconds" in detail) == ("#/dueDate", True)


@pytest.mark.parametrize(("priority", "word"), [(0, "high"), (1, "medium"), (2, "low"), (3, "none")])
def test_priorities_count_down(priority: int, word: str) -> None:
    assert row(priority=priority).fields["priority"] == word


@pytest.mark.parametrize(
    ("alarms", "remind_at"),
    [
        ([{"type": 0, "time": NOON}], "2036-12-01T12:00:00Z"),
        ([{"type": 2, "time": -HOUR}], "2036-12-01T11:00:00Z"),
        ([{"type": 2}], "2036-12-01T12:00:00Z"),
        ([{"type": 1, "time": HOUR}], None),
        ([{"type": 3, "time": HOUR}], None),
        ([{"type": 5}], None),
        ([{"type": 4, "time": NOON + HOUR}, {"type": 2, "time": -HOUR}], "2036-12-01T13:00:00Z"),
        ([{"type": 0, "time": 1_000_000_000_000}], "2001-09-09T01:46:40Z"),
        ([{"type": 0, "time": 1_000_000_000_000}, {"type": 0, "time": NOON}], "2036-12-01T12:00:00Z"),
        ([{"type": 0, "time": "x"}, 7], None),
    ],
)
def test_the_next_alarm_reminds_unless_it_has_no_time(alarms: Any, remind_at: str | None) -> None:
    found = row(alarms=alarms, dueDate=NOON + 1000)
    assert found.fields.get("remind_at") == remind_at
    is_kept = len(alarms) > 1 or remind_at is None
    assert ("alarms" in found.fields.get("metadata", {})) is is_kept


def test_an_alarm_of_a_day_rings_at_a_time_that_the_backup_does_not_say() -> None:
    found = row(alarms=[{"type": 2, "time": 0}], dueDate=NOON)
    assert ("remind_at" in found.fields, found.fields["metadata"]) == (False, {"alarms": [{"type": 2, "time": 0}]})


@pytest.mark.parametrize(
    ("recurrence", "repeat"),
    [
        ("RRULE:FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO"),
        ("FREQ=DAILY;COUNT=-1;BYDAY=", "FREQ=DAILY"),
        ("FREQ=NEVER", None),
    ],
)
def test_a_rule_is_the_rule_if_a_todo_can_repeat_by_it(recurrence: str, repeat: str | None) -> None:
    found = row(recurrence=recurrence, dueDate=NOON, repeatFrom=0)
    assert found.fields.get("repeat") == repeat
    assert ("recurrence" in found.fields.get("metadata", {})) is (repeat is None)


def test_one_uid_on_two_servers_is_two_tasks_each_with_its_own_parent() -> None:
    def task(own_id: str, calendar: str, remote: str, parent: str | None = None) -> dict[str, Any]:
        at_server = {"calendar": calendar, "remoteId": remote, "remoteParent": parent}
        return {"task": {"title": own_id, "remoteId": own_id}, "caldavTasks": [at_server]}

    found = rows(task("1", "a", "p"), task("2", "b", "p"), task("3", "a", "c", "p"), task("4", "b", "c", "p"))
    assert [(each.own_id, each.parent) for each in found] == [("1", None), ("2", None), ("3", "1"), ("4", "2")]
