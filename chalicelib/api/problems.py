"""Answers that are not what was asked for: problem documents (RFC 9457), and which error becomes which."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chalice.app import Response

from chalicelib import logs
from chalicelib.aws import errors as failures
from chalicelib.commands import execute
from chalicelib.ledger import codec, ledger
from chalicelib.todos import content, decide
from chalicelib.views import queries

PROBLEM_TYPE: Final = "https://todo-ledger.dev/problems/"
RETRY_AFTER_SECONDS: Final = "1"


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a JSON body, or none."""
    if body is None:
        return Response(body="", status_code=status, headers=dict(headers or {}))
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(body=text, status_code=status, headers={"Content-Type": "application/json", **(headers or {})})


class Problem(Exception):
    """An answer of another kind than asked for, as ``application/problem+json``.

    Parameters
    ----------
    name : str
        The last part of the problem's type, stable for programs to go by.
    members : mapping, optional
        Extension members (RFC 9457, section 3.2), which `in_short` leaves out.
    """

    def __init__(
        self,
        status: int,
        name: str,
        title: str,
        detail: str,
        *,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.in_short = {"type": PROBLEM_TYPE + name, "title": title, "status": status, "detail": detail}
        self.body = {**self.in_short, **(members or {})}

    def response(self) -> Response:
        return answer(self.status, self.body, {"Content-Type": "application/problem+json", **self.headers})


def bad_request(detail: str, errors: list[dict[str, str]] | None = None) -> Problem:
    members = {"errors": errors} if errors else {}
    return Problem(400, "bad-request", "The request is not valid", detail, members=members)


def not_found(detail: str = "There is no such todo.") -> Problem:
    return Problem(404, "not-found", "Not found", detail)


def problem_of(error: Exception) -> Problem:
    """The problem that tells a caller of an error, without names from inside."""
    match error:
        case Problem():
            return error
        case content.InvalidContent():
            errors = [{"pointer": each.pointer, "detail": each.detail} for each in error.errors]
            return bad_request("The todo is not valid.", errors)
        case decide.TodoNotFound():
            return not_found()
        case decide.TodoIsDeleted():
            detail = "The todo was deleted; its events remain, and restore brings it back."
            return Problem(410, "deleted", "Deleted", detail)
        case decide.CannotRevertToDeletion():
            return bad_request("The todo was deleted at that version.")
        case execute.KeyReused():
            detail = "The Idempotency-Key was used before, for another request on this todo."
            return Problem(422, "idempotency-key-reused", "Idempotency-Key reused", detail)
        case codec.EventTooLarge():
            return Problem(413, "payload-too-large", "The todo is too large", f"Nothing was written: {error}.")
        case execute.TooContended():
            detail = "Other writers changed the todo each time. Nothing was written."
            return unavailable(detail)
        case ledger.LedgerUnavailable() | queries.ViewsUnavailable() | failures.Unavailable():
            logs.warn("DynamoDB did not serve the request", error)
            return unavailable("The store did not answer in time. A write may have happened: repeat it with its key.")
        case _:
            logs.fail("unhandled", error)
            return Problem(500, "internal-error", "Internal error", "Something went wrong here; it was logged.")


def unavailable(detail: str) -> Problem:
    return Problem(503, "unavailable", "Unavailable", detail, headers={"Retry-After": RETRY_AFTER_SECONDS})
