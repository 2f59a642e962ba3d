"""Microsoft To Do as the Graph API writes it (learn.microsoft.com/graph/api/resources/todotask).

A page of tasks, or of lists with their tasks in `tasks`, each a bare array or an object with the array in `value`.

- A date-time has an IANA or Windows `timeZone`. A `dueDateTime` at midnight there means the day. The original stays in
  the metadata unless it is plain UTC. `reminderDateTime` is `remind_at` while the reminder is on.
- `importance`: low, high, and normal, which is the default and means no priority.
- `body` is the notes; its type is kept if it is HTML. `categories` are tags. A status other than not started or
  completed is kept.
- `recurrence` is a rule (RFC 5545) if its pattern can be expressed as one; it is kept in any case.
- Each of the `checklistItems` becomes a todo whose parent is the task's todo.
- `linkedResources` and other data stay in the metadata under their names, except tags of the API itself (`@odata…`).

Graph writes a list's name before its tasks. If it comes later, the tasks are held in memory until then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any, Final

from chalicelib.todos.strict_json import AmbiguousJson, duplicate
from loaders.errors import UnreadableFile
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.json_stream import JsonReader, bad_value, first_members
from loaders.rows.record import Record, one_of
from loaders.rows.row import BadRow, Row
from loaders.rows.zones import rfc_3339, zone_of

NAME = "microsoft-to-do"
SYSTEM = "microsoft-to-do"

_IMPORTANCES: Final = {"low": "low", "normal": "none", "high": "high"}
_STATUSES: Final = {
    "notStarted": False,
    "inProgress": False,
    "waitingOnOthers": False,
    "deferred": False,
    "completed": True,
}
_IMPLIED: Final = ("notStarted", "completed")
_FREQUENCIES: Final = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "absoluteMonthly": "MONTHLY",
    "relativeMonthly": "MONTHLY",
    "absoluteYearly": "YEARLY",
    "relativeYearly": "YEARLY",
}
_DAYS: Final = {
    "sunday": "SU",
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
}
_INDEXES: Final = {"first": "1", "second": "2", "third": "3", "fourth": "4", "last": "-1"}

_Found = tuple[int, dict[str, Any]] | BadRow


def recognise(head: bytes) -> Certainty:
    names = first_members(head).keys()
    is_page = "value" in names and all(name == "value" or name.startswith("@odata.") for name in names)
    is_list = {"displayName", "tasks"} <= names
    is_task = {"title", "importance", "lastModifiedDateTime"} <= names
    return Certainty.CERTAIN if is_page or is_list or is_task else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    reader = JsonReader(file)
    for found, list_name in _page(reader):
        yield from _rows(found, list_name, how)
    reader.finish()


def _page(reader: JsonReader) -> Iterator[tuple[_Found, str | None]]:
    """The tasks of an array of tasks or lists, bare or in `value`; of one list's object, its tasks."""
    if reader.peek() == "[":
        for _ in reader.array():
            yield from _member(reader)
    else:
        yield from _member(reader)


def _member(reader: JsonReader) -> Iterator[tuple[_Found, str | None]]:
    """A task, or the tasks of a list or page, with the list's name."""
    if reader.peek() != "{":
        yield reader.record(), None
        return
    line = reader.line
    members: dict[str, Any] = {}
    texts: list[str] = []
    error: AmbiguousJson | None = None
    has_tasks = False
    held: list[_Found] = []
    begins, others = reader.consumed, 0
    for name in reader.object():
        if name in ("value", "tasks") and reader.peek() in ("[", "{"):
            has_tasks = True
            for found, list_name in _page(reader):
                known = list_name or _name_in(members)
                # A page has no name; a list has one that may come later.
                if known is None and name == "tasks":
                    reader.check_held(begins)
                    held.append(found)
                else:
                    yield found, known
        else:
            _, written, value, error_within = reader.value()
            others += len(name) + len(written)
            if others > MAX_ROW_BYTES:
                raise UnreadableFile(f"line {line}: an object has more than {MAX_ROW_BYTES} characters")
            error = error or error_within or (AmbiguousJson([duplicate(name)]) if name in members else None)
            texts.append(f"{json.dumps(name)}: {written}")
            members[name] = value
    for found in held:
        yield found, _name_in(members)
    if not has_tasks and _name_in(members) is None:
        yield bad_value(line, f"{{{', '.join(texts)}}}", error) or (line, members), None


def _name_in(members: dict[str, Any]) -> str | None:
    name = members.get("displayName")
    return name if isinstance(name, str) else None


