"""A backup of Super Productivity: tasks, projects, tags, archives and repetitions that refer to each other."""

import json
from typing import Any

import pytest

from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import FILES, errors_of, read, stated

NOON = 2111745600000  # 2036-12-01T12:00:00Z


def rows(*tasks: dict[str, Any], how: ReadOptions | None = None, **state: Any) -> list[Row]:
    entities = {task["id"]: task for task in tasks}
    content = {"data": {"task": {"ids": list(entities), "entities": entities}, **state}}
    found = read(json.dumps(content).encode(), how=how or ReadOptions())
    assert [row for row in found if isinstance(row, BadRow)] == []
    return [row for row in found if isinstance(row, Row)]


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    garlic, compost, dig, water, beans = stated(FILES / "super-productivity.json")
    assert garlic == {
        "title": "Plant the garlic",
        "notes": "Pointed end up.",
        "list": "Allotment 🌱",
        "tags": ["outdoor"],
        "due": "2036-12-01T13:00:00Z",
        "remind_at": "2036-12-01T12:00:00Z",
        "order": 2,
        "source": "super-productivity:tGARLIC",
        "metadata": {
            "timeSpentOnDay": {"2026-11-02": 600000},
            "timeSpent": 600000,
            "timeEstimate": 1800000,
            "attachments": [{"title": "plan", "path": "https://example.com/plan.pdf"}],
        },
    }
    assert (compost["order"], compost["completed"], compost["due"]) == (1, True, "2026-11-02")
    assert (dig["parent"], dig["order"]) == ("Plant the garlic", 2)
    assert (water["repeat"], water["remind_at"]) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2036-12-01T11:00:00Z")
    assert (beans["completed"], beans["list"]) == (True, "Allotment 🌱")


def test_a_bare_state_and_one_in_a_wrapper_are_the_same() -> None:
    whole = json.loads((FILES / "super-productivity.json").read_bytes())
    expected = [str(row) for row in read(json.dumps(whole).encode())]
    assert [str(row) for row in read(json.dumps(whole["data"]).encode())] == expected
    turned = {"data": dict(reversed(whole["data"].items()))}
    assert sorted(str(row) for row in read(json.dumps(turned).encode())) == sorted(expected)


@pytest.mark.parametrize(
    ("members", "due", "kept"),
    [
        ({"dueDay": "2036-12-01"}, "2036-12-01", set()),
        ({"dueWithTime": NOON}, "2036-12-01T12:00:00Z", set()),
        ({"plannedAt": NOON}, "2036-12-01T12:00:00Z", set()),
        ({"deadlineDay": "2036-12-02", "dueWithTime": NOON}, "2036-12-02", {"dueWithTime"}),
        ({"dueDay": None, "dueWithTime": 0}, None, set()),
    ],
)
def test_a_deadline_is_due_before_a_plan(members: dict[str, Any], due: str | None, kept: set[str]) -> None:
    [row] = rows({"id": "1", "title": "A", **members})
    assert row.fields.get("due") == due
    assert row.fields.get("metadata", {}).keys() == kept


def test_only_the_newest_open_task_of_a_repetition_repeats() -> None:
    settings = {"ids": ["r"], "entities": {"r": {"id": "r", "repeatCycle": "DAILY", "repeatEvery": 1}}}
    tasks = [
        {"id": str(number), "title": "A", "repeatCfgId": "r", "created": number, "isDone": number == 4}
        for number in (1, 3, 2, 4)
    ]
    found = {row.own_id: row.fields.get("repeat") for row in rows(*tasks, taskRepeatCfg=settings)}
    assert found == {"1": None, "2": None, "3": "FREQ=DAILY;INTERVAL=1", "4": None}


@pytest.mark.parametrize(
    "settings", [{"repeatCycle": "HOURLY"}, {"repeatCycle": "DAILY", "isPaused": True}, {"repeatEvery": 0}, 7]
)
def test_settings_that_no_rule_says_are_kept(settings: Any) -> None:
    state = {"ids": ["r"], "entities": {"r": settings}}
    [row] = rows({"id": "1", "title": "A", "repeatCfgId": "r"}, taskRepeatCfg=state)
    assert "repeat" not in row.fields


def test_times_are_on_the_clocks_of_the_given_zone() -> None:
    [row] = rows({"id": "1", "title": "A", "dueWithTime": NOON}, how=ReadOptions(time_zone="Europe/Berlin"))
    assert row.fields["due"] == "2036-12-01T13:00:00+01:00"


def test_a_task_that_is_no_object_is_a_bad_row() -> None:
    content = b'{"data": {"task": {"ids": ["1"], "entities": {"1": 7, "2": {"title": "A", "dueDay": "soon"}}}}}'
    assert [(pointer, detail[:15]) for _, pointer, detail in errors_of(content)] == [
        ("#", "expected an obj"),
        ("#/dueDay", "expected a date"),
    ]
