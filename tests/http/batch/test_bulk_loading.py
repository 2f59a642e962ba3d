"""The loader against the deployed service: killed at any moment, loaded twice, over HTTP, from S3, and pruned."""

from __future__ import annotations

import gzip
import io
import json
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.ledger import ledger, scan
from chalicelib.ledger.codec import decode
from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner
from loaders.cli import main
from loaders.errors import UnreadableFile
from loaders.reading import s3
from stack.local.local_stack import LocalStack
from stack.settings import REPOSITORY
from tests.support.client import Client
from tests.support.waiting import eventually

ROWS = 900


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "title": f"Todo {number}", "list": f"list {number % 3}"} for number in range(count)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "todos.jsonl"


def write(file: Path, content: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps(row) + "\n" for row in content))
    return str(file)


def events_of(owner: str) -> dict[str, list[Event]]:
    """The whole ledger of an owner, by stream."""
    prefix = ids.stream_id(ids.partition_of(owner), "")
    found: dict[str, list[Event]] = {}
    for page in scan.scan():
        for item in page:
            if item["stream_id"]["S"].startswith(prefix):
                found.setdefault(item["stream_id"]["S"].removeprefix(prefix), []).append(decode(item))
    return {todo_id: sorted(events, key=lambda event: event.version) for todo_id, events in found.items()}


def added(owner: str, *numbers: int) -> int:
    """How many of these rows are in the ledger, by their keys: it is asked often, and others have much there."""
    partition = ids.partition_of(Owner(owner))
    streams = (ids.stream_id(partition, ids.id_for_source(Owner(owner), "file", str(each))) for each in numbers)
    return len(ledger.stored_at((stream, 1) for stream in streams))


