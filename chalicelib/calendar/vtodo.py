"""Todos as an iCalendar (RFC 5545): one VTODO for each. The icalendar library escapes, folds and formats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chalicelib.todos import instants, representation, rules, zones
from chalicelib.todos.events import Todo

if TYPE_CHECKING:
    from icalendar import Alarm, vRecur, vText

PRODUCT: Final = "-//todo-ledger//todo-ledger//EN"
DEFAULT_NAME: Final = "Todos"
TIME_ZONE: Final = "x-todo-ledger-time-zone"
# Each takes some 4 ms and 2 KB.
MAX_ZONES: Final = 50
# A zone is looked through year by year to define it.
_MAX_ZONE_YEARS: Final = 60

# RFC 5545, section 3.8.1.9: 1 to 4 is high, 5 medium, 6 to 9 low; without the property it is undefined.
_PRIORITIES: Final = {"high": 1, "medium": 5, "low": 9}

# What starts a new line in some program or other (Python's splitlines knows all of these) is one newline, escaped.
_LINE_BREAKS: Final = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Section 3.1: TEXT holds no control characters but the tab; the newline is escaped.
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_NO_CHARACTER: Final = "\ufffd"

_ESCAPED: Final = re.compile(r"[\\;,]")

_END: Final = b"END:VCALENDAR\r\n"


def calendar(name: str, description: str | None, components: Iterable[bytes]) -> bytes:
    """A calendar of these components, in UTF-8."""
    # Only the feed's route needs it, and its import takes longer than that of all the rest.
    import icalendar

    made = icalendar.Calendar()
    made.add("version", "2.0")
    made.add("prodid", PRODUCT)
    # RFC 7986, section 5.1, and what programs knew before it.
    for property_name in ("name", "x-wr-calname"):
        made.add(property_name, _text(name))
    if description is not None:
        made.add("description", _text(description))
    head = made.to_ical().removesuffix(_END)
    return b"".join([head, *components, _END])


def vtodo(base_url: str, todo_id: str, version: int, todo: Todo) -> bytes:
    """One todo as a component."""
    import icalendar

    made = icalendar.Todo()
    made.add("uid", todo_id)
    # In a calendar without METHOD, DTSTAMP is when its information was last revised (section 3.8.7.2).
    for name in ("dtstamp", "last-modified"):
        made.add(name, instants.parse(todo["updated_at"]))
    made.add("created", instants.parse(todo["created_at"]))
    made.add("sequence", version)
    made.add("summary", _text(todo["title"]))
    if todo["notes"]:
        made.add("description", _text(todo["notes"]))
    if todo["priority"] in _PRIORITIES:
        made.add("priority", _PRIORITIES[todo["priority"]])
    if todo["tags"]:
        categories = icalendar.vCategory([])
        categories.cats = [_text(tag) for tag in todo["tags"]]
        made.add("categories", categories)
    made.add("x-todo-ledger-list", _text(todo["list"]))
    # Programs walk up the parents, and some have no end with a todo that is its own.
    if todo["parent"] not in (None, todo_id):
        made.add("related-to", todo["parent"])
    made.add("url", representation.todo_url(base_url, todo_id))
    if todo["due"] is not None:
        _add_moment(made, "due", todo["due"], todo)
    if zones.find(todo["time_zone"]) is not None:
        # Whatever the dates are: a day without a time has no other place for it.
        made.add(TIME_ZONE, _text(todo["time_zone"] or ""))
    if todo["completed"]:
        made.add("status", "COMPLETED")
        made.add("percent-complete", 100)
        if todo["completed_at"] is not None:
            made.add("completed", instants.parse(todo["completed_at"]))
    else:
        made.add("status", "NEEDS-ACTION")
        _add_recurrence(made, todo)
        if todo["remind_at"] is not None:
            made.add_component(_alarm(todo["title"], zones.instant_of(todo["remind_at"], todo["time_zone"])))
    rendered: bytes = made.to_ical()
    return rendered


def _alarm(title: str, remind_at: datetime) -> Alarm:
    import icalendar

    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _text(title))
    alarm.add("trigger", remind_at, parameters={"VALUE": "DATE-TIME"})
    return alarm


def _add_recurrence(made: Any, todo: Todo) -> None:
    """The rule, and the DTSTART that it needs, where iCalendar can say what the rule means here.

    Counted from `due`, where there is one. Then DTSTART equals DUE, though section 3.8.2.3 wants DUE to be later: the
    first instance is the one that is due, and what reads calendars takes DUE then.
    """
    if todo["repeat"] is None:
        return
    if todo["repeat_from"] is not None:
        # RFC 5545 counts from DTSTART alone; only this service's own loader reads it.
        made.add("x-todo-ledger-repeat-from", _text(todo["repeat_from"]))
    try:
        rule = rules.parse(todo["repeat"])
        counted_from = todo["due"] or _created(rule, todo)
        recur = _recur(todo["repeat"], rule, counted_from, todo)
    except (ValueError, OverflowError):
        # It passed an older validation; the others are to be read all the same.
        return
    if recur is not None:
        _add_moment(made, "dtstart", counted_from, todo)
        made.add("rrule", recur)


def _recur(repeat: str, rule: rules.Rule, counted_from: str, todo: Todo) -> vRecur | None:
    """The rule with its UNTIL of the type and zone of DTSTART.

    None where it would mean other dates in UTC, or is one that programs need not understand (section 3.3.10).
    """
    from icalendar import vRecur

    if rule.breach is not None:
        return None
    recur: vRecur = vRecur.from_ical(repeat.upper())
    if rule.skip == "OMIT":
        # As without them, which any program understands.
        recur.pop("RSCALE", None)
        recur.pop("SKIP", None)
    else:
        # RFC 7529, section 4.1: SKIP must not be present without RSCALE.
        recur["RSCALE"] = ["GREGORIAN"]
    start, in_zone = _moment(counted_from), _in_zone(counted_from, todo)
    local = datetime.fromisoformat(counted_from.upper()) if in_zone is None else in_zone
    if in_zone is not None:
        # What counts elapsed time here follows the clocks there.
        is_the_same = rule.frequency in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
    elif zones.find(todo["time_zone"]) is not None and isinstance(start, datetime):
        # In UTC, though the zone's clocks count: the second time that they show it, or a zone's odd offset.
        is_the_same = False
    elif not isinstance(start, datetime):
        is_the_same = rule.of_whole_days
    else:
        is_the_same = not local.utcoffset() or (rule.of_whole_days and local.date() == start.date())
    if not is_the_same:
        return None
    if rule.until is not None:
        last = datetime.fromisoformat(rule.until)
        if not isinstance(start, datetime):
            recur["UNTIL"] = [last.date()]
        else:
            last = last if "T" in rule.until else datetime.combine(last, time(23, 59, 59))
            recur["UNTIL"] = [(last if last.tzinfo else last.replace(tzinfo=local.tzinfo)).astimezone(UTC)]
    return recur


def _created(rule: rules.Rule, todo: Todo) -> str:
    """When a todo was created, as a date or date-time that its rule is counted from."""
    zone = zones.find(todo["time_zone"])
    created = todo["created_at"] if zone is None else zones.written_at(instants.parse(todo["created_at"]), zone)
    return created[: len("2026-12-01")] if rule.of_whole_days else created


def _in_zone(text: str, todo: Todo) -> datetime | None:
    """A date-time on the clocks of the todo's time zone, if the clocks' time alone says which instant it is.

    RFC 5545, section 3.3.5: a time that occurs twice is the first one, and one that does not occur has the offset from
    before, as here.
    """
    zone = zones.find(todo["time_zone"])
    if zone is None or len(text) == len("2026-12-01"):
        return None
    wall = zones.wall_of(text, zone.key)
    try:
        meant = instants.parse(zones.written(wall, zone))
    except ValueError:
        return None
    return wall.replace(tzinfo=zone) if meant == instants.parse(text).replace(microsecond=0) else None


def _add_moment(made: Any, name: str, text: str, todo: Todo) -> None:
    """A date or date-time; with the todo's time zone as TZID, otherwise in UTC."""
    moment = _in_zone(text, todo)
    if moment is None:
        made.add(name, _moment(text))
    else:
        # The library writes the clocks' time, and the zone's key as TZID.
        made.add(name, moment)


