"""This service's own export (`GET /export`), as JSON Lines or CSV: every todo as it was, under its own id.

A todo's id is unique to its owner, so another owner can have the same id, and parents need no translation. Loading an
export where it comes from adds nothing. A todo keeps when it was created and completed; its history, and with it its
version and when it was updated, begins anew.

A program may have saved the file again: with its columns or members in another order, fewer of them, every cell quoted,
another separator, as an array or on several lines. It is recognised by its names. A field that it no longer has stays
as it is in a todo that exists. What may be an export or not is refused until `--format` says which.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from chalicelib.todos import ids, strict_json
from chalicelib.todos.content import FieldError, pointer
from chalicelib.todos.events import CONTENT_FIELDS, SOURCE_TIMES
from chalicelib.todos.export_rows import COLUMNS, JSON_COLUMNS
from loaders.errors import UnreadableFile
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.json_containers import holder_of, read_held
from loaders.rows.json_objects import read_objects
from loaders.rows.json_shape import Outline, shape_of
from loaders.rows.loss import shown
from loaders.rows.row import BadRow, Row, bad_row, not_utf8
from loaders.rows.table import header_in

NAME = "todo-ledger"

_SEPARATORS: Final = (",", ";", "\t", "|")
_SEPARATOR_LINE: Final = re.compile(rb"(?i)\"?sep=[,;|\t]\"?\s*\Z")
# The names by which an export is told from another list of todos.
_SIGNS: Final = frozenset(
    {"version", "remind_at", "repeat_from", "time_zone", "completed_at", "created_at", "updated_at", "url"}
)
_CERTAIN_SIGNS: Final = 4
_CERTAIN_SIGNS_AMONG_OTHERS: Final = 6
# So few names that are all ours may be anybody's, whatever the ids are.
_MIN_NAMES: Final = 4
# The versions of the ids that this service makes (RFC 9562).
_OUR_VERSIONS: Final = (5, 7)
# What spreadsheets write, in some of their languages.
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "1", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "prawda"), True),
    **dict.fromkeys(("false", "0", "falsch", "faux", "falso", "onwaar", "fałsz"), False),
}  # fmt: skip
_DECIMAL_COMMA: Final = re.compile(r"-?\d+,\d+", re.ASCII)

_UNSURE: Final = (
    "it may be an export of this service, of which columns were removed: name it with --format todo-ledger; its todos"
    " then keep their ids, and the fields that it does not have. If it is another list, use --format csv, json or jsonl"
)


def recognise(head: bytes) -> Certainty:
    return Certainty.NO if _judge(*_names_in(head)) is None else Certainty.CERTAIN


def check_recognised(head: bytes) -> None:
    """See that a file which was recognised is certainly an export, and has what an export needs.

    Raises
    ------
    UnreadableFile
    """
    if refusal := _judge(*_names_in(head)):
        raise UnreadableFile(refusal)


def _judge(names: Iterable[str], first_id: Any) -> str | None:
    """Whether rows with these names are an export's: empty if so, None if not, else why nobody can say or read it."""
    found = set(names)
    signs, has_others = len(found & _SIGNS), not found <= set(COLUMNS)
    is_ours = _is_our_id(first_id)
    if has_others:
        is_sure = signs >= _CERTAIN_SIGNS_AMONG_OTHERS and {"version", "remind_at"} <= found
    else:
        is_sure = signs >= _CERTAIN_SIGNS and ("version" in found or is_ours)
    if is_sure and first_id is not None and not (isinstance(first_id, str) and ids.is_todo_id(first_id.strip())):
        return None
    if is_sure:
        missing = [name for name in ("id", "title") if name not in found]
        return f"it is an export of this service without {' and '.join(missing)}, which it needs" if missing else ""
    may_be_ours = not has_others and {"id", "title"} <= found and len(found) >= _MIN_NAMES and is_ours
    return _UNSURE if may_be_ours else None


