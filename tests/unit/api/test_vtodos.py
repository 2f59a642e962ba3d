"""A todo as a VTODO: what each field becomes, and that no text can break the calendar."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calendar import vtodo
from chalicelib.todos.events import DEFAULTS

TODO_ID = "0190c3a0-0000-7000-8000-000000000000"
BASE_URL = "https://todo.example/v1"
CREATED = "2026-11-20T10:11:12.345Z"
UPDATED = "2026-11-21T10:11:12.345Z"


def rendered(**fields: Any) -> bytes:
    todo: Any = {**DEFAULTS, "title": "Plant the garlic", "created_at": CREATED, "updated_at": UPDATED, **fields}
    return vtodo.calendar("Todos", None, [vtodo.vtodo(BASE_URL, TODO_ID, 3, todo)])


def exported(**fields: Any) -> Any:
    """The one component of the calendar, read again."""
    (found,) = icalendar.Calendar.from_ical(rendered(**fields)).walk("VTODO")
    return found


def test_a_plain_todo_has_what_rfc_5545_asks_for_and_no_more() -> None:
    assert rendered().decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//todo-ledger//todo-ledger//EN",
        "NAME:Todos",
        "X-WR-CALNAME:Todos",
        "BEGIN:VTODO",
        "CREATED:20261120T101112Z",
        "DTSTAMP:20261121T101112Z",
        "LAST-MODIFIED:20261121T101112Z",
        "SEQUENCE:3",
        "STATUS:NEEDS-ACTION",
        "SUMMARY:Plant the garlic",
        f"UID:{TODO_ID}",
        f"URL:{BASE_URL}/todos/{TODO_ID}",
        "X-TODO-LEDGER-LIST:inbox",
        "END:VTODO",
        "END:VCALENDAR",
        "",
    ]


def test_every_field_has_its_property() -> None:
    parent = "0190c3a0-0000-7000-8000-000000000001"
    found = exported(notes="Cloves; in, the\nshed", tags=["a,b", "c;d", "ü"], list="a;b,c", parent=parent)
    assert found["DESCRIPTION"] == "Cloves; in, the\nshed"
    assert found.categories == ["a,b", "c;d", "ü"]
    assert found["X-TODO-LEDGER-LIST"] == r"a\;b\,c"
    assert found["RELATED-TO"] == parent


def test_a_todo_is_not_related_to_itself() -> None:
    assert "RELATED-TO" not in exported(parent=TODO_ID)


@pytest.mark.parametrize(("priority", "number"), [("none", None), ("low", 9), ("medium", 5), ("high", 1)])
def test_a_priority_is_a_number(priority: str, number: int | None) -> None:
    assert exported(priority=priority).get("PRIORITY") == number


@pytest.mark.parametrize(
    ("due", "line", "value"),
    [
        ("2026-12-01", "DUE;VALUE=DATE:20261201", date(2026, 12, 1)),
        ("2026-12-01T09:00:00+02:00", "DUE:20261201T070000Z", datetime(2026, 12, 1, 7, tzinfo=UTC)),
        ("2026-12-01t00:30:00.5+01:00", "DUE:20261130T233000Z", datetime(2026, 11, 30, 23, 30, tzinfo=UTC)),
        ("0001-01-02", "DUE;VALUE=DATE:00010102", date(1, 1, 2)),
    ],
)
def test_due_is_a_date_or_an_instant_in_utc(due: str, line: str, value: date) -> None:
    assert line in rendered(due=due).decode().split("\r\n")
    assert exported(due=due).decoded("DUE") == value


def test_a_completed_todo_says_when() -> None:
    found = exported(
        completed=True, completed_at=UPDATED, remind_at="2026-12-01", repeat="FREQ=DAILY", due="2026-12-01"
    )
    assert (found["STATUS"], found["PERCENT-COMPLETE"]) == ("COMPLETED", 100)
    assert found.decoded("COMPLETED") == datetime(2026, 11, 21, 10, 11, 12, tzinfo=UTC)
    # What follows it is a todo of its own, and its reminder is past.
    assert "RRULE" not in found
    assert found.subcomponents == []


@pytest.mark.parametrize(
    ("remind_at", "trigger"), [("2026-12-01", "20261201T000000Z"), ("2026-12-01T09:00:00-01:00", "20261201T100000Z")]
)
def test_a_reminder_is_an_alarm_at_its_instant(remind_at: str, trigger: str) -> None:
    (alarm,) = exported(remind_at=remind_at, title="Garlic\nnow").subcomponents
    assert (alarm.name, alarm["ACTION"], alarm["DESCRIPTION"]) == ("VALARM", "DISPLAY", "Garlic\nnow")
    assert f"TRIGGER;VALUE=DATE-TIME:{trigger}" in rendered(remind_at=remind_at).decode()


@pytest.mark.parametrize(
    ("repeat", "due", "start", "rule"),
    [
        ("FREQ=WEEKLY;BYDAY=TU", "2026-12-01", "DTSTART;VALUE=DATE:20261201", "FREQ=WEEKLY;BYDAY=TU"),
        ("freq=daily;count=3", "2026-12-01T09:00:00+02:00", "DTSTART:20261201T070000Z", "FREQ=DAILY;COUNT=3"),
        # UNTIL has the type and the zone of DTSTART.
        ("FREQ=DAILY;UNTIL=20261231T235959Z", "2026-12-01", "DTSTART;VALUE=DATE:20261201", "FREQ=DAILY;UNTIL=20261231"),
        ("FREQ=DAILY;UNTIL=20261231", "2026-12-01T09:00:00+02:00", "DTSTART:20261201T070000Z",
         "FREQ=DAILY;UNTIL=20261231T215959Z"),
        ("FREQ=DAILY;UNTIL=20261231T090000", "2026-12-01T09:00:00+02:00", "DTSTART:20261201T070000Z",
         "FREQ=DAILY;UNTIL=20261231T070000Z"),
        ("FREQ=DAILY;UNTIL=20261231T090000Z", "2026-12-01T09:00:00+02:00", "DTSTART:20261201T070000Z",
         "FREQ=DAILY;UNTIL=20261231T090000Z"),
        ("FREQ=DAILY;BYSECOND=60", "2026-12-01T09:00:00Z", "DTSTART:20261201T090000Z", "FREQ=DAILY;BYSECOND=60"),
        # RFC 7529: RSCALE goes with SKIP, and neither is needed to leave out what a month does not have.
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", "2026-12-31", "DTSTART;VALUE=DATE:20261231",
         "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD"),
        ("rscale=gregorian;freq=yearly;skip=forward", "2028-02-29", "DTSTART;VALUE=DATE:20280229",
         "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD"),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT", "2026-12-31", "DTSTART;VALUE=DATE:20261231", "FREQ=MONTHLY"),
        # Counted from the completion, which is not yet: from the creation.
        ("FREQ=MONTHLY", None, "DTSTART;VALUE=DATE:20261120", "FREQ=MONTHLY"),
        ("FREQ=HOURLY;INTERVAL=6", None, "DTSTART:20261120T101112Z", "FREQ=HOURLY;INTERVAL=6"),
    ],
)  # fmt: skip
def test_a_rule_comes_with_the_start_that_it_needs(repeat: str, due: str | None, start: str, rule: str) -> None:
    lines = rendered(repeat=repeat, due=due).decode().split("\r\n")
    assert start in lines
    (found,) = [line for line in lines if line.startswith("RRULE:")]
    assert set(found.removeprefix("RRULE:").split(";")) == set(rule.split(";"))


def test_what_a_rule_is_counted_from_has_a_property_of_this_services_own() -> None:
    found = exported(repeat="FREQ=DAILY", due="2026-12-01", repeat_from="next_future")
    assert found["X-TODO-LEDGER-REPEAT-FROM"] == "next_future"
    assert "X-TODO-LEDGER-REPEAT-FROM" not in exported(repeat_from="next_future", due="2026-12-01")


@pytest.mark.parametrize(
    ("repeat", "due"),
    [
        # Tuesday there is Monday in UTC.
        ("FREQ=WEEKLY;BYDAY=TU", "2026-12-01T00:30:00+02:00"),
        # Nine there is seven in UTC.
        ("FREQ=DAILY;BYHOUR=9", "2026-12-01T09:00:00+02:00"),
        # A date has no hours.
        ("FREQ=DAILY;BYHOUR=9", "2026-12-01"),
        ("FREQ=HOURLY", "2026-12-01"),
        ("FREQ=YEARLY;BYEASTER=0", "2026-12-01"),
        ("no rule", "2026-12-01"),
        ("FREQ=DAILY;UNTIL=99991231T235959", "9999-12-30T09:00:00-02:00"),
    ],
)
def test_a_rule_that_would_say_something_else_is_left_out(repeat: str, due: str) -> None:
    found = exported(repeat=repeat, due=due)
    assert "DUE" in found
    assert not {"RRULE", "DTSTART"} & found.keys()


def test_the_rule_of_an_instant_in_utc_may_name_hours() -> None:
    assert "RRULE" in exported(repeat="FREQ=DAILY;BYHOUR=9", due="2026-12-01T09:00:00Z")


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)


@given(title=ANY_TEXT, notes=ANY_TEXT, tags=st.lists(ANY_TEXT, max_size=3), name=ANY_TEXT)
def test_no_text_breaks_the_calendar(title: str, notes: str, tags: list[str], name: str) -> None:
    fields: Any = {**DEFAULTS, "title": title, "notes": notes, "tags": tags, "list": name}
    fields |= {"created_at": CREATED, "updated_at": UPDATED}
    component = vtodo.vtodo(BASE_URL, TODO_ID, 1, fields)
    content = vtodo.calendar(name, "Cut", [component])

    # Programs split it in their own ways: as RFC 5545 says, or as Python does.
    lines = content.decode().split("\r\n")
    assert lines == [*content.decode().splitlines(), ""]
    assert all(len(line.encode()) <= 75 for line in lines)
    assert not re.search("[\x00-\x08\x0a-\x1f\x7f]", "".join(lines))
    parsed = icalendar.Calendar.from_ical(content)
    assert [found.errors for found in (parsed, *parsed.walk("VTODO"))] == [[], []]
    said = {line.partition(":")[0]: line.partition(":")[2] for line in unfolded(content).split("\r\n")}
    assert plain(unescaped(said["SUMMARY"])) == plain(title)
    assert plain(unescaped(said["DESCRIPTION"])) == plain(notes)
    assert plain(unescaped(said["X-TODO-LEDGER-LIST"])) == plain(name)
    categories = re.findall(r"(?:[^\\,]|\\.)+", said.get("CATEGORIES", ""))
    assert [plain(unescaped(tag)) for tag in categories] == [plain(tag) for tag in tags]


@pytest.mark.parametrize("title", [r"C:\New\notes", "\\", r"a\, b; c\n"])
def test_backslashes_stay_what_they_are(title: str) -> None:
    (line,) = [line for line in rendered(title=title, tags=[title]).decode().split("\r\n") if "SUMMARY" in line]
    assert unescaped(line.removeprefix("SUMMARY:")) == title


def unfolded(content: bytes) -> str:
    return content.decode().split("DESCRIPTION:Cut\r\n")[1].replace("\r\n ", "")


def unescaped(text: str) -> str:
    """A TEXT as section 3.3.11 has it read; the library itself takes the backslash and N of a path for a newline."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def plain(text: str) -> str:
    """A text without what a calendar cannot hold."""
    return "".join(character for character in text if character.isprintable() and character != "\ufffd")


