"""Problem documents (RFC 9457): each refusal has its status and type, and nothing from inside shows."""

from __future__ import annotations

import json
import re
from typing import cast

import pytest

from chalicelib.api import problem_types
from chalicelib.api.problems import Problem, bad_request, problem_of
from chalicelib.commands import execute
from chalicelib.ledger.errors import EventTooLarge, LedgerUnavailable
from chalicelib.todos import content, decide
from chalicelib.todos.content import pointer
from chalicelib.todos.events import DEFAULTS, Todo
from chalicelib.views.errors import ViewsUnavailable


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (content.InvalidContent([content.FieldError("#/title", "required")]), 400, "bad-request"),
        (decide.CannotRevertToDeletion(), 400, "bad-request"),
        (decide.TodoNotFound(), 404, "not-found"),
        (decide.TodoIsDeleted(cast("Todo", {**DEFAULTS, "title": "secret"}), 2), 410, "deleted"),
        (EventTooLarge(70_000), 413, "payload-too-large"),
        (execute.KeyReused(), 422, "idempotency-key-reused"),
        (execute.TooContended(), 503, "unavailable"),
        (LedgerUnavailable("secret"), 503, "unavailable"),
        (ViewsUnavailable("secret"), 503, "unavailable"),
        (RuntimeError("secret"), 500, "internal-error"),
        (KeyError("secret"), 500, "internal-error"),
    ],
)
def test_an_error_becomes_its_problem(error: Exception, status: int, name: str) -> None:
    response = problem_of(error).response("https://api.example")
    body = response.body
    assert (response.status_code, body["status"], body["type"]) == (
        status,
        status,
        f"https://api.example/problems/{name}",
    )
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["title"]
    assert body["detail"]
    assert "secret" not in json.dumps(body)
    assert ("Retry-After" in response.headers) == (status == 503)


def test_bad_input_is_reported_with_pointers() -> None:
    errors = [content.FieldError("#/title", "required"), content.FieldError("#/due", "names no instant")]
    assert problem_of(content.InvalidContent(errors)).members["errors"] == [
        {"pointer": "#/title", "detail": "required"},
        {"pointer": "#/due", "detail": "names no instant"},
    ]


def test_a_problem_stays_the_problem_that_it_is() -> None:
    kind = problem_types.TOO_MANY_REQUESTS
    problem = Problem(kind, "Wait.", members={"limit": 7}, headers={"Retry-After": "2"})
    assert problem_of(problem) is problem
    assert problem.document("https://api.example") == {**kind.document("https://api.example", "Wait."), "limit": 7}
    assert problem.response("https://api.example").headers["Retry-After"] == "2"


@pytest.mark.parametrize("name", ["x" * 600, "é" * 600, "xé" * 600, "xxé" * 600, "/" * 600])
def test_a_pointer_that_is_cut_is_still_a_uri_reference(name: str) -> None:
    problem = bad_request("Bad.", [{"pointer": pointer(name), "detail": "d" * 600}])
    [error] = problem.document("https://api")["errors"]
    assert len(error["pointer"]) <= 500
    assert re.fullmatch(r"#(?:[^%]|%[0-9A-F]{2})*", error["pointer"])
    assert len(error["detail"]) == 500


def test_a_detail_can_be_encoded_whatever_it_quotes() -> None:
    document = bad_request("of \ud800", [{"pointer": "#", "detail": "\udfff"}]).document("https://api")
    assert (document["detail"], document["errors"][0]["detail"]) == ("of ?", "?")
