"""One VTODO, from its lines to a row."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec

from chalicelib.todos.content import FieldError, pointer
from chalicelib.todos.fields import MAX_ORDER
from loaders.rows.icalendar import vcalendar
from loaders.rows.icalendar.calendar import Calendar
from loaders.rows.icalendar.moments import as_instant
from loaders.rows.icalendar.properties import Component, NotAProperty, list_items, parse_todo, unescape
from loaders.rows.icalendar.reader import TodoReader
from loaders.rows.icalendar.schedule import Schedule
from loaders.rows.loss import Loss
from loaders.rows.record import one_of
from loaders.rows.room import make_room
from loaders.rows.row import BadRow, Row, bad_row

LIST: Final = "X-TODO-LEDGER-LIST"
ALL_LATER: Final = "an occurrence that stands for all later ones, too (RANGE=THISANDFUTURE), was read as one"

_SORT_ORDER: Final = "X-APPLE-SORT-ORDER"
_STATUSES: Final = {"NEEDS-ACTION": False, "IN-PROCESS": False, "COMPLETED": True, "CANCELLED": True}
_IMPLIED: Final = ("NEEDS-ACTION", "COMPLETED")
_PRIORITIES: Final = {"0": "none", **dict.fromkeys("1234", "high"), "5": "medium", **dict.fromkeys("6789", "low")}
_EXACT_PRIORITIES: Final = ("0", "1", "5", "9")
_SORT_EPOCH: Final = datetime(2001, 1, 1, tzinfo=UTC)
_NUMBER: Final = re.compile(r"[+-]?\d{1,16}(?:\.\d{1,9})?", re.ASCII)
# Kept in the metadata, though they say nothing that the todo does not: what programs note for themselves, and what is
# read, or named by a notice.
_NOT_LOST: Final = frozenset(
    {
        "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "X-MOZ-GENERATION", "X-MOZ-LASTACK", "X-MOZ-SNOOZE-TIME", "DUE",
        "DURATION", "RRULE", "EXRULE", "EXDATE", "RDATE", "RECURRENCE-ID", "VALARM", "AALARM", "DALARM", "MALARM",
        "PALARM",
    }
)  # fmt: skip


# What may be longer than all else that a todo says: files, texts that are there twice, and dates that were applied.
_MAY_BE_LEFT_OUT: Final = frozenset({"ATTACH", "IMAGE", "X-ALT-DESC", "EXDATE", "RDATE", "VALARM"})


def read_todo(line: int, text: str, calendar: Calendar) -> Row | BadRow:
    """The row of a VTODO.

    Parameters
    ----------
    text : str
        The VTODO, unfolded, from its BEGIN to its END.
    calendar : Calendar
        What its calendar says of it.
    """
    lines = text.split("\n")
    if len(lines) < 2 or lines[-1].strip().upper() != "END:VTODO" or lines[0].strip().upper() != "BEGIN:VTODO":
        return bad_row(line, text, "expected a VTODO, from its BEGIN:VTODO to its END:VTODO")
    try:
        component = parse_todo(lines[1:-1])
        if calendar.is_version_1 or vcalendar.MAY_BE_ENCODED.search(text):
            _translate(component, calendar)
    except (NotAProperty, vcalendar.NotDecoded) as error:
        return bad_row(line, text + calendar.context_of(()), str(error))
    todo = TodoReader(line, component, calendar)
    row = _Todo(todo).row()
    whole = text + calendar.context_of(todo.zones)
    if isinstance(row, BadRow):
        return msgspec.structs.replace(row, original=whole)
    if calendar.repeated_in is not None:
        repeated = FieldError(pointer("UID"), f"the id already occurs in line {calendar.repeated_in}")
        return BadRow(line, whole, [repeated], contested=("id", row.own_id or ""))
    identified_by = _in_list(text, calendar) if row.own_id is None else None
    # Its UID may have been that of a to-do of another calendar, whose name was the list.
    return msgspec.structs.replace(row, original=whole, content=identified_by, former_in_list=bool(row.former_ids))


def _in_list(text: str, calendar: Calendar) -> str:
    """The VTODO with its calendar's name as its list: what identifies one without a UID."""
    if not calendar.name or f"\n{LIST}" in text.upper():
        return text
    begin, _, rest = text.partition("\n")
    return f"{begin}\n{LIST}:{calendar.written_name}\n{rest}"


def _translate(component: Component, calendar: Calendar) -> None:
    """Decode the properties, and make those of vCalendar 1.0 what iCalendar has."""
    component.properties = [vcalendar.decode(prop) for prop in component.properties]
    if calendar.is_version_1:
        component.properties = [vcalendar.translate(prop) for prop in component.properties]
        component.alarms += [alarm for prop in component.properties if (alarm := vcalendar.alarm_of(prop)) is not None]


