"""A backup of Super Productivity (Settings, "Export data"): its whole state, in `data` or bare.

Names and values are those of its models (github.com/super-productivity/super-productivity). Ids are unique in every
backup.

- Tasks come from `task`, and from the archives `archiveYoung`, `archiveOld` and `taskArchive`. An archived task is
  done, so an open one is loaded as completed.
- A task's project is its list; its tags are tags, except Today, which is a list of the app. The order is that of the
  project (`taskIds`, then `backlogTaskIds`), of a subtask that of its parent (`subTaskIds`).
- A `deadlineWithTime` or `deadlineDay` is when it is due, or else `dueWithTime` or `plannedAt`, or `dueDay`; the others
  stay in the metadata. Times are milliseconds since 1970, in ``--timezone`` if that is given.
- `remindAt`, or the entry in `reminders`, is when to remind. `created` and `doneOn` are when it was created and done.
- The newest open task of a `taskRepeatCfg` repeats, if a rule says the same; the settings are in its metadata.
- Estimates, time spent, issues, attachments (their titles and addresses) and other data stay in the metadata.

A backup is read whole before its first task is loaded (`loaders.rows.board`). Other parts of the state are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.board import Part, array_of, gather_array, names_of, objects_of, text_of
from loaders.rows.dates import read_date
from loaders.rows.json_stream import JsonReader, paths_in
from loaders.rows.moments import from_milliseconds, instant_of_milliseconds, zone_for
from loaders.rows.record import Record
from loaders.rows.room import make_room
from loaders.rows.row import BadRow, Row
from loaders.rows.spool import Spool
from loaders.rows.zones import rfc_3339

NAME = "super-productivity"
SYSTEM = "super-productivity"

_WRAPPERS: Final = ("data", "state", "mainModelData")
_ARCHIVES: Final = ("archiveYoung", "archiveOld")
_KINDS: Final = {"project": "project", "tag": "tag", "taskRepeatCfg": "repeat"}
_REMINDERS: Final = Part("reminder", below="relatedId", place="remindAt")
_TODAY: Final = "TODAY"
# By name, whether it is a day; the first that a task has is when it is due.
_DUE: Final = {"deadlineWithTime": False, "deadlineDay": True, "dueWithTime": False, "plannedAt": False, "dueDay": True}
_OF_THE_APP: Final = (
    *("reminderId", "repeatCfgId", "hasPlannedTime", "issueWasUpdated", "issueLastUpdated", "subTaskIds"),
    *("issueAttachmentNr", "projectId", "tagIds", "_showSubTasksMode", "_hideSubTasksMode"),
)
_ARCHIVED: Final = "an archived task was loaded as completed"
_UNITS: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAYS: Final = {
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
    "sunday": "SU",
}
_SPARE: Final = ("attachments", "taskRepeatCfg", "issueTimeTracked", "timeSpentOnDay")


def recognise(head: bytes) -> Certainty:
    paths = paths_in(head)
    inner = {path[1:] for path in paths if path[0] in _WRAPPERS} | paths
    has_state = {("task", "ids"), ("task", "entities")} <= inner or ("project", "entities") in inner
    has_archive = any((archive, "task") in inner for archive in _ARCHIVES)
    return Certainty.CERTAIN if has_state or has_archive else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    with Spool() as spool:
        reader = JsonReader(file)
        yield from _gather(reader, spool)
        reader.finish()
        with Spool() as places:
            _note_places(spool, places)
            for line, kept in spool.all("task"):
                yield row_of(line, _with_names(kept, spool, places), how)


def _gather(reader: JsonReader, spool: Spool, *, is_inner: bool = False) -> Iterator[BadRow]:
    """Keep the parts of the state that the reader is at."""
    for name in reader.object():
        begins = reader.peek()
        if name in _WRAPPERS and not is_inner and begins == "{":
            yield from _gather(reader, spool, is_inner=True)
        elif name in _ARCHIVES and begins == "{":
            for inner in reader.object():
                if inner == "task" and reader.peek() == "{":
                    yield from _entities(reader, spool, "task", is_archived=True)
                else:
                    reader.skip()
        elif name in ("task", "taskArchive") and begins == "{":
            yield from _entities(reader, spool, "task", is_archived=name == "taskArchive")
        elif name in _KINDS and begins == "{":
            yield from _entities(reader, spool, _KINDS[name])
        elif name == "reminders" and begins == "[":
            yield from gather_array(reader, spool, _REMINDERS)
        else:
            reader.skip()


def _entities(reader: JsonReader, spool: Spool, kind: str, *, is_archived: bool = False) -> Iterator[BadRow]:
    """Keep the entities of one kind, by their ids."""
    for name in reader.object():
        if name != "entities" or reader.peek() != "{":
            reader.skip()
            continue
        for own_id in reader.object():
            found = reader.record()
            if isinstance(found, BadRow):
                if kind == "task":
                    yield found
                continue
            line, value = found
            if kind == "task":
                value = {**value, "isArchived": is_archived} if is_archived else value
                value.setdefault("id", own_id)
            spool.put(kind, own_id, value, line=line)


def _note_places(spool: Spool, places: Spool) -> None:
    """Keep the place of each task in its project or its parent, and the newest open task of each repetition."""
    for _, project in spool.all("project"):
        ids = [*array_of(project.get("taskIds")), *array_of(project.get("backlogTaskIds"))]
        for position, task_id in enumerate(ids, 1):
            places.put("place", task_id, position)
    for _, task in spool.all("task"):
        for position, task_id in enumerate(array_of(task.get("subTaskIds")), 1):
            places.put("place", task_id, position)
        if task.get("repeatCfgId") and not task.get("isDone") and not task.get("isArchived"):
            created = task.get("created")
            # The first in the order of places is the newest.
            place = -created if isinstance(created, int | float) else None
            places.put("occurrence", None, task.get("id"), below=task["repeatCfgId"], place=place)


def _with_names(task: dict[str, Any], spool: Spool, places: Spool) -> dict[str, Any]:
    """A task and what other parts of the state say of it."""
    own_id = task.get("id")
    project = spool.get("project", task.get("projectId")) or {}
    tag_ids = [tag_id for tag_id in array_of(task.get("tagIds")) if tag_id != _TODAY]
    more: dict[str, Any] = {
        "project": text_of(project.get("title")),
        "tags": names_of(spool, "tag", tag_ids, "title"),
        "order": places.get("place", own_id),
    }
    if task.get("remindAt") is None:
        more["remindAt"] = next((each.get("remindAt") for _, each in spool.parts("reminder", own_id)), None)
    if task.get("repeatCfgId"):
        newest = next((each for _, each in places.parts("occurrence", task["repeatCfgId"])), None)
        if newest == own_id:
            more["taskRepeatCfg"] = spool.get("repeat", task["repeatCfgId"])
    return {**task, **{name: value for name, value in more.items() if value}}


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task, which includes what other parts of the state say of it."""
    zone = zone_for(how)
    record = Record(line, original, original)
    record.take("title", "title")
    record.take("notes", "notes")
    record.take("list", "project")
    record.take("tags", "tags")
    record.take("completed", "isDone")
    record.take("order", "order")
    record.take("created_at", "created", instant_of_milliseconds)
    if record.rest.pop("isArchived", None) and record.fields.get("completed") is not True:
        record.fields["completed"] = True
        record.notices.append(_ARCHIVED)
    if record.fields.get("completed") is True:
        record.take("completed_at", "doneOn", instant_of_milliseconds)
    for name in [name for name in _DUE if not record.rest.get(name)]:
        record.rest.pop(name, None)
    for name in [name for name in _DUE if name in record.rest][:1]:
        reader = read_date if _DUE[name] else _time_in(zone)
        record.take("due", name, reader)
    record.take("remind_at", "remindAt", _time_in(zone))
    if (rule := _rule(record.rest.get("taskRepeatCfg"))) is not None:
        record.repeats_by(rule)
    attachments = objects_of(record.rest.pop("attachments", None))
    if attachments:
        record.rest["attachments"] = [
            {name: each[name] for name in ("title", "path") if each.get(name)} for each in attachments
        ]
    for name in [name for name, value in record.rest.items() if value in (0, False) or name in _OF_THE_APP]:
        del record.rest[name]
    make_room(record, labels="tags", spare=_SPARE)
    return record.row("id", "parentId")


def _time_in(zone: tzinfo) -> Any:
    def read(value: Any) -> str | None:
        moment = from_milliseconds(value)
        return rfc_3339(moment.astimezone(zone)) if moment else None

    return read


def _rule(settings: Any) -> str | None:
    """The rule of a repetition; None if no rule means the same."""
    if not isinstance(settings, dict) or settings.get("isPaused") is True:
        return None
    unit, every = settings.get("repeatCycle"), settings.get("repeatEvery") or 1
    if unit not in _UNITS or not isinstance(every, int) or every < 1:
        return None
    days = ",".join(short for day, short in _DAYS.items() if settings.get(day) is True)
    return f"FREQ={unit};INTERVAL={every}" + (f";BYDAY={days}" if unit == "WEEKLY" and days else "")