def _rows(found: _Found, list_name: str | None, how: ReadOptions) -> Iterator[Row | BadRow]:
    """A task's row, and one for each item of its checklist."""
    if isinstance(found, BadRow):
        yield found
        return
    line, members = found
    in_list = {"list": list_name} if list_name else {}
    yield row_of(line, {**members, **in_list}, how)
    items = members.get("checklistItems")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield row_of(line, {**item, **in_list, "task": members.get("id")}, how)


def row_of(line: int, members: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task or of a checklist item, which includes its list's name."""
    return _item(line, members) if "displayName" in members else _task(line, members)


def _task(line: int, members: dict[str, Any]) -> Row | BadRow:
    record = Record(line, members, members)
    record.take_value("checklistItems", _check_items)
    for name in [name for name in record.rest if name.startswith("@odata.")]:
        del record.rest[name]
    record.take("title", "title")
    record.take("list", "list")
    record.take("tags", "categories")
    record.take("priority", "importance", one_of(_IMPORTANCES))
    record.take("completed", "status", one_of(_STATUSES))
    if record.fields.get("completed") is False and members["status"] not in _IMPLIED:
        record.rest["status"] = members["status"]
    record.take("notes", "body", _content)
    if isinstance(body := members.get("body"), dict) and body.get("contentType", "text") != "text":
        record.rest["body"] = {"contentType": body["contentType"]}
    _take_moment(record, "due", "dueDateTime", is_day_at_midnight=True)
    if members.get("isReminderOn"):
        _take_moment(record, "remind_at", "reminderDateTime")
    if (rule := _rule(members.get("recurrence"))) is not None:
        record.repeats_by(rule)
    return record.row("id")


def _item(line: int, item: dict[str, Any]) -> Row | BadRow:
    record = Record(line, item, item)
    record.take("title", "displayName")
    record.take("list", "list")
    record.take("completed", "isChecked")
    if "id" in item and item.get("task"):
        # Its id is unique within the task only.
        record.rest["id"] = f"{item['task']}/{item['id']}"
    return record.row("id", "task")


def _check_items(value: Any) -> None:
    """Check the items, which become separate todos."""
    if not isinstance(value, list) or not all(isinstance(each, dict) and "displayName" in each for each in value):
        raise ValueError("expected an array of objects, each with a displayName")


def _content(body: Any) -> str | None:
    if not isinstance(body, dict) or not isinstance(body.get("content"), str | None):
        raise ValueError("expected an object with content, a text")
    return body.get("content") or None


def _take_moment(record: Record, field: str, name: str, *, is_day_at_midnight: bool = False) -> None:
    original = record.rest.get(name, {})
    record.take(field, name, _moment)
    moment = record.fields.pop(field, None)
    if moment is None:
        return
    is_day = is_day_at_midnight and moment.time() == time()
    record.fields[field] = moment.date().isoformat() if is_day else rfc_3339(moment)
    if original["timeZone"] != "UTC":
        record.rest[name] = original


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value["dateTime"])
        return moment.replace(tzinfo=moment.tzinfo or zone_of(value["timeZone"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError("expected a dateTime such as 2026-12-01T09:00:00.0000000, and its timeZone") from None


def _rule(recurrence: Any) -> str | None:
    """The rule of a patternedRecurrence; None if no rule means the same.

    For a numbered range, it is unknown how many occurrences are left.
    """
    try:
        pattern, bounds = recurrence["pattern"], recurrence.get("range") or {}
        kind = pattern["type"]
        parts = [f"FREQ={_FREQUENCIES[kind]}", f"INTERVAL={pattern.get('interval') or 1:d}"]
        days = ",".join(_DAYS[day] for day in pattern.get("daysOfWeek") or ())
        if kind == "weekly" and days:
            parts.append(f"BYDAY={days}")
            if pattern.get("firstDayOfWeek"):
                parts.append(f"WKST={_DAYS[pattern['firstDayOfWeek']]}")
        if kind.endswith("Yearly"):
            parts.append(f"BYMONTH={pattern['month']:d}")
        if kind.startswith("absolute"):
            parts.append(f"BYMONTHDAY={pattern['dayOfMonth']:d}")
        if kind.startswith("relative"):
            # "The first weekday" is the first of all these days, not the first of each.
            parts += [f"BYDAY={days}", f"BYSETPOS={_INDEXES[pattern.get('index') or 'first']}"]
        if bounds.get("type") == "numbered":
            return None
        if bounds.get("type") == "endDate":
            parts.append(f"UNTIL={bounds['endDate'].replace('-', '')}")
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return ";".join(parts)
