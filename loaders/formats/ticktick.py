"""TickTick's backup as CSV: some lines of preamble, then the header, then one task a row.

- The list is the list. Its folder and other data without a matching field stay in the metadata under their columns.
- `Due Date` is an instant; for an all-day task it is the day in the row's `Timezone`, otherwise in that of --timezone.
  A task with only a start is due then. A time without an offset is one of that zone.
- `Reminder` is a duration from the start, or the due date; for an all-day task from its 00:00. Of several, the next one
  is taken. It is kept as it is, too.
- `Created Time` and `Completed Time` are the times of the source.
- `Repeat` is the rule if it follows RFC 5545; TickTick's own kinds of repetition stay in the metadata.
- Archived (2) and abandoned (-1) tasks no longer need to be done, so they are loaded as completed, and their status is
  kept.
- A note (`Kind` NOTE) is loaded as a todo, and named in the summary. The items of a checklist stay in the todo's notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, tzinfo
from typing import Any, Final

from chalicelib.todos.content import is_acceptable
from chalicelib.todos.fields import MAX_ORDER
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.icalendar.alarms import MANY, UNKNOWN
from loaders.rows.icalendar.moments import add, parse_duration
from loaders.rows.moments import zone_for
from loaders.rows.record import Record, fitting_tags, one_of, whole_number
from loaders.rows.row import BadRow, Row
from loaders.rows.table import Table, header_of, may_have_columns
from loaders.rows.zones import rfc_3339, zone_of

NAME = "ticktick"
SYSTEM = "ticktick"

_PRIORITIES: Final = {"0": "none", "1": "low", "3": "medium", "5": "high"}
_STATUSES: Final = {"0": False, "1": True, "2": True, "-1": True}
_IMPLIED: Final = ("0", "1")
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?\s*(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_TRIGGER: Final = re.compile(r"TRIGGER[^:]*:", re.IGNORECASE)
_COLUMNS: Final = frozenset({"List Name", "Title", "Status", "Is All Day"})
_BETWEEN: Final = re.compile(r"[\s,;|]+")
_MAX_REMINDER: Final = 1_000
NOTE: Final = "a note was loaded as a todo"


def recognise(head: bytes) -> Certainty:
    if not may_have_columns(head, _COLUMNS):
        return Certainty.NO
    headers = map(header_of, head.decode("utf-8", "replace").splitlines()[:100])
    return Certainty.CERTAIN if any(header and _is_header(header[0]) for header in headers) else Certainty.NO


def _is_header(names: list[str]) -> bool:
    return set(names) >= _COLUMNS


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    table = Table(file, _is_header)
    how.context.update(table.context)
    for found in table.rows():
        yield found if isinstance(found, BadRow) else row_of(*found, how)


def row_of(line: int, cells: dict[str, str], how: ReadOptions) -> Row | BadRow:
    record = Record(line, cells, cells)
    record.take("title", "Title")
    record.take("notes", "Content")
    if is_acceptable("list", cells.get("List Name")):
        record.take("list", "List Name")
    _take_tags(record)
    record.take("priority", "Priority", one_of(_PRIORITIES))
    record.take("completed", "Status", one_of(_STATUSES))
    if (status := cells.get("Status", "0")) not in _IMPLIED:
        record.rest["Status"] = status
    zone = (zone_of(cells["Timezone"]) if "Timezone" in cells else None) or zone_for(how)
    is_day = cells.get("Is All Day", "").strip().casefold() == "true"
    _take_due(record, zone, is_day=is_day)
    _take_reminder(record, zone, is_day=is_day)
    record.take_rule("Repeat")
    record.take("order", "Order", whole_number)
    if abs(record.fields.get("order") or 0) > MAX_ORDER:
        record.rest["Order"] = str(record.fields.pop("order"))
    for field, name in (("created_at", "Created Time"), ("completed_at", "Completed Time")):
        record.take(field, name, lambda text: rfc_3339(_moment(text, zone)))
    if cells.get("Kind", "").strip().upper() == "NOTE":
        record.notices.append(NOTE)
    return record.row("taskId", "parentId")


def _take_tags(record: Record) -> None:
    tags = [tag for part in record.rest.pop("Tags", "").split(",") if (tag := part.strip().lstrip("#"))]
    fitting, others = fitting_tags(tags)
    if fitting:
        record.fields["tags"] = fitting
    if others:
        record.rest["Tags"] = ", ".join(others)


def _take_due(record: Record, zone: tzinfo, *, is_day: bool) -> None:
    def due(text: Any) -> str:
        local = _moment(text, zone, is_day=is_day)
        return _day_of(local) if is_day else rfc_3339(local)

    if "Due Date" in record.rest:
        record.take("due", "Due Date", due)
    elif "Start Date" in record.rest:
        start = record.rest["Start Date"]
        record.take("due", "Start Date", due)
        record.rest["Start Date"] = start
        record.repeated.add("Start Date")
        record.former_unset.append("due")


def _take_reminder(record: Record, zone: tzinfo, *, is_day: bool) -> None:
    reminder = record.rest.get("Reminder", "")
    parts = [part for part in _BETWEEN.split(_TRIGGER.sub(" ", reminder[:_MAX_REMINDER])) if part]
    if not parts:
        return
    try:
        begins = record.original.get("Start Date") or record.original.get("Due Date") or ""
        base = _moment(begins, zone, is_day=is_day)
        if is_day:
            base = datetime.combine(datetime.fromisoformat(_day_of(base)), time.min, zone)
        times = [add(base, duration) for part in parts if (duration := parse_duration(part)) is not None]
        found = [moment for moment in times if isinstance(moment, datetime)]
        if len(found) < len(parts):
            raise ValueError(reminder)
    except (ValueError, OverflowError):
        record.notices.append(UNKNOWN)
        return
    now = datetime.now(UTC)
    to_come = [moment for moment in found if moment > now]
    record.fields["remind_at"] = rfc_3339(min(to_come) if to_come else max(found))
    record.former_unset.append("remind_at")
    if len(set(found)) > 1:
        record.notices.append(MANY)
    else:
        record.repeated.add("Reminder")


def _moment(text: Any, zone: tzinfo, *, is_day: bool = False) -> datetime:
    """An instant as TickTick writes it, in a zone; without an offset it is one of that zone.

    The day of an all-day task begins at 00:00. Written without an offset at another time, it is the instant in UTC.

    Raises
    ------
    ValueError
    """
    found = _MOMENT.fullmatch(text.strip()) if len(text) < _MAX_REMINDER else None
    try:
        if found is None:
            raise ValueError(text)
        day, clock, offset = found.groups()
        written = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset or ''}")
        if written.tzinfo is None:
            written = written.replace(tzinfo=UTC if is_day and written.time() != time.min else zone)
        return written.astimezone(zone)
    except (ValueError, OverflowError):
        raise ValueError("expected a date-time as TickTick writes it, such as 2026-12-01T09:00:00+0000") from None


def _day_of(local: datetime) -> str:
    """The day of an all-day task: the day that begins then, in the task's zone or in UTC, otherwise the local one."""
    utc = local.astimezone(UTC)
    is_written_in_utc = local.time() != time.min and utc.time() == time.min
    return (utc if is_written_in_utc else local).date().isoformat()