def summary_of(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == code
    [summary] = json.loads(capsys.readouterr().out)["files"]
    return dict(summary)


def counts(summary: dict[str, Any]) -> tuple[int, int, int]:
    return summary["added"], summary["updated"], summary["already"]


def write_zip(file: Path, content: list[dict[str, Any]]) -> str:
    """The rows in a ZIP of three files."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(3):
            packed.writestr(f"{number}.jsonl", "".join(json.dumps(row) + "\n" for row in content[number::3]))
    return str(file)


@pytest.mark.parametrize(("write_file", "files"), [(write, 1), (write_zip, 3)], ids=["a file", "a ZIP"])
def test_killed_at_any_moment_and_run_again_it_ends_as_one_run_does(
    environment: None,
    owner: str,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    write_file: Callable[[Path, list[dict[str, Any]]], str],
    files: int,
) -> None:
    content = rows(ROWS)
    command = [sys.executable, "-m", "loaders", write_file(file, content), "--owner", owner, "--concurrency", "2"]
    there = 0
    for _ in range(4):
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        moment = min(there + random.randrange(200), ROWS - 1)
        while process.poll() is None and not added(owner, moment):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        there = added(owner, *range(ROWS))
    summary = summary_of(capsys, str(file), "--owner", owner)
    assert there > 0
    assert counts(summary) == (ROWS - there, 0, there)
    loaded = events_of(owner)
    assert {todo_id: [(event.version, event.change) for event in events] for todo_id, events in loaded.items()} == {
        ids.id_for_source(Owner(owner), "file", str(row["id"])): [
            (
                1,
                {
                    "title": row["title"],
                    "list": row["list"],
                    "order": row["id"] // files + 1,
                    "source": f"file:{row['id']}",
                },
            )
        ]
        for row in content
    }


def test_loaded_twice_it_adds_nothing_and_the_views_have_what_the_file_has(
    environment: None, owner: str, client: Client, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file, rows(ROWS))
    assert counts(summary_of(capsys, str(file), "--owner", owner)) == (ROWS, 0, 0)
    before = events_of(owner)
    assert counts(summary_of(capsys, str(file), "--owner", owner)) == (0, 0, ROWS)
    assert events_of(owner) == before
    eventually(lambda: client.get("/stats").json()["total"] == ROWS)
    assert {row["list"]: row["total"] for row in client.get("/lists").json()} == {
        f"list {number}": ROWS // 3 for number in range(3)
    }


def test_what_changed_on_one_side_is_taken_over_and_on_both_is_reported(
    environment: None, owner: str, client: Client, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = rows(150)
    summary_of(capsys, write(file, content), "--owner", owner)
    todo_ids = [ids.id_for_source(Owner(owner), "file", str(number)) for number in range(150)]
    # A dry run compares with the ledger only where the views show that the owner has todos at all.
    eventually(lambda: client.get("/stats").json()["total"] > 0)
    for number in (5, 6):
        client.patch(f"/todos/{todo_ids[number]}", {"completed": True})
    for number in (6, 7):
        content[number]["due"] = "2026-12-01"
    dry = summary_of(capsys, write(file, content), "--owner", owner, "--dry-run", code=1)
    assert (counts(dry), dry["reported"]) == ((0, 1, 148), 1)
    real = summary_of(capsys, str(file), "--owner", owner, code=1)
    assert (counts(real), real["reported"]) == ((0, 1, 148), 1)
    [reported] = map(json.loads, Path(real["rejected_file"]).read_text().splitlines())
    assert (reported["line"], reported["row"]) == (7, content[6])
    changed = events_of(owner)
    assert [event.type for event in changed[todo_ids[7]]] == ["TodoCreated", "TodoEdited"]
    assert [(event.type, event.actor) for event in changed[todo_ids[6]]][1:] == [("TodoCompleted", owner)]


def test_what_left_the_source_is_told_and_deleted_only_when_asked_and_untouched(
    environment: None, owner: str, client: Client, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([write(file, [*rows(130), {"title": "Without an id"}]), "--owner", owner])
    client.post("/todos", {"title": "My own"})
    touched = ids.id_for_source(Owner(owner), "file", "1")
    client.patch(f"/todos/{touched}", {"notes": "mine"})
    eventually(lambda: client.get("/stats").json()["total"] == 132)
    write(file, rows(130)[5:])
    for arguments in ((), ("--dry-run", "--delete"), ("--delete",)):
        capsys.readouterr()
        assert main([str(file), "--owner", owner, "--prune", *arguments, "--json"]) == 0
        left = json.loads(capsys.readouterr().out)["left"]
        assert left == (
            {"deleted": 5, "changed here": 1} if arguments == ("--delete",) else {"left": 5, "changed here": 1}
        ), arguments
    eventually(lambda: client.get("/stats").json()["total"] == 127)
    assert client.get(f"/todos/{touched}").json()["notes"] == "mine"
    # It is in the source again, and so it is here.
    main([write(file, rows(130)), "--owner", owner])
    assert client.get(f"/todos/{ids.id_for_source(Owner(owner), 'file', '2')}").status_code == 200


def test_nothing_is_deleted_while_some_row_cannot_be_read(
    environment: None, owner: str, client: Client, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([write(file, rows(3)), "--owner", owner])
    eventually(lambda: client.get("/stats").json()["total"] == 3)
    file.write_text('{"id": 1, "title": "Todo 1"}\n{"id": 2, "title":\n')
    assert main([str(file), "--owner", owner, "--prune", "--delete"]) == 2
    assert "nothing is deleted" in capsys.readouterr().err
    assert "TodoDeleted" not in {event.type for events in events_of(owner).values() for event in events}


def test_over_http_it_loads_updates_and_restores_nothing(
    stack: LocalStack, environment: None, owner: str, client: Client, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = rows(130)
    over_http = ("--to", stack.url, "--token", stack.token(owner))
    assert counts(summary_of(capsys, write(file, content), *over_http)) == (130, 0, 0)
    assert counts(summary_of(capsys, str(file), *over_http)) == (0, 0, 130)
    todo_ids = [ids.id_for_source(Owner(owner), "file", str(number)) for number in range(130)]
    client.delete(f"/todos/{todo_ids[1]}")
    client.patch(f"/todos/{todo_ids[2]}", {"notes": "mine"})
    client.patch(f"/todos/{todo_ids[3]}", {"notes": "mine"})
    client.delete(f"/todos/{todo_ids[4]}")
    for number in (3, 4, 5):
        content[number]["due"] = "2026-12-01"
    content.append({"id": "bad", "title": ""})
    summary = summary_of(capsys, write(file, content), *over_http, code=1)
    assert (counts(summary), summary["reported"], summary["rejected"]) == ((0, 1, 127), 2, 1)
    assert [client.get(f"/todos/{todo_ids[number]}").status_code for number in (1, 2, 3, 4)] == [410, 200, 200, 410]
    assert client.get(f"/todos/{todo_ids[5]}").json()["due"] == "2026-12-01"
    # What came over HTTP meets what comes without it.
    assert counts(summary_of(capsys, write(file, rows(130)[10:]), "--owner", owner)) == (0, 0, 120)


def test_with_a_token_that_is_not_accepted_it_ends_with_2(
    stack: LocalStack, owner: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file, rows(3))
    assert main([str(file), "--to", stack.url, "--token", stack.token(owner, expires_in=-10)]) == 2
    assert "401" in capsys.readouterr().out
    assert main([str(file), "--to", stack.url, "--token", stack.token(owner), "--owner", "another"]) == 2


@pytest.fixture
def in_s3(environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[bytes], str]:
    """Puts an object, and gives its URL; the loader runs in a directory of the test's own."""
    monkeypatch.chdir(tmp_path)
    client = boto3.client("s3")
    bucket = "todos-to-load"
    client.create_bucket(Bucket=bucket)

    def put(content: bytes) -> str:
        client.put_object(Bucket=bucket, Key="a b/ü.jsonl", Body=content)
        return f"s3://{bucket}/a b/ü.jsonl"

    return put


def zip_of(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as into:
        into.writestr("todos.jsonl", content)
    return packed.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zip_of])
def test_an_object_in_s3_is_read_part_by_part(
    in_s3: Callable[[bytes], str],
    owner: str,
    pack: Callable[[bytes], bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 1000)
    content = b"".join(json.dumps(row).encode() + b"\n" for row in [*rows(300), {"id": "bad"}])
    summary = summary_of(capsys, in_s3(pack(content)), "--owner", owner, code=1)
    assert (counts(summary), summary["rejected_file"]) == ((300, 0, 0), "ü.jsonl.rejected.jsonl")
    assert Path("ü.jsonl.rejected.jsonl").exists()


def test_an_object_that_is_not_there_or_is_replaced_meanwhile_ends_it_with_2(
    in_s3: Callable[[bytes], str], owner: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["s3://todos-to-load/nothing", "--owner", owner]) == 2
    assert main(["s3://todos-to-load", "--owner", owner]) == 2
    name = in_s3(b'{"title": "A"}\n' * 1000)
    found = s3.S3Object(name)
    found._etag = '"another"'
    with pytest.raises(UnreadableFile, match="replaced"):
        found._fetch(0, 10)
    found.close()
