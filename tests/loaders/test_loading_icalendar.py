"""iCalendar: a VTODO is a todo, and no property is lost."""

import sys

import pytest

from loaders.errors import UnreadableFile
from loaders.rows.loss import Loss
from loaders.rows.row import Row
from tests.loaders.calendars import calendar, vtodo
from tests.loaders.loading import FILES, errors_of, read, stated, titles, todos


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "tasks.ics") == [
        {
            "title": "Buy milk, bread & 2 eggs; für Zoë 🎁 \\n is no line",
            "notes": "one\ntwo\nthree",
            "list": "Garden, home",
            "tags": ["errand", "to,do", "shop"],
            "priority": "high",
            "due": "2026-12-01",
            "source": "icalendar:Garden, home/1@example.com",
            "metadata": {
                "DTSTAMP;VALUE=DATE-TIME": "20261120T150602Z",
                'LOCATION;LANGUAGE="en:GB"': "Corner\\, left",
                "X-FOO": ["1", "2"],
                "PRIORITY": "4",
            },
        },
        {
            "title": "Zoned",
            "list": "Garden, home",
            "priority": "medium",
            "due": "2026-12-01T09:00:00+01:00",
            "remind_at": "2026-12-01T08:30:00+01:00",
            "repeat": "FREQ=WEEKLY;BYDAY=TU",
            "parent": "Buy milk, bread & 2 eggs; für Zoë 🎁 \\n is no line",
            "source": "icalendar:Garden, home/2@example.com",
            "metadata": {
                "RELATED-TO;RELTYPE=SIBLING": "3@example.com",
                "PERCENT-COMPLETE": "50",
                "STATUS": "IN-PROCESS",
                "DUE;TZID=Europe/Berlin": "20261201T090000",
                "VALARM": [
                    "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:-PT30M\nEND:VALARM\n",
                    "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER;VALUE=DATE-TIME:20261130T090000Z\nEND:VALARM\n",
                ],
                "DTSTART;TZID=Europe/Berlin": "20261201T080000",
            },
        },
        {
            "title": "Zoned, once otherwise",
            "completed": True,
            "list": "Garden, home",
            "due": "2026-12-08T10:00:00+03:00",
            "source": "icalendar:Garden, home/2@example.com/20261208T090000",
            "metadata": {
                "RECURRENCE-ID;TZID=Europe/Berlin": "20261208T090000",
                "STATUS": "CANCELLED",
                "DUE;TZID=My Zone": "20261208T100000",
            },
        },
        {
            "title": "Floating",
            "completed": True,
            "list": "Garden, home",
            "due": "2026-12-01T09:00:00Z",
            "source": "icalendar:Garden, home/4@example.com",
            "metadata": {"RRULE": "FREQ=DAILY;COUNT=0", "DUE": "20261201T090000"},
        },
        {
            "title": "Nowhere",
            "list": "Garden, home",
            "due": "2026-12-01T09:00:00Z",
            "source": "icalendar",
            "metadata": {"DUE;TZID=Nowhere": "20261201T090000"},
        },
        {
            "title": "In UTC",
            "completed": True,
            "list": "Its own",
            "priority": "low",
            "due": "2026-11-26T17:00:00Z",
            "source": "icalendar:Garden, home/6@example.com",
            "metadata": {"PERCENT-COMPLETE": "100"},
        },
    ]


@pytest.mark.parametrize(
    ("properties", "pointer", "detail"),
    [
        (["no property"], "#", "expected a property, NAME:VALUE, not 'no property'"),
        (["DUE:20261201", "DUE:20261202"], "#/DUE", "DUE is given 2 times"),
        (["DUE;VALUE=DATE-TIME:tomorrow"], "#/DUE;VALUE=DATE-TIME", "expected a DATE"),
        (["DUE:PT1H"], "#/DUE", "expected a DATE"),
        (["STATUS:DREAMING"], "#/STATUS", "expected one of NEEDS-ACTION"),
        (["PRIORITY:10"], "#/PRIORITY", "expected one of 0, 1"),
    ],
)
def test_a_bad_property_is_pointed_at(properties: list[str], pointer: str, detail: str) -> None:
    content = calendar(vtodo("A"), vtodo("B", *properties), vtodo("C"))
    [(line, found_pointer, found)] = errors_of(content)
    assert line == 5
    assert detail in found
    assert found_pointer.replace("%3B", ";").replace("%3D", "=") == pointer
    assert titles(content) == ["A", "C"]


