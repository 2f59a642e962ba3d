"""Google Tasks: Takeout's Tasks.json, an object of lists, each an object of tasks; or a page of the API.

Names and values are those of the Tasks API (developers.google.com/tasks/reference/rest/v1/tasks).

- A due date is a day: the API discards the time and writes midnight UTC.
- `position` is the order among the tasks of a list or of a parent. It sorts as a text. Its usual 20 digits become a
  number; those of completed tasks are larger than an order can be, and become a coarser one.
- A task with a date of completion is done. A deleted task no longer needs to be done, so it is loaded as completed.
- `completed` and `created` are when it was completed and created.
- Addresses and tags of the API itself (`kind`, `etag`, `selfLink`) are omitted; `links`, `hidden` and other data stay
  in the metadata.

A page of tasks does not say which list it is of (``--list`` can). If it is not the last one (`nextPageToken`), a notice
says so. Lists without their tasks have no rows.

Google writes a list's name before its tasks. If it comes later, the tasks are held in memory until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.dates import read_date
from loaders.rows.json_stream import JsonReader, first_members, paths_in
from loaders.rows.pages import ONE_OF_SEVERAL, Layout, Members, Pages, say_at_the_end
from loaders.rows.record import Record, one_of, text
from loaders.rows.room import make_room
from loaders.rows.row import BadRow, Row

NAME = "google-tasks"
SYSTEM = "google-tasks"

_STATUSES: Final = {"needsAction": False, "completed": True}
_OF_THE_API: Final = ("kind", "etag", "selfLink")
_MIDNIGHT: Final = "T00:00:00"
_DAY_LENGTH: Final = len("2026-12-01")
_LISTS: Final = ("tasks#tasks", "tasks#taskList", "tasks#taskLists")
_OF_TASKS: Final = frozenset({"status", "due", "position", "notes", "completed", "parent", "deleted", "links"})
_DIGITS_OF_A_POSITION: Final = 20
# Below it a position is an order; above, 25,000 of them share one, so that all of them fit.
_EXACT_POSITIONS: Final = 2**52
_POSITIONS_AN_ORDER: Final = 25_000
_DELETED: Final = "a deleted task was loaded as completed"


def _is_list(members: Members, depth: int) -> bool:
    """Whether an object without tasks is a list: it says so, or has nothing of a task."""
    kind = members.get("kind")
    return kind in _LISTS if kind is not None else depth == 1 and members.keys().isdisjoint(_OF_TASKS)


_LAYOUT: Final = Layout(
    holders=("items", "tasks"),
    list_name="title",
    next_page="nextPageToken",
    is_list=_is_list,
    holds_tasks=lambda _, members, depth: depth > 0 or members.get("kind") == "tasks#tasks",
    may_be_named=lambda _, depth: depth > 0,
)


def recognise(head: bytes) -> Certainty:
    paths = paths_in(head)
    kind = str(first_members(head).get("kind"))
    is_known = kind.startswith("tasks#") and (("items",) in paths or kind == "tasks#task")
    # In a file with sorted names, the kind of the whole comes last.
    is_sorted = ("items", "[]", "kind") in paths and b'"tasks#task' in head
    return Certainty.CERTAIN if is_known or is_sorted else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    pages = Pages(JsonReader(file), _LAYOUT)
    return say_at_the_end(_rows(pages, how), lambda: ONE_OF_SEVERAL if pages.has_next else None)


def _rows(pages: Pages, how: ReadOptions) -> Iterator[Row | BadRow]:
    for found, title in pages.tasks():
        if isinstance(found, BadRow):
            yield found
        else:
            line, task = found
            yield row_of(line, {**task, "list": title} if title else task, how)
    pages.finish()


def row_of(line: int, task: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task that includes its list's name."""
    record = Record(line, task, task)
    record.drop(*_OF_THE_API)
    record.take("title", "title")
    record.take("notes", "notes")
    record.take("list", "list")
    record.take("due", "due", _due)
    record.take("completed", "status", one_of(_STATUSES))
    record.take("created_at", "created")
    if "completed" in record.rest and "status" not in task:
        record.fields["completed"] = True
    if record.fields.get("completed") is True:
        record.take("completed_at", "completed")
    if record.rest.get("deleted") is True and record.fields.get("completed") is not True:
        record.fields["completed"] = True
        record.notices.append(_DELETED)
    if (order := _order(record.rest.get("position"))) is not None:
        record.fields["order"] = order
        del record.rest["position"]
    for name in ("deleted", "hidden"):
        if record.rest.get(name) is False:
            del record.rest[name]
    make_room(record)
    return record.row("id", "parent")


def _due(value: Any) -> str | None:
    found = read_date(text(value))
    return found[:_DAY_LENGTH] if found and found[_DAY_LENGTH:].startswith(_MIDNIGHT) else found


def _order(position: Any) -> int | None:
    """A number that sorts as a position does among the texts; None if it has other characters than digits."""
    if not isinstance(position, str) or not position.isascii() or not position.isdigit():
        return None
    if len(position) > _DIGITS_OF_A_POSITION:
        return None
    number = int(position.ljust(_DIGITS_OF_A_POSITION, "0"))
    beyond = number - _EXACT_POSITIONS
    return number if beyond <= 0 else _EXACT_POSITIONS + beyond // _POSITIONS_AN_ORDER
