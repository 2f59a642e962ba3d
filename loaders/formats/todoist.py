"""Todoist's CSV, a project as a template (todoist.com/help: "Format a CSV file to import into Todoist").

- `meta` rows describe how the project is displayed and are not todos.
- An indented task is a subtask of the nearest task before it with less indentation.
- A note belongs to the task before it. Its text follows the description in the todo's notes; `comments` in the
  metadata has its other cells and its number of lines.
- Labels (``@errand``) are tags. They are removed from the end of the title, but stay in its middle.
  A task that cannot be completed keeps the sign of that, an asterisk before its text.
- A date with its year is `due` (`loaders.rows.english_dates`), a time of day in the row's zone, otherwise in that of
  --timezone. Other words ("every day", "tomorrow") are kept in the metadata, because their meaning depends on when they
  were written, which the file does not say. So are a deadline and a duration.
- Priority 1 is the highest; 4 means none.
- A section is a list. Outside of sections, the list is the project, whose name is the file's: "Garden.csv", or
  "Garden [2203306141].csv" in a backup. The order is that of the rows.

The file has no ids. A task's id is derived from its project, its section, its parent, its text and how often these came
before, so that it stays the same todo when its date or priority changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.todos.content import is_acceptable
from chalicelib.todos.events import canonical_json
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.english_dates import moment_of
from loaders.rows.record import Record, fitting_tags, one_of, strip_trailing_tags, whole_number
from loaders.rows.row import BadRow, Row, bad_row
from loaders.rows.seen import Seen
from loaders.rows.table import Table, header_of
from loaders.rows.zones import zone_of

NAME = "todoist"
SYSTEM = "todoist"

_LOST_NOTE: Final = "a note that does not follow a readable task"

_PRIORITIES: Final = {"1": "high", "2": "medium", "3": "low", "4": "none"}
_MAX_DEPTH: Final = 1_000
_MAX_NOTES: Final = 10_000
_LABEL: Final = re.compile(r"(?<!\S)@(\S+)")
_DATES: Final = ("DATE", "DUE_DATE")
_WORDS: Final = "a date in words was kept as metadata, and the todo has no due date"
_UNKNOWN_ZONE: Final = "a time in an unknown time zone was taken as one of --timezone, or UTC"


# What a row says of a task's place, beside its cells.
_PLACE: Final = ("section", "id", "parent", "order")
# Between the project's name and the task's id within it.
_IN_PROJECT: Final = "/"
# A backup has the project's number behind its name: "Garden [2203306141].csv".
_NUMBER: Final = re.compile(r"\s*\[\w+\]\Z")


def recognise(head: bytes) -> Certainty:
    header = header_of(head.split(b"\n", 1)[0].decode("utf-8", "replace"))
    names = set(header[0]) if header is not None else set()
    is_todoist = {"TYPE", "CONTENT"} <= names and bool(names & {"INDENT", "PRIORITY"})
    return Certainty.CERTAIN if is_todoist else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    task: _Task | None = None
    with Seen() as seen:
        outline = _Outline(seen, how)
        table = Table(file)
        how.context.update(table.context)
        for found in table.rows():
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
                yield bad_row(line, cells, _LOST_NOTE)
            elif kind != "meta":
                yield bad_row(line, cells, _unknown_type(kind))
        if task is not None:
            yield task.row()


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task with its notes, which includes its place in the project: section, id and parent."""
    cells = {name: cell for name, cell in original.items() if name not in (*_PLACE, "notes")}
    task = _Task(line, cells, {name: original[name] for name in _PLACE if name in original}, how)
    task.notes = original.get("notes", [])
    if not all(isinstance(cell, str) for row in (cells, *task.notes) for cell in row.values()):
        return bad_row(line, original, "expected only texts, also in the notes")
    kind = cells.get("TYPE", "").strip().casefold()
    if kind == "note":
        return bad_row(line, original, _LOST_NOTE)
    return task.row() if kind in ("task", "") else bad_row(line, original, _unknown_type(kind))


def _unknown_type(kind: str) -> str:
    return f"expected a TYPE of task, section, note or meta, not {kind!r:.80}"


