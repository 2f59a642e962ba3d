"""Taskwarrior's export (`task export`): a JSON array, or with ``rc.json.array=off`` one object a line.

Names and values are those of Taskwarrior's JSON format (taskwarrior.org/docs/design/task). Data without a matching
field stays in the metadata under the task's own names and as Taskwarrior writes it, so that
`loaders.taskwarrior_export` returns the same task. Only `id` and `urgency` are omitted, which Taskwarrior computes anew
for each export.

- A project becomes the list. Annotations become the notes, each on a new line; `annotations` in the metadata has when
  each was made and how many lines it has.
- A deleted task no longer needs to be done, so it is loaded as completed, and its status is kept.
- A recurring task is a template; its occurrences are separate tasks in the file. So `recur` and related attributes are
  metadata, and so is the occurrences' `parent`, which is the template and not a larger task.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from chalicelib.todos.events import DEFAULT_LIST
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.json_objects import read_objects
from loaders.rows.json_stream import first_members
from loaders.rows.record import Record, one_of, text
from loaders.rows.row import BadRow, Row

NAME = "taskwarrior"
SYSTEM = "taskwarrior"

DATE: Final = "%Y%m%dT%H%M%SZ"
PRIORITIES: Final = {"H": "high", "M": "medium", "L": "low"}
_STATUSES: Final = {"pending": False, "waiting": False, "recurring": False, "completed": True, "deleted": True}
# The todo's `completed` says the same as these.
_IMPLIED: Final = ("pending", "completed")


def recognise(head: bytes) -> Certainty:
    is_task = {"uuid", "description", "status", "entry"} <= first_members(head).keys()
    return Certainty.CERTAIN if is_task else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    return read_objects(file, partial(row_of, how=how))


def row_of(line: int, task: dict[str, Any], how: ReadOptions) -> Row | BadRow:
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
        # A todo in the default list is exported without a project, so the name is kept.
        record.rest["project"] = DEFAULT_LIST
    _note(record)
    return record.row("uuid")


def _due(value: Any) -> str:
    try:
        return datetime.strptime(text(value), DATE).replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise ValueError("expected a date as Taskwarrior writes it, such as 20261201T000000Z") from None


def _note(record: Record) -> None:
    """Join the annotations to the notes, and keep what separates them."""
    notes = record.take_value("annotations", _annotations)
    if notes:
        record.fields["notes"] = "\n".join(description for _, description in notes)
        record.rest["annotations"] = [[entry, description.count("\n") + 1] for entry, description in notes]


def _annotations(value: Any) -> list[tuple[str, str]]:
    try:
        return [(text(annotation["entry"]), text(annotation["description"])) for annotation in value]
    except (KeyError, TypeError, ValueError):
        raise ValueError("expected objects, each with an entry and a description") from None
