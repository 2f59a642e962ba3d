"""FILE.rejected.jsonl, mended and loaded, brings in what was missing, as the file itself would have."""

import json
from pathlib import Path

import pytest

from loaders.formats import choose_format, system_of
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import GroupLedger, lines, load, read, rejected_file


def streams(content: bytes) -> set[str]:
    ledger = GroupLedger()
    assert load(content, ledger)[1] == []
    return set(ledger.streams)


def test_a_row_with_an_id_meets_the_todo_that_the_mended_file_would_make(tmp_path: Path) -> None:
    [entry] = rejected_file(tmp_path, lines({"uid": 7, "Task": "Buy milk", "due": "someday"}))
    entry["row"]["due"] = "2026-12-01"
    assert streams(lines(entry)) == streams(lines({"uid": 7, "Task": "Buy milk", "due": "2026-12-01"}))


def test_csv_rows_are_read_by_their_columns_again(tmp_path: Path) -> None:
    [entry] = rejected_file(tmp_path, b"ID,Task Name,Deadline\n7,Buy milk,someday\n", name="csv")
    entry["row"]["Deadline"] = "2026-12-01"
    assert streams(lines(entry)) == streams(b"ID,Task Name,Deadline\n7,Buy milk,2026-12-01\n")


def test_a_row_without_an_id_is_another_todo_than_one_that_it_now_equals_and_loads_once(tmp_path: Path) -> None:
    good = {"title": "Buy milk"}
    [entry] = rejected_file(tmp_path, lines(good, {**good, "due": "someday"}))
    entry["row"] = good
    mended = streams(lines(entry))
    assert mended.isdisjoint(streams(lines(good)))
    entry["row"] = {"title": "Buy oat milk"}
    assert streams(lines(entry)) == mended


def test_lines_that_could_not_be_read_are_mended_as_text_or_as_an_object(tmp_path: Path) -> None:
    broken, torn = rejected_file(tmp_path, b'{"id": 1, "title": "A",}\n{"id": 2, "title": "B"\n')
    broken["row"] = '{"id": 1, "title": "A"}'
    torn["row"] = {"id": 2, "title": "B"}
    assert streams(lines(broken, torn)) == streams(lines({"id": 1, "title": "A"}, {"id": 2, "title": "B"}))


def test_what_is_not_mended_is_rejected_again_with_the_row_itself(tmp_path: Path) -> None:
    entries = rejected_file(tmp_path, lines({"id": 1, "title": "", "due": "someday"}) + b"nonsense\n")
    again = rejected_file(tmp_path, lines(*entries))
    assert [entry["row"] for entry in again] == [entry["row"] for entry in entries]
    assert again[1]["reason"] == entries[1]["reason"]


@pytest.mark.parametrize("name", ["jsonl", "json"])
@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ('{"title": "A", "title": "B"}', "the member 'title' is given twice"),
        ('{"title": "A", "metadata": {"a": 1, "a": 2}}', "the member 'a' is given twice"),
        ('{"title": "A", "metadata": {"a": NaN}}', "NaN is not a JSON number"),
        ('{"title": "A", "order": -Infinity}', "-Infinity is not a JSON number"),
        ('{"title": "A", "order": 1e999}', "1e999 is larger than a double can hold"),
        ('{"title": "A\\ud800"}', "holds a lone surrogate, which is no character"),
    ],
)
def test_what_readers_would_not_understand_alike_is_rejected_for_the_same_reason_until_it_is_mended(
    tmp_path: Path, name: str, row: str, complaint: str
) -> None:
    content = f"[{row}]" if name == "json" else row
    for _ in range(3):
        [entry] = rejected_file(tmp_path, content.encode(), name=None if name == "rejected" else name)
        assert entry["reason"] == complaint
        content, name = json.dumps(entry) + "\n", "rejected"
    entry["row"] = {"title": "A"}
    assert len(streams(lines(entry))) == 1


def test_a_row_that_is_mended_by_an_object_with_a_member_twice_is_rejected_and_stays_the_todo_that_it_was(
    tmp_path: Path,
) -> None:
    [entry] = rejected_file(tmp_path, lines({"title": "A", "due": "someday"}))
    mended = streams(lines({**entry, "row": {"title": "B"}}))
    doubled = json.dumps({**entry, "row": 7}).replace('"row": 7', '"row": {"title": "B", "title": "C"}')
    [again] = rejected_file(tmp_path, doubled.encode() + b"\n")
    assert again["reason"] == "the member 'title' is given twice"
    assert again["row"] == '{"title": "B", "title": "C"}'
    again["row"] = {"title": "B"}
    assert streams(lines(again)) == mended


def test_the_source_that_the_rows_came_from_is_that_of_the_mended_ones(tmp_path: Path) -> None:
    [entry] = rejected_file(tmp_path, lines({"id": 1, "title": ""}), system="my list")
    head = lines(entry)
    assert choose_format(head).NAME == "rejected"
    assert system_of(choose_format(head), head) == "my list"


def test_a_row_of_this_services_own_export_keeps_its_id(tmp_path: Path) -> None:
    todo_id = "0190c3a0-0000-7000-8000-000000000000"
    [entry] = rejected_file(tmp_path, lines({"id": todo_id, "version": 1, "title": ""}), name="todo-ledger")
    entry["row"]["title"] = "A"
    [row] = read(lines(entry))
    assert isinstance(row, Row)
    assert (row.own_id, row.keeps_id) == (todo_id, True)


@pytest.mark.parametrize("line", [b"{}", b'"text"', b"nonsense", b'{"row": {}}', b"\xff"])
def test_a_line_that_is_not_a_rejected_row_is_rejected(tmp_path: Path, line: bytes) -> None:
    [entry] = rejected_file(tmp_path, lines({"id": 1, "title": ""}))
    entry["row"]["title"] = "A"
    first, second = read(lines(entry) + line + b"\n")
    assert isinstance(first, Row)
    assert isinstance(second, BadRow)
