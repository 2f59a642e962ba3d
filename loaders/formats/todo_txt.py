"""todo.txt: one task a line (github.com/todotxt/todo.txt).

- Priorities: (A) is high, (B) medium, (C) and later letters low. A letter after C is kept in the metadata, and so is
  the ``pri:A`` of a completed task, which means the same as (A).
- The first ``+project`` is the list, others are kept as `projects`. Each ``@context`` is a tag. They are removed from
  the end of the title, but stay in its middle.
- ``due:`` is the due date. ``rec:`` with days, weeks, months or years is a rule; one with business days is not, and
  stays. The pairs that programs agree on (``due: t: rec: pri: h:``) are removed from anywhere in the title, any other
  ``key:value`` only from its end. All except ``due:`` are kept in the metadata under their keys.
- The dates at the beginning are kept as `creation_date` and `completion_date`.

A line has no id: two equal lines are two todos.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import plan_for
from loaders.rows.record import Record, strip_trailing_tags
from loaders.rows.row import BadRow, Row, bad_row, not_utf8
from loaders.rows.table import header_of

NAME = "todo.txt"
SYSTEM = "todo.txt"
ROWS_ARE_TEXTS = True

# A title has at most 500 characters; a line has room for hundreds of tags, too.
_MAX_LINE_BYTES: Final = 64 * 1024
_PRIORITIES: Final = {"A": "high", "B": "medium"}
_AGREED: Final = re.compile(r"(?<!\S)(due|t|rec|pri|h):(\S+)\s*")
_PAIR: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(?!//)(\S+)", re.ASCII)
_TAG: Final = re.compile(r"[+@]\S+|" + _PAIR.pattern, re.ASCII)
_FREQUENCIES: Final = {"d": "DAILY", "w": "WEEKLY", "m": "MONTHLY", "y": "YEARLY"}
_EVERY: Final = re.compile(r"\+?([1-9]\d{0,3})([dwmy])", re.ASCII)
_LINE: Final = re.compile(r"x \S|\([A-Z]\) \S|\d{4}-\d{2}-\d{2} \S|.*\S [+@]\S|.*\s(due|t|rec|pri):\S", re.ASCII)


def recognise(head: bytes) -> Certainty:
    """Any text may be todo.txt; it is likely if most lines look like it and the first is not a header."""
    lines = [line for line in head.decode("utf-8", "replace").splitlines()[:100] if line.strip()]
    if not lines or lines[0].lstrip()[:1] in ("{", "["):
        return Certainty.NO
    header = header_of(lines[0])
    if header is not None and plan_for(header[0]).has_title:
        return Certainty.NO
    marked = sum(_LINE.match(line) is not None for line in lines)
    return Certainty.LIKELY if marked * 2 >= len(lines) and marked else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    for number, line, _ in file.lines():
        if not line.strip():
            continue
        if len(line) > _MAX_LINE_BYTES:
            yield bad_row(number, line.decode("utf-8", "replace"), f"a line of more than {_MAX_LINE_BYTES} bytes")
            continue
        try:
            text = line.decode().strip("\r\n")
        except UnicodeDecodeError:
            yield not_utf8(number, line.rstrip(b"\r\n"))
            continue
        yield row_of(number, text, how)


@cache
def _parser() -> Any:
    from pytodotxt import Task

    class Strict(Task):  # type: ignore[misc]
        """The base class reads "(A)lso" as a priority; the format requires a space after it."""

        PRIORITY_RE = re.compile(r"^\(([A-Z])\)(?=\s)")

    return Strict


def row_of(line: int, text: str, how: ReadOptions) -> Row | BadRow:
    try:
        task = _parser()(text)
    except ValueError as error:
        return bad_row(line, text, f"a date that does not exist: {error}")
    title, pairs = _without_pairs(task.description or "")
    record = Record(line, text, {name: values[0] if len(values) == 1 else values for name, values in pairs.items()})
    record.fields["title"] = title
    record.fields["completed"] = bool(task.is_completed)
    if task.contexts:
        record.fields["tags"] = task.contexts
    if task.projects:
        record.fields["list"] = task.projects[0]
        record.rest.update({"projects": task.projects[1:]} if task.projects[1:] else {})
    if task.priority:
        record.fields["priority"] = _priority(task.priority)
        if task.priority > "C":
            record.rest["priority"] = task.priority
    elif "pri" in record.rest:
        record.take("priority", "pri", _priority)
        record.rest["pri"] = pairs["pri"][0]
    for name in ("creation_date", "completion_date"):
        if (day := getattr(task, name)) is not None:
            record.rest[name] = day.isoformat()
    record.take("due", "due", _due)
    every = _EVERY.fullmatch(str(record.rest.get("rec", "")))
    if every is not None:
        record.fields["repeat"] = f"FREQ={_FREQUENCIES[every[2]]};INTERVAL={every[1]}"
    return record.row()


def _without_pairs(description: str) -> tuple[str, dict[str, list[str]]]:
    """The title, and the values of the pairs that are not part of it, by their keys."""
    pairs: dict[str, list[str]] = {}

    def take(found: re.Match[str]) -> str:
        pairs.setdefault(found[1], []).append(found[2])
        return ""

    description = _AGREED.sub(take, description)
    title = strip_trailing_tags(description, lambda word: _TAG.fullmatch(word) is not None)
    for word in description[len(title) :].split() if title != description.strip() else ():
        if (found := _PAIR.fullmatch(word)) is not None:
            take(found)
    return title, pairs


def _priority(letter: Any) -> str:
    if not isinstance(letter, str) or not re.fullmatch("[A-Z]", letter):
        raise ValueError(f"expected one letter from A to Z, not {letter!r:.80}")
    return _PRIORITIES.get(letter, "low")


def _due(day: Any) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except (TypeError, ValueError):
        raise ValueError(f"expected one date, such as 2026-12-01, not {day!r:.80}") from None
