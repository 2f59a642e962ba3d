"""The lines of a calendar file, unfolded, and the pieces that they make: properties, to-dos and time zones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from loaders.errors import UnreadableFile
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.row import BadRow, bad_row

# Of a to-do. A row takes about 300 bytes of memory a line while it is read.
MAX_LINES: Final = 50_000
MAX_NESTING: Final = 100

CALENDAR_BEGINS: Final = "BEGIN:VCALENDAR"
CALENDAR_ENDS: Final = "END:VCALENDAR"
PROPERTY: Final = "property"
VTODO: Final = "VTODO"
ZONE: Final = "VTIMEZONE"

_CALENDAR: Final = b"VCALENDAR"
_WHOLE: Final = (b"BEGIN:VTODO", b"BEGIN:VTIMEZONE")
_LONGEST_NAME: Final = 30
_WHITE: Final = (b" ", b"\t")
# What begins or ends a component begins with one of these.
_BEGIN_OR_END: Final = (b"B", b"b", b"E", b"e")
# vCalendar 1.0 also has the encoding without its parameter's name.
_IS_QUOTED_PRINTABLE: Final = re.compile(rb"[^:]*;(?:ENCODING=)?\"?QUOTED-PRINTABLE\"?[;:]", re.IGNORECASE)


class Piece(NamedTuple):
    """A part of a calendar.

    Attributes
    ----------
    line : int
        Where it begins.
    kind : str
        `PROPERTY` of the calendar itself; `VTODO` or `ZONE`, a whole component; `CALENDAR_BEGINS` or `CALENDAR_ENDS`.
    content : bytes
        Its lines, unfolded, with a newline between them.
    """

    line: int
    kind: str
    content: bytes


def read_pieces(file: Input) -> Iterator[Piece | BadRow]:
    """The pieces of a file's calendars, and its components without an end or of too many lines.

    Raises
    ------
    UnreadableFile
        The file ends within a calendar, or is nested too deeply.
    """
    whole = _Component()
    around = _Around()
    for number, line in _unfold(file):
        upper = line[:_LONGEST_NAME].upper().rstrip() if line[:1] in _BEGIN_OR_END else b""
        if whole.kind and upper in (b"BEGIN:VTODO", b"BEGIN:VCALENDAR"):
            yield whole.without_end()
        if whole.kind:
            if whole.add(line, upper):
                yield whole.piece()
        elif upper in _WHOLE:
            whole.begin(number, line, upper)
        elif upper.startswith((b"BEGIN:", b"END:")):
            if (kind := around.pass_by(upper, number)) is not None:
                yield Piece(number, kind, b"")
        elif around.inside == [_CALENDAR]:
            yield Piece(number, PROPERTY, line)
    if whole.kind:
        yield whole.without_end()
    if around.inside:
        raise UnreadableFile(f"the file ends where END:{around.inside[-1].decode('ascii', 'replace')} belongs")


class _Around:
    """The components around a line, from the outside in, other than those that are read whole."""

    def __init__(self) -> None:
        self.inside: list[bytes] = []

    def pass_by(self, upper: bytes, line: int) -> str | None:
        """Enter or leave a component; which end of a calendar this is, if it is one."""
        begin, _, kind = upper.partition(b":")
        if upper == b"BEGIN:VCALENDAR":
            # Calendars are not in each other: one without an end ends here.
            self.inside = [_CALENDAR]
            return CALENDAR_BEGINS
        if begin == b"BEGIN":
            self.inside.append(kind)
            if len(self.inside) > MAX_NESTING:
                raise UnreadableFile(f"line {line}: components are nested deeper than {MAX_NESTING} levels")
            return None
        # An end of what did not begin is none; those in it that have no end are left, too.
        if kind in self.inside:
            while self.inside.pop() != kind:
                pass
        return CALENDAR_ENDS if kind == _CALENDAR else None


class _Component:
    """A to-do or time zone, as far as it is read."""

    def __init__(self) -> None:
        self.kind = ""
        self._begins = self._lines = self._size = 0
        self._ends = b""
        # One buffer, since lines of a byte or two would take many times as much memory apart.
        self._content = bytearray()

    def begin(self, number: int, line: bytes, upper: bytes) -> None:
        self.kind = upper[6:].decode()
        self._ends = b"END:" + upper[6:]
        self._begins, self._lines, self._size = number, 1, len(line)
        self._content = bytearray(line)

    def add(self, line: bytes, upper: bytes) -> bool:
        """Add a line; true if it is the last one."""
        self._size += len(line) + 1
        self._lines += 1
        if self._is_bounded():
            self._content += b"\n" + line
        return upper == self._ends

    def piece(self) -> Piece | BadRow:
        """The component, which has ended."""
        if not self._is_bounded():
            return self._broken(f"a {self.kind} of more than {MAX_ROW_BYTES:,} bytes or {MAX_LINES:,} lines")
        piece = Piece(self._begins, self.kind, bytes(self._content))
        self.kind = ""
        return piece

    def without_end(self) -> BadRow:
        """The component, which has no end."""
        return self._broken(f"the {self.kind} has no END:{self.kind}")

    def _is_bounded(self) -> bool:
        return self._size <= MAX_ROW_BYTES and self._lines <= MAX_LINES

    def _broken(self, reason: str) -> BadRow:
        self.kind = ""
        return bad_row(self._begins, self._content.decode("utf-8", "replace"), reason)


def _unfold(file: Input) -> Iterator[tuple[int, bytes]]:
    """Each content line with its number.

    A line that begins with white space continues the one before it (RFC 5545, section 3.1), and so does the line after
    the soft line break of a quoted-printable value.
    """
    begins, whole = 0, bytearray()
    for number, line, _ in file.lines():
        text = line.rstrip(b"\r\n")
        if begins and text[:1] in _WHITE and not _is_soft(whole):
            _extend(whole, text[1:])
        elif whole[-1:] == b"=" and _is_soft(whole):
            del whole[-1:]
            _extend(whole, text)
        else:
            if whole:
                yield begins, bytes(whole)
            begins, whole = number, bytearray(text)
    if whole:
        yield begins, bytes(whole)


def _is_soft(whole: bytearray) -> bool:
    """Whether a line ends with the soft line break of a quoted-printable value."""
    return whole[-1:] == b"=" and _IS_QUOTED_PRINTABLE.match(whole) is not None


def _extend(whole: bytearray, text: bytes) -> None:
    # A longer one is refused in any case.
    if len(whole) <= MAX_ROW_BYTES:
        whole += text
