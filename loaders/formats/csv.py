"""CSV (RFC 4180) with a header line; separated by commas, semicolons or tabs, whichever the header has most of."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from loaders import fields
from loaders.errors import Unreadable
from loaders.formats import Certainty
from loaders.rows import BadRow, Row, not_utf8, unreadable
from loaders.source import Source

NAME = "csv"

_SEPARATORS: Final = (",", ";", "\t")
# Many times a todo's longest notes: beyond it, a quote was never closed, or the line is no row.
_MAX_CELL_CHARACTERS: Final = 1024 * 1024
# What bytes that are no UTF-8 are decoded to (PEP 383); UTF-8 itself cannot hold them.
_FOREIGN: Final = re.compile("[\ud800-\udfff]")


def recognise(head: bytes) -> Certainty:
    """Any text may be CSV; whether it is, its header tells when it is read."""
    return Certainty.NO if head.lstrip()[:1] in (b"{", b"[") else Certainty.POSSIBLE


def read(source: Source) -> Iterator[Row | BadRow]:
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    lines = _Lines(source)
    names, separator = _header(lines)
    plan = fields.plan_for(names)
    if not plan.has_title:
        raise Unreadable(
            f"none of its columns is a title: the header has {', '.join(map(repr, names))};"
            " name one of them title (or task, name, summary)"
        )
    # After a broken quote a line may be the rest of the row before it: only one with every column is taken for a row.
    is_damaged = False
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.give_up_record(_explained(error))
            is_damaged = True
            reader = csv.reader(lines, delimiter=separator, strict=True)
            continue
        if not any(map(str.strip, cells)):
            continue
        if lines.has_foreign_bytes:
            yield not_utf8(lines.first, _bytes(lines.record))
        elif len(cells) > len(names) or (is_damaged and len(cells) < len(names)):
            complaint = f"has {len(cells)} values where the header has {len(names)} names"
            yield unreadable(lines.first, lines.record, complaint)
        else:
            is_damaged = False
            row = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
            yield fields.interpret(lines.first, row, plan)


def _header(lines: _Lines) -> tuple[list[str], str]:
    lines.begin_record()
    text = next(lines, "")
    if lines.has_foreign_bytes:
        raise Unreadable("line 1: not UTF-8: save the file in that encoding")
    try:
        attempts = {separator: next(csv.reader([text], delimiter=separator, strict=True)) for separator in _SEPARATORS}
    except (csv.Error, StopIteration):
        raise Unreadable("line 1: no header: expected the columns' names, one of them title") from None
    separator = max(_SEPARATORS, key=lambda candidate: len(attempts[candidate]))
    names = [name.strip() or f"column {number}" for number, name in enumerate(attempts[separator], start=1)]
    seen: dict[str, str] = {}
    for name in names:
        if (plain := fields.loose(name)) in seen:
            raise Unreadable(f"line 1: two columns have one name: {seen[plain]!r} and {name!r}; rename or remove one")
        seen[plain] = name
    return names, separator


def _explained(error: csv.Error) -> str:
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
