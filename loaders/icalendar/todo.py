"""One VTODO, from its lines to a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from typing import Any, Final

import msgspec

from chalicelib.todos import zones as todo_zones
from chalicelib.todos.content import FieldError, pointer
from chalicelib.todos.fields import MAX_ORDER
from loaders.icalendar import alarms, occurrences, vcalendar
from loaders.icalendar.calendar import Calendar
from loaders.icalendar.moments import add, as_instant, is_none, parse_duration, parse_moment
from loaders.icalendar.properties import Component, NotAProperty, Property, list_items, parse, parse_todo, unescape
from loaders.rows.loss import Loss
from loaders.rows.record import Record, one_of
from loaders.rows.row import BadRow, Row, bad_row
from loaders.rows.zones import rfc_3339

LIST: Final = "X-TODO-LEDGER-LIST"
FLOATING: Final = "a time without a zone was read as UTC (--timezone names its zone)"
UNKNOWN_ZONE: Final = "a time in a zone that is not known was read as one without a zone"
ALL_LATER: Final = "an occurrence that stands for all later ones, too (RANGE=THISANDFUTURE), was read as one"
SEVERAL_RULES: Final = "several rules, or one with exceptions by a rule (EXRULE), were kept as metadata"

_REPEAT_FROM: Final = "X-TODO-LEDGER-REPEAT-FROM"
_TIME_ZONE: Final = "X-TODO-LEDGER-TIME-ZONE"
_SORT_ORDER: Final = "X-APPLE-SORT-ORDER"
_STATUSES: Final = {"NEEDS-ACTION": False, "IN-PROCESS": False, "COMPLETED": True, "CANCELLED": True}
_IMPLIED: Final = ("NEEDS-ACTION", "COMPLETED")
_PRIORITIES: Final = {"0": "none", **dict.fromkeys("1234", "high"), "5": "medium", **dict.fromkeys("6789", "low")}
_EXACT_PRIORITIES: Final = ("0", "1", "5", "9")
_COUNTED_FROM: Final = {word: word for word in ("due", "completion", "next_future")}
_SORT_EPOCH: Final = datetime(2001, 1, 1, tzinfo=UTC)
_NUMBER: Final = re.compile(r"[+-]?\d{1,16}(?:\.0*)?", re.ASCII)
# Kept in the metadata, though they say nothing that the todo does not: what programs note for themselves, and what is
# read, or named by a notice.
_NOT_LOST: Final = frozenset(
    {
        "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "X-MOZ-GENERATION", "X-MOZ-LASTACK", "X-MOZ-SNOOZE-TIME", "DUE",
        "DURATION", "RRULE", "EXRULE", "EXDATE", "RDATE", "RECURRENCE-ID", "VALARM", "AALARM", "DALARM", "MALARM",
        "PALARM",
    }
)  # fmt: skip


def now() -> datetime:
    """When the to-dos are read: what reminds before is past."""
    return datetime.now(UTC)


def read_todo(line: int, text: str, original: str, calendar: Calendar) -> Row | BadRow:
    """The row of a VTODO.

    Parameters
    ----------
    text : str
        The VTODO, unfolded, from its BEGIN to its END.
    original : str
        What identifies it if it has no UID.
    calendar : Calendar
        What its calendar says of it.
    """
    lines = text.split("\n")
    if len(lines) < 2 or lines[-1].strip().upper() != "END:VTODO" or lines[0].strip().upper() != "BEGIN:VTODO":
        return bad_row(line, text, "expected a VTODO, from its BEGIN:VTODO to its END:VTODO")
    try:
        component = _translated(parse_todo(lines[1:-1]), calendar)
    except (NotAProperty, vcalendar.NotDecoded) as error:
        return bad_row(line, text + calendar.context_of(()), str(error))
    todo = _Todo(line, component, calendar)
    row = todo.row()
    whole = text + calendar.context_of(todo.zones)
    if isinstance(row, BadRow):
        return msgspec.structs.replace(row, original=whole)
    if calendar.repeated_in is not None:
        repeated = FieldError(pointer("UID"), f"the id already occurs in line {calendar.repeated_in}")
        return BadRow(line, whole, [repeated], contested=("id", row.own_id or ""))
    return msgspec.structs.replace(row, original=whole, content=original if row.own_id is None else None)


def _translated(component: Component, calendar: Calendar) -> Component:
    """The properties decoded, and those of vCalendar 1.0 as iCalendar has them."""
    component.properties = [vcalendar.decode(prop) for prop in component.properties]
    if calendar.is_version_1:
        component.properties = [vcalendar.translate(prop) for prop in component.properties]
        component.alarms += [alarm for prop in component.properties if (alarm := vcalendar.alarm_of(prop)) is not None]
    return component


class _Todo:
    """Reads one VTODO's properties into a record."""

    def __init__(self, line: int, component: Component, calendar: Calendar) -> None:
        given: dict[str, list[str]] = {}
        self._by_name: dict[str, list[Property]] = {}
        for prop in component.properties:
            given.setdefault(prop.key, []).append(prop.value)
            self._by_name.setdefault(prop.name, []).append(prop)
        values: dict[str, Any] = {key: each[0] if len(each) == 1 else each for key, each in given.items()}
        for alarm, text in zip(component.alarms, component.alarm_texts, strict=False):
            values.setdefault(alarm[0].value.strip().upper(), []).append(text)
        self._alarms = [each for each in component.alarms if each[0].name != "BEGIN" or _is_alarm(each[0])]
        self._calendar = calendar
        self._record = Record(line, None, values)
        self.zones: set[str] = set()

    def row(self) -> Row | BadRow:
        record = self._record
        for field, name in (("title", "SUMMARY"), ("notes", "DESCRIPTION"), ("list", LIST)):
            if (prop := self._single(name)) is not None:
                record.take(field, prop.key, unescape)
        if "list" not in record.fields and self._calendar.name:
            record.fields["list"] = self._calendar.name
        self._categorise()
        self._prioritise()
        self._complete()
        self._schedule()
        self._note_times()
        self._place()
        row = record.row(self._identify(), self._relate())
        return row if isinstance(row, BadRow) else msgspec.structs.replace(row, loss=self._loss())

    def _all(self, name: str) -> list[Property]:
        return self._by_name.get(name, [])

    def _first(self, name: str) -> Property | None:
        return next(iter(self._all(name)), None)

    def _single(self, name: str) -> Property | None:
        """The property with this name, of which a VTODO may have only one."""
        found = self._all(name)
        if len(found) > 1:
            self._record.add_error(name, f"{name} is given {len(found)} times")
        return found[0] if len(found) == 1 else None

    def _categorise(self) -> None:
        tags = [tag for prop in self._all("CATEGORIES") for tag in list_items(prop.value)]
        if tags:
            self._record.fields["tags"] = tags
        for prop in self._all("CATEGORIES"):
            self._record.rest.pop(prop.key, None)

    def _prioritise(self) -> None:
        if (prop := self._single("PRIORITY")) is not None:
            self._record.take("priority", prop.key, lambda text: one_of(_PRIORITIES)(text.strip()))
            if prop.value.strip() not in _EXACT_PRIORITIES:
                self._record.rest[prop.key] = prop.value

    def _complete(self) -> None:
        record = self._record
        if (prop := self._single("STATUS")) is not None:
            record.take("completed", prop.key, lambda status: one_of(_STATUSES)(_word(status)))
            if _word(prop.value) not in _IMPLIED:
                record.rest[prop.key] = prop.value
            return
        percent, completed = self._single("PERCENT-COMPLETE"), self._single("COMPLETED")
        is_hundred = percent is not None and percent.value.strip() == "100"
        record.fields["completed"] = is_hundred or (completed is not None and not self._is_none(completed))

    def _is_none(self, prop: Property) -> bool:
        moment = self._moment(prop)
        return moment is not None and is_none(moment)

    def _moment(self, prop: Property) -> date | None:
        """The moment that a property states, or None if it is not one."""
        try:
            return self._read_moment(prop.value, self._zone_in(prop))
        except ValueError:
            return None

    def _read_moment(self, text: str, zone: tzinfo | None) -> date:
        moment = parse_moment(text, zone)
        try:
            as_instant(moment, zone)
        except OverflowError:
            raise ValueError("expected a time between the years 1 and 9999") from None
        return moment

    def _zone_in(self, prop: Property) -> tzinfo | None:
        """The zone of a property's times without a Z."""
        name = prop.parameter("TZID")
        zone = self._calendar.zones.find(name) if name is not None else None
        if name is not None and zone is not None:
            self.zones.add(name)
        return zone or self._calendar.floating

    def _schedule(self) -> None:
        """When it is due, repeats and reminds."""
        record = self._record
        start = self._moment(prop) if (prop := self._first("DTSTART")) is not None else None
        due = self._due()
        if due is None and start is not None and (prop := self._single("DURATION")) is not None:
            due = self._end(start, prop)
        self._take_due(due)
        if (prop := self._single(_TIME_ZONE)) is not None and todo_zones.find(prop.text()) is not None:
            record.take("time_zone", prop.key, unescape)
        start, due = self._repeat(start, due)
        if (prop := self._single(_REPEAT_FROM)) is not None:
            record.take("repeat_from", prop.key, one_of(_COUNTED_FROM))
        if self._alarms and record.fields.get("completed") is not True:
            self._remind(start, due)

    def _due(self) -> date | None:
        """The date or date-time of DUE. It stays in the rest if it is not a day or plain UTC."""
        if (prop := self._single("DUE")) is None:
            return None
        value = self._record.rest.get(prop.key)
        zone = self._zone_in(prop)
        due: date | None = self._record.take_value(prop.key, lambda text: self._read_moment(text, zone))
        if isinstance(due, datetime) and due.tzinfo is not UTC:
            self._record.rest[prop.key] = value
            if due.tzinfo is None:
                self._record.notices.append(FLOATING)
            if prop.parameter("TZID") not in (None, *self.zones):
                self._record.notices.append(UNKNOWN_ZONE)
        if due is not None and is_none(due):
            self._record.rest[prop.key] = value
            return None
        return due

    def _end(self, start: date, prop: Property) -> date | None:
        """DTSTART and DURATION (sections 3.6.2 and 3.8.2.5)."""
        duration = parse_duration(prop.value)
        try:
            end = add(start, duration) if duration is not None else None
            if end is not None:
                as_instant(end, self._calendar.floating)
        except (ValueError, OverflowError):
            end = None
        if isinstance(end, datetime) and end.tzinfo is None:
            end = end.replace(tzinfo=self._calendar.floating)
        return end

    def _take_due(self, due: date | None) -> None:
        if due is not None:
            self._record.fields["due"] = rfc_3339(due) if isinstance(due, datetime) else due.isoformat()

    def _repeat(self, start: date | None, due: date | None) -> tuple[date | None, date | None]:
        """Make it repeat, and due at its next open occurrence; where that begins and is due."""
        record = self._record
        rules = self._all("RRULE")
        if not rules and not self._all("RDATE"):
            return start, due
        if len(rules) > 1 or self._all("EXRULE"):
            record.notices.append(SEVERAL_RULES)
            return start, due
        rule = rules[0].value.strip().removeprefix("RRULE:") if rules else None
        if record.fields.get("completed") is True or self._first("RECURRENCE-ID") is not None:
            found = occurrences.NextOccurrence(start, due, [rule] if rule else [])
        else:
            found = occurrences.find_next(
                occurrences.Recurring(start, due, rule, list(self._left_out()), list(self._moments("RDATE")))
            )
        record.notices += found.notices
        if found.is_over:
            record.fields["completed"] = True
        if found.due is not None and found.due != due:
            self._move_due(found.due)
        followed = next((each for each in found.repeats if record.repeats_by(each)), None)
        if rule is not None and followed == rule:
            record.rest.pop(rules[0].key, None)
        elif found.repeats and followed is None:
            record.notices.append(occurrences.NOT_FOLLOWED)
        return found.start, found.due

    def _move_due(self, due: date) -> None:
        record = self._record
        self._take_due(due)
        if (prop := self._first("DUE")) is not None:
            record.rest[prop.key] = prop.value

    def _left_out(self) -> Iterator[date]:
        yield from self._moments("EXDATE")
        for line in self._calendar.overrides:
            try:
                prop = parse(line)
            except NotAProperty:
                continue
            if (moment := self._moment(prop)) is not None:
                yield moment

    def _moments(self, name: str) -> Iterator[date]:
        """The moments that properties list; of a period, its start. Those that cannot be read are only kept."""
        for prop in self._all(name):
            zone = self._zone_in(prop)
            for text in prop.value.split(","):
                try:
                    yield self._read_moment(text.partition("/")[0], zone)
                except ValueError:
                    continue

    def _remind(self, start: date | None, due: date | None) -> None:
        acknowledged, snoozed = (
            as_instant(moment, self._calendar.floating)
            if (prop := self._first(name)) is not None and (moment := self._moment(prop)) is not None
            else None
            for name in ("X-MOZ-LASTACK", "X-MOZ-SNOOZE-TIME")
        )
        base = alarms.Base(start, due, self._calendar.floating, self._calendar.zones, acknowledged)
        found = alarms.read_reminders(self._alarms, base, snoozed, now())
        if found.remind_at is not None:
            self._record.fields["remind_at"] = found.remind_at
        self._record.notices += found.notices

    def _note_times(self) -> None:
        for field, name in (("created_at", "CREATED"), ("completed_at", "COMPLETED")):
            if (prop := self._single(name)) is not None:
                self._record.take(field, prop.key, partial(self._written, prop))

    def _written(self, prop: Property, text: str) -> str:
        moment = self._read_moment(text, self._zone_in(prop))
        return rfc_3339(moment) if isinstance(moment, datetime) else moment.isoformat()

    def _place(self) -> None:
        """Its place in the list: X-APPLE-SORT-ORDER, or as Nextcloud has it, the seconds from 2001 to its creation."""
        prop = self._first(_SORT_ORDER)
        if prop is None:
            created = self._first("CREATED")
            moment = self._moment(created) if created is not None and self._calendar.is_sorted else None
            if moment is not None:
                since = as_instant(moment, self._calendar.floating) - _SORT_EPOCH
                self._record.fields["order"] = int(since.total_seconds())
        elif len(self._all(_SORT_ORDER)) == 1 and _NUMBER.fullmatch(prop.value.strip()):
            order = int(prop.value.strip().partition(".")[0])
            if abs(order) <= MAX_ORDER:
                self._record.fields["order"] = order
                self._record.rest.pop(prop.key, None)

    def _identify(self) -> str | None:
        uid, recurrence = self._single("UID"), self._single("RECURRENCE-ID")
        if uid is None or not uid.value.strip():
            return None
        own = uid.value.strip()
        if recurrence is not None:
            own = f"{own}/{recurrence.value}"
            if (recurrence.parameter("RANGE") or "").upper() == "THISANDFUTURE":
                self._record.notices.append(ALL_LATER)
        beyond = self._calendar.id_of(own)
        if beyond != own:
            self._record.former_ids.append(own)
        self._record.rest[uid.key] = beyond
        return uid.key

    def _relate(self) -> str | None:
        """The parent; a todo has one, so that the parents of one with several are only kept."""
        parents = [
            prop for prop in self._all("RELATED-TO") if (prop.parameter("RELTYPE") or "PARENT").upper() == "PARENT"
        ]
        if len({prop.value.strip() for prop in parents}) != 1 or not parents[0].value.strip():
            return None
        for prop in parents[1:]:
            self._record.rest.pop(prop.key, None)
        uid = parents[0].value.strip()
        if self._calendar.id_of(uid) != uid:
            self._record.former_parents.append(uid)
        self._record.rest[parents[0].key] = self._calendar.id_of(uid)
        return parents[0].key

    def _loss(self) -> Loss | None:
        record = self._record
        names = dict.fromkeys(key.partition(";")[0] for key in record.rest)
        percent = self._first("PERCENT-COMPLETE")
        if percent is not None and percent.value.strip() in ("0", "100"):
            names.pop("PERCENT-COMPLETE", None)
        kept = tuple(name for name in names if name not in _NOT_LOST)
        notices = tuple(dict.fromkeys(record.notices))
        return Loss(kept, notices) if kept or notices else None


def _is_alarm(begin: Property) -> bool:
    return begin.value.strip().upper() == "VALARM"


def _word(status: str) -> str:
    return status.strip().upper().replace(" ", "-")
