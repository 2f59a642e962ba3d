"""iCalendar: whatever is damaged in a file, each row is read or rejected, or the file is refused; bounded in work."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.errors import UnreadableFile
from loaders.formats.icalendar import row_of
from loaders.reading.options import ReadOptions
from loaders.rows.icalendar import lines, zones
from loaders.rows.icalendar.defined_zone import read_zone
from loaders.rows.row import BadRow
from tests.loaders.calendars import calendar, fields_of, valarm, vtimezone, vtodo
from tests.loaders.loading import FILES, PLAINLY, plan, read
from tests.support.thorough import many

pytestmark = pytest.mark.slow

PARTS = [
    vtimezone("Pier", "+0300"),
    vtodo(
        "Zoned", "UID:1", "DTSTART;TZID=Pier:20311103T090000", "DURATION:PT1H30M", "RRULE:FREQ=WEEKLY;COUNT=9",
        "EXDATE;TZID=Pier:20311103T090000,20311110T090000", "RDATE;VALUE=PERIOD:20311106T090000Z/PT1H",
        valarm("TRIGGER;RELATED=END:-P1DT2H", "REPEAT:3", "DURATION:PT5M", "ACKNOWLEDGED:20311101T000000Z"),
        "X-APPLE-SORT-ORDER:7", "CREATED:20260101T000000Z", 'RELATED-TO;RELTYPE="PARENT":2',
    ),
    vtodo("Done", "UID:1", "RECURRENCE-ID;TZID=Pier:20311117T090000", "STATUS:COMPLETED", "COMPLETED:20311117T100000Z"),
]  # fmt: skip
VCALENDAR = calendar(
    "VERSION:1.0", "TZ:+01", "DAYLIGHT:TRUE;+02;20310401T020000;20311001T020000;;",
    "BEGIN:VTODO\nSUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:B=C3=BC=\ncher\nDALARM:20310101T000000;PT5M;2;\n"
    "RRULE:MP1 1+ TU #5\nDUE:20310501T090000\nCATEGORIES:a;b\nEND:VTODO",
)  # fmt: skip
VALID = [
    calendar("X-WR-CALNAME:L", "X-WR-TIMEZONE:Europe/Berlin", *PARTS),
    VCALENDAR,
    (FILES / "tasks.ics").read_bytes(),
]
BITS = [
    b"\n",
    b"\r",
    b"\n ",
    b":",
    b";",
    b'"',
    b"=",
    b"\\",
    b"\xff",
    b"0",
    b"9" * 20,
    b"-",
    b"T",
    b"Z",
    b"BEGIN:VTODO\n",
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid calendar of which some bytes are cut out, written over, or doubled."""
    content = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 12))
        change = draw(
            st.one_of(st.sampled_from(BITS), st.binary(max_size=6), st.just(bytes(content[place : place + 60])))
        )
        content[place : place + length] = change
    return bytes(content)


@given(damaged())
@settings(max_examples=many(300), deadline=None)
def test_a_damaged_calendar_is_read_as_far_as_it_can_be(content: bytes) -> None:
    try:
        rows = read(b"BEGIN:VCALENDAR\n" + content, "icalendar")
        plan(b"BEGIN:VCALENDAR\n" + content, "icalendar")
    except UnreadableFile:
        return
    for row in rows:
        # Not mended, it is rejected again; what is refused beside another row is known by `contested`.
        if isinstance(row, BadRow) and isinstance(row.original, str) and row.contested is None:
            assert isinstance(row_of(1, row.original, PLAINLY), BadRow)


@given(st.text(max_size=200))
@settings(max_examples=many(200), deadline=None)
def test_any_text_is_a_row_or_rejected(text: str) -> None:
    row_of(1, text, ReadOptions(time_zone="Europe/Berlin"))
    row_of(1, f"BEGIN:VTODO\nSUMMARY:A\nDUE:20310101T000000\n{text}\nEND:VTODO\n{text}", PLAINLY)


