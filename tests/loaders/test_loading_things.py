"""Things as its URL scheme takes it, and as things.py writes it."""

import json
from typing import Any

import pytest

from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import FILES, errors_of, read, stated, titles

MODIFIED = "2026-11-02 10:00:00"
CANCELLED = "what was cancelled or in the trash was loaded as completed"


def rows(content: Any, how: ReadOptions | None = None) -> list[Row]:
    found = read(json.dumps(content).encode(), "things", how or ReadOptions())
    assert [row for row in found if isinstance(row, BadRow)] == []
    return [row for row in found if isinstance(row, Row)]


def test_what_the_url_takes_becomes_todos_in_projects_and_lists() -> None:
    found = [
        {name: value for name, value in todo.items() if name != "source"} for todo in stated(FILES / "things.json")
    ]
    assert found == [
        {
            "title": "Plant the garlic",
            "notes": "Pointed end up.",
            "list": "Allotment",
            "tags": ["outdoor"],
            "due": "2036-12-01",
            "remind_at": "2036-11-30T14:00:00Z",
            "order": 1,
            "metadata": {"when": "2036-11-30@14:00"},
        },
        {"title": "Dig", "completed": True, "list": "Allotment", "order": 1, "parent": "Plant the garlic"},
        {"title": "Rake", "list": "Allotment", "order": 2, "parent": "Plant the garlic"},
        {"title": "Buy compost", "completed": True, "order": 2, "metadata": {"when": "today"}},
        {"title": "Paint the hut", "completed": True, "order": 3, "metadata": {"canceled": True}},
        {"title": "Renew the passport", "list": "Go to Rome", "order": 1},
        {
            "title": "Vatican City",
            "list": "Go to Rome",
            "due": "2036-12-03",
            "order": 3,
            "metadata": {"heading": "Sights"},
        },
        {"title": "Move house", "notes": "By spring", "list": "Move house", "order": 5},
        {"title": "Order the boxes", "list": "Move house", "order": 1, "parent": "Move house"},
    ]


def test_what_things_py_writes_is_read_by_its_own_names() -> None:
    passport_to_do = {"uuid": "A3", "type": "to-do", "title": "Passport", "status": "incomplete"}
    rome = {"uuid": "P2", "type": "project", "title": "Rome", "items": [passport_to_do]}
    exported = [
        {
            "uuid": "A1",
            "type": "to-do",
            "title": "Dig",
            "status": "completed",
            "project": "P1",
            "project_title": "Garden",
            "heading": "H1",
            "heading_title": "Beds",
            "start": "Anytime",
            "start_date": "2026-11-01",
            "deadline": "2026-12-01",
            "stop_date": "2026-11-02 10:00:00",
            "created": "2026-11-01 09:00:00",
            "modified": MODIFIED,
            "index": -3,
            "tags": ["outdoor"],
            "checklist": [{"title": "Spade", "status": "incomplete", "type": "checklist-item", "uuid": "C1"}],
        },
        {"uuid": "A2", "type": "to-do", "title": "Sell it", "status": "canceled"},
        {"uuid": "F1", "type": "area", "title": "Family", "projects": [rome]},
    ]
    dig, spade, sell, passport = rows(exported, ReadOptions(time_zone="Europe/Berlin"))
    assert dig.fields == {
        "title": "Dig",
        "list": "Garden",
        "tags": ["outdoor"],
        "due": "2026-12-01",
        "order": 1,
        "completed": True,
        "created_at": "2026-11-01T09:00:00+01:00",
        "completed_at": "2026-11-02T10:00:00+01:00",
        "metadata": {"start": "Anytime", "start_date": "2026-11-01", "heading_title": "Beds", "modified": MODIFIED},
    }
    assert (spade.own_id, spade.parent, spade.fields["completed"]) == ("C1", "A1", False)
    assert (sell.fields["completed"], sell.fields["metadata"]["status"]) == (True, "canceled")
    assert sell.loss is not None
    assert sell.loss.notices == (CANCELLED,)
    assert (passport.own_id, passport.fields["list"], passport.parent) == ("A3", "Rome", None)


def test_to_dos_without_an_id_keep_theirs_when_their_dates_change_and_differ_from_those_of_another_file() -> None:
    def own_ids(file_name: str, **attributes: Any) -> list[str | None]:
        todo = {"type": "to-do", "attributes": {"title": "A", **attributes}}
        return [row.own_id for row in rows([todo, todo], ReadOptions(file_name=file_name))]

    assert own_ids("x") == own_ids("x", deadline="2026-12-01", notes="N")
    assert len({*own_ids("x"), *own_ids("y")}) == 4


@pytest.mark.parametrize(
    ("attributes", "pointer", "detail"),
    [
        ({"deadline": "someday"}, "#/deadline", "expected a date"),
        ({"checklist-items": "Dig"}, "#/checklist-items", "expected an array"),
        ({"tags": "a"}, "#/tags", "expected a list"),
        ({"completed": "yes"}, "#/completed", "expected true or false"),
        ({"title": ""}, "#/title", "no title"),
    ],
)
def test_a_bad_value_is_pointed_at(attributes: dict[str, Any], pointer: str, detail: str) -> None:
    todos = [
        {"type": "to-do", "attributes": {"title": "A", **attributes}},
        {"type": "to-do", "attributes": {"title": "B"}},
    ]
    [(_, found_pointer, found)] = errors_of(json.dumps(todos).encode(), "things")
    assert found_pointer == pointer
    assert detail in found
    assert titles(json.dumps(todos).encode(), "things") == ["B"]


def test_what_is_none_of_things_types_is_a_bad_row_each() -> None:
    odd = [
        {"type": "event", "title": "A"},
        7,
        {"type": "project", "attributes": {"title": "P", "items": [8, {"title": "B"}]}},
    ]
    content = json.dumps(odd).encode()
    assert len(errors_of(content, "things")) == 3
    assert titles(content, "things") == ["B"]