def _is_our_id(value: Any) -> bool:
    return isinstance(value, str) and bool(ids.is_todo_id(value)) and uuid.UUID(value).version in _OUR_VERSIONS


def _names_in(head: bytes) -> tuple[Iterable[str], Any]:
    """The names in the beginning of a file, and the id of the first row as far as it is there."""
    if head.lstrip()[:1] in (b"{", b"["):
        outline = shape_of(head).first or Outline()
        holder = holder_of(outline, {})
        rows = (outline if holder is None else outline.arrays[holder]) or Outline()
        return rows.values, rows.values.get("id")
    header = _Header.of(head)
    if header is None:
        return (), None
    return header.names, header.first_id(head)


@dataclass(frozen=True, slots=True)
class _Header:
    """The first line of a table.

    Attributes
    ----------
    line : bytes
        It as it is written.
    is_quoted : bool
        Every cell is quoted, so that an empty one says nothing; otherwise it is an empty text if it is quoted.
    """

    line: bytes
    names: tuple[str, ...]
    separator: str
    is_quoted: bool

    @classmethod
    def of(cls, head: bytes) -> _Header | None:
        """The header in the beginning of a file; None if no separator makes one of our names."""
        lines = head.split(b"\n", 2)
        line = lines[1] if _SEPARATOR_LINE.match(lines[0]) and len(lines) > 1 else lines[0]
        text = line.decode("utf-8", "replace").strip()
        best: tuple[str, ...] = ()
        separator = ""
        for each in _SEPARATORS:
            try:
                names = tuple((name or "").strip() for name in _split(text, each))
            except ValueError:
                continue
            if len(set(names) & set(COLUMNS)) > len(set(best) & set(COLUMNS)):
                best, separator = names, each
        while best and not best[-1]:
            best = best[:-1]
        return cls(line.rstrip(), best, separator, '"' in text) if separator else None

    def first_id(self, head: bytes) -> str | None:
        """The id in the first row."""
        if "id" not in self.names:
            return None
        _, _, rest = head.partition(self.line)
        text = rest.decode("utf-8", "replace").lstrip("\r\n")
        place = self.names.index("id")
        try:
            return next((cell for number, cell in enumerate(_each_cell(text, self.separator)) if number == place), None)
        except ValueError:
            return None

    def parse(self, text: str) -> dict[str, Any] | None:
        """The values of a row, None for an empty one.

        Raises
        ------
        ValueError
        """
        cells = [None if cell == "" and self.is_quoted else cell for cell in _split(text, self.separator)]
        while len(cells) > len(self.names) and not cells[-1]:
            cells.pop()
        if not any(cells):
            return None
        if len(cells) != len(self.names):
            raise ValueError(f"has {len(cells)} values where the header has {len(self.names)} names")
        return {name: _value(name, cell) for name, cell in zip(self.names, cells, strict=True)}

    def check(self) -> None:
        """See that the columns are an export's.

        Raises
        ------
        UnreadableFile
        """
        missing = [name for name in ("id", "title") if name not in self.names]
        others = [name for name in self.names if name not in COLUMNS]
        twice = [name for name, times in Counter(self.names).items() if times > 1]
        if missing:
            raise UnreadableFile(f"an export needs the columns id and title; {' and '.join(missing)} is not there")
        if others:
            raise UnreadableFile(
                f"an export of this service has no columns {shown(map(repr, others))}: remove them, or write what they"
                " say into the column metadata, as JSON"
            )
        if twice:
            raise UnreadableFile(f"two columns have the same name: {twice[0]!r}; remove one")


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    if file.head.lstrip()[:1] in (b"{", b"["):
        shape, interpret = shape_of(file.head), partial(row_of, how=how)
        is_held = shape.first is not None and holder_of(shape.first, {}) is not None
        yield from read_held(file, shape, interpret, {}) if is_held else read_objects(file, interpret)
        return
    header = _Header.of(file.head)
    if header is None:
        raise UnreadableFile("its first line has no columns of an export")
    header.check()
    how.context.update(columns=list(header.names), separator=header.separator, is_quoted=header.is_quoted)
    for number, content in _records(file, header.line):
        try:
            text = content.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            yield not_utf8(number, content)
            continue
        if (row := _read(number, text, header, how)) is not None:
            yield row


