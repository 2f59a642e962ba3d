"""Apple Reminders as its exporters write them."""

import json
from typing import Any

import pytest

from loaders.formats import choose_format
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import FILES, errors_of, read, stated

REMINDER = {"externalId": "1", "title": "A", "isCompleted": False, "list": "L", "listId": "l"}


def rows(content: Any, how: ReadOptions | None = None) -> list[Row]:
    found = read(json.dumps(content).encode(), "apple-reminders", how or ReadOptions())
    assert [row for row in found if isinstance(row, BadRow)] == []
    return [row for row in found if isinstance(row, Row)]


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    garlic, dig, rake, compost, hut = stated(FILES / "apple-reminders.json")
    assert garlic == {
        "title": "Plant the garlic",
        "notes": "Pointed end up.",
        "list": "Allotment",
        "tags": ["outdoor"],
        "priority": "high",
        "due": "2036-12-01T09:00:00Z",
        "remind_at": "2036-12-01T08:00:00Z",
        "order": 1,
        "source": "apple-reminders:5D1E0B60-0001",
        "metadata": {"startDate": "2036-11-30T09:00:00Z", "lastModified": "2026-11-03T10:00:00Z"},
    }
    assert (dig["parent"], dig["completed"], rake["parent"], rake["order"]) == (
        "Plant the garlic",
        True,
        "Plant the garlic",
        2,
    )
    assert (compost["due"], compost["completed"]) == ("2026-11-02", True)
    assert (hut["priority"], hut["metadata"]) == (
        "low",
        {"location": "52.5, 13.4", "locationTitle": "Home", "isFlagged": True},
    )


@pytest.mark.parametrize(
    ("members", "zone", "due"),
    [
        ({"dueDate": "2036-11-30T23:00:00Z"}, None, "2036-11-30T23:00:00Z"),
        ({"dueDate": "2036-11-30T23:00:00Z"}, "Europe/Berlin", "2036-12-01"),
        ({"dueDate": "2036-11-30T23:00:00Z", "isAllDay": True}, None, "2036-12-01"),
        ({"dueDate": "2036-12-01T05:00:00Z", "isAllDay": True}, None, "2036-12-01"),
        ({"dueDate": "2036-12-01T05:00:00Z", "isAllDay": True}, "Asia/Tokyo", "2036-12-01"),
        ({"alldayDueDate": "2036-11-30T13:00:00Z", "dueDate": "2036-11-30T13:00:00Z"}, None, "2036-12-01"),
        ({"dueDate": "2036-12-01"}, "Asia/Tokyo", "2036-12-01"),
        ({"dueDate": "2036-12-01T09:00:00"}, "Asia/Tokyo", "2036-12-01T09:00:00+09:00"),
        ({"dueDate": "2036-12-01T09:00:00"}, None, "2036-12-01T09:00:00Z"),
        ({"Due Date": "2036-12-01T09:00:00Z"}, None, "2036-12-01T09:00:00Z"),
        ({"dueDate": "4001-01-01T00:00:00Z"}, None, None),
        ({"dueDate": "0001-01-01T00:00:00Z"}, None, None),
    ],
)
def test_a_day_is_one_wherever_its_midnight_is(members: dict[str, Any], zone: str | None, due: str | None) -> None:
    [row] = rows([{**REMINDER, **members}], ReadOptions(time_zone=zone))
    assert row.fields.get("due") == due


@pytest.mark.parametrize(
    ("priority", "word"),
    [(0, "none"), (1, "high"), (4, "high"), (5, "medium"), (6, "low"), (9, "low"), ("High", "high"), ("5", "medium")],
)
def test_priorities_are_those_of_eventkit_or_words(priority: Any, word: str) -> None:
    assert rows([{**REMINDER, "priority": priority}])[0].fields["priority"] == word


@pytest.mark.parametrize("priority", [10, -1, "urgent", 1.5, True])
def test_another_priority_is_rejected(priority: Any) -> None:
    [(_, pointer, detail)] = errors_of(json.dumps([{**REMINDER, "priority": priority}]).encode())
    assert (pointer, "expected a number from 0 to 9" in detail) == ("#/priority", True)


@pytest.mark.parametrize(
    "whole",
    [
        [REMINDER],
        {"reminders": [REMINDER]},
        {"lists": [{"title": "L", "reminders": [{**REMINDER, "list": None}]}]},
        [{"name": "L", "reminders": [{**REMINDER, "list": None}]}],
        [{**REMINDER, "list": {"title": "L"}}],
    ],
)
def test_reminders_may_stand_alone_or_in_lists(whole: Any) -> None:
    assert choose_format(json.dumps(whole).encode()).NAME == "apple-reminders"
    [row] = rows(whole)
    assert (row.own_id, row.fields["list"]) == ("1", "L")


def test_names_of_shortcuts_and_of_scripts_are_known() -> None:
    shortcut = {"Title": "A", "Is Completed": "Yes", "List": "L", "Notes": "N", "Tags": "#a, #b", "Is Flagged": "No"}
    script = {
        "id": "x-apple-reminder://1",
        "name": "B",
        "body": "N",
        "completed": False,
        "remindMeDate": "2036-12-01T08:00:00Z",
    }
    (a,), (b,) = rows([shortcut]), rows([script])
    assert (a.fields["completed"], a.fields["tags"], a.fields["notes"]) == (True, ["a", "b"], "N")
    assert (b.fields["title"], b.fields["remind_at"]) == ("B", "2036-12-01T08:00:00Z")
    assert choose_format(json.dumps([shortcut]).encode()).NAME == "apple-reminders"
    assert choose_format(json.dumps([script]).encode()).NAME == "apple-reminders"


def test_the_next_alarm_at_a_time_reminds_and_others_are_kept() -> None:
    several = [{"absoluteDate": f"{year}-12-01T08:00:00Z"} for year in (2040, 2036, 2020)]
    place = [{"structuredLocation": {"title": "Home"}, "proximity": "enter"}]
    before = [{"relativeOffset": -3600}]
    due = "2036-12-01T09:00:00Z"
    found = [rows([{**REMINDER, "dueDate": due, "alarms": alarms}])[0].fields for alarms in (several, place, before)]
    assert [fields.get("remind_at") for fields in found] == ["2036-12-01T08:00:00Z", None, "2036-12-01T08:00:00Z"]
    assert [fields.get("metadata", {}).get("alarms") for fields in found] == [several, place, None]


def test_a_plain_list_is_not_taken_for_reminders() -> None:
    assert (
        choose_format(b'[{"title": "A", "isCompleted": true, "dueDate": "2026-12-01", "priority": "high"}]').NAME
        == "json"
    )
