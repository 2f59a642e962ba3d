"""Things as JSON: what its URL ``things:///json`` takes, and what things.py and things-cli write.

The first is an array of objects with `type` and `attributes` (culturedcode.com/things/support/articles/2803573); the
others (github.com/thingsapi/things.py) have the attributes in the object itself, under names of their own, and may have
areas, projects and to-dos in an object of arrays.

- A to-do becomes a todo in the list of its project, or else of its area or list. Its heading stays in the metadata.
- A project, or an area, is the list of its to-dos. A project that says more than its title (notes, a deadline, tags,
  that it is done) is also a todo there, of which its to-dos are parts.
- `deadline` is when it is due. `when`, the day on which it is to begin, stays in the metadata; with a time, as in
  2026-12-01@14:00, that is when to remind, in ``--timezone``.
- What is cancelled or in the trash is loaded as completed, and the metadata says so.
- Each item of a checklist becomes a todo whose parent is the to-do's. The order is that of the file.
- Dates of creation and completion are taken. Other data stay in the metadata.

To-dos without an id, as for the URL, get one from their file's name, project, title and how often these came before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.board import array_of, text_of
from loaders.rows.dates import read_date
from loaders.rows.derived_ids import derived_id
from loaders.rows.json_objects import read_in_order
from loaders.rows.json_stream import first_members, paths_in
from loaders.rows.moments import day_at_midnight
from loaders.rows.record import Record
from loaders.rows.room import make_room
from loaders.rows.row import BadRow, Row, bad_row
from loaders.rows.seen import Seen

NAME = "things"
SYSTEM = "things"

_TYPES: Final = ("to-do", "todo", "task", "project", "heading", "area", "tag", "checklist-item")
_ARRAYS: Final = ("items", "tasks", "to-dos", "todos", "projects", "headings", "areas")
_TODOS: Final = ("to-do", "todo", "task")
# By our name, those that the two kinds of files have.
_NAMES: Final = {
    "id": ("id", "uuid"),
    "when": ("when", "start_date"),
    "completed_at": ("completion-date", "stop_date"),
    "created_at": ("creation-date", "created"),
    "checklist": ("checklist-items", "checklist"),
    "list": ("list", "project_title", "area_title"),
    "heading": ("heading", "heading_title"),
}
# Of the app, or said by another value.
_OF_THE_APP: Final = (
    *("type", "operation", "index", "today_index", "list-id", "area-id", "heading-id"),
    *("context", "reveal"),
)
_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})@(\d{1,2}):(\d{2})", re.ASCII)
_MAX_WHEN: Final = 40
_STATUSES: Final = {"incomplete": False, "open": False, "completed": True, "done": True, "canceled": True}
_MAX_DEPTH: Final = 10
_CANCELLED: Final = "what was cancelled or in the trash was loaded as completed"
# What makes a project a todo of its own.
_OF_ITS_OWN: Final = ("notes", "deadline", "when", "tags", "completed", "canceled", "checklist")


def recognise(head: bytes) -> Certainty:
    paths = paths_in(head)
    found = {path[1:] for path in paths if path[0] == "[]"}
    if found:
        is_of_things = first_members(head).get("type") in ("to-do", "project", "area", "heading")
    else:
        found = {path[2:] for path in paths if path[0] in _ARRAYS and path[1:2] == ("[]",)}
        is_of_things = bool(found)
    is_for_url = {("type",), ("attributes",), ("attributes", "title")} <= found
    is_exported = {("type",), ("uuid",), ("title",)} <= found
    return Certainty.CERTAIN if is_of_things and (is_for_url or is_exported) else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    return read_in_order(file, lambda name: name in _ARRAYS, partial(_walk, how=how))


def _walk(
    line: int, found: dict[str, Any], place: dict[str, Any], seen: Seen, how: ReadOptions, depth: int = 0
) -> Iterator[Row | BadRow]:
    """The rows of an object of any type and of those in it."""
    attributes = found.get("attributes")
    members = {**found, **attributes} if isinstance(attributes, dict) else {**found}
    members.pop("attributes", None)
    kind = members.get("type", "to-do")
    inner = [each for name in _ARRAYS for each in array_of(members.pop(name, None))]
    if kind not in _TYPES or depth == _MAX_DEPTH:
        yield bad_row(line, found, f"expected a type of {', '.join(_TYPES)}, not {kind!r:.80}, in at most 10 levels")
        return
    title = text_of(members.get("title"))
    below = {name: value for name, value in place.items() if name != "order"}
    if kind in ("area", "project") and title:
        below = {"list": title}
    if (kind == "project" and _has_more_than_a_title(members)) or kind in _TODOS:
        own = {**members, **(below if kind == "project" else place), "order": place.get("order")}
        own["id"] = _id_of(own, seen, how, line)
        yield from _with_checklist(line, own, how)
        below["parent"] = own["id"]
    elif kind == "heading" and title:
        below["heading"] = title
    for order, each in enumerate(inner, 1):
        if not isinstance(each, dict):
            yield bad_row(line, each, "expected an object")
            continue
        if each.get("type") == "heading" and isinstance(each.get("attributes"), dict):
            # The to-dos after it are below it.
            below["heading"] = each["attributes"].get("title")
        else:
            yield from _walk(line, each, {**below, "order": order}, seen, how, depth + 1)


def _has_more_than_a_title(project: dict[str, Any]) -> bool:
    is_open = project.get("status", "incomplete") == "incomplete"
    return not is_open or any(_value(project, name)[1] for name in _OF_ITS_OWN)


def _id_of(members: dict[str, Any], seen: Seen, how: ReadOptions, line: int) -> Any:
    """The id of a to-do; without one, it is derived from what the to-do keeps when its dates change."""
    name, own_id = _value(members, "id")
    members.pop(name, None)
    if own_id:
        return own_id
    kind, title = members.get("type"), members.get("title")
    return derived_id(seen, line, how.file_name, _value(members, "list")[1], kind, title)


def _with_checklist(line: int, members: dict[str, Any], how: ReadOptions) -> Iterator[Row | BadRow]:
    items = _value(members, "checklist")[1]
    yield row_of(line, members, how)
    for position, item in enumerate(array_of(items), 1):
        attributes = item.get("attributes", item) if isinstance(item, dict) else None
        if not isinstance(attributes, dict):
            yield bad_row(line, item, "expected an item of a checklist, an object")
            continue
        own_id = _value(item, "id")[1] or f"{members['id']}/{position}"
        place = {"list": _value(members, "list")[1], "parent": members["id"], "order": position}
        yield row_of(line, {**attributes, "type": "checklist-item", "id": own_id, **place}, how)


def _value(members: dict[str, Any], field: str) -> tuple[str, Any]:
    """The name that a file has for a field, and its value."""
    names = _NAMES.get(field, (field,))
    name = next((name for name in names if members.get(name)), names[0])
    return name, members.get(name)


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a to-do, a project or an item of a checklist, which includes its place."""
    record = Record(line, original, original)
    name, items = _value(original, "checklist")
    if record.rest.pop(name, None) is not None and not isinstance(items, list):
        record.add_error(name, "expected an array of objects")
    record.take("title", "title")
    record.take("notes", "notes")
    record.take("list", _value(original, "list")[0])
    record.take("tags", "tags")
    record.take("due", "deadline", lambda value: day_at_midnight(value, how))
    record.take("order", "order")
    record.take("created_at", _value(original, "created_at")[0], lambda value: read_date(value, how.time_zone))
    _take_status(record)
    if record.fields.get("completed") is True:
        record.take("completed_at", _value(original, "completed_at")[0], lambda value: read_date(value, how.time_zone))
    _take_reminder(record, original, how)
    titled = [name for name in ("project", "area", "heading") if f"{name}_title" in original]
    for each in (*_OF_THE_APP, *titled):
        record.rest.pop(each, None)
    make_room(record, labels="tags")
    return record.row(_value(original, "id")[0], "parent")


def _take_status(record: Record) -> None:
    status = record.rest.get("status")
    record.take("completed", "completed")
    if isinstance(status, str) and status in _STATUSES:
        record.fields["completed"] = _STATUSES[status]
        if status != "canceled":
            del record.rest["status"]
    is_gone = status == "canceled" or record.rest.get("canceled") is True or record.rest.get("trashed") is True
    if is_gone and not (record.fields.get("completed") is True and status != "canceled"):
        record.fields["completed"] = True
        record.notices.append(_CANCELLED)
    for name in ("canceled", "trashed"):
        if record.rest.get(name) is False:
            del record.rest[name]


def _take_reminder(record: Record, original: dict[str, Any], how: ReadOptions) -> None:
    when = _value(original, "when")[1]
    if "reminder_time" in original:
        when = f"{when}@{original['reminder_time']}"
    found = _TIME.fullmatch(when) if isinstance(when, str) and len(when) <= _MAX_WHEN else None
    if found is None:
        return
    with suppress(ValueError):
        record.fields["remind_at"] = read_date(f"{found[1]}T{int(found[2]):02}:{found[3]}:00", how.time_zone)
