"""Microsoft To Do as the Graph API writes it (learn.microsoft.com/graph/api/resources/todotask).

A page of tasks, or of lists with their tasks in `tasks`, each a bare array or an object with the array in `value`.

- A due date is a day, of which Graph gives the user's midnight, often in UTC. The day is the one in the zone that the
  task names, for itself, its recurrence, reminder or start, by an IANA or Windows name; otherwise in ``--timezone``;
  otherwise the nearest one, which is said. Midnight in UTC is that day. Any other time stays in the metadata.
- `reminderDateTime` is when to remind while the reminder is on; its zone is in the metadata.
- `importance`: low, high, and normal, which is the default and means no priority.
- `body` is the notes; its type is kept if it is HTML. `categories` are tags. A status other than not started or
  completed is kept.
- `recurrence` is a rule (RFC 5545) if its pattern can be expressed as one; it is kept in any case.
- Each of the `checklistItems` becomes a todo whose parent is the task's todo, in their order.
- Dates of creation and completion are taken. `linkedResources`, `attachments` and other data stay in the metadata under
  their names, except tags of the API itself (`@odata…`). If a page is not the last one
  (`@odata.nextLink`), a notice says so.

Graph writes a list's name before its tasks. If it comes later, the tasks are held in memory until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from chalicelib.todos import zones
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.dates import read_date
from loaders.rows.json_stream import JsonReader, first_members, paths_in
from loaders.rows.moments import in_zone, is_midnight, nearest_day
from loaders.rows.pages import ONE_OF_SEVERAL, Found, Layout, Members, Pages, say_at_the_end
from loaders.rows.record import Record, one_of
from loaders.rows.room import make_room
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
_UTC: Final = ("utc", "etc/utc", "gmt", "etc/gmt")
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

_NO_DATES: Final = ("0001-01-01", "1601-01-01")
_DAY_LENGTH: Final = len("2026-12-01")
_NEAREST: Final = (
    "a due date in UTC was taken for the day whose midnight it is somewhere; --timezone says where, if that is wrong"
)


def _is_list(members: Members, depth: int) -> bool:
    return isinstance(members.get("displayName"), str)


_LAYOUT: Final = Layout(
    holders=("value", "tasks"),
    list_name="displayName",
    next_page="@odata.nextLink",
    is_list=_is_list,
    holds_tasks=lambda name, members, depth: name == "tasks",
    # A page has no name; a list has one that may come later.
    may_be_named=lambda name, depth: name == "tasks",
)


def recognise(head: bytes) -> Certainty:
    names = first_members(head).keys()
    is_page = "value" in names and all(name == "value" or name.startswith("@odata.") for name in names)
    is_list = {"displayName", "tasks"} <= names
    is_task = {"title", "importance", "lastModifiedDateTime"} <= names
    if is_page:
        of_first = {path[2] for path in paths_in(head) if path[:2] == ("value", "[]") and len(path) > 2}
        is_page = not of_first or not of_first.isdisjoint({"title", "displayName", "tasks", "value"})
    return Certainty.CERTAIN if is_page or is_list or is_task else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    pages = Pages(JsonReader(file), _LAYOUT)
    return say_at_the_end(_all_rows(pages, how), lambda: ONE_OF_SEVERAL if pages.has_next else None)


def _all_rows(pages: Pages, how: ReadOptions) -> Iterator[Row | BadRow]:
    for found, list_name in pages.tasks():
        yield from _rows(found, list_name, how)
    pages.finish()


def _rows(found: Found, list_name: str | None, how: ReadOptions) -> Iterator[Row | BadRow]:
    """A task's row, and one for each item of its checklist."""
    if isinstance(found, BadRow):
        yield found
        return
    line, members = found
    in_list = {"list": list_name} if list_name else {}
    yield row_of(line, {**members, **in_list}, how)
    items = members.get("checklistItems")
    for position, item in enumerate(items if isinstance(items, list) else (), 1):
        if isinstance(item, dict):
            yield row_of(line, {**item, **in_list, "task": members.get("id"), "order": position}, how)


