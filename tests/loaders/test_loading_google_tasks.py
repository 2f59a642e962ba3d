"""Google Takeout's Tasks.json: lists of tasks become todos in lists."""

import json
from typing import Any

import pytest

from tests.loaders.loading import FILES, errors_of, stated, titles


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
            "metadata": {"completed": "2026-11-21T09:00:00.000Z", "hidden": True},
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
