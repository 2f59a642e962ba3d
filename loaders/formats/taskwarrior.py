"""Taskwarrior's export (`task export`): a JSON array, or with ``rc.json.array=off`` one object a line.

Names and values are those of Taskwarrior's JSON format (taskwarrior.org/docs/design/task). Data without a matching
field stays in the metadata under the task's own names and as Taskwarrior writes it, so that
`loaders.taskwarrior_export` returns the same task. Only `id` and `urgency` are omitted, which Taskwarrior computes anew
for each export.

- A project becomes the list. `entry` is when it was created, `end` when it was completed. Annotations become the notes,
  each on a new line; `annotations` in the metadata has when each was made and how many lines it has.
- A priority other than H, M and L is one that the user defined (`uda.priority.values`): it is kept.
- A deleted task no longer needs to be done, so it is loaded as completed, and its status is kept.
- A recurring task is a template; its occurrences are separate tasks in the file. So `recur` and related attributes are
  metadata, and so is the occurrences' `parent`, which is the template and not a larger task.
- `wait`, `scheduled`, `until`, `depends`, attributes that the user defined, and a description or project that is too
  long for a todo are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from chalicelib.todos.content import is_acceptable
from chalicelib.todos.events import DEFAULT_LIST
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.dates import read_date
from loaders.rows.json_objects import read_objects
from loaders.rows.json_stream import first_members
from loaders.rows.record import Record, one_of, text
from loaders.rows.room import cut_title, make_room
from loaders.rows.row import BadRow, Row

NAME = "taskwarrior"
SYSTEM = "taskwarrior"

DATE: Final = "%Y%m%dT%H%M%SZ"
PRIORITIES: Final = {"H": "high", "M": "medium", "L": "low"}
# Anything else is a priority that the user defined.
_LETTERS: Final = tuple(PRIORITIES)
_STATUSES: Final = {"pending": False, "waiting": False, "recurring": False, "completed": True, "deleted": True}
# The todo's `completed` says the same as these.
_IMPLIED: Final = ("pending", "completed")
_NOTICES: Final = {
    "deleted": "a deleted task was loaded as completed",
    "recurring": "the template of a recurring task was loaded as an open todo",
}


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
    if record.rest.get("priority") in _LETTERS:
        record.take("priority", "priority", one_of(PRIORITIES))
    record.take("due", "due", _due)
    record.take("created_at", "entry", read_date)
    status = record.rest.get("status")
    record.take("completed", "status", one_of(_STATUSES))
    if status not in _IMPLIED:
        record.rest["status"] = status
        if (notice := _NOTICES.get(str(status))) is not None:
            record.notices.append(notice)
    if record.fields.get("completed") is True:
        record.take("completed_at", "end", read_date)
    if record.fields.get("list") == DEFAULT_LIST:
        # A todo in the default list is exported without a project, so the name is kept.
        record.rest["project"] = DEFAULT_LIST
    _note(record)
    description = record.fields.get("title")
    if isinstance(description, str) and (title := cut_title(description)) != description:
        with_whole = {**record.rest, "description": description}
        if is_acceptable("metadata", with_whole):
            record.fields["title"], record.rest = title, with_whole
    make_room(record, labels="tags", list_name="project")
    return record.row("uuid")


def _due(value: Any) -> str | None:
    try:
        return read_date(text(value))
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