def row_of_text(line: int, text: str, how: ReadOptions) -> Row | BadRow:
    """The row of a line of CSV."""
    names, separator = header_in(how.context) or (list(COLUMNS), ",")
    header = _Header(b"", tuple(names), separator, how.context.get("is_quoted") is True)
    return _read(line, text, header, how) or bad_row(line, text, "expected one row")


def _read(line: int, text: str, header: _Header, how: ReadOptions) -> Row | BadRow | None:
    try:
        row = header.parse(text)
    except ValueError as error:
        return bad_row(line, text, str(error))
    return None if row is None else row_of(line, row, how)


def _records(file: Input, header: bytes) -> Iterator[tuple[int, bytes]]:
    """Each record except the header; a record continues on the next line while a quote is open."""
    pieces: list[bytes] = []
    first = size = 0
    is_open = False
    for number, line, _ in file.lines():
        if not pieces:
            first, size = number, 0
        pieces.append(line)
        size += len(line)
        is_open ^= line.count(b'"') % 2 == 1
        # A longer record has a quote that is never closed: it is given up, and the next line begins a new one.
        if not is_open or size > MAX_ROW_BYTES:
            record = b"".join(pieces)
            # An export's pages, one after the other, may each have the header.
            if record.strip() not in (header, b"") and not (first == 1 and _SEPARATOR_LINE.match(record)):
                yield first, record
            pieces.clear()
            is_open = False
    if pieces:
        yield first, b"".join(pieces)


def _split(text: str, separator: str) -> list[str | None]:
    return list(_each_cell(text, separator))


_CELL: Final = {
    separator: re.compile(
        rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{re.escape(separator)}\n]*))({re.escape(separator)}|\r?\n|\Z)'
    )
    for separator in _SEPARATORS
}


def _each_cell(text: str, separator: str) -> Iterator[str | None]:
    """The cells of a record: None for an empty one, and an empty text for one in quotes."""
    position, follows = 0, separator
    while follows == separator:
        found = _CELL[separator].match(text, position)
        if found is None:
            raise ValueError("a quote is in the wrong place or not closed")
        quoted, bare, follows = found.groups()
        yield quoted.replace('""', '"') if quoted is not None else bare or None
        position = found.end()
    if position < len(text):
        raise ValueError("a quote is in the wrong place or not closed")


def _value(name: str, cell: str | None) -> Any:
    if cell is None or name not in JSON_COLUMNS:
        return cell
    if name == "completed":
        return _boolean(cell)
    if name == "order" and _DECIMAL_COMMA.fullmatch(cell.strip()):
        cell = cell.replace(",", ".")
    try:
        return strict_json.parse(cell) if cell.strip() else None
    except strict_json.NotJson:
        raise ValueError(f"{name}: expected JSON") from None
    except strict_json.JsonError as error:
        raise ValueError(f"{name}: {error}") from None


def _boolean(cell: str) -> bool:
    value = _BOOLEANS.get(cell.strip().casefold())
    if value is None:
        raise ValueError("completed: expected true or false")
    return value


def row_of(line: int, row: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    errors = [FieldError(pointer(name), "unknown field") for name in row.keys() - set(COLUMNS)]
    todo_id = row.get("id")
    if not isinstance(todo_id, str) or not ids.is_todo_id(todo_id):
        errors.append(FieldError(pointer("id"), "expected a todo's id: a lower-case UUID"))
    if errors:
        return BadRow(line, row, errors)
    fields = {name: row[name] for name in (*CONTENT_FIELDS, *SOURCE_TIMES) if row.get(name) is not None}
    unstated = tuple(name for name in CONTENT_FIELDS if name not in row)
    return Row(line, row, fields, own_id=todo_id, keeps_id=True, unstated=unstated)
