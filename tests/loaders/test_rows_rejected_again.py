"""A rejected row remembers how it was read: corrected it is what it would have been, and otherwise rejected again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow
from tests.loaders.loading import PLAINLY, by_line, errors_of, lines, plan, rejected_file

TABLE = b"title,notes,content,due\n"
LONG = "a" * 501


def mended(entry: dict[str, Any], old: str, new: str) -> bytes:
    """The entry after somebody has corrected its row."""
    row = json.dumps(entry["row"])
    assert old in row
    return lines({**entry, "row": json.loads(row.replace(old, new))})


def as_first_read(planned: list[Planned | BadRow], line: int) -> dict[str, Any]:
    found = by_line(planned)[line]
    assert isinstance(found, Planned), found
    state: dict[str, Any] = {**found.event.state}
    return {"stream": found.event.stream_id, **{name: state[name] for name in state if not name.endswith("_at")}}


# The format, the file, what is wrong in it and what is right, and how it is read.
MENDED: list[tuple[str, str, str, str, ReadOptions]] = [
    ("csv", "id,title,notes,content,due\n1,A,,two drops,soon\n", "soon", "2026-12-02", PLAINLY),
    ("csv", "ID;Aufgabe;name;Frist\n7;Zweitens;other;morgen\n", "morgen", "2026-12-02",
     ReadOptions(names={"title": "Aufgabe", "due": "Frist"})),
    ("csv", "id\ttitle\tdue\n1\tA\t2026-12-01\tmore\n", "\\tmore", "", PLAINLY),
    ("csv", "id;title;notes\n1;A;\"never closed\n", '\\"never', "never", PLAINLY),
    ("csv", "id,title\n1,A\"B\"\n2,\"x\"y\n", '\\"x\\"y', "xy", PLAINLY),
    ("json", '[{"Nr": 1, "Aufgabe": "A", "title": "other", "due": "soon"}]', "soon", "2026-12-02",
     ReadOptions(names={"title": "Aufgabe", "id": "Nr"})),
    ("jsonl", '{"id": 1, "title": "A", "due": "soon"}', "soon", "2026-12-01", ReadOptions(list_name="garden")),
    ("jsonl", '{"id": 1, "title": "A",}', ",}", "}", PLAINLY),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "wrong", "right", "how"), MENDED)
def test_a_corrected_row_is_the_todo_that_its_file_would_have_made(
    tmp_path: Path, name: str, content: str, wrong: str, right: str, how: ReadOptions
) -> None:
    [entry] = rejected_file(tmp_path, content.encode(), name=name, how=how)
    plain = json.loads(f'["{wrong}", "{right}"]') if "\\" in wrong else [wrong, right]
    expected = plan(content.replace(*plain).encode(), name, how=how)
    [found] = plan(mended(entry, wrong, right))
    assert as_first_read([found], 1) == as_first_read(expected, entry["line"])


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"title": "A", "due": "2026-12-01"}, {"title": "A", "due": "2026-12-01", "notes": None}),
        ({"title": "A", "content": "B"}, {"title": "A", "notes": None, "metadata": {"content": "B"}}),
        ({"title": "A", "remark": "B"}, {"title": "A", "metadata": {"remark": "B"}}),
        ("A,,B,2026-12-01", {"title": "A", "due": "2026-12-01", "metadata": {"content": "B"}}),
        ('"A ""b""",,,', {"title": 'A "b"'}),
        ("A", {"title": "A"}),
        ('{"title": "A", "content": "B"}', {"title": "A", "metadata": {"content": "B"}}),
    ],
)
def test_a_row_of_a_table_is_corrected_as_an_object_or_as_its_line(
    tmp_path: Path, row: object, what: dict[str, Any]
) -> None:
    [entry] = rejected_file(tmp_path, TABLE + b"x,y,z,soon\n")
    [found] = plan(lines({**entry, "row": row}))
    assert isinstance(found, Planned)
    state: dict[str, Any] = {**found.event.state}
    assert {name: state[name] for name in what} == what


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("csv", "task,name,notes\n,Second name,no title\n"),
        ("csv", f"title,due\n{LONG},soon\n"),
        ("csv", "title,due\nA,2026-12-01,too much\n"),
        # The end of a broken row is not a row.
        ("csv", 'title,notes\nA,"x\ny"z\n'),
        ("csv", 'title\n"never closed\n'),
        ("csv", 'title\n7\nA"B\n,,\n,7\n'),
        ("jsonl", '{"title": "A"\n'),
        ("jsonl", '{\n7\n[]\nnull\n"A"\n{}\n'),
        ("jsonl", '{"title": "A", "title": "B"}\n'),
        ("json", '[7, null, [], "A", {}, {"title": "A", "order": 1e999}]'),
        # What is refused because of another row.
        ("jsonl", '{"id": 1, "title": "A"}\n{"id": "1", "title": "B"}\n'),
        ("csv", "id,title\n1,A\n1,B\n1,C\n"),
        ("jsonl", '{"id": 1, "title": "A", "parent": 2}\n{"id": 2, "title": "B", "parent": "1"}\n'),
        ("todo.txt", "A due:2026-02-30\n"),
        ("todoist", "TYPE,CONTENT,INDENT\nfoo,A,1\nnote,B,\ntask,A,x\ntask,B,1,too,many\n"),
        ("ticktick", 'List Name,Title,Status,Is All Day\nL,A,9,false\nL,"B"c,0,false\n'),
    ],
)
@pytest.mark.parametrize("how", [PLAINLY, ReadOptions(list_name="L", time_zone="Europe/Berlin")])
def test_a_row_that_nobody_corrects_is_rejected_each_time_as_what_it_was(
    tmp_path: Path, name: str, content: str, how: ReadOptions
) -> None:
    first = [{**entry, "line": 0} for entry in rejected_file(tmp_path, content.encode(), name=name, how=how)]
    assert first
    entries = first
    for _ in range(3):
        again = rejected_file(tmp_path, lines(*entries), name="rejected")
        assert [{**entry, "line": 0} for entry in again] == first
        entries = again


