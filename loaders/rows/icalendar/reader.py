"""A VTODO on its way to a todo: its properties by their names, the moments that they state, and the todo's record."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Any

from loaders.rows.icalendar.calendar import Calendar
from loaders.rows.icalendar.moments import as_instant, is_none, parse_moment
from loaders.rows.icalendar.properties import Component, Property
from loaders.rows.record import Record
from loaders.rows.zones import rfc_3339


class TodoReader:
    """What the parts of a VTODO are read from, and into.

    Attributes
    ----------
    calendar : Calendar
        What its calendar says of it.
    record : Record
    alarms : list of list of Property
    zones : set of str
        The names of the zones in which its times are.
    """

    def __init__(self, line: int, component: Component, calendar: Calendar) -> None:
        given: dict[str, list[str]] = {}
        self._by_name: dict[str, list[Property]] = {}
        for prop in component.properties:
            given.setdefault(prop.key, []).append(prop.value)
            self._by_name.setdefault(prop.name, []).append(prop)
        values: dict[str, Any] = {key: each[0] if len(each) == 1 else each for key, each in given.items()}
        for alarm, text in zip(component.alarms, component.alarm_texts, strict=False):
            values.setdefault(alarm[0].value.strip().upper(), []).append(text)
        self.alarms = [each for each in component.alarms if each[0].name != "BEGIN" or _is_alarm(each[0])]
        self.calendar = calendar
        self.record = Record(line, None, values)
        self.zones: set[str] = set()

    def all(self, name: str) -> list[Property]:
        """The properties with a name."""
        return self._by_name.get(name, [])

    def first(self, name: str) -> Property | None:
        """The first property with a name, or None."""
        return next(iter(self.all(name)), None)

    def single(self, name: str) -> Property | None:
        """The property with this name, of which a VTODO may have only one."""
        found = self.all(name)
        if len(found) > 1:
            self.record.add_error(name, f"{name} is given {len(found)} times")
        return found[0] if len(found) == 1 else None

    def is_no_date(self, prop: Property) -> bool:
        """Whether a property states what programs write where there is no date."""
        moment = self.moment(prop)
        return moment is not None and is_none(moment)

    def moment(self, prop: Property) -> date | None:
        """The moment that a property states, or None if it is not one."""
        try:
            return self.read_moment(prop.value, self.zone_in(prop))
        except ValueError:
            return None

    def read_moment(self, text: str, zone: tzinfo | None) -> date:
        """A moment, in a zone if it is a time that names none.

        Raises
        ------
        ValueError
        """
        moment = parse_moment(text, zone)
        try:
            as_instant(moment, zone)
        except OverflowError:
            raise ValueError("expected a time between the years 1 and 9999") from None
        return moment

    def zone_in(self, prop: Property) -> tzinfo | None:
        """The zone of a property's times without a Z."""
        name = prop.parameter("TZID")
        zone = self.calendar.zones.find(name) if name is not None else None
        if name is not None and zone is not None:
            self.zones.add(name)
        return zone or self.calendar.floating

    def written(self, prop: Property, text: str) -> str:
        """The moment in the value of a property, as a todo has it.

        Raises
        ------
        ValueError
        """
        moment = self.read_moment(text, self.zone_in(prop))
        return rfc_3339(moment) if isinstance(moment, datetime) else moment.isoformat()


def _is_alarm(begin: Property) -> bool:
    return begin.value.strip().upper() == "VALARM"
