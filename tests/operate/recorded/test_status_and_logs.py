"""`status` and `logs`: what runs where, how far readers and queues are, and what the functions said."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from stack import cli
from stack.deploy.stages import Stage
from stack.errors import StackError
from stack.local.local_stack import LocalStack
from stack.operate import logs, status
from tests.operate.recorded.conftest import Engine
from tests.support.client import Client
from tests.support.waiting import eventually


def test_what_is_not_deployed_is_said_to_be_missing(engine: Engine) -> None:
    found = status.read_stage(engine.deployment.client, "local")
    # Its tables are protected after they were created, by an update.
    assert found["stacks"]["todo-ledger-local-data"]["status"] == "UPDATE_COMPLETE"
    assert found["stacks"]["todo-ledger-local"] is None
    assert set(found["functions"]) == {function.name for function in Stage("local").functions()}
    assert set(found["functions"].values()) == {None}
    assert found["readers"] == {"project": None, "publish": None}
    assert found["views"].startswith("todo-ledger-local-views-")
    elsewhere = status.read_stage(engine.deployment.client, "dev")
    assert {name for name, each in elsewhere["queues"].items() if each is not None} == set()
    assert elsewhere["views"] is None
    assert "todo-ledger-dev-data         is not deployed" in list(status.lines(elsewhere))


def test_the_length_of_each_queue_is_shown(engine: Engine) -> None:
    sqs = engine.deployment.client("sqs")
    before = depth(engine)
    url = sqs.get_queue_url(QueueName="todo-ledger-local-remind-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert depth(engine) == before + 1
    sqs.purge_queue(QueueUrl=url)


def test_the_age_of_what_a_reader_reads_is_the_newest_that_cloudwatch_has(engine: Engine) -> None:
    (told,) = [line for line in status.lines(found_with(age=3.25)) if line.startswith("project reads")]
    assert told.endswith("Enabled, 3.2 s behind")
    (told,) = [line for line in status.lines(found_with(age=None)) if line.startswith("project reads")]
    assert told.endswith("Enabled, no metric of the last ten minutes")


def test_the_status_of_the_deployed_stage_is_complete(stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    directory = ["--directory", str(stack.state.directory)]
    assert cli.main([*directory, "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["url"] == stack.url
    assert all(found["functions"].values())
    # The package is one, and so is its version.
    assert len({each["version"] for each in found["functions"].values()}) == 1
    assert {each["state"] for each in found["readers"].values()} == {"Enabled"}
    assert all(queue is not None for queue in found["queues"].values())
    assert cli.main([*directory, "status"]) == 0
    assert "queue quarantine" in capsys.readouterr().out


def test_the_logs_of_the_deployed_stage_are_those_of_its_functions(
    stack: LocalStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Client(stack.url, stack.token("alice")).get("/stats").status_code == 200
    command = ["--directory", str(stack.state.directory), "logs", "api_handler"]

    def heard() -> bool:
        assert cli.main(command) == 0
        lines = capsys.readouterr().out.splitlines()
        return any(line.startswith("api_handler: {") and '"route":"/stats"' in line for line in lines)

    eventually(heard)


@pytest.fixture
def said(engine: Engine) -> Iterator[list[str]]:
    """Two lines of `project`, in a group of its log."""
    client, texts = engine.deployment.client("logs"), [f"first {uuid.uuid4()}", f"second {uuid.uuid4()}"]
    group = "/aws/lambda/todo-ledger-local-project"
    client.create_log_group(logGroupName=group)
    client.create_log_stream(logGroupName=group, logStreamName="a")
    now = time.time_ns() // 1_000_000
    events = [{"timestamp": now - 1000 + n, "message": text} for n, text in enumerate(texts)]
    client.put_log_events(logGroupName=group, logStreamName="a", logEvents=events)
    yield texts
    client.delete_log_group(logGroupName=group)


def test_the_newest_lines_are_shown_in_their_order(engine: Engine, said: list[str]) -> None:
    client = engine.deployment.client("logs")
    assert [line.text for line in logs.tail(client, "local", "project")] == said
    # Of all functions, most of which have said nothing yet.
    assert [line.text for line in logs.tail(client, "local") if line.function == "project"] == said
    assert list(logs.tail(client, "local", "project", since_seconds=0)) == []


def test_following_shows_each_line_once(engine: Engine, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    client = engine.deployment.client("logs")

    def another_comes(_: float) -> None:
        now = time.time_ns() // 1_000_000
        event = {"timestamp": now, "message": "third"}
        client.put_log_events(
            logGroupName="/aws/lambda/todo-ledger-local-project", logStreamName="a", logEvents=[event]
        )

    monkeypatch.setattr(time, "sleep", another_comes)
    following = logs.tail(client, "local", "project", follow=True)
    assert [next(following).text for _ in range(3)] == [*said, "third"]


def test_a_function_that_is_not_is_refused(engine: Engine) -> None:
    with pytest.raises(StackError, match="there are api_handler, mcp, authorize"):
        list(logs.tail(engine.deployment.client("logs"), "local", "projekt"))


def depth(engine: Engine) -> int:
    found = status.read_stage(engine.deployment.client, "local")
    waiting: int = found["queues"]["remind-dead-letters"]["waiting"]
    return waiting


def found_with(age: float | None) -> dict[str, Any]:
    reader = {"state": "Enabled", "last_result": "OK", "age_seconds": age}
    return {"stacks": {}, "functions": {}, "readers": {"project": reader}, "queues": {}, "ledger": "l", "views": "v"}
