"""todo.txt: one task a line (github.com/todotxt/todo.txt).

- Priorities: (A) is high, (B) medium, (C) and later letters low. A letter after C is kept in the metadata, and so is
  the ``pri:A`` of a completed task, which means the same as (A).
- The first ``+project`` is the list, others are kept as `projects`. Each ``@context`` is a tag. They are removed from
  the end of the title, but stay in its middle. One that no list or tag can be called is kept as well.
- ``due:`` is the due date. ``rec:`` with days, weeks, months or years is a rule; one with business days is not, and
  stays. The pairs that programs agree on (``due: t: rec: pri: h:``) are removed from anywhere in the title, any other
  ``key:value`` only from its end. All except ``due:`` are kept in the metadata under their keys.
- The dates at the beginning say when the task was completed and created; they are also kept as `creation_date` and
  `completion_date`. A time of day in ``due:`` is one of --timezone.

A line has no id: two equal lines are two todos.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from chalicelib.todos import content
from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import merge_metadata, plan_for
from loaders.rows.record import Record, fitting_tags, strip_trailing_tags
from loaders.rows.row import BadRow, Row, bad_row, not_utf8
from loaders.rows.table import header_of
from loaders.rows.zones import rfc_3339, zone_of

NAME = "todo.txt"
SYSTEM = "todo.txt"
ROWS_ARE_TEXTS = True
ROWS_ARE_IN_ORDER = True

# A title has at most 500 characters; a line has room for hundreds of tags, too.
_MAX_LINE_BYTES: Final = 64 * 1024
_PRIORITIES: Final = {"A": "high", "B": "medium"}
_AGREED: Final = re.compile(r"(?<!\S)(due|t|rec|pri|h):(\S+)\s*")
_PAIR: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(?!//)(\S+)", re.ASCII)
_TAG: Final = re.compile(r"[+@]\S+|" + _PAIR.pattern, re.ASCII)
_CONTEXT: Final = re.compile(r"(?<!\S)@(\S+)")
_PROJECT: Final = re.compile(r"(?<!\S)\+(\S+)")
_DONE: Final = re.compile(r"x\s+")
_PRIORITY: Final = re.compile(r"\(([A-Z])\)\s+")
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s+|\Z)", re.ASCII)
_FREQUENCIES: Final = {"d": "DAILY", "w": "WEEKLY", "m": "MONTHLY", "y": "YEARLY"}
_EVERY: Final = re.compile(r"\+?([1-9]\d{0,3})([dwmy])", re.ASCII)
_LINE: Final = re.compile(r"x \S|\([A-Z]\) \S|\d{4}-\d{2}-\d{2} \S|[+@]\S|.*\S [+@]\S|.*\s(due|t|rec|pri):\S", re.ASCII)
# A line of so many characters is enough to see what it is.
_MAX_SEEN: Final = 1_000


def recognise(head: bytes) -> Certainty:
    """Any text may be todo.txt; it is likely if most lines look like it and the first is not a table's header."""
    lines = [line[:_MAX_SEEN] for line in head.decode("utf-8", "replace").splitlines()[:100] if line.strip()]
    if not lines or lines[0].lstrip()[:1] in ("{", "[") or begins_table(lines):
        return Certainty.NO
    marked = sum(_LINE.match(line) is not None for line in lines)
    return Certainty.LIKELY if marked * 2 >= len(lines) and marked else Certainty.NO


def begins_table(lines: list[str]) -> bool:
    """Whether the first line is the header of the others: it has a title, and only names or as many cells as they."""
    header = header_of(lines[0])
    if header is None:
        return False
    names, separator = header
    plan = plan_for(names)
    if not plan.has_title:
        return False
    alike = sum(line.count(separator) >= len(names) - 1 for line in lines[1:])
    return not plan.rest or (len(lines) > 1 and alike * 2 >= len(lines) - 1)


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


class _Head(NamedTuple):
    """What a line begins with, and the rest of it."""

    is_completed: bool
    priority: str | None
    dates: list[str]
    rest: str


