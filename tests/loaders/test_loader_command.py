"""The command: what it prints, what it leaves behind, and how it ends."""

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loaders.cli import main
from tests.loaders.loading import lines
from tests.support.paths import ROOT

# moto does not bear several threads.
ALONE = ("--owner", "ann", "--concurrency", "1")

GOOD = {"id": 1, "title": "Good"}
BAD = {"id": 2, "title": "Bad", "due": "someday"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "todos.jsonl"


def rejected(file: Path) -> Path:
    return file.with_name(file.name + ".rejected.jsonl")


def test_a_file_is_loaded_once_however_often_and_from_wherever_it_comes(
    events: Any, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(lines(*({"id": number, "title": f"T {number}", "done": number % 2} for number in range(120))))
    assert main([str(file), *ALONE]) == 0
    assert "120 rows read: 120 added, 0 already there, 0 rejected" in capsys.readouterr().out
    before = events.scan()["Items"]
    elsewhere = file.rename(file.with_name("elsewhere"))
    assert main([str(elsewhere), *ALONE]) == 0
    assert "120 rows read: 0 added, 120 already there, 0 rejected" in capsys.readouterr().out
    assert events.scan()["Items"] == before
    states = [json.loads(item["state"]) for item in before]
    assert len(states) == 120
    assert sum("completed" in state for state in states) == 60


def test_bad_rows_are_reported_with_line_row_and_reason_and_the_good_are_loaded(events: Any, file: Path) -> None:
    file.write_bytes(lines(GOOD, BAD))
    assert main([str(file), "--owner", "ann"]) == 1
    [entry] = map(json.loads, rejected(file).read_text().splitlines())
    detail = (
        "expected a date such as 2026-12-31 or 2026-12-31T17:30:00Z, not 'someday';"
        " say with --date-format how the file writes its dates"
    )
    assert entry == {
        "digest": entry["digest"],
        "line": 2,
        "format": "jsonl",
        "source": "file",
        "read": {"file_name": "todos"},
        "reason": f"'due': {detail}",
        "errors": [{"pointer": "#/due", "detail": detail}],
        "row": BAD,
    }
    assert events.scan()["Count"] == 1


def test_rejected_rows_of_an_earlier_run_are_forgotten(events: Any, file: Path) -> None:
    file.write_bytes(lines(GOOD, BAD))
    main([str(file), "--owner", "ann"])
    file.write_bytes(lines(GOOD, {**BAD, "due": "2026-12-01"}))
    assert main([str(file), "--owner", "ann"]) == 0
    assert not rejected(file).exists()


def test_a_dry_run_writes_nothing_at_all(events: Any, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(lines(GOOD, BAD))
    assert main([str(file), "--owner", "ann", "--dry-run"]) == 1
    printed = capsys.readouterr()
    assert "2 rows read: 1 would be added, 0 already there, 1 rejected" in printed.out
    assert "line 2: 'due': expected" in printed.err
    assert events.scan()["Count"] == 0
    assert list(file.parent.iterdir()) == [file]


def test_standard_input_is_read(
    events: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines(GOOD, BAD))))
    assert main(["-", "--owner", "ann"]) == 1
    assert len((tmp_path / "stdin.rejected.jsonl").read_text().splitlines()) == 1


def test_another_source_makes_other_todos(events: Any, file: Path) -> None:
    file.write_bytes(lines(GOOD))
    for source in ("work", "home"):
        assert main([str(file), "--owner", "ann", "--source", source]) == 0
    assert events.scan()["Count"] == 2


@pytest.mark.parametrize(
    ("content", "explanation"),
    [
        (b"", "it is empty"),
        (b"\0\1\2", "binary"),
        (b"no,header\n", "none of its columns is a title"),
        (b'[{"title": "A"}', "the file ends where ']' belongs"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_2_and_no_traceback(
    events: Any, file: Path, capsys: pytest.CaptureFixture[str], content: bytes, explanation: str
) -> None:
    file.write_bytes(content)
    assert main([str(file), "--owner", "ann"]) == 2
    printed = capsys.readouterr()
    assert explanation in printed.out + printed.err


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_opened_ends_with_2(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main([str(tmp_path / name), "--owner", "ann"]) == 2
    assert "cannot open" in capsys.readouterr().err


def test_without_a_table_it_ends_with_2_and_says_so(
    events: Any, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVENTS_TABLE", "no-such-table")
    file.write_bytes(lines(GOOD))
    assert main([str(file), "--owner", "ann"]) == 2
    assert "ResourceNotFound" in capsys.readouterr().out


def test_without_a_running_stack_it_says_how_to_get_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(lines(GOOD))
    assert main([str(file), "--owner", "ann"]) == 2
    assert "run `make up` first, or set EVENTS_TABLE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["f"],
        ["f", "--owner", ""],
        ["f", "--owner", "a" * 256],
        ["f", "--owner", "caf\udce9"],
        ["f", "--owner", "a", "--concurrency", "0"],
        ["f", "--owner", "a", "--delete"],
        ["f", "--owner", "a", "--offline"],
        ["f", "--prune", "--to", "http://a"],
        ["f", "--owner", "a", "--max-lag", "nan"],
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_the_samples_load_without_a_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    samples = ROOT / "samples" / "todos.json"
    assert main([str(samples), "--owner", "demo", "--dry-run"]) == 0
    assert "25 rows read: 25 would be added, 0 rejected" in capsys.readouterr().out


def test_it_runs_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "loaders", "-", "--owner", "ann", "--dry-run"],
        input=lines(GOOD),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, b"1 rows read: 1 would be added, 0 rejected\n")


def test_several_files_are_loaded_one_after_the_other_and_one_that_cannot_be_read_stops_no_other(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = {"a": lines(GOOD), "b": b"", "c": gzip.compress(lines({"id": 3, "title": "C"}, BAD))}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    assert main([*(str(tmp_path / name) for name in contents), *ALONE]) == 2
    printed = capsys.readouterr()
    assert f"{tmp_path / 'a'}: 1 rows read: 1 added" in printed.out
    assert f"{tmp_path / 'c'}: 2 rows read: 1 added, 0 already there, 1 rejected" in printed.out
    assert f"error: {tmp_path / 'b'} cannot be read: it is empty" in printed.err
    assert events.scan()["Count"] == 2


def test_a_program_gets_the_losses_by_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "todos.jsonl"
    file.write_bytes(lines({"title": "A", "colour": 1}, {"title": "B", "colour": 2, "Created": "2999-01-01"}))
    assert main([str(file), *ALONE, "--dry-run", "--offline", "--json"]) == 0
    [summary] = json.loads(capsys.readouterr().out)["files"]
    assert summary["metadata"] == {"colour": 2, "Created": 1}
    assert summary["notices"] == {"a created_at later than now was kept as metadata": 1}


def test_a_program_gets_one_json_object_and_each_complaint_as_a_json_line(
    events: Any, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(lines(GOOD, BAD))
    assert main([str(file), *ALONE, "--json"]) == 1
    printed = capsys.readouterr()
    [summary] = json.loads(printed.out)["files"]
    assert {name: summary[name] for name in ("read", "added", "rejected", "rejected_file")} == {
        "read": 2,
        "added": 1,
        "rejected": 1,
        "rejected_file": str(rejected(file)),
    }
    # A load that takes a while also tells how far it is.
    said = map(json.loads, printed.err.splitlines())
    assert [each["line"] for each in said if "reason" in each] == [2]


def test_the_rejected_rows_are_mended_and_loaded_as_a_file(events: Any, file: Path) -> None:
    file.write_bytes(lines(GOOD, BAD))
    main([str(file), *ALONE])
    rejected(file).write_text(rejected(file).read_text().replace("someday", "2026-12-01"))
    assert main([str(rejected(file)), *ALONE]) == 0
    file.write_bytes(lines(GOOD, {**BAD, "due": "2026-12-01"}))
    assert main([str(file), *ALONE]) == 0
    assert events.scan()["Count"] == 2


def test_a_dry_run_without_a_ledger_only_reads(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(lines(GOOD, BAD))
    assert main([str(file), "--owner", "ann", "--dry-run"]) == 1
    assert "2 rows read: 1 would be added, 1 rejected" in capsys.readouterr().out


def test_rejected_rows_that_somebody_has_edited_are_kept_and_it_is_said(
    events: Any, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(lines({"id": 1, "title": "A", "due": "soon"}))
    for _ in range(2):
        assert main([str(file), *ALONE]) == 1
    assert "edited" not in capsys.readouterr().err
    rejected(file).write_text(rejected(file).read_text().replace('"soon"', '"2026-12-02"'))
    file.write_bytes(lines({"id": 1, "title": "B"}))
    assert main([str(file), *ALONE]) == 0
    aside = file.with_name("todos.jsonl.rejected.edited-1.jsonl")
    assert f"so it is kept as {aside}" in capsys.readouterr().err
    assert not rejected(file).exists()
    assert main([str(aside), *ALONE]) == 0
    assert "1 updated" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", "~mine", "a b", "é", "x" * 65])
def test_an_operation_that_the_api_would_refuse_is_refused(
    file: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file.write_bytes(lines(GOOD))
    with pytest.raises(SystemExit) as ended:
        main([str(file), *ALONE, "--operation", name])
    assert ended.value.code == 2
    assert "not a tilde" in capsys.readouterr().err


def test_an_operation_cannot_be_noted_without_the_settings(
    events: Any, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SETTINGS_TABLE", raising=False)
    file.write_bytes(lines(GOOD))
    assert main([str(file), *ALONE, "--operation", "import"]) == 2
    assert "--operation requires SETTINGS_TABLE" in capsys.readouterr().err
    assert events.scan()["Items"] == []
