"""A backup of Tasks.org for Android: in each of `data.tasks`, a task and what belongs to it.

Names and values are those of its entities (github.com/tasks/tasks). A task keeps its `remoteId` in every list.

- Times are milliseconds since 1970; 0 means none. Seconds in a `dueDate` only mark that it has a time of day. Without
  them it is a day, written as noon on the phone, and is read in ``--timezone``, or else in UTC.
- `priority`: 0 high, 1 medium, 2 low, 3 none. `completionDate` says that a task is done; a deleted task is loaded as
  completed, and `deletionDate` is kept.
- `recurrence` is the rule if a todo can repeat by it, counted from the completion if `repeatFrom` is 1.
- The next of the alarms at a time, or so long before or after the due date or the start, is when to remind; all of
  them are in the metadata if there are more, or other ones (random, at a place).
- The list is the one of its `caldavTasks` or Google tasks (`caldavCalendars`, `googleTaskLists`); `remoteParent` there
  is the task that it is a part of. `order` is the order. Tags are tags, comments follow the notes.
- Other data, such as `hideUntil`, estimates, places and attachments, stay in the metadata under the backup's names.

A backup is read whole before its first task is loaded, since its lists come after its tasks (`loaders.rows.board`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.board import Part, add_comments, array_of, gather, objects_of, text_of
from loaders.rows.json_stream import JsonReader, paths_in
from loaders.rows.moments import from_milliseconds, instant_of_milliseconds, next_of, zone_for
from loaders.rows.record import Record, one_of
from loaders.rows.room import make_room, take_order
from loaders.rows.row import BadRow, Row
from loaders.rows.spool import Spool
from loaders.rows.zones import rfc_3339

NAME = "tasks.org"
SYSTEM = "tasks.org"

_PARTS: Final = {
    "tasks": Part("task", are_rows=True),
    "caldavCalendars": Part("list", key="uuid"),
    "googleTaskLists": Part("list", key="remoteId"),
    "places": Part("place", key="uid"),
}
_PRIORITIES: Final = {0: "high", 1: "medium", 2: "low", 3: "none"}
# What is read of it, or said again by another value.
_TAKEN_APART: Final = ("task", "tags", "google", "caldavTasks", "geofences", "locations", "vtodo")
_NO_ID: Final = "0"
_AT, _FROM_START, _FROM_DUE, _SNOOZED = 0, 1, 2, 4
# Of the app or its synchronisation.
_OF_THE_APP: Final = ("id", "isCollapsed", "collapsed", "ringFlags", "reminderLast", "readOnly")
_DELETED: Final = "a deleted task was loaded as completed"
_ALARMS: Final = "alarms other than the next one were kept as metadata"
_SPARE: Final = ("attachments", "alarms", "places")


def recognise(head: bytes) -> Certainty:
    paths = paths_in(head)
    is_backup = ("data",) in paths and ("data", "tasks", "[]", "task") in paths
    return Certainty.CERTAIN if is_backup else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    with Spool() as spool:
        reader = JsonReader(file)
        for name in reader.object():
            if name == "data" and reader.peek() == "{":
                yield from gather(reader, spool, _PARTS)
            else:
                reader.skip()
        reader.finish()
        # A child names its parent by the id that the list's server has for it.
        with Spool() as servers:
            for _, backup in spool.all("task"):
                for at_server in _at_servers(backup):
                    servers.put("task", _server_key(at_server, "remoteId"), _own_id(backup))
            for line, backup in spool.all("task"):
                yield row_of(line, {**backup, **_place(backup, spool, servers)}, how)


def _at_servers(backup: dict[str, Any]) -> list[dict[str, Any]]:
    """What servers have of a task, that which is not deleted there first."""
    found = [
        each for name in ("caldavTasks", "google") for each in array_of(backup.get(name)) if isinstance(each, dict)
    ]
    return sorted(found, key=lambda each: bool(each.get("deleted")))


def _server_key(at_server: dict[str, Any], name: str) -> str | None:
    """The id of a task, or of its parent, and of the list in which this is an id."""
    remote_id = text_of(at_server.get(name))
    return f"{at_server.get('calendar') or at_server.get('listId')}/{remote_id}" if remote_id else None


def _own_id(backup: dict[str, Any]) -> Any:
    task = backup.get("task")
    return task.get("remoteId") if isinstance(task, dict) else None


def _place(backup: dict[str, Any], spool: Spool, servers: Spool) -> dict[str, Any]:
    """The list and the parent of a task."""
    found: dict[str, Any] = {}
    for at_server in _at_servers(backup)[:1]:
        own_list = spool.get("list", at_server.get("calendar") or at_server.get("listId")) or {}
        found["list"] = text_of(own_list.get("name")) or text_of(own_list.get("title"))
        found["parent"] = servers.get("task", _server_key(at_server, "remoteParent"))
    geofences = objects_of(backup.get("geofences"))
    names = [(spool.get("place", each.get("place")) or {}).get("name") for each in geofences[:100]]
    found["places"] = [name for name in names if isinstance(name, str)]
    return {name: value for name, value in found.items() if value}


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task and what belongs to it, which includes its list's name and its parent's id."""
    task = original.get("task")
    zone = zone_for(how)
    values: dict[str, Any] = {**task} if isinstance(task, dict) else {}
    if values.get("remoteId") == _NO_ID:
        del values["remoteId"]
    values |= {name: value for name, value in original.items() if name not in _TAKEN_APART}
    record = Record(line, original, values)
    if not isinstance(task, dict):
        record.add_error("task", "expected an object")
    record.take("title", "title")
    record.take("notes", "notes")
    record.take("list", "list")
    record.take("priority", "priority" if "priority" in values else "importance", one_of(_PRIORITIES))
    record.take("due", "dueDate", lambda value: _day_or_time(value, zone))
    take_order(record, "order")
    record.take("created_at", "creationDate", instant_of_milliseconds)
    _take_completion(record, values)
    if names := [each.get("name") for each in objects_of(original.get("tags"))]:
        record.fields["tags"] = [name for name in names if name]
    _take_rule(record)
    _take_alarms(record, values)
    comments = objects_of(record.rest.pop("comments", None))
    add_comments(record, [{"text": each.get("message"), "date": _date(each.get("created"))} for each in comments])
    for name in [name for name, value in record.rest.items() if value in (0, False) or name in _OF_THE_APP]:
        del record.rest[name]
    if isinstance(attachments := record.rest.get("attachments"), list):
        record.rest["attachments"] = [each.get("name") for each in attachments if isinstance(each, dict)]
    make_room(record, labels="tags", spare=_SPARE)
    return record.row("remoteId", "parent")


