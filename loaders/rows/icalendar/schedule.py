"""When a VTODO is due, repeats and reminds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

from chalicelib.todos import zones as todo_zones
from loaders.rows.icalendar import alarms, occurrences
from loaders.rows.icalendar.moments import add, as_instant, is_none, parse_duration
from loaders.rows.icalendar.properties import NotAProperty, Property, parse, unescape
from loaders.rows.icalendar.reader import TodoReader
from loaders.rows.record import one_of
from loaders.rows.zones import rfc_3339

FLOATING: Final = "a time without a zone was read as UTC (--timezone names its zone)"
UNKNOWN_ZONE: Final = "a time in a zone that is not known was read as one without a zone"
SEVERAL_RULES: Final = "several rules, or one with exceptions by a rule (EXRULE), were kept as metadata"

_REPEAT_FROM: Final = "X-TODO-LEDGER-REPEAT-FROM"
_TIME_ZONE: Final = "X-TODO-LEDGER-TIME-ZONE"
_COUNTED_FROM: Final = {word: word for word in ("due", "completion", "next_future")}


def now() -> datetime:
    """When the to-dos are read: of several reminders, the next one after that counts."""
    return datetime.now(UTC)


class Schedule:
    """Reads the dates of a VTODO into its record."""

    def __init__(self, todo: TodoReader) -> None:
        self._todo = todo
        self._record = todo.record

    def read(self) -> None:
        """When it is due, repeats and reminds."""
        record = self._record
        start = self._todo.moment(prop) if (prop := self._todo.first("DTSTART")) is not None else None
        due = self._due()
        if due is None and start is not None and (prop := self._todo.single("DURATION")) is not None:
            due = self._end(start, prop)
        self._take_due(due)
        if (prop := self._todo.single(_TIME_ZONE)) is not None and todo_zones.find(prop.text()) is not None:
            record.take("time_zone", prop.key, unescape)
        start, due = self._repeat(start, due)
        if (prop := self._todo.single(_REPEAT_FROM)) is not None:
            record.take("repeat_from", prop.key, one_of(_COUNTED_FROM))
        if self._todo.alarms and record.fields.get("completed") is not True:
            self._remind(start, due)

    def _due(self) -> date | None:
        """The date or date-time of DUE. It stays in the rest if it is not a day or plain UTC."""
        if (prop := self._todo.single("DUE")) is None:
            return None
        value = self._record.rest.get(prop.key)
        zone = self._todo.zone_in(prop)
        due: date | None = self._record.take_value(prop.key, lambda text: self._todo.read_moment(text, zone))
        if isinstance(due, datetime) and due.tzinfo is not UTC:
            self._record.rest[prop.key] = value
            if due.tzinfo is None:
                self._record.notices.append(FLOATING)
            if prop.parameter("TZID") not in (None, *self._todo.zones):
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
                as_instant(end, self._todo.calendar.floating)
        except (ValueError, OverflowError):
            end = None
        if isinstance(end, datetime) and end.tzinfo is None:
            end = end.replace(tzinfo=self._todo.calendar.floating)
        return end

    def _take_due(self, due: date | None) -> None:
        if due is not None:
            self._record.fields["due"] = rfc_3339(due) if isinstance(due, datetime) else due.isoformat()

    def _repeat(self, start: date | None, due: date | None) -> tuple[date | None, date | None]:
        """Make it repeat, and due at its next open occurrence; where that begins and is due."""
        record = self._record
        rules = self._todo.all("RRULE")
        if not rules and not self._todo.all("RDATE"):
            return start, due
        if len(rules) > 1 or self._todo.all("EXRULE"):
            record.notices.append(SEVERAL_RULES)
            return start, due
        rule = rules[0].value.strip().removeprefix("RRULE:") if rules else None
        if record.fields.get("completed") is True or self._todo.first("RECURRENCE-ID") is not None:
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
        if (prop := self._todo.first("DUE")) is not None:
            record.rest[prop.key] = prop.value

    def _left_out(self) -> Iterator[date]:
        yield from self._moments("EXDATE")
        for line in self._todo.calendar.overrides:
            try:
                prop = parse(line)
            except NotAProperty:
                continue
            if (moment := self._todo.moment(prop)) is not None:
                yield moment

    def _moments(self, name: str) -> Iterator[date]:
        """The moments that properties list; of a period, its start. Those that cannot be read are only kept."""
        for prop in self._todo.all(name):
            zone = self._todo.zone_in(prop)
            for text in prop.value.split(","):
                try:
                    yield self._todo.read_moment(text.partition("/")[0], zone)
                except ValueError:
                    continue

    def _remind(self, start: date | None, due: date | None) -> None:
        acknowledged, snoozed = (
            as_instant(moment, self._todo.calendar.floating)
            if (prop := self._todo.first(name)) is not None and (moment := self._todo.moment(prop)) is not None
            else None
            for name in ("X-MOZ-LASTACK", "X-MOZ-SNOOZE-TIME")
        )
        base = alarms.Base(start, due, self._todo.calendar.floating, self._todo.calendar.zones, acknowledged)
        found = alarms.read_reminders(self._todo.alarms, base, snoozed, now())
        if found.remind_at is not None:
            self._record.fields["remind_at"] = found.remind_at
        self._record.notices += found.notices
