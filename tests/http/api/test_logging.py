"""One line for each request, as JSON, that tells what was asked and how it ended, and nothing of what a todo says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from chalicelib import logs
from chalicelib.commands import list_worker
from chalicelib.ledger import ledger
from chalicelib.triggers import clear
from tests.support.client import problem
from tests.support.in_process import InProcess

PRIVATE = "Ask the solicitor about the will"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    said = captured.readouterr()
    assert said.err == ""
    return read(said.out)


def read(said: str) -> list[dict[str, Any]]:
    """The lines of the log, without those of metrics between them."""
    return [line for line in map(json.loads, said.splitlines()) if "_aws" not in line]


def test_a_request_is_one_line_with_method_route_status_duration_and_ids(
    here: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    here.get("/todos/0197e1f0-0000-7000-8000-00000000000a", x_request_id="mine")

    (line,) = lines(capsys)
    assert line.pop("milliseconds") > 0
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "INFO", "message": "request", "method": "GET",
        "route": "/todos/{todo_id}", "status": 404, "request_id": "in-process", "correlation_id": "mine",
    }  # fmt: skip


def test_a_line_is_written_whatever_level_the_machine_around_is_set_to() -> None:
    """The local engine has LOG_LEVEL for itself, and hands it on; without a line each call takes it 50 ms longer."""
    command = [sys.executable, "-c", "from chalicelib import logs; logs.write('request')"]
    done = subprocess.run(
        command, env=os.environ | {"LOG_LEVEL": "WARNING"}, capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout)["message"] == "request"


def test_a_request_without_a_good_id_does_not_go_by_that_of_the_one_before(
    here: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    here.get("/stats", x_request_id="mine")
    here.get("/stats", x_request_id="not mine")
    here.get("/stats")

    told = lines(capsys)
    assert [line["correlation_id"] for line in told] == ["mine", "in-process", "in-process"]
    assert ["request_id" in line for line in told] == [True, False, False], "said once"


def test_neither_a_token_nor_what_a_todo_says_is_logged(
    here: InProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = here.create(PRIVATE, notes=PRIVATE, list=PRIVATE, tags=[PRIVATE], metadata={PRIVATE: PRIVATE})
    path = f"/todos/{todo['id']}"
    authorization = {"authorization": f"Bearer {TOKEN}"}
    encoded = PRIVATE.replace(" ", "%20")
    here.post("/todos", {"title": PRIVATE, PRIVATE: PRIVATE}, **authorization)
    here.post("/todos", PRIVATE.encode(), **authorization)
    here.post("/todos", {"title": PRIVATE}, content_type=PRIVATE, **authorization)
    here.post("/todos", {"title": PRIVATE}, idempotency_key=PRIVATE, **authorization)
    here.put(path, {"title": PRIVATE}, if_match='"9"', **authorization)
    here.patch(path, {"notes": PRIVATE * 2000}, **authorization)
    here.patch(path, {"repeat": PRIVATE, "due": PRIVATE}, **authorization)
    here.get(f"/todos?q={encoded}&colour={encoded}", **authorization)
    here.get(f"/lists/{encoded}/todos", **authorization)
    here.get(f"{path}/events", **authorization)
    here.delete(path, **authorization)

    def break_down(*_: Any, **__: Any) -> Any:
        try:
            raise KeyError(PRIVATE)
        except KeyError as error:
            raise ValueError(f"{TOKEN}: {PRIVATE}") from error

    monkeypatch.setattr(ledger, "latest", break_down)
    problem(here.get(path, x_request_id="broken", **authorization), 500)
    monkeypatch.setattr(list_worker, "work_or_quarantine", break_down)
    clear.handle({"Records": [{"messageId": "1", "body": PRIVATE}]})

    said = capsys.readouterr()
    assert said.err == ""
    for private in (PRIVATE, encoded, TOKEN, "solicitor"):
        assert private not in said.out
    told = read(said.out)
    assert sum(line["message"] == "request" for line in told) == 13
    failed = next(line for line in told if line["message"] == "unhandled")
    assert (failed["level"], failed["exception_name"], failed["correlation_id"]) == ("ERROR", "ValueError", "broken")
    assert failed["exception"].rstrip().endswith("builtins.ValueError")
    assert "builtins.KeyError" in failed["exception"], "the cause"
    assert "break_down" in failed["exception"], "and where"


def test_what_aws_answered_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    class ClientError(Exception):
        response = {"Error": {"Code": "AccessDeniedException"}}  # noqa: RUF012

    logs.warn("DynamoDB did not serve the request", ClientError("AccessDeniedException: not authorized to Query"))

    (line,) = lines(capsys)
    assert line["level"] == "WARNING"
    assert line["exception"].endswith("ClientError: AccessDeniedException: not authorized to Query")


def test_no_line_comes_twice(capsys: pytest.CaptureFixture[str], here: InProcess) -> None:
    here.get("/health")
    assert len(lines(capsys)) == 1