def time_zones(todos: Iterable[Todo]) -> list[bytes]:
    """A VTIMEZONE for each time zone that the todos have times in, at most `MAX_ZONES`: programs know the names."""
    import icalendar

    moments: dict[str, list[datetime]] = {}
    for todo in todos:
        if todo["due"] is not None or todo["repeat"] is not None:
            moment = _in_zone(todo["due"] or todo["created_at"], todo)
            if moment is not None and todo["time_zone"] is not None:
                moments.setdefault(todo["time_zone"], []).append(moment)
    defined = []
    for name, found in sorted(moments.items())[:MAX_ZONES]:
        zone = zones.find(name)
        if zone is not None:
            first, last = _years(found)
            defined.append(icalendar.Timezone.from_tzinfo(zone, name, first, last).to_ical())
    return defined


def _years(moments: list[datetime]) -> tuple[date, date]:
    """Over which years a zone is defined for the dates that use it: a program that knows the name has all others."""
    first = max(1, min(moment.year for moment in moments) - 1)
    last = min(max(moment.year for moment in moments) + 10, first + _MAX_ZONE_YEARS, date.max.year)
    return date(first, 1, 1), date(last, 1, 1)


def _moment(text: str) -> date | datetime:
    """A bare date as one, a date-time in UTC."""
    instant = instants.parse(text)
    return instant.date() if len(text) == len("2026-12-01") else instant


def _text(value: str) -> vText:
    return _text_type()(_CONTROLS.sub(_NO_CHARACTER, _LINE_BREAKS.sub("\n", value)))


@cache
def _text_type() -> type[vText]:
    from icalendar import vText

    class Text(vText):
        """TEXT as section 3.3.11 escapes it: the library itself makes a newline of the backslash and N in a path."""

        def to_ical(self) -> bytes:
            return _ESCAPED.sub(r"\\\g<0>", self).replace("\n", r"\n").encode()

    return Text
