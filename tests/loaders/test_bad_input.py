"""Whatever is wrong with a file of whatever format: it is told with the line and a reason, and nothing else is lost."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from loaders.errors import UnreadableFile
from loaders.formats import formats
from loaders.output.rejected import RejectedRows
from loaders.planner import Planned
from loaders.reading.input import Input
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import by_line, errors_of, lines, plan, read, titles


@dataclass(frozen=True)
class Sample:
    """How to write a file of a format.

    Attributes
    ----------
    row : callable
        A row with this title, and of `id`, `parent`, `due` and `priority` those that are given.
    bad_due : str
        What looks like a due date to the format, and is none.
    """

    name: str
    head: str
    row: Callable[..., str]
    separator: str
    tail: str
    bad_due: str
    has_ids: bool = True
    has_parents: bool = True

    def file(self, *rows: str) -> bytes:
        return (self.head + self.separator.join(rows) + self.tail).encode("utf-8", "surrogateescape")

    def line(self, *rows: str) -> int:
        """Where the row after these begins."""
        return (self.head + "".join(row + self.separator for row in rows)).count("\n") + 1


def _object(**names: Any) -> Callable[..., str]:
    """A row as a JSON object whose members have these names; a value may be made of the given one."""

    def row(title: str, **given: str) -> str:
        members = names.get("always", {}) | {names["title"]: title}
        for field, value in given.items():
            name = names.get(field, field)
            members |= name(value) if callable(name) else {name: value}
        return json.dumps(members, ensure_ascii=False)

    return row


def _cells(columns: dict[str, str]) -> Callable[..., str]:
    """A row of a table: by column, a field's name in braces, or what always stands there."""

    def row(title: str, **given: str) -> str:
        values = {"title": title, "id": "", "parent": "", "due": "", "priority": "", **given}
        return ",".join(cell.format(**values) for cell in columns.values())

    return row


def _todo_txt(title: str, **given: str) -> str:
    return " ".join([title, *(f"{'pri' if name == 'priority' else name}:{value}" for name, value in given.items())])


def _vtodo(title: str, **given: str) -> str:
    names = {"id": "UID", "parent": "RELATED-TO", "due": "DUE", "priority": "PRIORITY"}
    properties = [f"{names[name]}:{value}" for name, value in given.items()]
    return "\n".join(["BEGIN:VTODO", f"SUMMARY:{title}", *properties, "END:VTODO"])


_CSV = {"id": "{id}", "title": "{title}", "due": "{due}", "priority": "{priority}", "parent": "{parent}"}
_TODOIST = {"TYPE": "task", "CONTENT": "{title}", "PRIORITY": "{priority}", "INDENT": "1", "DATE": "{due}"}
_TICKTICK = {
    "List Name": "L",
    "Title": "{title}",
    "Status": "0",
    "Is All Day": "false",
    "Due Date": "{due}",
    "Priority": "{priority}",
    "taskId": "{id}",
    "parentId": "{parent}",
}
_GOOGLE = '{"kind": "tasks#taskLists", "items": [{"title": "L", "items": [\n'
_MICROSOFT = '{"@odata.context": "x", "value": [{"displayName": "L", "tasks": [\n'
_PLAIN = _object(title="title")

SAMPLES = [
    Sample("json", "[\n", _PLAIN, ",\n", "\n]", "tomorrow"),
    Sample("jsonl", "", _PLAIN, "\n", "\n", "tomorrow"),
    Sample("csv", ",".join(_CSV) + "\n", _cells(_CSV), "\n", "\n", "tomorrow"),
    Sample("todo.txt", "", _todo_txt, "\n", "\n", "2026-02-30", has_ids=False, has_parents=False),
    Sample(
        "taskwarrior",
        "[\n",
        _object(
            title="description",
            id="uuid",
            always={"uuid": None, "entry": "20261120T150427Z", "status": "pending"},
        ),
        ",\n",
        "\n]",
        "tomorrow",
        has_parents=False,
    ),
    Sample("icalendar", "BEGIN:VCALENDAR\n", _vtodo, "\n", "\nEND:VCALENDAR\n", "20260230"),
    Sample(
        "todoist",
        ",".join(_TODOIST) + "\n",
        _cells(_TODOIST),
        "\n",
        "\n",
        "2026-02-30",
        has_ids=False,
        has_parents=False,
    ),
    Sample("google-tasks", _GOOGLE, _object(title="title"), ",\n", "\n]}]}", "tomorrow"),
    Sample(
        "microsoft-to-do",
        _MICROSOFT,
        _object(
            title="title",
            priority="importance",
            due=lambda due: {"dueDateTime": {"dateTime": due, "timeZone": "UTC"}},
        ),
        ",\n",
        "\n]}]}",
        "tomorrow",
        has_parents=False,
    ),
    Sample(
        "ticktick",
        '"Date: 2026-11-20+0000"\n"Version: 7.2"\n"Status: \n0 Normal"\n' + ",".join(_TICKTICK) + "\n",
        _cells(_TICKTICK),
        "\n",
        "\n",
        "tomorrow",
    ),
]
# Google's tasks have no priority.
WITH_PRIORITIES = [sample for sample in SAMPLES if sample.name != "google-tasks"]
WITH_IDS = [sample for sample in SAMPLES if sample.has_ids]
WITH_PARENTS = [sample for sample in SAMPLES if sample.has_parents]
TABLES = [sample for sample in SAMPLES if sample.name in ("csv", "todoist", "ticktick")]
OBJECTS = [
    sample for sample in SAMPLES if sample.name in ("json", "jsonl", "taskwarrior", "google-tasks", "microsoft-to-do")
]
# What ends by itself has an end that may be missing.
ENDED = [sample for sample in SAMPLES if sample.tail.strip()]


