"""What fits into an answer: first its texts are cut, then lists, and at last the values of changes."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.mcp import outputs
from chalicelib.todos.events import dump_json

ID = "0197e1f0-0000-7000-8000-00000000000a"


def size(answer: object) -> int:
    return len(dump_json(answer).encode())


def event(text: str) -> dict[str, Any]:
    fields = {f"field_{number}": text for number in range(12)}
    return {"todo": ID, "version": 1, "type": "TodoEdited", "actor": "a", "change": fields, "before": fields}


@pytest.mark.parametrize("text", ["a" * 2_000, "ü" * 2_000, "\U0001f600" * 2_000, '"' * 2_000])
@pytest.mark.parametrize("rows", [1, 50])
def test_any_rows_fit(text: str, rows: int) -> None:
    fields = {"title": text, "notes": text, "tags": [text] * 32, "list": text, "repeat": "FREQ=DAILY;BYDAY=MO,TU,WE"}
    todos = [{"id": ID, "version": 1, **fields, "due": "2030-01-01", "time_zone": "Europe/Berlin"} for _ in range(rows)]
    for answer in ({"todos": todos, "next_cursor": "c" * 300}, {"events": [event(text) for _ in range(rows)]}):
        found = outputs.fit(answer)
        assert size(found) <= outputs.MAX_BYTES
        assert found[outputs.SHORTENED] is True


def test_what_a_caller_gives_back_is_never_cut() -> None:
    cursor = "c" * 900
    found = outputs.fit({"todos": [{"id": ID, "title": "t" * 900} for _ in range(50)], "next_cursor": cursor})

    assert found["next_cursor"] == cursor
    assert {todo["id"] for todo in found["todos"]} == {ID}
    assert found["todos"][0]["title"].endswith("…")


def test_what_fits_is_as_it_was() -> None:
    answer = {"todo": {"id": ID, "notes": "ü" * 9_000}}

    assert outputs.fit(answer) == answer


def test_events_show_the_beginning_of_a_long_value() -> None:
    found = outputs.brief({"notes": "n" * 300, "metadata": {"id": "x" * 300}, "tags": ["a"], "due": None})

    assert found["notes"] == "n" * 199 + "…"
    assert found["metadata"].startswith('{"id":"xxx')
    assert (found["tags"], found["due"], len(found["metadata"])) == (["a"], None, 200)
