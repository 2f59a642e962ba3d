"""Over HTTP nothing is dropped or done twice while the service refuses, breaks off, or does a part only."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.todos.events import DEFAULTS
from chalicelib.todos.export_rows import json_lines
from loaders.cli import main
from loaders.into import api, writer
from tests.loaders.loading import lines, rows
from tests.loaders.test_loading_exports import row
from tests.support.server import Received, Reply, Server

pytestmark = pytest.mark.slow


class Service(Server):
    """As much of `/batch` as a load meets, with faults that come first: one for each request, until they are used up.

    A fault is a status, a status with headers, `lost` (done, and the answer lost) or `half` (every other command is
    answered by 503).
    """

    def __init__(self) -> None:
        super().__init__(self.answer)
        self.todos: dict[str, list[dict[str, Any]]] = {}
        self.creations: list[str] = []
        self.keys: dict[str, dict[str, Any]] = {}
        self.faults: deque[Any] = deque()
        self.operations: set[str | None] = set()
        self.most_commands = 100
        self.lock = threading.Lock()

    def answer(self, request: Received) -> Reply | None:
        commands = json.loads(request.content)["commands"]
        self.operations.add(request.headers.get("Operation-Id"))
        with self.lock:
            fault = self.faults.popleft() if self.faults else None
            if isinstance(fault, tuple | int):
                status, headers = fault if isinstance(fault, tuple) else (fault, {})
                return Reply(status, b'{"title": "refused"}', headers)
            if len(commands) > self.most_commands:
                return Reply(413, b'{"title": "too large"}')
            results = [
                {"status": 503} if fault == "half" and position % 2 else self.run(command)
                for position, command in enumerate(commands)
            ]
        return None if fault == "lost" else Reply(200, json.dumps({"results": results}).encode())

    def run(self, command: dict[str, Any]) -> dict[str, Any]:
        todo_id = command["id"]
        if command["op"] == "patch":
            if todo_id not in self.todos:
                return {"status": 404}
            todo = {**DEFAULTS, **self.todos[todo_id][-1], "version": len(self.todos[todo_id])}
            return {"status": 200, "todo": todo}
        key = f"{todo_id} {command['key']}"
        if key not in self.keys:
            if command["op"] == "create" and todo_id in self.todos:
                return {"status": 412}
            self.creations.append(todo_id)
            self.todos.setdefault(todo_id, []).append(command["body"])
            self.keys[key] = {"status": 201 if command["op"] == "create" else 200}
        return self.keys[key]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(writer, "CEILING_SECONDS", 0.0)
    with Service() as service:
        yield service


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "todos.jsonl"
    file.write_bytes(rows(350))
    return file


def load(service: Service, file: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    code = main([str(file), "--to", service.url, "--token", "opaque", "--owner", "ann", "--json", *more])
    [summary] = json.loads(capsys.readouterr().out)["files"]
    return code, summary


@pytest.mark.parametrize(
    "faults",
    [
        [429, 503, 502, (429, {"Retry-After": "0"}), (503, {"Retry-After": "nonsense"}), 504] * 2,
        ["lost"] * 6,
        ["half"] * 6,
        ["lost", 503, "half", 429, "lost", "half"],
    ],
)
def test_every_row_is_there_once_whatever_goes_wrong_on_the_way(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str], faults: list[Any]
) -> None:
    service.faults.extend(faults)
    code, summary = load(service, file, capsys)
    assert (code, summary["unwritten"], summary["rejected"]) == (0, 0, 0)
    assert summary["added"] + summary["already"] == 350
    assert len(service.creations) == len(set(service.creations)) == 350


def test_the_time_that_the_service_asks_for_is_waited(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def wait(stopped: threading.Event, tries: int, at_least: float = 0.0) -> bool:
        waited.append(at_least)
        return False

    monkeypatch.setattr(api, "wait_or_stop", wait)
    service.faults.extend([(429, {"Retry-After": "7"}), (503, {"Retry-After": "100000"})])
    assert load(service, file, capsys, "--concurrency", "1")[0] == 0
    assert waited == [7.0, 120.0]


def test_a_request_that_is_too_large_is_halved(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.most_commands = 30
    code, summary = load(service, file, capsys)
    assert (code, summary["added"]) == (0, 350)


TIMES = {"created_at": "2019-05-04T10:00:00.000Z", "completed_at": "2020-06-05T11:30:00.000Z"}


def test_times_that_the_api_does_not_set_are_kept_as_metadata_and_named(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "todos.jsonl"
    file.write_bytes(
        lines(
            {"id": 1, "title": "A", "done": True, "Created": "2019-05-04", "completedAt": "2020-06-05", "colour": 1},
            {"id": 2, "title": "B", "Created": "2019-05-04"},
            {"id": 3, "title": "C"},
        )
    )
    lost = {
        "a created_at was left out, because the API does not set it; it was kept as metadata": 2,
        "a completed_at was left out, because the API does not set it; it was kept as metadata": 1,
    }
    for more in (["--dry-run"], []):
        code, summary = load(service, file, capsys, *more)
        assert (code, summary["added"], summary["notices"]) == (0, 3, lost)
    assert [bodies[0].get("metadata") for bodies in service.todos.values()] == [
        {"Created": "2019-05-04", "completedAt": "2020-06-05", "colour": 1},
        {"Created": "2019-05-04"},
        None,
    ]
    assert all(bodies[0].keys().isdisjoint(TIMES) for bodies in service.todos.values())
    code, summary = load(service, file, capsys)
    assert (code, summary["already"], summary["notices"]) == (0, 3, {})


def test_a_todo_that_has_its_times_needs_none_in_its_metadata(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "todos.jsonl"
    row = {"id": 1, "title": "A", "done": True, **TIMES}
    file.write_bytes(lines(row))
    load(service, file, capsys)
    [bodies] = service.todos.values()
    bodies[0] = {**bodies[0], **TIMES, "metadata": None}
    assert load(service, file, capsys)[1]["already"] == 1
    file.write_bytes(lines({**row, "notes": "new"}))
    code, summary = load(service, file, capsys)
    assert (code, summary["updated"], summary["notices"]) == (0, 1, {})
    assert bodies[-1].get("metadata") is None


def test_an_own_export_comes_without_its_times_and_says_so(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "todos.jsonl"
    file.write_text(json_lines([row(completed=True)]))
    code, summary = load(service, file, capsys)
    assert (code, summary["added"], summary["already"]) == (0, 1, 0)
    assert summary["notices"] == {
        "a created_at was left out, because the API does not set it": 1,
        "a completed_at was left out, because the API does not set it": 1,
    }
    [[body]] = service.todos.values()
    assert body == {"title": "A", "completed": True}


@pytest.mark.parametrize("faults", [[], ["half", 503, "lost", "half"]])
def test_what_was_loaded_under_a_former_id_is_found(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], faults: list[Any]
) -> None:
    before, project = tmp_path / "before.jsonl", tmp_path / "Home.csv"
    # The id that a task had before its project was part of it.
    before.write_bytes(lines({"id": "447c2cbbcf26e5104a885b4fc9a0b6a7#1", "title": "Buy milk"}))
    project.write_bytes(b"TYPE,CONTENT,INDENT\ntask,Buy milk,1\ntask,Two litres,2\n")
    load(service, before, capsys, "--source", "todoist")
    [former] = service.todos
    service.faults.extend(faults)
    _, dry = load(service, project, capsys, "--dry-run")
    assert (dry["added"], dry["updated"], dry["already"]) == (1, 0, 1)
    service.faults.extend(faults)
    load(service, project, capsys)
    [child] = service.todos.keys() - {former}
    assert service.todos[child][0]["parent"] == former
    assert len(service.todos[former]) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_what_no_try_can_help_is_tried_once_and_all_rows_are_accounted_for(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    service.faults.extend([status] * 100)
    code, summary = load(service, file, capsys, "--concurrency", "1")
    assert code == 2
    assert str(status) in summary["stopped_by"]
    assert summary["unwritten"] == summary["read"] or summary["read"] == summary["unwritten"] + 1
    assert not service.todos


@pytest.mark.parametrize("arguments", [["--to", "ftp://a"], ["--to", "nonsense"], ["--to", "http://127.0.0.1:1"]])
def test_an_address_that_leads_nowhere_ends_it_with_2(
    file: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "CEILING_SECONDS", 0.0)
    assert main([str(file), "--owner", "ann", "--token", "opaque", *arguments]) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://todo.example",
        "HTTP://todo.example",
        "http://todo.example:8000/v1",
        "http://192.168.1.7:8000",
        "http://127.0.0.1@todo.example",
        "http://127.0.0.1.todo.example",
        "http://localhost.todo.example",
        "http://[2606:4700::1]:8000",
        "http://0.0.0.0:8000",
    ],
)
def test_a_token_is_not_sent_unencrypted_to_another_machine(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "todos.jsonl"
    file.write_bytes(rows(1))
    assert main([str(file), "--to", url, "--token", "secret", "--owner", "ann"]) == 2
    error = capsys.readouterr().err
    assert "unencrypted" in error
    assert "--allow-http" in error


@pytest.mark.parametrize(
    ("url", "allow_http"),
    [
        ("https://todo.example/v1", False),
        ("http://127.0.0.1:8000", False),
        ("http://127.3.2.1:8000", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
        ("http://todo.example", True),
    ],
)
def test_it_is_sent_over_https_on_this_machine_or_where_that_is_allowed(url: str, allow_http: bool) -> None:
    api.check_url(url, allow_http=allow_http)


def test_what_the_service_says_is_shown_short_and_without_control_sequences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(_: Received) -> Reply:
        detail = "\x1b[2J\x07\u202e" + "é" * 100_000
        return Reply(400, json.dumps({"detail": detail}).encode())

    file = tmp_path / "todos.jsonl"
    file.write_bytes(rows(1))
    with Server(answer) as server:
        assert main([str(file), "--to", server.url, "--token", "secret", "--owner", "ann"]) == 2
    said = "".join(capsys.readouterr())
    assert "é" in said
    assert len(said) < 5_000
    assert all(each.isprintable() or each == "\n" for each in said)


def test_each_request_states_the_operation_that_the_load_is_part_of(
    service: Service, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(service, file, capsys, "--operation", "import-2026")

    assert service.operations == {"import-2026"}
