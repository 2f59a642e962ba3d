"""Reading a takeout: its histories, each whole and right, or else named with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.todos import ids, strict_json, takeout_rows
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.ids import Partition
from loaders.errors import UnreadableFile
from loaders.histories.checks import HistoryChecks
from loaders.histories.history import History, original_of
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.row import BadRow
from loaders.rows.seen import Seen

# A number that no double may hold; the fast reader lets it pass.
_HUGE: Final = re.compile(rb"\d{309}")

_Line = tuple[int, bytes, dict[str, Any]]


class TakeoutReader:
    """Reads the histories of one takeout.

    Parameters
    ----------
    partition : str
        The owner who gets the todos, as encoded in keys.
    now : str
        Nothing may have occurred later.
    seen : Seen
        Remembers the file's todos, events and keys.
    """

    def __init__(self, partition: Partition, now: str, seen: Seen) -> None:
        self._partition = partition
        self._now = now
        self._seen = seen
        self._history: History | None = None
        self._checks: HistoryChecks | None = None
        # The todo whose other events are passed over, because one was wrong.
        self._rejected: Any = None
        self._todos = self._events = 0

    def read(self, file: Input) -> Iterator[History | BadRow]:
        """The histories in the file's order; whoever takes one closes it.

        Raises
        ------
        UnreadableFile
            It is not a takeout that this version knows, or it does not end as one.
        """
        lines = file.lines()
        _check_header(next(lines)[1])
        ended = False
        try:
            for number, line, is_whole in lines:
                if line.isspace():
                    continue
                if ended:
                    raise UnreadableFile(f"line {number}: more text follows after the takeout's end")
                row = _row_of(line) if is_whole else f"a line of more than {MAX_ROW_BYTES} bytes"
                if isinstance(row, str):
                    yield from self._cut_off(number, row)
                elif takeout_rows.ENDS in row:
                    yield from self._end_history()
                    self._check_footer(number, row)
                    ended = True
                else:
                    yield from self._take(number, line, row)
            if not ended:
                yield from self._end_history()
                raise UnreadableFile("its last line is missing: it was cut off")
        finally:
            if self._history is not None:
                self._history.close()

    def _take(self, number: int, line: bytes, row: dict[str, Any]) -> Iterator[History | BadRow]:
        self._events += 1
        todo_id = row.get("todo")
        if self._history is None or todo_id != self._history.todo_id:
            if self._rejected is not None and todo_id == self._rejected:
                return
            yield from self._end_history()
            if (error := self._begin_history(number, todo_id)) is not None:
                yield self._reject(number, todo_id, [error])
                return
        assert self._history is not None
        assert self._checks is not None
        try:
            event = self._checks.take(row)
            self._check_unique(number, row)
        except InvalidContent as error:
            version = self._checks.version + 1
            errors = [FieldError(each.pointer, f"version {version}: {each.detail}") for each in error.errors]
            yield self._reject(number, todo_id, errors)
        else:
            self._history.add(event, line)

    def _begin_history(self, number: int, todo_id: Any) -> FieldError | None:
        """Begin with a todo; returns what is wrong with it."""
        self._todos += 1
        if not isinstance(todo_id, str) or not ids.is_todo_id(todo_id):
            return FieldError(pointer("todo"), "expected a todo's id: a UUID in lower case")
        first_line, times = self._seen.note(f"todo:{todo_id}", number)
        if times > 1:
            return FieldError(pointer("todo"), f"the todo already begins in line {first_line}")
        self._rejected = None
        self._history = History(number, todo_id, ids.stream_id(self._partition, todo_id))
        self._checks = HistoryChecks(self._partition, todo_id, self._now)
        return None

    def _check_unique(self, number: int, row: dict[str, Any]) -> None:
        names = {"event_id": f"event:{row['event_id']}"}
        if "idempotency_key" in row:
            names["idempotency_key"] = f"key:{row['todo']}:{row['idempotency_key']}"
        for member, name in names.items():
            first_line, times = self._seen.note(name, number)
            if times > 1:
                raise InvalidContent([FieldError(pointer(member), f"already occurs in line {first_line}")])

    def _end_history(self) -> Iterator[History | BadRow]:
        """The history so far, if it is complete."""
        history, checks = self._history, self._checks
        self._history = self._checks = None
        if history is None or checks is None:
            return
        if checks.is_complete:
            yield history
            return
        history.close()
        yield history.as_bad(f"the events after version {checks.version} are missing")

    def _cut_off(self, number: int, reason: str) -> Iterator[BadRow]:
        """A line that is not readable belongs to the todo before it, if to any."""
        self._events += 1
        if self._rejected is None or self._history is not None:
            todo_id = self._history.todo_id if self._history is not None else None
            yield self._reject(number, todo_id, [FieldError("#", reason)])

    def _reject(self, number: int, todo_id: Any, errors: list[FieldError]) -> BadRow:
        if self._history is not None:
            self._history.close()
        self._history = self._checks = None
        self._rejected = todo_id if isinstance(todo_id, str) else None
        return BadRow(number, original_of(todo_id if isinstance(todo_id, str) else None), errors)

    def _check_footer(self, number: int, row: dict[str, Any]) -> None:
        counted = {"todos": self._todos, "events": self._events}
        if row[takeout_rows.ENDS] != counted:
            raise UnreadableFile(f"line {number}: it counts {row[takeout_rows.ENDS]!r:.100} where {counted} were read")


def _check_header(line: bytes) -> None:
    row = _row_of(line)
    if isinstance(row, str) or row.get(takeout_rows.BEGINS) != takeout_rows.NAME:
        raise UnreadableFile("line 1: not the first line of a takeout")
    if type(row.get("format")) is not int or not 1 <= row["format"] <= takeout_rows.VERSION:
        raise UnreadableFile(
            f"line 1: it has the format {row.get('format')!r:.20}; a newer version of the loader reads it"
        )


def _row_of(line: bytes) -> dict[str, Any] | str:
    """The object of a line, or what is wrong with it."""
    try:
        row = strict_json.parse(line.decode()) if _HUGE.search(line) else strict_json.parse_bytes(line)
    except UnicodeDecodeError:
        return "not UTF-8"
    except strict_json.JsonError as error:
        return str(error)
    return row if isinstance(row, dict) else "expected an object"
