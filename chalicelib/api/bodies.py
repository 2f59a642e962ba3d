"""A request's body: JSON (RFC 8259), without what parsers accept but do not all read alike."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.media_types import JSON
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.request import Request
from chalicelib.todos import content, fields, strict_json

# Many times a todo's fields and metadata; an event holds at most 64 KB.
MAX_BODY_BYTES: Final = 128 * 1024
# An array or an object takes up to 200 bytes of memory, of which two are sent. Those in texts count, too: to tell them
# apart would be to read the body.
MAX_BRACKETS: Final = 200_000
_MAY_BE_REPLACED: Final = (
    "The body is not UTF-8, or holds the character U+FFFD, which stands where a gateway could not decode; if it is"
    " meant, write it as \\ufffd."
)


def read_json(
    request: Request, *media_types: str, max_bytes: int = MAX_BODY_BYTES, max_nesting: int = fields.MAX_NESTING + 1
) -> Any:
    """The body's JSON value.

    Parameters
    ----------
    media_types : str
        Those that are accepted beside ``application/json``.
    max_nesting : int
        By default what a field may have, inside the body's own object.

    Raises
    ------
    Problem
        413 if it is too long; 415 if it is of another type or compressed (RFC 9110, section 8.4); 400 if it is not
        JSON, repeats a name, or has a number that is not one (NaN) or that no double can hold.
    """
    _check_media_type(request, (JSON, *media_types))
    check_size(len(request.body), max_bytes)
    _check_brackets(request.body)
    body = _parse(request)
    _check_nesting(body, max_nesting)
    return body


def media_type_of(request: Request) -> str:
    """The media type of the body, without parameters; JSON if the request does not say."""
    return request.headers.get("content-type", JSON).partition(";")[0].strip().lower()


def check_size(size: int, max_bytes: int) -> None:
    """See that a body of so many bytes may be read.

    Raises
    ------
    Problem
        413 if it has more than `max_bytes`.
    """
    if size > max_bytes:
        detail = f"The body has {size} bytes where {max_bytes} are allowed."
        raise Problem(problem_types.PAYLOAD_TOO_LARGE, detail)


def _check_brackets(body: bytes) -> None:
    if len(body) <= MAX_BRACKETS:
        return
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > MAX_BRACKETS:
        detail = f"The body has {brackets} opening brackets where {MAX_BRACKETS} are allowed."
        raise Problem(problem_types.PAYLOAD_TOO_LARGE, detail)


def _check_media_type(request: Request, accepted: tuple[str, ...]) -> None:
    media_type = media_type_of(request)
    if media_type not in accepted:
        detail = f"{media_type or 'An empty media type'} is not supported here; send {' or '.join(accepted)}."
        raise Problem(problem_types.UNSUPPORTED_MEDIA_TYPE, detail)


def _parse(request: Request) -> Any:
    try:
        text = request.body.decode()
        if text.startswith("\ufeff"):
            raise bad_request("The body begins with a byte order mark, which JSON does not allow (RFC 8259, 8.1).")
        value = strict_json.parse(text)
    except UnicodeDecodeError:
        raise _unreadable(request, "The body is not UTF-8.") from None
    except strict_json.AmbiguousJson as error:
        errors = [{"pointer": each.pointer, "detail": each.detail} for each in error.errors]
        raise bad_request("The body is not JSON that every reader understands alike.", errors) from None
    except strict_json.JsonError as error:
        raise _unreadable(request, f"The body is {error}.") from None
    if "\ufffd" in text and not _is_as_sent(request):
        raise bad_request(_MAY_BE_REPLACED)
    return value


def _check_nesting(body: Any, max_nesting: int) -> None:
    if not content.is_too_deep(body, max_nesting):
        return
    members = body.items() if isinstance(body, dict) else ()
    errors = [
        {"pointer": content.pointer(name), "detail": f"nested deeper than {max_nesting - 1} levels"}
        for name, member in members
        if content.is_too_deep(member, max_nesting - 1)
    ]
    raise bad_request(f"The body is nested deeper than {max_nesting} levels.", errors)


def _unreadable(request: Request, detail: str) -> Problem:
    """415 if the body is compressed, and no gateway has decompressed it before; 400 with `detail` otherwise."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return bad_request(detail)
    detail = f"The content coding {coding} is not supported here; send the body uncompressed."
    headers = {"Accept-Encoding": "identity"}
    return Problem(problem_types.UNSUPPORTED_MEDIA_TYPE, detail, headers=headers)


def _is_as_sent(request: Request) -> bool:
    """Whether the body certainly is what the client sent.

    A gateway puts U+FFFD where it cannot decode, and only the body's length shows that. API Gateway does not pass it
    on, and the one of a compressed body says nothing.
    """
    length = request.headers.get("content-length")
    return "content-encoding" not in request.headers and length == str(len(request.body))
