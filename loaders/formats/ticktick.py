"""TickTick's backup as CSV: some lines of preamble, then the header, then one task a row.

- The list is the list. Its folder and other data without a matching field stay in the metadata under their columns.
- `Due Date` is an instant; for an all-day task it is the day in the row's `Timezone`.
- `Repeat` is the rule if it follows RFC 5545; TickTick's own kinds of repetition stay in the metadata.
- Archived (2) and abandoned (-1) tasks no longer need to be done, so they are loaded as completed, and their status is
  kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from chalicelib.todos.fields import MAX_ORDER
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.record import Record, one_of, whole_number
from loaders.rows.row import BadRow, Row
from loaders.rows.table import Table, header_of
from loaders.rows.zones import rfc_3339, zone_of

NAME = "ticktick"
SYSTEM = "ticktick"

_PRIORITIES: Final = {"0": "none", "1": "low", "3": "medium", "5": "high"}
_STATUSES: Final = {"0": False, "1": True, "2": True, "-1": True}
_IMPLIED: Final = ("0", "1")


def recognise(head: bytes) -> Certainty:
    headers = map(header_of, head.decode("utf-8", "replace").splitlines()[:100])
    return Certainty.CERTAIN if any(header and _is_header(header[0]) for header in headers) else Certainty.NO


def _is_header(names: list[str]) -> bool:
    return {"List Name", "Title", "Status", "Is All Day"} <= set(names)


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    for found in Table(file, _is_header).rows():
        yield found if isinstance(found, BadRow) else row_of(*found, how)


def row_of(line: int, cells: dict[str, str], how: ReadOptions) -> Row | BadRow:
    record = Record(line, cells, cells)
    record.take("title", "Title")
    record.take("notes", "Content")
    record.take("list", "List Name")
    record.take("tags", "Tags", lambda tags: [tag for part in tags.split(",") if (tag := part.strip().lstrip("#"))])
    record.take("priority", "Priority", one_of(_PRIORITIES))
    record.take("completed", "Status", one_of(_STATUSES))
    if (status := cells.get("Status", "0")) not in _IMPLIED:
        record.rest["Status"] = status
    record.take("due", "Due Date", lambda text: _due(text, cells))
    record.take_rule("Repeat")
    record.take("order", "Order", whole_number)
    if abs(record.fields.get("order") or 0) > MAX_ORDER:
        record.rest["Order"] = str(record.fields.pop("order"))
    return record.row("taskId", "parentId")


def _due(text: Any, cells: dict[str, str]) -> str:
    try:
        instant = datetime.strptime(text.strip(), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        raise ValueError("expected a date-time as TickTick writes it, such as 2026-12-01T09:00:00+0000") from None
    local = instant.astimezone(zone_of(cells.get("Timezone", "UTC")) or instant.tzinfo)
    return local.date().isoformat() if cells.get("Is All Day", "").casefold() == "true" else rfc_3339(local)
