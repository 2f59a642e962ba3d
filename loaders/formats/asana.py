"""Asana's CSV, a project's tasks or a search's ("Export/Print", "CSV"), also as its sync to Google Sheets has it.

- The first of the `Projects` is the list; if there are more, all of them stay in the metadata. So does the section.
- A task with a date in `Completed At` is done. The dates of creation and completion are days, and are taken.
- `Parent task` is the parent's name: the nearest task before it with that name is the parent. Without one, the name
  stays in the metadata.
- A custom field `Priority` is the priority if its word is one; other custom fields, assignee, start and dependencies
  stay in the metadata under their columns.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.todos.events import canonical_json
from loaders.formats import GENERIC_SYSTEM, Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.dates import read_date
from loaders.rows.record import Record
from loaders.rows.row import BadRow, Row
from loaders.rows.table import Table, header_in_head, may_have_columns
from loaders.rows.values import PRIORITIES, priority_of, tags_of

NAME = "asana"
SYSTEM = "asana"
ROWS_ARE_IN_ORDER = True

_COLUMNS: Final = frozenset({"Task ID", "Created At", "Completed At", "Last Modified", "Name"})
# In the row as it is kept: the id of the task that `Parent task` names.
_PARENT_ID: Final = "parent id"
# Subtasks follow their parents; of the tasks before them, so many are remembered.
_MAX_REMEMBERED: Final = 10_000
_LOST_PARENT: Final = "the name of a parent that is not before its subtask was kept as metadata"


def recognise(head: bytes) -> Certainty:
    is_ours = may_have_columns(head, _COLUMNS) and header_in_head(head, _is_header)
    return Certainty.CERTAIN if is_ours else Certainty.NO


def _is_header(names: list[str]) -> bool:
    return set(names) >= _COLUMNS


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    tasks: OrderedDict[str, str] = OrderedDict()
    table = Table(file, _is_header)
    how.context.update(table.context)
    for found in table.rows():
        if isinstance(found, BadRow):
            yield found
            continue
        line, cells = found
        parent = tasks.get(_digest(cells.get("Parent task", "")))
        yield row_of(line, {**cells, _PARENT_ID: parent} if parent else cells, how)
        name, own_id = _digest(cells.get("Name", "")), cells.get("Task ID", "").strip()
        if own_id and len(own_id) < len(name):
            tasks[name] = own_id
            tasks.move_to_end(name)
            if len(tasks) > _MAX_REMEMBERED:
                tasks.popitem(last=False)


def row_of(line: int, cells: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task's cells, which may include the id of its parent."""
    record = Record(line, cells, cells)
    record.take("title", "Name")
    record.take("notes", "Notes")
    record.take("tags", "Tags", tags_of)
    record.take("due", "Due Date", lambda value: read_date(value, how.time_zone))
    if how.time_zone is not None and record.fields.get("due") is not None:
        record.fields["time_zone"] = how.time_zone
    record.take("created_at", "Created At", read_date)
    record.fields["completed"] = "Completed At" in record.rest
    record.take("completed_at", "Completed At", read_date)
    if priority_of(record.rest.get("Priority")) in PRIORITIES:
        record.take("priority", "Priority", priority_of)
    _take_list(record)
    if _PARENT_ID in record.rest:
        record.rest.pop("Parent task", None)
    elif "Parent task" in record.rest:
        record.notices.append(_LOST_PARENT)
    # Before this format was known, the tasks were rows of any table, without an id.
    plain = {name: cell for name, cell in cells.items() if name != _PARENT_ID}
    record.former_ids.append(f"content:{hashlib.sha256(canonical_json(plain).encode()).hexdigest()}#1")
    record.former_system = GENERIC_SYSTEM
    return record.row("Task ID", _PARENT_ID)


def _take_list(record: Record) -> None:
    projects = record.rest.get("Projects")
    if not isinstance(projects, str):
        return
    first, *others = (name.strip() for name in projects.split(","))
    record.take("list", "Projects", lambda _: first or None)
    if others:
        record.rest["Projects"] = projects


def _digest(name: str) -> str:
    return hashlib.sha256(name.strip().encode("utf-8", "surrogatepass")).hexdigest()
