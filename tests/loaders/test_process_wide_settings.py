"""Loading changes no setting of a library that the rest of the process uses."""

from __future__ import annotations

import csv
import sys
import warnings
from pathlib import Path

import pytest

from loaders import formats
from loaders.into.writer import Writer
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow
from loaders.rows.table import Table

CALENDAR = b"""BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Harbour
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
BEGIN:VTODO
SUMMARY:Moor the boat
DUE;TZID=%s:20261201T090000
END:VTODO
END:VCALENDAR
"""


def due_in(calendar: bytes, directory: Path) -> object:
    file = directory / "tasks.ics"
    file.write_bytes(calendar)
    with file.open("rb") as stream:
        (row,) = formats.formats()["icalendar"].read_rows(Input(stream), ReadOptions())
    assert not isinstance(row, BadRow)
    return row.fields["due"]


def test_a_zone_that_one_calendar_defines_is_unknown_to_the_next(tmp_path: Path) -> None:
    assert due_in(CALENDAR % b"Harbour", tmp_path) == "2026-12-01T09:00:00+03:00"
    assert due_in((CALENDAR % b"Harbour").replace(b"TZID:Harbour", b"TZID:Pier"), tmp_path) == "2026-12-01T09:00:00Z"


@pytest.mark.filterwarnings("error")
def test_a_zone_with_a_vendors_name_is_found_without_a_warning(tmp_path: Path) -> None:
    filters = list(warnings.filters)
    due = due_in(CALENDAR % b"/vendor.example/Europe/Berlin", tmp_path)
    assert (due, warnings.filters) == ("2026-12-01T09:00:00+01:00", filters)


def test_a_cell_may_be_longer_than_the_csv_modules_own_limit(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    file = tmp_path / "todos.csv"
    file.write_text("title,notes\nLong," + "x" * (limit + 1) + "\n")
    with file.open("rb") as stream:
        rows = list(Table(Input(stream)).rows())
    assert [not isinstance(row, BadRow) and len(row[1]["notes"]) for row in rows] == [limit + 1]
    assert csv.field_size_limit() == limit


def test_a_writer_leaves_the_switch_interval(no_destination: object) -> None:
    interval = sys.getswitchinterval()
    with Writer(1, no_destination):  # type: ignore[arg-type]
        assert sys.getswitchinterval() == interval


@pytest.fixture
def no_destination() -> object:
    return object()