def row_of(line: int, text: str, how: ReadOptions) -> Row | BadRow:
    head = _head_of(text)
    title, pairs = _without_pairs(head.rest)
    record = Record(line, text, {name: values[0] if len(values) == 1 else values for name, values in pairs.items()})
    record.fields["title"] = title
    record.fields["completed"] = head.is_completed
    computed: dict[str, Any] = {}
    tags, others = fitting_tags(_CONTEXT.findall(head.rest))
    if tags:
        record.fields["tags"] = tags
    if others:
        computed["contexts"] = others
    projects = _PROJECT.findall(head.rest)
    if projects and content.is_acceptable("list", projects[0]):
        record.fields["list"] = projects.pop(0)
    if projects:
        computed["projects"] = projects
    if head.priority is not None:
        record.fields["priority"] = _priority(head.priority)
        if head.priority > "C":
            computed["priority"] = head.priority
    elif "pri" in record.rest:
        record.take("priority", "pri", _priority)
        record.rest["pri"] = pairs["pri"][0]
    record.take("due", "due", partial(_due, how=how))
    every = _EVERY.fullmatch(str(record.rest.get("rec", "")))
    if every is not None:
        record.fields["repeat"] = f"FREQ={_FREQUENCIES[every[2]]};INTERVAL={every[1]}"
    # A pair may have the name of what a line has by its place.
    pairs_left, record.rest = record.rest, computed
    try:
        _take_dates(record, head)
    except ValueError as error:
        return bad_row(line, text, f"a date that does not exist: {error}")
    record.rest = merge_metadata(record.rest, pairs_left)
    return record.row()


def _head_of(text: str) -> _Head:
    """The beginning of a line.

    An open task has its priority before its date. Of a completed one, programs write priority and dates in any order:
    ``x (A) 2026-11-21 2026-11-20``, or the date of completion before the task as it was.
    """
    text = text.strip()
    priority: str | None = None
    dates: list[str] = []
    done = _DONE.match(text)
    if done:
        text = text[done.end() :]
    while True:
        if priority is None and (done or not dates) and (found := _PRIORITY.match(text)):
            priority = found[1]
        elif len(dates) < (2 if done else 1) and (found := _DATE.match(text)):
            dates.append(found[1])
        else:
            return _Head(done is not None, priority, dates, text)
        text = text[found.end() :]


def _take_dates(record: Record, head: _Head) -> None:
    """The dates of the beginning: when the task was completed, then when it was created."""
    names = ["completion_date", "creation_date"] if head.is_completed else ["creation_date"]
    fields = {"completion_date": "completed_at", "creation_date": "created_at"}
    for name, day in zip(names, head.dates, strict=False):
        record.rest[name] = date.fromisoformat(day).isoformat()
        record.take(fields[name], name)
        record.rest[name] = day
        record.repeated.add(name)


def _without_pairs(description: str) -> tuple[str, dict[str, list[str]]]:
    """The title, and the values of the pairs that are not part of it, by their keys."""
    pairs: dict[str, list[str]] = {}

    def take(found: re.Match[str]) -> str:
        pairs.setdefault(found[1], []).append(found[2])
        return ""

    title, tags = strip_trailing_tags(_AGREED.sub(take, description), lambda word: _TAG.fullmatch(word) is not None)
    for word in tags:
        if (found := _PAIR.fullmatch(word)) is not None:
            take(found)
    return title, pairs


def _priority(letter: Any) -> str:
    if not isinstance(letter, str) or not re.fullmatch("[A-Z]", letter):
        raise ValueError(f"expected one letter from A to Z, not {letter!r:.80}")
    return _PRIORITIES.get(letter, "low")


def _due(moment: Any, how: ReadOptions) -> str:
    try:
        if len(moment) == len("2026-12-01"):
            return date.fromisoformat(moment).isoformat()
        local = datetime.fromisoformat(moment)
        zone = zone_of(how.time_zone) if how.time_zone and local.tzinfo is None else None
        return rfc_3339(local.replace(tzinfo=zone) if zone else local)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"expected one date, such as 2026-12-01, not {moment!r:.80}") from None
