"""Calendars for tests of their reading."""

from __future__ import annotations

from typing import Any

from loaders.reading.options import ReadOptions
from loaders.rows.row import Row
from tests.loaders.loading import PLAINLY, read


def calendar(*parts: str) -> bytes:
    """A calendar of these properties and components."""
    return "".join(
        ["BEGIN:VCALENDAR\n", *(part if part.endswith("\n") else f"{part}\n" for part in parts), "END:VCALENDAR\n"]
    ).encode()


def vtodo(summary: str, *properties: str) -> str:
    return "\n".join(["BEGIN:VTODO", f"SUMMARY:{summary}", *properties, "END:VTODO\n"])


def valarm(*properties: str) -> str:
    return "\n".join(["BEGIN:VALARM", *properties, "END:VALARM"])


def vtimezone(name: str, offset: str) -> str:
    """A zone with one offset, always."""
    part = f"BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD"
    return f"BEGIN:VTIMEZONE\nTZID:{name}\n{part}\nEND:VTIMEZONE\n"


def rows_of(content: bytes, how: ReadOptions = PLAINLY) -> list[Row]:
    """The rows, of which none may be bad."""
    found = read(content, how=how)
    assert [row for row in found if not isinstance(row, Row)] == []
    return [row for row in found if isinstance(row, Row)]


def fields_of(*properties: str, how: ReadOptions = PLAINLY) -> dict[str, Any]:
    """What a VTODO with these properties states."""
    [row] = rows_of(calendar(vtodo("A", *properties)), how)
    return row.fields


def notices_of(*properties: str) -> tuple[str, ...]:
    [row] = rows_of(calendar(vtodo("A", *properties)))
    return row.loss.notices if row.loss is not None else ()
