"""A request's body as JSON, read strictly."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.media_types import JSON
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.request import Request
from chalicelib.todos import content, fields, strict_json

# A todo's fields and metadata fit many times over; an event holds at most 64 KB.
MAX_BODY_BYTES: Final = 128 * 1024


def json_body(
    request: Request, *media_types: str, max_bytes: int = MAX_BODY_BYTES, max_nesting: int = fields.MAX_NESTING + 1
) -> Any:
    """The body as JSON (RFC 8259), of one of `media_types` (or ``application/json``).

    Parameters
    ----------
    max_nesting : int
        By default what a field may have, which stands in the body's own object.

    Raises
    ------
    Problem
        413 when it is too long, 415 when it is of another type or packed (RFC 9110, section 8.4), 400 when it is not
        JSON, states a name twice, or holds a number that is none (NaN) or that no double can hold.
    """
    accepted = (JSON, *media_types)
    media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media_type not in accepted:
        detail = f"{media_type or 'An empty media type'} is not read here; send {' or '.join(accepted)}."
        raise Problem(problem_types.UNSUPPORTED_MEDIA_TYPE, detail)
    if len(request.body) > max_bytes:
        detail = f"The body has {len(request.body)} bytes where {max_bytes} are allowed."
        raise Problem(problem_types.PAYLOAD_TOO_LARGE, detail)
    try:
        text = request.body.decode()
        if "\ufffd" in text and _was_replaced(request):
            raise _unreadable(request, "The body is not UTF-8.")
        if text.startswith("\ufeff"):
            raise bad_request("The body begins with a byte order mark, which JSON forbids (RFC 8259, section 8.1).")
        body = strict_json.parse(text)
    except UnicodeDecodeError:
        raise _unreadable(request, "The body is not UTF-8.") from None
    except strict_json.AmbiguousJson as error:
        errors = [{"pointer": each.pointer, "detail": each.detail} for each in error.errors]
        raise bad_request("The body is not JSON that every reader understands alike.", errors) from None
    except strict_json.JsonError as error:
        raise _unreadable(request, f"The body is {error}.") from None
    if content.is_too_deep(body, max_nesting):
        members = body.items() if isinstance(body, dict) else ()
        errors = [
            {"pointer": content.pointer(name), "detail": f"nested deeper than {max_nesting - 1} levels"}
            for name, member in members
            if content.is_too_deep(member, max_nesting - 1)
        ]
        raise bad_request(f"The body is nested deeper than {max_nesting} levels.", errors)
    return body


def _unreadable(request: Request, detail: str) -> Problem:
    """Why a body is not read: it is packed, and no gateway has unpacked it before; or it is bad."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return bad_request(detail)
    detail = f"A body in the content coding {coding} is not read here; send it as it is."
    headers = {"Accept-Encoding": "identity"}
    return Problem(problem_types.UNSUPPORTED_MEDIA_TYPE, detail, headers=headers)


def _was_replaced(request: Request) -> bool:
    """Whether the gateway put U+FFFD where it could not decode: then the body is no longer as long as it was sent."""
    length = request.headers.get("content-length", "")
    return "content-encoding" not in request.headers and length not in ("", str(len(request.body)))
