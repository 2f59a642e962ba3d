"""Taskwarrior's export (`task export`): a JSON array, or with ``rc.json.array=off`` one object a line.

Names and values are those of Taskwarrior's JSON format (taskwarrior.org/docs/design/task). What of a task is no field
of a todo stays in its metadata under the task's own names and as Taskwarrior writes it, so that
`loaders.taskwarrior_export` gives the same task back; only `id` and `urgency`, which Taskwarrior makes anew at each
export, are left out.

- A project is the list, annotations are the notes, each from a new line; `annotations` in the metadata has when each
  was made and how many lines it takes.
- A task that was deleted is one that nobody need do any more: it is loaded as completed, and its status is kept.
- A recurring task is a template whose occurrences stand in the file as tasks of their own. `recur` and its companions,
  also the occurrences' `parent`, which is the template and no larger task, are therefore metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.todos.events import DEFAULT_LIST
from loaders.formats import Certainty, json_array, json_lines
from loaders.reading.source import Source
from loaders.rows.json_stream import beginning
from loaders.rows.record import Record, one_of, text
from loaders.rows.row import BadRow, Row

NAME = "taskwarrior"
SYSTEM = "taskwarrior"

DATE: Final = "%Y%m%dT%H%M%SZ"
PRIORITIES: Final = {"H": "high", "M": "medium", "L": "low"}
_STATUSES: Final = {"pending": False, "waiting": False, "recurring": False, "completed": True, "deleted": True}
# That a todo is completed or not says as much as these.
_IMPLIED: Final = ("pending", "completed")


def recognise(head: bytes) -> Certainty:
    is_task = {"uuid", "description", "status", "entry"} <= beginning(head).keys()
    return Certainty.CERTAIN if is_task else Certainty.NO


def read(source: Source) -> Iterator[Row | BadRow]:
    if source.head.lstrip().startswith(b"["):
        return json_array.interpreted(source, row_of)
    return json_lines.interpreted(source, row_of)


def row_of(line: int, task: dict[str, Any]) -> Row | BadRow:
    record = Record(line, task, task)
    record.rest.pop("id", None)
    record.rest.pop("urgency", None)
    record.take("title", "description")
    record.take("list", "project")
    record.take("tags", "tags")
    record.take("priority", "priority", one_of(PRIORITIES))
    record.take("due", "due", _due)
    status = record.rest.get("status")
    record.take("completed", "status", one_of(_STATUSES))
    if status not in _IMPLIED:
        record.rest["status"] = status
    if record.fields.get("list") == DEFAULT_LIST:
        # A todo that is in no list of its own is exported without a project.
        record.rest["project"] = DEFAULT_LIST
    _note(record)
    return record.row("uuid")


def _due(value: Any) -> str:
    try:
        return datetime.strptime(text(value), DATE).replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise ValueError("expected a date as Taskwarrior writes it, such as 20261201T000000Z") from None


def _note(record: Record) -> None:
    """Make the annotations the notes, and keep what tells them apart."""
    notes = record.read("annotations", _annotations)
    if notes:
        record.fields["notes"] = "\n".join(description for _, description in notes)
        record.rest["annotations"] = [[entry, description.count("\n") + 1] for entry, description in notes]


def _annotations(value: Any) -> list[tuple[str, str]]:
    try:
        return [(text(annotation["entry"]), text(annotation["description"])) for annotation in value]
    except (KeyError, TypeError, ValueError):
        raise ValueError("expected objects, each with an entry and a description") from None
