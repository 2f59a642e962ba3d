"""What a user says of a file (`--list`, `--timezone`, `--strict`, …), from the command line to the todos."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loaders.cli import main
from tests.loaders.loading import lines

TODO_ID = "0190c3a0-0000-7000-8000-000000000001"
Ran = tuple[int, dict[str, Any], str, list[dict[str, Any]]]


@pytest.fixture
def run(events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Load a file; the exit code, the summary, what is said, and the todos."""

    def run(name: str, content: bytes, *options: str) -> Ran:
        file = tmp_path / name
        file.write_bytes(content)
        dry = [str(file), "--owner", "ann", "--concurrency", "1", "--dry-run", *options]
        code = main(dry)
        said = capsys.readouterr().out
        assert events.scan()["Count"] == 0
        assert main([each for each in dry if each != "--dry-run"] + ["--json"]) == code, "as the dry run said"
        [summary] = json.loads(capsys.readouterr().out)["files"]
        return code, summary, said, [json.loads(item["state"]) for item in events.scan()["Items"]]

    return run


CALENDAR = b"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY:Milk\nDUE:20261201T090000\nEND:VTODO\nEND:VCALENDAR\n"
LISTED: dict[str, tuple[str, bytes]] = {
    "CSV": ("a.csv", b"title\nMilk\n"),
    "an empty cell": ("a.csv", b"title,list\nMilk,\n"),
    "todo.txt": ("a.txt", b"(A) Milk\n"),
    "a calendar": ("a.ics", CALENDAR),
    "an export of our own without lists": ("a.jsonl", lines({"id": TODO_ID, "version": 1, "title": "Milk"})),
}


@pytest.mark.parametrize(("name", "content"), LISTED.values(), ids=LISTED)
def test_rows_that_name_no_list_are_in_the_given_one(run: Callable[..., Ran], name: str, content: bytes) -> None:
    code, _, _, todos = run(name, content, "--list", "Home")
    assert (code, [(todo["title"], todo["list"]) for todo in todos]) == (0, [("Milk", "Home")])


def test_a_list_that_a_row_names_is_kept(run: Callable[..., Ran]) -> None:
    _, _, _, todos = run("a.csv", b"title,list\nMilk,Shop\n", "--list", "Home")
    assert [todo["list"] for todo in todos] == ["Shop"]


def test_times_without_a_zone_are_in_the_one_that_is_given(run: Callable[..., Ran]) -> None:
    _, _, _, todos = run("a.ics", CALENDAR, "--timezone", "Europe/Berlin")
    assert [todo["due"] for todo in todos] == ["2026-12-01T09:00:00+01:00"]


def test_dates_and_done_are_read_as_the_file_writes_them(run: Callable[..., Ran]) -> None:
    content = b"title;due;done\nMilk;01.12.2026;erledigt\n"
    code, _, _, todos = run("a.csv", content, "--date-format", "%d.%m.%Y", "--done-values", "fertig,erledigt")
    assert (code, [(todo["due"], todo["completed"]) for todo in todos]) == (0, [("2026-12-01", True)])


LOSSY = lines({"title": "Milk", "energy": "low", "where": "shop"}, {"title": "Bread", "energy": "low"}, {"title": "A"})


def test_what_no_field_holds_is_named_in_the_summary(run: Callable[..., Ran]) -> None:
    code, summary, said, todos = run("a.jsonl", LOSSY)
    assert (code, len(todos)) == (0, 3)
    assert "3 values kept as metadata: energy, where" in said
    assert summary["metadata"] == {"energy": 2, "where": 1}


def test_strict_refuses_exactly_the_rows_that_would_be_read_with_a_loss(run: Callable[..., Ran]) -> None:
    code, summary, said, todos = run("a.jsonl", LOSSY, "--strict")
    assert (code, [todo["title"] for todo in todos]) == (1, ["A"])
    assert (summary["rejected"], summary["metadata"]) == (2, {})
    assert "2 rejected" in said
    entries = map(json.loads, Path(summary["rejected_file"]).read_text().splitlines())
    assert [entry["reason"] for entry in entries] == [
        "refused by --strict: kept as metadata: energy, where",
        "refused by --strict: kept as metadata: energy",
    ]


def test_what_strict_refused_is_loaded_without_it(run: Callable[..., Ran], capsys: pytest.CaptureFixture[str]) -> None:
    _, summary, _, _ = run("a.jsonl", LOSSY, "--strict")
    assert main([summary["rejected_file"], "--owner", "ann", "--concurrency", "1"]) == 0
    assert "2 rows read: 2 added" in capsys.readouterr().out


def test_offline_it_does_not_ask_the_service_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("title\nMilk\n")
    arguments = [str(tmp_path / "a.csv"), "--to", "http://127.0.0.1:9", "--token", "t", "--owner", "ann"]
    assert main([*arguments, "--dry-run", "--offline"]) == 0
    assert "1 rows read: 1 would be added, 0 rejected" in capsys.readouterr().out
