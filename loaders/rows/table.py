"""Tables as text: a header line and rows of cells, separated by commas, semicolons or tabs (RFC 4180)."""

from __future__ import annotations

import importlib.util
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from loaders.errors import Unreadable
from loaders.reading.source import Source
from loaders.rows import fields
from loaders.rows.row import BadRow, not_utf8, unreadable

_SEPARATORS: Final = (",", ";", "\t")
# Many times a todo's longest notes: beyond it, a quote was never closed, or the line is no row.
_MAX_CELL_CHARACTERS: Final = 1024 * 1024
_MAX_PREAMBLE_LINES: Final = 100
# What bytes that are no UTF-8 are decoded to (PEP 383); UTF-8 itself cannot hold them.
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


class Table:
    """A table whose columns have names. The separator is the one that the header has most of.

    Parameters
    ----------
    source : Source
    is_header : callable, optional
        Tells the header from the lines of a preamble before it, by its names. Without it, the first line is the header.

    Attributes
    ----------
    names : list of str

    Raises
    ------
    Unreadable
        When there is no header, or two of its columns have one name.
    """

    def __init__(self, source: Source, is_header: Callable[[list[str]], bool] | None = None) -> None:
        self._lines = _Lines(source)
        self.names, self._separator = self._header(is_header)

    def rows(self) -> Iterator[tuple[int, dict[str, str]] | BadRow]:
        """Each row's line and its cells by their columns' names, without the empty ones; empty rows are skipped."""
        lines, width = self._lines, len(self.names)
        # After a broken quote a line may be the rest of the row before it: only one with every column is a row.
        is_damaged = False
        reader = csv.reader(lines, delimiter=self._separator, strict=True)
        while True:
            lines.begin_record()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield lines.give_up_record(_explained(error))
                is_damaged = True
                reader = csv.reader(lines, delimiter=self._separator, strict=True)
                continue
            if not any(map(str.strip, cells)):
                continue
            if lines.has_foreign_bytes:
                yield not_utf8(lines.first, _bytes(lines.record))
            elif len(cells) > width or (is_damaged and len(cells) < width):
                complaint = f"has {len(cells)} values where the header has {width} names"
                yield unreadable(lines.first, lines.record, complaint)
            else:
                is_damaged = False
                yield lines.first, {name: cell for name, cell in zip(self.names, cells, strict=False) if cell.strip()}

    def _header(self, is_header: Callable[[list[str]], bool] | None) -> tuple[list[str], str]:
        for _ in range(_MAX_PREAMBLE_LINES):
            self._lines.begin_record()
            text = next(self._lines, None)
            if text is None:
                break
            if self._lines.has_foreign_bytes:
                raise Unreadable(f"line {self._lines.first}: not UTF-8: save the file in that encoding")
            split = header_of(text)
            if split is not None and (is_header is None or is_header(split[0])):
                _check_names(split[0], self._lines.first)
                return split
            if is_header is None:
                break
        raise Unreadable("line 1: no header: expected the columns' names, one of them title")


def header_of(line: str) -> tuple[list[str], str] | None:
    """The names in a header line and the separator between them; None if it can be none."""
    attempts = {}
    for separator in _SEPARATORS:
        # What is quoted with one separator is broken with another.
        with suppress(csv.Error, StopIteration):
            attempts[separator] = next(csv.reader([line], delimiter=separator, strict=True))
    if not attempts:
        return None
    separator = max(attempts, key=lambda candidate: len(attempts[candidate]))
    names = [name.strip() or f"column {number}" for number, name in enumerate(attempts[separator], start=1)]
    return names, separator


def _check_names(names: list[str], line: int) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if (plain := fields.loose(name)) in seen:
            first = seen[plain]
            raise Unreadable(f"line {line}: two columns have one name: {first!r} and {name!r}; rename or remove one")
        seen[plain] = name


def _explained(error: Exception) -> str:
    detail = str(error)
    if "unexpected end" in detail or "field limit" in detail:
        return f"a quote is opened and never closed, or a value has more than {_MAX_CELL_CHARACTERS} characters"
    if "expected after" in detail:
        return "a quote ends amid a value: it was not closed where it should be, or a quote in the text is not doubled"
    return f"not CSV: {detail}"


class _Lines:
    """The lines of the file as text; those of the current record are kept, to be read once more if it is broken.

    Attributes
    ----------
    first : int
        The line that the current record begins in.
    has_foreign_bytes : bool
        Whether the current record is not UTF-8.
    """

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self._again: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []
        self.has_foreign_bytes = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, text = self._again.popleft() if self._again else self._decoded()
        self._taken.append((number, text))
        self.has_foreign_bytes = self.has_foreign_bytes or _has_foreign_bytes(text)
        return text

    def _decoded(self) -> tuple[int, str]:
        # Of an endless line there is only the beginning, which is still too long for any todo: it will be refused.
        number, line, _ = next(self._lines)
        return number, line.decode("utf-8", "surrogateescape")

    def begin_record(self) -> None:
        self._taken.clear()
        self.has_foreign_bytes = False

    @property
    def first(self) -> int:
        return self._taken[0][0]

    @property
    def record(self) -> str:
        return "".join(text for _, text in self._taken).rstrip("\r\n")

    def give_up_record(self, reason: str) -> BadRow:
        """The first line of the current record as a bad row; the lines after it are read again, as rows."""
        number, text = self._taken[0]
        self._again.extendleft(reversed(self._taken[1:]))
        text = text.rstrip("\r\n")
        return not_utf8(number, _bytes(text)) if _has_foreign_bytes(text) else unreadable(number, text, reason)


def _has_foreign_bytes(text: str) -> bool:
    return not text.isascii() and _FOREIGN.search(text) is not None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
