"""CSV (RFC 4180) with a header line; separated by what the header has most of: commas, semicolons or tabs (TSV)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loaders.errors import Unreadable
from loaders.formats import Certainty
from loaders.reading.source import Source
from loaders.rows.fields import NO_NAMES, interpret, plan_for
from loaders.rows.row import BadRow, Row
from loaders.rows.table import Table

NAME = "csv"


def recognise(head: bytes) -> Certainty:
    """Any text may be CSV; whether it is, its header tells when it is read."""
    return Certainty.NO if head.lstrip()[:1] in (b"{", b"[") else Certainty.POSSIBLE


def read(source: Source, names: Mapping[str, str] = NO_NAMES) -> Iterator[Row | BadRow]:
    table = Table(source)
    has = f"the header has {', '.join(map(repr, table.names))}"
    if missing := set(names.values()) - set(table.names):
        raise Unreadable(f"--map names the column {min(missing)!r}, which is not there: {has}")
    plan = plan_for(table.names, names)
    if not plan.has_title:
        raise Unreadable(
            f"none of its columns is a title: {has}; name one of them title (or task, name, summary),"
            " or tell which it is: --map title=COLUMN. A plain list, one task a line, is --format todo.txt"
        )
    for row in table.rows():
        yield row if isinstance(row, BadRow) else interpret(*row, plan)
