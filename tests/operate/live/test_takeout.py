"""An owner moves to another name with the whole history: out of the ledger and into it again, on the local engine."""

from __future__ import annotations

import gzip
import json
import stat
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.commands import execute
from chalicelib.ledger import ledger, scan
from chalicelib.ledger.errors import ImportUnfinished
from chalicelib.todos import ids
from chalicelib.todos.events import Event
from loaders import cli
from loaders.into import histories
from stack.commands import takeout
from stack.errors import StackError
from stack.operate import audit
from stack.operate.catchup import catch_up
from tests.operate.live.commanding import Owner, mixed_commands

BRIEFLY = 20.0


@pytest.fixture
def owner(environment: None) -> Owner:
    return Owner()


def events_of(owner: Owner) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for page in scan.of_owner(owner.partition):
        for item in page:
            _, todo_id = ids.split_stream_id(item["stream_id"]["S"])
            found.setdefault(todo_id, [])
    return {todo_id: ledger.history(owner.stream(todo_id)) for todo_id in found}


def stated(owner: Owner) -> dict[str, list[tuple[Any, ...]]]:
    """Everything of an owner's events that a takeout brings."""
    names = (
        "version", "event_id", "type", "change", "actor", "occurred_at", "correlation_id", "causation_id",
        "idempotency_key", "request_hash", "client", "operation", "undoes", "direction",
    )  # fmt: skip
    return {
        todo_id: [tuple(getattr(event, name) for name in names) for event in events]
        for todo_id, events in events_of(owner).items()
    }


def take_out(owner: Owner, file: Path) -> int:
    return takeout.run(Namespace(owner=ids.Owner(owner.name), file=str(file), stage="local"))


def load(owner: Owner, file: Path, *more: str) -> int:
    return cli.main(["--owner", owner.name, "--max-lag", "0", *more, str(file)])


def with_long_history(owner: Owner, count: int = 130) -> str:
    todo_id = owner.create("Long", list="long")
    for number in range(count - 1):
        owner.edit(todo_id, title=f"Title {number}")
    return todo_id


def differences() -> list[tuple[str, str]]:
    return [(found.kind, found.subject) for found in audit.audit_views(patience=BRIEFLY).differences]


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz"])
def test_an_owner_moves_with_the_whole_history(owner: Owner, tmp_path: Path, name: str) -> None:
    todos = mixed_commands(owner)
    with_long_history(owner)
    file, other = tmp_path / name, Owner()
    assert take_out(owner, file) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(other, file) == 0
    assert stated(other) == stated(owner)
    catch_up()
    assert differences() == []
    (table,) = audit.audit_views(patience=BRIEFLY).tables
    for kind in ("plain", "edited", "completed", "moved", "restored"):
        mine, theirs = owner.row(table, todos[kind]), other.row(table, todos[kind])
        assert (mine["state"], mine["version"]) == (theirs["state"], theirs["version"])
    # It goes on from there, and what moved on stays.
    assert other.edit(todos["plain"], title="Mine") == 2
    assert load(other, file) == 0
    assert events_of(other)[todos["plain"]][-1].state["title"] == "Mine"


def test_a_todo_that_exists_is_never_changed(owner: Owner, tmp_path: Path) -> None:
    todo_id = owner.create("Theirs")
    file, other = tmp_path / "all.jsonl", Owner()
    assert take_out(owner, file) == 0
    execute.execute(execute.CommandRequest(ids.Owner(other.name), todo_id, execute_creation("Mine"), actor="tests"))
    before = stated(other)
    assert load(other, file) == 1
    assert stated(other) == before
    (line,) = Path(f"{file}.rejected.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"] == histories.ANOTHER


def execute_creation(title: str) -> Any:
    from chalicelib.todos.decide import Create
    from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS

    return Create({**{name: DEFAULTS[name] for name in CONTENT_FIELDS}, "title": title})


def test_a_history_that_is_here_in_part_is_refused_named_and_left_out_until_the_rest_comes(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo_id = with_long_history(owner)
    file, other = tmp_path / "all.jsonl", Owner()
    assert take_out(owner, file) == 0
    append = histories.HistoryAppender.append

    def dying(self: Any, group: list[Event]) -> Any:
        if group[0].version > 1:
            raise KeyboardInterrupt
        return append(self, group)

    with monkeypatch.context() as dies:
        dies.setattr(histories.HistoryAppender, "append", dying)
        assert load(other, file) == cli.INTERRUPTED
    with pytest.raises(ImportUnfinished):
        execute.current(ids.Owner(other.name), todo_id)
    with pytest.raises(ImportUnfinished):
        other.edit(todo_id, title="Mine")
    catch_up()
    stream = other.stream(todo_id)
    assert differences() == [("unfinished", stream)]
    (table,) = audit.audit_views(patience=0).tables
    assert other.row(table, todo_id) == {}
    assert take_out(other, tmp_path / "mine.jsonl") == 1
    assert load(other, file, "--dry-run") == 0
    assert load(other, file) == 0
    catch_up()
    assert differences() == []
    assert stated(other) == stated(owner)
    assert other.edit(todo_id, title="Mine") == 131


def test_nobody_without_todos_gets_a_file(owner: Owner, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no todo of"):
        take_out(owner, tmp_path / "none.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_takeout_is_not_loaded_over_http(owner: Owner, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    owner.create()
    file = tmp_path / "all.jsonl"
    take_out(owner, file)
    assert (
        cli.main(["--owner", owner.name, "--to", "http://127.0.0.1:1", "--token", "x", str(file)]) == cli.COULD_NOT_RUN
    )
    assert "cannot be loaded over HTTP" in capsys.readouterr().err


def test_rows_that_were_loaded_under_another_name_are_found_by_it(owner: Owner, tmp_path: Path) -> None:
    rows, file, other = tmp_path / "rows.jsonl", tmp_path / "all.jsonl.gz", Owner()
    rows.write_text('{"id": 1, "title": "Buy milk"}\n')
    assert load(owner, rows) == 0
    assert take_out(owner, file) == 0
    assert json.loads(gzip.decompress(file.read_bytes()).splitlines()[0])["owner"] == owner.name
    assert load(other, file) == 0
    rows.write_text('{"id": 1, "title": "Buy oat milk"}\n')
    assert load(other, rows, "--ids-of", owner.name, "--on-change", "update") == 0
    (events,) = events_of(other).values()
    assert [event.state["title"] for event in events] == ["Buy milk", "Buy oat milk"]


def test_an_event_that_came_this_way_says_when(owner: Owner, tmp_path: Path) -> None:
    todo_id, other = owner.create(), Owner()
    take_out(owner, tmp_path / "all.jsonl")
    load(other, tmp_path / "all.jsonl")
    key = {"stream_id": {"S": other.stream(todo_id)}, "version": {"N": "1"}}
    item = dynamodb.client().get_item(TableName=settings.events_table(), Key=key)["Item"]
    assert item["imported_at"]["S"] > item["occurred_at"]["S"]
    assert "more" not in item
