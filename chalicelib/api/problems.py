"""Problem documents (RFC 9457), and which error becomes which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib import logs
from chalicelib.api import media_types, problem_types
from chalicelib.api.problem_types import ProblemType
from chalicelib.api.response import Response
from chalicelib.commands import execute
from chalicelib.ledger.errors import EventTooLarge, ImportUnfinished
from chalicelib.todos import content, decide, representation
from chalicelib.todos.errors import Unavailable

RETRY_AFTER_SECONDS: Final = "1"
# An answer shows so much of a longer text that it quotes.
MAX_QUOTED: Final = 500


class Problem(Exception):
    """An answer other than the one asked for, as ``application/problem+json``.

    Parameters
    ----------
    kind : ProblemType
    detail : str
        What is wrong with this request.
    members : mapping, optional
        Extension members (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = kind.status
        self.detail = detail
        self.members = dict(members or {})
        self.headers = dict(headers or {})

    def document(self, base_url: str) -> dict[str, Any]:
        """The problem document; the type's address begins with `base_url`.

        Details and pointers may quote what the caller sent: they are cut, and made text that can be encoded.
        """
        members = dict(self.members)
        if "errors" in members:
            members["errors"] = [
                {name: _cut(value) if name == "pointer" else _quotable(value) for name, value in error.items()}
                for error in members["errors"][: content.MAX_ERRORS]
            ]
        return {**self.kind.document(base_url, _quotable(self.detail)), **members}

    def response(self, base_url: str) -> Response:
        """The answer that carries the problem document."""
        headers: dict[str, Any] = {"Content-Type": media_types.PROBLEM, **self.headers}
        return Response(body=self.document(base_url), status_code=self.status, headers=headers)


def _quotable(text: str) -> str:
    cut = text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"
    return cut if cut.isascii() else cut.encode(errors="replace").decode()


def _cut(pointer: str) -> str:
    """A pointer that is still a URI reference: what is cut off leaves no half of an escape."""
    if len(pointer) <= MAX_QUOTED:
        return pointer
    return re.sub("%.?$", "", pointer[:MAX_QUOTED])


def bad_request(detail: str, errors: list[dict[str, str]] | None = None) -> Problem:
    """A 400; `errors` have a `pointer` or a `parameter`, and a `detail`."""
    members = {"errors": errors} if errors else {}
    return Problem(problem_types.BAD_REQUEST, detail, members=members)


def not_found(detail: str = "There is no such todo.") -> Problem:
    """A 404."""
    return Problem(problem_types.NOT_FOUND, detail)


def problem_of(error: Exception) -> Problem:
    """The problem that reports an error to the caller, without internals."""
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
            return Problem(problem_types.DELETED, detail, headers={"ETag": representation.etag(error.version)})
        case decide.CannotRevertToDeletion():
            return bad_request("The todo was deleted at that version.")
        case execute.KeyReused():
            detail = "The Idempotency-Key was used before, for another request on this todo."
            return Problem(problem_types.KEY_REUSED, detail)
        case EventTooLarge():
            return Problem(problem_types.PAYLOAD_TOO_LARGE, f"The todo is too large. Nothing was written: {error}.")
        case ImportUnfinished():
            detail = "The todo's history, or that of its next occurrence, is being loaded. Nothing was written."
            return Problem(problem_types.IMPORT_UNFINISHED, detail)
        case execute.TooContended():
            detail = "Other writers changed the todo each time. Nothing was written."
            return unavailable(detail)
        case Unavailable():
            logs.warn("DynamoDB did not serve the request", error)
            return unavailable(
                "The database did not answer in time. A write may have taken effect: repeat it with its key."
            )
        case _:
            logs.fail("unhandled", error)
            return Problem(problem_types.INTERNAL_ERROR, "The service failed unexpectedly; the error was logged.")


def unavailable(detail: str) -> Problem:
    """A 503 with `Retry-After`."""
    return Problem(problem_types.UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})
