"""iCalendar (RFC 5545): a VTODO is a todo; events, journals and other components are not.

- UID is the task's own id, followed by RECURRENCE-ID for an occurrence that differs from the others.
- DUE: a date, a time in UTC, or a time with TZID, whose zone may be one that the calendar defines (VTIMEZONE). A
  floating time, or one in an unknown zone, is taken as UTC. A value that is not plain UTC is also kept as it was.
- X-TODO-LEDGER-TIME-ZONE is the todo's time zone. A TZID alone is not: todos that were loaded before there was a
  `time_zone` stay as they are when their file is loaded again.
- PRIORITY 1 to 4 is high, 5 medium, 6 to 9 low; all except 1, 5 and 9 are also kept. CATEGORIES are tags.
- A CANCELLED task no longer needs to be done, so it is loaded as completed, and its status is kept.
- RRULE is the rule if a todo can repeat by it, also with SKIP (RFC 7529); X-TODO-LEDGER-REPEAT-FROM is what that is
  counted from. RELATED-TO a parent is the parent.
- The list is X-TODO-LEDGER-LIST, otherwise the calendar's name (X-WR-CALNAME, or NAME by RFC 7986).
- The first VALARM's TRIGGER is `remind_at`; all alarms are kept.

Every other property is kept in the metadata. Its name is the part before the colon with the parameters, and its value
is as it is written, escapes included. Lines are unfolded, and components are read one at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from chalicelib.todos import zones as todo_zones
from loaders.errors import UnreadableFile
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.record import Record, one_of
from loaders.rows.row import BadRow, Row, bad_row, not_utf8
from loaders.rows.zones import Zones, rfc_3339

NAME = "icalendar"
SYSTEM = "icalendar"
ROWS_ARE_TEXTS = True

_STATUSES: Final = {"NEEDS-ACTION": False, "IN-PROCESS": False, "COMPLETED": True, "CANCELLED": True}
_IMPLIED: Final = ("NEEDS-ACTION", "COMPLETED")
_PRIORITIES: Final = {"0": "none", **dict.fromkeys("1234", "high"), "5": "medium", **dict.fromkeys("6789", "low")}
_EXACT_PRIORITIES: Final = ("0", "1", "5", "9")
_COUNTED_FROM: Final = {word: word for word in ("due", "completion", "next_future")}
# The part before the colon; a colon in quotes is part of a parameter's value.
_NAME_AND_PARAMETERS: Final = re.compile(r'([A-Za-z0-9-]+)((?:;[^":;]+(?:"[^"]*"[^":;]*)*)*):', re.ASCII)
_ESCAPED: Final = re.compile(r"\\([\\;,Nn])")
_LIST_ITEM: Final = re.compile(r"(?:[^,\\]|\\.)+", re.DOTALL)
_TZID: Final = re.compile(rb"TZID[;:]", re.IGNORECASE)
_LIST: Final = b"X-TODO-LEDGER-LIST"
_REPEAT_FROM: Final = "X-TODO-LEDGER-REPEAT-FROM"
_TIME_ZONE: Final = "X-TODO-LEDGER-TIME-ZONE"
_CALENDAR_NAMES: Final = (b"X-WR-CALNAME", b"NAME")
_MAX_NESTING: Final = 100
# A zone of every year's rules has a few KB.
_MAX_ZONE_BYTES: Final = 64 * 1024
# No date, time or duration is longer.
_MAX_MOMENT: Final = 100


def recognise(head: bytes) -> Certainty:
    return Certainty.CERTAIN if head.lstrip()[:15].upper() == b"BEGIN:VCALENDAR" else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    calendar_name = b""
    zones = Zones()
    for found in _components(file):
        if isinstance(found, BadRow):
            yield found
            continue
        line, kind, content = found
        if kind == "VTIMEZONE":
            _define_zone(content, zones)
        elif kind == "VTODO":
            yield _read_todo(line, _in_list(content, calendar_name), how, zones)
        else:
            name, _, value = content.partition(b":")
            if name.split(b";")[0].upper() in _CALENDAR_NAMES:
                calendar_name = value.strip()


def _components(file: Input) -> Iterator[tuple[int, str, bytes] | BadRow]:
    """Whole VTODOs and VTIMEZONEs, and the calendar's own properties with the kind ""."""
    kind, begins, size = "", 0, 0
    # One buffer, since lines of a byte or two would take many times as much memory apart.
    content = bytearray()
    inside: list[bytes] = []
    for number, line in _unfold(file):
        upper = line[:30].upper().rstrip()
        if upper == b"BEGIN:VTODO" and kind:
            yield _broken(begins, content, f"the {kind} has no END:{kind}")
            kind = ""
        if kind:
            size += len(line) + 1
            if size <= MAX_ROW_BYTES:
                content += b"\n" + line
            if upper == b"END:" + kind.encode():
                is_whole = size <= MAX_ROW_BYTES
                too_long = f"a {kind} of more than {MAX_ROW_BYTES} bytes"
                yield (begins, kind, bytes(content)) if is_whole else _broken(begins, content, too_long)
                kind = ""
        elif upper in (b"BEGIN:VTODO", b"BEGIN:VTIMEZONE"):
            kind, begins, size = upper[6:].decode(), number, 0
            content = bytearray(line)
        elif upper.startswith(b"BEGIN:"):
            _enter(inside, upper[6:], number)
        elif upper.startswith(b"END:"):
            del inside[-1:]
        elif inside == [b"VCALENDAR"]:
            yield number, "", line
    if kind:
        yield _broken(begins, content, f"the {kind} has no END:{kind}")
    if inside:
        raise UnreadableFile(f"the file ends where END:{inside[-1].decode('ascii', 'replace')} belongs")


