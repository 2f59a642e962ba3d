"""Google Tasks as Takeout gives them (Tasks.json): an object of lists, each an object of tasks.

Names and values are those of the Tasks API (developers.google.com/tasks/reference/rest/v1/tasks). A due date is a day:
the API discards the time and writes midnight UTC. A deleted task no longer needs to be done, so it is loaded as
completed. Addresses and tags of the API itself (`kind`, `etag`, `selfLink`) are omitted.

Google writes a list's name before its tasks. If it comes later, the tasks are held in memory until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.json_stream import JsonReader, first_members
from loaders.rows.record import Record, one_of, text
from loaders.rows.row import BadRow, Row

NAME = "google-tasks"
SYSTEM = "google-tasks"

_STATUSES: Final = {"needsAction": False, "completed": True}
_OF_THE_API: Final = ("kind", "etag", "selfLink")
_MIDNIGHT: Final = ("T00:00:00Z", "T00:00:00.000Z")


def recognise(head: bytes) -> Certainty:
    found = first_members(head)
    is_takeout = str(found.get("kind")).startswith("tasks#") and "items" in found
    return Certainty.CERTAIN if is_takeout else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    reader = JsonReader(file)
    for name in reader.object():
        if name == "items" and reader.peek() == "[":
            for _ in reader.array():
                yield from _list(reader, how)
        else:
            reader.value()
    reader.finish()


def _list(reader: JsonReader, how: ReadOptions) -> Iterator[Row | BadRow]:
    title: str | None = None
    held: list[tuple[int, dict[str, Any]] | BadRow] = []
    begins = reader.consumed
    for name in reader.object():
        if name in ("items", "tasks") and reader.peek() == "[":
            for _ in reader.array():
                record = reader.record()
                if title is None:
                    reader.check_held(begins)
                    held.append(record)
                else:
                    yield _row(record, title, how)
        else:
            value = reader.value()[2]
            title = value if name == "title" and isinstance(value, str) else title
    for record in held:
        yield _row(record, title, how)


def _row(found: tuple[int, dict[str, Any]] | BadRow, title: str | None, how: ReadOptions) -> Row | BadRow:
    if isinstance(found, BadRow):
        return found
    line, task = found
    return row_of(line, {**task, "list": title} if title else task, how)


def row_of(line: int, task: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task that includes its list's name."""
    record = Record(line, task, task)
    for name in _OF_THE_API:
        record.rest.pop(name, None)
    record.take("title", "title")
    record.take("notes", "notes")
    record.take("list", "list")
    record.take("due", "due", _due)
    record.take("completed", "status", one_of(_STATUSES))
    if record.rest.get("deleted") is True:
        record.fields["completed"] = True
    return record.row("id", "parent")


def _due(value: Any) -> str:
    instant = text(value)
    return instant[: len("2026-12-01")] if instant.endswith(_MIDNIGHT) else instant