@pytest.mark.parametrize("name", ["csv", "json", "jsonl", "todo.txt"])
def test_a_row_that_is_not_utf8_is_corrected_in_its_text(tmp_path: Path, name: str) -> None:
    row = "title\nA \udcff\n" if name == "csv" else '[{"title": "A \udcff"}]' if name == "json" else "A \udcff\n"
    row = '{"title": "A \udcff"}\n' if name == "jsonl" else row
    [entry] = rejected_file(tmp_path, row.encode("utf-8", "surrogateescape"), name=name)
    assert entry["reason"].startswith("not UTF-8")
    [again] = rejected_file(tmp_path, lines(entry))
    assert (again["reason"], again["row"]) == (entry["reason"], entry["row"])
    [found] = plan(lines({**entry, "row": {**entry["row"], "text": entry["row"]["text"].replace("\ufffd", "ÿ")}}))
    assert isinstance(found, Planned)
    assert found.event.state["title"] == "A ÿ"


def test_an_id_that_another_row_has_is_another_id_when_it_is_corrected(tmp_path: Path) -> None:
    [entry] = rejected_file(tmp_path, lines({"id": 1, "title": "A"}, {"id": 1, "title": "B"}))
    assert errors_of(lines(entry)) == [(1, "#/id", "the id already occurs in line 1")]
    corrected = {**entry, "row": {"id": 2, "title": "B"}}
    [found] = plan(lines(corrected))
    [expected] = plan(lines({"id": 2, "title": "B"}))
    assert as_first_read([found], 1) == as_first_read([expected], 1)


def test_what_is_said_now_goes_before_what_was_said_then(tmp_path: Path) -> None:
    how = ReadOptions(names={"title": "a"}, list_name="old")
    [entry] = rejected_file(tmp_path, lines({"a": "", "b": "B"}), how=how)
    [found] = plan(lines(entry), how=ReadOptions(names={"title": "b"}, list_name="new"))
    assert isinstance(found, Planned)
    assert (found.event.state["title"], found.event.state["list"]) == ("B", "new")


def test_an_entry_that_could_not_be_read_is_read_when_it_is_corrected(tmp_path: Path) -> None:
    [entry] = rejected_file(tmp_path, lines({"id": 1, "title": "A", "due": "soon"}))
    text = json.dumps(entry).replace('"soon"', "soon")
    [broken] = rejected_file(tmp_path, text.encode(), name="rejected")
    assert broken["reason"].startswith("not a rejected row: not JSON")
    assert broken["row"] == text
    [again] = rejected_file(tmp_path, lines(broken))
    assert {**again, "line": 0} == {**broken, "line": 0}
    [found] = plan(lines({**broken, "row": text.replace(": soon", ': "2026-12-01"')}))
    assert isinstance(found, Planned)
    assert found.event.state["due"] == "2026-12-01"


GOOD: dict[str, Any] = {"line": 1, "format": "csv", "source": "file", "reason": "x", "row": {"title": "A"}}