def _enter(inside: list[bytes], kind: bytes, line: int) -> None:
    inside.append(kind)
    if len(inside) > _MAX_NESTING:
        raise UnreadableFile(f"line {line}: components are nested deeper than {_MAX_NESTING} levels")


def _broken(line: int, content: bytearray, reason: str) -> BadRow:
    return bad_row(line, content.decode("utf-8", "replace"), reason)


def _unfold(file: Input) -> Iterator[tuple[int, bytes]]:
    """Each content line with its number; a line that begins with white space continues the one before it."""
    begins, whole = 0, bytearray()
    for number, line, _ in file.lines():
        text = line.rstrip(b"\r\n")
        if text[:1] in (b" ", b"\t") and begins:
            # A longer one is refused in any case.
            if len(whole) <= MAX_ROW_BYTES:
                whole += text[1:]
            continue
        if whole:
            yield begins, bytes(whole)
        begins, whole = number, bytearray(text)
    if whole:
        yield begins, bytes(whole)


def _define_zone(content: bytes, zones: Zones) -> None:
    if len(content) > _MAX_ZONE_BYTES:
        return
    names = [line for line in content.split(b"\n") if _TZID.match(line)]
    if names:
        rest = b"\n".join(line for line in content.split(b"\n") if line not in names)
        zones.define(_text(names[0].partition(b":")[2].decode("utf-8", "replace")), rest)


class _Property(NamedTuple):
    name: str
    key: str
    parameters: str
    value: str


def _in_list(content: bytes, calendar_name: bytes) -> bytes:
    """The VTODO with the calendar's name as its list, so that it can be read without the calendar."""
    if not calendar_name or b"\n" + _LIST in content.upper():
        return content
    begin, _, rest = content.partition(b"\n")
    return b"\n".join([begin, _LIST + b":" + calendar_name, rest])


def _read_todo(line: int, content: bytes, how: ReadOptions, zones: Zones) -> Row | BadRow:
    try:
        return row_of(line, content.decode(), how, zones)
    except UnicodeDecodeError:
        return not_utf8(line, content)


def row_of(line: int, text: str, how: ReadOptions, zones: Zones | None = None) -> Row | BadRow:
    """The row of a VTODO, unfolded, from its BEGIN to its END."""
    properties: list[_Property] = []
    alarms: list[list[_Property]] = []
    nested: list[str] = []
    alarm_lines: list[list[str]] = []
    for each in text.strip().split("\n")[1:-1]:
        found = _NAME_AND_PARAMETERS.match(each)
        if found is None:
            return bad_row(line, text, f"expected a property, NAME:VALUE, not {each!r:.80}")
        prop = _Property(found[1].upper(), found[1].upper() + found[2], found[2], each[found.end() :])
        if prop.name == "BEGIN":
            if not nested:
                alarms.append([])
                alarm_lines.append([])
            nested.append(prop.value)
        if nested:
            alarms[-1].append(prop)
            alarm_lines[-1].append(each + "\n")
        else:
            properties.append(prop)
        if prop.name == "END" and nested:
            nested.pop()
    return _Todo(line, text, properties, zones or Zones()).row(alarms, ["".join(lines) for lines in alarm_lines])


