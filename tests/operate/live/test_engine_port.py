"""The engine's own port on a running stack: nobody but its owner's tools gets anything from it."""

from __future__ import annotations

import http.client
import json
import stat
from pathlib import Path

import botocore.exceptions
import pytest

from stack.aws import LocalEndpoint, local_client
from stack.local.local_stack import LocalStack
from stack.local.state import read_json, write_json
from tests.support.client import Client, problem
from tests.support.waiting import PATIENCE_SECONDS

SCAN = {"X-Amz-Target": "DynamoDB_20120810.Scan", "Content-Type": "application/x-amz-json-1.0"}


def ask(port: int, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("POST", "/", SCAN),
        ("POST", "/", {**SCAN, "Origin": "https://example.com"}),
        ("POST", "/2015-03-31/functions", {}),
        ("OPTIONS", "/2015-03-31/functions", {"Origin": "https://example.com"}),
        ("POST", "/_ministack/reset", {}),
        ("GET", "/_ministack/health", {}),
        ("GET", "/bucket/key", {}),
        (
            "GET",
            "/",
            {
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
        ),
    ],
)
def test_a_request_without_credentials_is_refused(
    stack: LocalStack, method: str, target: str, headers: dict[str, str]
) -> None:
    body = json.dumps({"TableName": stack.deployed()["EventsTableName"]}).encode() if method == "POST" else b""
    assert ask(stack.engine.engine_port, method, target, headers, body)[0] == 403


def test_a_name_that_leads_to_this_machine_does_not_help(stack: LocalStack) -> None:
    headers = {**SCAN, "X-Amz-Security-Token": stack.engine.token}
    body = json.dumps({"TableName": stack.deployed()["EventsTableName"]}).encode()
    assert ask(stack.engine.engine_port, "POST", "/", headers, body)[0] == 200
    rebound = {**headers, "Host": f"attacker.example:{stack.engine.engine_port}"}
    assert ask(stack.engine.engine_port, "POST", "/", rebound, body)[0] == 403


@pytest.mark.parametrize("service", ["dynamodb", "lambda", "sqs", "cloudformation"])
def test_the_credentials_of_another_stack_are_refused_with_a_sentence(stack: LocalStack, service: str) -> None:
    client = local_client(service, LocalEndpoint(stack.engine_url, "0" * 64))
    call = {
        "dynamodb": "list_tables",
        "lambda": "list_functions",
        "sqs": "list_queues",
        "cloudformation": "describe_stacks",
    }[service]
    with pytest.raises(
        (botocore.exceptions.ClientError, botocore.parsers.ResponseParserError), match="credentials of its stack"
    ):
        getattr(client, call)()


@pytest.mark.parametrize("target", ["x", "*", "http://127.0.0.1", "http://127.0.0.1/x", "//x"])
def test_the_apis_port_leads_to_none_of_the_engines_services(stack: LocalStack, target: str) -> None:
    body = json.dumps({"TableName": stack.deployed()["EventsTableName"]}).encode()
    status, content = ask(stack.engine.port, "POST", target, SCAN, body)
    assert status >= 400, content
    assert b"stream_id" not in content
    assert b"ResourceNotFoundException" not in content


def test_a_browser_reads_the_api_from_any_origin(stack: LocalStack) -> None:
    headers = {"Origin": "https://example.com", "Sec-Fetch-Mode": "cors", "Authorization": f"Bearer {stack.token('a')}"}
    assert ask(stack.engine.port, "GET", "/todos", headers)[0] == 200


def test_an_engine_of_an_older_version_is_replaced_and_its_todos_are_kept(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    with LocalStack(directory) as stack:
        client = Client(stack.url, stack.token("alice"))
        todo = client.create("Kept")
        before = stack.engine
        # An older version wrote no token, and everybody could read its files.
        record = read_json(stack.state.engine_record)
        del record["token"]
        write_json(stack.state.engine_record, record)
        stack.state.engine_record.chmod(0o644)
        directory.chmod(0o755)
        again = LocalStack(directory)
        assert again.start()
        assert again.engine.pid != before.pid
        assert (again.engine.port, again.engine.engine_port) == (before.port, before.engine_port)
        assert again.engine.token
        assert Client(again.url, again.token("alice")).get(f"/todos/{todo['id']}").json()["title"] == "Kept"
        assert not again.start()
        for path in (directory, again.state.engine_record, *again.state.engine_data.rglob("*")):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_webhook_does_not_lead_to_the_stacks_own_ports(stack: LocalStack, host: str) -> None:
    client = Client(stack.url, stack.token("alice"))
    for port in (stack.engine.port, stack.engine.engine_port):
        refused = problem(client.post("/webhooks", {"url": f"http://{host}:{port}/2015-03-31/functions"}), 400)
        assert [error["pointer"] for error in refused["errors"]] == ["#/url"]