BERLIN = {"time_zone": "Europe/Berlin"}


def lines_of(**fields: Any) -> set[str]:
    """What says when it is due, and how it repeats."""
    names = ("DUE", "DTSTART", "RRULE", "TRIGGER", "X-TODO-LEDGER-TIME-ZONE")
    return {line for line in rendered(**fields).decode().split("\r\n") if line.startswith(names)}


ZONE = "X-TODO-LEDGER-TIME-ZONE:Europe/Berlin"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"due": "2026-12-01T08:00:00Z", "repeat": "FREQ=DAILY"},
            {
                "DUE;TZID=Europe/Berlin:20261201T090000", "DTSTART;TZID=Europe/Berlin:20261201T090000",
                "RRULE:FREQ=DAILY",
            },
        ),
        # UNTIL is in UTC beside a TZID (RFC 5545, section 3.3.10).
        (
            {"due": "2026-12-01T09:00:00+01:00", "repeat": "FREQ=DAILY;UNTIL=20270401T100000"},
            {
                "DUE;TZID=Europe/Berlin:20261201T090000", "DTSTART;TZID=Europe/Berlin:20261201T090000",
                "RRULE:FREQ=DAILY;UNTIL=20270401T080000Z",
            },
        ),
        # The second time that clocks show it; TZID would mean the first.
        ({"due": "2026-10-25T02:15:00+01:00", "repeat": "FREQ=DAILY"}, {"DUE:20261025T011500Z"}),
        ({"due": "2026-10-25T02:15:00+02:00"}, {"DUE;TZID=Europe/Berlin:20261025T021500"}),
        # A time that clocks skip has the offset from before there, too.
        ({"due": "2026-03-29T02:30:00+01:00"}, {"DUE;TZID=Europe/Berlin:20260329T023000"}),
        # An all-day's zone has no other place.
        (
            {"due": "2026-12-01", "repeat": "FREQ=DAILY", "remind_at": "2026-12-01"},
            {
                "DUE;VALUE=DATE:20261201", "DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY",
                "TRIGGER;VALUE=DATE-TIME:20261130T230000Z",
            },
        ),
        # It counts the time that elapses; in iCalendar the clocks.
        ({"due": "2026-12-01T09:00:00+01:00", "repeat": "FREQ=HOURLY"}, {"DUE;TZID=Europe/Berlin:20261201T090000"}),
        ({"repeat": "FREQ=DAILY"}, {"DTSTART;VALUE=DATE:20261120", "RRULE:FREQ=DAILY"}),
    ],
)  # fmt: skip
def test_a_time_zone_is_the_tzid_of_what_is_on_its_clocks(fields: dict[str, Any], expected: set[str]) -> None:
    assert lines_of(**fields, **BERLIN) == {*expected, ZONE}


def test_an_unknown_time_zone_is_as_none() -> None:
    assert lines_of(due="2026-12-01T09:00:00+01:00", time_zone="Gone/Zone") == {"DUE:20261201T080000Z"}


def test_each_zone_that_times_are_in_is_defined_once() -> None:
    def of(**fields: Any) -> Any:
        return {**DEFAULTS, "title": "x", "created_at": CREATED, "updated_at": UPDATED, **fields}

    at = "2026-12-01T08:00:00Z"
    todos = [of(due=at, **BERLIN), of(due=at, time_zone="Asia/Kolkata"), of(due=at, **BERLIN), of(due=at)]
    defined = vtodo.time_zones(todos)
    found = icalendar.Calendar.from_ical(vtodo.calendar("Todos", None, defined)).walk("VTIMEZONE")
    assert [zone["TZID"] for zone in found] == ["Asia/Kolkata", "Europe/Berlin"]
    assert vtodo.time_zones([of(due="2026-12-01", **BERLIN), of()]) == []
    summer = [part for part in found[1].walk("DAYLIGHT") if part["TZOFFSETTO"].to_ical() == "+0200"]
    assert summer