def test_what_a_todo_has_no_room_for_does_not_lose_it() -> None:
    dates = ",".join(f"2031{month:02}{day:02}" for month in range(1, 13) for day in range(1, 29))
    [todo] = todos(
        calendar(
            f"X-WR-CALNAME:{'n' * 200}",
            vtodo("t" * 600, f"CATEGORIES:{'a' * 65},b", "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 60_000),
        )
    )
    assert (todo["title"][:5], len(todo["title"]), todo["tags"]) == ("ttttt", 500, ["b"])
    assert todo["metadata"]["CATEGORIES"] == ["a" * 65]
    [todo] = todos(calendar(vtodo("A", "DUE;VALUE=DATE:20310101", "RRULE:FREQ=DAILY", *[f"EXDATE:{dates}"] * 20)))
    assert (todo["due"], todo["repeat"]) == ("2031-01-29", "FREQ=DAILY")


@pytest.mark.parametrize("rule", ["RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", "FREQ=YEARLY;SKIP=FORWARD"])
def test_a_rule_may_skip_days_that_a_month_does_not_have(rule: str) -> None:
    [todo] = todos(calendar(vtodo("Pay", "DUE;VALUE=DATE:20280229", f"RRULE:{rule}")))
    assert todo["repeat"] == rule


@pytest.mark.parametrize(
    "rule",
    [
        "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5L",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=DAILY;COUNT=3;UNTIL=20301231",
        "FREQ=YEARLY;BYEASTER=0",
    ],
)
def test_a_rule_that_the_rfc_forbids_is_kept_but_not_followed(rule: str) -> None:
    [todo] = todos(calendar(vtodo("Water", "DUE;VALUE=DATE:20261201", f"RRULE:{rule}")))
    assert (todo["repeat"], todo["metadata"]) == (None, {"RRULE": rule})


def test_what_a_rule_is_counted_from_comes_back() -> None:
    rule = ["DUE;VALUE=DATE:20261201", "RRULE:FREQ=DAILY"]
    [todo] = todos(calendar(vtodo("Water", *rule, "X-TODO-LEDGER-REPEAT-FROM:completion")))
    assert (todo["repeat_from"], todo["metadata"]) == ("completion", None)
    [(_, pointer, detail)] = errors_of(calendar(vtodo("Water", *rule, "X-TODO-LEDGER-REPEAT-FROM:sunrise")))
    assert pointer == "#/X-TODO-LEDGER-REPEAT-FROM"
    assert "expected one of due, completion, next_future" in detail


def test_a_time_zone_comes_back_and_a_tzid_alone_is_none() -> None:
    due = "DUE;TZID=Europe/Berlin:20261201T090000"
    [todo, foreign, unknown] = todos(
        calendar(
            vtodo("Water", due, "X-TODO-LEDGER-TIME-ZONE:Europe/Berlin"),
            vtodo("Call", due),
            vtodo("Rest", "X-TODO-LEDGER-TIME-ZONE:Gone/Zone"),
        )
    )
    kept = {"DUE;TZID=Europe/Berlin": "20261201T090000"}
    assert (todo["due"], todo["time_zone"]) == ("2026-12-01T09:00:00+01:00", "Europe/Berlin")
    assert (foreign["due"], foreign["time_zone"], foreign["metadata"]) == (todo["due"], None, kept)
    assert (unknown["time_zone"], unknown["metadata"]) == (None, {"X-TODO-LEDGER-TIME-ZONE": "Gone/Zone"})


def test_a_todo_without_an_end_costs_only_itself() -> None:
    content = calendar(vtodo("A"), vtodo("B").replace("END:VTODO\n", ""), vtodo("C"))
    assert errors_of(content) == [(5, "#", "the VTODO has no END:VTODO")]
    assert titles(content) == ["A", "C"]


def test_a_calendar_without_an_end_is_reported_after_its_todos() -> None:
    with pytest.raises(UnreadableFile, match="the file ends where END:VCALENDAR belongs"):
        read(calendar(vtodo("A")).replace(b"END:VCALENDAR\n", b""))


def test_a_line_may_be_folded_within_a_character() -> None:
    content = calendar(vtodo("Zoë und Noël")).replace("ë".encode(), b"\xc3\r\n \xab")
    assert titles(content) == ["Zoë und Noël"]


def test_a_property_that_is_given_many_times_is_kept_once_for_each() -> None:
    """Work that grows with the square of their number would take hours for a row of 2 MB."""
    content = calendar(vtodo("Milk", "UID:1", *["X-A:1"] * 300))
    with Calls() as calls:
        [row] = read(content)
    assert isinstance(row, Row)
    assert row.fields["metadata"]["X-A"] == ["1"] * 300
    with Calls() as ten_times:
        read(calendar(vtodo("Milk", "UID:1", *["X-A:1"] * 3_000)))
    assert ten_times.count < 12 * calls.count


@pytest.mark.parametrize(
    "trigger", ["P" + "9" * 30 + "D", "-P99999999999D", "99991231T235959Z", "P" + "1" * 5_000 + "W", "x" * 100_000]
)
def test_an_alarm_outside_of_the_calendar_is_no_reminder(trigger: str) -> None:
    alarm = ("BEGIN:VALARM", f"TRIGGER;RELATED=END:{trigger}", "END:VALARM")
    [row] = read(calendar(vtodo("Milk", "DUE:99991231T000000Z", *alarm)))
    assert isinstance(row, Row)
    assert row.fields.get("remind_at") in (None, "9999-12-31T23:59:59Z")


def test_a_zone_of_a_name_without_end_is_unknown() -> None:
    [row] = read(calendar(vtodo("Milk", f"DUE;TZID=/{'a/' * 50_000}:20261201T090000")))
    assert isinstance(row, Row)
    assert row.fields["due"] == "2026-12-01T09:00:00Z"


def test_components_in_each_other_without_end_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="deeper than 100 levels"):
        read(b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 101)


class Calls:
    """Counts the calls of functions, in Python or in C."""

    count = 0

    def __enter__(self) -> "Calls":
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, _: object, event: str, __: object) -> None:
        self.count += event in ("call", "c_call")


def test_what_no_field_holds_is_named_once_and_without_parameters() -> None:
    [row] = read(
        calendar(
            vtodo(
                "A",
                "UID:1",
                "DTSTAMP:20260101T000000Z",
                "SEQUENCE:1",
                "DUE;VALUE=DATE:20310101",
                "CLASS:PRIVATE",
                "DTSTART;VALUE=DATE:20310101",
                "COMMENT;LANGUAGE=en:a",
                "COMMENT:b",
                "PERCENT-COMPLETE:0",
            )
        )
    )
    assert isinstance(row, Row)
    assert row.loss == Loss(("CLASS", "COMMENT"))
    [row] = read(calendar(vtodo("A", "UID:1", "DTSTAMP:20260101T000000Z", "DUE;TZID=Europe/Berlin:20310101T000000")))
    assert isinstance(row, Row)
    assert row.loss is None
