"""Several files in one run, given by name or in a ZIP: none is read twice, and none overwrites another's todos."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loaders.cli import main
from tests.loaders.loading import lines
from tests.loaders.test_loading_archives import BACKUP, TODOIST, zipped

pytestmark = pytest.mark.slow

# moto does not bear several threads.
ALONE = ("--owner", "ann", "--concurrency", "1")


@pytest.fixture
def run(events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[Any], str]]:
    """Load files of a folder; the exit code, each summary, and what was said."""

    def run(*names: str, **options: Any) -> tuple[int, list[Any], str]:
        code = main([*(str(tmp_path / name) for name in names), *ALONE, "--json", *options.get("more", ())])
        printed = capsys.readouterr()
        return code, json.loads(printed.out)["files"], printed.err

    return run


def states(events: Any) -> list[dict[str, Any]]:
    """The todos, each as its newest event has it."""
    newest = sorted(events.scan()["Items"], key=lambda item: item["version"])
    return list({item["stream_id"]: json.loads(item["state"]) for item in newest}.values())


def titles(events: Any) -> list[str]:
    return sorted(state["title"] for state in states(events))


def test_a_file_that_is_given_twice_is_read_once(events: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "a.txt").write_text("(A) Milk\n(A) Milk\n")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "folder").mkdir()
    code, found, said = run("a.txt", "a.txt", "link.txt", "folder/../a.txt")
    assert (code, [summary["added"] for summary in found]) == (0, [2])
    warnings = [json.loads(line)["warning"] for line in said.splitlines()]
    assert [warning.rpartition("is the same file as ")[2] for warning in warnings] == [
        f"{tmp_path / 'a.txt'}, so it is read once"
    ] * 3


def test_standard_input_is_read_once(
    events: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines({"title": "Milk"}))))
    assert main(["-", "-", *ALONE]) == 0
    assert "warning: - is the same file as -, so it is read once" in capsys.readouterr().err


def test_two_files_with_one_id_and_other_values_do_not_overwrite_each_other(
    events: Any, tmp_path: Path, run: Callable[..., Any]
) -> None:
    (tmp_path / "home.csv").write_text("id,title\n1,Milk\n2,Bread\n")
    (tmp_path / "work.csv").write_text("id,title\n1,Mail\n2,Bread\n3,Call\n")
    code, (home, work), _ = run("home.csv", "work.csv")
    assert (code, home["added"]) == (1, 2)
    assert (work["added"], work["already"], work["updated"], work["rejected"]) == (1, 1, 0, 1)
    assert titles(events) == ["Bread", "Call", "Milk"]
    [entry] = map(json.loads, (tmp_path / "work.csv.rejected.jsonl").read_text().splitlines())
    assert entry["reason"] == (
        f"'id': line 2 of {tmp_path / 'home.csv'} has the same id and other values: if they are two lists, load each"
        " with a --source of its own; otherwise load the newer file alone"
    )
    assert run("home.csv", "work.csv")[1][1]["rejected"] == 1, "again"
    for name in ("home", "work"):
        assert run(f"{name}.csv", more=["--source", name])[0] == 0
    assert "Mail" in titles(events)


def test_an_id_belongs_to_the_first_file_even_if_its_row_is_bad(
    events: Any, tmp_path: Path, run: Callable[..., Any]
) -> None:
    (tmp_path / "a.csv").write_text("id,title,due\n1,Milk,someday\n")
    (tmp_path / "b.csv").write_text("id,title,due\n1,Mail,\n")
    code, found, _ = run("a.csv", "b.csv")
    assert (code, [summary["rejected"] for summary in found], titles(events)) == (1, [1, 1], [])


def test_a_corrected_row_is_loaded_beside_the_file_that_it_comes_from(
    events: Any, tmp_path: Path, run: Callable[..., Any]
) -> None:
    (tmp_path / "a.csv").write_text("id,title,due\n1,Milk,someday\n")
    run("a.csv")
    corrected = (tmp_path / "a.csv.rejected.jsonl").read_text().replace("someday", "2026-12-01")
    (tmp_path / "corrected.jsonl").write_text(corrected)
    _, found, _ = run("a.csv", "corrected.jsonl")
    assert [(summary["added"], summary["rejected"]) for summary in found] == [(0, 1), (1, 0)]


def test_a_backup_that_is_loaded_again_adds_nothing(events: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "monday.zip").write_bytes(zipped(BACKUP))
    # Another day's backup has other times, another order of its files, and one project more.
    (tmp_path / "tuesday.zip").write_bytes(
        zipped({**dict(reversed(BACKUP.items())), "New.csv": TODOIST + b"task,A,1,1,\n"})
    )
    assert run("monday.zip")[1][0]["added"] == 3
    assert run("monday.zip")[1][0]["already"] == 3
    code, [summary], _ = run("tuesday.zip")
    assert (code, summary["added"], summary["already"]) == (0, 1, 3)


def test_a_file_of_a_backup_is_the_same_todos_when_it_is_loaded_alone(
    events: Any, tmp_path: Path, run: Callable[..., Any]
) -> None:
    (tmp_path / "backup.zip").write_bytes(zipped({f"Todoist/{name}": content for name, content in BACKUP.items()}))
    run("backup.zip")
    for name, content in BACKUP.items():
        (tmp_path / name).write_bytes(content)
        assert run(name)[1][0]["added"] == 0


def test_rejected_rows_of_a_zip_are_mended_in_one_file(events: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    files = {
        "home.csv": b"id,title,due\n1,Milk,someday\n2,Bread,\n",
        "work.jsonl": lines({"id": "a", "title": "Mail", "due": "someday"}),
    }
    (tmp_path / "lists.zip").write_bytes(zipped(files))
    code, [summary], said = run("lists.zip")
    assert (code, summary["rejected"]) == (1, 2)
    assert [(each["member"], each["rejected"]) for each in summary["members"]] == [("home.csv", 1), ("work.jsonl", 1)]
    assert [(each["member"], each["line"]) for each in map(json.loads, said.splitlines())] == [
        ("home.csv", 2),
        ("work.jsonl", 1),
    ]
    rejected = tmp_path / "lists.zip.rejected.jsonl"
    entries = [json.loads(line) for line in rejected.read_text().splitlines()]
    assert [(entry["format"], entry["read"]["file_name"]) for entry in entries] == [("csv", "home"), ("jsonl", "work")]
    rejected.write_text(rejected.read_text().replace("someday", "2026-12-01"))
    assert run("lists.zip.rejected.jsonl")[:1] == (0,)
    mended = {name: content.replace(b"someday", b"2026-12-01") for name, content in files.items()}
    (tmp_path / "lists.zip").write_bytes(zipped(mended))
    assert run("lists.zip")[1][0]["already"] == 3


def test_a_row_that_is_rejected_names_its_file(events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lists.zip").write_bytes(zipped({"home.csv": b"title,due\nMilk,someday\n"}))
    main([str(tmp_path / "lists.zip"), *ALONE])
    assert "home.csv, line 2: 'due': expected" in capsys.readouterr().err


def test_options_count_for_every_file_of_a_zip(events: Any, tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "lists.zip").write_bytes(zipped({"a.csv": b"What\nMilk\n", "b.csv": b"What,list\nMail,Work\n"}))
    code, _, _ = run("lists.zip", more=["--map", "title=What", "--list", "Home"])
    assert (code, sorted((state["title"], state["list"]) for state in states(events))) == (
        0,
        [("Mail", "Work"), ("Milk", "Home")],
    )


def test_a_zip_whose_file_is_damaged_deletes_nothing(
    events: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    content = zipped(BACKUP, zipfile.ZIP_STORED).replace(b"Oil the gate", b"Oil the gatf", 1)
    (tmp_path / "backup.zip").write_bytes(content)
    assert main([str(tmp_path / "backup.zip"), *ALONE, "--prune", "--delete"]) == 2
    assert "not all files were loaded to the end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        ({"b.csv": b"damaged\nBread\n"}, 2),
        ({"b.csv": "title\nBread\n".encode("utf-16")}, 2),
        ({"b.csv": TODOIST}, 0),
        ({"b.jpg": b"\xff\xd8"}, 0),
    ],
    ids=["no header", "another encoding", "a project without tasks", "a photo"],
)
def test_a_file_that_may_be_a_list_and_is_left_out_deletes_nothing(
    events: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    left_out: dict[str, bytes],
    code: int,
) -> None:
    monkeypatch.setattr("loaders.session.session.prune", lambda *_, **__: iter(()))
    (tmp_path / "backup.zip").write_bytes(zipped({**BACKUP, **left_out}))
    assert main([str(tmp_path / "backup.zip"), *ALONE, "--prune", "--delete"]) == code
    assert ("nothing is deleted" in capsys.readouterr().err) == (code == 2)