def row_of(line: int, members: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task or of a checklist item, which includes its list's name."""
    return _item(line, members) if "displayName" in members else _task(line, members, how)


def _task(line: int, members: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    record = Record(line, members, members)
    record.take_value("checklistItems", _check_items)
    for name in [name for name in record.rest if name.startswith("@odata.")]:
        del record.rest[name]
    if record.rest.get("hasAttachments") is False:
        del record.rest["hasAttachments"]
    record.take("title", "title")
    record.take("list", "list")
    record.take("tags", "categories")
    record.take("priority", "importance", one_of(_IMPORTANCES))
    record.take("completed", "status", one_of(_STATUSES))
    if record.fields.get("completed") is False and members["status"] not in _IMPLIED:
        record.rest["status"] = members["status"]
    if "status" not in members and members.get("completedDateTime"):
        record.fields["completed"] = True
    record.take("notes", "body", _content)
    if isinstance(body := members.get("body"), dict) and body.get("contentType", "text") != "text":
        record.rest["body"] = {"contentType": body["contentType"]}
    _take_due(record, members, how)
    record.take("created_at", "createdDateTime", read_date)
    if record.fields.get("completed") is True:
        record.take("completed_at", "completedDateTime", _instant)
    _take_reminder(record, members)
    if (rule := _rule(members.get("recurrence"))) is not None:
        record.repeats_by(rule)
    make_room(record, labels="categories", spare=("attachments", "linkedResources", "extensions"))
    return record.row("id")


def _item(line: int, item: dict[str, Any]) -> Row | BadRow:
    record = Record(line, item, item)
    record.take("title", "displayName")
    record.take("list", "list")
    record.take("completed", "isChecked")
    record.take("order", "order")
    record.take("created_at", "createdDateTime", read_date)
    if record.fields.get("completed") is True:
        record.take("completed_at", "checkedDateTime", read_date)
    if "id" in item and item.get("task"):
        # Its id is unique within the task only.
        record.rest["id"] = f"{item['task']}/{item['id']}"
    make_room(record)
    return record.row("id", "task")


def _check_items(value: Any) -> None:
    """Check the items, which become separate todos."""
    if not isinstance(value, list) or not all(isinstance(each, dict) and "displayName" in each for each in value):
        raise ValueError("expected an array of objects, each with a displayName")


def _content(body: Any) -> str | None:
    if not isinstance(body, dict) or not isinstance(body.get("content"), str | None):
        raise ValueError("expected an object with content, a text")
    return body.get("content") or None


def _take_due(record: Record, members: dict[str, Any], how: ReadOptions) -> None:
    """Make the day that the user chose the due date: its midnight, in a zone that the task may name elsewhere."""
    written = record.rest.get("dueDateTime")
    record.take("due", "dueDateTime", _moment)
    moment = record.fields.pop("due", None)
    if moment is None:
        return
    if is_midnight(moment):
        record.fields["due"] = moment.date().isoformat()
        if _is_utc(written):
            return
    elif not _is_utc(written):
        record.fields["due"] = moment.date().isoformat()
    elif (zone := _zone_in(members) or zones.find(how.time_zone)) is None:
        record.fields["due"] = nearest_day(moment)
        record.notices.append(_NEAREST)
        return
    else:
        local = in_zone(moment, zone)
        record.fields["due"] = local.date().isoformat()
        if is_midnight(local):
            return
    record.rest["dueDateTime"] = written


def _take_reminder(record: Record, members: dict[str, Any]) -> None:
    written = record.rest.get("reminderDateTime")
    if record.rest.pop("isReminderOn", None) is not True:
        # A reminder that is switched off stays in the rest.
        return
    record.take("remind_at", "reminderDateTime", _instant)
    if written is not None and not _is_utc(written):
        record.rest["reminderDateTime"] = written


def _zone_in(members: dict[str, Any]) -> tzinfo | None:
    """The user's zone, as far as a task names it: its due date itself is often in UTC."""
    try:
        names = [members["recurrence"]["range"]["recurrenceTimeZone"]]
    except (KeyError, TypeError):
        names = []
    for name in ("dueDateTime", "reminderDateTime", "startDateTime", "completedDateTime"):
        value = members.get(name)
        names.append(value.get("timeZone") if isinstance(value, dict) else None)
    named = (zone_of(name) for name in names if isinstance(name, str) and name.casefold() not in _UTC)
    return next((zone for zone in named if zone is not None), None)


def _is_utc(written: Any) -> bool:
    name = written.get("timeZone") if isinstance(written, dict) else None
    return isinstance(name, str) and name.casefold() in _UTC


def _moment(value: Any) -> datetime | None:
    try:
        if value["dateTime"][:_DAY_LENGTH] in _NO_DATES:
            return None
        moment = datetime.fromisoformat(value["dateTime"])
        return moment.replace(tzinfo=moment.tzinfo or zone_of(value["timeZone"]) or UTC)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError("expected a dateTime such as 2026-12-01T09:00:00.0000000, and its timeZone") from None


def _instant(value: Any) -> str | None:
    moment = _moment(value)
    return rfc_3339(moment) if moment is not None else None


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
