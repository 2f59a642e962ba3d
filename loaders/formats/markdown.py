"""Markdown with checkboxes: ``- [ ] open``, ``* [x] done``, ``1. [ ] numbered`` (GitHub Flavored Markdown, task lists).

- A checkbox in a list below another one is its subtask. A heading is the list of the tasks below it; with those above
  it, it is also kept as `headings`. The order is that of the tasks.
- Indented text below a task, and text that goes on in the next line, is its notes.
- The signs of Obsidian Tasks with a date after them: 📅 is the due date, ➕ and ✅ say when the task was created and
  completed; ⏳, 🛫 and ❌ are kept. 🔺, ⏫, 🔼, 🔽 and ⏬ at the end are priorities. A repetition (🔁) is kept in its
  words.
- ``[-]`` no longer needs to be done, so it is loaded as completed; with any other mark a task is open. Both are kept as
  `status`.
- Front matter, code, comments, and everything else without a checkbox are not read.

A task has no id. It is derived from the file's name, the headings, the parent, the text and how often these came
before, so that it stays the same todo when it is done, or has another date.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from chalicelib.todos.content import is_acceptable
from chalicelib.todos.events import canonical_json
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.checkboxes import Line, front_matter_lines, parse, read_checkboxes
from loaders.rows.fields import plan_for
from loaders.rows.record import Record
from loaders.rows.row import BadRow, Row, bad_row, not_utf8
from loaders.rows.seen import Seen
from loaders.rows.table import header_of

NAME = "markdown"
SYSTEM = "markdown"

_DONE: Final = ("x", "X")
_OPEN: Final = ("", " ")
_CANCELLED: Final = "-"
_SIGNS: Final = {
    "📅": "due",
    "🗓": "due",
    "➕": "created",
    "✅": "done",
    "⏳": "scheduled",
    "🛫": "start",
    "❌": "cancelled",
}
_DATED: Final = re.compile(rf"\s*({'|'.join(_SIGNS)})\ufe0f?\s*(\d{{4}}-\d{{2}}-\d{{2}})(?!\d)", re.ASCII)
_REPEATS: Final = re.compile(r"\s*🔁\ufe0f?\s*([A-Za-z0-9 ,!]*[A-Za-z0-9])", re.ASCII)
_PRIORITIES: Final = {"🔺": "high", "⏫": "high", "🔼": "medium", "🔽": "low", "⏬": "low"}
_EXTREMES: Final = ("🔺", "⏬")
_PRIORITY: Final = re.compile(rf"\s*({'|'.join(_PRIORITIES)})\ufe0f?\s*\Z")


def recognise(head: bytes) -> Certainty:
    """Markdown has a checkbox, and is not a table with one in a cell; only JSON begins as it may begin."""
    text = head.decode("utf-8", "replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    header = header_of(first)
    if header is not None and len(header[0]) > 1 and plan_for(header[0]).has_title:
        return Certainty.NO
    lines = ((number, line, True) for number, line in enumerate(text.splitlines(), start=1))
    if next(read_checkboxes(_behind_front_matter(lines, text)), None) is None:
        return Certainty.NO
    return Certainty.CERTAIN if first.lstrip()[:1] in ("{", "[") else Certainty.LIKELY


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    # Bytes that are not UTF-8 are decoded to what UTF-8 cannot hold (PEP 383).
    lines = ((number, line.decode("utf-8", "surrogateescape"), is_whole) for number, line, is_whole in file.lines())
    with Seen() as seen:
        found = read_checkboxes(_behind_front_matter(lines, file.head.decode("utf-8", "replace")))
        for order, item in enumerate(found, start=1):
            parent = item.parent.own_id if item.parent is not None else None
            title = _read_text(item.text)[1]
            place = canonical_json([how.file_name, item.headings, parent, title]).encode("utf-8", "surrogatepass")
            digest = hashlib.sha256(place).hexdigest()[:32]
            item.own_id = f"{digest}#{seen.note(digest, item.line)[1]}"
            notes = "\n".join(item.notes).strip("\n")
            item.notes = []
            original: dict[str, Any] = {"text": item.text, "headings": item.headings, "notes": notes}
            original |= {"id": item.own_id, "parent": parent, "order": order}
            if not item.is_whole:
                yield bad_row(item.line, item.text[:1_000], f"a task of more than {MAX_ROW_BYTES} bytes")
            elif (content := f"{item.text}\n{notes}".rstrip("\n")).encode("utf-8", "surrogateescape") != content.encode(
                "utf-8", "replace"
            ):
                yield not_utf8(item.line, content.encode("utf-8", "surrogateescape"))
            else:
                yield row_of(item.line, {name: value for name, value in original.items() if value}, how)


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a task with its place in the file: headings, id, parent and order."""
    headings = original.get("headings", [])
    texts = [original.get(name, "") for name in ("text", "notes")]
    if not isinstance(headings, list) or not all(isinstance(text, str) for text in (*texts, *headings)):
        return bad_row(line, original, "expected text and notes as texts, and headings as an array of texts")
    parsed = parse(texts[0])
    if parsed is None:
        return bad_row(line, original, "expected a text with a checkbox, such as - [ ] Buy milk")
    mark, title, values = _read_text(texts[0])
    place: dict[str, Any] = {name: original[name] for name in ("notes", "id", "parent", "order") if name in original}
    record = Record(line, original, {**values, **place})
    record.fields["title"] = title
    record.fields["completed"] = mark in (*_DONE, _CANCELLED)
    if mark not in (*_DONE, *_OPEN):
        record.rest["status"] = mark
    if headings and is_acceptable("list", headings[-1]):
        record.fields["list"] = headings[-1]
    if len(headings) > 1 or (headings and "list" not in record.fields):
        record.rest["headings"] = headings
    record.take("notes", "notes")
    record.take("order", "order")
    record.take("due", "due", _day)
    record.take("created_at", "created")
    record.take("completed_at", "done")
    sign = record.rest.get("priority")
    record.take("priority", "priority", _PRIORITIES.__getitem__)
    if sign in _EXTREMES:
        record.rest["priority"] = sign
    return record.row("id", "parent")


def _behind_front_matter(lines: Iterator[Line], head: str) -> Iterator[Line]:
    skipped = front_matter_lines(head)
    return (line for line in lines if line[0] > skipped)


def _read_text(text: str) -> tuple[str, str, dict[str, str]]:
    """The mark, the title, and what the signs in the text say, by name; what occurs again stays in the title."""
    mark, whole = parse(text) or (" ", text)
    values: dict[str, str] = {}

    def take(found: re.Match[str]) -> str:
        name = _SIGNS[found[1]]
        if name in values:
            return found[0]
        values[name] = found[2]
        return ""

    title = _DATED.sub(take, whole)
    if found := _REPEATS.search(title):
        values["recurrence"] = found[1]
        title = title[: found.start()] + title[found.end() :]
    if found := _PRIORITY.search(title):
        values["priority"] = found[1]
        title = title[: found.start()]
    return mark, title.strip() or whole, values


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()