class _Todo:
    """Reads one VTODO's properties into a record."""

    def __init__(self, todo: TodoReader) -> None:
        self._todo = todo
        self._record = todo.record

    def row(self) -> Row | BadRow:
        record = self._record
        for field, name in (("title", "SUMMARY"), ("notes", "DESCRIPTION"), ("list", LIST)):
            if (prop := self._todo.single(name)) is not None:
                record.take(field, prop.key, unescape)
        if "list" not in record.fields and self._todo.calendar.name:
            record.fields["list"] = self._todo.calendar.name
        self._categorise()
        self._prioritise()
        self._complete()
        Schedule(self._todo).read()
        self._note_times()
        self._place()
        spare = [key for key in record.rest if key.partition(";")[0] in _MAY_BE_LEFT_OUT]
        make_room(record, labels="CATEGORIES", list_name="X-WR-CALNAME", spare=spare)
        row = record.row(self._identify(), self._relate())
        return row if isinstance(row, BadRow) else msgspec.structs.replace(row, loss=self._loss())

    def _categorise(self) -> None:
        tags = [tag for prop in self._todo.all("CATEGORIES") for tag in list_items(prop.value)]
        if tags:
            self._record.fields["tags"] = tags
        for prop in self._todo.all("CATEGORIES"):
            self._record.rest.pop(prop.key, None)

    def _prioritise(self) -> None:
        if (prop := self._todo.single("PRIORITY")) is not None:
            self._record.take("priority", prop.key, lambda text: one_of(_PRIORITIES)(text.strip()))
            if prop.value.strip() not in _EXACT_PRIORITIES:
                self._record.rest[prop.key] = prop.value

    def _complete(self) -> None:
        record = self._record
        if (prop := self._todo.single("STATUS")) is not None:
            record.take("completed", prop.key, lambda status: one_of(_STATUSES)(_word(status)))
            if _word(prop.value) not in _IMPLIED:
                record.rest[prop.key] = prop.value
            return
        percent, completed = self._todo.single("PERCENT-COMPLETE"), self._todo.single("COMPLETED")
        is_hundred = percent is not None and percent.value.strip() == "100"
        record.fields["completed"] = is_hundred or (completed is not None and not self._todo.is_no_date(completed))

    def _note_times(self) -> None:
        for field, name in (("created_at", "CREATED"), ("completed_at", "COMPLETED")):
            if (prop := self._todo.single(name)) is not None:
                self._record.take(field, prop.key, partial(self._todo.written, prop))

    def _place(self) -> None:
        """Its place in the list: X-APPLE-SORT-ORDER, or as Nextcloud has it, the seconds from 2001 to its creation."""
        prop = self._todo.first(_SORT_ORDER)
        if prop is None:
            created = self._todo.first("CREATED")
            moment = self._todo.moment(created) if created is not None and self._todo.calendar.is_sorted else None
            if moment is not None:
                since = as_instant(moment, self._todo.calendar.floating) - _SORT_EPOCH
                self._record.fields["order"] = int(since.total_seconds())
        elif len(self._todo.all(_SORT_ORDER)) == 1 and _NUMBER.fullmatch(prop.value.strip()):
            order = float(prop.value) if "." in prop.value else int(prop.value)
            if abs(order) <= MAX_ORDER:
                self._record.fields["order"] = order
                self._record.rest.pop(prop.key, None)

    def _identify(self) -> str | None:
        uid, recurrence = self._todo.single("UID"), self._todo.single("RECURRENCE-ID")
        if uid is None or not uid.value.strip():
            return None
        own = uid.value.strip()
        if recurrence is not None:
            own = f"{own}/{recurrence.value}"
            if (recurrence.parameter("RANGE") or "").upper() == "THISANDFUTURE":
                self._record.notices.append(ALL_LATER)
        beyond = self._todo.calendar.id_of(own)
        if beyond != own:
            self._record.former_ids.append(own)
        self._record.rest[uid.key] = beyond
        return uid.key

    def _relate(self) -> str | None:
        """The parent; a todo has one, so that the parents of one with several are only kept."""
        parents = [
            prop for prop in self._todo.all("RELATED-TO") if (prop.parameter("RELTYPE") or "PARENT").upper() == "PARENT"
        ]
        if len({prop.value.strip() for prop in parents}) != 1 or not parents[0].value.strip():
            return None
        for prop in parents[1:]:
            self._record.rest.pop(prop.key, None)
        uid = parents[0].value.strip()
        if self._todo.calendar.id_of(uid) != uid:
            self._record.former_parents.append(uid)
        self._record.rest[parents[0].key] = self._todo.calendar.id_of(uid)
        return parents[0].key

    def _loss(self) -> Loss | None:
        record = self._record
        names = dict.fromkeys(key.partition(";")[0] for key in record.rest)
        percent = self._todo.first("PERCENT-COMPLETE")
        if percent is not None and percent.value.strip() in ("0", "100"):
            names.pop("PERCENT-COMPLETE", None)
        start, due = self._todo.first("DTSTART"), self._todo.first("DUE")
        if start is not None and due is not None and start[1:] == due[1:]:
            # Reminders writes both, also where nothing begins before it is due.
            names.pop("DTSTART", None)
        kept = tuple(name for name in names if name not in _NOT_LOST)
        notices = tuple(dict.fromkeys(record.notices))
        return Loss(kept, notices) if kept or notices else None


def _word(status: str) -> str:
    return status.strip().upper().replace(" ", "-")
