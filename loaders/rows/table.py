"""Tables as text: a header and rows of cells, separated by commas, semicolons, tabs or bars (RFC 4180).

What spreadsheets add is left out: a first line ``sep=;``, blank lines before the header, and empty cells behind the
last column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import Any, Final

from loaders.errors import UnreadableFile
from loaders.reading.input import Input
from loaders.rows.names import has_title, normalise_name
from loaders.rows.records import ABOUT_QUOTES, BrokenRow, Lines, bytes_of, csv, explain_csv_error
from loaders.rows.row import BadRow, bad_row, not_utf8

_SEPARATORS: Final = (",", ";", "\t")
# Only where the others make no header with a title, since a name may hold one.
_RARE_SEPARATOR: Final = "|"
# What Excel takes for the separator, whichever that is.
_STATED_SEPARATOR: Final = re.compile(r'"?sep=([^\w"\r\n])"?[\r\n]*', re.IGNORECASE)
_MAX_PREAMBLE_LINES: Final = 100
_MAX_HEADER_LINES: Final = 100
_MAX_HEADER_CHARACTERS: Final = 64 * 1024
_MAX_KEPT_HEADER: Final = 4 * 1024


class Table:
    """A table with a header. Its separator is the one that occurs most in the header, unless the first line states it.

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
        self._lines = Lines(file)
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
        broken: BrokenRow | None = None
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        while True:
            lines.begin_record()
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                if broken is not None:
                    yield broken.row()
                broken = BrokenRow(*lines.give_up_record(), explain_csv_error(error))
                is_damaged = True
                reader = csv.reader(lines, delimiter=self.separator, strict=True)
                continue
            if not any(map(str.strip, cells)):
                continue
            is_too_long = len(cells) > width and any(map(str.strip, islice(cells, width, None)))
            is_short = is_damaged and len(cells) < width
            if is_short and broken is not None and broken.takes(lines.record):
                continue
            if broken is not None:
                yield broken.row()
                broken = None
            if lines.has_foreign_bytes:
                yield not_utf8(lines.first, bytes_of(lines.record))
            elif is_too_long or is_short:
                yield bad_row(lines.first, lines.record, self._misfit(cells))
            else:
                is_damaged = False
                yield lines.first, {name: cell for name, cell in zip(self.names, cells, strict=False) if cell.strip()}
        if broken is not None:
            yield broken.row()

    def _misfit(self, cells: list[str]) -> str:
        """Why a row does not have the header's columns."""
        reason = f"has {len(cells)} values where the header has {len(self.names)} names"
        if len(cells) < len(self.names):
            return reason + ", behind a row that is broken: it may be the rest of that"
        more = next(cell for cell in cells[len(self.names) :] if cell.strip())
        return reason + f": {more!r:.80} has no column; a value with a separator in it must be in quotes"

    def _header(self, is_header: Callable[[list[str]], bool] | None) -> tuple[list[str], str]:
        stated: str | None = None
        for _ in range(_MAX_PREAMBLE_LINES):
            text = self._header_text()
            if text is None:
                break
            if stated is None and (found := _STATED_SEPARATOR.fullmatch(text)) is not None:
                stated = found[1]
                continue
            split = header_of(text, stated)
            if split is not None and (is_header is None or is_header(split[0])):
                if not text.strip(f" \r\n{split[1]}"):
                    continue
                _check_names(split[0], self._lines.first)
                return split
            if is_header is None:
                break
        raise UnreadableFile(
            f"line {self._lines.first if self._lines.record else 1}: no header: expected the columns' names, one of"
            " them title"
        )

    def _header_text(self) -> str | None:
        """The next line that can be a header, with the lines after it that are in its quotes; None at the end."""
        lines = self._lines
        lines.begin_record()
        text = next(lines, None)
        if text is None:
            return None
        _check_header(text, lines)
        for _ in range(_MAX_HEADER_LINES):
            if text.count('"') % 2 == 0:
                return text
            more = next(lines, None)
            if more is None:
                break
            text += more
            _check_header(text, lines)
        return lines.keep_first()


def header_in(context: Mapping[str, Any]) -> tuple[list[str], str] | None:
    """The names and the separator that `Table.context` kept; None if it did not, or somebody has changed them."""
    names, separator = context.get("columns"), context.get("separator")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    is_separator = isinstance(separator, str) and _STATED_SEPARATOR.fullmatch(f"sep={separator}") is not None
    return (names, str(separator)) if is_separator and 0 < len(names) <= _MAX_KEPT_HEADER else None


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
        return bad_row(
            line, text, reason if detail.startswith(ABOUT_QUOTES) and reason.startswith(ABOUT_QUOTES) else detail
        )
    if found is None or more is not None:
        return bad_row(line, text, "expected one row")
    return found[1]


def header_of(text: str, separator: str | None = None) -> tuple[list[str], str] | None:
    """The names in a header and the separator between them; None if the text cannot be a header."""
    attempts = {}
    for candidate in (separator,) if separator else (*_SEPARATORS, _RARE_SEPARATOR):
        # A line that is quoted correctly for one separator may be broken for another.
        with suppress(csv.Error, StopIteration):
            attempts[candidate] = _names_in(next(csv.reader([text], delimiter=candidate, strict=True)))
    usual = [candidate for candidate in attempts if candidate != _RARE_SEPARATOR or candidate == separator]
    if not usual:
        return None
    best = max(usual, key=lambda candidate: len(attempts[candidate]))
    if not has_title(attempts[best]):
        titled = [candidate for candidate, names in attempts.items() if has_title(names)]
        best = max(titled, key=lambda candidate: len(attempts[candidate]), default=best)
    return attempts[best], best


def may_have_columns(head: bytes, names: Iterable[str]) -> bool:
    """Whether a file that begins with `head` may have these columns, of English names: each word of theirs is there.

    That is seen at once of nearly all files. To look for a header takes longer than to read a thousand rows.
    """
    return all(word in head for name in names for word in name.encode().split())


def header_in_head(head: bytes, is_header: Callable[[list[str]], bool] | None = None) -> tuple[list[str], str] | None:
    """The header of a table that begins with `head`, for its recogniser; None if there is none."""
    try:
        table = Table(Input(BytesIO(head[:_MAX_HEADER_CHARACTERS])), is_header)
    except UnreadableFile:
        return None
    return table.names, table.separator


def _names_in(cells: list[str]) -> list[str]:
    """The names of columns: those that have none get one, and one on several lines is on one."""
    return [" ".join(cell.splitlines()).strip() or f"column {number}" for number, cell in enumerate(cells, start=1)]


def _check_header(text: str, lines: Lines) -> None:
    if len(text) > _MAX_HEADER_CHARACTERS:
        raise UnreadableFile(f"line {lines.first}: a header of more than {_MAX_HEADER_CHARACTERS} characters")
    if lines.has_foreign_bytes:
        raise UnreadableFile(f"line {lines.first}: not UTF-8: save the file in that encoding")


def _check_names(names: list[str], line: int) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if (plain := normalise_name(name)) in seen:
            first = seen[plain]
            raise UnreadableFile(
                f"line {line}: two columns have the same name: {first!r} and {name!r}; rename or remove one"
            )
        seen[plain] = name
