"""Tables as text: a header line and rows of cells, separated by commas, semicolons or tabs (RFC 4180)."""

from __future__ import annotations

import importlib.util
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import Any, Final

from loaders.errors import UnreadableFile
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.names import normalise_name
from loaders.rows.row import BadRow, bad_row, not_utf8

_SEPARATORS: Final = (",", ";", "\t")
# Many times a todo's longest notes: in a longer cell, a quote is not closed, or the line is not a row.
_MAX_CELL_CHARACTERS: Final = 1024 * 1024
# More lines than the longest notes can have.
_MAX_ROW_LINES: Final = 20_000
_MAX_PREAMBLE_LINES: Final = 100
_MAX_HEADER_CHARACTERS: Final = 64 * 1024
_MAX_KEPT_HEADER: Final = 4 * 1024
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


class Table:
    """A table with a header. Its separator is the one that occurs most in the header.

    Parameters
    ----------
    file : Input
    is_header : callable, optional
        Whether a line with these names is the header, where a preamble may come before it. By default the first line
        is the header.
    header : tuple, optional
        The names and the separator, if the file has rows only.

    Attributes
    ----------
    names : list of str
    separator : str

    Raises
    ------
    UnreadableFile
        There is no header, or two columns have the same name.
    """

    def __init__(
        self,
        file: Input,
        is_header: Callable[[list[str]], bool] | None = None,
        *,
        header: tuple[list[str], str] | None = None,
    ) -> None:
        self._lines = _Lines(file)
        self.names, self.separator = header or self._header(is_header)

    @property
    def context(self) -> dict[str, Any]:
        """What a row is read by: the header, unless it is so long that no rejected row should repeat it."""
        is_short = sum(map(len, self.names)) <= _MAX_KEPT_HEADER
        return {"columns": self.names, "separator": self.separator} if is_short else {}

    def rows(self, *, is_damaged: bool = False) -> Iterator[tuple[int, dict[str, str]] | BadRow]:
        """Each row's line and its non-empty cells by column name; empty rows are skipped.

        After a broken quote, a line may be the rest of the row before it; only a line with every column is a row.
        `is_damaged` says that the file begins so.
        """
        lines, width = self._lines, len(self.names)
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        while True:
            lines.begin_record()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield lines.give_up_record(_explain(error))
                is_damaged = True
                reader = csv.reader(lines, delimiter=self.separator, strict=True)
                continue
            if not any(map(str.strip, cells)):
                continue
            if lines.has_foreign_bytes:
                yield not_utf8(lines.first, _bytes(lines.record))
            elif len(cells) > width or (is_damaged and len(cells) < width):
                reason = f"has {len(cells)} values where the header has {width} names"
                yield bad_row(lines.first, lines.record, reason)
            else:
                is_damaged = False
                yield lines.first, {name: cell for name, cell in zip(self.names, cells, strict=False) if cell.strip()}

    def _header(self, is_header: Callable[[list[str]], bool] | None) -> tuple[list[str], str]:
        for _ in range(_MAX_PREAMBLE_LINES):
            self._lines.begin_record()
            text = next(self._lines, None)
            if text is None:
                break
            if len(text) > _MAX_HEADER_CHARACTERS:
                raise UnreadableFile(
                    f"line {self._lines.first}: a header of more than {_MAX_HEADER_CHARACTERS} characters"
                )
            if self._lines.has_foreign_bytes:
                raise UnreadableFile(f"line {self._lines.first}: not UTF-8: save the file in that encoding")
            split = header_of(text)
            if split is not None and (is_header is None or is_header(split[0])):
                _check_names(split[0], self._lines.first)
                return split
            if is_header is None:
                break
        raise UnreadableFile("line 1: no header: expected the columns' names, one of them title")


def header_in(context: Mapping[str, Any]) -> tuple[list[str], str] | None:
    """The names and the separator that `Table.context` kept; None if it did not, or somebody has changed them."""
    names, separator = context.get("columns"), context.get("separator")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    is_header = 0 < len(names) <= _MAX_KEPT_HEADER and separator in _SEPARATORS
    return (names, str(separator)) if is_header else None


