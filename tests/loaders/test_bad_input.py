"""Every error in a file of any format is reported with its line and a reason, and the other rows load."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from loaders.errors import UnreadableFile
from loaders.formats import formats
from loaders.output.rejected import RejectedRows
from loaders.planner import Planned
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.row import BadRow, Origin, Row
from tests.loaders.loading import PLAINLY, by_line, errors_of, lines, plan, read, titles
from tests.loaders.samples import (
    ENDED,
    OBJECTS,
    SAMPLES,
    TABLES,
    WITH_IDS,
    WITH_PARENTS,
    WITH_PRIORITIES,
    Sample,
    each,
    rejected_between,
)

# What some formats do not lose a row for, the notes have no room for either.
TOO_LONG = 20_000


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


@pytest.mark.slow
@each(SAMPLES)
def test_a_line_as_long_as_a_row_may_be_is_rejected_alone_and_kept(sample: Sample) -> None:
    length = MAX_ROW_BYTES - 1000
    row = sample.row("a" * length)
    rejected_between(sample, row)
    found = by_line(plan(sample.file(row), sample.name))[sample.line()]
    assert isinstance(found, BadRow)
    assert len(str(found.original)) >= length


@each(SAMPLES)
@pytest.mark.parametrize(("content", "explanation"), [(b"", "empty"), (b"\r\n ", "empty"), (b"\0\1\xff", "binary")])
def test_a_file_that_is_empty_or_binary_is_refused(sample: Sample, content: bytes, explanation: str) -> None:
    with pytest.raises(UnreadableFile, match=explanation):
        read(content, sample.name)


@each(SAMPLES)
def test_a_bad_date_is_rejected(sample: Sample) -> None:
    pointer, detail = rejected_between(sample, sample.row("C", due=sample.bad_due))
    assert "due" in pointer.casefold() or "DATE" in pointer or "deadline" in pointer
    assert (
        "expected" in detail
        or "names no instant" in detail
        or "not in the calendar" in detail
        or "out of range" in detail
    )


@each(WITH_PRIORITIES)
def test_an_unknown_priority_is_rejected(sample: Sample) -> None:
    pointer, detail = rejected_between(sample, sample.row("C", priority="asap"))
    assert pointer.casefold() in ("#/priority", "#/pri", "#/importance")
    assert "'asap'" in detail


@each(SAMPLES)
def test_a_title_that_is_too_long_to_be_kept_is_rejected(sample: Sample) -> None:
    _, detail = rejected_between(sample, sample.row("a" * TOO_LONG))
    assert detail == f"has {TOO_LONG} characters where 500 are allowed"


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
def test_a_column_that_occurs_twice_is_refused(sample: Sample) -> None:
    header, row = sample.head.rstrip().rsplit("\n", 1)[-1], sample.row("A")
    column = header.split(",")[1]
    content = sample.head.replace(header, f"{header},{column.upper()}") + row
    with pytest.raises(UnreadableFile, match=f"two columns have the same name: '{column}' and '{column.upper()}'"):
        read(content.encode(), sample.name)


@each(OBJECTS)
def test_a_member_that_occurs_twice_is_rejected(sample: Sample) -> None:
    row = sample.row("C", id="1")
    assert rejected_between(sample, row[:-1] + ', "id": "2", "id": "3"}') == ("#", "the member 'id' is given twice")


@each(ENDED)
def test_a_file_that_breaks_off_is_reported_after_the_rows_before_it(sample: Sample) -> None:
    content = sample.file(sample.row("A"), sample.row("B")).removesuffix(sample.tail.encode())
    rows = formats()[sample.name].read_rows(Input(io.BytesIO(content)), PLAINLY)
    for title in "AB":
        row = next(rows)
        assert isinstance(row, Row)
        assert row.fields["title"] == title
    with pytest.raises(UnreadableFile, match="the file ends where"):
        next(rows)


# The marks of Markdown hold no text.
@each([sample for sample in SAMPLES if sample.name != "markdown"])
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
    [bad] = plan(sample.file(sample.row("a" * TOO_LONG, **names)), sample.name)
    assert isinstance(good, Planned)
    assert isinstance(bad, BadRow)
    row = json.loads(json.dumps(bad.original).replace("a" * TOO_LONG, "A"))
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
        rejected = RejectedRows(tmp_path / "rejected.jsonl", Origin(name, "file", PLAINLY))
        for row in plan(content, name):
            assert isinstance(row, BadRow)
            rejected.add(row)
        rejected.close()
        content, name = (tmp_path / "rejected.jsonl").read_bytes(), "rejected"
        [entry] = map(json.loads, content.splitlines())
        entries.append({**entry, "line": 1, "digest": ""})
    assert entries[0]["format"] == sample.name
    assert entries == [entries[0]] * 3


def test_every_format_is_tried() -> None:
    # This service's own and the loader's own have tests of their own.
    assert {sample.name for sample in SAMPLES} == formats().keys() - {"todo-ledger", "takeout", "rejected"}