def _name_of(project: str) -> str:
    return _NUMBER.sub("", project) or project


def _former_ids(own_id: str) -> list[str]:
    """The ids without the project's number, and without the project, which earlier versions did not have."""
    project, separator, within = own_id.rpartition(_IN_PROJECT)
    if not separator:
        return []
    name = _name_of(project)
    return [*([f"{name}{_IN_PROJECT}{within}"] if name != project else []), within]


class _Outline:
    """The place of the next task in the project: its section, and the tasks that may be its parents."""

    def __init__(self, seen: Seen, how: ReadOptions) -> None:
        self._seen = seen
        self._how = how
        self._project = how.file_name
        self._order = 0
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
        self._order += 1
        parent = self._above[-1][1] if self._above else None
        digest = hashlib.sha256(canonical_json([self._section, parent, cells.get("CONTENT")]).encode()).hexdigest()[:32]
        _, occurrence = self._seen.note(digest, line)
        within = f"{digest}#{occurrence}"
        self._above.append((depth, within))
        # Nobody indents so deep; the outermost is forgotten, so that memory does not grow with the file.
        del self._above[:-_MAX_DEPTH]
        place = {
            "section": self._section,
            "id": self._id(within),
            "parent": parent and self._id(parent),
            "order": self._order,
        }
        return _Task(line, cells, {name: value for name, value in place.items() if value}, self._how)

    def _id(self, within: str) -> str:
        return f"{self._project}{_IN_PROJECT}{within}" if self._project else within


class _Task:
    """A task's row with the notes after it."""

    def __init__(self, line: int, cells: dict[str, str], place: dict[str, Any], how: ReadOptions) -> None:
        self._line = line
        self._cells = cells
        self._place = place
        self._how = how
        self.notes: list[dict[str, str]] = []
        self._size = 0

    def has_room_for(self, note: dict[str, str]) -> bool:
        """Whether a note can still be the task's, of which all are in memory at once."""
        self._size += sum(map(len, note.values()))
        return self._size <= MAX_ROW_BYTES and len(self.notes) < _MAX_NOTES

    def row(self) -> Row | BadRow:
        original: dict[str, Any] = {**self._cells, **self._place, **({"notes": self.notes} if self.notes else {})}
        record = Record(self._line, original, {**self._cells, **self._place})
        record.rest.pop("TYPE", None)
        record.take_value("INDENT", whole_number)
        content = self._cells.get("CONTENT", "")
        labels, others = fitting_tags(_LABEL.findall(content))
        if labels:
            record.fields["tags"] = labels
        if others:
            record.rest["labels"] = others
        record.take(
            "title", "CONTENT", lambda text: strip_trailing_tags(text, lambda word: bool(_LABEL.fullmatch(word)))[0]
        )
        self._find_place(record)
        record.take("priority", "PRIORITY", one_of(_PRIORITIES))
        self._date(record)
        self._annotate(record)
        return record.row("id", "parent")

    def _find_place(self, record: Record) -> None:
        record.take("order", "order")
        if is_acceptable("list", record.rest.get("section")):
            record.take("list", "section")
        record.former_unset.append("order")
        name = _name_of(self._how.file_name)
        if "list" not in record.fields and self._how.list_name is None and name and is_acceptable("list", name):
            record.fields["list"] = name
            record.former_unset.append("list")
        for name, former in (("id", record.former_ids), ("parent", record.former_parents)):
            if isinstance(place := self._place.get(name), str):
                former += _former_ids(place)

    def _date(self, record: Record) -> None:
        name = next((name for name in _DATES if name in record.rest), None)
        if name is None:
            return
        zone_name = self._cells.get("TIMEZONE", "").strip()
        zone = zone_of(zone_name) if zone_name else None
        given = zone_of(self._how.time_zone) if self._how.time_zone else None
        try:
            moment = moment_of(self._cells[name], zone or given)
        except ValueError as error:
            record.add_error(name, str(error))
            return
        if moment is None:
            record.notices.append(_WORDS)
            return
        record.take("due", name, lambda _: moment)
        if zone_name and zone is None and "T" in moment:
            record.notices.append(_UNKNOWN_ZONE)

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
