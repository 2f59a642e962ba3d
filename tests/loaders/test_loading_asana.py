"""Asana's CSV: projects become lists, a date of completion means done, and subtasks find their parents by name."""

from __future__ import annotations

import pytest

from loaders.formats import choose_format
from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from tests.loaders.loading import FILES, lines, plan, stated, titles

HEADER = "Task ID,Created At,Completed At,Last Modified,Name,Due Date,Projects,Parent task\n"


def test_an_export_is_read_field_by_field() -> None:
    plan_, draw, order, compare = stated(FILES / "asana.csv")
    assert plan_ == {
        "title": "Plan the garden",
        "notes": "Two beds,\none path",
        "list": "Garden",
        "tags": ["outdoor", "spring"],
        "priority": "high",
        "due": "2026-12-01",
        "source": "asana:1200000000000001",
        "metadata": {
            "Last Modified": "2026-09-20",
            "Section/Column": "To do",
            "Assignee": "Ann Field",
            "Assignee Email": "ann@example.com",
            "Start Date": "2026-09-15",
            "Blocking (Dependencies)": "Order seeds",
        },
    }
    assert (draw["completed"], draw["parent"]) == (True, "Plan the garden")
    assert (order["list"], order["metadata"]["Projects"]) == ("Garden", "Garden, Shopping")
    assert order["metadata"]["Priority"] == "Someday"
    assert compare["parent"] == "Order seeds"


def test_the_days_of_creation_and_completion_are_taken() -> None:
    states = [row.event.state for row in plan((FILES / "asana.csv").read_bytes()) if isinstance(row, Planned)]
    assert states[1]["created_at"] == "2026-09-01T00:00:00.000Z"
    assert states[1]["completed_at"] == "2026-09-03T00:00:00.000Z"
    assert [state["completed"] for state in states] == [False, True, False, False]


@pytest.mark.parametrize("before", ["", "\n", ",,\n,,https://app.asana.com/-/csv?a=1\n,,\n", "sep=,\n", "\ufeff"])
def test_it_is_recognised_by_its_columns_wherever_the_header_begins(before: str) -> None:
    content = f"{before}{HEADER}7,2026-09-01,,2026-09-02,A,,,\n".encode()
    assert choose_format(content.removeprefix(b"\xef\xbb\xbf")).NAME == "asana"
    assert titles(content) == ["A"]


def test_another_table_with_a_name_and_a_task_is_not_taken_for_it() -> None:
    assert choose_format(b"Task ID,Name,Created At\n1,A,2026-09-01\n").NAME == "csv"


def test_the_parent_is_the_nearest_task_before_with_its_name() -> None:
    rows = "1,,,,Release,,,\n2,,,,Test,,,Release\n3,,,,Release,,,\n4,,,,Test,,,Release\n"
    events = [row.event for row in plan(f"{HEADER}{rows}".encode()) if isinstance(row, Planned)]
    first, one, second, other = events
    assert one.state["parent"] == first.stream_id.partition("#")[2]
    assert other.state["parent"] == second.stream_id.partition("#")[2]


def test_a_parent_that_is_not_before_its_subtask_is_kept_by_its_name() -> None:
    [planned] = plan(f"{HEADER}2,,,,Test,,,Release\n".encode())
    assert isinstance(planned, Planned)
    assert planned.event.state["metadata"] == {"Parent task": "Release"}
    assert planned.loss is not None
    assert "parent" in planned.loss.text()


def test_a_day_is_one_of_the_given_zone() -> None:
    content = f"{HEADER}2,,,,Test,2026-12-01,,\n".encode()
    [planned] = plan(content, how=ReadOptions(time_zone="Europe/Berlin"))
    assert isinstance(planned, Planned)
    assert (planned.event.state["due"], planned.event.state["time_zone"]) == ("2026-12-01", "Europe/Berlin")


def test_a_task_that_was_loaded_as_a_row_of_any_table_is_looked_for() -> None:
    content = f"{HEADER}2,,,,Test,,,\n".encode()
    [before], [now] = plan(content, "csv"), plan(content, system="asana")
    assert isinstance(before, Planned)
    assert isinstance(now, Planned)
    assert now.former is not None
    assert before.event.stream_id.partition("#")[2] in now.former.ids


def test_a_mended_row_keeps_its_parent() -> None:
    row = {"Task ID": "2", "Name": "Test", "Parent task": "Release", "parent id": "1"}
    [planned] = plan(lines({"line": 3, "format": "asana", "source": "asana", "row": row}))
    assert isinstance(planned, Planned)
    assert planned.event.state["parent"] is not None
