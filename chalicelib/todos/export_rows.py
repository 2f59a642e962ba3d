"""Todos as rows of a file: JSON Lines and CSV, from which `loaders` makes the same todos again.

A row has every field of a todo as the API answers it. In CSV (RFC 4180) a null is an empty cell and an empty text a
quoted one; what is neither text nor null is JSON. Nothing is altered for spreadsheets, not even a text that begins
like a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.todos.events import CONTENT_FIELDS, dump_json

COLUMNS: Final = ("id", "version", *CONTENT_FIELDS, "completed_at", "created_at", "updated_at", "url")
# Their cells hold JSON; the others a text.
JSON_COLUMNS: Final = frozenset({"version", "completed", "tags", "order", "metadata"})


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as JSON Lines, each with the fields of `COLUMNS` in their order."""
    return "".join(dump_json({name: row[name] for name in COLUMNS}) + "\n" for row in rows)


def csv_header() -> str:
    """The first line of a CSV export (RFC 4180)."""
    return ",".join(COLUMNS) + "\r\n"


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows without a header, so that the pages of an export make one file."""
    return "".join(",".join(_cell(name, row[name]) for name in COLUMNS) + "\r\n" for row in rows)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    text: str = dump_json(value) if name in JSON_COLUMNS else value
    quoted = text.replace('"', '""')
    return f'"{quoted}"'
