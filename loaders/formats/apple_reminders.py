"""Apple Reminders as JSON, which the app itself does not write: as its exporters name what EventKit has.

Read are reminders-cli (``reminders show-all --format json``), scripts over EventKit or JXA, and Shortcuts: an array of
reminders, one in `reminders`, or lists in `lists` with their `reminders`. Names count without capitals, spaces and
underscores; `_NAMES` has those that are known.

- A list's name is the list; tags are tags; a parent, or the reminder that has it among its `subtasks`, is the parent.
- `priority` is EventKit's number (1 to 4 high, 5 medium, 6 to 9 low, 0 none) or a word.
- `dueDate` is an instant, in ``--timezone`` if it has no offset. A day without a time is written as its midnight: in
  UTC, in ``--timezone``, or anywhere if `isAllDay` says so, it is that day.
- `remindMeDate`, or the next alarm at a time, is when to remind; alarms at places and others stay in the metadata.
- A rule in RFC 5545 is the rule if a todo can repeat by it. Reminders with a date of completion are done.
- Dates of creation and completion are taken. The order is that of the file. Other data stay in the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.board import array_of
from loaders.rows.dates import read_date
from loaders.rows.derived_ids import derived_id
from loaders.rows.json_objects import read_in_order
from loaders.rows.json_stream import paths_in
from loaders.rows.moments import day_at_midnight, in_zone, is_day, nearest_day, next_of, zone_for
from loaders.rows.names import normalise_name
from loaders.rows.record import Record
from loaders.rows.room import make_room
from loaders.rows.row import BadRow, Row, bad_row
from loaders.rows.seen import Seen
from loaders.rows.zones import rfc_3339

NAME = "apple-reminders"
SYSTEM = "apple-reminders"

_NAMES: Final = {
    "id": ("externalid", "calendaritemexternalidentifier", "id", "identifier", "calendaritemidentifier", "uuid"),
    "title": ("title", "name"),
    "notes": ("notes", "body", "note"),
    "completed": ("iscompleted", "completed"),
    "list": ("list", "listname", "listtitle", "calendartitle", "calendar"),
    "tags": ("tags", "hashtags"),
    "priority": ("priority",),
    "due": ("alldayduedate", "duedate"),
    "is_all_day": ("isallday", "allday", "dueisallday", "isduedateallday"),
    "remind_at": ("remindmedate", "remindat"),
    "alarms": ("alarms",),
    "repeat": ("rrule", "recurrencerule", "recurrence"),
    "created_at": ("creationdate", "createdat", "created", "datecreated"),
    "completed_at": ("completiondate", "completedat", "datecompleted"),
    "parent": ("parentid", "parentreminderid", "parentexternalid", "parent", "parentreminder"),
    "subtasks": ("subtasks",),
    "order": ("order",),
}
# Names that only exporters of this app write. One of them is enough to tell such a file from plain JSON.
_MARKS: Final = frozenset(
    {
        *("externalid", "listid", "calendaritemidentifier", "calendaritemexternalidentifier", "remindmedate"),
        *("alldayduedate", "isflagged", "hasalarms", "calendartitle", "parentreminder"),
    }
)
_OF_THE_APP: Final = ("listid", "hassubtasks", "hasalarms")
_WORDS: Final = {"none": "none", "low": "low", "medium": "medium", "high": "high"}
_DONE: Final = {"yes": True, "true": True, "no": False, "false": False}
_MAX_DEPTH: Final = 10
_MAX_NAME: Final = 100
# What Cocoa writes for a date that never comes.
_DISTANT_FUTURE: Final = "4001-01-01"
_MEDIUM, _LOWEST = 5, 9


def recognise(head: bytes) -> Certainty:
    rows = _rows_in(paths_in(head))
    names = {normalise_name(name) for name in rows}
    is_reminder = bool({"title", "name"} & names) and bool({"iscompleted", "completed"} & names)
    return Certainty.CERTAIN if is_reminder and not names.isdisjoint(_MARKS) else Certainty.NO


def _rows_in(paths: frozenset[tuple[str, ...]]) -> set[str]:
    """The names of the members of the reminders in a file."""
    above = (("[]",), ("reminders", "[]"), ("lists", "[]", "reminders", "[]"), ("[]", "reminders", "[]"))
    return {path[-1] for path in paths if path[:-1] in above}


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    return read_in_order(file, lambda name: normalise_name(name) in ("reminders", "lists"), partial(_walk, how=how))


def _walk(
    line: int, members: dict[str, Any], place: dict[str, Any], seen: Seen, how: ReadOptions, depth: int = 0
) -> Iterator[Row | BadRow]:
    """The rows of a list of reminders, or of a reminder and its subtasks."""
    names = _Names(members)
    if isinstance(reminders := names.value("reminders"), list):
        inner, below = reminders, {"list": names.value("title")}
    else:
        original = {**members, **{name: value for name, value in place.items() if value}}
        if not names.value("id"):
            about = (how.file_name, _list_name(_Names(original).value("list")), names.value("title"))
            original["id"] = derived_id(seen, line, *about)
        yield row_of(line, original, how)
        own = _Names(original)
        inner, below = array_of(names.value("subtasks")), {"list": own.value("list"), "parent": own.value("id")}
    for order, each in enumerate(inner, 1):
        reminder = {"title": each} if isinstance(each, str) else each
        if not isinstance(reminder, dict) or depth == _MAX_DEPTH:
            yield bad_row(line, each, f"expected an object, in at most {_MAX_DEPTH} levels")
        else:
            yield from _walk(line, reminder, {**below, "order": order}, seen, how, depth + 1)


class _Names:
    """A reminder's own names by ours; of several, the first in `_NAMES` that has a value."""

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members
        self._plain = {normalise_name(name): name for name in members if len(name) <= _MAX_NAME}

    def name(self, field: str) -> str:
        found = [self._plain[name] for name in _NAMES.get(field, (field,)) if name in self._plain]
        return next((name for name in found if self._members[name] not in (None, "")), found[0] if found else field)

    def value(self, field: str) -> Any:
        return self._members.get(self.name(field))


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a reminder, which includes its place: its list, its parent and its order."""
    names = _Names(original)
    record = Record(line, original, original)
    record.rest.pop(names.name("subtasks"), None)
    record.take("title", names.name("title"))
    record.take("notes", names.name("notes"))
    record.take("list", names.name("list"), _list_name)
    record.take("tags", names.name("tags"), _tags)
    record.take("priority", names.name("priority"), _priority)
    record.take("order", names.name("order"))
    due = names.name("due")
    is_all_day = normalise_name(due) == "alldayduedate" or names.value("is_all_day") is True
    record.take("due", due, lambda value: _due(value, how, is_all_day=is_all_day))
    record.rest.pop(names.name("is_all_day"), None)
    if is_all_day:
        # JXA writes the day, and its midnight once more.
        record.rest.pop(_Names(record.rest).name("due"), None)
    record.take("created_at", names.name("created_at"), lambda value: read_date(value, how.time_zone))
    record.take("completed", names.name("completed"), _is_done)
    if names.value("completed_at") and record.fields.get("completed") is not False:
        record.fields["completed"] = True
        record.take("completed_at", names.name("completed_at"), lambda value: read_date(value, how.time_zone))
    record.take_rule(names.name("repeat"))
    _take_reminder(record, names, how)
    for name in [name for name, value in record.rest.items() if value is False or normalise_name(name) in _OF_THE_APP]:
        del record.rest[name]
    parent = names.name("parent")
    if isinstance(about := record.rest.get(parent), dict):
        record.rest[parent] = _Names(about).value("id")
    make_room(record, labels="tags")
    return record.row(names.name("id"), parent)


def _due(value: Any, how: ReadOptions, *, is_all_day: bool) -> str | None:
    found = day_at_midnight(value, how)
    if found is None or found.startswith(_DISTANT_FUTURE):
        return None
    if not is_all_day or is_day(found):
        return found
    moment = datetime.fromisoformat(found)
    return in_zone(moment, zone_for(how)).date().isoformat() if how.time_zone else nearest_day(moment)


def _take_reminder(record: Record, names: _Names, how: ReadOptions) -> None:
    record.take("remind_at", names.name("remind_at"), lambda value: read_date(value, how.time_zone))
    if record.fields.get("remind_at") is not None:
        return
    name = names.name("alarms")
    alarms = array_of(record.rest.get(name))
    moments = [moment for alarm in alarms if (moment := _alarm(alarm, record.fields.get("due"), how))]
    if moments:
        record.fields["remind_at"] = rfc_3339(next_of([datetime.fromisoformat(each) for each in moments]))
        if len(alarms) == 1:
            del record.rest[name]


def _alarm(alarm: Any, due: str | None, how: ReadOptions) -> str | None:
    """When an alarm rings, which is an instant or seconds from the due date; None for one at a place."""
    about = (
        {normalise_name(name): value for name, value in alarm.items()} if isinstance(alarm, dict) else {"date": alarm}
    )
    try:
        for name in ("absolutedate", "date", "triggerdate"):
            if about.get(name):
                found = read_date(about[name], how.time_zone)
                return found if found and not is_day(found) else None
        seconds = about.get("relativeoffset")
        if isinstance(seconds, int | float) and due and not is_day(due):
            return rfc_3339(datetime.fromisoformat(due) + timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        pass
    return None


def _list_name(value: Any) -> Any:
    """A list's name, which some write in an object."""
    return value.get("title") or value.get("name") if isinstance(value, dict) else value


def _tags(value: Any) -> Any:
    """Tags as an array, or in a text, with or without their signs."""
    tags = value.replace(",", " ").split() if isinstance(value, str) else value
    return [tag.lstrip("#") if isinstance(tag, str) else tag for tag in tags] if isinstance(tags, list) else tags


def _priority(value: Any) -> str:
    word = value.strip().casefold() if isinstance(value, str) else value
    if isinstance(word, str) and word in _WORDS:
        return _WORDS[word]
    try:
        number = int(word) if not isinstance(word, bool | float) else -1
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= _LOWEST:
        raise ValueError(f"expected a number from 0 to 9, or one of none, low, medium, high, not {value!r:.80}")
    return "none" if number == 0 else "high" if number < _MEDIUM else "medium" if number == _MEDIUM else "low"


def _is_done(value: Any) -> Any:
    return _DONE.get(value.strip().casefold(), value) if isinstance(value, str) else value