@pytest.mark.parametrize(
    "prop",
    [
        "DUE;TZID=Europe/Berlin:00010101T000000",
        "DUE;TZID=Asia/Tokyo:00010101T000000",
        "DUE;TZID=America/New_York:99991231T235959",
        "DUE;TZID=Pier:00010101T000000",
        "DUE;TZID=Pier:99991231T235959",
        "DTSTART:99991231T000000Z\nDURATION:P9999999D",
        "DTSTART:00010101T000000Z\nDURATION:-PT1S",
        "DUE;VALUE=DATE:99991231\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:99991231",
        "DUE:99991231T000000Z\nRDATE:99991231T235959Z,00010101T000000Z\nRRULE:FREQ=YEARLY;INTERVAL=9999",
        "DUE:00010102T000000Z\nBEGIN:VALARM\nTRIGGER:-P9999W\nREPEAT:9\nDURATION:P9999W\nEND:VALARM",
        "CREATED:00010101T000000Z\nX-APPLE-SORT-ORDER:99999999999999999999",
    ],
)
def test_dates_at_the_ends_of_the_calendar_are_read_or_rejected(prop: str) -> None:
    plan(calendar(vtimezone("Pier", "+2359"), vtodo("A", prop)))


@pytest.mark.parametrize("date", ["00010101T000000Z", "16010101T000000Z", "19700101T000000Z", "45010101", "19700101"])
def test_what_programs_write_for_no_date_is_none(date: str) -> None:
    fields = fields_of(f"DUE:{date}", f"COMPLETED:{date}")
    assert ("due" in fields, fields["completed"]) == (False, False)
    assert fields["metadata"]["DUE"] == date


def zone(*parts: str) -> str:
    return "\n".join(["BEGIN:VTIMEZONE", "TZID:Z", *parts, "END:VTIMEZONE"])


def standard(*properties: str) -> str:
    offsets = ["TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"]
    return "\n".join(["BEGIN:STANDARD", "DTSTART:19700101T000000", *offsets, *properties, "END:STANDARD"])


@pytest.mark.parametrize(
    "parts",
    [
        (standard("RRULE:FREQ=SECONDLY"),),
        (standard("RRULE:FREQ=DAILY;BYSETPOS=366;BYDAY=MO"),),
        tuple(standard("RRULE:FREQ=MINUTELY;INTERVAL=7") for _ in range(500)),
        (standard("RDATE:" + ",".join(["20000101T000000"] * 3_000)),),
    ],
    ids=["each second", "never", "five hundred", "many dates"],
)
def test_a_zone_of_odd_rules_takes_bounded_work(parts: tuple[str, ...]) -> None:
    """Without a bound, one of them takes minutes, or does not end."""
    todos = [vtodo("A", f"DUE;TZID=Z:{year}0701T090000") for year in range(1980, 2080, 10)]
    assert len(read(calendar(zone(*parts), *todos))) == len(todos)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("BEGIN:STANDARD", "END:STANDARD"),
        (standard().replace("+0200", "+9900"),),
        (standard().replace("1970", "0000"),),
    ],
)
def test_a_zone_that_cannot_be_read_is_unknown(parts: tuple[str, ...]) -> None:
    assert read_zone(zone(*parts)) is None


def test_only_so_many_zones_of_a_calendar_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "MAX_DEFINED", 2)
    todos = [vtodo(name, f"DUE;TZID={name}:20260701T090000") for name in "abc"]
    rows = read(calendar(*(vtimezone(name, "+0300") for name in "abc"), *todos))
    assert [row.fields["due"][-6:] for row in rows if not isinstance(row, BadRow)] == ["+03:00", "+03:00", "00:00Z"]


def test_a_to_do_of_too_many_lines_is_rejected_and_the_next_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINES", 10)
    first, second = read(calendar(vtodo("A", *["X:1"] * 20), vtodo("B")))
    assert isinstance(first, BadRow)
    assert "more than 2,097,152 bytes or 10 lines" in first.errors[0].detail
    assert not isinstance(second, BadRow)
