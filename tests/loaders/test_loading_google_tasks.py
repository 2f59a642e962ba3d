"""Google Takeout's Tasks.json: lists of tasks become todos in lists."""

import io
import json
from typing import Any

import pytest

from loaders.errors import UnreadableFile
from loaders.formats import choose_format, formats
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import FILES, errors_of, read, stated, titles

TASK = {"kind": "tasks#task", "id": "1", "title": "A", "status": "needsAction"}


def rows(whole: Any) -> list[Row]:
    content = json.dumps(whole).encode()
    assert choose_format(content).NAME == "google-tasks"
    found = read(content)
    assert [row for row in found if isinstance(row, BadRow)] == []
    return [row for row in found if isinstance(row, Row)]


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "google-tasks.json") == [
        {
            "title": "Plant the garlic",
            "notes": "Cloves are\nin the shed",
            "list": "Garden 🌱",
            "due": "2026-12-01",
            "source": "google-tasks:g1",
            "metadata": {
                "task_type": "PERSONAL_TASK",
                "updated": "2026-11-20T15:04:27.000Z",
                "links": [{"type": "email", "link": "https://mail.google.com/x"}],
            },
        },
        {
            "title": "Buy compost",
            "completed": True,
            "list": "Garden 🌱",
            "parent": "Plant the garlic",
            "source": "google-tasks:g2",
            "metadata": {"hidden": True},
        },
        {
            "title": "At a time",
            "completed": True,
            "list": "Named after its tasks",
            "due": "2026-12-01T09:30:00Z",
            "source": "google-tasks:g3",
            "metadata": {"deleted": True},
        },
    ]


@pytest.mark.parametrize(
    ("member", "pointer", "detail"),
    [
        ({"status": "dreaming"}, "#/status", "expected one of needsAction, completed"),
        ({"due": 7}, "#/due", "expected a text"),
        ({"title": ""}, "#/title", "the row has no title"),
        ({"notes": ["a"]}, "#/notes", "expected a text"),
    ],
)
def test_a_bad_value_is_pointed_at(member: dict[str, Any], pointer: str, detail: str) -> None:
    tasks = [{"id": "1", "title": "A", **member}, {"id": "2", "title": "B"}]
    content = json.dumps({"kind": "tasks#taskLists", "items": [{"title": "L", "items": tasks}]}).encode()
    [(line, found_pointer, found)] = errors_of(content)
    assert (line, found_pointer) == (1, pointer)
    assert detail in found
    assert titles(content) == ["B"]


@pytest.mark.parametrize(
    "whole",
    [
        {"kind": "tasks#tasks", "etag": "x", "items": [TASK]},
        {"etag": "x", "items": [TASK], "kind": "tasks#tasks"},
        {"kind": "tasks#tasks", "id": "l", "title": "L", "items": [TASK]},
        [TASK],
    ],
)
def test_a_page_of_the_api_holds_tasks(whole: Any) -> None:
    [row] = rows(whole)
    assert (row.own_id, row.fields["title"], row.fields.get("list")) == ("1", "A", "L" if "title" in whole else None)


def test_a_page_that_is_not_the_last_is_said_to_be_one_of_several() -> None:
    page = {"kind": "tasks#tasks", "nextPageToken": "x", "items": [{**TASK, "id": str(number)} for number in range(3)]}
    for whole in (page, {"kind": "tasks#tasks", **dict(reversed(page.items()))}):
        said = [row.loss.notices if row.loss else () for row in rows(whole)]
        assert said == [(), (), ("the file is one page of several; load the next pages, too",)]


def test_rows_before_the_end_of_a_page_that_breaks_off_are_read() -> None:
    content = json.dumps({"kind": "tasks#tasks", "items": [TASK, {**TASK, "id": "2"}]}).encode()[:-2]
    found: list[Any] = []
    with pytest.raises(UnreadableFile, match="the file ends where"):
        found.extend(formats()["google-tasks"].read_rows(Input(io.BytesIO(content)), ReadOptions()))
    assert [row.own_id for row in found] == ["1", "2"]


@pytest.mark.parametrize(
    "lists",
    [
        [{"kind": "tasks#taskList", "id": "l", "title": "L"}],
        [{"id": "l", "title": "L"}],
        [{"kind": "tasks#tasks", "title": "L", "items": []}],
        [],
    ],
)
def test_lists_without_tasks_are_no_rows(lists: Any) -> None:
    assert rows({"kind": "tasks#taskLists", "items": lists}) == []


def test_positions_are_orders_that_sort_as_the_texts_do() -> None:
    positions = [
        "00000000000000000000",
        "00000000000000000007",
        "00000000001610612735",
        "00004503599627370496",
        "00004503599627370497",
        "09999998482863867125",
        "09999998482893867125",
        "99999999999999999999",
    ]
    tasks = [{**TASK, "id": position, "position": position} for position in reversed(positions)]
    orders = {row.own_id: row.fields["order"] for row in rows({"kind": "tasks#tasks", "items": tasks})}
    assert sorted(positions, key=lambda position: orders[position]) == positions
    assert max(orders.values()) < 2**53
    assert orders["00000000001610612735"] == 1610612735


@pytest.mark.parametrize("position", ["b", "1" * 21, 7, "٣"])
def test_another_position_is_kept(position: Any) -> None:
    [row] = rows({"kind": "tasks#tasks", "items": [{**TASK, "position": position}]})
    assert ("order" in row.fields, row.fields["metadata"]) == (False, {"position": position})


def test_done_is_what_has_a_date_of_completion_and_what_is_deleted() -> None:
    by_date = {"id": "1", "title": "A", "completed": "2026-11-21T09:00:00.000Z", "created": "2026-11-01T09:00:00.000Z"}
    deleted = {**TASK, "id": "2", "deleted": True}
    first, second = rows({"kind": "tasks#tasks", "items": [by_date, deleted]})
    assert (first.fields["completed"], first.fields["completed_at"]) == (True, "2026-11-21T09:00:00.000Z")
    assert first.fields["created_at"] == "2026-11-01T09:00:00.000Z"
    assert (second.fields["completed"], second.fields["metadata"]) == (True, {"deleted": True})
    assert second.loss is not None
    assert second.loss.notices == ("a deleted task was loaded as completed",)


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("2026-12-01T00:00:00.000Z", "2026-12-01"),
        ("2026-12-01T00:00:00+09:00", "2026-12-01"),
        ("2026-12-01", "2026-12-01"),
        ("1970-01-01T00:00:00.000Z", None),
    ],
)
def test_a_due_date_is_a_day(due: str, day: str | None) -> None:
    [row] = rows({"kind": "tasks#tasks", "items": [{**TASK, "due": due}]})
    assert row.fields["due"] == day