def each(samples: list[Sample]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sample", samples, ids=[sample.name for sample in samples])


def rejected_between(sample: Sample, row: str) -> tuple[str, str]:
    """Pointer and detail of the complaint about a row between two good ones, which load, and whose line is told."""
    before, after = (sample.row(title, id=title) if sample.has_ids else sample.row(title) for title in "AB")
    content = sample.file(before, row, after)
    assert titles(content, sample.name) == ["A", "B"]
    [(line, pointer, detail)] = errors_of(content, sample.name)
    assert line == sample.line(before)
    return pointer, detail


@each(SAMPLES)
def test_a_row_that_is_not_utf8_is_rejected_alone_and_kept(sample: Sample) -> None:
    assert rejected_between(sample, sample.row("caf\udce9")) == ("#", "not UTF-8: save the file in that encoding")
    [bad] = [row for row in plan(sample.file(sample.row("caf\udce9")), sample.name) if isinstance(row, BadRow)]
    assert set(bad.original) == {"text", "base64"}


@each(SAMPLES)
def test_a_byte_order_mark_and_crlf_make_no_difference(sample: Sample) -> None:
    content = sample.file(sample.row("A"), sample.row("B"))
    from_windows = b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")
    assert titles(from_windows, sample.name) == titles(content, sample.name) == ["A", "B"]
    assert [row.line for row in read(from_windows, sample.name)] == [row.line for row in read(content, sample.name)]


@each(SAMPLES)
def test_a_line_of_10_megabytes_is_rejected_alone_and_kept(sample: Sample) -> None:
    row = sample.row("a" * 10_000_000)
    rejected_between(sample, row)
    found = by_line(plan(sample.file(row), sample.name))[sample.line()]
    assert isinstance(found, BadRow)
    assert len(str(found.original)) >= 10_000_000


@each(SAMPLES)
@pytest.mark.parametrize(("content", "explanation"), [(b"", "empty"), (b"\r\n ", "empty"), (b"\0\1\xff", "binary")])
def test_a_file_that_is_empty_or_binary_is_refused(sample: Sample, content: bytes, explanation: str) -> None:
    with pytest.raises(UnreadableFile, match=explanation):
        read(content, sample.name)


@each(SAMPLES)
def test_a_bad_date_is_rejected(sample: Sample) -> None:
    pointer, detail = rejected_between(sample, sample.row("C", due=sample.bad_due))
    assert "due" in pointer.casefold() or "DATE" in pointer
    assert "expected" in detail or "names no instant" in detail or "out of range" in detail


@each(WITH_PRIORITIES)
def test_an_unknown_priority_is_rejected(sample: Sample) -> None:
    pointer, detail = rejected_between(sample, sample.row("C", priority="asap"))
    assert pointer.casefold() in ("#/priority", "#/pri", "#/importance")
    assert "'asap'" in detail


@each(SAMPLES)
def test_a_title_that_is_too_long_is_rejected(sample: Sample) -> None:
    _, detail = rejected_between(sample, sample.row("a" * 501))
    assert "length <= 500" in detail


@each(WITH_IDS)
def test_an_id_that_another_row_has_is_rejected(sample: Sample) -> None:
    _, detail = rejected_between(sample, sample.row("C", id="A"))
    assert detail == f"the id already occurs in line {sample.line()}"


@each(WITH_PARENTS)
def test_the_row_that_closes_a_cycle_of_parents_is_rejected(sample: Sample) -> None:
    rows = [
        sample.row("A", id="1", parent="2"),
        sample.row("B", id="2", parent="3"),
        sample.row("C", id="3", parent="1"),
        sample.row("D", id="4", parent="3"),
    ]
    content = sample.file(*rows)
    [(line, pointer, detail)] = errors_of(content, sample.name)
    assert (line, detail[:7]) == (sample.line(*rows[:2]), "a cycle")
    assert "parent" in pointer.casefold() or "RELATED-TO" in pointer
    assert titles(content, sample.name) == ["A", "B", "D"]


@each(WITH_PARENTS)
def test_a_row_that_is_its_own_parent_is_rejected(sample: Sample) -> None:
    _, detail = rejected_between(sample, sample.row("C", id="1", parent="1"))
    assert detail.startswith("a cycle")


@each(WITH_PARENTS)
def test_parents_may_come_after_their_children_and_chains_may_be_long(sample: Sample) -> None:
    down = [sample.row(str(number), id=str(number), parent=str(number + 1)) for number in range(50)]
    up = [sample.row(str(number), id=str(number), parent=str(number - 1)) for number in range(99, 50, -1)]
    assert errors_of(sample.file(*down, *up), sample.name) == []


@each(TABLES)
def test_a_quote_that_is_never_closed_costs_only_its_own_row(sample: Sample) -> None:
    pointer, detail = rejected_between(sample, sample.row('"C'))
    assert (pointer, "quote" in detail) == ("#", True)


@each(TABLES)
def test_a_column_that_stands_there_twice_is_refused(sample: Sample) -> None:
    header, row = sample.head.rstrip().rsplit("\n", 1)[-1], sample.row("A")
    column = header.split(",")[1]
    content = sample.head.replace(header, f"{header},{column.upper()}") + row
    with pytest.raises(UnreadableFile, match=f"two columns have the same name: '{column}' and '{column.upper()}'"):
        read(content.encode(), sample.name)


@each(OBJECTS)
def test_a_member_that_stands_there_twice_is_rejected(sample: Sample) -> None:
    row = sample.row("C", id="1")
    assert rejected_between(sample, row[:-1] + ', "id": "2", "id": "3"}') == ("#", "the member 'id' is given twice")


@each(ENDED)
def test_a_file_that_breaks_off_is_told_after_the_rows_before(sample: Sample) -> None:
    content = sample.file(sample.row("A"), sample.row("B")).removesuffix(sample.tail.encode())
    rows = formats()[sample.name].read_rows(Input(io.BytesIO(content)))
    for title in "AB":
        row = next(rows)
        assert isinstance(row, Row)
        assert row.fields["title"] == title
    with pytest.raises(UnreadableFile, match="the file ends where"):
        next(rows)


@each(SAMPLES)
def test_what_does_not_fit_into_metadata_is_rejected_and_not_cut(sample: Sample) -> None:
    essay = "a" * 5000
    if sample in TABLES:
        header = sample.head.rstrip().rsplit("\n", 1)[-1]
        sample = replace(sample, head=sample.head.replace(header, f"{header},essay"))
    more = {"todo.txt": f" note:{essay}", "icalendar": f"\nCOMMENT:{essay}\nEND:VTODO"}
    row = sample.row("C").removesuffix("\nEND:VTODO")
    row = f'{row[:-1]}, "essay": "{essay}"}}' if sample in OBJECTS else row + more.get(sample.name, f",{essay}")
    pointer, detail = rejected_between(sample, row)
    assert (pointer, "4096 are allowed" in detail) == ("#/metadata", True)


@each(SAMPLES)
def test_a_rejected_row_that_is_mended_makes_the_todo_that_it_would_have_made(sample: Sample) -> None:
    names = {"id": "1"} if sample.has_ids else {}
    [good] = plan(sample.file(sample.row("A", **names)), sample.name)
    [bad] = plan(sample.file(sample.row("a" * 501, **names)), sample.name)
    assert isinstance(good, Planned)
    assert isinstance(bad, BadRow)
    row = json.loads(json.dumps(bad.original).replace("a" * 501, "A"))
    entry = {"line": bad.line, "format": sample.name, "source": "file", "row": row, "key": bad.key}
    [mended] = plan(lines(entry))
    assert isinstance(mended, Planned)
    # Without an id at its source, a row stays what it was before it was mended.
    varying = {"created_at": "", "updated_at": "", **({} if sample.has_ids else {"source": ""})}
    assert {**mended.event.state, **varying} == {**good.event.state, **varying}
    assert not sample.has_ids or mended.event.stream_id == good.event.stream_id


@each(SAMPLES)
def test_a_row_that_is_never_mended_is_rejected_each_time_as_what_it_was(sample: Sample, tmp_path: Path) -> None:
    content, name = sample.file(sample.row("C", due=sample.bad_due)), sample.name
    entries = []
    for _ in range(3):
        rejected = RejectedRows(tmp_path / "rejected.jsonl", name, "file")
        for row in plan(content, name):
            assert isinstance(row, BadRow)
            rejected.add(row)
        rejected.close()
        content, name = (tmp_path / "rejected.jsonl").read_bytes(), "rejected"
        [entry] = map(json.loads, content.splitlines())
        entries.append({**entry, "line": 1})
    assert entries[0]["format"] == sample.name
    assert entries == [entries[0]] * 3


def test_every_format_is_tried() -> None:
    # This service's own and the loader's own have tests of their own.
    assert {sample.name for sample in SAMPLES} == formats().keys() - {"todo-ledger", "rejected"}