class _Todo:
    """Reads one VTODO's properties into a record."""

    def __init__(self, line: int, text: str, properties: list[_Property], zones: Zones) -> None:
        given: dict[str, list[str]] = {}
        for prop in properties:
            given.setdefault(prop.key, []).append(prop.value)
        values: dict[str, Any] = {key: each[0] if len(each) == 1 else each for key, each in given.items()}
        self._properties = properties
        self._zones = zones
        self._record = Record(line, text, values)

    def row(self, alarms: list[list[_Property]], kept_alarms: list[str]) -> Row | BadRow:
        record = self._record
        for field, name in (("title", "SUMMARY"), ("notes", "DESCRIPTION"), ("list", _LIST.decode())):
            if (prop := self._single(name)) is not None:
                record.take(field, prop.key, _text)
        self._categorise()
        self._prioritise()
        self._complete()
        due = self._moment("DUE")
        if due is not None:
            record.fields["due"] = rfc_3339(due) if isinstance(due, datetime) else due.isoformat()
        if (prop := self._single(_TIME_ZONE)) is not None and todo_zones.find(_text(prop.value)) is not None:
            record.take("time_zone", prop.key, _text)
        if (rule := self._single("RRULE")) is not None:
            record.take_rule(rule.key)
        if (prop := self._single(_REPEAT_FROM)) is not None:
            record.take("repeat_from", prop.key, one_of(_COUNTED_FROM))
        if kept_alarms:
            record.rest["VALARM"] = kept_alarms
            start = self._moment("DTSTART", is_kept=True)
            remind_at = _alarm_time(alarms[0], start, due)
            if remind_at is not None:
                record.fields["remind_at"] = remind_at
        return record.row(self._identify(), self._relate())

    def _single(self, name: str) -> _Property | None:
        """The property with this name, of which a VTODO may have only one."""
        found = [prop for prop in self._properties if prop.name == name]
        if len(found) > 1:
            self._record.add_error(name, f"{name} is given {len(found)} times")
        return found[0] if len(found) == 1 else None

    def _categorise(self) -> None:
        prop = [each for each in self._properties if each.name == "CATEGORIES"]
        tags = [_text(item).strip() for each in prop for item in _LIST_ITEM.findall(each.value)]
        if tags := [tag for tag in tags if tag]:
            self._record.fields["tags"] = tags
        for each in prop:
            self._record.rest.pop(each.key, None)

    def _prioritise(self) -> None:
        if (prop := self._single("PRIORITY")) is not None:
            self._record.take("priority", prop.key, one_of(_PRIORITIES))
            if prop.value not in _EXACT_PRIORITIES:
                self._record.rest[prop.key] = prop.value

    def _complete(self) -> None:
        record = self._record
        if (prop := self._single("STATUS")) is not None:
            record.take("completed", prop.key, lambda status: one_of(_STATUSES)(status.upper()))
            if prop.value.upper() not in _IMPLIED:
                record.rest[prop.key] = prop.value
        else:
            percent = self._single("PERCENT-COMPLETE")
            is_complete = self._single("COMPLETED") is not None or (percent is not None and percent.value == "100")
            record.fields["completed"] = is_complete

    def _moment(self, name: str, *, is_kept: bool = False) -> date | None:
        """A date or date-time with its zone. It stays in the rest if it is not plain UTC, or if `is_kept`."""
        if (prop := self._single(name)) is None:
            return None
        value = self._record.rest.get(prop.key)
        zone = self._zone_in(prop.parameters)
        moment: date | None = self._record.take_value(prop.key, lambda text: _moment(text, zone))
        if is_kept or (isinstance(moment, datetime) and moment.tzinfo is not UTC):
            self._record.rest[prop.key] = value
        return moment

    def _zone_in(self, parameters: str) -> tzinfo | None:
        found = re.search(r';TZID="?([^";]+)', parameters, re.IGNORECASE)
        return self._zones.find(found[1]) if found else None

    def _identify(self) -> str | None:
        uid, recurrence = self._single("UID"), self._single("RECURRENCE-ID")
        if uid is not None and recurrence is not None:
            self._record.rest[uid.key] = f"{uid.value}/{recurrence.value}"
        return uid.key if uid is not None else None

    def _relate(self) -> str | None:
        parents = [
            prop
            for prop in self._properties
            if prop.name == "RELATED-TO" and re.search("RELTYPE=(?!PARENT)", prop.parameters.upper()) is None
        ]
        # A todo has one parent; the parents of a task with several are only kept.
        return parents[0].key if len(parents) == 1 else None


def _text(value: str) -> str:
    """A TEXT without its escapes (section 3.3.11)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _moment(text: Any, zone: tzinfo | None) -> date:
    from icalendar.prop import vDDDTypes

    try:
        moment = vDDDTypes.from_ical(text[:_MAX_MOMENT])  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, AttributeError, OverflowError):
        moment = None
    if not isinstance(moment, date):
        raise ValueError("expected a DATE (20261201) or DATE-TIME (20261201T090000Z)")
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is not None:
        return moment.replace(tzinfo=UTC)
    return moment.replace(tzinfo=zone)


def _alarm_time(alarm: list[_Property], start: date | None, due: date | None) -> str | None:
    """When an alarm goes off; None if unknown, for example if it is relative to a day without a time."""
    from icalendar.prop import vDDDTypes

    trigger = next((prop for prop in alarm if prop.name == "TRIGGER"), None)
    if trigger is None:
        return None
    try:
        when = vDDDTypes.from_ical(trigger.value[:_MAX_MOMENT])  # type: ignore[no-untyped-call]
        if isinstance(when, timedelta):
            counts_from_end = "RELATED=END" in trigger.parameters.upper() or start is None
            base = due if counts_from_end else start
            when = base + when if isinstance(base, datetime) else None
        return rfc_3339(when) if isinstance(when, datetime) else None
    except (ValueError, TypeError, AttributeError, OverflowError):
        # No alarm, or one that goes off outside of the calendar.
        return None