def _day_or_time(value: Any, zone: tzinfo) -> str | None:
    moment = from_milliseconds(value)
    if moment is None:
        return None
    if value % 60_000:
        return rfc_3339(moment.replace(second=0, microsecond=0))
    return moment.astimezone(zone).date().isoformat()


def _date(value: Any) -> str | None:
    try:
        return instant_of_milliseconds(value)
    except ValueError:
        return None


def _take_completion(record: Record, values: dict[str, Any]) -> None:
    if values.get("completionDate"):
        record.fields["completed"] = True
        record.take("completed_at", "completionDate", instant_of_milliseconds)
    elif values.get("deletionDate"):
        record.fields["completed"] = True
        record.notices.append(_DELETED)


def _take_rule(record: Record) -> None:
    rule = record.rest.get("recurrence")
    if not isinstance(rule, str):
        return
    parts = [part for part in rule.strip().removeprefix("RRULE:").split(";") if part]
    # What other versions of the app write beside the rule, or for nothing.
    real = [part for part in parts if part not in ("FROM=COMPLETION", "BYDAY=", "COUNT=0", "COUNT=-1")]
    if record.repeats_by(";".join(real)):
        del record.rest["recurrence"]
        if "FROM=COMPLETION" in parts or record.rest.get("repeatFrom") == 1:
            record.fields["repeat_from"] = "completion"
        record.rest.pop("repeatFrom", None)


def _take_alarms(record: Record, values: dict[str, Any]) -> None:
    """Make the next alarm the reminder; one that was put off counts before all others."""
    alarms = [alarm for alarm in array_of(values.get("alarms")) if isinstance(alarm, dict)]
    found = [(alarm.get("type", _AT), moment) for alarm in alarms if (moment := _moment(alarm, values))]
    if found:
        put_off = [moment for kind, moment in found if kind == _SNOOZED]
        record.fields["remind_at"] = rfc_3339(next_of(put_off or [moment for _, moment in found]))
        if len(alarms) == 1 and not alarms[0].get("repeat"):
            record.rest.pop("alarms", None)
        else:
            record.notices.append(_ALARMS)


def _moment(alarm: dict[str, Any], values: dict[str, Any]) -> datetime | None:
    """When an alarm rings; None if that is not known: of a day, it is a setting of the phone."""
    kind = alarm.get("type", _AT)
    try:
        time = alarm.get("time", 0)
        if kind in (_AT, _SNOOZED):
            return from_milliseconds(time)
        base = values.get({_FROM_START: "hideUntil", _FROM_DUE: "dueDate"}.get(kind, ""), 0)
        if not base or not base % 60_000:
            return None
        return from_milliseconds(base - base % 60_000 + time)
    except (ValueError, TypeError):
        return None
