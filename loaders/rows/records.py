"""The records of a table as text: its lines, kept as long as their record may prove to be broken."""

from __future__ import annotations

import importlib.util
import re
from collections import deque
from typing import Any, Final

from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.row import BadRow, bad_row, not_utf8

# Many times a todo's longest notes: in a longer cell, a quote is not closed, or the line is not a row.
_MAX_CELL_CHARACTERS: Final = 1024 * 1024
# More lines than the longest notes can have.
_MAX_ROW_LINES: Final = 20_000
# A broken row whose quote is open takes at most so many lines after it for its rest.
_MAX_REST_LINES: Final = 100
# Bytes that are not UTF-8 are decoded to these (PEP 383); UTF-8 itself cannot hold them.
_FOREIGN: Final = re.compile("[\ud800-\udfff]")


def _csv_with_its_own_limit() -> Any:
    """The C module behind `csv`, loaded a second time.

    How long a cell may be is a setting of the module (`field_size_limit`), and a reader has no argument for it: to set
    it in the module that everybody imports would change it for the whole process.
    """
    spec = importlib.util.find_spec("_csv")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.field_size_limit(_MAX_CELL_CHARACTERS)
    return module


csv: Final = _csv_with_its_own_limit()


class Lines:
    """The file's lines as text. Those of the current record are kept, to be read again if it is broken.

    Attributes
    ----------
    has_foreign_bytes : bool
        Whether the current record is not UTF-8.
    """

    def __init__(self, file: Input) -> None:
        self._lines = file.lines()
        self._again: deque[tuple[int, str]] = deque()
        self._pieces: tuple[int, str, int] | None = None
        self._taken: list[tuple[int, str]] = []
        self._size = 0
        self.has_foreign_bytes = False

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        number, text = self._again.popleft() if self._again else self._next_line()
        self._taken.append((number, text))
        self._size += len(text)
        if self._size > MAX_ROW_BYTES or len(self._taken) > _MAX_ROW_LINES:
            # Each value may be short, and there may be any number of them.
            raise csv.Error("field limit of the record")
        self.has_foreign_bytes = self.has_foreign_bytes or has_foreign_bytes_in(text)
        return text

    def _next_line(self) -> tuple[int, str]:
        if self._pieces is not None:
            return self._piece(*self._pieces)
        # Only the beginning of an endless line is here. It is too long for any todo, so it will be refused.
        number, line, _ = next(self._lines)
        text = line.decode("utf-8", "surrogateescape")
        # Where no carriage return stands alone, as in nearly all files, the line is whole.
        is_whole = not 0 <= text.find("\r") < len(text) - 1 - text.endswith("\n")
        return (number, text) if is_whole else self._piece(number, text, 0)

    def _piece(self, number: int, text: str, start: int) -> tuple[int, str]:
        """The next of the lines that a carriage return alone ends; what follows it in the text is kept as it is."""
        end = text.find("\r", start) + 1
        if end == 0 or end >= len(text) or text[end] == "\n":
            end = len(text)
        self._pieces = (number, text, end) if end < len(text) else None
        return number, text[start:end]

    def begin_record(self) -> None:
        """The next line begins a record."""
        self._taken.clear()
        self._size = 0
        self.has_foreign_bytes = False

    @property
    def first(self) -> int:
        """The number of the line that the current record begins in."""
        return self._taken[0][0]

    @property
    def record(self) -> str:
        """The current record as the file has it."""
        return "".join(text for _, text in self._taken).rstrip("\r\n")

    def keep_first(self) -> str:
        """The first line of the current record, which is all of it now; the others are read again."""
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        return self._taken[0][1]

    def give_up_record(self) -> tuple[int, str]:
        """The first line of the current record, and its number; the lines after it are read again, as rows."""
        return self._taken[0][0], self.keep_first().rstrip("\r\n")


class BrokenRow:
    """A row that cannot be read, with the lines after it that are in the quote which it does not close."""

    def __init__(self, line: int, text: str, reason: str) -> None:
        self._line = line
        self._texts = [text]
        self._reason = reason
        self._is_open = text.count('"') % 2 == 1
        self._size = len(text)

    def takes(self, text: str) -> bool:
        """Whether a text is the rest of the row, which then has it."""
        self._size += len(text)
        if not self._is_open or len(self._texts) > _MAX_REST_LINES or self._size > MAX_ROW_BYTES:
            return False
        self._texts.append(text)
        self._is_open ^= text.count('"') % 2 == 1
        return True

    def row(self) -> BadRow:
        """The row as it is reported, once."""
        text = "\n".join(self._texts)
        if has_foreign_bytes_in(text):
            return not_utf8(self._line, bytes_of(text))
        return bad_row(self._line, text, self._reason)


def has_foreign_bytes_in(text: str) -> bool:
    """Whether a text stands for bytes that are not UTF-8."""
    return not text.isascii() and _FOREIGN.search(text) is not None


def bytes_of(text: str) -> bytes:
    """The bytes that a text of the file stands for."""
    return text.encode("utf-8", "surrogateescape")


# What a reason begins with that is about a quote.
ABOUT_QUOTES: Final = "a quote "


def explain_csv_error(error: Exception) -> str:
    """What is wrong with a record that cannot be read."""
    detail = str(error)
    if "unexpected end" in detail or "field limit" in detail:
        return (
            f"a quote is not closed, or a value has more than {_MAX_CELL_CHARACTERS} characters, or a row more than"
            f" {MAX_ROW_BYTES}"
        )
    if "expected after" in detail:
        return "a quote ends in the middle of a value: it was not closed in time, or a quote in the text is not doubled"
    return f"not CSV: {detail}"
