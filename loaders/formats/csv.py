"""CSV (RFC 4180) with a header line, separated by commas, semicolons or tabs (TSV), whichever the header has most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loaders.errors import UnreadableFile
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import interpret, plan_for
from loaders.rows.row import BadRow, Row
from loaders.rows.table import Table, header_in

NAME = "csv"
IS_GENERIC = True
ROWS_ARE_IN_ORDER = True


def recognise(head: bytes) -> Certainty:
    """Any text may be CSV; its header shows whether it is when it is read."""
    return Certainty.NO if head.lstrip()[:1] in (b"{", b"[") else Certainty.POSSIBLE


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    table = Table(file)
    names = how.names
    has = f"the header has {', '.join(map(repr, table.names))}"
    if missing := set(names.values()) - set(table.names):
        raise UnreadableFile(f"--map names the column {min(missing)!r}, which does not exist: {has}")
    how.context.update(table.context)
    plan = plan_for(table.names, how, table.separator)
    if not plan.has_title:
        raise UnreadableFile(
            f"none of its columns is a title: {has}; rename one to title (or task, name, summary),"
            " or use --map title=COLUMN. For a plain list with one task a line, use --format todo.txt"
        )
    for row in table.rows():
        yield row if isinstance(row, BadRow) else interpret(*row, plan)


def row_of(line: int, cells: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of cells by their columns; those that the row does not have are columns of the file nevertheless."""
    names, separator = header_in(how.context) or ([], ",")
    return interpret(line, cells, plan_for(dict.fromkeys([*names, *cells]), how, separator))
