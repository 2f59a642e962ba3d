"""Todoist's CSV, a project as a template (todoist.com/help: "Format a CSV file to import into Todoist").

- A section is the list of the tasks below it. `meta` rows describe how the project is displayed and are not todos.
- An indented task is a subtask of the nearest task before it with less indentation.
- A note belongs to the task before it. Its text follows the description in the todo's notes; `comments` in the
  metadata has its other cells and its number of lines.
- Labels (``@errand``) are tags. They are removed from the end of the title, but stay in its middle.
- A numeric date is `due`, in the row's time zone if it has a time of day (UTC without a zone). A date in words ("every
  day") is kept in the metadata, because its meaning depends on when it was written, which the file does not say.
- Priority 1 is the highest; 4 means none.

The file has no ids. A task's id is derived from its section, its parent, its text and how often these came before, so
that it stays the same todo when its date or priority changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from chalicelib.todos.events import canonical_json
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.record import Record, one_of, strip_trailing_tags, whole_number
from loaders.rows.row import BadRow, Row, bad_row
from loaders.rows.seen import Seen
from loaders.rows.table import Table, header_of
from loaders.rows.zones import rfc_3339, zone_of

NAME = "todoist"
SYSTEM = "todoist"

_PRIORITIES: Final = {"1": "high", "2": "medium", "3": "low", "4": "none"}
_MAX_DEPTH: Final = 1_000
_MAX_NOTES: Final = 10_000
_LABEL: Final = re.compile(r"(?<!\S)@(\S+)")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?", re.ASCII)


def recognise(head: bytes) -> Certainty:
    header = header_of(head.split(b"\n", 1)[0].decode("utf-8", "replace"))
    is_todoist = header is not None and {"TYPE", "CONTENT", "INDENT"} <= set(header[0])
    return Certainty.CERTAIN if is_todoist else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    task: _Task | None = None
    with Seen() as seen:
        outline = _Outline(seen)
        for found in Table(file).rows():
            if isinstance(found, BadRow):
                kind = ""
            else:
                line, cells = found
                kind = cells.get("TYPE", "").strip().casefold()
            if kind == "note" and task is not None and task.has_room_for(cells):
                task.notes.append(cells)
                continue
            if task is not None:
                yield task.row()
                task = None
            if isinstance(found, BadRow):
                yield found
            elif kind == "task":
                task = outline.task(line, cells)
            elif kind == "section":
                outline.section = cells.get("CONTENT", "").strip()
            elif kind == "note":
                yield bad_row(line, cells, "a note that does not follow a readable task")
            elif kind != "meta":
                yield bad_row(line, cells, f"expected a TYPE of task, section, note or meta, not {kind!r:.80}")
        if task is not None:
            yield task.row()


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task with its notes, which includes its place in the project: section, id and parent."""
    cells = {name: cell for name, cell in original.items() if name not in ("section", "id", "parent", "notes")}
    task = _Task(line, cells, original.get("section", ""), original.get("id"), original.get("parent"))
    task.notes = original.get("notes", [])
    if not all(isinstance(cell, str) for row in (cells, *task.notes) for cell in row.values()):
        return bad_row(line, original, "expected only texts, also in the notes")
    return task.row()


class _Outline:
    """The place of the next task in the project: its section, and the tasks that may be its parents."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._section = ""
        self._above: list[tuple[int, str]] = []

    @property
    def section(self) -> str:
        return self._section

    @section.setter
    def section(self, name: str) -> None:
        self._section = name
        self._above.clear()

    def task(self, line: int, cells: dict[str, str]) -> _Task:
        try:
            depth = whole_number(cells.get("INDENT", 1))
        except ValueError:
            # Refused when it is read; its subtasks get its parent.
            depth = 1
        while self._above and self._above[-1][0] >= depth:
            self._above.pop()
        parent = self._above[-1][1] if self._above else None
        digest = hashlib.sha256(canonical_json([self._section, parent, cells.get("CONTENT")]).encode()).hexdigest()[:32]
        _, occurrence = self._seen.note(digest, line)
        own_id = f"{digest}#{occurrence}"
        self._above.append((depth, own_id))
        # Nobody indents so deep; the outermost is forgotten, so that memory does not grow with the file.
        del self._above[:-_MAX_DEPTH]
        return _Task(line, cells, self._section, own_id, parent)


class _Task:
    """A task's row with the notes after it."""

    def __init__(self, line: int, cells: dict[str, str], section: str, own_id: str | None, parent: str | None) -> None:
        self._line = line
        self._cells = cells
        self._place = {"section": section, "id": own_id, "parent": parent}
        self.notes: list[dict[str, str]] = []
        self._size = 0

    def has_room_for(self, note: dict[str, str]) -> bool:
        """Whether a note can still be the task's, of which all are in memory at once."""
        self._size += sum(map(len, note.values()))
        return self._size <= MAX_ROW_BYTES and len(self.notes) < _MAX_NOTES

    def row(self) -> Row | BadRow:
        place = {name: value for name, value in self._place.items() if value}
        original: dict[str, Any] = {**self._cells, **place, **({"notes": self.notes} if self.notes else {})}
        record = Record(self._line, original, {**self._cells, **place})
        record.rest.pop("TYPE", None)
        record.take_value("INDENT", whole_number)
        content = self._cells.get("CONTENT", "")
        if labels := _LABEL.findall(content):
            record.fields["tags"] = labels
        record.take(
            "title", "CONTENT", lambda text: strip_trailing_tags(text, lambda word: bool(_LABEL.fullmatch(word)))
        )
        record.take("list", "section")
        record.take("priority", "PRIORITY", one_of(_PRIORITIES))
        self._date(record)
        self._annotate(record)
        return record.row("id", "parent")

    def _date(self, record: Record) -> None:
        zone = self._cells.get("TIMEZONE", "").strip()

        def due(text: str) -> str:
            text = text.strip()
            if len(text) == len("2026-12-01"):
                return date.fromisoformat(text).isoformat()
            return rfc_3339(datetime.fromisoformat(text).replace(tzinfo=zone_of(zone) if zone else None))

        if _DATE.fullmatch(self._cells.get("DATE", "").strip()):
            record.take("due", "DATE", due)

    def _annotate(self, record: Record) -> None:
        """Join description and notes, and keep what separates them."""
        texts = [note.get("CONTENT", "") for note in self.notes]
        if "DESCRIPTION" in record.rest:
            texts.insert(0, record.rest.pop("DESCRIPTION"))
        if texts:
            record.fields["notes"] = "\n".join(texts)
        if self.notes:
            record.rest["comments"] = [
                {
                    "lines": note.get("CONTENT", "").count("\n") + 1,
                    **{name: cell for name, cell in note.items() if name not in ("TYPE", "CONTENT")},
                }
                for note in self.notes
            ]
