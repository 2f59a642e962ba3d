"""The place of a row in a file is the order of its todo when that is created, where nothing else says one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loaders.cli import main
from loaders.formats import formats

# moto does not bear several threads.
ALONE = ("--owner", "ann", "--concurrency", "1")

FILES = {
    "csv": "Title\nA\nB\nC\n",
    "todo.txt": "A\n\nB\nC\n",
    "jsonl": '{"title": "A"}\n{"title": "B"}\n{"title": "C"}\n',
    "json": '[{"title": "A"}, {"title": "B"}, {"title": "C"}]',
    "asana": "Task ID,Created At,Completed At,Last Modified,Name\n1,,,,A\n2,,,,B\n3,,,,C\n",
}


def load(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What the loader says of a file."""
    file = tmp_path / "file"
    file.write_text(text)
    main([str(file), *ALONE, *options])
    return capsys.readouterr().out.splitlines()[0].partition(": ")[2]


def orders(events: Any) -> dict[str, Any]:
    """The order of each todo, by its title, in its newest state."""
    items = sorted(events.scan()["Items"], key=lambda item: item["version"])
    states = {item["stream_id"]: json.loads(item["state"]) for item in items}
    return {state["title"]: state.get("order") for state in states.values()}


@pytest.mark.parametrize("name", FILES)
def test_rows_have_their_places_and_a_reload_changes_nothing(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert load(tmp_path, FILES[name], capsys, "--format", name) == "3 added, 0 already there, 0 rejected"
    assert orders(events) == {"A": 1, "B": 2, "C": 3}
    assert load(tmp_path, FILES[name], capsys, "--format", name) == "0 added, 3 already there, 0 rejected"


def test_a_line_that_goes_moves_nothing_and_a_new_one_gets_its_place(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tmp_path, "A\nB\nC\nD\n", capsys, "--format", "todo.txt")

    again = load(tmp_path, "B\nNew\nD\nC\n", capsys, "--format", "todo.txt")

    assert again == "1 added, 3 already there, 0 rejected"
    assert orders(events) == {"A": 1, "B": 2, "C": 3, "D": 4, "New": 2}


@pytest.mark.parametrize("name", FILES)
def test_todos_that_were_loaded_before_without_an_order_are_not_touched(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patch:
        patch.delattr(formats()[name], "ROWS_ARE_IN_ORDER")
        load(tmp_path, FILES[name], capsys, "--format", name)
    assert orders(events) == {"A": None, "B": None, "C": None}

    assert load(tmp_path, FILES[name], capsys, "--format", name) == "0 added, 3 already there, 0 rejected"
    assert len(events.scan()["Items"]) == 3


def test_a_row_that_changed_keeps_the_order_that_its_todo_has(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tmp_path, "Id,Title,Notes\n1,A,\n2,B,\n", capsys, "--format", "csv")

    again = load(tmp_path, "Id,Title,Notes\n0,New,\n1,A,x\n2,B,\n", capsys, "--format", "csv")

    assert again == "1 added, 1 updated, 1 already there, 0 rejected"
    assert orders(events) == {"New": 1, "A": 1, "B": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Title,Position\nA,30\nB,\nC,10\n", {"A": 30, "B": None, "C": 10}),
        ("title,order\nA,30\nB,\nC,10\n", {"A": 30, "B": None, "C": 10}),
        ('[{"title": "A", "order": 30}, {"title": "B", "order": null}, {"title": "C"}]', {"A": 30, "B": None, "C": 3}),
    ],
)
def test_an_order_of_its_own_wins_also_where_it_is_empty(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, expected: dict[str, Any]
) -> None:
    load(tmp_path, text, capsys)

    assert orders(events) == expected


def test_in_a_file_that_says_what_is_below_what_a_row_that_moved_is_a_change(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tmp_path, "- [ ] A\n- [ ] B\n- [ ] C\n", capsys)

    assert load(tmp_path, "- [ ] B\n- [ ] A\n- [ ] C\n", capsys) == "0 added, 2 updated, 1 already there, 0 rejected"
    assert orders(events) == {"A": 2, "B": 1, "C": 3}


def test_a_row_that_was_rejected_and_corrected_has_no_place(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tmp_path, '{"title": "A"}\n{"title": "B", "due": "someday"}\n', capsys)
    rejected = tmp_path / "file.rejected.jsonl"
    rejected.write_text(rejected.read_text().replace('"someday"', '"2026-12-01"'))

    assert main([str(rejected), *ALONE]) == 0

    assert orders(events) == {"A": 1, "B": None}
