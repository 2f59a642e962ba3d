"""iCalendar (RFC 5545) and vCalendar 1.0: a VTODO is a todo; events, journals and other components are not.

- UID is the task's own id, after the name of its calendar: a UID is unique within its calendar (RFC 4791, section 4.1),
  and two calendars may have the same task. In a calendar without a name it is the id alone, so that the same calendar
  under another file name has the same todos. An occurrence that differs from the others has a todo of its own, whose id
  ends with its RECURRENCE-ID. Of two VTODOs with one id in a calendar the later version counts (`icalendar.versions`),
  the other is rejected.
- DUE, or DTSTART and DURATION: a date, a time in UTC, or a time with TZID, whose zone may be one that the calendar
  defines (VTIMEZONE, before or after its use). A floating time, or one in an unknown zone, is in the calendar's
  X-WR-TIMEZONE, otherwise in --timezone, otherwise in UTC. A value that is not plain UTC is also kept as it was.
- X-TODO-LEDGER-TIME-ZONE is the todo's time zone. A TZID alone is not: todos that were loaded before there was a
  `time_zone` stay as they are when their file is loaded again.
- PRIORITY 1 to 4 is high, 5 medium, 6 to 9 low; all except 1, 5 and 9 are also kept. CATEGORIES are tags.
- A CANCELLED task no longer needs to be done, so it is loaded as completed, and its status is kept. CREATED and
  COMPLETED are when it was created and completed.
- RRULE is the rule if a todo can repeat by it, also with SKIP (RFC 7529); X-TODO-LEDGER-REPEAT-FROM is what that is
  counted from. A recurring task is due at its next open occurrence (`icalendar.occurrences`), by EXDATE, RDATE and the
  occurrences that have a RECURRENCE-ID of their own. RELATED-TO a parent is the parent, in the same calendar.
- The list is X-TODO-LEDGER-LIST, otherwise the calendar's name (X-WR-CALNAME, or NAME by RFC 7986). The order is
  X-APPLE-SORT-ORDER; of a task without it, where others of the calendar have one, it follows from CREATED, as Nextcloud
  has it.
- The next VALARM that goes off is `remind_at` (`icalendar.alarms`); all alarms are kept.

Every other property is kept in the metadata. Its name is the part before the colon with the parameters, and its value
is as it is written, escapes included. Lines are unfolded, and components are read one at a time; they wait for the end
of their calendar in bounded memory, because what it says of them may come after them.
"""

from __future__ import annotations

from collections.abc import Iterator

from loaders.errors import UnreadableFile
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.icalendar import lines
from loaders.rows.icalendar.calendar import Calendar
from loaders.rows.icalendar.held import HeldTodos
from loaders.rows.icalendar.todo import read_todo
from loaders.rows.icalendar.vcalendar import decode_lines
from loaders.rows.icalendar.versions import Versions, heading_of
from loaders.rows.row import BadRow, Row, not_utf8

NAME = "icalendar"
SYSTEM = "icalendar"
ROWS_ARE_TEXTS = True


def recognise(head: bytes) -> Certainty:
    return Certainty.CERTAIN if head.lstrip()[:15].upper() == b"BEGIN:VCALENDAR" else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    calendar = _OpenCalendar(how)
    try:
        for piece in lines.read_pieces(file):
            if isinstance(piece, BadRow):
                yield piece
            elif piece.kind in (lines.CALENDAR_BEGINS, lines.CALENDAR_ENDS):
                yield from calendar.end()
            else:
                calendar.add(piece)
        yield from calendar.end()
    except UnreadableFile:
        # What came before is whole.
        yield from calendar.end()
        raise
    finally:
        calendar.close()


def row_of(line: int, text: str, how: ReadOptions) -> Row | BadRow:
    """The row of a VTODO, unfolded, from its BEGIN to its END; what it needs of its calendar follows."""
    each = text.strip().split("\n")
    end = next((place for place, one in enumerate(each) if one.strip().upper() == "END:VTODO"), len(each))
    calendar = Calendar(how)
    zone: list[str] = []
    for one in each[end + 1 :]:
        if zone or one.upper().startswith("BEGIN:VTIMEZONE"):
            zone.append(one)
        else:
            calendar.note(one)
        if one.upper().startswith("END:VTIMEZONE"):
            calendar.zones.define("\n".join(zone))
            zone = []
    todo = "\n".join(each[: end + 1])
    return read_todo(line, todo, calendar)


class _OpenCalendar:
    """A calendar that is read, whose to-dos wait for its end; then the next one."""

    def __init__(self, how: ReadOptions) -> None:
        self._how = how
        self._calendar = Calendar(how)
        self._held = HeldTodos()
        self._versions = Versions()

    def add(self, piece: lines.Piece) -> None:
        if piece.kind == lines.VTODO:
            self._held.add(piece.line, piece.content)
            self._versions.note(piece.line, heading_of(piece.content))
        elif piece.kind == lines.ZONE:
            self._calendar.zones.define(piece.content.decode("utf-8", "replace"))
        else:
            self._calendar.note(piece.content.decode("utf-8", "replace"))

    def end(self) -> Iterator[Row | BadRow]:
        """The rows of the calendar."""
        self._versions.finish()
        self._calendar.is_sorted = self._versions.is_sorted
        for line, content in self._held.take():
            yield self._row(line, content)
        self._versions.clear()
        self._calendar = Calendar(self._how)

    def close(self) -> None:
        self._held.close()
        self._versions.close()

    def _row(self, line: int, content: bytes) -> Row | BadRow:
        calendar = self._calendar
        try:
            text = decode_lines(content)
        except UnicodeDecodeError:
            return not_utf8(line, content)
        heading = heading_of(content) if self._versions.compares else None
        calendar.repeated_in = self._versions.repeated_in(line, heading) if heading is not None else None
        calendar.overrides = self._versions.overrides(heading) if heading is not None else []
        return read_todo(line, text, calendar)