def read_record(line: int, text: str, header: tuple[list[str], str], reason: str) -> dict[str, str] | BadRow:
    """A row that was rejected for a reason and is written as its line, read again by the table's header.

    Raises
    ------
    UnreadableFile
        It is empty, or not text.
    """
    for is_damaged in (True, False):
        table = Table(Input(BytesIO(text.encode("utf-8", "surrogatepass"))), header=header)
        found, more = [*islice(table.rows(is_damaged=is_damaged), 2), None, None][:2]
        # A line with too few cells is a row, unless it was taken for the rest of the row before it.
        if not isinstance(found, BadRow) or found.errors[0].detail == reason:
            break
    if isinstance(found, BadRow):
        detail = found.errors[0].detail
        # Which quote is wrong may depend on the lines after it.
        return bad_row(line, text, reason if detail.startswith(_QUOTE) and reason.startswith(_QUOTE) else detail)
    if found is None or more is not None:
        return bad_row(line, text, "expected one row")
    return found[1]


def header_of(line: str) -> tuple[list[str], str] | None:
    """The names in a header line and the separator between them; None if the line cannot be a header."""
    attempts = {}
    for separator in _SEPARATORS:
        # A line that is quoted correctly for one separator may be broken for another.
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
        if (plain := normalise_name(name)) in seen:
            first = seen[plain]
            raise UnreadableFile(
                f"line {line}: two columns have the same name: {first!r} and {name!r}; rename or remove one"
            )
        seen[plain] = name


_QUOTE: Final = "a quote "


def _explain(error: Exception) -> str:
    detail = str(error)
    if "unexpected end" in detail or "field limit" in detail:
        return (
            f"a quote is not closed, or a value has more than {_MAX_CELL_CHARACTERS} characters, or a row more than"
            f" {MAX_ROW_BYTES}"
        )
    if "expected after" in detail:
        return "a quote ends in the middle of a value: it was not closed in time, or a quote in the text is not doubled"
    return f"not CSV: {detail}"


class _Lines:
    """The file's lines as text. Those of the current record are kept, to be read again if it is broken.

    Attributes
    ----------
    first : int
        The line that the current record begins in.
    has_foreign_bytes : bool
        Whether the current record is not UTF-8.
    """

    def __init__(self, file: Input) -> None:
        self._lines = file.lines()
        self._again: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []
        self._size = 0
        self.has_foreign_bytes = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, text = self._again.popleft() if self._again else self._next_line()
        self._taken.append((number, text))
        self._size += len(text)
        if self._size > MAX_ROW_BYTES or len(self._taken) > _MAX_ROW_LINES:
            # Each value may be short, and there may be any number of them.
            raise csv.Error("field limit of the record")
        self.has_foreign_bytes = self.has_foreign_bytes or _has_foreign_bytes(text)
        return text

    def _next_line(self) -> tuple[int, str]:
        # Only the beginning of an endless line is here. It is too long for any todo, so it will be refused.
        number, line, _ = next(self._lines)
        return number, line.decode("utf-8", "surrogateescape")

    def begin_record(self) -> None:
        self._taken.clear()
        self._size = 0
        self.has_foreign_bytes = False

    @property
    def first(self) -> int:
        return self._taken[0][0]

    @property
    def record(self) -> str:
        return "".join(text for _, text in self._taken).rstrip("\r\n")

    def give_up_record(self, reason: str) -> BadRow:
        """Reject the first line of the current record; the lines after it are read again, as rows."""
        number, text = self._taken[0]
        self._again.extendleft(reversed(self._taken[1:]))
        text = text.rstrip("\r\n")
        return not_utf8(number, _bytes(text)) if _has_foreign_bytes(text) else bad_row(number, text, reason)


def _has_foreign_bytes(text: str) -> bool:
    return not text.isascii() and _FOREIGN.search(text) is not None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
