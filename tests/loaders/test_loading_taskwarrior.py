"""Taskwarrior's tasks come in, and go out again as they were."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.todos import export_rows
from chalicelib.todos.representation import todo_of
from loaders.planner import Planned
from loaders.taskwarrior_export import __main__
from loaders.taskwarrior_export.export import task
from tests.loaders.loading import FILES, errors_of, lines, plan, titles, todos
from tests.support.paths import ROOT

FILE = FILES / "taskwarrior.json"
TASK = {
    "uuid": "00000000-0000-4000-8000-000000000009",
    "description": "A",
    "status": "pending",
    "entry": "20261120T150427Z",
}
CONFIGURATION = """
confirmation=off
hooks=off
recurrence=off
verbose=nothing
uda.estimate.type=numeric
uda.reviewer.type=string
"""


def exported(content: bytes, system: str = "taskwarrior") -> list[dict[str, Any]]:
    """The todos that a file makes, as the service exports them."""
    answers = [
        todo_of("https://example.com", row.event)
        for row in plan(content, "taskwarrior", system)
        if isinstance(row, Planned)
    ]
    return [json.loads(line) for line in export_rows.json_lines(answers).splitlines()]


def test_what_a_todo_has_a_field_for_becomes_that_and_the_rest_metadata() -> None:
    garlic, gift, template, occurrence, milk, mistake, waiting = todos(FILE.read_bytes())
    assert {name: garlic[name] for name in ("title", "notes", "completed", "list", "tags", "priority", "due")} == {
        "title": "Plant the garlic",
        "notes": "Cloves are in the shed\ntwo\nlines: https://example.com/garlic\nthe last",
        "completed": False,
        "list": "Home.Garden",
        "tags": ["b", "outdoor"],
        "priority": "high",
        "due": "2026-12-01T17:30:00Z",
    }
    assert garlic["created_at"] == "2026-11-20T15:04:27.000Z"
    assert garlic["metadata"] == {
        "modified": "20261120T160000Z",
        "estimate": 2.5,
        "reviewer": "Zoë",
        "annotations": [["20261120T150428Z", 1], ["20261120T150429Z", 2], ["20261120T150430Z", 1]],
    }
    assert gift["metadata"].keys() == {"modified", "scheduled", "start", "wait", "depends"}
    assert (template["metadata"]["status"], template["repeat"]) == ("recurring", None)
    assert (occurrence["metadata"]["parent"], occurrence["parent"]) == ("00000000-0000-4000-8000-000000000003", None)
    assert (milk["completed"], milk["completed_at"]) == (True, "2026-11-21T09:00:00.000Z")
    assert (mistake["completed"], mistake["metadata"]["status"]) == (True, "deleted")
    assert (waiting["completed"], waiting["metadata"]["status"]) == (False, "waiting")


def test_one_object_a_line_is_the_same_as_an_array() -> None:
    content = FILE.read_bytes()
    rows = [row.event.stream_id for row in plan(content) if isinstance(row, Planned)]
    one_a_line = lines(*json.loads(content))
    assert [row.event.stream_id for row in plan(one_a_line) if isinstance(row, Planned)] == rows
    assert len(set(rows)) == 7


@pytest.mark.parametrize(
    ("member", "pointer", "detail"),
    [
        ({"due": "tomorrow"}, "#/due", "such as 20261201T000000Z"),
        ({"due": "20260230T000000Z"}, "#/due", "such as 20261201T000000Z"),
        ({"due": 7}, "#/due", "such as 20261201T000000Z"),
        ({"status": "dreaming"}, "#/status", "expected one of pending"),
        ({"description": "a" * 20_000}, "#/description", "500 are allowed"),
        ({"project": ["a"]}, "#/project", "expected a text"),
        ({"annotations": ["text"]}, "#/annotations", "expected objects"),
        ({"uuid": [1]}, "#/uuid", "expected a text or a number"),
        ({"essay": "a" * 5000}, "#/metadata", "4096 are allowed"),
    ],
)
def test_a_bad_value_is_pointed_at(member: dict[str, Any], pointer: str, detail: str) -> None:
    content = lines({**TASK, **member}, {**TASK, "uuid": "b", "description": "Good"})
    [(line, found_pointer, found)] = errors_of(content, "taskwarrior")
    assert (line, found_pointer) == (1, pointer)
    assert detail in found
    assert titles(content, "taskwarrior") == ["Good"]


WORDS = {
    "description": "a" * 501,
    "project": "Home." * 30,
    "tags": ["b", "c" * 65],
    "priority": "U",
    "entry": "20261120T150427Z",
    "modified": "20261120T150427Z",
}


def test_what_a_task_may_have_and_a_todo_not_is_kept_and_goes_out_again() -> None:
    [todo] = exported(lines({**TASK, **WORDS}))
    assert todo["title"] == "a" * 499 + "…"
    assert todo["list"] == ("Home." * 30)[:100]
    assert (todo["tags"], todo["priority"], todo["metadata"]["priority"]) == (["b"], "none", "U")
    assert task(todo) == {**TASK, **WORDS}
    changed = task({**todo, "title": "T", "list": "L", "tags": ["d"], "priority": "high"})
    assert {name: changed[name] for name in ("description", "project", "tags", "priority")} == {
        "description": "T",
        "project": "L",
        "tags": ["d", "c" * 65],
        "priority": "H",
    }


@pytest.mark.parametrize(
    ("due", "found"),
    [
        ("20261201T173000Z", "2026-12-01T17:30:00Z"),
        ("2026-12-01T17:30:00Z", "2026-12-01T17:30:00Z"),
        ("2026-12-01T17:30:00+01:00", "2026-12-01T17:30:00+01:00"),
        ("2026-12-01", "2026-12-01"),
        ("19700101T000000Z", None),
    ],
)
def test_dates_are_read_in_both_forms(due: str, found: str | None) -> None:
    [todo] = todos(lines({**TASK, "due": due}))
    assert todo["due"] == found


def test_a_task_that_was_loaded_keeps_when_it_was_created_and_ended() -> None:
    [todo] = todos(lines({**TASK, "status": "completed", "end": "20261121T090000Z"}))
    assert (todo["created_at"], todo["completed_at"]) == ("2026-11-20T15:04:27.000Z", "2026-11-21T09:00:00.000Z")
    assert todo["metadata"] is None


def test_templates_and_deleted_tasks_are_said() -> None:
    rows = plan(lines(*({**TASK, "uuid": each, "status": each} for each in ("recurring", "deleted"))))
    assert [row.loss.notices for row in rows if isinstance(row, Planned) and row.loss] == [
        ("the template of a recurring task was loaded as an open todo",),
        ("a deleted task was loaded as completed",),
    ]


def test_what_was_changed_here_is_in_the_task_that_goes_out() -> None:
    annotation = {"entry": "20261120T150428Z", "description": "N"}
    [todo] = exported(lines({**TASK, "modified": "20261120T150428Z", "annotations": [annotation]}))
    updated = {"version": 2, "completed_at": "2026-12-01T09:00:00.000Z", "updated_at": "2026-12-02T10:00:00.000Z"}
    changed = {
        **todo,
        **updated,
        "title": "B",
        "completed": True,
        "completed_at": "2026-12-01T09:00:00.000Z",
        "list": "Home",
    }
    assert task({**changed, "notes": "N\nand more", "priority": "low", "due": "2026-12-02", "tags": ["x"]}) == {
        "uuid": TASK["uuid"],
        "description": "B",
        "status": "completed",
        "entry": "20261120T150427Z",
        "modified": "20261202T100000Z",
        "project": "Home",
        "tags": ["x"],
        "priority": "L",
        "due": "20261202T000000Z",
        "end": "20261201T090000Z",
        "annotations": [
            annotation,
            {"entry": "20261202T100000Z", "description": "and more"},
        ],
    }


@pytest.mark.parametrize(
    ("status", "completed", "after"),
    [
        ("deleted", False, "pending"),
        ("waiting", True, "completed"),
        ("recurring", True, "completed"),
        ("completed", False, "pending"),
    ],
)
def test_a_todo_that_was_completed_or_reopened_here_has_that_status(status: str, completed: bool, after: str) -> None:
    [todo] = exported(lines({**TASK, "status": status}))
    assert task({**todo, "completed": completed})["status"] == after


def test_a_todo_that_never_was_a_task_is_exported_under_its_own_id() -> None:
    [todo] = exported(lines({"uuid": "x", "description": "A", "status": "pending", "entry": "e"}), "elsewhere")
    assert task(todo)["uuid"] == todo["id"]
    assert set(task(todo)) == {"uuid", "description", "status", "entry", "modified"}


@pytest.mark.parametrize(
    ("line", "explanation"),
    [
        (b"nonsense", "not JSON: Expecting value (character 1)"),
        (b"caf\xe9", "it is not UTF-8"),
        (b"7", "expected an object"),
        (b"{}", "id, version, title, created_at, updated_at missing"),
        ({"title": 7}, "'title': expected a text, not 7"),
        ({"due": "someday"}, "'due': expected an RFC 3339 date"),
        ({"created_at": 7}, "'created_at': expected an RFC 3339 date"),
        ({"completed": True, "completed_at": "x"}, "'completed_at': expected an RFC 3339 date"),
        ({"source": "taskwarrior:" + TASK["uuid"], "metadata": {"entry": "x", "annotations": 7}}, "#/metadata/annot"),
        (b'{"id": "a", "id": "b"}', "the member 'id' is given twice"),
    ],
)
def test_the_converter_says_in_words_which_line_is_no_todo_and_why(
    line: bytes | dict[str, Any], explanation: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    [todo] = exported(lines(TASK))
    broken = line if isinstance(line, bytes) else json.dumps({**todo, **line}).encode()
    given = SimpleNamespace(buffer=io.BytesIO(json.dumps(todo).encode() + b"\n\n" + broken + b"\n"))
    monkeypatch.setattr(sys, "stdin", given)
    assert __main__.main() == 2
    assert capsys.readouterr().err.startswith(f"error: line 3 is not an exported todo: {explanation}")


def test_the_converter_turns_no_rows_into_an_empty_array() -> None:
    assert json.loads(_converted(b"").stdout) == []


def test_the_converter_ends_quietly_when_nobody_reads_on() -> None:
    [todo] = exported(lines(TASK))
    command = [sys.executable, "-m", "loaders.taskwarrior_export"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(todo).encode() + b"\n")
            process.stdin.close()
        assert process.wait() == -signal.SIGPIPE
        assert process.stderr.read() == b""


@pytest.mark.skipif(shutil.which("task") is None, reason="Taskwarrior's `task` is not installed (Debian: taskwarrior)")
def test_task_import_of_our_export_gives_the_same_tasks_field_for_field(tmp_path: Path) -> None:
    before = _imported(FILE.read_bytes(), tmp_path / "before")
    assert len(before) == 7
    rows = export_rows.json_lines(exported(json.dumps(before).encode()))
    converted = _converted(rows.encode())
    assert converted.returncode == 0, converted.stderr
    assert _imported(converted.stdout, tmp_path / "after") == before


def _converted(rows: bytes) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "loaders.taskwarrior_export"]
    return subprocess.run(command, input=rows, capture_output=True, cwd=ROOT, check=False)


def _imported(tasks: bytes, directory: Path) -> list[dict[str, Any]]:
    """What Taskwarrior has after importing the tasks into nothing, but for what it makes anew each time."""
    directory.mkdir()
    configuration = directory / "taskrc"
    configuration.write_text(CONFIGURATION + f"data.location={directory}\n")
    environment = {**os.environ, "TASKRC": str(configuration), "TASKDATA": str(directory), "HOME": str(directory)}

    def task_command(*arguments: str, given: bytes = b"") -> bytes:
        command = ["task", *arguments]
        return subprocess.run(command, input=given, capture_output=True, env=environment, check=True).stdout

    task_command("import", "-", given=tasks)
    found = json.loads(task_command("export"))
    for each in found:
        del each["id"], each["urgency"]
    return sorted(found, key=lambda each: str(each["uuid"]))