@pytest.mark.parametrize(
    ("changed", "explanation"),
    [
        ({"format": "docx"}, "its format 'docx' is not one of "),
        ({"format": 7}, "Expected `str`, got `int` - at `$.format`"),
        ({"source": "a\nb"}, "source: expected 1 to 64 printable characters"),
        ({"source": "a" * 65}, "source: expected 1 to 64"),
        ({"key": "a" * 1001}, "key: more than 1000 characters"),
        ({"read": []}, "read: Expected `object`"),
        ({"read": {"names": {"version": "A"}}}, "read: names: expected fields of a todo, not 'version'"),
        ({"read": {"names": {"title": "a" * 1001}}}, "read: names: expected at most 1000 characters"),
        ({"read": {"names": {"title": 7}}}, "read: Expected `str`, got `int`"),
        ({"read": {"list_name": ".."}}, "read: list_name: "),
        ({"read": {"time_zone": "Mars"}}, "read: time_zone: expected the name of an IANA time zone"),
        ({"read": {"date_format": "%d%d%m%Y"}}, "read: date_format: expected the codes of a day"),
        ({"read": {"date_format": "%d" * 1000}}, "read: date_format: expected the codes of a day"),
        ({"read": {"done_values": ["a"] * 101}}, "read: done_values: expected at most 100 words"),
        ({"read": {"file_name": "a" * 1001}}, "read: file_name: expected at most"),
        ({"read": {"context": 7}}, "read: Expected `object`, got `int`"),
        ({"contested": "x"}, "at `$.contested`"),
        ({"format": "rejected"}, "Object missing required field"),
        ({"format": "rejected", "row": 7}, "Expected `object`, got `int`"),
    ],
)
def test_an_entry_that_says_what_cannot_be_is_refused_and_kept(
    tmp_path: Path, changed: dict[str, Any], explanation: str
) -> None:
    entry = {**GOOD, **changed}
    [refused] = rejected_file(tmp_path, lines(entry), name="rejected")
    assert explanation in refused["reason"]
    assert refused["reason"].startswith("not a rejected row: ")
    assert entry in (refused["row"], {**GOOD, **changed, "row": refused["row"]})
    [again] = rejected_file(tmp_path, lines(refused))
    assert again == refused


@pytest.mark.parametrize(
    "context",
    [
        {"columns": "title", "separator": ","},
        {"columns": [7], "separator": ","},
        {"columns": ["title"], "separator": ["x"]},
        {"columns": [], "separator": ","},
        {"columns": ["title"] * 100_000, "separator": ","},
    ],
)
def test_a_header_that_somebody_has_changed_is_not_taken(context: dict[str, Any]) -> None:
    [found] = plan(lines({**GOOD, "read": {"context": context}}))
    assert isinstance(found, Planned)


@pytest.mark.parametrize("row", [None, 7, "", " ", "\0", "PK\x03\x04", "\ud800", [], {}, {"title": {}}, "a\nb", '"'])
@pytest.mark.parametrize("name", ["csv", "json", "jsonl", "todo.txt", "icalendar", "todoist", "ticktick", "todo-ledger",
                                  "taskwarrior", "google-tasks", "microsoft-to-do", "rejected"])  # fmt: skip
def test_a_row_may_be_anything(name: str, row: object) -> None:
    context = {"columns": ["title"], "separator": ","}
    [found] = plan(lines({**GOOD, "format": name, "row": row, "read": {"context": context}}), name="rejected")
    assert isinstance(found, BadRow) or name == "todo.txt"


def test_entries_in_entries_have_an_end() -> None:
    entry = GOOD
    for _ in range(50):
        entry = {**GOOD, "format": "rejected", "row": entry}
    assert errors_of(lines(entry)) == [(1, "#", "not a rejected row: entries are nested too deeply")]


def test_a_long_header_is_not_repeated_in_each_entry(tmp_path: Path) -> None:
    header = "title," + ",".join(f"column {number}" for number in range(1000))
    [entry] = rejected_file(tmp_path, f"{header},due\nA,{',' * 998}\n{',' * 1000}soon\n".encode())
    assert "context" not in entry.get("read", {})


@pytest.mark.parametrize("dump", [
    lambda entries: lines(*({name: entry[name] for name in sorted(entry)} for entry in entries)),
    lambda entries: json.dumps(entries, indent=2).encode(),
    lambda entries: json.dumps(entries).encode(),
    lambda entries: b"\n".join(json.dumps(entry, indent=2).encode() for entry in entries),
    lambda entries: lines(*({name: entry[name] for name in ("row", "format")} | {"line": 1} for entry in entries)),
])  # fmt: skip
def test_a_file_that_a_program_has_saved_again_is_read(tmp_path: Path, dump: Any) -> None:
    entries = rejected_file(tmp_path, lines({"id": 1, "title": "A", "due": "soon"}, {"id": 2, "title": ""}))
    for entry in entries:
        entry["row"] = {"id": entry["row"]["id"], "title": "A"}
    expected = [each.event.stream_id for each in plan(lines(*entries)) if isinstance(each, Planned)]
    assert [each.event.stream_id for each in plan(dump(entries)) if isinstance(each, Planned)] == expected
    assert len(expected) == 2
