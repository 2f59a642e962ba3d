"""All lines of a header count: as API Gateway hands them over (in process), and as they come over HTTP."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.client import Client, problem
from tests.support.in_process import InProcess


@pytest.fixture
def todo(here: InProcess) -> dict[str, Any]:
    return here.create()


def test_every_line_of_accept_counts(here: InProcess) -> None:
    assert here.get("/stats", accept=["text/html", "application/json", "image/png"]).status_code == 200
    assert here.get("/stats", accept=["application/json", "text/html"]).status_code == 200


def test_every_line_of_a_precondition_counts(here: InProcess, todo: dict[str, Any]) -> None:
    path = f"/todos/{todo['id']}"

    assert here.get(path, if_none_match=['"1"', '"7"']).status_code == 304
    assert here.patch(path, {"title": "x"}, if_match=['"1"', '"7"']).status_code == 200
    problem(here.patch(path, {"title": "y"}, if_none_match=['"2"', '"7"']), 412)


def test_every_line_of_prefer_counts(here: InProcess) -> None:
    answer = here.post("/todos", {"title": "x"}, prefer=["wait=10", "handling=lenient"])

    assert answer.headers.get("Preference-Applied") in ("wait=10", None)


@pytest.mark.parametrize(
    "twice",
    [
        {"idempotency_key": ["a", "b"]},
        {"idempotency_key": ["a", "a"]},
        {"content_type": ["application/json", "text/plain"]},
        {"x_request_id": ["a", "b"]},
        {"operation_id": ["a", "a"]},
        {"authorization": ["Bearer a", "Bearer b"]},
    ],
)
def test_two_lines_of_what_has_one_value_are_refused(here: InProcess, twice: dict[str, list[str]]) -> None:
    refused = here.post("/todos", {"title": "x"}, **twice)

    assert "more than once" in problem(refused, 400)["detail"]


def test_a_parameter_given_twice_is_refused(client: Client) -> None:
    for query in ("completed=true&completed=false", "limit=1&limit=2", "list=a&list=a"):
        errors = problem(client.get(f"/todos?{query}"), 400)["errors"]
        assert [error["detail"] for error in errors] == ["given more than once"]


def over_the_wire(client: Client, method: str, path: str, body: bytes, lines: list[tuple[str, str]]) -> int:
    """The status of a request whose headers are sent line by line."""
    connection = http.client.HTTPConnection(urlsplit(client.url).netloc, timeout=30)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in [("Authorization", f"Bearer {client.token}"), ("Content-Length", str(len(body))), *lines]:
        connection.putheader(name, value)
    connection.endheaders(body)
    status = connection.getresponse().status
    connection.close()
    return status


def test_lines_over_http_count_alike(client: Client) -> None:
    json = ("Content-Type", "application/json")
    accepting = [json, ("Accept", "application/json"), ("Accept", "text/html")]
    keys = [json, ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    assert over_the_wire(client, "POST", "/todos", b'{"title": "x"}', accepting) == 201
    assert over_the_wire(client, "POST", "/todos", b'{"title": "x"}', keys) == 400
    assert over_the_wire(client, "POST", "/todos", b'{"title": "x"}', [json, json]) == 400
